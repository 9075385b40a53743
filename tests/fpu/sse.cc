// Against the host's SSE unit: values, NaN payloads and flags, four rounding modes, DAZ and FTZ.
#include <cmath>
#include <cstring>

#include "tests/fpu/checks.h"
#include "tests/support/fp_values.h"

namespace xarch::test {

namespace {

using namespace fpu;  // NOLINT: what is tested

constexpr uint32_t kDefaultControl = 0x1f80;

template <typename F>
using Host = std::conditional_t<sizeof(typename F::Bits) == 4, float, double>;
template <typename F>
Host<F> host(BitsOf<F> v) {
  return std::bit_cast<Host<F>>(v);
}

// Host instructions by mnemonic without ss or sd; each runs under a control word and gives MXCSR's flags.
#define BINARY_OPS(X) X(add) X(sub) X(mul) X(div) X(min) X(max) X(sqrt)
#define DEFINE(name)                                                            \
  uint32_t host_##name(float& a, float b, uint32_t control) {                   \
    uint32_t after;                                                             \
    asm volatile("ldmxcsr %2\n\t" #name "ss %3, %0\n\tstmxcsr %1\n\tldmxcsr %4" \
                 : "+x"(a), "=m"(after)                                         \
                 : "m"(control), "x"(b), "m"(kDefaultControl));                 \
    return after & 63;                                                          \
  }                                                                             \
  uint32_t host_##name(double& a, double b, uint32_t control) {                 \
    uint32_t after;                                                             \
    asm volatile("ldmxcsr %2\n\t" #name "sd %3, %0\n\tstmxcsr %1\n\tldmxcsr %4" \
                 : "+x"(a), "=m"(after)                                         \
                 : "m"(control), "x"(b), "m"(kDefaultControl));                 \
    return after & 63;                                                          \
  }
BINARY_OPS(DEFINE)
#undef DEFINE

// a * b + c
#define FMA_OPS(X) X(float, "ss") X(double, "sd")
#define DEFINE(type, suffix)                                                                \
  uint32_t host_fma(type& a, type b, type c, uint32_t control) {                            \
    uint32_t after;                                                                         \
    asm volatile("ldmxcsr %2\n\tvfmadd132" suffix " %3, %4, %0\n\tstmxcsr %1\n\tldmxcsr %5" \
                 : "+x"(a), "=m"(after)                                                     \
                 : "m"(control), "x"(b), "x"(c), "m"(kDefaultControl));                     \
    return after & 63;                                                                      \
  }
FMA_OPS(DEFINE)
#undef DEFINE

// To an integer: with MXCSR's rounding, or toward zero.
template <typename T>
uint32_t host_to_int(T a, int64_t* r, unsigned width, bool truncate, uint32_t control) {
  uint32_t after;
  int64_t wide = 0;
  int32_t narrow = 0;
  asm volatile("ldmxcsr %0" : : "m"(control) : "memory");
  if constexpr (sizeof(T) == 4) {
    if (width == 64 && truncate) asm volatile("cvttss2si %1, %q0" : "=r"(wide) : "x"(a) : "memory");
    if (width == 64 && !truncate) asm volatile("cvtss2si %1, %q0" : "=r"(wide) : "x"(a) : "memory");
    if (width == 32 && truncate) asm volatile("cvttss2si %1, %k0" : "=r"(narrow) : "x"(a) : "memory");
    if (width == 32 && !truncate) asm volatile("cvtss2si %1, %k0" : "=r"(narrow) : "x"(a) : "memory");
  } else {
    if (width == 64 && truncate) asm volatile("cvttsd2si %1, %q0" : "=r"(wide) : "x"(a) : "memory");
    if (width == 64 && !truncate) asm volatile("cvtsd2si %1, %q0" : "=r"(wide) : "x"(a) : "memory");
    if (width == 32 && truncate) asm volatile("cvttsd2si %1, %k0" : "=r"(narrow) : "x"(a) : "memory");
    if (width == 32 && !truncate) asm volatile("cvtsd2si %1, %k0" : "=r"(narrow) : "x"(a) : "memory");
  }
  asm volatile("stmxcsr %0\n\tldmxcsr %1" : "=m"(after) : "m"(kDefaultControl) : "memory");
  *r = width == 64 ? wide : narrow;
  return after & 63;
}
template <typename T>
uint32_t host_from_int(int64_t a, T* r, unsigned width, uint32_t control) {
  uint32_t after;
  T v = 0;
  asm volatile("ldmxcsr %0" : : "m"(control) : "memory");
  if constexpr (sizeof(T) == 4) {
    if (width == 64) asm volatile("cvtsi2ss %q1, %0" : "+x"(v) : "r"(a) : "memory");
    if (width == 32) asm volatile("cvtsi2ss %k1, %0" : "+x"(v) : "r"(a) : "memory");
  } else {
    if (width == 64) asm volatile("cvtsi2sd %q1, %0" : "+x"(v) : "r"(a) : "memory");
    if (width == 32) asm volatile("cvtsi2sd %k1, %0" : "+x"(v) : "r"(a) : "memory");
  }
  asm volatile("stmxcsr %0\n\tldmxcsr %1" : "=m"(after) : "m"(kDefaultControl) : "memory");
  *r = v;
  return after & 63;
}
template <typename T>
uint32_t host_compare(T a, T b, bool signals, Relation* r, uint32_t control) {
  uint32_t after;
  bool parity, zero, carry;
#define COMPARE(mnemonic)                                                             \
  asm volatile("ldmxcsr %4\n\t" mnemonic                                              \
               " %6, %5\n\tsetp %0\n\tsetz %1\n\tsetc %2\n\tstmxcsr %3\n\tldmxcsr %7" \
               : "=&q"(parity), "=&q"(zero), "=&q"(carry), "=m"(after)                \
               : "m"(control), "x"(a), "x"(b), "m"(kDefaultControl)                   \
               : "cc")
  if constexpr (sizeof(T) == 4) {
    if (signals)
      COMPARE("comiss");
    else
      COMPARE("ucomiss");
  } else {
    if (signals)
      COMPARE("comisd");
    else
      COMPARE("ucomisd");
  }
#undef COMPARE
  *r = parity ? Relation::kUnordered : zero ? Relation::kEqual : carry ? Relation::kLess : Relation::kGreater;
  return after & 63;
}
// imm: 0 nearest 1 down 2 up 3 zero 4 the current mode; 8 no inexact.
template <int kImm>
uint32_t host_round(float& a, uint32_t control) {
  uint32_t after;
  asm volatile("ldmxcsr %2\n\troundss %3, %0, %0\n\tstmxcsr %1\n\tldmxcsr %4"
               : "+x"(a), "=m"(after)
               : "m"(control), "i"(kImm), "m"(kDefaultControl));
  return after & 63;
}
template <int kImm>
uint32_t host_round(double& a, uint32_t control) {
  uint32_t after;
  asm volatile("ldmxcsr %2\n\troundsd %3, %0, %0\n\tstmxcsr %1\n\tldmxcsr %4"
               : "+x"(a), "=m"(after)
               : "m"(control), "i"(kImm), "m"(kDefaultControl));
  return after & 63;
}
uint32_t host_convert(float a, double* r, uint32_t control) {
  uint32_t after;
  asm volatile("ldmxcsr %2\n\tcvtss2sd %3, %0\n\tstmxcsr %1\n\tldmxcsr %4"
               : "=x"(*r), "=m"(after)
               : "m"(control), "x"(a), "m"(kDefaultControl));
  return after & 63;
}
uint32_t host_convert(double a, float* r, uint32_t control) {
  uint32_t after;
  asm volatile("ldmxcsr %2\n\tcvtsd2ss %3, %0\n\tstmxcsr %1\n\tldmxcsr %4"
               : "=x"(*r), "=m"(after)
               : "m"(control), "x"(a), "m"(kDefaultControl));
  return after & 63;
}

constexpr Rounding kModes[] = {Rounding::kNearest, Rounding::kDown, Rounding::kUp, Rounding::kZero};

// A random environment and MXCSR's image of it.
uint32_t environment(Rng& rng, Env* e) {
  const uint32_t mode = rng.below(4);
  *e = Env{.rules = &kX86Rules};
  e->rounding = kModes[mode];
  e->flush_inputs = rng.one_in(4);
  e->flush_outputs = rng.one_in(4);
  return kDefaultControl | mode << 13 | (e->flush_inputs ? 0x40u : 0) | (e->flush_outputs ? 0x8000u : 0);
}

template <typename F>
class SseCheck {
 public:
  using Bits = BitsOf<F>;
  explicit SseCheck(uint64_t seed) : values_(seed) {}

  std::string run(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      if (std::string s = one(); !s.empty()) return s;
    }
    return {};
  }

 private:
  std::string one() {
    control_ = environment(values_.rng(), &e_);
    switch (values_.rng().below(14)) {
      case 0: return binary("add", add<F>, host_add);
      case 1: return binary("sub", sub<F>, host_sub);
      case 2: return binary("mul", mul<F>, host_mul);
      case 3: return binary("div", div<F>, host_div);
      case 4: return binary("min", x86_min<F>, host_min);
      case 5: return binary("max", x86_max<F>, host_max);
      case 6: return root();
      case 7:
      case 8:
      case 9: return fused();
      case 10: return comparison();
      case 11: return rounding();
      case 12: return integers();
      default: return conversion();
    }
  }

  std::string verdict(const char* op, std::initializer_list<U128> operands, Outcome ours, Outcome theirs) {
    return ours == theirs ? std::string() : describe(op, operands, e_, ours, theirs);
  }
  std::string binary(const char* name, Bits (*op)(Env&, Bits, Bits),
                     uint32_t (*native)(Host<F>&, Host<F>, uint32_t)) {
    const auto [a, b] = values_.pair();
    Host<F> r = host<F>(a);
    const uint32_t flags = native(r, host<F>(b), control_);
    const Bits ours = op(e_, a, b);
    return verdict(name, {a, b}, {ours, e_.flags}, {std::bit_cast<Bits>(r), flags});
  }
  std::string root() {
    const Bits a = values_.rng().one_in(4) ? values_.value() : static_cast<Bits>(values_.value() & ~F::kSign);
    Host<F> r = 0;
    const uint32_t flags = host_sqrt(r, host<F>(a), control_);
    const Bits ours = sqrt<F>(e_, a);
    return verdict("sqrt", {a}, {ours, e_.flags}, {std::bit_cast<Bits>(r), flags});
  }
  std::string fused() {
    const auto [n, m, a] = values_.triple();
    static const bool has_fma = __builtin_cpu_supports("fma");
    if (!has_fma) return software_fused(n, m, a);
    Host<F> r = host<F>(n);
    const uint32_t flags = host_fma(r, host<F>(m), host<F>(a), control_);
    const Bits ours = fma<F>(e_, n, m, a);
    return verdict("fma", {n, m, a}, {ours, e_.flags}, {std::bit_cast<Bits>(r), flags});
  }
  // libm's: exact values, flags not to be relied on.
  std::string software_fused(Bits n, Bits m, Bits a) {
    if (F::is_nan(n) || F::is_nan(m) || F::is_nan(a)) return {};
    e_.flush_inputs = e_.flush_outputs = false;
    const uint32_t control = control_ & ~0x8040u;
    static Host<F> (*volatile const fused)(Host<F>, Host<F>, Host<F>) = std::fma;
    asm volatile("ldmxcsr %0" : : "m"(control) : "memory");
    volatile Host<F> r = fused(host<F>(n), host<F>(m), host<F>(a));
    asm volatile("ldmxcsr %0" : : "m"(kDefaultControl) : "memory");
    const Bits ours = fma<F>(e_, n, m, a), theirs = std::bit_cast<Bits>(static_cast<Host<F>>(r));
    if (F::is_nan(ours) && F::is_nan(theirs)) return {};
    return verdict("fma", {n, m, a}, {ours, 0}, {theirs, 0});
  }
  std::string comparison() {
    const auto [a, b] = values_.pair();
    const bool signals = values_.rng().one_in(2);
    Relation theirs;
    const uint32_t flags = host_compare(host<F>(a), host<F>(b), signals, &theirs, control_);
    const Relation ours = compare<F>(e_, a, b, signals);
    return verdict("compare", {a, b}, {static_cast<U128>(ours), e_.flags},
                   {static_cast<U128>(theirs), flags});
  }
  std::string rounding() {
    const Bits a = values_.value();
    const uint32_t imm = values_.rng().below(5);
    const bool exact = values_.rng().one_in(2);
    Host<F> r = host<F>(a);
    uint32_t flags = 0;
    switch (imm | (exact ? 0 : 8)) {
      case 0: flags = host_round<0>(r, control_); break;
      case 1: flags = host_round<1>(r, control_); break;
      case 2: flags = host_round<2>(r, control_); break;
      case 3: flags = host_round<3>(r, control_); break;
      case 4: flags = host_round<4>(r, control_); break;
      case 8: flags = host_round<8>(r, control_); break;
      case 9: flags = host_round<9>(r, control_); break;
      case 10: flags = host_round<10>(r, control_); break;
      case 11: flags = host_round<11>(r, control_); break;
      default: flags = host_round<12>(r, control_); break;
    }
    const Bits ours = round_to_integral<F>(e_, a, imm == 4 ? e_.rounding : kModes[imm], exact);
    return verdict("round", {a, imm}, {ours, e_.flags}, {std::bit_cast<Bits>(r), flags});
  }
  std::string integers() {
    const unsigned width = values_.rng().one_in(2) ? 32 : 64;
    if (values_.rng().one_in(2)) {
      const uint64_t bits = values_.rng().value();
      const int64_t v = width == 32 ? static_cast<int32_t>(bits) : static_cast<int64_t>(bits);
      Host<F> r;
      const uint32_t flags = host_from_int(v, &r, width, control_);
      const Bits ours = from_int<F>(e_, v);
      return verdict("from_int", {bits, width}, {ours, e_.flags}, {std::bit_cast<Bits>(r), flags});
    }
    const Bits a = values_.value();
    const bool truncate = values_.rng().one_in(2);
    int64_t r;
    const uint32_t flags = host_to_int(host<F>(a), &r, width, truncate, control_);
    const U128 ours = to_int<F>(e_, a, truncate ? Rounding::kZero : e_.rounding, width, false);
    const uint64_t mask = width == 64 ? ~uint64_t{0} : 0xffffffff;
    return verdict("to_int", {a, width}, {ours, e_.flags}, {static_cast<uint64_t>(r) & mask, flags});
  }
  std::string conversion() {
    using To = std::conditional_t<sizeof(Bits) == 4, F64, F32>;
    Bits a = values_.value();
    if constexpr (sizeof(Bits) == 8) {  // numbers that single precision has or nearly has
      if (!values_.rng().one_in(4)) {
        Env plain;
        a = convert<F64, F32>(plain, static_cast<uint32_t>(values_.rng().next()));
        a ^= static_cast<Bits>(values_.rng().next()) >> (values_.rng().below(20) + 35);
      }
    }
    Host<To> r;
    const uint32_t flags = host_convert(host<F>(a), &r, control_);
    const BitsOf<To> ours = convert<To, F>(e_, a);
    return verdict("convert", {a}, {ours, e_.flags}, {std::bit_cast<BitsOf<To>>(r), flags});
  }

  FpValues<F> values_;
  Env e_;
  uint32_t control_ = 0;
};

// Half precision to and from single (F16C). The unit takes and gives denormal halves in all modes.
std::string half_case(FpValues<F16>& halves, FpValues<F32>& singles) {
  Env e;
  const uint32_t control = environment(halves.rng(), &e);
  uint32_t after;
  if (halves.rng().one_in(2)) {
    const uint16_t a = halves.value();
    uint32_t r;
    asm volatile(
        "ldmxcsr %2\n\tvmovd %k3, %%xmm0\n\tvcvtph2ps %%xmm0, %%xmm0\n\tvmovd %%xmm0, %0\n\t"
        "stmxcsr %1\n\tldmxcsr %4"
        : "=r"(r), "=m"(after)
        : "m"(control), "r"(uint32_t{a}), "m"(kDefaultControl)
        : "xmm0");
    const uint32_t ours = convert<F32, F16>(e, a);
    const Outcome mine{ours, e.flags & ~uint32_t{kDenormal}}, theirs{r, after & 63};
    return mine == theirs ? std::string() : describe("half to single", {a}, e, mine, theirs);
  }
  uint32_t a = singles.value();
  if (!singles.rng().one_in(4)) {  // about what half precision has
    Env plain;
    a = convert<F32, F16>(plain, static_cast<uint16_t>(singles.rng().next()));
    a ^= static_cast<uint32_t>(singles.rng().next()) >> (singles.rng().below(15) + 17);
  }
  uint32_t r;
  asm volatile(
      "ldmxcsr %2\n\tvmovd %3, %%xmm0\n\tvcvtps2ph $4, %%xmm0, %%xmm0\n\tvmovd %%xmm0, %0\n\t"
      "stmxcsr %1\n\tldmxcsr %4"
      : "=r"(r), "=m"(after)
      : "m"(control), "r"(a), "m"(kDefaultControl)
      : "xmm0");
  const uint16_t ours = convert<F16, F32>(e, a);
  const Outcome mine{ours, e.flags}, theirs{r & 0xffff, after & 63};
  return mine == theirs ? std::string() : describe("single to half", {a}, e, mine, theirs);
}

std::string run_half(uint64_t seed, uint64_t count) {
  if (!__builtin_cpu_supports("f16c")) return {};
  FpValues<F16> halves(seed);
  FpValues<F32> singles(seed + 1);
  for (uint64_t i = 0; i < count; ++i) {
    if (std::string s = half_case(halves, singles); !s.empty()) return s;
  }
  return {};
}

}  // namespace

std::vector<Check> sse_checks() {
  return {
      {"SseSingle", [](uint64_t seed, uint64_t count) { return SseCheck<F32>(seed).run(count); }, 8000000},
      {"SseDouble", [](uint64_t seed, uint64_t count) { return SseCheck<F64>(seed).run(count); }, 8000000}};
}
std::vector<Check> half_checks() { return {{"F16c", run_half, 4000000}}; }

}  // namespace xarch::test
