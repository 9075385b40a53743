// Ranges with holes in them, and hints for where memory is to lie.
#include "check.h"

#define PAGE 4096
#define PAGES 6

static char* base;

static void* fresh(void) {
  void* p = mmap(base, PAGES * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | (base ? MAP_FIXED : 0), -1, 0);
  base = p;
  memset(p, 'x', PAGES * PAGE);
  munmap(base + 2 * PAGE, PAGE);
  return p;
}

static void residency(const char* what, char* from, int pages) {
  unsigned char vec[PAGES] = {9, 9, 9, 9, 9, 9};
  errno = 0;
  long r = mincore(from, pages * PAGE, vec);
  printf("mincore %s: %ld %d:", what, r, r < 0 ? errno : 0);
  for (int i = 0; i < PAGES; ++i) printf(" %d", vec[i] == 9 ? 9 : vec[i] & 1);
  puts("");
}

static void mincores(void) {
  char* a = fresh();
  unsigned char vec[4];
  residency("all", a, PAGES);
  residency("before", a, 2);
  residency("hole", a + 2 * PAGE, 1);
  residency("behind", a + 3 * PAGE, 3);
  residency("nothing", a + 2 * PAGE, 0);
  SHOW(mincore(a, 1, vec));
  SHOW(mincore(a, PAGE, (unsigned char*)-1));
  SHOW(mincore(NULL, PAGE, vec));
  SHOW(mincore((void*)-PAGE, PAGE, vec));
  munmap(a, PAGES * PAGE);
  residency("none", a, PAGES);
}

static void advices(void) {
  char* a = fresh();
  SHOW(madvise(a, PAGES * PAGE, MADV_DONTNEED));
  printf("%d %d %d %d %d\n", a[0], a[2 * PAGE - 1], a[3 * PAGE], a[5 * PAGE], a[6 * PAGE - 1]);
  a = fresh();
  SHOW(madvise(a + 2 * PAGE, 2 * PAGE, MADV_DONTNEED));
  printf("%d %d %d\n", a[2 * PAGE - 1], a[3 * PAGE], a[4 * PAGE]);
  SHOW(madvise(a + 1 * PAGE, 2 * PAGE, MADV_DONTNEED));
  printf("%d %d\n", a[PAGE - 1], a[PAGE]);
  SHOW(madvise(a + 2 * PAGE, PAGE, MADV_NORMAL));
  SHOW(madvise(a + 2 * PAGE, 0, MADV_NORMAL));
  SHOW(madvise(a + 2 * PAGE, PAGE, 12345));
  SHOW(madvise(a, 0, 12345));
}

static void locks(void) {
  char* a = fresh();
  SHOW(mlock(a, 2 * PAGE));
  SHOW(mlock(a + 1, 1));
  SHOW(mlock(a + PAGE, PAGE + 1));
  SHOW(mlock(a + 2 * PAGE, 2 * PAGE));
  SHOW(mlock(a + 2 * PAGE, 0));
  SHOW(munlock(a, PAGES * PAGE));
  SHOW(munlock(a + 3 * PAGE, PAGE));
  SHOW(msync(a, PAGES * PAGE, MS_SYNC));
  SHOW(msync(a + 2 * PAGE, PAGE, MS_ASYNC));
  SHOW(msync(a + 2 * PAGE, 0, MS_ASYNC));
  SHOW(msync(a + 3 * PAGE, 1, MS_SYNC));
  SHOW(mprotect(a + PAGE, 3 * PAGE, PROT_READ));
  int fd = open("/dev/zero", O_RDONLY);
  SHOW(read(fd, a, 1));
  SHOW(read(fd, a + PAGE, 1));
  SHOW(read(fd, a + 3 * PAGE, 1));
}

// Memory below 2 GB lies where the hint says, if that is free and below 2 GB, too.
static void hints(void) {
#ifdef __x86_64__
  const uintptr_t want[] = {0x50000000, 0x50000000, 0x30000000, 0x70000000, 0x50010001};
  for (int i = 0; i < 5; ++i) {
    char* p = mmap((void*)want[i], PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    printf("%d %d\n", p == (char*)(want[i] & -PAGE), (uintptr_t)p + PAGE <= 1ul << 31);
  }
  char* p = mmap((void*)0x7ffff000, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  printf("%d\n", (uintptr_t)p + 2 * PAGE <= 1ul << 31);
#else
  puts("1 1\n0 1\n1 1\n1 1\n1 1\n1");
#endif
}

int main(void) {
  mincores();
  advices();
  locks();
  hints();
  return 0;
}
