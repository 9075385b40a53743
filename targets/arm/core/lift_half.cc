// Half precision (a64_half.def) where general registers or flags take part, and moves.
#include "targets/arm/core/fp_env.h"
#include "targets/arm/core/lift_fp.h"
#include "tcg/fpu/fpu.h"

namespace xarch::arm {

namespace {

using fpu::F16;

// ---- helpers. All read FPCR and add to FPSR, nothing else.
constexpr ir::SlotId kReads[] = {kSlotFpcr, kSlotFpsr};
constexpr ir::SlotId kWrites[] = {kSlotFpsr};
constexpr uint32_t kFpEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;

// NZCV of a comparison, N in bit 3.
uint64_t compare_fn(void* state, uint64_t a, uint64_t b, uint64_t signals, uint64_t) {
  ArmEnv env(*static_cast<Arm64State*>(state));
  switch (fpu::compare<F16>(env, static_cast<uint16_t>(a), static_cast<uint16_t>(b), signals != 0)) {
    case fpu::Relation::kLess: return 8;
    case fpu::Relation::kEqual: return 6;
    case fpu::Relation::kGreater: return 2;
    default: return 3;
  }
}
constexpr ir::HelperDesc kCompare = {"fp.compare", compare_fn, kFpEffects, kReads, kWrites};

// how: bits 2..0 rounding, 3 unsigned, 4 64-bit integer, from 8 on the fraction bits.
uint64_t to_int_fn(void* state, uint64_t a, uint64_t how, uint64_t, uint64_t) {
  ArmEnv env(*static_cast<Arm64State*>(state));
  return static_cast<uint64_t>(fpu::to_int<F16>(env, static_cast<uint16_t>(a),
                                                static_cast<fpu::Rounding>(how & 7), how & 16 ? 64 : 32,
                                                (how & 8) != 0, static_cast<int>(how >> 8)));
}
constexpr ir::HelperDesc kToInt = {"fp.to_int", to_int_fn, kFpEffects, kReads, kWrites};
uint64_t from_int_fn(void* state, uint64_t v, uint64_t how, uint64_t, uint64_t) {
  ArmEnv env(*static_cast<Arm64State*>(state));
  const int fraction = static_cast<int>(how >> 8);
  return how & 8 ? fpu::from_uint<F16>(env, v, fraction)
                 : fpu::from_int<F16>(env, static_cast<int64_t>(v), fraction);
}
constexpr ir::HelperDesc kFromInt = {"fp.from_int", from_int_fn, kFpEffects, kReads, kWrites};

Value half(Lift& c, unsigned n) { return c.lane(n, 1, 0); }
Value compare_flags(Lift& c, unsigned n, Value m, bool signals) {
  const Value r = c.call(kCompare, Type::kI32, {half(c, n), m, c.b.i64(signals)});
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(r, i, 1), Type::kI1); };
  return c.b.flags_pack(bit(3), bit(2), bit(1), bit(0));
}

template <Insn I>
void to_int(Lift& c, Enc<I> e, fpu::Rounding r, unsigned fraction = 0) {
  const bool sf = e.template get<'z'>();
  const unsigned how =
      static_cast<unsigned>(r) | (e.template get<'u'>() ? 8u : 0u) | (sf ? 16u : 0u) | fraction << 8;
  c.put(e.template get<'d'>(), c.call(kToInt, c.type(sf), {half(c, e.template get<'n'>()), c.b.i64(how)}));
}
template <Insn I>
void from_int(Lift& c, Enc<I> e, unsigned fraction = 0) {
  const bool is_unsigned = e.template get<'u'>();
  Value v = c.r(e.template get<'z'>(), e.template get<'n'>());
  v = is_unsigned ? c.b.zext(v, Type::kI64) : c.b.sext(v, Type::kI64);
  const unsigned how = (is_unsigned ? 8u : 0u) | fraction << 8;
  c.put_scalar(e.template get<'d'>(), c.call(kFromInt, Type::kI32, {v, c.b.i64(how)}));
}
// An 8-bit immediate as a half.
uint64_t immediate(uint32_t imm8) {
  const bool b = imm8 >> 6 & 1;
  return (imm8 >> 7) << 15 | (b ? 3u << 12 : 1u << 14) | (imm8 & 0x3f) << 6;
}

}  // namespace

template <>
void lift<Insn::kFmovRegH>(Lift& c, Enc<Insn::kFmovRegH> e) {
  c.put_v(e.get<'d'>(), lowest_lane(c, c.v(e.get<'n'>()), 1));
}
template <>
void lift<Insn::kFmovImmH>(Lift& c, Enc<Insn::kFmovImmH> e) {
  c.put_v(e.get<'d'>(), c.b.vconst(Type::kV64, immediate(e.get<'i'>())));
}
template <>
void lift<Insn::kFmovVecH>(Lift& c, Enc<Insn::kFmovVecH> e) {
  c.put_v(e.get<'d'>(), splat(c, c.vtype(e.get<'q'>()), 1, immediate(e.get<'i'>() << 5 | e.get<'j'>())));
}
template <>
void lift<Insn::kFmovGenH>(Lift& c, Enc<Insn::kFmovGenH> e) {
  if (!e.get<'o'>()) return c.put(e.get<'d'>(), half(c, e.get<'n'>()));
  c.put_scalar(e.get<'d'>(), c.b.and_(c.w(e.get<'n'>()), 0xffff));
}
template <>
void lift<Insn::kFcselH>(Lift& c, Enc<Insn::kFcselH> e) {
  const Value n = half(c, e.get<'n'>()), m = half(c, e.get<'m'>());
  c.put_scalar(e.get<'d'>(), c.b.select(c.condition(e.get<'c'>()), n, m));
}
template <>
void lift<Insn::kFcmpH>(Lift& c, Enc<Insn::kFcmpH> e) {
  const Value m = e.get<'z'>() ? c.b.i32(0) : half(c, e.get<'m'>());
  c.put_flags(compare_flags(c, e.get<'n'>(), m, e.get<'e'>()));
}
template <>
void lift<Insn::kFccmpH>(Lift& c, Enc<Insn::kFccmpH> e) {
  const Value cond = c.condition(e.get<'c'>());
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), join = c.b.new_block();
  c.b.cond_br(cond, yes, no);
  c.b.start_block(yes);
  c.put_flags(compare_flags(c, e.get<'n'>(), half(c, e.get<'m'>()), e.get<'e'>()));
  c.b.br(join);
  c.b.start_block(no);
  c.put_flags(c.flags_imm(e.get<'f'>()));
  c.b.br(join);
  c.b.start_block(join);
}
template <>
void lift<Insn::kFcvtIntH>(Lift& c, Enc<Insn::kFcvtIntH> e) {
  to_int(c, e, static_cast<fpu::Rounding>(e.get<'r'>()));
}
template <>
void lift<Insn::kFcvtaIntH>(Lift& c, Enc<Insn::kFcvtaIntH> e) {
  to_int(c, e, fpu::Rounding::kAway);
}
template <>
void lift<Insn::kCvtfIntH>(Lift& c, Enc<Insn::kCvtfIntH> e) {
  from_int(c, e);
}
template <>
void lift<Insn::kFcvtzFixedH>(Lift& c, Enc<Insn::kFcvtzFixedH> e) {
  to_int(c, e, fpu::Rounding::kZero, 64 - e.get<'i'>());
}
template <>
void lift<Insn::kCvtfFixedH>(Lift& c, Enc<Insn::kCvtfFixedH> e) {
  from_int(c, e, 64 - e.get<'i'>());
}

}  // namespace xarch::arm
