// Vector instructions that map to a few IR operations.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

// Pairwise operations: on the even and the odd lanes of both operands.
template <Insn I>
void pairwise(Lift& c, Enc<I> e, Op op) {
  binary(c, e, [&](Value n, Value m, unsigned size) {
    return c.b.vbinary(op, c.b.vbinary(Op::kVUzp1, n, m, size), c.b.vbinary(Op::kVUzp2, n, m, size), size);
  });
}

template <Insn I>
void across(Lift& c, Enc<I> e, Op op) {
  const unsigned size = lane_size(e);
  c.put_v(e.template get<'d'>(), reduce(c, c.vq(is_q(e), e.template get<'n'>()), size, op));
}

template <Insn I>
void compare_zero(Lift& c, Enc<I> e, Op op, bool swap, bool invert) {
  unary(c, e, [&](Value n, unsigned size) {
    const Value z = zero(c, n);
    const Value r = swap ? c.b.vbinary(op, z, n, size) : c.b.vbinary(op, n, z, size);
    return invert ? vnot(c, r) : r;
  });
}

template <Insn I>
void shift_right_insn(Lift& c, Enc<I> e, bool is_signed, bool accumulate) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const bool q = is_q(e);
  Value v = shift_right(c, c.vq(q, e.template get<'n'>()), s.size, s.right, is_signed);
  if (accumulate) v = c.b.vbinary(Op::kVAdd, c.vq(q, e.template get<'d'>()), v, s.size);
  c.put_v(e.template get<'d'>(), v);
}
template <Insn I>
void shift_left_insn(Lift& c, Enc<I> e) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const Value n = c.vq(is_q(e), e.template get<'n'>());
  c.put_v(e.template get<'d'>(), s.left == 0 ? n : c.b.vunary(Op::kVShlImm, n, s.size, s.left));
}
// SLI and SRI: the bits that the shift leaves open come from the destination.
template <Insn I>
void shift_insert(Lift& c, Enc<I> e, bool left) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  const bool q = is_q(e);
  const unsigned width = 8u << s.size;
  const Value n = c.vq(q, e.template get<'n'>()), d = c.vq(q, e.template get<'d'>());
  Value moved;
  uint64_t mask;
  if (left) {
    moved = s.left == 0 ? n : c.b.vunary(Op::kVShlImm, n, s.size, s.left);
    mask = lane_ones(s.size) << s.left & lane_ones(s.size);
  } else {
    moved = shift_right(c, n, s.size, s.right, false);
    mask = s.right == width ? 0 : lane_ones(s.size) >> s.right;
  }
  c.put_v(e.template get<'d'>(), vor(c, moved, andnot(c, d, splat(c, d.type, s.size, mask))));
}

template <Insn I>
void shift_long(Lift& c, Enc<I> e, bool is_signed) {
  const ShiftImm s = shift_imm(e.template get<'i'>());
  Value v = c.b.vwiden(is_signed, c.v(e.template get<'n'>()), s.size, e.template get<'q'>());
  if (s.left != 0) v = c.b.vunary(Op::kVShlImm, v, s.size + 1, s.left);
  c.put_v(e.template get<'d'>(), v);
}

// Even (or odd) lanes of both operands in turn.
template <Insn I>
void transpose(Lift& c, Enc<I> e, bool odd) {
  binary(c, e, [&](Value n, Value m, unsigned size) {
    if (size == 3) return c.b.vbinary(odd ? Op::kVZip2 : Op::kVZip1, n, m, size);
    const int width = 8 << size;
    const Value even = splat(c, n.type, size + 1, lane_ones(size));
    if (odd) return vor(c, c.b.vunary(Op::kVShrUImm, n, size + 1, width), andnot(c, m, even));
    return vor(c, vand(c, n, even), c.b.vunary(Op::kVShlImm, m, size + 1, width));
  });
}

unsigned copy_size(unsigned imm5) { return static_cast<unsigned>(__builtin_ctz(imm5)); }

// A lane as i64 or i32, sign-extended.
Value signed_lane(Lift& c, unsigned imm5, unsigned n, bool x) {
  const unsigned size = copy_size(imm5);
  const Value v = c.lane(n, size, imm5 >> (size + 1));
  const Value narrow = size >= 2 ? v : c.b.extract_s(v, 0, 8u << size);
  return x ? c.b.sext(narrow, Type::kI64) : narrow;
}

// The 64 bits that a modified immediate stands for in every half of the vector, before MVNI's and BIC's
// inversion.
uint64_t expand_immediate(unsigned cmode, bool op, uint64_t imm8) {
  const auto rep32 = [](uint64_t v) { return v | v << 32; };
  const auto rep16 = [&](uint64_t v) { return rep32(v | v << 16); };
  switch (cmode >> 1) {
    case 0:
    case 1:
    case 2:
    case 3: return rep32(imm8 << (8 * (cmode >> 1)));
    case 4: return rep16(imm8);
    case 5: return rep16(imm8 << 8);
    case 6: return rep32(cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff);
    default: break;
  }
  if (cmode == 14 && !op) return imm8 * 0x0101010101010101;
  if (cmode == 14) {
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; ++i) v |= (imm8 >> i & 1 ? uint64_t{0xff} : 0) << (8 * i);
    return v;
  }
  return op ? vfp_immediate(imm8, true) : rep32(vfp_immediate(imm8, false));
}

}  // namespace

uint64_t vfp_immediate(uint64_t imm8, bool is_double) {
  const uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, low = imm8 & 0x3f;
  if (is_double) return sign << 63 | (b ? uint64_t{0x3fc} : uint64_t{0x400}) << 52 | low << 48;
  return sign << 31 | (b ? uint64_t{0x1f} << 25 : uint64_t{1} << 30) | low << 19;
}

// ---- logic
template <>
void lift<Insn::kAndV>(Lift& c, Enc<Insn::kAndV> e) {
  binary_op(c, e, Op::kVAnd);
}
template <>
void lift<Insn::kOrrV>(Lift& c, Enc<Insn::kOrrV> e) {
  binary_op(c, e, Op::kVOr);
}
template <>
void lift<Insn::kEorV>(Lift& c, Enc<Insn::kEorV> e) {
  binary_op(c, e, Op::kVXor);
}
template <>
void lift<Insn::kBicV>(Lift& c, Enc<Insn::kBicV> e) {
  binary_op(c, e, Op::kVAndNot);
}
template <>
void lift<Insn::kOrnV>(Lift& c, Enc<Insn::kOrnV> e) {
  binary(c, e, [&](Value n, Value m, unsigned) { return vor(c, n, vnot(c, m)); });
}
template <>
void lift<Insn::kBslV>(Lift& c, Enc<Insn::kBslV> e) {
  const Value d = c.vq(is_q(e), e.get<'d'>());
  binary(c, e, [&](Value n, Value m, unsigned) { return merge(c, d, n, m); });
}
template <>
void lift<Insn::kBitV>(Lift& c, Enc<Insn::kBitV> e) {
  const Value d = c.vq(is_q(e), e.get<'d'>());
  binary(c, e, [&](Value n, Value m, unsigned) { return merge(c, m, n, d); });
}
template <>
void lift<Insn::kBifV>(Lift& c, Enc<Insn::kBifV> e) {
  const Value d = c.vq(is_q(e), e.get<'d'>());
  binary(c, e, [&](Value n, Value m, unsigned) { return merge(c, m, d, n); });
}
// ---- arithmetic and comparison
template <>
void lift<Insn::kAddV>(Lift& c, Enc<Insn::kAddV> e) {
  binary_op(c, e, Op::kVAdd);
}
template <>
void lift<Insn::kSubV>(Lift& c, Enc<Insn::kSubV> e) {
  binary_op(c, e, Op::kVSub);
}
template <>
void lift<Insn::kCmeqV>(Lift& c, Enc<Insn::kCmeqV> e) {
  binary_op(c, e, Op::kVCmpEq);
}
template <>
void lift<Insn::kCmgtV>(Lift& c, Enc<Insn::kCmgtV> e) {
  binary_op(c, e, Op::kVCmpGtS);
}
template <>
void lift<Insn::kCmhiV>(Lift& c, Enc<Insn::kCmhiV> e) {
  binary_op(c, e, Op::kVCmpGtU);
}
template <>
void lift<Insn::kCmgeV>(Lift& c, Enc<Insn::kCmgeV> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) { return not_less(c, n, m, z, true); });
}
template <>
void lift<Insn::kCmhsV>(Lift& c, Enc<Insn::kCmhsV> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) { return not_less(c, n, m, z, false); });
}
template <>
void lift<Insn::kCmtstV>(Lift& c, Enc<Insn::kCmtstV> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) {
    return vnot(c, c.b.vbinary(Op::kVCmpEq, vand(c, n, m), zero(c, n), z));
  });
}
template <>
void lift<Insn::kNegV>(Lift& c, Enc<Insn::kNegV> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vbinary(Op::kVSub, zero(c, n), n, z); });
}
template <>
void lift<Insn::kAddVScalar>(Lift& c, Enc<Insn::kAddVScalar> e) {
  binary_op(c, e, Op::kVAdd);
}
template <>
void lift<Insn::kSubVScalar>(Lift& c, Enc<Insn::kSubVScalar> e) {
  binary_op(c, e, Op::kVSub);
}
template <>
void lift<Insn::kCmeqVScalar>(Lift& c, Enc<Insn::kCmeqVScalar> e) {
  binary_op(c, e, Op::kVCmpEq);
}
template <>
void lift<Insn::kCmgtVScalar>(Lift& c, Enc<Insn::kCmgtVScalar> e) {
  binary_op(c, e, Op::kVCmpGtS);
}
template <>
void lift<Insn::kCmhiVScalar>(Lift& c, Enc<Insn::kCmhiVScalar> e) {
  binary_op(c, e, Op::kVCmpGtU);
}
template <>
void lift<Insn::kCmgeVScalar>(Lift& c, Enc<Insn::kCmgeVScalar> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) { return not_less(c, n, m, z, true); });
}
template <>
void lift<Insn::kCmhsVScalar>(Lift& c, Enc<Insn::kCmhsVScalar> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) { return not_less(c, n, m, z, false); });
}
template <>
void lift<Insn::kCmtstVScalar>(Lift& c, Enc<Insn::kCmtstVScalar> e) {
  binary(c, e, [&](Value n, Value m, unsigned z) {
    return vnot(c, c.b.vbinary(Op::kVCmpEq, vand(c, n, m), zero(c, n), z));
  });
}
template <>
void lift<Insn::kNegVScalar>(Lift& c, Enc<Insn::kNegVScalar> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vbinary(Op::kVSub, zero(c, n), n, z); });
}
template <>
void lift<Insn::kCmgtZero>(Lift& c, Enc<Insn::kCmgtZero> e) {
  compare_zero(c, e, Op::kVCmpGtS, false, false);
}
template <>
void lift<Insn::kCmgeZero>(Lift& c, Enc<Insn::kCmgeZero> e) {
  compare_zero(c, e, Op::kVCmpGtS, true, true);
}
template <>
void lift<Insn::kCmeqZero>(Lift& c, Enc<Insn::kCmeqZero> e) {
  compare_zero(c, e, Op::kVCmpEq, false, false);
}
template <>
void lift<Insn::kCmleZero>(Lift& c, Enc<Insn::kCmleZero> e) {
  compare_zero(c, e, Op::kVCmpGtS, false, true);
}
template <>
void lift<Insn::kCmltZero>(Lift& c, Enc<Insn::kCmltZero> e) {
  compare_zero(c, e, Op::kVCmpGtS, true, false);
}
template <>
void lift<Insn::kCmgtZeroScalar>(Lift& c, Enc<Insn::kCmgtZeroScalar> e) {
  compare_zero(c, e, Op::kVCmpGtS, false, false);
}
template <>
void lift<Insn::kCmgeZeroScalar>(Lift& c, Enc<Insn::kCmgeZeroScalar> e) {
  compare_zero(c, e, Op::kVCmpGtS, true, true);
}
template <>
void lift<Insn::kCmeqZeroScalar>(Lift& c, Enc<Insn::kCmeqZeroScalar> e) {
  compare_zero(c, e, Op::kVCmpEq, false, false);
}
template <>
void lift<Insn::kCmleZeroScalar>(Lift& c, Enc<Insn::kCmleZeroScalar> e) {
  compare_zero(c, e, Op::kVCmpGtS, false, true);
}
template <>
void lift<Insn::kCmltZeroScalar>(Lift& c, Enc<Insn::kCmltZeroScalar> e) {
  compare_zero(c, e, Op::kVCmpGtS, true, false);
}
template <>
void lift<Insn::kSmaxV>(Lift& c, Enc<Insn::kSmaxV> e) {
  binary_op(c, e, Op::kVMaxS);
}
template <>
void lift<Insn::kSmaxpV>(Lift& c, Enc<Insn::kSmaxpV> e) {
  pairwise(c, e, Op::kVMaxS);
}
template <>
void lift<Insn::kSmaxv>(Lift& c, Enc<Insn::kSmaxv> e) {
  across(c, e, Op::kVMaxS);
}
template <>
void lift<Insn::kUmaxV>(Lift& c, Enc<Insn::kUmaxV> e) {
  binary_op(c, e, Op::kVMaxU);
}
template <>
void lift<Insn::kUmaxpV>(Lift& c, Enc<Insn::kUmaxpV> e) {
  pairwise(c, e, Op::kVMaxU);
}
template <>
void lift<Insn::kUmaxv>(Lift& c, Enc<Insn::kUmaxv> e) {
  across(c, e, Op::kVMaxU);
}
template <>
void lift<Insn::kSminV>(Lift& c, Enc<Insn::kSminV> e) {
  binary_op(c, e, Op::kVMinS);
}
template <>
void lift<Insn::kSminpV>(Lift& c, Enc<Insn::kSminpV> e) {
  pairwise(c, e, Op::kVMinS);
}
template <>
void lift<Insn::kSminv>(Lift& c, Enc<Insn::kSminv> e) {
  across(c, e, Op::kVMinS);
}
template <>
void lift<Insn::kUminV>(Lift& c, Enc<Insn::kUminV> e) {
  binary_op(c, e, Op::kVMinU);
}
template <>
void lift<Insn::kUminpV>(Lift& c, Enc<Insn::kUminpV> e) {
  pairwise(c, e, Op::kVMinU);
}
template <>
void lift<Insn::kUminv>(Lift& c, Enc<Insn::kUminv> e) {
  across(c, e, Op::kVMinU);
}
template <>
void lift<Insn::kAddpV>(Lift& c, Enc<Insn::kAddpV> e) {
  pairwise(c, e, Op::kVAdd);
}
template <>
void lift<Insn::kAddv>(Lift& c, Enc<Insn::kAddv> e) {
  if (lane_size(e) > 0) return across(c, e, Op::kVAdd);
  c.put_v(e.get<'d'>(), lowest_lane(c, byte_sum(c, c.vq(is_q(e), e.get<'n'>())), 0));
}
template <>
void lift<Insn::kAddpScalar>(Lift& c, Enc<Insn::kAddpScalar> e) {
  const Value n = c.v(e.get<'n'>());
  c.put_v(e.get<'d'>(), vadd(c, low_half(c, n), high_half(c, n), 3));
}
// ---- bits and bytes
template <>
void lift<Insn::kNotV>(Lift& c, Enc<Insn::kNotV> e) {
  unary(c, e, [&](Value n, unsigned) { return vnot(c, n); });
}
template <>
void lift<Insn::kCntV>(Lift& c, Enc<Insn::kCntV> e) {
  unary(c, e, [&](Value n, unsigned) { return c.b.vunary(Op::kVPopcnt, n); });
}
template <>
void lift<Insn::kRev64V>(Lift& c, Enc<Insn::kRev64V> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vunary(Op::kVRev, n, z, 3); });
}
template <>
void lift<Insn::kRev32V>(Lift& c, Enc<Insn::kRev32V> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vunary(Op::kVRev, n, z, 2); });
}
template <>
void lift<Insn::kRev16V>(Lift& c, Enc<Insn::kRev16V> e) {
  unary(c, e, [&](Value n, unsigned z) { return c.b.vunary(Op::kVRev, n, z, 1); });
}
template <>
void lift<Insn::kXtnV>(Lift& c, Enc<Insn::kXtnV> e) {
  put_narrow(c, e.get<'q'>(), e.get<'d'>(),
             c.b.vconvert(Op::kVNarrow, Type::kV64, c.v(e.get<'n'>()), e.get<'z'>()));
}
template <>
void lift<Insn::kShllV>(Lift& c, Enc<Insn::kShllV> e) {
  const unsigned z = e.get<'z'>();
  c.put_v(e.get<'d'>(),
          c.b.vunary(Op::kVShlImm, c.b.vwiden(false, c.v(e.get<'n'>()), z, e.get<'q'>()), z + 1, 8u << z));
}
// ---- shifts
template <>
void lift<Insn::kSshr>(Lift& c, Enc<Insn::kSshr> e) {
  shift_right_insn(c, e, true, false);
}
template <>
void lift<Insn::kSsra>(Lift& c, Enc<Insn::kSsra> e) {
  shift_right_insn(c, e, true, true);
}
template <>
void lift<Insn::kUshr>(Lift& c, Enc<Insn::kUshr> e) {
  shift_right_insn(c, e, false, false);
}
template <>
void lift<Insn::kUsra>(Lift& c, Enc<Insn::kUsra> e) {
  shift_right_insn(c, e, false, true);
}
template <>
void lift<Insn::kShlImm>(Lift& c, Enc<Insn::kShlImm> e) {
  shift_left_insn(c, e);
}
template <>
void lift<Insn::kSli>(Lift& c, Enc<Insn::kSli> e) {
  shift_insert(c, e, true);
}
template <>
void lift<Insn::kSri>(Lift& c, Enc<Insn::kSri> e) {
  shift_insert(c, e, false);
}
template <>
void lift<Insn::kSshrScalar>(Lift& c, Enc<Insn::kSshrScalar> e) {
  shift_right_insn(c, e, true, false);
}
template <>
void lift<Insn::kSsraScalar>(Lift& c, Enc<Insn::kSsraScalar> e) {
  shift_right_insn(c, e, true, true);
}
template <>
void lift<Insn::kUshrScalar>(Lift& c, Enc<Insn::kUshrScalar> e) {
  shift_right_insn(c, e, false, false);
}
template <>
void lift<Insn::kUsraScalar>(Lift& c, Enc<Insn::kUsraScalar> e) {
  shift_right_insn(c, e, false, true);
}
template <>
void lift<Insn::kShlImmScalar>(Lift& c, Enc<Insn::kShlImmScalar> e) {
  shift_left_insn(c, e);
}
template <>
void lift<Insn::kSliScalar>(Lift& c, Enc<Insn::kSliScalar> e) {
  shift_insert(c, e, true);
}
template <>
void lift<Insn::kSriScalar>(Lift& c, Enc<Insn::kSriScalar> e) {
  shift_insert(c, e, false);
}
template <>
void lift<Insn::kSshll>(Lift& c, Enc<Insn::kSshll> e) {
  shift_long(c, e, true);
}
template <>
void lift<Insn::kUshll>(Lift& c, Enc<Insn::kUshll> e) {
  shift_long(c, e, false);
}
template <>
void lift<Insn::kShrn>(Lift& c, Enc<Insn::kShrn> e) {
  const ShiftImm s = shift_imm(e.get<'i'>());
  put_narrow(c, e.get<'q'>(), e.get<'d'>(),
             c.b.vconvert(Op::kVNarrow, Type::kV64,
                          shift_right(c, c.v(e.get<'n'>()), s.size + 1, s.right, false), s.size));
}
// ---- permutations
template <>
void lift<Insn::kZip1>(Lift& c, Enc<Insn::kZip1> e) {
  binary_op(c, e, Op::kVZip1);
}
template <>
void lift<Insn::kZip2>(Lift& c, Enc<Insn::kZip2> e) {
  binary_op(c, e, Op::kVZip2);
}
template <>
void lift<Insn::kUzp1>(Lift& c, Enc<Insn::kUzp1> e) {
  binary_op(c, e, Op::kVUzp1);
}
template <>
void lift<Insn::kUzp2>(Lift& c, Enc<Insn::kUzp2> e) {
  binary_op(c, e, Op::kVUzp2);
}
template <>
void lift<Insn::kTrn1>(Lift& c, Enc<Insn::kTrn1> e) {
  transpose(c, e, false);
}
template <>
void lift<Insn::kTrn2>(Lift& c, Enc<Insn::kTrn2> e) {
  transpose(c, e, true);
}
// ---- immediates
template <>
void lift<Insn::kVecImm>(Lift& c, Enc<Insn::kVecImm> e) {
  const unsigned cmode = e.get<'c'>(), d = e.get<'d'>();
  const bool op = e.get<'o'>(), q = e.get<'q'>();
  const uint64_t imm = expand_immediate(cmode, op, e.get<'h'>() << 5 | e.get<'l'>());
  const Value k = c.b.vconst(c.vtype(q), imm);
  const bool modifies = cmode < 12 && (cmode & 1);
  if (modifies) {
    const Value old = c.vq(q, d);
    c.put_v(d, op ? andnot(c, old, k) : vor(c, old, k));
  } else {
    c.put_v(d, op && cmode < 14 ? c.b.vconst(c.vtype(q), ~imm) : k);
  }
}

// ---- copies
template <>
void lift<Insn::kDupElem>(Lift& c, Enc<Insn::kDupElem> e) {
  const unsigned i = e.get<'i'>(), size = copy_size(i);
  c.put_v(e.get<'d'>(), c.b.vsplat(c.vtype(e.get<'q'>()), c.v(e.get<'n'>()), size, i >> (size + 1)));
}
template <>
void lift<Insn::kDupGen>(Lift& c, Enc<Insn::kDupGen> e) {
  const unsigned size = copy_size(e.get<'i'>());
  c.put_v(e.get<'d'>(), c.b.vdup(c.vtype(e.get<'q'>()), c.r(size == 3, e.get<'n'>()), size));
}
template <>
void lift<Insn::kDupScalar>(Lift& c, Enc<Insn::kDupScalar> e) {
  const unsigned i = e.get<'i'>(), size = copy_size(i);
  const Value n = c.v(e.get<'n'>());
  const unsigned index = i >> (size + 1);
  const Value v = index == 0 ? n : c.b.vsplat(Type::kV64, n, size, index);
  c.put_v(e.get<'d'>(), lowest_lane(c, v, size));
}
template <>
void lift<Insn::kSmovW>(Lift& c, Enc<Insn::kSmovW> e) {
  c.put(e.get<'d'>(), signed_lane(c, e.get<'i'>(), e.get<'n'>(), false));
}
template <>
void lift<Insn::kSmovX>(Lift& c, Enc<Insn::kSmovX> e) {
  c.put(e.get<'d'>(), signed_lane(c, e.get<'i'>(), e.get<'n'>(), true));
}
template <>
void lift<Insn::kUmovW>(Lift& c, Enc<Insn::kUmovW> e) {
  const unsigned i = e.get<'i'>(), size = copy_size(i);
  c.put(e.get<'d'>(), c.lane(e.get<'n'>(), size, i >> (size + 1)));
}
template <>
void lift<Insn::kUmovX>(Lift& c, Enc<Insn::kUmovX> e) {
  c.put(e.get<'d'>(), c.lane(e.get<'n'>(), 3, e.get<'i'>()));
}
template <>
void lift<Insn::kInsGen>(Lift& c, Enc<Insn::kInsGen> e) {
  const unsigned i = e.get<'i'>(), size = copy_size(i), d = e.get<'d'>();
  c.put_v(d, c.b.vinsert(c.v(d), c.r(size == 3, e.get<'n'>()), size, i >> (size + 1)));
}
template <>
void lift<Insn::kInsElem>(Lift& c, Enc<Insn::kInsElem> e) {
  const unsigned i = e.get<'i'>(), size = copy_size(i), d = e.get<'d'>();
  const unsigned from = e.get<'j'>() >> size, to = i >> (size + 1);
  if (size == 3) {
    const Value n = from ? high_half(c, c.v(e.get<'n'>())) : c.v64(e.get<'n'>());
    return c.put_v(d, to ? c.b.vpair(c.v64(d), n) : c.b.vpair(n, high_half(c, c.v(d))));
  }
  c.put_v(d, c.b.vinsert(c.v(d), c.lane(e.get<'n'>(), size, from), size, to));
}
template <>
void lift<Insn::kExtV>(Lift& c, Enc<Insn::kExtV> e) {
  const bool q = e.get<'q'>();
  c.put_v(e.get<'d'>(),
          c.b.vbinary(Op::kVExt, c.vq(q, e.get<'n'>()), c.vq(q, e.get<'m'>()), 0, e.get<'i'>()));
}

}  // namespace xarch::arm
