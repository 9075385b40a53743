// The code cache: eviction while threads run, epochs, fork with threads.
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "tests/hazard/hazard.h"

namespace xarch::toy {
namespace {

class Cache : public Hazard {};
INSTANTIATE_TEST_SUITE_P(Backends, Cache, backends(), backend_name);

// `blocks` short functions, called in turn by an unrolled caller; each adds its number to r1.
struct Wide {
  Wide(ToyMachine& m, int blocks) {
    Asm a;
    const int loop = a.here();
    std::vector<int> calls;
    for (int i = 0; i < blocks; ++i) {
      calls.push_back(a.here());
      a.emit(kCall);
    }
    a.emit(kAddi, 2, 2, -1).emit(kBeqz, 2, 0, 2).branch(kJmp, 0, loop).emit(kHalt);
    for (int i = 0; i < blocks; ++i) {
      a.bind(calls[i]).emit(kAddi, 1, 1, i).emit(kRet, 0, 15);
      sum += static_cast<uint64_t>(i);
    }
    bytes = (a.words().size() * 4 + 4095) & ~uint64_t{4095};
    start = m.load(a, bytes);
  }
  uint64_t start = 0, bytes = 0, sum = 0;
};

TEST_P(Cache, EvictionWhileThreadsRun) {
  ToyMachine m(GetParam(), 0, 1 << 20);
  const Wide w(m, 5000);
  constexpr int kThreads = 3, kRounds = 4;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      auto cpu = m.new_cpu(w.start);
      cpu.r(2) = kRounds;
      EXPECT_EQ(m.run(cpu), Exit::kHalt);
      EXPECT_EQ(cpu.r(1), w.sum * kRounds);
    });
  }
  for (auto& t : threads) t.join();
  const tcg::EngineStats s = m.engine->stats();
  EXPECT_GE(s.generations, 3u);
}

TEST_P(Cache, FlushWhileThreadsRun) {
  ToyMachine m(GetParam());
  const Wide w(m, 50);
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      auto cpu = m.new_cpu(w.start);
      cpu.r(2) = 2000;
      EXPECT_EQ(m.run(cpu), Exit::kHalt);
      EXPECT_EQ(cpu.r(1), w.sum * 2000);
      --running;
    });
  }
  while (running != 0) {
    m.engine->flush();
    usleep(500);
  }
  for (auto& t : threads) t.join();
}

// One round of the caller, and what has been counted since the machine was made.
tcg::EngineStats after_a_round(ToyMachine& m, const Wide& w) {
  auto cpu = m.new_cpu(w.start);
  cpu.r(2) = 1;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), w.sum);
  return m.engine->stats();
}

TEST_P(Cache, StatsAddUp) {
  ToyMachine m(GetParam());
  const tcg::EngineStats s = after_a_round(m, Wide(m, 100));
  // 100 calls, 100 functions, the end of the loop in two blocks, the halt.
  EXPECT_EQ(s.regions + s.first_visits, 202u);
  EXPECT_EQ(s.guest_insns + s.first_insns, 100u + 200 + 2 + 1);
  EXPECT_EQ(s.guest_bytes, s.guest_insns * 4);
  EXPECT_EQ(s.invalidated, 0u);
}

TEST_P(Cache, WhatIsNewIsInterpretedOnceIfWanted) {
  ToyMachine m(GetParam());
  const Wide w(m, 100);
  for (unsigned round = 0; round < 3; ++round) {
    const tcg::EngineStats s = after_a_round(m, w);
    EXPECT_EQ(s.first_visits, GetParam().interpret_first ? 202u : 0u);
    EXPECT_EQ(s.regions, round == 0 && GetParam().interpret_first ? 0u : 202u);
  }
}

// A run that comes to thousands of places is no short one.
TEST_P(Cache, ALongRunIsTranslatedAtOnce) {
  ToyMachine m(GetParam());
  const tcg::EngineStats s = after_a_round(m, Wide(m, 5000));
  EXPECT_EQ(s.first_visits, GetParam().interpret_first ? 6000u : 0u);
  EXPECT_EQ(s.regions + s.first_visits, 10002u);
}

// A helper is in the way of its code's end: the generation stays until it returns.
uint64_t flush_thrice(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  ToyMachine* m = nullptr;
  memcpy(&m, &static_cast<State*>(state)->r[14], sizeof m);
  for (int i = 0; i < 3; ++i) m->engine->flush();
  return 5;
}

TEST_P(Cache, CodeStaysWhileAHelperWillReturnToIt) {
  ToyMachine m(GetParam());
  m.guest.helpers.push_back({"flush_thrice", flush_thrice, 0, {}, {}});
  Asm a;
  a.emit(kMovi, 1, 0, 1)
      .emit(kHelper, 3, 3, 0)
      .emit(kAddi, 1, 1, 1)
      .emit(kAddi, 2, 2, -1)
      .branch(kBnez, 2, 1)
      .emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.r(2) = 20;
  cpu.r(14) = reinterpret_cast<uintptr_t>(&m);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 21u);
  EXPECT_EQ(cpu.r(3), 5u);
}

// Two helpers that wait for each other's vCPU to come out of dropped code.
uint64_t invalidate_and_wait(void* state, uint64_t addr, uint64_t, uint64_t, uint64_t) {
  ToyMachine* m = nullptr;
  memcpy(&m, &static_cast<State*>(state)->r[14], sizeof m);
  m->engine->invalidate(addr, 4096, true);
  return addr;
}

TEST_P(Cache, HelpersThatInvalidateAndWait) {
  ToyMachine m(GetParam());
  m.guest.helpers.push_back({"invalidate_and_wait", invalidate_and_wait, 0, {}, {}});
  Asm a;
  a.emit(kHelper, 3, 3, 0).emit(kAddi, 1, 1, 1).emit(kAddi, 2, 2, -1).branch(kBnez, 2, 0).emit(kHalt);
  const uint64_t pc = m.load(a);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      auto cpu = m.new_cpu(pc);
      cpu.r(2) = 200;
      cpu.r(3) = pc;
      cpu.r(14) = reinterpret_cast<uintptr_t>(&m);
      EXPECT_EQ(m.run(cpu), Exit::kHalt);
      EXPECT_EQ(cpu.r(1), 200u);
    });
  }
  for (auto& t : threads) t.join();
}

TEST_P(Cache, ForkWithThreads) {
  ToyMachine m(GetParam());
  const Wide w(m, 300);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        auto cpu = m.new_cpu(w.start);
        cpu.r(2) = 5;
        EXPECT_EQ(m.run(cpu), Exit::kHalt);
        m.engine->invalidate(w.start, w.bytes, false);
      }
    });
  }
  auto self = m.new_cpu(w.start);
  for (int round = 0; round < 10; ++round) {
    m.engine->before_fork(*self.vcpu);
    const pid_t child = fork();
    if (child == 0) {
      m.engine->after_fork_child(*self.vcpu);
      // The child translates, changes and runs on its own; nobody else's lock is held.
      self.state().pc = w.start;
      self.r(1) = 0;
      self.r(2) = 2;
      m.engine->invalidate(w.start, w.bytes, true);
      bool ok = m.run(self) == Exit::kHalt && self.r(1) == 2 * w.sum;
      bool ran = false;
      m.engine->exclusive(self.vcpu.get(), [&] { ran = true; });
      m.engine->flush();
      _exit(ok && ran ? 0 : 1);
    }
    m.engine->after_fork_parent(*self.vcpu);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  for (auto& t : threads) t.join();
}

TEST_P(Cache, DescribesItsCode) {
  ToyMachine m(GetParam());
  EXPECT_FALSE(m.engine->in_code(reinterpret_cast<uintptr_t>(&m)));
  EXPECT_TRUE(m.engine->describe(reinterpret_cast<uintptr_t>(&m)).empty());
}

}  // namespace
}  // namespace xarch::toy
