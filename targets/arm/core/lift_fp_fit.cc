// Conversions to what fits an integer: FJCVTZS (to integers as JavaScript does), FRINT32 and FRINT64.
#include "targets/arm/core/lift_fp.h"

namespace xarch::arm {

namespace {

void raise_invalid(Lift& c, Value if_one) {
  c.b.put(kSlotFpsr, c.b.or_(c.b.get(kSlotFpsr), c.b.zext(if_one, Type::kI64)));  // IOC is bit 0
}

constexpr unsigned kFraction = 52;
constexpr uint64_t kUnit = uint64_t{1} << kFraction;

// A double of 2^31 and more, an infinity or a NaN, toward zero modulo 2^32.
Value wrapped(Lift& c, Value bits) {
  constexpr uint64_t kWhole = 1023 + kFraction;  // exponent of numbers whose last bit is worth one
  const Value exponent = c.b.extract_u(bits, kFraction, 11);
  const Value significand = c.b.or_(c.b.extract_u(bits, 0, kFraction), c.b.i64(kUnit));
  const Value left = c.b.sub(exponent, c.b.i64(kWhole)), right = c.b.neg(left);
  const Value shifted = c.b.select(c.b.cmp(ir::Cond::kUlt, left, c.b.i64(32)),
                                   c.b.binary(Op::kShl, significand, c.b.and_(left, 31)), c.b.i64(0));
  const Value magnitude = c.b.select(c.b.cmp(ir::Cond::kSlt, left, c.b.i64(0)),
                                     c.b.binary(Op::kShrU, significand, c.b.and_(right, 31)), shifted);
  const Value sign = c.b.shr_s(bits, 63);
  return c.b.trunc(c.b.sub(c.b.xor_(magnitude, sign), sign), Type::kI32);
}

// FJCVTZS of what fits: Z says that nothing was lost, not the sign of -0 either.
void convert_fitting(Lift& c, unsigned d, unsigned n) {
  const Value integer = c.b.fto_int(Type::kI32, fp_scalar(c, true, n), FpRound::kZero, false);
  const Value back = c.b.bitcast(c.b.ffrom_int(Type::kF64, integer, false), Type::kI64);
  const Value same = c.b.cmp(ir::Cond::kEq, back, c.lane(n, 3, 0)), no = c.b.i1(false);
  c.put_flags(c.b.flags_pack(no, same, no, no));
  c.put(d, integer);
}

// v's lanes rounded to integral numbers that fit 32 or 64 bits; all else gives the most negative integer and
// is Invalid, and Inexact only what fits. Scalars have zeros above.
Value round_to_fit(Lift& c, Value v, unsigned size, FpRound r, unsigned bits) {
  const uint64_t sign = uint64_t{1} << (size == 3 ? 63 : 31);
  const uint64_t top = power_of_two(size == 3, static_cast<int>(bits) - 1);
  const Value rounded = c.b.fround(v, r, false, size);
  const Value magnitude = vand(c, rounded, splat(c, v.type, size, sign - 1));
  const Value too_large = c.b.vbinary(Op::kVCmpGtS, magnitude, splat(c, v.type, size, top - 1), size);
  const Value lowest = splat(c, v.type, size, sign | top);
  const Value fits = vor(c, c.b.vbinary(Op::kVCmpEq, rounded, lowest, size), vnot(c, too_large));
  raise_invalid(c, c.b.vany(vnot(c, fits)));
  return merge(c, fits, c.b.fround(vand(c, v, fits), r, true, size), lowest);
}

}  // namespace

template <>
void lift<Insn::kFjcvtzs>(Lift& c, Enc<Insn::kFjcvtzs> e) {
  constexpr uint64_t kMinusTop = 0xc1e0000000000000, kNext = 0xc1e0000000200000;  // -2^31, -2^31 - 1
  const unsigned d = e.get<'d'>(), n = e.get<'n'>();
  const ir::BlockId small = c.b.new_block(), large = c.b.new_block(), lowest = c.b.new_block();
  const ir::BlockId wraps = c.b.new_block(), join = c.b.new_block();
  const auto number = [&] { return c.lane(n, 3, 0); };
  c.b.cond_br(c.b.cmp(ir::Cond::kUge, c.b.extract_u(number(), kFraction, 11), c.b.i64(1023 + 31)), large,
              small);
  c.b.start_block(small);
  convert_fitting(c, d, n);
  c.b.br(join);
  c.b.start_block(large);
  c.b.cond_br(c.b.cmp(ir::Cond::kUlt, c.b.sub(number(), c.b.i64(kMinusTop)), c.b.i64(kNext - kMinusTop)),
              lowest, wraps);
  c.b.start_block(wraps);
  raise_invalid(c, c.b.i1(true));
  c.put_flags(c.flags_imm(0));
  c.put(d, wrapped(c, number()));
  c.b.br(join);
  c.b.start_block(lowest);
  convert_fitting(c, d, n);
  c.b.br(join);
  c.b.start_block(join);
}

// o: 32 toward zero, 32, 64 toward zero, 64 bits; the vector form has the lower bit in u.
template <>
void lift<Insn::kFrintSizeF>(Lift& c, Enc<Insn::kFrintSizeF> e) {
  const unsigned how = e.get<'o'>();
  const Value n = c.b.fwiden(Type::kV128, fp_scalar(c, e.get<'k'>(), e.get<'n'>()));
  c.put_v(e.get<'d'>(), round_to_fit(c, n, e.get<'k'>() ? 3 : 2, how & 1 ? FpRound::kCurrent : FpRound::kZero,
                                     how & 2 ? 64 : 32));
}
template <>
void lift<Insn::kFrintSizeV>(Lift& c, Enc<Insn::kFrintSizeV> e) {
  c.put_v(e.get<'d'>(),
          round_to_fit(c, c.vq(e.get<'q'>(), e.get<'n'>()), e.get<'z'>() ? 3 : 2,
                       e.get<'u'>() ? FpRound::kCurrent : FpRound::kZero, e.get<'o'>() ? 64 : 32));
}

}  // namespace xarch::arm
