// Signal frames of x86: what handlers are shown of traps, and what of the floating-point state they may
// change. Prints the same as a 64-bit and as a 32-bit program.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __x86_64__
#define IP REG_RIP
#define KILL "syscall"
#define KILL_ARGS "a"(62L), "D"((long)pid), "S"((long)SIGUSR1)
#define KILL_CLOBBERS "rcx", "r11",
#else
#define IP REG_EIP
#define KILL "int $0x80"
#define KILL_ARGS "a"(37), "b"(pid), "c"(SIGUSR1)
#define KILL_CLOBBERS
#endif

static char* page;
static volatile int skip, seen;
static volatile long new_ip;
static const char* volatile what;

static void report(int signo, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  greg_t* r = uc->uc_mcontext.gregs;
  long at_ip = (long)info->si_addr == (long)r[IP];
  long at_page = (long)info->si_addr == (long)page;
#ifdef __x86_64__
  unsigned long cr2 = (unsigned long)r[REG_CR2];
#else
  unsigned long cr2 = uc->uc_mcontext.cr2;
#endif
  // Other traps leave what the last page fault had.
  int shows_page = r[REG_TRAPNO] == 14 && cr2 == (unsigned long)page;
  printf("%s: signal %d code %d addr %s trap %ld err %lx%s\n", what, signo, info->si_code,
         at_ip                ? "ip"
         : at_page            ? "page"
         : info->si_addr == 0 ? "0"
                              : "other",
         (long)r[REG_TRAPNO], (unsigned long)r[REG_ERR], shows_page ? " cr2" : "");
  ++seen;
  if (new_ip != 0) {
    r[IP] = new_ip;
  } else {
    r[IP] += skip;
  }
}

static void on(int signo, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_sigaction = handler;
  a.sa_flags = SA_SIGINFO | flags;
  sigaction(signo, &a, NULL);
}

static void traps(void) {
  int signals[] = {SIGILL, SIGFPE, SIGTRAP, SIGSEGV, SIGBUS};
  for (unsigned i = 0; i < 5; i++) on(signals[i], report, 0);
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  what = "ud2";
  skip = 2;
  __asm__ volatile("ud2");
  what = "divide";
  __asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx" ::: "eax", "ecx", "edx");
  what = "int3";
  skip = 0;
  __asm__ volatile("int3");
  what = "hlt";
  skip = 1;
  __asm__ volatile("hlt");
  what = "int 7";
  skip = 2;
  __asm__ volatile("int $7");
  what = "read";
  __asm__ volatile("movb (%0), %%al" ::"r"(page) : "eax");
  what = "write";
  __asm__ volatile("movb %%al, (%0)" ::"r"(page) : "eax");
  mprotect(page, 4096, PROT_READ);
  __asm__ volatile("movb (%0), %%al" ::"r"(page) : "eax");
  what = "write to what may be read";
  __asm__ volatile("movb %%al, (%0)" ::"r"(page) : "eax");
  munmap(page, 4096);
  what = "nothing there";
  __asm__ volatile("movb (%0), %%al" ::"r"(page) : "eax");
  what = "execute nothing";
  {
    void* back = &&after;
    new_ip = (long)back;
    __asm__ volatile goto("jmp *%0" ::"r"(page) : "memory" : after);
  }
after:
  new_ip = 0;
#ifdef __x86_64__
  what = "not canonical";
  skip = 3;
  __asm__ volatile("movb (%0), %%al\n nop" ::"r"(0x1234000000000000) : "eax");
#else
  puts("not canonical: signal 11 code 128 addr 0 trap 13 err 0");
  seen++;
#endif
}

static void handler_state(int signo, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  unsigned mxcsr;
  unsigned short control;
  (void)signo, (void)info;
  __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
#ifdef __x86_64__
  struct _libc_fpstate* fp = uc->uc_mcontext.fpregs;
  uint32_t* xmm = fp->_xmm[3].element;
  unsigned* saved = &fp->mxcsr;
  unsigned saved_control = fp->cwd;
  unsigned short* top = &fp->_st[0].exponent;
  uint32_t magic = ((uint32_t*)fp)[464 / 4];
#else
  // What stands behind FSAVE's image is FXSAVE's.
  uint32_t* fx = (uint32_t*)((char*)uc->uc_mcontext.fpregs + 112);
  uint32_t* xmm = &fx[(160 + 48) / 4];
  unsigned* saved = &fx[24 / 4];
  unsigned saved_control = uc->uc_mcontext.fpregs->cw & 0xffff;
  unsigned short* top = &uc->uc_mcontext.fpregs->_st[0].exponent;
  uint32_t magic = fx[464 / 4];
#endif
  printf(
      "in the handler: mxcsr %x control %x; frame: xmm3 %x %x mxcsr %x control %x exponent %x magic %x "
      "aligned %d\n",
      mxcsr, control, xmm[0], xmm[3], *saved, saved_control, *top, magic, (int)((long)saved % 8));
  xmm[0] += 1;
  xmm[3] = 77;
  *saved = 0x3f80;
  *top += 1;
}

static void state(void) {
  uint32_t before[4] = {1, 2, 3, 4}, after[4];
  unsigned mxcsr = 0x5f80, mxcsr_after, normal = 0x1f80;
  unsigned short control = 0x27f, control_after, normal_control = 0x37f;
  double value = 1.5, value_after;
  pid_t pid = getpid();
  on(SIGUSR1, handler_state, 0);
  __asm__ volatile("movups %5, %%xmm3; ldmxcsr %6; fldcw %7; fldl %8\n" KILL
                   "\n"
                   "movups %%xmm3, %0; stmxcsr %1; fnstcw %2; fstpl %3\n"
                   "ldmxcsr %9; fldcw %10"
                   : "=m"(after), "=m"(mxcsr_after), "=m"(control_after), "=m"(value_after), "=m"(seen)
                   : "m"(before), "m"(mxcsr), "m"(control), "m"(value), "m"(normal), "m"(normal_control),
                     KILL_ARGS
                   : KILL_CLOBBERS "memory", "xmm3");
  printf("after: xmm3 %x %x %x %x mxcsr %x control %x value %g\n", after[0], after[1], after[2], after[3],
         mxcsr_after, control_after, value_after);
}

static void plain_handler(int signo) {
  printf("plain handler %d, stack %d\n", signo, (int)((long)__builtin_frame_address(0) % 16 + 16) % 16 % 8);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  traps();
  printf("%d traps\n", seen);
  state();
  signal(SIGUSR2, plain_handler);
  raise(SIGUSR2);
  return 0;
}
