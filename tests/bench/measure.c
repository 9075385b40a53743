// measure LIMIT COUNT INPUT OUTPUT PROGRAM ARGUMENT…: runs the program COUNT times, one after the other, with
// these files as its standard input and output (the output of the last run stays), and prints wall
// nanoseconds of one run on average, peak resident kilobytes (of it and of the children it waited for) and
// its wait status, of the first that failed if one did. LIMIT: seconds for each. It is this small so that its
// own memory, which Linux counts as the program's until exec, does not show.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void too_long(int signo) {
  (void)signo;
  kill(child, SIGKILL);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

// Returns the wait status; adds to *nanoseconds and raises *kilobytes.
static int run(unsigned limit, int in, int out, char** argv, long long* nanoseconds, long* kilobytes) {
  if (lseek(in, 0, SEEK_SET) < 0) perror("measure");  // of /dev/null that does nothing
  if (lseek(out, 0, SEEK_SET) < 0 || ftruncate(out, 0) < 0) perror("measure");
  long long start = now();
  child = vfork();
  if (child == 0) {
    dup2(in, 0);
    dup2(out, 1);
    execvp(argv[0], argv);
    _exit(127);
  }
  alarm(limit);
  int status = -1;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0) {
  }
  *nanoseconds += now() - start;
  if (usage.ru_maxrss > *kilobytes) *kilobytes = usage.ru_maxrss;
  return status;
}

int main(int argc, char** argv) {
  if (argc < 6 || atoi(argv[2]) < 1) return 2;
  int in = open(argv[3], O_RDONLY), out = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (in < 0 || out < 0) {
    perror("measure");
    return 2;
  }
  signal(SIGALRM, too_long);
  const int count = atoi(argv[2]);
  long long nanoseconds = 0;
  long kilobytes = 0;
  int status = 0;
  for (int i = 0; i < count && status == 0; i++)
    status = run((unsigned)atoi(argv[1]), in, out, argv + 5, &nanoseconds, &kilobytes);
  printf("%lld %ld %d\n", nanoseconds / count, kilobytes, status);
  return 0;
}
