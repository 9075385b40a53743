// Ordinary floating-point operations by the host's instruction alone: rounding to nearest, nothing flushed,
// normal operands and a result far from both ends of the range. The only flag they can raise is Inexact; if
// it is not set already, it follows from the operands without a look at the host's flags, whose register is
// slow to read and write. Each function answers false, with nothing changed, if the operation is none of
// these.
#pragma once

#include <bit>
#include <cmath>

#include "targets/arm/core/fp.h"

namespace xarch::arm {

template <typename B>
class PlainFp {
 public:
  // FPCR: RMode and FZ are 0. (Default NaNs do not matter where no NaN comes out.)
  static bool applies(const FpContext& c) { return (c.fpcr & uint64_t{7} << 22) == 0; }

  static bool add(FpContext& c, B a, B b, B* out) {
    if (!small(a) || !small(b)) return false;
    const Host x = host(a), y = host(b);
    *out = bits_of(x + y);
    if (!inexact_known(c) && sum_error(x, y) != 0) c.flags |= kIxc;
    return true;
  }

  static bool mul(FpContext& c, B a, B b, B* out) {
    if (!small(a) || !small(b)) return false;
    const B r = bits_of(host(a) * host(b));
    if (!Bits::zero(a) && !Bits::zero(b)) {
      if (!normal(a) || !normal(b) || !inner(r)) return false;
      if (!inexact_known(c) && !product_fits(a, b, r)) c.flags |= kIxc;
    }
    *out = r;
    return true;
  }

  static bool div(FpContext& c, B a, B b, B* out) {
    if (!normal(a) || !normal(b)) return false;
    const B r = bits_of(host(a) / host(b));
    if (!inner(r)) return false;
    // The quotient is exact if its product with the divisor is the dividend, without rounding.
    if (!inexact_known(c) && !(bits_of(host(r) * host(b)) == a && product_fits(r, b, a))) c.flags |= kIxc;
    *out = r;
    return true;
  }

  static bool sqrt(FpContext& c, B a, B* out) {
    if (!normal(a) || (a & Bits::kSign) != 0) return false;
    const B r = bits_of(std::sqrt(host(a)));
    if (!inexact_known(c) && !(bits_of(host(r) * host(r)) == a && product_fits(r, r, a))) c.flags |= kIxc;
    *out = r;
    return true;
  }

  static bool fma(FpContext& c, B addend, B n, B m, B* out) {
    if (!small(addend) || !small(n) || !small(m)) return false;
    // Through a pointer: the compiler must not compute it at build time or from parts.
    static Host (*volatile const fused)(Host, Host, Host) = std::fma;
    if (!inexact_known(c)) {
      const B product = bits_of(host(n) * host(m));
      if (!Bits::zero(n) && !Bits::zero(m) &&
          (!normal(n) || !normal(m) || !inner(product) || !small(product) || !product_fits(n, m, product)))
        return false;
      const Host x = host(product), y = host(addend);
      const B r = bits_of(x + y);
      if (!inner(r)) return false;
      if (sum_error(x, y) != 0) c.flags |= kIxc;
      *out = r;
      return true;
    }
    const B r = bits_of(fused(host(n), host(m), host(addend)));
    if (!inner(r)) return false;
    *out = r;
    return true;
  }

  // NZCV of two numbers, no NaNs.
  static unsigned compare(B a, B b) {
    const Host x = host(a), y = host(b);
    return x == y ? 6 : x < y ? 8 : 2;
  }

  // Toward zero, of what is in range of a signed host integer of `bits`.
  static bool to_int(FpContext& c, B a, unsigned bits, bool is_unsigned, uint64_t* out) {
    if (exponent(a) - FpFormat<B>::kBias >= static_cast<int>(bits) - 1) return false;
    if (is_unsigned && (a & Bits::kSign) != 0) return false;
    const auto whole = static_cast<int64_t>(host(a));
    if (static_cast<Host>(whole) != host(a)) c.flags |= kIxc;
    *out = bits == 64 ? static_cast<uint64_t>(whole) : static_cast<uint32_t>(whole);
    return true;
  }

 private:
  using Bits = FpBits<B>;
  using Host = typename FpFormat<B>::Host;

  static Host host(B v) { return std::bit_cast<Host>(v); }
  static B bits_of(Host f) { return std::bit_cast<B>(f); }
  static constexpr int kLast = 2 * FpFormat<B>::kBias + 1;  // the exponent of infinities and NaNs
  static int exponent(B v) { return static_cast<int>((v & Bits::kInf) >> Bits::kMantissa); }
  // Finite, and so that sums of a few of them are, too.
  static bool small(B v) { return exponent(v) < kLast - 3; }
  static bool normal(B v) { return exponent(v) != 0 && exponent(v) != kLast; }
  // Neither rounded to the smallest normal number from below, nor overflown.
  static bool inner(B v) { return exponent(v) > 1 && exponent(v) != kLast; }
  static bool inexact_known(const FpContext& c) { return ((c.flags | c.already) & kIxc) != 0; }

  // What x + y lost by rounding to nearest (two-sum; exact as long as nothing overflows).
  static Host sum_error(Host x, Host y) {
    const Host s = x + y, back = s - x;
    return (x - (s - back)) + (y - back);
  }
  static int trailing_zeros(B v) {
    return std::countr_zero(static_cast<B>((v & Bits::kFraction) | Bits::kMinNormal));
  }
  // Has the product of normal a and b, which is r or rounded to it, no more digits than fit? r tells how many
  // it has; if it was rounded up to one more, it did not fit, and its zeros do not suffice for either number.
  static bool product_fits(B a, B b, B r) {
    const int digits_over = Bits::kMantissa + exponent(r) - exponent(a) - exponent(b) + FpFormat<B>::kBias;
    return trailing_zeros(a) + trailing_zeros(b) >= digits_over;
  }
};

}  // namespace xarch::arm
