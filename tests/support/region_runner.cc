#include "tests/support/region_runner.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace xarch::testing {

namespace {

RegionRunner* g_runner = nullptr;
sigjmp_buf g_jump;
alignas(16) uint8_t g_stack[1 << 16];

std::unique_ptr<tcg::Backend> make(bool baseline) {
  if (baseline) return std::make_unique<x86_64::Backend>(x86_64::HostFeatures{});
  auto backend = x86_64::make_backend();
  if (!backend) {
    fprintf(stderr, "%s\n", backend.error().message.c_str());
    abort();
  }
  return std::move(*backend);
}

uint64_t& pc_of(const ir::StateLayout& layout, tcg::CpuHeader* state) {
  return *reinterpret_cast<uint64_t*>(reinterpret_cast<uint8_t*>(state) + layout.slots[layout.pc].offset);
}

}  // namespace

RegionRunner::RegionRunner(const ir::StateLayout& layout, uint64_t guest_base, bool baseline,
                           const fpu::Rules& rules)
    : backend_(make(baseline)),
      arena_(*backend_, layout, guest_base, nullptr, rules),
      interp_(flat_, rules),
      layout_(layout),
      guest_base_(guest_base) {
  take_signals();
  syscall(SYS_arch_prctl, ARCH_SET_GS, guest_base);
}

RegionRunner::RegionRunner(const ir::StateLayout& layout, tcg::InterpMemory& memory,
                           const tcg::SoftTlbCalls& calls)
    : backend_(make(false)),
      arena_(*backend_, layout, 0, &calls),
      interp_(memory),
      layout_(layout),
      guest_base_(0) {
  take_signals();
}

void RegionRunner::take_signals() {
  g_runner = this;
  stack_t stack = {g_stack, 0, sizeof g_stack};
  sigaltstack(&stack, nullptr);
  struct sigaction sa = {};
  sa.sa_sigaction = handler;
  sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(s, &sa, nullptr);
}

RegionRunner::~RegionRunner() {
  for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) signal(s, SIG_DFL);
  g_runner = nullptr;
}

void RegionRunner::handler(int signo, siginfo_t* info, void* context) {
  g_runner->on_fault(signo, info, static_cast<ucontext_t*>(context));
}

void RegionRunner::on_fault(int signo, const siginfo_t* info, ucontext_t* context) {
  tcg::FaultSite site;
  uint64_t base = region_ ? region_->key.pc : 0;
  auto pc = reinterpret_cast<const uint8_t*>(context->uc_mcontext.gregs[REG_RIP]);
  if (interpreting_) {
    bool in_helper = false;
    const ir::Region* region = nullptr;
    if (interp_.fault_site(&site, &in_helper, &region)) {
      outcome_.fault_addr = in_helper ? 0 : site.host_addr - guest_base_;
      pc_of(layout_, state_) = base + static_cast<uint64_t>(site.pc_offset);
      outcome_.restore = site.restore;
      outcome_.fault_size = in_helper ? 0 : site.size;
      outcome_.fault_write = !in_helper && site.write;
      siglongjmp(g_jump, 1);
    }
  } else if (state_ && state_->in_helper) {
    state_->in_helper = 0;
    outcome_.restore = restore_of_call();
    state_->exit_reason = static_cast<uint32_t>(tcg::Exit::kFault);
    context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(arena_.stubs().leave);
    context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(state_->host_sp);
    return;
  } else if (region_ && pc >= arena_.code && pc < arena_.code + code_bytes_) {
    auto offset = static_cast<uint32_t>(pc - arena_.code);
    if (backend_->complete_fp(arena_.recovery.data(), static_cast<uint32_t>(arena_.recovery.size()),
                              arena_.code, offset, context, state_)) {
      ++fp_traps_;
      return;
    }
    if (backend_->recover(arena_.recovery.data(), static_cast<uint32_t>(arena_.recovery.size()), arena_.code,
                          offset, base, *context, state_, &site)) {
      pc_of(layout_, state_) = base + static_cast<uint64_t>(site.pc_offset);
      outcome_.restore = site.restore;
      outcome_.fault_addr = site.host_addr;
      outcome_.fault_size = site.size;
      outcome_.fault_write = site.write;
      outcome_.misaligned = site.misaligned;
      state_->exit_reason = static_cast<uint32_t>(tcg::Exit::kFault);
      context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(arena_.stubs().leave);
      context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(state_->host_sp);
      return;
    }
  }
  fprintf(stderr, "signal %d at host pc %p (code %p + %#lx), address %p: not a guest access\n", signo,
          static_cast<const void*>(pc), static_cast<const void*>(arena_.code), pc - arena_.code,
          info->si_addr);
  signal(signo, SIG_DFL);
}

uint32_t RegionRunner::restore_of_call() const {
  auto to = *reinterpret_cast<const uint8_t* const*>(state_->host_sp - sizeof(void*));
  return backend_->restore_of_call(arena_.recovery.data(), static_cast<uint32_t>(arena_.recovery.size()),
                                   static_cast<uint32_t>(to - arena_.code));
}

Outcome RegionRunner::interpret(const ir::Region& region, tcg::CpuHeader* state) {
  outcome_ = Outcome();
  region_ = &region;
  state_ = state;
  state->guest_base = guest_base_;
  interpreting_ = true;
  if (sigsetjmp(g_jump, 1) == 0) {
    tcg::InterpResult result = interp_.run(region, state);
    outcome_.reason = result.reason;
    outcome_.restore = result.restore;
    if (result.reason == tcg::Exit::kFault && result.fault.signo != 0) {
      outcome_.fault_addr = result.fault.addr;
      outcome_.fault_size = result.fault.size;
      outcome_.fault_write = result.fault.write;
      outcome_.misaligned = true;
    }
  } else {
    interp_.abandon();
    outcome_.reason = tcg::Exit::kFault;
    state->exit_reason = static_cast<uint32_t>(tcg::Exit::kFault);
  }
  interpreting_ = false;
  return outcome_;
}

Outcome RegionRunner::emit_and_run(const ir::Region& region, tcg::CpuHeader* state) {
  outcome_ = Outcome();
  region_ = &region;
  state_ = state;
  arena_.reset();
  tcg::CompileResult result = backend_->compile(region, arena_);
  code_bytes_ = result.code_bytes;
  if (result.status != tcg::CompileResult::kOk) {
    outcome_.compiled = false;
    return outcome_;
  }
  arena_.attach(state);
  state->guest_base = guest_base_;
  state->helper_exit = 0;
  arena_.stubs().enter(state, arena_.code);
  if (state->exit_reason == static_cast<uint32_t>(tcg::Exit::kLink)) {
    state->exit_reason = static_cast<uint32_t>(tcg::Exit::kLookup);
  }
  outcome_.reason = static_cast<tcg::Exit>(state->exit_reason);
  return outcome_;
}

}  // namespace xarch::testing
