// What regions look like: superblocks, exits, polls, dead flags, traps; and what the CPU models say of
// themselves.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "targets/arm/core/fp_state.h"
#include "targets/arm/core/guest.h"
#include "targets/arm/core/raise.h"
#include "tcg/backend/interp/interp.h"
#include "tcg/fpu/env.h"
#include "tcg/ir/verifier.h"

namespace xarch::arm {
namespace {

constexpr uint64_t kPc = 0x400000;

// Code at kPc; nothing else can be fetched.
class Words final : public tcg::CodeReader {
 public:
  explicit Words(std::vector<uint32_t> words) : words_(std::move(words)) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    const uint64_t end = kPc + 4 * words_.size();
    if (pc < kPc || pc + bytes > end) return false;
    memcpy(out, reinterpret_cast<const char*>(words_.data()) + (pc - kPc), bytes);
    return true;
  }

 private:
  std::vector<uint32_t> words_;
};

class Lifted : public testing::Test {
 protected:
  void lift(std::vector<uint32_t> words, uint64_t pc = kPc, tcg::LiftLimits limits = {}) {
    Words code(std::move(words));
    ir::BlockKey key;
    key.pc = pc;
    ir::Builder b(&region_, guest_.layout(), key);
    guest_.lift(b, code, limits);
    const auto ok = ir::verify(region_);
    EXPECT_TRUE(ok) << ok.error().message;
  }
  tcg::InterpResult run() {
    tcg::FlatInterpMemory memory;
    return tcg::Interpreter(memory).run(region_, &state_);
  }
  std::vector<ir::Inst> exits() const {
    std::vector<ir::Inst> out;
    for (const ir::Inst& i : region_.insts) {
      if (i.op == ir::Op::kGotoPc || i.op == ir::Op::kGotoInd) out.push_back(i);
    }
    return out;
  }
  static ir::ExitAux aux(const ir::Inst& i) { return ir::ExitAux::unpack(i.aux); }

  const Arm64Guest guest_{*find_model("max")};
  ir::Region region_;
  Arm64State state_;
};

constexpr uint32_t kNop = 0xd503201f, kCmp = 0xeb01001f /* cmp x0, x1 */, kRet = 0xd65f03c0;

TEST_F(Lifted, FollowsForwardBranches) {
  lift({0x14000003, kNop, kNop, kRet});  // b .+12
  EXPECT_EQ(region_.num_insns, 2u);
  ASSERT_EQ(region_.ranges.size(), 2u);
  EXPECT_EQ(region_.ranges[0].start, kPc);
  EXPECT_EQ(region_.ranges[0].bytes, 4u);
  EXPECT_EQ(region_.ranges[1].start, kPc + 12);
}

TEST_F(Lifted, ContinuesBehindForwardConditionalBranches) {
  lift({kCmp, 0x54000080 /* b.eq .+16 */, kNop, kRet});
  EXPECT_EQ(region_.num_insns, 4u);
  ASSERT_EQ(exits().size(), 2u);
  EXPECT_EQ(exits()[1].imm, 20);
  EXPECT_FALSE(aux(exits()[1]).poll);
}

TEST_F(Lifted, BranchesToWhatFollowsStayInside) {
  // cbz x0, L; cbz x1, L; nop; L: ret
  lift({0xb4000060, 0xb4000041, kNop, kRet});
  EXPECT_EQ(region_.num_insns, 4u);
  EXPECT_EQ(exits().size(), 1u);
}

TEST_F(Lifted, StopsAtBackwardBranchesAndPolls) {
  lift({kNop, 0x54ffffe0 /* b.eq .-4 */, kNop, kRet});
  EXPECT_EQ(region_.num_insns, 2u);
  ASSERT_EQ(exits().size(), 2u);
  EXPECT_EQ(exits()[0].imm, 0);
  EXPECT_TRUE(aux(exits()[0]).poll);
  EXPECT_EQ(exits()[1].imm, 8);
  EXPECT_FALSE(aux(exits()[1]).poll);
}

TEST_F(Lifted, FloatingPointStatusChangesTheMode) {
  constexpr uint32_t kMrsFpsr = 0xd53b4420, kMsrFpsr = 0xd51b4420, kMsrFpcr = 0xd51b4400;
  for (const uint32_t word : {kMrsFpsr, kMsrFpsr}) {
    lift({word, kRet});
    state_.reset();
    reset_fp(state_);
    EXPECT_EQ(run().reason, tcg::Exit::kRaise);
    EXPECT_EQ(state_.pc, kPc);
    EXPECT_EQ(guest_.mode(&state_), 0u);
    EXPECT_TRUE(handle_fp_raise(state_, state_.hdr.exit_code, state_.hdr.exit_value));
    EXPECT_EQ(guest_.mode(&state_), uint32_t{kModeExactFlags});
  }
  lift({kMsrFpcr, kRet});
  for (const bool rounding : {true, false}) {
    state_.reset();
    reset_fp(state_);
    state_.x0 = rounding ? kFpcrRounding : kFpcrBits & ~kFpcrRounding;
    EXPECT_EQ(run().reason, tcg::Exit::kRaise);
    EXPECT_EQ(state_.pc, kPc + 4);
    EXPECT_TRUE(handle_fp_raise(state_, state_.hdr.exit_code, state_.hdr.exit_value));
    EXPECT_EQ(guest_.mode(&state_) == 0, rounding);
    EXPECT_EQ(state_.hdr.guest_mxcsr >> 13 & 3, rounding ? 3u : 0u);
  }
}

TEST_F(Lifted, FloatingPointFlagsAreFoldedIntoWhatIsShown) {
  state_.reset();
  reset_fp(state_);
  state_.hdr.guest_mxcsr |= 0x24;  // divided by zero, inexact
  state_.fpsr = kQc;
  EXPECT_EQ(state_.fpsr_value(), kQc | kDzc | kIxc);
  Arm64State other;
  other.reset();
  reset_fp(other);
  copy_fp(other, state_);
  EXPECT_EQ(other.fpsr_value(), uint32_t{kDzc | kIxc}) << "registers are copied apart";
  use_exact_flags(state_);
  EXPECT_EQ(state_.fpsr_value(), kQc | kDzc | kIxc);
  state_.set_fpsr(0);
  EXPECT_EQ(state_.fpsr_value(), 0u);
}

// FZ: what the host would get wrong traps until the flags say that it cannot be seen any more.
TEST_F(Lifted, FlushingIsLeftToTheHostWhenItsFlagsAreSet) {
  constexpr uint32_t kDaz = 0x40, kFtz = 0x8000, kAllButInvalid = tcg::kGuestMxcsr;
  constexpr uint32_t kDenormalMask = 0x100, kUnderflowMask = 0x800, kInexactMask = 0x1000;
  state_.reset();
  reset_fp(state_);
  EXPECT_EQ(state_.hdr.guest_mxcsr, kAllButInvalid);
  set_fpcr(state_, kFpcrFlush);
  EXPECT_EQ(guest_.mode(&state_), uint32_t{kModeFlush});
  EXPECT_EQ(state_.hdr.fp_control, tcg::kFpFlush);
  uint32_t mxcsr = state_.hdr.guest_mxcsr;
  EXPECT_EQ(mxcsr & (kDaz | kFtz | kDenormalMask | kUnderflowMask | kInexactMask), 0u);
  // An inexact result, as the trap handler tells it: the host's own flag is cleared again.
  mxcsr |= fpu::kInexact;
  state_.hdr.raise_fp(fpu::kInexact, &mxcsr);
  EXPECT_EQ(mxcsr & (kDaz | kFtz | kDenormalMask | kUnderflowMask | kInexactMask | tcg::kMxcsrFlags),
            kInexactMask);
  state_.hdr.raise_fp(fpu::kUnderflow, &mxcsr);
  EXPECT_EQ(mxcsr & (kDaz | kFtz | kUnderflowMask), kFtz | kUnderflowMask);
  state_.hdr.raise_fp(fpu::kDenormal, &mxcsr);
  EXPECT_EQ(mxcsr & (kDaz | kFtz | kDenormalMask), kDaz | kFtz | kDenormalMask);
  state_.hdr.guest_mxcsr = mxcsr;
  EXPECT_EQ(state_.fpsr_value(), uint32_t{kIdc | kUfc | kIxc});
  // Cleared flags trap again; FPCR without FZ brings the ordinary control register back.
  state_.set_fpsr(kIdc);
  EXPECT_EQ(state_.hdr.guest_mxcsr & (kDaz | kFtz | kUnderflowMask), kDaz);
  set_fpcr(state_, kFpcrDefaultNan);
  EXPECT_EQ(guest_.mode(&state_), uint32_t{kModeDefaultNan});
  EXPECT_EQ(state_.hdr.guest_mxcsr, kAllButInvalid);
  EXPECT_EQ(state_.fpsr_value(), uint32_t{kIdc});
}

TEST_F(Lifted, RegionsSayWhatTheirModeMustCheck) {
  EXPECT_EQ(fp_checks(0), 0);
  EXPECT_EQ(fp_checks(kModeExactFlags), ir::kFpCheckTiny);
  EXPECT_EQ(fp_checks(kModeFlush), ir::kFpCheckTiny | ir::kFpCheckFlush);
  EXPECT_EQ(fp_checks(kModeDefaultNan), ir::kFpCheckNan);
  EXPECT_EQ(fp_checks(kModeFlush | kModeExactFlags), ir::kFpCheckTiny | ir::kFpCheckFlush | ir::kFpCheckNan);
}

TEST_F(Lifted, KeepsWithinItsLimits) {
  tcg::LiftLimits limits;
  limits.max_insns = 5;
  lift(std::vector<uint32_t>(20, kNop), kPc, limits);
  EXPECT_EQ(region_.num_insns, 5u);
  limits.max_insns = 64;
  limits.max_exits = 1;
  lift({0xb4000140 /* cbz x0, .+40 */, 0xb4000120, kNop, kRet}, kPc, limits);
  EXPECT_EQ(region_.num_insns, 2u);
}

TEST_F(Lifted, FlagsDieAtExitsThatOverwriteThem) {
  // cmp; b.eq L; ret; L: mov x2, x3; cmp; ret
  lift({kCmp, 0x54000040, kRet, 0xaa0303e2, kCmp, kRet});
  ASSERT_EQ(exits().size(), 2u);
  ASSERT_EQ(aux(exits()[1]).dead_index, 1);
  EXPECT_EQ(region_.dead_at_exit[0], std::vector<ir::SlotId>{kSlotNzcv});
  EXPECT_EQ(region_.ranges.back().start, kPc + 12);
  EXPECT_EQ(region_.ranges.back().bytes, 8u);
  // A load in between may fault: the flags must be right there.
  lift({kCmp, 0x54000040, kRet, 0xf9400062, kCmp, kRet});
  EXPECT_EQ(aux(exits()[1]).dead_index, 0);
}

TEST_F(Lifted, CallsAndReturnsAreMarked) {
  lift({0x94000004});
  ASSERT_EQ(exits().size(), 1u);
  EXPECT_EQ(aux(exits()[0]).kind, ir::JumpKind::kCall);
  EXPECT_TRUE(aux(exits()[0]).poll);
  lift({kRet});
  EXPECT_EQ(aux(exits()[0]).kind, ir::JumpKind::kReturn);
  lift({0xd63f0000});
  EXPECT_EQ(aux(exits()[0]).kind, ir::JumpKind::kCall);
}

TEST_F(Lifted, LinkIsReadBeforeItIsWritten) {
  state_.reset();
  state_.x30 = 0x1234;
  lift({0xd63f03c0});  // blr x30
  EXPECT_EQ(run().reason, tcg::Exit::kLookup);
  EXPECT_EQ(state_.pc, 0x1234u);
  EXPECT_EQ(state_.x30, kPc + 4);
}

TEST_F(Lifted, FetchFaults) {
  lift({}, kPc);
  EXPECT_EQ(run().reason, tcg::Exit::kRaise);
  EXPECT_EQ(state_.hdr.exit_code, tcg::kRaiseFetch);
  lift({kNop});
  EXPECT_EQ(run().reason, tcg::Exit::kLookup);
  EXPECT_EQ(state_.pc, kPc + 4);
}

TEST_F(Lifted, OddProgramCounters) {
  lift({kNop}, kPc + 2);
  EXPECT_EQ(run().reason, tcg::Exit::kRaise);
  EXPECT_EQ(state_.hdr.exit_code, kRaisePcAlignment);
  EXPECT_EQ(state_.hdr.exit_value, kPc + 2);
  lift({kNop}, kPc | uint64_t{0x5a} << 56);
  EXPECT_EQ(run().reason, tcg::Exit::kLookup);
  EXPECT_EQ(state_.pc, kPc);
}

TEST_F(Lifted, Traps) {
  lift({kNop, 0xd4000541});  // svc #42
  EXPECT_EQ(run().reason, tcg::Exit::kSyscall);
  EXPECT_EQ(state_.hdr.exit_code, 42u);
  EXPECT_EQ(state_.pc, kPc + 8);
  lift({0xd4207d00});  // brk #1000
  EXPECT_EQ(run().reason, tcg::Exit::kRaise);
  EXPECT_EQ(state_.hdr.exit_code, kRaiseBreakpoint);
  EXPECT_EQ(state_.hdr.exit_value, 1000u);
  EXPECT_EQ(state_.pc, kPc);
  // udf; hlt; eret; msr daifset, #1; mrs x0, sctlr_el1; a word that is nothing
  for (uint32_t word : {0x00000007u, 0xd4400000u, 0xd69f03e0u, 0xd50341dfu, 0xd5381000u, 0xffffffffu}) {
    lift({word});
    EXPECT_EQ(run().reason, tcg::Exit::kRaise) << std::hex << word;
    EXPECT_EQ(state_.hdr.exit_code, kRaiseUndefined) << std::hex << word;
    EXPECT_EQ(state_.hdr.exit_value, word);
    EXPECT_EQ(state_.pc, kPc);
  }
  state_.x(7) = 0x7000;
  lift({0xd50b7527});  // ic ivau, x7
  EXPECT_EQ(run().reason, tcg::Exit::kRaise);
  EXPECT_EQ(state_.hdr.exit_code, kRaiseCodeChanged);
  EXPECT_EQ(state_.hdr.exit_value, 0x7000u);
  EXPECT_EQ(state_.pc, kPc + 4);
}

TEST_F(Lifted, ClearsOneBlock) {
  alignas(64) uint8_t memory[192];
  memset(memory, 0xff, sizeof memory);
  state_.reset();
  state_.x(3) = reinterpret_cast<uint64_t>(memory) + 64 + 17;
  lift({0xd50b7423, kRet});  // dc zva, x3
  EXPECT_EQ(run().reason, tcg::Exit::kLookup);
  for (unsigned i = 0; i < sizeof memory; ++i) EXPECT_EQ(memory[i], i / 64 == 1 ? 0 : 0xff) << i;
}

// What a process reads in a system register (MRS x0, …).
uint64_t read_register(const Model& m, uint32_t mrs, bool* undefined) {
  const Arm64Guest guest(m);
  Words code({mrs});
  ir::Region region;
  ir::BlockKey key;
  key.pc = kPc;
  ir::Builder b(&region, guest.layout(), key);
  guest.lift(b, code, {});
  Arm64State s;
  s.reset();
  tcg::FlatInterpMemory memory;
  *undefined = tcg::Interpreter(memory).run(region, &s).reason == tcg::Exit::kRaise;
  return s.x0;
}

TEST(Models, RegistersAgreeWithHwcaps) {
  struct Field {
    uint32_t mrs;
    unsigned lsb, at_least;
    bool second;
    unsigned bit;
  };
  constexpr uint32_t kIsar0 = 0xd5380600, kIsar1 = 0xd5380620, kPfr0 = 0xd5380400;
  static constexpr Field kFields[] = {
      {kIsar0, 4, 1, false, 3},   {kIsar0, 4, 2, false, 4},   {kIsar0, 8, 1, false, 5},
      {kIsar0, 12, 1, false, 6},  {kIsar0, 12, 2, false, 21}, {kIsar0, 16, 1, false, 7},
      {kIsar0, 20, 2, false, 8},  {kIsar0, 28, 1, false, 12}, {kIsar0, 32, 1, false, 17},
      {kIsar0, 44, 1, false, 20}, {kIsar0, 48, 1, false, 23}, {kIsar0, 52, 1, false, 27},
      {kIsar0, 52, 2, true, 7},   {kIsar1, 0, 1, false, 16},  {kIsar1, 0, 2, true, 0},
      {kIsar1, 12, 1, false, 13}, {kIsar1, 16, 1, false, 14}, {kIsar1, 20, 1, false, 15},
      {kIsar1, 20, 2, false, 26}, {kIsar1, 32, 1, true, 8},   {kIsar1, 36, 1, false, 29},
      {kIsar1, 44, 1, true, 14},  {kIsar1, 52, 1, true, 13},  {kPfr0, 16, 1, false, 9},
      {kPfr0, 20, 1, false, 10}};
  for (const Model& m : models()) {
    bool undefined;
    for (const Field& f : kFields) {
      const bool has = (read_register(m, f.mrs, &undefined) >> f.lsb & 15) >= f.at_least;
      EXPECT_FALSE(undefined);
      EXPECT_EQ(has, ((f.second ? m.hwcap2 : m.hwcap) >> f.bit & 1) != 0) << m.name << " field at " << f.lsb;
    }
    EXPECT_EQ(read_register(m, 0xd5380000, &undefined), m.midr);
    EXPECT_EQ(read_register(m, 0xd53b0020, &undefined), m.ctr);
    EXPECT_EQ(read_register(m, 0xd53b00e0, &undefined), kDczid);
    read_register(m, 0xd5380020, &undefined);  // an unnamed one of CRm 0
    EXPECT_TRUE(undefined);
  }
}

TEST(Models, Names) {
  for (const char* name : {"cortex-a53", "cortex-a57", "cortex-a72", "neoverse-n1", "max"}) {
    ASSERT_NE(find_model(name), nullptr) << name;
    EXPECT_EQ(find_model(name)->name, name);
  }
  EXPECT_EQ(find_model("cortex"), nullptr);
  EXPECT_EQ(make_arm64_guest("none"), nullptr);
  EXPECT_EQ(cpuinfo_features(*find_model("cortex-a53")), "fp asimd aes pmull sha1 sha2 crc32 cpuid");
}

TEST(State, SaturationIsPartOfFpsr) {
  Arm64State s;
  s.reset();
  EXPECT_EQ(s.fpsr_value(), 0u);
  s.qc.d[1] = 4;
  EXPECT_EQ(s.fpsr_value(), 1u << 27);
  s.set_fpsr(1);
  EXPECT_EQ(s.fpsr_value(), 1u);
}

TEST(State, FlagsRoundTrip) {
  Arm64State s;
  for (uint32_t i = 0; i < 16; ++i) {
    s.set_nzcv_bits(i << 28);
    EXPECT_EQ(s.nzcv_bits(), i << 28);
  }
}

}  // namespace
}  // namespace xarch::arm
