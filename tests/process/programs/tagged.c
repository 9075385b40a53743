// AArch64: pointers with tag bytes, in loads and stores, and in system calls once the kernel has been asked
// to take them.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_TAGGED_ADDR_CTRL
#define PR_SET_TAGGED_ADDR_CTRL 55
#define PR_GET_TAGGED_ADDR_CTRL 56
#endif

static void* tag(const void* p) { return (void*)((uintptr_t)p | 0xa5ull << 56); }
static const char* result(long r) { return r < 0 ? strerrorname_np(errno) : "ok"; }

static char buffer[64];

static char blocks[2][4096] __attribute__((aligned(64)));

// Every kind of access: atomics, exclusives, vectors, pairs, zeroed cache lines.
static void accesses(void) {
  static long counter[2] __attribute__((aligned(16)));
  long* tagged = tag(counter);
  for (int i = 0; i < 10; i++) __atomic_fetch_add(tagged, 3, __ATOMIC_SEQ_CST);
  long expected = 30;
  int swapped = __atomic_compare_exchange_n(tagged, &expected, 31, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  printf("atomics %ld %d %ld", counter[0], swapped, __atomic_load_n(tagged, __ATOMIC_ACQUIRE));
  __atomic_store_n(tagged + 1, 5, __ATOMIC_RELEASE);
  unsigned long low, high;
  int failed;
  do {
    __asm__ volatile("ldxp %0, %1, [%3]\n add %1, %1, #1\n stxp %w2, %0, %1, [%3]"
                     : "=&r"(low), "=&r"(high), "=&r"(failed)
                     : "r"(tagged)
                     : "memory");
  } while (failed);
  printf(" %ld\n", counter[1]);
  memset(tag(blocks[0]), 7, 4096);
  memset(tag(blocks[0] + 64), 0, 2048);
  memcpy(tag(blocks[1]), tag(blocks[0]), 4096);
  unsigned sum = 0;
  for (int i = 0; i < 4096; i++) sum += blocks[1][i];
  strcpy(tag(blocks[1]), "a string of some length, longer than a vector");
  printf("blocks %u %zu %s\n", sum, strlen(tag(blocks[1])),
         strchr(tag(blocks[1]), ',') == (char*)tag(blocks[1] + 23) ? "ok" : "?");
}

static void calls(void) {
  int fd = open("/dev/zero", O_RDWR);
  printf("read %s", result(read(fd, tag(buffer), 10)));
  printf(" write %s", result(write(fd, tag("text"), 4)));
  printf(" path %s", result(access(tag("/dev/null"), R_OK)));
  struct stat st;
  printf(" stat %s", result(fstat(fd, tag(&st))));
  struct iovec v = {tag(buffer), 10};
  printf(" readv %s", result(readv(fd, &v, 1)));
  v.iov_base = buffer;
  printf(" %s", result(readv(fd, tag(&v), 1)));
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf(" mprotect %s", result(mprotect(tag(page), 4096, PROT_READ)));
  int p[2];
  printf(" pipe %s\n", result(pipe(tag(p))));
  close(fd);
}

static void* thread(void* p) {
  printf("thread %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 0, 0, 0);
  calls();
  return p;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    printf("after exec %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    return 0;
  }
  *(volatile int*)tag(buffer) = 42;
  strcpy(tag(buffer + 8), "tagged");
  printf("%d %s\n", *(int*)buffer, (char*)tag(buffer + 8));
  accesses();
  printf("get %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  calls();
  printf("bad %s", result(prctl(PR_SET_TAGGED_ADDR_CTRL, 1ul << 40, 0, 0, 0)));
  printf(" %s", result(prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 1, 0, 0)));
  printf(" %s\n", result(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0)));
  printf("set %s", result(prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 0, 0, 0)));
  printf(" get %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  calls();
  pthread_t t;
  pthread_create(&t, NULL, thread, NULL);
  pthread_join(t, NULL);
  printf("here %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  fflush(stdout);
  if (fork() == 0) {
    printf("forked %d\n", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    fflush(stdout);
    char* args[] = {argv[0], "again", NULL};
    execv("/proc/self/exe", tag(args));
  }
  wait(NULL);
  return 0;
}
