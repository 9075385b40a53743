// The floating-point environment of an operation: rounding, a guest family's rules as data, sticky flags.
#pragma once

#include <array>
#include <cstdint>

namespace xarch::fpu {

// Values 0 … 4 are those of the IR's rounding immediates; kOdd is "to odd" (von Neumann rounding).
enum class Rounding : uint8_t { kNearest, kUp, kDown, kZero, kAway, kOdd };

// MXCSR's bits.
enum Flag : uint32_t {
  kInvalid = 1,
  kDenormal = 2,
  kDivideByZero = 4,
  kOverflow = 8,
  kUnderflow = 16,
  kInexact = 32
};

// Whose payload a result has when several operands are NaNs.
enum class NanChoice : uint8_t {
  kSignallingFirst,  // the first signalling one, else the first
  kFirst,
  kLargerSignificand,   // x87: a quiet one before a signalling one, then the larger
  kSignallingDefaults,  // a signalling one gives the default NaN, else the first
  kDefault              // none: always the default NaN
};
// The fused operation infinity * 0 + quiet NaN.
enum class InfTimesZero : uint8_t {
  kDefaultInvalid,  // the default NaN, Invalid
  kNanInvalid,      // the addend's NaN, Invalid
  kNanQuiet         // the addend's NaN, no flag
};
enum class DefaultNan : uint8_t { kQuietBit, kAllOnes, kAllButQuiet };
enum class DenormalFlag : uint8_t {
  kNever,
  kWhenUsed,    // by an operation that met no NaN
  kWhenFlushed  // to zero, except half precision
};
// What a conversion to an integer gives for a NaN or a number out of range. kIndefinite: signed the most
// negative number, unsigned all ones. kSaturate: to the end on the side of the operand's sign.
enum class BadInteger : uint8_t { kZero, kMax, kMin, kIndefinite, kSaturate };

struct Rules {
  NanChoice nan = NanChoice::kSignallingFirst;
  bool second_first = false;                     // two operands: the second is looked at before the first
  std::array<uint8_t, 3> fma_order = {2, 0, 1};  // in which a + n*m is searched for NaNs; 0 n, 1 m, 2 a
  InfTimesZero inf_times_zero = InfTimesZero::kDefaultInvalid;
  DefaultNan default_nan = DefaultNan::kQuietBit;
  bool default_nan_negative = false;
  bool signalling_bit = false;  // the top fraction bit says signalling, not quiet (old MIPS)
  bool tiny_after_rounding = false;
  DenormalFlag denormal_flag = DenormalFlag::kNever;
  bool round_uses_denormal = false;  // rounding to integral counts as using a denormal
  bool flush_inexact = false;        // a flushed result is Inexact as well as Underflow
  BadInteger int_nan = BadInteger::kZero;
  BadInteger int_range = BadInteger::kSaturate;
  bool int_range_inexact = false;  // a number out of range is Inexact as well as Invalid

  bool operator==(const Rules&) const = default;
};

// Arm A64/A32 with FPCR.AH = 0.
inline constexpr Rules kArmRules = {.denormal_flag = DenormalFlag::kWhenFlushed};
// SSE and AVX.
inline constexpr Rules kX86Rules = {.nan = NanChoice::kFirst,
                                    .fma_order = {0, 1, 2},
                                    .inf_times_zero = InfTimesZero::kNanQuiet,
                                    .default_nan_negative = true,
                                    .tiny_after_rounding = true,
                                    .denormal_flag = DenormalFlag::kWhenUsed,
                                    .flush_inexact = true,
                                    .int_nan = BadInteger::kIndefinite,
                                    .int_range = BadInteger::kIndefinite};
inline constexpr Rules kX87Rules = {.nan = NanChoice::kLargerSignificand,
                                    .default_nan_negative = true,
                                    .tiny_after_rounding = true,
                                    .denormal_flag = DenormalFlag::kWhenUsed,
                                    .round_uses_denormal = true,
                                    .int_nan = BadInteger::kIndefinite,
                                    .int_range = BadInteger::kIndefinite};
// Power ISA; a + n*m is frB + frA*frC.
inline constexpr Rules kPpcRules = {.nan = NanChoice::kFirst,
                                    .fma_order = {0, 2, 1},
                                    .inf_times_zero = InfTimesZero::kNanInvalid,
                                    .int_nan = BadInteger::kMin};
// SPARC V8/V9: rs2 before rs1; a NaN's sign says which end an integer goes to.
inline constexpr Rules kSparcRules = {.second_first = true,
                                      .fma_order = {2, 1, 0},
                                      .default_nan = DefaultNan::kAllOnes,
                                      .int_nan = BadInteger::kSaturate};
inline constexpr Rules kMipsLegacyRules = {.nan = NanChoice::kSignallingDefaults,
                                           .default_nan = DefaultNan::kAllButQuiet,
                                           .signalling_bit = true,
                                           .tiny_after_rounding = true,
                                           .int_nan = BadInteger::kMax,
                                           .int_range = BadInteger::kMax};
inline constexpr Rules kMips2008Rules = {.tiny_after_rounding = true};
inline constexpr Rules kRiscvRules = {
    .nan = NanChoice::kDefault, .tiny_after_rounding = true, .int_nan = BadInteger::kMax};
inline constexpr Rules kS390Rules = {
    .fma_order = {0, 1, 2}, .int_nan = BadInteger::kMin, .int_range_inexact = true};

struct Env {
  const Rules* rules = &kArmRules;
  Rounding rounding = Rounding::kNearest;
  bool default_nan = false;       // every NaN result is the default NaN
  bool flush_inputs = false;      // denormal operands count as zeros; not those of half precision
  bool flush_outputs = false;     // tiny results become zeros; not those of half precision
  bool flush_half = false;        // both for half precision, conversions between formats excepted
  bool alternative_half = false;  // for callers that choose between F16 and F16Alt; unused here
  uint8_t x87_precision = 64;     // significand bits of F80 results: 24, 53 or 64
  bool rounded_up = false;        // by the last operation that rounded: the result is larger in magnitude
  uint32_t flags = 0;             // sticky, bits of Flag

  void raise(uint32_t f) { flags |= f; }
};

}  // namespace xarch::fpu
