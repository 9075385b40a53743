// Outside: how a task that runs on another's memory, and may be killed at any instant (the child of a vfork),
// gets work done that takes locks or allocates: the task that owns the memory does it, and waits for nothing
// else meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace xarch {

// One such task. While it is current() on a host thread, operator new takes from `memory` there, and operator
// delete does nothing. Both tasks see the same thread-local variables: never do both run at a time.
class Outside {
 public:
  // What operator new may take; it is given back as a whole.
  struct Memory {
    char* next = nullptr;
    char* end = nullptr;
  };

  explicit Outside(Memory memory);
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  // Of this host thread; null for one that does its work itself.
  static Outside* current();
  static void set_current(Outside* outside);

  // ---- in the task
  // Has fn(arg) done; returns when it is. If there is nobody left to do it the task is killed.
  void call(void (*fn)(void*), void* arg);
  // What operator new has given is not in use any more.
  void reset() { memory_.next = first_; }
  // What is left of the memory, for a task of the task's own.
  Memory rest() const { return memory_; }
  // Null if there is no room.
  void* allocate(size_t bytes, size_t align);

  // ---- in the owner
  // The word that the kernel is to clear when the task has left the memory (CLONE_CHILD_CLEARTID).
  int* alive() { return reinterpret_cast<int*>(&word_); }
  // Does the task's work until it is gone. inner: this thread's current() before there was the task; it is
  // again afterwards.
  void serve(Outside* inner);

  // Did some Outside's memory give this? Then it must not be freed.
  static bool owns(const void* p);

 private:
  std::atomic<uint32_t> word_;
  void (*fn_)(void*) = nullptr;
  void* arg_ = nullptr;
  int parent_ = 0;  // of the task, since its first call
  Memory memory_;
  char* first_;
  unsigned slot_;
};

// fn() by whoever may take locks. What it refers to stays where it is.
template <typename Fn>
void outside(Fn fn) {
  Outside* const o = Outside::current();
  if (o == nullptr) {
    fn();
  } else {
    o->call([](void* p) { (*static_cast<Fn*>(p))(); }, &fn);
  }
}

}  // namespace xarch
