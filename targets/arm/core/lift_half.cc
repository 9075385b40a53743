// Scalars of half precision (a64_half.def), and moves.
#include "targets/arm/core/lift_half.h"
#include "targets/arm/core/fp_env.h"
#include "targets/arm/core/lift_fp.h"
#include "tcg/fpu/fpu.h"

namespace xarch::arm {

namespace {

using fpu::F16;

// ---- helpers, for the mode kModeHalf. All read FPCR and add to FPSR, nothing else.
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

// Register n's lowest lane as an integer, and as a number.
Value half(Lift& c, unsigned n) { return c.lane(n, 1, 0); }
Value half_scalar(Lift& c, unsigned n) { return c.b.flow(Type::kF32, c.v(n)); }

// Flags of a comparison of n and m, or zero if there is no m.
Value compare_flags(Lift& c, unsigned n, const unsigned* m, bool signals) {
  if (!c.mode(kModeHalf)) {
    const Value a = half_scalar(c, n);
    return c.b.flags_fcmp(a, m == nullptr ? fp_constant(c, a, 0, 0) : half_scalar(c, *m), signals, 1);
  }
  const Value second = m == nullptr ? c.b.i32(0) : half(c, *m);
  const Value r = c.call(kCompare, Type::kI32, {half(c, n), second, c.b.i64(signals)});
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(r, i, 1), Type::kI1); };
  return c.b.flags_pack(bit(3), bit(2), bit(1), bit(0));
}

// Single precision holds all of them, and double with any fraction of bits.
template <Insn I>
void to_int(Lift& c, Enc<I> e, fpu::Rounding r, unsigned fraction = 0) {
  const bool sf = e.template get<'z'>();
  if (!c.mode(kModeHalf)) {
    const bool wide = fraction != 0;
    Value v = c.b.fcvt(fp_type(wide), wide ? 3 : 2, c.v64(e.template get<'n'>()), 1);
    if (wide) {
      const uint64_t scale = power_of_two(true, static_cast<int>(fraction));
      v = c.b.fbinary(Op::kFMul, v, fp_constant(c, v, 3, scale));
    }
    v = c.b.fto_int(c.type(sf), v, static_cast<FpRound>(r), e.template get<'u'>());
    return c.put(e.template get<'d'>(), v);
  }
  const unsigned how =
      static_cast<unsigned>(r) | (e.template get<'u'>() ? 8u : 0u) | (sf ? 16u : 0u) | fraction << 8;
  c.put(e.template get<'d'>(), c.call(kToInt, c.type(sf), {half(c, e.template get<'n'>()), c.b.i64(how)}));
}
// An integer of 64 bits, no larger in magnitude than 2^17: half precision overflows alike for all those.
Value bounded(Lift& c, Value v, bool is_unsigned) {
  constexpr uint64_t kTop = 1 << 17;
  const Value top = c.b.i64(kTop), bottom = c.b.i64(-kTop);
  if (is_unsigned) return c.b.select(c.b.cmp(ir::Cond::kUlt, v, top), v, top);
  v = c.b.select(c.b.cmp(ir::Cond::kSlt, v, top), v, top);
  return c.b.select(c.b.cmp(ir::Cond::kSgt, v, bottom), v, bottom);
}
// An integer of 64 bits, rounded to odd if it has more than 53 bits.
Value to_odd(Lift& c, Value v, bool is_unsigned) {
  constexpr uint64_t kFits = uint64_t{1} << 53, kLost = 0x7ff;
  const Value fits = is_unsigned ? c.b.cmp(ir::Cond::kUlt, v, c.b.i64(kFits))
                                 : c.b.cmp(ir::Cond::kUlt, c.b.add(v, kFits), c.b.i64(2 * kFits));
  const Value lost = c.b.add(c.b.and_(v, kLost), kLost);  // kLost + 1 is set if anything is
  return c.b.select(fits, v, c.b.and_(c.b.or_(v, lost), ~kLost));
}
template <Insn I>
void from_int(Lift& c, Enc<I> e, unsigned fraction = 0) {
  const bool is_unsigned = e.template get<'u'>();
  Value v = c.r(e.template get<'z'>(), e.template get<'n'>());
  v = is_unsigned ? c.b.zext(v, Type::kI64) : c.b.sext(v, Type::kI64);
  if (!c.mode(kModeHalf) && fraction == 0) {
    const Value number = c.b.ffrom_int(Type::kF32, c.b.trunc(bounded(c, v, is_unsigned), Type::kI32), false);
    return c.put_v(e.template get<'d'>(), c.b.fcvt(Type::kV64, 1, number, 2));
  }
  if (!c.mode(kModeHalf)) {
    Value number = c.b.ffrom_int(Type::kF64, to_odd(c, v, is_unsigned), is_unsigned);
    number = scale_down(c, number, 3, fraction);
    return c.put_v(e.template get<'d'>(), c.b.fcvt(Type::kV64, 1, number, 3));
  }
  const unsigned how = (is_unsigned ? 8u : 0u) | fraction << 8;
  c.put_scalar(e.template get<'d'>(), c.call(kFromInt, Type::kI32, {v, c.b.i64(how)}));
}
template <Insn I>
void arithmetic(Lift& c, Enc<I> e, Op op, bool negate = false) {
  const Value n = half_scalar(c, e.template get<'n'>()), m = half_scalar(c, e.template get<'m'>());
  Value v = c.b.fbinary(op, n, m, 1);
  if (negate) v = c.b.funary(Op::kFNeg, v, 1);
  put_fp_scalar(c, e.template get<'d'>(), v);
}
template <Insn I>
void unary(Lift& c, Enc<I> e, Op op) {
  put_fp_scalar(c, e.template get<'d'>(), c.b.funary(op, half_scalar(c, e.template get<'n'>()), 1));
}
template <Insn I>
void round(Lift& c, Enc<I> e, FpRound r, bool raises_inexact = false) {
  put_fp_scalar(c, e.template get<'d'>(),
                c.b.fround(half_scalar(c, e.template get<'n'>()), r, raises_inexact, 1));
}
template <Insn I>
void fused(Lift& c, Enc<I> e, bool negate_product, bool negate_addend) {
  const auto number = [&](unsigned reg, bool negate) {
    return negate ? c.b.funary(Op::kFNeg, half_scalar(c, reg), 1) : half_scalar(c, reg);
  };
  put_fp_scalar(c, e.template get<'d'>(),
                c.b.ffma(number(e.template get<'n'>(), negate_product), half_scalar(c, e.template get<'m'>()),
                         number(e.template get<'a'>(), negate_addend), 1));
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
  const unsigned m = e.get<'m'>();
  c.put_flags(compare_flags(c, e.get<'n'>(), e.get<'z'>() ? nullptr : &m, e.get<'e'>()));
}
template <>
void lift<Insn::kFccmpH>(Lift& c, Enc<Insn::kFccmpH> e) {
  const unsigned m = e.get<'m'>();
  const Value cond = c.condition(e.get<'c'>());
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), join = c.b.new_block();
  c.b.cond_br(cond, yes, no);
  c.b.start_block(yes);
  c.put_flags(compare_flags(c, e.get<'n'>(), &m, e.get<'e'>()));
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

// ---- arithmetic
VECTOR(FabsH, unary(c, e, Op::kFAbs))
VECTOR(FnegH, unary(c, e, Op::kFNeg))
HALF(FsqrtH, unary(c, e, Op::kFSqrt))
HALF(FaddH, arithmetic(c, e, Op::kFAdd))
HALF(FsubH, arithmetic(c, e, Op::kFSub))
HALF(FmulH, arithmetic(c, e, Op::kFMul))
HALF(FnmulH, arithmetic(c, e, Op::kFMul, true))
HALF(FdivH, arithmetic(c, e, Op::kFDiv))
HALF(FmaxH, arithmetic(c, e, Op::kFMax))
HALF(FminH, arithmetic(c, e, Op::kFMin))
HALF(FmaxnmH, arithmetic(c, e, Op::kFMaxNum))
HALF(FminnmH, arithmetic(c, e, Op::kFMinNum))
HALF(FmaddH, fused(c, e, false, false))
HALF(FmsubH, fused(c, e, true, false))
HALF(FnmaddH, fused(c, e, true, true))
HALF(FnmsubH, fused(c, e, false, true))
HALF(FrintnH, round(c, e, FpRound::kNearest))
HALF(FrintpH, round(c, e, FpRound::kUp))
HALF(FrintmH, round(c, e, FpRound::kDown))
HALF(FrintzH, round(c, e, FpRound::kZero))
HALF(FrintaH, round(c, e, FpRound::kAway))
HALF(FrintxH, round(c, e, FpRound::kCurrent, true))
HALF(FrintiH, round(c, e, FpRound::kCurrent))

}  // namespace xarch::arm
