// AArch64's helpers, which go by the host's unit where they can, against tcg/fpu under Arm's rules: all of
// FPCR's rounding modes, FZ, DN and AHP.
#include "targets/arm/core/fp.h"
#include "tcg/fpu/special.h"
#include "tests/fpu/checks.h"
#include "tests/support/fp_values.h"

namespace xarch::test {

namespace {

using namespace fpu;  // NOLINT: what is tested
using arm::FpContext;
using arm::FpOp;
using ArmRounding = arm::Rounding;

uint32_t flags_of(const FpContext& c) {
  constexpr uint32_t kFlag[8] = {kInvalid, kDivideByZero, kOverflow, kUnderflow, kInexact, 0, 0, kDenormal};
  uint32_t r = 0;
  for (int i = 0; i < 8; ++i) r |= (c.flags >> i & 1) != 0 ? kFlag[i] : 0;
  return r;
}

template <typename F>
class ArmCheck {
 public:
  using Bits = BitsOf<F>;
  explicit ArmCheck(uint64_t seed) : values_(seed) {}

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
    const uint64_t mode = rng.below(4);
    e_ = Env{.rules = &kArmRules, .rounding = static_cast<Rounding>(mode)};
    e_.default_nan = rng.one_in(4);
    e_.flush_inputs = e_.flush_outputs = rng.one_in(4);
    e_.alternative_half = rng.one_in(2);
    c_ = FpContext{};
    c_.fpcr = mode << 22 | uint64_t{e_.flush_inputs} << 24 | uint64_t{e_.default_nan} << 25 |
              uint64_t{e_.alternative_half} << 26;
  }
  std::string verdict(const char* op, std::initializer_list<U128> operands, U128 ours, U128 theirs) {
    const Outcome a{ours, e_.flags}, b{theirs, flags_of(c_)};
    return a == b ? std::string() : describe(op, operands, e_, a, b);
  }
  std::string one() {
    switch (values_.rng().below(16)) {
      case 0: return binary("fadd", FpOp::kAdd, add<F>);
      case 1: return binary("fsub", FpOp::kSub, sub<F>);
      case 2: return binary("fmul", FpOp::kMul, mul<F>);
      case 3: return binary("fdiv", FpOp::kDiv, div<F>);
      case 4: return extremes();
      case 5: return binary("fmulx", FpOp::kMulx, mulx<F>);
      case 6: return binary("frecps", FpOp::kRecps, recip_step<F>);
      case 7: return binary("frsqrts", FpOp::kRsqrts, rsqrt_step<F>);
      case 8: return unary();
      case 9:
      case 10:
      case 11: return fused();
      case 12: return comparison();
      case 13: return rounding();
      case 14: return values_.rng().one_in(2) ? to_integer() : from_integer();
      default: return conversion();
    }
  }

  std::string binary(const char* name, FpOp what, Bits (*op)(Env&, Bits, Bits)) {
    const auto [a, b] = values_.pair();
    return verdict(name, {a, b}, op(e_, a, b), arm::fp_binary<Bits>(c_, what, a, b));
  }
  std::string extremes() {
    switch (values_.rng().below(4)) {
      case 0: return binary("fmin", FpOp::kMin, min<F>);
      case 1: return binary("fmax", FpOp::kMax, max<F>);
      case 2: return binary("fminnm", FpOp::kMinNm, minnum<F>);
      default: return binary("fmaxnm", FpOp::kMaxNm, maxnum<F>);
    }
  }
  std::string unary() {
    const Bits a = values_.rng().one_in(3) ? values_.value() : static_cast<Bits>(values_.value() & ~F::kSign);
    switch (values_.rng().below(4)) {
      case 0: return verdict("fsqrt", {a}, sqrt<F>(e_, a), arm::fp_sqrt<Bits>(c_, a));
      case 1: return verdict("frecpe", {a}, recip_estimate<F>(e_, a), arm::fp_recip_estimate<Bits>(c_, a));
      case 2: return verdict("frsqrte", {a}, rsqrt_estimate<F>(e_, a), arm::fp_rsqrt_estimate<Bits>(c_, a));
      default: return verdict("frecpx", {a}, recip_exponent<F>(e_, a), arm::fp_recip_exponent<Bits>(c_, a));
    }
  }
  std::string fused() {
    const auto [n, m, a] = values_.triple();
    return verdict("fmadd", {n, m, a}, fma<F>(e_, n, m, a), arm::fp_fma<Bits>(c_, a, n, m));
  }
  std::string comparison() {
    const auto [a, b] = values_.pair();
    const bool signals = values_.rng().one_in(2);
    constexpr unsigned kNzcv[] = {8, 6, 2, 3};
    const unsigned ours = kNzcv[static_cast<int>(compare<F>(e_, a, b, signals))];
    return verdict("fcmp", {a, b}, ours, arm::fp_compare<Bits>(c_, a, b, signals));
  }
  std::string rounding() {
    const Bits a = values_.value();
    const uint32_t r = values_.rng().below(5);
    const bool exact = values_.rng().one_in(2);
    return verdict("frint", {a, r}, round_to_integral<F>(e_, a, static_cast<Rounding>(r), exact),
                   arm::fp_round<Bits>(c_, a, static_cast<ArmRounding>(r), exact));
  }
  std::string to_integer() {
    const Bits a = values_.value();
    const uint32_t r = values_.rng().below(5);
    const unsigned width = values_.rng().one_in(2) ? 32 : 64;
    const unsigned fraction = values_.rng().one_in(2) ? 0 : values_.rng().below(width + 1);
    const bool is_unsigned = values_.rng().one_in(2);
    const U128 ours =
        to_int<F>(e_, a, static_cast<Rounding>(r), width, is_unsigned, static_cast<int>(fraction));
    return verdict("fcvt to integer", {a, r, width, fraction}, ours,
                   arm::fp_to_int<Bits>(c_, a, static_cast<ArmRounding>(r), width, is_unsigned, fraction));
  }
  std::string from_integer() {
    const uint64_t v = values_.rng().value();
    const bool is_unsigned = values_.rng().one_in(2);
    const unsigned fraction = values_.rng().one_in(2) ? 0 : values_.rng().below(65);
    const int scale = static_cast<int>(fraction);
    const Bits ours =
        is_unsigned ? from_uint<F>(e_, v, scale) : from_int<F>(e_, static_cast<int64_t>(v), scale);
    return verdict("cvtf", {v, is_unsigned, fraction}, ours,
                   arm::fp_from_int<Bits>(c_, v, is_unsigned, fraction));
  }
  std::string conversion() {
    using Other = std::conditional_t<sizeof(Bits) == 4, F64, F32>;
    constexpr unsigned kHere = sizeof(Bits) == 4 ? 0 : 1;
    const Bits a = near_other();
    const bool alternative = e_.alternative_half;
    switch (values_.rng().below(4)) {
      case 0: return verdict("fcvt", {a}, convert<Other, F>(e_, a), arm::fp_convert(c_, a, 1 - kHere, kHere));
      case 1: {
        const Bits ours = alternative ? convert<F16Alt, F>(e_, a) : convert<F16, F>(e_, a);
        return verdict("fcvt to half", {a, alternative}, ours, arm::fp_convert(c_, a, 3, kHere));
      }
      case 2: {
        const auto half = static_cast<uint16_t>(values_.rng().next());
        const Bits ours = alternative ? convert<F, F16Alt>(e_, half) : convert<F, F16>(e_, half);
        return verdict("fcvt from half", {half, alternative}, ours, arm::fp_convert(c_, half, kHere, 3));
      }
      default: {
        if constexpr (kHere == 0) return {};
        e_.rounding = Rounding::kOdd;
        return verdict("fcvtxn", {a}, convert<F32, F>(e_, a), arm::fp_convert_odd(c_, a));
      }
    }
  }
  // A number that a smaller format has or nearly has.
  Bits near_other() {
    if (values_.rng().one_in(3)) return values_.value();
    Env plain;
    const uint64_t from = values_.rng().next();
    Bits a = values_.rng().one_in(2) ? convert<F, F16>(plain, static_cast<uint16_t>(from))
                                     : convert<F, F32>(plain, static_cast<uint32_t>(from));
    const Bits noise = static_cast<Bits>(values_.random_bits() & F::kFractionMask);
    return static_cast<Bits>(a ^ (noise >> values_.rng().below(F::kFraction)));
  }

  FpValues<F> values_;
  Env e_;
  FpContext c_;
};

}  // namespace

std::vector<Check> arm_checks() {
  return {
      {"ArmSingle", [](uint64_t seed, uint64_t count) { return ArmCheck<F32>(seed).run(count); }, 4000000},
      {"ArmDouble", [](uint64_t seed, uint64_t count) { return ArmCheck<F64>(seed).run(count); }, 4000000}};
}

}  // namespace xarch::test
