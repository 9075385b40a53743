// Sums, logic, comparisons, exchange-and-add, compare-and-swap.
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::FlagCond;
using ir::Op;
using ir::RmwOp;
using ir::Type;
using ir::Value;

namespace {

enum class Alu : uint8_t { kAdd, kOr, kAdc, kSbb, kAnd, kSub, kXor, kCmp, kTest };

Value compute(Lift& c, Alu op, Value a, Value s, Value carry) {
  switch (op) {
    case Alu::kAdd: return c.b.add(a, s);
    case Alu::kOr: return c.b.or_(a, s);
    case Alu::kAdc: return c.b.adc(a, s, carry);
    case Alu::kSbb: return c.b.sbb(a, s, carry);
    case Alu::kAnd:
    case Alu::kTest: return c.b.and_(a, s);
    case Alu::kXor: return c.b.xor_(a, s);
    default: return c.b.sub(a, s);
  }
}

Value flags_of(Lift& c, Alu op, Value a, Value s, Value carry, Value result) {
  switch (op) {
    case Alu::kAdd: return c.b.flags_add(a, s);
    case Alu::kAdc: return c.b.flags_adc(a, s, carry);
    case Alu::kSbb: return c.b.flags_sbb(a, s, carry, false);
    case Alu::kSub:
    case Alu::kCmp: return c.b.flags_sub(a, s, false);
    default: return c.b.flags_logic(result);
  }
}

// LOCK with a destination in memory: what was there before.
Value locked(Lift& c, Alu op, const Address& at, Value s, Value carry) {
  const ir::MemDesc d = c.atomic(ir::type_bytes(s.type));
  switch (op) {
    case Alu::kAdd: return c.b.rmw(RmwOp::kAdd, at.base, s, d, at.disp);
    case Alu::kAdc: return c.b.rmw(RmwOp::kAdd, at.base, c.b.add(s, c.b.zext(carry, s.type)), d, at.disp);
    case Alu::kSbb:
      return c.b.rmw(RmwOp::kAdd, at.base, c.b.neg(c.b.add(s, c.b.zext(carry, s.type))), d, at.disp);
    case Alu::kOr: return c.b.rmw(RmwOp::kOr, at.base, s, d, at.disp);
    case Alu::kAnd: return c.b.rmw(RmwOp::kAnd, at.base, s, d, at.disp);
    case Alu::kXor: return c.b.rmw(RmwOp::kXor, at.base, s, d, at.disp);
    default: return c.b.rmw(RmwOp::kAdd, at.base, c.b.neg(s), d, at.disp);
  }
}

void alu(Lift& c, Alu op) {
  const Operand to = c.operand(0);
  const bool has_carry = op == Alu::kAdc || op == Alu::kSbb, writes = op != Alu::kCmp && op != Alu::kTest;
  // Next to where it is used.
  const auto carry_in = [&] { return has_carry ? c.carry() : Value{}; };
  const Value s = c.read(1, to.bytes);
  if (to.type == Operand::kMemory && writes) {
    const Address at = c.address();
    if (c.i.has(kPrefixLock)) {
      const Value carry = carry_in();
      const Value a = locked(c, op, at, s, carry);
      const Value r = compute(c, op, a, s, carry);
      return c.put_flags(flags_of(c, op, a, s, carry, r));
    }
    const Value a = c.load(at, to.bytes);
    const Value carry = carry_in();
    const Value r = compute(c, op, a, s, carry);
    const Value f = flags_of(c, op, a, s, carry, r);
    c.store(at, r);
    return c.put_flags(f);
  }
  const Value a = c.read(to);
  const Value carry = carry_in();
  const bool only_flags = op == Alu::kCmp;
  const Value r = only_flags ? Value{} : compute(c, op, a, s, carry);
  const Value f = flags_of(c, op, a, s, carry, r);
  if (writes) c.write(to, r);
  c.put_flags(f);
}

// One operand, with the flags of `flags` (none: they stay).
template <typename Compute>
void unary(Lift& c, Compute compute) {
  const Operand to = c.operand(0);
  if (to.type != Operand::kMemory) {
    const Value a = c.read(to);
    Value f;
    c.write(to, compute(a, &f));
    if (f) c.put_flags(f);
    return;
  }
  const Address at = c.address();
  const Value a = c.load(at, to.bytes);
  Value f;
  c.store(at, compute(a, &f));
  if (f) c.put_flags(f);
}

void step(Lift& c, bool up) {
  const auto flags = [&](Value a, Value one, Value carry) {
    return c.b.flags_set(up ? c.b.flags_add(a, one) : c.b.flags_sub(a, one, false), ir::kFlagC, carry);
  };
  const Operand to = c.operand(0);
  if (c.i.has(kPrefixLock)) {
    const Address at = c.address();
    const Value a = c.b.rmw(RmwOp::kAdd, at.base, c.constant(Lift::type(to.bytes), up ? 1 : ~uint64_t{0}),
                            c.atomic(to.bytes), at.disp);
    const Value carry = c.carry();
    return c.put_flags(flags(a, c.constant(a.type, 1), carry));
  }
  unary(c, [&](Value a, Value* f) {
    const Value one = c.constant(a.type, 1);
    const Value carry = c.carry();
    const Value r = up ? c.b.add(a, one) : c.b.sub(a, one);
    *f = flags(a, one, carry);
    return r;
  });
}

// LOCK NEG: by compare-and-swap until it holds.
void locked_neg(Lift& c) {
  const unsigned bytes = c.operand(0).bytes;
  const ir::BlockId again = c.b.new_block(), done = c.b.new_block();
  const uint32_t old = c.b.new_temp(Lift::type(bytes));
  c.b.br(again);
  c.b.start_block(again);
  const Address at = c.address();
  const Value seen = c.load(at, bytes);
  const Value was = c.b.cas(at.base, seen, c.b.neg(seen), c.atomic(bytes), at.disp);
  c.b.put_tmp(old, was);
  c.b.poll(c.here);
  c.b.cond_br(c.b.cmp(Cond::kEq, c.b.get_tmp(old), seen), done, again);
  c.b.start_block(done);
  c.put_flags(c.b.flags_sub(c.constant(Lift::type(bytes), 0), c.b.get_tmp(old), false));
}

// ADCX, ADOX: one flag in and out.
void add_with(Lift& c, FlagCond in, ir::FlagBits out) {
  const Value carry = c.b.flags_test(c.flags(), in);
  const Value s = c.read(1), a = c.read(0);
  const Value r = c.b.adc(a, s, carry);
  const Value f = c.b.flags_test(c.b.flags_adc(a, s, carry), FlagCond::kC);
  const Value old = c.flags();
  c.write(0, r);
  c.put_flags(c.b.flags_set(old, out, f));
}

// CMPXCHG8B and 16B: halves of `bytes` in rDX:rAX and rCX:rBX.
void compare_pair(Lift& c, unsigned bytes) {
  const Address at = c.address();
  const Type half = Lift::type(bytes), whole = bytes == 8 ? Type::kI128 : Type::kI64;
  const auto join = [&](unsigned lo, unsigned hi) {
    if (bytes == 8) return c.b.pair(c.gpr64(lo), c.gpr64(hi));
    return c.b.or_(c.b.zext(c.gpr(lo, 4), whole), c.b.shl(c.gpr64(hi), 32));
  };
  ir::MemDesc d = c.atomic(bytes * 2);
  if (bytes == 8) d.align = 4;
  const Value old = c.b.cas(at.base, join(kRax, kRdx), join(kRbx, kRcx), d, at.disp);
  const Value lo = bytes == 8 ? c.b.lo(old) : c.b.trunc(old, half);
  const Value hi = bytes == 8 ? c.b.hi(old) : c.b.trunc(c.b.shr_u(old, 32), half);
  const Value a = c.gpr(kRax, bytes), d_ = c.gpr(kRdx, bytes);
  const Value differs = c.b.or_(c.b.xor_(lo, a), c.b.xor_(hi, d_));
  const Value equal = c.b.cmp(Cond::kEq, differs, c.constant(half, 0));
  const Value wide_lo = c.b.select(equal, c.gpr64(kRax), c.b.zext(lo, Type::kI64));
  const Value wide_hi = c.b.select(equal, c.gpr64(kRdx), c.b.zext(hi, Type::kI64));
  const Value f = c.b.flags_set(c.flags(), ir::kFlagZ, equal);
  c.b.put(kSlotRax, wide_lo);
  c.b.put(kSlotRdx, wide_hi);
  c.put_flags(f);
}

}  // namespace

void lift_add(Lift& c) { alu(c, Alu::kAdd); }
void lift_or(Lift& c) { alu(c, Alu::kOr); }
void lift_adc(Lift& c) { alu(c, Alu::kAdc); }
void lift_sbb(Lift& c) { alu(c, Alu::kSbb); }
void lift_and(Lift& c) { alu(c, Alu::kAnd); }
void lift_sub(Lift& c) { alu(c, Alu::kSub); }
void lift_xor(Lift& c) { alu(c, Alu::kXor); }
void lift_cmp(Lift& c) { alu(c, Alu::kCmp); }
void lift_test(Lift& c) { alu(c, Alu::kTest); }
void lift_inc(Lift& c) { step(c, true); }
void lift_dec(Lift& c) { step(c, false); }

void lift_neg(Lift& c) {
  if (c.i.has(kPrefixLock)) return locked_neg(c);
  unary(c, [&](Value a, Value* f) {
    *f = c.b.flags_sub(c.constant(a.type, 0), a, false);
    return c.b.neg(a);
  });
}

void lift_not(Lift& c) {
  if (c.i.has(kPrefixLock)) {
    const Address at = c.address();
    const unsigned bytes = c.operand(0).bytes;
    c.b.rmw(RmwOp::kXor, at.base, c.constant(Lift::type(bytes), ~uint64_t{0}), c.atomic(bytes), at.disp);
    return;
  }
  unary(c, [&](Value a, Value*) { return c.b.not_(a); });
}

void lift_adcx(Lift& c) { add_with(c, FlagCond::kC, ir::kFlagC); }
void lift_adox(Lift& c) { add_with(c, FlagCond::kV, ir::kFlagV); }

void lift_xadd(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  const Value s = c.read(from);
  Value old;
  if (to.type == Operand::kMemory) {
    const Address at = c.address();
    if (c.i.has(kPrefixLock)) {
      old = c.b.rmw(RmwOp::kAdd, at.base, s, c.atomic(to.bytes), at.disp);
    } else {
      old = c.load(at, to.bytes);
      c.store(at, c.b.add(old, s));
    }
    c.write(from, old);
  } else {
    old = c.read(to);
    const Value sum = c.b.add(old, s);
    c.write(from, old);
    c.write(to, sum);  // last: of one register with itself the sum stays
  }
  c.put_flags(c.b.flags_add(old, s));
}

// A 32-bit accumulator keeps its upper half if it was equal.
void lift_cmpxchg(Lift& c) {
  const Operand to = c.operand(0);
  const Value s = c.read(1), expected = c.gpr(kRax, to.bytes);
  Value old;
  if (to.type == Operand::kMemory) {
    const Address at = c.address();
    old = c.b.cas(at.base, expected, s, c.atomic(to.bytes), at.disp);
  } else {
    old = c.read(to);
  }
  const Value equal = c.b.cmp(Cond::kEq, old, expected);
  const Value f = c.b.flags_sub(expected, old, false);
  const Value rax = c.gpr64(kRax);
  const Value wide = c.b.zext(old, Type::kI64);
  const Value changed = to.bytes >= 4 ? wide : c.b.deposit(rax, wide, 0, to.bytes * 8u);
  c.b.put(kSlotRax, c.b.select(equal, rax, changed));
  if (to.type != Operand::kMemory) {
    // Read again: the destination may be the accumulator. If they differ, nothing at all is written.
    if (to.bytes == 4) {
      const Value whole = c.gpr64(to.reg);
      c.b.put(kGprSlot[to.reg], c.b.select(equal, c.b.zext(s, Type::kI64), whole));
    } else {
      c.write(to, c.b.select(equal, s, to.type == Operand::kGpr ? c.gpr(to.reg, to.bytes) : c.read(to)));
    }
  }
  c.put_flags(f);
}

void lift_cmpxchg8b(Lift& c) { compare_pair(c, 4); }
void lift_cmpxchg16b(Lift& c) { compare_pair(c, 8); }

}  // namespace xarch::x86
