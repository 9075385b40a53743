// Integer vector arithmetic: products, absolute values, halving, shifts by registers, table lookups.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

enum class Accumulate { kNo, kAdd, kSub };

Value accumulated(Lift& c, Accumulate how, Value d, Value v, unsigned size) {
  if (how == Accumulate::kNo) return v;
  return how == Accumulate::kAdd ? vadd(c, d, v, size) : vsub(c, d, v, size);
}

// MUL, MLA, MLS, by vectors and by element.
template <Insn I>
void multiply(Lift& c, Enc<I> e, Accumulate how) {
  const bool q = is_q(e);
  const unsigned z = e.template get<'z'>(), d = e.template get<'d'>();
  const Value p = c.b.vbinary(Op::kVMul, c.vq(q, e.template get<'n'>()), second_q(c, e), z);
  c.put_v(d, accumulated(c, how, c.vq(q, d), p, z));
}

Value difference(Lift& c, Value n, Value m, unsigned size, bool is_signed) {
  const Value high = c.b.vbinary(is_signed ? Op::kVMaxS : Op::kVMaxU, n, m, size);
  return vsub(c, high, c.b.vbinary(is_signed ? Op::kVMinS : Op::kVMinU, n, m, size), size);
}
template <Insn I>
void absolute_difference(Lift& c, Enc<I> e, bool is_signed, Accumulate how) {
  const Value d = c.vq(is_q(e), e.template get<'d'>());
  binary(c, e, [&](Value n, Value m, unsigned z) {
    return accumulated(c, how, d, difference(c, n, m, z, is_signed), z);
  });
}

Value half_of(Lift& c, Value v, unsigned size, bool is_signed) {
  return c.b.vunary(is_signed ? Op::kVShrSImm : Op::kVShrUImm, v, size, 1);
}
// (n + m) >> 1 without loss: what both have, and half of what one has.
template <Insn I>
void halving_add(Lift& c, Enc<I> e, bool is_signed) {
  binary(c, e, [&](Value n, Value m, unsigned z) {
    return vadd(c, vand(c, n, m), half_of(c, vxor(c, n, m), z, is_signed), z);
  });
}
// (n + m + 1) >> 1: what any has, less half of what one has.
template <Insn I>
void rounding_halving_add(Lift& c, Enc<I> e, bool is_signed) {
  binary(c, e, [&](Value n, Value m, unsigned z) {
    if (!is_signed && z <= 1) return c.b.vbinary(Op::kVAvgU, n, m, z);
    return vsub(c, vor(c, n, m), half_of(c, vxor(c, n, m), z, is_signed), z);
  });
}
// (n - m) >> 1.
template <Insn I>
void halving_sub(Lift& c, Enc<I> e, bool is_signed) {
  binary(c, e, [&](Value n, Value m, unsigned z) {
    return vsub(c, half_of(c, vxor(c, n, m), z, is_signed), andnot(c, m, n), z);
  });
}

// Lanes of 4 or 8 bytes by signed numbers in lanes of the same size: each way where its count makes sense,
// and nothing (a count taken as unsigned is too large then) where it does not.
Value shift_wide(Lift& c, Value v, Value count, unsigned size, bool is_signed) {
  const Value back = vsub(c, zero(c, count), count, size);
  const Value left = c.b.vbinary(Op::kVShl, v, count, size);
  if (!is_signed) return vor(c, left, c.b.vbinary(Op::kVShrU, v, back, size));
  const Value negative = c.b.vbinary(Op::kVCmpGtS, zero(c, count), count, size);
  return vor(c, left, vand(c, c.b.vbinary(Op::kVShrS, v, back, size), negative));
}
// Any lanes by the signed low byte of the lanes of count; narrow ones by way of wide ones.
Value shift_by(Lift& c, Value v, Value count, unsigned size, bool is_signed) {
  const int top = (8 << size) - 8;
  if (size >= 2) {
    count = c.b.vunary(Op::kVShrSImm, c.b.vunary(Op::kVShlImm, count, size, top), size, top);
    return shift_wide(c, v, count, size, is_signed);
  }
  const auto widen = [&](Value x, bool sign, bool high) {
    const Op op = sign ? Op::kVWidenS : Op::kVWidenU;
    if (x.type == Type::kV64) return c.b.vconvert(op, Type::kV128, x, size);
    return c.b.vwiden(sign, x, size, high);
  };
  const auto part = [&](bool high) {
    const Value r = shift_by(c, widen(v, is_signed, high), widen(count, true, high), size + 1, is_signed);
    return c.b.vconvert(Op::kVNarrow, Type::kV64, r, size);
  };
  return v.type == Type::kV64 ? part(false) : c.b.vpair(part(false), part(true));
}
template <Insn I>
void shift_register(Lift& c, Enc<I> e, bool is_signed) {
  binary(c, e, [&](Value n, Value m, unsigned z) { return shift_by(c, n, m, z, is_signed); });
}

template <Insn I>
void rounding_shift(Lift& c, Enc<I> e, bool is_signed, bool accumulate) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const bool q = is_q(e);
  const unsigned d = e.template get<'d'>();
  const Value v = shift_right_rounded(c, c.vq(q, e.template get<'n'>()), s.size, s.right, is_signed);
  c.put_v(d, accumulate ? vadd(c, c.vq(q, d), v, s.size) : v);
}

// TBL and TBX. Indexes are bytes: those of the tables before wrap to more than 15.
void table_lookup(Lift& c, Enc<Insn::kTbl> e) {
  const unsigned registers = e.get<'l'>() + 1, d = e.get<'d'>();
  const Value index = c.v(e.get<'m'>());
  Value v;
  for (unsigned r = 0; r < registers; ++r) {
    const Value own = r == 0 ? index : vsub(c, index, splat(c, Type::kV128, 0, 16 * r), 0);
    const Value found = c.b.vshuffle(c.v((e.get<'n'>() + r) % 32), own);
    v = r == 0 ? found : vor(c, v, found);
  }
  if (e.get<'o'>()) {
    const Value last = splat(c, Type::kV128, 0, 16 * registers - 1);
    v = vor(c, v, vand(c, c.v(d), c.b.vbinary(Op::kVCmpGtU, index, last, 0)));
  }
  c.put_v(d, e.get<'q'>() ? v : low_half(c, v));
}

template <Insn I>
void aes_round(Lift& c, Enc<I> e, Op op) {
  const unsigned d = e.template get<'d'>();
  c.put_v(d, c.b.vconvert(op, Type::kV128, vxor(c, c.v(d), c.v(e.template get<'n'>()))));
}
template <Insn I>
void aes_mix(Lift& c, Enc<I> e, Op op) {
  c.put_v(e.template get<'d'>(), c.b.vconvert(op, Type::kV128, c.v(e.template get<'n'>())));
}

template <Insn I>
void absolute(Lift& c, Enc<I> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vunary(Op::kVAbs, n, z); });
}

template <Insn I>
Value sign_bits(Lift& c, Enc<I> e) {
  return c.b.vconst(c.vtype(is_q(e)), e.template get<'z'>() ? uint64_t{1} << 63 : 0x8000000080000000);
}

}  // namespace

VECTOR(MulV, multiply(c, e, Accumulate::kNo))
VECTOR(MulElem, multiply(c, e, Accumulate::kNo))
VECTOR(MlaV, multiply(c, e, Accumulate::kAdd))
VECTOR(MlaElem, multiply(c, e, Accumulate::kAdd))
VECTOR(MlsV, multiply(c, e, Accumulate::kSub))
VECTOR(MlsElem, multiply(c, e, Accumulate::kSub))
VECTOR(PmullD, const bool high = e.get<'q'>(); const Value n = c.v(e.get<'n'>()), m = c.v(e.get<'m'>());
       c.put_v(e.get<'d'>(), high ? c.b.vclmul(high_half(c, n), high_half(c, m))
                                  : c.b.vclmul(low_half(c, n), low_half(c, m))))
VECTOR(Aese, aes_round(c, e, Op::kVAesEnc))
VECTOR(Aesd, aes_round(c, e, Op::kVAesDec))
VECTOR(Aesmc, aes_mix(c, e, Op::kVAesMix))
VECTOR(Aesimc, aes_mix(c, e, Op::kVAesIMix))
VECTOR(AbsV, absolute(c, e))
VECTOR(AbsVScalar, absolute(c, e))
VECTOR(Sabd, absolute_difference(c, e, true, Accumulate::kNo))
VECTOR(Uabd, absolute_difference(c, e, false, Accumulate::kNo))
VECTOR(Saba, absolute_difference(c, e, true, Accumulate::kAdd))
VECTOR(Uaba, absolute_difference(c, e, false, Accumulate::kAdd))
VECTOR(Shadd, halving_add(c, e, true))
VECTOR(Uhadd, halving_add(c, e, false))
VECTOR(Srhadd, rounding_halving_add(c, e, true))
VECTOR(Urhadd, rounding_halving_add(c, e, false))
VECTOR(Shsub, halving_sub(c, e, true))
VECTOR(Uhsub, halving_sub(c, e, false))
VECTOR(Sshl, shift_register(c, e, true))
VECTOR(SshlScalar, shift_register(c, e, true))
VECTOR(Ushl, shift_register(c, e, false))
VECTOR(UshlScalar, shift_register(c, e, false))
VECTOR(Srshr, rounding_shift(c, e, true, false))
VECTOR(SrshrScalar, rounding_shift(c, e, true, false))
VECTOR(Urshr, rounding_shift(c, e, false, false))
VECTOR(UrshrScalar, rounding_shift(c, e, false, false))
VECTOR(Srsra, rounding_shift(c, e, true, true))
VECTOR(SrsraScalar, rounding_shift(c, e, true, true))
VECTOR(Ursra, rounding_shift(c, e, false, true))
VECTOR(UrsraScalar, rounding_shift(c, e, false, true))
VECTOR(Tbl, table_lookup(c, e))
VECTOR(FabsV, c.put_v(e.get<'d'>(), andnot(c, c.vq(is_q(e), e.get<'n'>()), sign_bits(c, e))))
VECTOR(FnegV, c.put_v(e.get<'d'>(), vxor(c, c.vq(is_q(e), e.get<'n'>()), sign_bits(c, e))))

}  // namespace xarch::arm
