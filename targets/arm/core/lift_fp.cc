// Scalar floating point.
#include "targets/arm/core/lift_fp.h"

#include "targets/arm/core/fp_env.h"
#include "tcg/fpu/fpu.h"

namespace xarch::arm {

namespace {

using fpu::F16;
using fpu::F16Alt;
using fpu::F32;
using fpu::F64;

// FCVT with FPCR.AHP: types as the instruction numbers them.
constexpr ir::SlotId kReads[] = {kSlotFpcr, kSlotFpsr};
constexpr ir::SlotId kWrites[] = {kSlotFpsr};
uint64_t convert_half(void* state, uint64_t v, uint64_t to, uint64_t from, uint64_t) {
  ArmEnv env(*static_cast<Arm64State*>(state));
  const auto single = static_cast<uint32_t>(v);
  const auto half = static_cast<uint16_t>(v);
  if (!env.alternative_half) {
    if (from == 3) return to == 1 ? fpu::convert<F64, F16>(env, half) : fpu::convert<F32, F16>(env, half);
    return from == 1 ? fpu::convert<F16, F64>(env, v) : fpu::convert<F16, F32>(env, single);
  }
  if (from == 3) return to == 1 ? fpu::convert<F64, F16Alt>(env, half) : fpu::convert<F32, F16Alt>(env, half);
  return from == 1 ? fpu::convert<F16Alt, F64>(env, v) : fpu::convert<F16Alt, F32>(env, single);
}
constexpr ir::HelperDesc kConvertHalf = {"fp.convert_half", convert_half,
                                         ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState,
                                         kReads, kWrites};

template <Insn I>
void arithmetic(Lift& c, Enc<I> e, Op op, bool negate = false) {
  const bool k = e.template get<'k'>();
  Value v = c.b.fbinary(op, fp_scalar(c, k, e.template get<'n'>()), fp_scalar(c, k, e.template get<'m'>()));
  if (negate) v = c.b.funary(Op::kFNeg, v);
  put_fp_scalar(c, e.template get<'d'>(), v);
}

template <Insn I>
void round(Lift& c, Enc<I> e, FpRound r, bool raises_inexact = false) {
  const bool k = e.template get<'k'>();
  put_fp_scalar(c, e.template get<'d'>(),
                c.b.fround(fp_scalar(c, k, e.template get<'n'>()), r, raises_inexact));
}

// Flags of a comparison of n and m, or zero if there is no m.
Value compare_flags(Lift& c, bool k, unsigned n, const unsigned* m, bool signals) {
  const Value a = fp_scalar(c, k, n);
  return c.b.flags_fcmp(a, m == nullptr ? fp_constant(c, a, 0, 0) : fp_scalar(c, k, *m), signals);
}

// A conversion between a scalar and a general register: k double, sf 64 bits.
struct IntConversion {
  bool k, sf;
  unsigned d, n;
  bool is_unsigned;
  unsigned fraction = 0;
};
template <Insn I>
IntConversion int_conversion(Enc<I> e) {
  return {e.template get<'k'>() != 0, e.template get<'z'>() != 0, e.template get<'d'>(),
          e.template get<'n'>(), e.template get<'u'>() != 0};
}
void to_int(Lift& c, IntConversion v, FpRound r) {
  Value n = fp_scalar(c, v.k, v.n);
  if (v.fraction != 0 && !v.k) {
    // Nothing is too large for double precision.
    n = c.b.fcvt(Type::kF64, 3, n, 2);
    n = c.b.fbinary(Op::kFMul, n, fp_constant(c, n, 3, power_of_two(true, static_cast<int>(v.fraction))));
  } else {
    n = scale_up(c, n, 3, v.fraction);
  }
  c.put(v.d, c.b.fto_int(c.type(v.sf), n, r, v.is_unsigned));
}
void from_int(Lift& c, IntConversion v) {
  const Value r = c.b.ffrom_int(fp_type(v.k), c.r(v.sf, v.n), v.is_unsigned);
  put_fp_scalar(c, v.d, scale_down(c, r, v.k ? 3 : 2, v.fraction));
}

template <Insn I>
void fused(Lift& c, Enc<I> e, bool negate_product, bool negate_addend) {
  const bool k = e.template get<'k'>();
  const unsigned d = e.template get<'d'>(), a = e.template get<'a'>(), n = e.template get<'n'>(),
                 m = e.template get<'m'>();
  const auto number = [&](unsigned reg, bool negate) {
    return negate ? c.b.funary(Op::kFNeg, fp_scalar(c, k, reg)) : fp_scalar(c, k, reg);
  };
  put_fp_scalar(c, d, c.b.ffma(number(n, negate_product), fp_scalar(c, k, m), number(a, negate_addend)));
}

// Lane size of FCVT's types.
unsigned lane_of_type(unsigned type) { return type == 3 ? 1 : type == 1 ? 3 : 2; }

}  // namespace

Value convert_halves(Lift& c, Value v, unsigned first, bool to_half) {
  const unsigned from = to_half ? 2 : 1, to = to_half ? 1 : 2;
  Value r = c.b.vconst(to_half ? Type::kV64 : Type::kV128, 0);
  for (unsigned i = 0; i < 4; ++i) {
    const Value n = c.b.vextract(Type::kI32, v, from, first + i);
    const Value x = c.call(kConvertHalf, Type::kI32, {n, c.b.i64(to_half ? 3 : 0), c.b.i64(to_half ? 0 : 3)});
    r = c.b.vinsert(r, x, to, i);
  }
  return r;
}

// ---- moves
template <>
void lift<Insn::kFmovReg>(Lift& c, Enc<Insn::kFmovReg> e) {
  put_fp_bits(c, e.get<'d'>(), fp_bits(c, e.get<'k'>(), e.get<'n'>()));
}
template <>
void lift<Insn::kFabsF>(Lift& c, Enc<Insn::kFabsF> e) {
  put_fp_scalar(c, e.get<'d'>(), c.b.funary(Op::kFAbs, fp_scalar(c, e.get<'k'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kFnegF>(Lift& c, Enc<Insn::kFnegF> e) {
  put_fp_scalar(c, e.get<'d'>(), c.b.funary(Op::kFNeg, fp_scalar(c, e.get<'k'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kFmovImmF>(Lift& c, Enc<Insn::kFmovImmF> e) {
  c.put_v(e.get<'d'>(), c.b.vconst(Type::kV64, vfp_immediate(e.get<'i'>(), e.get<'k'>())));
}
template <>
void lift<Insn::kFmovGen>(Lift& c, Enc<Insn::kFmovGen> e) {
  const bool x = e.get<'z'>();
  if (e.get<'o'>()) return put_fp_bits(c, e.get<'d'>(), c.r(x, e.get<'n'>()));
  c.put(e.get<'d'>(), fp_bits(c, x, e.get<'n'>()));
}
template <>
void lift<Insn::kFmovTop>(Lift& c, Enc<Insn::kFmovTop> e) {
  const unsigned d = e.get<'d'>(), n = e.get<'n'>();
  if (e.get<'o'>()) return c.b.put(v_slot(d), c.b.vinsert(c.v(d), c.x(n), 3, 1));
  c.put(d, c.lane(n, 3, 1));
}
template <>
void lift<Insn::kFcselF>(Lift& c, Enc<Insn::kFcselF> e) {
  const bool k = e.get<'k'>();
  const Value n = c.lane(e.get<'n'>(), k ? 3 : 2, 0), m = c.lane(e.get<'m'>(), k ? 3 : 2, 0);
  put_fp_bits(c, e.get<'d'>(), c.b.select(c.condition(e.get<'c'>()), n, m));
}

// ---- comparison
template <>
void lift<Insn::kFcmpF>(Lift& c, Enc<Insn::kFcmpF> e) {
  const unsigned m = e.get<'m'>();
  c.put_flags(compare_flags(c, e.get<'k'>(), e.get<'n'>(), e.get<'z'>() ? nullptr : &m, e.get<'e'>()));
}
template <>
void lift<Insn::kFccmpF>(Lift& c, Enc<Insn::kFccmpF> e) {
  // Only a true condition compares, because comparing may raise flags.
  const unsigned m = e.get<'m'>();
  const Value cond = c.condition(e.get<'c'>());
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), join = c.b.new_block();
  c.b.cond_br(cond, yes, no);
  c.b.start_block(yes);
  c.put_flags(compare_flags(c, e.get<'k'>(), e.get<'n'>(), &m, e.get<'e'>()));
  c.b.br(join);
  c.b.start_block(no);
  c.put_flags(c.flags_imm(e.get<'f'>()));
  c.b.br(join);
  c.b.start_block(join);
}

// ---- arithmetic
#define SCALAR_FP(name, ...)                                 \
  template <>                                                \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) { \
    __VA_ARGS__;                                             \
  }
SCALAR_FP(FaddF, arithmetic(c, e, Op::kFAdd))
SCALAR_FP(FsubF, arithmetic(c, e, Op::kFSub))
SCALAR_FP(FmulF, arithmetic(c, e, Op::kFMul))
SCALAR_FP(FdivF, arithmetic(c, e, Op::kFDiv))
SCALAR_FP(FmaxF, arithmetic(c, e, Op::kFMax))
SCALAR_FP(FminF, arithmetic(c, e, Op::kFMin))
SCALAR_FP(FmaxnmF, arithmetic(c, e, Op::kFMaxNum))
SCALAR_FP(FminnmF, arithmetic(c, e, Op::kFMinNum))
SCALAR_FP(FnmulF, arithmetic(c, e, Op::kFMul, true))
SCALAR_FP(FrintnF, round(c, e, FpRound::kNearest))
SCALAR_FP(FrintpF, round(c, e, FpRound::kUp))
SCALAR_FP(FrintmF, round(c, e, FpRound::kDown))
SCALAR_FP(FrintzF, round(c, e, FpRound::kZero))
SCALAR_FP(FrintaF, round(c, e, FpRound::kAway))
SCALAR_FP(FrintxF, round(c, e, FpRound::kCurrent, true))
SCALAR_FP(FrintiF, round(c, e, FpRound::kCurrent))
SCALAR_FP(FmaddF, fused(c, e, false, false))
SCALAR_FP(FmsubF, fused(c, e, true, false))
SCALAR_FP(FnmaddF, fused(c, e, true, true))
SCALAR_FP(FnmsubF, fused(c, e, false, true))
template <>
void lift<Insn::kFsqrtF>(Lift& c, Enc<Insn::kFsqrtF> e) {
  put_fp_scalar(c, e.get<'d'>(), c.b.funary(Op::kFSqrt, fp_scalar(c, e.get<'k'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kFcvtF>(Lift& c, Enc<Insn::kFcvtF> e) {
  const unsigned from = e.get<'k'>(), to = e.get<'o'>(), d = e.get<'d'>();
  const unsigned from_lane = lane_of_type(from), to_lane = lane_of_type(to);
  if (c.mode(kModeHalf) && (from == 3 || to == 3)) {
    const Value n = c.lane(e.get<'n'>(), from_lane, 0);
    return put_fp_bits(c, d, c.call(kConvertHalf, bits_type(to == 1), {n, c.b.i64(to), c.b.i64(from)}));
  }
  const Value n = from == 3 ? c.v64(e.get<'n'>()) : fp_scalar(c, from == 1, e.get<'n'>());
  if (to == 3) return c.put_v(d, c.b.fcvt(Type::kV64, to_lane, n, from_lane));
  put_fp_scalar(c, d, c.b.fcvt(fp_type(to == 1), to_lane, n, from_lane));
}

// ---- integers
SCALAR_FP(FcvtInt, to_int(c, int_conversion(e), static_cast<FpRound>(e.get<'r'>())))
SCALAR_FP(FcvtaInt, to_int(c, int_conversion(e), FpRound::kAway))
SCALAR_FP(CvtfInt, from_int(c, int_conversion(e)))
template <>
void lift<Insn::kFcvtzFixedF>(Lift& c, Enc<Insn::kFcvtzFixedF> e) {
  IntConversion v = int_conversion(e);
  v.fraction = 64 - e.get<'i'>();
  to_int(c, v, FpRound::kZero);
}
template <>
void lift<Insn::kCvtfFixedF>(Lift& c, Enc<Insn::kCvtfFixedF> e) {
  IntConversion v = int_conversion(e);
  v.fraction = 64 - e.get<'i'>();
  from_int(c, v);
}

}  // namespace xarch::arm
