// Rounding to integral numbers, conversions to and from integers.
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

struct IntType {
  unsigned width;
  bool is_unsigned;

  U128 all() const { return width >= 128 ? ~U128{0} : (U128{1} << width) - 1; }
  U128 max() const { return is_unsigned ? all() : all() >> 1; }
  U128 min() const { return is_unsigned ? 0 : U128{1} << (width - 1); }  // as a bit pattern
  // The largest magnitude that fits.
  U128 limit(bool sign) const {
    if (!sign) return max();
    return min();
  }
};

U128 bad_integer(const IntType& type, BadInteger rule, bool sign) {
  switch (rule) {
    case BadInteger::kZero: return 0;
    case BadInteger::kMax: return type.max();
    case BadInteger::kMin: return type.min();
    case BadInteger::kIndefinite: return type.is_unsigned ? type.max() : type.min();
    case BadInteger::kSaturate: return sign ? type.min() : type.max();
  }
  return 0;
}

}  // namespace

template <typename F>
BitsOf<F> round_to_integral(Env& e, BitsOf<F> a, Rounding r, bool exact) {
  using W = typename F::Wide;
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  if (x.inf()) return signed_inf<F>(x.sign);
  if (x.zero()) return signed_zero<F>(x.sign);
  if (e.rules->round_uses_denormal) note_denormals(e, x);
  const int lost = F::kPrecision - 1 - x.exp;  // fraction bits
  if (lost <= 0) return a;
  bool inexact;
  const W v = round_shift(x.sig, lost, x.sign, r, &inexact);
  if (inexact && exact) e.raise(kInexact);
  e.rounded_up = inexact && v > (lost < kWidth<W> ? x.sig >> lost : W(0));
  if (v == W(0)) return signed_zero<F>(x.sign);
  // The integer is a number of the format: nothing more to round, whatever the precision control says.
  const int shift = leading_zeros(v);
  const auto sig = static_cast<BitsOf<F>>((v << shift) >> (kWidth<W> - F::kPrecision));
  const int field = kWidth<W> - 1 - shift + F::kBias;
  return static_cast<BitsOf<F>>(signed_zero<F>(x.sign) |
                                static_cast<BitsOf<F>>(BitsOf<F>(field) << F::kFraction) |
                                static_cast<BitsOf<F>>(sig & F::kFractionMask));
}

template <typename F>
U128 to_int(Env& e, BitsOf<F> a, Rounding r, unsigned width, bool is_unsigned, int scale) {
  const IntType type{width, is_unsigned};
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) {
    e.raise(kInvalid);
    const bool sign = x.kind == Kind::kNan && x.sign;
    return bad_integer(type, e.rules->int_nan, sign);
  }
  if (x.zero()) return 0;
  const auto out_of_range = [&] {
    e.raise(e.rules->int_range_inexact ? kInvalid | kInexact : kInvalid);
    return bad_integer(type, e.rules->int_range, x.sign);
  };
  if (x.inf() || x.exp + scale >= 128) return out_of_range();
  bool inexact = false;
  const int lsb = x.exp + scale - (F::kPrecision - 1);
  const U128 sig = static_cast<U128>(x.sig);
  const U128 magnitude = lsb >= 0 ? sig << lsb : round_shift(sig, -lsb, x.sign, r, &inexact);
  if (magnitude > type.limit(x.sign)) return out_of_range();
  e.rounded_up = inexact && magnitude > (-lsb < 128 ? sig >> -lsb : 0);
  if (inexact) e.raise(kInexact);
  return (x.sign ? -magnitude : magnitude) & type.all();
}

template <typename F>
BitsOf<F> from_uint(Env& e, U128 v, int scale) {
  if (v == 0) return 0;
  const int shift = leading_zeros(v);
  return round_pack<F>(e, false, 127 - shift - scale, align_top<typename F::Wide>(v << shift), e.rounding,
                       Use::kExact);
}
template <typename F>
BitsOf<F> from_int(Env& e, I128 v, int scale) {
  if (v >= 0) return from_uint<F>(e, static_cast<U128>(v), scale);
  const U128 magnitude = -static_cast<U128>(v);
  const int shift = leading_zeros(magnitude);
  return round_pack<F>(e, true, 127 - shift - scale, align_top<typename F::Wide>(magnitude << shift),
                       e.rounding, Use::kExact);
}

#define INSTANTIATE(F)                                                   \
  template F::Bits round_to_integral<F>(Env&, F::Bits, Rounding, bool);  \
  template U128 to_int<F>(Env&, F::Bits, Rounding, unsigned, bool, int); \
  template F::Bits from_int<F>(Env&, I128, int);                         \
  template F::Bits from_uint<F>(Env&, U128, int);
XARCH_FPU_FORMATS(INSTANTIATE)
#undef INSTANTIATE

}  // namespace xarch::fpu
