// The interpreter's integer, conversion and flags ops against plain C++ on the host's own types.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "tests/ir/one_op.h"

namespace xarch::test {
namespace {

using ir::Op;
using ir::Type;

template <typename T>
constexpr Type kTypeOf = sizeof(T) == 1   ? Type::kI8
                         : sizeof(T) == 2 ? Type::kI16
                         : sizeof(T) == 4 ? Type::kI32
                                          : Type::kI64;
using int128 = __int128;
using uint128 = unsigned __int128;

template <typename T>
class InterpInt : public testing::Test {
 protected:
  using S = std::make_signed_t<T>;
  static constexpr Type kT = kTypeOf<T>;
  static constexpr unsigned kBits = sizeof(T) * 8;

  uint64_t run(Op op, T a, uint32_t aux = 0, int64_t imm = 0) {
    return one.run(op, kT, {{kT, {a}}}, aux, imm).lo;
  }
  uint64_t run2(Op op, T a, T b, uint32_t aux = 0, int64_t imm = 0) {
    return one.run(op, kT, {{kT, {a}}, {kT, {b}}}, aux, imm).lo;
  }
  uint64_t run3(Op op, T a, T b, bool c) {
    return one.run(op, kT, {{kT, {a}}, {kT, {b}}, {Type::kI1, {c}}}).lo;
  }
  // Calls f with interesting and random operands.
  template <typename F>
  void each(F f) {
    Rng rng(kBits);
    constexpr T kEdges[] = {0,
                            1,
                            2,
                            static_cast<T>(-1),
                            static_cast<T>(std::numeric_limits<S>::min()),
                            static_cast<T>(std::numeric_limits<S>::max())};
    for (T a : kEdges) {
      for (T b : kEdges) f(a, b);
    }
    for (unsigned i = 0; i < 500; ++i) f(static_cast<T>(rng.value()), static_cast<T>(rng.value()));
  }

  OneOp one;
};

using IntTypes = testing::Types<uint8_t, uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(InterpInt, IntTypes);

TYPED_TEST(InterpInt, Arithmetic) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  this->each([&](T a, T b) {
    EXPECT_EQ(this->run2(Op::kAdd, a, b), static_cast<T>(a + b));
    EXPECT_EQ(this->run2(Op::kSub, a, b), static_cast<T>(a - b));
    EXPECT_EQ(this->run2(Op::kMul, a, b), static_cast<T>(uint64_t{a} * b));
    EXPECT_EQ(this->run2(Op::kMulHiU, a, b), static_cast<T>((uint128{a} * b) >> this->kBits));
    EXPECT_EQ(this->run2(Op::kMulHiS, a, b),
              static_cast<T>((int128{static_cast<S>(a)} * static_cast<S>(b)) >> this->kBits));
    EXPECT_EQ(this->run(Op::kNeg, a), static_cast<T>(T{0} - a));
    for (bool c : {false, true}) {
      EXPECT_EQ(this->run3(Op::kAdc, a, b, c), static_cast<T>(a + b + c));
      EXPECT_EQ(this->run3(Op::kSbb, a, b, c), static_cast<T>(a - b - c));
    }
    EXPECT_EQ(this->run2(Op::kDivU, a, b), b ? static_cast<T>(a / b) : 0);
    EXPECT_EQ(this->run2(Op::kRemU, a, b), b ? static_cast<T>(a % b) : a);
    const int128 sa = static_cast<S>(a);
    const int128 sb = static_cast<S>(b);
    EXPECT_EQ(this->run2(Op::kDivS, a, b), sb ? static_cast<T>(sa / sb) : 0);
    EXPECT_EQ(this->run2(Op::kRemS, a, b), sb ? static_cast<T>(sa % sb) : a);
  });
}

TYPED_TEST(InterpInt, Logic) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  this->each([&](T a, T b) {
    EXPECT_EQ(this->run2(Op::kAnd, a, b), static_cast<T>(a & b));
    EXPECT_EQ(this->run2(Op::kOr, a, b), static_cast<T>(a | b));
    EXPECT_EQ(this->run2(Op::kXor, a, b), static_cast<T>(a ^ b));
    EXPECT_EQ(this->run2(Op::kAndNot, a, b), static_cast<T>(a & ~b));
    EXPECT_EQ(this->run(Op::kNot, a), static_cast<T>(~a));
    const unsigned n = static_cast<unsigned>(b % this->kBits);
    EXPECT_EQ(this->run2(Op::kShl, a, b), static_cast<T>(uint64_t{a} << n));
    EXPECT_EQ(this->run2(Op::kShrU, a, b), static_cast<T>(a >> n));
    EXPECT_EQ(this->run2(Op::kShrS, a, b), static_cast<T>(static_cast<S>(a) >> n));
    EXPECT_EQ(this->run2(Op::kRotR, a, b), std::rotr(a, static_cast<int>(n)));
    const uint128 both = uint128{a} << this->kBits | b;
    EXPECT_EQ(this->run2(Op::kFunnelR, a, b, 0, n), static_cast<T>(both >> n));
  });
}

TYPED_TEST(InterpInt, Fields) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  this->each([&](T a, T b) {
    const unsigned lsb = static_cast<unsigned>(a % this->kBits);
    const unsigned length = 1 + static_cast<unsigned>(b % (this->kBits - lsb));
    const uint32_t field = lsb | length << 8;
    const unsigned up = this->kBits - lsb - length;
    const unsigned down = this->kBits - length;
    const T moved = static_cast<T>(static_cast<T>(a << up));
    EXPECT_EQ(this->run(Op::kExtractU, a, field), static_cast<T>(moved >> down));
    EXPECT_EQ(this->run(Op::kExtractS, a, field), static_cast<T>(static_cast<S>(moved) >> down));
    T expected = a;
    for (unsigned i = 0; i < length; ++i) {
      const T bit = static_cast<T>(T{1} << (lsb + i));
      expected = static_cast<T>((b >> i & 1) ? expected | bit : expected & ~bit);
    }
    EXPECT_EQ(this->run2(Op::kDeposit, a, b, field), expected);
  });
}

TYPED_TEST(InterpInt, Comparisons) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  this->each([&](T a, T b) {
    const S sa = static_cast<S>(a);
    const S sb = static_cast<S>(b);
    const bool expected[] = {a == b, a != b, a<b, a <= b, a> b, a >= b, sa<sb, sa <= sb, sa> sb, sa >= sb};
    for (unsigned c = 0; c < 10; ++c) {
      EXPECT_EQ(this->one.run(Op::kCmp, Type::kI1, {{this->kT, {a}}, {this->kT, {b}}}, c).lo, expected[c])
          << c;
    }
    EXPECT_EQ(this->one.run(Op::kTestZ, Type::kI1, {{this->kT, {a}}, {this->kT, {b}}}).lo, (a & b) == 0);
    EXPECT_EQ(this->one.run(Op::kTestNz, Type::kI1, {{this->kT, {a}}, {this->kT, {b}}}).lo, (a & b) != 0);
    EXPECT_EQ(
        this->one.run(Op::kSelect, this->kT, {{Type::kI1, {a & 1u}}, {this->kT, {a}}, {this->kT, {b}}}).lo,
        (a & 1) ? a : b);
  });
}

// The bits of N, Z, C, V and P, from results in unlimited width.
template <typename T>
unsigned expected_flags(T result, bool carry, int128 exact) {
  using S = std::make_signed_t<T>;
  unsigned f = 0;
  if (static_cast<S>(result) < 0) f |= 0x8000;
  if (result == 0) f |= 0x4000;
  if (carry) f |= 0x100;
  if (exact != static_cast<S>(result)) f |= 1;
  bool even = true;
  for (unsigned i = 0; i < 8; ++i) even ^= (result >> i & 1) != 0;
  if (even) f |= 0x400;
  return f;
}

TYPED_TEST(InterpInt, Flags) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  constexpr unsigned kAux = 0x1000;
  const auto run = [&](Op op, T a, T b, int carry, bool invert) {
    std::vector<Operand> operands = {{this->kT, {a}}, {this->kT, {b}}};
    if (carry >= 0) operands.push_back({Type::kI1, {static_cast<uint64_t>(carry)}});
    return this->one.run(op, Type::kFlags, operands, 0, invert).lo;
  };
  this->each([&](T a, T b) {
    for (int c = 0; c < 4; ++c) {
      const bool invert = c & 2;
      const int in = c & 1;
      const T sum = static_cast<T>(a + b + in);
      const bool carry = uint128{a} + b + static_cast<unsigned>(in) > std::numeric_limits<T>::max();
      unsigned f =
          expected_flags<T>(sum, carry != invert, int128{static_cast<S>(a)} + static_cast<S>(b) + in);
      if (static_cast<int>(a & 15) + static_cast<int>(b & 15) + in > 15) f |= kAux;
      EXPECT_EQ(run(Op::kFlagsAdc, a, b, in, invert), f);
      if (!in) {
        EXPECT_EQ(run(Op::kFlagsAdd, a, b, -1, invert), f);
      }
      const T difference = static_cast<T>(a - b - in);
      const bool borrow = int128{a} - int128{b} - in < 0;
      f = expected_flags<T>(difference, borrow != invert, int128{static_cast<S>(a)} - static_cast<S>(b) - in);
      if (static_cast<int>(a & 15) - static_cast<int>(b & 15) - in < 0) f |= kAux;
      EXPECT_EQ(run(Op::kFlagsSbb, a, b, in, invert), f);
      if (!in) {
        EXPECT_EQ(run(Op::kFlagsSub, a, b, -1, invert), f);
      }
    }
    const unsigned f = expected_flags<T>(a, b & 1, static_cast<S>(a));
    EXPECT_EQ(this->one.run(Op::kFlagsLogic, Type::kFlags, {{this->kT, {a}}}, 0, b & 1).lo, f);
  });
}

TEST(Interp, CountsAndReversals) {
  OneOp one;
  Rng rng(3);
  for (unsigned i = 0; i < 500; ++i) {
    const uint64_t v = i == 0 ? 0 : rng.value();
    const uint32_t w = static_cast<uint32_t>(v);
    const auto run64 = [&](Op op) { return one.run(op, Type::kI64, {{Type::kI64, {v}}}).lo; };
    const auto run32 = [&](Op op) { return one.run(op, Type::kI32, {{Type::kI32, {w}}}).lo; };
    EXPECT_EQ(run64(Op::kClz), v ? static_cast<unsigned>(__builtin_clzll(v)) : 64u);
    EXPECT_EQ(run32(Op::kClz), w ? static_cast<unsigned>(__builtin_clz(w)) : 32u);
    EXPECT_EQ(run64(Op::kCtz), v ? static_cast<unsigned>(__builtin_ctzll(v)) : 64u);
    EXPECT_EQ(run32(Op::kCtz), w ? static_cast<unsigned>(__builtin_ctz(w)) : 32u);
    EXPECT_EQ(run64(Op::kPopcnt), static_cast<unsigned>(__builtin_popcountll(v)));
    EXPECT_EQ(run32(Op::kPopcnt), static_cast<unsigned>(__builtin_popcount(w)));
    EXPECT_EQ(run64(Op::kBswap), __builtin_bswap64(v));
    EXPECT_EQ(run32(Op::kBswap), __builtin_bswap32(w));
    EXPECT_EQ(one.run(Op::kBswap, Type::kI16, {{Type::kI16, {v & 0xffff}}}).lo,
              __builtin_bswap16(static_cast<uint16_t>(v)));
    uint64_t reversed = 0;
    for (unsigned k = 0; k < 64; ++k) reversed |= (v >> k & 1) << (63 - k);
    EXPECT_EQ(run64(Op::kBitRev), reversed);
    uint64_t reversed32 = 0;
    for (unsigned k = 0; k < 32; ++k) reversed32 |= uint64_t{w >> k & 1} << (31 - k);
    EXPECT_EQ(run32(Op::kBitRev), reversed32);
  }
}

TEST(Interp, Conversions) {
  OneOp one;
  constexpr Type kTypes[] = {Type::kI1, Type::kI8, Type::kI16, Type::kI32, Type::kI64, Type::kI128};
  constexpr unsigned kBits[] = {1, 8, 16, 32, 64, 128};
  Rng rng(4);
  for (unsigned n = 0; n < 200; ++n) {
    const uint128 all = uint128{rng.value()} << 64 | rng.value();
    for (unsigned from = 0; from < 6; ++from) {
      for (unsigned to = 0; to < 6; ++to) {
        if (from == to) continue;
        const uint128 v = all << (128 - kBits[from]) >> (128 - kBits[from]);
        const Operand operand = {kTypes[from], {static_cast<uint64_t>(v), static_cast<uint64_t>(v >> 64)}};
        const auto expect = [&](Op op, uint128 e) {
          e = e << (128 - kBits[to]) >> (128 - kBits[to]);
          const Wide w = {static_cast<uint64_t>(e), static_cast<uint64_t>(e >> 64)};
          EXPECT_EQ(one.run(op, kTypes[to], {operand}), w) << from << " to " << to;
        };
        if (from > to) {
          expect(Op::kTrunc, v);
        } else {
          expect(Op::kZext, v);
          const int128 s = static_cast<int128>(v << (128 - kBits[from])) >> (128 - kBits[from]);
          expect(Op::kSext, static_cast<uint128>(s));
        }
      }
    }
    const uint64_t lo = static_cast<uint64_t>(all);
    const uint64_t hi = static_cast<uint64_t>(all >> 64);
    EXPECT_EQ(one.run(Op::kPair, Type::kI128, {{Type::kI64, {lo}}, {Type::kI64, {hi}}}), (Wide{lo, hi}));
    EXPECT_EQ(one.run(Op::kLo, Type::kI64, {{Type::kI128, {lo, hi}}}).lo, lo);
    EXPECT_EQ(one.run(Op::kHi, Type::kI64, {{Type::kI128, {lo, hi}}}).lo, hi);
  }
}

TEST(Interp, FlagConditions) {
  OneOp one;
  for (unsigned bits = 0; bits < 32; ++bits) {
    const bool n = bits & 1, z = bits & 2, c = bits & 4, v = bits & 8, p = bits & 16;
    const uint64_t f =
        (n ? 0x8000u : 0u) | (z ? 0x4000u : 0u) | (c ? 0x100u : 0u) | (v ? 1u : 0u) | (p ? 0x400u : 0u);
    const bool expected[] = {
        z,       !z,       c,      !c,     n,      !n,           v,           !v, c && !z,
        !c || z, !c && !z, c || z, n == v, n != v, !z && n == v, z || n != v, p,  !p};
    for (unsigned cond = 0; cond < 18; ++cond) {
      EXPECT_EQ(one.run(Op::kFlagsTest, Type::kI1, {{Type::kFlags, {f}}}, cond).lo, expected[cond]) << cond;
    }
    if (p) continue;
    const std::vector<Operand> parts = {
        {Type::kI1, {n}}, {Type::kI1, {z}}, {Type::kI1, {c}}, {Type::kI1, {v}}};
    EXPECT_EQ(one.run(Op::kFlagsPack, Type::kFlags, parts).lo, f);
    for (const uint64_t bit : {0x8000u, 0x4000u, 0x100u, 1u, 0x400u, 0x1000u}) {
      const Operand flags = {Type::kFlags, {f}};
      EXPECT_EQ(one.run(Op::kFlagsSet, Type::kFlags, {flags, {Type::kI1, {1}}}, 0, bit).lo, f | bit);
      EXPECT_EQ(one.run(Op::kFlagsSet, Type::kFlags, {flags, {Type::kI1, {0}}}, 0, bit).lo, f & ~bit);
    }
    EXPECT_EQ(one.run(Op::kBitcast, Type::kI16, {{Type::kFlags, {f}}}).lo, f);
  }
}

}  // namespace
}  // namespace xarch::test
