// The interpreter's vector ops against arrays of the host's own types.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <type_traits>
#include <utility>

#include "tests/ir/one_op.h"

namespace xarch::test {
namespace {

using ir::Op;
using ir::Type;

template <typename T>
struct Lanes {
  static constexpr unsigned kCount = 16 / sizeof(T);
  T v[kCount];
};

template <typename T>
Lanes<T> lanes(const Wide& w) {
  Lanes<T> l;
  std::memcpy(&l, &w, 16);
  return l;
}
template <typename T>
Wide wide(const Lanes<T>& l) {
  Wide w;
  std::memcpy(static_cast<void*>(&w), &l, 16);
  return w;
}

template <typename T>
class InterpVector : public testing::Test {
 protected:
  static constexpr uint32_t kLane = std::countr_zero(sizeof(T));
  Wide random() { return {rng.value(), rng.value()}; }
  Wide run(Op op, Type t, const std::vector<Wide>& operands, int64_t imm = 0, uint32_t lane = kLane) {
    std::vector<Operand> o;
    for (const Wide& w : operands) o.push_back({t, w});
    return one.run(op, t, o, lane, imm);
  }
  // Expects f(a, b) in each lane, in both vector sizes.
  template <typename F>
  void expect_lanes(Op op, F f, int64_t imm = 0) {
    for (unsigned n = 0; n < 100; ++n) {
      const Wide a = random();
      const Wide b = n % 8 ? random() : a;
      Lanes<T> e = lanes<T>(a);
      const Lanes<T> l = lanes<T>(b);
      for (unsigned i = 0; i < e.kCount; ++i) e.v[i] = static_cast<T>(f(e.v[i], l.v[i]));
      EXPECT_EQ(run(op, Type::kV128, {a, b}, imm), wide(e));
      EXPECT_EQ(run(op, Type::kV64, {a, b}, imm), (Wide{wide(e).lo, 0}));
    }
  }
  // Expects lane i of the result to be lane from[i] of b:a (a the low part), n lanes each.
  void expect_permuted(Op op, Type t, const std::vector<unsigned>& from, int64_t imm = 0) {
    const unsigned n = static_cast<unsigned>(from.size());
    const Wide a = random();
    const Wide b = random();
    Lanes<T> e = {};
    for (unsigned i = 0; i < n; ++i)
      e.v[i] = from[i] < n ? lanes<T>(a).v[from[i]] : lanes<T>(b).v[from[i] - n];
    EXPECT_EQ(run(op, t, {a, b}, imm), wide(e));
  }

  OneOp one;
  Rng rng{sizeof(T)};
};

using LaneTypes = testing::Types<uint8_t, uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(InterpVector, LaneTypes);

TYPED_TEST(InterpVector, LaneByLane) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  this->expect_lanes(Op::kVAnd, [](T a, T b) { return a & b; });
  this->expect_lanes(Op::kVOr, [](T a, T b) { return a | b; });
  this->expect_lanes(Op::kVXor, [](T a, T b) { return a ^ b; });
  this->expect_lanes(Op::kVAndNot, [](T a, T b) { return a & ~b; });
  this->expect_lanes(Op::kVAdd, [](T a, T b) { return a + b; });
  this->expect_lanes(Op::kVSub, [](T a, T b) { return a - b; });
  this->expect_lanes(Op::kVCmpEq, [](T a, T b) { return a == b ? ~T{0} : T{0}; });
  this->expect_lanes(Op::kVCmpGtS,
                     [](T a, T b) { return static_cast<S>(a) > static_cast<S>(b) ? ~T{0} : T{0}; });
  this->expect_lanes(Op::kVCmpGtU, [](T a, T b) { return a > b ? ~T{0} : T{0}; });
  this->expect_lanes(Op::kVMinU, [](T a, T b) { return a < b ? a : b; });
  this->expect_lanes(Op::kVMaxU, [](T a, T b) { return a > b ? a : b; });
  this->expect_lanes(Op::kVMinS, [](T a, T b) { return static_cast<S>(a) < static_cast<S>(b) ? a : b; });
  this->expect_lanes(Op::kVMaxS, [](T a, T b) { return static_cast<S>(a) > static_cast<S>(b) ? a : b; });
  this->expect_lanes(Op::kVMul, [](T a, T b) { return uint64_t{a} * b; });
  this->expect_lanes(Op::kVAbs, [](T a, T) { return static_cast<S>(a) < 0 ? T{0} - a : a; });
  constexpr unsigned kWidth = 8 * sizeof(T);
  this->expect_lanes(Op::kVShl, [](T a, T b) { return b < kWidth ? uint64_t{a} << b : 0; });
  this->expect_lanes(Op::kVShrU, [](T a, T b) { return b < kWidth ? a >> b : 0; });
  this->expect_lanes(Op::kVShrS, [](T a, T b) { return static_cast<S>(a) >> (b < kWidth ? b : kWidth - 1); });
}

template <typename T>
T clamped(int64_t v) {
  const int64_t min = std::numeric_limits<T>::min(), max = std::numeric_limits<T>::max();
  return static_cast<T>(v < min ? min : v > max ? max : v);
}

TYPED_TEST(InterpVector, Saturating) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  if constexpr (sizeof(T) <= 2) {
    this->expect_lanes(Op::kVAddSatU, [](T a, T b) { return clamped<T>(int64_t{a} + b); });
    this->expect_lanes(Op::kVSubSatU, [](T a, T b) { return clamped<T>(int64_t{a} - b); });
    this->expect_lanes(Op::kVAddSatS,
                       [](T a, T b) { return clamped<S>(int64_t{static_cast<S>(a)} + static_cast<S>(b)); });
    this->expect_lanes(Op::kVSubSatS,
                       [](T a, T b) { return clamped<S>(int64_t{static_cast<S>(a)} - static_cast<S>(b)); });
    this->expect_lanes(Op::kVAvgU, [](T a, T b) { return (a + b + 1) / 2; });
  }
  if constexpr (sizeof(T) == 2) {
    const auto product = [](T a, T b) { return int32_t{static_cast<S>(a)} * static_cast<S>(b); };
    this->expect_lanes(Op::kVMulHiS, [&](T a, T b) { return product(a, b) >> 16; });
    this->expect_lanes(Op::kVMulHiU, [](T a, T b) { return uint32_t{a} * b >> 16; });
    this->expect_lanes(Op::kVMulRS, [&](T a, T b) { return (product(a, b) + 0x4000) >> 15; });
  }
}

TYPED_TEST(InterpVector, OneOperand) {
  using T = TypeParam;
  using S = std::make_signed_t<T>;
  for (unsigned n = 0; n < sizeof(T) * 8; ++n) {
    const Wide a = this->random();
    Lanes<T> left = lanes<T>(a);
    Lanes<T> right = left;
    Lanes<T> arithmetic = left;
    for (unsigned i = 0; i < left.kCount; ++i) {
      left.v[i] = static_cast<T>(uint64_t{left.v[i]} << n);
      right.v[i] = static_cast<T>(right.v[i] >> n);
      arithmetic.v[i] = static_cast<T>(static_cast<S>(arithmetic.v[i]) >> n);
    }
    EXPECT_EQ(this->run(Op::kVShlImm, Type::kV128, {a}, n), wide(left));
    EXPECT_EQ(this->run(Op::kVShrUImm, Type::kV128, {a}, n), wide(right));
    EXPECT_EQ(this->run(Op::kVShrSImm, Type::kV128, {a}, n), wide(arithmetic));
    EXPECT_EQ(this->run(Op::kVNot, Type::kV128, {a}), (Wide{~a.lo, ~a.hi}));
  }
}

TYPED_TEST(InterpVector, Permutations) {
  using T = TypeParam;
  for (Type t : {Type::kV64, Type::kV128}) {
    const unsigned n = ir::type_bytes(t) / sizeof(T);
    if (n < 2) continue;
    std::vector<unsigned> zip1, zip2, uzp1, uzp2;
    for (unsigned i = 0; i < n; ++i) {
      zip1.push_back(i / 2 + (i % 2 ? n : 0));
      zip2.push_back(n / 2 + i / 2 + (i % 2 ? n : 0));
      uzp1.push_back(2 * i);  // even lanes of b:a taken as one vector of 2n lanes
      uzp2.push_back(2 * i + 1);
    }
    this->expect_permuted(Op::kVZip1, t, zip1);
    this->expect_permuted(Op::kVZip2, t, zip2);
    this->expect_permuted(Op::kVUzp1, t, uzp1);
    this->expect_permuted(Op::kVUzp2, t, uzp2);
    for (unsigned container = 2 * sizeof(T); container <= 8; container *= 2) {
      const unsigned in = static_cast<unsigned>(container / sizeof(T));
      std::vector<unsigned> rev;
      for (unsigned i = 0; i < n; ++i) rev.push_back(i / in * in + (in - 1 - i % in));
      this->expect_permuted(Op::kVRev, t, rev, std::countr_zero(container));
    }
  }
}

TYPED_TEST(InterpVector, SingleLanes) {
  using T = TypeParam;
  for (unsigned i = 0; i < Lanes<T>::kCount; ++i) {
    const Wide a = this->random();
    const uint64_t x = this->rng.next();
    EXPECT_EQ(this->one.run(Op::kVExtract, Type::kI64, {{Type::kV128, a}}, this->kLane, i).lo,
              lanes<T>(a).v[i]);
    Lanes<T> e = lanes<T>(a);
    e.v[i] = static_cast<T>(x);
    EXPECT_EQ(this->one.run(Op::kVInsert, Type::kV128, {{Type::kV128, a}, {Type::kI64, {x}}}, this->kLane, i),
              wide(e));
    for (T& v : e.v) v = static_cast<T>(x);
    EXPECT_EQ(this->one.run(Op::kVDup, Type::kV128, {{Type::kI64, {x}}}, this->kLane), wide(e));
    EXPECT_EQ(this->one.run(Op::kVDup, Type::kV64, {{Type::kI64, {x}}}, this->kLane), (Wide{wide(e).lo, 0}));
  }
}

// Products, sums of pairs and saturated narrowing, on numbers of type N (as T signed or not) and twice as
// wide.
template <typename N, typename Double>
void wider(OneOp& one, Wide a, Wide b) {
  using T = std::make_unsigned_t<N>;
  const uint32_t lane = std::countr_zero(sizeof(T));
  const bool sign = std::is_signed_v<N>;
  const auto number = [](Wide w, unsigned i) {
    return static_cast<std::make_unsigned_t<Double>>(static_cast<Double>(static_cast<N>(lanes<T>(w).v[i])));
  };
  using D = std::make_unsigned_t<Double>;
  constexpr unsigned kCount = Lanes<D>::kCount;
  Lanes<D> product[2], sum, extended;
  for (unsigned i = 0; i < kCount; ++i) {
    for (unsigned h = 0; h < 2; ++h)
      product[h].v[i] = static_cast<D>(uint64_t{number(a, h * kCount + i)} * number(b, h * kCount + i));
    sum.v[i] = static_cast<D>(number(a, 2 * i) + number(a, 2 * i + 1));
    extended.v[i] = number(a, kCount + i);
  }
  const Op mul = sign ? Op::kVMulLS : Op::kVMulLU;
  const std::vector<Operand> both = {{Type::kV128, a}, {Type::kV128, b}};
  EXPECT_EQ(one.run(mul, Type::kV128, both, lane, 0), wide(product[0]));
  EXPECT_EQ(one.run(mul, Type::kV128, both, lane, 1), wide(product[1]));
  EXPECT_EQ(one.run(sign ? Op::kVAddPairsS : Op::kVAddPairsU, Type::kV128, {{Type::kV128, a}}, lane),
            wide(sum));
  EXPECT_EQ(one.run(sign ? Op::kVWidenS : Op::kVWidenU, Type::kV128, {{Type::kV128, a}}, lane, 1),
            wide(extended));
  if constexpr (sizeof(T) <= 2) {
    Lanes<T> narrow = {};
    for (unsigned i = 0; i < kCount; ++i)
      narrow.v[i] = static_cast<T>(clamped<N>(static_cast<std::make_signed_t<D>>(lanes<D>(a).v[i])));
    EXPECT_EQ(one.run(sign ? Op::kVNarrowS : Op::kVNarrowSU, Type::kV64, {{Type::kV128, a}}, lane),
              wide(narrow));
  }
}

template <typename T, typename Double>
void narrow_and_widen(OneOp& one, Wide a) {
  using S = std::make_signed_t<T>;
  const uint32_t lane = std::countr_zero(sizeof(T));
  Lanes<T> narrow = {};
  Lanes<Double> zero;
  Lanes<Double> sign;
  for (unsigned i = 0; i < Lanes<Double>::kCount; ++i) {
    narrow.v[i] = static_cast<T>(lanes<Double>(a).v[i]);
    zero.v[i] = lanes<T>(a).v[i];
    sign.v[i] =
        static_cast<Double>(static_cast<std::make_signed_t<Double>>(static_cast<S>(lanes<T>(a).v[i])));
  }
  EXPECT_EQ(one.run(Op::kVNarrow, Type::kV64, {{Type::kV128, a}}, lane), wide(narrow));
  EXPECT_EQ(one.run(Op::kVWidenU, Type::kV128, {{Type::kV64, a}}, lane), wide(zero));
  EXPECT_EQ(one.run(Op::kVWidenS, Type::kV128, {{Type::kV64, a}}, lane), wide(sign));
}

TEST(Interp, CarrylessProduct) {
  OneOp one;
  const auto product = [&](uint64_t a, uint64_t b) {
    return one.run(Op::kVClMul, Type::kV128, {{Type::kV64, {a}}, {Type::kV64, {b}}});
  };
  EXPECT_EQ(product(3, 3), (Wide{5, 0}));
  EXPECT_EQ(product(0xff, 0x101), (Wide{0xffff, 0}));
  EXPECT_EQ(product(uint64_t{1} << 63, 6), (Wide{0, 3}));
  EXPECT_EQ(product(~uint64_t{0}, ~uint64_t{0}), (Wide{0x5555555555555555, 0x5555555555555555}));
}

// The first round of the example in FIPS 197, appendix B.
TEST(Interp, StepsOfAes) {
  OneOp one;
  const auto run = [&](Op op, Wide v) { return one.run(op, Type::kV128, {{Type::kV128, v}}); };
  const Wide start = {0x2be2f4a0bee33d19, 0x0848f8e92a8dc69a};
  const Wide shifted = {0xae52b4e0305dbfd4, 0xe598271ef11141b8};
  const Wide mixed = {0x9a19cbe0e5816604, 0x4c2606287ad3f848};
  EXPECT_EQ(run(Op::kVAesEnc, start), shifted);
  EXPECT_EQ(run(Op::kVAesDec, shifted), start);
  EXPECT_EQ(run(Op::kVAesMix, shifted), mixed);
  EXPECT_EQ(run(Op::kVAesIMix, mixed), shifted);
}

TEST(Interp, TableLookup) {
  OneOp one;
  const Wide table = {0x8877665544332211, 0x00ffeeddccbbaa99};
  const Wide index = {0x0f00ff1080070e01, 0x0102030405060708};
  EXPECT_EQ(one.run(Op::kVShuffle, Type::kV128, {{Type::kV128, table}, {Type::kV128, index}}),
            (Wide{0x001100000088ff22, 0x2233445566778899}));
  EXPECT_EQ(one.run(Op::kVSplat, Type::kV128, {{Type::kV128, table}}, 2, 3),
            (Wide{0x00ffeedd00ffeedd, 0x00ffeedd00ffeedd}));
  EXPECT_EQ(one.run(Op::kVSplat, Type::kV64, {{Type::kV128, table}}, 0, 9), (Wide{0xaaaaaaaaaaaaaaaa, 0}));
}

TEST(Interp, PairsOfVectors) {
  OneOp one;
  const Type v = Type::kV128;
  const Wide a = {0x8000ffff7fff0001, 0xff80017f12345678}, b = {0x02030405ff7f8001, 0x000102030405fffe};
  const auto run = [&](Op op, unsigned aux, int64_t imm = 0) {
    return one.run(op, v, {{v, a}, {v, b}}, aux, imm);
  };
  EXPECT_EQ(run(Op::kVMulEvenU, 2),
            (Wide{uint64_t{0x7fff0001} * 0xff7f8001, uint64_t{0x12345678} * 0x0405fffe}));
  EXPECT_EQ(run(Op::kVMulEvenS, 2).lo,
            static_cast<uint64_t>(int64_t{0x7fff0001} * static_cast<int32_t>(0xff7f8001)));
  // Bytes from the lowest: 01*01 + 00*-80, ff*7f + 7f*-1, ff*5 + ff*4, 0*3 + 80*2
  EXPECT_EQ(run(Op::kVDotUS, 0).lo, 0x010008f77e020001u);
  EXPECT_EQ(run(Op::kVPackS, 0).lo, 0x807f7f7f80ff7f01u);
  EXPECT_EQ(run(Op::kVPackSU, 1).lo, 0x0000ffff0000ffffu);
  EXPECT_EQ(run(Op::kVBlend, 1, 0x81), (Wide{0x8000ffff7fff8001, 0x0001017f12345678}));
  EXPECT_EQ(run(Op::kVBlend, 3, 2), (Wide{a.lo, b.hi}));
  EXPECT_EQ(run(Op::kVShuf2, 2, 0x1b), (Wide{0x12345678ff80017f, 0xff7f800102030405}));
  EXPECT_EQ(run(Op::kVShuf2, 3, 1), (Wide{a.hi, b.lo}));
  EXPECT_EQ(one.run(Op::kVBlendTop, v, {{v, a}, {v, b}, {v, {0x8000000000000000, 0x7fffffffffffffff}}}, 3),
            (Wide{b.lo, a.hi}));
  EXPECT_EQ(one.run(Op::kVMask, Type::kI32, {{v, a}}, 0).lo, 0b1100000010110100u);
  EXPECT_EQ(one.run(Op::kVMask, Type::kI32, {{v, a}}, 2).lo, 0b1010u);
  EXPECT_EQ(one.run(Op::kVMask, Type::kI32, {{v, a}}, 3).lo, 0b11u);
  const auto shifted = [&](Op op, unsigned lane, uint64_t by) {
    return one.run(op, v, {{v, a}, {v, {by, ~uint64_t{0}}}}, lane);
  };
  EXPECT_EQ(shifted(Op::kVShlAll, 1, 4).lo, 0x0000fff0fff00010u);
  EXPECT_EQ(shifted(Op::kVShrUAll, 2, 8).lo, 0x008000ff007fff00u);
  EXPECT_EQ(shifted(Op::kVShrSAll, 2, 8).lo, 0xff8000ff007fff00u);
  EXPECT_EQ(shifted(Op::kVShrSAll, 1, uint64_t{1} << 40), (Wide{0xffffffff00000000, 0xffff000000000000}));
  EXPECT_EQ(shifted(Op::kVShrUAll, 3, 64), (Wide{}));
}

TEST(Interp, VectorShapes) {
  OneOp one;
  Rng rng(7);
  for (unsigned n = 0; n < 200; ++n) {
    const Wide a = {rng.value(), rng.value()};
    const Wide b = {rng.value(), rng.value()};
    narrow_and_widen<uint8_t, uint16_t>(one, a);
    narrow_and_widen<uint16_t, uint32_t>(one, a);
    narrow_and_widen<uint32_t, uint64_t>(one, a);
    wider<uint8_t, uint16_t>(one, a, b);
    wider<int8_t, int16_t>(one, a, b);
    wider<uint16_t, uint32_t>(one, a, b);
    wider<int16_t, int32_t>(one, a, b);
    wider<uint32_t, uint64_t>(one, a, b);
    wider<int32_t, int64_t>(one, a, b);
    EXPECT_EQ(one.run(Op::kVAny, Type::kI1, {{Type::kV128, a}}).lo, (a.lo | a.hi) != 0);
    EXPECT_EQ(one.run(Op::kVLo, Type::kV64, {{Type::kV128, a}}), (Wide{a.lo, 0}));
    EXPECT_EQ(one.run(Op::kVHi, Type::kV64, {{Type::kV128, a}}), (Wide{a.hi, 0}));
    EXPECT_EQ(one.run(Op::kVPair, Type::kV128, {{Type::kV64, a}, {Type::kV64, b}}), (Wide{a.lo, b.lo}));
    EXPECT_EQ(one.run(Op::kVConst, Type::kV128, {}, 0, static_cast<int64_t>(a.lo)), (Wide{a.lo, a.lo}));
    for (const auto& [from, to] : {std::pair{Type::kI32, Type::kF32}, std::pair{Type::kI64, Type::kF64},
                                   std::pair{Type::kI64, Type::kV64}, std::pair{Type::kI128, Type::kV128}}) {
      Wide e = a;
      if (from != Type::kI128) e.hi = 0;
      if (from == Type::kI32) e.lo = static_cast<uint32_t>(e.lo);
      EXPECT_EQ(one.run(Op::kBitcast, to, {{from, e}}), e);
    }
    uint8_t both[32];
    std::memcpy(both, &a, 16);
    std::memcpy(both + 16, &b, 16);
    for (unsigned at = 0; at < 16; ++at) {
      Wide e;
      std::memcpy(static_cast<void*>(&e), both + at, 16);
      EXPECT_EQ(one.run(Op::kVExt, Type::kV128, {{Type::kV128, a}, {Type::kV128, b}}, 0, at), e);
    }
    Lanes<uint8_t> counts = lanes<uint8_t>(a);
    for (uint8_t& c : counts.v) c = static_cast<uint8_t>(__builtin_popcount(c));
    EXPECT_EQ(one.run(Op::kVPopcnt, Type::kV128, {{Type::kV128, a}}), wide(counts));
  }
}

}  // namespace
}  // namespace xarch::test
