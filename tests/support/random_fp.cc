#include "tests/support/random_fp.h"

#include <cstring>
#include <iterator>

namespace xarch::test {

using ir::Op;
using ir::Type;

namespace {

constexpr uint32_t kSpecial32[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x3fc00000,
                                   0x40200000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345,
                                   0xff800001, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x4effffff,
                                   0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000, 0xdf000000, 0x5f800000,
                                   0x4b000001, 0x33800000};
constexpr uint64_t kSpecial64[] = {0,
                                   0x8000000000000000,
                                   0x3ff0000000000000,
                                   0xbff0000000000000,
                                   0x3fe0000000000000,
                                   0x3ff8000000000000,
                                   0xc004000000000000,
                                   0x7ff0000000000000,
                                   0xfff0000000000000,
                                   0x7ff8000000000000,
                                   0xfff8123456789abc,
                                   0x7ff0123456789abc,
                                   0xfff0000000000001,
                                   0x0000000000000001,
                                   0x800fffffffffffff,
                                   0x0010000000000000,
                                   0x7fefffffffffffff,
                                   0x41dfffffffc00000,  // 2^31 - 1
                                   0x41dfffffffe00000,  // 2^31 - 1/2
                                   0x41e0000000000000,
                                   0xc1e0000000200000,
                                   0x41efffffffe00000,  // 2^32 - 1
                                   0x41f0000000000000,
                                   0x43dfffffffffffff,
                                   0x43e0000000000000,
                                   0xc3e0000000000000,
                                   0x43f0000000000000,
                                   0x3810000000000000,  // the smallest normal f32
                                   0x380fffffffffffff,
                                   0x3ca0000000000000};

uint32_t random32(Rng& rng) {
  const auto r = static_cast<uint32_t>(rng.next());
  switch (rng.below(8)) {
    case 0:
    case 1: return kSpecial32[rng.below(std::size(kSpecial32))];
    case 2: return (r & 0x80000000) | (rng.below(256) << 23);
    case 3: return r & 0x80ffffff;  // around the smallest normal number
    case 4: return r;
    default: return (r & 0x807fffff) | (rng.below(60) + 97) << 23;
  }
}
uint64_t random64(Rng& rng) {
  const uint64_t r = rng.next();
  switch (rng.below(8)) {
    case 0:
    case 1: return kSpecial64[rng.below(std::size(kSpecial64))];
    case 2: return (r & 0x8000000000000000) | uint64_t{rng.below(2048)} << 52;
    case 3: return r & 0x801fffffffffffff;
    case 4: return r;
    default: return (r & 0x800fffffffffffff) | uint64_t{rng.below(120) + 963} << 52;
  }
}

constexpr uint16_t kSpecial16[] = {0,      0x8000, 0x3c00, 0xbc00, 0x3800, 0x3e00, 0x4100, 0x7c00,
                                   0xfc00, 0x7e00, 0xfe12, 0x7c12, 0xfc01, 0x0001, 0x83ff, 0x0400,
                                   0x7bff, 0x6bff, 0x7800, 0xf800, 0xf801, 0x6401, 0x0c00, 0x2c00};

uint16_t random16(Rng& rng) {
  const auto r = static_cast<uint16_t>(rng.next());
  switch (rng.below(8)) {
    case 0:
    case 1: return kSpecial16[rng.below(std::size(kSpecial16))];
    case 2: return static_cast<uint16_t>(r & 0x87ff);  // around the smallest normal number
    case 3: return r;
    default: return static_cast<uint16_t>((r & 0x83ff) | (rng.below(20) + 5) << 10);
  }
}

constexpr int64_t kRoundings[] = {0, 1, 2, 3, 4, 8};

}  // namespace

uint64_t random_fp_bits(Rng& rng) {
  if (rng.one_in(3)) {
    uint64_t v = 0;
    for (int i = 0; i < 4; ++i) v = v << 16 | random16(rng);
    return v;
  }
  if (rng.one_in(2)) return random64(rng);
  const uint64_t low = random32(rng);
  return low | uint64_t{random32(rng)} << 32;
}

namespace {

constexpr Op kBinary[] = {Op::kFAdd,    Op::kFSub,    Op::kFMul,   Op::kFDiv,   Op::kFMin,  Op::kFMax,
                          Op::kFMinNum, Op::kFMaxNum, Op::kFCmpEq, Op::kFCmpGe, Op::kFCmpGt};
constexpr Op kUnary[] = {Op::kFSqrt, Op::kFNeg, Op::kFAbs};

// Half precision, on lanes or as a scalar.
FpChoice random_half_op(Rng& rng) {
  const Type types[] = {Type::kF32, Type::kV64, Type::kV128};
  const Type t = types[rng.below(3)];
  const int64_t rounding = kRoundings[rng.below(6)];
  switch (rng.below(11)) {
    case 0: return {kUnary[rng.below(3)], t, {t}, 1, 0};
    case 7: return {Op::kFToBf16, Type::kV64, {Type::kV128}, 2, 0};
    case 1:
    case 2: return {Op::kFFma, t, {t, t, t}, 1, 0};
    case 3: return {Op::kFlagsFcmp, Type::kFlags, {Type::kF32, Type::kF32}, 1, rng.below(2)};
    case 4: return {Op::kFRound, t, {t}, 1, rounding | (rng.one_in(2) ? int64_t{ir::kFpInexact} : 0)};
    case 5: {
      const Type v = rng.one_in(2) ? Type::kV64 : Type::kV128;
      return {Op::kFToInt, v, {v}, 1, rounding | (rng.one_in(3) ? int64_t{ir::kFpUnsigned} : 0)};
    }
    case 6: {
      const Type v = rng.one_in(2) ? Type::kV64 : Type::kV128;
      return {Op::kFFmaHalf, v, {Type::kV64, Type::kV64, v}, 2, 0};
    }
    default: return {kBinary[rng.below(std::size(kBinary))], t, {t, t}, 1, 0};
  }
}

}  // namespace

FpChoice random_fp_op(Rng& rng) {
  if (rng.one_in(3)) return random_half_op(rng);
  const uint32_t lane = 2 + rng.below(2);
  const Type scalar = lane == 2 ? Type::kF32 : Type::kF64;
  const Type types[] = {scalar, scalar, Type::kV128, Type::kV64};
  const Type t = types[rng.below(4)];
  const bool is_scalar = t == scalar;
  const Type word = rng.one_in(2) ? Type::kI32 : Type::kI64;
  const int64_t unsigned_bit = rng.one_in(3) ? int64_t{ir::kFpUnsigned} : 0;
  switch (rng.below(12)) {
    case 0: return {kUnary[rng.below(3)], t, {t}, lane, 0};
    case 1: return {Op::kFFma, t, {t, t, t}, lane, 0};
    case 2: return {Op::kFlagsFcmp, Type::kFlags, {scalar, scalar}, lane, rng.below(2)};
    case 3:
      return {Op::kFRound,
              t,
              {t},
              lane,
              kRoundings[rng.below(6)] | (rng.one_in(2) ? int64_t{ir::kFpInexact} : 0)};
    case 4: {
      const int64_t imm = (rng.one_in(2) ? 3 : kRoundings[rng.below(6)]) | unsigned_bit;
      return {Op::kFToInt, is_scalar ? word : t, {t}, lane, imm};
    }
    case 5: return {Op::kFFromInt, t, {is_scalar ? word : t}, lane, unsigned_bit};
    case 6: {
      const uint32_t to = 1 + rng.below(3);
      const uint32_t from = (to + rng.below(2)) % 3 + 1;
      const auto type_of = [&](uint32_t l) {
        if (l == 1 || rng.one_in(2)) return rng.one_in(2) ? Type::kV64 : Type::kV128;
        return l == 2 ? Type::kF32 : Type::kF64;
      };
      const Type result = type_of(to);
      return {Op::kFCvt, result, {type_of(from)}, to, static_cast<int64_t>(from)};
    }
    case 7: {
      const Type v = rng.one_in(4) ? Type::kV64 : Type::kV128;
      if (rng.one_in(2)) return {Op::kFLow, scalar, {v}, lane, 0};
      return {Op::kFWiden, v, {scalar}, lane, 0};
    }
    default: return {kBinary[rng.below(std::size(kBinary))], t, {t, t}, lane, 0};
  }
}

void random_f80_bits(Rng& rng, uint64_t out[2]) {
  constexpr uint64_t kOne = uint64_t{1} << 63;
  uint64_t significand = kOne, exponent = 0x3fff;
  switch (rng.below(4)) {
    case 0: significand |= rng.next() & 0xfff; break;
    case 1: significand |= rng.next() << 40; break;
    case 2: significand |= rng.next(); break;
    default: break;
  }
  switch (rng.below(8)) {
    case 0: exponent = significand = 0; break;
    case 1: exponent = 0, significand = rng.value(); break;  // denormal or pseudo-denormal
    case 2: exponent = 0x7fff; break;                        // infinity or NaN
    case 3: exponent = rng.next() & 0x7fff, significand &= rng.one_in(2) ? kOne - 1 : ~uint64_t{0}; break;
    case 4: exponent += rng.below(2200) - 1100; break;
    default: exponent += rng.below(70) - 3; break;
  }
  out[0] = significand;
  out[1] = exponent | (rng.one_in(2) ? 0x8000 : 0);
}

FpChoice random_f80_op(Rng& rng) {
  constexpr Op kBinary[] = {Op::kF80Add, Op::kF80Mul, Op::kF80Sub, Op::kF80SubR, Op::kF80Div, Op::kF80DivR};
  constexpr Op kUnary[] = {Op::kF80Sqrt, Op::kF80Round, Op::kF80Neg, Op::kF80Abs};
  constexpr Type kFloats[] = {Type::kF80, Type::kF80, Type::kF80, Type::kF32, Type::kF64};
  constexpr Type kInts[] = {Type::kI16, Type::kI32, Type::kI64};
  constexpr Type kF80 = Type::kF80, kNone = Type::kVoid;
  const Type number = kFloats[rng.below(5)], narrow = kFloats[3 + rng.below(2)],
             integer = kInts[rng.below(3)];
  switch (rng.below(16)) {
    case 0: return {kUnary[rng.below(4)], kF80, {kF80, kNone, kNone}, 0, 0};
    case 1: return {Op::kF80Cvt, kF80, {narrow, kNone, kNone}, 0, 0};
    case 2: return {Op::kF80FromInt, kF80, {integer, kNone, kNone}, 0, 0};
    case 3: return {Op::kF80ToF, narrow, {kF80, kNone, kNone}, 0, 0};
    case 4: return {Op::kF80ToInt, integer, {kF80, kNone, kNone}, 0, rng.below(2)};
    case 5: return {Op::kF80Cmp, Type::kFlags, {kF80, number, kNone}, 0, number == kF80 ? rng.below(2) : 1};
    case 6: return {Op::kF80Const, kF80, {kNone, kNone, kNone}, 0, rng.below(7)};
    case 7: return {Op::kF80Make, kF80, {Type::kI64, Type::kI16, kNone}, 0, 0};
    case 8: return {Op::kF80Low, Type::kI64, {kF80, kNone, kNone}, 0, 0};
    case 9: return {Op::kF80High, Type::kI16, {kF80, kNone, kNone}, 0, 0};
    case 10: return {Op::kF80Select, kF80, {Type::kI1, kF80, kF80}, 0, 0};
    case 11:
      if (rng.one_in(2)) return {Op::kF80Flags, Type::kI16, {kNone, kNone, kNone}, 0, 0};
      [[fallthrough]];
    default: return {kBinary[rng.below(6)], kF80, {kF80, number, kNone}, 0, 0};
  }
}

bool rounds_f80(Op op) {
  return (op >= Op::kF80Add && op <= Op::kF80Round) || op == Op::kF80ToF || op == Op::kF80ToInt;
}

}  // namespace xarch::test
