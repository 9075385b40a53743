// Rules by example: what differs from one guest family to another, and single cases worth reading.
#include <gtest/gtest.h>

#include "tcg/fpu/fpu.h"
#include "tcg/fpu/special.h"

namespace xarch::fpu {
namespace {

constexpr uint32_t kOne = 0x3f800000, kInf = 0x7f800000, kQuiet = 0x7fc00001, kOther = 0xffc00002;
constexpr uint32_t kSignalling = 0x7f800003, kNegativeInf = 0xff800000;

uint32_t sum(const Rules& rules, uint32_t a, uint32_t b, uint32_t* flags = nullptr) {
  Env e{.rules = &rules};
  const uint32_t r = add<F32>(e, a, b);
  if (flags != nullptr) *flags = e.flags;
  return r;
}

TEST(FpuRules, TheDefaultNan) {
  EXPECT_EQ(sum(kArmRules, kInf, kNegativeInf), 0x7fc00000u);
  EXPECT_EQ(sum(kX86Rules, kInf, kNegativeInf), 0xffc00000u);
  EXPECT_EQ(sum(kSparcRules, kInf, kNegativeInf), 0x7fffffffu);
  EXPECT_EQ(sum(kMipsLegacyRules, kInf, kNegativeInf), 0x7fbfffffu);
}

TEST(FpuRules, WhichNanWins) {
  EXPECT_EQ(sum(kArmRules, kQuiet, kSignalling), 0x7fc00003u);  // the signalling one, made quiet
  EXPECT_EQ(sum(kX86Rules, kQuiet, kSignalling), kQuiet);       // the first
  EXPECT_EQ(sum(kX86Rules, kQuiet, kOther), kQuiet);
  EXPECT_EQ(sum(kX87Rules, kQuiet, kOther), kOther);              // the larger significand
  EXPECT_EQ(sum(kX87Rules, kSignalling, kQuiet), kQuiet);         // the quiet one
  EXPECT_EQ(sum(kSparcRules, kQuiet, kOther), kOther);            // the second
  EXPECT_EQ(sum(kSparcRules, kSignalling, kOther), 0x7fc00003u);  // but a signalling one first
  EXPECT_EQ(sum(kRiscvRules, kQuiet, kOther), 0x7fc00000u);       // none
}

TEST(FpuRules, OldMipsHasTheQuietBitUpsideDown) {
  uint32_t flags;
  EXPECT_EQ(sum(kMipsLegacyRules, kSignalling, kOne, &flags), kSignalling);  // is quiet there
  EXPECT_EQ(flags, 0u);
  EXPECT_EQ(sum(kMipsLegacyRules, kQuiet, kOne, &flags), 0x7fbfffffu);
  EXPECT_EQ(flags, uint32_t{kInvalid});
}

TEST(FpuRules, InfinityTimesZeroPlusNan) {
  const auto fused = [](const Rules& rules, uint32_t* flags) {
    Env e{.rules = &rules};
    const uint32_t r = fma<F32>(e, kInf, 0, kQuiet);
    *flags = e.flags;
    return r;
  };
  uint32_t flags;
  EXPECT_EQ(fused(kArmRules, &flags), 0x7fc00000u);
  EXPECT_EQ(flags, uint32_t{kInvalid});
  EXPECT_EQ(fused(kPpcRules, &flags), kQuiet);
  EXPECT_EQ(flags, uint32_t{kInvalid});
  EXPECT_EQ(fused(kX86Rules, &flags), kQuiet);
  EXPECT_EQ(flags, 0u);
}

TEST(FpuRules, IntegersThatDoNotFit) {
  const auto integer = [](const Rules& rules, uint32_t v) {
    Env e{.rules = &rules};
    return static_cast<uint32_t>(to_int<F32>(e, v, Rounding::kZero, 32, false));
  };
  EXPECT_EQ(integer(kArmRules, kInf), 0x7fffffffu);
  EXPECT_EQ(integer(kArmRules, kQuiet), 0u);
  EXPECT_EQ(integer(kX86Rules, kInf), 0x80000000u);
  EXPECT_EQ(integer(kMipsLegacyRules, kNegativeInf), 0x7fffffffu);
  EXPECT_EQ(integer(kPpcRules, kQuiet), 0x80000000u);
  EXPECT_EQ(integer(kSparcRules, kOther), 0x80000000u);
}

// A product that rounds up to the smallest normal number is tiny before rounding, not after it.
TEST(FpuRules, TininessBeforeAndAfterRounding) {
  const auto flags_of = [](const Rules& rules) {
    Env e{.rules = &rules};
    EXPECT_EQ(mul<F32>(e, 0x3f7ffffe, 0x00800001), 0x00800000u);
    return e.flags;
  };
  EXPECT_EQ(flags_of(kArmRules), kUnderflow | kInexact);
  EXPECT_EQ(flags_of(kX86Rules), uint32_t{kInexact});
}

// Two roundings are one if the first is to odd: a little above half way between two halves, which single
// precision rounds to half way.
TEST(FpuRules, RoundingToOddMayBeRoundedAgain) {
  const uint64_t v = 0x3ff0020000000001;
  Env nearest, odd{.rounding = Rounding::kOdd};
  EXPECT_EQ((convert<F16, F64>(nearest, v)), 0x3c01);
  EXPECT_EQ((convert<F16, F32>(nearest, convert<F32, F64>(nearest, v))), 0x3c00);
  EXPECT_EQ((convert<F16, F32>(nearest, convert<F32, F64>(odd, v))), 0x3c01);
}

TEST(FpuRules, AlternativeHalfPrecisionSaturates) {
  Env e;
  EXPECT_EQ((convert<F16Alt, F32>(e, kInf)), 0x7fff);
  EXPECT_EQ(e.flags, uint32_t{kInvalid});
  EXPECT_EQ((convert<F16Alt, F32>(e, kQuiet)), 0);
  EXPECT_EQ((convert<F32, F16Alt>(e, 0x7fff)), 0x47ffe000u);  // 131008
}

TEST(FpuRules, JavaScriptIntegers) {
  Env e;
  bool exact;
  EXPECT_EQ(javascript_int(e, 0x41f0000000100000, &exact), 1u);  // 2^32 + 1
  EXPECT_FALSE(exact);
  EXPECT_EQ(javascript_int(e, 0xc000000000000000, &exact), 0xfffffffeu);
  EXPECT_TRUE(exact);
  EXPECT_EQ(javascript_int(e, uint64_t{1} << 63, &exact), 0u);  // -0
  EXPECT_FALSE(exact);
  e.flush_inputs = true;
  EXPECT_EQ(javascript_int(e, 1, &exact), 0u);  // flushed
  EXPECT_FALSE(exact);
  EXPECT_EQ(javascript_int(e, 0, &exact), 0u);
  EXPECT_TRUE(exact);
}

}  // namespace
}  // namespace xarch::fpu
