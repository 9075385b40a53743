// rt_sigaction and rt_sigprocmask.
#include <errno.h>

#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

// struct sigaction of the 64-bit generic ABI, with the restorer that arm64 and x86-64 have.
struct GuestSigaction {
  uint64_t handler, flags, restorer, mask;
};

constexpr uint64_t kUnblockable = uint64_t{1} << (SIGKILL - 1) | uint64_t{1} << (SIGSTOP - 1);

}  // namespace

int64_t sys_rt_sigaction(Call& call) {
  if (!call.thread.abi().info().generic64_layouts) return -ENOSYS;
  const int signo = call.i32(0);
  if (call.arg(3) != 8 || signo < 1 || signo > 64) return -EINVAL;
  SignalActions& actions = call.thread.process().actions();
  GuestSigaction wanted = {};
  if (call.arg(1) != 0) {
    if (call.thread.get(call.arg(1), &wanted) != 0) return -EFAULT;
    if (signo == SIGKILL || signo == SIGSTOP) return -EINVAL;
  }
  const SignalAction old = actions.get(signo);
  if (call.arg(1) != 0) {
    SignalAction action;
    action.handler = wanted.handler;
    action.flags = wanted.flags;
    action.restorer = wanted.restorer;
    action.mask = SignalSet::of64(wanted.mask & ~kUnblockable);
    actions.set(signo, action);
  }
  if (call.arg(2) != 0)
    return call.thread.put(call.arg(2),
                           GuestSigaction{old.handler, old.flags, old.restorer, old.mask.bits[0]});
  return 0;
}

int64_t sys_rt_sigprocmask(Call& call) {
  if (!call.thread.abi().info().generic64_layouts) return -ENOSYS;
  if (call.arg(3) != 8) return -EINVAL;
  uint64_t& mask = call.thread.signals().mask.bits[0];
  const uint64_t old = mask;
  if (call.arg(1) != 0) {
    uint64_t set;
    if (call.thread.get(call.arg(1), &set) != 0) return -EFAULT;
    set &= ~kUnblockable;
    switch (call.i32(0)) {
      case SIG_BLOCK: mask |= set; break;
      case SIG_UNBLOCK: mask &= ~set; break;
      case SIG_SETMASK: mask = set; break;
      default: return -EINVAL;
    }
  }
  return call.arg(2) != 0 ? call.thread.put(call.arg(2), old) : 0;
}

}  // namespace xarch::linux_user
