// Changed code is noticed by whatever way it changes.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "tests/hazard/hazard.h"

namespace xarch::toy {
namespace {

class ChangedCode : public Hazard {};
INSTANTIATE_TEST_SUITE_P(Backends, ChangedCode, backends(), backend_name);

// A function that returns n in r1.
Asm returns(int n) {
  Asm a;
  a.emit(kMovi, 1, 0, n).emit(kRet, 0, 15);
  return a;
}
// Calls the function at r10 through r15, then halts.
Asm calls_r10() {
  Asm a;
  a.emit(kCall, 0, 0, 2).emit(kHalt).emit(kJr, 0, 10);
  return a;
}

struct Caller {
  explicit Caller(ToyMachine& machine) : m(machine), start(m.load(calls_r10())), cpu(m.new_cpu(start)) {}
  uint64_t operator()(uint64_t function) {
    cpu.state().pc = start;
    cpu.r(10) = function;
    cpu.r(1) = 0;
    EXPECT_EQ(m.run(cpu), Exit::kHalt);
    return cpu.r(1);
  }
  ToyMachine& m;
  uint64_t start;
  ToyMachine::Cpu cpu;
};

int memory_file(uint64_t bytes) {
  const int fd = memfd_create("code", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes)) != 0) abort();
  return fd;
}

TEST_P(ChangedCode, GuestStoreUnlinksBlocks) {
  ToyMachine m(GetParam());
  // A loop calls f twice; in between it stores r5 (a new first word) over f's.
  const uint64_t f = m.load(returns(1));
  Asm a;
  const int call = a.here();
  a.emit(kCall).emit(kAdd, 3, 3, 1).emit(kSt4, 5, 6, 0).emit(kAddi, 2, 2, -1).branch(kBnez, 2, 0).emit(kHalt);
  a.bind(call).emit(kJr, 0, 6);
  auto cpu = m.new_cpu(m.load(a));
  cpu.r(2) = 5;
  cpu.r(5) = word(kMovi, 1, 0, 10);
  cpu.r(6) = f;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(3), 1u + 4 * 10);
  EXPECT_GE(m.engine->stats().code_write_faults, 1u);
}

TEST_P(ChangedCode, DirectLinkIsNotStale) {
  ToyMachine m(GetParam());
  // Both on one page, linked directly; the store comes from another page.
  Asm a;
  a.emit(kJmp, 0, 0, 4).emit(kHalt).emit(kHalt).emit(kHalt).emit(kMovi, 1, 0, 1).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 1u);
  Asm writer;
  writer.emit(kSt4, 5, 6, 16).emit(kHalt);
  auto other = m.new_cpu(m.load(writer));
  other.r(5) = word(kMovi, 1, 0, 2);
  other.r(6) = pc;
  EXPECT_EQ(m.run(other), Exit::kHalt);
  cpu.state().pc = pc;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 2u);
}

TEST_P(ChangedCode, StoreIntoOwnBlock) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 2, 2, 1).emit(kSt4, 5, 6, 8).emit(kMovi, 1, 0, 1).emit(kAddi, 3, 3, 1).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  cpu.r(5) = word(kMovi, 1, 0, 77);
  cpu.r(6) = pc;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 77u) << "the instruction after the store is the new one";
  EXPECT_EQ(cpu.r(2), 1u);
  EXPECT_EQ(cpu.r(3), 1u);
}

// The same, with a page that is past protection.
TEST_P(ChangedCode, StoreIntoOwnBlockOfAPageThatFlips) {
  ToyMachine m(GetParam());
  Asm a;
  const int loop = a.here();
  a.emit(kAddi, 5, 5, 1).emit(kSt4, 5, 6, 12).emit(kAddi, 2, 2, -1).emit(kMovi, 1, 0, 0).emit(kAdd, 3, 3, 1);
  a.branch(kBnez, 2, loop).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  cpu.r(2) = 100;
  cpu.r(5) = word(kMovi, 1, 0, 0);
  cpu.r(6) = pc;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(3), 5050u) << "each round executes the word that it stored just before";
  EXPECT_LE(m.engine->stats().code_write_faults, 20u) << "no fault for every store for ever";
}

TEST_P(ChangedCode, BeforeHostWrite) {
  ToyMachine m(GetParam());
  Caller call(m);
  const uint64_t f = m.load(returns(1));
  EXPECT_EQ(call(f), 1u);
  m.engine->before_host_write(f, 8);
  const uint32_t w = word(kMovi, 1, 0, 2);
  const int fd = memory_file(4096);
  ASSERT_EQ(pwrite(fd, &w, 4, 0), 4);
  EXPECT_EQ(pread(fd, m.memory.host(f), 4, 0), 4) << "the kernel may write there";
  close(fd);
  EXPECT_EQ(call(f), 2u);
}

TEST_P(ChangedCode, WritableAliasOfSharedMemory) {
  ToyMachine m(GetParam());
  Caller call(m);
  const int fd = memory_file(4096);
  const uint64_t data = m.memory.map_file(fd, 0, 4096, PROT_READ | PROT_WRITE, true, 7);
  const uint64_t code = m.memory.map_file(fd, 0, 4096, PROT_READ | PROT_EXEC, true, 7);
  close(fd);
  for (int i = 1; i < 50; ++i) {
    m.memory.poke(data, returns(i).words());
    EXPECT_EQ(call(code), static_cast<uint64_t>(i));
  }
  EXPECT_EQ(m.engine->stats().code_write_faults, 0u);
}

TEST_P(ChangedCode, AliasMadeAfterTranslation) {
  ToyMachine m(GetParam());
  Caller call(m);
  const int fd = memory_file(4096);
  const auto one = returns(1).words();
  ASSERT_EQ(pwrite(fd, one.data(), 8, 0), 8);
  const uint64_t code = m.memory.map_file(fd, 0, 4096, PROT_READ | PROT_EXEC, false, 8);
  EXPECT_EQ(call(code), 1u);
  const uint64_t data = m.memory.map_file(fd, 0, 4096, PROT_READ | PROT_WRITE, true, 8);
  m.engine->mapped(data, 4096);
  m.memory.poke(data, returns(2).words());
  EXPECT_EQ(call(code), 2u);
  close(fd);
}

TEST_P(ChangedCode, AnotherProcessWritesASharedFile) {
  ToyMachine m(GetParam());
  Caller call(m);
  const int fd = memory_file(4096);
  const auto one = returns(1).words(), two = returns(2).words();
  ASSERT_EQ(pwrite(fd, one.data(), 8, 0), 8);
  const uint64_t code = m.memory.map_file(fd, 0, 4096, PROT_READ | PROT_EXEC, true, 9);
  EXPECT_EQ(call(code), 1u);
  const pid_t child = fork();
  if (child == 0) _exit(pwrite(fd, two.data(), 8, 0) == 8 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(call(code), 2u);
  close(fd);
}

TEST_P(ChangedCode, Unmap) {
  ToyMachine m(GetParam());
  Caller call(m);
  const uint64_t f = m.load(returns(1));
  EXPECT_EQ(call(f), 1u);
  m.memory.unmap(f, 4096);
  m.engine->invalidate(f, 4096, true);
  call.cpu.state().pc = call.start;
  EXPECT_EQ(m.run(call.cpu), Exit::kFetch);
  EXPECT_EQ(call.cpu.vcpu->fault().addr, f);
  EXPECT_TRUE(call.cpu.vcpu->fault().fetch);
}

TEST_P(ChangedCode, ProtectionTakesExecutionAway) {
  ToyMachine m(GetParam());
  Caller call(m);
  const uint64_t f = m.load(returns(1));
  EXPECT_EQ(call(f), 1u);
  m.memory.protect(f, 4096, PROT_READ | PROT_WRITE);
  m.engine->invalidate(f, 4096, true);
  call.cpu.state().pc = f;
  EXPECT_EQ(m.run(call.cpu), Exit::kFetch);
  m.memory.poke(f, returns(3).words());
  m.memory.protect(f, 4096, PROT_READ | PROT_EXEC);
  m.engine->invalidate(f, 4096, true);
  EXPECT_EQ(call(f), 3u);
}

TEST_P(ChangedCode, Remap) {
  ToyMachine m(GetParam());
  Caller call(m);
  const uint64_t f = m.load(returns(1));
  EXPECT_EQ(call(f), 1u);
  m.engine->invalidate(f, 4096, true);
  const uint64_t g = m.memory.move(f, 4096);
  m.engine->invalidate(f, 4096, true);
  m.engine->mapped(g, 4096);
  EXPECT_EQ(call(g), 1u);
  call.cpu.state().pc = f;
  EXPECT_EQ(m.run(call.cpu), Exit::kFetch) << "the old place is gone";
  // The new one is protected anew.
  Asm w;
  w.emit(kSt4, 5, 6, 0).emit(kHalt);
  auto writer = m.new_cpu(m.load(w));
  writer.r(5) = word(kMovi, 1, 0, 4);
  writer.r(6) = g;
  EXPECT_EQ(m.run(writer), Exit::kHalt);
  EXPECT_EQ(call(g), 4u);
}

// Explicit cache maintenance of a part of a page leaves the rest alone.
TEST_P(ChangedCode, MaintenanceOfOneLine) {
  ToyMachine m(GetParam());
  Caller call(m);
  const uint64_t f = m.load(returns(1)), g = f + 1024;
  m.memory.poke(g, returns(2).words());
  for (int i = 0; i < 2; ++i) {  // what is new may be interpreted
    EXPECT_EQ(call(f), 1u);
    EXPECT_EQ(call(g), 2u);
  }
  const uint64_t dropped = m.engine->stats().invalidated;
  m.engine->invalidate(f, 64, false);
  EXPECT_EQ(m.engine->stats().invalidated, dropped + 1);
  EXPECT_EQ(call(g), 2u);
  EXPECT_EQ(call(f), 1u);
}

// One thread runs a function over and over while another guest thread rewrites it; the new value shows at
// last.
TEST_P(ChangedCode, PatchedWhileAnotherThreadRunsIt) {
  ToyMachine m(GetParam());
  m.guest.coherent = false;
  const uint64_t f = m.load(returns(0));
  Asm reader;  // until f() returns r3
  reader.emit(kCall, 0, 0, 4).emit(kSub, 2, 1, 3).branch(kBnez, 2, 0).emit(kHalt).emit(kJr, 0, 10);
  Asm writer;
  writer.emit(kSt4, 5, 6, 0).emit(kAddi, 5, 5, 1).emit(kAddi, 2, 2, -1).branch(kBnez, 2, 0).emit(kHalt);
  const uint64_t read_pc = m.load(reader), write_pc = m.load(writer);
  constexpr int kRounds = 200;
  std::thread threads[2];
  for (auto& t : threads) {
    t = std::thread([&] {
      auto cpu = m.new_cpu(read_pc);
      cpu.r(10) = f;
      cpu.r(3) = kRounds;
      EXPECT_EQ(m.run(cpu), Exit::kHalt);
    });
  }
  auto cpu = m.new_cpu(write_pc);
  cpu.r(2) = kRounds;
  cpu.r(5) = word(kMovi, 1, 0, 1);
  cpu.r(6) = f;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  for (auto& t : threads) t.join();
}

// A loop that jumps to itself must come out when another thread changes it.
TEST_P(ChangedCode, TightLoopIsChangedFromOutside) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kAddi, 1, 1, 1).branch(kBeqz, 2, 0).emit(kHalt);
  const uint64_t pc = m.load(a);
  std::atomic<bool> done{false};
  std::thread t([&] {
    auto cpu = m.new_cpu(pc);
    EXPECT_EQ(m.run(cpu), Exit::kHalt);
    done = true;
  });
  usleep(20000);
  EXPECT_FALSE(done);
  m.engine->before_host_write(pc, 4);
  const uint32_t w = word(kHalt);
  memcpy(m.memory.host(pc), &w, 4);
  t.join();
}

}  // namespace
}  // namespace xarch::toy
