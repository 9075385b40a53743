// Half precision, which is computed in wider formats and rounded twice: operands chosen so that sums,
// products and quotients lie next to numbers of half precision, to the middle between two and to the smallest
// normal one; each operation, in each rounding mode, with what flags it raises. Emitted code against the
// interpreter.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tcg/fpu/fpu.h"
#include "tcg/ir/builder.h"
#include "tcg/ir/text.h"
#include "tests/support/random_ir.h"
#include "tests/support/region_runner.h"
#include "tests/support/rng.h"

namespace xarch {
namespace {

using ir::Op;
using ir::Type;
using ir::Value;
using test::RandomState;
using test::Rng;

// The last two: a double to half precision, singles to bfloat16.
constexpr Op kOps[] = {Op::kFAdd, Op::kFSub, Op::kFMul, Op::kFDiv, Op::kFSqrt,
                       Op::kFFma, Op::kFFma, Op::kFFma, Op::kFCvt, Op::kFToBf16};
bool narrows(Op op) { return op == Op::kFCvt || op == Op::kFToBf16; }

// q3 := op(q0, q1, q2) on eight lanes, or on the lowest alone.
void make(Op op, bool scalar, ir::Region* region) {
  ir::Builder b(region, test::random_layout(), ir::BlockKey{});
  const auto operand = [&](const char* name) {
    const Value v = b.get(test::random_slot(name));
    return scalar ? b.flow(Type::kF32, v) : v;
  };
  b.insn(0);
  if (narrows(op)) {
    const Value v = b.get(test::random_slot("q0"));
    const Value r = op == Op::kFToBf16 ? b.fto_bf16(v) : b.fcvt(Type::kV64, 1, b.flow(Type::kF64, v), 3);
    b.put(test::random_slot("q3"), b.vpair(r, b.vconst(Type::kV64, 0)));
    b.goto_pc(4, {});
    return b.finish();
  }
  const Value n = operand("q0"), m = operand("q1"), a = operand("q2");
  const Value r = op == Op::kFFma    ? b.ffma(n, m, a, 1)
                  : op == Op::kFSqrt ? b.funary(op, n, 1)
                                     : b.fbinary(op, n, m, 1);
  b.put(test::random_slot("q3"), scalar ? b.fwiden(Type::kV128, r) : r);
  b.goto_pc(4, {});
  b.finish();
}

double number(uint16_t v) {
  fpu::Env quiet;
  const uint64_t bits = fpu::convert<fpu::F64, fpu::F16>(quiet, v);
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}
uint16_t nearest(double d) {
  fpu::Env quiet;
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  return fpu::convert<fpu::F16, fpu::F64>(quiet, bits);
}

uint16_t some(Rng& rng) {
  constexpr uint16_t kFractions[] = {0, 1, 2, 0x1ff, 0x200, 0x201, 0x3fd, 0x3fe, 0x3ff};
  const auto fraction = static_cast<uint16_t>(rng.one_in(2) ? rng.below(1024) : kFractions[rng.below(9)]);
  return static_cast<uint16_t>(rng.below(2) << 15 | rng.below(31) << 10 | fraction);
}

// Operands of which the result is of interest.
void choose(Rng& rng, Op op, uint16_t v[3]) {
  v[0] = some(rng), v[1] = some(rng), v[2] = some(rng);
  if (rng.one_in(3)) return;
  const double scale = std::ldexp(rng.one_in(2) ? 1 : -1, static_cast<int>(rng.below(40)) - 20);
  // Next to the smallest normal number, to half of the smallest one or to the largest.
  constexpr double kGoals[] = {0x1p-14, 0x1p-24, 0x1p-25, 65504, 65520};
  const double goal = kGoals[rng.below(5)];
  switch (op) {
    case Op::kFMul: v[1] = nearest(goal / number(v[0])); break;
    case Op::kFDiv: v[1] = nearest(number(v[0]) / goal); break;
    case Op::kFFma:
      // Cancels all but a little of the product, or decides about its rounding, or it about the sum's.
      v[2] = nearest(-number(v[0]) * number(v[1]) * (rng.one_in(2) ? 1 : scale));
      if (rng.one_in(4)) v[1] = nearest((goal - number(v[2])) / number(v[0]));
      break;
    default: v[1] = nearest(number(v[0]) * scale);
  }
  v[rng.below(2) + 1] = static_cast<uint16_t>(v[rng.below(2) + 1] + rng.below(3) - 1);
}

// What is narrowed lies on a number of the narrower format or in the middle between two, or next to it.
void choose_wide(Rng& rng, Op op, uint64_t v[2]) {
  if (op == Op::kFCvt) {
    const uint16_t h = some(rng);
    const double low = number(h), high = number(static_cast<uint16_t>(h + 1));
    const double d = rng.one_in(2) ? low : (low + high) / 2;
    memcpy(v, &d, sizeof d);
    v[0] += (uint64_t{rng.below(3)} - 1) << (rng.one_in(2) ? 0 : rng.below(42));
    return;
  }
  constexpr uint32_t kLow[] = {0, 0x8000, 0x7fff, 0x8001, 1, 0xffff};
  for (unsigned k = 0; k < 2; ++k) {
    const auto next = [&] { return rng.below(0x10000) << 16 | kLow[rng.below(6)]; };
    v[k] = uint64_t{next()} << 32;
    v[k] |= next();
  }
}

uint32_t flags_of(const RandomState& s) {
  return (s.hdr.fp_sticky() & ~uint32_t{fpu::kDenormal}) | (s.hdr.fp_flags & uint32_t{fpu::kDenormal});
}

void compare(bool exact, uint64_t count) {
  const uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  if (getenv("XARCH_COUNT")) count = strtoull(getenv("XARCH_COUNT"), nullptr, 0);
  printf("seed %lu, %lu regions\n", seed, count);
  testing::RegionRunner runner(test::random_layout(), 0, false,
                               exact ? fpu::kArmRules : testing::kRunnerFpRules);
  Rng rng(seed);
  ir::Region region;
  alignas(64) static RandomState a, b;
  for (uint64_t i = 0; i < count; ++i) {
    const Op op = kOps[rng.below(10)];
    const bool scalar = rng.one_in(3);
    make(op, scalar, &region);
    const bool flush = exact && rng.one_in(4);
    if (exact) {
      region.fp_checks =
          static_cast<uint8_t>(ir::kFpCheckTiny | (flush ? ir::kFpCheckFlush | ir::kFpCheckNan : 0));
    }
    memset(static_cast<void*>(a.q), 0, sizeof a.q);
    for (unsigned lane = 0; lane < 8; ++lane) {
      uint16_t v[3];
      choose(rng, op, v);
      for (unsigned k = 0; k < 3; ++k) memcpy(reinterpret_cast<char*>(a.q[k]) + 2 * lane, &v[k], 2);
    }
    if (narrows(op)) choose_wide(rng, op, a.q[0]);
    const uint32_t rounding = rng.below(4);
    for (RandomState* s : {&a, &b}) {
      s->hdr.event.store(0, std::memory_order_relaxed);
      s->hdr.fp_control = flush ? tcg::kFpFlush : 0;
      s->hdr.fp_flags = 0;
      s->hdr.guest_mxcsr = flush ? tcg::flushing_mxcsr(tcg::kGuestMxcsr, 0) : uint32_t{tcg::kGuestMxcsr};
      s->hdr.set_fp_rounding(rounding);
    }
    memcpy(b.q, a.q, sizeof a.q);
    runner.interpret(region, &a.hdr);
    ASSERT_TRUE(runner.emit_and_run(region, &b.hdr).compiled);
    ASSERT_TRUE(memcmp(a.q[3], b.q[3], 16) == 0 && flags_of(a) == flags_of(b))
        << "region " << i << ", rounding " << rounding << ", flush " << flush << std::hex << "\noperands "
        << a.q[0][0] << " " << a.q[0][1] << ", " << a.q[1][0] << " " << a.q[1][1] << ", " << a.q[2][0] << " "
        << a.q[2][1] << "\ninterpreted " << a.q[3][0] << " " << a.q[3][1] << ", flags " << flags_of(a)
        << "\nemitted     " << b.q[3][0] << " " << b.q[3][1] << ", flags " << flags_of(b) << "\n"
        << ir::print(region);
  }
}

TEST(HalfPrecision, RoundedOnce) { compare(false, 50000); }
TEST(HalfPrecision, RoundedOnceWithExactFlags) { compare(true, 50000); }

}  // namespace
}  // namespace xarch
