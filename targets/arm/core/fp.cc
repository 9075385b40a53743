#include "targets/arm/core/fp.h"

#include <cmath>
#include <cstring>

#include "targets/arm/core/fp_plain.h"

namespace xarch::arm {

namespace {

template <typename B>
using Bits = FpBits<B>;
template <typename B>
using Host = typename FpFormat<B>::Host;

template <typename B>
Host<B> host(B v) {
  Host<B> f;
  std::memcpy(&f, &v, sizeof f);
  return f;
}
template <typename B>
B bits_of(Host<B> f) {
  B v;
  std::memcpy(&v, &f, sizeof f);
  return v;
}

// MXCSR with all exceptions masked, no flags, and a rounding mode.
constexpr uint32_t mxcsr(Rounding r) {
  constexpr uint32_t kMode[] = {0, 2, 1, 3};
  return 0x1f80 | kMode[static_cast<unsigned>(r) & 3] << 13;
}
enum HostFlag : uint32_t {
  kHostInvalid = 1,
  kHostZero = 4,
  kHostOverflow = 8,
  kHostUnderflow = 16,
  kHostInexact = 32
};

// Runs one host instruction under a control word; yields the flags it raised. Nothing can move in between.
#define XARCH_HOST_OP(name, ss, sd)                                                      \
  inline uint32_t name(float& a, float b, uint32_t control) {                            \
    uint32_t after, old;                                                                 \
    asm volatile("stmxcsr %1\n\tldmxcsr %3\n\t" ss " %4, %0\n\tstmxcsr %2\n\tldmxcsr %1" \
                 : "+x"(a), "=m"(old), "=m"(after)                                       \
                 : "m"(control), "x"(b));                                                \
    return after & 0x3f;                                                                 \
  }                                                                                      \
  inline uint32_t name(double& a, double b, uint32_t control) {                          \
    uint32_t after, old;                                                                 \
    asm volatile("stmxcsr %1\n\tldmxcsr %3\n\t" sd " %4, %0\n\tstmxcsr %2\n\tldmxcsr %1" \
                 : "+x"(a), "=m"(old), "=m"(after)                                       \
                 : "m"(control), "x"(b));                                                \
    return after & 0x3f;                                                                 \
  }
XARCH_HOST_OP(host_add, "addss", "addsd")
XARCH_HOST_OP(host_sub, "subss", "subsd")
XARCH_HOST_OP(host_mul, "mulss", "mulsd")
XARCH_HOST_OP(host_div, "divss", "divsd")
XARCH_HOST_OP(host_sqrt, "sqrtss", "sqrtsd")
#undef XARCH_HOST_OP

void set_mxcsr(uint32_t v) { asm volatile("ldmxcsr %0" : : "m"(v) : "memory"); }
uint32_t get_mxcsr() {
  uint32_t v;
  asm volatile("stmxcsr %0" : "=m"(v) : : "memory");
  return v;
}

template <typename B>
B invalid(FpContext& c) {
  c.flags |= kIoc;
  return Bits<B>::kDefaultNan;
}
// The first signalling NaN, else the first quiet one.
template <typename B>
bool nan_operand(FpContext& c, B a, B b, B* out) {
  if (Bits<B>::snan(a))
    *out = quiet(c, a);
  else if (Bits<B>::snan(b))
    *out = quiet(c, b);
  else if (Bits<B>::nan(a))
    *out = quiet(c, a);
  else if (Bits<B>::nan(b))
    *out = quiet(c, b);
  else
    return false;
  return true;
}

// Flags of a host operation on operands that are no NaNs, and what Arm does otherwise about tiny results.
// toward_zero repeats the operation rounding toward zero: tininess is judged before rounding, the host does
// it after.
template <typename B, typename Again>
B settle(FpContext& c, B result, uint32_t host_flags, Again toward_zero) {
  if (Bits<B>::nan(result)) return invalid<B>(c);
  if (host_flags & kHostZero) c.flags |= kDzc;
  const B magnitude = result & ~Bits<B>::kSign;
  bool tiny = magnitude != 0 ? magnitude < Bits<B>::kMinNormal : (host_flags & kHostUnderflow) != 0;
  if (magnitude == Bits<B>::kMinNormal && (host_flags & kHostInexact)) {
    tiny = (toward_zero() & ~Bits<B>::kSign) < Bits<B>::kMinNormal;
  }
  if (tiny && c.flush()) {
    c.flags |= kUfc;
    return result & Bits<B>::kSign;
  }
  if (host_flags & kHostOverflow) c.flags |= kOfc;
  if (host_flags & kHostInexact) c.flags |= kIxc | (tiny ? kUfc : 0u);
  return result;
}

template <typename B>
B arithmetic(FpContext& c, uint32_t (*op)(Host<B>&, Host<B>, uint32_t), B a, B b) {
  a = flush_input(c, a);
  b = flush_input(c, b);
  B nan;
  if (nan_operand(c, a, b, &nan)) return nan;
  Host<B> r = host(a);
  const uint32_t flags = op(r, host(b), mxcsr(c.rounding()));
  return settle(c, bits_of<B>(r), flags, [&] {
    Host<B> z = host(a);
    op(z, host(b), mxcsr(Rounding::kZero));
    return bits_of<B>(z);
  });
}

template <typename B>
bool plain_binary(FpContext& c, FpOp op, B a, B b, B* out) {
  if (!PlainFp<B>::applies(c)) return false;
  switch (op) {
    case FpOp::kAdd: return PlainFp<B>::add(c, a, b, out);
    case FpOp::kSub: return PlainFp<B>::add(c, a, b ^ Bits<B>::kSign, out);
    case FpOp::kMul: return PlainFp<B>::mul(c, a, b, out);
    case FpOp::kDiv: return PlainFp<B>::div(c, a, b, out);
    default: return false;
  }
}

template <typename B>
B min_max(FpContext& c, bool maximum, bool number, B a, B b) {
  if (number) {
    // A quiet NaN against a number counts as the infinity that loses.
    const bool qa = Bits<B>::nan(a) && !Bits<B>::snan(a), qb = Bits<B>::nan(b) && !Bits<B>::snan(b);
    const B loser = maximum ? Bits<B>::kInf | Bits<B>::kSign : Bits<B>::kInf;
    if (qa && !Bits<B>::nan(b))
      a = loser;
    else if (qb && !Bits<B>::nan(a))
      b = loser;
  }
  a = flush_input(c, a);
  b = flush_input(c, b);
  B nan;
  if (nan_operand(c, a, b, &nan)) return nan;
  if (Bits<B>::zero(a) && Bits<B>::zero(b)) return maximum ? a & b : a | b;
  return (host(a) > host(b)) == maximum ? a : b;
}

template <typename B>
bool zero_times_inf(B a, B b) {
  return (Bits<B>::zero(a) && Bits<B>::inf(b)) || (Bits<B>::inf(a) && Bits<B>::zero(b));
}

// FRECPS: 2 - a*b; FRSQRTS: (3 - a*b) / 2. Both rounded once.
template <typename B>
B step(FpContext& c, bool rsqrt, B a, B b) {
  a = flush_input(c, static_cast<B>(a));
  b = flush_input(c, b);
  // The negated operand is what NaNs are taken from.
  const B negated = a ^ Bits<B>::kSign;
  B nan;
  if (nan_operand(c, negated, b, &nan)) return nan;
  constexpr B kTwo = Bits<B>::kOne + Bits<B>::kMinNormal, kHalf = Bits<B>::kOne - Bits<B>::kMinNormal;
  constexpr B kThree = kTwo | Bits<B>::kQuiet, kOneAndHalf = Bits<B>::kOne | Bits<B>::kQuiet;
  if (zero_times_inf(a, b)) return rsqrt ? kOneAndHalf : kTwo;
  if (!rsqrt) return fp_fma(c, kTwo, negated, b);
  // (3 - a*b)/2 = 1.5 + (-a/2)*b: halving a is exact unless it becomes denormal, then halve b.
  const B exponent_a = a & Bits<B>::kInf, exponent_b = b & Bits<B>::kInf;
  if (Bits<B>::inf(a) || Bits<B>::inf(b)) return fp_fma(c, kThree, negated, b);
  FpContext quiet_context = c;
  if (exponent_a > Bits<B>::kMinNormal) {
    const B r = fp_fma(quiet_context, kOneAndHalf, static_cast<B>(negated - Bits<B>::kMinNormal), b);
    c.flags |= quiet_context.flags;
    return r;
  }
  if (exponent_b > Bits<B>::kMinNormal) {
    const B r = fp_fma(quiet_context, kOneAndHalf, negated, static_cast<B>(b - Bits<B>::kMinNormal));
    c.flags |= quiet_context.flags;
    return r;
  }
  // Both tiny: the product is far below half a unit in the last place of 3/2.
  const B half_product = bits_of<B>(host(static_cast<B>(negated & Bits<B>::kSign)) * host(kHalf));
  if (Bits<B>::zero(a) || Bits<B>::zero(b)) return kOneAndHalf;
  return fp_fma(c, kOneAndHalf, static_cast<B>(Bits<B>::kMinNormal | (half_product & Bits<B>::kSign)),
                static_cast<B>(Bits<B>::kMinNormal | (b & Bits<B>::kSign)));
}

}  // namespace

template <typename B>
B fp_binary(FpContext& c, FpOp op, B a, B b) {
  if (B r; plain_binary(c, op, a, b, &r)) return r;
  switch (op) {
    case FpOp::kAdd: return arithmetic<B>(c, host_add, a, b);
    case FpOp::kSub: return arithmetic<B>(c, host_sub, a, b);
    case FpOp::kMul: return arithmetic<B>(c, host_mul, a, b);
    case FpOp::kDiv: return arithmetic<B>(c, host_div, a, b);
    case FpOp::kMax: return min_max(c, true, false, a, b);
    case FpOp::kMin: return min_max(c, false, false, a, b);
    case FpOp::kMaxNm: return min_max(c, true, true, a, b);
    case FpOp::kMinNm: return min_max(c, false, true, a, b);
    case FpOp::kNmul: return arithmetic<B>(c, host_mul, a, b) ^ Bits<B>::kSign;
    case FpOp::kMulx: {
      const B x = flush_input(c, a), y = flush_input(c, b);
      if (!zero_times_inf(x, y)) return arithmetic<B>(c, host_mul, a, b);
      constexpr B kTwo = Bits<B>::kOne + Bits<B>::kMinNormal;
      return kTwo | ((x ^ y) & Bits<B>::kSign);
    }
    case FpOp::kAbd: return arithmetic<B>(c, host_sub, a, b) & ~Bits<B>::kSign;
    case FpOp::kRecps: return step(c, false, a, b);
    case FpOp::kRsqrts: return step(c, true, a, b);
  }
  return 0;
}

template <typename B>
B fp_sqrt(FpContext& c, B a) {
  if (B r; PlainFp<B>::applies(c) && PlainFp<B>::sqrt(c, a, &r)) return r;
  a = flush_input(c, a);
  if (Bits<B>::nan(a)) return quiet(c, a);
  Host<B> r = 0;
  const uint32_t flags = host_sqrt(r, host(a), mxcsr(c.rounding()));
  return settle(c, bits_of<B>(r), flags, [&] { return bits_of<B>(r); });
}

template <typename B>
B fp_fma(FpContext& c, B addend, B n, B m) {
  if (B r; PlainFp<B>::applies(c) && PlainFp<B>::fma(c, addend, n, m, &r)) return r;
  addend = flush_input(c, addend);
  n = flush_input(c, n);
  m = flush_input(c, m);
  if (Bits<B>::nan(addend) && !Bits<B>::snan(addend) && zero_times_inf(n, m)) return invalid<B>(c);
  B nan;
  if (Bits<B>::snan(addend)) return quiet(c, addend);
  if (Bits<B>::snan(n)) return quiet(c, n);
  if (Bits<B>::snan(m)) return quiet(c, m);
  if (Bits<B>::nan(addend)) return quiet(c, addend);
  if (nan_operand(c, n, m, &nan)) return nan;
  static Host<B> (*volatile const fused)(Host<B>, Host<B>, Host<B>) = std::fma;
  const auto run = [&](Rounding r, uint32_t* flags) {
    const uint32_t old = get_mxcsr();
    set_mxcsr(mxcsr(r));
    const Host<B> v = fused(host(n), host(m), host(addend));
    *flags = get_mxcsr() & 0x3f;
    set_mxcsr(old);
    return bits_of<B>(v);
  };
  uint32_t flags, ignored;
  const B result = run(c.rounding(), &flags);
  return settle(c, result, flags, [&] { return run(Rounding::kZero, &ignored); });
}

template <typename B>
unsigned fp_compare(FpContext& c, B a, B b, bool signals) {
  a = flush_input(c, a);
  b = flush_input(c, b);
  if (Bits<B>::nan(a) || Bits<B>::nan(b)) {
    if (signals || Bits<B>::snan(a) || Bits<B>::snan(b)) c.flags |= kIoc;
    return 3;
  }
  const Host<B> x = host(a), y = host(b);
  return x == y ? 6 : x < y ? 8 : 2;
}

template <typename B>
B fp_round(FpContext& c, B a, Rounding r, bool exact) {
  a = flush_input(c, a);
  if (Bits<B>::nan(a)) return quiet(c, a);
  const int exponent = static_cast<int>((a & Bits<B>::kInf) >> Bits<B>::kMantissa) - FpFormat<B>::kBias;
  if (Bits<B>::zero(a) || exponent >= Bits<B>::kMantissa) return a;
  const B sign = a & Bits<B>::kSign;
  B magnitude = a & ~Bits<B>::kSign;
  const B unit = exponent < 0 ? 0 : B{1} << (Bits<B>::kMantissa - exponent);
  const B whole = exponent < 0 ? 0 : magnitude & ~(unit - 1);
  if (whole == magnitude) return a;
  const B next = exponent < 0 ? Bits<B>::kOne : whole + unit;
  constexpr B kHalf = Bits<B>::kOne - Bits<B>::kMinNormal;
  const B middle = exponent < 0 ? kHalf : whole + unit / 2;
  const bool odd = exponent >= 0 && (whole & unit) != 0;
  bool up = false;
  switch (r) {
    case Rounding::kNearest: up = magnitude > middle || (magnitude == middle && odd); break;
    case Rounding::kAway: up = magnitude >= middle; break;
    case Rounding::kUp: up = sign == 0; break;
    case Rounding::kDown: up = sign != 0; break;
    case Rounding::kZero: break;
  }
  if (exact) c.flags |= kIxc;
  return sign | (up ? next : whole);
}

template <typename B>
uint64_t fp_to_int(FpContext& c, B a, Rounding r, unsigned bits, bool is_unsigned, unsigned fraction_bits) {
  a = flush_input(c, a);
  const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  // What every C program does: toward zero, in range of the host's conversion.
  const int exponent = static_cast<int>((a & Bits<B>::kInf) >> Bits<B>::kMantissa) - FpFormat<B>::kBias;
  if (r == Rounding::kZero && fraction_bits == 0 && exponent < static_cast<int>(bits) - 1 &&
      !(is_unsigned && (a & Bits<B>::kSign) != 0)) {
    const auto whole = static_cast<int64_t>(host(a));
    if (static_cast<Host<B>>(whole) != host(a)) c.flags |= kIxc;
    return static_cast<uint64_t>(whole) & mask;
  }
  if (Bits<B>::nan(a)) {
    c.flags |= kIoc;
    return 0;
  }
  const bool negative = (a & Bits<B>::kSign) != 0;
  const uint64_t max = is_unsigned ? mask : mask >> 1, min = is_unsigned ? 0 : mask ^ (mask >> 1);
  const int raw = static_cast<int>((a & Bits<B>::kInf) >> Bits<B>::kMantissa);
  uint64_t m = a & Bits<B>::kFraction;
  if (raw != 0) m |= Bits<B>::kMinNormal;
  const int shift =
      (raw == 0 ? 1 : raw) - FpFormat<B>::kBias - Bits<B>::kMantissa + static_cast<int>(fraction_bits);
  bool inexact = false, too_big = Bits<B>::inf(a);
  if (!too_big && m != 0) {
    if (shift >= 0) {
      too_big = shift > 63 || m >> (64 - shift - 1) >> 1 != 0;
      if (!too_big) m <<= shift;
    } else {
      const int s = -shift;
      const uint64_t rest = s > 63 ? m : m & ((uint64_t{1} << s) - 1);
      const uint64_t half = s > 63 ? ~uint64_t{0} : uint64_t{1} << (s - 1);
      m = s > 63 ? 0 : m >> s;
      inexact = rest != 0;
      bool up = false;
      switch (r) {
        case Rounding::kNearest: up = rest > half || (rest == half && (m & 1)); break;
        case Rounding::kAway: up = rest >= half; break;
        case Rounding::kUp: up = inexact && !negative; break;
        case Rounding::kDown: up = inexact && negative; break;
        case Rounding::kZero: break;
      }
      m += up;
    }
  }
  const uint64_t limit = negative ? (is_unsigned ? 0 : min) : max;
  if (too_big || m > limit) {
    c.flags |= kIoc;
    return negative ? min : max;
  }
  if (inexact) c.flags |= kIxc;
  return (negative ? -m : m) & mask;
}

template <typename B>
B fp_from_int(FpContext& c, uint64_t v, bool is_unsigned, unsigned fraction_bits) {
  if (v == 0) return 0;
  const bool negative = !is_unsigned && static_cast<int64_t>(v) < 0;
  uint64_t m = negative ? -v : v;
  if (fraction_bits == 0 && m >> (Bits<B>::kMantissa + 1) == 0)  // it fits: exact however it is rounded
    return bits_of<B>(static_cast<Host<B>>(static_cast<int64_t>(v)));
  const int lead = 63 - __builtin_clzll(m);
  int exponent = lead - static_cast<int>(fraction_bits) + FpFormat<B>::kBias;
  const int drop = lead - Bits<B>::kMantissa;
  if (drop > 0) {
    const uint64_t rest = m & ((uint64_t{1} << drop) - 1), half = uint64_t{1} << (drop - 1);
    m >>= drop;
    bool up = false;
    switch (c.rounding()) {
      case Rounding::kNearest: up = rest > half || (rest == half && (m & 1)); break;
      case Rounding::kUp: up = rest != 0 && !negative; break;
      case Rounding::kDown: up = rest != 0 && negative; break;
      default: break;
    }
    if (rest != 0) c.flags |= kIxc;
    m += up;
  } else {
    m <<= -drop;
  }
  // A carry out of the mantissa goes into the exponent by itself.
  const B magnitude = static_cast<B>((static_cast<uint64_t>(exponent - 1) << Bits<B>::kMantissa) + m);
  return magnitude | (negative ? Bits<B>::kSign : 0);
}

template uint32_t fp_binary(FpContext&, FpOp, uint32_t, uint32_t);
template uint64_t fp_binary(FpContext&, FpOp, uint64_t, uint64_t);
template uint32_t fp_sqrt(FpContext&, uint32_t);
template uint64_t fp_sqrt(FpContext&, uint64_t);
template uint32_t fp_fma(FpContext&, uint32_t, uint32_t, uint32_t);
template uint64_t fp_fma(FpContext&, uint64_t, uint64_t, uint64_t);
template unsigned fp_compare(FpContext&, uint32_t, uint32_t, bool);
template unsigned fp_compare(FpContext&, uint64_t, uint64_t, bool);
template uint32_t fp_round(FpContext&, uint32_t, Rounding, bool);
template uint64_t fp_round(FpContext&, uint64_t, Rounding, bool);
template uint64_t fp_to_int(FpContext&, uint32_t, Rounding, unsigned, bool, unsigned);
template uint64_t fp_to_int(FpContext&, uint64_t, Rounding, unsigned, bool, unsigned);
template uint32_t fp_from_int(FpContext&, uint64_t, bool, unsigned);
template uint64_t fp_from_int(FpContext&, uint64_t, bool, unsigned);

}  // namespace xarch::arm
