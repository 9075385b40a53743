// Where memory may lie in an amd64 process: what sanitizers take for their shadows is free, and what they
// expect a program's parts to be in holds them.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
static int data;

// A place that nothing else has: taken, written at both ends and given back.
static void take(uintptr_t at, size_t bytes) {
  char* p = mmap((void*)at, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    printf("%#lx: %s\n", (unsigned long)at, strerrorname_np(errno));
    return;
  }
  p[0] = 1;
  p[bytes - 1] = 2;
  printf("%#lx: %d, sum %d\n", (unsigned long)at, (uintptr_t)p == at, p[0] + p[bytes - 1]);
  // Another mapping in its middle, then one moved to there.
  char* middle = p + (bytes / 2 & -4096ul);
  printf(" %d", mmap(middle, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == middle);
  char* other = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(other, "moved");
  munmap(middle, 4096);
  printf(" %d", mremap(other, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, middle) == middle);
  printf(" %s", middle);
  printf(" %d\n", munmap(p, bytes));
}

static int within(const void* p, uintptr_t low, uintptr_t high) {
  return (uintptr_t)p >= low && (uintptr_t)p < high;
}

int main(int argc, char** argv) {
  take(0x7fff8000, 0x10000000);          // AddressSanitizer: low shadow
  take(0x02008fff7000, 0xdfff0001000);   // high shadow
  take(0x600000000000, 0x40000001000);   // allocator
  take(0x010000000000, 0x1f0000000000);  // ThreadSanitizer: shadow
  take(0x300000000000, 0x040000000000);  // its synchronization objects
  take(0x7b0000000000, 0x010000000000);  // its allocator
  take(0x100000000000, 0x400000000000);  // MemorySanitizer
  char* local = alloca(16);
  // Of a static program, low addresses.
  printf("%d\n", within(&data, 0, 0x8000000000) || within(&data, 0x550000000000, 0x568000000000));
  printf("%d\n", within(local, 0x7e8000000000, 0x800000000000));
  printf("%d\n", within(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0x7e8000000000,
                        0x800000000000));
  printf("%d\n", within(argv[0], 0x7e8000000000, 0x800000000000));
  void* end = mmap((void*)0x7ffffffff000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf("%d %s\n", end == MAP_FAILED, end == MAP_FAILED ? strerrorname_np(errno) : "");
  return 0;
}
#else
int main(void) { return 0; }
#endif
