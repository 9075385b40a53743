// String instructions. A repetition is a loop inside the instruction; each of its rounds leaves the registers
// as the architecture shows them after a fault or an interrupt (restart points).
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

// rSI, rDI or rCX, of the address size.
Value pointer(Lift& c, unsigned reg) {
  const Value v = c.gpr64(reg);
  if (c.i.address_bytes == 8) return v;
  return c.b.and_(v, c.i.address_bytes == 4 ? 0xffffffffu : 0xffffu);
}

Value advanced(Lift& c, unsigned reg, unsigned bytes) {
  const Value by = c.b.shl(c.b.get(kSlotStep), static_cast<unsigned>(__builtin_ctz(bytes)));
  return c.b.trunc(c.b.add(c.gpr64(reg), by), Lift::type(c.i.address_bytes));
}

Value source(Lift& c, unsigned bytes) {
  return c.b.load(Lift::type(bytes), c.linear(pointer(c, kRsi), c.i.segment), c.desc(bytes, false));
}

unsigned size(const Lift& c) { return c.i.opcode & 1 ? c.i.operand_bytes : 1; }

// Does `round` once, or, with a repeat prefix, as often as rCX says. `round` writes registers last.
// until_zero: F3 goes on while Z is set, F2 while it is clear.
template <typename Round>
void repeat(Lift& c, bool compares, Round round) {
  if (!c.i.has(kPrefixRep) && !c.i.has(kPrefixRepne)) return round();
  const ir::BlockId head = c.b.new_block(), body = c.b.new_block(), done = c.b.new_block();
  c.b.br(head);
  c.b.start_block(head);
  const Type t = Lift::type(c.i.address_bytes);
  const auto count = [&] { return c.gpr(kRcx, c.i.address_bytes); };
  c.b.cond_br(c.b.cmp(Cond::kEq, count(), c.constant(t, 0)), done, body);
  c.b.start_block(body);
  round();
  c.put_gpr(kRcx, c.b.add(count(), -1));
  c.b.restart();
  c.b.poll(c.here);
  if (compares) {
    const Value z = c.b.flags_test(c.flags(), ir::FlagCond::kZ);
    c.b.cond_br(c.i.has(kPrefixRep) ? z : c.b.not_(z), head, done);
  } else {
    c.b.br(head);
  }
  c.b.start_block(done);
}

}  // namespace

void lift_movs(Lift& c) {
  repeat(c, false, [&] {
    const unsigned bytes = size(c);
    const Value v = source(c, bytes);
    c.b.store(pointer(c, kRdi), v, c.desc(bytes, true));
    c.put_gpr(kRsi, advanced(c, kRsi, bytes));
    c.put_gpr(kRdi, advanced(c, kRdi, bytes));
  });
}

void lift_stos(Lift& c) {
  repeat(c, false, [&] {
    const unsigned bytes = size(c);
    c.b.store(pointer(c, kRdi), c.gpr(kRax, bytes), c.desc(bytes, true));
    c.put_gpr(kRdi, advanced(c, kRdi, bytes));
  });
}

void lift_lods(Lift& c) {
  repeat(c, false, [&] {
    const unsigned bytes = size(c);
    const Value v = source(c, bytes);
    c.put_gpr(kRax, v);
    c.put_gpr(kRsi, advanced(c, kRsi, bytes));
  });
}

void lift_cmps(Lift& c) {
  repeat(c, true, [&] {
    const unsigned bytes = size(c);
    const Value a = source(c, bytes);
    const Value s = c.b.load(Lift::type(bytes), pointer(c, kRdi), c.desc(bytes, false));
    c.put_flags(c.b.flags_sub(a, s, false));
    c.put_gpr(kRsi, advanced(c, kRsi, bytes));
    c.put_gpr(kRdi, advanced(c, kRdi, bytes));
  });
}

void lift_scas(Lift& c) {
  repeat(c, true, [&] {
    const unsigned bytes = size(c);
    const Value s = c.b.load(Lift::type(bytes), pointer(c, kRdi), c.desc(bytes, false));
    c.put_flags(c.b.flags_sub(c.gpr(kRax, bytes), s, false));
    c.put_gpr(kRdi, advanced(c, kRdi, bytes));
  });
}

}  // namespace xarch::x86
