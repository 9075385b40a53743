// Sums, products, quotients, roots: exact on wide significands with a sticky bit, rounded once.
#include "tcg/fpu/fpu.h"

#include <utility>

#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

// ± sig / 2^(width - 2) * 2^exp: normalized with room for a carry.
template <typename W>
struct Term {
  bool sign;
  int exp;
  W sig;
};

template <typename F>
Term<typename F::Wide> term(const Parts<F>& p) {
  return {p.sign, p.exp, p.sig << (kWidth<typename F::Wide> - 1 - F::kPrecision)};
}

template <typename F>
BitsOf<F> add_terms(Env& e, Term<typename F::Wide> a, Term<typename F::Wide> b, int scale = 0) {
  using W = typename F::Wide;
  if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) std::swap(a, b);
  // Lost bits of the smaller one can only decide the rounding: if it is shifted by more than one, at most one
  // leading bit of the sum cancels.
  const W small = shift_right_jam(b.sig, a.exp - b.exp);
  const W sum = a.sign == b.sign ? a.sig + small : a.sig - small;
  if (sum == W(0)) return signed_zero<F>(e.rounding == Rounding::kDown);
  return round_value<F>(e, a.sign, sum, a.exp - (kWidth<W> - 2) + scale);
}

template <typename F>
BitsOf<F> add_parts(Env& e, const Parts<F>& a, const Parts<F>& b, int scale = 0) {
  if (a.inf() || b.inf()) {
    if (a.inf() && b.inf() && a.sign != b.sign) return invalid<F>(e);
    note_denormals(e, a, b);
    return signed_inf<F>(a.inf() ? a.sign : b.sign);
  }
  note_denormals(e, a, b);
  if (a.zero() && b.zero()) {
    return signed_zero<F>(a.sign == b.sign ? a.sign : e.rounding == Rounding::kDown);
  }
  if (a.zero() || b.zero()) {
    const Parts<F>& v = a.zero() ? b : a;
    return round_value<F>(e, v.sign, v.sig, v.exp - (F::kPrecision - 1) + scale);
  }
  return add_terms<F>(e, term(a), term(b), scale);
}

template <typename F>
bool inf_times_zero(const Parts<F>& n, const Parts<F>& m) {
  return (n.inf() && m.zero()) || (n.zero() && m.inf());
}

template <typename F>
BitsOf<F> fma_nan(Env& e, const Parts<F>& n, const Parts<F>& m, const Parts<F>& a,
                  const BitsOf<F> (&operands)[3]) {
  if (n.kind == Kind::kBad || m.kind == Kind::kBad || a.kind == Kind::kBad) return invalid<F>(e);
  if (inf_times_zero(n, m)) {
    const bool signalling = is_signalling<F>(*e.rules, operands[2]);
    switch (e.rules->inf_times_zero) {
      case InfTimesZero::kDefaultInvalid:
        if (!signalling) return invalid<F>(e);
        break;
      case InfTimesZero::kNanInvalid: e.raise(kInvalid); break;
      case InfTimesZero::kNanQuiet: break;
    }
  }
  const auto& order = e.rules->fma_order;
  return choose_nan<F>(e, {operands[order[0]], operands[order[1]], operands[order[2]]});
}

// The integer square root of v, 4^(digits - 1) <= v < 4^digits, and what is left: digit by digit. Written and
// kept apart so that compilers make conditional moves of it, no branches.
[[gnu::noinline]] uint64_t square_root(uint64_t v, int digits, uint64_t* rest) {
  uint64_t root = 0, remainder = 0;
  for (int i = digits - 1; i >= 0; --i) {
    remainder = remainder << 2 | (v >> (2 * i) & 3);
    const uint64_t trial = root << 2 | 1, bit = remainder >= trial ? 1 : 0;
    remainder -= bit != 0 ? trial : 0;
    root = root << 1 | bit;
  }
  *rest = remainder;
  return root;
}
// The same for wide numbers, by the root of the upper half and one division (after P. Zimmermann's "Karatsuba
// Square Root"); Half holds half of the digits twice.
U128 square_root(U128 v, int digits, U128* rest);
template <typename Half, typename W>
W split_square_root(W v, int digits, W* rest) {
  const int low_digits = digits / 2;
  const Half mask = (Half{1} << low_digits) - 1;
  Half left;
  const Half high = square_root(static_cast<Half>(v >> (2 * low_digits)), digits - low_digits, &left);
  const Half middle = static_cast<Half>(v >> low_digits) & mask, low = static_cast<Half>(v) & mask;
  const Half dividend = left << low_digits | middle, q = dividend / (2 * high);
  I128 remainder = (static_cast<I128>(dividend % (2 * high)) << low_digits) + static_cast<I128>(low) -
                   static_cast<I128>(q) * static_cast<I128>(q);
  U128 root = (static_cast<U128>(high) << low_digits) + q;
  if (remainder < 0) {
    remainder += static_cast<I128>(2 * root) - 1;
    --root;
  }
  *rest = W(static_cast<U128>(remainder));
  return W(root);
}
U128 square_root(U128 v, int digits, U128* rest) { return split_square_root<uint64_t>(v, digits, rest); }
U256 square_root(U256 v, int digits, U256* rest) { return split_square_root<U128>(v, digits, rest); }

}  // namespace

template <typename F>
BitsOf<F> add(Env& e, BitsOf<F> a, BitsOf<F> b) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (x.nan() || y.nan()) return nan_result(e, x, a, y, b);
  return add_parts(e, x, y);
}

template <typename F>
BitsOf<F> sub(Env& e, BitsOf<F> a, BitsOf<F> b) {
  const Parts<F> x = unpack<F>(e, a);
  Parts<F> y = unpack<F>(e, b);
  if (x.nan() || y.nan()) return nan_result(e, x, a, y, b);
  y.sign = !y.sign;
  return add_parts(e, x, y);
}

template <typename F>
BitsOf<F> mul(Env& e, BitsOf<F> a, BitsOf<F> b) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (x.nan() || y.nan()) return nan_result(e, x, a, y, b);
  if (inf_times_zero(x, y)) return invalid<F>(e);
  note_denormals(e, x, y);
  const bool sign = x.sign != y.sign;
  if (x.inf() || y.inf()) return signed_inf<F>(sign);
  if (x.zero() || y.zero()) return signed_zero<F>(sign);
  return round_value<F>(e, sign, multiply(x.sig, y.sig), x.exp + y.exp - 2 * (F::kPrecision - 1));
}

template <typename F>
BitsOf<F> div(Env& e, BitsOf<F> a, BitsOf<F> b) {
  using W = typename F::Wide;
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (x.nan() || y.nan()) return nan_result(e, x, a, y, b);
  if ((x.inf() && y.inf()) || (x.zero() && y.zero())) return invalid<F>(e);
  const bool sign = x.sign != y.sign;
  if (y.zero() && !x.inf()) {
    e.raise(kDivideByZero);
    return signed_inf<F>(sign);
  }
  note_denormals(e, x, y);
  if (x.inf()) return signed_inf<F>(sign);
  if (x.zero() || y.inf()) return signed_zero<F>(sign);
  // Two bits more than the significand, and a sticky one.
  constexpr int kShift = F::kPrecision + 1;
  W rest;
  W quotient = divide(x.sig << kShift, y.sig, &rest);
  quotient = (quotient << 1) | (rest != W(0) ? W(1) : W(0));
  return round_value<F>(e, sign, quotient, x.exp - y.exp - kShift - 1);
}

template <typename F>
BitsOf<F> sqrt(Env& e, BitsOf<F> a) {
  using W = typename F::Wide;
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  if (x.zero()) return signed_zero<F>(x.sign);
  if (x.sign) return invalid<F>(e);
  note_denormals(e, x);
  if (x.inf()) return signed_inf<F>(false);
  // sig * 2^shift has twice the digits wanted and an even exponent.
  constexpr int kDigits = F::kPrecision + 1;
  const int odd = x.exp & 1;
  constexpr int kShift = 2 * kDigits - F::kPrecision - 1;
  W rest;
  W root = square_root(x.sig << (kShift + odd), kDigits, &rest);
  root = (root << 1) | (rest != W(0) ? W(1) : W(0));
  return round_value<F>(e, false, root, (x.exp - odd) / 2 - kDigits);
}

template <typename F>
BitsOf<F> fma_scaled(Env& e, BitsOf<F> n, BitsOf<F> m, BitsOf<F> a, int scale) {
  using W = typename F::Wide;
  const Parts<F> z = unpack<F>(e, a), x = unpack<F>(e, n), y = unpack<F>(e, m);
  if (x.nan() || y.nan() || z.nan()) return fma_nan<F>(e, x, y, z, {n, m, a});
  if (inf_times_zero(x, y)) return invalid<F>(e);
  Parts<F> product;
  product.sign = x.sign != y.sign;
  if (x.inf() || y.inf() || z.inf() || x.zero() || y.zero()) {
    if (x.inf() || y.inf()) product.kind = Kind::kInf;
    product.denormal = x.denormal || y.denormal;
    return add_parts(e, product, z, scale);
  }
  note_denormals(e, x, y, z);
  const W exact = multiply(x.sig, y.sig);
  const int lsb = x.exp + y.exp - 2 * (F::kPrecision - 1);
  if (z.zero()) return round_value<F>(e, product.sign, exact, lsb + scale);
  const int shift = leading_zeros(exact) - 1;
  return add_terms<F>(e, {product.sign, lsb + kWidth<W> - 2 - shift, exact << shift}, term(z), scale);
}

template <typename F>
BitsOf<F> fma(Env& e, BitsOf<F> n, BitsOf<F> m, BitsOf<F> a) {
  return fma_scaled<F>(e, n, m, a, 0);
}

template <typename F>
BitsOf<F> scalbn(Env& e, BitsOf<F> a, int n) {
  const Parts<F> x = unpack<F>(e, a);
  if (x.nan()) return nan_result(e, x, a);
  note_denormals(e, x);
  if (x.inf()) return signed_inf<F>(x.sign);
  if (x.zero()) return signed_zero<F>(x.sign);
  // Beyond this every n gives the same.
  constexpr int kFar = 4 * F::kMaxExp;
  n = n > kFar ? kFar : n < -kFar ? -kFar : n;
  return round_value<F>(e, x.sign, x.sig, x.exp + n - (F::kPrecision - 1), Use::kExact);
}

template <typename F>
bool is_signalling_nan(const Rules& rules, BitsOf<F> a) {
  return F::is_nan(a) && is_signalling<F>(rules, a);
}
template <typename F>
BitsOf<F> default_nan_of(const Rules& rules) {
  return default_nan<F>(rules);
}

#define INSTANTIATE(F)                                                  \
  template F::Bits add<F>(Env&, F::Bits, F::Bits);                      \
  template F::Bits sub<F>(Env&, F::Bits, F::Bits);                      \
  template F::Bits mul<F>(Env&, F::Bits, F::Bits);                      \
  template F::Bits div<F>(Env&, F::Bits, F::Bits);                      \
  template F::Bits sqrt<F>(Env&, F::Bits);                              \
  template F::Bits fma<F>(Env&, F::Bits, F::Bits, F::Bits);             \
  template F::Bits fma_scaled<F>(Env&, F::Bits, F::Bits, F::Bits, int); \
  template F::Bits scalbn<F>(Env&, F::Bits, int);                       \
  template bool is_signalling_nan<F>(const Rules&, F::Bits);            \
  template F::Bits default_nan_of<F>(const Rules&);
XARCH_FPU_FORMATS(INSTANTIATE)
#undef INSTANTIATE

}  // namespace xarch::fpu
