// poll, select, epoll.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "linux-user/thread.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

namespace {

// struct epoll_event as most architectures have it, and as x86 has it.
struct GuestEpollEvent {
  uint32_t events;
  uint32_t pad;
  uint64_t data;
};
struct [[gnu::packed]] PackedEpollEvent {
  uint32_t events;
  uint64_t data;
};

// Writes event number i of those at `to`. 0 or -EFAULT.
int put_event(Thread& t, uint64_t to, uint64_t i, const epoll_event& event) {
  if (t.abi().info().packed_epoll)
    return t.put(to + i * sizeof(PackedEpollEvent), PackedEpollEvent{event.events, event.data.u64});
  return t.put(to + i * sizeof(GuestEpollEvent), GuestEpollEvent{event.events, 0, event.data.u64});
}

// Events taken by one call; a descriptor table has no more entries.
constexpr int kMostEvents = 1 << 20;

constexpr uint64_t kUnblockable = uint64_t{1} << (SIGKILL - 1) | uint64_t{1} << (SIGSTOP - 1);

// A signal mask argument for the time of the call, if there is one. 0 or -errno.
int64_t take_mask(Thread& thread, uint64_t at, uint64_t bytes) {
  if (at == 0) return 0;
  if (bytes != 8) return -EINVAL;
  uint64_t mask;
  if (thread.get(at, &mask) != 0) return -EFAULT;
  set_temporary_mask(thread, SignalSet::of64(mask & ~kUnblockable));
  return 0;
}

bool interrupted(int64_t r) { return r == kRestartNoHand || r == kRestartSys; }

// A timeout in guest memory: read, and written back with what remains, as Linux does.
class Timeout {
 public:
  int64_t load(Thread& thread, uint64_t at) {
    at_ = at;
    if (at == 0) return 0;
    timespec t;
    if (thread.get_struct(at, &t) != 0) return -EFAULT;
    if (!valid_timespec(t)) return -EINVAL;
    deadline_ = deadline_after(CLOCK_MONOTONIC, t);
    return 0;
  }
  // The same of a struct timeval, as select has it.
  int64_t load_timeval(Thread& thread, uint64_t at) {
    at_ = at;
    micro_ = true;
    if (at == 0) return 0;
    timeval t;
    if (thread.get_struct(at, &t) != 0) return -EFAULT;
    // Microseconds may be more than a second's.
    if (t.tv_sec < 0 || t.tv_usec < 0) return -EINVAL;
    const timespec value = {t.tv_sec + t.tv_usec / 1000000, t.tv_usec % 1000000 * 1000};
    deadline_ = deadline_after(CLOCK_MONOTONIC, value);
    return 0;
  }
  // For the host's call; null: for ever.
  timespec* host() {
    if (at_ == 0) return nullptr;
    left_ = to_timespec(std::max<int64_t>(deadline_ - now_ns(CLOCK_MONOTONIC), 0));
    return &left_;
  }
  void store(Thread& thread) {
    if (at_ == 0) return;
    const timespec left = to_timespec(std::max<int64_t>(deadline_ - now_ns(CLOCK_MONOTONIC), 0));
    if (micro_) {
      thread.put_struct(at_, timeval{left.tv_sec, left.tv_nsec / 1000});
    } else {
      thread.put_struct(at_, left);
    }
  }

 private:
  uint64_t at_ = 0;
  bool micro_ = false;
  int64_t deadline_ = 0;
  timespec left_ = {};
};

}  // namespace

int64_t sys_ppoll(Call& call) {
  Thread& t = call.thread;
  if (!t.abi().knows_layouts()) return -ENOSYS;
  const uint64_t count = call.arg(1);
  if (count > INT_MAX) return -EINVAL;
  if (!t.mem().in_range(call.arg(0), count * sizeof(pollfd))) return -EFAULT;
  Timeout timeout;
  if (int64_t r = timeout.load(t, call.arg(2)); r != 0) return r;
  if (int64_t r = take_mask(t, call.arg(3), call.arg(4)); r != 0) return r;
  t.mem().before_write(call.arg(0), count * sizeof(pollfd));
  const int64_t r = host_block(t, kRestartNoHand, SYS_ppoll, call.host(0), static_cast<long>(count),
                               reinterpret_cast<long>(timeout.host()), 0, 8);
  timeout.store(t);
  if (!interrupted(r)) restore_temporary_mask(t);
  return r == kRestartSys ? kRestartNoHand : r;
}

namespace {

int64_t poll_until(Call& call, int64_t deadline_ns);

int64_t resume_poll(Call& call) { return poll_until(call, call.thread.restart_block().deadline_ns); }

// poll to a deadline of CLOCK_MONOTONIC, so that an interruption loses nothing.
int64_t poll_until(Call& call, int64_t deadline_ns) {
  const uint64_t count = call.arg(1);
  call.thread.mem().before_write(call.arg(0), count * sizeof(pollfd));
  const timespec left = to_timespec(std::max<int64_t>(deadline_ns - now_ns(CLOCK_MONOTONIC), 0));
  const int64_t r = host_block(call.thread, kRestartBlock, SYS_ppoll, call.host(0), static_cast<long>(count),
                               deadline_ns == kForever ? 0 : reinterpret_cast<long>(&left), 0, 8);
  if (!interrupted(r) && r != kRestartBlock) return r;
  RestartBlock& block = call.thread.restart_block();
  block.handler = resume_poll;
  block.regs = call.regs;
  block.row = &call.row;
  block.deadline_ns = deadline_ns;
  return kRestartBlock;
}

}  // namespace

int64_t sys_poll(Call& call) {
  const uint64_t count = call.u32(1);
  if (count > INT_MAX) return -EINVAL;
  if (!call.thread.mem().in_range(call.arg(0), count * sizeof(pollfd))) return -EFAULT;
  call.regs.arg[1] = count;
  const int ms = call.i32(2);
  return poll_until(call, ms < 0 ? kForever : now_ns(CLOCK_MONOTONIC) + int64_t{ms} * 1000000);
}

namespace {

// select and pselect6 behind their timeouts and masks.
int64_t select_sets(Call& call, Timeout& timeout) {
  Thread& t = call.thread;
  const int count = call.i32(0);
  if (count < 0) return -EINVAL;
  // The kernel reads and writes whole longs of the sets, up to what the descriptor table has.
  const unsigned word = t.word_bytes();
  const size_t bytes =
      std::min<size_t>((static_cast<size_t>(count) + 8 * word - 1) / (8 * word) * word, 1 << 20);
  std::vector<uint8_t> sets[3];
  for (unsigned i = 0; i < 3; ++i) {
    if (call.arg(1 + i) == 0) continue;
    // The host's longs may be longer.
    sets[i].resize(bytes + 8);
    if (t.copy_in(sets[i].data(), call.arg(1 + i), bytes) != 0) return -EFAULT;
  }
  const auto set = [&](unsigned i) { return sets[i].empty() ? 0 : reinterpret_cast<long>(sets[i].data()); };
  const int64_t r = host_block(t, kRestartNoHand, SYS_pselect6, count, set(0), set(1), set(2),
                               reinterpret_cast<long>(timeout.host()), 0);
  for (unsigned i = 0; i < 3 && r >= 0; ++i) {
    if (!sets[i].empty() && t.copy_out(call.arg(1 + i), sets[i].data(), bytes) != 0) return -EFAULT;
  }
  timeout.store(t);
  return r == kRestartSys ? kRestartNoHand : r;
}

}  // namespace

int64_t sys_pselect6(Call& call) {
  Thread& t = call.thread;
  if (!t.abi().knows_layouts()) return -ENOSYS;
  Timeout timeout;
  if (int64_t r = timeout.load(t, call.arg(4)); r != 0) return r;
  if (call.arg(5) != 0) {
    uint64_t mask, bytes;
    if (t.get_word(call.arg(5), &mask) != 0 || t.get_word(call.arg(5) + t.word_bytes(), &bytes) != 0)
      return -EFAULT;
    if (int64_t r = take_mask(t, mask, bytes); r != 0) return r;
  }
  const int64_t r = select_sets(call, timeout);
  if (!interrupted(r)) restore_temporary_mask(t);
  return r;
}

int64_t sys_select(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  Timeout timeout;
  if (int64_t r = timeout.load_timeval(call.thread, call.arg(4)); r != 0) return r;
  return select_sets(call, timeout);
}

int64_t sys_epoll_ctl(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  epoll_event event = {};
  if (call.i32(1) != EPOLL_CTL_DEL && call.thread.abi().info().packed_epoll) {
    PackedEpollEvent guest;
    if (call.thread.get(call.arg(3), &guest) != 0) return -EFAULT;
    event.events = guest.events;
    event.data.u64 = guest.data;
  } else if (call.i32(1) != EPOLL_CTL_DEL) {
    GuestEpollEvent guest;
    if (call.thread.get(call.arg(3), &guest) != 0) return -EFAULT;
    event.events = guest.events;
    event.data.u64 = guest.data;
  }
  return host_call(SYS_epoll_ctl, call.fd(0), call.i32(1), call.fd(2), reinterpret_cast<long>(&event));
}

namespace {

int64_t wait_epoll(Call& call, int64_t deadline, uint64_t mask_at, uint64_t mask_bytes) {
  Thread& t = call.thread;
  const int max_events = call.i32(2);
  const size_t one = t.abi().info().packed_epoll ? sizeof(PackedEpollEvent) : sizeof(GuestEpollEvent);
  if (max_events <= 0 || static_cast<uint64_t>(max_events) > INT_MAX / one) return -EINVAL;
  const uint64_t room = static_cast<uint64_t>(max_events) * one;
  if (!t.mem().in_range(call.arg(1), room)) return -EFAULT;
  if (int64_t r = take_mask(t, mask_at, mask_bytes); r != 0) return r;
  // Programs pass room for all they watch, most of it never filled: left untouched, it costs nothing.
  const size_t most = static_cast<size_t>(std::min(max_events, kMostEvents));
  epoll_event few[32];
  std::unique_ptr<epoll_event[]> many;
  if (most > std::size(few)) many = std::make_unique_for_overwrite<epoll_event[]>(most);
  epoll_event* events = many ? many.get() : few;
  int64_t r;
  do {
    int timeout = -1;
    if (deadline != kForever) {
      const int64_t left = std::max<int64_t>(deadline - now_ns(CLOCK_MONOTONIC), 0);
      timeout = static_cast<int>(std::min<int64_t>((left + 999999) / 1000000, INT_MAX));
    }
    r = host_block(t, kRestartSys, SYS_epoll_pwait, call.fd(0), reinterpret_cast<long>(events),
                   static_cast<long>(most), timeout, 0, 8);
  } while (r == kRestartSys && !interrupted_by_signal(t));
  if (r == kRestartSys) return -EINTR;
  restore_temporary_mask(t);
  for (size_t i = 0; static_cast<int64_t>(i) < r; ++i) {
    if (put_event(t, call.arg(1), i, events[i]) != 0) return -EFAULT;
  }
  return r;
}

}  // namespace

int64_t sys_epoll_pwait(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const int ms = call.i32(3);
  const int64_t deadline = ms < 0 ? kForever : now_ns(CLOCK_MONOTONIC) + int64_t{ms} * 1000000;
  return wait_epoll(call, deadline, call.arg(4), call.arg(5));
}

int64_t sys_epoll_wait(Call& call) {
  Call next = call;
  next.regs.arg[4] = 0;
  return sys_epoll_pwait(next);
}

int64_t sys_epoll_pwait2(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  int64_t deadline = kForever;
  if (call.arg(3) != 0) {
    timespec t;
    if (call.thread.get_struct(call.arg(3), &t) != 0) return -EFAULT;
    if (!valid_timespec(t)) return -EINVAL;
    deadline = deadline_after(CLOCK_MONOTONIC, t);
  }
  return wait_epoll(call, deadline, call.arg(4), call.arg(5));
}

}  // namespace xarch::linux_user
