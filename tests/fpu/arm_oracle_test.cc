// tcg/fpu under Arm's rules against the AArch64 instructions of qemu, in all modes of FPCR: half precision,
// bfloat16 and the instructions that are Arm's alone.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <map>

#include "tcg/fpu/special.h"
#include "tests/fpu/checks.h"
#include "tests/fpu/oracle.h"
#include "tests/support/fp_values.h"

namespace xarch::test {
namespace {

using namespace fpu;  // NOLINT: what is tested

constexpr const char* kNames[] = {
#define X(name, text) #name,
#include "tests/fpu/guest/arm_ops.def"
#undef X
};

struct Operands {
  U128 n = 0, m = 0, d = 0;
};
// What v0 holds afterwards; bits that an instruction does not write are zero or d's as it says.
using Model = std::function<U128(Env&, const Operands&)>;
using Models = std::map<std::string, Model>;

constexpr U128 kNzcv[] = {8u << 28, 6u << 28, 2u << 28, 3u << 28};

template <typename F>
void add_format(Models& models, const std::string& f) {
  const auto two = [&](const char* name, BitsOf<F> (*op)(Env&, BitsOf<F>, BitsOf<F>)) {
    models[f + name] = [op](Env& e, const Operands& o) -> U128 {
      return op(e, static_cast<BitsOf<F>>(o.n), static_cast<BitsOf<F>>(o.m));
    };
  };
  two("_fadd", add<F>);
  two("_fsub", sub<F>);
  two("_fmul", mul<F>);
  two("_fdiv", div<F>);
  two("_fmulx", mulx<F>);
  two("_frecps", recip_step<F>);
  two("_frsqrts", rsqrt_step<F>);
  two("_fmin", min<F>);
  two("_fmax", max<F>);
  two("_fminnm", minnum<F>);
  two("_fmaxnm", maxnum<F>);
  const auto one = [&](const char* name, BitsOf<F> (*op)(Env&, BitsOf<F>)) {
    models[f + name] = [op](Env& e, const Operands& o) -> U128 { return op(e, static_cast<BitsOf<F>>(o.n)); };
  };
  one("_fsqrt", sqrt<F>);
  one("_frecpe", recip_estimate<F>);
  one("_frsqrte", rsqrt_estimate<F>);
  one("_frecpx", recip_exponent<F>);
  const auto round = [&](const char* name, int mode, bool exact) {
    models[f + name] = [=](Env& e, const Operands& o) -> U128 {
      const Rounding r = mode < 0 ? e.rounding : static_cast<Rounding>(mode);
      return round_to_integral<F>(e, static_cast<BitsOf<F>>(o.n), r, exact);
    };
  };
  round("_frinta", 4, false);
  round("_frinti", -1, false);
  round("_frintm", 2, false);
  round("_frintn", 0, false);
  round("_frintp", 1, false);
  round("_frintx", -1, true);
  round("_frintz", 3, false);
  models[f + "_fmadd"] = [](Env& e, const Operands& o) -> U128 {
    return fma<F>(e, static_cast<BitsOf<F>>(o.n), static_cast<BitsOf<F>>(o.m), static_cast<BitsOf<F>>(o.d));
  };
  for (const bool signals : {false, true}) {
    models[f + (signals ? "_fcmpe" : "_fcmp")] = [signals](Env& e, const Operands& o) {
      const Relation r = compare<F>(e, static_cast<BitsOf<F>>(o.n), static_cast<BitsOf<F>>(o.m), signals);
      return kNzcv[static_cast<int>(r)];
    };
  }
  const auto integer = [&](const char* name, Rounding r, unsigned width, bool is_unsigned, int scale) {
    models[f + name] = [=](Env& e, const Operands& o) {
      return to_int<F>(e, static_cast<BitsOf<F>>(o.n), r, width, is_unsigned, scale);
    };
  };
  integer("_fcvtns_w", Rounding::kNearest, 32, false, 0);
  integer("_fcvtms_x", Rounding::kDown, 64, false, 0);
  integer("_fcvtas_x", Rounding::kAway, 64, false, 0);
  integer("_fcvtpu_w", Rounding::kUp, 32, true, 0);
  integer("_fcvtzu_x", Rounding::kZero, 64, true, 0);
  integer("_fcvtzs_w", Rounding::kZero, 32, false, 0);
  integer("_fcvtzs_x_20", Rounding::kZero, 64, false, 20);
  models[f + "_scvtf_x"] = [](Env& e, const Operands& o) -> U128 {
    return from_int<F>(e, static_cast<int64_t>(o.n));
  };
  models[f + "_ucvtf_x"] = [](Env& e, const Operands& o) -> U128 {
    return from_uint<F>(e, static_cast<uint64_t>(o.n));
  };
  models[f + "_scvtf_w_30"] = [](Env& e, const Operands& o) -> U128 {
    return from_int<F>(e, static_cast<int32_t>(o.n), 30);
  };
  models[f + "_ucvtf_x_64"] = [](Env& e, const Operands& o) -> U128 {
    return from_uint<F>(e, static_cast<uint64_t>(o.n), 64);
  };
}

template <typename To, typename From>
U128 converted(Env& e, const Operands& o) {
  return convert<To, From>(e, static_cast<BitsOf<From>>(o.n));
}
uint16_t half(U128 v, int i) { return static_cast<uint16_t>(v >> (16 * i)); }
uint32_t word(U128 v, int i) { return static_cast<uint32_t>(v >> (32 * i)); }
U128 words(std::array<uint32_t, 4> w) {
  return U128{w[3]} << 96 | U128{w[2]} << 64 | U128{w[1]} << 32 | w[0];
}

void add_conversions(Models& models) {
  models["h_fcvt_s"] = [](Env& e, const Operands& o) {
    return e.alternative_half ? converted<F32, F16Alt>(e, o) : converted<F32, F16>(e, o);
  };
  models["h_fcvt_d"] = [](Env& e, const Operands& o) {
    return e.alternative_half ? converted<F64, F16Alt>(e, o) : converted<F64, F16>(e, o);
  };
  models["s_fcvt_h"] = [](Env& e, const Operands& o) {
    return e.alternative_half ? converted<F16Alt, F32>(e, o) : converted<F16, F32>(e, o);
  };
  models["d_fcvt_h"] = [](Env& e, const Operands& o) {
    return e.alternative_half ? converted<F16Alt, F64>(e, o) : converted<F16, F64>(e, o);
  };
  models["s_fcvt_d"] = converted<F64, F32>;
  models["d_fcvt_s"] = converted<F32, F64>;
  models["s_bfcvt"] = converted<BF16, F32>;
  models["d_fcvtxn"] = [](Env& e, const Operands& o) {
    e.rounding = Rounding::kOdd;
    return converted<F32, F64>(e, o);
  };
  for (const unsigned bits : {32u, 64u}) {
    for (const bool zero : {false, true}) {
      const std::string name = "_frint" + std::to_string(bits) + (zero ? "z" : "x");
      models["s" + name] = [=](Env& e, const Operands& o) -> U128 {
        return round_to_int_size<F32>(e, word(o.n, 0), zero ? Rounding::kZero : e.rounding, bits);
      };
      models["d" + name] = [=](Env& e, const Operands& o) -> U128 {
        return round_to_int_size<F64>(e, static_cast<uint64_t>(o.n), zero ? Rounding::kZero : e.rounding,
                                      bits);
      };
    }
  }
  models["d_fjcvtzs"] = [](Env& e, const Operands& o) {
    bool exact;
    const U128 r = javascript_int(e, static_cast<uint64_t>(o.n), &exact);
    return (exact ? U128{4u << 28} : 0) << 64 | r;
  };
}

void add_products(Models& models) {
  models["h_fmlal"] = [](Env& e, const Operands& o) {
    const auto at = [&](int i) { return fma_half(e, half(o.n, i), half(o.m, i), word(o.d, i)); };
    const uint32_t low = at(0);
    return words({low, at(1), 0, 0});
  };
  models["b_bfdot"] = [](Env&, const Operands& o) {
    const auto at = [&](int i) { return bfloat_dot(word(o.d, i), word(o.n, i), word(o.m, i)); };
    return words({at(0), at(1), 0, 0});
  };
  models["b_bfmmla"] = [](Env&, const Operands& o) {
    std::array<uint32_t, 4> r;
    for (int i = 0; i < 4; ++i) {
      const int row = i / 2 * 2, column = i % 2 * 2;
      const uint32_t first = bfloat_dot(word(o.d, i), word(o.n, row), word(o.m, column));
      r[static_cast<size_t>(i)] = bfloat_dot(first, word(o.n, row + 1), word(o.m, column + 1));
    }
    return words(r);
  };
  for (const int odd : {0, 1}) {
    models[odd != 0 ? "b_bfmlalt" : "b_bfmlalb"] = [odd](Env& e, const Operands& o) {
      std::array<uint32_t, 4> r;
      for (int i = 0; i < 4; ++i) {
        r[static_cast<size_t>(i)] =
            fma_bfloat(e, half(o.n, 2 * i + odd), half(o.m, 2 * i + odd), word(o.d, i));
      }
      return words(r);
    };
  }
}

class ArmOracleTest : public testing::Test {
 protected:
  static uint64_t setting(const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
  }

  ArmOracleTest() {
    add_format<F16>(models_, "h");
    add_format<F32>(models_, "s");
    add_format<F64>(models_, "d");
    add_conversions(models_);
    add_products(models_);
  }

  GuestCase make_case() {
    Rng& rng = halves_.rng();
    GuestCase c;
    c.op = rng.below(std::size(kNames));
    c.mode = uint64_t{rng.below(4)} << 22;
    for (const int bit : {19, 24, 25, 26}) c.mode |= rng.one_in(4) ? uint64_t{1} << bit : 0;
    const std::string name = kNames[c.op];
    switch (name[0]) {
      case 'h': put(c, halves_.triple()); break;
      case 's': put(c, singles_.triple()); break;
      case 'd': put(c, doubles_.triple()); break;
      default: break;
    }
    if (name == "h_fmlal") {
      for (uint64_t* v : {c.n, c.m}) *v = *v | uint64_t{halves_.value()} << 16;
      c.d[0] = singles_.value() | uint64_t{singles_.value()} << 32;
    }
    if (name[0] == 'b') {
      for (int lane = 0; lane < 8; ++lane) {
        const auto [n, m] = bfloats_.pair();
        c.n[lane / 4] |= uint64_t{n} << (lane % 4 * 16);
        c.m[lane / 4] |= uint64_t{m} << (lane % 4 * 16);
      }
      for (uint64_t& d : c.d) d = singles_.value() | uint64_t{singles_.value()} << 32;
    }
    if (name.find("cvtf") != std::string::npos) c.n[0] = rng.value();
    return c;
  }
  template <typename T>
  static void put(GuestCase& c, const T& v) {
    c.n[0] = v[0];
    c.m[0] = v[1];
    c.d[0] = v[2];
  }

  static Env env_of(uint64_t fpcr) {
    Env e{.rules = &kArmRules, .rounding = static_cast<Rounding>(fpcr >> 22 & 3)};
    e.flush_half = (fpcr >> 19 & 1) != 0;
    e.flush_inputs = e.flush_outputs = (fpcr >> 24 & 1) != 0;
    e.default_nan = (fpcr >> 25 & 1) != 0;
    e.alternative_half = (fpcr >> 26 & 1) != 0;
    return e;
  }
  static uint32_t flags_of(uint64_t fpsr) {
    constexpr uint32_t kFlag[8] = {kInvalid, kDivideByZero, kOverflow, kUnderflow, kInexact, 0, 0, kDenormal};
    uint32_t r = 0;
    for (int i = 0; i < 8; ++i) r |= (fpsr >> i & 1) != 0 ? kFlag[i] : 0;
    return r;
  }

  // Where qemu 7.2 is not what the architecture's manual says: FJCVTZS of a positive denormal that FPCR.FZ
  // flushes is not exact (FPToFixedJS: "sign == '0' && value == 0.0 && !IsZero(op<51:0>)" gives Z = 0).
  static bool known(const std::string& name, const Operands& o, const Env& e) {
    return name == "d_fjcvtzs" && e.flush_inputs && F64::is_denormal(static_cast<uint64_t>(o.n));
  }

  // Differences by instruction, with the first of each.
  std::string compare(const std::vector<GuestCase>& cases, const std::vector<GuestAnswer>& answers) {
    std::map<std::string, std::pair<int, std::string>> found;
    for (size_t i = 0; i < cases.size(); ++i) {
      const GuestCase& c = cases[i];
      const std::string name = kNames[c.op];
      const auto wide = [](const uint64_t* v) { return U128{v[1]} << 64 | v[0]; };
      const Operands o{wide(c.n), wide(c.m), wide(c.d)};
      Env e = env_of(c.mode);
      const U128 value = models_.at(name)(e, o);
      const Outcome ours{value, e.flags}, theirs{wide(answers[i].r), flags_of(answers[i].flags)};
      if (ours == theirs || known(name, o, e)) continue;
      auto& entry = found[name];
      if (entry.first++ == 0)
        entry.second = describe(name.c_str(), {o.n, o.m, o.d}, env_of(c.mode), ours, theirs);
    }
    std::string text;
    for (const auto& [name, entry] : found)
      text += std::to_string(entry.first) + " times: " + entry.second + "\n";
    return text;
  }

  Models models_;
  uint64_t seed_ = setting("XARCH_SEED", 31);
  FpValues<F16> halves_{seed_};
  FpValues<BF16> bfloats_{seed_ + 1};
  FpValues<F32> singles_{seed_ + 2};
  FpValues<F64> doubles_{seed_ + 3};
};

TEST_F(ArmOracleTest, AgreesWithQemu) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  std::vector<GuestCase> cases(setting("XARCH_COUNT", 2000000));
  for (GuestCase& c : cases) c = make_case();
  const auto answers = run_guest("qemu-aarch64 -cpu max " XARCH_FPU_ARM_ORACLE, cases);
  ASSERT_EQ(answers.size(), cases.size());
  EXPECT_EQ(compare(cases, answers), "");
}

}  // namespace
}  // namespace xarch::test
