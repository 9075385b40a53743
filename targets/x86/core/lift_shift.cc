// Shifts and rotates.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::FlagCond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

// A count: how many bits, as far as it is known while lifting, and as a value of the type that is shifted.
struct Count {
  bool known = false;
  unsigned n = 0;
  Value v;
};

// Operand `at` as a count: its lowest five bits, six for 64-bit operands.
Count count(Lift& c, unsigned at, unsigned bytes, Type t) {
  const Operand o = c.operand(at);
  const unsigned mask = bytes == 8 ? 63 : 31;
  if (o.type == Operand::kImmediate) {
    const unsigned n = static_cast<unsigned>(o.imm) & mask;
    return {true, n, c.constant(t, n)};
  }
  const Value v = c.b.and_(c.gpr(kRcx, t == Type::kI64 ? 8 : 4), mask);
  return {false, 0, v};
}

// Puts new flags, unless the count is zero.
void put_flags(Lift& c, const Count& n, Value f) {
  if (!n.known) f = c.b.select(c.b.cmp(Cond::kEq, n.v, c.constant(n.v.type, 0)), c.flags(), f);
  c.put_flags(f);
}

// Stores a result and then flags; a[] was read from `to` at `at`.
struct Place {
  Operand to;
  Address at;
  Value value;
};
Place fetch(Lift& c) {
  Place p;
  p.to = c.operand(0);
  if (p.to.type != Operand::kMemory) {
    p.value = c.read(p.to);
  } else {
    p.at = c.address();
    p.value = c.load(p.at, p.to.bytes);
  }
  return p;
}
void put(Lift& c, const Place& p, Value v) {
  if (p.to.type == Operand::kMemory) return c.store(p.at, v);
  c.write(p.to, v);
}

enum class Kind3 : uint8_t { kShl, kShr, kSar };

// 8- and 16-bit operands are shifted as 32-bit ones, since counts go up to 31.
void shift(Lift& c, Kind3 kind) {
  const Place p = fetch(c);
  const unsigned bits = p.to.bytes * 8u;
  const Type t = bits == 64 ? Type::kI64 : Type::kI32;
  const Value a = bits >= 32 ? p.value : kind == Kind3::kSar ? c.b.sext(p.value, t) : c.b.zext(p.value, t);
  const Count n = count(c, 1, p.to.bytes, t);
  if (n.known && n.n == 0) return put(c, p, p.value);
  const Op op = kind == Kind3::kShl ? Op::kShl : kind == Kind3::kShr ? Op::kShrU : Op::kShrS;
  const Value wide = c.b.binary(op, a, n.v);
  const Value r = c.b.trunc(wide, p.value.type);
  // The last bit that went out.
  Value out;
  if (kind != Kind3::kShl) {
    out = c.b.trunc(c.b.binary(op, a, c.b.add(n.v, -1)), Type::kI1);
  } else if (bits < 32) {
    out = c.bit(wide, bits);
  } else {
    out = c.b.trunc(c.b.binary(Op::kShrU, a, c.b.sub(c.constant(t, bits), n.v)), Type::kI1);
  }
  Value f = c.b.flags_set(c.b.flags_logic(r), ir::kFlagC, out);
  // Overflow is defined for a count of one.
  if ((!n.known || n.n == 1) && kind != Kind3::kSar) {
    f = c.b.flags_set(f, ir::kFlagV, kind == Kind3::kShr ? c.msb(p.value) : c.b.xor_(out, c.msb(r)));
  }
  put(c, p, r);
  put_flags(c, n, f);
}

void rotate(Lift& c, bool left) {
  const Place p = fetch(c);
  const Type t = p.value.type;
  const unsigned bits = p.to.bytes * 8u;
  const Count n = count(c, 1, p.to.bytes, bits == 64 ? Type::kI64 : Type::kI32);
  if (n.known && n.n == 0) return put(c, p, p.value);
  const Value by = c.b.trunc(n.v, t);
  const Value r = c.b.binary(Op::kRotR, p.value, left ? c.b.neg(by) : by);
  const Value top = c.msb(r);
  const Value out = left ? c.b.trunc(r, Type::kI1) : top;
  Value f = c.b.flags_set(c.flags(), ir::kFlagC, out);
  if (!n.known || n.n == 1) {
    const Value v = left ? c.b.xor_(out, top) : c.b.xor_(top, c.bit(r, bits - 2));
    f = c.b.flags_set(f, ir::kFlagV, v);
  }
  put(c, p, r);
  put_flags(c, n, f);
}

// Through carry. Helpers do counts above one, which compilers do not make.
void rotate_carry(Lift& c, bool left) {
  const Place p = fetch(c);
  const Type t = p.value.type;
  const unsigned bits = p.to.bytes * 8u;
  const Count n = count(c, 1, p.to.bytes, bits == 64 ? Type::kI64 : Type::kI32);
  if (n.known && n.n == 0) return put(c, p, p.value);
  const Value carry = c.carry();
  Value r, out;
  if (n.known && n.n == 1) {
    r = left ? c.b.adc(p.value, p.value, carry)
             : c.b.or_(c.b.shr_u(p.value, 1), c.b.shl(c.b.zext(carry, t), bits - 1));
    out = left ? c.msb(p.value) : c.b.trunc(p.value, Type::kI1);
  } else {
    const Value a = c.b.zext(p.value, Type::kI64), by = c.b.zext(n.v, Type::kI64);
    const Value in = c.b.zext(carry, Type::kI64);
    const Value how = c.b.i64(bits | (left ? 256u : 0u));
    r = c.b.call(kRotateCarry, t, {a, by, in, how});
    out = c.b.trunc(c.b.call(kRotateCarryOut, Type::kI32, {a, by, in, how}), Type::kI1);
  }
  Value f = c.b.flags_set(c.flags(), ir::kFlagC, out);
  if (!n.known || n.n == 1) {
    const Value v = left ? c.b.xor_(out, c.msb(r)) : c.b.xor_(c.msb(r), c.bit(r, bits - 2));
    f = c.b.flags_set(f, ir::kFlagV, v);
  }
  put(c, p, r);
  put_flags(c, n, f);
}

// SHLD, SHRD. For 16 bits counts above 16 are undefined.
void double_shift(Lift& c, bool left) {
  const Place p = fetch(c);
  const Value s = c.read(1);
  const unsigned bits = p.to.bytes * 8u;
  const Type t = bits == 64 ? Type::kI64 : Type::kI32;
  const Count n = count(c, 2, p.to.bytes, t);
  if (n.known && n.n == 0) return put(c, p, p.value);
  Value r, out;
  if (bits == 16) {
    const Value hi = c.b.zext(left ? p.value : s, t), lo = c.b.zext(left ? s : p.value, t);
    const Value both = c.b.or_(c.b.shl(hi, 16), lo);
    const Value moved = c.b.binary(left ? Op::kShl : Op::kShrU, both, n.v);
    r = c.b.trunc(left ? c.b.shr_u(moved, 16) : moved, Type::kI16);
    const Value last =
        left ? c.b.binary(Op::kShl, both, c.b.add(n.v, -1)) : c.b.binary(Op::kShrU, both, c.b.add(n.v, -1));
    out = left ? c.msb(last) : c.b.trunc(last, Type::kI1);
  } else {
    const Op main = left ? Op::kShl : Op::kShrU, other = left ? Op::kShrU : Op::kShl;
    // The other part moves by width - n; in two steps, as n may be zero.
    const Value once = c.b.binary(other, s, c.constant(t, 1));
    const Value rest = c.b.binary(other, once, c.b.sub(c.constant(t, bits - 1), n.v));
    r = c.b.or_(c.b.binary(main, p.value, n.v), rest);
    const Value by = left ? c.b.sub(c.constant(t, bits), n.v) : c.b.add(n.v, -1);
    out = c.b.trunc(c.b.binary(Op::kShrU, p.value, by), Type::kI1);
  }
  Value f = c.b.flags_set(c.b.flags_logic(r), ir::kFlagC, out);
  if (!n.known || n.n == 1) f = c.b.flags_set(f, ir::kFlagV, c.b.xor_(c.msb(r), c.msb(p.value)));
  put(c, p, r);
  put_flags(c, n, f);
}

}  // namespace

void lift_shl(Lift& c) { shift(c, Kind3::kShl); }
void lift_shr(Lift& c) { shift(c, Kind3::kShr); }
void lift_sar(Lift& c) { shift(c, Kind3::kSar); }
void lift_rol(Lift& c) { rotate(c, true); }
void lift_ror(Lift& c) { rotate(c, false); }
void lift_rcl(Lift& c) { rotate_carry(c, true); }
void lift_rcr(Lift& c) { rotate_carry(c, false); }
void lift_shld(Lift& c) { double_shift(c, true); }
void lift_shrd(Lift& c) { double_shift(c, false); }

// SHLX, SHRX, SARX, RORX: no flags.
void lift_shlx(Lift& c) {
  const Value a = c.read(1);
  const Value by = c.read(2, c.operand(0).bytes);
  const std::string_view text = c.row().text;
  const Op op = text == "shlx"   ? Op::kShl
                : text == "shrx" ? Op::kShrU
                : text == "sarx" ? Op::kShrS
                                 : Op::kRotR;
  c.write(0, c.b.binary(op, a, by));
}

}  // namespace xarch::x86
