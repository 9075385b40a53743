// execve and execveat: what fails and how, scripts, what the new program keeps.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static char self[4096];
static char dir[] = "/tmp/execs-XXXXXX";

// ---- the other side of an exec: what has arrived

static int report(int argc, char** argv) {
  for (int i = 1; i < argc; i++)
    printf(" [%s]", strstr(argv[i], "execs-") == argv[i] + 5 ? strrchr(argv[i], '/') : argv[i]);
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  printf(" blocked");
  for (int s = 1; s < 65; s++)
    if (sigismember(&set, s) == 1) printf(" %d", s);
  sigpending(&set);
  printf(" pending");
  for (int s = 1; s < 65; s++)
    if (sigismember(&set, s) == 1) printf(" %d", s);
  printf(" ignored");
  for (int s = 1; s < 65; s++) {
    struct sigaction act;
    if (sigaction(s, NULL, &act) == 0 && act.sa_handler != SIG_DFL)
      printf(act.sa_handler == SIG_IGN ? " %d" : " !%d", s);
  }
  printf(" open");
  for (int fd = 3; fd < 40; fd++)
    if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
  stack_t stack;
  sigaltstack(NULL, &stack);
  printf(" stack %d", stack.ss_flags);
  if (getenv("WAS_PID") != NULL) printf(" pid %s", atoi(getenv("WAS_PID")) == getpid() ? "kept" : "changed");
  if (getenv("WAS_PID") != NULL) printf(" main thread %s", syscall(SYS_gettid) == getpid() ? "yes" : "no");
  char comm[16] = "";
  prctl(PR_GET_NAME, comm);
  const char* named = (char*)getauxval(AT_EXECFN);
  const char* name = strrchr(named, '/') + 1;
  // This program's own begins with execs. What a file without a name is called depends on the kernel's
  // version.
  printf(" name %.5s of %.5s", strncmp(named, "/dev/fd/", 8) == 0 ? "-" : comm, name);
  printf(" env %s\n", getenv("MARK") != NULL ? getenv("MARK") : "-");
  return 42;
}

static char* in_dir(const char* name) {
  static char paths[64][4096];
  static int n;
  char* p = paths[n++ % 64];
  snprintf(p, 4096, "%s/%s", dir, name);
  return p;
}

static char* put(const char* name, const char* text, mode_t mode) {
  char* path = in_dir(name);
  FILE* f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
  chmod(path, mode);
  return path;
}

static char* copy_self(const char* name) {
  char* path = in_dir(name);
  char buffer[65536];
  int from = open(self, O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;)
    if (write(to, buffer, (size_t)n) != n) abort();
  close(from);
  close(to);
  return path;
}

static void fails(const char* what, const char* path, char** argv, char** envp) {
  errno = 0;
  int r = execve(path, argv, envp);
  printf("%s: %d %s\n", what, r, strerrorname_np(errno) != NULL ? strerrorname_np(errno) : "?");
}

static void errors(void) {
  char* argv[] = {"x", "report", NULL};
  fails("missing", in_dir("missing"), argv, environ);
  fails("empty name", "", argv, environ);
  fails("below a file", "/etc/passwd/x", argv, environ);
  fails("directory", dir, argv, environ);
  fails("not executable", put("plain", "#!/bin/sh\n", 0644), argv, environ);
  fails("text", put("text", "echo\n", 0755), argv, environ);
  fails("empty file", put("empty", "", 0755), argv, environ);
  fails("one byte", put("one", "#", 0755), argv, environ);
  fails("magic alone", put("magic", "\177ELF", 0755), argv, environ);
  truncate(copy_self("short"), 100);
  fails("truncated", in_dir("short"), argv, environ);
  fails("no interpreter", put("none", "#!\n", 0755), argv, environ);
  fails("blank interpreter", put("blank", "#!  \t\n", 0755), argv, environ);
  fails("interpreter missing", put("gone", "#!/no/such/thing\n", 0755), argv, environ);
  fails("interpreter a directory", put("indir", "#!/tmp\n", 0755), argv, environ);
  fails("interpreter not executable", put("inplain", "#!/etc/passwd\n", 0755), argv, environ);
  char line[600] = "#!/";
  memset(line + 3, 'a', 400);
  fails("long interpreter", put("long", line, 0755), argv, environ);
  char loop[4200];
  snprintf(loop, sizeof loop, "#!%s\n", in_dir("loop"));
  fails("own interpreter", put("loop", loop, 0755), argv, environ);
  symlink("b", in_dir("a"));
  symlink("a", in_dir("b"));
  fails("links in a ring", in_dir("a"), argv, environ);
  char name[6000];
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = 0;
  fails("path too long", name, argv, environ);
  name[300] = 0;
  fails("name too long", name, argv, environ);
  fails("bad path", (char*)8, argv, environ);
  fails("bad argv", self, (char**)8, environ);
  char* bad[] = {"x", (char*)8, NULL};
  fails("bad argument", self, bad, environ);
  fails("bad environment", self, argv, bad);
  // Arguments: one of more than 128 KB, too many together, and just right.
  char* big = malloc(200000);
  memset(big, 'b', 199999);
  big[199999] = 0;
  char* one[] = {"x", big, NULL};
  fails("long argument", self, one, environ);
  fails("long variable", self, argv, one);
  big[100000] = 0;
  char** many = calloc(200, sizeof *many);
  for (int i = 0; i < 100; i++) many[i] = big;
  fails("many arguments", self, many, environ);
  free(many);
  free(big);
}

static void busy(void) {
  char* argv[] = {"x", "report", NULL};
  char* path = copy_self("written");
  int fd = open(path, O_WRONLY);
  fails("being written", path, argv, environ);
  close(fd);
  fd = open(self, O_WRONLY);
  printf("writing the running program: %d %s\n", fd, fd < 0 ? strerrorname_np(errno) : "");
  fd = open(self, O_RDWR | O_APPEND);
  printf("appending to it: %d %s\n", fd, fd < 0 ? strerrorname_np(errno) : "");
  int r = truncate(self, 0);
  printf("truncating it: %d %s\n", r, r < 0 ? strerrorname_np(errno) : "");
}

// ---- execs that succeed, each in a child

#define IN_CHILD(what)   \
  do {                   \
    printf("%s:", what); \
    fflush(stdout);      \
    pid_t pid = fork();  \
    if (pid == 0) {
#define END_CHILD                                          \
  printf(" failed %s\n", strerrorname_np(errno));          \
  fflush(stdout);                                          \
  _exit(1);                                                \
  }                                                        \
  int status = 0;                                          \
  waitpid(pid, &status, 0);                                \
  if (status != 42 << 8) printf(" (status %x)\n", status); \
  }                                                        \
  while (0)

static void handler(int signo) { (void)signo; }

static void* exec_from_thread(void* p) {
  (void)p;
  char* argv[] = {"thread", "report", NULL};
  execve(self, argv, environ);
  return NULL;
}

static void* spin(void* p) {
  for (volatile long i = 0;; i++) {
  }
  return p;
}

static void* sleeping(void* p) {
  for (;;) pause();
  return p;
}

static void what_is_kept(void) {
  char* argv[] = {"x", "report", "a b", "", NULL};
  IN_CHILD("plain");
  execve(self, argv, environ);
  END_CHILD;
  IN_CHILD("other environment");
  char* envp[] = {"MARK=other", "MARK2=", NULL};
  execve(self, argv, envp);
  END_CHILD;
  IN_CHILD("no environment");
  execve(self, argv, NULL);
  END_CHILD;
  IN_CHILD("signals");
  signal(SIGUSR1, SIG_IGN);
  signal(SIGSEGV, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGUSR2, handler);
  signal(SIGBUS, handler);
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGFPE);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGTERM);
  kill(getpid(), SIGUSR2);
  raise(SIGRTMIN + 3);
  execve(self, argv, environ);
  END_CHILD;
  IN_CHILD("descriptors");
  int fd = open("/dev/null", O_RDONLY);
  dup2(fd, 20);
  dup3(fd, 21, O_CLOEXEC);
  dup2(fd, 22);
  fcntl(22, F_SETFD, FD_CLOEXEC);
  dup3(fd, 23, O_CLOEXEC);
  fcntl(23, F_SETFD, 0);
  close(fd);
  execve(self, argv, environ);
  END_CHILD;
  IN_CHILD("from a thread");
  char was[40];
  snprintf(was, sizeof was, "%d", getpid());
  setenv("WAS_PID", was, 1);
  pthread_t t[6];
  pthread_create(&t[0], NULL, spin, NULL);
  pthread_create(&t[1], NULL, sleeping, NULL);
  pthread_create(&t[2], NULL, exec_from_thread, NULL);
  sleeping(NULL);
  END_CHILD;
  IN_CHILD("with threads");
  pthread_t t[6];
  for (int i = 0; i < 6; i++) pthread_create(&t[i], NULL, i % 2 ? spin : sleeping, NULL);
  execve(self, argv, environ);
  END_CHILD;
}

static void by_descriptor(void) {
  char* argv[] = {"x", "report", NULL};
  IN_CHILD("fexecve");
  int fd = open(self, O_RDONLY | O_CLOEXEC);
  fexecve(fd, argv, environ);
  END_CHILD;
  IN_CHILD("O_PATH");
  int fd = open(self, O_PATH | O_CLOEXEC);
  syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  END_CHILD;
  IN_CHILD("execveat");
  copy_self("copy");
  int fd = open(dir, O_DIRECTORY | O_CLOEXEC);
  syscall(SYS_execveat, fd, "copy", argv, environ, 0);
  END_CHILD;
  IN_CHILD("memfd");
  int fd = memfd_create("program", MFD_CLOEXEC);
  char buffer[65536];
  int from = open(self, O_RDONLY);
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;)
    if (write(fd, buffer, (size_t)n) != n) abort();
  close(from);
  char path[100];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int again = open(path, O_RDONLY | O_CLOEXEC);
  close(fd);
  fexecve(again, argv, environ);
  END_CHILD;
  IN_CHILD("removed");
  char* gone = copy_self("removed");
  int fd = open(gone, O_RDONLY | O_CLOEXEC);
  unlink(gone);
  fexecve(fd, argv, environ);
  END_CHILD;
  errno = 0;
  syscall(SYS_execveat, -1, "", argv, environ, AT_EMPTY_PATH);
  printf("bad descriptor: %s\n", strerrorname_np(errno));
  syscall(SYS_execveat, AT_FDCWD, "", argv, environ, 0);
  printf("no name: %s\n", strerrorname_np(errno));
  syscall(SYS_execveat, AT_FDCWD, self, argv, environ, 0x10000000);
  printf("bad flag: %s\n", strerrorname_np(errno));
  symlink(self, in_dir("link"));
  syscall(SYS_execveat, AT_FDCWD, in_dir("link"), argv, environ, AT_SYMLINK_NOFOLLOW);
  printf("link: %s\n", strerrorname_np(errno));
  syscall(SYS_execveat, 1, "x", argv, environ, 0);
  printf("no directory: %s\n", strerrorname_np(errno));
}

static void scripts(void) {
  char line[8300];
  char* argv[] = {"x", "a", "b c", NULL};
  symlink(self, in_dir("program"));
  snprintf(line, sizeof line, "#!%s report\n", in_dir("program"));
  char* one = put("one", line, 0755);
  IN_CHILD("script");
  execve(one, argv, environ);
  END_CHILD;
  snprintf(line, sizeof line, "#! \t%s   report\t\nnothing of this\n", in_dir("program"));
  put("blanks", line, 0755);
  IN_CHILD("blanks");
  execve(in_dir("blanks"), argv, environ);
  END_CHILD;
  snprintf(line, sizeof line, "#!%s", one);
  put("nested", line, 0755);
  IN_CHILD("nested");
  execve(in_dir("nested"), argv, environ);
  END_CHILD;
  IN_CHILD("relative");
  chdir(dir);
  put("relative", "#!./program report\n", 0755);
  execve("./relative", argv, environ);
  END_CHILD;
  IN_CHILD("relative, without a slash");
  chdir(dir);
  execve("relative", argv, environ);
  END_CHILD;
  IN_CHILD("by a native shell");
  put("shell", "#!/bin/sh\necho \"  $# $1 $2\"\nexit 42\n", 0755);
  execve(in_dir("shell"), argv, environ);
  END_CHILD;
  IN_CHILD("a native program");
  char* args[] = {"sh", "-c", "echo \"  $0 $MARK\"; exit 42", "name", NULL};
  char* envp[] = {"MARK=native", NULL};
  execve("/bin/sh", args, envp);
  END_CHILD;
  IN_CHILD("descriptor of a script");
  int fd = open(one, O_RDONLY);
  syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  END_CHILD;
  IN_CHILD("the same, closing on exec");
  int fd = open(one, O_RDONLY | O_CLOEXEC);
  syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  END_CHILD;
  IN_CHILD("no arguments");
  char* args[] = {NULL};
  execve(in_dir("shell"), args, environ);
  END_CHILD;
  IN_CHILD("null arguments");
  execve(in_dir("shell"), NULL, environ);
  END_CHILD;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  if (argc > 1 && strcmp(argv[1], "report") == 0) return report(argc, argv);
  // Its scripts run by a link of another name.
  readlink("/proc/self/exe", self, sizeof self - 1);
  alarm(60);
  mkdtemp(dir);
  errors();
  busy();
  what_is_kept();
  by_descriptor();
  scripts();
  fflush(stdout);
  char command[100];
  snprintf(command, sizeof command, "rm -r %s", dir);
  return system(command) != 0;
}
