// Arm's own operations, after the pseudocode's text of the same names.
#include "tcg/fpu/special.h"

#include <array>

#include "tcg/fpu/fpu.h"
#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

template <typename F>
inline constexpr BitsOf<F> kTwo = static_cast<BitsOf<F>>(F::kOne + F::kMinNormal);
template <typename F>
inline constexpr BitsOf<F> kThree = static_cast<BitsOf<F>>(kTwo<F> | F::kQuiet);
template <typename F>
inline constexpr BitsOf<F> kOneAndHalf = static_cast<BitsOf<F>>(F::kOne | F::kQuiet);

// Infinity times zero, after flushing; raises only what flushing does.
template <typename F>
bool inf_times_zero(Env& e, BitsOf<F> a, BitsOf<F> b) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  return (x.inf() && y.zero()) || (x.zero() && y.inf());
}

// Nine bits of 1/x for x in [256, 512) / 512.
unsigned recip_estimate_bits(unsigned x) {
  x = x * 2 + 1;
  return ((1u << 19) / x + 1) / 2;
}
// Nine bits of 1/sqrt(x) for x in [128, 512) / 512: what the search below finds, by x.
constexpr std::array<uint16_t, 512> kRsqrtEstimates = [] {
  std::array<uint16_t, 512> t{};
  unsigned b = 1024;  // falls as x grows, within each of the two ways to scale it
  for (unsigned i = 128; i < 512; ++i) {
    const uint64_t x = i < 256 ? i * 2 + 1 : (i | 1) * 2;
    if (i == 256) b = 1024;
    while (b > 512 && x * b * b >= 1u << 28) --b;  // the largest with x * b^2 below 2^28
    t[i] = static_cast<uint16_t>((b + 1) / 2);
  }
  return t;
}();
unsigned rsqrt_estimate_bits(unsigned x) { return kRsqrtEstimates[x]; }

// exponent field and the significand's eight bits below the leading one, shifted right by `down` with it.
template <typename F>
BitsOf<F> assemble(bool sign, int field, unsigned estimate, int down) {
  // estimate is 256 … 511 over 256.
  const uint64_t significand = uint64_t{estimate} << (F::kFraction - 8) >> down;
  return static_cast<BitsOf<F>>(signed_zero<F>(sign) |
                                static_cast<BitsOf<F>>(BitsOf<F>(field) << F::kFraction) |
                                static_cast<BitsOf<F>>(significand & F::kFractionMask));
}

// Eight fraction bits of a normalized significand.
template <typename F>
unsigned top_fraction(const Parts<F>& x) {
  return static_cast<unsigned>(x.sig >> (F::kPrecision - 9)) & 255;
}

// A number of a smaller format as the same bits of F32, signalling NaNs included.
template <typename From>
uint32_t widen(uint16_t v) {
  Env quiet;
  if (!From::is_nan(v)) return convert<F32, From>(quiet, v);
  const uint32_t payload = static_cast<uint32_t>(v & From::kFractionMask)
                           << (F32::kFraction - From::kFraction);
  return signed_inf<F32>(From::negative(v)) | payload;
}

}  // namespace

template <typename F>
BitsOf<F> mulx(Env& e, BitsOf<F> a, BitsOf<F> b) {
  if (!inf_times_zero<F>(e, a, b)) return mul<F>(e, a, b);
  return static_cast<BitsOf<F>>(kTwo<F> | ((a ^ b) & F::kSign));
}

template <typename F>
BitsOf<F> recip_step(Env& e, BitsOf<F> a, BitsOf<F> b) {
  if (inf_times_zero<F>(e, a, b)) return kTwo<F>;
  return fma<F>(e, static_cast<BitsOf<F>>(a ^ F::kSign), b, kTwo<F>);
}

template <typename F>
BitsOf<F> rsqrt_step(Env& e, BitsOf<F> a, BitsOf<F> b) {
  if (inf_times_zero<F>(e, a, b)) return kOneAndHalf<F>;
  return fma_scaled<F>(e, static_cast<BitsOf<F>>(a ^ F::kSign), b, kThree<F>, -1);
}

// The same of a normal number's bits.
template <typename F>
unsigned top_fraction_of(BitsOf<F> a) {
  return static_cast<unsigned>(a >> (F::kFraction - 8)) & 255;
}

template <typename F>
BitsOf<F> recip_estimate(Env& e, BitsOf<F> a) {
  constexpr int kTop = 2 * F::kBias - 1;  // exponent fields of x and its reciprocal add up to it
  if (const int given = F::exponent_field(a); given > 0 && given < kTop)
    return assemble<F>((a & F::kSign) != 0, kTop - given, recip_estimate_bits(256 | top_fraction_of<F>(a)),
                       0);
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  if (x.inf()) return signed_zero<F>(x.sign);
  if (x.zero()) {
    e.raise(kDivideByZero);
    return signed_inf<F>(x.sign);
  }
  const int field = kTop - (x.exp + F::kBias);
  if (field < -1 || field >= F::kMaxExp) return overflow<F>(e, x.sign, e.rounding, Use::kArithmetic);
  if (field <= 0 && flushes_outputs<F>(e, Use::kArithmetic)) {
    e.raise(kUnderflow);
    return signed_zero<F>(x.sign);
  }
  const unsigned estimate = recip_estimate_bits(256 | top_fraction(x));
  return field > 0 ? assemble<F>(x.sign, field, estimate, 0) : assemble<F>(x.sign, 0, estimate, 1 - field);
}

template <typename F>
BitsOf<F> rsqrt_estimate(Env& e, BitsOf<F> a) {
  const auto estimate = [](int field, unsigned top) {
    return assemble<F>(false, (3 * F::kBias - 1 - field) >> 1,
                       rsqrt_estimate_bits((field & 1) != 0 ? top >> 1 : top), 0);
  };
  if (const int given = F::exponent_field(a); given > 0 && given < F::kMaxExp && (a & F::kSign) == 0)
    return estimate(given, 256 | top_fraction_of<F>(a));
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  if (x.zero()) {
    e.raise(kDivideByZero);
    return signed_inf<F>(x.sign);
  }
  if (x.sign) return invalid<F>(e);
  if (x.inf()) return 0;
  return estimate(x.exp + F::kBias, 256 | top_fraction(x));
}

template <typename F>
BitsOf<F> recip_exponent(Env& e, BitsOf<F> a) {
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  const int field = F::exponent_field(a);
  const int result = field == 0 ? F::kMaxExp - 1 : F::kMaxExp ^ field;
  return static_cast<BitsOf<F>>(signed_zero<F>(x.sign) |
                                static_cast<BitsOf<F>>(BitsOf<F>(result) << F::kFraction));
}

uint32_t recip_estimate_u32(uint32_t a) { return a >> 31 != 0 ? recip_estimate_bits(a >> 23) << 23 : ~0u; }
uint32_t rsqrt_estimate_u32(uint32_t a) { return a >> 30 != 0 ? rsqrt_estimate_bits(a >> 23) << 23 : ~0u; }

template <typename F>
BitsOf<F> round_to_int_size(Env& e, BitsOf<F> a, Rounding r, unsigned bits) {
  Env trial = e;
  trial.flags = 0;
  to_int<F>(trial, a, r, bits, false);
  if ((trial.flags & kInvalid) == 0) return round_to_integral<F>(e, a, r, true);
  e.raise(kInvalid);
  const auto field = static_cast<BitsOf<F>>(F::kBias + static_cast<int>(bits) - 1);
  return static_cast<BitsOf<F>>(F::kSign | static_cast<BitsOf<F>>(field << F::kFraction));
}

uint32_t javascript_int(Env& e, uint64_t a, bool* exact) {
  const Parts<F64> x = unpack<F64>(e, a);
  *exact = false;
  if (x.nan() || x.inf()) {
    e.raise(kInvalid);
    return 0;
  }
  if (x.zero()) {
    *exact = a == 0;  // neither -0 nor a flushed denormal
    return 0;
  }
  const int lsb = x.exp - (F64::kPrecision - 1);
  bool inexact = false;
  U128 magnitude = 0;  // modulo 2^32
  if (lsb < 0) {
    magnitude = round_shift(x.sig, -lsb, x.sign, Rounding::kZero, &inexact);
  } else if (lsb < 32) {
    magnitude = x.sig << lsb;
  }
  if (x.exp >= 32 || magnitude > (uint64_t{1} << 31) - (x.sign ? 0 : 1)) {
    e.raise(kInvalid);
  } else if (inexact) {
    e.raise(kInexact);
  } else {
    *exact = true;
  }
  const auto low = static_cast<uint32_t>(magnitude);
  return x.sign ? -low : low;
}

uint32_t fma_half(Env& e, uint16_t a, uint16_t b, uint32_t acc) {
  if (e.flush_half && F16::is_denormal(a)) a &= F16::kSign;
  if (e.flush_half && F16::is_denormal(b)) b &= F16::kSign;
  return fma<F32>(e, widen<F16>(a), widen<F16>(b), acc);
}

uint32_t fma_bfloat(Env& e, uint16_t a, uint16_t b, uint32_t acc) {
  return fma<F32>(e, uint32_t{a} << 16, uint32_t{b} << 16, acc);
}

uint32_t bfloat_dot(uint32_t acc, uint32_t a, uint32_t b) {
  const auto run = [](auto op, uint32_t x, uint32_t y) {
    Env e{.rules = &kArmRules,
          .rounding = Rounding::kOdd,
          .default_nan = true,
          .flush_inputs = true,
          .flush_outputs = true};
    const uint32_t r = op(e, x, y);
    return (e.flags & kOverflow) != 0 ? signed_inf<F32>(F32::negative(r)) : r;
  };
  const uint32_t low = run(mul<F32>, a << 16, b << 16);
  const uint32_t high = run(mul<F32>, a & 0xffff0000, b & 0xffff0000);
  return run(add<F32>, acc, run(add<F32>, low, high));
}

#define INSTANTIATE(F)                                    \
  template F::Bits mulx<F>(Env&, F::Bits, F::Bits);       \
  template F::Bits recip_step<F>(Env&, F::Bits, F::Bits); \
  template F::Bits rsqrt_step<F>(Env&, F::Bits, F::Bits); \
  template F::Bits recip_estimate<F>(Env&, F::Bits);      \
  template F::Bits rsqrt_estimate<F>(Env&, F::Bits);      \
  template F::Bits recip_exponent<F>(Env&, F::Bits);
INSTANTIATE(F16)
INSTANTIATE(F32)
INSTANTIATE(F64)
#undef INSTANTIATE
template uint32_t round_to_int_size<F32>(Env&, uint32_t, Rounding, unsigned);
template uint64_t round_to_int_size<F64>(Env&, uint64_t, Rounding, unsigned);

}  // namespace xarch::fpu
