// Floating point on vectors, and the scalar forms among the vector encodings.
#include "targets/arm/core/lift_fp_lanes.h"

#define VECTOR_FP(name, ...)                                 \
  template <>                                                \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) { \
    __VA_ARGS__;                                             \
  }

namespace xarch::arm {

namespace {

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
