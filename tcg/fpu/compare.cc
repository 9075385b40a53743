// Comparison, and minimum and maximum in all their kinds.
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

// Of numbers.
template <typename F>
Relation order(const Parts<F>& a, const Parts<F>& b) {
  if (a.zero() && b.zero()) return Relation::kEqual;
  const bool a_negative = a.sign && !a.zero(), b_negative = b.sign && !b.zero();
  if (a_negative != b_negative) return a_negative ? Relation::kLess : Relation::kGreater;
  // Magnitudes: zero < finite < infinity is the order of kinds.
  int larger = 0;
  if (a.kind != b.kind) {
    larger = a.kind > b.kind ? 1 : -1;
  } else if (a.kind == Kind::kFinite) {
    if (a.exp != b.exp) {
      larger = a.exp > b.exp ? 1 : -1;
    } else if (a.sig != b.sig) {
      larger = a.sig > b.sig ? 1 : -1;
    }
  }
  // Against a zero the other operand's sign decides.
  const bool negative = a_negative || b_negative;
  if (larger == 0) return Relation::kEqual;
  return (larger > 0) != negative ? Relation::kGreater : Relation::kLess;
}

// An operand as a result: flushed if that is what was compared.
template <typename F>
BitsOf<F> operand(const Parts<F>& p, BitsOf<F> bits) {
  return p.zero() ? signed_zero<F>(p.sign) : bits;
}

template <typename F>
BitsOf<F> smaller(Env& e, const Parts<F>& x, const Parts<F>& y, BitsOf<F> a, BitsOf<F> b, bool maximum) {
  note_denormals(e, x, y);
  if (x.zero() && y.zero()) return signed_zero<F>(maximum ? x.sign && y.sign : x.sign || y.sign);
  const bool first = order(x, y) == (maximum ? Relation::kGreater : Relation::kLess);
  return first ? operand(x, a) : operand(y, b);
}

enum class NanRule : uint8_t { kWins, kQuietLoses, kLoses };

template <typename F>
BitsOf<F> min_max(Env& e, BitsOf<F> a, BitsOf<F> b, bool maximum, NanRule rule) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (!x.nan() && !y.nan()) return smaller(e, x, y, a, b, maximum);
  const bool number = !(x.nan() && y.nan()) && x.kind != Kind::kBad && y.kind != Kind::kBad;
  if (rule != NanRule::kWins && number) {
    const bool signalling = is_signalling<F>(*e.rules, x.nan() ? a : b);
    if (signalling) e.raise(kInvalid);
    if (rule == NanRule::kLoses || !signalling) return x.nan() ? operand(y, b) : operand(x, a);
  }
  return nan_result(e, x, a, y, b);
}

template <typename F>
BitsOf<F> x86_min_max(Env& e, BitsOf<F> a, BitsOf<F> b, bool maximum) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (x.nan() || y.nan()) {
    e.raise(kInvalid);
    return operand(y, b);
  }
  note_denormals(e, x, y);
  const bool first = order(x, y) == (maximum ? Relation::kGreater : Relation::kLess);
  return first ? operand(x, a) : operand(y, b);
}

}  // namespace

template <typename F>
Relation compare(Env& e, BitsOf<F> a, BitsOf<F> b, bool signals) {
  const Parts<F> x = unpack<F>(e, a), y = unpack<F>(e, b);
  if (!x.nan() && !y.nan()) {
    note_denormals(e, x, y);
    return order(x, y);
  }
  const bool bad = x.kind == Kind::kBad || y.kind == Kind::kBad;
  const bool signalling =
      (x.nan() && is_signalling<F>(*e.rules, a)) || (y.nan() && is_signalling<F>(*e.rules, b));
  if (signals || bad || signalling) e.raise(kInvalid);
  return Relation::kUnordered;
}

template <typename F>
BitsOf<F> min(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, false, NanRule::kWins);
}
template <typename F>
BitsOf<F> max(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, true, NanRule::kWins);
}
template <typename F>
BitsOf<F> minnum(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, false, NanRule::kQuietLoses);
}
template <typename F>
BitsOf<F> maxnum(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, true, NanRule::kQuietLoses);
}
template <typename F>
BitsOf<F> minimum_number(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, false, NanRule::kLoses);
}
template <typename F>
BitsOf<F> maximum_number(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return min_max<F>(e, a, b, true, NanRule::kLoses);
}
template <typename F>
BitsOf<F> x86_min(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return x86_min_max<F>(e, a, b, false);
}
template <typename F>
BitsOf<F> x86_max(Env& e, BitsOf<F> a, BitsOf<F> b) {
  return x86_min_max<F>(e, a, b, true);
}

#define INSTANTIATE(F)                                        \
  template Relation compare<F>(Env&, F::Bits, F::Bits, bool); \
  template F::Bits min<F>(Env&, F::Bits, F::Bits);            \
  template F::Bits max<F>(Env&, F::Bits, F::Bits);            \
  template F::Bits minnum<F>(Env&, F::Bits, F::Bits);         \
  template F::Bits maxnum<F>(Env&, F::Bits, F::Bits);         \
  template F::Bits minimum_number<F>(Env&, F::Bits, F::Bits); \
  template F::Bits maximum_number<F>(Env&, F::Bits, F::Bits); \
  template F::Bits x86_min<F>(Env&, F::Bits, F::Bits);        \
  template F::Bits x86_max<F>(Env&, F::Bits, F::Bits);
XARCH_FPU_FORMATS(INSTANTIATE)
#undef INSTANTIATE

}  // namespace xarch::fpu
