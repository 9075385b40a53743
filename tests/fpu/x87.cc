// Against the host's x87 unit: all encodings of 80 bits, precision control, status word and C1.
#include <cstring>
#include <type_traits>

#include "tests/fpu/checks.h"
#include "tests/support/fp_values.h"

namespace xarch::test {

namespace {

using namespace fpu;  // NOLINT: what is tested
using Extended = long double;

Extended host(U128 v) {
  Extended r = 0;
  std::memcpy(&r, &v, 10);
  return r;
}
U128 bits(const Extended& v) {
  U128 r = 0;
  std::memcpy(&r, &v, 10);
  return r;
}

// One instruction on st0 = a and st1 = b under a control word; the result is st0. Status word.
#define BINARY_OPS(X)          \
  X(add, "fadd %%st(1), %%st") \
  X(sub, "fsub %%st(1), %%st") \
  X(mul, "fmul %%st(1), %%st") \
  X(div, "fdiv %%st(1), %%st") \
  X(sqrt, "fsqrt")             \
  X(rndint, "frndint")         \
  X(prem, "fprem") X(prem1, "fprem1") X(scale, "fscale") X(com, "fcom %%st(1)") X(ucom, "fucom %%st(1)")
#define DEFINE(name, text)                                                                                 \
  uint16_t host_##name(Extended a, Extended b, uint16_t control, Extended* r) {                            \
    uint16_t status;                                                                                       \
    asm volatile("fninit\n\tfldcw %4\n\tfldt %3\n\tfldt %2\n\t" text "\n\tfnstsw %1\n\tfstpt %0\n\tfninit" \
                 : "=m"(*r), "=a"(status)                                                                  \
                 : "m"(a), "m"(b), "m"(control));                                                          \
    return status;                                                                                         \
  }
BINARY_OPS(DEFINE)
#undef DEFINE

#define STORE_OPS(X)                \
  X(store_single, float, "fstps")   \
  X(store_double, double, "fstpl")  \
  X(store16, int16_t, "fistps")     \
  X(store32, int32_t, "fistpl")     \
  X(store64, int64_t, "fistpll")    \
  X(truncate16, int16_t, "fisttps") \
  X(truncate32, int32_t, "fisttpl") \
  X(truncate64, int64_t, "fisttpll")
#define DEFINE(name, type, text)                                                       \
  uint16_t host_##name(Extended a, uint16_t control, type* r) {                        \
    uint16_t status;                                                                   \
    asm volatile("fninit\n\tfldcw %3\n\tfldt %2\n\t" text " %0\n\tfnstsw %1\n\tfninit" \
                 : "=m"(*r), "=a"(status)                                              \
                 : "m"(a), "m"(control));                                              \
    return status;                                                                     \
  }
STORE_OPS(DEFINE)
#undef DEFINE

#define LOAD_OPS(X) X(load_single, float, "flds") X(load_double, double, "fldl") X(load64, int64_t, "fildll")
#define DEFINE(name, type, text)                                                        \
  uint16_t host_##name(type a, uint16_t control, Extended* r) {                         \
    uint16_t status;                                                                    \
    asm volatile("fninit\n\tfldcw %3\n\t" text " %2\n\tfnstsw %1\n\tfstpt %0\n\tfninit" \
                 : "=m"(*r), "=a"(status)                                               \
                 : "m"(a), "m"(control));                                               \
    return status;                                                                      \
  }
LOAD_OPS(DEFINE)
#undef DEFINE

constexpr uint16_t kC0 = 1 << 8, kC1 = 1 << 9, kC2 = 1 << 10, kC3 = 1 << 14;

class X87Check {
 public:
  explicit X87Check(uint64_t seed) : values_(seed) {}

  std::string run(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      environment();
      if (std::string s = one(); !s.empty()) return s;
    }
    return {};
  }

 private:
  void environment() {
    constexpr Rounding kModes[] = {Rounding::kNearest, Rounding::kDown, Rounding::kUp, Rounding::kZero};
    constexpr uint8_t kPrecisions[] = {24, 64, 53, 64};
    const uint32_t mode = values_.rng().below(4), precision = values_.rng().below(4);
    e_ = Env{.rules = &kX87Rules, .rounding = kModes[mode], .x87_precision = kPrecisions[precision]};
    const uint32_t field = precision == 1 ? 3 : precision;
    control_ = static_cast<uint16_t>(0x7f | field << 8 | mode << 10);
  }
  std::string one() {
    switch (values_.rng().below(15)) {
      case 0: return binary("fadd", add<F80>, host_add);
      case 1: return binary("fsub", sub<F80>, host_sub);
      case 2: return binary("fmul", mul<F80>, host_mul);
      case 3: return binary("fdiv", div<F80>, host_div);
      case 4: return root();
      case 5: return rounding();
      case 6: return remainders();
      case 7: return scaling();
      case 8: return comparison();
      case 9: return store<F32>("fst single", host_store_single);
      case 10: return store<F64>("fst double", host_store_double);
      case 11: return store_int("fist", values_.rng().below(6));
      case 12: return load<F32>("fld single", host_load_single);
      case 13: return load<F64>("fld double", host_load_double);
      default: return load_int();
    }
  }

  // Operands: at times such as no operation takes, at times numbers of a smaller format.
  U128 spoiled(U128 v) {
    switch (values_.rng().below(12)) {
      case 0: return v & ~F80::kInteger;
      case 1: return v | F80::kInteger;  // of a denormal: one that is none
      case 2: return v & ~((U128{1} << 11) - 1);
      case 3: return v & ~((U128{1} << 40) - 1);
      default: return v;
    }
  }
  std::array<U128, 2> pair() {
    const auto [a, b] = values_.pair();
    return {spoiled(a), spoiled(b)};
  }

  static uint32_t flags_of(uint16_t status) { return status & 63; }
  std::string verdict(const char* op, std::initializer_list<U128> operands, Outcome ours, Outcome theirs) {
    return ours == theirs ? std::string() : describe(op, operands, e_, ours, theirs);
  }
  // C1 says that an inexact result was rounded up.
  std::string binary(const char* name, U128 (*op)(Env&, U128, U128),
                     uint16_t (*native)(Extended, Extended, uint16_t, Extended*)) {
    const auto [a, b] = pair();
    Extended r;
    const uint16_t status = native(host(a), host(b), control_, &r);
    const U128 ours = op(e_, a, b);
    return with_c1(name, {a, b}, ours, bits(r), status);
  }
  std::string with_c1(const char* name, std::initializer_list<U128> operands, U128 ours, U128 theirs,
                      uint16_t status) {
    const uint32_t up = (e_.flags & kInexact) != 0 && e_.rounded_up ? 1u << 9 : 0;
    return verdict(name, operands, {ours, e_.flags | up}, {theirs, flags_of(status) | (status & kC1)});
  }
  std::string root() {
    const U128 a = spoiled(values_.rng().one_in(4) ? values_.value() : values_.value() & ~F80::kSign);
    Extended r;
    const uint16_t status = host_sqrt(host(a), 0, control_, &r);
    return with_c1("fsqrt", {a}, sqrt<F80>(e_, a), bits(r), status);
  }
  std::string rounding() {
    const U128 a = spoiled(values_.value());
    Extended r;
    const uint16_t status = host_rndint(host(a), 0, control_, &r);
    return with_c1("frndint", {a}, round_to_integral<F80>(e_, a, e_.rounding, true), bits(r), status);
  }
  std::string remainders() {
    const auto [a, b] = pair();
    const bool nearest = values_.rng().one_in(2);
    Extended r;
    const uint16_t status =
        nearest ? host_prem1(host(a), host(b), control_, &r) : host_prem(host(a), host(b), control_, &r);
    PartialRemainder partial;
    const U128 ours = x87_remainder(e_, a, b, nearest, &partial);
    uint32_t codes = partial.complete ? 0 : kC2;
    if ((partial.quotient & 1) != 0) codes |= kC1;
    if ((partial.quotient & 2) != 0) codes |= kC3;
    if ((partial.quotient & 4) != 0) codes |= kC0;
    const uint32_t host_codes = status & (kC0 | kC1 | kC2 | kC3);
    return verdict(nearest ? "fprem1" : "fprem", {a, b}, {ours, e_.flags | codes},
                   {bits(r), flags_of(status) | host_codes});
  }
  std::string scaling() {
    const U128 a = spoiled(values_.value());
    const int n = static_cast<int>(values_.rng().below(65536)) - 32768;
    const int near = static_cast<int>(values_.rng().below(200)) - 100;
    const int by = values_.rng().one_in(2) ? n : near;
    Extended r;
    const uint16_t status = host_scale(host(a), static_cast<Extended>(by), control_, &r);
    return with_c1("fscale", {a, static_cast<U128>(by)}, scalbn<F80>(e_, a, by), bits(r), status);
  }
  std::string comparison() {
    const auto [a, b] = pair();
    const bool signals = values_.rng().one_in(2);
    Extended r;
    const uint16_t status =
        signals ? host_com(host(a), host(b), control_, &r) : host_ucom(host(a), host(b), control_, &r);
    const Relation ours = compare<F80>(e_, a, b, signals);
    const Relation theirs = (status & kC2) != 0   ? Relation::kUnordered
                            : (status & kC3) != 0 ? Relation::kEqual
                            : (status & kC0) != 0 ? Relation::kLess
                                                  : Relation::kGreater;
    return verdict("fcom", {a, b}, {static_cast<U128>(ours), e_.flags},
                   {static_cast<U128>(theirs), flags_of(status)});
  }
  // Something that a smaller format nearly has.
  template <typename F>
  U128 about() {
    if (values_.rng().one_in(3)) return spoiled(values_.value());
    Env plain{.rules = &kX87Rules};
    const U128 v = convert<F80, F>(plain, static_cast<BitsOf<F>>(values_.rng().next()));
    return spoiled(v ^ (values_.rng().next() >> values_.rng().below(64) & 0x7fffffffff));
  }
  template <typename F, typename T>
  std::string store(const char* name, uint16_t (*native)(Extended, uint16_t, T*)) {
    const U128 a = about<F>();
    T r;
    const uint16_t status = native(host(a), control_, &r);
    BitsOf<F> theirs;
    std::memcpy(&theirs, &r, sizeof r);
    return with_c1(name, {a}, convert<F, F80>(e_, a), theirs, status);
  }
  template <typename F, typename T>
  std::string load(const char* name, uint16_t (*native)(T, uint16_t, Extended*)) {
    FpValues<F> values(values_.rng().next());
    const BitsOf<F> a = values.value();
    T v;
    std::memcpy(&v, &a, sizeof v);
    Extended r;
    const uint16_t status = native(v, control_, &r);
    return verdict(name, {a}, {convert<F80, F>(e_, a), e_.flags}, {bits(r), flags_of(status)});
  }
  std::string load_int() {
    const auto a = static_cast<int64_t>(values_.rng().value());
    Extended r;
    const uint16_t status = host_load64(a, control_, &r);
    return verdict("fild", {static_cast<uint64_t>(a)}, {from_int<F80>(e_, a), e_.flags},
                   {bits(r), flags_of(status)});
  }
  template <typename T>
  std::string store_int(const char* name, uint16_t (*native)(Extended, uint16_t, T*), bool truncate) {
    const U128 a = spoiled(values_.value());
    T r;
    const uint16_t status = native(host(a), control_, &r);
    const U128 ours = to_int<F80>(e_, a, truncate ? Rounding::kZero : e_.rounding, sizeof(T) * 8, false);
    return with_c1(name, {a, sizeof(T) * 8}, ours, static_cast<std::make_unsigned_t<T>>(r), status);
  }
  std::string store_int(const char* name, uint32_t which) {
    switch (which) {
      case 0: return store_int(name, host_store16, false);
      case 1: return store_int(name, host_store32, false);
      case 2: return store_int(name, host_store64, false);
      case 3: return store_int(name, host_truncate16, true);
      case 4: return store_int(name, host_truncate32, true);
      default: return store_int(name, host_truncate64, true);
    }
  }

  FpValues<F80> values_;
  Env e_;
  uint16_t control_ = 0;
};

}  // namespace

std::vector<Check> x87_checks() {
  return {{"X87", [](uint64_t seed, uint64_t count) { return X87Check(seed).run(count); }, 4000000}};
}

}  // namespace xarch::test
