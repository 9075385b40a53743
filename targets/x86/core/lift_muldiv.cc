// Products and quotients.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

Value extended(Lift& c, bool sign, Value v, Type t) { return sign ? c.b.sext(v, t) : c.b.zext(v, t); }

// rDX:rAX, or AX, := rAX times the operand.
void product(Lift& c, bool sign) {
  const unsigned bytes = c.operand(0).bytes, bits = bytes * 8;
  const Value s = c.read(0), a = c.gpr(kRax, bytes);
  const Type t = a.type;
  Value lo, hi;
  if (bytes == 8) {
    lo = c.b.mul(a, s);
    hi = c.b.binary(sign ? Op::kMulHiS : Op::kMulHiU, a, s);
  } else {
    const Type twice = bytes == 4 ? Type::kI64 : Type::kI32;
    const Value p = c.b.mul(extended(c, sign, a, twice), extended(c, sign, s, twice));
    lo = c.b.trunc(p, t);
    hi = c.b.trunc(c.b.shr_u(p, bits), t);
  }
  const Value expected = sign ? c.b.shr_s(lo, bits - 1) : c.constant(t, 0);
  const Value overflow = c.b.cmp(Cond::kNe, hi, expected);
  if (bytes == 1) {
    c.put_gpr(kRax, c.b.or_(c.b.zext(lo, Type::kI16), c.b.shl(c.b.zext(hi, Type::kI16), 8)));
  } else {
    c.put_gpr(kRax, lo);
    c.put_gpr(kRdx, hi);
  }
  c.put_overflow(overflow);
}

// Two or three operands: the low half alone.
void short_product(Lift& c) {
  const Operand to = c.operand(0);
  const bool three = c.row().forms[2].kind != Kind::kNone;
  const Value a = three ? c.read(1) : c.read(0);
  const Value s = three ? c.read(2, to.bytes) : c.read(1);
  Value r, overflow;
  if (to.bytes == 8) {
    r = c.b.mul(a, s);
    overflow = c.b.cmp(Cond::kNe, c.b.binary(Op::kMulHiS, a, s), c.b.shr_s(r, 63));
  } else {
    const Type twice = to.bytes == 4 ? Type::kI64 : Type::kI32;
    // Apart from the result, so that nothing of it is left where nobody looks at the flags.
    const Value p = c.b.mul(c.b.sext(a, twice), c.b.sext(s, twice));
    r = c.b.mul(a, s);
    overflow = c.b.cmp(Cond::kNe, c.b.sext(r, twice), p);
  }
  c.write(to, r);
  c.put_overflow(overflow);
}

// What remains of n, by being what it was divided by: cheaper than another division.
Value remainder(Lift& c, Value n, Value q, Value by) { return c.b.sub(n, c.b.mul(q, by)); }

// Is it known that the upper half of the dividend says nothing, because CWD or an XOR has just written it?
bool upper_half_is_plain(Lift& c, bool sign, unsigned bytes) {
  const Value lo = c.gpr(kRax, bytes), hi = c.gpr(kRdx, bytes);
  uint64_t known;
  if (!sign) return c.b.is_const(hi, &known) && known == 0;
  const ir::Inst& i = c.b.region().insts[hi.id];
  return i.op == Op::kShrS && i.args[0] == lo.id && c.b.is_const({i.args[1], hi.type}, &known) &&
         known == bytes * 8u - 1;
}

// The lower half alone by the operand.
void plain_quotient(Lift& c, bool sign, unsigned bytes) {
  const Type t = Lift::type(bytes);
  const bool memory = c.operand(0).type == Operand::kMemory;
  const uint32_t tmp = memory ? c.b.new_temp(t) : 0;
  {
    const Value by = c.read(0);
    if (memory) c.b.put_tmp(tmp, by);
    c.raise_if(c.b.cmp(Cond::kEq, by, c.constant(t, 0)), kRaiseDivide);
  }
  const auto divisor = [&] { return memory ? c.b.get_tmp(tmp) : c.read(0); };
  if (sign) {  // the lowest number by -1
    const Value lowest = c.constant(t, uint64_t{1} << (bytes * 8 - 1));
    const Value other = c.b.or_(c.b.xor_(c.gpr(kRax, bytes), lowest), c.b.not_(divisor()));
    c.raise_if(c.b.cmp(Cond::kEq, other, c.constant(t, 0)), kRaiseDivide);
  }
  const Value by = divisor(), n = c.gpr(kRax, bytes);
  const Value q = c.b.binary(sign ? Op::kDivS : Op::kDivU, n, by);
  const Value r = remainder(c, n, q, by);
  c.put_gpr(kRax, q);
  c.put_gpr(kRdx, r);
}

// Dividends of up to 64 bits: done in `twice`, and looked at whether the quotient fits.
void quotient(Lift& c, bool sign, unsigned bytes) {
  const unsigned bits = bytes * 8;
  const Type t = Lift::type(bytes), twice = bytes == 4 ? Type::kI64 : Type::kI32;
  const Value s = c.read(0);
  const Value by = extended(c, sign, s, twice);
  Value n;
  if (bytes == 1) {
    n = extended(c, sign, c.gpr(kRax, 2), twice);
  } else {
    const Value lo = c.b.zext(c.gpr(kRax, bytes), twice), hi = c.b.zext(c.gpr(kRdx, bytes), twice);
    n = c.b.or_(c.b.shl(hi, bits), lo);
  }
  const Value q = c.b.binary(sign ? Op::kDivS : Op::kDivU, n, by);
  const Value r = remainder(c, n, q, by);
  const Value small = c.b.trunc(q, t);
  const Value overflow = c.b.cmp(Cond::kNe, extended(c, sign, small, twice), q);
  const Value zero = c.b.cmp(Cond::kEq, by, c.constant(twice, 0));
  const uint32_t q_tmp = c.b.new_temp(t), r_tmp = c.b.new_temp(t);
  c.b.put_tmp(q_tmp, small);
  c.b.put_tmp(r_tmp, c.b.trunc(r, t));
  c.raise_if(c.b.or_(overflow, zero), kRaiseDivide);
  const Value quot = c.b.get_tmp(q_tmp), rem = c.b.get_tmp(r_tmp);
  if (bytes == 1) {
    const Value ax = c.b.or_(c.b.zext(quot, Type::kI16), c.b.shl(c.b.zext(rem, Type::kI16), 8));
    return c.put_gpr(kRax, ax);
  }
  c.put_gpr(kRax, quot);
  c.put_gpr(kRdx, rem);
}

// 128 by 64 bits. The upper half is zero, or the lower one's sign, in all code that compilers make; helpers
// do the rest.
void long_quotient(Lift& c, bool sign) {
  const uint32_t by_tmp = c.b.new_temp(Type::kI64);
  const ir::BlockId slow = c.b.new_block(), fast = c.b.new_block(), done = c.b.new_block();
  {
    const Value by = c.read(0);
    c.b.put_tmp(by_tmp, by);
    const Value lo = c.gpr64(kRax), hi = c.gpr64(kRdx);
    Value plain = c.b.cmp(Cond::kEq, hi, sign ? c.b.shr_s(lo, 63) : c.b.i64(0));
    // The lowest number by -1 overflows: the slow way finds that.
    if (sign) plain = c.b.and_(plain, c.b.cmp(Cond::kNe, by, c.b.i64(~uint64_t{0})));
    plain = c.b.and_(plain, c.b.cmp(Cond::kNe, by, c.b.i64(0)));
    c.b.cond_br(plain, fast, slow);
  }
  c.b.start_block(fast);
  {
    const Value by = c.b.get_tmp(by_tmp), lo = c.gpr64(kRax);
    const Value q = c.b.binary(sign ? Op::kDivS : Op::kDivU, lo, by);
    const Value r = remainder(c, lo, q, by);
    c.put_gpr(kRax, q);
    c.put_gpr(kRdx, r);
    c.b.br(done);
  }
  c.b.start_block(slow);
  {
    const Value by = c.b.get_tmp(by_tmp);
    const Value overflow =
        sign
            ? c.b.trunc(c.b.call(kDivideOverflows, Type::kI32, {c.gpr64(kRdx), c.gpr64(kRax), by}), Type::kI1)
            : c.b.cmp(Cond::kUle, by, c.gpr64(kRdx));
    c.raise_if(overflow, kRaiseDivide);
    const Value d = c.b.get_tmp(by_tmp), lo = c.gpr64(kRax), hi = c.gpr64(kRdx);
    const Value q = c.b.call(sign ? kDivideS : kDivideU, Type::kI64, {hi, lo, d});
    const Value r = c.b.call(sign ? kRemainderS : kRemainderU, Type::kI64, {hi, lo, d});
    c.put_gpr(kRax, q);
    c.put_gpr(kRdx, r);
    c.b.br(done);
  }
  c.b.start_block(done);
}

void divide(Lift& c, bool sign) {
  const unsigned bytes = c.operand(0).bytes;
  if (bytes >= 4 && upper_half_is_plain(c, sign, bytes)) return plain_quotient(c, sign, bytes);
  if (bytes == 8) return long_quotient(c, sign);
  quotient(c, sign, bytes);
}

}  // namespace

void lift_mul(Lift& c) { product(c, false); }

void lift_imul(Lift& c) {
  if (c.row().forms[1].kind == Kind::kNone) return product(c, true);
  short_product(c);
}

void lift_div(Lift& c) { divide(c, false); }
void lift_idiv(Lift& c) { divide(c, true); }

// The low half first: of one register twice the high half stays.
void lift_mulx(Lift& c) {
  const Operand hi_reg = c.operand(0), lo_reg = c.operand(1);
  const Value a = c.gpr(kRdx, hi_reg.bytes), s = c.read(2);
  Value lo, hi;
  if (hi_reg.bytes == 8) {
    lo = c.b.mul(a, s);
    hi = c.b.binary(Op::kMulHiU, a, s);
  } else {
    const Value p = c.b.mul(c.b.zext(a, Type::kI64), c.b.zext(s, Type::kI64));
    lo = c.b.trunc(p, Type::kI32);
    hi = c.b.trunc(c.b.shr_u(p, 32), Type::kI32);
  }
  c.write(lo_reg, lo);
  c.write(hi_reg, hi);
}

}  // namespace xarch::x86
