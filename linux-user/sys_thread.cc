// Threads: ids, robust lists, futexes, ending; clone's arguments.
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/guest_copy.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

int64_t sys_set_tid_address(Call& call) {
  call.thread.clear_child_tid = call.arg(0);
  return call.thread.tid;
}

namespace {

bool host_walks_robust_lists(Thread& t) { return t.abi().info().generic64_layouts && t.mem().base() == 0; }

}  // namespace

int64_t sys_set_robust_list(Call& call) {
  const uint64_t head_bytes = call.thread.guest_bytes(StructId::k_robust_head);
  if (call.arg(1) != head_bytes) return -EINVAL;
  call.thread.robust_list = call.arg(0);
  // Where the layouts agree the kernel walks the list however the thread ends.
  if (host_walks_robust_lists(call.thread) && !call.thread.in_vfork_child())
    host_call(SYS_set_robust_list, call.host(0), static_cast<long>(head_bytes));
  return 0;
}

int64_t sys_get_robust_list(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  uint64_t head = call.thread.robust_list;
  if (const pid_t tid = call.i32(0); tid != 0 && tid != call.thread.tid) {
    if (call.thread.in_vfork_child()) return -ESRCH;
    std::lock_guard lock(call.thread.process().threads_mutex());
    const Thread* found = nullptr;
    for (const Thread* t : call.thread.process().threads())
      if (t->tid == tid) found = t;
    if (found == nullptr) return -ESRCH;
    head = found->robust_list;
  }
  if (call.thread.put_word(call.arg(1), head) != 0) return -EFAULT;
  return call.thread.put_word(call.arg(2), call.thread.guest_bytes(StructId::k_robust_head));
}

// ---- futexes

namespace {

int64_t futex_wait(Call& call, int64_t deadline_ns);

int64_t resume_futex(Call& call) { return futex_wait(call, call.thread.restart_block().deadline_ns); }

// FUTEX_WAIT for a relative time: as FUTEX_WAIT_BITSET to a deadline, so that an interruption loses nothing.
int64_t futex_wait(Call& call, int64_t deadline_ns) {
  const timespec until = to_timespec(deadline_ns);
  const int op = (call.i32(1) & ~FUTEX_CMD_MASK) | FUTEX_WAIT_BITSET;
  // FUTEX_WAIT measures CLOCK_MONOTONIC, which is what WAIT_BITSET takes without FUTEX_CLOCK_REALTIME.
  const int64_t r =
      host_block(call.thread, kRestartBlock, SYS_futex, call.host(0), op, static_cast<long>(call.u32(2)),
                 reinterpret_cast<long>(&until), 0, static_cast<long>(FUTEX_BITSET_MATCH_ANY));
  if (r != kRestartBlock && r != kRestartSys) return r;
  RestartBlock& block = call.thread.restart_block();
  block.handler = resume_futex;
  block.regs = call.regs;
  block.row = &call.row;
  block.deadline_ns = deadline_ns;
  return r == kRestartSys ? kRestartSys : kRestartBlock;
}

}  // namespace

int64_t sys_futex(Call& call) {
  Thread& t = call.thread;
  if (!t.abi().knows_layouts()) return -ENOSYS;
  if (!t.mem().in_range(call.arg(0), 4)) return -EFAULT;
  const int command = call.i32(1) & FUTEX_CMD_MASK;
  long timeout_or_count = static_cast<long>(call.arg(3));
  timespec timeout;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
      if (call.arg(3) != 0) {
        if (t.get_struct(call.arg(3), &timeout) != 0) return -EFAULT;
        if (!valid_timespec(timeout)) return -EINVAL;
        timeout_or_count = reinterpret_cast<long>(&timeout);
      }
      if (command == FUTEX_WAIT && call.arg(3) != 0 && (call.i32(1) & FUTEX_CLOCK_REALTIME) == 0)
        return futex_wait(call, deadline_after(CLOCK_MONOTONIC, timeout));
      break;
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
    case FUTEX_WAKE_OP:
      if (!t.mem().in_range(call.arg(4), 4)) return -EFAULT;
      t.mem().before_write(call.arg(4), 4);
      break;
    default: break;
  }
  if (command != FUTEX_WAIT && command != FUTEX_WAKE) t.mem().before_write(call.arg(0), 4);
  const int64_t r =
      host_block(t, -EINTR, SYS_futex, call.host(0), call.i32(1), static_cast<long>(call.u32(2)),
                 timeout_or_count, call.host(4), static_cast<long>(call.u32(5)));
  // Taking a PI futex never ends with EINTR, nor does waiting to be moved to one.
  const bool takes =
      command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 || command == FUTEX_WAIT_REQUEUE_PI;
  return takes && r == kRestartSys ? kRestartNoIntr : r;
}

int64_t sys_futex_waitv(Call& call) {
  struct Waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
  };
  constexpr unsigned kMost = 128;  // FUTEX_WAITV_MAX
  Thread& t = call.thread;
  const uint32_t count = call.u32(1);
  if (call.u32(2) != 0 || count == 0 || count > kMost || call.arg(0) == 0) return -EINVAL;
  timespec timeout;
  if (call.arg(3) != 0 && t.get_struct(call.arg(3), &timeout) != 0) return -EFAULT;
  Waiter waiters[kMost];
  if (t.copy_in(waiters, call.arg(0), count * sizeof(Waiter)) != 0) return -EFAULT;
  for (uint32_t i = 0; i < count; ++i) {
    if (!t.mem().in_range(waiters[i].address, 4)) return -EFAULT;
    waiters[i].address = reinterpret_cast<uint64_t>(t.mem().host(waiters[i].address));
  }
  return host_block(t, kRestartSys, SYS_futex_waitv, reinterpret_cast<long>(waiters),
                    static_cast<long>(count), 0, call.arg(3) != 0 ? reinterpret_cast<long>(&timeout) : 0,
                    call.i32(4));
}

int64_t sys_restart_syscall(Call& call) {
  // Waits go on without the guest's help; a call made by itself finds nothing to go on with.
  (void)call;
  return -EINTR;
}

// ---- the end of a thread

namespace {

constexpr unsigned kMaxRobust = 2048;  // ROBUST_LIST_LIMIT

// The owner of a robust futex is gone.
void abandon_futex(Thread& t, uint64_t at, bool pi) {
  if (at % 4 != 0 || !t.mem().in_range(at, 4)) return;
  auto* word = static_cast<uint32_t*>(t.mem().host(at));
  t.mem().before_write(at, 4);
  uint32_t value;
  if (xarch_guarded_load32(word, &value) != 0) return;
  for (;;) {
    if ((value & FUTEX_TID_MASK) != static_cast<uint32_t>(t.tid)) return;
    uint32_t seen = value;
    if (xarch_guarded_cas32(word, &seen, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED) != 0) return;
    if (seen == value) break;
    value = seen;
  }
  if (!pi && (value & FUTEX_WAITERS) != 0) host_call(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE, 1);
}

// The kernel's exit_robust_list, on the guest's memory.
void walk_robust_list(Thread& t) {
  RobustHead head;
  const uint64_t list = t.robust_list;
  if (list == 0 || !t.abi().knows_layouts() || t.get_struct(list, &head) != 0) return;
  uint64_t entry = head.next;
  for (unsigned i = 0; (entry & ~uint64_t{1}) != list && i < kMaxRobust; ++i) {
    uint64_t next = 0;
    const bool more = t.get_word(entry & ~uint64_t{1}, &next) == 0;
    if ((entry | 1) != (head.pending | 1))
      abandon_futex(t, (entry & ~uint64_t{1}) + static_cast<uint64_t>(head.offset), (entry & 1) != 0);
    if (!more) break;
    entry = next;
  }
  if ((head.pending & ~uint64_t{1}) != 0)
    abandon_futex(t, (head.pending & ~uint64_t{1}) + static_cast<uint64_t>(head.offset),
                  (head.pending & 1) != 0);
}

}  // namespace

void leave_robust_futexes(Process& process) {
  Thread& self = *Thread::current();
  if (self.in_vfork_child()) return walk_robust_list(self);
  if (host_walks_robust_lists(self)) return;
  std::lock_guard lock(process.threads_mutex());
  for (Thread* t : process.threads()) walk_robust_list(*t);
}

int64_t sys_exit(Call& call) {
  Thread& t = call.thread;
  Process& process = t.process();
  const int status = call.i32(0) & 0xff;
  bool last = t.in_vfork_child();
  if (!last) {
    std::lock_guard lock(process.threads_mutex());
    last = process.threads().size() == 1;
  }
  if (last) process.exit_group(status);

  block_host_signals();
  // What was taken for this thread and meant for the process goes to another one.
  SignalInfo info;
  while (t.signals().taken.pop({}, &info))
    if (info.si.si_code != SI_TKILL) requeue(info, true);
  if (process.strace() != nullptr) process.strace()->thread_exited(t, status);
  walk_robust_list(t);
  if (process.abi().info().generic64_layouts) host_call(SYS_set_robust_list, 0, 24);
  const bool leader = t.tid == getpid();
  const uint64_t clear_at = t.clear_child_tid;
  {
    std::lock_guard lock(process.threads_mutex());
    std::erase(process.threads(), &t);
  }
  if (clear_at != 0 && t.put(clear_at, uint32_t{0}) == 0)
    host_call(SYS_futex, reinterpret_cast<long>(t.mem().host(clear_at)), FUTEX_WAKE, 1);
  // The first thread stays behind as Linux has it: its status is the process's when the others have ended.
  if (leader) syscall(SYS_exit, status);
  t.request_exit();
  return kRegistersSet;
}

// ---- clone

int64_t sys_clone(Call& call) {
  Thread::CloneArgs args;
  args.flags = call.arg(0);
  args.stack = call.arg(1);
  args.parent_tid = call.arg(2);
  args.pidfd = call.arg(2);
  const bool tls_first = call.thread.abi().clone_tls_before_child_tid();
  args.tls = call.arg(tls_first ? 3 : 4);
  args.child_tid = call.arg(tls_first ? 4 : 3);
  return call.thread.clone(args);
}

int64_t sys_clone3(Call& call) {
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_bytes, tls;
    uint64_t set_tid, set_tid_count, cgroup;
  } a = {};
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const uint64_t bytes = call.arg(1);
  if (bytes < 64) return -EINVAL;
  if (bytes > 4096) return -E2BIG;
  if (call.thread.copy_in(&a, call.arg(0), std::min<uint64_t>(bytes, sizeof a)) != 0) return -EFAULT;
  for (uint64_t i = sizeof a; i < bytes; ++i) {
    uint8_t byte;
    if (call.thread.get(call.arg(0) + i, &byte) != 0) return -EFAULT;
    if (byte != 0) return -E2BIG;
  }
  if ((a.flags & 0xff) != 0 || a.exit_signal > 64) return -EINVAL;
  if ((a.stack == 0) != (a.stack_bytes == 0)) return -EINVAL;
  if (a.set_tid_count != 0 || (a.flags & 0x200000000) != 0) {  // CLONE_INTO_CGROUP
    call.thread.process().note_missing("clone3 with chosen thread ids or a cgroup");
    return -EPERM;
  }
  Thread::CloneArgs args;
  args.flags = a.flags | a.exit_signal;
  args.stack = a.stack + a.stack_bytes;
  args.parent_tid = a.parent_tid;
  args.child_tid = a.child_tid;
  args.pidfd = a.pidfd;
  args.tls = a.tls;
  return call.thread.clone(args);
}

}  // namespace xarch::linux_user
