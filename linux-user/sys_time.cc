// Time: what it is, and sleeping.
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "linux-user/thread.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

namespace {

int64_t sleep_until(Call& call, clockid_t clock, int64_t deadline_ns, uint64_t remaining_at);

// restart_syscall after a sleep with a relative time.
int64_t resume_sleep(Call& call) {
  const RestartBlock& block = call.thread.restart_block();
  const bool plain = block.row->name == "nanosleep";
  return sleep_until(call, plain ? CLOCK_MONOTONIC : static_cast<clockid_t>(block.regs.arg[0]),
                     block.deadline_ns, plain ? block.regs.arg[1] : block.regs.arg[3]);
}

// Sleeps to a deadline on the clock; if interrupted, writes what remains (if asked to) and leaves it to the
// restart block to go on.
int64_t sleep_until(Call& call, clockid_t clock, int64_t deadline_ns, uint64_t remaining_at) {
  const timespec until = to_timespec(deadline_ns);
  const int64_t r = host_block(call.thread, kRestartBlock, SYS_clock_nanosleep, clock, TIMER_ABSTIME,
                               reinterpret_cast<long>(&until), 0);
  if (r != kRestartBlock && r != kRestartSys) return r;
  if (remaining_at != 0) {
    const int64_t left = std::max<int64_t>(deadline_ns - now_ns(clock), 0);
    if (call.thread.put_struct(remaining_at, to_timespec(left)) != 0) return -EFAULT;
  }
  RestartBlock& block = call.thread.restart_block();
  if (block.handler != resume_sleep || call.row.handler == sys_nanosleep ||
      call.row.handler == sys_clock_nanosleep) {
    block.regs = call.regs;
    block.row = &call.row;
  }
  block.handler = resume_sleep;
  block.deadline_ns = deadline_ns;
  return kRestartBlock;
}

int64_t relative_sleep(Call& call, clockid_t clock, uint64_t request_at, uint64_t remaining_at) {
  timespec request;
  if (call.thread.get_struct(request_at, &request) != 0) return -EFAULT;
  if (!valid_timespec(request)) return -EINVAL;
  return sleep_until(call, clock, deadline_after(clock, request), remaining_at);
}

}  // namespace

// Programs ask for these most; the C library gets them from the vDSO, without a call of the kernel.
int64_t sys_clock_gettime(Call& call) {
  timespec now;
  if (clock_gettime(static_cast<clockid_t>(call.i32(0)), &now) != 0) return -errno;
  return call.thread.put_struct(call.arg(1), now);
}

int64_t sys_gettimeofday(Call& call) {
  // The time zone is the kernel's alone.
  if (call.arg(1) != 0) return sys_pass(call);
  timeval now;
  gettimeofday(&now, nullptr);
  return call.arg(0) == 0 ? 0 : call.thread.put_struct(call.arg(0), now);
}

int64_t sys_nanosleep(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  return relative_sleep(call, CLOCK_MONOTONIC, call.arg(0), call.arg(1));
}

int64_t sys_clock_nanosleep(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const auto clock = static_cast<clockid_t>(call.i32(0));
  if ((call.arg(1) & TIMER_ABSTIME) == 0) {
    timespec probe;
    if (const long r = host_call(SYS_clock_getres, clock, reinterpret_cast<long>(&probe)); r != 0) return r;
    if (clock == CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
    return relative_sleep(call, clock, call.arg(2), call.arg(3));
  }
  timespec until;
  if (call.thread.get_struct(call.arg(2), &until) != 0) return -EFAULT;
  return host_block(call.thread, kRestartNoHand, SYS_clock_nanosleep, clock, TIMER_ABSTIME,
                    reinterpret_cast<long>(&until), 0);
}

}  // namespace xarch::linux_user
