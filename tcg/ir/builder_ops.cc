// The Builder's flags, memory, vector, helper and control-flow ops.
#include <algorithm>

#include "tcg/ir/builder.h"
#include "tcg/ir/eval.h"
#include "tcg/support/log.h"

namespace xarch::ir {

namespace {

uint32_t f80_format(Type t) {
  for (uint32_t f = 0;; ++f) {
    if (f80_format_type(f) == t || f80_format_type(f) == Type::kVoid) return f;
  }
}

}  // namespace

Value Builder::f80_load(Type format, Value addr, MemDesc d, int32_t disp) {
  notes_.f80();
  return emit_access(Op::kF80Load, Type::kF80, addr, {}, {}, f80_format(format), d, disp);
}

Value Builder::f80_store(Type format, bool truncates, Value addr, Value v, MemDesc d, int32_t disp) {
  const uint32_t aux = f80_format(format) | (truncates ? kF80Truncates : 0);
  return emit_access(Op::kF80Store, Type::kI1, addr, v, {}, aux, d, disp);
}

Value Builder::f80_make(Value significand, Value exponent) {
  return emit_f80(Op::kF80Make, significand, exponent);
}

Value Builder::f80_flags() {
  const Value v = emit(Op::kF80Flags, Type::kI16);
  notes_.show(region_->layout->f80_flags);
  notes_.stop(v.id);
  return v;
}

void Builder::f80_control() {
  notes_.show(region_->layout->f80_control);
  notes_.stop(emit(Op::kF80Control, Type::kVoid).id);
}

// ---- flags

Value Builder::flags_add(Value a, Value b, bool invert_carry) {
  uint64_t ca = 0;
  uint64_t cb = 0;
  if (is_const(a, &ca) && is_const(b, &cb)) return flags_const(flags_of_add(a.type, ca, cb, 0, invert_carry));
  return emit(Op::kFlagsAdd, Type::kFlags, a, b, {}, 0, invert_carry);
}

Value Builder::flags_adc(Value a, Value b, Value carry, bool invert_carry) {
  uint64_t c = 0;
  if (is_const(carry, &c) && c == 0) return flags_add(a, b, invert_carry);
  return emit(Op::kFlagsAdc, Type::kFlags, a, b, carry, 0, invert_carry);
}

Value Builder::flags_sub(Value a, Value b, bool invert_carry) {
  uint64_t ca = 0;
  uint64_t cb = 0;
  if (is_const(a, &ca) && is_const(b, &cb)) return flags_const(flags_of_sub(a.type, ca, cb, 0, invert_carry));
  return emit(Op::kFlagsSub, Type::kFlags, a, b, {}, 0, invert_carry);
}

Value Builder::flags_sbb(Value a, Value b, Value borrow, bool invert_carry) {
  uint64_t c = 0;
  if (is_const(borrow, &c) && c == 0) return flags_sub(a, b, invert_carry);
  return emit(Op::kFlagsSbb, Type::kFlags, a, b, borrow, 0, invert_carry);
}

Value Builder::flags_logic(Value a, bool carry) {
  uint64_t c = 0;
  if (is_const(a, &c)) return flags_const(flags_of_logic(a.type, c, carry));
  return emit(Op::kFlagsLogic, Type::kFlags, a, {}, {}, 0, carry);
}

Value Builder::flags_pack(Value n, Value z, Value c, Value v) {
  uint64_t cn = 0;
  uint64_t cz = 0;
  uint64_t cc = 0;
  uint64_t cv = 0;
  if (is_const(n, &cn) && is_const(z, &cz) && is_const(c, &cc) && is_const(v, &cv)) {
    return flags_const(flags_of_pack(cn, cz, cc, cv));
  }
  const Value r = emit(Op::kFlagsPack, Type::kFlags, n, z, c);
  region_->insts[r.id].args[3] = v.id;
  notes_.use(v.id, r.id);
  return r;
}

Value Builder::test_of_pack(Value flags, FlagCond c) {
  const Inst f = def(flags);
  switch (c) {
    case FlagCond::kN: return value_of(f.args[0]);
    case FlagCond::kNn: return not_(value_of(f.args[0]));
    case FlagCond::kZ: return value_of(f.args[1]);
    case FlagCond::kNz: return not_(value_of(f.args[1]));
    case FlagCond::kC: return value_of(f.args[2]);
    case FlagCond::kNc: return not_(value_of(f.args[2]));
    case FlagCond::kV: return value_of(f.args[3]);
    case FlagCond::kNv: return not_(value_of(f.args[3]));
    case FlagCond::kP: return i1(false);
    case FlagCond::kNp: return i1(true);
    default: return {};
  }
}

Value Builder::flags_set(Value flags, FlagBits flag, Value v) {
  uint64_t c = 0;
  if (const Inst* d = def_if(flags, Op::kFlagsConst); d && is_const(v, &c)) {
    const auto bits = static_cast<uint16_t>(d->imm);
    return flags_const(static_cast<uint16_t>(c ? bits | flag : bits & ~flag));
  }
  return emit(Op::kFlagsSet, Type::kFlags, flags, v, {}, 0, flag);
}

namespace {

// The flags that a condition depends on.
uint16_t flags_of_cond(FlagCond c) {
  switch (static_cast<FlagCond>(static_cast<uint8_t>(c) & ~1)) {
    case FlagCond::kZ: return kFlagZ;
    case FlagCond::kC: return kFlagC;
    case FlagCond::kN: return kFlagN;
    case FlagCond::kV: return kFlagV;
    case FlagCond::kHi:
    case FlagCond::kA: return kFlagC | kFlagZ;
    case FlagCond::kGe: return kFlagN | kFlagV;
    case FlagCond::kGt: return kFlagN | kFlagV | kFlagZ;
    default: return kFlagP;
  }
}

}  // namespace

// Does a step by one keep the C of other flags? A backend may have all of them in the host's.
bool Builder::keeps_carry(const Inst& set) const {
  const Inst& flags = region_->insts[set.args[0]];
  uint64_t one = 0, carry = 0;
  return set.imm == kFlagC && (flags.op == Op::kFlagsAdd || flags.op == Op::kFlagsSub) &&
         is_const(value_of(flags.args[1]), &one) && one == 1 && !is_const(value_of(set.args[1]), &carry);
}

// Tests of a comparison's flags stay tests: a backend answers them from the host's flags, which it has
// anyway.
Value Builder::flags_test(Value flags, FlagCond c) {
  Value v;
  switch (def(flags).op) {
    case Op::kFlagsConst: return i1(eval_flag_cond(c, static_cast<uint16_t>(def(flags).imm)));
    case Op::kFlagsPack: v = test_of_pack(flags, c); break;
    case Op::kFlagsSet: {
      const Inst f = def(flags);
      if (keeps_carry(f)) break;
      const auto set = static_cast<uint16_t>(f.imm);
      if ((flags_of_cond(c) & set) == 0) return flags_test(value_of(f.args[0]), c);
      if (flags_of_cond(c) != set) break;
      v = value_of(f.args[1]);
      if (static_cast<uint8_t>(c) & 1) v = not_(v);
      break;
    }
    default: break;
  }
  if (v) return v;
  return emit(Op::kFlagsTest, Type::kI1, flags, {}, {}, static_cast<uint32_t>(c));
}

// ---- memory

Value Builder::load(Type t, Value addr, MemDesc d, int32_t disp) {
  return emit_access(Op::kLoad, t, addr, {}, {}, 0, d, disp);
}

void Builder::store(Value addr, Value v, MemDesc d, int32_t disp) {
  emit_access(Op::kStore, Type::kVoid, addr, v, {}, 0, d, disp);
}

Value Builder::cas(Value addr, Value expected, Value desired, MemDesc d, int32_t disp) {
  return emit_access(Op::kCas, expected.type, addr, expected, desired, 0, d, disp);
}

Value Builder::rmw(RmwOp op, Value addr, Value v, MemDesc d, int32_t disp) {
  return emit_access(Op::kRmw, v.type, addr, v, {}, static_cast<uint32_t>(op), d, disp);
}

void Builder::fence(Fence f) { emit(Op::kFenceOp, Type::kVoid, {}, {}, {}, static_cast<uint32_t>(f)); }

void Builder::probe(ProbeKind kind, Value addr, MemDesc d, int32_t disp) {
  emit_access(Op::kProbe, Type::kVoid, addr, {}, {}, static_cast<uint32_t>(kind), d, disp);
}

// ---- vectors

Value Builder::vbinary(Op op, Value a, Value b, unsigned lane, int64_t imm) {
  if (a.id == b.id) {
    if (Value v = fold_same(op, a)) return v;
  }
  return emit(op, a.type, a, b, {}, lane, imm);
}

Value Builder::vunary(Op op, Value a, unsigned lane, int64_t imm) {
  const bool shift = op == Op::kVShlImm || op == Op::kVShrUImm || op == Op::kVShrSImm;
  if (shift && imm == 0) return a;
  if (op == Op::kVNot) {
    if (const Inst* d = def_if(a, Op::kVNot)) return value_of(d->args[0]);
  }
  return emit(op, a.type, a, {}, {}, lane, imm);
}

Value Builder::vdup(Type t, Value a, unsigned lane) {
  uint64_t c = 0;
  if (is_const(a, &c)) {
    c &= low_mask(8u << lane);
    for (unsigned bits = 8u << lane; bits < 64; bits *= 2) c |= c << bits;
    return vconst(t, c);
  }
  return emit(Op::kVDup, t, a, {}, {}, lane);
}

Value Builder::vextract(Type t, Value v, unsigned lane, unsigned index) {
  if (index == 0) notes_.low_read(v.id, lane == 3 ? Inst::kLow8 : Inst::kLow4);
  return emit(Op::kVExtract, t, v, {}, {}, lane, index);
}

Value Builder::vinsert(Value v, Value a, unsigned lane, unsigned index) {
  return emit(Op::kVInsert, v.type, v, a, {}, lane, index);
}

Value Builder::vconvert(Op op, Type t, Value a, unsigned lane) {
  if (op == Op::kVLo || op == Op::kVHi) {
    if (const Inst* d = def_if(a, Op::kVPair)) return value_of(d->args[op == Op::kVHi ? 1 : 0]);
  }
  if (op == Op::kVAesMix || op == Op::kVAesIMix) {
    const Inst* d = def_if(a, op == Op::kVAesMix ? Op::kVAesEnc : Op::kVAesDec);
    if (d != nullptr) {
      return emit(op == Op::kVAesMix ? Op::kVAesRound : Op::kVAesIRound, t, value_of(d->args[0]));
    }
  }
  if (op == Op::kVLo) notes_.low_read(a.id, Inst::kLow8);
  return emit(op, t, a, {}, {}, lane);
}

Value Builder::vwiden(bool is_signed, Value a, unsigned lane, bool high) {
  const Op op = is_signed ? Op::kVWidenS : Op::kVWidenU;
  if (!high) return vconvert(op, Type::kV128, vconvert(Op::kVLo, Type::kV64, a), lane);
  return emit(op, Type::kV128, a, {}, {}, lane, 1);
}

Value Builder::vmull(bool is_signed, Value a, Value b, unsigned lane, bool high) {
  return emit(is_signed ? Op::kVMulLS : Op::kVMulLU, Type::kV128, a, b, {}, lane, high);
}

Value Builder::vclmul(Value a, Value b) { return emit(Op::kVClMul, Type::kV128, a, b); }

Value Builder::vsha(Op op, Value a, Value b, Value c, unsigned imm) {
  return emit(op, Type::kV128, a, b, c, 0, imm);
}

Value Builder::vstrings(Op op, Value a, Value b, Value lengths, unsigned control) {
  const Type t = op == Op::kVStrIndex ? Type::kI32 : op == Op::kVStrMask ? Type::kV128 : Type::kFlags;
  return emit(op, t, a, b, lengths, 0, control);
}

bool Builder::is_vector_const(Value v, uint64_t out[2]) const {
  const Inst& d = def(v);
  const bool pair = d.op == Op::kVPair;
  const Inst& low = pair ? region_->insts[d.args[0]] : d;
  const Inst& high = pair ? region_->insts[d.args[1]] : d;
  if (low.op != Op::kVConst || high.op != Op::kVConst) return false;
  out[0] = static_cast<uint64_t>(low.imm);
  out[1] = static_cast<uint64_t>(high.imm);
  return true;
}

// Bytes that go elsewhere and come back are those from before.
Value Builder::vshuffle(Value table, Value index, bool some_bits) {
  if (some_bits) return emit(Op::kVShuffle, Type::kV128, table, index, {}, 0, 1);
  uint64_t first[2], second[2];
  const Inst* inner = def_if(table, Op::kVShuffle);
  if (inner != nullptr && inner->imm == 0 && is_vector_const(value_of(inner->args[1]), first) &&
      is_vector_const(index, second)) {
    const auto byte = [](const uint64_t v[2], uint64_t i) { return v[i / 8] >> (i % 8 * 8) & 0xff; };
    bool same = true;
    for (unsigned i = 0; i < 16 && same; ++i) {
      const uint64_t from = byte(second, i);
      same = from < 16 && byte(first, from) == i;
    }
    if (same) return value_of(inner->args[0]);
  }
  return emit(Op::kVShuffle, Type::kV128, table, index);
}

Value Builder::vsplat(Type t, Value v, unsigned lane, unsigned index) {
  return emit(Op::kVSplat, t, v, {}, {}, lane, index);
}

Value Builder::vblend(Value a, Value b, unsigned lane, unsigned mask) {
  const unsigned all = (1u << (type_bytes(a.type) >> lane)) - 1;
  if ((mask & all) == 0 || a.id == b.id) return a;
  if ((mask & all) == all) return b;
  return emit(Op::kVBlend, a.type, a, b, {}, lane, mask & all);
}

Value Builder::vany(Value a) {
  if (a.type == Type::kV64) return cmp(Cond::kNe, vextract(Type::kI64, a, 3, 0), i64(0));
  return emit(Op::kVAny, Type::kI1, a);
}

Value Builder::vpair(Value lo, Value hi) { return emit(Op::kVPair, Type::kV128, lo, hi); }

// ---- floating point

Value Builder::fbinary(Op op, Value a, Value b, unsigned lane) {
  return emit(op, a.type, a, b, {}, fp_lane(a.type, lane));
}

Value Builder::funary(Op op, Value a, unsigned lane) {
  return emit(op, a.type, a, {}, {}, fp_lane(a.type, lane));
}

Value Builder::ffma(Value a, Value b, Value c, unsigned lane, unsigned negate) {
  return emit(Op::kFFma, a.type, a, b, c, fp_lane(a.type, lane), negate);
}

Value Builder::ffma_half(Value a, Value b, Value c) { return emit(Op::kFFmaHalf, c.type, a, b, c, 2); }

Value Builder::flags_fcmp(Value a, Value b, bool signals, unsigned lane, bool host) {
  const unsigned imm = (signals ? 1 : 0) | (host ? kFpHostFlags : 0);
  return emit(Op::kFlagsFcmp, Type::kFlags, a, b, {}, fp_lane(a.type, lane), imm);
}

Value Builder::fround(Value a, FpRound r, bool raises_inexact, unsigned lane) {
  const unsigned how = static_cast<unsigned>(r) | (raises_inexact ? uint32_t{kFpInexact} : 0);
  return emit(Op::kFRound, a.type, a, {}, {}, fp_lane(a.type, lane), how);
}

Value Builder::fto_int(Type t, Value a, FpRound r, bool is_unsigned, unsigned lane) {
  const unsigned how = static_cast<unsigned>(r) | (is_unsigned ? uint32_t{kFpUnsigned} : 0);
  return emit(Op::kFToInt, t, a, {}, {}, fp_lane(a.type, lane), how);
}

Value Builder::ffrom_int(Type t, Value a, bool is_unsigned, unsigned lane) {
  return emit(Op::kFFromInt, t, a, {}, {}, fp_lane(t, lane), is_unsigned ? int64_t{kFpUnsigned} : 0);
}

Value Builder::fcvt(Type t, unsigned to_lane, Value a, unsigned from_lane) {
  return emit(Op::kFCvt, t, a, {}, {}, fp_lane(t, to_lane), fp_lane(a.type, from_lane));
}

Value Builder::fcvt_to_half(Value a, FpRound r) {
  const unsigned how = r == FpRound::kCurrent ? 0 : static_cast<unsigned>(r) + 1;
  return emit(Op::kFCvt, Type::kV64, a, {}, {}, 1, 2 | how << kFpRoundShift);
}

Value Builder::fto_bf16(Value a) { return emit(Op::kFToBf16, Type::kV64, a, {}, {}, 2); }

Value Builder::flow(Type t, Value v) {
  if (const Inst* d = def_if(v, Op::kFWiden)) {
    const Value scalar = value_of(d->args[0]);
    if (scalar.type == t) return scalar;
  }
  notes_.low_read(v.id, t == Type::kF64 ? Inst::kLow8 : Inst::kLow4);
  return emit(Op::kFLow, t, v, {}, {}, fp_lane(t, 0));
}

Value Builder::finsert(Value v, Value a) {
  return emit(Op::kFInsert, Type::kV128, v, a, {}, fp_lane(a.type, 0));
}

Value Builder::fwiden(Type t, Value a) { return emit(Op::kFWiden, t, a, {}, {}, fp_lane(a.type, 0)); }

// ---- helpers

uint32_t Builder::helper_index(const HelperDesc& desc) {
  PodVector<const HelperDesc*>& helpers = region_->helpers;
  for (size_t i = 0; i < helpers.size(); ++i) {
    if (helpers[i] == &desc) return static_cast<uint32_t>(i);
  }
  helpers.push_back(&desc);
  return static_cast<uint32_t>(helpers.size() - 1);
}

Value Builder::call(const HelperDesc& desc, Type result, std::initializer_list<Value> args) {
  const Value r = emit(Op::kCall, result, {}, {}, {}, helper_index(desc));
  if (args.size() > 4) Log::fatal("xarch: internal error: more than four operands for a helper");
  size_t n = 0;
  for (const Value& v : args) {
    region_->insts[r.id].args[n++] = v.id;
    notes_.use(v.id, r.id);
  }
  notes_.call(desc, r.id);
  return r;
}

// ---- terminators

void Builder::br(BlockId b) {
  emit_term(Op::kBr, {}, b);
  has_br_ = true;
}

void Builder::cond_br(Value c, BlockId then_block, BlockId else_block) {
  uint64_t k = 0;
  if (then_block == else_block) return br(then_block);
  if (is_const(c, &k)) return br(k ? then_block : else_block);
  if (const Inst* d = def_if(c, Op::kNot)) return cond_br(value_of(d->args[0]), else_block, then_block);
  emit_term(Op::kCondBr, c, then_block, else_block);
  led_to_ += 2;
}

void Builder::goto_pc(int64_t offset, ExitAux e) {
  emit_term(Op::kGotoPc, {}, e.pack(), offset);
  region_->comes_back |= offset == 0;
}

void Builder::goto_ind(Value pc, ExitAux e) {
  if (const Inst* d = def_if(pc, Op::kPcRel)) return goto_pc(d->imm, e);
  emit_term(Op::kGotoInd, pc, e.pack());
}

void Builder::syscall(int64_t pc_offset, uint32_t number) { emit_term(Op::kSyscall, {}, number, pc_offset); }
void Builder::raise(int64_t pc_offset, uint32_t code) { emit_term(Op::kRaise, {}, code, pc_offset); }
void Builder::raise_val(int64_t pc_offset, uint32_t code, Value v) {
  emit_term(Op::kRaiseVal, v, code, pc_offset);
}
void Builder::halt(int64_t pc_offset) { emit_term(Op::kHalt, {}, 0, pc_offset); }
void Builder::poll(int64_t pc_offset) {
  notes_.show_all(emit(Op::kPoll, Type::kVoid, {}, {}, {}, 0, pc_offset).id);
}

uint16_t Builder::exit_mode(uint32_t mode) {
  PodVector<uint32_t>& modes = region_->exit_modes;
  for (size_t i = 0; i < modes.size(); ++i) {
    if (modes[i] == mode) return static_cast<uint16_t>(i);
  }
  modes.push_back(mode);
  return static_cast<uint16_t>(modes.size() - 1);
}

}  // namespace xarch::ir
