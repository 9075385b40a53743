// A task that has its work done by another: here a thread with a word that is cleared at its end, as the
// kernel does for a vfork child.
#include "tcg/support/outside.h"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace xarch {
namespace {

void leave(Outside& o) {
  Outside::set_current(nullptr);
  __atomic_store_n(o.alive(), 0, __ATOMIC_RELEASE);
  syscall(SYS_futex, o.alive(), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

TEST(Outside, WorkIsDoneByTheOwner) {
  std::vector<char> memory(4096);
  Outside o({memory.data(), memory.data() + memory.size()});
  const auto owner = std::this_thread::get_id();
  int done = 0;
  bool by_owner = true, without_outside = true;
  std::thread task([&] {
    Outside::set_current(&o);
    for (int i = 0; i < 1000; ++i) {
      outside([&] {
        ++done;
        by_owner &= std::this_thread::get_id() == owner;
        without_outside &= Outside::current() == nullptr;
      });
    }
    leave(o);
  });
  o.serve(nullptr);
  task.join();
  EXPECT_EQ(done, 1000);
  EXPECT_TRUE(by_owner);
  EXPECT_TRUE(without_outside);
  // Without a task it is just called.
  outside([&] { done = 7; });
  EXPECT_EQ(done, 7);
}

TEST(Outside, MemoryIsItsOwn) {
  std::vector<char> memory(1 << 16);
  Outside o({memory.data(), memory.data() + memory.size()});
  bool all_inside = true, reused = false, aligned = true;
  std::thread task([&] {
    Outside::set_current(&o);
    const void* first = nullptr;
    for (int i = 0; i < 100; ++i) {
      o.reset();
      auto text = std::make_unique<std::string>(1000, 'x');
      all_inside &= Outside::owns(text.get()) && Outside::owns(text->data());
      aligned &= reinterpret_cast<uintptr_t>(text.get()) % alignof(std::max_align_t) == 0;
      reused |= first == text.get();
      first = text.get();
    }
    leave(o);
  });
  o.serve(nullptr);
  task.join();
  EXPECT_TRUE(all_inside);
  EXPECT_TRUE(reused);
  EXPECT_TRUE(aligned);
  EXPECT_FALSE(Outside::owns(&o));
  const auto ours = std::make_unique<int>(1);
  EXPECT_FALSE(Outside::owns(ours.get()));
}

TEST(Outside, FullMemoryGivesNothing) {
  alignas(64) char memory[256];
  Outside o({memory, memory + sizeof memory});
  EXPECT_EQ(o.allocate(100, 16), memory);
  EXPECT_EQ(o.allocate(100, 64), memory + 128);
  EXPECT_EQ(o.allocate(100, 16), nullptr);
  EXPECT_EQ(o.allocate(SIZE_MAX, 16), nullptr);
  o.reset();
  EXPECT_NE(o.allocate(256, 16), nullptr);
}

}  // namespace
}  // namespace xarch
