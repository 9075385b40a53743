// What signals do to a process: every line printed must be the same natively and under the translator.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int count, last_signo, last_code, last_value;
static void* volatile last_addr;
static volatile pid_t last_pid;
static char order[256];
static volatile int order_at;

static void note(int signo, siginfo_t* info, void* context) {
  (void)context;
  ++count;
  last_signo = signo;
  last_code = info->si_code;
  last_value = info->si_value.sival_int;
  last_addr = info->si_addr;
  last_pid = info->si_pid;
  if (order_at < 250) order[order_at++] = (char)('A' + (signo >= 32 ? signo - 32 : signo));
}

static void handle(int signo, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(signo, &action, 0);
}

static void after(int ms) {
  struct itimerval t = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  setitimer(ITIMER_REAL, &t, 0);
}

// A call's result and errno, in this order.
static const char* both(long result) {
  static char text[64];
  snprintf(text, sizeof text, "%ld %d", result, result < 0 ? errno : 0);
  return text;
}

static void test_queue(void) {
  sigset_t set, old, pending;
  sigfillset(&set);
  sigprocmask(SIG_BLOCK, &set, &old);
  handle(SIGUSR1, note, 0);
  handle(SIGUSR2, note, 0);
  for (int i = 0; i < 3; ++i) handle(SIGRTMIN + i, note, 0);
  for (int i = 0; i < 3; ++i) {
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    for (int j = 2; j >= 0; --j) {
      union sigval v = {.sival_int = 10 * i + j};
      sigqueue(getpid(), SIGRTMIN + j, v);
    }
  }
  sigpending(&pending);
  printf("pending %d %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
         sigismember(&pending, SIGRTMIN), sigismember(&pending, SIGHUP));
  siginfo_t info;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGRTMIN + 1);
  printf("wait %d", sigwaitinfo(&one, &info) - SIGRTMIN);
  printf(" value %d code %d\n", info.si_value.sival_int, info.si_code);
  count = order_at = 0;
  sigprocmask(SIG_SETMASK, &old, 0);
  order[order_at] = 0;
  printf("queued %d\n", count);
  struct timespec zero = {0, 1000000};
  printf("timeout %s\n", both(sigtimedwait(&one, &info, &zero)));
}

static volatile int depth, deepest, raised;
static void nest(int signo, siginfo_t* info, void* context) {
  (void)info;
  (void)context;
  if (++depth > deepest) deepest = depth;
  if (depth < 3 && ++raised < 3) raise(signo);
  --depth;
  ++count;
}

static void test_flags(void) {
  count = deepest = raised = 0;
  handle(SIGUSR1, nest, 0);
  raise(SIGUSR1);
  printf("blocked itself: deepest %d count %d\n", deepest, count);
  count = deepest = raised = 0;
  handle(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  printf("nodefer: deepest %d count %d\n", deepest, count);
  handle(SIGUSR1, note, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, 0, &now);
  printf("resethand: %d flags %x\n", now.sa_handler == SIG_DFL, now.sa_flags & (SA_RESETHAND | SA_SIGINFO));
}

static char alt[65536] __attribute__((aligned(16)));
static volatile int on_alt, alt_flags;
static void where(int signo, siginfo_t* info, void* context) {
  (void)signo;
  (void)info;
  char here;
  stack_t s;
  on_alt = &here >= alt && &here < alt + sizeof alt;
  sigaltstack(0, &s);
  alt_flags = s.ss_flags;
  stack_t other = {.ss_sp = alt, .ss_size = sizeof alt};
  if (on_alt) alt_flags |= sigaltstack(&other, 0) == -1 && errno == EPERM ? 0x100 : 0;
  const stack_t* uc = &((ucontext_t*)context)->uc_stack;
  printf("uc_stack %d %lx\n", uc->ss_sp == alt, (unsigned long)uc->ss_size);
}

static sigjmp_buf back;

static void jump(int signo, siginfo_t* info, void* context) {
  (void)context;
  last_signo = signo;
  last_code = info->si_code;
  last_addr = info->si_addr;
  siglongjmp(back, 1);
}

static int recurse(int n) {
  volatile char page[4096];
  page[0] = (char)n;
  return n == 0 ? 0 : recurse(n - 1) + page[0];
}

static void test_alt_stack(void) {
  stack_t s = {.ss_sp = alt, .ss_size = sizeof alt}, bad = {.ss_sp = alt, .ss_size = 100};
  printf("small %s\n", both(sigaltstack(&bad, 0)));
  handle(SIGUSR1, where, SA_ONSTACK);
  raise(SIGUSR1);
  printf("none: %d %x\n", on_alt, alt_flags);
  sigaltstack(&s, 0);
  raise(SIGUSR1);
  printf("set: %d %x\n", on_alt, alt_flags);
  handle(SIGSEGV, jump, SA_ONSTACK);
  struct rlimit limit = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_STACK, &limit);
  if (sigsetjmp(back, 1) == 0) recurse(1 << 20);
  printf("overflow: %d\n", last_signo);
}

static void fault_line(const char* what, void* base) {
  printf("%s: signal %d code %d at %ld\n", what, last_signo, last_code,
         (long)((char*)last_addr - (char*)base));
}

static volatile int resumed;
static void skip(int signo, siginfo_t* info, void* context) {
  (void)signo;
  last_addr = info->si_addr;
  ucontext_t* uc = context;
#if defined(__aarch64__)
  resumed = (void*)uc->uc_mcontext.fault_address == info->si_addr;
#else
  resumed = 1;
#endif
  mprotect((void*)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
  (void)uc;
}

static void test_faults(void) {
  char* page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page + 4096, 4096, PROT_READ);
  munmap(page + 8192, 4096);
  handle(SIGSEGV, jump, 0);
  handle(SIGBUS, jump, 0);
  handle(SIGILL, jump, 0);
  handle(SIGTRAP, jump, 0);
  if (sigsetjmp(back, 1) == 0) *(volatile char*)(page + 4096 + 123) = 1;
  fault_line("read only", page);
  if (sigsetjmp(back, 1) == 0) *(volatile char*)(page + 8192 + 77) = 1;
  fault_line("unmapped write", page);
  if (sigsetjmp(back, 1) == 0) printf("%d", *(volatile char*)(page + 8192 + 78));
  fault_line("unmapped read", page);
  if (sigsetjmp(back, 1) == 0) printf("%d", *(volatile char*)8);
  fault_line("null", 0);
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))page)();
  fault_line("not executable", page);
  int fd = memfd_create("x", 0);
  char* file = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ftruncate(fd, 100);
  if (sigsetjmp(back, 1) == 0) *(volatile char*)(file + 5000) = 1;
  fault_line("behind the file", file);
  if (sigsetjmp(back, 1) == 0) __builtin_trap();
  printf("trap: %d\n", last_signo == SIGILL || last_signo == SIGTRAP);
  handle(SIGSEGV, skip, 0);
  page[4096] = 5;
  printf("resumed %d %d %ld\n", resumed, page[4096], (long)((char*)last_addr - page));
  printf("efault %s\n", both(syscall(SYS_write, 1, (void*)(page + 8192), 1)));
}

static int ended(pid_t pid) {
  int status;
  waitpid(pid, &status, 0);
  return status & 0xff7f;  // whether a core was written depends on the host
}

static void test_fatal(void) {
  int all[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL, SIGABRT, SIGFPE,  SIGKILL,   SIGSEGV, SIGPIPE,
               SIGALRM, SIGTERM, SIGBUS,  SIGSYS, SIGTRAP, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,
               SIGUSR1, 32,      33,      34,     64,      SIGCHLD, SIGURG,    SIGWINCH};
  for (unsigned i = 0; i < sizeof all / sizeof *all; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      struct sigaction action;
      memset(&action, 0, sizeof action);
      sigaction(all[i], &action, 0);
      syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), all[i]);
      _exit(7);
    }
    printf("%d: %x\n", all[i], ended(pid));
  }
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, 0);
    *(volatile int*)0 = 1;
    _exit(7);
  }
  printf("blocked fault %x\n", ended(pid));
  pid = fork();
  if (pid == 0) {
    handle(SIGSEGV, note, 0);
#if defined(__aarch64__)
    __asm__ volatile("mov sp, %0\n str x0, [%0]" : : "r"(16l));
#elif defined(__i386__)
    __asm__ volatile("mov %0, %%esp\n mov %%eax, (%0)" : : "r"(16l));
#else
    __asm__ volatile("mov %0, %%rsp\n mov %%rax, (%0)" : : "r"(16l));
#endif
    _exit(7);
  }
  printf("no stack %x\n", ended(pid));
  pid = fork();
  if (pid == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, 0);
    handle(SIGSEGV, note, 0);
    kill(getpid(), SIGSEGV);
    sigpending(&set);
    printf("held %d count %d", sigismember(&set, SIGSEGV), count);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, 0);
    printf(" then %d code %d\n", last_signo, last_code);
    fflush(stdout);
    _exit(0);
  }
  printf("sent fault %x\n", ended(pid));
}

static void test_restart(void) {
  int p[2];
  char c;
  pipe(p);
  handle(SIGALRM, note, 0);
  after(20);
  printf("read %s\n", both(read(p[0], &c, 1)));
  handle(SIGALRM, note, SA_RESTART);
  pid_t pid = fork();
  if (pid == 0) {
    usleep(60000);
    write(p[1], "x", 1);
    _exit(0);
  }
  after(20);
  count = 0;
  printf("restarted %zd", read(p[0], &c, 1));
  printf(" count %d\n", count);
  ended(pid);
  after(20);
  struct pollfd f = {p[0], POLLIN, 0};
  printf("poll %s\n", both(poll(&f, 1, 1000)));
  struct timespec t = {1, 0}, left = {0, 0};
  after(20);
  int r = nanosleep(&t, &left);
  printf("sleep %d %d left %d\n", r, errno, left.tv_sec == 0 && left.tv_nsec > 500000000);
  int e = epoll_create1(0);
  struct epoll_event event;
  after(20);
  printf("epoll %s\n", both(epoll_wait(e, &event, 1, 1000)));
  pid = fork();
  if (pid == 0) {
    usleep(50000);
    _exit(3);
  }
  after(20);
  int status = 0;
  count = 0;
  r = waitpid(pid, &status, 0);
  printf("wait %d %x count %d\n", r == pid, status, count);
}

static void test_masks(void) {
  sigset_t set, none, old;
  sigemptyset(&none);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, &old);
  handle(SIGUSR1, note, SA_RESTART);
  handle(SIGUSR2, note, SA_RESTART);
  count = 0;
  kill(getpid(), SIGUSR1);
  printf("suspend %s", both(sigsuspend(&none)));
  printf(" count %d\n", count);
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  printf("mask back %d %d\n", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
  kill(getpid(), SIGUSR2);
  struct timespec t = {5, 0};
  int r = ppoll(0, 0, &t, &none);
  printf("ppoll %d %d count %d signal %d\n", r, errno, count, last_signo == SIGUSR2);
  kill(getpid(), SIGUSR1);
  r = pselect(0, 0, 0, 0, &t, &none);
  printf("pselect %d %d count %d\n", r, errno, count);
  int e = epoll_create1(0);
  struct epoll_event event;
  kill(getpid(), SIGUSR2);
  r = epoll_pwait(e, &event, 1, 5000, &none);
  printf("epoll_pwait %d %d count %d\n", r, errno, count);
  int fd = signalfd(-1, &set, SFD_CLOEXEC);
  kill(getpid(), SIGUSR1);
  struct signalfd_siginfo info;
  r = (int)read(fd, &info, sizeof info);
  printf("signalfd %d %d\n", r, info.ssi_signo == SIGUSR1);
  sigprocmask(SIG_SETMASK, &old, 0);
  printf("count %d\n", count);
}

static void test_children(void) {
  handle(SIGCHLD, note, SA_RESTART);
  count = 0;
  int told[2];
  pipe(told);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    raise(SIGSTOP);
    // Not before the parent has seen that it goes on.
    read(told[0], &byte, 1);
    _exit(9);
  }
  int status;
  waitpid(pid, &status, WUNTRACED);
  printf("stopped %x\n", status);
  kill(pid, SIGCONT);
  siginfo_t info;
  waitid(P_PID, (id_t)pid, &info, WCONTINUED);
  printf("continued %d\n", info.si_code);
  write(told[1], "", 1);
  close(told[0]);
  close(told[1]);
  waitid(P_PID, (id_t)pid, &info, WEXITED);
  printf("exited %d %d pid %d\n", info.si_code, info.si_status, info.si_pid == pid);
  handle(SIGCHLD, note, SA_NOCLDWAIT | SA_RESTART);
  pid = fork();
  if (pid == 0) _exit(1);
  printf("nocldwait %s\n", both(waitpid(pid, 0, 0)));
  signal(SIGCHLD, SIG_DFL);
}

static void* target(void* p) {
  sigset_t set;
  sigfillset(&set);
  sigdelset(&set, SIGUSR1);
  if (p) pthread_sigmask(SIG_SETMASK, &set, 0);
  while (!count) usleep(100);
  return (void*)(long)last_signo;
}

static void test_threads(void) {
  pthread_t t;
  sigset_t set, old;
  void* result;
  handle(SIGUSR1, note, 0);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, &old);
  count = 0;
  pthread_create(&t, 0, target, &t);
  kill(getpid(), SIGUSR1);
  pthread_join(t, &result);
  printf("to another thread %d\n", (int)(long)result == SIGUSR1);
  count = 0;
  pthread_create(&t, 0, target, &t);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, &result);
  printf("to that thread %d\n", (int)(long)result == SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &old, 0);
}

static void test_timers(void) {
  timer_t timer;
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN + 4;
  event.sigev_value.sival_int = 77;
  handle(SIGRTMIN + 4, note, 0);
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  struct itimerspec when = {{0, 0}, {0, 5000000}};
  count = 0;
  timer_settime(timer, 0, &when, 0);
  while (!count) usleep(100);
  printf("timer %d %d %d\n", last_signo - SIGRTMIN, last_value, last_code);
  timer_delete(timer);
}

// What a descriptor has to tell, by SIGIO and by a signal of one's own choice.
static volatile int told_fd, told_code, told_band;
static void tell(int signo, siginfo_t* info, void* context) {
  told_fd = info->si_fd, told_code = info->si_code, told_band = info->si_band;
}
static void test_descriptors(void) {
  const int signals[] = {SIGIO, SIGRTMIN + 1, SIGUSR1};
  for (int i = 0; i < 3; ++i) {
    int ends[2];
    handle(signals[i], tell, SA_SIGINFO);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
    fcntl(ends[0], F_SETOWN, getpid());
    fcntl(ends[0], F_SETSIG, signals[i]);
    fcntl(ends[0], F_SETFL, O_ASYNC);
    told_fd = -1;
    if (write(ends[1], "x", 1) != 1) return;
    printf("descriptor %d: its own %d, code %d, band %x\n", i, told_fd == ends[0], told_code, told_band);
    close(ends[0]), close(ends[1]);
  }
}

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  test_queue();
  test_flags();
  test_faults();
  test_fatal();
  test_restart();
  test_masks();
  test_children();
  test_threads();
  test_timers();
  test_descriptors();
  test_alt_stack();
  return 0;
}
