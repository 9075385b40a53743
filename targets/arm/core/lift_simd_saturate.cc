// Saturating vector instructions. Each computes its result and a mask that is not zero where it saturated,
// which is kept for FPSR.QC.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

struct Saturated {
  Value result;
  Value mask;  // lanes of any size; bits in them that are set say that a lane saturated
};

// The part of v that an instruction works on: all, the low half, or the lowest lane.
template <Insn I>
Value trimmed(Lift& c, Value v, unsigned size) {
  if constexpr (!has_field<I>('q')) return lowest_lane(c, v, size);
  return v;
}
// Result with lanes of `size`, mask with lanes of `mask_size`.
template <Insn I>
void put_saturated(Lift& c, Enc<I> e, const Saturated& s, unsigned size) {
  c.note_saturation(trimmed<I>(c, s.mask, size));
  c.put_v(e.template get<'d'>(), trimmed<I>(c, s.result, size));
}
template <Insn I>
void put_narrow_saturated(Lift& c, Enc<I> e, const Saturated& s, unsigned size) {
  c.note_saturation(trimmed<I>(c, s.mask, size + 1));
  if constexpr (has_field<I>('q')) {
    put_narrow(c, e.template get<'q'>(), e.template get<'d'>(), s.result);
  } else {
    c.put_v(e.template get<'d'>(), lowest_lane(c, s.result, size));
  }
}

Value largest(Lift& c, Type t, unsigned size) { return splat(c, t, size, lane_ones(size) >> 1); }
Value smallest(Lift& c, Type t, unsigned size) { return splat(c, t, size, (lane_ones(size) >> 1) + 1); }
Value equal(Lift& c, Value a, Value b, unsigned size) { return c.b.vbinary(Op::kVCmpEq, a, b, size); }

// What a signed lane saturates to that overflowed although `v` has the sign of the exact result.
Value limit_of(Lift& c, Value v, unsigned size) {
  return vxor(c, signs(c, v, size), largest(c, v.type, size));
}

// ---- sums and differences

// Lanes of 1 and 2 bytes: the op saturates by itself, and did so where it is not the wrapped result.
Saturated by_op(Lift& c, Op op, Value a, Value b, Value wrapped, unsigned size) {
  const Value r = c.b.vbinary(op, a, b, size);
  return {r, vxor(c, r, wrapped)};
}

Saturated add_signed(Lift& c, Value a, Value b, unsigned size) {
  const Value sum = vadd(c, a, b, size);
  if (size <= 1) return by_op(c, Op::kVAddSatS, a, b, sum, size);
  const Value mask = signs(c, vand(c, vxor(c, a, sum), vxor(c, b, sum)), size);
  return {merge(c, mask, limit_of(c, a, size), sum), mask};
}
Saturated sub_signed(Lift& c, Value a, Value b, unsigned size) {
  const Value difference = vsub(c, a, b, size);
  if (size <= 1) return by_op(c, Op::kVSubSatS, a, b, difference, size);
  const Value mask = signs(c, vand(c, vxor(c, a, b), vxor(c, a, difference)), size);
  return {merge(c, mask, limit_of(c, a, size), difference), mask};
}
Saturated add_unsigned(Lift& c, Value a, Value b, unsigned size) {
  const Value sum = vadd(c, a, b, size);
  if (size <= 1) return by_op(c, Op::kVAddSatU, a, b, sum, size);
  const Value mask = c.b.vbinary(Op::kVCmpGtU, a, sum, size);
  return {vor(c, sum, mask), mask};
}
Saturated sub_unsigned(Lift& c, Value a, Value b, unsigned size) {
  const Value difference = vsub(c, a, b, size);
  if (size <= 1) return by_op(c, Op::kVSubSatU, a, b, difference, size);
  const Value mask = c.b.vbinary(Op::kVCmpGtU, b, a, size);
  return {andnot(c, difference, mask), mask};
}

using BinaryFn = Saturated (*)(Lift&, Value, Value, unsigned);
template <Insn I>
void saturating(Lift& c, Enc<I> e, BinaryFn fn) {
  const bool q = is_q(e);
  const unsigned z = e.template get<'z'>();
  put_saturated(c, e, fn(c, c.vq(q, e.template get<'n'>()), c.vq(q, e.template get<'m'>()), z), z);
}

// SQABS, SQNEG: only the smallest number has no counterpart.
template <Insn I>
void saturating_unary(Lift& c, Enc<I> e, bool negate) {
  const unsigned z = e.template get<'z'>();
  const Value n = c.vq(is_q(e), e.template get<'n'>());
  const Value r = negate ? vsub(c, zero(c, n), n, z) : c.b.vunary(Op::kVAbs, n, z);
  const Value mask = equal(c, n, smallest(c, n.type, z), z);
  put_saturated(c, e, {vxor(c, r, mask), mask}, z);
}

// SUQADD, USQADD: moved by half of the range, operands are of the result's signedness.
template <Insn I>
void add_mixed(Lift& c, Enc<I> e, BinaryFn fn) {
  const bool q = is_q(e);
  const unsigned z = e.template get<'z'>(), d = e.template get<'d'>();
  const Value old = c.vq(q, d), half = smallest(c, old.type, z);
  Saturated s = fn(c, vxor(c, old, half), c.vq(q, e.template get<'n'>()), z);
  s.result = vxor(c, s.result, half);
  put_saturated(c, e, s, z);
}

// ---- left shifts by an immediate

enum class Kind { kSigned, kUnsigned, kSignedToUnsigned };

template <Insn I>
void shift_left(Lift& c, Enc<I> e, Kind kind) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const Value n = c.vq(is_q(e), e.template get<'n'>());
  const Value r = c.b.vunary(Op::kVShlImm, n, s.size, s.left);
  const Value back = c.b.vunary(kind == Kind::kSigned ? Op::kVShrSImm : Op::kVShrUImm, r, s.size, s.left);
  Value mask = vnot(c, equal(c, back, n, s.size));
  switch (kind) {
    case Kind::kSigned: return put_saturated(c, e, {merge(c, mask, limit_of(c, n, s.size), r), mask}, s.size);
    case Kind::kUnsigned: return put_saturated(c, e, {vor(c, r, mask), mask}, s.size);
    case Kind::kSignedToUnsigned: {
      const Value negative = signs(c, n, s.size);
      mask = vor(c, mask, negative);
      return put_saturated(c, e, {andnot(c, vor(c, r, mask), negative), mask}, s.size);
    }
  }
}

// ---- narrowing. n has lanes of twice `size`.

Saturated narrow_quads(Lift& c, Value n, Kind kind) {
  const auto narrow = [&](Value v) { return c.b.vconvert(Op::kVNarrow, Type::kV64, v, 2); };
  if (kind == Kind::kSigned) {
    const Value mask = vnot(c, equal(c, c.b.vconvert(Op::kVWidenS, Type::kV128, narrow(n), 2), n, 3));
    return {narrow(merge(c, mask, vxor(c, signs(c, n, 3), c.b.vconst(n.type, 0x7fffffff)), n)), mask};
  }
  const Value mask = vnot(c, equal(c, c.b.vunary(Op::kVShrUImm, n, 3, 32), zero(c, n), 3));
  const Value r = vor(c, n, mask);
  return {narrow(kind == Kind::kUnsigned ? r : andnot(c, r, signs(c, n, 3))), mask};
}

Saturated narrow_saturating(Lift& c, Value n, unsigned size, Kind kind) {
  if (size == 2) return narrow_quads(c, n, kind);
  if (kind == Kind::kUnsigned) {
    const Value r = c.b.vbinary(Op::kVMinU, n, splat(c, n.type, size + 1, lane_ones(size)), size + 1);
    return {c.b.vconvert(Op::kVNarrow, Type::kV64, r, size), vxor(c, r, n)};
  }
  const bool is_signed = kind == Kind::kSigned;
  const Value r = c.b.vconvert(is_signed ? Op::kVNarrowS : Op::kVNarrowSU, Type::kV64, n, size);
  return {r, vxor(c, c.b.vconvert(is_signed ? Op::kVWidenS : Op::kVWidenU, Type::kV128, r, size), n)};
}

template <Insn I>
void extract_narrow(Lift& c, Enc<I> e, Kind kind) {
  const unsigned z = e.template get<'z'>();
  put_narrow_saturated(c, e, narrow_saturating(c, c.v(e.template get<'n'>()), z, kind), z);
}
template <Insn I>
void shift_narrow(Lift& c, Enc<I> e, Kind kind, bool round) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const bool is_signed = kind != Kind::kUnsigned;
  const Value n = c.v(e.template get<'n'>());
  const Value v = round ? shift_right_rounded(c, n, s.size + 1, s.right, is_signed)
                        : shift_right(c, n, s.size + 1, s.right, is_signed);
  put_narrow_saturated(c, e, narrow_saturating(c, v, s.size, kind), s.size);
}

// ---- shifts by registers that round or saturate

struct ByRegister {
  bool is_signed, round, saturates;
};

// Lanes of 4 or 8 bytes by signed numbers: to the left, or by negative ones to the right. A count that is
// taken as unsigned where it is negative shifts everything out.
Saturated shift_lanes(Lift& c, Value v, Value count, unsigned size, ByRegister how) {
  const auto right = [&](Value n) {
    return c.b.vbinary(how.is_signed ? Op::kVShrS : Op::kVShrU, v, n, size);
  };
  const Value back = c.b.vbinary(Op::kVCmpGtS, zero(c, count), count, size);
  Value moved = right(vsub(c, zero(c, count), count, size));
  if (how.round) moved = vadd(c, moved, vand(c, right(vnot(c, count)), splat(c, v.type, size, 1)), size);
  const Value left = c.b.vbinary(Op::kVShl, v, count, size);
  const Value r = vor(c, left, vand(c, moved, back));
  if (!how.saturates) return {r, zero(c, r)};
  const Value again = c.b.vbinary(how.is_signed ? Op::kVShrS : Op::kVShrU, left, count, size);
  const Value mask = vnot(c, vor(c, equal(c, again, v, size), back));
  return {how.is_signed ? merge(c, mask, limit_of(c, v, size), r) : vor(c, r, mask), mask};
}

// Lanes of 1 or 2 bytes (`size`) that now have `now`: widened to 4, where what they become has room.
Saturated shift_narrow_lanes(Lift& c, Value v, Value count, unsigned now, unsigned size, ByRegister how) {
  if (now == 2) {
    const Value n = c.b.vbinary(Op::kVMinS, count, splat(c, v.type, 2, 8u << size), 2);
    const Value r = shift_lanes(c, v, n, 2, {how.is_signed, how.round, false}).result;
    if (!how.saturates) return {r, zero(c, r)};
    const uint64_t most = how.is_signed ? lane_ones(size) >> 1 : lane_ones(size);
    Value s = c.b.vbinary(how.is_signed ? Op::kVMinS : Op::kVMinU, r, splat(c, v.type, 2, most), 2);
    if (how.is_signed) s = c.b.vbinary(Op::kVMaxS, s, splat(c, v.type, 2, ~most), 2);
    return {s, vxor(c, s, r)};
  }
  const auto widened = [&](Value x, bool is_signed, bool high) {
    if (x.type == Type::kV128) return c.b.vwiden(is_signed, x, now, high);
    return c.b.vconvert(is_signed ? Op::kVWidenS : Op::kVWidenU, Type::kV128, x, now);
  };
  const auto part = [&](bool high) {
    Saturated s = shift_narrow_lanes(c, widened(v, how.is_signed, high), widened(count, true, high), now + 1,
                                     size, how);
    s.result = c.b.vconvert(Op::kVNarrow, Type::kV64, s.result, now);
    return s;
  };
  const Saturated low = part(false);
  if (v.type == Type::kV64) return low;
  const Saturated high = part(true);
  return {c.b.vpair(low.result, high.result), vor(c, low.mask, high.mask)};
}

// Counts are the low bytes of the second operand's lanes. Of a scalar's other lanes zeros are left, which
// nothing saturates.
template <Insn I>
void shift_by_register(Lift& c, Enc<I> e, ByRegister how) {
  const bool q = is_q(e);
  const unsigned z = lane_size(e);
  const Value v = trimmed<I>(c, c.vq(q, e.template get<'n'>()), z);
  Value count = c.vq(q, e.template get<'m'>());
  Saturated s;
  if (z <= 1) {
    if (z == 1) count = c.b.vunary(Op::kVShrSImm, c.b.vunary(Op::kVShlImm, count, 1, 8), 1, 8);
    s = shift_narrow_lanes(c, v, count, z, z, how);
  } else {
    const int top = (8 << z) - 8;
    count = c.b.vunary(Op::kVShrSImm, c.b.vunary(Op::kVShlImm, count, z, top), z, top);
    s = shift_lanes(c, v, count, z, how);
  }
  if (how.saturates) c.note_saturation(s.mask);
  c.put_v(e.template get<'d'>(), s.result);
}

// ---- doubled products. Only the product of the smallest number with itself saturates.

// High halves of the doubled products of v128 lanes.
Value double_high(Lift& c, Value n, Value m, unsigned size, bool round) {
  if (size == 1) {
    if (round) return c.b.vbinary(Op::kVMulRS, n, m, 1);
    const Value high = c.b.vunary(Op::kVShlImm, c.b.vbinary(Op::kVMulHiS, n, m, 1), 1, 1);
    return vor(c, high, c.b.vunary(Op::kVShrUImm, c.b.vbinary(Op::kVMul, n, m, 1), 1, 15));
  }
  const auto part = [&](bool high) {
    Value p = c.b.vmull(true, n, m, 2, high);
    p = vadd(c, p, p, 3);
    return round ? vadd(c, p, c.b.vconst(Type::kV128, 0x80000000), 3) : p;
  };
  return c.b.vbinary(Op::kVUzp2, part(false), part(true), 2);
}
template <Insn I>
void multiply_high(Lift& c, Enc<I> e, bool round) {
  const unsigned z = e.template get<'z'>();
  Value r = double_high(c, c.v(e.template get<'n'>()), second(c, e), z, round);
  if (!is_q(e)) r = low_half(c, r);
  const Value mask = equal(c, r, smallest(c, r.type, z), z);
  put_saturated(c, e, {vxor(c, r, mask), mask}, z);
}

// SQRDMLAH, SQRDMLSH: the destination in the upper half, plus or minus the doubled product, rounded; all of
// it halved, so that it has room in lanes of twice the size.
template <Insn I>
void multiply_accumulate_high(Lift& c, Enc<I> e, Op op) {
  const unsigned z = e.template get<'z'>(), width = 8u << z;
  const auto operand = [&](unsigned reg) {
    const Value v = trimmed<I>(c, c.v(reg), z);
    return v.type == Type::kV64 ? c.b.vpair(v, c.b.vconst(Type::kV64, 0)) : v;
  };
  const Value d = operand(e.template get<'d'>()), n = operand(e.template get<'n'>()), m = second(c, e);
  const auto part = [&](bool high) {
    Value v = c.b.vunary(Op::kVShlImm, c.b.vwiden(true, d, z, high), z + 1, width - 1);
    v = c.b.vbinary(op, v, c.b.vmull(true, n, m, z, high), z + 1);
    v = vadd(c, v, splat(c, v.type, z + 1, uint64_t{1} << (width - 2)), z + 1);
    return narrow_saturating(c, c.b.vunary(Op::kVShrSImm, v, z + 1, width - 1), z, Kind::kSigned);
  };
  Saturated s = part(false);
  if (is_q(e)) {
    const Saturated high = part(true);
    s = {c.b.vpair(s.result, high.result), vor(c, s.mask, high.mask)};
  }
  c.note_saturation(s.mask);
  c.put_v(e.template get<'d'>(), s.result);
}

// SQDMULL, SQDMLAL, SQDMLSL: the doubled product may saturate, then the sum.
template <Insn I>
void multiply_long(Lift& c, Enc<I> e, BinaryFn accumulate) {
  const unsigned z = e.template get<'z'>();
  bool high = false;
  if constexpr (has_field<I>('q')) high = e.template get<'q'>();
  Value p = c.b.vmull(true, c.v(e.template get<'n'>()), second(c, e), z, high);
  p = vadd(c, p, p, z + 1);
  const Value mask = equal(c, p, smallest(c, p.type, z + 1), z + 1);
  Saturated s = {vxor(c, p, mask), mask};
  if (accumulate != nullptr) {
    s = accumulate(c, c.v(e.template get<'d'>()), s.result, z + 1);
    s.mask = vor(c, s.mask, mask);
  }
  put_saturated(c, e, s, z + 1);
}

}  // namespace

VECTOR(Sqadd, saturating(c, e, add_signed))
VECTOR(SqaddScalar, saturating(c, e, add_signed))
VECTOR(Sqsub, saturating(c, e, sub_signed))
VECTOR(SqsubScalar, saturating(c, e, sub_signed))
VECTOR(Uqadd, saturating(c, e, add_unsigned))
VECTOR(UqaddScalar, saturating(c, e, add_unsigned))
VECTOR(Uqsub, saturating(c, e, sub_unsigned))
VECTOR(UqsubScalar, saturating(c, e, sub_unsigned))
VECTOR(Sqabs, saturating_unary(c, e, false))
VECTOR(SqabsScalar, saturating_unary(c, e, false))
VECTOR(Sqneg, saturating_unary(c, e, true))
VECTOR(SqnegScalar, saturating_unary(c, e, true))
VECTOR(SqshlImm, shift_left(c, e, Kind::kSigned))
VECTOR(SqshlImmScalar, shift_left(c, e, Kind::kSigned))
VECTOR(UqshlImm, shift_left(c, e, Kind::kUnsigned))
VECTOR(UqshlImmScalar, shift_left(c, e, Kind::kUnsigned))
VECTOR(Sqshlu, shift_left(c, e, Kind::kSignedToUnsigned))
VECTOR(SqshluScalar, shift_left(c, e, Kind::kSignedToUnsigned))
VECTOR(Sqxtn, extract_narrow(c, e, Kind::kSigned))
VECTOR(SqxtnScalar, extract_narrow(c, e, Kind::kSigned))
VECTOR(Uqxtn, extract_narrow(c, e, Kind::kUnsigned))
VECTOR(UqxtnScalar, extract_narrow(c, e, Kind::kUnsigned))
VECTOR(Sqxtun, extract_narrow(c, e, Kind::kSignedToUnsigned))
VECTOR(SqxtunScalar, extract_narrow(c, e, Kind::kSignedToUnsigned))
VECTOR(Sqshrn, shift_narrow(c, e, Kind::kSigned, false))
VECTOR(SqshrnScalar, shift_narrow(c, e, Kind::kSigned, false))
VECTOR(Sqrshrn, shift_narrow(c, e, Kind::kSigned, true))
VECTOR(SqrshrnScalar, shift_narrow(c, e, Kind::kSigned, true))
VECTOR(Uqshrn, shift_narrow(c, e, Kind::kUnsigned, false))
VECTOR(UqshrnScalar, shift_narrow(c, e, Kind::kUnsigned, false))
VECTOR(Uqrshrn, shift_narrow(c, e, Kind::kUnsigned, true))
VECTOR(UqrshrnScalar, shift_narrow(c, e, Kind::kUnsigned, true))
VECTOR(Sqshrun, shift_narrow(c, e, Kind::kSignedToUnsigned, false))
VECTOR(SqshrunScalar, shift_narrow(c, e, Kind::kSignedToUnsigned, false))
VECTOR(Sqrshrun, shift_narrow(c, e, Kind::kSignedToUnsigned, true))
VECTOR(SqrshrunScalar, shift_narrow(c, e, Kind::kSignedToUnsigned, true))
VECTOR(Sqdmulh, multiply_high(c, e, false))
VECTOR(SqdmulhScalar, multiply_high(c, e, false))
VECTOR(SqdmulhElem, multiply_high(c, e, false))
VECTOR(SqdmulhElemScalar, multiply_high(c, e, false))
VECTOR(Sqrdmulh, multiply_high(c, e, true))
VECTOR(SqrdmulhScalar, multiply_high(c, e, true))
VECTOR(SqrdmulhElem, multiply_high(c, e, true))
VECTOR(SqrdmulhElemScalar, multiply_high(c, e, true))
VECTOR(SqdmullV, multiply_long(c, e, nullptr))
VECTOR(SqdmullScalar, multiply_long(c, e, nullptr))
VECTOR(SqdmullElem, multiply_long(c, e, nullptr))
VECTOR(SqdmullElemScalar, multiply_long(c, e, nullptr))
VECTOR(SqdmlalV, multiply_long(c, e, add_signed))
VECTOR(SqdmlalScalar, multiply_long(c, e, add_signed))
VECTOR(SqdmlalElem, multiply_long(c, e, add_signed))
VECTOR(SqdmlalElemScalar, multiply_long(c, e, add_signed))
VECTOR(SqdmlslV, multiply_long(c, e, sub_signed))
VECTOR(SqdmlslScalar, multiply_long(c, e, sub_signed))
VECTOR(SqdmlslElem, multiply_long(c, e, sub_signed))
VECTOR(SqdmlslElemScalar, multiply_long(c, e, sub_signed))

VECTOR(Suqadd, add_mixed(c, e, add_unsigned))
VECTOR(SuqaddScalar, add_mixed(c, e, add_unsigned))
VECTOR(Usqadd, add_mixed(c, e, add_signed))
VECTOR(UsqaddScalar, add_mixed(c, e, add_signed))
VECTOR(Sqshl, shift_by_register(c, e, {true, false, true}))
VECTOR(SqshlScalar, shift_by_register(c, e, {true, false, true}))
VECTOR(Uqshl, shift_by_register(c, e, {false, false, true}))
VECTOR(UqshlScalar, shift_by_register(c, e, {false, false, true}))
VECTOR(Srshl, shift_by_register(c, e, {true, true, false}))
VECTOR(SrshlScalar, shift_by_register(c, e, {true, true, false}))
VECTOR(Urshl, shift_by_register(c, e, {false, true, false}))
VECTOR(UrshlScalar, shift_by_register(c, e, {false, true, false}))
VECTOR(Sqrshl, shift_by_register(c, e, {true, true, true}))
VECTOR(SqrshlScalar, shift_by_register(c, e, {true, true, true}))
VECTOR(Uqrshl, shift_by_register(c, e, {false, true, true}))
VECTOR(UqrshlScalar, shift_by_register(c, e, {false, true, true}))
VECTOR(Sqrdmlah, multiply_accumulate_high(c, e, Op::kVAdd))
VECTOR(SqrdmlahScalar, multiply_accumulate_high(c, e, Op::kVAdd))
VECTOR(SqrdmlahElem, multiply_accumulate_high(c, e, Op::kVAdd))
VECTOR(SqrdmlahElemScalar, multiply_accumulate_high(c, e, Op::kVAdd))
VECTOR(Sqrdmlsh, multiply_accumulate_high(c, e, Op::kVSub))
VECTOR(SqrdmlshScalar, multiply_accumulate_high(c, e, Op::kVSub))
VECTOR(SqrdmlshElem, multiply_accumulate_high(c, e, Op::kVSub))
VECTOR(SqrdmlshElemScalar, multiply_accumulate_high(c, e, Op::kVSub))

}  // namespace xarch::arm
