// Calls of i386 by INT 80 from 64-bit code: their own numbers, arguments of 32 bits, layouts of i386.
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define PAGE 4096

static unsigned long preserved[4];

// The result as all of RAX has it. The upper halves of the arguments are not looked at.
static long call(unsigned number, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
                 unsigned long e) {
  unsigned long rax = number | 0x1234567800000000;
  register unsigned long r8 __asm__("r8") = 8, r9 __asm__("r9") = 9, r10 __asm__("r10") = 10;
  register unsigned long r11 __asm__("r11") = 11;
  __asm__ volatile("int $0x80"
                   : "+a"(rax), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11)
                   : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory", "cc");
  preserved[0] = r8, preserved[1] = r9, preserved[2] = r10, preserved[3] = r11;
  return (long)rax;
}
#define CALL5(n, a, b, c, d, e, ...) \
  call(n, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), (unsigned long)(d), (unsigned long)(e))
#define CALL(...) CALL5(__VA_ARGS__, 0, 0, 0, 0, 0)

static void on_alarm(int signo) { (void)signo; }

int main(void) {
  char* low = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  char* high = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint32_t* word = (uint32_t*)low;
  VALUE(CALL(20) == getpid());
  for (int i = 0; i < 4; ++i) VALUE(preserved[i]);
  VALUE(CALL(20 | 1ul << 31));
  VALUE(CALL(999));
  VALUE(CALL(-1));
  // write: a number of x86-64's that means something else here.
  strcpy(low, "written\n");
  fflush(stdout);
  VALUE(CALL(4, 1, low, 8));
  VALUE(CALL(4, 1 | 7ul << 32, (unsigned long)low | 1ul << 40, 8 | 1ul << 33));
  VALUE(CALL(4, 1, high, 8));
  VALUE(CALL(4, -1, low, 8));
  // open, _llseek, read, fstat64, close
  strcpy(low, "file");
  const long fd = CALL(5, low, O_RDWR | O_CREAT, 0640);
  VALUE(fd);
  VALUE(CALL(4, fd, low, 4));
  VALUE(CALL(140, fd, 1, 2, low + 64, SEEK_SET));
  VALUE(*(uint64_t*)(low + 64) == (1ul << 32) + 2);
  VALUE(CALL(19, fd, -2, SEEK_END));
  VALUE(CALL(19, fd, -20, SEEK_SET));
  VALUE(CALL(3, fd, low + 32, 10));
  VALUE(low[32] == 'l');
  VALUE(CALL(197, fd, low + 128));
  VALUE(*(uint32_t*)(low + 128 + 16) == (S_IFREG | 0640));
  VALUE(*(uint64_t*)(low + 128 + 44));
  VALUE(CALL(6, fd));
  // mmap2 and old mmap: below 4 GB
  const long mapped = CALL(192, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  VALUE(mapped > 0 && mapped < 1l << 32);
  VALUE(*(char*)mapped);
  VALUE(CALL(192, mapped + 8 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1) < 1l << 32);
  VALUE(CALL(91, mapped, 3 * PAGE));
  // uname, gettimeofday, nanosleep: times of 32 bits
  struct utsname own;
  uname(&own);
  VALUE(CALL(122, low));
  VALUE(memcmp(low, &own, sizeof own));
  VALUE(CALL(78, low, 0));
  struct timeval now;
  gettimeofday(&now, NULL);
  VALUE(now.tv_sec - word[0] < 60u && word[1] < 1000000);
  word[0] = 0, word[1] = 2000000;
  VALUE(CALL(162, low, 0));
  word[1] = 1000000000;
  VALUE(CALL(162, low, 0));
  // One that a handler ends, and one that it starts again.
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval soon = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  word[0] = 100, word[1] = 0;
  VALUE(CALL(162, low, low + 8));
  VALUE(word[2] >= 90 && word[2] < 100);
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  int ends[2];
  pipe(ends);
  if (fork() == 0) {
    usleep(80000);
    write(ends[1], "x", 1);
    _exit(0);
  }
  setitimer(ITIMER_REAL, &soon, NULL);
  VALUE(CALL(3, ends[0], low, 1));
  VALUE(low[0]);
  wait(NULL);
  // fork, waitpid, exit
  fflush(stdout);
  const long child = CALL(2);
  if (child == 0) CALL(1, 7);
  VALUE(CALL(7, child, low, 0) == child);
  VALUE(word[0]);
  // An i386 process's own: thread areas.
  uint32_t area[4] = {-1, 0x1000, 0xfffff, 0x51};
  memcpy(low, area, sizeof area);
  VALUE(CALL(243, low));
  VALUE(word[0]);
  VALUE(CALL(243, 16));
  // execve: pointers of 32 bits
  fflush(stdout);
  strcpy(low + 256, "/bin/echo");
  strcpy(low + 300, "by way of INT 80");
  word[0] = (uint32_t)(uintptr_t)(low + 256), word[1] = (uint32_t)(uintptr_t)(low + 300), word[2] = 0;
  VALUE(CALL(11, low + 256, low, low + 8));
  return 0;
}
