// Delay slots, likely branches, faults and polls, byte order, addresses that wrap: what random code does not
// reach.
#include <gtest/gtest.h>

#include <cstring>

#include "targets/mips/core/raise.h"
#include "tests/mips/runner.h"

namespace xarch::mips {
namespace {

constexpr uint32_t kCode = 0x00400000;
constexpr uint32_t kDataPage = 0x10000000;
constexpr uint32_t kNop = 0;

uint32_t i_type(uint32_t op, unsigned s, unsigned t, int imm) {
  return op << 26 | s << 21 | t << 16 | (static_cast<uint32_t>(imm) & 0xffff);
}
uint32_t addiu(unsigned t, unsigned s, int imm) { return i_type(9, s, t, imm); }
uint32_t beq(unsigned s, unsigned t, int words) { return i_type(4, s, t, words); }
uint32_t bne(unsigned s, unsigned t, int words) { return i_type(5, s, t, words); }
uint32_t beql(unsigned s, unsigned t, int words) { return i_type(0x14, s, t, words); }
uint32_t bgezal(unsigned s, int words) { return i_type(1, s, 0x11, words); }
uint32_t lw(unsigned t, int imm, unsigned s) { return i_type(0x23, s, t, imm); }
uint32_t sw(unsigned t, int imm, unsigned s) { return i_type(0x2b, s, t, imm); }
uint32_t ll(unsigned t, int imm, unsigned s) { return i_type(0x30, s, t, imm); }
uint32_t sc(unsigned t, int imm, unsigned s) { return i_type(0x38, s, t, imm); }
uint32_t jr(unsigned s) { return s << 21 | 8; }
uint32_t jalr(unsigned d, unsigned s) { return s << 21 | d << 11 | 9; }
constexpr uint32_t kSyscall = 12, kBreak7 = 7u << 16 | 13, kSdbbp = 0x1cu << 26 | 63;

// Each of them interpreted, and by tier 1.
class MipsSlot : public ::testing::TestWithParam<bool> {
 protected:
  MipsSlot() : runner(memory, {}, GetParam() ? &tier1 : nullptr) {
    memory.map(kCode, 0x1000);
    memory.map(kDataPage, 0x1000);
    s.pc = kCode;
  }
  void code(std::initializer_list<uint32_t> words, uint32_t at = kCode) {
    for (uint32_t w : words) {
      memory.put32(at, w);
      at += 4;
    }
  }
  // Exit operations of the last region.
  std::vector<ir::ExitAux> exits() const {
    std::vector<ir::ExitAux> v;
    for (const ir::Inst& inst : runner.region.insts) {
      if (inst.op == ir::Op::kGotoPc || inst.op == ir::Op::kGotoInd)
        v.push_back(ir::ExitAux::unpack(inst.aux));
    }
    return v;
  }

  TestMemory memory;
  testing::RegionRunner tier1{layout(), memory.base()};
  Runner runner;
  State& s = runner.state();
};

TEST_P(MipsSlot, TheSlotRunsBeforeTheTarget) {
  code({beq(0, 0, 2), addiu(2, 2, 1), addiu(2, 2, 100), addiu(3, 2, 10)});
  runner.run(kCode + 16, 0);
  EXPECT_EQ(s.gpr[2], 1u);
  EXPECT_EQ(s.gpr[3], 11u);
}

TEST_P(MipsSlot, TheConditionIsOfBeforeTheSlot) {
  code({bne(2, 0, 2), addiu(2, 2, 1), addiu(3, 0, 7), kNop});
  runner.run(kCode + 12, 0);
  EXPECT_EQ(s.gpr[2], 1u);
  EXPECT_EQ(s.gpr[3], 7u) << "the branch saw what its slot wrote";
}

TEST_P(MipsSlot, AJumpTargetIsOfBeforeTheSlot) {
  s.gpr[9] = kCode + 16;
  code({jr(9), addiu(9, 0, 0), kNop, kNop, kNop});
  Stop stop = runner.run(kCode + 16, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kLookup);
  EXPECT_EQ(s.gpr[9], 0u);
}

TEST_P(MipsSlot, ALikelyBranchSkipsItsSlot) {
  s.gpr[2] = 1;
  code({beql(2, 0, 2), addiu(3, 3, 1), addiu(4, 4, 1), beql(0, 0, 1), addiu(3, 3, 16), kNop});
  for (unsigned limit : {0u, 1u}) {
    s.pc = kCode;
    s.gpr[3] = s.gpr[4] = 0;
    runner.run(kCode + 20, limit);
    EXPECT_EQ(s.gpr[3], 16u) << limit;
    EXPECT_EQ(s.gpr[4], 1u) << limit;
  }
}

TEST_P(MipsSlot, ASingleStepStopsBetweenBranchAndSlot) {
  code({beq(0, 0, 3), addiu(2, 2, 1), kNop, kNop, kNop});
  std::vector<std::pair<uint64_t, uint32_t>> places;
  runner.run(kCode + 16, 1, [&](const State& now) { places.emplace_back(now.pc, now.in_slot); });
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[1], (std::pair<uint64_t, uint32_t>(kCode + 4, 1)));
  EXPECT_EQ(s.in_slot, 0u);
  EXPECT_EQ(s.gpr[2], 1u);
}

TEST_P(MipsSlot, AFaultInASlotIsTheBranchs) {
  s.gpr[5] = 0x20000000;
  code({bgezal(0, 3), lw(6, 0, 5), kNop, kNop, kNop});
  for (unsigned limit : {0u, 1u}) {
    s.pc = kCode;
    s.gpr[31] = 0;
    Stop stop = runner.run(kCode + 16, limit);
    EXPECT_EQ(stop.reason, tcg::Exit::kFault);
    EXPECT_EQ(s.pc, kCode) << limit;
    EXPECT_EQ(s.in_slot, 0u) << limit;
    EXPECT_EQ(s.gpr[31], kCode + 8) << limit;
  }
  memory.map(0x20000000, 0x1000);  // the kernel maps the page, and the branch is done again
  memory.put32(0x20000000, 0x12345678);
  runner.run(kCode + 16, 0);
  EXPECT_EQ(s.gpr[6], 0x12345678u);
}

TEST_P(MipsSlot, AnExceptionInASlotIsTheBranchs) {
  code({beq(0, 0, 3), kBreak7, kNop, kNop, kNop});
  for (unsigned limit : {0u, 1u}) {
    s.pc = kCode;
    Stop stop = runner.run(kCode + 16, limit);
    EXPECT_EQ(stop.reason, tcg::Exit::kRaise);
    RaiseCode c = RaiseCode::unpack(stop.code);
    EXPECT_EQ(c.kind, Raise::kBreak);
    EXPECT_TRUE(c.in_slot);
    EXPECT_EQ(c.operand >> 10 & 1023, 7u);
    EXPECT_EQ(s.pc, kCode) << limit;
    EXPECT_EQ(s.in_slot, 0u) << limit;
  }
}

TEST_P(MipsSlot, ABranchInASlotIsReserved) {
  code({beq(0, 0, 3), jr(31), kNop, kNop});
  Stop stop = runner.run(kCode + 16, 0);
  EXPECT_EQ(RaiseCode::unpack(stop.code).kind, Raise::kReserved);
  EXPECT_EQ(s.pc, kCode);
}

TEST_P(MipsSlot, ASystemCallInASlotGoesOnBehindTheBranch) {
  code({beq(0, 0, 3), kSyscall, kNop, kNop, kNop});
  for (unsigned limit : {0u, 1u}) {
    s.pc = kCode;
    Stop stop = runner.run(kCode + 16, limit);
    EXPECT_EQ(stop.reason, tcg::Exit::kSyscall);
    EXPECT_EQ(s.pc, kCode + 4) << "the kernel adds 4 to the branch's address";
    EXPECT_EQ(s.in_slot, 0u);
  }
}

TEST_P(MipsSlot, ASlotThatCannotBeFetchedFaultsAfterTheBranch) {
  uint32_t last = kCode + 0xffc;
  s.gpr[2] = 1;
  s.pc = last;
  code({bne(2, 0, -3)}, last);
  Stop stop = runner.run(kCode, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kRaise);
  EXPECT_EQ(stop.code, tcg::kRaiseFetch);
  EXPECT_EQ(s.pc, kCode + 0x1000);
  EXPECT_EQ(s.in_slot, 1u);
  memory.map(kCode + 0x1000, 0x1000);  // the page comes, and the slot goes on from there
  memory.put32(kCode + 0x1000, addiu(2, 2, 1));
  stop = runner.run(last - 8, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kLookup);
  EXPECT_EQ(s.gpr[2], 2u);
  EXPECT_EQ(s.in_slot, 0u);
}

TEST_P(MipsSlot, AnnulledSlotsAreNotFetched) {
  uint32_t last = kCode + 0xffc;
  s.pc = last;
  s.gpr[2] = 1;
  code({beql(2, 0, 3)}, last);
  Stop stop = runner.run(last + 8, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kLookup);
  EXPECT_EQ(s.in_slot, 0u);
}

TEST_P(MipsSlot, AnEventAtAnIndirectJumpLeavesAnExactState) {
  s.gpr[9] = kCode + 16;
  code({jalr(31, 9), addiu(2, 0, 5), kNop, kNop, kNop});
  s.hdr.event = 1;
  Stop stop = runner.run(0, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kEvent);
  EXPECT_EQ(s.pc, kCode + 16);
  EXPECT_EQ(s.gpr[2], 5u);
  EXPECT_EQ(s.gpr[31], kCode + 8);
}

TEST_P(MipsSlot, PollsStandWhereNothingLeadsUpwards) {
  // A loop: its exit back polls, the one that goes on does not.
  code({kNop, addiu(2, 2, -1), bne(2, 0, -2), kNop, kNop});
  s.pc = kCode + 4;
  s.gpr[2] = 1;
  runner.run(kCode + 16, 0);
  ASSERT_EQ(exits().size(), 2u);
  EXPECT_NE(exits()[0].poll, exits()[1].poll);
  // A jump to itself.
  code({beq(0, 0, -1), kNop});
  s.pc = kCode;
  s.hdr.event = 1;
  Stop stop = runner.run(0, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kEvent);
  EXPECT_EQ(s.pc, kCode);
  ASSERT_EQ(exits().size(), 1u);
  EXPECT_TRUE(exits()[0].poll);
}

TEST_P(MipsSlot, CallsAndReturnsAreMarked) {
  s.gpr[31] = kCode + 0x100;
  code({jr(31), kNop});
  runner.run(kCode + 0x100, 0);
  EXPECT_EQ(exits().at(0).kind, ir::JumpKind::kReturn);
  code({bgezal(0, 0x10), kNop});
  s.pc = kCode;
  runner.run(kCode + 4 + 0x40, 0);
  EXPECT_EQ(exits().at(0).kind, ir::JumpKind::kCall);
}

TEST_P(MipsSlot, ForwardJumpsAreFollowedAndTheirBytesCounted) {
  code({beq(0, 0, 3), kNop, kNop, kNop, addiu(2, 0, 1), jr(31), kNop});
  s.gpr[31] = kCode + 0x100;
  runner.run(kCode + 0x100, 0);
  ASSERT_EQ(runner.region.ranges.size(), 2u);
  EXPECT_EQ(runner.region.ranges[0].start, kCode);
  EXPECT_EQ(runner.region.ranges[0].bytes, 8u);
  EXPECT_EQ(runner.region.ranges[1].start, kCode + 16);
  EXPECT_EQ(runner.region.ranges[1].bytes, 12u);
  EXPECT_EQ(runner.region.num_insns, 5u);
}

TEST_P(MipsSlot, AMisalignedTargetRaisesThere) {
  s.gpr[9] = kCode + 2;
  code({jr(9), kNop});
  Stop stop = runner.run(0, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kRaise);
  EXPECT_EQ(RaiseCode::unpack(stop.code).kind, Raise::kFetchAddress);
  EXPECT_EQ(s.pc, kCode + 2);
}

TEST_P(MipsSlot, DebugBreakpoint) {
  code({kSdbbp});
  Stop stop = runner.run(0, 0);
  EXPECT_EQ(RaiseCode::unpack(stop.code).kind, Raise::kDebug);
}

TEST_P(MipsSlot, MemoryIsBigEndian) {
  s.gpr[4] = kDataPage;
  s.gpr[5] = 0x11223344;
  code({sw(5, 0, 4), i_type(0x24, 4, 6, 0), i_type(0x25, 4, 7, 2), i_type(0x29, 4, 5, 4)});  // lbu lhu sh
  runner.run(kCode + 16, 0);
  EXPECT_EQ(memory.get8(kDataPage), 0x11);
  EXPECT_EQ(memory.get8(kDataPage + 3), 0x44);
  EXPECT_EQ(s.gpr[6], 0x11u);
  EXPECT_EQ(s.gpr[7], 0x3344u);
  EXPECT_EQ(memory.get8(kDataPage + 4), 0x33);
}

TEST_P(MipsSlot, AddressesWrapAt32Bits) {
  memory.map(0, 0x1000);
  memory.map(0xfffff000, 0x1000);
  memory.put32(4, 0xcafe0001);
  memory.put32(0xfffffffc, 0xcafe0002);
  memory.put32(0, 0x55667788);
  s.gpr[4] = 0xfffffff8;
  s.gpr[5] = 4;
  s.gpr[7] = 0xffffffff;
  code({lw(8, 12, 4), lw(9, -8, 5), i_type(0x26, 7, 10, 4), i_type(0x22, 7, 11, 1)});  // lwr lwl
  Stop stop = runner.run(kCode + 16, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kLookup);
  EXPECT_EQ(s.gpr[8], 0xcafe0001u);
  EXPECT_EQ(s.gpr[9], 0xcafe0002u);
  EXPECT_EQ(s.gpr[10], 0x55667788u) << "lwr at 3";
  EXPECT_EQ(s.gpr[11], 0x55667788u) << "lwl at 0";
}

TEST_P(MipsSlot, StoreConditional) {
  s.gpr[4] = kDataPage;
  memory.put32(kDataPage, 5);
  code({ll(8, 0, 4), addiu(8, 8, 1), sc(8, 0, 4), addiu(9, 0, 77), sc(9, 0, 4)});
  runner.run(kCode + 20, 0);
  EXPECT_EQ(memory.get32(kDataPage), 6u);
  EXPECT_EQ(s.gpr[8], 1u);
  EXPECT_EQ(s.gpr[9], 0u) << "no LL before it";
  code({ll(8, 0, 4), sc(8, 4, 4)});
  s.pc = kCode;
  runner.run(kCode + 8, 0);
  EXPECT_EQ(s.gpr[8], 0u) << "another address";
}

TEST_P(MipsSlot, UnalignedAccesses) {
  s.gpr[4] = kDataPage + 1;
  code({lw(8, 0, 4)});
  Stop stop = runner.run(kCode + 4, 0);
  EXPECT_EQ(stop.reason, tcg::Exit::kFault);
  EXPECT_FALSE(stop.aligned);
  MipsOptions options;
  options.unaligned = true;
  Runner lenient(memory, options, GetParam() ? &tier1 : nullptr);
  memory.put32(kDataPage, 0x00112233);
  memory.put32(kDataPage + 4, 0x44556677);
  lenient.state().gpr[4] = kDataPage + 1;
  lenient.state().pc = kCode;
  code({lw(8, 0, 4), ll(8, 0, 4)});
  stop = lenient.run(kCode + 8, 0);
  EXPECT_EQ(lenient.state().gpr[8], 0x11223344u);
  EXPECT_EQ(stop.reason, tcg::Exit::kFault) << "LL must be aligned";
  EXPECT_EQ(lenient.state().pc, kCode + 4);
}

TEST_P(MipsSlot, LittleEndianCodeAndPartialWords) {
  MipsOptions options;
  options.little = true;
  Runner little(memory, options, GetParam() ? &tier1 : nullptr);
  State& l = little.state();
  for (unsigned i = 0; i < 16; ++i) memory.put8(kDataPage + i, static_cast<uint8_t>(0x10 + i));
  uint32_t at = kCode;
  // lwr 1, lwl 4: the word at 1; swr 9, swl 12: to 9.
  for (uint32_t w :
       {i_type(0x26, 4, 8, 1), i_type(0x22, 4, 8, 4), i_type(0x2e, 4, 8, 9), i_type(0x2a, 4, 8, 12)}) {
    memory.put32(at, __builtin_bswap32(w));
    at += 4;
  }
  l.gpr[4] = kDataPage;
  l.pc = kCode;
  little.run(at, 0);
  EXPECT_EQ(l.gpr[8], 0x14131211u);
  const uint8_t kExpected[] = {0x18, 0x11, 0x12, 0x13, 0x14, 0x1d};
  for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(memory.get8(kDataPage + 8 + i), kExpected[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(, MipsSlot, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& info) {
  return info.param ? "Tier1" : "Interpreted";
});

}  // namespace
}  // namespace xarch::mips
