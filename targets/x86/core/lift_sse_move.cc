// Vector instructions that move whole registers, halves or scalars, and MXCSR.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift_vector.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

void vector_move(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  const unsigned n = parts(c);
  Value v[2];
  for (unsigned part = 0; part < n; ++part) v[part] = read_part(c, from, part);
  if (is_register(to)) return put_vector(c, to.reg, v[0], v[1]);
  const Address a = c.address();
  ir::MemDesc d = vector_desc(c, 16, true);
  if (n == 2) {
    // A fault in the upper half must leave the lower one alone. Aligned, both are in one page.
    if (d.align != 0) {
      d.align = 5;
    } else {
      c.b.probe(ir::ProbeKind::kTail, a.base, c.desc(16, true), a.disp + 16);
    }
  }
  c.b.store(a.base, v[0], d, a.disp);
  d.align = 0;
  if (n == 2) c.b.store(a.base, v[1], d, a.disp + 16);
}

// MOVD and MOVQ between general registers or memory and vectors.
void vector_movd(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  if (is_register(to)) {
    if (from.type == Operand::kGpr) return put_vector(c, to.reg, from_integer(c, c.read(from)));
    return put_vector(c, to.reg, read_part(c, from));
  }
  const Value v = get_part(c, from.reg);
  if (to.type != Operand::kGpr) return store_low(c, c.address(), v, to.bytes);
  const Type t = Lift::type(to.bytes);
  c.put_gpr(to.reg, c.b.vextract(t, v, to.bytes == 8 ? 3 : 2, 0));
}

void vector_movq(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  if (!is_register(to)) return store_low(c, c.address(), get_part(c, from.reg), 8);
  Value v = read_part(c, from);
  if (is_register(from)) v = low_only(c, v);
  put_vector(c, to.reg, v);
}

// MOVSS and MOVSD: what lies above stays between registers, or is VEX's other source's, and is zero from
// memory.
void vector_move_scalar(Lift& c) {
  const unsigned lane = c.row().text.ends_with("ss") ? 2 : 3;
  const Operand to = c.operand(0), last = c.operand(2);
  if (is_register(last)) {
    return put_vector(c, to.reg, c.b.vblend(get_part(c, c.operand(1).reg), get_part(c, last.reg), lane, 1));
  }
  const Operand from = c.operand(1);
  if (!is_register(to)) return store_low(c, c.address(), get_part(c, from.reg), 1u << lane);
  if (!is_register(from)) return put_vector(c, to.reg, read_part(c, from));
  put_vector(c, to.reg, c.b.vblend(get_part(c, to.reg), get_part(c, from.reg), lane, 1));
}

// MOVLPS, MOVHPS and their like, from and to memory.
void vector_move_half(Lift& c) {
  const std::string_view text = c.row().text;
  const bool high = text.ends_with("hps") || text.ends_with("hpd");
  const Operand to = c.operand(0);
  if (!is_register(to)) {
    const Value v = get_part(c, c.operand(1).reg);
    const Address a = c.address();
    return c.b.store(a.base, high ? high_half(c, v) : low_half(c, v), c.desc(8, true), a.disp);
  }
  const Address a = c.address();
  const Value loaded = c.b.load(Type::kV64, a.base, c.desc(8, false), a.disp);
  const Value old = get_part(c, is_vex(c) ? c.operand(1).reg : to.reg);
  put_vector(c, to.reg, high ? c.b.vpair(low_half(c, old), loaded) : c.b.vpair(loaded, high_half(c, old)));
}

// Bytes whose mask has its highest bit set are stored, one by one; the others are not touched.
void vector_maskmov_bytes(Lift& c) {
  ir::Builder& b = c.b;
  const unsigned data = c.operand(0).reg, mask = c.operand(1).reg;
  for (unsigned i = 0; i < 16; ++i) {
    const ir::BlockId taken = b.new_block(), next = b.new_block();
    b.cond_br(c.bit(b.vmask(get_part(c, mask), 0), i), taken, next);
    b.start_block(taken);
    const Value byte = b.trunc(b.vextract(Type::kI32, get_part(c, data), 0, i), Type::kI8);
    const Value at = c.linear(c.pointer(kRdi), c.i.segment);
    b.store(at, byte, c.desc(1, true), static_cast<int32_t>(i));
    b.br(next);
    b.start_block(next);
  }
}

void vector_zero_upper(Lift& c) {
  const Value zero = zeros(c);
  for (unsigned n = 0; n < (c.mode64() ? 16 : 8); ++n) {
    if (c.i.vector_bytes == 32) c.b.put(xmm_slot(n), zero);
    c.b.put(ymmh_slot(n), zero);
  }
}

// ---- MXCSR

void vector_stmxcsr(Lift& c) { c.write(0, c.b.call(kGetMxcsr, Type::kI32, {})); }

// Goes on in another translation if that changes whether exceptions trap.
void vector_ldmxcsr(Lift& c) {
  ir::Builder& b = c.b;
  const uint32_t temp = b.new_temp(Type::kI32);
  Value v = c.read(0);
  b.put_tmp(temp, v);
  c.raise_if(b.cmp(Cond::kUgt, v, b.i32(kMxcsrBits)), kRaiseProtection);
  v = b.get_tmp(temp);
  b.call(kSetMxcsr, Type::kVoid, {v});
  const bool traps = (b.key().mode & kModeFpTraps) != 0;
  const Value masks = b.and_(v, kMxcsrMasks);
  const ir::BlockId other = b.new_block(), same = b.new_block();
  b.cond_br(b.cmp(traps ? Cond::kEq : Cond::kNe, masks, b.i32(kMxcsrMasks)), other, same);
  b.start_block(other);
  ir::ExitAux e;
  e.mode_change = true;
  e.mode_index = b.exit_mode(b.key().mode ^ kModeFpTraps);
  b.goto_pc(c.next(), e);
  b.start_block(same);
}

}  // namespace xarch::x86
