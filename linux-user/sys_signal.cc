// System calls about signals.
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "linux-user/thread.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

namespace {

constexpr uint32_t kAutoDisarm = 1u << 31;
// What the kernel keeps of sa_flags besides SA_RESTORER; SA_EXPOSE_TAGBITS is 0x800.
constexpr uint64_t kKnownFlags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                                 SA_NODEFER | static_cast<uint32_t>(SA_RESETHAND) | 0x800;

bool generic(const Call& call) { return call.thread.abi().knows_layouts(); }

// A signal set argument. 0 or -errno.
int64_t get_set(Call& call, uint64_t at, uint64_t bytes, uint64_t* set) {
  if (!generic(call)) return -ENOSYS;
  if (bytes != 8) return -EINVAL;
  return call.thread.get(at, set);
}

}  // namespace

int64_t sys_rt_sigaction(Call& call) {
  if (!generic(call)) return -ENOSYS;
  const int signo = call.i32(0);
  if (call.arg(3) != 8 || signo < 1 || signo > 64) return -EINVAL;
  SignalActions& actions = call.thread.actions();
  GuestSigaction wanted = {};
  if (call.arg(1) != 0) {
    if (call.thread.get_struct(call.arg(1), &wanted) != 0) return -EFAULT;
    if (signo == SIGKILL || signo == SIGSTOP) return -EINVAL;
  }
  const SignalAction old = actions.get(signo);
  if (call.arg(1) != 0) {
    SignalAction action;
    action.handler = wanted.handler;
    action.flags = wanted.flags & (kKnownFlags | call.thread.abi().info().restorer_flag);
    action.restorer = wanted.restorer;
    action.mask = SignalSet::of64(wanted.mask & ~kUnblockableSignals);
    actions.set(signo, action);
  }
  if (call.arg(2) != 0)
    return call.thread.put_struct(call.arg(2),
                                  GuestSigaction{old.handler, old.flags, old.restorer, old.mask.bits[0]});
  return 0;
}

int64_t sys_rt_sigprocmask(Call& call) {
  if (!generic(call)) return -ENOSYS;
  if (call.arg(3) != 8) return -EINVAL;
  const uint64_t old = call.thread.signals().mask.bits[0];
  if (call.arg(1) != 0) {
    uint64_t set;
    if (call.thread.get(call.arg(1), &set) != 0) return -EFAULT;
    switch (call.i32(0)) {
      case SIG_BLOCK: set |= old; break;
      case SIG_UNBLOCK: set = old & ~set; break;
      case SIG_SETMASK: break;
      default: return -EINVAL;
    }
    set &= ~kUnblockableSignals;
    if (set != old) set_signal_mask(call.thread, SignalSet::of64(set));
  }
  return call.arg(2) != 0 ? call.thread.put(call.arg(2), old) : 0;
}

int64_t sys_rt_sigpending(Call& call) {
  if (!generic(call)) return -ENOSYS;
  if (call.arg(1) > 8) return -EINVAL;
  uint64_t set = 0;
  if (const long r = host_call(SYS_rt_sigpending, reinterpret_cast<long>(&set), 8); r != 0) return r;
  const SignalState& s = call.thread.signals();
  set = (set | s.taken.held()) & s.mask.bits[0];
  return call.thread.copy_out(call.arg(0), &set, call.arg(1));
}

int64_t sys_rt_sigsuspend(Call& call) {
  uint64_t set;
  if (int64_t r = get_set(call, call.arg(0), call.arg(1), &set); r != 0) return r;
  set_temporary_mask(call.thread, SignalSet::of64(set & ~kUnblockableSignals));
  host_block(call.thread, kRestartNoHand, SYS_pause);
  return kRestartNoHand;
}

namespace {

// The end of a sigtimedwait: siginfo and the signal's number.
int64_t give_info(Call& call, const SignalInfo& info) {
  if (call.arg(1) != 0 && call.thread.put_siginfo(call.arg(1), info.si) != 0) return -EFAULT;
  return info.signo();
}

}  // namespace

int64_t sys_rt_sigtimedwait(Call& call) {
  uint64_t set;
  if (int64_t r = get_set(call, call.arg(0), call.arg(3), &set); r != 0) return r;
  set &= ~kUnblockableSignals;
  timespec timeout;
  if (call.arg(2) != 0) {
    if (call.thread.get_struct(call.arg(2), &timeout) != 0) return -EFAULT;
    if (!valid_timespec(timeout)) return -EINVAL;
  }
  SignalInfo info;
  // Faults' signals that somebody sent are held here.
  TakenSignals& taken = call.thread.signals().taken;
  if ((taken.held() & set) != 0 && taken.pop(SignalSet::of64(~(taken.held() & set)), &info))
    return give_info(call, info);
  // The host's kernel holds the others as blocked as the guest has them.
  const int64_t r = host_block(call.thread, -EINTR, SYS_rt_sigtimedwait, reinterpret_cast<long>(&set),
                               reinterpret_cast<long>(&info.si),
                               call.arg(2) != 0 ? reinterpret_cast<long>(&timeout) : 0, 8);
  if (r == kRestartSys) return kRestartNoIntr;
  return r > 0 ? give_info(call, info) : r;
}

int64_t sys_sigaltstack(Call& call) {
  if (!generic(call)) return -ENOSYS;
  AltStack& stack = call.thread.signals().altstack;
  const uint64_t sp = call.thread.abi().sp(call.thread.state());
  GuestStack wanted = {};
  if (call.arg(0) != 0 && call.thread.get_struct(call.arg(0), &wanted) != 0) return -EFAULT;
  GuestStack old = {stack.sp, stack.flags & kAutoDisarm, 0, stack.bytes};
  if (stack.bytes == 0) {
    old.flags |= SS_DISABLE;
  } else if (on_alt_stack(stack, sp)) {
    old.flags |= SS_ONSTACK;
  }
  if (call.arg(0) != 0) {
    if (on_alt_stack(stack, sp)) return -EPERM;
    const uint32_t mode = wanted.flags & ~kAutoDisarm;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return -EINVAL;
    if (mode == SS_DISABLE) {
      stack = {0, 0, wanted.flags};
    } else {
      if (wanted.bytes < call.thread.abi().info().min_signal_stack) return -ENOMEM;
      stack = {wanted.sp, wanted.bytes, wanted.flags};
    }
  }
  return call.arg(1) != 0 ? call.thread.put_struct(call.arg(1), old) : 0;
}

namespace {

int64_t leave_handler(Thread& t, bool plain) {
  const UserAbi& abi = t.abi();
  std::vector<uint8_t> frame(abi.frame_bytes(plain));
  FrameContext context;
  if (t.copy_in(frame.data(), abi.frame_address(t.state(), plain), frame.size()) != 0 ||
      !abi.restore_frame(t.state(), frame.data(), plain, &context)) {
    force_signal(t, SignalInfo::fault(SIGSEGV, SI_KERNEL, 0));
    return kRegistersSet;
  }
  SignalState& s = t.signals();
  // As sigaltstack with its errors ignored.
  const AltStack& alt = context.altstack;
  const uint32_t mode = alt.flags & ~kAutoDisarm;
  if (context.has_altstack && !on_alt_stack(s.altstack, abi.sp(t.state()))) {
    if (mode == SS_DISABLE) {
      s.altstack = {0, 0, alt.flags};
    } else if ((mode == SS_ONSTACK || mode == 0) && alt.bytes >= abi.info().min_signal_stack) {
      s.altstack = alt;
    }
  }
  set_signal_mask(t, context.mask);
  return kRegistersSet;
}

}  // namespace

int64_t sys_rt_sigreturn(Call& call) { return leave_handler(call.thread, false); }
int64_t sys_sigreturn(Call& call) { return leave_handler(call.thread, true); }

int64_t sys_waitid(Call& call) {
  if (!generic(call)) return -ENOSYS;
  siginfo_t info = {};
  rusage usage;
  const int64_t r = host_block(call.thread, kRestartSys, SYS_waitid, call.i32(0), call.i32(1),
                               reinterpret_cast<long>(&info), call.i32(3),
                               call.arg(4) != 0 ? reinterpret_cast<long>(&usage) : 0);
  if (r < 0) return r;
  if (call.arg(4) != 0 && call.thread.put_struct(call.arg(4), usage) != 0) return -EFAULT;
  // Nothing there yet (WNOHANG): the fields that tell so are zero.
  if (call.arg(2) != 0 && call.thread.put_siginfo(call.arg(2), info) != 0) return -EFAULT;
  return r;
}

// ---- sending: the host's kernel does it, with numbers and values as they are.

int64_t sys_rt_sigqueueinfo(Call& call) {
  if (!generic(call)) return -ENOSYS;
  siginfo_t info;
  if (call.thread.get_siginfo(call.arg(2), &info) != 0) return -EFAULT;
  return host_call(SYS_rt_sigqueueinfo, call.i32(0), call.i32(1), reinterpret_cast<long>(&info));
}

int64_t sys_rt_tgsigqueueinfo(Call& call) {
  if (!generic(call)) return -ENOSYS;
  siginfo_t info;
  if (call.thread.get_siginfo(call.arg(3), &info) != 0) return -EFAULT;
  return host_call(SYS_rt_tgsigqueueinfo, call.i32(0), call.i32(1), call.i32(2),
                   reinterpret_cast<long>(&info));
}

int64_t sys_pidfd_send_signal(Call& call) {
  if (!generic(call)) return -ENOSYS;
  siginfo_t info;
  if (call.arg(2) != 0 && call.thread.get_siginfo(call.arg(2), &info) != 0) return -EFAULT;
  return host_call(SYS_pidfd_send_signal, call.fd(0), call.i32(1),
                   call.arg(2) != 0 ? reinterpret_cast<long>(&info) : 0, call.i32(3));
}

int64_t sys_signalfd4(Call& call) {
  uint64_t set;
  if (int64_t r = get_set(call, call.arg(1), call.arg(2), &set); r != 0) return r;
  return host_call(SYS_signalfd4, call.fd(0), reinterpret_cast<long>(&set), 8,
                   call.thread.abi().open_flags_to_host(call.i32(3)));
}

// ---- timers that signal: struct sigevent and values pass as they are.

int64_t sys_timer_create(Call& call) {
  if (!generic(call)) return -ENOSYS;
  GuestSigevent event;
  static_assert(sizeof event == sizeof(sigevent));
  if (call.arg(1) != 0 && call.thread.get_struct(call.arg(1), &event) != 0) return -EFAULT;
  int id = 0;
  const long r =
      host_call(SYS_timer_create, call.i32(0), call.arg(1) != 0 ? reinterpret_cast<long>(&event) : 0,
                reinterpret_cast<long>(&id));
  return r != 0 ? r : call.thread.put_ints(call.arg(2), &id, 1);
}

}  // namespace xarch::linux_user
