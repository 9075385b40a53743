#include "check.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>

#define PAGE 4096

int main(void) {
  char* a = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WORKS(a);
  a[0] = 1;
  a[4 * PAGE - 1] = 2;
  SHOW(munmap(a + PAGE, PAGE));
  SHOW(mprotect(a, 3 * PAGE, PROT_READ));
  SHOW(mprotect(a + 2 * PAGE, PAGE, PROT_READ));
  SHOW(write(-1, a, 1));
  VALUE(mmap(a + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == a + PAGE);
  VALUE(mmap(a + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == a + PAGE);
  SHOW(mmap(a + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
  SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
  SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1));
  SHOW(mmap(a + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  SHOW(mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  SHOW(munmap(a + 1, PAGE));
  SHOW(mprotect(a + 1, PAGE, PROT_READ));

  int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
  SHOW(ftruncate(fd, 2 * PAGE));
  char* s = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char* p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
  strcpy(s + PAGE, "shared");
  puts(p);
  strcpy(p, "private");
  puts(s + PAGE);
  SHOW(msync(s, 2 * PAGE, MS_SYNC));
  SHOW(msync(s + 1, PAGE, MS_SYNC));
  char buffer[8] = {0};
  SHOW(pread(fd, buffer, 7, PAGE));
  puts(buffer);
  int ro = open("mapped", O_RDONLY);
  SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0));
  WORKS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0));
  // A page that another mapping reads into.
  SHOW(pread(fd, s, 7, PAGE));
  puts(s);

  char* m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(m + PAGE, "moved");
  char* n = mremap(m, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
  WORKS(n);
  puts(n + PAGE);
  VALUE(n[63 * PAGE]);
  VALUE(mremap(n, 64 * PAGE, PAGE, 0) == n);
  SHOW(mremap(n, PAGE, 0, 0));
  SHOW(mremap(n + 1, PAGE, PAGE, 0));
  // A mapping that leaves its place behind goes where it is asked to, if there is room.
  char* room = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(room, 8 * PAGE);
  VALUE(syscall(SYS_mremap, n, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, room) == (long)room);
  SHOW(syscall(SYS_mremap, n, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, room + 1));
  SHOW(syscall(SYS_mremap, n, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, n));
  // Which error is told first.
  SHOW(msync(s, PAGE, -1));
  SHOW(msync((void*)-PAGE, 2 * PAGE, -1));
  SHOW(msync((void*)-1, PAGE, MS_SYNC));
  SHOW(msync(s, PAGE, MS_SYNC | MS_ASYNC));
  SHOW(syscall(SYS_mlock2, s, PAGE, 2));
  SHOW(syscall(SYS_mbind, s, PAGE, 0, NULL, 0, 1 << 10));
#ifdef MAP_32BIT
  // Below 2 GB, as often as there is room.
  for (int i = 0; i < 3; ++i) {
    uintptr_t low = (uintptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    printf("%d\n", low != 0 && low < 1ul << 31);
  }
#else
  for (int i = 0; i < 3; ++i) puts("1");
#endif
  // Huge pages lie at multiples of their size, if the machine has any.
  char* huge = mmap(NULL, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  WORKS(huge);
  if (huge != MAP_FAILED) SHOW(munmap(huge, 4 << 20));
  // Pages of a shared mapping in another order.
  strcpy(s, "first");
  SHOW(syscall(SYS_remap_file_pages, s, PAGE, 0, 1, 0));
  puts(s);
  SHOW(syscall(SYS_remap_file_pages, s, PAGE, 0, 0, 0));
  puts(s);
  SHOW(syscall(SYS_remap_file_pages, s, PAGE, PROT_READ, 0, 0));
  SHOW(syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0));
  SHOW(madvise(n, PAGE, MADV_DONTNEED));
  VALUE(n[0]);
  SHOW(madvise(n, PAGE, 12345));
  SHOW(madvise(n + 1, PAGE, MADV_DONTNEED));
  SHOW(madvise(n, 0, MADV_DONTNEED));
  SHOW(madvise(n, 0, 12345));
  // Holes are passed over, but for populating, and told of.
  char* holes = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(holes, 1, 4 * PAGE);
  munmap(holes + PAGE, PAGE);
  SHOW(madvise(holes, 4 * PAGE, MADV_DONTNEED));
  VALUE(holes[0]);
  VALUE(holes[2 * PAGE]);
  VALUE(holes[4 * PAGE - 1]);
  SHOW(madvise(holes + PAGE, PAGE, MADV_DONTNEED));
  SHOW(madvise(holes, 2 * PAGE, MADV_POPULATE_READ));
  SHOW(madvise(holes, 4 * PAGE, MADV_POPULATE_WRITE));
  SHOW(madvise(holes + 2 * PAGE, 2 * PAGE, MADV_POPULATE_WRITE));
  munmap(holes, 4 * PAGE);

  char* brk0 = sbrk(0);
  VALUE((char*)sbrk(10000) == brk0);
  memset(brk0, 1, 10000);
  VALUE((char*)sbrk(-10000) == brk0 + 10000);
  VALUE((char*)sbrk(0) == brk0);

  int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
  WORKS(id);
  char* x = shmat(id, NULL, 0);
  char* y = shmat(id, NULL, SHM_RDONLY);
  struct shmid_ds info;
  SHOW(shmctl(id, IPC_STAT, &info));
  VALUE(info.shm_segsz);
  VALUE(info.shm_nattch);
  struct shminfo limits;
  memset(&limits, 255, sizeof limits);
  WORKS(shmctl(id, IPC_INFO, (struct shmid_ds*)&limits));
  VALUE(limits.shmmni);
  VALUE(limits.shmmin);
  VALUE(limits.shmall != 0);
  struct shm_info used;
  WORKS(shmctl(id, SHM_INFO, (struct shmid_ds*)&used));
  VALUE(used.used_ids >= 1);
  VALUE(used.shm_tot >= 3);
  struct msginfo messages;
  WORKS(msgctl(0, IPC_INFO, (struct msqid_ds*)&messages));
  VALUE(messages.msgmax);
  VALUE(messages.msgmnb);
  VALUE(messages.msgmni);
  strcpy(x + PAGE, "segment");
  puts(y + PAGE);
  SHOW(shmdt(x));
  SHOW(shmdt(x));
  SHOW(shmdt(y));
  SHOW(shmctl(id, IPC_RMID, NULL));
  unsigned char vec[4];
  SHOW(mincore(n, PAGE, vec));
  SHOW(mincore(n + 1, PAGE, vec));
  unlink("mapped");
  return 0;
}
