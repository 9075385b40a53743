#include "tests/fpu/reference.h"

#include <cstdlib>

namespace xarch::test {

namespace {

enum RefFlag : uint32_t {
  kInvalid = 1,
  kInput = 2,
  kByZero = 4,
  kOverflow = 8,
  kUnderflow = 16,
  kInexact = 32
};

mpz_class big(RefBits v) {
  mpz_class r = static_cast<unsigned long>(v >> 64);
  return (r << 64) + static_cast<unsigned long>(v);
}
RefBits small(const mpz_class& v) {
  const mpz_class low = v & mpz_class(~0ul), high = v >> 64;
  return static_cast<RefBits>(high.get_ui()) << 64 | low.get_ui();
}

// numerator / denominator * 2^exponent; the denominator is positive.
struct Real {
  mpz_class numerator = 0, denominator = 1;
  long exponent = 0;
};

struct Number {
  enum { kNan, kInf, kReal, kBad } kind = kReal;
  bool sign = false, signalling = false;
  RefBits bits = 0;
  Real real;

  bool zero() const { return kind == kReal && real.numerator == 0; }
};

Real sum(Real a, Real b) {  // of denominators 1
  if (a.exponent < b.exponent) std::swap(a, b);
  a.numerator <<= a.exponent - b.exponent;
  return {a.numerator + b.numerator, 1, b.exponent};
}
Real product(const Real& a, const Real& b) { return {a.numerator * b.numerator, 1, a.exponent + b.exponent}; }
int compare(const Real& a, const Real& b) {
  Real negative = b;
  negative.numerator = -negative.numerator;
  return sgn(sum(a, negative).numerator);
}

// Does |v| >= 2^e hold?
bool at_least_power(const Real& v, long e) {
  mpz_class n = abs(v.numerator), d = v.denominator;
  const long shift = v.exponent - e;
  if (shift >= 0)
    n <<= shift;
  else
    d <<= -shift;
  return n >= d;
}
long floor_log2(const Real& v) {
  long e = static_cast<long>(mpz_sizeinbase(v.numerator.get_mpz_t(), 2)) -
           static_cast<long>(mpz_sizeinbase(v.denominator.get_mpz_t(), 2)) + v.exponent + 1;
  while (!at_least_power(v, e)) --e;
  return e;
}

// |v| as a multiple of 2^quantum, rounded; *exact tells whether it is one.
mpz_class multiple(const Real& v, long quantum, bool sign, RefRounding rounding, bool* exact) {
  mpz_class n = abs(v.numerator), d = v.denominator;
  const long shift = v.exponent - quantum;
  if (shift >= 0)
    n <<= shift;
  else
    d <<= -shift;
  const mpz_class below = n / d, above = below + 1;
  const mpz_class to_below = n - below * d, to_above = above * d - n;
  *exact = to_below == 0;
  if (*exact) return below;
  const mpz_class& even = mpz_even_p(below.get_mpz_t()) ? below : above;
  const mpz_class& odd = mpz_even_p(below.get_mpz_t()) ? above : below;
  switch (rounding) {
    case RefRounding::kNearest: return to_below < to_above ? below : to_above < to_below ? above : even;
    case RefRounding::kAway: return to_below < to_above ? below : above;
    case RefRounding::kUp: return sign ? below : above;
    case RefRounding::kDown: return sign ? above : below;
    case RefRounding::kZero: return below;
    case RefRounding::kOdd: return odd;
  }
  std::abort();
}

// One operation on one format: its flags on the way.
class Operation {
 public:
  Operation(const RefFormat& f, const RefMode& mode, bool conversion = false)
      : f_(f), mode_(mode), conversion_(conversion) {}
  uint32_t flags = 0;

  RefBits sign_bit(bool sign) const { return RefBits{sign} << (f_.exponent_bits + f_.stored_bits); }
  RefBits infinity(bool sign) const {
    return sign_bit(sign) | RefBits(f_.max_field()) << f_.stored_bits | integer_bit();
  }
  RefBits quiet_bit() const { return RefBits{1} << (f_.precision() - 2); }
  RefBits default_nan() const { return infinity(false) | quiet_bit(); }
  RefBits invalid() {
    flags |= kInvalid;
    return default_nan();
  }
  RefBits zero(bool sign) const { return sign_bit(sign); }

  Number decode(RefBits bits) {
    Number n;
    n.bits = bits;
    n.sign = (bits & sign_bit(true)) != 0;
    const int field = static_cast<int>(bits >> f_.stored_bits) & f_.max_field();
    RefBits stored = bits & ((RefBits{1} << f_.stored_bits) - 1);
    if (f_.explicit_one && field != 0 && (stored & integer_bit()) == 0) {
      n.kind = Number::kBad;
      return n;
    }
    if (f_.specials && field == f_.max_field()) {
      n.kind = stored == integer_bit() ? Number::kInf : Number::kNan;
      n.signalling = n.kind == Number::kNan && (stored & quiet_bit()) == 0;
      return n;
    }
    if (field != 0 && !f_.explicit_one) stored |= RefBits{1} << f_.stored_bits;
    const bool flush = f_.half ? mode_.flush_half && !conversion_ : mode_.flush_inputs;
    if (field == 0 && stored != 0 && flush) {
      if (!f_.half) flags |= kInput;
      stored = 0;
    }
    n.real.numerator = n.sign ? mpz_class(-big(stored)) : big(stored);
    n.real.exponent = (field == 0 ? f_.min_exponent() : field - f_.bias()) - (f_.precision() - 1);
    return n;
  }

  // v != 0
  RefBits round(const Real& v) {
    const bool sign = v.numerator < 0;
    const int p = f_.precision();
    const long e = floor_log2(v);
    bool tiny = e < f_.min_exponent(), exact;
    if (tiny && mode_.tiny_after) {
      const mpz_class unbounded = multiple(v, e - (p - 1), sign, mode_.rounding, &exact);
      tiny = !at_least_power({unbounded, 1, e - (p - 1)}, f_.min_exponent());
    }
    if (tiny && (f_.half ? mode_.flush_half && !conversion_ : mode_.flush_outputs)) {
      flags |= kUnderflow;
      return zero(sign);
    }
    const long quantum = std::max(e, f_.min_exponent()) - (p - 1);
    const mpz_class k = multiple(v, quantum, sign, mode_.rounding, &exact);
    if (at_least_power({k, 1, quantum}, f_.max_exponent() + 1)) return overflow(sign);
    if (!exact) flags |= tiny ? kInexact | kUnderflow : kInexact;
    return encode(sign, k, quantum);
  }
  RefBits overflow(bool sign) {
    if (!f_.specials) {
      flags |= kInvalid;
      return sign_bit(true) - 1 + sign_bit(sign);
    }
    flags |= kOverflow | kInexact;
    const RefRounding r = mode_.rounding;
    const bool finite = r == RefRounding::kZero || r == RefRounding::kOdd ||
                        r == (sign ? RefRounding::kUp : RefRounding::kDown);
    if (!finite) return infinity(sign);
    return encode(sign, (mpz_class(1) << f_.precision()) - 1, f_.max_exponent() - (f_.precision() - 1));
  }
  // ± k * 2^quantum, which the format has.
  RefBits encode(bool sign, mpz_class k, long quantum) {
    if (k == 0) return zero(sign);
    const long lowest = f_.min_exponent() - (f_.precision() - 1);
    while (mpz_sizeinbase(k.get_mpz_t(), 2) < static_cast<size_t>(f_.precision()) && quantum > lowest) {
      k <<= 1;
      --quantum;
    }
    while (mpz_sizeinbase(k.get_mpz_t(), 2) > static_cast<size_t>(f_.precision())) {
      k >>= 1;
      ++quantum;
    }
    const bool normal = mpz_sizeinbase(k.get_mpz_t(), 2) == static_cast<size_t>(f_.precision());
    const RefBits stored = small(k) & ((RefBits{1} << f_.stored_bits) - 1);
    const RefBits field = normal ? quantum + f_.precision() - 1 + f_.bias() : 0;
    return sign_bit(sign) | field << f_.stored_bits | stored;
  }
  // A sum that may be zero: its sign is that of both terms, or the rounding's.
  RefBits round_sum(const Real& v, bool sign_a, bool sign_b) {
    if (v.numerator != 0) return round(v);
    return zero(sign_a == sign_b ? sign_a : mode_.rounding == RefRounding::kDown);
  }

  // The first signalling one in this order, else the first quiet one.
  RefBits choose(const std::vector<Number>& operands) {
    const Number* chosen = nullptr;
    for (const Number& n : operands) {
      if (n.signalling && chosen == nullptr) chosen = &n;
    }
    if (chosen != nullptr) flags |= kInvalid;
    for (const Number& n : operands) {
      if (n.kind == Number::kNan && chosen == nullptr) chosen = &n;
    }
    return mode_.default_nan ? default_nan() : chosen->bits | quiet_bit();
  }
  static bool any_nan(const std::vector<Number>& operands) {
    for (const Number& n : operands) {
      if (n.kind == Number::kNan) return true;
    }
    return false;
  }
  // An operand as a result; the flushed one if it was flushed.
  RefBits same(const Number& n) const { return n.zero() ? zero(n.sign) : n.bits; }

  const RefMode& mode() const { return mode_; }
  const RefFormat& format() const { return f_; }

 private:
  RefBits integer_bit() const { return f_.explicit_one ? RefBits{1} << (f_.stored_bits - 1) : 0; }

  const RefFormat& f_;
  const RefMode& mode_;
  bool conversion_;
};

RefBits fused(Operation& op, const Number& n, const Number& m, const Number& a) {
  const bool bad_product = (n.kind == Number::kInf && m.zero()) || (m.kind == Number::kInf && n.zero());
  if (bad_product && !a.signalling && !n.signalling && !m.signalling) return op.invalid();
  if (Operation::any_nan({a, n, m})) return op.choose({a, n, m});
  const bool sign = n.sign != m.sign;
  if (n.kind == Number::kInf || m.kind == Number::kInf) {
    if (a.kind == Number::kInf && a.sign != sign) return op.invalid();
    return op.infinity(sign);
  }
  if (a.kind == Number::kInf) return op.infinity(a.sign);
  return op.round_sum(sum(product(n.real, m.real), a.real), sign, a.sign);
}

RefBits add(Operation& op, const Number& a, Number b, bool subtract) {
  if (Operation::any_nan({a, b})) return op.choose({a, b});
  if (subtract) {
    b.sign = !b.sign;
    b.real.numerator = -b.real.numerator;
  }
  if (a.kind == Number::kInf && b.kind == Number::kInf && a.sign != b.sign) return op.invalid();
  if (a.kind == Number::kInf) return op.infinity(a.sign);
  if (b.kind == Number::kInf) return op.infinity(b.sign);
  return op.round_sum(sum(a.real, b.real), a.sign, b.sign);
}

RefBits multiply(Operation& op, const Number& a, const Number& b) {
  if (Operation::any_nan({a, b})) return op.choose({a, b});
  const bool sign = a.sign != b.sign;
  if (a.kind == Number::kInf || b.kind == Number::kInf) {
    return a.zero() || b.zero() ? op.invalid() : op.infinity(sign);
  }
  return a.zero() || b.zero() ? op.zero(sign) : op.round(product(a.real, b.real));
}

RefBits divide(Operation& op, const Number& a, const Number& b) {
  if (Operation::any_nan({a, b})) return op.choose({a, b});
  const bool sign = a.sign != b.sign;
  if (a.kind == Number::kInf) return b.kind == Number::kInf ? op.invalid() : op.infinity(sign);
  if (b.kind == Number::kInf) return op.zero(sign);
  if (b.zero()) {
    if (a.zero()) return op.invalid();
    op.flags |= kByZero;
    return op.infinity(sign);
  }
  if (a.zero()) return op.zero(sign);
  const mpz_class numerator = sgn(b.real.numerator) < 0 ? mpz_class(-a.real.numerator) : a.real.numerator;
  return op.round({numerator, abs(b.real.numerator), a.real.exponent - b.real.exponent});
}

RefBits square_root(Operation& op, const Number& a) {
  if (a.kind == Number::kNan) return op.choose({a});
  if (a.zero()) return op.zero(a.sign);
  if (a.sign) return op.invalid();
  if (a.kind == Number::kInf) return op.infinity(false);
  // Far more bits than any format has, and one that says whether there are more.
  long exponent = a.real.exponent - 700;
  mpz_class n = a.real.numerator << 700;
  if (exponent % 2 != 0) {
    n <<= 1;
    --exponent;
  }
  mpz_class root, rest;
  mpz_sqrtrem(root.get_mpz_t(), rest.get_mpz_t(), n.get_mpz_t());
  return op.round({2 * root + (rest != 0 ? 1 : 0), 1, exponent / 2 - 1});
}

RefBits remainder(Operation& op, const Number& a, const Number& b, bool nearest) {
  if (Operation::any_nan({a, b})) return op.choose({a, b});
  if (a.kind == Number::kInf || b.zero()) return op.invalid();
  if (a.zero()) return op.zero(a.sign);
  if (b.kind == Number::kInf) return op.round(a.real);
  const Real quotient{abs(a.real.numerator), abs(b.real.numerator), a.real.exponent - b.real.exponent};
  bool exact;
  const mpz_class q =
      multiple(quotient, 0, false, nearest ? RefRounding::kNearest : RefRounding::kZero, &exact);
  const Real back = product({a.sign != b.sign ? q : mpz_class(-q), 1, 0}, b.real);
  const Real r = sum(a.real, back);
  return r.numerator == 0 ? op.zero(a.sign) : op.round(r);
}

enum class NanRule { kWins, kQuietLoses, kLoses };
RefBits min_max(Operation& op, const Number& a, const Number& b, bool maximum, NanRule rule) {
  if (Operation::any_nan({a, b})) {
    const bool both = a.kind == Number::kNan && b.kind == Number::kNan;
    const bool signalling = a.signalling || b.signalling;
    if (rule == NanRule::kWins || both || (rule == NanRule::kQuietLoses && signalling))
      return op.choose({a, b});
    if (signalling) op.flags |= kInvalid;
    return op.same(a.kind == Number::kNan ? b : a);
  }
  const auto rank = [](const Number& n) { return n.kind == Number::kInf ? (n.sign ? -1 : 1) : 0; };
  int order = rank(a) != rank(b) ? (rank(a) < rank(b) ? -1 : 1) : rank(a) != 0 ? 0 : compare(a.real, b.real);
  if (order == 0 && a.zero() && a.sign != b.sign) order = a.sign ? -1 : 1;
  return op.same((order < 0) == maximum ? b : a);
}

mpz_class signed_integer(const mpz_class& magnitude, bool sign) {
  return sign ? mpz_class(-magnitude) : magnitude;
}

}  // namespace

RefResult ref_operation(RefOp what, const RefFormat& f, const RefMode& mode,
                        const std::vector<RefBits>& operands) {
  Operation op(f, mode);
  std::vector<Number> v;
  for (RefBits b : operands) v.push_back(op.decode(b));
  for (const Number& n : v) {
    if (n.kind == Number::kBad) return {op.invalid(), op.flags};
  }
  RefBits r = 0;
  switch (what) {
    case RefOp::kAdd: r = add(op, v[0], v[1], false); break;
    case RefOp::kSub: r = add(op, v[0], v[1], true); break;
    case RefOp::kMul: r = multiply(op, v[0], v[1]); break;
    case RefOp::kDiv: r = divide(op, v[0], v[1]); break;
    case RefOp::kSqrt: r = square_root(op, v[0]); break;
    case RefOp::kFma: r = fused(op, v[0], v[1], v[2]); break;
    case RefOp::kRemainder: r = remainder(op, v[0], v[1], true); break;
    case RefOp::kFmod: r = remainder(op, v[0], v[1], false); break;
    case RefOp::kMin: r = min_max(op, v[0], v[1], false, NanRule::kWins); break;
    case RefOp::kMax: r = min_max(op, v[0], v[1], true, NanRule::kWins); break;
    case RefOp::kMinNum: r = min_max(op, v[0], v[1], false, NanRule::kQuietLoses); break;
    case RefOp::kMaxNum: r = min_max(op, v[0], v[1], true, NanRule::kQuietLoses); break;
    case RefOp::kMinimumNumber: r = min_max(op, v[0], v[1], false, NanRule::kLoses); break;
    case RefOp::kMaximumNumber: r = min_max(op, v[0], v[1], true, NanRule::kLoses); break;
  }
  return {r, op.flags};
}

RefResult ref_compare(const RefFormat& f, const RefMode& mode, RefBits a, RefBits b, bool signals) {
  Operation op(f, mode);
  const Number x = op.decode(a), y = op.decode(b);
  if (x.kind == Number::kBad || y.kind == Number::kBad) return {3, op.flags | kInvalid};
  if (Operation::any_nan({x, y})) {
    return {3, op.flags | (signals || x.signalling || y.signalling ? kInvalid : 0u)};
  }
  const auto rank = [](const Number& n) { return n.kind == Number::kInf ? (n.sign ? -1 : 1) : 0; };
  int order = rank(x) - rank(y);
  if (order == 0 && rank(x) == 0) order = compare(x.real, y.real);
  return {RefBits(order < 0 ? 0 : order == 0 ? 1 : 2), op.flags};
}

RefResult ref_round(const RefFormat& f, const RefMode& mode, RefBits a, RefRounding rounding, bool exact) {
  Operation op(f, mode);
  const Number x = op.decode(a);
  if (x.kind == Number::kBad) return {op.invalid(), op.flags};
  if (x.kind == Number::kNan) return {op.choose({x}), op.flags};
  if (x.kind == Number::kInf || x.zero()) return {op.same(x), op.flags};
  bool same;
  const mpz_class k = multiple(x.real, 0, x.sign, rounding, &same);
  if (!same && exact) op.flags |= kInexact;
  return {op.encode(x.sign, k, 0), op.flags};
}

RefResult ref_to_int(const RefFormat& f, const RefMode& mode, RefBits a, RefRounding rounding, unsigned width,
                     bool is_unsigned, int scale) {
  Operation op(f, mode);
  const Number x = op.decode(a);
  if (x.kind == Number::kNan || x.kind == Number::kBad) return {0, op.flags | kInvalid};
  const mpz_class one = 1;
  const mpz_class top = is_unsigned ? mpz_class((one << width) - 1) : mpz_class((one << (width - 1)) - 1);
  const mpz_class bottom = is_unsigned ? mpz_class(0) : mpz_class(-(one << (width - 1)));
  mpz_class r = x.sign ? bottom : top;
  bool in_range = false, exact = true;
  if (x.kind == Number::kReal) {
    Real v = x.real;
    v.exponent += scale;
    const mpz_class k = signed_integer(multiple(v, 0, x.sign, rounding, &exact), x.sign);
    in_range = k >= bottom && k <= top;
    if (in_range) r = k;
  }
  op.flags |= !in_range ? kInvalid : exact ? 0u : kInexact;
  if (r < 0) r += one << width;
  return {small(r), op.flags};
}

RefResult ref_from_int(const RefFormat& f, const RefMode& mode, RefBits v, bool is_unsigned, int scale) {
  Operation op(f, mode);
  mpz_class k = big(v);
  if (!is_unsigned && (v >> 127) != 0) k -= mpz_class(1) << 128;
  if (k == 0) return {0, 0};
  const RefBits r = op.round({k, 1, -scale});
  return {r, op.flags};
}

RefResult ref_scale(const RefFormat& f, const RefMode& mode, RefBits a, int n) {
  Operation op(f, mode);
  Number x = op.decode(a);
  if (x.kind == Number::kBad) return {op.invalid(), op.flags};
  if (x.kind == Number::kNan) return {op.choose({x}), op.flags};
  if (x.kind == Number::kInf || x.zero()) return {op.same(x), op.flags};
  x.real.exponent += n;
  const RefBits r = op.round(x.real);
  return {r, op.flags};
}

RefResult ref_convert(const RefFormat& to, const RefFormat& from, const RefMode& mode, RefBits a) {
  Operation source(from, mode, true), target(to, mode, true);
  const Number x = source.decode(a);
  target.flags = source.flags;
  RefBits r = 0;
  if (x.kind == Number::kBad && to.specials) {
    r = target.invalid();
  } else if (x.kind != Number::kReal && x.kind != Number::kInf && !to.specials) {
    target.flags |= kInvalid;
    r = target.zero(x.sign);
  } else if (x.kind == Number::kNan) {
    if (x.signalling) target.flags |= kInvalid;
    // The payload's highest bits, below the quiet bit.
    mpz_class payload = big(x.bits & (source.quiet_bit() - 1));
    const int change = to.precision() - from.precision();
    payload = change >= 0 ? mpz_class(payload << change) : mpz_class(payload >> -change);
    r = mode.default_nan ? target.default_nan()
                         : target.infinity(x.sign) | target.quiet_bit() | small(payload);
  } else if (x.kind == Number::kInf) {
    r = to.specials ? target.infinity(x.sign) : target.overflow(x.sign);
  } else {
    r = x.zero() ? target.zero(x.sign) : target.round(x.real);
  }
  return {r, target.flags};
}

}  // namespace xarch::test
