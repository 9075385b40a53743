// Jumps, calls, returns, loops, traps.
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::JumpKind;
using ir::Type;
using ir::Value;

namespace {

// Where a relative branch goes; in 32-bit mode offsets wrap, with 16-bit operands at 16 bits.
int64_t target(const Lift& c) {
  const int64_t to = c.next() + static_cast<int64_t>(c.i.imm);
  if (c.mode64()) return to;
  const uint64_t start = c.b.key().pc;
  // In a segment that is not flat it is not known here where 16 bits would wrap; compilers don't count on it.
  const uint64_t mask = c.i.operand_bytes == 2 && !c.checked(kCs) ? 0xffff : 0xffffffff;
  return static_cast<int64_t>(((start + static_cast<uint64_t>(to)) & mask) - start);
}

Value counter(Lift& c) { return c.gpr(kRcx, c.i.address_bytes); }

Value indirect_target(Lift& c, Value v) { return c.code_address(c.b.zext(v, Type::kI64)); }

}  // namespace

void lift_jcc(Lift& c) { c.branch_if(c.condition(c.i.opcode), target(c)); }

void lift_jmp(Lift& c) {
  if (c.operand(0).type != Operand::kRelative)
    return c.go_indirect(indirect_target(c, c.read(0)), JumpKind::kJump);
  c.branch(target(c));
}

void lift_call(Lift& c) {
  const bool direct = c.operand(0).type == Operand::kRelative;
  const Value to = direct ? Value{} : indirect_target(c, c.read(0));
  c.push(c.b.trunc(c.code_offset(c.next()), Lift::type(c.i.operand_bytes)));
  if (direct) return c.go(target(c), JumpKind::kCall);
  c.go_indirect(to, JumpKind::kCall);
}

void lift_ret(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value to = indirect_target(c, c.top(bytes));
  c.b.put(kSlotRsp, c.stack_moved(bytes + static_cast<int64_t>(c.i.imm)));
  c.go_indirect(to, JumpKind::kReturn);
}

// LOOPNE, LOOPE, LOOP, JrCXZ: opcodes E0 to E3.
void lift_loop(Lift& c) {
  Value taken;
  if (c.i.opcode == 0xe3) {
    const Value n = counter(c);
    taken = c.b.cmp(Cond::kEq, n, c.constant(n.type, 0));
  } else {
    const Value n = c.b.add(counter(c), -1);
    taken = c.b.cmp(Cond::kNe, n, c.constant(n.type, 0));
    if (c.i.opcode != 0xe2) taken = c.b.and_(taken, c.condition(c.i.opcode == 0xe0 ? 5 : 4));
    c.put_gpr(kRcx, n);
  }
  c.branch_if(taken, target(c));
}

// Of Intel's processors it is an instruction in 64-bit mode only.
void lift_syscall(Lift& c) {
  if (!c.mode64()) return c.raise(kRaiseUndefined);
  c.b.put(kSlotR11, c.rflags());
  c.b.put(kSlotRcx, c.b.pcrel(c.next()));
  c.b.syscall(c.next(), kSyscallInsn);
  c.after = After::kClosed;
}

void lift_sysenter(Lift& c) {
  if (c.mode64()) return c.raise(kRaiseUndefined);
  c.b.syscall(c.next(), kSyscallSysenter);
  c.after = After::kClosed;
}

void lift_int(Lift& c) {
  if (c.i.opcode == 0xce) {
    const Value overflow = c.condition(0);
    const ir::BlockId taken = c.raising(kRaiseOverflow, c.next()), other = c.b.new_block();
    c.b.cond_br(overflow, taken, other);
    return c.b.start_block(other);
  }
  c.after = After::kClosed;
  if (c.i.opcode == 0xcc) return c.b.raise(c.next(), kRaiseBreakpoint);
  if (c.i.opcode == 0xf1) return c.b.raise(c.next(), kRaiseDebug);
  const uint64_t n = c.i.imm & 0xff;
  if (n == 3) return c.b.raise(c.next(), kRaiseBreakpoint);
  if (n == 4) return c.b.raise(c.next(), kRaiseOverflow);
  if (n == 0x80) return c.b.syscall(c.next(), kSyscallInt80);
  c.b.raise_val(c.next(), kRaiseInterrupt, c.b.i64(n));
}

void lift_ud(Lift& c) { c.raise(kRaiseUndefined); }
void lift_privileged(Lift& c) { c.raise(kRaiseProtection); }

}  // namespace xarch::x86
