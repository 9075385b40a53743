// Children of vfork: they run on their parent's memory, translate code there while threads do, and are killed
// at any instant; the parent goes on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

#define KILLS 60
#define SPAWNS 30
#define ROUTINES 64

// ---- new code, again and again

typedef int (*Routine)(void);

// Writes a routine that returns `value` (16 bits); returns its bytes.
static size_t write_routine(unsigned char* at, unsigned value) {
#if defined(__aarch64__)
  uint32_t code[2] = {0x52800000u | (value & 0xffff) << 5, 0xd65f03c0u};  // mov w0, #value; ret
#else
  unsigned char code[8] = {0xb8, value & 0xff, value >> 8 & 0xff, 0, 0, 0xc3, 0x90, 0x90};
#endif
  memcpy(at, code, sizeof code);
  return 64;
}

static int run_new_code(unsigned char* page, unsigned first) {
  unsigned char* at = page;
  int wrong = 0;
  for (unsigned i = 0; i < ROUTINES; i++) {
    unsigned char* start = at;
    at += write_routine(at, (first + i) & 0x7fff);
    __builtin___clear_cache((char*)start, (char*)at);
    wrong += ((Routine)(uintptr_t)start)() != (int)((first + i) & 0x7fff);
  }
  return wrong;
}

static unsigned char* code_page(void) {
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static volatile int stop, wrong_results;

static void* translating(void* p) {
  unsigned char* page = code_page();
  for (unsigned n = (unsigned)(uintptr_t)p; !stop; n += 100) {
    if (run_new_code(page, n) != 0) wrong_results = 1;
    free(malloc(n % 5000));
  }
  munmap(page, 4096);
  return NULL;
}

// ---- children killed at any instant

static volatile pid_t victim;

static void* killing(void* p) {
  unsigned seed = 1;
  while (!stop) {
    pid_t pid = victim;
    if (pid == 0) {
      sched_yield();
      continue;
    }
    seed = seed * 1103515245 + 12345;
    for (volatile unsigned spin = seed >> 16 & 0x3fff; spin > 0; spin--) {
    }
    victim = 0;
    kill(pid, SIGKILL);
  }
  return p;
}

__attribute__((noinline)) static pid_t start_victim(unsigned char* page, unsigned n) {
  pid_t pid = vfork();
  if (pid == 0) {
    // What a child does that needs locks elsewhere: new code, mappings, paths, handlers, faults on code
    // pages.
    victim = getpid();
    for (;; n += 100) {
      run_new_code(page, n);
      void* m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      munmap(m, 8192);
      close(open("/dev/null", O_RDONLY | O_CLOEXEC));
      signal(SIGUSR1, n % 200 ? SIG_IGN : SIG_DFL);
    }
  }
  return pid;
}

static void kills(void) {
  unsigned char* page = code_page();
  int killed = 0;
  for (unsigned i = 0; i < KILLS; i++) {
    pid_t pid = start_victim(page, i * 7);
    int status = 0;
    if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) killed++;
    victim = 0;
    if (run_new_code(page, i) != 0) wrong_results = 1;
    free(malloc(i * 100));
  }
  printf("killed %d\n", killed);
}

static void spawns(void) {
  int good = 0, missing = 0;
  for (int i = 0; i < SPAWNS; i++) {
    char* argv[] = {"true", NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0 && waitpid(pid, &status, 0) == pid &&
        status == 0)
      good++;
    // The child tells through the memory it shares.
    if (posix_spawn(&pid, "/no/such/program", NULL, NULL, argv, environ) == ENOENT) missing++;
  }
  printf("spawned %d, missing %d\n", good, missing);
}

// ---- what is shared and what is not

static volatile int shared;
static int handled;
static void handler(int signo) { handled += signo; }

static void sharing(void) {
  signal(SIGUSR1, handler);
  struct rlimit before, after;
  getrlimit(RLIMIT_DATA, &before);
  char old[4096], now[4096];
  getcwd(old, sizeof old);
  pid_t pid = vfork();
  if (pid == 0) {
    shared = 42;
    signal(SIGUSR1, SIG_IGN);
    close(1);
    chdir("/");
    struct rlimit less = {1 << 20, before.rlim_max};
    setrlimit(RLIMIT_DATA, &less);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    char text[100];
    snprintf(text, sizeof text, "%d", shared);
    _exit(atoi(text));
  }
  int status;
  waitpid(pid, &status, 0);
  getcwd(now, sizeof now);
  getrlimit(RLIMIT_DATA, &after);
  raise(SIGUSR1);
  printf("shared %d, status %d, handled %d, cwd %s, limit %s\n", shared, WEXITSTATUS(status),
         handled == SIGUSR1, strcmp(old, now) == 0 ? "kept" : "changed",
         before.rlim_cur == after.rlim_cur ? "kept" : "changed");
}

static void* volatile mapped;
static void mapping(void) {
  static char name[] = "/tmp/vforks-XXXXXX";
  int keep = mkstemp(name);
  unlink(name);
  pid_t pid = vfork();
  if (pid == 0) {
    // A descriptor that the parent does not have.
    int fd = dup2(keep, 77);
    write(fd, "of the child", 12);
    mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("mapped %.12s, status %d\n", mapped == MAP_FAILED ? "nothing" : (char*)mapped, status);
  close(keep);
}

static void nested(void) {
  volatile int steps = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    steps += 1;
    pid_t inner = vfork();
    if (inner == 0) {
      steps += 10;
      _exit(5);
    }
    int status;
    waitpid(inner, &status, 0);
    steps += 100 * WEXITSTATUS(status);
    pid_t copy = fork();
    if (copy == 0) {
      steps += 1000;  // in a copy
      void* p = malloc(1000);
      free(p);
      _exit(7);
    }
    waitpid(copy, &status, 0);
    steps += 10000 * WEXITSTATUS(status);
    _exit(3);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("steps %d, status %d\n", steps, WEXITSTATUS(status));
}

static void faulting(void) {
  pid_t pid = vfork();
  if (pid == 0) *(volatile int*)8 = 1;
  int status;
  waitpid(pid, &status, 0);
  printf("fault %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  pid = vfork();
  if (pid == 0) {
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGUSR2, &act, NULL);
    handled = 0;
    kill(getpid(), SIGUSR2);
    _exit(handled == SIGUSR2 ? 9 : 1);
  }
  waitpid(pid, &status, 0);
  printf("handler in the child %d\n", WEXITSTATUS(status));
}

static void failing_exec(void) {
  pid_t pid = vfork();
  if (pid == 0) {
    char* argv[] = {"x", NULL};
    int errors = 0;
    errors += execve("/no/such", argv, environ) == -1 && errno == ENOENT;
    errors += execve("/dev", argv, environ) == -1 && errno == EACCES;
    errors += execve("/etc/passwd", argv, environ) == -1 && errno == EACCES;
    _exit(errors);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("failed %d\n", WEXITSTATUS(status));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  alarm(60);
  sharing();
  mapping();
  nested();
  faulting();
  failing_exec();
  spawns();
  pthread_t threads[3];
  pthread_create(&threads[0], NULL, translating, (void*)1);
  pthread_create(&threads[1], NULL, translating, (void*)20000);
  pthread_create(&threads[2], NULL, killing, NULL);
  kills();
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  stop = 0;
  pthread_create(&threads[0], NULL, translating, (void*)5);
  spawns();
  stop = 1;
  pthread_join(threads[0], NULL);
  printf("wrong results %d\n", wrong_results);
  return 0;
}
