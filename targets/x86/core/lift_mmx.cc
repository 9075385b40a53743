// MMX and 3DNow!: vectors of 64 bits in the significands of the physical x87 registers. Every instruction
// makes the stack's top register 0 and all registers full; a register that is written gets the highest
// exponent.
#include "targets/x86/core/lift_vector.h"
#include "targets/x86/core/lift_x87.h"
#include "targets/x86/core/now3d.h"

namespace xarch::x86 {

using ir::Op;
using ir::Type;
using ir::Value;

namespace {

constexpr uint32_t kMmxWhere = 0xff00;  // X87Where

ir::SlotId mmx_slot(unsigned n) { return static_cast<ir::SlotId>(kSlotMmx0 + n); }

// After the last access that may fault.
void enter_mmx(Lift& c) {
  if (c.dry) return;
  c.x87_settle();
  if (c.x87.known && c.x87.where() == kMmxWhere) return;
  c.b.put(kSlotX87Where, c.b.i32(kMmxWhere));
  c.x87.known = c.x87.usable;
  c.x87.top = 0;
  c.x87.full = 0xff;
}

Value get_mmx(Lift& c, unsigned n) { return c.b.get(mmx_slot(n)); }
void put_mmx(Lift& c, unsigned n, Value v) {
  if (c.dry) return;
  enter_mmx(c);
  c.b.put(mmx_slot(n), v);
  c.b.put(static_cast<ir::SlotId>(kSlotExponent0 + n), c.b.iconst(Type::kI16, 0xffff));
}

Value load64(Lift& c) {
  const Address a = c.address();
  return c.b.load(Type::kV64, a.base, c.desc(8, false), a.disp);
}
// A register, or 8 bytes of memory, of which 4 may be enough.
Value read_mmx(Lift& c, const Operand& o) {
  if (o.type == Operand::kMmx) return get_mmx(c, o.reg);
  if (o.bytes != 4) return load64(c);
  return c.b.bitcast(c.b.zext(c.load(c.address(), 4), Type::kI64), Type::kV64);
}

Value wide(Lift& c, Value v) { return c.b.vpair(v, c.b.vconst(Type::kV64, 0)); }

// What the table of vector instructions says, on v64.
void lift_packed(Lift& c) {
  x87_check_pending(c);
  const VectorOp& op = *vector_op(c.i.row);
  const Operand to = c.operand(0), from = c.operand(1);
  const bool by_immediate = from.type == Operand::kImmediate;
  Value b;
  if (!by_immediate) b = read_mmx(c, from);
  const Value a = op.two ? get_mmx(c, to.reg) : b;
  const unsigned imm = static_cast<unsigned>(c.i.imm & 0xff);
  put_mmx(c, to.reg, op.fn(c, a, op.two && !by_immediate ? b : Value{}, imm, 0));
}

void lift_shuffle_bytes(Lift& c) {
  x87_check_pending(c);
  const Value b = read_mmx(c, c.operand(1)), a = get_mmx(c, c.operand(0).reg);
  const Value index = c.b.vbinary(Op::kVAnd, b, c.b.vconst(Type::kV64, 0x8787878787878787));
  put_mmx(c, c.operand(0).reg, c.b.vconvert(Op::kVLo, Type::kV64, c.b.vshuffle(wide(c, a), wide(c, index))));
}

void lift_shuffle_words(Lift& c) {
  x87_check_pending(c);
  const Value from = read_mmx(c, c.operand(1));
  Value v = from;
  for (unsigned n = 0; n < 4; ++n) {
    const Value lane = c.b.vextract(Type::kI32, from, 1, c.i.imm >> 2 * n & 3);
    v = c.b.vinsert(v, lane, 1, n);
  }
  put_mmx(c, c.operand(0).reg, v);
}

// MOVD, MOVQ, MOVNTQ.
void lift_move(Lift& c) {
  x87_check_pending(c);
  const Operand to = c.operand(0), from = c.operand(1);
  if (to.type == Operand::kMmx && (from.type == Operand::kMmx || from.type == Operand::kMemory) &&
      (from.type == Operand::kMmx || from.bytes == 8)) {
    return put_mmx(c, to.reg, read_mmx(c, from));
  }
  if (to.type == Operand::kMmx) {
    return put_mmx(c, to.reg, c.b.bitcast(c.b.zext(c.read(from), Type::kI64), Type::kV64));
  }
  const Value v = get_mmx(c, from.reg);
  if (to.type == Operand::kMmx) return put_mmx(c, to.reg, v);
  if (to.type == Operand::kMemory && to.bytes == 8) {
    const Address a = c.address();
    c.b.store(a.base, v, c.desc(8, true), a.disp);
  } else {
    const Value bits = c.b.bitcast(v, Type::kI64);
    c.write(to, to.bytes == 8 ? bits : c.b.trunc(bits, Type::kI32));
  }
  enter_mmx(c);
}

void lift_insert(Lift& c) {
  x87_check_pending(c);
  Value v = c.read(c.operand(1));
  v = v.type == Type::kI64 || v.type == Type::kI32 ? c.b.trunc(v, Type::kI32) : c.b.zext(v, Type::kI32);
  const unsigned n = c.operand(0).reg;
  put_mmx(c, n, c.b.vinsert(get_mmx(c, n), v, 1, c.i.imm & 3));
}

void lift_extract(Lift& c) {
  x87_check_pending(c);
  const Value v = get_mmx(c, c.operand(1).reg);
  enter_mmx(c);
  c.put_gpr(c.operand(0).reg, c.b.vextract(Type::kI32, v, 1, c.i.imm & 3));
}

void lift_mask(Lift& c) {
  x87_check_pending(c);
  const Value v = get_mmx(c, c.operand(1).reg);
  enter_mmx(c);
  c.put_gpr(c.operand(0).reg, c.b.vmask(wide(c, v), 0));
}

// Bytes whose mask has its highest bit set go to memory at rDI.
void lift_masked_store(Lift& c) {
  x87_check_pending(c);
  const unsigned from = c.operand(0).reg, mask = c.operand(1).reg;
  for (unsigned n = 0; n < 8; ++n) {
    const ir::BlockId store = c.b.new_block(), next = c.b.new_block();
    const Value m = c.b.vextract(Type::kI32, get_mmx(c, mask), 0, n);
    c.b.cond_br(c.b.test_nz(m, c.b.i32(0x80)), store, next);
    c.b.start_block(store);
    Value at = c.gpr64(kRdi);
    if (c.i.address_bytes == 4) at = c.b.and_(at, 0xffffffffu);
    if (c.i.address_bytes == 2) at = c.b.and_(at, 0xffffu);
    const Value v = c.b.vextract(Type::kI32, get_mmx(c, from), 0, n);
    at = c.linear(c.b.add(at, int64_t{n}), c.i.segment);
    c.b.store(at, c.b.trunc(v, Type::kI8), c.desc(1, true));
    c.b.br(next);
    c.b.start_block(next);
  }
  enter_mmx(c);
}

void lift_emms(Lift& c) {
  x87_check_pending(c);
  c.x87_settle();
  c.x87.known = c.x87.usable;
  c.x87.top = c.x87.full = 0;
  c.b.put(kSlotX87Where, c.b.i32(0));
}

// ---- between MMX and XMM registers

void lift_to_xmm(Lift& c) {
  x87_check_pending(c);
  const Value v = get_mmx(c, c.operand(1).reg);
  enter_mmx(c);
  put_vector(c, c.operand(0).reg, wide(c, v));
}
void lift_from_xmm(Lift& c) {
  x87_check_pending(c);
  put_mmx(c, c.operand(0).reg, low_half(c, get_part(c, c.operand(1).reg)));
}

// CVTPI2PS, CVTPI2PD.
void lift_from_integers(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  const bool doubles = c.row().text.ends_with("pd");
  const bool mmx = from.type == Operand::kMmx;
  const Value v = read_mmx(c, from);
  if (mmx) enter_mmx(c);
  if (doubles) {
    const Value integers = c.b.vwiden(true, wide(c, v), 2, false);
    return put_vector(c, to.reg, c.b.ffrom_int(Type::kV128, integers, false, 3));
  }
  const Value floats = c.b.ffrom_int(Type::kV64, v, false, 2);
  put_vector(c, to.reg, c.b.vpair(floats, high_half(c, get_part(c, to.reg))));
}

// CVTPS2PI, CVTPD2PI and those that truncate.
void lift_to_integers(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  const std::string_view text = c.row().text;
  const ir::FpRound round = text.starts_with("cvtt") ? ir::FpRound::kZero : ir::FpRound::kCurrent;
  if (text.ends_with("ps2pi")) {
    const Value v = is_register(from) ? low_half(c, get_part(c, from.reg)) : load64(c);
    return put_mmx(c, to.reg, c.b.fto_int(Type::kV64, v, round, false, 2));
  }
  const Value v = read_part(c, from);
  const auto integer = [&](Value half) {
    const Value i = c.b.fto_int(Type::kI32, c.b.flow(Type::kF64, half), round, false);
    return c.b.zext(i, Type::kI64);
  };
  const Value low = integer(low_half(c, v)), high = integer(high_half(c, v));
  put_mmx(c, to.reg, c.b.bitcast(c.b.or_(low, c.b.shl(high, 32)), Type::kV64));
}

// ---- 3DNow!

void lift_now(Lift& c) {
  x87_check_pending(c);
  const Value b = c.b.bitcast(read_mmx(c, c.operand(1)), Type::kI64);
  const unsigned to = c.operand(0).reg;
  const Value a = c.b.bitcast(get_mmx(c, to), Type::kI64);
  const Value r = c.b.call(kNow3d, Type::kI64, {a, b, c.b.i64(c.row().opcode)});
  put_mmx(c, to, c.b.bitcast(r, Type::kV64));
}
void lift_now_average(Lift& c) {
  x87_check_pending(c);
  const Value b = read_mmx(c, c.operand(1));
  const unsigned to = c.operand(0).reg;
  put_mmx(c, to, c.b.vbinary(Op::kVAvgU, get_mmx(c, to), b, 0));
}

// An unmasked exception leaves the registers as MMX has them.
void lift_checked(Lift& c, LiftFn fn, bool mmx) {
  if (mmx) x87_check_pending(c);
  if (mmx && (c.b.key().mode & kModeFpTraps) != 0) {
    if (const Operand from = c.operand(1); from.type == Operand::kMemory) {
      const Address a = c.address();
      c.b.probe(ir::ProbeKind::kLoad, a.base, vector_desc(c, from.bytes, false), a.disp);
    }
    enter_mmx(c);
    c.b.restart();
  }
  lift_computed(c, fn);
}
void lift_checked_from_integers(Lift& c) {
  lift_checked(c, lift_from_integers, c.operand(1).type == Operand::kMmx);
}
void lift_checked_to_integers(Lift& c) { lift_checked(c, lift_to_integers, true); }

struct Own {
  std::string_view text;
  LiftFn fn;
};
constexpr Own kOwn[] = {
    {"movd", lift_move},
    {"movq", lift_move},
    {"movntq", lift_move},
    {"pshufb", lift_shuffle_bytes},
    {"pshufw", lift_shuffle_words},
    {"pinsrw", lift_insert},
    {"pextrw", lift_extract},
    {"pmovmskb", lift_mask},
    {"maskmovq", lift_masked_store},
    {"movq2dq", lift_to_xmm},
    {"movdq2q", lift_from_xmm},
    {"cvtpi2ps", lift_checked_from_integers},
    {"cvtpi2pd", lift_checked_from_integers},
    {"cvtps2pi", lift_checked_to_integers},
    {"cvttps2pi", lift_checked_to_integers},
    {"cvtpd2pi", lift_checked_to_integers},
    {"cvttpd2pi", lift_checked_to_integers},
    {"pavgusb", lift_now_average},
};

}  // namespace

LiftFn mmx_lifter(unsigned row) {
  const Row& r = rows()[row];
  if (r.text == "emms" || r.text == "femms") return lift_emms;
  bool mmx = false;
  for (const Form& f : r.forms) mmx |= f.kind == Kind::kP || f.kind == Kind::kQ || f.kind == Kind::kN;
  if (!mmx) return nullptr;
  for (const Own& o : kOwn) {
    if (o.text == r.text) return o.fn;
  }
  if (r.map == Map::kNow) return lift_now;
  const VectorOp* op = vector_op(row);
  return op != nullptr && op->fn != nullptr ? lift_packed : nullptr;
}

}  // namespace xarch::x86
