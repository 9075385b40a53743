// Resource limits: what they do, and that the next program has them; fatal signals as a parent sees them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void limit(int resource, rlim_t bytes) {
  struct rlimit l;
  getrlimit(resource, &l);
  l.rlim_cur = bytes;
  if (setrlimit(resource, &l) != 0) printf("setrlimit %d: %s\n", resource, strerrorname_np(errno));
}

static rlim_t limit_of(int resource) {
  struct rlimit l;
  getrlimit(resource, &l);
  return l.rlim_cur;
}

static const char* can_allocate(size_t bytes) {
  void* p = malloc(bytes);
  if (p == NULL) return errno == ENOMEM ? "no" : "?";
  free(p);
  return "yes";
}

static const char* can_map(size_t bytes, int prot, int flags) {
  void* p = mmap(NULL, bytes, prot, flags | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return errno == ENOMEM ? "no" : "?";
  munmap(p, bytes);
  return "yes";
}

static int deep(long bytes) {
  volatile char block[4096];
  block[0] = 1;
  return bytes > 4096 ? deep(bytes - 4096) + block[0] : block[0];
}

static void memory(void) {
  printf("AS %lu: 1 GB %s, 1 MB %s, map %s, grow ", (unsigned long)limit_of(RLIMIT_AS) >> 20,
         can_allocate(1ul << 30), can_allocate(1 << 20),
         can_map(600ul << 20, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE));
  void* p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%s\n", mremap(p, 4096, 600ul << 20, MREMAP_MAYMOVE) == MAP_FAILED ? "no" : "yes");
}

static void data(void) {
  printf("DATA %lu: 200 MB %s, 1 MB %s, shared %s, read only %s, brk %s\n",
         (unsigned long)limit_of(RLIMIT_DATA) >> 20,
         can_map(200ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE), can_allocate(1 << 20),
         can_map(200ul << 20, PROT_READ | PROT_WRITE, MAP_SHARED),
         can_map(200ul << 20, PROT_READ, MAP_PRIVATE), sbrk(200 << 20) == (void*)-1 ? "no" : "yes");
}

static void files(void) {
  int n = 0, fd = -1;
  while ((fd = open("/dev/null", O_RDONLY)) >= 0) n++;
  printf("NOFILE %lu: %s", (unsigned long)limit_of(RLIMIT_NOFILE), strerrorname_np(errno));
  errno = 0;
  int r = dup2(1, 200);
  printf(" dup2 %d %s\n", r, strerrorname_np(errno));
}

static void show(int status) {
  if (WIFEXITED(status)) {
    printf(" exit %d\n", WEXITSTATUS(status));
  } else {
    printf(" signal %d\n", WTERMSIG(status));
  }
}

static void in_child(const char* what, void (*fn)(char**), char** argv) {
  printf("%s:", what);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    fn(argv);
    fflush(stdout);
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  show(status);
}

static void next(char** argv, char* what) {
  char* args[] = {argv[0], what, NULL};
  fflush(stdout);
  execv("/proc/self/exe", args);
}

static void as_child(char** argv) {
  limit(RLIMIT_AS, 512 << 20);
  memory();
  next(argv, "memory");
}
static void data_child(char** argv) {
  limit(RLIMIT_DATA, 100 << 20);
  data();
  next(argv, "data");
}
static void native_child(char** argv) {
  char* args[] = {"sh", "-c", "ulimit -v", NULL};
  limit(RLIMIT_AS, 512 << 20);
  execv("/bin/sh", args);
}
static void files_child(char** argv) {
  limit(RLIMIT_NOFILE, 30);
  next(argv, "files");
}
static void small_stack(char** argv) {
  limit(RLIMIT_STACK, 1 << 20);
  next(argv, "deep");
}
static void large_stack(char** argv) {
  limit(RLIMIT_STACK, 64 << 20);
  next(argv, "deep");
}
static void file_size(char** argv) {
  limit(RLIMIT_FSIZE, 1000);
  char buffer[2000] = {0};
  FILE* f = tmpfile();
  int fd = fileno(f);
  ssize_t first = write(fd, buffer, sizeof buffer);
  printf(" wrote %zd", first);
  fflush(stdout);
  write(fd, buffer, sizeof buffer);
}
static void cpu_time(char** argv) {
  limit(RLIMIT_CPU, 1);
  for (volatile long i = 0;; i++) {
  }
}
static void killed(char** argv) {
  int signo = atoi(argv[0]);
  signal(signo, SIG_DFL);
  kill(getpid(), signo);
  pause();
}
// A 32-bit program may want nothing above 3 GB; others only keep the wish.
static void three_gb(void) {
  char* p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* high = (char*)0xd0000000ul;
  const int narrow = sizeof(void*) == 4;
  printf(
      "3 GB: %x, stack %d, map %d, fixed %d\n", personality(0xffffffff), !narrow || (char*)&p < high,
      !narrow || p < high,
      !narrow || mmap(high, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
}
static void three_gb_child(char** argv) {
  personality(ADDR_LIMIT_3GB | ADDR_NO_RANDOMIZE);
  execl(argv[0], argv[0], "three", NULL);
}
static void aborted(char** argv) { abort(); }
static void null_write(char** argv) { *(volatile int*)16 = 1; }
static void bad_call(char** argv) { ((void (*)(void))16)(); }

int main(int argc, char** argv) {
  if (argc > 1) {
    if (strcmp(argv[1], "memory") == 0) memory();
    if (strcmp(argv[1], "data") == 0) data();
    if (strcmp(argv[1], "files") == 0) files();
    if (strcmp(argv[1], "three") == 0) three_gb();
    if (strcmp(argv[1], "deep") == 0) printf(" deep %s", deep(20 << 20) > 0 ? "yes" : "?");
    return 0;
  }
  alarm(60);
  limit(RLIMIT_CORE, 0);
  in_child("address space", as_child, argv);
  in_child("data", data_child, argv);
  in_child("native program", native_child, argv);
  in_child("files", files_child, argv);
  in_child("3 GB", three_gb_child, argv);
  in_child("small stack", small_stack, argv);
  in_child("large stack", large_stack, argv);
  in_child("file size", file_size, argv);
  in_child("processor time", cpu_time, argv);
  for (int signo = 1; signo < 65; signo++) {
    if (signo == SIGCONT || signo == SIGCHLD || signo == SIGURG || signo == SIGWINCH || signo == 32 ||
        signo == 33 || signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU)
      continue;
    char number[10];
    snprintf(number, sizeof number, "%d", signo);
    char* args[] = {number};
    in_child(number, killed, args);
  }
  in_child("abort", aborted, argv);
  in_child("write to nowhere", null_write, argv);
  in_child("jump to nowhere", bad_call, argv);
  return 0;
}
