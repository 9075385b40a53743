// Half precision on vectors, and the scalar forms among the vector encodings; bfloat16.
#include "targets/arm/core/lift_fp_lanes.h"
#include "targets/arm/core/lift_half.h"

// On vectors and on scalars.
#define HALF_BOTH(name, ...) HALF(name##VH, __VA_ARGS__) HALF(name##HScalar, __VA_ARGS__)

namespace xarch::arm {

namespace {

constexpr unsigned kHalf = 1;  // log2 of the lane's bytes

// The operand as a vector of 64 or 128 bits; a scalar has zeros above.
template <Insn I>
Value vector_operand(Lift& c, Enc<I> e) {
  return as_vector(c, operand(c, e, e.template get<'n'>()), kHalf);
}
template <Insn I>
void put_vector(Lift& c, Enc<I> e, Value v) {
  c.put_v(e.template get<'d'>(), v);
}

template <Insn I>
void round(Lift& c, Enc<I> e, FpRound r, bool raises_inexact = false) {
  put_result(c, e.template get<'d'>(),
             c.b.fround(operand(c, e, e.template get<'n'>()), r, raises_inexact, kHalf));
}

// ---- across lanes: of neighbours, then of their results' neighbours. The operations on the upper half
// repeat those on the lower one.
template <Insn I>
void across(Lift& c, Enc<I> e, Op op) {
  Value v = c.vq(e.template get<'q'>(), e.template get<'n'>());
  const auto neighbours = [&](Value a, Value b) {
    return c.b.fbinary(op, c.b.vbinary(Op::kVUzp1, a, b, kHalf), c.b.vbinary(Op::kVUzp2, a, b, kHalf), kHalf);
  };
  if (e.template get<'q'>()) v = neighbours(low_half(c, v), high_half(c, v));
  v = neighbours(v, v);
  v = neighbours(v, v);
  c.put_v(e.template get<'d'>(), lowest_lane(c, v, kHalf));
}

// ---- integers of 16 bits, fraction: so many bits of them are below the point
// v * 2^fraction, or an infinity if that is not below 2^16, or a number too small for any integer; raises
// nothing but Invalid for NaNs.
Value scale_half(Lift& c, Value v, unsigned fraction) {
  if (fraction == 0) return v;
  const auto constant = [&](uint64_t bits) { return splat(c, v.type, kHalf, bits); };
  const int top = 16 - static_cast<int>(fraction);
  const Value large = c.b.fbinary(Op::kFCmpGe, v, constant(power_of_two_of(kHalf, top)), kHalf);
  v = merge(c, large, constant(infinity(kHalf)), v);
  v = c.b.fbinary(Op::kFMax, v, constant(sign_bit(kHalf) | (power_of_two_of(kHalf, top - 1) + 1)), kHalf);
  return c.b.fbinary(Op::kFMul, v,
                     constant(power_of_two_of(kHalf, fraction == 16 ? 15 : static_cast<int>(fraction))),
                     kHalf);
}
template <Insn I>
void to_int(Lift& c, Enc<I> e, FpRound r, bool is_unsigned) {
  const Value v = vector_operand(c, e);
  put_vector(c, e, c.b.fto_int(v.type, v, r, is_unsigned, kHalf));
}
// Single precision holds all of them, scaled or not; they are rounded once.
template <Insn I>
void from_int(Lift& c, Enc<I> e, bool is_unsigned, unsigned fraction = 0) {
  const Value v = vector_operand(c, e);
  const auto four = [&](bool high) {
    const Op widen = is_unsigned ? Op::kVWidenU : Op::kVWidenS;
    const Value wide = v.type == Type::kV64 ? c.b.vconvert(widen, Type::kV128, v, kHalf)
                                            : c.b.vwiden(!is_unsigned, v, kHalf, high);
    const Value numbers = scale_down(c, c.b.ffrom_int(Type::kV128, wide, false, 2), 2, fraction);
    return c.b.fcvt(Type::kV64, kHalf, numbers, 2);
  };
  put_vector(c, e, v.type == Type::kV128 ? c.b.vpair(four(false), four(true)) : four(false));
}
template <Insn I>
unsigned fraction_of(Enc<I> e) {
  return 16 - e.template get<'i'>();
}
template <Insn I>
void to_fixed(Lift& c, Enc<I> e, bool is_unsigned) {
  const unsigned fraction = fraction_of(e);
  Value v = scale_half(c, vector_operand(c, e), fraction);
  if (fraction == 16) v = c.b.fbinary(Op::kFAdd, v, v, kHalf);  // 2^16 is no number of half precision
  put_vector(c, e, c.b.fto_int(v.type, v, FpRound::kZero, is_unsigned, kHalf));
}

// ---- products of halves added to singles
template <Insn I>
void widening_fma(Lift& c, Enc<I> e, bool upper, bool negate) {
  const bool q = e.template get<'q'>();
  // Four factors of the lower or the upper half of what the instruction works on.
  const auto part = [&](Value v) {
    if (q) return upper ? high_half(c, v) : low_half(c, v);
    return upper ? c.b.vunary(Op::kVShrUImm, low_half(c, v), 3, 32) : low_half(c, v);
  };
  Value n = part(c.v(e.template get<'n'>())), m;
  if (negate) n = c.b.funary(Op::kFNeg, n, kHalf);
  if constexpr (has_field<I>('h')) {
    const unsigned index = e.template get<'h'>() << 2 | e.template get<'l'>() << 1 | e.template get<'b'>();
    m = low_half(c, c.b.vsplat(Type::kV128, c.v(e.template get<'m'>()), kHalf, index));
  } else {
    m = part(c.v(e.template get<'m'>()));
  }
  put_vector(c, e, c.b.ffma_half(n, m, c.vq(q, e.template get<'d'>())));
}

// ---- bfloat16: the upper halves of singles
// Even or odd (bit 30) factors, which are exact as singles.
template <Insn I>
void bfloat_fma(Lift& c, Enc<I> e) {
  const auto part = [&](Value v) {
    return e.template get<'q'>() ? vand(c, v, splat(c, v.type, 2, 0xffff0000))
                                 : c.b.vunary(Op::kVShlImm, v, 2, 16);
  };
  Value m;
  if constexpr (has_field<I>('h')) {
    const unsigned index = e.template get<'h'>() << 2 | e.template get<'l'>() << 1 | e.template get<'b'>();
    m = c.b.vsplat(Type::kV128, c.v(e.template get<'m'>()), kHalf, index);
  } else {
    m = c.v(e.template get<'m'>());
  }
  const Value n = part(c.v(e.template get<'n'>())), d = c.v(e.template get<'d'>());
  put_vector(c, e, c.b.ffma(n, part(m), d, 2));
}

}  // namespace

// ---- signs
VECTOR(FabsVH, put_vector(c, e, c.b.funary(Op::kFAbs, vector_operand(c, e), kHalf)))
VECTOR(FnegVH, put_vector(c, e, c.b.funary(Op::kFNeg, vector_operand(c, e), kHalf)))

// ---- arithmetic
HALF(FaddVH, two_operands(c, e, Op::kFAdd))
HALF(FsubVH, two_operands(c, e, Op::kFSub))
HALF(FmulVH, two_operands(c, e, Op::kFMul))
HALF(FdivVH, two_operands(c, e, Op::kFDiv))
HALF(FmaxVH, two_operands(c, e, Op::kFMax))
HALF(FminVH, two_operands(c, e, Op::kFMin))
HALF(FmaxnmVH, two_operands(c, e, Op::kFMaxNum))
HALF(FminnmVH, two_operands(c, e, Op::kFMinNum))
HALF(FmlaVH, fused(c, e, false))
HALF(FmlsVH, fused(c, e, true))
HALF_BOTH(Fabd, difference(c, e))
HALF_BOTH(Fmulx, multiply_extended(c, e))
HALF_BOTH(Frecps, reciprocal_step(c, e))
HALF_BOTH(Frsqrts, reciprocal_root_step(c, e))
HALF(FsqrtVH, put_vector(c, e, c.b.funary(Op::kFSqrt, vector_operand(c, e), kHalf)))

// ---- by element
HALF(FmlaElemH, fused(c, e, false))
HALF(FmlaElemHScalar, fused(c, e, false))
HALF(FmlsElemH, fused(c, e, true))
HALF(FmlsElemHScalar, fused(c, e, true))
HALF(FmulElemH, two_operands(c, e, Op::kFMul))
HALF(FmulElemHScalar, two_operands(c, e, Op::kFMul))
HALF(FmulxElemH, multiply_extended(c, e))
HALF(FmulxElemHScalar, multiply_extended(c, e))

// ---- comparisons
HALF_BOTH(Fcmeq, two_operands(c, e, Op::kFCmpEq))
HALF_BOTH(Fcmge, two_operands(c, e, Op::kFCmpGe))
HALF_BOTH(Fcmgt, two_operands(c, e, Op::kFCmpGt))
HALF_BOTH(Facge, compare_absolute(c, e, Op::kFCmpGe))
HALF_BOTH(Facgt, compare_absolute(c, e, Op::kFCmpGt))
HALF_BOTH(FcmeqZero, compare_zero(c, e, Op::kFCmpEq, false))
HALF_BOTH(FcmgeZero, compare_zero(c, e, Op::kFCmpGe, false))
HALF_BOTH(FcmgtZero, compare_zero(c, e, Op::kFCmpGt, false))
HALF_BOTH(FcmleZero, compare_zero(c, e, Op::kFCmpGe, true))
HALF_BOTH(FcmltZero, compare_zero(c, e, Op::kFCmpGt, true))

// ---- pairs and across lanes
HALF(FaddpVH, pairwise(c, e, Op::kFAdd))
HALF(FmaxpVH, pairwise(c, e, Op::kFMax))
HALF(FminpVH, pairwise(c, e, Op::kFMin))
HALF(FmaxnmpVH, pairwise(c, e, Op::kFMaxNum))
HALF(FminnmpVH, pairwise(c, e, Op::kFMinNum))
HALF(FaddpHScalar, pair_scalar(c, e, Op::kFAdd))
HALF(FmaxpHScalar, pair_scalar(c, e, Op::kFMax))
HALF(FminpHScalar, pair_scalar(c, e, Op::kFMin))
HALF(FmaxnmpHScalar, pair_scalar(c, e, Op::kFMaxNum))
HALF(FminnmpHScalar, pair_scalar(c, e, Op::kFMinNum))
HALF(FmaxvH, across(c, e, Op::kFMax))
HALF(FminvH, across(c, e, Op::kFMin))
HALF(FmaxnmvH, across(c, e, Op::kFMaxNum))
HALF(FminnmvH, across(c, e, Op::kFMinNum))

// ---- to integral values
HALF(FrintnVH, round(c, e, FpRound::kNearest))
HALF(FrintmVH, round(c, e, FpRound::kDown))
HALF(FrintpVH, round(c, e, FpRound::kUp))
HALF(FrintzVH, round(c, e, FpRound::kZero))
HALF(FrintaVH, round(c, e, FpRound::kAway))
HALF(FrintxVH, round(c, e, FpRound::kCurrent, true))
HALF(FrintiVH, round(c, e, FpRound::kCurrent))

// ---- integers
HALF_BOTH(Fcvtns, to_int(c, e, FpRound::kNearest, false))
HALF_BOTH(Fcvtnu, to_int(c, e, FpRound::kNearest, true))
HALF_BOTH(Fcvtms, to_int(c, e, FpRound::kDown, false))
HALF_BOTH(Fcvtmu, to_int(c, e, FpRound::kDown, true))
HALF_BOTH(Fcvtps, to_int(c, e, FpRound::kUp, false))
HALF_BOTH(Fcvtpu, to_int(c, e, FpRound::kUp, true))
HALF_BOTH(Fcvtzs, to_int(c, e, FpRound::kZero, false))
HALF_BOTH(Fcvtzu, to_int(c, e, FpRound::kZero, true))
HALF_BOTH(Fcvtas, to_int(c, e, FpRound::kAway, false))
HALF_BOTH(Fcvtau, to_int(c, e, FpRound::kAway, true))
HALF_BOTH(Scvtf, from_int(c, e, false))
HALF_BOTH(Ucvtf, from_int(c, e, true))
HALF(ScvtfFixedH, from_int(c, e, false, fraction_of(e)))
HALF(ScvtfFixedHScalar, from_int(c, e, false, fraction_of(e)))
HALF(UcvtfFixedH, from_int(c, e, true, fraction_of(e)))
HALF(UcvtfFixedHScalar, from_int(c, e, true, fraction_of(e)))
HALF(FcvtzsFixedH, to_fixed(c, e, false))
HALF(FcvtzsFixedHScalar, to_fixed(c, e, false))
HALF(FcvtzuFixedH, to_fixed(c, e, true))
HALF(FcvtzuFixedHScalar, to_fixed(c, e, true))

// ---- single precision (FHM)
HALF(Fmlal, widening_fma(c, e, false, false))
HALF(Fmlal2, widening_fma(c, e, true, false))
HALF(FmlalElem, widening_fma(c, e, false, false))
HALF(Fmlal2Elem, widening_fma(c, e, true, false))
HALF(Fmlsl, widening_fma(c, e, false, true))
HALF(Fmlsl2, widening_fma(c, e, true, true))
HALF(FmlslElem, widening_fma(c, e, false, true))
HALF(Fmlsl2Elem, widening_fma(c, e, true, true))

// ---- complex numbers
HALF(FcaddH, complex_add(c, e))
HALF(FcmlaH, {
  complex_fma(c, e.get<'d'>(), operand(c, e, e.get<'n'>()), operand(c, e, e.get<'m'>()), e.get<'r'>(), kHalf);
})
HALF(FcmlaElemH, {
  const Value number =
      c.b.vsplat(Type::kV128, c.v(e.get<'b'>() << 4 | e.get<'m'>()), 2, e.get<'h'>() << 1 | e.get<'l'>());
  const Value m = e.get<'q'>() ? number : low_half(c, number);
  complex_fma(c, e.get<'d'>(), operand(c, e, e.get<'n'>()), m, e.get<'r'>(), kHalf);
})

// ---- bfloat16
VECTOR(Bfcvt, {
  const Value n = c.b.fwiden(Type::kV128, fp_scalar(c, false, e.get<'n'>()));
  c.put_v(e.get<'d'>(), c.b.fto_bf16(n));
})
VECTOR(Bfcvtn, put_narrow(c, e.get<'q'>(), e.get<'d'>(), c.b.fto_bf16(c.v(e.get<'n'>()))))
VECTOR(Bfmlal, bfloat_fma(c, e))
VECTOR(BfmlalElem, bfloat_fma(c, e))

}  // namespace xarch::arm
