// Test programs print what system calls answer; the native build's output is what the foreign one must print.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Names that 32-bit ABIs have others for.
#if !defined(SYS_newfstatat) && defined(SYS_fstatat64)
#define SYS_newfstatat SYS_fstatat64
#endif

// A result and, if it is -1, the error.
#define SHOW(expression)                                                                 \
  do {                                                                                   \
    errno = 0;                                                                           \
    long result_ = (long)(expression);                                                   \
    printf("%d %s: %ld%s%s\n", __LINE__, #expression, result_, result_ == -1 ? " " : "", \
           result_ == -1 ? strerrorname_np(errno) : "");                                 \
  } while (0)
// Whether it succeeded: for descriptors, addresses and the like.
#define WORKS(expression)                                                                           \
  do {                                                                                              \
    errno = 0;                                                                                      \
    long result_ = (long)(expression);                                                              \
    printf("%d %s: %s\n", __LINE__, #expression, result_ == -1 ? strerrorname_np(errno) : "works"); \
  } while (0)
#define VALUE(expression) printf("%d %s: %lld\n", __LINE__, #expression, (long long)(expression))
#define BAD ((void*)16)  // never mapped
