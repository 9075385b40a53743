// Asynchronous events, system calls that an event must not slip past, exclusive sections.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/hazard/hazard.h"

extern "C" {
extern const char xarch_safe_syscall_start[];
extern const char xarch_safe_syscall_end[];
extern const char xarch_safe_syscall_refused[];
}

namespace xarch::toy {
namespace {

using Clock = std::chrono::steady_clock;

void spin(int rounds) {
  for (int i = 0; i < rounds; ++i) asm volatile("");
}

class Event : public Hazard {};
INSTANTIATE_TEST_SUITE_P(Backends, Event, backends(), backend_name);

uint64_t thread_ns(pthread_t thread) {
  clockid_t clock;
  timespec t;
  if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &t) != 0) abort();
  return static_cast<uint64_t>(t.tv_sec) * 1000000000 + static_cast<uint64_t>(t.tv_nsec);
}

// Kicks a vCPU that loops at pc many times. What counts is the processor time it still uses, not how long a
// busy machine lets it wait.
void expect_prompt(ToyMachine& m, uint64_t pc) {
  constexpr int kRounds = 50;
  std::atomic<int> rounds{0};
  std::atomic<tcg::Vcpu*> target{nullptr};
  std::vector<uint64_t> left_at(kRounds), latency(kRounds);
  std::thread t([&] {
    auto cpu = m.new_cpu(pc);
    target = cpu.vcpu.get();
    for (int i = 0; i < kRounds; ++i) {
      EXPECT_EQ(m.run(cpu), Exit::kEvent);
      left_at[i] = thread_ns(pthread_self());
      cpu.vcpu->clear_kick();
      rounds.store(i + 1, std::memory_order_release);
    }
    while (target.load() != nullptr) usleep(100);
  });
  while (target.load() == nullptr) usleep(100);
  for (int i = 0; i < kRounds; ++i) {
    usleep(300);
    const uint64_t kicked_at = thread_ns(t.native_handle());
    target.load()->kick();
    while (rounds.load(std::memory_order_acquire) <= i) sched_yield();
    latency[i] = left_at[i] - kicked_at;
  }
  target = nullptr;
  t.join();
  std::sort(latency.begin(), latency.end());
  EXPECT_LT(latency[kRounds * 9 / 10], 1000000u) << "nanoseconds";
}

TEST_P(Event, KickOfALoopOntoItself) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 1, 1, 1).branch(kJmp, 0, 0);
  expect_prompt(m, m.load(a));
}

TEST_P(Event, KickOfABlockThatIsItsOwnTarget) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kJmp, 0, 0, 0);
  expect_prompt(m, m.load(a));
}

TEST_P(Event, KickOfALoopOfTwoBlocks) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kBeqz, 2, 0, 2).emit(kHalt).branch(kJmp, 0, 0);
  expect_prompt(m, m.load(a));
}

TEST_P(Event, KickOfAnIndirectLoop) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kCall, 0, 0, 1).emit(kAddi, 15, 15, 0).emit(kJr, 0, 15);
  expect_prompt(m, m.load(a));
}

TEST_P(Event, KickBeforeRun) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.vcpu->kick();
  EXPECT_EQ(m.run(cpu), Exit::kEvent);
  EXPECT_EQ(cpu.r(1), 0u);
  cpu.vcpu->clear_kick();
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
}

// The state at an event is exact: the loop's sum and counter belong together.
TEST_P(Event, StateIsExact) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kAddi, 11, 11, 2).emit(kAddi, 2, 2, 3).branch(kJmp, 0, 0);
  auto cpu = m.new_cpu(m.load(a));
  std::atomic<bool> stop{false};
  std::thread t([&] {
    while (!stop) {
      usleep(200);
      cpu.vcpu->kick();
    }
  });
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(m.run(cpu), Exit::kEvent);
    cpu.vcpu->clear_kick();
    ASSERT_EQ(cpu.r(11), cpu.r(1) * 2);
    ASSERT_EQ(cpu.r(2), cpu.r(1) * 3);
  }
  stop = true;
  t.join();
}

// ---- the window of xarch_safe_syscall

TEST(SafeSyscall, RefusesWhenAnEventIsPending) {
  std::atomic<uint32_t> event{0};
  EXPECT_EQ(tcg::xarch_safe_syscall(&event, SYS_getppid, 0, 0, 0, 0, 0, 0), getppid());
  EXPECT_EQ(tcg::xarch_safe_syscall(&event, SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
  event = 1;
  EXPECT_EQ(tcg::xarch_safe_syscall(&event, SYS_getppid, 0, 0, 0, 0, 0, 0), tcg::kNotEntered);
}

TEST(SafeSyscall, PassesSixArguments) {
  std::atomic<uint32_t> event{0};
  const long p =
      tcg::xarch_safe_syscall(&event, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_GT(p, 0);
  EXPECT_EQ(tcg::xarch_safe_syscall(&event, SYS_munmap, p, 4096, 0, 0, 0, 0), 0);
}

TEST(SafeSyscall, FixupAtEveryPc) {
  const auto start = reinterpret_cast<greg_t>(xarch_safe_syscall_start);
  const auto end = reinterpret_cast<greg_t>(xarch_safe_syscall_end);
  const auto refused = reinterpret_cast<greg_t>(xarch_safe_syscall_refused);
  for (greg_t pc = start - 16; pc < end + 16; ++pc) {
    ucontext_t uc = {};
    uc.uc_mcontext.gregs[REG_RIP] = pc;
    tcg::syscall_window_fixup(&uc);
    EXPECT_EQ(uc.uc_mcontext.gregs[REG_RIP], pc >= start && pc < end ? refused : pc);
  }
}

std::atomic<uint32_t> window_event{0};

void on_usr1(int, siginfo_t*, void* context) {
  window_event = 1;
  tcg::syscall_window_fixup(static_cast<ucontext_t*>(context));
}

// The event comes while the other thread is about to block, at every distance from the system call.
TEST(SafeSyscall, EventIsNeverLost) {
  struct sigaction sa = {};
  sa.sa_sigaction = on_usr1;
  sa.sa_flags = SA_SIGINFO;  // without SA_RESTART: what blocks already is interrupted
  ASSERT_EQ(sigaction(SIGUSR1, &sa, nullptr), 0);
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  constexpr int kRounds = 400;
  std::atomic<int> ready{0}, done{0};
  std::thread t([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (ready.load(std::memory_order_acquire) <= i) sched_yield();
      char c;
      const long r =
          tcg::xarch_safe_syscall(&window_event, SYS_read, fds[0], reinterpret_cast<long>(&c), 1, 0, 0, 0);
      EXPECT_TRUE(r == tcg::kNotEntered || r == -EINTR) << r;
      done.store(i + 1, std::memory_order_release);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    window_event = 0;
    ready.store(i + 1, std::memory_order_release);
    spin(i % 300);
    pthread_kill(t.native_handle(), SIGUSR1);
    const auto start = Clock::now();
    while (done.load(std::memory_order_acquire) <= i) {
      sched_yield();
      if (Clock::now() - start > std::chrono::seconds(20)) {
        fprintf(stderr, "round %d: the event was lost\n", i);
        abort();
      }
    }
  }
  t.join();
  close(fds[0]);
  close(fds[1]);
  signal(SIGUSR1, SIG_DFL);
}

// ---- exclusive sections

TEST_P(Event, ExclusiveStopsEveryVcpu) {
  ToyMachine m(GetParam());
  constexpr int kThreads = 4;
  Asm a;
  // Counts in memory, in two steps that nobody may come between.
  a.emit(kLd8, 1, 12, 0).emit(kAddi, 1, 1, 1).emit(kSt8, 1, 12, 0).emit(kSt8, 1, 12, 8).branch(kJmp, 0, 0);
  const uint64_t pc = m.load(a);
  const uint64_t data = m.memory.map(4096 * kThreads, PROT_READ | PROT_WRITE);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::vector<ToyMachine::Cpu> cpus;
  for (int i = 0; i < kThreads; ++i) {
    cpus.push_back(m.new_cpu(pc));
    cpus.back().r(12) = data + 4096 * i;
  }
  for (auto& cpu : cpus) {
    threads.emplace_back([&] {
      while (!stop) {
        EXPECT_EQ(m.run(cpu), Exit::kEvent);
        cpu.vcpu->clear_kick();
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    m.engine->exclusive(nullptr, [&] {
      for (int i = 0; i < kThreads; ++i) {
        const auto* p = static_cast<volatile uint64_t*>(m.memory.host(data + 4096 * i));
        const uint64_t before = p[0];
        EXPECT_EQ(before, p[1]) << "stopped at an exit of the block";
        spin(2000);
        EXPECT_EQ(p[0], before);
      }
      bool inner = false;
      m.engine->exclusive(nullptr, [&] { inner = true; });
      EXPECT_TRUE(inner) << "nested";
    });
    usleep(100);
  }
  stop = true;
  for (auto& cpu : cpus) cpu.vcpu->kick();
  for (auto& t : threads) t.join();
}

uint64_t exclusive_counter = 0;

uint64_t count_exclusively(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  tcg::Vcpu* v = static_cast<State*>(state)->hdr.vcpu;
  ToyMachine* m = nullptr;
  memcpy(&m, &static_cast<State*>(state)->r[14], sizeof m);
  m->engine->exclusive(v, [] {
    const uint64_t n = exclusive_counter;
    spin(50);
    exclusive_counter = n + 1;
  });
  return 0;
}

TEST_P(Event, ExclusiveFromHelpersOfAllVcpus) {
  ToyMachine m(GetParam());
  m.guest.helpers.push_back({"count_exclusively", count_exclusively, 0, {}, {}});
  exclusive_counter = 0;
  Asm a;
  a.emit(kHelper, 3, 3, 0).emit(kAddi, 2, 2, -1).branch(kBnez, 2, 0).emit(kHalt);
  const uint64_t pc = m.load(a);
  constexpr int kThreads = 4, kRounds = 300;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      auto cpu = m.new_cpu(pc);
      cpu.r(2) = kRounds;
      cpu.r(14) = reinterpret_cast<uintptr_t>(&m);
      EXPECT_EQ(m.run(cpu), Exit::kHalt);
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(exclusive_counter, uint64_t{kThreads} * kRounds);
}

TEST_P(Event, ExclusiveDoesNotWaitForParkedVcpus) {
  ToyMachine m(GetParam());
  auto cpu = m.new_cpu(0);
  m.engine->park(*cpu.vcpu);
  bool ran = false;
  m.engine->exclusive(nullptr, [&] { ran = true; });
  EXPECT_TRUE(ran);
  m.engine->unpark(*cpu.vcpu);
  EXPECT_EQ(cpu.vcpu->header().event.load(), 0u);
}

}  // namespace
}  // namespace xarch::toy
