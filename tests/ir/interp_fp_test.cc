// What the floating-point ops mean, by examples; the arithmetic itself is tests/fpu's matter.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/ir/one_op.h"

namespace xarch::test {
namespace {

using ir::Op;
using ir::Type;

constexpr uint64_t kInf = 0x7ff0000000000000, kNan = 0x7ff8000000000000, kSignalling = 0x7ff0000000000001;

uint64_t f64(double v) {
  uint64_t r;
  std::memcpy(&r, &v, 8);
  return r;
}
uint32_t f32(float v) {
  uint32_t r;
  std::memcpy(&r, &v, 4);
  return r;
}
uint64_t pair(float low, float high) { return f32(low) | uint64_t{f32(high)} << 32; }

TEST(InterpFp, Arithmetic) {
  OneOp one;
  const auto two = [&](Op op, double a, double b) {
    return one.run(op, Type::kF64, {{Type::kF64, {f64(a)}}, {Type::kF64, {f64(b)}}}, 3).lo;
  };
  EXPECT_EQ(two(Op::kFAdd, 1.5, 2), f64(3.5));
  EXPECT_EQ(two(Op::kFSub, 1.5, 2), f64(-0.5));
  EXPECT_EQ(two(Op::kFMul, 1.5, 2), f64(3));
  EXPECT_EQ(two(Op::kFDiv, 1.5, 2), f64(0.75));
  EXPECT_EQ(two(Op::kFMin, 0.0, -0.0), f64(-0.0));
  EXPECT_EQ(two(Op::kFMax, -0.0, 0.0), f64(0.0));
  EXPECT_EQ(two(Op::kFCmpGt, 2, 1), ~uint64_t{0});
  EXPECT_EQ(two(Op::kFCmpGe, 1, 1), ~uint64_t{0});
  EXPECT_EQ(two(Op::kFCmpEq, 1, 2), 0u);
  const Wide r = one.run(Op::kFFma, Type::kF64,
                         {{Type::kF64, {f64(2)}}, {Type::kF64, {f64(3)}}, {Type::kF64, {f64(10)}}}, 3);
  EXPECT_EQ(r.lo, f64(16)) << "the third operand is the addend";
  const Wide lanes =
      one.run(Op::kFAdd, Type::kV128,
              {{Type::kV128, {pair(1, 2), pair(3, 4)}}, {Type::kV128, {pair(5, 6), pair(7, 8)}}}, 2);
  EXPECT_EQ(lanes, (Wide{pair(6, 8), pair(10, 12)}));
}

TEST(InterpFp, Nans) {
  OneOp one;
  const auto two = [&](Op op, uint64_t a, uint64_t b) {
    return one.run(op, Type::kF64, {{Type::kF64, {a}}, {Type::kF64, {b}}}, 3).lo;
  };
  EXPECT_EQ(two(Op::kFMin, kNan, f64(1)), kNan);
  EXPECT_EQ(two(Op::kFMinNum, kNan, f64(1)), f64(1));
  EXPECT_EQ(two(Op::kFMaxNum, f64(1), kNan), f64(1));
  EXPECT_EQ(two(Op::kFAdd, kNan | 5, kSignalling), kSignalling | 0x0008000000000000)
      << "signalling ones first";
  EXPECT_EQ(one.run(Op::kFNeg, Type::kF64, {{Type::kF64, {kSignalling}}}, 3).lo,
            kSignalling | uint64_t{1} << 63);
}

TEST(InterpFp, FlagsOfComparisons) {
  OneOp one;
  const auto flags = [&](uint64_t a, uint64_t b) {
    return one.run(Op::kFlagsFcmp, Type::kFlags, {{Type::kF64, {a}}, {Type::kF64, {b}}}, 3).lo;
  };
  EXPECT_EQ(flags(f64(1), f64(2)), uint64_t{ir::kFlagN});
  EXPECT_EQ(flags(f64(2), f64(2)), uint64_t{ir::kFlagZ} | ir::kFlagC);
  EXPECT_EQ(flags(f64(3), f64(2)), uint64_t{ir::kFlagC});
  EXPECT_EQ(flags(f64(3), kNan), uint64_t{ir::kFlagC} | ir::kFlagV);
}

TEST(InterpFp, Integers) {
  OneOp one;
  const auto to = [&](Type t, double v, int64_t imm) {
    return one.run(Op::kFToInt, t, {{Type::kF64, {f64(v)}}}, 3, imm).lo;
  };
  EXPECT_EQ(to(Type::kI32, -1.5, 3), 0xffffffffu) << "towards zero";
  EXPECT_EQ(to(Type::kI64, -1.5, 2), ~uint64_t{1}) << "down";
  EXPECT_EQ(to(Type::kI64, 2.5, 0), 2u) << "to even";
  EXPECT_EQ(to(Type::kI64, 2.5, 4), 3u) << "away from zero";
  EXPECT_EQ(to(Type::kI32, 1e10, 3), 0x7fffffffu);
  EXPECT_EQ(to(Type::kI32, -1e10, 3 | ir::kFpUnsigned), 0u);
  EXPECT_EQ(to(Type::kI32, 3e9, 3 | ir::kFpUnsigned), 3000000000u);
  EXPECT_EQ(one.run(Op::kFToInt, Type::kI64, {{Type::kF64, {kNan}}}, 3, 3).lo, 0u);
  EXPECT_EQ(one.run(Op::kFToInt, Type::kI64, {{Type::kF64, {kInf}}}, 3, 3).lo, 0x7fffffffffffffffu);
  EXPECT_EQ(one.run(Op::kFFromInt, Type::kF64, {{Type::kI32, {0xffffffff}}}, 3).lo, f64(-1));
  EXPECT_EQ(one.run(Op::kFFromInt, Type::kF64, {{Type::kI32, {0xffffffff}}}, 3, ir::kFpUnsigned).lo,
            f64(4294967295.0));
  EXPECT_EQ(one.run(Op::kFRound, Type::kF64, {{Type::kF64, {f64(-2.5)}}}, 3, 1).lo, f64(-2)) << "up";
}

TEST(InterpFp, AsX86Has) {
  OneOp one;
  const auto two = [&](Op op, uint64_t a, uint64_t b, int64_t imm = 0) {
    return one.run(op, Type::kF64, {{Type::kF64, {a}}, {Type::kF64, {b}}}, 3, imm).lo;
  };
  EXPECT_EQ(two(Op::kFMinFirst, f64(0.0), f64(-0.0)), f64(-0.0)) << "the second of two zeros";
  EXPECT_EQ(two(Op::kFMaxFirst, kSignalling, f64(1)), f64(1)) << "the second beside a NaN";
  EXPECT_EQ(two(Op::kFMaxFirst, f64(1), kSignalling), kSignalling) << "as it is";
  EXPECT_EQ(two(Op::kFMinFirst, f64(1), f64(2)), f64(1));
  EXPECT_EQ(two(Op::kFCmp, f64(1), f64(2), ir::kFpLess | ir::kFpGreater), ~uint64_t{0});
  EXPECT_EQ(two(Op::kFCmp, f64(1), f64(1), ir::kFpLess | ir::kFpGreater), 0u);
  EXPECT_EQ(two(Op::kFCmp, f64(1), kNan, ir::kFpUnordered), ~uint64_t{0});
  const auto flags = [&](uint64_t a, uint64_t b) {
    return one.run(Op::kFlagsFcmp, Type::kFlags, {{Type::kF64, {a}}, {Type::kF64, {b}}}, 3, ir::kFpHostFlags)
               .lo &
           ir::kFlagsDefined;
  };
  EXPECT_EQ(flags(f64(1), f64(2)), uint64_t{ir::kFlagC});
  EXPECT_EQ(flags(f64(2), f64(2)), uint64_t{ir::kFlagZ});
  EXPECT_EQ(flags(f64(3), f64(2)), 0u);
  EXPECT_EQ(flags(f64(3), kNan), uint64_t{ir::kFlagC | ir::kFlagZ | ir::kFlagP});
  const auto fused = [&](uint64_t a, int64_t imm) {
    return one
        .run(Op::kFFma, Type::kF64, {{Type::kF64, {a}}, {Type::kF64, {f64(3)}}, {Type::kF64, {f64(10)}}}, 3,
             imm)
        .lo;
  };
  EXPECT_EQ(fused(f64(2), 1), f64(4));
  EXPECT_EQ(fused(f64(2), 2), f64(-4));
  EXPECT_EQ(fused(kNan, 3), kNan) << "NaNs keep their sign";
  EXPECT_EQ(one.run(Op::kFToInt, Type::kV64, {{Type::kV128, {f64(-1.5), f64(7)}}}, 3, 3).lo,
            0x00000007ffffffffu);
  EXPECT_EQ(one.run(Op::kFFromInt, Type::kV128, {{Type::kV64, {0x00000007ffffffff}}}, 3),
            (Wide{f64(-1), f64(7)}));
  EXPECT_EQ(one.run(Op::kFInsert, Type::kV128, {{Type::kV128, {pair(1, 2), 3}}, {Type::kF32, {f32(9)}}}, 2),
            (Wide{pair(9, 2), 3}));
  const int64_t up = 2 | (1 + static_cast<int64_t>(ir::FpRound::kUp)) << ir::kFpRoundShift;
  EXPECT_EQ(one.run(Op::kFCvt, Type::kV64, {{Type::kV128, {pair(1.0001f, 1), pair(1, 1)}}}, 1, up).lo,
            0x3c003c003c003c01u);
}

TEST(InterpFp, FormatsAndLanes) {
  OneOp one;
  EXPECT_EQ(one.run(Op::kFCvt, Type::kF32, {{Type::kF64, {f64(1.5)}}}, 2, 3).lo, f32(1.5f));
  EXPECT_EQ(one.run(Op::kFCvt, Type::kV128, {{Type::kV64, {pair(1, 2)}}}, 3, 2), (Wide{f64(1), f64(2)}));
  EXPECT_EQ(one.run(Op::kFCvt, Type::kV64, {{Type::kV128, {f64(1), f64(2)}}}, 2, 3).lo, pair(1, 2));
  EXPECT_EQ(one.run(Op::kFCvt, Type::kF32, {{Type::kV128, {0x40003e00, 1}}}, 2, 1).lo, f32(1.5f));
  EXPECT_EQ(one.run(Op::kFCvt, Type::kV128, {{Type::kF32, {f32(1.5f)}}}, 1, 2), (Wide{0x3e00, 0}));
  EXPECT_EQ(one.run(Op::kFWiden, Type::kV128, {{Type::kF32, {f32(2)}}}, 2), (Wide{f32(2), 0}));
  EXPECT_EQ(one.run(Op::kFLow, Type::kF32, {{Type::kV128, {pair(1, 2), 3}}}, 2).lo, f32(1));
}

}  // namespace
}  // namespace xarch::test
