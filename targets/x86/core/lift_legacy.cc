// What 32-bit mode has besides: decimal arithmetic, all registers at once, bounds, ARPL.
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

// Packed flags of a result of 8 bits.
uint64_t sign_zero_parity(uint8_t v) {
  uint64_t f = 0;
  if (v & 0x80) f |= ir::kFlagN;
  if (v == 0) f |= ir::kFlagZ;
  if (!__builtin_parity(v)) f |= ir::kFlagP;
  return f;
}

// DAA, DAS (0x27, 0x2f).
uint64_t adjust_packed(uint8_t al, uint64_t flags, bool subtracts) {
  const uint8_t old = al;
  const bool old_carry = (flags & ir::kFlagC) != 0;
  bool carry = false, half = false;
  if ((al & 15) > 9 || (flags & ir::kFlagA)) {
    carry = subtracts && (old_carry || al < 6);
    al = static_cast<uint8_t>(subtracts ? al - 6 : al + 6);
    half = true;
  }
  if (old > 0x99 || old_carry) {
    al = static_cast<uint8_t>(subtracts ? al - 0x60 : al + 0x60);
    carry = true;
  }
  return al | (sign_zero_parity(al) | (carry ? ir::kFlagC : 0) | (half ? ir::kFlagA : 0)) << 16;
}

// AAA, AAS (0x37, 0x3f).
uint64_t adjust_digits(uint16_t ax, uint64_t flags, bool subtracts) {
  const bool wraps = (ax & 15) > 9 || (flags & ir::kFlagA);
  if (wraps) ax = static_cast<uint16_t>(subtracts ? ax - 0x106 : ax + 0x106);
  ax &= 0xff0f;
  return ax | (sign_zero_parity(static_cast<uint8_t>(ax)) | (wraps ? ir::kFlagC | ir::kFlagA : 0)) << 16;
}

// a: AX, b: packed flags, c: the opcode, d: the immediate, not 0 for AAM. AX, with the packed flags above it.
uint64_t decimal(void*, uint64_t ax, uint64_t flags, uint64_t opcode, uint64_t base) {
  const auto al = static_cast<uint8_t>(ax), ah = static_cast<uint8_t>(ax >> 8);
  switch (opcode) {
    case 0x27:
    case 0x2f: return (ax & 0xff00) | adjust_packed(al, flags, opcode == 0x2f);
    case 0x37:
    case 0x3f: return adjust_digits(static_cast<uint16_t>(ax), flags, opcode == 0x3f);
    case 0xd4: {
      const auto low = static_cast<uint8_t>(al % base);
      return (al / base) << 8 | low | sign_zero_parity(low) << 16;
    }
    default: {
      const auto low = static_cast<uint8_t>(al + ah * base);
      return low | sign_zero_parity(low) << 16;
    }
  }
}

constexpr ir::HelperDesc kDecimal = {
    "x86.decimal", decimal, ir::kHelperPure | ir::kHelperNoFault | ir::kHelperNoMem, {}, {}};

// In the order in which PUSHA pushes them; all but the stack pointer are popped.
constexpr unsigned kAll[] = {kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi};

}  // namespace

// DAA, DAS, AAA, AAS, AAM, AAD.
void lift_decimal(Lift& c) {
  const uint64_t base = c.i.imm & 0xff;
  if (c.i.opcode == 0xd4 && base == 0) return c.raise(kRaiseDivide);
  const Value flags = c.b.zext(c.b.bitcast(c.flags(), Type::kI16), Type::kI64);
  const Value ax = c.b.and_(c.gpr64(kRax), 0xffff);
  const Value r = c.b.call(kDecimal, Type::kI64, {ax, flags, c.b.i64(c.i.opcode), c.b.i64(base)});
  c.put_gpr(kRax, c.b.trunc(r, Type::kI16));
  c.put_flags(c.b.bitcast(c.b.trunc(c.b.shr_u(r, 16), Type::kI16), Type::kFlags));
}

// AL := C in all bits.
void lift_salc(Lift& c) { c.put_gpr(kRax, c.b.sext(c.carry(), Type::kI8)); }

void lift_pusha(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  int32_t at = 0;
  for (unsigned reg : kAll) {
    at -= static_cast<int32_t>(bytes);
    c.store(c.in_stack(kRsp, at, bytes), c.gpr(reg, bytes));
  }
  c.b.put(kSlotRsp, c.stack_moved(at));
}

void lift_popa(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  Value v[8];
  for (unsigned n = 0; n < 8; ++n) {
    v[7 - n] = c.top(bytes, int64_t{bytes} * n);
  }
  for (unsigned n = 0; n < 8; ++n) {
    if (kAll[n] != kRsp) c.put_gpr(kAll[n], v[n]);
  }
  c.b.put(kSlotRsp, c.stack_moved(8 * static_cast<int64_t>(bytes)));
}

void lift_bound(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Address at = c.address();
  const Value low = c.load(at, bytes), high = c.load({c.b.add(at.base, int64_t{at.disp} + bytes), 0}, bytes);
  const Value v = c.read(0);
  c.raise_if(c.b.or_(c.b.cmp(Cond::kSlt, v, low), c.b.cmp(Cond::kSgt, v, high)), kRaiseBound);
}

// Raises the selector's privilege level to that of the other one. Memory is written only if it changes.
void lift_arpl(Lift& c) {
  const Operand to = c.operand(0);
  const Value source = c.b.and_(c.read(1), 3);
  const bool memory = to.type == Operand::kMemory;
  const Address at = memory ? c.address() : Address{};
  const Value old = memory ? c.load(at, 2) : c.read(to);
  const Value lower = c.b.cmp(Cond::kUlt, c.b.and_(old, 3), source);
  const Value raised = c.b.or_(c.b.and_(old, 0xfffc), source);
  if (!memory) {
    const Value f = c.b.flags_set(c.flags(), ir::kFlagZ, lower);
    c.write(to, c.b.select(lower, raised, old));
    return c.put_flags(f);
  }
  const uint32_t base = c.b.new_temp(Type::kI64), value = c.b.new_temp(Type::kI16);
  c.b.put_tmp(base, at.base);
  c.b.put_tmp(value, raised);
  const ir::BlockId adjust = c.b.new_block(), same = c.b.new_block(), next = c.b.new_block();
  c.b.cond_br(lower, adjust, same);
  for (const bool changed : {true, false}) {
    c.b.start_block(changed ? adjust : same);
    if (changed) c.store({c.b.get_tmp(base), at.disp}, c.b.get_tmp(value));
    c.put_flags(c.b.flags_set(c.flags(), ir::kFlagZ, c.b.i1(changed)));
    c.b.br(next);
  }
  c.b.start_block(next);
}

}  // namespace xarch::x86
