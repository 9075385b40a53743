// Templates of floating-point lifters on vectors and on scalars, for lanes of 2, 4 and 8 bytes (size: log2).
// Lines of half precision have no field z.
#pragma once

#include "targets/arm/core/lift_fp.h"

namespace xarch::arm {

template <Insn I>
unsigned fp_size(Enc<I> e) {
  if constexpr (has_field<I>('z')) {
    return e.template get<'z'>() ? 3 : 2;
  } else {
    return 1;
  }
}
// The type of scalars with lanes of that size.
inline Type scalar_type(unsigned size) { return fp_type(size == 3); }
// The bits of 2^exponent.
inline uint64_t power_of_two_of(unsigned size, int exponent) {
  return size == 1 ? uint64_t(exponent + 15) << 10 : power_of_two(size == 3, exponent);
}
inline uint64_t infinity(unsigned size) {
  return power_of_two_of(size, size == 3 ? 1024 : size == 2 ? 128 : 16);
}
inline uint64_t sign_bit(unsigned size) { return uint64_t{1} << ((8u << size) - 1); }

// A register as the instruction works on it: vector of 64 or 128 bits, or scalar.
template <Insn I>
Value operand(Lift& c, Enc<I> e, unsigned n) {
  if constexpr (has_field<I>('q')) {
    return c.vq(e.template get<'q'>(), n);
  } else {
    return c.b.flow(scalar_type(fp_size(e)), c.v(n));
  }
}
inline void put_result(Lift& c, unsigned d, Value v) {
  if (ir::is_vector(v.type)) {
    c.put_v(d, v);
  } else {
    put_fp_scalar(c, d, v);
  }
}
// The second operand: a register or an element of one.
template <Insn I>
Value second_operand(Lift& c, Enc<I> e) {
  if constexpr (has_field<I>('h')) {
    const unsigned h = e.template get<'h'>(), l = e.template get<'l'>(), b = e.template get<'b'>();
    const unsigned size = fp_size(e), m = size == 1 ? e.template get<'m'>() : b << 4 | e.template get<'m'>();
    const unsigned index = size == 3 ? h : size == 2 ? h << 1 | l : h << 2 | l << 1 | b;
    const Value all = c.b.vsplat(Type::kV128, c.v(m), size, index);
    if constexpr (has_field<I>('q')) {
      return e.template get<'q'>() ? all : low_half(c, all);
    } else {
      return c.b.flow(scalar_type(size), all);
    }
  } else {
    return operand(c, e, e.template get<'m'>());
  }
}

template <Insn I>
void two_operands(Lift& c, Enc<I> e, Op op) {
  const Value n = operand(c, e, e.template get<'n'>());
  put_result(c, e.template get<'d'>(), c.b.fbinary(op, n, second_operand(c, e), fp_size(e)));
}
template <Insn I>
void difference(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = operand(c, e, e.template get<'n'>()), m = operand(c, e, e.template get<'m'>());
  put_result(c, e.template get<'d'>(), c.b.funary(Op::kFAbs, c.b.fbinary(Op::kFSub, n, m, size), size));
}
template <Insn I>
void fused(Lift& c, Enc<I> e, bool negate) {
  const unsigned size = fp_size(e);
  Value n = operand(c, e, e.template get<'n'>());
  if (negate) n = c.b.funary(Op::kFNeg, n, size);
  const Value d = operand(c, e, e.template get<'d'>());
  put_result(c, e.template get<'d'>(), c.b.ffma(n, second_operand(c, e), d, size));
}
template <Insn I>
void compare_absolute(Lift& c, Enc<I> e, Op op) {
  const unsigned size = fp_size(e);
  const Value n = c.b.funary(Op::kFAbs, operand(c, e, e.template get<'n'>()), size);
  const Value m = c.b.funary(Op::kFAbs, operand(c, e, e.template get<'m'>()), size);
  put_result(c, e.template get<'d'>(), c.b.fbinary(op, n, m, size));
}
// op(n, 0), or op(0, n).
template <Insn I>
void compare_zero(Lift& c, Enc<I> e, Op op, bool zero_first) {
  const unsigned size = fp_size(e);
  const Value n = operand(c, e, e.template get<'n'>()), zero = fp_constant(c, n, size, 0);
  put_result(c, e.template get<'d'>(),
             zero_first ? c.b.fbinary(op, zero, n, size) : c.b.fbinary(op, n, zero, size));
}

// ---- infinity times zero, which FMULX and FRECPS have results of their own for
// All ones in the lanes where one operand is an infinity and the other zero.
inline Value infinity_times_zero(Lift& c, Value n, Value m, unsigned size) {
  // Where denormals are zeros, a comparison of numbers finds them, and raises what the operation does. Those
  // of half precision never are (FPCR.FZ16 is not for us).
  const auto is_zero = [&](Value a) {
    const Value zero = splat(c, a.type, size, 0);
    return c.mode(kModeFlush) && size != 1 ? c.b.fbinary(Op::kFCmpEq, a, zero, size)
                                           : c.b.vbinary(Op::kVCmpEq, a, zero, size);
  };
  const uint64_t inf = infinity(size);
  const auto equal = [&](Value a, uint64_t bits) {
    return c.b.vbinary(Op::kVCmpEq, a, splat(c, a.type, size, bits), size);
  };
  n = c.b.funary(Op::kFAbs, n, size);
  m = c.b.funary(Op::kFAbs, m, size);
  return vor(c, vand(c, equal(n, inf), is_zero(m)), vand(c, is_zero(n), equal(m, inf)));
}
// An operand as a vector; a scalar with zeros above.
inline Value as_vector(Lift& c, Value v, unsigned size) {
  if (ir::is_vector(v.type)) return v;
  return size == 1 ? lowest_lane(c, c.b.fwiden(Type::kV64, v), 1) : c.b.fwiden(Type::kV128, v);
}
template <Insn I>
void multiply_extended(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()), size);
  const Value m = as_vector(c, second_operand(c, e), size);
  const Value special = infinity_times_zero(c, n, m, size);
  const uint64_t sign = sign_bit(size);
  // Zero times zero there, with the right sign; then two is put in.
  const Value keep = vor(c, vnot(c, special), splat(c, n.type, size, sign));
  const Value product = c.b.fbinary(Op::kFMul, vand(c, n, keep), vand(c, m, keep), size);
  c.put_v(e.template get<'d'>(),
          vor(c, product, vand(c, special, splat(c, n.type, size, power_of_two_of(size, 1)))));
}
// 2 - n * m, rounded once.
template <Insn I>
void reciprocal_step(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()), size);
  const Value m = as_vector(c, operand(c, e, e.template get<'m'>()), size);
  const Value special = infinity_times_zero(c, n, m, size);
  const Value negated = c.b.funary(Op::kFNeg, andnot(c, n, special), size);
  const Value two = splat(c, n.type, size, power_of_two_of(size, 1));
  const Value r = c.b.ffma(negated, andnot(c, m, special), two, size);
  c.put_v(e.template get<'d'>(), has_field<I>('q') ? r : lowest_lane(c, r, size));
}

// (3 - n * m) / 2, rounded once: one of the factors is halved, one that neither loses a bit by that nor is
// infinite. If there is none, 1.5 is the sum whatever their product.
template <Insn I>
void reciprocal_root_step(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()), size);
  const Value m = as_vector(c, operand(c, e, e.template get<'m'>()), size);
  const uint64_t inf = infinity(size);
  const uint64_t unit = power_of_two_of(size, 1) - power_of_two_of(size, 0);
  // One exponent, to be taken away, in the lanes that may be halved.
  const auto halves = [&](Value v) {
    const Value magnitude = c.b.funary(Op::kFAbs, v, size);
    const auto greater = [&](Value a, Value b) { return c.b.vbinary(Op::kVCmpGtS, a, b, size); };
    return vand(c, greater(magnitude, splat(c, v.type, size, 2 * unit - 1)),
                greater(splat(c, v.type, size, inf), magnitude));
  };
  const Value one = splat(c, n.type, size, unit), by_n = halves(n);
  const Value by_m = andnot(c, halves(m), by_n);
  const Value half_n = c.b.vbinary(Op::kVSub, n, vand(c, by_n, one), size);
  const Value half_m = c.b.vbinary(Op::kVSub, m, vand(c, by_m, one), size);
  const Value special = infinity_times_zero(c, n, m, size);
  const Value negated = c.b.funary(Op::kFNeg, andnot(c, half_n, special), size);
  const Value r = c.b.ffma(negated, andnot(c, half_m, special),
                           splat(c, n.type, size, power_of_two_of(size, 0) | unit >> 1), size);
  c.put_v(e.template get<'d'>(), has_field<I>('q') ? r : lowest_lane(c, r, size));
}

// ---- complex numbers: pairs of lanes, the real part in the lower one
// v with the signs of its real or imaginary parts changed.
inline Value flip_parts(Lift& c, Value v, unsigned size, bool real, bool imaginary) {
  if (!real && !imaginary) return v;
  const uint64_t sign = sign_bit(size);
  if (size != 3) {
    const uint64_t pair = (real ? sign : 0) | (imaginary ? sign << (8u << size) : 0);
    return vxor(c, v, splat(c, v.type, size + 1, pair));
  }
  const Value low = c.b.vconst(Type::kV64, real ? sign : 0);
  const Value high = c.b.vconst(Type::kV64, imaginary ? sign : 0);
  return c.b.vbinary(Op::kVXor, v, c.b.vpair(low, high));
}
// The parts of each number of vector register n exchanged, or one of them twice.
enum class Parts : uint8_t { kSwapped, kReal, kImaginary };
inline Value pick_parts(Lift& c, Value v, unsigned size, Parts p) {
  if (size == 3) {
    if (p == Parts::kSwapped) return c.b.vbinary(Op::kVExt, v, v, 0, 8);
    return c.b.vsplat(Type::kV128, v, 3, p == Parts::kImaginary);
  }
  if (p == Parts::kSwapped) return c.b.vunary(Op::kVRev, v, size, size + 1);
  const unsigned width = 8u << size;
  const bool real = p == Parts::kReal;
  const Value one = c.b.vunary(real ? Op::kVShlImm : Op::kVShrUImm, v, size + 1, width);
  const uint64_t kept = real ? lane_ones(size) : lane_ones(size) << width;
  return vor(c, one, vand(c, v, splat(c, v.type, size + 1, kept)));
}
// n + m rotated by 90 or 270 degrees.
template <Insn I>
void complex_add(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const bool r = e.template get<'r'>();
  const Value m = pick_parts(c, operand(c, e, e.template get<'m'>()), size, Parts::kSwapped);
  put_result(
      c, e.template get<'d'>(),
      c.b.fbinary(Op::kFAdd, operand(c, e, e.template get<'n'>()), flip_parts(c, m, size, !r, r), size));
}
// d + n's real or imaginary part times m, rotated by a quarter turn r times.
inline void complex_fma(Lift& c, unsigned d, Value n, Value m, unsigned r, unsigned size) {
  const bool odd = r & 1;
  if (odd) m = pick_parts(c, m, size, Parts::kSwapped);
  m = flip_parts(c, m, size, r == 1 || r == 2, r == 2 || r == 3);
  n = pick_parts(c, n, size, odd ? Parts::kImaginary : Parts::kReal);
  const Value sum = n.type == Type::kV64 ? c.v64(d) : c.v(d);
  c.put_v(d, c.b.ffma(n, m, sum, size));
}

// ---- pairs and across lanes
template <Insn I>
void pairwise(Lift& c, Enc<I> e, Op op) {
  const unsigned size = fp_size(e);
  const Value n = operand(c, e, e.template get<'n'>()), m = operand(c, e, e.template get<'m'>());
  const Value even = c.b.vbinary(Op::kVUzp1, n, m, size), odd = c.b.vbinary(Op::kVUzp2, n, m, size);
  c.put_v(e.template get<'d'>(), c.b.fbinary(op, even, odd, size));
}
inline Value lane_of(Lift& c, Value v, unsigned size, unsigned index) {
  if (index != 0) v = c.b.vsplat(Type::kV128, v, size, index);
  return c.b.flow(scalar_type(size), v);
}
template <Insn I>
void pair_scalar(Lift& c, Enc<I> e, Op op) {
  const unsigned size = fp_size(e);
  const Value n = c.v(e.template get<'n'>());
  put_fp_scalar(c, e.template get<'d'>(),
                c.b.fbinary(op, lane_of(c, n, size, 0), lane_of(c, n, size, 1), size));
}

}  // namespace xarch::arm
