// A timer's signal at 1 kHz, and forks and threads, in the middle of everything: results must not change.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static volatile int ticks;
static volatile int stop;

static void tick(int signo) {
  (void)signo;
  ++ticks;
}

static uint64_t mix(uint64_t h, uint64_t n) {
  for (uint64_t i = 0; i < n; ++i) h = (h ^ i) * 0x100000001b3u + (h >> 29);
  return h;
}

static void* allocate(void* p) {
  uint64_t n = (uint64_t)(uintptr_t)p;
  while (!stop) {
    char* q = malloc(n % 5000 + 1);
    q[0] = 1;
    n = n * 6364136223846793005u + 1;
    free(q);
  }
  return 0;
}

static void children(int count, const char* self) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    pid_t pid;
    if (i % 4 == 3) {
      char* args[] = {"self", "child", 0};
      posix_spawn(&pid, self, 0, 0, args, environ);
    } else if (i % 4 == 2) {
      pid = vfork();
      if (pid == 0) _exit(i & 15);
    } else {
      pid = fork();
      if (pid == 0) {
        free(malloc(100));
        _exit(i & 15);
      }
    }
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    sum += WEXITSTATUS(status);
  }
  printf("children %d\n", sum);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "child") == 0) return 5;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, 0);
  struct itimerval ms = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &ms, 0);

  // A tight loop: the handler must come in without any help of the loop's.
  for (volatile int* p = &ticks; *p < 20;) {
  }
  uint64_t h = 1;
  static char a[100000], b[100000];
  while (ticks < 120) {
    h = mix(h, 5000);
    h = 1;
    for (unsigned i = 0; i < sizeof a; ++i) a[i] = (char)(i * 7);
    memcpy(b, a, sizeof a);
    if (memcmp(a, b, sizeof a) != 0) puts("memcpy went wrong");
    if (mix(1, 20000) != mix(1, 20000)) puts("arithmetic went wrong");
  }
  printf("enough ticks\n");
  int p[2];
  pipe(p);
  uint64_t sum = 0;
  for (int i = 0; i < 3000; ++i) {
    char c = (char)i;
    if (write(p[1], &c, 1) != 1 || read(p[0], &c, 1) != 1) puts("system call interrupted");
    sum += (unsigned char)c;
  }
  printf("pipe %lu\n", (unsigned long)sum);
  children(20, "/proc/self/exe");
  pthread_t t[3];
  for (long i = 0; i < 3; ++i) pthread_create(&t[i], 0, allocate, (void*)i);
  children(40, "/proc/self/exe");
  stop = 1;
  for (int i = 0; i < 3; ++i) pthread_join(t[i], 0);
  puts("end");
  return 0;
}
