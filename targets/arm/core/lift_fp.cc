// Scalar floating point. With exact flags arithmetic is done by helpers that get the values.
#include "targets/arm/core/lift_fp.h"

#include "targets/arm/core/fp.h"

namespace xarch::arm {

namespace {

// ---- helpers. All read FPCR and add to FPSR, nothing else.
constexpr ir::SlotId kReads[] = {kSlotFpcr, kSlotFpsr};
constexpr ir::SlotId kWrites[] = {kSlotFpsr};
constexpr uint32_t kFpEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;

template <typename Fn>
uint64_t with_context(void* state, Fn fn) {
  auto* s = static_cast<Arm64State*>(state);
  FpContext c{s->fpcr, 0, static_cast<uint32_t>(s->fpsr)};
  const uint64_t r = fn(c);
  s->fpsr |= c.flags;
  return r;
}

template <FpOp op, typename B>
uint64_t binary_fn(void* state, uint64_t a, uint64_t b, uint64_t, uint64_t) {
  return with_context(
      state, [&](FpContext& c) { return fp_binary<B>(c, op, static_cast<B>(a), static_cast<B>(b)); });
}
template <FpOp op, typename B>
constexpr ir::HelperDesc kBinary = {"fp.binary", binary_fn<op, B>, kFpEffects, kReads, kWrites};

template <typename B>
uint64_t fma_fn(void* state, uint64_t a, uint64_t n, uint64_t m, uint64_t) {
  return with_context(state, [&](FpContext& c) {
    return fp_fma<B>(c, static_cast<B>(a), static_cast<B>(n), static_cast<B>(m));
  });
}
template <typename B>
constexpr ir::HelperDesc kFma = {"fp.fma", fma_fn<B>, kFpEffects, kReads, kWrites};

template <typename B>
uint64_t sqrt_fn(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  return with_context(state, [&](FpContext& c) { return fp_sqrt<B>(c, static_cast<B>(a)); });
}
template <typename B>
constexpr ir::HelperDesc kSqrt = {"fp.sqrt", sqrt_fn<B>, kFpEffects, kReads, kWrites};

template <typename B>
uint64_t compare_fn(void* state, uint64_t a, uint64_t b, uint64_t signals, uint64_t) {
  return with_context(state, [&](FpContext& c) {
    return fp_compare<B>(c, static_cast<B>(a), static_cast<B>(b), signals != 0);
  });
}
template <typename B>
constexpr ir::HelperDesc kCompare = {"fp.compare", compare_fn<B>, kFpEffects, kReads, kWrites};

// mode: a Rounding, or 8 for FPCR's; bit 4: exact.
template <typename B>
uint64_t round_fn(void* state, uint64_t a, uint64_t mode, uint64_t, uint64_t) {
  return with_context(state, [&](FpContext& c) {
    const Rounding r = mode & 8 ? c.rounding() : static_cast<Rounding>(mode & 7);
    return fp_round<B>(c, static_cast<B>(a), r, mode & 16);
  });
}
template <typename B>
constexpr ir::HelperDesc kRound = {"fp.round", round_fn<B>, kFpEffects, kReads, kWrites};

// how: bits 2..0 rounding, 3 unsigned, 4 64-bit integer, from 8 on the fraction bits.
template <typename B>
uint64_t to_int_fn(void* state, uint64_t a, uint64_t how, uint64_t, uint64_t) {
  return with_context(state, [&](FpContext& c) {
    return fp_to_int<B>(c, static_cast<B>(a), static_cast<Rounding>(how & 7), how & 16 ? 64 : 32, how & 8,
                        static_cast<unsigned>(how >> 8));
  });
}
template <typename B>
constexpr ir::HelperDesc kToInt = {"fp.to_int", to_int_fn<B>, kFpEffects, kReads, kWrites};
template <typename B>
uint64_t from_int_fn(void* state, uint64_t v, uint64_t how, uint64_t, uint64_t) {
  return with_context(
      state, [&](FpContext& c) { return fp_from_int<B>(c, v, how & 8, static_cast<unsigned>(how >> 8)); });
}
template <typename B>
constexpr ir::HelperDesc kFromInt = {"fp.from_int", from_int_fn<B>, kFpEffects, kReads, kWrites};

uint64_t convert_fn(void* state, uint64_t v, uint64_t to, uint64_t from, uint64_t) {
  return with_context(state, [&](FpContext& c) {
    return fp_convert(c, v, static_cast<unsigned>(to), static_cast<unsigned>(from));
  });
}
constexpr ir::HelperDesc kConvert = {"fp.convert", convert_fn, kFpEffects, kReads, kWrites};

// ---- the instructions, in both modes
void put_exact(Lift& c, bool k, unsigned d, const ir::HelperDesc& h, std::initializer_list<Value> args) {
  put_fp_bits(c, d, c.call(h, bits_type(k), args));
}

// op: of the IR; what: the same for a helper.
template <FpOp what, Insn I>
void arithmetic(Lift& c, Enc<I> e, Op op) {
  const bool k = e.template get<'k'>();
  const unsigned d = e.template get<'d'>(), n = e.template get<'n'>(), m = e.template get<'m'>();
  if (c.exact_flags()) {
    const ir::HelperDesc& h = k ? kBinary<what, uint64_t> : kBinary<what, uint32_t>;
    return put_exact(c, k, d, h, {fp_bits(c, k, n), fp_bits(c, k, m)});
  }
  Value v = c.b.fbinary(op, fp_scalar(c, k, n), fp_scalar(c, k, m));
  if (what == FpOp::kNmul) v = c.b.funary(Op::kFNeg, v);
  put_fp_scalar(c, d, v);
}

template <Insn I>
void round(Lift& c, Enc<I> e, FpRound r, bool raises_inexact = false) {
  const bool k = e.template get<'k'>();
  const unsigned d = e.template get<'d'>(), n = e.template get<'n'>();
  if (c.exact_flags()) {
    const unsigned mode = static_cast<unsigned>(r) | (raises_inexact ? 16u : 0u);
    return put_exact(c, k, d, k ? kRound<uint64_t> : kRound<uint32_t>, {fp_bits(c, k, n), c.b.i64(mode)});
  }
  if (r == FpRound::kAway) {
    const Value v = c.b.fwiden(Type::kV128, fp_scalar(c, k, n));
    return c.put_v(d, fp_round_away(c, v, k ? 3 : 2));
  }
  put_fp_scalar(c, d, c.b.fround(fp_scalar(c, k, n), r, raises_inexact));
}

// Flags of a comparison of n and m, or zero if there is no m.
Value compare_flags(Lift& c, bool k, unsigned n, const unsigned* m, bool signals) {
  if (!c.exact_flags()) {
    const Value a = fp_scalar(c, k, n);
    return c.b.flags_fcmp(a, m == nullptr ? fp_constant(c, a, 0, 0) : fp_scalar(c, k, *m), signals);
  }
  const Value b = m == nullptr ? c.b.iconst(bits_type(k), 0) : fp_bits(c, k, *m);
  const Value r = c.call(k ? kCompare<uint64_t> : kCompare<uint32_t>, Type::kI32,
                         {fp_bits(c, k, n), b, c.b.i64(signals)});
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(r, i, 1), Type::kI1); };
  return c.b.flags_pack(bit(3), bit(2), bit(1), bit(0));
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
  if (c.exact_flags()) {
    const unsigned how =
        static_cast<unsigned>(r) | (v.is_unsigned ? 8u : 0u) | (v.sf ? 16u : 0u) | v.fraction << 8;
    return c.put(v.d, c.call(v.k ? kToInt<uint64_t> : kToInt<uint32_t>, c.type(v.sf),
                             {fp_bits(c, v.k, v.n), c.b.i64(how)}));
  }
  Value n = fp_scalar(c, v.k, v.n);
  if (r == FpRound::kAway && v.sf && !v.is_unsigned) {
    n = c.b.flow(n.type, fp_round_away_for_int(c, c.b.fwiden(Type::kV128, n), v.k ? 3 : 2));
    r = FpRound::kZero;
  }
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
  Value n = c.r(v.sf, v.n);
  if (c.exact_flags()) {
    n = v.is_unsigned ? c.b.zext(n, Type::kI64) : c.b.sext(n, Type::kI64);
    const unsigned how = (v.is_unsigned ? 8u : 0u) | v.fraction << 8;
    return put_exact(c, v.k, v.d, v.k ? kFromInt<uint64_t> : kFromInt<uint32_t>, {n, c.b.i64(how)});
  }
  const Value r = c.b.ffrom_int(fp_type(v.k), n, v.is_unsigned);
  put_fp_scalar(c, v.d, scale_down(c, r, v.k ? 3 : 2, v.fraction));
}

template <Insn I>
void fused(Lift& c, Enc<I> e, bool negate_product, bool negate_addend) {
  const bool k = e.template get<'k'>();
  const unsigned d = e.template get<'d'>(), a = e.template get<'a'>(), n = e.template get<'n'>(),
                 m = e.template get<'m'>();
  if (c.exact_flags()) {
    const Value sign = c.b.iconst(bits_type(k), uint64_t{1} << (k ? 63 : 31));
    const auto bits = [&](unsigned reg, bool negate) {
      return negate ? c.b.xor_(fp_bits(c, k, reg), sign) : fp_bits(c, k, reg);
    };
    return put_exact(c, k, d, k ? kFma<uint64_t> : kFma<uint32_t>,
                     {bits(a, negate_addend), bits(n, negate_product), fp_bits(c, k, m)});
  }
  const auto number = [&](unsigned reg, bool negate) {
    return negate ? c.b.funary(Op::kFNeg, fp_scalar(c, k, reg)) : fp_scalar(c, k, reg);
  };
  put_fp_scalar(c, d, c.b.ffma(number(n, negate_product), fp_scalar(c, k, m), number(a, negate_addend)));
}

// Lane size of FCVT's types.
unsigned lane_of_type(unsigned type) { return type == 3 ? 1 : type == 1 ? 3 : 2; }

}  // namespace

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
  const Value n = fp_bits(c, k, e.get<'n'>()), m = fp_bits(c, k, e.get<'m'>());
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
SCALAR_FP(FaddF, arithmetic<FpOp::kAdd>(c, e, Op::kFAdd))
SCALAR_FP(FsubF, arithmetic<FpOp::kSub>(c, e, Op::kFSub))
SCALAR_FP(FmulF, arithmetic<FpOp::kMul>(c, e, Op::kFMul))
SCALAR_FP(FdivF, arithmetic<FpOp::kDiv>(c, e, Op::kFDiv))
SCALAR_FP(FmaxF, arithmetic<FpOp::kMax>(c, e, Op::kFMax))
SCALAR_FP(FminF, arithmetic<FpOp::kMin>(c, e, Op::kFMin))
SCALAR_FP(FmaxnmF, arithmetic<FpOp::kMaxNm>(c, e, Op::kFMaxNum))
SCALAR_FP(FminnmF, arithmetic<FpOp::kMinNm>(c, e, Op::kFMinNum))
SCALAR_FP(FnmulF, arithmetic<FpOp::kNmul>(c, e, Op::kFMul))
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
  const bool k = e.get<'k'>();
  if (c.exact_flags()) {
    return put_exact(c, k, e.get<'d'>(), k ? kSqrt<uint64_t> : kSqrt<uint32_t>,
                     {fp_bits(c, k, e.get<'n'>())});
  }
  put_fp_scalar(c, e.get<'d'>(), c.b.funary(Op::kFSqrt, fp_scalar(c, k, e.get<'n'>())));
}
template <>
void lift<Insn::kFcvtF>(Lift& c, Enc<Insn::kFcvtF> e) {
  const unsigned from = e.get<'k'>(), to = e.get<'o'>(), d = e.get<'d'>();
  const unsigned from_lane = lane_of_type(from), to_lane = lane_of_type(to);
  if (c.exact_flags()) {
    const Value n = c.lane(e.get<'n'>(), from_lane, 0);
    return put_exact(c, to == 1, d, kConvert, {n, c.b.i64(to), c.b.i64(from)});
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
