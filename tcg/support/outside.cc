#include "tcg/support/outside.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <new>

#include "tcg/support/log.h"

namespace xarch {

namespace {

// The word: cleared by the kernel, too, so its futex is not a private one.
constexpr uint32_t kGone = 0, kRuns = 1, kAsks = 2;

thread_local Outside* t_current = nullptr;

// Memory of all Outsides there are. Rarely any: then operator delete looks at the count only.
constexpr unsigned kSlots = 64;
struct Slot {
  std::atomic<uintptr_t> begin{~uintptr_t{0}}, end{0};
};
constinit Slot slots[kSlots];
constinit std::atomic<unsigned> slots_used{0};

void wait_while(const std::atomic<uint32_t>& word, uint32_t value, const timespec* timeout) {
  syscall(SYS_futex, &word, FUTEX_WAIT, value, timeout, nullptr, 0);
}
void wake(const std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

Outside::Outside(Memory memory) : word_(kRuns), memory_(memory), first_(memory.next), slot_(kSlots) {
  slots_used.fetch_add(1);
  for (unsigned i = 0; i < kSlots; ++i) {
    uintptr_t free = 0;
    if (!slots[i].end.compare_exchange_strong(free, reinterpret_cast<uintptr_t>(memory.end))) continue;
    slots[i].begin.store(reinterpret_cast<uintptr_t>(memory.next));
    slot_ = i;
    break;
  }
  // More at a time than there are slots: nothing can be told apart, nothing is given.
  if (slot_ == kSlots) memory_.end = memory_.next;
}

Outside::~Outside() {
  if (slot_ < kSlots) {
    slots[slot_].begin.store(~uintptr_t{0});
    slots[slot_].end.store(0);
  }
  slots_used.fetch_sub(1);
}

Outside* Outside::current() { return t_current; }
void Outside::set_current(Outside* outside) { t_current = outside; }

bool Outside::owns(const void* p) {
  if (slots_used.load(std::memory_order_relaxed) == 0) return false;
  const auto at = reinterpret_cast<uintptr_t>(p);
  for (const Slot& slot : slots)
    if (at >= slot.begin.load() && at < slot.end.load()) return true;
  return false;
}

void* Outside::allocate(size_t bytes, size_t align) {
  const auto next = (reinterpret_cast<uintptr_t>(memory_.next) + align - 1) & ~(align - 1);
  const auto end = reinterpret_cast<uintptr_t>(memory_.end);
  if (next > end || bytes > end - next) return nullptr;
  memory_.next = reinterpret_cast<char*>(next + bytes);
  return reinterpret_cast<void*>(next);
}

void Outside::call(void (*fn)(void*), void* arg) {
  const int saved_errno = errno;
  if (parent_ == 0) parent_ = static_cast<int>(syscall(SYS_getppid));
  fn_ = fn;
  arg_ = arg;
  word_.store(kAsks, std::memory_order_release);
  wake(word_);
  while (word_.load(std::memory_order_acquire) == kAsks) {
    const timespec patience = {0, 100'000'000};
    wait_while(word_, kAsks, &patience);
    // The owner was killed: what it left behind may be locked for ever.
    if (word_.load(std::memory_order_acquire) == kAsks && syscall(SYS_getppid) != parent_)
      syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  }
  errno = saved_errno;
}

void Outside::serve(Outside* inner) {
  for (;;) {
    const uint32_t word = word_.load(std::memory_order_acquire);
    if (word == kGone) break;
    if (word == kRuns) {
      wait_while(word_, kRuns, nullptr);
      continue;
    }
    Outside* const task = t_current;
    t_current = inner;
    if (inner != nullptr) {
      inner->call(fn_, arg_);
    } else {
      fn_(arg_);
    }
    t_current = task;
    // Not if the task was killed meanwhile.
    uint32_t asks = kAsks;
    if (word_.compare_exchange_strong(asks, kRuns, std::memory_order_acq_rel)) wake(word_);
  }
  t_current = inner;
}

namespace {

void* take(size_t bytes, size_t align, bool may_fail) {
  if (bytes == 0) bytes = 1;
  void* p;
  if (Outside* const o = t_current; __builtin_expect(o != nullptr, 0)) {
    p = o->allocate(bytes, align < alignof(max_align_t) ? alignof(max_align_t) : align);
  } else if (align <= alignof(max_align_t)) {
    p = malloc(bytes);
  } else {
    p = aligned_alloc(align, (bytes + align - 1) & ~(align - 1));
  }
  if (p == nullptr && !may_fail) Log::fatal("xarch: out of memory");
  return p;
}

void give(void* p) {
  if (__builtin_expect(t_current != nullptr, 0) || Outside::owns(p)) return;
  free(p);
}

}  // namespace

}  // namespace xarch

// ---- The allocator of C++ code in this program: malloc, but for tasks that may not take its locks.

using xarch::give;
using xarch::take;

void* operator new(size_t n) { return take(n, 1, false); }
void* operator new[](size_t n) { return take(n, 1, false); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return take(n, 1, true); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return take(n, 1, true); }
void* operator new(size_t n, std::align_val_t a) { return take(n, static_cast<size_t>(a), false); }
void* operator new[](size_t n, std::align_val_t a) { return take(n, static_cast<size_t>(a), false); }
void operator delete(void* p) noexcept { give(p); }
void operator delete[](void* p) noexcept { give(p); }
void operator delete(void* p, size_t) noexcept { give(p); }
void operator delete[](void* p, size_t) noexcept { give(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { give(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { give(p); }
void operator delete(void* p, std::align_val_t) noexcept { give(p); }
void operator delete[](void* p, std::align_val_t) noexcept { give(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { give(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { give(p); }
