// Arm's floating-point operations on bit patterns of single (uint32_t) and double (uint64_t) precision,
// computed on the host's FPU where that is simple (fp_plain.h), else by tcg/fpu. Values, NaNs and exception
// flags are the architecture's; flags go to FpContext::flags.
#pragma once

#include <cstdint>

#include "tcg/fpu/special.h"

namespace xarch::arm {

enum FpsrFlag : uint32_t { kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128, kQc = 1u << 27 };

enum class Rounding : uint8_t { kNearest, kUp, kDown, kZero, kAway };  // the first four: FPCR.RMode

struct FpContext {
  uint64_t fpcr = 0;
  uint32_t flags = 0;    // raised by the operation
  uint32_t already = 0;  // set before it, as far as known: need not be found out again

  bool default_nan() const { return fpcr >> 25 & 1; }
  bool flush() const { return fpcr >> 24 & 1; }
  bool alternative_half() const { return fpcr >> 26 & 1; }
  Rounding rounding() const { return static_cast<Rounding>(fpcr >> 22 & 3); }
};

enum class FpOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMax,
  kMin,
  kMaxNm,
  kMinNm,
  kNmul,
  kMulx,
  kAbd,
  kRecps,
  kRsqrts
};

template <typename B>
struct FpFormat;
template <>
struct FpFormat<uint32_t> {
  using Host = float;
  static constexpr int kMantissa = 23, kBias = 127;
};
template <>
struct FpFormat<uint64_t> {
  using Host = double;
  static constexpr int kMantissa = 52, kBias = 1023;
};

template <typename B>
struct FpBits {
  static constexpr unsigned kWidth = sizeof(B) * 8;
  static constexpr int kMantissa = FpFormat<B>::kMantissa;
  static constexpr B kSign = B{1} << (kWidth - 1);
  static constexpr B kFraction = (B{1} << kMantissa) - 1;
  static constexpr B kInf = static_cast<B>(~kSign & ~kFraction);
  static constexpr B kQuiet = B{1} << (kMantissa - 1);
  static constexpr B kDefaultNan = kInf | kQuiet;
  static constexpr B kMinNormal = B{1} << kMantissa;
  static constexpr B kOne = static_cast<B>(B(FpFormat<B>::kBias) << kMantissa);

  static constexpr bool nan(B v) { return (v & ~kSign) > kInf; }
  static constexpr bool snan(B v) { return nan(v) && !(v & kQuiet); }
  static constexpr bool inf(B v) { return (v & ~kSign) == kInf; }
  static constexpr bool zero(B v) { return (v & ~kSign) == 0; }
  static constexpr bool denormal(B v) { return (v & kInf) == 0 && (v & kFraction) != 0; }
};

template <typename B>
B fp_binary(FpContext& c, FpOp op, B a, B b);
template <typename B>
B fp_sqrt(FpContext& c, B a);
// addend + n * m, rounded once.
template <typename B>
B fp_fma(FpContext& c, B addend, B n, B m);
// NZCV as a number (N is bit 3). signals: quiet NaNs raise Invalid too.
template <typename B>
unsigned fp_compare(FpContext& c, B a, B b, bool signals);
// To an integral value. exact: raises Inexact if it differs.
template <typename B>
B fp_round(FpContext& c, B a, Rounding r, bool exact);
// a * 2^fraction_bits as an integer of `bits` (32 or 64), saturated.
template <typename B>
uint64_t fp_to_int(FpContext& c, B a, Rounding r, unsigned bits, bool is_unsigned, unsigned fraction_bits);
// v / 2^fraction_bits; v is sign- or zero-extended to 64 bits.
template <typename B>
B fp_from_int(FpContext& c, uint64_t v, bool is_unsigned, unsigned fraction_bits);
// Between formats: 0 single, 1 double, 3 half.
uint64_t fp_convert(FpContext& c, uint64_t v, unsigned to, unsigned from);
// Double to single, rounded to odd.
uint32_t fp_convert_odd(FpContext& c, uint64_t v);
// Estimates.
template <typename B>
B fp_recip_estimate(FpContext& c, B a);
template <typename B>
B fp_rsqrt_estimate(FpContext& c, B a);
template <typename B>
B fp_recip_exponent(FpContext& c, B a);
using fpu::recip_estimate_u32;
using fpu::rsqrt_estimate_u32;

}  // namespace xarch::arm
