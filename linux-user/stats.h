// --stats: where the time of a process went, and what it asked for. Null in Process, and free, if nobody
// asks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "linux-user/syscall_id.h"

namespace xarch::linux_user {

class Process;

class RunStats {
 public:
  RunStats();

  // CLOCK_MONOTONIC in nanoseconds.
  static int64_t now();

  void thread_begins() { thread_ns_.fetch_sub(now()), threads_.fetch_add(1); }
  void thread_ends() { thread_ns_.fetch_add(now()), threads_.fetch_sub(1); }
  // A call may not come back (exit): it is counted when it is made.
  void call_begins(SyscallId id) {
    calls_[static_cast<size_t>(id)].count.fetch_add(1, std::memory_order_relaxed);
  }
  void call_ends(SyscallId id, int64_t ns) {
    calls_[static_cast<size_t>(id)].ns.fetch_add(ns, std::memory_order_relaxed);
  }
  // Of a call, so long was spent in the kernel in calls that may wait.
  void waited(int64_t ns) { waited_ns_.fetch_add(ns, std::memory_order_relaxed); }
  void signal() { signals_.fetch_add(1, std::memory_order_relaxed); }
  // In the child of a fork: its own time begins.
  void begin_child();

  // Several lines, or one object in a line.
  std::string text(Process& process) const;
  std::string json(Process& process) const;

 private:
  struct Calls {
    std::atomic<uint64_t> count{0};
    std::atomic<int64_t> ns{0};
  };
  struct Summary;
  Summary summary(Process& process) const;

  int64_t start_ns_;
  std::atomic<int64_t> thread_ns_{0};  // with those that run: sum of (end - start), as if they ended at 0
  std::atomic<int64_t> threads_{0};
  std::atomic<int64_t> waited_ns_{0};
  std::atomic<uint64_t> signals_{0};
  std::array<Calls, static_cast<size_t>(SyscallId::kCount)> calls_;
};

}  // namespace xarch::linux_user
