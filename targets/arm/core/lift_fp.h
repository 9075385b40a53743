// What the lifters of scalar and vector floating point share.
#pragma once

#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

using ir::FpRound;

inline Type fp_type(bool is_double) { return is_double ? Type::kF64 : Type::kF32; }
inline Type bits_type(bool is_double) { return is_double ? Type::kI64 : Type::kI32; }

// Vector register n's lowest lane as a number; register n := that number, the rest zero.
inline Value fp_scalar(Lift& c, bool is_double, unsigned n) { return c.b.flow(fp_type(is_double), c.v(n)); }
inline void put_fp_scalar(Lift& c, unsigned n, Value v) { c.b.put(v_slot(n), c.b.fwiden(Type::kV128, v)); }
// The same by its bits, an i32 or i64.
inline Value fp_bits(Lift& c, bool is_double, unsigned n) {
  return c.b.bitcast(fp_scalar(c, is_double, n), bits_type(is_double));
}
inline void put_fp_bits(Lift& c, unsigned n, Value v) {
  put_fp_scalar(c, n, c.b.bitcast(v, fp_type(v.type == Type::kI64)));
}

// The bits of 2^exponent.
inline uint64_t power_of_two(bool is_double, int exponent) {
  return is_double ? uint64_t(exponent + 1023) << 52 : uint64_t(exponent + 127) << 23;
}
// A constant like `like`: a scalar, or a vector with it in each lane.
inline Value fp_constant(Lift& c, Value like, unsigned size, uint64_t bits) {
  if (ir::is_vector(like.type)) return splat(c, like.type, size, bits);
  return c.b.bitcast(c.b.iconst(bits_type(like.type == Type::kF64), bits), like.type);
}

// v * 2^fraction without any flag, or so large that every conversion to integers saturates.
inline Value scale_up(Lift& c, Value v, unsigned size, unsigned fraction) {
  if (fraction == 0) return v;
  constexpr int kTooLarge = 63;  // with at least one bit of fraction, for any integer
  const bool is_double = size == 3;
  const uint64_t sign = uint64_t{1} << (is_double ? 63 : 31);
  const uint64_t bound = power_of_two(is_double, kTooLarge);
  v = c.b.fbinary(Op::kFMin, v, fp_constant(c, v, size, bound), size);
  v = c.b.fbinary(Op::kFMax, v, fp_constant(c, v, size, bound | sign), size);
  return c.b.fbinary(Op::kFMul, v,
                     fp_constant(c, v, size, power_of_two(is_double, static_cast<int>(fraction))), size);
}
// v / 2^fraction of a converted integer: neither rounds nor raises anything.
inline Value scale_down(Lift& c, Value v, unsigned size, unsigned fraction) {
  if (fraction == 0) return v;
  return c.b.fbinary(Op::kFMul, v,
                     fp_constant(c, v, size, power_of_two(size == 3, -static_cast<int>(fraction))), size);
}

// ---- to nearest, ties away from zero, which the host cannot: truncates, and adds one if a half or more is
// gone. The parts of v, a vector, that have a fraction at all: lanes of magnitude below 2^52 or 2^23,
// elsewhere zero.
inline Value fp_small_lanes(Lift& c, Value v, unsigned size) {
  const uint64_t bound = power_of_two(size == 3, size == 3 ? 52 : 23);
  return c.b.vbinary(Op::kVCmpGtS, splat(c, v.type, size, bound), c.b.funary(Op::kFAbs, v, size), size);
}
// truncated: v toward zero. Zero of v's sign, or one where v lost a half or more; raises nothing.
inline Value fp_away_step(Lift& c, Value v, Value truncated, Value small, unsigned size) {
  const bool is_double = size == 3;
  const Value lost = c.b.fbinary(Op::kFSub, vand(c, v, small), vand(c, truncated, small), size);
  const Value half = splat(c, v.type, size, power_of_two(is_double, -1));
  const Value up = c.b.fbinary(Op::kFCmpGe, c.b.funary(Op::kFAbs, lost, size), half, size);
  const Value sign = vand(c, v, splat(c, v.type, size, uint64_t{1} << (is_double ? 63 : 31)));
  return vor(c, sign, vand(c, up, splat(c, v.type, size, power_of_two(is_double, 0))));
}
// FRINTA of a vector.
inline Value fp_round_away(Lift& c, Value v, unsigned size) {
  const Value t = c.b.fround(v, FpRound::kZero, false, size);
  return c.b.fbinary(Op::kFAdd, t, fp_away_step(c, v, t, fp_small_lanes(c, v, size), size), size);
}
// The same for a conversion to 64-bit signed integers: raises inexact, and leaves what has no fraction as it
// is.
inline Value fp_round_away_for_int(Lift& c, Value v, unsigned size) {
  const Value small = fp_small_lanes(c, v, size);
  const Value t = c.b.fround(vand(c, v, small), FpRound::kZero, true, size);
  const Value r = c.b.fbinary(Op::kFAdd, t, fp_away_step(c, v, t, small, size), size);
  return vor(c, r, andnot(c, v, small));
}

// Has the exec function of the instruction executed (A64H and A64F lines; exec.cc).
template <Insn I>
void call_exec(Lift& c, Enc<I> e);

}  // namespace xarch::arm
