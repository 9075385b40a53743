/* Runs records (harness_layout.h) from stdin and writes their results to stdout. No C library: system calls
 * alone. */
#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

#include "harness_layout.h"

long call(long number, long a, long b, long c, long d, long e, long f);
void enter(const unsigned* regs_hi_lo, unsigned* result_regs, const unsigned* code);
void leave(void);
void abandon(void);

static struct Outcome* current;
static char stack[16384];

struct kernel_sigaction {
  unsigned flags;
  void (*handler)(int, void*, struct ucontext*);
  unsigned mask[4];
};

static void on_signal(int signo, void* info, struct ucontext* context) {
  struct sigcontext* sc = (struct sigcontext*)&context->uc_mcontext;
  (void)info;
  current->signo = signo;
  current->pc = sc->sc_pc;
  for (int i = 0; i < 32; ++i) current->regs[i] = sc->sc_regs[i];
  current->hi = sc->sc_mdhi;
  current->lo = sc->sc_mdlo;
  abandon();
}

static long map(unsigned at, unsigned bytes) {
  return call(__NR_mmap, at, bytes, 7, 0x10 | 0x2 | 0x800, -1,
              0); /* MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS */
}

static unsigned read_all(char* to) {
  unsigned n = 0;
  for (;;) {
    long got = call(__NR_read, 0, (long)(to + n), 65536, 0, 0, 0);
    if (got <= 0) return n;
    n += got;
  }
}

int main(void) {
  static const int kSignals[] = {SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV};
  struct kernel_sigaction action = {SA_SIGINFO | SA_ONSTACK | SA_NODEFER, on_signal, {0, 0, 0, 0}};
  stack_t altstack = {stack, sizeof stack, 0};
  call(__NR_sigaltstack, (long)&altstack, 0, 0, 0, 0, 0);
  for (unsigned i = 0; i < sizeof kSignals / sizeof kSignals[0]; ++i) {
    call(__NR_rt_sigaction, kSignals[i], (long)&action, 0, sizeof action.mask, 0, 0);
  }
  map(kStub, 0x8000000);
  map(kResults, 0x8000000);
  map(kData, 0x1000);
  unsigned* stub = (unsigned*)kStub;
  stub[0] = 0x3c1b0000 | (unsigned)leave >> 16;      /* lui k1 */
  stub[1] = 0x377b0000 | ((unsigned)leave & 0xffff); /* ori k1 */
  stub[2] = 0x03600008;                              /* jr k1 */
  stub[3] = 0;

  struct Record* records = (struct Record*)kRecords;
  struct Outcome* results = (struct Outcome*)kResults;
  unsigned* data = (unsigned*)kData;
  unsigned count = read_all((char*)records) / sizeof(struct Record);
  for (unsigned i = 0; i < count; ++i) {
    current = &results[i];
    for (int k = 0; k < kMemWords; ++k) data[k] = records[i].mem[k];
    enter(records[i].regs, current->regs, records[i].code);
    for (int k = 0; k < kMemWords; ++k) current->mem[k] = data[k];
  }
  char* from = (char*)results;
  unsigned left = count * sizeof(struct Outcome);
  while (left != 0) {
    long put = call(__NR_write, 1, (long)from, left, 0, 0, 0);
    if (put <= 0) return 1;
    from += put;
    left -= put;
  }
  return 0;
}
