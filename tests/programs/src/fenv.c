// The floating-point environment: flags and rounding before and after the first look at them, in threads,
// children, signal handlers and through their frames.
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile double one = 1, zero = 0, three = 3, huge = 1.7e308, tiny = 2.3e-308, minus = -1, half = 2.5;
static volatile float fone = 1, fthree = 3;
static volatile double sink;
static volatile long isink;

static const char* names(int flags) {
  static char text[80];
  snprintf(text, sizeof text, "%s%s%s%s%s", flags & FE_INVALID ? " invalid" : "",
           flags & FE_DIVBYZERO ? " zero" : "", flags & FE_OVERFLOW ? " overflow" : "",
           flags & FE_UNDERFLOW ? " underflow" : "", flags & FE_INEXACT ? " inexact" : "");
  return text;
}
static void show(const char* what) { printf("%s:%s\n", what, names(fetestexcept(FE_ALL_EXCEPT))); }

static void raise_invalid(void) { sink = sqrt(minus); }
static void raise_zero(void) { sink = one / zero; }
static void raise_overflow(void) { sink = huge * huge; }
static void raise_underflow(void) { sink = tiny * (one / 4096) / three; }
static void raise_inexact(void) { sink = one / three; }
static void raise_conversion(void) { isink = (long)huge; }
static void raise_comparison(void) { isink = (zero / zero) < one; }
static void raise_nothing(void) { sink = one + three; }

static const struct {
  const char* name;
  void (*run)(void);
} ops[] = {{"invalid", raise_invalid},       {"zero", raise_zero},       {"overflow", raise_overflow},
           {"underflow", raise_underflow},   {"inexact", raise_inexact}, {"conversion", raise_conversion},
           {"comparison", raise_comparison}, {"nothing", raise_nothing}};

static void in_child(void (*run)(int), int arg) {
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    run(arg);
    fflush(stdout);
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  if (status != 0) printf("child: status %#x\n", status);
}

// The first look comes after the operation.
static void look_after(int i) {
  ops[i].run();
  show(ops[i].name);
}
static void look_only(int i) {
  (void)i;
  show("inherited");
}
static void clear_and_again(int i) {
  feclearexcept(FE_ALL_EXCEPT);
  show("cleared");
  ops[i].run();
  show(ops[i].name);
}

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
static int mode_number(void) {
  const int m = fegetround();
  for (int i = 0; i < 4; ++i)
    if (modes[i] == m) return i;
  return -1;
}
static void show_values(const char* what) {
  printf("%s %d: %a %a %g %g %ld %a\n", what, mode_number(), one / three, -one / three, rint(half),
         rint(-half), lrint(half), (double)(fone / fthree));
}
static void roundings(int look_first) {
  if (look_first) show("first");
  for (int i = 0; i < 4; ++i) {
    fesetround(modes[i]);
    show_values("rounding");
  }
  fesetround(FE_TONEAREST);
  show("roundings");
}

static void* thread_main(void* arg) {
  show_values("thread inherits");
  show("thread inherits");
  fesetround(*(int*)arg);
  feclearexcept(FE_ALL_EXCEPT);
  raise_zero();
  show("thread");
  return NULL;
}
static void threads(int i) {
  fesetround(FE_UPWARD);
  ops[i].run();
  int mode = FE_DOWNWARD;
  pthread_t t;
  pthread_create(&t, NULL, thread_main, &mode);
  pthread_join(t, NULL);
  show_values("after thread");
  show("after thread");
}

#ifdef __aarch64__
#include <asm/sigcontext.h>
static uint32_t* frame_flags(ucontext_t* uc) {
  struct _aarch64_ctx* head = (struct _aarch64_ctx*)uc->uc_mcontext.__reserved;
  while (head->magic != FPSIMD_MAGIC) head = (struct _aarch64_ctx*)((char*)head + head->size);
  return &((struct fpsimd_context*)head)->fpsr;
}
static void flush_denormals(void) {
  uint64_t v;
  __asm__ volatile("mrs %0, fpcr" : "=r"(v));
  __asm__ volatile("msr fpcr, %0" : : "r"(v | 1 << 24));
}
#else
#include <xmmintrin.h>
#ifdef __i386__
/* The C library's struct ends before it; the kernel's _fpstate_32 has it here. */
enum { MXCSR_OFFSET = 136 };
static uint32_t* frame_flags(ucontext_t* uc) {
  return (uint32_t*)((char*)uc->uc_mcontext.fpregs + MXCSR_OFFSET);
}
#else
static uint32_t* frame_flags(ucontext_t* uc) { return &uc->uc_mcontext.fpregs->mxcsr; }
#endif
static void flush_denormals(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
#endif

static volatile int seen;
static int frame_adds;
static void handler(int signo, siginfo_t* info, void* context) {
  (void)signo;
  (void)info;
  seen = (int)*frame_flags(context);
  fesetround(FE_TOWARDZERO);
  raise_zero();
  raise_overflow();
  *frame_flags(context) |= (uint32_t)frame_adds;
}
static void signals(int i) {
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = handler;
  sa.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &sa, NULL);
  fesetround(FE_UPWARD);
  ops[i].run();
  frame_adds = i % 2 ? FE_INVALID : 0;
  raise(SIGUSR1);
  printf("in the frame:%s\n", names(seen & FE_ALL_EXCEPT));
  show_values("after handler");
  show("after handler");
  raise(SIGUSR1);
  printf("in the frame:%s\n", names(seen & FE_ALL_EXCEPT));
  show("after handler");
}

static void environments(int i) {
  fenv_t env, held;
  ops[i].run();
  fegetenv(&env);
  feholdexcept(&held);
  show("held");
  raise_zero();
  show("in between");
  feupdateenv(&held);
  show("updated");
  fesetround(FE_DOWNWARD);
  fesetenv(FE_DFL_ENV);
  show_values("default");
  fesetenv(&env);
  show("set");
  fexcept_t flags;
  fegetexceptflag(&flags, FE_ALL_EXCEPT);
  feclearexcept(FE_ALL_EXCEPT);
  feraiseexcept(FE_OVERFLOW | FE_INEXACT | FE_INVALID);
  show("raised");
  fesetexceptflag(&flags, FE_ALL_EXCEPT);
  show("set flags");
}

static void vforked(int i) {
  ops[i].run();
  fesetround(FE_UPWARD);
  const pid_t pid = vfork();
  if (pid == 0) {
    fesetround(FE_DOWNWARD);
    raise_zero();
    isink = fetestexcept(FE_ALL_EXCEPT);
    _exit(0);
  }
  waitpid(pid, NULL, 0);
  show_values("after vfork");
  show("after vfork");
}

static void flushing(int i) {
  ops[i].run();
  printf("%a\n", tiny / 4);
  flush_denormals();
  printf("%a %a\n", tiny / 4, tiny * 2);
}

int main(void) {
  const int n = sizeof ops / sizeof *ops;
  for (int i = 0; i < n; ++i) in_child(look_after, i);
  for (int i = 0; i < n; ++i) in_child(clear_and_again, i);
  for (int i = 0; i < 2; ++i) in_child(roundings, i);
  for (int i = 0; i < n; ++i) in_child(threads, i);
  for (int i = 0; i < n; ++i) in_child(signals, i);
  for (int i = 0; i < n; ++i) in_child(environments, i);
  for (int i = 0; i < n; ++i) in_child(vforked, i);
  for (int i = 0; i < n; ++i) in_child(flushing, i);
  raise_inexact();
  raise_zero();
  in_child(look_only, 0);
  fesetround(FE_DOWNWARD);
  in_child(roundings, 0);
  show_values("end");
  show("end");
  return 0;
}
