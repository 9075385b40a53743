// Floating point on vectors, and the scalar forms among the vector encodings.
#include "targets/arm/core/lift_fp.h"

#define VECTOR_FP(name, ...)                                 \
  template <>                                                \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) { \
    __VA_ARGS__;                                             \
  }

namespace xarch::arm {

namespace {

template <Insn I>
unsigned fp_size(Enc<I> e) {
  return e.template get<'z'>() ? 3 : 2;
}
// A register as the instruction works on it: vector of 64 or 128 bits, or scalar.
template <Insn I>
Value operand(Lift& c, Enc<I> e, unsigned n) {
  if constexpr (has_field<I>('q')) {
    return c.vq(e.template get<'q'>(), n);
  } else {
    return fp_scalar(c, e.template get<'z'>(), n);
  }
}
void put_result(Lift& c, unsigned d, Value v) {
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
    const unsigned h = e.template get<'h'>(), l = e.template get<'l'>();
    const unsigned m = e.template get<'b'>() << 4 | e.template get<'m'>(), size = fp_size(e);
    const Value all = c.b.vsplat(Type::kV128, c.v(m), size, size == 3 ? h : h << 1 | l);
    if constexpr (has_field<I>('q')) {
      return e.template get<'q'>() ? all : low_half(c, all);
    } else {
      return c.b.flow(fp_type(size == 3), all);
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
Value infinity_times_zero(Lift& c, Value n, Value m, unsigned size) {
  // Where denormals are zeros, a comparison of numbers finds them, and raises what the operation does.
  const auto is_zero = [&](Value a) {
    const Value zero = splat(c, a.type, size, 0);
    return c.mode(kModeFlush) ? c.b.fbinary(Op::kFCmpEq, a, zero, size)
                              : c.b.vbinary(Op::kVCmpEq, a, zero, size);
  };
  const uint64_t inf = power_of_two(size == 3, size == 3 ? 1024 : 128);
  const auto equal = [&](Value a, uint64_t bits) {
    return c.b.vbinary(Op::kVCmpEq, a, splat(c, a.type, size, bits), size);
  };
  n = c.b.funary(Op::kFAbs, n, size);
  m = c.b.funary(Op::kFAbs, m, size);
  return vor(c, vand(c, equal(n, inf), is_zero(m)), vand(c, is_zero(n), equal(m, inf)));
}
// An operand as a vector; a scalar with zeros above.
Value as_vector(Lift& c, Value v) { return ir::is_vector(v.type) ? v : c.b.fwiden(Type::kV128, v); }
template <Insn I>
void multiply_extended(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()));
  const Value m = as_vector(c, second_operand(c, e));
  const Value special = infinity_times_zero(c, n, m, size);
  const uint64_t sign = uint64_t{1} << (size == 3 ? 63 : 31);
  // Zero times zero there, with the right sign; then two is put in.
  const Value keep = vor(c, vnot(c, special), splat(c, n.type, size, sign));
  const Value product = c.b.fbinary(Op::kFMul, vand(c, n, keep), vand(c, m, keep), size);
  c.put_v(e.template get<'d'>(),
          vor(c, product, vand(c, special, splat(c, n.type, size, power_of_two(size == 3, 1)))));
}
// 2 - n * m, rounded once.
template <Insn I>
void reciprocal_step(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()));
  const Value m = as_vector(c, operand(c, e, e.template get<'m'>()));
  const Value special = infinity_times_zero(c, n, m, size);
  const Value negated = c.b.funary(Op::kFNeg, andnot(c, n, special), size);
  const Value two = splat(c, n.type, size, power_of_two(size == 3, 1));
  const Value r = c.b.ffma(negated, andnot(c, m, special), two, size);
  c.put_v(e.template get<'d'>(), has_field<I>('q') ? r : lowest_lane(c, r, size));
}

// (3 - n * m) / 2, rounded once: one of the factors is halved, one that neither loses a bit by that nor is
// infinite. If there is none, 1.5 is the sum whatever their product.
template <Insn I>
void reciprocal_root_step(Lift& c, Enc<I> e) {
  const unsigned size = fp_size(e);
  const Value n = as_vector(c, operand(c, e, e.template get<'n'>()));
  const Value m = as_vector(c, operand(c, e, e.template get<'m'>()));
  const uint64_t inf = power_of_two(size == 3, size == 3 ? 1024 : 128);
  const uint64_t unit = uint64_t{1} << (size == 3 ? 52 : 23);
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
                           splat(c, n.type, size, power_of_two(size == 3, 0) | unit >> 1), size);
  c.put_v(e.template get<'d'>(), has_field<I>('q') ? r : lowest_lane(c, r, size));
}

// ---- complex numbers: pairs of lanes, the real part in the lower one
// v with the signs of its real or imaginary parts changed.
Value flip_parts(Lift& c, Value v, unsigned size, bool real, bool imaginary) {
  if (!real && !imaginary) return v;
  const uint64_t sign = uint64_t{1} << (size == 3 ? 63 : 31);
  const Value low = c.b.vconst(Type::kV64, (real ? sign : 0) | (size == 2 && imaginary ? sign << 32 : 0));
  if (v.type == Type::kV64) return c.b.vbinary(Op::kVXor, v, low);
  const Value high = size == 2 ? low : c.b.vconst(Type::kV64, imaginary ? sign : 0);
  return c.b.vbinary(Op::kVXor, v, c.b.vpair(low, high));
}
// The parts of each number of vector register n exchanged, or one of them twice.
enum class Parts : uint8_t { kSwapped, kReal, kImaginary };
Value pick_parts(Lift& c, Value v, unsigned size, Parts p) {
  if (size == 3) {
    if (p == Parts::kSwapped) return c.b.vbinary(Op::kVExt, v, v, 0, 8);
    return c.b.vsplat(Type::kV128, v, 3, p == Parts::kImaginary);
  }
  if (p == Parts::kSwapped) return c.b.vunary(Op::kVRev, v, 2, 3);
  const Value one =
      p == Parts::kReal ? c.b.vunary(Op::kVShlImm, v, 3, 32) : c.b.vunary(Op::kVShrUImm, v, 3, 32);
  return vor(c, one, vand(c, v, c.b.vconst(v.type, p == Parts::kReal ? 0xffffffff : 0xffffffff00000000)));
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
void complex_fma(Lift& c, unsigned d, Value n, Value m, unsigned r, unsigned size) {
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
Value lane_of(Lift& c, Value v, unsigned size, unsigned index) {
  if (index != 0) v = c.b.vsplat(Type::kV128, v, size, index);
  return c.b.flow(fp_type(size == 3), v);
}
template <Insn I>
void pair_scalar(Lift& c, Enc<I> e, Op op) {
  const unsigned size = fp_size(e);
  const Value n = c.v(e.template get<'n'>());
  put_fp_scalar(c, e.template get<'d'>(),
                c.b.fbinary(op, lane_of(c, n, size, 0), lane_of(c, n, size, 1), size));
}
// Four lanes of single precision, the halves first.
template <Insn I>
void across(Lift& c, Enc<I> e, Op op) {
  const Value n = c.v(e.template get<'n'>());
  const Value low = c.b.fbinary(op, lane_of(c, n, 2, 0), lane_of(c, n, 2, 1));
  const Value high = c.b.fbinary(op, lane_of(c, n, 2, 2), lane_of(c, n, 2, 3));
  put_fp_scalar(c, e.template get<'d'>(), c.b.fbinary(op, low, high));
}

// ---- conversions
template <Insn I>
void round(Lift& c, Enc<I> e, FpRound r, bool exact) {
  const Value n = operand(c, e, e.template get<'n'>());
  c.put_v(e.template get<'d'>(), c.b.fround(n, r, exact, fp_size(e)));
}
// size: log2 of the lane's bytes.
template <Insn I>
void to_int(Lift& c, Enc<I> e, FpRound r, bool is_unsigned, unsigned size, unsigned fraction) {
  const unsigned d = e.template get<'d'>(), n = e.template get<'n'>();
  if constexpr (has_field<I>('q')) {
    const Value v = scale_up(c, c.vq(e.template get<'q'>(), n), size, fraction);
    c.put_v(d, c.b.fto_int(v.type, v, r, is_unsigned, size));
  } else {
    const Value v = scale_up(c, fp_scalar(c, size == 3, n), size, fraction);
    put_fp_bits(c, d, c.b.fto_int(bits_type(size == 3), v, r, is_unsigned));
  }
}
template <Insn I>
void to_int(Lift& c, Enc<I> e, FpRound r, bool is_unsigned) {
  to_int(c, e, r, is_unsigned, fp_size(e), 0);
}
template <Insn I>
void from_int(Lift& c, Enc<I> e, bool is_unsigned, unsigned size, unsigned fraction) {
  const unsigned d = e.template get<'d'>(), n = e.template get<'n'>();
  if constexpr (has_field<I>('q')) {
    const Value v = c.vq(e.template get<'q'>(), n);
    c.put_v(d, scale_down(c, c.b.ffrom_int(v.type, v, is_unsigned, size), size, fraction));
  } else {
    const Value v = c.b.ffrom_int(fp_type(size == 3), fp_bits(c, size == 3, n), is_unsigned);
    put_fp_scalar(c, d, scale_down(c, v, size, fraction));
  }
}
// immh:immb of the fixed-point forms.
template <Insn I>
void fixed_to_int(Lift& c, Enc<I> e, bool is_unsigned) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  to_int(c, e, FpRound::kZero, is_unsigned, s.size, s.right);
}
template <Insn I>
void fixed_from_int(Lift& c, Enc<I> e, bool is_unsigned) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  from_int(c, e, is_unsigned, s.size, s.right);
}
template <Insn I>
void narrow(Lift& c, Enc<I> e) {
  const unsigned from = fp_size(e);
  if (from == 2 && c.mode(kModeHalf))
    return put_narrow(c, e.template get<'q'>(), e.template get<'d'>(),
                      convert_halves(c, c.v(e.template get<'n'>()), 0, true));
  put_narrow(c, e.template get<'q'>(), e.template get<'d'>(),
             c.b.fcvt(Type::kV64, from - 1, c.v(e.template get<'n'>()), from));
}
template <Insn I>
void lengthen(Lift& c, Enc<I> e) {
  const unsigned to = fp_size(e);
  const Value n = c.v(e.template get<'n'>());
  if (to == 2 && c.mode(kModeHalf))
    return c.put_v(e.template get<'d'>(), convert_halves(c, n, e.template get<'q'>() ? 4 : 0, false));
  const Value half = e.template get<'q'>() ? high_half(c, n) : low_half(c, n);
  c.put_v(e.template get<'d'>(), c.b.fcvt(Type::kV128, to, half, to - 1));
}

}  // namespace

// ---- arithmetic
VECTOR_FP(FaddV, two_operands(c, e, Op::kFAdd))
VECTOR_FP(FsubV, two_operands(c, e, Op::kFSub))
VECTOR_FP(FmulV, two_operands(c, e, Op::kFMul))
VECTOR_FP(FmulElem, two_operands(c, e, Op::kFMul))
VECTOR_FP(FmulElemScalar, two_operands(c, e, Op::kFMul))
VECTOR_FP(FdivV, two_operands(c, e, Op::kFDiv))
VECTOR_FP(FmaxV, two_operands(c, e, Op::kFMax))
VECTOR_FP(FminV, two_operands(c, e, Op::kFMin))
VECTOR_FP(FmaxnmV, two_operands(c, e, Op::kFMaxNum))
VECTOR_FP(FminnmV, two_operands(c, e, Op::kFMinNum))
VECTOR_FP(FabdV, difference(c, e))
VECTOR_FP(FabdScalar, difference(c, e))
VECTOR_FP(FmlaV, fused(c, e, false))
VECTOR_FP(FmlaElem, fused(c, e, false))
VECTOR_FP(FmlaElemScalar, fused(c, e, false))
VECTOR_FP(FmlsV, fused(c, e, true))
VECTOR_FP(FmlsElem, fused(c, e, true))
VECTOR_FP(FmlsElemScalar, fused(c, e, true))
VECTOR_FP(FmulxV, multiply_extended(c, e))
VECTOR_FP(FmulxScalar, multiply_extended(c, e))
VECTOR_FP(FmulxElem, multiply_extended(c, e))
VECTOR_FP(FmulxElemScalar, multiply_extended(c, e))
VECTOR_FP(FrecpsV, reciprocal_step(c, e))
VECTOR_FP(FrecpsScalar, reciprocal_step(c, e))
VECTOR_FP(FrsqrtsV, reciprocal_root_step(c, e))
VECTOR_FP(FrsqrtsScalar, reciprocal_root_step(c, e))
VECTOR_FP(FsqrtV, {
  const Value n = operand(c, e, e.get<'n'>());
  c.put_v(e.get<'d'>(), c.b.funary(Op::kFSqrt, n, fp_size(e)));
})

// ---- pairs and across lanes
VECTOR_FP(FaddpV, pairwise(c, e, Op::kFAdd))
VECTOR_FP(FmaxpV, pairwise(c, e, Op::kFMax))
VECTOR_FP(FminpV, pairwise(c, e, Op::kFMin))
VECTOR_FP(FmaxnmpV, pairwise(c, e, Op::kFMaxNum))
VECTOR_FP(FminnmpV, pairwise(c, e, Op::kFMinNum))
VECTOR_FP(FaddpScalar, pair_scalar(c, e, Op::kFAdd))
VECTOR_FP(FmaxpScalar, pair_scalar(c, e, Op::kFMax))
VECTOR_FP(FminpScalar, pair_scalar(c, e, Op::kFMin))
VECTOR_FP(FmaxnmpScalar, pair_scalar(c, e, Op::kFMaxNum))
VECTOR_FP(FminnmpScalar, pair_scalar(c, e, Op::kFMinNum))
VECTOR_FP(Fmaxv, across(c, e, Op::kFMax))
VECTOR_FP(Fminv, across(c, e, Op::kFMin))
VECTOR_FP(Fmaxnmv, across(c, e, Op::kFMaxNum))
VECTOR_FP(Fminnmv, across(c, e, Op::kFMinNum))

// ---- comparisons
VECTOR_FP(FcmeqV, two_operands(c, e, Op::kFCmpEq))
VECTOR_FP(FcmeqScalar, two_operands(c, e, Op::kFCmpEq))
VECTOR_FP(FcmgeV, two_operands(c, e, Op::kFCmpGe))
VECTOR_FP(FcmgeScalar, two_operands(c, e, Op::kFCmpGe))
VECTOR_FP(FcmgtV, two_operands(c, e, Op::kFCmpGt))
VECTOR_FP(FcmgtScalar, two_operands(c, e, Op::kFCmpGt))
VECTOR_FP(FacgeV, compare_absolute(c, e, Op::kFCmpGe))
VECTOR_FP(FacgeScalar, compare_absolute(c, e, Op::kFCmpGe))
VECTOR_FP(FacgtV, compare_absolute(c, e, Op::kFCmpGt))
VECTOR_FP(FacgtScalar, compare_absolute(c, e, Op::kFCmpGt))
VECTOR_FP(FcmeqZeroV, compare_zero(c, e, Op::kFCmpEq, false))
VECTOR_FP(FcmeqZeroScalar, compare_zero(c, e, Op::kFCmpEq, false))
VECTOR_FP(FcmgeZeroV, compare_zero(c, e, Op::kFCmpGe, false))
VECTOR_FP(FcmgeZeroScalar, compare_zero(c, e, Op::kFCmpGe, false))
VECTOR_FP(FcmgtZeroV, compare_zero(c, e, Op::kFCmpGt, false))
VECTOR_FP(FcmgtZeroScalar, compare_zero(c, e, Op::kFCmpGt, false))
VECTOR_FP(FcmleZeroV, compare_zero(c, e, Op::kFCmpGe, true))
VECTOR_FP(FcmleZeroScalar, compare_zero(c, e, Op::kFCmpGe, true))
VECTOR_FP(FcmltZeroV, compare_zero(c, e, Op::kFCmpGt, true))
VECTOR_FP(FcmltZeroScalar, compare_zero(c, e, Op::kFCmpGt, true))

// ---- complex numbers
VECTOR_FP(Fcadd, complex_add(c, e))
VECTOR_FP(Fcmla, {
  const Value n = operand(c, e, e.get<'n'>()), m = operand(c, e, e.get<'m'>());
  complex_fma(c, e.get<'d'>(), n, m, e.get<'r'>(), fp_size(e));
})
VECTOR_FP(FcmlaElem, {
  const Value m = c.b.vsplat(Type::kV128, c.v(e.get<'b'>() << 4 | e.get<'m'>()), 3, e.get<'h'>());
  complex_fma(c, e.get<'d'>(), c.v(e.get<'n'>()), m, e.get<'r'>(), 2);
})

// ---- to integral values
VECTOR_FP(FrintnV, round(c, e, FpRound::kNearest, false))
VECTOR_FP(FrintaV, round(c, e, FpRound::kAway, false))
VECTOR_FP(FrintpV, round(c, e, FpRound::kUp, false))
VECTOR_FP(FrintmV, round(c, e, FpRound::kDown, false))
VECTOR_FP(FrintxV, round(c, e, FpRound::kCurrent, true))
VECTOR_FP(FrintzV, round(c, e, FpRound::kZero, false))
VECTOR_FP(FrintiV, round(c, e, FpRound::kCurrent, false))

// ---- integers
VECTOR_FP(FcvtnsV, to_int(c, e, FpRound::kNearest, false))
VECTOR_FP(FcvtnsScalar, to_int(c, e, FpRound::kNearest, false))
VECTOR_FP(FcvtnuV, to_int(c, e, FpRound::kNearest, true))
VECTOR_FP(FcvtnuScalar, to_int(c, e, FpRound::kNearest, true))
VECTOR_FP(FcvtpsV, to_int(c, e, FpRound::kUp, false))
VECTOR_FP(FcvtpsScalar, to_int(c, e, FpRound::kUp, false))
VECTOR_FP(FcvtpuV, to_int(c, e, FpRound::kUp, true))
VECTOR_FP(FcvtpuScalar, to_int(c, e, FpRound::kUp, true))
VECTOR_FP(FcvtmsV, to_int(c, e, FpRound::kDown, false))
VECTOR_FP(FcvtmsScalar, to_int(c, e, FpRound::kDown, false))
VECTOR_FP(FcvtmuV, to_int(c, e, FpRound::kDown, true))
VECTOR_FP(FcvtmuScalar, to_int(c, e, FpRound::kDown, true))
VECTOR_FP(FcvtzsV, to_int(c, e, FpRound::kZero, false))
VECTOR_FP(FcvtzsScalar, to_int(c, e, FpRound::kZero, false))
VECTOR_FP(FcvtzuV, to_int(c, e, FpRound::kZero, true))
VECTOR_FP(FcvtzuScalar, to_int(c, e, FpRound::kZero, true))
VECTOR_FP(FcvtasV, to_int(c, e, FpRound::kAway, false))
VECTOR_FP(FcvtasScalar, to_int(c, e, FpRound::kAway, false))
VECTOR_FP(FcvtauV, to_int(c, e, FpRound::kAway, true))
VECTOR_FP(FcvtauScalar, to_int(c, e, FpRound::kAway, true))
VECTOR_FP(ScvtfV, from_int(c, e, false, fp_size(e), 0))
VECTOR_FP(ScvtfScalar, from_int(c, e, false, fp_size(e), 0))
VECTOR_FP(UcvtfV, from_int(c, e, true, fp_size(e), 0))
VECTOR_FP(UcvtfScalar, from_int(c, e, true, fp_size(e), 0))
VECTOR_FP(FcvtzsFixed, fixed_to_int(c, e, false))
VECTOR_FP(FcvtzsFixedScalar, fixed_to_int(c, e, false))
VECTOR_FP(FcvtzuFixed, fixed_to_int(c, e, true))
VECTOR_FP(FcvtzuFixedScalar, fixed_to_int(c, e, true))
VECTOR_FP(ScvtfFixed, fixed_from_int(c, e, false))
VECTOR_FP(ScvtfFixedScalar, fixed_from_int(c, e, false))
VECTOR_FP(UcvtfFixed, fixed_from_int(c, e, true))
VECTOR_FP(UcvtfFixedScalar, fixed_from_int(c, e, true))

// ---- other precisions
VECTOR_FP(FcvtnV, narrow(c, e))
VECTOR_FP(FcvtlV, lengthen(c, e))

}  // namespace xarch::arm
