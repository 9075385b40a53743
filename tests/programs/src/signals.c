// Signals: handlers, masks, alternate stacks, values, restarted calls, nesting, jumps out of handlers,
// faults.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t seen, value, on_alternate, depth, deepest;
static sigjmp_buf back;
static char* page;
static char alternate[1 << 16];

static void handle(int signo, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(signo, &action, NULL);
}

static void remember(int signo, siginfo_t* info, void* context) {
  (void)context;
  seen = signo;
  value = info->si_value.sival_int;
  char here;
  on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
}

static void simple(void) {
  handle(SIGUSR1, remember, 0);
  raise(SIGUSR1);
  printf("raised %d\n", seen == SIGUSR1);
  union sigval v = {.sival_int = 4711};
  handle(SIGRTMIN + 3, remember, 0);
  sigqueue(getpid(), SIGRTMIN + 3, v);
  printf("queued %d value %d\n", seen == SIGRTMIN + 3, value);

  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, &old);
  seen = 0;
  raise(SIGUSR1);
  sigset_t pending;
  sigpending(&pending);
  printf("blocked %d pending %d\n", seen == 0, sigismember(&pending, SIGUSR1));
  sigprocmask(SIG_SETMASK, &old, NULL);
  printf("unblocked %d\n", seen == SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  kill(getpid(), SIGUSR1);
  siginfo_t info;
  int waited = sigwaitinfo(&set, &info);
  printf("waited %d code %d\n", waited == SIGUSR1, info.si_code);
  sigprocmask(SIG_SETMASK, &old, NULL);
}

static void stacks(void) {
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  handle(SIGUSR2, remember, SA_ONSTACK);
  raise(SIGUSR2);
  printf("alternate stack %d\n", on_alternate);
  handle(SIGUSR2, remember, 0);
  raise(SIGUSR2);
  printf("own stack %d\n", !on_alternate);
}

static void nest(int signo, siginfo_t* info, void* context) {
  (void)info, (void)context;
  if (++depth > deepest) deepest = depth;
  if (depth < 5) raise(signo);
  depth--;
}

static void nesting(void) {
  handle(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  printf("nested %d, back at %d\n", deepest, depth);
}

static void jump(int signo, siginfo_t* info, void* context) {
  (void)info, (void)context;
  siglongjmp(back, signo);
}

static void jumps(void) {
  handle(SIGUSR2, jump, 0);
  for (int i = 0; i < 3; i++) {
    if (sigsetjmp(back, 1) == 0) {
      raise(SIGUSR2);
      printf("not reached\n");
    }
  }
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  printf("jumped, still blocked %d\n", sigismember(&now, SIGUSR2));
}

static void restarts(void) {
  for (int restart = 0; restart <= 1; restart++) {
    int ends[2];
    char byte = 0;
    if (pipe(ends) != 0) exit(1);
    handle(SIGALRM, remember, restart ? SA_RESTART : 0);
    pid_t child = fork();
    if (child == 0) {
      usleep(150000);
      _exit(write(ends[1], "x", 1) != 1);
    }
    struct itimerval timer = {.it_value = {.tv_usec = 30000}};
    seen = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    ssize_t n = read(ends[0], &byte, 1);
    printf("restart %d: read %d errno %d seen %d\n", restart, (int)n, n < 0 ? errno == EINTR : 0,
           seen == SIGALRM);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
  }
}

static volatile uintptr_t fault_address;
static volatile int fault_code, pc_moved;

static void on_fault(int signo, siginfo_t* info, void* context) {
  ucontext_t* u = context;
  seen = signo;
  fault_address = (uintptr_t)info->si_addr;
  fault_code = info->si_code;
#if defined(__aarch64__)
  pc_moved = u->uc_mcontext.pc != 0 && u->uc_mcontext.fault_address == fault_address;
#elif defined(__i386__)
  pc_moved = u->uc_mcontext.gregs[REG_EIP] != 0 && u->uc_mcontext.cr2 == fault_address;
#else
  pc_moved = u->uc_mcontext.gregs[REG_RIP] != 0 && (uintptr_t)u->uc_mcontext.gregs[REG_CR2] == fault_address;
#endif
  siglongjmp(back, 1);
}

static void make_writable(int signo, siginfo_t* info, void* context) {
  (void)context;
  seen = signo;
  fault_address = (uintptr_t)info->si_addr;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void faults(void) {
  page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  handle(SIGSEGV, on_fault, 0);
  volatile char* target = page + 100;
  if (sigsetjmp(back, 1) == 0) *target = 1;
  printf("store: at %d code %d context %d\n", (int)(fault_address - (uintptr_t)page), fault_code, pc_moved);
  target = NULL;
  if (sigsetjmp(back, 1) == 0) seen = *(target + 16);
  printf("null: at %d code %d context %d\n", (int)fault_address, fault_code, pc_moved);
  handle(SIGSEGV, make_writable, 0);
  volatile int64_t* slot = (int64_t*)(page + 1000);
  *slot = 0x123456789;
  printf("resumed: at %d holds %llx\n", (int)(fault_address - (uintptr_t)page), (long long)*slot);
}

static volatile int* volatile low = (int*)8;

static void report_child(const char* what, pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  printf("%s: signal %d exit %d\n", what, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
         WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  fflush(stdout);
}

static void deaths(void) {
  static const int kFatal[] = {SIGTERM, SIGKILL, SIGABRT, SIGSEGV, SIGUSR1, SIGPIPE};
  fflush(stdout);
  for (size_t i = 0; i < sizeof kFatal / sizeof *kFatal; i++) {
    pid_t child = fork();
    if (child == 0) {
      signal(kFatal[i], SIG_DFL);
      raise(kFatal[i]);
      _exit(1);
    }
    report_child("death", child);
  }
  pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    *low = 1;
    _exit(1);
  }
  report_child("fault", child);
}

int main(void) {
  simple();
  stacks();
  nesting();
  jumps();
  restarts();
  faults();
  deaths();
  return 0;
}
