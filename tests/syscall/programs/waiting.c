#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static long elapsed_ms(const struct timespec* from) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

static volatile int signals;
static void count_signal(int signo) {
  (void)signo;
  ++signals;
}

// What a process that ends by exit_group holds is told to the next owner.
static void robust(void) {
  pthread_mutex_t* m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(m, &attributes);
  const pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(m);
    _exit(0);
  }
  VALUE(waitpid(child, NULL, 0) == child);
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += 5;
  VALUE(pthread_mutex_timedlock(m, &end));
  VALUE(pthread_mutex_consistent(m));
  VALUE(pthread_mutex_unlock(m));
}

int main(void) {
  robust();
  int p[2];
  struct timespec start;
  if (pipe(p) != 0) return 1;
  struct pollfd fds[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
  SHOW(poll(fds, 1, 0));
  SHOW(poll(fds, 2, -1));
  VALUE(fds[0].revents);
  VALUE(fds[1].revents);
  clock_gettime(CLOCK_MONOTONIC, &start);
  SHOW(poll(fds, 1, 30));
  VALUE(elapsed_ms(&start) >= 29);
  SHOW(poll(BAD, 1, 0));
  struct timespec wrong = {0, 2000000000};
  SHOW(ppoll(fds, 1, &wrong, NULL));
  fd_set set;
  FD_ZERO(&set);
  FD_SET(p[0], &set);
  struct timeval tv = {0, 20000};
  SHOW(select(p[0] + 1, &set, NULL, NULL, &tv));
  VALUE(FD_ISSET(p[0], &set));
  if (write(p[1], "abc", 3) != 3) return 1;
  FD_SET(p[0], &set);
  SHOW(select(p[0] + 1, &set, NULL, NULL, NULL));
  VALUE(FD_ISSET(p[0], &set));
  int pending = 0;
  SHOW(ioctl(p[0], FIONREAD, &pending));
  VALUE(pending);
  SHOW(ioctl(p[0], FIONREAD, BAD));
  struct winsize size;
  SHOW(ioctl(p[0], TIOCGWINSZ, &size));
  VALUE(isatty(p[0]));

  int e = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef0};
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event));
  event.events = EPOLLOUT;
  event.data.u64 = 42;
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, p[1], &event));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, 1000, &event));
  struct epoll_event got[4];
  memset(got, 0, sizeof got);
  SHOW(epoll_wait(e, got, 4, -1));
  for (int i = 0; i < 2; ++i) printf("event %x %llx\n", got[i].events, (unsigned long long)got[i].data.u64);
  SHOW(epoll_wait(e, got, 0, 0));
  SHOW(epoll_wait(e, BAD, 1, 0));
  SHOW(epoll_ctl(e, EPOLL_CTL_DEL, p[1], NULL));
  char buffer[16];
  SHOW(read(p[0], buffer, 16));
  clock_gettime(CLOCK_MONOTONIC, &start);
  SHOW(epoll_wait(e, got, 4, 25));
  // More events at once than fit on a stack.
  int many = epoll_create1(0), none = eventfd(1, 0), added = 0;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < 5200 ? files.rlim_max : 5200;
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < 5000; ++i) added += epoll_ctl(many, EPOLL_CTL_ADD, dup(none), &event) == 0;
  static struct epoll_event all[6000];
  VALUE(epoll_wait(many, all, 6000, 0) == added);
  VALUE(epoll_wait(many, all, 100, 0));
  close_range(many, 6000, 0);
  VALUE(elapsed_ms(&start) >= 24);

  int v = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
  uint64_t word = 5;
  SHOW(write(v, &word, 8));
  SHOW(read(v, &word, 8));
  VALUE(word);
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec spec = {{0, 0}, {0, 10000000}}, old;
  SHOW(timerfd_settime(t, 0, &spec, &old));
  VALUE(old.it_value.tv_nsec);
  SHOW(read(t, &word, 8));
  VALUE(word);
  clock_gettime(CLOCK_MONOTONIC, &start);
  struct timespec nap = {0, 20000000};
  SHOW(nanosleep(&nap, NULL));
  VALUE(elapsed_ms(&start) >= 20);
  // Waiting to be moved to a futex that is held is not ended by a signal.
  int waiting = 0, held = 0;
  struct sigaction counted = {.sa_handler = count_signal};
  sigaction(SIGALRM, &counted, NULL);
  const struct itimerval alarm = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &alarm, NULL);
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += 150000000;
  if (end.tv_nsec >= 1000000000) end.tv_nsec -= 1000000000, ++end.tv_sec;
  SHOW(syscall(SYS_futex, &waiting, FUTEX_WAIT_REQUEUE_PI | FUTEX_PRIVATE_FLAG, 0, &end, &held, 0));
  VALUE(signals);
  SHOW(nanosleep(&wrong, NULL));
  SHOW(syscall(SYS_nanosleep, BAD, NULL));
  SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, NULL));
  SHOW(clock_nanosleep(1000, 0, &nap, NULL));
  SHOW(syscall(SYS_clock_gettime, 1000, &start));
  SHOW(syscall(SYS_clock_gettime, CLOCK_REALTIME, BAD));
  int n = inotify_init1(IN_NONBLOCK);
  WORKS(inotify_add_watch(n, ".", IN_CREATE));
  close(open("made", O_CREAT | O_WRONLY, 0600));
  VALUE(read(n, got, sizeof got) > 0);
  unlink("made");
  return 0;
}
