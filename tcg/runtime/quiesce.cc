#include "tcg/runtime/quiesce.h"

#include <algorithm>

#include "tcg/support/outside.h"

namespace xarch::tcg {
namespace {

int thread_id() { return static_cast<int>(syscall(SYS_gettid)); }

}  // namespace

void VcpuRegistry::add(VcpuSync* vcpu) {
  MutexGuard guard(list_mutex_);
  vcpus_.push_back(vcpu);
}

void VcpuRegistry::remove(VcpuSync* vcpu) {
  {
    MutexGuard guard(list_mutex_);
    std::erase(vcpus_, vcpu);
  }
  wake();
}

uint64_t VcpuRegistry::sum_lookups() {
  MutexGuard guard(list_mutex_);
  uint64_t n = 0;
  for (const VcpuSync* v : vcpus_) n += v->lookups.load(std::memory_order_relaxed);
  return n;
}

void VcpuRegistry::for_each(const std::function<void(CpuHeader*)>& fn) {
  MutexGuard guard(list_mutex_);
  for (VcpuSync* v : vcpus_) fn(v->header);
}

void VcpuRegistry::wake() {
  // The vCPU's new state is visible before the count of waiters is read; wait_until does the reverse.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  changes_.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(&changes_);
}

template <typename Fn>
void VcpuRegistry::wait_until(Fn done) {
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  for (;;) {
    const uint32_t seen = changes_.load(std::memory_order_seq_cst);
    if (done()) break;
    futex_wait(&changes_, seen);
  }
  waiters_.fetch_sub(1, std::memory_order_seq_cst);
}

bool VcpuRegistry::try_enter(VcpuSync& self) {
  // Published before pending_ is read: either the section's owner sees this vCPU inside, or this one sees the
  // section.
  self.epoch.store(epoch_.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
  if (pending_.load(std::memory_order_seq_cst) == 0 ||
      owner_.load(std::memory_order_relaxed) == thread_id()) {
    return true;
  }
  leave(self);
  return false;
}

void VcpuRegistry::enter(VcpuSync& self) {
  while (!try_enter(self)) {
    // Sleeps on the mutex that the section holds.
    outside([this] { MutexGuard guard(exclusive_mutex_); });
  }
}

void VcpuRegistry::stop(VcpuSync& self) {
  self.stopped.store(1, std::memory_order_seq_cst);
  wake();
}

void VcpuRegistry::resume(VcpuSync& self) {
  for (;;) {
    self.stopped.store(0, std::memory_order_seq_cst);
    if (pending_.load(std::memory_order_seq_cst) == 0 ||
        owner_.load(std::memory_order_relaxed) == thread_id())
      return;
    stop(self);
    outside([this] { MutexGuard guard(exclusive_mutex_); });
  }
}

void VcpuRegistry::leave(VcpuSync& self) {
  self.epoch.store(0, std::memory_order_release);
  wake();
}

void VcpuRegistry::post(uint32_t bits, const VcpuSync* self) {
  MutexGuard guard(list_mutex_);
  for (VcpuSync* v : vcpus_) {
    // Who is outside looks at pending_ before it comes in.
    if (v != self && v->epoch.load(std::memory_order_seq_cst) != 0)
      v->header->event.fetch_or(bits, std::memory_order_seq_cst);
  }
}

uint64_t VcpuRegistry::advance() {
  const uint64_t e = epoch_.fetch_add(1, std::memory_order_seq_cst) + 1;
  MutexGuard guard(list_mutex_);
  for (VcpuSync* v : vcpus_) {
    const uint64_t at = v->epoch.load(std::memory_order_seq_cst);
    if (at != 0 && at < e) v->header->event.fetch_or(kEventFlush, std::memory_order_seq_cst);
  }
  return e;
}

bool VcpuRegistry::passed(uint64_t epoch) {
  MutexGuard guard(list_mutex_);
  return std::none_of(vcpus_.begin(), vcpus_.end(), [&](VcpuSync* v) {
    const uint64_t at = v->epoch.load(std::memory_order_seq_cst);
    return at != 0 && at < epoch;
  });
}

void VcpuRegistry::wait_passed(uint64_t epoch, const VcpuSync* self, bool skip_stopped) {
  wait_until([&] {
    MutexGuard guard(list_mutex_);
    return std::none_of(vcpus_.begin(), vcpus_.end(), [&](VcpuSync* v) {
      if (v == self) return false;
      const uint64_t at = v->epoch.load(std::memory_order_seq_cst);
      if (at == 0 || at >= epoch) return false;
      return !(skip_stopped && v->stopped.load(std::memory_order_seq_cst) != 0);
    });
  });
}

void VcpuRegistry::exclusive(VcpuSync* self, const std::function<void()>& fn) {
  const int me = thread_id();
  if (owner_.load(std::memory_order_relaxed) == me) return fn();
  // While this thread waits for its turn, another section need not wait for it.
  if (self != nullptr) stop(*self);
  exclusive_mutex_.lock();
  owner_.store(me, std::memory_order_relaxed);
  pending_.store(1, std::memory_order_seq_cst);
  post(kEventExclusive, self);
  wait_until([&] {
    MutexGuard guard(list_mutex_);
    return std::none_of(vcpus_.begin(), vcpus_.end(), [&](VcpuSync* v) {
      return v != self && v->epoch.load(std::memory_order_seq_cst) != 0 &&
             v->stopped.load(std::memory_order_seq_cst) == 0;
    });
  });
  fn();
  pending_.store(0, std::memory_order_seq_cst);
  owner_.store(0, std::memory_order_relaxed);
  {
    MutexGuard guard(list_mutex_);
    for (VcpuSync* v : vcpus_) {
      v->header->event.fetch_and(~uint32_t{kEventExclusive}, std::memory_order_seq_cst);
    }
  }
  if (self != nullptr) self->stopped.store(0, std::memory_order_seq_cst);
  exclusive_mutex_.unlock();
}

void VcpuRegistry::reset_in_child(VcpuSync* self) {
  exclusive_mutex_.reset();
  list_mutex_.reset();
  vcpus_.assign(1, self);
  pending_.store(0, std::memory_order_relaxed);
  owner_.store(0, std::memory_order_relaxed);
  waiters_.store(0, std::memory_order_relaxed);
  self->stopped.store(0, std::memory_order_relaxed);
  self->header->event.fetch_and(~uint32_t{kEventExclusive | kEventFlush}, std::memory_order_seq_cst);
}

}  // namespace xarch::tcg
