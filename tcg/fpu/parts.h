// What all operations are made of: taking numbers apart, choosing among NaNs, rounding and packing. Private
// to tcg/fpu.
#pragma once

#include <initializer_list>

#include "tcg/fpu/env.h"
#include "tcg/fpu/format.h"

namespace xarch::fpu {

enum class Kind : uint8_t {
  kZero,
  kFinite,
  kInf,
  kNan,
  kBad  // an x87 encoding that no operation takes
};

// A number taken apart. Finite: significand / 2^(kPrecision - 1) * 2^exp, significand in [2^(p-1), 2^p).
template <typename F>
struct Parts {
  Kind kind = Kind::kZero;
  bool sign = false;
  bool denormal = false;  // and not flushed
  int exp = 0;
  typename F::Wide sig{};

  bool nan() const { return kind >= Kind::kNan; }
  bool inf() const { return kind == Kind::kInf; }
  bool zero() const { return kind == Kind::kZero; }
};

// What the modes of the Env mean for an operation.
enum class Use : uint8_t {
  kArithmetic,  // all of them apply
  kExact,       // x87's precision control does not
  kConversion   // between formats: nor does the flushing of half precision
};

template <typename F>
bool flushes_inputs(const Env& e, Use use) {
  return F::kHalf ? e.flush_half && use != Use::kConversion : e.flush_inputs;
}
template <typename F>
bool flushes_outputs(const Env& e, Use use) {
  return F::kHalf ? e.flush_half && use != Use::kConversion : e.flush_outputs;
}

// Takes v apart; flushes a denormal, if so asked, with the flag for that.
template <typename F>
Parts<F> unpack(Env& e, typename F::Bits v, Use use = Use::kArithmetic) {
  using Bits = typename F::Bits;
  Parts<F> r;
  r.sign = F::negative(v);
  const int field = F::exponent_field(v);
  const Bits stored = static_cast<Bits>(v & F::kFractionMask);
  if constexpr (F::kExplicit) {
    if (field != 0 && !(stored & F::kInteger)) {
      r.kind = Kind::kBad;
      return r;
    }
  }
  if (F::kSpecials && field == F::kMaxExp) {
    r.kind = stored == F::kInteger ? Kind::kInf : Kind::kNan;
    return r;
  }
  if (field != 0) {
    r.kind = Kind::kFinite;
    r.exp = field - F::kBias;
    r.sig = typename F::Wide(F::kExplicit ? stored : static_cast<Bits>(stored | (Bits{1} << F::kFraction)));
    return r;
  }
  if (stored == 0) return r;
  if (flushes_inputs<F>(e, use)) {
    if (e.rules->denormal_flag == DenormalFlag::kWhenFlushed && !F::kHalf) e.raise(kDenormal);
    return r;
  }
  r.kind = Kind::kFinite;
  r.denormal = true;
  r.sig = typename F::Wide(stored);
  const int shift = leading_zeros(r.sig) - (kWidth<typename F::Wide> - F::kPrecision);
  r.sig = r.sig << shift;
  r.exp = 1 - F::kBias - shift;
  return r;
}

// Raises the flag of denormal operands where the guest has it; after NaNs and invalid operations were dealt
// with.
template <typename F, typename... More>
void note_denormals(Env& e, const Parts<F>& a, const More&... more) {
  if ((a.denormal || ... || more.denormal) && e.rules->denormal_flag == DenormalFlag::kWhenUsed)
    e.raise(kDenormal);
}

template <typename F>
typename F::Bits signed_zero(bool sign) {
  return sign ? F::kSign : typename F::Bits{0};
}
template <typename F>
typename F::Bits signed_inf(bool sign) {
  return static_cast<typename F::Bits>(F::kInf | signed_zero<F>(sign));
}

template <typename F>
bool is_signalling(const Rules& rules, typename F::Bits nan) {
  return ((nan & F::kQuiet) != 0) == rules.signalling_bit;
}

template <typename F>
typename F::Bits default_nan(const Rules& rules) {
  using Bits = typename F::Bits;
  Bits fraction = F::kQuiet;
  if (rules.default_nan == DefaultNan::kAllOnes) fraction = static_cast<Bits>((F::kQuiet << 1) - 1);
  if (rules.default_nan == DefaultNan::kAllButQuiet) fraction = static_cast<Bits>(F::kQuiet - 1);
  return static_cast<Bits>(signed_zero<F>(rules.default_nan_negative) | F::kInf | fraction);
}
// Invalid operation.
template <typename F>
typename F::Bits invalid(Env& e) {
  e.raise(kInvalid);
  return default_nan<F>(*e.rules);
}

template <typename F>
typename F::Bits quieted(const Rules& rules, typename F::Bits nan) {
  if (!rules.signalling_bit) return static_cast<typename F::Bits>(nan | F::kQuiet);
  return is_signalling<F>(rules, nan) ? default_nan<F>(rules) : nan;
}

// x87: of two NaNs a quiet one comes first, then the larger significand, then the positive one.
template <typename F>
typename F::Bits larger_nan(typename F::Bits a, typename F::Bits b) {
  const bool qa = (a & F::kQuiet) != 0, qb = (b & F::kQuiet) != 0;
  if (qa != qb) return qa ? a : b;
  const auto fa = a & F::kFractionMask, fb = b & F::kFractionMask;
  if (fa != fb) return fa > fb ? a : b;
  return F::negative(a) ? b : a;
}

// The NaN result of an operation of which some operand is a NaN; operands in the order they are looked at.
template <typename F>
typename F::Bits choose_nan(Env& e, std::initializer_list<typename F::Bits> operands) {
  using Bits = typename F::Bits;
  const Rules& rules = *e.rules;
  const Bits *first = nullptr, *signalling = nullptr;
  for (const Bits& v : operands) {
    if (!F::is_nan(v)) continue;
    if (first == nullptr) first = &v;
    if (signalling == nullptr && is_signalling<F>(rules, v)) signalling = &v;
  }
  if (signalling != nullptr) e.raise(kInvalid);
  if (e.default_nan) return default_nan<F>(rules);
  switch (rules.nan) {
    case NanChoice::kSignallingFirst: return quieted<F>(rules, signalling != nullptr ? *signalling : *first);
    case NanChoice::kFirst: return quieted<F>(rules, *first);
    case NanChoice::kSignallingDefaults: return signalling != nullptr ? default_nan<F>(rules) : *first;
    case NanChoice::kDefault: return default_nan<F>(rules);
    case NanChoice::kLargerSignificand: break;
  }
  Bits best = *first;
  for (const Bits& v : operands) {
    if (F::is_nan(v)) best = larger_nan<F>(best, v);
  }
  return quieted<F>(rules, best);
}

// The same for one or two operands with their kinds known; an encoding that x87 does not take is Invalid.
template <typename F>
typename F::Bits nan_result(Env& e, const Parts<F>& pa, typename F::Bits a) {
  if (pa.kind == Kind::kBad) return invalid<F>(e);
  return choose_nan<F>(e, {a});
}
template <typename F>
typename F::Bits nan_result(Env& e, const Parts<F>& pa, typename F::Bits a, const Parts<F>& pb,
                            typename F::Bits b) {
  if (pa.kind == Kind::kBad || pb.kind == Kind::kBad) return invalid<F>(e);
  return e.rules->second_first ? choose_nan<F>(e, {b, a}) : choose_nan<F>(e, {a, b});
}

// Does a number whose lost part is `rest` of `2 * half` go away from zero?
template <typename W>
bool rounds_up(Rounding r, bool sign, bool odd, W rest, W half) {
  switch (r) {
    case Rounding::kNearest: return rest > half || (rest == half && odd);
    case Rounding::kAway: return rest >= half;
    case Rounding::kUp: return rest != W(0) && !sign;
    case Rounding::kDown: return rest != W(0) && sign;
    case Rounding::kZero: return false;
    case Rounding::kOdd: return rest != W(0) && !odd;
  }
  return false;
}
// Do numbers beyond the largest become infinite?
inline bool overflows_to_inf(Rounding r, bool sign) {
  switch (r) {
    case Rounding::kNearest:
    case Rounding::kAway: return true;
    case Rounding::kUp: return !sign;
    case Rounding::kDown: return sign;
    default: return false;
  }
}

template <typename F>
int precision(const Env& e, Use use) {
  return F::kExplicit && use == Use::kArithmetic ? e.x87_precision : F::kPrecision;
}

// The result of an overflow.
template <typename F>
typename F::Bits overflow(Env& e, bool sign, Rounding rounding, Use use) {
  using Bits = typename F::Bits;
  if constexpr (!F::kSpecials) {  // saturates and is Invalid, not inexact
    e.raise(kInvalid);
    return static_cast<Bits>(signed_zero<F>(sign) | (F::kSign - 1));
  }
  e.raise(kOverflow | kInexact);
  e.rounded_up = overflows_to_inf(rounding, sign);
  if (e.rounded_up) return signed_inf<F>(sign);
  const Bits unit = static_cast<Bits>(Bits{1} << (F::kPrecision - precision<F>(e, use)));
  const Bits largest =
      static_cast<Bits>((Bits{F::kMaxExp - 1} << F::kFraction) | (F::kFractionMask & ~(unit - 1)));
  return static_cast<Bits>(signed_zero<F>(sign) | largest);
}

// The heart: rounds ± sig / 2^(width - 1) * 2^exp, the highest bit of sig being set and its lowest one
// sticky.
template <typename F>
typename F::Bits round_pack(Env& e, bool sign, int exp, typename F::Wide sig, Rounding rounding,
                            Use use = Use::kArithmetic) {
  using W = typename F::Wide;
  using Bits = typename F::Bits;
  constexpr int kTop = kWidth<W>;
  const int drop = kTop - precision<F>(e, use);
  const W unit = W(1) << drop, half = W(1) << (drop - 1), mask = unit - W(1);
  int field = exp + F::kBias;
  bool tiny = field < 1;
  if (tiny) {
    if (field == 0 && e.rules->tiny_after_rounding) {
      const W kept = sig - (sig & mask);
      const bool up = rounds_up<W>(rounding, sign, (sig & unit) != W(0), sig & mask, half);
      tiny = !up || kept + unit != W(0);
    }
    if (tiny && flushes_outputs<F>(e, use)) {
      e.raise(e.rules->flush_inexact ? kUnderflow | kInexact : kUnderflow);
      return signed_zero<F>(sign);
    }
    sig = shift_right_jam(sig, 1 - field);
    field = 1;
  }
  const W rest = sig & mask;
  const bool up = rounds_up<W>(rounding, sign, (sig & unit) != W(0), rest, half);
  W kept = sig >> (kTop - F::kPrecision);
  if (rest != W(0)) {
    if (precision<F>(e, use) != F::kPrecision) kept = (sig - rest) >> (kTop - F::kPrecision);
    if (up) kept = kept + (W(1) << (F::kPrecision - precision<F>(e, use)));
    if (kept >> F::kPrecision != W(0)) {
      kept = kept >> 1;
      ++field;
    }
  }
  e.rounded_up = up;
  if (field >= F::kMaxExp + (F::kSpecials ? 0 : 1)) return overflow<F>(e, sign, rounding, use);
  if (rest != W(0)) e.raise(tiny ? kInexact | kUnderflow : kInexact);
  const Bits stored = static_cast<Bits>(kept);
  const bool normal = (stored >> (F::kPrecision - 1)) != 0;
  const Bits exponent = static_cast<Bits>(Bits(normal ? field : 0) << F::kFraction);
  return static_cast<Bits>(signed_zero<F>(sign) | exponent | static_cast<Bits>(stored & F::kFractionMask));
}

// Rounds ± v * 2^lsb, v != 0.
template <typename F>
typename F::Bits round_value(Env& e, bool sign, typename F::Wide v, int lsb, Use use = Use::kArithmetic) {
  const int shift = leading_zeros(v);
  return round_pack<F>(e, sign, lsb + kWidth<typename F::Wide> - 1 - shift, v << shift, e.rounding, use);
}

// v / 2^n rounded to an integer, n >= 0; *inexact tells whether that changed it.
template <typename W>
W round_shift(W v, int n, bool sign, Rounding rounding, bool* inexact) {
  *inexact = false;
  if (n == 0) return v;
  if (n >= kWidth<W>) {  // far below one half: any small rest will do
    *inexact = v != W(0);
    return rounds_up<W>(rounding, sign, false, *inexact ? W(1) : W(0), W(2)) ? W(1) : W(0);
  }
  const W unit = W(1) << n, rest = v & (unit - W(1));
  *inexact = rest != W(0);
  W kept = v >> n;
  if (rounds_up<W>(rounding, sign, (v & unit) != W(0), rest, W(1) << (n - 1))) kept = kept + W(1);
  return kept;
}

}  // namespace xarch::fpu
