// Integer vector instructions whose results are wider or narrower than their operands.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

// The lanes of the half that the instruction works on, extended.
template <Insn I>
Value longer(Lift& c, Enc<I> e, unsigned reg, bool is_signed) {
  return c.b.vwiden(is_signed, c.v(reg), e.template get<'z'>(), e.template get<'q'>());
}

// [SU]ADDL, [SU]SUBL.
template <Insn I>
void long_op(Lift& c, Enc<I> e, Op op, bool is_signed) {
  const Value n = longer(c, e, e.template get<'n'>(), is_signed);
  c.put_v(e.template get<'d'>(),
          c.b.vbinary(op, n, longer(c, e, e.template get<'m'>(), is_signed), e.template get<'z'>() + 1));
}
// [SU]ADDW, [SU]SUBW.
template <Insn I>
void wide_op(Lift& c, Enc<I> e, Op op, bool is_signed) {
  c.put_v(e.template get<'d'>(),
          c.b.vbinary(op, c.v(e.template get<'n'>()), longer(c, e, e.template get<'m'>(), is_signed),
                      e.template get<'z'>() + 1));
}
// [SU]ABDL, [SU]ABAL: differences of extended lanes fit.
template <Insn I>
void difference_long(Lift& c, Enc<I> e, bool is_signed, bool accumulate) {
  const unsigned z = e.template get<'z'>(), d = e.template get<'d'>();
  const Value n = c.v(e.template get<'n'>()), m = c.v(e.template get<'m'>());
  const Value high = c.b.vbinary(is_signed ? Op::kVMaxS : Op::kVMaxU, n, m, z);
  const Value low = c.b.vbinary(is_signed ? Op::kVMinS : Op::kVMinU, n, m, z);
  const Value v = c.b.vwiden(false, vsub(c, high, low, z), z, e.template get<'q'>());
  c.put_v(d, accumulate ? vadd(c, c.v(d), v, z + 1) : v);
}

// [SU]MULL, [SU]MLAL, [SU]MLSL, by vectors and by element. op: kVAdd, kVSub, or kNop to leave it at the
// product.
template <Insn I>
void multiply_long(Lift& c, Enc<I> e, bool is_signed, Op op) {
  const unsigned z = e.template get<'z'>(), d = e.template get<'d'>();
  const bool high = e.template get<'q'>();
  Value m;
  if constexpr (has_field<I>('h')) {
    m = element(c, e);
  } else {
    m = c.v(e.template get<'m'>());
  }
  const Value p = c.b.vmull(is_signed, c.v(e.template get<'n'>()), m, z, high);
  c.put_v(d, op == Op::kNop ? p : c.b.vbinary(op, c.v(d), p, z + 1));
}

// ADDHN, SUBHN and their rounding forms.
template <Insn I>
void narrow_high(Lift& c, Enc<I> e, Op op, bool round) {
  const unsigned z = e.template get<'z'>();
  Value v = c.b.vbinary(op, c.v(e.template get<'n'>()), c.v(e.template get<'m'>()), z + 1);
  if (round) v = vadd(c, v, splat(c, v.type, z + 1, uint64_t{1} << ((8u << z) - 1)), z + 1);
  v = c.b.vunary(Op::kVShrUImm, v, z + 1, 8 << z);
  put_narrow(c, e.template get<'q'>(), e.template get<'d'>(), c.b.vconvert(Op::kVNarrow, Type::kV64, v, z));
}

template <Insn I>
void add_pairs(Lift& c, Enc<I> e, bool is_signed, bool accumulate) {
  const bool q = is_q(e);
  const unsigned z = e.template get<'z'>(), d = e.template get<'d'>();
  const Value v =
      c.b.vunary(is_signed ? Op::kVAddPairsS : Op::kVAddPairsU, c.vq(q, e.template get<'n'>()), z);
  c.put_v(d, accumulate ? vadd(c, c.vq(q, d), v, z + 1) : v);
}

template <Insn I>
void add_across_long(Lift& c, Enc<I> e, bool is_signed) {
  const unsigned z = e.template get<'z'>();
  if (!is_signed && z == 0)
    return c.put_v(e.template get<'d'>(), byte_sum(c, c.vq(is_q(e), e.template get<'n'>())));
  const Value v =
      c.b.vunary(is_signed ? Op::kVAddPairsS : Op::kVAddPairsU, c.vq(is_q(e), e.template get<'n'>()), z);
  c.put_v(e.template get<'d'>(), reduce(c, v, z + 1, Op::kVAdd));
}

}  // namespace

VECTOR(SaddlV, long_op(c, e, Op::kVAdd, true))
VECTOR(UaddlV, long_op(c, e, Op::kVAdd, false))
VECTOR(SsublV, long_op(c, e, Op::kVSub, true))
VECTOR(UsublV, long_op(c, e, Op::kVSub, false))
VECTOR(SaddwV, wide_op(c, e, Op::kVAdd, true))
VECTOR(UaddwV, wide_op(c, e, Op::kVAdd, false))
VECTOR(SsubwV, wide_op(c, e, Op::kVSub, true))
VECTOR(UsubwV, wide_op(c, e, Op::kVSub, false))
VECTOR(SabdlV, difference_long(c, e, true, false))
VECTOR(UabdlV, difference_long(c, e, false, false))
VECTOR(SabalV, difference_long(c, e, true, true))
VECTOR(UabalV, difference_long(c, e, false, true))
VECTOR(SmullV, multiply_long(c, e, true, Op::kNop))
VECTOR(UmullV, multiply_long(c, e, false, Op::kNop))
VECTOR(SmlalV, multiply_long(c, e, true, Op::kVAdd))
VECTOR(UmlalV, multiply_long(c, e, false, Op::kVAdd))
VECTOR(SmlslV, multiply_long(c, e, true, Op::kVSub))
VECTOR(UmlslV, multiply_long(c, e, false, Op::kVSub))
VECTOR(SmullElem, multiply_long(c, e, true, Op::kNop))
VECTOR(UmullElem, multiply_long(c, e, false, Op::kNop))
VECTOR(SmlalElem, multiply_long(c, e, true, Op::kVAdd))
VECTOR(UmlalElem, multiply_long(c, e, false, Op::kVAdd))
VECTOR(SmlslElem, multiply_long(c, e, true, Op::kVSub))
VECTOR(UmlslElem, multiply_long(c, e, false, Op::kVSub))
VECTOR(Addhn, narrow_high(c, e, Op::kVAdd, false))
VECTOR(Raddhn, narrow_high(c, e, Op::kVAdd, true))
VECTOR(Subhn, narrow_high(c, e, Op::kVSub, false))
VECTOR(Rsubhn, narrow_high(c, e, Op::kVSub, true))
VECTOR(Saddlp, add_pairs(c, e, true, false))
VECTOR(Uaddlp, add_pairs(c, e, false, false))
VECTOR(Sadalp, add_pairs(c, e, true, true))
VECTOR(Uadalp, add_pairs(c, e, false, true))
VECTOR(Saddlv, add_across_long(c, e, true))
VECTOR(Uaddlv, add_across_long(c, e, false))
VECTOR(Rshrn, const ShiftImm s = shift_imm(e.get<'i'>());
       const Value v = shift_right_rounded(c, c.v(e.get<'n'>()), s.size + 1, s.right, false);
       put_narrow(c, e.get<'q'>(), e.get<'d'>(), c.b.vconvert(Op::kVNarrow, Type::kV64, v, s.size)))

}  // namespace xarch::arm
