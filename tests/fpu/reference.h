// A second floating point, written from the definitions alone: numbers are fractions of big integers, and
// rounding picks one of the two neighbours of the exact result. Slow, and shares nothing with tcg/fpu. Arm's
// rules for NaNs.
#pragma once

#include <gmpxx.h>

#include <cstdint>
#include <vector>

namespace xarch::test {

using RefBits = unsigned __int128;

struct RefFormat {
  int exponent_bits, stored_bits;
  bool explicit_one = false;  // the integer bit is stored
  bool specials = true;       // has infinities and NaNs
  bool half = false;          // flushed by a mode of its own, without a flag

  int precision() const { return stored_bits + (explicit_one ? 0 : 1); }
  int max_field() const { return (1 << exponent_bits) - 1; }
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  long min_exponent() const { return 1 - bias(); }
  long max_exponent() const { return max_field() - (specials ? 1 : 0) - bias(); }
};

enum class RefRounding : uint8_t { kNearest, kUp, kDown, kZero, kAway, kOdd };

struct RefMode {
  RefRounding rounding = RefRounding::kNearest;
  bool tiny_after = false, flush_inputs = false, flush_outputs = false, flush_half = false,
       default_nan = false;
};

struct RefResult {
  RefBits value = 0;
  uint32_t flags = 0;  // MXCSR's bits
};

enum class RefOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kSqrt,
  kFma,
  kRemainder,
  kFmod,
  kMin,
  kMax,
  kMinNum,
  kMaxNum,
  kMinimumNumber,
  kMaximumNumber
};

// kFma: n, m, a in this order.
RefResult ref_operation(RefOp op, const RefFormat& f, const RefMode& mode,
                        const std::vector<RefBits>& operands);
// 0 less, 1 equal, 2 greater, 3 unordered
RefResult ref_compare(const RefFormat& f, const RefMode& mode, RefBits a, RefBits b, bool signals);
RefResult ref_round(const RefFormat& f, const RefMode& mode, RefBits a, RefRounding rounding, bool exact);
RefResult ref_to_int(const RefFormat& f, const RefMode& mode, RefBits a, RefRounding rounding, unsigned width,
                     bool is_unsigned, int scale);
RefResult ref_from_int(const RefFormat& f, const RefMode& mode, RefBits v, bool is_unsigned, int scale);
RefResult ref_scale(const RefFormat& f, const RefMode& mode, RefBits a, int n);
RefResult ref_convert(const RefFormat& to, const RefFormat& from, const RefMode& mode, RefBits a);

}  // namespace xarch::test
