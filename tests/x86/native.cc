#include "tests/x86/native.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xarch::x86::test {

namespace {

constexpr int kGregs[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

Case* g_case;
gregset_t g_own;
volatile bool g_inside;
alignas(16) uint8_t g_stack[1 << 16];

// SIGUSR1 swaps the case's registers in; what ends the case swaps them out.
void enter(int, siginfo_t*, void* context) {
  gregset_t& g = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  std::memcpy(g_own, g, sizeof g_own);
  for (unsigned i = 0; i < 16; ++i) g[kGregs[i]] = static_cast<greg_t>(g_case->before.gpr[i]);
  g[REG_RIP] = static_cast<greg_t>(g_case->before.pc);
  g[REG_EFL] = static_cast<greg_t>(g_case->before.rflags);
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
  std::memcpy(g, g_own, sizeof g_own);
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
  alarm(60);  // code that does not end
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

bool run_natively(std::span<Case> cases) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) run_child(cases);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace xarch::x86::test
