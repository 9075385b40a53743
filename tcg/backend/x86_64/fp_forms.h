// Instructions of the host's floating point by the formats they work on, and what their immediates say.
#pragma once

#include "tcg/backend/x86_64/assembler.h"
#include "tcg/ir/types.h"

namespace xarch::x86_64 {

// Forms of an instruction for scalars of 4 and 8 bytes, and vectors of them: CodeGen::fp_form.
inline constexpr Simd kAdd[] = {Simd::addss, Simd::addsd, Simd::addps, Simd::addpd};
inline constexpr Simd kSub[] = {Simd::subss, Simd::subsd, Simd::subps, Simd::subpd};
inline constexpr Simd kMul[] = {Simd::mulss, Simd::mulsd, Simd::mulps, Simd::mulpd};
inline constexpr Simd kDiv[] = {Simd::divss, Simd::divsd, Simd::divps, Simd::divpd};
inline constexpr Simd kMin[] = {Simd::minss, Simd::minsd, Simd::minps, Simd::minpd};
inline constexpr Simd kMax[] = {Simd::maxss, Simd::maxsd, Simd::maxps, Simd::maxpd};
inline constexpr Simd kCmp[] = {Simd::cmpss, Simd::cmpsd, Simd::cmpps, Simd::cmppd};
inline constexpr Simd kSqrt[] = {Simd::sqrtss, Simd::sqrtsd, Simd::sqrtps, Simd::sqrtpd};
inline constexpr Simd kRound[] = {Simd::roundss, Simd::roundsd, Simd::roundps, Simd::roundpd};
// d = ±(a * b) ± d: [the product negated][the sum subtracted].
inline constexpr Simd kFma[2][2][4] = {
    {{Simd::vfmadd231ss, Simd::vfmadd231sd, Simd::vfmadd231ps, Simd::vfmadd231pd},
     {Simd::vfmsub231ss, Simd::vfmsub231sd, Simd::vfmsub231ps, Simd::vfmsub231pd}},
    {{Simd::vfnmadd231ss, Simd::vfnmadd231sd, Simd::vfnmadd231ps, Simd::vfnmadd231pd},
     {Simd::vfnmsub231ss, Simd::vfnmsub231sd, Simd::vfnmsub231ps, Simd::vfnmsub231pd}}};

// [rounding by MXCSR or truncating][f32 or f64][to 32 or 64 bits], and back [to f32 or f64][of 32 or 64
// bits].
inline constexpr Simd kToInt[2][2][2] = {
    {{Simd::cvtss2si, Simd::cvtss2si_q}, {Simd::cvtsd2si, Simd::cvtsd2si_q}},
    {{Simd::cvttss2si, Simd::cvttss2si_q}, {Simd::cvttsd2si, Simd::cvttsd2si_q}}};
inline constexpr Simd kFromInt[2][2] = {{Simd::cvtsi2ss, Simd::cvtsi2ss_q},
                                        {Simd::cvtsi2sd, Simd::cvtsi2sd_q}};

// Predicates of kCmp; the last two raise Invalid for quiet NaNs too.
inline constexpr int kEqual = 0, kLess = 1, kLessEqual = 2;

// Immediates of kRound and vcvtps2ph: toward zero, as MXCSR says; kRound's alone: Inexact is not raised.
inline constexpr int kToZero = 3, kCurrent = 4, kQuiet = 8;

// The same of a rounding that is not kAway.
constexpr int round_imm(ir::FpRound r) {
  constexpr int kModes[] = {0, 2, 1, kToZero};
  return r == ir::FpRound::kCurrent ? kCurrent : kModes[static_cast<int>(r)];
}

}  // namespace xarch::x86_64
