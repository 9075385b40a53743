// Integer arithmetic, logic, shifts and conversions.
#include <bit>

#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {
uint64_t low_mask(unsigned bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }
}  // namespace

// op d, b — with b as an immediate, a slot in memory or a register, whatever is at hand. A shorter operand in
// memory is fine for its own width only.
void CodeGen::alu_operand(Alu op, unsigned bits, Reg d, V b) {
  int32_t imm;
  const Val& val = vals_[b];
  if (imm32(b, &imm)) {
    as_.alu(op, bits, d, imm);
  } else if (val.loc == Loc::kSlot && dies(b) && bits == bits_of(inst(b).type)) {
    as_.alu(op, bits, d, slot_mem(val.index));
  } else {
    as_.alu(op, bits, d, use(b));
  }
}

void CodeGen::emit_add_sub(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  if (defer_if(folds_sum(v), v)) return;
  unsigned bits = op_bits(in.type);
  bool add = in.op == Op::kAdd;
  uint32_t fuse = fuse_with_flags(i);
  if (fuse && emit_step(i)) return;
  if (fuse) {
    bits = bits_of(in.type);
    clobber_flags();
    if (insts_[fuse].op == Op::kFlagsSub) {  // the sum, too, is computed as the difference
      add = false;
      b = insts_[fuse].args[1];
    }
  }
  int32_t imm = 0;
  if (add && is_const(a) && !is_const(b)) std::swap(a, b);
  bool constant = imm32(b, &imm);
  if (fuse) consume_args(region_->insts[fuse]);
  if (add && !constant && hint(v) != kNoSlot && vals_[b].loc == Loc::kReg && vals_[b].reg == pin_of_hint(v)) {
    std::swap(a, b);
  }
  bool lea =
      !fuse && bits >= 32 && (constant ? (add || imm != INT32_MIN) : add && vals_[b].loc != Loc::kSlot);
  Reg ra = use(a);
  if (lea) {
    Reg rb = constant ? Reg::none : use(b);
    Reg d = dest(v, a);
    if (d == ra && !flags_needed()) {
      clobber_flags();
      if (constant) {
        as_.alu(in.op == Op::kAdd ? Alu::kAdd : Alu::kSub, bits, d, imm);
      } else {
        as_.alu(Alu::kAdd, bits, d, rb);
      }
    } else if (constant) {
      as_.lea(bits, d, Mem::at(ra, add ? imm : -imm));
    } else {
      as_.lea(bits, d, Mem::at(ra, rb));
    }
    return finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
  }
  if (!fuse) {  // flags first: packing them may move what is in rax
    locked_ = 0;
    clobber_flags();
    ra = use(a);
  }
  if (!constant && vals_[b].loc != Loc::kSlot) use(b);
  Reg d = dest(v, a, b);
  if (d != ra) as_.mov(64, d, ra);
  alu_operand(add ? Alu::kAdd : Alu::kSub, bits, d, b);
  finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
  if (fuse) fused(fuse);
}

// The arithmetic op i has no use but its flags (op n).
void CodeGen::emit_logic(uint32_t i, Alu op) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned bits = op_bits(in.type);
  uint32_t fuse = fuse_with_flags(i);
  settle_condition(a);
  settle_condition(b);
  if (fuse) bits = bits_of(in.type);
  if (is_const(a) && !is_const(b)) std::swap(a, b);
  if (op == Alu::kAnd && !fuse && is_const(b) && emit_and_const(i, a, static_cast<uint64_t>(const_of(b))))
    return;
  clobber_flags();
  if (fuse && op == Alu::kAnd && left(v) == 1) {  // the flags op is the only use
    int32_t imm;
    Reg ra = use(a);
    if (imm32(b, &imm) && a != b) {
      as_.test(bits, ra, imm);
    } else {
      as_.test(bits, ra, use(b));
    }
    consume_args(in);
    vals_[v].loc = Loc::kNone;
    return fused(fuse);
  }
  if (vals_[b].loc == Loc::kReg && vals_[b].reg == pin_of_hint(v)) std::swap(a, b);
  Reg ra = use(a);
  int32_t imm;
  if (vals_[b].loc != Loc::kSlot && !imm32(b, &imm)) use(b);
  Reg d = dest(v, a, b);
  if (d != ra) as_.mov(64, d, ra);
  alu_operand(op, bits, d, b);
  finish(v, host(d), bits == 32 && (type_bits(in.type) == 32 || in.type == Type::kI1));
  if (fuse) fused(fuse);
}

// Masks that are a move or a zero-extension.
bool CodeGen::emit_and_const(uint32_t i, V a, uint64_t mask) {
  const Inst& in = region_->insts[i];
  mask &= low_mask(type_bits(in.type));
  unsigned bits = mask == 0xff ? 8 : mask == 0xffff ? 16 : mask == 0xffffffff ? 32 : 0;
  if (!bits) {
    if (type_bits(in.type) == 64 && mask <= 0x7fffffff) {  // a 32-bit AND is shorter and does the same
      clobber_flags();
      Reg ra = use(a);
      Reg d = dest(static_cast<V>(i), a);
      if (d != ra) as_.mov(32, d, ra);
      as_.alu(Alu::kAnd, 32, d, static_cast<int32_t>(mask));
      finish(static_cast<V>(i), host(d), true);
      return true;
    }
    return false;
  }
  Reg ra = use(a);
  Reg d = dest(static_cast<V>(i), a);
  as_.movzx(d, bits, ra);
  finish(static_cast<V>(i), host(d), true);
  return true;
}

void CodeGen::emit_andnot(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned bits = op_bits(in.type);
  settle_condition(a);
  settle_condition(b);
  clobber_flags();
  Reg ra = use(a), rb = use(b);
  if (features_.bmi1) {
    Reg d = dest(v, a);
    as_.andn(bits, d, rb, ra);
    return finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
  }
  Reg d = dest(v, b, a);
  if (d != rb) as_.mov(64, d, rb);
  as_.unary(Unary::kNot, bits, d);
  as_.alu(Alu::kAnd, bits, d, ra);
  finish(v, host(d), bits == 32 && (type_bits(in.type) == 32 || in.type == Type::kI1));
}

void CodeGen::emit_mul(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned bits = op_bits(in.type);
  if (is_const(a)) std::swap(a, b);
  int32_t imm;
  if (bits == 64 && features_.bmi2 && flags_needed()) return emit_mulx(i, false);
  clobber_flags();
  Reg ra = use(a);
  if (imm32(b, &imm)) {
    Reg d = dest(v, a);
    as_.imul(bits, d, ra, imm);
    return finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
  }
  Reg rb = use(b);
  if (host(rb) == pin_of_hint(v)) {
    std::swap(ra, rb);
    std::swap(a, b);
  }
  Reg d = dest(v, a, b);
  if (d != ra) as_.mov(64, d, ra);
  as_.imul(bits, d, rb);
  finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
}

// Sign- or zero-extends the low `bits` of s into all of d.
void CodeGen::extend(Reg d, Reg s, unsigned bits, bool sign) {
  if (bits >= 64) {
    if (d != s) as_.mov(64, d, s);
  } else if (sign) {
    as_.movsx(64, d, bits, s);
  } else {
    as_.movzx(d, bits, s);
  }
}

// A half of the product of two 64-bit numbers, without a change of the host's flags: carries live on while
// long numbers are multiplied.
void CodeGen::emit_mulx(uint32_t i, bool high) {
  const Inst& in = insts_[i];
  const V v = static_cast<V>(i);
  Reg ra = use(in.args[0]), rb = use(in.args[1]);
  if (rb == Reg::rdx) std::swap(ra, rb);
  const Reg other = alloc_gpr();  // rdx, or the half that is not wanted
  const Reg d = dest(v);
  if (ra == Reg::rdx && d != Reg::rdx) {
    as_.mulx(64, high ? d : other, high ? other : d, rb);
  } else if (d == Reg::rdx) {
    if (ra != Reg::rdx) as_.mov(64, Reg::rdx, ra);
    as_.mulx(64, high ? d : other, high ? other : d, rb);
  } else {
    as_.mov(64, other, Reg::rdx);
    as_.mov(64, Reg::rdx, ra);
    as_.mulx(64, high ? d : Reg::rdx, high ? Reg::rdx : d, rb == Reg::rdx ? other : rb);
    as_.mov(64, Reg::rdx, other);
  }
  finish(v, host(d), false);
}

void CodeGen::emit_mulhi(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned bits = type_bits(in.type);
  bool sign = in.op == Op::kMulHiS;
  if (bits == 64 && !sign && features_.bmi2) return emit_mulx(i, true);
  clobber_flags();
  if (bits < 64) {  // the product fits
    Reg ra = use(a), rb = use(b);
    Reg d = alloc_gpr();
    Reg t = alloc_gpr();
    extend(d, ra, bits, sign);
    extend(t, rb, bits, sign);
    as_.imul(64, d, t);
    as_.shift(sign ? Shift::kSar : Shift::kShr, 64, d, bits);
    return finish(v, host(d), false);
  }
  Reg ra = use(a), rb = use(b);
  if (ra == Reg::rax || rb == Reg::rax) {
    // take() moves what is in rax elsewhere; ask again where the operands are.
    take(Reg::rax);
    ra = use(a);
    rb = use(b);
  } else {
    take(Reg::rax);
  }
  Reg save = alloc_gpr();  // rdx is a pin
  as_.mov(64, save, Reg::rdx);
  as_.mov(64, Reg::rax, ra);
  as_.unary(sign ? Unary::kImul : Unary::kMul, 64, rb == Reg::rdx ? save : rb);
  as_.mov(64, Reg::rax, Reg::rdx);
  as_.mov(64, Reg::rdx, save);
  finish(v, host(Reg::rax), false);
}

// x86 traps where the IR has a value: divisors 0 and -1 (signed) go round the division.
void CodeGen::emit_div(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned width = type_bits(in.type), bits = op_bits(in.type);
  bool sign = in.op == Op::kDivS || in.op == Op::kRemS;
  bool rem = in.op == Op::kRemU || in.op == Op::kRemS;
  clobber_flags();
  Reg divisor = use(b);
  if (divisor == Reg::rdx || divisor == Reg::rax || width < 32) {
    Reg copy = alloc_gpr(1u << host(Reg::rax));
    extend(copy, divisor, width, sign);
    unlock(host(divisor));
    divisor = copy;
  }
  Reg ra = use(a);
  if (ra == Reg::rax) {
    take(Reg::rax);
    ra = use(a);
  } else {
    take(Reg::rax);
  }
  Reg save = alloc_gpr();
  as_.mov(64, save, Reg::rdx);
  extend(Reg::rax, ra, width < 32 ? width : 64, sign);
  Label done = as_.new_label(), zero = as_.new_label(), minus = as_.new_label();
  as_.test(bits, divisor, divisor);
  as_.jcc_short(Cc::e, zero);
  if (sign) {
    as_.alu(Alu::kCmp, bits, divisor, -1);
    as_.jcc_short(Cc::e, minus);
    if (bits == 64) {
      as_.cqo();
    } else {
      as_.cdq();
    }
  } else {
    as_.alu(Alu::kXor, 32, Reg::rdx, Reg::rdx);
  }
  as_.unary(sign ? Unary::kIdiv : Unary::kDiv, bits, divisor);
  if (rem) as_.mov(64, Reg::rax, Reg::rdx);
  as_.jmp_short(done);
  if (sign) {
    as_.bind(minus);
    if (rem) {
      as_.alu(Alu::kXor, 32, Reg::rax, Reg::rax);
    } else {
      as_.unary(Unary::kNeg, bits, Reg::rax);
    }
    as_.jmp_short(done);
  }
  as_.bind(zero);
  if (!rem) as_.alu(Alu::kXor, 32, Reg::rax, Reg::rax);
  as_.bind(done);
  as_.mov(64, Reg::rdx, save);
  finish(v, host(Reg::rax), false);
}

void CodeGen::emit_unary(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned bits = op_bits(in.type);
  settle_condition(a);
  if (in.op == Op::kNeg || in.type == Type::kI1) clobber_flags();
  Reg ra = use(a);
  Reg d = dest(v, a);
  if (d != ra) as_.mov(64, d, ra);
  if (in.type == Type::kI1) {
    as_.alu(Alu::kXor, 32, d, 1);
  } else {
    as_.unary(in.op == Op::kNeg ? Unary::kNeg : Unary::kNot, bits, d);
  }
  finish(v, host(d), bits == 32 && (type_bits(in.type) == 32 || in.type == Type::kI1));
}

void CodeGen::emit_shift_imm(uint32_t i, unsigned count) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned width = type_bits(in.type), bits = op_bits(in.type);
  if (in.op == Op::kRotR && width >= 32 && features_.bmi2) {
    Reg ra = use(a);
    Reg d = dest(v, a);
    as_.rorx(bits, d, ra, count);
    return finish(v, host(d), bits == 32);
  }
  if (in.op == Op::kShl && count <= 3 && width >= 32 && flags_needed()) {
    Reg ra = use(a);
    Reg d = dest(v, a);
    as_.lea(bits, d, Mem::at(Reg::none, ra, count));
    return finish(v, host(d), bits == 32);
  }
  clobber_flags();
  Reg ra = use(a);
  Reg d = dest(v, a);
  if (width < 32 && in.op != Op::kShl) {
    if (in.op == Op::kRotR) {
      as_.mov(64, d, ra);
      as_.shift(Shift::kRor, width, d, count);
      return finish(v, host(d), false);
    }
    extend(d, ra, width, in.op == Op::kShrS);
  } else if (d != ra) {
    as_.mov(64, d, ra);
  }
  Shift op = in.op == Op::kShl    ? Shift::kShl
             : in.op == Op::kShrU ? Shift::kShr
             : in.op == Op::kShrS ? Shift::kSar
                                  : Shift::kRor;
  if (count) as_.shift(op, bits, d, count);
  finish(v, host(d), width == 32 && count != 0);
}

void CodeGen::emit_shift(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  if (defer_if(folds_index(v), v)) return;
  unsigned width = type_bits(in.type), bits = op_bits(in.type);
  if (is_const(b)) return emit_shift_imm(i, static_cast<unsigned>(inst(b).imm) & (width - 1));
  if (width >= 32 && in.op != Op::kRotR && features_.bmi2) {
    Reg ra = use(a), rb = use(b);
    Reg d = dest(v, a);
    if (in.op == Op::kShl) as_.shlx(bits, d, ra, rb);
    if (in.op == Op::kShrU) as_.shrx(bits, d, ra, rb);
    if (in.op == Op::kShrS) as_.sarx(bits, d, ra, rb);
    return finish(v, host(d), bits == 32);
  }
  clobber_flags();
  Reg ra = use(a), rb = use(b);
  Reg d = alloc_gpr();
  if (width < 32 && in.op != Op::kShl && in.op != Op::kRotR) {
    extend(d, ra, width, in.op == Op::kShrS);
  } else {
    as_.mov(64, d, ra);
  }
  Reg save = alloc_gpr();  // rcx is a pin
  as_.mov(64, save, Reg::rcx);
  if (rb != Reg::rcx) as_.mov(32, Reg::rcx, rb);
  if (width < 32) as_.alu(Alu::kAnd, 32, Reg::rcx, static_cast<int32_t>(width - 1));
  Shift op = in.op == Op::kShl    ? Shift::kShl
             : in.op == Op::kShrU ? Shift::kShr
             : in.op == Op::kShrS ? Shift::kSar
                                  : Shift::kRor;
  as_.shift_cl(op, in.op == Op::kRotR ? width : bits, d);
  as_.mov(64, Reg::rcx, save);
  finish(v, host(d), false);
}

// adc and sbb, and the flags ops that go with them.
// Is c a deferred test of the carry, and of which flags?
bool CodeGen::tests_carry(V c, V* flags, bool* negated) const {
  const Inst& test = inst(c);
  if (vals_[c].loc != Loc::kDeferred || test.op != Op::kFlagsTest) return false;
  const auto condition = static_cast<FlagCond>(test.aux);
  *flags = test.args[0];
  *negated = condition == FlagCond::kNc;
  return condition == FlagCond::kC || condition == FlagCond::kNc;
}

// Prepares what the host's carry will be made of, before the operands of the op are fetched.
CodeGen::Carry CodeGen::carry_from(V c) {
  Carry from;
  V flags = kNoValue;
  if (is_const(c)) {
    from.kind = inst(c).imm & 1 ? Carry::kSet : Carry::kClear;
  } else if (!tests_carry(c, &flags, &from.negated)) {
    from.value = c;
    fetch(c);
  } else if (vals_[flags].loc == Loc::kFlags && state_.flags.kind == FlagsState::kInteger) {
    // Where it is. Who else wants these flags gets them now, which leaves the host's as they are.
    const bool last = left(flags) == 1 && state_.flags.num_vals == 1;
    if (!last || (state_.flags.dirty && !flags_dead())) save_flags();
    from.kind = Carry::kInPlace;
    from.negated ^= state_.flags.inverted;
    return from;
  } else {
    from.kind = Carry::kPacked;
    from.value = flags;
    fetch(flags);
  }
  clobber_flags();
  return from;
}

// Makes it so, after they are in registers.
void CodeGen::set_carry(const Carry& from) {
  switch (from.kind) {
    case Carry::kSet: as_.stc(); break;
    case Carry::kClear: as_.clc(); break;
    case Carry::kBit: as_.bit(Bit::kBt, 32, use(from.value), 0); break;
    case Carry::kPacked: as_.bit(Bit::kBt, 32, use(from.value), std::countr_zero(unsigned{kFlagC})); break;
    case Carry::kInPlace: break;
  }
  if (from.negated) as_.cmc();
}

void CodeGen::emit_carry(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1], c = in.args[2];
  bool flags_only = in.op == Op::kFlagsAdc || in.op == Op::kFlagsSbb;
  bool add = in.op == Op::kAdc || in.op == Op::kFlagsAdc;
  uint32_t fuse = flags_only ? 0 : fuse_with_flags(i);
  if (fuse) consume_args(region_->insts[fuse]);
  Type t = inst(a).type;
  unsigned bits = flags_only || fuse ? bits_of(t) : op_bits(t);
  settle_condition(a);
  settle_condition(b);
  const Carry carry = carry_from(c);
  locked_ = 0;
  if (carry.value != kNoValue) use(carry.value);
  Reg ra = use(a);
  int32_t imm;
  if (!imm32(b, &imm)) use(b);
  Reg d = flags_only ? alloc_gpr() : dest(v, a, b);
  if (d != ra) as_.mov(64, d, ra);
  set_carry(carry);
  if (imm32(b, &imm)) {
    as_.alu(add ? Alu::kAdc : Alu::kSbb, bits, d, imm);
  } else {
    as_.alu(add ? Alu::kAdc : Alu::kSbb, bits, d, use(b));
  }
  if (carry.kind == Carry::kInPlace) state_.flags.num_vals = 0;  // what they stood for is over
  if (flags_only) {
    consume_args(in);
    return flags_in_host(v, in.imm != 0);
  }
  finish(v, host(d), bits == 32 && type_bits(in.type) == 32);
  state_.flags = FlagsState();
  if (fuse) fused(fuse);
}

void CodeGen::emit_count(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned bits = type_bits(in.type);
  clobber_flags();
  Reg ra = use(a);
  Reg d = alloc_gpr();
  if (in.op == Op::kPopcnt) {
    as_.popcnt(bits, d, ra);
  } else if (in.op == Op::kClz && features_.lzcnt) {
    as_.lzcnt(bits, d, ra);
  } else if (in.op == Op::kCtz && features_.bmi1) {
    as_.tzcnt(bits, d, ra);
  } else if (in.op == Op::kCtz) {
    Reg t = alloc_gpr();
    as_.mov_imm(32, t, bits);
    as_.bsf(bits, d, ra);
    as_.cmov(Cc::e, 32, d, t);
  } else {
    Reg t = alloc_gpr();
    as_.mov_imm(32, t, 2 * bits - 1);
    as_.bsr(bits, d, ra);
    as_.cmov(Cc::e, 32, d, t);
    as_.alu(Alu::kXor, 32, d, static_cast<int32_t>(bits - 1));
  }
  finish(v, host(d), true);
}

void CodeGen::emit_bswap(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned bits = type_bits(in.type);
  if (bits == 16) clobber_flags();
  Reg ra = use(a);
  Reg d = dest(v, a);
  if (d != ra) as_.mov(64, d, ra);
  if (bits == 16) {
    as_.shift(Shift::kRol, 16, d, 8);
  } else {
    as_.bswap(bits, d);
  }
  finish(v, host(d), bits == 32);
}

void CodeGen::emit_bitrev(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned bits = type_bits(in.type);
  clobber_flags();
  Reg ra = use(a);
  Reg d = alloc_gpr(), t = alloc_gpr(), m = alloc_gpr();
  if (d != ra) as_.mov(64, d, ra);
  as_.bswap(bits, d);
  constexpr uint64_t kMasks[] = {0x0f0f0f0f0f0f0f0f, 0x3333333333333333, 0x5555555555555555};
  constexpr unsigned kShifts[] = {4, 2, 1};
  for (unsigned k = 0; k < 3; ++k) {  // swap the halves of ever smaller groups
    as_.mov_imm(64, m, bits == 64 ? kMasks[k] : kMasks[k] & 0xffffffff);
    as_.mov(bits, t, d);
    as_.shift(Shift::kShr, bits, t, kShifts[k]);
    as_.alu(Alu::kAnd, bits, t, m);
    as_.alu(Alu::kAnd, bits, d, m);
    as_.shift(Shift::kShl, bits, d, kShifts[k]);
    as_.alu(Alu::kOr, bits, d, t);
  }
  finish(v, host(d), bits == 32);
}

void CodeGen::emit_extract(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned lsb = in.aux & 255, len = in.aux >> 8, width = type_bits(in.type), bits = op_bits(in.type);
  bool sign = in.op == Op::kExtractS;
  bool sized = len == 8 || len == 16 || (len == 32 && width == 64);
  if (lsb == 0 && sized) {
    Reg ra = use(a);
    Reg d = dest(v, a);
    if (sign) {
      as_.movsx(bits, d, len, ra);
    } else {
      as_.movzx(d, len, ra);
    }
    return finish(v, host(d), width == 32 || !sign);
  }
  clobber_flags();
  Reg ra = use(a);
  Reg d = dest(v, a);
  if (width < 32) {
    extend(d, ra, width, sign);
  } else if (d != ra) {
    as_.mov(bits, d, ra);
  }
  if (!sign && len < 32 && lsb + len < bits) {
    if (lsb) as_.shift(Shift::kShr, bits, d, lsb);
    if (len == 8 || len == 16) {
      as_.movzx(d, len, d);
    } else {
      as_.alu(Alu::kAnd, 32, d, static_cast<int32_t>(low_mask(len)));
    }
  } else {
    if (lsb + len < bits) as_.shift(Shift::kShl, bits, d, bits - lsb - len);
    if (len < bits) as_.shift(sign ? Shift::kSar : Shift::kShr, bits, d, bits - len);
  }
  finish(v, host(d), !sign || width == 32);
}

void CodeGen::emit_deposit(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0], b = in.args[1];
  unsigned lsb = in.aux & 255, len = in.aux >> 8, bits = op_bits(in.type), width = type_bits(in.type);
  clobber_flags();
  Reg ra = use(a), rb = use(b);
  if (len >= width) {
    Reg d = dest(v, b);
    if (d != rb) as_.mov(64, d, rb);
    return finish(v, host(d), false);
  }
  Reg d = dest(v, a, b);
  if (d != ra) as_.mov(64, d, ra);
  if (lsb == 0 && (len == 8 || len == 16)) {
    as_.mov(len, d, rb);
    return finish(v, host(d), false);
  }
  Reg t = alloc_gpr();
  uint64_t mask = low_mask(len) << lsb;
  auto keep = static_cast<int64_t>(~mask);
  if (static_cast<int32_t>(keep) == keep || bits == 32) {
    as_.alu(Alu::kAnd, bits, d, static_cast<int32_t>(keep));
  } else {
    as_.mov_imm(64, t, ~mask);
    as_.alu(Alu::kAnd, 64, d, t);
  }
  extend(t, rb, len == 8 || len == 16 || len == 32 ? len : 64, false);
  if (len != 8 && len != 16 && len != 32) {  // cut to length
    as_.shift(Shift::kShl, 64, t, 64 - len);
    if (64 - len - lsb) as_.shift(Shift::kShr, 64, t, 64 - len - lsb);
  } else if (lsb) {
    as_.shift(Shift::kShl, 64, t, lsb);
  }
  as_.alu(Alu::kOr, bits, d, t);
  finish(v, host(d), false);
}

void CodeGen::emit_funnel(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), high = in.args[0], low = in.args[1];
  unsigned width = type_bits(in.type);
  clobber_flags();
  Reg rh = use(high), rl = use(low);
  if (width < 32) {  // both side by side
    Reg d = alloc_gpr(), t = alloc_gpr();
    as_.movzx(d, width, rh);
    as_.movzx(t, width, rl);
    as_.shift(Shift::kShl, 32, d, width);
    as_.alu(Alu::kOr, 32, d, t);
    if (in.imm) as_.shift(Shift::kShr, 32, d, static_cast<unsigned>(in.imm));
    return finish(v, host(d), false);
  }
  Reg d = dest(v, low, high);
  if (d != rl) as_.mov(width, d, rl);
  if (in.imm) as_.shrd(width, d, rh, static_cast<unsigned>(in.imm));
  finish(v, host(d), false);
}

void CodeGen::emit_extend(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  unsigned from = type_bits(inst(a).type);
  if (in.type == Type::kI128) {
    bool sign = in.op == Op::kSext;
    settle_condition(a);
    clobber_flags();
    Reg ra = use(a), t = alloc_gpr();
    Xmm d = alloc_xmm();
    if (from == 1) {
      as_.movzx(t, 8, ra);
      if (sign) as_.unary(Unary::kNeg, 64, t);
    } else {
      extend(t, ra, from, sign);
    }
    widen(sign, d, t);
    return finish(v, host(d), false);
  }
  if (vals_[a].loc == Loc::kDeferred) {  // a condition as a number
    Cc cc = condition(a);
    Reg d = alloc_gpr();
    as_.setcc(cc, d);
    as_.movzx(d, 8, d);
    if (in.op == Op::kSext) {  // negate without touching the flags, which may still be wanted
      as_.unary(Unary::kNot, 64, d);
      as_.lea(64, d, Mem::at(d, 1));
    }
    return finish(v, host(d), in.op == Op::kZext);
  }
  if (in.op == Op::kZext) {
    Reg ra = use(a);
    if (vals_[a].clean || from == 1) {
      HostReg there = vals_[a].reg;
      return finish(v, there, true);
    }
    Reg d = dest(v, a);
    as_.movzx(d, from, ra);
    return finish(v, host(d), true);
  }
  if (from == 1) clobber_flags();
  Reg ra = use(a);
  Reg d = dest(v, a);
  if (from == 1) {
    if (d != ra) as_.mov(32, d, ra);
    as_.unary(Unary::kNeg, op_bits(in.type), d);
  } else {
    as_.movsx(op_bits(in.type), d, from, ra);
  }
  finish(v, host(d), type_bits(in.type) == 32);
}

void CodeGen::emit_trunc(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  if (inst(a).type == Type::kI128) {
    bool bit = in.type == Type::kI1;
    if (bit) clobber_flags();
    Xmm x = use_x(a);
    Reg d = dest(v);
    as_.sse(Simd::movq_gpr_st, d, x);
    if (bit) as_.alu(Alu::kAnd, 32, d, 1);
    return finish(v, host(d), bit);
  }
  if (in.type == Type::kI1) {
    clobber_flags();
    Reg ra = use(a);
    Reg d = dest(v, a);
    if (d != ra) as_.mov(32, d, ra);
    as_.alu(Alu::kAnd, 32, d, 1);
    return finish(v, host(d), true);
  }
  HostReg r = fetch(a);
  finish(v, r, false);
}

void CodeGen::emit_pair_ops(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  if (in.op == Op::kPair) {
    if (defer_if(folds_pair(v), v)) return;
    Reg lo = use(in.args[0]);
    if (is_const(in.args[1]) && const_of(in.args[1]) == 0) {
      Xmm d = alloc_xmm();
      as_.sse(Simd::movq_gpr, d, lo);
      return finish(v, host(d), false);
    }
    Reg hi = use(in.args[1]);
    Xmm d = alloc_xmm();
    as_.sse(Simd::movq_gpr, d, lo);
    as_.sse(Simd::pinsrq, d, hi, 1);
    return finish(v, host(d), false);
  }
  Xmm x = use_x(in.args[0]);
  Reg d = alloc_gpr();
  if (in.op == Op::kLo) {
    as_.sse(Simd::movq_gpr_st, d, x);
  } else {
    as_.sse(Simd::pextrq, d, x, 1);
  }
  finish(v, host(d), false);
}

}  // namespace xarch::x86_64
