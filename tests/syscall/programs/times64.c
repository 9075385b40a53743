// Times of 64 bits in calls of a 32-bit ABI: the upper half of the nanoseconds is padding, which programs
// leave as it is.
#include "check.h"

#include <linux/futex.h>
#include <sys/timerfd.h>
#include <time.h>

struct time64 {
  int64_t seconds;
  int32_t nanoseconds, padding;
};

int main(void) {
  struct time64 t = {0, 1000000, 0x5a5a5a5a}, none = {0, 0, -1};
  uint32_t word = 0;
  SHOW(syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &t, NULL));
  SHOW(syscall(SYS_futex_time64, &word, FUTEX_WAIT, 0, &t, NULL, 0));
  SHOW(syscall(SYS_futex_time64, &word, FUTEX_WAIT_BITSET, 0, &t, NULL, -1));
  SHOW(syscall(SYS_ppoll_time64, NULL, 0, &t, NULL, 8));
  // What is left of a wait has no padding.
  VALUE(t.padding);
  t.nanoseconds = 1000000;
  t.padding = -1;
  SHOW(syscall(SYS_pselect6_time64, 0, NULL, NULL, NULL, &t, NULL));
  struct time64 both[2] = {{0, 0, 0x1234}, {1000, 5, -1}}, now[2];
  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  SHOW(syscall(SYS_timerfd_settime64, fd, 0, both, NULL));
  memset(now, 255, sizeof now);
  SHOW(syscall(SYS_timerfd_gettime64, fd, now));
  VALUE(now[0].seconds);
  VALUE(now[0].padding);
  VALUE(now[1].seconds);
  VALUE(now[1].padding);
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  int timer;
  SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
  SHOW(syscall(SYS_timer_settime64, timer, 0, both, NULL));
  both[1].nanoseconds = 1000000000;
  SHOW(syscall(SYS_timer_settime64, timer, 0, both, NULL));
  const int file = open("file", O_CREAT | O_RDWR, 0600);
  struct time64 stamps[2] = {{1000, 5, -1}, {2000, 7, 0x1234}};
  SHOW(syscall(SYS_utimensat_time64, file, NULL, stamps, 0));
  struct stat status;
  fstat(file, &status);
  VALUE(status.st_atim.tv_sec);
  VALUE(status.st_atim.tv_nsec);
  VALUE(status.st_mtim.tv_sec);
  VALUE(status.st_mtim.tv_nsec);
  const uint32_t set[2] = {1, 0};
  t = (struct time64){0, 1000000, -1};
  SHOW(syscall(SYS_rt_sigtimedwait_time64, set, NULL, &t, 8));
  SHOW(syscall(SYS_recvmmsg_time64, -1, NULL, 0, 0, &none));
  SHOW(syscall(SYS_clock_getres_time64, CLOCK_MONOTONIC, &t));
  VALUE(t.padding);
  // 449: futex_waitv, of which there is but one form. The waiter is for another value.
  const struct {
    uint64_t value, address;
    uint32_t flags, reserved;
  } waiter = {1, (uintptr_t)&word, 2, 0};
  struct time64 later = {1LL << 33, 0, -1};
  SHOW(syscall(449, &waiter, 1, 0, &later, CLOCK_MONOTONIC));
  unlink("file");
  return 0;
}
