// Floating point in software: every operation on bit patterns, in any format of format.h, under the rules and
// modes of an Env, which collects the flags. No state, no host floating point.
//
//   Env e{.rules = &kArmRules, .rounding = Rounding::kZero};
//   uint32_t sum = add<F32>(e, 0x3f800000, 0x33800000);  // e.flags has kInexact now
#pragma once

#include "tcg/fpu/env.h"
#include "tcg/fpu/format.h"

namespace xarch::fpu {

template <typename F>
using BitsOf = typename F::Bits;

// --- Arithmetic, rounded once

template <typename F>
BitsOf<F> add(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> sub(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> mul(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> div(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> sqrt(Env& e, BitsOf<F> a);
// a + n * m
template <typename F>
BitsOf<F> fma(Env& e, BitsOf<F> n, BitsOf<F> m, BitsOf<F> a);
// (a + n * m) * 2^scale
template <typename F>
BitsOf<F> fma_scaled(Env& e, BitsOf<F> n, BitsOf<F> m, BitsOf<F> a, int scale);
// a * 2^n
template <typename F>
BitsOf<F> scalbn(Env& e, BitsOf<F> a, int n);

// a - b * q with q = a / b rounded to nearest even (IEEE remainder) or toward zero (fmod); exact. *quotient,
// if asked for, gets the low bits of |q|.
template <typename F>
BitsOf<F> remainder(Env& e, BitsOf<F> a, BitsOf<F> b, uint64_t* quotient = nullptr);
template <typename F>
BitsOf<F> remainder_toward_zero(Env& e, BitsOf<F> a, BitsOf<F> b, uint64_t* quotient = nullptr);

// x87's FPREM (nearest: FPREM1): as much of the remainder as one step gives.
struct PartialRemainder {
  bool complete = true;
  uint64_t quotient = 0;  // low bits of |q| if complete
};
BitsOf<F80> x87_remainder(Env& e, BitsOf<F80> a, BitsOf<F80> b, bool nearest, PartialRemainder* out);

// --- Comparison

enum class Relation : uint8_t { kLess, kEqual, kGreater, kUnordered };
// signals: a quiet NaN is Invalid, too (a signalling one always is).
template <typename F>
Relation compare(Env& e, BitsOf<F> a, BitsOf<F> b, bool signals);

// A NaN operand wins; -0 < +0 (Arm FMIN/FMAX, IEEE 754-2019 minimum/maximum).
template <typename F>
BitsOf<F> min(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> max(Env& e, BitsOf<F> a, BitsOf<F> b);
// A number wins over a quiet NaN; a signalling NaN wins, quieted, and is Invalid (IEEE 754-2008).
template <typename F>
BitsOf<F> minnum(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> maxnum(Env& e, BitsOf<F> a, BitsOf<F> b);
// A number wins over any NaN; a signalling one is Invalid (IEEE 754-2019, RISC-V).
template <typename F>
BitsOf<F> minimum_number(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> maximum_number(Env& e, BitsOf<F> a, BitsOf<F> b);
// x86's: a if a < b (a > b), else b as it is, so for two zeros and for NaNs, any of which is Invalid.
template <typename F>
BitsOf<F> x86_min(Env& e, BitsOf<F> a, BitsOf<F> b);
template <typename F>
BitsOf<F> x86_max(Env& e, BitsOf<F> a, BitsOf<F> b);

// --- Integers

// To an integral number in the same format. exact: raises Inexact if that changes it.
template <typename F>
BitsOf<F> round_to_integral(Env& e, BitsOf<F> a, Rounding r, bool exact);
// a * 2^scale as an integer of `width` (8 … 128) bits, two's complement in the low bits of the result (zeros
// above); numbers out of range and NaNs as the rules say.
template <typename F>
U128 to_int(Env& e, BitsOf<F> a, Rounding r, unsigned width, bool is_unsigned, int scale = 0);
// v / 2^scale
template <typename F>
BitsOf<F> from_int(Env& e, I128 v, int scale = 0);
template <typename F>
BitsOf<F> from_uint(Env& e, U128 v, int scale = 0);

// --- Conversion between formats, with the environment's rounding

template <typename To, typename From>
BitsOf<To> convert(Env& e, BitsOf<From> a);

// --- Properties

template <typename F>
bool is_signalling_nan(const Rules& rules, BitsOf<F> a);
template <typename F>
BitsOf<F> default_nan_of(const Rules& rules);

}  // namespace xarch::fpu
