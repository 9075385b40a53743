// Delivery of signals to the guest.
#include "linux-user/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <vector>

#include "linux-user/stats.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr uint32_t kAutoDisarm = 1u << 31;  // SS_AUTODISARM

bool is_restart(int64_t result) { return result <= kRestartSys && result >= kRestartBlock; }

void trace(Thread& thread, const SignalInfo& info, const char* what) {
  if (RunStats* stats = thread.process().stats(); stats != nullptr) stats->signal();
  if (Strace* strace = thread.process().strace(); strace != nullptr) strace->signal(thread, info);
  if (!Log::enabled(Trace::kSignal)) return;
  Log::printf("[%d] signal %d (%s) %s, code %d, address %p, pc %#llx", thread.tid, info.signo(),
              strsignal(info.signo()), what, info.si.si_code, info.si.si_addr,
              static_cast<unsigned long long>(thread.process().abi().pc(thread.state())));
}

// Builds the handler's frame and changes registers and mask. False if the frame cannot be written.
bool push_frame(Thread& thread, const SignalInfo& info, const SignalAction& action, uint64_t addr,
                uint64_t error) {
  SignalState& s = thread.signals();
  const UserAbi& abi = thread.process().abi();
  uint64_t sp = abi.sp(thread.state());
  const bool use_alt =
      (action.flags & SA_ONSTACK) != 0 && s.altstack.bytes != 0 && !on_alt_stack(s.altstack, sp);
  sp = use_alt ? s.altstack.sp + s.altstack.bytes : sp - abi.info().red_zone;
  const bool plain = abi.info().plain_frames && (action.flags & SA_SIGINFO) == 0;
  const uint64_t bytes = abi.frame_bytes(plain);
  const uint64_t at = abi.align_frame(sp - bytes, plain);
  if (!thread.mem().in_range(at, bytes) || !thread.mem().allows(at, bytes, PROT_WRITE)) return false;

  SignalDelivery d;
  d.info = info;
  d.action = action;
  d.saved_mask = s.has_saved_mask ? s.saved_mask : s.mask;
  d.altstack = s.altstack;
  const uint64_t restorer_flag = abi.info().restorer_flag;
  d.return_address = restorer_flag != 0 && (action.flags & restorer_flag) != 0
                         ? action.restorer
                         : thread.process().image().trampoline;
  d.fault_addr = addr;
  d.fault_error = error;
  d.plain = plain;
  std::vector<uint8_t> frame(bytes);
  abi.build_frame(thread.state(), d, at, frame.data());
  if (thread.copy_out(at, frame.data(), bytes) != 0) return false;

  s.has_saved_mask = false;
  s.mask.bits[0] |= action.mask.bits[0];
  s.mask.bits[1] |= action.mask.bits[1];
  if ((action.flags & SA_NODEFER) == 0) s.mask.add(info.signo());
  if ((s.altstack.flags & kAutoDisarm) != 0) s.altstack = {};
  return true;
}

// The frame of a signal could not be built.
void bad_stack(Thread& thread, int signo) {
  if (signo == SIGSEGV) thread.process().die_by_signal(SIGSEGV);
  SignalInfo segv = SignalInfo::fault(SIGSEGV, SI_KERNEL, 0);
  force_signal(thread, segv);
}

// What becomes of an interrupted call when a handler runs.
void settle_call(Thread& thread, int64_t result, const SignalAction& action) {
  const bool again = result == kRestartNoIntr || (result == kRestartSys && (action.flags & SA_RESTART) != 0);
  if (again) {
    thread.abi().rewind_syscall(thread.state(), thread.last_call());
  } else {
    thread.process().abi().set_result(thread.state(), -EINTR);
  }
}

// A signal that was taken for a handler which is not there any more, or whose default action is ours to do.
void without_handler(Thread& thread, const SignalInfo& info, const SignalAction& action) {
  if (action.handler == reinterpret_cast<uint64_t>(SIG_IGN)) return;
  switch (info.signo()) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGCONT: return;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      // Its host disposition is the default by now: the kernel does the stopping.
      requeue(info, false);
      sync_host_mask(thread);
      return;
    default: thread.process().die_by_signal(info.signo());
  }
}

// Delivers one taken signal. True if a handler's frame was built; the interrupted call is settled then.
bool deliver_one(Thread& thread, const SignalInfo& info, int64_t result, bool restart) {
  SignalState& s = thread.signals();
  if (s.mask.has(info.signo())) {
    // Taken right before the guest blocked it: it is pending.
    requeue(info, false);
    return false;
  }
  const SignalAction action = thread.actions().take(info.signo());
  if (action.handler <= 1) {
    if (action.handler == 0) trace(thread, info, "taken");
    without_handler(thread, info, action);
    return false;
  }
  if (restart) settle_call(thread, result, action);
  trace(thread, info, "delivered");
  if (!push_frame(thread, info, action, 0, 0)) bad_stack(thread, info.signo());
  return true;
}

}  // namespace

bool on_alt_stack(const AltStack& stack, uint64_t sp) {
  if ((stack.flags & kAutoDisarm) != 0) return false;
  return sp > stack.sp && sp - stack.sp <= stack.bytes;
}

void force_signal(Thread& thread, const SignalInfo& info, uint64_t addr, uint64_t error) {
  SignalState& s = thread.signals();
  const int signo = info.signo();
  const SignalAction action = thread.actions().take(signo);
  if (s.mask.has(signo) || action.handler <= 1) {
    trace(thread, info, "kills");
    thread.process().die_by_signal(signo);
  }
  trace(thread, info, "delivered");
  if (!push_frame(thread, info, action, addr, error)) return bad_stack(thread, signo);
  if (s.taken.empty(s.mask)) sync_host_mask(thread);
}

void deliver_signals(Thread& thread, int64_t result, bool after_syscall) {
  SignalState& s = thread.signals();
  bool restart = after_syscall && is_restart(result);
  for (;;) {
    // In this order: what is taken from here on sets the event again.
    thread.vcpu().clear_kick();
    SignalInfo info;
    while (s.taken.pop(s.mask, &info))
      if (deliver_one(thread, info, result, restart)) restart = false;
    if (restart && result != kRestartBlock) {
      thread.abi().rewind_syscall(thread.state(), thread.last_call());
      restart = false;
    }
    if (s.has_saved_mask) {
      s.mask = s.saved_mask;
      s.has_saved_mask = false;
    }
    sync_host_mask(thread);
    if (!s.taken.empty(s.mask)) continue;
    if (!restart) return;
    // Nobody's handler ran: the wait goes on for what remains of it.
    const RestartBlock& block = thread.restart_block();
    Call call{thread, *block.row, block.regs};
    const int64_t start_ns = thread.process().strace() != nullptr ? strace::now_ns() : 0;
    result = block.handler(call);
    if (start_ns != 0) thread.process().strace()->restarted(thread, *block.row, result, start_ns);
    restart = is_restart(result);
    if (!restart) thread.process().abi().set_result(thread.state(), result);
  }
}

void set_signal_mask(Thread& thread, const SignalSet& mask) {
  SignalState& s = thread.signals();
  s.mask = mask;
  s.mask.bits[0] &= ~kUnblockableSignals;
  // If something was taken under the old mask, all stays blocked until it is dealt with after this call.
  if (s.taken.empty(s.mask)) sync_host_mask(thread);
  if (!s.taken.empty(s.mask)) {
    block_host_signals();
    thread.vcpu().kick();
  }
}

void set_temporary_mask(Thread& thread, const SignalSet& mask) {
  SignalState& s = thread.signals();
  s.saved_mask = s.mask;
  s.has_saved_mask = true;
  set_signal_mask(thread, mask);
}

void restore_temporary_mask(Thread& thread) {
  SignalState& s = thread.signals();
  if (!s.has_saved_mask) return;
  s.has_saved_mask = false;
  set_signal_mask(thread, s.saved_mask);
}

bool interrupted_by_signal(Thread& thread) {
  thread.vcpu().clear_kick();
  if (thread.signals().taken.empty(thread.signals().mask)) return false;
  thread.vcpu().kick();
  return true;
}

}  // namespace xarch::linux_user
