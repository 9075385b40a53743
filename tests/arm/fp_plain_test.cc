// The short way of ordinary floating-point operations against the host's own results and flags.
#include "targets/arm/core/fp_plain.h"

#include <fenv.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace xarch::arm {
namespace {

constexpr unsigned kSeed = 12;
constexpr int kRounds = 300000;

template <typename B>
class FpPlainTest : public testing::Test {
 protected:
  using Host = typename FpFormat<B>::Host;
  using Bits = FpBits<B>;

  // Numbers whose operations are sometimes exact: few digits, exponents close together; and any others.
  B number() {
    const uint64_t kind = random_() % 16;
    if (kind == 0) return static_cast<B>(random_());
    if (kind == 1) return random_() % 2 == 0 ? 0 : Bits::kSign;
    const int digits = static_cast<int>(random_() % (Bits::kMantissa + 1));
    const B fraction = static_cast<B>(random_()) & Bits::kFraction & ~((Bits::kFraction >> digits));
    const int spread = kind < 12 ? 4 : FpFormat<B>::kBias - 1;
    const int exponent = FpFormat<B>::kBias + static_cast<int>(random_() % (2 * spread)) - spread;
    return static_cast<B>(static_cast<B>(exponent) << Bits::kMantissa | fraction |
                          (random_() % 2 == 0 ? Bits::kSign : 0));
  }
  static Host host(B v) { return std::bit_cast<Host>(v); }

  // What the host's instruction gives, with the flags that Arm has, too.
  template <typename Op>
  B expected(Op op, uint32_t* flags) {
    feclearexcept(FE_ALL_EXCEPT);
    volatile Host r = op();
    const int raised = fetestexcept(FE_ALL_EXCEPT);
    *flags = (raised & FE_INEXACT ? kIxc : 0u) | (raised & FE_OVERFLOW ? kOfc : 0u) |
             (raised & FE_INVALID ? kIoc : 0u) | (raised & FE_DIVBYZERO ? kDzc : 0u);
    return std::bit_cast<B>(static_cast<Host>(r));
  }
  template <typename Plain, typename Op>
  void check(const char* what, Plain plain, Op op, std::initializer_list<B> operands) {
    std::string text = what;
    for (B v : operands) text += " " + std::to_string(v);
    for (const uint32_t already : {0u, uint32_t{kIxc}}) {
      FpContext c{0, 0, already};
      B result = 0;
      if (!plain(c, &result)) continue;
      ++taken_;
      uint32_t flags = 0;
      ASSERT_EQ(result, expected(op, &flags)) << text;
      ASSERT_EQ(c.flags | already, flags | already) << text;
    }
  }

  std::mt19937_64 random_{kSeed};
  int taken_ = 0;
};
using Widths = testing::Types<uint32_t, uint64_t>;
TYPED_TEST_SUITE(FpPlainTest, Widths);

TYPED_TEST(FpPlainTest, ResultsAndInexactAsOnTheHost) {
  using B = TypeParam;
  using F = PlainFp<B>;
  using Host = typename FpFormat<B>::Host;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (int i = 0; i < kRounds && !this->HasFatalFailure(); ++i) {
    const B a = this->number(), b = this->number(), d = this->number();
    // Volatile: computed now, one instruction each.
    volatile Host x = this->host(a), y = this->host(b), z = this->host(d);
    this->check("add", [&](FpContext& c, B* r) { return F::add(c, a, b, r); }, [&] { return x + y; }, {a, b});
    this->check("mul", [&](FpContext& c, B* r) { return F::mul(c, a, b, r); }, [&] { return x * y; }, {a, b});
    this->check("div", [&](FpContext& c, B* r) { return F::div(c, a, b, r); }, [&] { return x / y; }, {a, b});
    this->check(
        "sqrt", [&](FpContext& c, B* r) { return F::sqrt(c, a, r); }, [&] { return std::sqrt(x); }, {a});
    // Squares, and sums that cancel: exact more often than chance has it.
    const B square = std::bit_cast<B>(static_cast<Host>(x * x));
    volatile Host s = this->host(square);
    this->check(
        "sqrt", [&](FpContext& c, B* r) { return F::sqrt(c, square, r); }, [&] { return std::sqrt(s); },
        {square});
    const B product = std::bit_cast<B>(static_cast<Host>(x * y));
    volatile Host p = this->host(product);
    this->check(
        "div", [&](FpContext& c, B* r) { return F::div(c, product, b, r); }, [&] { return p / y; },
        {product, b});
    const B minus = product ^ FpBits<B>::kSign;
    for (const B addend : {d, minus}) {
      volatile Host w = this->host(addend);
      this->check(
          "fma", [&](FpContext& c, B* r) { return F::fma(c, addend, a, b, r); },
          [&] { return std::fma(x, y, w); }, {addend, a, b});
    }
    (void)z;
  }
  EXPECT_GT(this->taken_, kRounds) << "most operations are ordinary";
}

TYPED_TEST(FpPlainTest, LeavesWhatIsNotOrdinary) {
  using B = TypeParam;
  using Bits = FpBits<B>;
  using F = PlainFp<B>;
  FpContext c;
  B r;
  for (const B odd : {Bits::kInf, Bits::kDefaultNan, static_cast<B>(Bits::kInf | 1)}) {
    EXPECT_FALSE(F::add(c, odd, Bits::kOne, &r));
    EXPECT_FALSE(F::mul(c, Bits::kOne, odd, &r));
    EXPECT_FALSE(F::div(c, Bits::kOne, odd, &r));
    EXPECT_FALSE(F::sqrt(c, odd, &r));
    EXPECT_FALSE(F::fma(c, odd, Bits::kOne, Bits::kOne, &r));
  }
  EXPECT_FALSE(F::div(c, Bits::kOne, 0, &r));
  EXPECT_FALSE(F::sqrt(c, Bits::kOne | Bits::kSign, &r));
  EXPECT_FALSE(F::mul(c, Bits::kMinNormal, Bits::kOne, &r)) << "may have been tiny before rounding";
  EXPECT_EQ(c.flags, 0u);
  for (unsigned bit : {22, 23, 24}) EXPECT_FALSE(F::applies(FpContext{uint64_t{1} << bit}));
}

}  // namespace
}  // namespace xarch::arm
