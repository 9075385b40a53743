#include "linux-user/signals.h"

#include <errno.h>
#include <string.h>

#include "linux-user/guest_copy.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

// Host faults: of a guarded copy, of translated code, or of the translator itself.
void on_host_fault(int signo, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  auto* uc = static_cast<ucontext_t*>(context);
  if ((signo == SIGSEGV || signo == SIGBUS) && guarded_copy_fixup(uc)) return;
  Thread* thread = Thread::current();
  if (thread != nullptr) {
    const auto verdict = thread->engine().handle_fault(&thread->vcpu(), signo, info, uc);
    if (verdict != tcg::Engine::FaultVerdict::kNotOurs) {
      errno = saved_errno;
      return;
    }
  }
  Log::printf("xarch: internal error: signal %d at host pc %#llx, address %p", signo,
              static_cast<unsigned long long>(uc->uc_mcontext.gregs[REG_RIP]), info->si_addr);
  signal(signo, SIG_DFL);  // returning repeats the fault
}

}  // namespace

void install_host_handlers() {
  struct sigaction action = {};
  action.sa_sigaction = on_host_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signo, &action, nullptr);
}

void force_signal(Thread& thread, const SignalInfo& info) {
  if (Log::enabled(Trace::kSignal)) {
    Log::printf("signal %d (%s), code %d, address %p, pc %#llx", info.signo(), strsignal(info.signo()),
                info.si.si_code, info.si.si_addr,
                static_cast<unsigned long long>(thread.abi().pc(thread.state())));
  }
  thread.process().die_by_signal(info.signo());
}

void deliver_signals(Thread& thread, int64_t syscall_result, bool after_syscall) {
  thread.vcpu().clear_kick();
  // Nothing is pending: an interrupted call is simply made again.
  if (after_syscall && syscall_result <= kRestartSys && syscall_result >= kRestartBlock)
    thread.abi().rewind_syscall(thread.state(), thread.last_call());
}

void set_temporary_mask(Thread& thread, const SignalSet& mask) {
  SignalState& s = thread.signals();
  s.saved_mask = s.mask;
  s.has_saved_mask = true;
  s.mask = mask;
}

void restore_temporary_mask(Thread& thread) {
  SignalState& s = thread.signals();
  if (!s.has_saved_mask) return;
  s.mask = s.saved_mask;
  s.has_saved_mask = false;
}

bool interrupted_by_signal(Thread& thread) {
  thread.vcpu().clear_kick();
  return false;
}

}  // namespace xarch::linux_user
