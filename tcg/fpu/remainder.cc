// Remainders: exact, by long division.
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

// x - y * q with finite nonzero x and y, the exponent of y raised by lift.
template <typename F>
BitsOf<F> reduce(Env& e, const Parts<F>& x, const Parts<F>& y, int lift, bool nearest, uint64_t* quotient) {
  using W = typename F::Wide;
  const int distance = x.exp - y.exp - lift;
  *quotient = 0;
  const auto unchanged = [&] {
    return round_value<F>(e, x.sign, x.sig, x.exp - (F::kPrecision - 1), Use::kExact);
  };
  if (distance < -1 || (distance < 0 && !nearest)) return unchanged();
  W rest = x.sig;
  const W divisor = distance < 0 ? y.sig << 1 : y.sig;
  for (int i = distance; i >= 0; --i) {
    *quotient <<= 1;
    if (rest >= divisor) {
      rest = rest - divisor;
      *quotient |= 1;
    }
    if (i != 0) rest = rest << 1;
  }
  bool sign = x.sign;
  const W twice = rest << 1;
  if (nearest && (twice > divisor || (twice == divisor && (*quotient & 1) != 0))) {
    rest = divisor - rest;
    sign = !sign;
    ++*quotient;
  }
  if (rest == W(0)) return signed_zero<F>(x.sign);
  const int exponent = distance < 0 ? x.exp : y.exp + lift;
  return round_value<F>(e, sign, rest, exponent - (F::kPrecision - 1), Use::kExact);
}

// The cases that need no division: true if *result is one.
template <typename F>
bool easy(Env& e, const Parts<F>& x, const Parts<F>& y, BitsOf<F> a, BitsOf<F> b, BitsOf<F>* result) {
  if (x.nan() || y.nan()) {
    *result = nan_result(e, x, a, y, b);
    return true;
  }
  if (x.inf() || y.zero()) {
    *result = invalid<F>(e);
    return true;
  }
  note_denormals(e, x, y);
  if (!x.zero() && !y.inf()) return false;
  *result = x.zero() ? signed_zero<F>(x.sign)
                     : round_value<F>(e, x.sign, x.sig, x.exp - (F::kPrecision - 1), Use::kExact);
  return true;
}

template <typename F>
BitsOf<F> remainder_of(Env& e, BitsOf<F> a, BitsOf<F> b, bool nearest, uint64_t* quotient) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  uint64_t q = 0;
  BitsOf<F> result;
  if (!easy<F>(e, x, y, a, b, &result)) result = reduce<F>(e, x, y, 0, nearest, &q);
  if (quotient != nullptr) *quotient = q;
  return result;
}

}  // namespace

template <typename F>
BitsOf<F> remainder(Env& e, BitsOf<F> a, BitsOf<F> b, uint64_t* quotient) {
  return remainder_of<F>(e, a, b, true, quotient);
}
template <typename F>
BitsOf<F> remainder_toward_zero(Env& e, BitsOf<F> a, BitsOf<F> b, uint64_t* quotient) {
  return remainder_of<F>(e, a, b, false, quotient);
}

BitsOf<F80> x87_remainder(Env& e, BitsOf<F80> a, BitsOf<F80> b, bool nearest, PartialRemainder* out) {
  const Parts<F80> x = unpack<F80>(e, a), y = unpack<F80>(e, b);
  *out = PartialRemainder{};
  BitsOf<F80> result;
  if (easy<F80>(e, x, y, a, b, &result)) return result;
  const int distance = x.exp - y.exp;
  if (distance < 64) return reduce<F80>(e, x, y, 0, nearest, &out->quotient);
  // The manual leaves open by how much one step reduces the exponent: 32 to 63.
  out->complete = false;
  uint64_t ignored;
  return reduce<F80>(e, x, y, distance - (32 + distance % 32), false, &ignored);
}

#define INSTANTIATE(F)                                              \
  template F::Bits remainder<F>(Env&, F::Bits, F::Bits, uint64_t*); \
  template F::Bits remainder_toward_zero<F>(Env&, F::Bits, F::Bits, uint64_t*);
XARCH_FPU_FORMATS(INSTANTIATE)
#undef INSTANTIATE

}  // namespace xarch::fpu
