// Against the compiler's and libm's quadruple precision, which follow MXCSR's rounding and raise its flags.
#include <cfenv>
#include <cstring>

#include "tests/fpu/checks.h"
#include "tests/support/fp_values.h"

extern "C" {
__float128 sqrtf128(__float128) noexcept;
__float128 fmaf128(__float128, __float128, __float128) noexcept;
}

namespace xarch::test {

namespace {

using namespace fpu;  // NOLINT: what is tested
using Quad = __float128;

constexpr Rounding kModes[] = {Rounding::kNearest, Rounding::kDown, Rounding::kUp, Rounding::kZero};
constexpr int kHostModes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
// What both sides report: that library has its own mind about the flag of denormal operands.
constexpr uint32_t kCompared = kInvalid | kDivideByZero | kOverflow | kUnderflow | kInexact;

uint32_t host_flags() {
  const int raised = std::fetestexcept(FE_ALL_EXCEPT);
  return (raised & FE_INVALID ? kInvalid : 0u) | (raised & FE_DIVBYZERO ? kDivideByZero : 0u) |
         (raised & FE_OVERFLOW ? kOverflow : 0u) | (raised & FE_UNDERFLOW ? kUnderflow : 0u) |
         (raised & FE_INEXACT ? kInexact : 0u);
}

class QuadCheck {
 public:
  explicit QuadCheck(uint64_t seed) : values_(seed), doubles_(seed + 1) {}

  std::string run(uint64_t count) {
    std::string s;
    for (uint64_t i = 0; i < count && s.empty(); ++i) {
      const uint32_t mode = values_.rng().below(4);
      e_ = Env{.rules = &kX86Rules, .rounding = kModes[mode]};
      std::fesetround(kHostModes[mode]);
      std::feclearexcept(FE_ALL_EXCEPT);
      s = one();
      std::fesetround(FE_TONEAREST);
    }
    return s;
  }

 private:
  std::string one() {
    const auto [a, b] = values_.pair();
    volatile Quad x = std::bit_cast<Quad>(a), y = std::bit_cast<Quad>(b), r = 0;
    switch (values_.rng().below(8)) {
      case 0: r = x + y; return verdict("add", {a, b}, r, add<F128>(e_, a, b));
      case 1: r = x - y; return verdict("sub", {a, b}, r, sub<F128>(e_, a, b));
      case 2: r = x * y; return verdict("mul", {a, b}, r, mul<F128>(e_, a, b));
      case 3: r = x / y; return verdict("div", {a, b}, r, div<F128>(e_, a, b));
      case 4: r = sqrtf128(x); return verdict("sqrt", {a}, r, sqrt<F128>(e_, a));
      case 5: return fused();
      case 6: return narrow();
      default: return widen();
    }
  }
  std::string verdict(const char* op, std::initializer_list<U128> operands, Quad theirs, U128 ours) {
    const U128 r = std::bit_cast<U128>(theirs);
    const uint32_t flags = host_flags();
    // Whose payload a NaN has is nobody's rule here.
    const bool same = ours == r || (F128::is_nan(ours) && F128::is_nan(r));
    if (same && (e_.flags & kCompared) == flags) return {};
    return describe(op, operands, e_, {ours, e_.flags & kCompared}, {r, flags});
  }
  // libm's fmaf128 gets the values right; its flags are not relied on.
  std::string fused() {
    const auto [n, m, a] = values_.triple();
    volatile Quad x = std::bit_cast<Quad>(n), y = std::bit_cast<Quad>(m), z = std::bit_cast<Quad>(a);
    volatile Quad r = fmaf128(x, y, z);
    const U128 ours = fma<F128>(e_, n, m, a), theirs = std::bit_cast<U128>(static_cast<Quad>(r));
    if (ours == theirs || (F128::is_nan(ours) && F128::is_nan(theirs))) return {};
    return describe("fma", {n, m, a}, e_, {ours, e_.flags}, {theirs, 0});
  }
  std::string narrow() {
    U128 a = values_.value();
    if (!values_.rng().one_in(4)) {
      Env plain;
      a = convert<F128, F64>(plain, doubles_.value());
      a ^= values_.random_bits() >> (values_.rng().below(70) + 52);
    }
    volatile Quad x = std::bit_cast<Quad>(a);
    volatile double r = static_cast<double>(x);
    const uint32_t flags = host_flags();
    const uint64_t ours = convert<F64, F128>(e_, a), theirs = std::bit_cast<uint64_t>(static_cast<double>(r));
    if ((ours == theirs || (F64::is_nan(ours) && F64::is_nan(theirs))) && (e_.flags & kCompared) == flags)
      return {};
    return describe("to double", {a}, e_, {ours, e_.flags & kCompared}, {theirs, flags});
  }
  std::string widen() {
    const uint64_t a = doubles_.value();
    volatile double x = std::bit_cast<double>(a);
    volatile Quad r = x;
    return verdict("from double", {a}, r, convert<F128, F64>(e_, a));
  }

  FpValues<F128> values_;
  FpValues<F64> doubles_;
  Env e_;
};

}  // namespace

std::vector<Check> quad_checks() {
  return {{"Quad", [](uint64_t seed, uint64_t count) { return QuadCheck(seed).run(count); }, 2000000}};
}

}  // namespace xarch::test
