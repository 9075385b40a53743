// Packed flags and conditions. The packed form is what LAHF and SETO leave in ax (tcg/ir/types.h, FlagBits).
#include <bit>

#include "tcg/backend/x86_64/codegen.h"
#include "tcg/ir/eval.h"
#include "tcg/support/log.h"

namespace xarch::x86_64 {

using namespace ir;

bool CodeGen::flags_needed() const {
  const FlagsState& f = state_.flags;
  return f.valid && (f.num_vals > 0 || (f.dirty && !flags_dead()));
}

// To be called before anything that changes the host's flags, and before operands are fetched.
void CodeGen::clobber_flags() {
  if (flags_needed()) save_flags();
  state_.flags = FlagsState();
}

// Packs the host's flags into rax, and from there to the slot and the values that want them. The host's flags
// stay valid (with C in its true polarity) as far as the host is concerned.
void CodeGen::save_flags() {
  FlagsState& f = state_.flags;
  uint32_t locked = locked_;
  take(Reg::rax);
  if (f.inverted) {
    as_.cmc();
    f.inverted = false;
  }
  if (f.kind != FlagsState::kInteger) {
    pack_fcmp();
  } else {
    as_.lahf();
    as_.setcc(Cc::o, Reg::rax);
  }
  if (f.dirty) {
    as_.mov(16, slot_mem(f.slot), Reg::rax);
    f.dirty = false;
  }
  for (unsigned i = 0; i < f.num_vals; ++i) {
    Val& val = vals_[f.vals[i]];
    state_.add(host(Reg::rax), f.vals[i]);
    val.loc = Loc::kReg;
    val.reg = host(Reg::rax);
    val.clean = false;
  }
  f.num_vals = 0;
  locked_ = locked;
}

// The packed flags of a comparison of numbers, in rax. "Below" is true for unordered operands too, as "equal"
// is.
void CodeGen::pack_fcmp() {
  const uint32_t less = flags_of_pack(true, false, false, false),
                 equal = flags_of_pack(false, true, true, false);
  const uint32_t greater = flags_of_pack(false, false, true, false);
  const uint32_t unordered = flags_of_pack(false, false, true, true);
  const bool swapped = state_.flags.kind == FlagsState::kFcmpSwapped;
  as_.mov_imm(32, Reg::rax, swapped ? less : greater);
  as_.cmov(Cc::b, 32, Reg::rax, constant(swapped ? greater : less));
  as_.cmov(Cc::e, 32, Reg::rax, constant(equal));
  as_.cmov(Cc::p, 32, Reg::rax, constant(unordered));
}

void CodeGen::flags_in_host(V v, bool inverted) {
  state_.flags = FlagsState();
  if (left(v) == 0) return;
  state_.flags.valid = true;
  state_.flags.inverted = inverted;
  state_.flags.vals[0] = v;
  state_.flags.num_vals = 1;
  vals_[v].loc = Loc::kFlags;
}

// The condition of x86 that says `c` of flags whose C is CF, or its complement if inverted.
bool CodeGen::direct_cc(FlagCond c, bool inverted, Cc* cc) {
  switch (c) {
    case FlagCond::kZ: *cc = Cc::e; return true;
    case FlagCond::kNz: *cc = Cc::ne; return true;
    case FlagCond::kC: *cc = inverted ? Cc::ae : Cc::b; return true;
    case FlagCond::kNc: *cc = inverted ? Cc::b : Cc::ae; return true;
    case FlagCond::kN: *cc = Cc::s; return true;
    case FlagCond::kNn: *cc = Cc::ns; return true;
    case FlagCond::kV: *cc = Cc::o; return true;
    case FlagCond::kNv: *cc = Cc::no; return true;
    case FlagCond::kHi: *cc = Cc::a; return inverted;
    case FlagCond::kLs: *cc = Cc::be; return inverted;
    case FlagCond::kA: *cc = Cc::a; return !inverted;
    case FlagCond::kBe: *cc = Cc::be; return !inverted;
    case FlagCond::kGe: *cc = Cc::ge; return true;
    case FlagCond::kLt: *cc = Cc::l; return true;
    case FlagCond::kGt: *cc = Cc::g; return true;
    case FlagCond::kLe: *cc = Cc::le; return true;
    case FlagCond::kP: *cc = Cc::p; return true;
    case FlagCond::kNp: *cc = Cc::np; return true;
  }
  return false;
}

// Sets the host's flags so that the returned condition is `c` of the packed value v.
Cc CodeGen::flags_condition(V v, FlagCond c) {
  Cc cc = Cc::e;
  if (vals_[v].loc == Loc::kFlags && state_.flags.kind != FlagsState::kInteger) {
    if (fcmp_condition(v, c, &cc)) return cc;
    fetch(v);
  }
  if (vals_[v].loc == Loc::kFlags) {
    if (!direct_cc(c, state_.flags.inverted, &cc)) {
      as_.cmc();
      state_.flags.inverted = !state_.flags.inverted;
      direct_cc(c, state_.flags.inverted, &cc);
    }
    return cc;
  }
  clobber_flags();
  uint16_t bit = 0;
  switch (static_cast<FlagCond>(static_cast<uint8_t>(c) & ~1)) {
    case FlagCond::kZ: bit = kFlagZ; break;
    case FlagCond::kC: bit = kFlagC; break;
    case FlagCond::kN: bit = kFlagN; break;
    case FlagCond::kV: bit = kFlagV; break;
    case FlagCond::kP: bit = kFlagP; break;
    default: break;
  }
  if (bit) {
    if (vals_[v].loc == Loc::kSlot) {
      Mem m = slot_mem(vals_[v].index);
      if (bit > 0xff) ++m.disp;
      as_.test(8, m, static_cast<int8_t>(bit > 0xff ? bit >> 8 : bit));
    } else {
      as_.test(32, use(v), bit);
    }
    return static_cast<uint8_t>(c) & 1 ? Cc::e : Cc::ne;
  }
  // All of them back into the host: adding 0x7f to the byte that is V sets OF from it, SAHF does the others.
  HostReg from = fetch(v);
  lock(from);
  if (from != host(Reg::rax)) {
    take(Reg::rax);
    as_.mov(32, Reg::rax, gpr(from));
  } else if (!dies(v) || state_.regs[from].num_vals > 1 || state_.is_dirty(from)) {
    Reg copy = alloc_gpr();
    as_.mov(32, copy, Reg::rax);
    as_.alu(Alu::kAdd, 8, Reg::rax, 0x7f);
    as_.sahf();
    as_.mov(32, Reg::rax, copy);
    bool direct = direct_cc(c, false, &cc);
    if (!direct) as_.cmc(), direct_cc(c, true, &cc);
    return cc;
  } else {
    unbind_slot(from);  // v dies here, so its register may be spoiled
  }
  as_.alu(Alu::kAdd, 8, Reg::rax, 0x7f);
  as_.sahf();
  if (!direct_cc(c, false, &cc)) {
    as_.cmc();
    direct_cc(c, true, &cc);
  }
  return cc;
}

Cc CodeGen::cmp_condition(const Inst& in) {
  constexpr Cc kTable[] = {Cc::e, Cc::ne, Cc::b, Cc::be, Cc::a, Cc::ae, Cc::l, Cc::le, Cc::g, Cc::ge};
  auto cond = static_cast<Cond>(in.aux);
  V a = in.args[0], b = in.args[1];
  unsigned bits = bits_of(inst(a).type);
  int32_t imm;
  if (is_const(a) && !is_const(b)) {
    constexpr Cond kSwapped[] = {Cond::kEq,  Cond::kNe,  Cond::kUgt, Cond::kUge, Cond::kUlt,
                                 Cond::kUle, Cond::kSgt, Cond::kSge, Cond::kSlt, Cond::kSle};
    cond = kSwapped[static_cast<int>(cond)];
    std::swap(a, b);
  }
  settle_condition(a);
  settle_condition(b);
  clobber_flags();
  if (imm32(b, &imm)) {
    if (imm == 0 && (cond == Cond::kEq || cond == Cond::kNe || cond == Cond::kSlt || cond == Cond::kSge) &&
        vals_[a].loc != Loc::kSlot) {
      Reg r = use(a);
      as_.test(bits, r, r);
      if (cond == Cond::kSlt) return Cc::s;
      if (cond == Cond::kSge) return Cc::ns;
    } else if (vals_[a].loc == Loc::kSlot && dies(a)) {
      as_.alu(Alu::kCmp, bits, slot_mem(vals_[a].index), imm);
    } else {
      as_.alu(Alu::kCmp, bits, use(a), imm);
    }
  } else {
    Reg r = use(a);
    alu_operand(Alu::kCmp, bits, r, b);
  }
  return kTable[static_cast<int>(cond)];
}

// i1 operands that are conditions themselves become bytes, before the host's flags are used for something
// else.
void CodeGen::settle_condition(V v) {
  if (v != kNoValue && vals_[v].loc == Loc::kDeferred && inst(v).type == Type::kI1) {
    uint32_t locked = locked_;
    materialize_condition(v);
    locked_ = locked;
  }
}

// Emits what sets the host's flags for the i1 value v; the operands of a deferred condition stay unconsumed
// until v is.
Cc CodeGen::condition(V v) {
  const Inst& in = inst(v);
  if (vals_[v].loc == Loc::kDeferred) {
    switch (in.op) {
      case Op::kCmp: return cmp_condition(in);
      case Op::kFlagsTest: return flags_condition(in.args[0], static_cast<FlagCond>(in.aux));
      case Op::kTestZ:
      case Op::kTestNz: {
        V a = in.args[0], b = in.args[1];
        if (is_const(a)) std::swap(a, b);
        unsigned bits = bits_of(inst(a).type);
        settle_condition(a);
        settle_condition(b);
        clobber_flags();
        int32_t imm;
        Cc cc = in.op == Op::kTestZ ? Cc::e : Cc::ne;
        if (a != b && bits == 64 && is_const(b) && static_cast<uint64_t>(const_of(b)) <= 0x7fffffff) {
          as_.test(32, use(a), static_cast<int32_t>(const_of(b)));
        } else if (a != b && bits == 64 && is_const(b) &&
                   std::has_single_bit(static_cast<uint64_t>(const_of(b)))) {
          as_.bit(Bit::kBt, 64, use(a),
                  static_cast<unsigned>(__builtin_ctzll(static_cast<uint64_t>(const_of(b)))));
          return in.op == Op::kTestZ ? Cc::ae : Cc::b;
        } else if (a != b && imm32(b, &imm)) {
          as_.test(bits, use(a), imm);
        } else {
          Reg r = use(a);
          as_.test(bits, r, use(b));
        }
        return cc;
      }
      default: Log::fatal("xarch: internal error: op %u is no condition", static_cast<unsigned>(in.op));
    }
  }
  clobber_flags();
  Reg r = use(v);
  as_.test(8, r, r);
  return Cc::ne;
}

// Makes v (a deferred condition) a byte in a register.
void CodeGen::materialize_condition(V v) {
  Cc cc = condition(v);
  Reg d = alloc_gpr();
  as_.setcc(cc, d);
  as_.movzx(d, 8, d);
  vals_[v].loc = Loc::kNone;
  consume_args(inst(v));
  bind(v, host(d), true);
}

// Is the condition wanted by nothing but the operation with carry that follows, and the flags of that?
bool CodeGen::only_a_carry(uint32_t i) {
  if (left(i) != 2) return false;
  uint32_t n = i + 1;
  while (n < region_->insts.size() && is_idle(n)) ++n;
  if (n >= region_->insts.size()) return false;
  const Inst& in = insts_[n];
  return (in.op == Op::kAdc || in.op == Op::kSbb) && in.args[2] == i && in.args[0] != i && in.args[1] != i &&
         fuse_with_flags(n) != 0;
}

void CodeGen::emit_condition(uint32_t i) {
  V v = static_cast<V>(i);
  vals_[v].loc = Loc::kDeferred;
  if (left(v) != 1 && !only_a_carry(i)) {
    if (left(v) == 0) {
      consume_args(inst(v));
      vals_[v].loc = Loc::kNone;
    } else {
      materialize_condition(v);
    }
  }
}

// Does the next instruction want the flags of exactly this operation?
uint32_t CodeGen::fuse_with_flags(uint32_t i) {
  const Inst& in = insts_[i];
  uint32_t n = i + 1;
  while (n < region_->insts.size() && is_idle(n)) ++n;
  if (n >= region_->insts.size() || left(n) == 0) return 0;
  const Inst& f = insts_[n];
  bool same2 = f.args[0] == in.args[0] && f.args[1] == in.args[1];
  switch (f.op) {
    case Op::kFlagsAdd: return in.op == Op::kAdd && same2 ? n : 0;
    case Op::kFlagsSub: {
      if (in.op == Op::kSub && same2) return n;
      // The builder makes sums of differences with constants.
      const V a = in.args[1], b = f.args[1];
      int32_t imm;
      if (in.op != Op::kAdd || f.args[0] != in.args[0] || !is_const(a) || !imm32(b, &imm)) return 0;
      const uint64_t sum = static_cast<uint64_t>(const_of(a)) + static_cast<uint64_t>(const_of(b));
      return (sum & low_mask(bits_of(in.type))) == 0 ? n : 0;
    }
    case Op::kFlagsAdc: return in.op == Op::kAdc && same2 && f.args[2] == in.args[2] ? n : 0;
    case Op::kFlagsSbb: return in.op == Op::kSbb && same2 && f.args[2] == in.args[2] ? n : 0;
    case Op::kFlagsLogic:
      return (in.op == Op::kAnd || in.op == Op::kOr || in.op == Op::kXor) && f.args[0] == i && f.imm == 0 ? n
                                                                                                          : 0;
    case Op::kFlagsStr:
      return (in.op == Op::kVStrIndex || in.op == Op::kVStrMask) && same2 && f.args[2] == in.args[2] &&
                     f.imm == in.imm
                 ? n
                 : 0;
    default: return 0;
  }
}

void CodeGen::fused(uint32_t n) {
  const Inst& f = insts_[n];
  bool logic = f.op == Op::kFlagsLogic;
  if (logic)
    consume_args(f);  // those of the others were consumed before, so that the operation may overwrite them
  const bool inverted = !logic && f.op != Op::kFlagsStr && f.imm != 0;
  flags_in_host(static_cast<V>(n), inverted);
  done_ = n;
}

// Is op i (a step by one, or its flags alone) what INC or DEC do: flags but for C, which is another's? Gives
// the op that puts them together, or 0; *flags is the one of the step's own.
uint32_t CodeGen::step_with_carry(uint32_t i, uint32_t* flags) {
  const Inst& in = insts_[i];
  const auto next = [&](uint32_t n) {
    for (++n; n < region_->insts.size() && is_idle(n); ++n) {
    }
    return n;
  };
  if (in.op == Op::kAdd || in.op == Op::kSub) {
    *flags = fuse_with_flags(i);
    if (*flags == 0) return 0;
  } else {
    *flags = i;
  }
  const Inst& f = insts_[*flags];
  if (f.imm != 0 || !is_const(f.args[1]) || const_of(f.args[1]) != 1 || left(*flags) != 1) return 0;
  const uint32_t n = next(*flags);
  if (n >= region_->insts.size() || left(n) == 0) return 0;
  const Inst& set = insts_[n];
  return set.op == Op::kFlagsSet && set.imm == kFlagC && set.args[0] == *flags ? n : 0;
}

bool CodeGen::emit_step(uint32_t i) {
  const Inst& in = insts_[i];
  uint32_t flags = 0;
  const uint32_t set = step_with_carry(i, &flags);
  if (set == 0) return false;
  const V v = static_cast<V>(i), a = in.args[0];
  const bool up = insts_[flags].op == Op::kFlagsAdd;
  const Type t = inst(a).type;
  if (flags != i) consume_args(insts_[flags]);
  const Carry carry = carry_from(insts_[set].args[1]);
  locked_ = 0;
  if (carry.value != kNoValue) use(carry.value);
  const Reg ra = use(a);
  const Reg d = flags == i ? alloc_gpr() : dest(v, a);
  if (d != ra) as_.mov(64, d, ra);
  set_carry(carry);
  if (up) {
    as_.inc(bits_of(t), d);
  } else {
    as_.dec(bits_of(t), d);
  }
  if (carry.kind == Carry::kInPlace) state_.flags.num_vals = 0;  // what they stood for is over
  if (flags == i) {
    consume_args(in);
  } else {
    finish(v, host(d), type_bits(t) == 32);
  }
  state_.flags = FlagsState();
  consume_args(insts_[set]);
  flags_in_host(static_cast<V>(set), false);
  done_ = set;
  return true;
}

// Flags of an operation whose result nobody wants (compare, test), or whose flags stand apart from it.
void CodeGen::emit_flags_op(uint32_t i) {
  const Inst& in = insts_[i];
  V a = in.args[0], b = in.args[1];
  unsigned bits = bits_of(inst(a).type);
  if (in.op == Op::kFlagsAdc || in.op == Op::kFlagsSbb) return emit_carry(i);
  if (in.op != Op::kFlagsLogic && emit_step(i)) return;
  for (V v : in.args) settle_condition(v);
  clobber_flags();
  if (in.op == Op::kFlagsSub) {
    int32_t imm;
    if (vals_[a].loc == Loc::kSlot && dies(a) && imm32(b, &imm)) {
      as_.alu(Alu::kCmp, bits, slot_mem(vals_[a].index), imm);
    } else {
      alu_operand(Alu::kCmp, bits, use(a), b);
    }
  } else if (in.op == Op::kFlagsAdd) {
    Reg ra = use(a);
    Reg t = alloc_gpr();
    as_.mov(64, t, ra);
    alu_operand(Alu::kAdd, bits, t, b);
  } else {
    Reg r = use(a);
    as_.test(bits, r, r);
    if (in.imm != 0) as_.stc();
  }
  consume_args(in);
  flags_in_host(static_cast<V>(i), in.op != Op::kFlagsLogic && in.imm != 0);
}

void CodeGen::emit_flags_pack(uint32_t i) {
  const Inst& in = insts_[i];
  constexpr unsigned kShift[] = {15, 14, 8, 0};
  for (V v : in.args) settle_condition(v);
  clobber_flags();
  Reg d = alloc_gpr();
  as_.mov_imm(32, d, 0);
  for (unsigned k = 0; k < 4; ++k) {
    if (is_const(in.args[k])) {
      if (inst(in.args[k]).imm & 1) as_.alu(Alu::kOr, 32, d, 1 << kShift[k]);
      continue;
    }
    uint32_t locked = locked_;
    Reg r = use(in.args[k]);
    Reg t = alloc_gpr();
    as_.movzx(t, 8, r);
    if (kShift[k]) as_.shift(Shift::kShl, 32, t, kShift[k]);
    as_.alu(Alu::kOr, 32, d, t);
    locked_ = locked;
  }
  finish(static_cast<V>(i), host(d), true);
}

void CodeGen::emit_flags_set(uint32_t i) {
  const Inst& in = insts_[i];
  const V a = in.args[0], b = in.args[1];
  const auto bit = static_cast<int32_t>(in.imm);
  settle_condition(b);
  clobber_flags();
  const Reg ra = use(a);
  if (is_const(b)) {
    const Reg d = dest(static_cast<V>(i), a);
    if (d != ra) as_.mov(32, d, ra);
    as_.alu(inst(b).imm & 1 ? Alu::kOr : Alu::kAnd, 32, d, inst(b).imm & 1 ? bit : ~bit);
    return finish(static_cast<V>(i), host(d), false);
  }
  const Reg rb = use(b);
  const Reg t = alloc_gpr();
  as_.movzx(t, 8, rb);
  const auto shift = static_cast<unsigned>(std::countr_zero(static_cast<uint32_t>(bit)));
  if (shift != 0) as_.shift(Shift::kShl, 32, t, shift);
  const Reg d = dest(static_cast<V>(i), a, b);
  if (d != ra) as_.mov(32, d, ra);
  as_.alu(Alu::kAnd, 32, d, ~bit);
  as_.alu(Alu::kOr, 32, d, t);
  finish(static_cast<V>(i), host(d), false);
}

// equal if the numbers that the host has compared are, else other.
void CodeGen::emit_select_equal(uint32_t i, V equal, V other) {
  const Inst& in = insts_[i];
  const unsigned bits = op_bits(in.type);
  Reg re = use(equal), ro = use(other);
  Reg d = dest(static_cast<V>(i), equal, other);
  if (d != re) as_.mov(bits, d, re);
  as_.cmov(Cc::ne, bits, d, ro);
  as_.cmov(Cc::p, bits, d, ro);
  finish(static_cast<V>(i), host(d), bits == 32 && (type_bits(in.type) == 32 || in.type == Type::kI1));
}

void CodeGen::emit_select(uint32_t i) {
  const Inst& in = insts_[i];
  V c = in.args[0], a = in.args[1], b = in.args[2];
  if (is_xmm_type(in.type)) return emit_select_x(i);
  if (vals_[a].loc == Loc::kFlags || vals_[b].loc == Loc::kFlags) save_flags(), state_.flags = FlagsState();
  settle_condition(a);
  settle_condition(b);
  if (vals_[c].loc == Loc::kFlags) fetch(c);
  bool negated = false;
  if (fcmp_equality(c, &negated)) return emit_select_equal(i, negated ? b : a, negated ? a : b);
  Cc cc = condition(c);
  locked_ = 0;
  // From here on only moves, which leave the host's flags alone.
  unsigned bits = op_bits(in.type);
  if (vals_[b].loc == Loc::kReg) lock(vals_[b].reg);
  if (vals_[a].loc == Loc::kSlot && dies(a) && op_bits(in.type) == type_bits(in.type) && a != b) {
    Mem m = slot_mem(vals_[a].index);
    Reg d = dest(static_cast<V>(i), b);
    load_to(b, host(d));
    as_.cmov(cc, bits, d, m);
    return finish(static_cast<V>(i), host(d), type_bits(in.type) == 32 || in.type == Type::kI1);
  }
  Reg ra = use(a);
  // Prefer to overwrite a dying operand: a (with the condition turned round) or b.
  V keep = b, other = a;
  if (vals_[a].loc == Loc::kReg && vals_[b].loc == Loc::kReg &&
      reusable(vals_[a].reg, a, static_cast<V>(i)) && !reusable(vals_[b].reg, b, static_cast<V>(i))) {
    std::swap(keep, other);
    cc = !cc;
  }
  Reg ro = other == a ? ra : use(other);
  Reg d = dest(static_cast<V>(i), keep, other);
  load_to(keep, host(d));
  as_.cmov(cc, bits, d, ro);
  finish(static_cast<V>(i), host(d), type_bits(in.type) == 32 || in.type == Type::kI1);
}

}  // namespace xarch::x86_64
