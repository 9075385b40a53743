// How long a signal takes from sigqueue to the first line of its handler, in the middle of different code.
// latency [KIND]: a line per kind with medians, 99th percentiles and maxima in microseconds.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIGNALS 1000
#define WARM_UP 20

static volatile sig_atomic_t count, target;
static uint32_t taken_ns[SIGNALS + WARM_UP];
static char *from, *to;
enum { kBytes = 8 << 20 };

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void handler(int signo, siginfo_t* info, void* context) {
  const uint64_t now = now_ns();
  (void)signo, (void)context;
  const uint64_t sent = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
  if (count < target) taken_ns[count++] = (uint32_t)(now - sent);
}

// ---- the code in whose middle they come

static void tight_loop(void) {
  while (count < target) __asm__ volatile("");
}

static void inner_loop(void) {
  while (count < target) {
    for (unsigned long i = 0; i < 1000000; i++) __asm__ volatile("" : "+r"(i));
  }
}

#define X4(s) s s s s
#define X1024(s) X4(X4(X4(X4(X4(s)))))
static void straight_line(void) {
  uint64_t a = 1, b = 2;
  while (count < target) {
    X1024(X4(a = a * 3 + b; __asm__ volatile("" : "+r"(a)); b ^= a >> 7; __asm__ volatile("" : "+r"(b));))
  }
}

static void strings(void) {
  while (count < target) {
    memcpy(to, from, kBytes);
    memset(from, 'a', kBytes - 1);
    if (strlen(from) + (size_t)memcmp(from, to, kBytes) == 1) abort();
    if (memchr(to, 'z', kBytes) != NULL) abort();
  }
}

static long fibonacci(long n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static void calls(void) {
  while (count < target) fibonacci(24);
}

static int by_value(const void* a, const void* b) {
  const uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return x < y ? -1 : x > y;
}
static void indirect_calls(void) {
  uint32_t* values = malloc(100000 * sizeof *values);
  uint32_t seed = 1;
  while (count < target) {
    for (int i = 0; i < 100000; i++) values[i] = seed = seed * 1664525 + 1013904223;
    qsort(values, 100000, sizeof *values, by_value);
  }
  free(values);
}

static void atomics(void) {
  static _Atomic long counter;
  while (count < target) {
    for (int i = 0; i < 1000; i++) {
      long old = atomic_load(&counter);
      while (!atomic_compare_exchange_weak(&counter, &old, old + 1)) {
      }
    }
  }
}

static void doubles(void) {
  volatile double keep = 0;
  while (count < target) {
    double x = 1;
    for (int i = 1; i < 100000; i++) x = x / 1.0001 + 1.0 / i;
    keep += x;
  }
}

static void system_calls(void) {
  while (count < target) getppid();
}

static void waiting(void) {
  while (count < target) pause();
}

static const struct {
  const char* name;
  void (*run)(void);
} kinds[] = {{"tight loop", tight_loop},
             {"loop in a loop", inner_loop},
             {"4096 lines without a branch", straight_line},
             {"string functions", strings},
             {"recursion", calls},
             {"sorting", indirect_calls},
             {"atomics", atomics},
             {"floating point", doubles},
             {"system calls", system_calls},
             {"waiting in a call", waiting}};

static int by_time(const void* a, const void* b) { return by_value(a, b); }

// The two sides do not wait for each other's processor.
static void run_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void measure(const char* name, void (*run)(void)) {
  count = target = 0;
  const pid_t parent = getpid();
  run_on(1);
  const pid_t sender = fork();
  if (sender != 0) run_on(0);
  if (sender == 0) {
    uint32_t seed = 1;
    for (;;) {
      // One at a time, at moments that have nothing to do with what is interrupted.
      seed = seed * 1664525 + 1013904223;
      const struct timespec gap = {0, 300000 + seed % 700000};
      nanosleep(&gap, NULL);
      union sigval value = {.sival_ptr = (void*)(uintptr_t)now_ns()};
      if (sigqueue(parent, SIGRTMIN, value) != 0) _exit(0);
    }
  }
  // With pauses: the kernel takes the processor from real-time tasks that never rest.
  for (target = 0; target < SIGNALS + WARM_UP;) {
    target += (SIGNALS + WARM_UP) / 10;
    run();
    struct timespec rest = {0, 30000000};
    while (nanosleep(&rest, &rest) != 0) {
    }
  }
  kill(sender, SIGKILL);
  waitpid(sender, NULL, 0);
  uint32_t* sorted = taken_ns + WARM_UP;
  int within = 0;
  for (int i = 0; i < SIGNALS; i++) within += sorted[i] <= 1000000;
  qsort(sorted, SIGNALS, sizeof *sorted, by_time);
  printf("%-28s %9.1f %9.1f %9.1f %8.1f %%\n", name, sorted[SIGNALS / 2] / 1e3,
         sorted[SIGNALS * 99 / 100] / 1e3, sorted[SIGNALS - 1] / 1e3, within * 100.0 / SIGNALS);
  fflush(stdout);
}

int main(int argc, char** argv) {
  from = malloc(kBytes);
  to = malloc(kBytes);
  memset(from, 'a', kBytes);
  from[kBytes - 1] = 0;
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN, &action, NULL);
  printf("%-28s %9s %9s %9s %10s\n", "microseconds", "median", "99 %", "most", "in 1 ms");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (argc < 2 || strcmp(argv[1], kinds[i].name) == 0) measure(kinds[i].name, kinds[i].run);
  return 0;
}
