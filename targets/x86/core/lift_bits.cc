// Single bits, searches, counts, BMI, CRC.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::FlagCond;
using ir::Op;
using ir::RmwOp;
using ir::Type;
using ir::Value;

namespace {

enum class Change : uint8_t { kNone, kSet, kReset, kComplement };

Value changed(Lift& c, Change how, Value v, Value bit) {
  switch (how) {
    case Change::kSet: return c.b.or_(v, bit);
    case Change::kReset: return c.b.binary(Op::kAndNot, v, bit);
    default: return c.b.xor_(v, bit);
  }
}

void bit_test(Lift& c, Change how) {
  const Operand to = c.operand(0), by = c.operand(1);
  const Type t = Lift::type(to.bytes);
  const unsigned bits = to.bytes * 8u;
  Value n = by.type == Operand::kImmediate ? c.constant(t, by.imm & (bits - 1)) : c.read(by);
  Address at;
  Value v;
  if (to.type == Operand::kMemory) {
    at = c.address();
    if (by.type != Operand::kImmediate) {
      // A register counts bits from the address on, in both directions: by whole operands.
      const Value wide = t == Type::kI64 ? n : c.b.sext(n, Type::kI64);
      const unsigned shift = to.bytes == 2 ? 4 : to.bytes == 4 ? 5 : 6;
      const Value whole = c.b.shl(c.b.shr_s(wide, shift), shift - 3);
      if (c.i.address_bytes == 8) {
        at.base = c.b.add(at.base, whole);
      } else {
        const uint64_t mask = c.i.address_bytes == 4 ? 0xffffffffu : 0xffffu;
        at = {c.linear(c.b.and_(c.b.add(c.effective_address(), whole), mask), c.i.segment), 0};
      }
    }
  }
  n = c.b.and_(n, bits - 1);
  const Value bit = c.b.binary(Op::kShl, c.constant(t, 1), n);
  if (to.type != Operand::kMemory) {
    v = c.read(to);
  } else if (how != Change::kNone && c.i.has(kPrefixLock)) {
    const RmwOp op = how == Change::kSet ? RmwOp::kOr : how == Change::kReset ? RmwOp::kAndNot : RmwOp::kXor;
    v = c.b.rmw(op, at.base, bit, c.atomic(to.bytes), at.disp);
  } else {
    v = c.load(at, to.bytes);
    if (how != Change::kNone) c.store(at, changed(c, how, v, bit));
  }
  const Value f = c.b.flags_set(c.flags(), ir::kFlagC, c.b.test_nz(v, bit));
  if (to.type != Operand::kMemory && how != Change::kNone) c.write(to, changed(c, how, v, bit));
  c.put_flags(f);
}

// The lowest or highest set bit; without one the destination stays.
void search(Lift& c, bool up) {
  const Operand to = c.operand(0);
  const Value s = c.read(1), old = c.gpr64(to.reg);
  const Value none = c.b.cmp(Cond::kEq, s, c.constant(s.type, 0));
  const Type t = s.type == Type::kI64 ? Type::kI64 : Type::kI32;
  const Value wide = c.b.zext(s, t);
  const Value n = up ? c.b.unary(Op::kCtz, wide)
                     : c.b.sub(c.constant(t, ir::type_bits(t) - 1), c.b.unary(Op::kClz, wide));
  const Value found = c.b.trunc(n, s.type);
  const Value r = s.type == Type::kI16 ? c.b.deposit(old, c.b.zext(found, Type::kI64), 0, 16)
                                       : c.b.zext(found, Type::kI64);
  const Value f = c.b.flags_pack(c.b.i1(false), none, c.b.i1(false), c.b.i1(false));
  c.b.put(kGprSlot[to.reg], c.b.select(none, old, r));
  c.put_flags(f);
}

// LZCNT, TZCNT: the width for zero, which C says; Z of the result.
void count_zeros(Lift& c, bool up) {
  const Value s = c.read(1);
  const unsigned bits = ir::type_bits(s.type);
  const Type t = bits == 64 ? Type::kI64 : Type::kI32;
  const Value wide = c.b.zext(s, t);
  Value n;
  if (up) {
    n = c.b.unary(Op::kCtz, bits == 16 ? c.b.or_(wide, c.constant(t, 1u << 16)) : wide);
  } else {
    n = c.b.unary(Op::kClz, wide);
    if (bits == 16) n = c.b.add(n, -16);
  }
  const Value r = c.b.trunc(n, s.type);
  const Value none = c.b.cmp(Cond::kEq, s, c.constant(s.type, 0));
  const Value f =
      c.b.flags_pack(c.b.i1(false), c.b.cmp(Cond::kEq, r, c.constant(s.type, 0)), none, c.b.i1(false));
  c.write(0, r);
  c.put_flags(f);
}

void put_logic(Lift& c, Value r, Value carry) {
  const Value f = c.b.flags_set(c.b.flags_logic(r), ir::kFlagC, carry);
  c.write(0, r);
  c.put_flags(f);
}

Value is_zero(Lift& c, Value v) { return c.b.cmp(Cond::kEq, v, c.constant(v.type, 0)); }

void by_mask(Lift& c, const ir::HelperDesc& helper) {
  const Value a = c.read(1), mask = c.read(2);
  c.write(0, c.b.call(helper, a.type, {c.b.zext(a, Type::kI64), c.b.zext(mask, Type::kI64)}));
}

}  // namespace

void lift_bt(Lift& c) { bit_test(c, Change::kNone); }
void lift_bts(Lift& c) { bit_test(c, Change::kSet); }
void lift_btr(Lift& c) { bit_test(c, Change::kReset); }
void lift_btc(Lift& c) { bit_test(c, Change::kComplement); }
void lift_bsf(Lift& c) { search(c, true); }
void lift_bsr(Lift& c) { search(c, false); }
void lift_tzcnt(Lift& c) { count_zeros(c, true); }
void lift_lzcnt(Lift& c) { count_zeros(c, false); }

void lift_popcnt(Lift& c) {
  const Value s = c.read(1);
  const Type t = s.type == Type::kI64 ? Type::kI64 : Type::kI32;
  const Value r = c.b.trunc(c.b.unary(Op::kPopcnt, c.b.zext(s, t)), s.type);
  const Value f = c.b.flags_pack(c.b.i1(false), is_zero(c, s), c.b.i1(false), c.b.i1(false));
  c.write(0, r);
  c.put_flags(f);
}

void lift_andn(Lift& c) {
  const Value r = c.b.binary(Op::kAndNot, c.read(2), c.read(1));
  put_logic(c, r, c.b.i1(false));
}

// BLSR, BLSMSK, BLSI: /1 to /3.
void lift_bls(Lift& c) {
  const Value s = c.read(1);
  const Value less = c.b.add(s, -1);
  const Value zero = is_zero(c, s);
  switch (c.i.reg & 7) {
    case 1: return put_logic(c, c.b.and_(s, less), zero);
    case 2: return put_logic(c, c.b.xor_(s, less), zero);
    default: return put_logic(c, c.b.and_(s, c.b.neg(s)), c.b.not_(zero));
  }
}

void lift_bextr(Lift& c) {
  const Value s = c.read(1), how = c.read(2);
  const unsigned bits = ir::type_bits(s.type);
  const Value start = c.b.and_(how, 0xff), length = c.b.and_(c.b.shr_u(how, 8), 0xff);
  const Value zero = c.constant(s.type, 0), width = c.constant(s.type, bits);
  const Value moved = c.b.select(c.b.cmp(Cond::kUlt, start, width), c.b.binary(Op::kShrU, s, start), zero);
  const Value mask = c.b.add(c.b.binary(Op::kShl, c.constant(s.type, 1), length), -1);
  const Value r = c.b.select(c.b.cmp(Cond::kUlt, length, width), c.b.and_(moved, mask), moved);
  const Value f = c.b.flags_pack(c.b.i1(false), is_zero(c, r), c.b.i1(false), c.b.i1(false));
  c.write(0, r);
  c.put_flags(f);
}

void lift_bzhi(Lift& c) {
  const Value s = c.read(1), n = c.b.and_(c.read(2), 0xff);
  const unsigned bits = ir::type_bits(s.type);
  const Value all = c.b.cmp(Cond::kUge, n, c.constant(s.type, bits));
  const Value mask = c.b.add(c.b.binary(Op::kShl, c.constant(s.type, 1), n), -1);
  put_logic(c, c.b.select(all, s, c.b.and_(s, mask)), all);
}

void lift_pdep(Lift& c) { by_mask(c, kDeposit); }
void lift_pext(Lift& c) { by_mask(c, kExtract); }

void lift_crc32(Lift& c) {
  const Value s = c.read(1), sum = c.gpr64(c.operand(0).reg);
  const Value bytes = c.b.i64(ir::type_bytes(s.type));
  const Value r = c.b.call(kCrc32c, Type::kI32, {sum, c.b.zext(s, Type::kI64), bytes});
  c.put_gpr(c.operand(0).reg, r);
}

}  // namespace xarch::x86
