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

// FCVTN and FCVTL between half and single precision as FPCR.AHP wants it: four lanes of v, from `first` on.
Value convert_halves(Lift& c, Value v, unsigned first, bool to_half);

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

}  // namespace xarch::arm
