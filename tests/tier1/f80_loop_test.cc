// Regions that jump back to their own start with slots of f80 that live on the host's stack across rounds,
// and with loose slots that wait until an event: emitted code against the interpreter.
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
constexpr uint64_t kStart = 0x400000;

struct Slots {
  ir::SlotId f[kSlotCount], mm0, x5, x6, x7, up, flags;
};

Slots slots() {
  Slots s{};
  for (unsigned n = 0; n < kSlotCount; ++n) s.f[n] = test::random_slot("f" + std::to_string(n));
  s.mm0 = test::random_slot("mm0");
  s.x5 = test::random_slot("x5");
  s.x6 = test::random_slot("x6");
  s.x7 = test::random_slot("x7");
  s.up = test::random_slot("f80_up");
  s.flags = test::random_slot("flags");
  return s;
}

// What a round does: moves, exchanges and sums of slots of f80, comparisons, and how some of it was rounded.
class Body {
 public:
  Body(test::Rng& rng, ir::Builder& b, const Slots& s) : rng_(rng), b_(b), s_(s) {}

  void steps(unsigned n) {
    while (n-- > 0) step();
    if (rounded_ && rng_.one_in(2)) b_.f80_note(rounded_);
    if (!rounded_ && rng_.one_in(3)) b_.put(s_.up, b_.iconst(Type::kI16, rng_.below(2) * 0x200));
    rounded_ = {};
  }

 private:
  ir::SlotId any() { return s_.f[rng_.below(kSlotCount)]; }

  void step() {
    constexpr Op kOps[] = {Op::kF80Add, Op::kF80Mul, Op::kF80Sub, Op::kF80SubR, Op::kF80Div, Op::kF80DivR};
    const ir::SlotId to = any(), from = any();
    const Value a = b_.get(any()), v = b_.get(from);
    switch (rng_.below(9)) {
      case 0: b_.put(to, v); break;
      case 1: b_.put(to, v), b_.put(from, a); break;
      case 2: b_.put(to, b_.f80_const(ir::F80Constant::kPi)); break;
      case 3:
        if (rng_.one_in(3)) b_.f80_drop(from);
        b_.put(to, b_.f80(Op::kF80Neg, v));
        break;
      case 4: b_.put(s_.flags, b_.f80_cmp(a, v, true)); break;
      case 5:
        if (rng_.one_in(4)) b_.put(s_.mm0, b_.vconst(Type::kV64, rng_.next()));
        break;
      default:
        if (rng_.one_in(3)) b_.f80_drop(from);
        rounded_ = b_.f80(kOps[rng_.below(6)], a, v);
        b_.put(to, rounded_);
    }
  }

  test::Rng& rng_;
  ir::Builder& b_;
  const Slots& s_;
  Value rounded_;
};

// x5 counts down; a side exit when bit 3 of x6 shows up; another one unless x7 is 7, which a round may
// change.
void make_loop(test::Rng& rng, ir::Region* region) {
  static const Slots s = slots();
  ir::BlockKey key;
  key.pc = kStart;
  ir::Builder b(region, test::random_layout(), key);
  Body body(rng, b, s);
  ir::ExitAux back, out;
  back.poll = true;
  b.insn(0);
  const auto leave_if = [&](Value condition, int64_t to) {
    const ir::BlockId leave = b.new_block(), stay = b.new_block();
    b.cond_br(condition, leave, stay);
    b.start_block(leave);
    b.goto_pc(to, out);
    b.start_block(stay);
  };
  if (rng.one_in(4)) body.steps(rng.below(4));
  leave_if(b.cmp(ir::Cond::kNe, b.get(s.x7), b.i64(7)), 72);
  b.insn(4);
  body.steps(rng.below(5));
  if (rng.below(2)) {
    b.put(s.x7, b.i64(rng.one_in(4) ? 8 : 7));
    b.put(s.x6, b.add(b.get(s.x6), int64_t{1}));
    leave_if(b.test_nz(b.get(s.x6), b.i64(8)), 64);
    b.insn(8);
    body.steps(rng.below(4));
  }
  if (rng.below(3) == 0) {  // two ways that meet again
    const ir::BlockId one = b.new_block(), other = b.new_block(), join = b.new_block();
    b.cond_br(b.test_nz(b.get(s.x6), b.i64(1)), one, other);
    b.start_block(one);
    b.insn(12);
    body.steps(rng.below(3));
    b.br(join);
    b.start_block(other);
    b.insn(16);
    body.steps(rng.below(3));
    b.br(join);
    b.start_block(join);
  }
  b.insn(20);
  body.steps(1 + rng.below(6));
  if (rng.one_in(4)) b.put(s.x7, b.i64(rng.one_in(4) ? 8 : 7));
  const Value left = b.add(b.get(s.x5), int64_t{-1});
  b.put(s.x5, left);
  const ir::BlockId again = b.new_block(), done = b.new_block();
  b.cond_br(b.cmp(ir::Cond::kNe, left, b.i64(0)), again, done);
  b.start_block(again);
  b.goto_pc(0, back);
  b.start_block(done);
  b.goto_pc(24, out);
  b.finish();
}

TEST(Tier1, LoopsKeepExtendedNumbersAcrossRounds) {
  const uint64_t first = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  printf("seed %lu\n", first);
  testing::RegionRunner runner(test::random_layout());
  alignas(64) static RandomState a, b;
  ir::Region region;
  for (uint64_t seed = first; seed < first + 10000; ++seed) {
    test::Rng rng(seed);
    make_loop(rng, &region);
    test::random_state(seed, &a);
    a.x[5] = 1 + rng.below(6);
    a.x[6] = rng.below(16);
    a.x[7] = 7;
    a.hdr.event = rng.below(8) == 0;
    ASSERT_NO_FATAL_FAILURE(compare_rounds(runner, region, &a, &b)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace xarch
