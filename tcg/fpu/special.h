// Operations that one architecture defined bit by bit; their rules are those of the Arm architecture's
// manual. An Env with kArmRules is expected. F is F16, F32 or F64.
#pragma once

#include "tcg/fpu/env.h"
#include "tcg/fpu/format.h"

namespace xarch::fpu {

// FMULX: a * b, but infinity times zero is two with the product's sign.
template <typename F>
typename F::Bits mulx(Env& e, typename F::Bits a, typename F::Bits b);
// FRECPS: 2 - a * b; FRSQRTS: (3 - a * b) / 2; rounded once.
template <typename F>
typename F::Bits recip_step(Env& e, typename F::Bits a, typename F::Bits b);
template <typename F>
typename F::Bits rsqrt_step(Env& e, typename F::Bits a, typename F::Bits b);
// FRECPE, FRSQRTE: estimates to eight bits; FRECPX: an approximate reciprocal of the exponent.
template <typename F>
typename F::Bits recip_estimate(Env& e, typename F::Bits a);
template <typename F>
typename F::Bits rsqrt_estimate(Env& e, typename F::Bits a);
template <typename F>
typename F::Bits recip_exponent(Env& e, typename F::Bits a);
// URECPE, URSQRTE: of 32-bit fractions.
uint32_t recip_estimate_u32(uint32_t a);
uint32_t rsqrt_estimate_u32(uint32_t a);
// FRINT32*, FRINT64*: to an integral number that fits into `bits` (32 or 64) as a signed integer; all else
// gives the most negative of these, Invalid. Not for F16.
template <typename F>
typename F::Bits round_to_int_size(Env& e, typename F::Bits a, Rounding r, unsigned bits);
// FJCVTZS: to 32 bits as JavaScript does, toward zero modulo 2^32. *exact: nothing was lost, the sign of -0
// included.
uint32_t javascript_int(Env& e, uint64_t a, bool* exact);

// FMLAL: acc + a * b with half-precision factors, rounded once to single precision.
uint32_t fma_half(Env& e, uint16_t a, uint16_t b, uint32_t acc);
// BFMLAL: the same with bfloat16 factors.
uint32_t fma_bfloat(Env& e, uint16_t a, uint16_t b, uint32_t acc);
// BFDOT's and BFMMLA's step: acc + (a0 * b0 + a1 * b1), each of the three rounded to odd, denormals flushed,
// default NaNs, overflow to infinity, no flags; that is, without FPCR.EBF. Element 0 is the lower half of a
// and b.
uint32_t bfloat_dot(uint32_t acc, uint32_t a, uint32_t b);

}  // namespace xarch::fpu
