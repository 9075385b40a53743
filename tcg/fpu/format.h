// The formats, as types to choose an operation by. Bits is the integer that holds a number's bit pattern,
// Wide one that holds at least twice the significand and three bits more.
#pragma once

#include <cstdint>

#include "tcg/fpu/wide.h"

namespace xarch::fpu {

template <typename B, typename W, int kExponentBits, int kStoredBits, bool kExplicitOne = false,
          bool kHasNan = true>
struct Format {
  using Bits = B;
  using Wide = W;
  static constexpr int kExpBits = kExponentBits;
  static constexpr int kFraction = kStoredBits;    // stored significand bits
  static constexpr bool kExplicit = kExplicitOne;  // the integer bit is one of them
  static constexpr bool kSpecials = kHasNan;       // has infinities and NaNs
  static constexpr int kPrecision = kStoredBits + (kExplicitOne ? 0 : 1);
  static constexpr int kBits = 1 + kExponentBits + kStoredBits;
  static constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
  static constexpr int kMaxExp = (1 << kExponentBits) - 1;  // the exponent field of infinities and NaNs
  static constexpr bool kHalf = kExponentBits == 5;

  static constexpr B kSign = static_cast<B>(B{1} << (kBits - 1));
  static constexpr B kFractionMask = static_cast<B>((B{1} << kStoredBits) - 1);
  static constexpr B kInteger = static_cast<B>(kExplicitOne ? B{1} << (kStoredBits - 1) : B{0});
  static constexpr B kInf = static_cast<B>((B{kMaxExp} << kStoredBits) | kInteger);
  static constexpr B kQuiet = static_cast<B>(B{1} << (kPrecision - 2));
  static constexpr B kOne = static_cast<B>((B{kBias} << kStoredBits) | kInteger);
  static constexpr B kMinNormal = static_cast<B>((B{1} << kStoredBits) | kInteger);

  static constexpr int exponent_field(B v) { return static_cast<int>(v >> kStoredBits) & kMaxExp; }
  static constexpr bool negative(B v) { return (v & kSign) != 0; }
  static constexpr bool is_nan(B v) { return kHasNan && static_cast<B>(v & ~kSign & kAll) > kInf; }
  static constexpr bool is_inf(B v) { return kHasNan && static_cast<B>(v & ~kSign & kAll) == kInf; }
  static constexpr bool is_zero(B v) { return static_cast<B>(v & ~kSign & kAll) == 0; }
  static constexpr bool is_denormal(B v) { return exponent_field(v) == 0 && (v & kFractionMask) != 0; }

 private:
  static constexpr B kAll = static_cast<B>((((B{1} << (kBits - 1)) - 1) << 1) | 1);
};

using F16 = Format<uint16_t, uint64_t, 5, 10>;
// Arm's alternative half precision: the highest exponent is one more binade of numbers.
using F16Alt = Format<uint16_t, uint64_t, 5, 10, false, false>;
using BF16 = Format<uint16_t, uint64_t, 8, 7>;
using F32 = Format<uint32_t, uint64_t, 8, 23>;
using F64 = Format<uint64_t, U128, 11, 52>;
// x87's extended precision in the low 80 bits; bits above are ignored in operands, zero in results.
using F80 = Format<U128, U256, 15, 64, true>;
using F128 = Format<U128, U256, 15, 112>;

// All formats that operations are instantiated for.
#define XARCH_FPU_FORMATS(X) X(F16) X(BF16) X(F32) X(F64) X(F80) X(F128)

}  // namespace xarch::fpu
