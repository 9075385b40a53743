// Regions that jump back to their own start, round after round, with vector slots that live across rounds:
// emitted code against the interpreter.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tcg/ir/builder.h"
#include "tcg/ir/text.h"
#include "tests/support/random_fp.h"
#include "tests/support/random_ir.h"
#include "tests/support/region_runner.h"
#include "tests/support/rng.h"
#include "tests/tier1/rounds.h"

namespace xarch {
namespace {

using ir::Op;
using ir::Type;
using ir::Value;
using test::RandomState;

constexpr unsigned kSlotCount = 4;

struct Slots {
  ir::SlotId q[kSlotCount], x5, x6;
};

Slots slots() {
  Slots s{};
  for (unsigned n = 0; n < kSlotCount; ++n) s.q[n] = test::random_slot("q" + std::to_string(n));
  s.x5 = test::random_slot("x5");
  s.x6 = test::random_slot("x6");
  return s;
}

// A step on scalars in the slots' lowest lanes, or on lanes of them; zeros come above a scalar.
void fp_step(test::Rng& rng, ir::Builder& b, ir::SlotId to, Value a, Value c) {
  constexpr Op kOps[] = {Op::kFAdd, Op::kFSub, Op::kFMul, Op::kFMin, Op::kFCmpGt};
  const unsigned lane = rng.one_in(3) ? 2 : 3;
  const Type t = lane == 2 ? Type::kF32 : Type::kF64;
  const Op op = kOps[rng.below(5)];
  const Value x = b.flow(t, a), y = b.flow(t, c);
  switch (rng.below(8)) {
    case 0: return b.put(to, b.fwiden(Type::kV128, x));
    case 1: return b.put(to, b.fbinary(op, a, c, lane));
    case 2: return b.put(to, b.fwiden(Type::kV128, b.ffma(x, y, b.funary(Op::kFNeg, x))));
    case 3: return b.put(to, b.fwiden(Type::kV128, b.fcvt(Type::kF32, 2, b.flow(Type::kF64, a), 3)));
    default: return b.put(to, b.fwiden(Type::kV128, b.fbinary(op, x, y)));
  }
}

// A body of random moves and sums between the slots; x5 counts down; a side exit when bit 3 of x6 shows up.
void make_loop(test::Rng& rng, bool fp, ir::Region* region) {
  static const Slots s = slots();
  ir::BlockKey key;
  key.pc = 0x400000;
  ir::Builder b(region, test::random_layout(), key);
  const auto steps = [&](unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
      const ir::SlotId to = s.q[rng.below(kSlotCount)];
      const Value a = b.get(s.q[rng.below(kSlotCount)]), c = b.get(s.q[rng.below(kSlotCount)]);
      if (fp && !rng.one_in(6)) {
        fp_step(rng, b, to, a, c);
        continue;
      }
      switch (rng.below(4)) {
        case 0: b.put(to, a); break;
        case 1: b.put(to, b.vpair(b.vconvert(Op::kVHi, Type::kV64, a), b.vconst(Type::kV64, 7))); break;
        default: b.put(to, b.vbinary(rng.below(2) ? Op::kVAdd : Op::kVXor, a, c, rng.below(4))); break;
      }
    }
  };
  ir::ExitAux back, out;
  back.poll = true;
  b.insn(0);
  steps(rng.below(5));
  if (rng.below(2)) {
    const ir::BlockId leave = b.new_block(), stay = b.new_block();
    b.put(s.x6, b.add(b.get(s.x6), int64_t{1}));
    b.cond_br(b.test_nz(b.get(s.x6), b.i64(8)), leave, stay);
    b.start_block(leave);
    b.goto_pc(64, out);
    b.start_block(stay);
    b.insn(4);
    steps(rng.below(4));
  }
  b.insn(8);
  steps(1 + rng.below(4));
  const Value left = b.add(b.get(s.x5), int64_t{-1});
  b.put(s.x5, left);
  const ir::BlockId again = b.new_block(), done = b.new_block();
  b.cond_br(b.cmp(ir::Cond::kNe, left, b.i64(0)), again, done);
  b.start_block(again);
  b.goto_pc(0, back);
  b.start_block(done);
  b.goto_pc(12, out);
  b.finish();
}

void compare_loops(bool fp, bool baseline) {
  const uint64_t first = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  printf("seed %lu\n", first);
  testing::RegionRunner runner(test::random_layout(), 0, baseline);
  alignas(64) static RandomState a, b;
  ir::Region region;
  for (uint64_t seed = first; seed < first + 4000; ++seed) {
    test::Rng rng(seed);
    make_loop(rng, fp, &region);
    test::random_state(seed, &a);
    for (auto& q : a.q) {
      for (uint64_t& w : q) w = fp ? test::random_fp_bits(rng) : w;
    }
    a.hdr.set_fp_sticky(0);
    a.x[5] = 1 + rng.below(6);
    a.x[6] = rng.below(16);
    a.hdr.event = rng.below(8) == 0;
    ASSERT_NO_FATAL_FAILURE(compare_rounds(runner, region, &a, &b)) << "seed " << seed;
    constexpr uint32_t kFlags = ~uint32_t{fpu::kDenormal};
    ASSERT_TRUE(!fp || ((a.hdr.fp_sticky() ^ b.hdr.fp_sticky()) & kFlags) == 0) << "seed " << seed;
  }
}

TEST(Tier1, LoopsKeepVectorsAcrossRounds) { compare_loops(false, false); }
TEST(Tier1, LoopsKeepNumbersAcrossRounds) { compare_loops(true, false); }
TEST(Tier1, LoopsKeepNumbersOnTheBaseline) { compare_loops(true, true); }

}  // namespace
}  // namespace xarch
