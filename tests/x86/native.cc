#include "tests/x86/native.h"

#include <asm/ldt.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xarch::x86::test {

namespace {

constexpr int kGregs[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

// What the signal frame has of the floating-point state: FXSAVE's image, then XSAVE's header and the upper
// halves of the YMM registers.
struct Image {
  uint16_t control, status;
  uint8_t tags, reserved;
  uint16_t opcode;
  uint64_t ip, dp;
  uint32_t mxcsr, mxcsr_mask;
  uint8_t st[8][16];
  uint8_t xmm[16][16];
  uint8_t unused[96];
  uint64_t present;  // what is here, a bit each: x87, SSE, AVX, …; the rest is in its initial state
  uint8_t header[56];
  uint8_t upper[16][16];
};
static_assert(offsetof(Image, xmm) == 160 && offsetof(Image, present) == 512 &&
              offsetof(Image, upper) == 576);
constexpr uint64_t kX87 = 1, kSse = 2, kAvx = 4;

Case* g_case;
gregset_t g_own;
Image g_own_image;
volatile bool g_inside;
alignas(16) uint8_t g_stack[1 << 16];

bool has_avx() { return __builtin_cpu_supports("avx"); }
// What of the image is the frame's.
size_t image_bytes() { return has_avx() ? sizeof(Image) : offsetof(Image, present); }

void put_fp(const FpRegisters& f, Image* to) {
  to->control = f.control;
  to->status = f.status;
  to->tags = f.tags;
  to->opcode = f.opcode;
  to->ip = f.ip;
  to->dp = f.dp;
  to->mxcsr = f.mxcsr;
  std::memcpy(to->st, f.st, sizeof to->st);
  for (unsigned n = 0; n < 16; ++n) std::memcpy(to->xmm[n], f.ymm[n], 16);
  if (!has_avx()) return;
  to->present |= kX87 | kSse | kAvx;
  for (unsigned n = 0; n < 16; ++n) std::memcpy(to->upper[n], f.ymm[n] + 16, 16);
}

void get_fp(const Image& from, FpRegisters* f) {
  f->reset();
  f->mxcsr = from.mxcsr;
  const uint64_t present = has_avx() ? from.present : kX87 | kSse;
  if (present & kX87) {
    f->control = from.control;
    f->status = from.status;
    f->tags = from.tags;
    f->opcode = from.opcode;
    f->ip = from.ip;
    f->dp = from.dp;
    for (unsigned n = 0; n < 8; ++n) std::memcpy(f->st[n], from.st[n], 10);
  }
  for (unsigned n = 0; n < 16; ++n) {
    if (present & kSse) std::memcpy(f->ymm[n], from.xmm[n], 16);
    if (present & kAvx) std::memcpy(f->ymm[n] + 16, from.upper[n], 16);
  }
}

// Selectors (asm/segment.h of x86-64); CS is the lowest of the four words of REG_CSGSFS.
constexpr unsigned kUser32 = 0x23, kUserData = 0x2b;

// In 64-bit mode they count for nothing, in 32-bit mode they must be there.
void load_data_segments(unsigned selector) {
  __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(selector));
}

void make_segments() {
  user_desc d = {};
  d.base_addr = kSegmentBase;
  d.limit = kSegmentLast >> 12;
  d.limit_in_pages = 1;
  d.seg_32bit = 1;
  d.useable = 1;
  if (syscall(SYS_modify_ldt, 1, &d, sizeof d) != 0) _exit(4);
  d.entry_number = 1;
  d.read_exec_only = 1;
  if (syscall(SYS_modify_ldt, 1, &d, sizeof d) != 0) _exit(4);
}

// SIGUSR1 swaps the case's registers in; what ends the case swaps them out.
void enter(int, siginfo_t*, void* context) {
  gregset_t& g = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  auto* image = reinterpret_cast<Image*>(static_cast<ucontext_t*>(context)->uc_mcontext.fpregs);
  std::memcpy(g_own, g, sizeof g_own);
  std::memcpy(&g_own_image, image, image_bytes());
  put_fp(g_case->before.fp, image);
  for (unsigned i = 0; i < 16; ++i) g[kGregs[i]] = static_cast<greg_t>(g_case->before.gpr[i]);
  g[REG_RIP] = static_cast<greg_t>(g_case->before.pc);
  g[REG_EFL] = static_cast<greg_t>(g_case->before.rflags);
  if (g_case->code32) g[REG_CSGSFS] = (g[REG_CSGSFS] & ~greg_t{0xffff}) | kUser32;
  load_data_segments(g_case->data_selector(kUserData));
  g_inside = true;
}

void leave(int signo, siginfo_t*, void* context) {
  if (!g_inside) _exit(3);
  g_inside = false;
  gregset_t& g = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  for (unsigned i = 0; i < 16; ++i) g_case->after.gpr[i] = static_cast<uint64_t>(g[kGregs[i]]);
  g_case->after.pc = static_cast<uint64_t>(g[REG_RIP]) - (signo == SIGTRAP);
  g_case->after.rflags = static_cast<uint64_t>(g[REG_EFL]);
  g_case->signo = signo;
  auto* image = reinterpret_cast<Image*>(static_cast<ucontext_t*>(context)->uc_mcontext.fpregs);
  get_fp(*image, &g_case->after.fp);
  std::memcpy(g, g_own, sizeof g_own);
  std::memcpy(image, &g_own_image, image_bytes());
}

void run_child(std::span<Case> cases) {
  stack_t stack = {g_stack, 0, sizeof g_stack};
  sigaltstack(&stack, nullptr);
  struct sigaction sa = {};
  sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sa.sa_sigaction = leave;
  for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) sigaction(s, &sa, nullptr);
  sa.sa_sigaction = enter;
  sigaction(SIGUSR1, &sa, nullptr);
  make_segments();
  alarm(20);  // code that does not end
  for (Case& c : cases) {
    lay_out(c);
    g_case = &c;
    raise(SIGUSR1);
    std::memcpy(c.area_after, reinterpret_cast<void*>(kArea), kAreaBytes);
  }
  _exit(0);
}

void map_at(uint64_t at, unsigned bytes, int protection) {
  void* p = mmap(reinterpret_cast<void*>(at), bytes, protection,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (p != reinterpret_cast<void*>(at)) {
    std::perror("mmap");
    std::abort();
  }
}

}  // namespace

void FpRegisters::reset() {
  std::memset(this, 0, sizeof *this);
  control = 0x37f;
  mxcsr = 0x1f80;
}

void map_places() {
  static const bool kMapped = [] {
    map_at(kCode, kCodeBytesMapped, PROT_READ | PROT_WRITE | PROT_EXEC);
    map_at(kData, kDataBytesMapped, PROT_READ | PROT_WRITE);
    return true;
  }();
  (void)kMapped;
}

void lay_out(const Case& c) {
  std::memset(reinterpret_cast<void*>(kCode), 0xcc, kCodeBytesMapped);
  std::memcpy(reinterpret_cast<void*>(kCodeStart), c.code, c.code_bytes);
  std::memset(reinterpret_cast<void*>(kData), 0, kDataBytesMapped);
  std::memcpy(reinterpret_cast<void*>(kArea), c.area_before, kAreaBytes);
}

size_t run_natively(std::span<Case> cases) {
  for (Case& c : cases) c.signo = 0;
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) run_child(cases);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return cases.size();
  size_t ended = 0;
  while (ended < cases.size() && cases[ended].signo != 0) ++ended;
  return ended;
}

}  // namespace xarch::x86::test
