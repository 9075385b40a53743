// Shows what the process was given: show WHAT [ARGUMENT...].
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static int use_stack(long bytes) {
  volatile char block[4096];
  block[0] = 1;
  if (bytes > (long)sizeof block) return use_stack(bytes - (long)sizeof block) + block[0];
  return block[0];
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "args") == 0) {
    for (int i = 0; i < argc; i++) printf("%d=%s\n", i, argv[i]);
  } else if (strcmp(what, "env") == 0) {
    for (int i = 2; i < argc; i++)
      printf("%s=%s\n", argv[i], getenv(argv[i]) != NULL ? getenv(argv[i]) : "(none)");
  } else if (strcmp(what, "uname") == 0) {
    struct utsname u;
    uname(&u);
    printf("%s %s\n", u.release, u.machine);
  } else if (strcmp(what, "stack") == 0) {
    printf("%s\n", use_stack(atol(argv[2])) > 0 ? "used" : "?");
  } else if (strcmp(what, "hwcap") == 0) {
    printf("%d\n", (getauxval(AT_HWCAP) >> 8) & 1);  // HWCAP_ATOMICS
  } else if (strcmp(what, "exit") == 0) {
    return atoi(argv[2]);
  } else if (strcmp(what, "signal") == 0) {
    kill(getpid(), atoi(argv[2]));
  } else if (strcmp(what, "fault") == 0) {
    *(volatile int*)8 = 1;
  } else if (strcmp(what, "copy") == 0) {
    char buffer[512];
    ssize_t n = read(0, buffer, sizeof buffer);
    if (n < 0) return errno;
    if (write(1, buffer, (size_t)n) != n) return errno;
  } else if (strcmp(what, "missing") == 0) {  // asked for twice each
    for (int i = 0; i < 2; i++) {
      printf("%d\n", syscall(SYS_io_uring_setup, 1, NULL) == -1 ? errno : 0);
      printf("%d\n", syscall(SYS_clone, CLONE_VM | SIGCHLD, NULL, NULL, NULL, NULL) == -1 ? errno : 0);
    }
  } else if (strcmp(what, "descriptors") == 0) {
    for (int fd = 0; fd < 3; fd++) printf("%d", dup2(fd, fd) == fd);
    printf(" next %d\n", dup(1));
  } else {
    return 99;
  }
  return 0;
}
