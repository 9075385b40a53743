// The conformance run: every operation, every format, every rounding mode, both rules of tininess, flushing
// and default NaNs, against the reference.
#include <tuple>

#include "tests/fpu/checks.h"
#include "tests/fpu/reference.h"
#include "tests/support/fp_values.h"

namespace xarch::test {

namespace {

using namespace fpu;  // NOLINT: what is tested

constexpr Rules kTinyAfter = [] {
  Rules r = kArmRules;
  r.tiny_after_rounding = true;
  return r;
}();

template <typename F>
RefFormat format_of() {
  return {F::kExpBits, F::kFraction, F::kExplicit, F::kSpecials, F::kHalf};
}

template <typename F>
class ReferenceCheck {
 public:
  using Bits = BitsOf<F>;
  explicit ReferenceCheck(uint64_t seed) : values_(seed) {}

  std::string run(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      environment();
      if (std::string s = one(); !s.empty()) return s;
    }
    return {};
  }

 private:
  void environment() {
    Rng& rng = values_.rng();
    e_ = Env{.rules = rng.one_in(2) ? &kArmRules : &kTinyAfter};
    e_.rounding = static_cast<Rounding>(rng.below(6));
    e_.default_nan = rng.one_in(4);
    e_.flush_inputs = rng.one_in(4);
    e_.flush_outputs = rng.one_in(4);
    e_.flush_half = rng.one_in(4);
    mode_.rounding = static_cast<RefRounding>(e_.rounding);
    mode_.tiny_after = e_.rules->tiny_after_rounding;
    mode_.default_nan = e_.default_nan;
    mode_.flush_inputs = e_.flush_inputs;
    mode_.flush_outputs = e_.flush_outputs;
    mode_.flush_half = e_.flush_half;
  }
  std::string one() {
    switch (values_.rng().below(20)) {
      case 0: return binary("add", RefOp::kAdd, add<F>);
      case 1: return binary("sub", RefOp::kSub, sub<F>);
      case 2: return binary("mul", RefOp::kMul, mul<F>);
      case 3: return binary("div", RefOp::kDiv, div<F>);
      case 4: return root();
      case 5:
      case 6:
      case 7: return fused();
      case 8: return binary("min", RefOp::kMin, min<F>);
      case 9: return binary("max", RefOp::kMax, max<F>);
      case 10: return binary("minnum", RefOp::kMinNum, minnum<F>);
      case 11: return binary("maxnum", RefOp::kMaxNum, maxnum<F>);
      case 12: return numbers();
      case 13: return comparison();
      case 14: return rounding();
      case 15: return to_integer();
      case 16: return from_integer();
      case 17: return scaling();
      case 18: return remainders();
      default: return conversions();
    }
  }
  std::string verdict(const char* op, std::initializer_list<U128> operands, U128 ours,
                      const RefResult& theirs) {
    const Outcome a{ours, e_.flags}, b{theirs.value, theirs.flags};
    return a == b ? std::string() : describe(op, operands, e_, a, b);
  }

  std::string binary(const char* name, RefOp what, Bits (*op)(Env&, Bits, Bits)) {
    const auto [a, b] = values_.pair();
    return verdict(name, {a, b}, op(e_, a, b), ref_operation(what, format_, mode_, {a, b}));
  }
  std::string numbers() {
    if (values_.rng().one_in(2)) return binary("minimum_number", RefOp::kMinimumNumber, minimum_number<F>);
    return binary("maximum_number", RefOp::kMaximumNumber, maximum_number<F>);
  }
  std::string remainders() {
    auto [a, b] = values_.pair();
    // The quotient of far exponents is long: a few of those do.
    if (F::kExpBits > 11 && !values_.rng().one_in(16)) {
      b = static_cast<Bits>((b & ~F::kInf) | (a & F::kInf) | F::kInteger);
    }
    const bool nearest = values_.rng().one_in(2);
    uint64_t ignored;
    const Bits ours = nearest ? remainder<F>(e_, a, b, &ignored) : remainder_toward_zero<F>(e_, a, b);
    return verdict("remainder", {a, b, nearest}, ours,
                   ref_operation(nearest ? RefOp::kRemainder : RefOp::kFmod, format_, mode_, {a, b}));
  }
  std::string root() {
    const Bits a = values_.rng().one_in(4) ? values_.value() : static_cast<Bits>(values_.value() & ~F::kSign);
    return verdict("sqrt", {a}, sqrt<F>(e_, a), ref_operation(RefOp::kSqrt, format_, mode_, {a}));
  }
  std::string fused() {
    const auto [n, m, a] = values_.triple();
    return verdict("fma", {n, m, a}, fma<F>(e_, n, m, a),
                   ref_operation(RefOp::kFma, format_, mode_, {n, m, a}));
  }
  std::string comparison() {
    const auto [a, b] = values_.pair();
    const bool signals = values_.rng().one_in(2);
    const auto ours = static_cast<U128>(compare<F>(e_, a, b, signals));
    return verdict("compare", {a, b}, ours, ref_compare(format_, mode_, a, b, signals));
  }
  std::string rounding() {
    const Bits a = values_.value();
    const auto r = static_cast<Rounding>(values_.rng().below(6));
    const bool exact = values_.rng().one_in(2);
    const Bits ours = round_to_integral<F>(e_, a, r, exact);
    return verdict("round", {a, static_cast<U128>(r)}, ours,
                   ref_round(format_, mode_, a, static_cast<RefRounding>(r), exact));
  }
  int some_scale() { return values_.rng().one_in(2) ? 0 : static_cast<int>(values_.rng().below(140)) - 10; }
  std::string to_integer() {
    const Bits a = values_.value();
    const auto r = static_cast<Rounding>(values_.rng().below(6));
    const unsigned width = 8u << values_.rng().below(5);
    const bool is_unsigned = values_.rng().one_in(2);
    const int scale = some_scale();
    const U128 ours = to_int<F>(e_, a, r, width, is_unsigned, scale);
    return verdict("to_int", {a, width, is_unsigned, static_cast<U128>(scale)}, ours,
                   ref_to_int(format_, mode_, a, static_cast<RefRounding>(r), width, is_unsigned, scale));
  }
  std::string from_integer() {
    Rng& rng = values_.rng();
    U128 v = static_cast<U128>(rng.value()) << 64 | rng.value();
    const uint32_t shift = rng.below(128);
    v = rng.one_in(2) ? v >> shift : static_cast<U128>(static_cast<I128>(v) >> shift);
    const bool is_unsigned = rng.one_in(2);
    const int scale = some_scale();
    const Bits ours = is_unsigned ? from_uint<F>(e_, v, scale) : from_int<F>(e_, static_cast<I128>(v), scale);
    return verdict("from_int", {v, is_unsigned, static_cast<U128>(scale)}, ours,
                   ref_from_int(format_, mode_, v, is_unsigned, scale));
  }
  std::string scaling() {
    const Bits a = values_.value();
    const int n = static_cast<int>(values_.rng().below(2 * F::kMaxExp)) - F::kMaxExp;
    return verdict("scalbn", {a, static_cast<U128>(n)}, scalbn<F>(e_, a, n), ref_scale(format_, mode_, a, n));
  }
  std::string conversions() {
    switch (values_.rng().below(7)) {
      case 0: return conversion<F16>("f16");
      case 1: return conversion<F16Alt>("alternative f16");
      case 2: return conversion<BF16>("bf16");
      case 3: return conversion<F32>("f32");
      case 4: return conversion<F64>("f64");
      case 5: return conversion<F80>("f80");
      default: return conversion<F128>("f128");
    }
  }
  // Half of the operands are what the other format nearly has.
  template <typename To>
  std::string conversion(const char* name) {
    Bits a = values_.value();
    if (values_.rng().one_in(2)) {
      Env plain;
      const Bits near = convert<F, To>(plain, FpValues<To>(values_.rng().next()).value());
      const int keep =
          std::min(To::kPrecision - 2, F::kPrecision - 1) + static_cast<int>(values_.rng().below(4));
      const Bits below = static_cast<Bits>(values_.random_bits() & F::kFractionMask);
      a = near;
      if (keep < F::kPrecision && values_.rng().one_in(2) && !F::is_inf(near) && !F::is_nan(near)) {
        const Bits noise = static_cast<Bits>(below >> keep);
        a = static_cast<Bits>(near ^ (values_.rng().one_in(2) ? noise : static_cast<Bits>(noise & -noise)));
        if (F::exponent_field(a) != 0) a = static_cast<Bits>(a | F::kInteger);
        if (F::kExplicit && F::exponent_field(a) == 0) a = static_cast<Bits>(a & ~F::kInteger);
      }
    }
    const BitsOf<To> ours = convert<To, F>(e_, a);
    return verdict((std::string("to ") + name).c_str(), {a}, ours,
                   ref_convert(format_of<To>(), format_, mode_, a));
  }

  const RefFormat format_ = format_of<F>();
  FpValues<F> values_;
  Env e_;
  RefMode mode_;
};

template <typename F>
std::string run(uint64_t seed, uint64_t count) {
  return ReferenceCheck<F>(seed).run(count);
}

}  // namespace

std::vector<Check> reference_checks() {
  return {{"ReferenceF16", run<F16>, 1500000}, {"ReferenceBF16", run<BF16>, 800000},
          {"ReferenceF32", run<F32>, 1500000}, {"ReferenceF64", run<F64>, 1500000},
          {"ReferenceF80", run<F80>, 200000},  {"ReferenceF128", run<F128>, 200000}};
}

}  // namespace xarch::test
