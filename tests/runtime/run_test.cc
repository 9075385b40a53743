// The run loop: translation, links, indirect jumps, exits, faults; on both backends.
#include <gtest/gtest.h>

#include "tests/support/toy_machine.h"

namespace xarch::toy {
namespace {

using tcg::BackendKind;
using tcg::Exit;

class Run : public testing::TestWithParam<BackendKind> {};
INSTANTIATE_TEST_SUITE_P(Backends, Run, testing::Values(BackendKind::kInterp, BackendKind::kX86_64),
                         [](const auto& i) { return i.param == BackendKind::kInterp ? "interp" : "x86_64"; });

TEST_P(Run, LoopAndHalt) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 1, 0, 0).emit(kMovi, 2, 0, 1000);
  const int loop = a.here();
  a.emit(kAdd, 1, 1, 2).emit(kAddi, 2, 2, -1).branch(kBnez, 2, loop).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 500500u);
  EXPECT_EQ(cpu.r(2), 0u);
  EXPECT_GE(m.engine->stats().regions, 3u);
}

TEST_P(Run, CallsAndReturns) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 2, 0, 100);
  const int loop = a.here();
  const int call = a.here();
  a.emit(kCall);
  a.emit(kAddi, 2, 2, -1).branch(kBnez, 2, loop).emit(kHalt);
  a.bind(call).emit(kAddi, 3, 3, 7).emit(kRet, 0, 15);
  auto cpu = m.new_cpu(m.load(a));
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(3), 700u);
  if (GetParam() == BackendKind::kX86_64) {
    EXPECT_LT(m.engine->stats().lookups, 20u) << "links and the jump table keep the run loop out";
  }
}

// Two targets that share an entry of the jump table, whatever its size: each drives the other out, without
// the run loop.
TEST_P(Run, TargetsThatShareAnEntryOfTheJumpTable) {
  constexpr int kMaxEntries = 32768, kRounds = 5000;
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 2, 0, kRounds);
  const int loop = a.here();
  a.emit(kJr, 0, 5);
  const int behind_first = a.here();
  a.emit(kJr, 0, 6);
  const int behind_second = a.here();
  a.emit(kAddi, 2, 2, -1).branch(kBnez, 2, loop).emit(kHalt);
  const int first = a.here();
  a.emit(kAddi, 3, 3, 1).emit(kJr, 0, 7);
  while (a.here() < first + kMaxEntries) a.emit(kHalt);
  a.emit(kAddi, 4, 4, 1).emit(kJr, 0, 8);
  const uint64_t pc = m.load(a, kMaxEntries * 4 + 4096);
  auto cpu = m.new_cpu(pc);
  const auto address = [&](int at) { return pc + static_cast<uint64_t>(at) * 4; };
  cpu.r(5) = address(first);
  cpu.r(6) = address(first + kMaxEntries);
  cpu.r(7) = address(behind_first);
  cpu.r(8) = address(behind_second);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(3), uint64_t{kRounds});
  EXPECT_EQ(cpu.r(4), uint64_t{kRounds});
  if (GetParam() == BackendKind::kX86_64) {
    EXPECT_LT(m.engine->stats().lookups, 200u);
  }
}

TEST_P(Run, SyscallGoesOnBehind) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 1, 0, 5).emit(kSyscall, 0, 0, 42).emit(kAddi, 1, 1, 1).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  EXPECT_EQ(m.run(cpu), Exit::kSyscall);
  EXPECT_EQ(cpu.vcpu->header().exit_code, 42u);
  EXPECT_EQ(cpu.state().pc, pc + 8);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 6u);
}

// No entry of a jump table takes its sentinel's pc for a target.
TEST_P(Run, JumpToTheAddressesOfTheSentinels) {
  for (const uint64_t target : {~uint64_t{0}, uint64_t{0}}) {
    ToyMachine m(GetParam());
    Asm a;
    a.emit(kSetMode, 0, 0, 5).emit(kAddi, 1, 1, 1).emit(kJr, 0, 2).emit(kHalt);
    auto cpu = m.new_cpu(m.load(a));
    cpu.r(2) = target;
    EXPECT_EQ(m.run(cpu), Exit::kFetch);
    EXPECT_EQ(cpu.state().pc, target);
    EXPECT_EQ(cpu.r(1), 1u);
    EXPECT_EQ(cpu.vcpu->header().exit_mode, 5u);
    EXPECT_EQ(cpu.vcpu->fault().addr, target);
  }
}

TEST_P(Run, RaiseAndFetchFault) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 1, 0, 5).emit(kIllegal);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  EXPECT_EQ(m.run(cpu), Exit::kRaise);
  EXPECT_EQ(cpu.vcpu->header().exit_code, 1u);
  EXPECT_EQ(cpu.state().pc, pc + 4);
  cpu.state().pc = 0x10;
  EXPECT_EQ(m.run(cpu), Exit::kFetch);
  EXPECT_EQ(cpu.vcpu->fault().addr, 0x10u);
  EXPECT_EQ(cpu.state().pc, 0x10u);
}

TEST_P(Run, RunsOffTheEndOfMappedCode) {
  ToyMachine m(GetParam());
  const uint64_t code = m.memory.map(4096, PROT_READ | PROT_WRITE | PROT_EXEC);
  m.memory.poke(code + 4092, {word(kAddi, 1, 1, 1)});
  auto cpu = m.new_cpu(code + 4092);
  EXPECT_EQ(m.run(cpu), Exit::kFetch);
  EXPECT_EQ(cpu.r(1), 1u);
  EXPECT_EQ(cpu.state().pc, code + 4096);
}

TEST_P(Run, ModeIsPartOfTheKey) {
  ToyMachine m(GetParam());
  Asm a;
  a.emit(kMovi, 1, 0, 3).emit(kSetMode, 0, 0, 7).emit(kAddi, 1, 1, 1).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.state().mode, 7u);
  const uint64_t regions = m.engine->stats().regions;
  cpu.state().pc = pc;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(m.engine->stats().regions, regions + 1) << "the first block once more, for mode 7";
}

}  // namespace
}  // namespace xarch::toy
