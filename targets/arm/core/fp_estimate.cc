// Reciprocal and reciprocal square root estimates: the architecture fixes every bit of them.
#include "targets/arm/core/fp.h"

namespace xarch::arm {

namespace {

// Of a in [256, 512): nine bits.
unsigned recip_estimate(unsigned a) {
  a = a * 2 + 1;
  return ((1u << 19) / a + 1) / 2;
}
// Of a in [128, 512).
unsigned rsqrt_estimate(unsigned a) {
  a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
  unsigned b = 512;
  while (uint64_t{a} * (b + 1) * (b + 1) < 1u << 28) ++b;
  return (b + 1) / 2;
}

template <typename B>
int exponent(B v) {
  return static_cast<int>((v & FpBits<B>::kInf) >> FpBits<B>::kMantissa);
}
// Fraction as 52 bits.
template <typename B>
uint64_t fraction52(B v) {
  return uint64_t{v & FpBits<B>::kFraction} << (52 - FpBits<B>::kMantissa);
}
template <typename B>
B assemble(B sign, int exponent, uint64_t fraction) {
  return static_cast<B>(
      sign | static_cast<B>(exponent) << FpBits<B>::kMantissa |
      static_cast<B>((fraction & ((uint64_t{1} << 52) - 1)) >> (52 - FpBits<B>::kMantissa)));
}

}  // namespace

template <typename B>
B fp_recip_estimate(FpContext& c, B a) {
  using F = FpBits<B>;
  constexpr int kTop = 2 * FpFormat<B>::kBias - 1;  // 253, 2045
  a = flush_input(c, a);
  const B sign = a & F::kSign;
  if (F::nan(a)) return quiet(c, a);
  if (F::inf(a)) return sign;
  if (F::zero(a)) {
    c.flags |= kDzc;
    return sign | F::kInf;
  }
  // Below a quarter of the smallest normal number the result is too large.
  if ((a & ~F::kSign) < (F::kMinNormal >> 2)) {
    c.flags |= kOfc | kIxc;
    const Rounding r = c.rounding();
    const bool to_inf =
        r == Rounding::kNearest || (r == Rounding::kUp && !sign) || (r == Rounding::kDown && sign);
    return sign | (to_inf ? F::kInf : F::kInf - 1);
  }
  int exp = exponent(a);
  if (c.flush() && exp >= kTop) {
    c.flags |= kUfc;
    return sign;
  }
  uint64_t fraction = fraction52(a);
  if (exp == 0) {
    if (fraction >> 51 & 1) {
      fraction <<= 1;
    } else {
      exp = -1;
      fraction <<= 2;
    }
  }
  int result_exp = kTop - exp;
  uint64_t estimate = uint64_t{recip_estimate(256 | (fraction >> 44 & 255)) & 255} << 44;
  if (result_exp == 0) estimate = uint64_t{1} << 51 | estimate >> 1;
  if (result_exp == -1) {
    estimate = uint64_t{1} << 50 | estimate >> 2;
    result_exp = 0;
  }
  return assemble<B>(sign, result_exp, estimate);
}

template <typename B>
B fp_rsqrt_estimate(FpContext& c, B a) {
  using F = FpBits<B>;
  a = flush_input(c, a);
  const B sign = a & F::kSign;
  if (F::nan(a)) return quiet(c, a);
  if (F::zero(a)) {
    c.flags |= kDzc;
    return sign | F::kInf;
  }
  if (sign) {
    c.flags |= kIoc;
    return F::kDefaultNan;
  }
  if (F::inf(a)) return 0;
  int exp = exponent(a);
  uint64_t fraction = fraction52(a);
  if (exp == 0) {
    while (!(fraction >> 51 & 1)) {
      fraction <<= 1;
      --exp;
    }
    fraction <<= 1;
  }
  const unsigned scaled = exp & 1 ? 128 | (fraction >> 45 & 127) : 256 | (fraction >> 44 & 255);
  const int result_exp = (3 * FpFormat<B>::kBias - 1 - exp) / 2;
  return assemble<B>(0, result_exp, uint64_t{rsqrt_estimate(scaled) & 255} << 44);
}

template <typename B>
B fp_recip_exponent(FpContext& c, B a) {
  using F = FpBits<B>;
  a = flush_input(c, a);
  if (F::nan(a)) return quiet(c, a);
  const B sign = a & F::kSign;
  if ((a & F::kInf) == 0) return sign | (F::kInf - F::kMinNormal);
  return sign | (~a & F::kInf);
}

uint32_t recip_estimate_u32(uint32_t a) {
  if (!(a >> 31)) return ~0u;
  return recip_estimate(a >> 23) << 23;
}
uint32_t rsqrt_estimate_u32(uint32_t a) {
  if (!(a >> 30)) return ~0u;
  return rsqrt_estimate(a >> 23) << 23;
}

template uint32_t fp_recip_estimate(FpContext&, uint32_t);
template uint64_t fp_recip_estimate(FpContext&, uint64_t);
template uint32_t fp_rsqrt_estimate(FpContext&, uint32_t);
template uint64_t fp_rsqrt_estimate(FpContext&, uint64_t);
template uint32_t fp_recip_exponent(FpContext&, uint32_t);
template uint64_t fp_recip_exponent(FpContext&, uint64_t);

}  // namespace xarch::arm
