// Moves, extensions, the stack, flags as a register.
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

void extend(Lift& c, bool sign) {
  const Type t = Lift::type(c.operand(0).bytes);
  const Operand from = c.operand(1);
  if (from.type == Operand::kMemory && Lift::type(from.bytes) < t) {
    const Address at = c.address();
    ir::MemDesc d = c.desc(from.bytes, false);
    d.sign = sign;
    return c.write(0, c.b.load(t, at.base, d, at.disp));
  }
  Value v = c.read(from);
  if (v.type < t) v = sign ? c.b.sext(v, t) : c.b.zext(v, t);
  c.write(0, v);
}

Value swapped(Lift& c, Value v) { return c.b.unary(Op::kBswap, v); }

}  // namespace

void lift_mov(Lift& c) {
  for (const Form& f : c.row().forms) {
    if (f.kind == Kind::kS) return lift_mov_segment(c);
    if (f.kind == Kind::kC || f.kind == Kind::kD) return c.raise(kRaiseProtection);
  }
  c.write(0, c.read(1, c.operand(0).bytes));
}
void lift_movnti(Lift& c) { lift_mov(c); }
void lift_movzx(Lift& c) { extend(c, false); }
void lift_movsx(Lift& c) { extend(c, true); }

// Bits that are not written need not be computed.
void lift_lea(Lift& c) {
  const unsigned bytes = c.operand(0).bytes;
  if (bytes == 2 || c.i.address_bytes < bytes || c.i.base == kRip) {
    return c.write(0, c.b.trunc(c.effective_address(), Lift::type(bytes)));
  }
  Value v = c.constant(Lift::type(bytes), 0);
  if (c.i.base != kNoReg) v = c.gpr(c.i.base, bytes);
  if (c.i.index != kNoReg) v = c.b.add(v, c.b.shl(c.gpr(c.i.index, bytes), c.i.scale));
  c.write(0, c.b.add(v, int64_t{c.i.disp}));
}

// With memory it is locked always.
void lift_xchg(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  if (to.type == Operand::kMemory) {
    const Address at = c.address();
    return c.write(from, c.b.rmw(ir::RmwOp::kXchg, at.base, c.read(from), c.atomic(to.bytes), at.disp));
  }
  if (c.i.opcode == 0x90 && to.reg == from.reg) return;  // NOP leaves the upper half alone
  const Value a = c.read(to), s = c.read(from);
  c.write(to, s);
  c.write(from, a);
}

void lift_push(Lift& c) {
  if (c.operand(0).type == Operand::kSegment) return lift_push_segment(c);
  c.push(c.read(0, c.i.operand_bytes));
}

void lift_pop(Lift& c) {
  const Operand to = c.operand(0);
  if (to.type == Operand::kSegment) return lift_pop_segment(c);
  const Value v = c.top(to.bytes);
  const Value rsp = c.stack_moved(to.bytes);
  if (to.type != Operand::kMemory) {
    c.b.put(kSlotRsp, rsp);
    return c.write(to, v);
  }
  // The address is formed after the stack pointer has moved.
  Address at;
  if (c.i.base != kRsp) {
    at = c.address();
  } else {
    Value offset = c.b.add(c.effective_address(), int64_t{to.bytes});
    if (c.i.address_bytes == 4) offset = c.b.and_(offset, 0xffffffffu);
    at = {c.linear(offset, c.i.segment), 0};
  }
  c.store(at, v);
  c.b.put(kSlotRsp, rsp);
}

// With a nesting level, the frame pointers of the outer procedures are copied, and the new one's put behind
// them.
void lift_enter(Lift& c) {
  const unsigned level = c.i.imm2 & 31, bytes = c.i.operand_bytes;
  const auto below = [&](unsigned n) { return c.in_stack(kRsp, -int64_t{bytes} * n, bytes); };
  const Value frame = c.stack_moved(-int64_t{bytes});
  const int64_t depth = int64_t{bytes} * (level + 1) + static_cast<int64_t>(c.i.imm);
  c.store(below(1), c.gpr(kRbp, bytes));
  for (unsigned n = 1; n < level; ++n) {
    const Value outer = c.load(c.in_stack(kRbp, -int64_t{bytes} * n, bytes), bytes);
    c.store(below(n + 1), outer);
  }
  if (level != 0) c.store(below(level + 1), c.b.trunc(frame, Lift::type(bytes)));
  const Address low = c.in_stack(kRsp, -depth, bytes);
  c.b.probe(ir::ProbeKind::kStore, low.base, c.desc(bytes, true), low.disp);
  const Value moved = c.stack_moved(-depth);
  if (bytes == 2) {
    c.put_gpr(kRbp, c.b.trunc(frame, Type::kI16));
  } else {
    c.b.put(kSlotRbp, frame);
  }
  c.b.put(kSlotRsp, moved);
}

void lift_leave(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value v = c.load(c.in_stack(kRbp, 0, bytes), bytes);
  const Value moved = c.b.add(c.gpr64(kRbp), int64_t{bytes});
  c.b.put(kSlotRsp, c.mode64()    ? moved
                    : c.stack16() ? c.b.deposit(c.gpr64(kRsp), moved, 0, 16)
                                  : c.b.and_(moved, 0xffffffffu));
  c.put_gpr(kRbp, v);
}

void lift_pushf(Lift& c) {
  // The resume and virtual-8086 flags are pushed as zeros.
  const Value v = c.b.and_(c.rflags(), 0x00fcffffu);
  c.push(c.b.trunc(v, Lift::type(c.i.operand_bytes)));
}

void lift_popf(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value v = c.b.zext(c.top(bytes), Type::kI64);
  const Value rsp = c.stack_moved(bytes);
  const uint32_t mask = kEflagsArithmetic | kEflagsD | kEflagsOfUser;
  c.put_rflags(v, bytes == 2 ? mask & 0xffff : mask);
  c.b.put(kSlotRsp, rsp);
}

void lift_lahf(Lift& c) {
  const Value low = c.b.or_(c.b.and_(c.rflags(), kEflagsArithmetic & 0xff), c.b.i64(kEflagsFixed));
  c.b.put(kSlotRax, c.b.deposit(c.gpr64(kRax), low, 8, 8));
}

void lift_sahf(Lift& c) {
  const Value ah = c.b.and_(c.b.shr_u(c.gpr64(kRax), 8), kEflagsArithmetic & 0xff);
  const Value o = c.b.flags_test(c.flags(), ir::FlagCond::kV);
  const Value packed = c.b.bitcast(c.b.trunc(c.b.shl(ah, 8), Type::kI16), Type::kFlags);
  c.put_flags(c.b.flags_set(packed, ir::kFlagV, o));
}

void lift_carry_flag(Lift& c) {
  const Value v = c.i.opcode == 0xf5 ? c.b.not_(c.carry()) : c.b.i1(c.i.opcode == 0xf9);
  c.put_flags(c.b.flags_set(c.flags(), ir::kFlagC, v));
}

void lift_direction(Lift& c) { c.b.put(kSlotStep, c.b.i64(c.i.opcode == 0xfd ? ~uint64_t{0} : 1)); }

void lift_cbw(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  c.put_gpr(kRax, c.b.sext(c.gpr(kRax, bytes / 2), Lift::type(bytes)));
}

void lift_cwd(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value a = c.gpr(kRax, bytes);
  c.put_gpr(kRdx, c.b.shr_s(a, bytes * 8 - 1));
}

// Of 16 bits it is undefined; processors give zero.
void lift_bswap(Lift& c) {
  if (c.i.operand_bytes == 2) return c.write(0, c.constant(Type::kI16, 0));
  c.write(0, swapped(c, c.read(0)));
}

void lift_movbe(Lift& c) { c.write(0, swapped(c, c.read(1))); }

void lift_xlat(Lift& c) {
  Value at = c.b.add(c.gpr64(kRbx), c.b.and_(c.gpr64(kRax), 0xff));
  if (c.i.address_bytes == 4) at = c.b.and_(at, 0xffffffffu);
  if (c.i.address_bytes == 2) at = c.b.and_(at, 0xffffu);
  const Value v = c.b.load(Type::kI8, c.linear(at, c.i.segment, 1), c.desc(1, false));
  c.put_gpr(kRax, v);
}

void lift_setcc(Lift& c) { c.write(0, c.b.zext(c.condition(c.i.opcode), Type::kI8)); }

void lift_cmov(Lift& c) {
  const Value s = c.read(1), old = c.read(0);
  c.write(0, c.b.select(c.condition(c.i.opcode), s, old));
}

void lift_nothing(Lift&) {}

// F3 90 is PAUSE, but with REX.B it is still the exchange with R8.
void lift_pause(Lift& c) {
  if (c.i.rm == 0) return;
  const unsigned bytes = c.i.operand_bytes;
  const Value a = c.gpr(kRax, bytes), s = c.gpr(c.i.rm, bytes);
  c.put_gpr(kRax, s);
  c.put_gpr(c.i.rm, a);
}

void lift_fence(Lift& c) {
  const unsigned kind = c.i.reg & 7;  // 5 load, 6 both, 7 store
  c.b.fence(kind == 5 ? ir::Fence::kLoadLoad : kind == 6 ? ir::Fence::kFull : ir::Fence::kStoreStore);
}

}  // namespace xarch::x86
