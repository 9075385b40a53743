// Arithmetic, logic, shifts and bit fields. All of it on i32: a 64-bit MIPS sign-extends these results.
#include "targets/mips/core/lifter.h"

namespace xarch::mips {

using ir::Cond;
using ir::Op;
using ir::Type;

void Lifter::sll(Rt t, Rd d, Sa a) { set_gpr(d.n, b_.shl(gpr(t.n), a.n)); }
void Lifter::srl(Rt t, Rd d, Sa a) { set_gpr(d.n, b_.shr_u(gpr(t.n), a.n)); }
void Lifter::sra(Rt t, Rd d, Sa a) { set_gpr(d.n, b_.shr_s(gpr(t.n), a.n)); }
void Lifter::rotr(Rt t, Rd d, Sa a) { set_gpr(d.n, b_.rotr(gpr(t.n), a.n)); }

// The count is rs modulo 32, as that of the IR's shifts.
void Lifter::sllv(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.binary(Op::kShl, gpr(t.n), gpr(s.n))); }
void Lifter::srlv(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.binary(Op::kShrU, gpr(t.n), gpr(s.n))); }
void Lifter::srav(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.binary(Op::kShrS, gpr(t.n), gpr(s.n))); }
void Lifter::rotrv(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.binary(Op::kRotR, gpr(t.n), gpr(s.n))); }

void Lifter::movz(Rs s, Rt t, Rd d) {
  set_gpr(d.n, b_.select(b_.cmp(Cond::kEq, gpr(t.n), b_.i32(0)), gpr(s.n), gpr(d.n)));
}
void Lifter::movn(Rs s, Rt t, Rd d) {
  set_gpr(d.n, b_.select(b_.cmp(Cond::kNe, gpr(t.n), b_.i32(0)), gpr(s.n), gpr(d.n)));
}

void Lifter::overflow_check(Value flags) {
  raise_if(b_.flags_test(flags, ir::FlagCond::kV), Raise::kOverflow);
}
void Lifter::add(Rs s, Rt t, Rd d) {
  overflow_check(b_.flags_add(gpr(s.n), gpr(t.n)));
  addu(s, t, d);
}
void Lifter::sub(Rs s, Rt t, Rd d) {
  overflow_check(b_.flags_sub(gpr(s.n), gpr(t.n), false));
  subu(s, t, d);
}
void Lifter::addi(Rs s, Rt t, Simm i) {
  overflow_check(b_.flags_add(gpr(s.n), b_.i32(i.n)));
  addiu(s, t, i);
}

void Lifter::addu(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.add(gpr(s.n), gpr(t.n))); }
void Lifter::subu(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.sub(gpr(s.n), gpr(t.n))); }
void Lifter::and_(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.and_(gpr(s.n), gpr(t.n))); }
void Lifter::or_(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.or_(gpr(s.n), gpr(t.n))); }
void Lifter::xor_(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.xor_(gpr(s.n), gpr(t.n))); }
void Lifter::nor(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.not_(b_.or_(gpr(s.n), gpr(t.n)))); }
void Lifter::slt(Rs s, Rt t, Rd d) {
  set_gpr(d.n, b_.zext(b_.cmp(Cond::kSlt, gpr(s.n), gpr(t.n)), Type::kI32));
}
void Lifter::sltu(Rs s, Rt t, Rd d) {
  set_gpr(d.n, b_.zext(b_.cmp(Cond::kUlt, gpr(s.n), gpr(t.n)), Type::kI32));
}

void Lifter::addiu(Rs s, Rt t, Simm i) { set_gpr(t.n, b_.add(gpr(s.n), b_.i32(i.n))); }
void Lifter::slti(Rs s, Rt t, Simm i) {
  set_gpr(t.n, b_.zext(b_.cmp(Cond::kSlt, gpr(s.n), b_.i32(i.n)), Type::kI32));
}
// The immediate is sign-extended, then compared as unsigned.
void Lifter::sltiu(Rs s, Rt t, Simm i) {
  set_gpr(t.n, b_.zext(b_.cmp(Cond::kUlt, gpr(s.n), b_.i32(i.n)), Type::kI32));
}
void Lifter::andi(Rs s, Rt t, Uimm u) { set_gpr(t.n, b_.and_(gpr(s.n), b_.i32(u.n))); }
void Lifter::ori(Rs s, Rt t, Uimm u) { set_gpr(t.n, b_.or_(gpr(s.n), b_.i32(u.n))); }
void Lifter::xori(Rs s, Rt t, Uimm u) { set_gpr(t.n, b_.xor_(gpr(s.n), b_.i32(u.n))); }
void Lifter::lui(Rt t, Uimm u) { set_gpr(t.n, b_.i32(u.n << 16)); }

// rt must name the same register as rd; where it does not (unpredictable), rd is written.
void Lifter::clz(Rs s, Rt, Rd d) { set_gpr(d.n, b_.unary(Op::kClz, gpr(s.n))); }
void Lifter::clo(Rs s, Rt, Rd d) { set_gpr(d.n, b_.unary(Op::kClz, b_.not_(gpr(s.n)))); }

// m is the length - 1. A field that leaves the register is unpredictable: rt stays as it is.
void Lifter::ext(Rs s, Rt t, Msb m, Lsb l) {
  if (m.n + l.n < 32) set_gpr(t.n, b_.extract_u(gpr(s.n), l.n, m.n + 1));
}
// m is the highest bit written. A field of no length is unpredictable: rt stays as it is.
void Lifter::ins(Rs s, Rt t, Msb m, Lsb l) {
  if (m.n >= l.n) set_gpr(t.n, b_.deposit(gpr(t.n), gpr(s.n), l.n, m.n - l.n + 1));
}
void Lifter::wsbh(Rt t, Rd d) { set_gpr(d.n, b_.rotr(b_.unary(Op::kBswap, gpr(t.n)), 16)); }
void Lifter::seb(Rt t, Rd d) { set_gpr(d.n, b_.extract_s(gpr(t.n), 0, 8)); }
void Lifter::seh(Rt t, Rd d) { set_gpr(d.n, b_.extract_s(gpr(t.n), 0, 16)); }

}  // namespace xarch::mips
