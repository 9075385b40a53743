// Epochs and the exclusive section: who is in emitted code, since when, and how to get everybody out.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "tcg/runtime/cpu.h"
#include "tcg/runtime/sync.h"

namespace xarch::tcg {

// What the registry knows of one vCPU.
struct VcpuSync {
  CpuHeader* header = nullptr;
  // The epoch at which it last entered, 0 while it is outside: not in emitted code, nor in a helper that
  // returns there, nor reading structures of the code cache.
  std::atomic<uint64_t> epoch{0};
  // It waits in a helper: it is stopped, although it will return to emitted code.
  std::atomic<uint32_t> stopped{0};
  // How often it came out of emitted code for a target.
  std::atomic<uint64_t> lookups{0};
};

class VcpuRegistry {
 public:
  void add(VcpuSync* vcpu);
  void remove(VcpuSync* vcpu);

  // ---- the vCPU's own thread
  // Pins the present epoch. Blocks while another thread's exclusive section lasts.
  void enter(VcpuSync& self);
  // The same, but false instead of blocking (nothing is pinned then).
  bool try_enter(VcpuSync& self);
  // Marks a pinned vCPU as stopped for as long as it waits in a helper; resume blocks while an exclusive
  // section lasts.
  void stop(VcpuSync& self);
  void resume(VcpuSync& self);
  // Lets go. Wakes whoever waits for that.
  void leave(VcpuSync& self);
  // The present epoch, to see whether a pinned one is old.
  uint64_t now() const { return epoch_.load(std::memory_order_seq_cst); }

  // ---- reclamation
  // Starts a new epoch and asks vCPUs in older ones to come out of emitted code; returns it.
  uint64_t advance();
  // True when no vCPU is in an epoch before `epoch`.
  bool passed(uint64_t epoch);
  // Waits for that. self (may be null, must hold no lock that others need to come out) is not waited for;
  // with skip_stopped, neither are those who wait in helpers.
  void wait_passed(uint64_t epoch, const VcpuSync* self, bool skip_stopped);

  // ---- exclusive section
  // Runs fn when all other vCPUs are stopped or outside. Nested calls run it at once.
  void exclusive(VcpuSync* self, const std::function<void()>& fn);

  // ---- fork
  // The exclusive mutex comes before the translation lock, the list after it.
  void lock_exclusive_for_fork() { exclusive_mutex_.lock(); }
  void unlock_exclusive_after_fork() { exclusive_mutex_.unlock(); }
  void lock_list_for_fork() { list_mutex_.lock(); }
  void unlock_list_after_fork() { list_mutex_.unlock(); }
  void reset_in_child(VcpuSync* self);

  // Sets event bits of the vCPUs that are inside, but self.
  void post(uint32_t bits, const VcpuSync* self);
  uint64_t sum_lookups();
  void for_each(const std::function<void(CpuHeader*)>& fn);

 private:
  template <typename Fn>
  void wait_until(Fn done);
  void wake();

  FutexMutex exclusive_mutex_;  // held for the length of an exclusive section; before list_mutex_
  FutexMutex list_mutex_;       // guards vcpus_; innermost
  std::vector<VcpuSync*> vcpus_;
  std::atomic<uint64_t> epoch_{1};
  std::atomic<uint32_t> pending_{0};  // an exclusive section wants in or is in
  std::atomic<int> owner_{0};         // thread id of its owner
  std::atomic<uint32_t> waiters_{0};  // threads in wait_until
  std::atomic<uint32_t> changes_{0};  // futex: some vCPU left or stopped
};

}  // namespace xarch::tcg
