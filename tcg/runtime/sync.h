// Locks of the runtime: one word each, usable in a signal handler on a thread that does not hold them, and
// re-made by assignment in the child of a fork.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace xarch::tcg {

// Sleeps while *word == expected; may return early.
inline void futex_wait(const std::atomic<uint32_t>* word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
inline void futex_wake(const std::atomic<uint32_t>* word, int threads = INT_MAX) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

class FutexMutex {
 public:
  void lock() {
    uint32_t free = 0;
    if (word_.compare_exchange_strong(free, 1, std::memory_order_acquire)) return;
    while (word_.exchange(2, std::memory_order_acquire) != 0) futex_wait(&word_, 2);
  }
  void unlock() {
    if (word_.exchange(0, std::memory_order_release) == 2) futex_wake(&word_, 1);
  }
  // Only where no other thread exists (child of a fork).
  void reset() { word_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> word_{0};  // 0 free, 1 held, 2 held and perhaps waited for
};

// Proof that the translation lock is held: what changes the code cache or the tracking of pages asks for one.
class TranslationLock {
 public:
  explicit TranslationLock(FutexMutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~TranslationLock() { mutex_.unlock(); }
  TranslationLock(const TranslationLock&) = delete;
  TranslationLock& operator=(const TranslationLock&) = delete;

 private:
  FutexMutex& mutex_;
};

class MutexGuard {
 public:
  explicit MutexGuard(FutexMutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexGuard() { mutex_.unlock(); }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;

 private:
  FutexMutex& mutex_;
};

}  // namespace xarch::tcg
