// Scalar floating point: moves and selections inline, arithmetic by helpers that get the values.
#include "targets/arm/core/fp.h"
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

// ---- helpers. All read FPCR and add to FPSR, nothing else.
constexpr ir::SlotId kReads[] = {kSlotFpcr, kSlotFpsr};
constexpr ir::SlotId kWrites[] = {kSlotFpsr};
constexpr uint32_t kFpEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState | ir::kHelperFp;

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

// ---- operands
Value scalar(Lift& c, bool is_double, unsigned n) { return c.lane(n, is_double ? 3 : 2, 0); }
Type scalar_type(bool is_double) { return is_double ? Type::kI64 : Type::kI32; }
Value flip_sign(Lift& c, bool is_double, Value v) {
  return c.b.xor_(v, c.b.iconst(v.type, is_double ? uint64_t{1} << 63 : uint64_t{1} << 31));
}

template <FpOp op, Insn I>
void arithmetic(Lift& c, Enc<I> e) {
  const bool k = e.template get<'k'>();
  const ir::HelperDesc& h = k ? kBinary<op, uint64_t> : kBinary<op, uint32_t>;
  c.put_scalar(
      e.template get<'d'>(),
      c.call(h, scalar_type(k), {scalar(c, k, e.template get<'n'>()), scalar(c, k, e.template get<'m'>())}));
}

template <Insn I>
void round(Lift& c, Enc<I> e, unsigned mode) {
  const bool k = e.template get<'k'>();
  const Value v = c.call(k ? kRound<uint64_t> : kRound<uint32_t>, scalar_type(k),
                         {scalar(c, k, e.template get<'n'>()), c.b.i64(mode)});
  c.put_scalar(e.template get<'d'>(), v);
}
unsigned fixed_mode(Rounding r) { return static_cast<unsigned>(r); }

Value compare_flags(Lift& c, bool k, Value n, Value m, bool signals) {
  const Value r = c.call(k ? kCompare<uint64_t> : kCompare<uint32_t>, Type::kI32, {n, m, c.b.i64(signals)});
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(r, i, 1), Type::kI1); };
  return c.b.flags_pack(bit(3), bit(2), bit(1), bit(0));
}

void to_int(Lift& c, bool k, bool sf, unsigned d, unsigned n, Rounding r, bool is_unsigned,
            unsigned fraction) {
  const unsigned how = static_cast<unsigned>(r) | (is_unsigned ? 8 : 0) | (sf ? 16 : 0) | fraction << 8;
  c.put(d, c.call(k ? kToInt<uint64_t> : kToInt<uint32_t>, c.type(sf), {scalar(c, k, n), c.b.i64(how)}));
}
void from_int(Lift& c, bool k, bool sf, unsigned d, unsigned n, bool is_unsigned, unsigned fraction) {
  Value v = c.r(sf, n);
  v = is_unsigned ? c.b.zext(v, Type::kI64) : c.b.sext(v, Type::kI64);
  const unsigned how = (is_unsigned ? 8 : 0) | fraction << 8;
  c.put_scalar(d, c.call(k ? kFromInt<uint64_t> : kFromInt<uint32_t>, scalar_type(k), {v, c.b.i64(how)}));
}

template <Insn I>
void fused(Lift& c, Enc<I> e, bool negate_product, bool negate_addend) {
  const bool k = e.template get<'k'>();
  Value a = scalar(c, k, e.template get<'a'>()), n = scalar(c, k, e.template get<'n'>());
  const Value m = scalar(c, k, e.template get<'m'>());
  if (negate_addend) a = flip_sign(c, k, a);
  if (negate_product) n = flip_sign(c, k, n);
  c.put_scalar(e.template get<'d'>(), c.call(k ? kFma<uint64_t> : kFma<uint32_t>, scalar_type(k), {a, n, m}));
}

}  // namespace

// ---- moves
template <>
void lift<Insn::kFmovReg>(Lift& c, Enc<Insn::kFmovReg> e) {
  c.put_v(e.get<'d'>(), lowest_lane(c, c.v(e.get<'n'>()), e.get<'k'>() ? 3 : 2));
}
template <>
void lift<Insn::kFabsF>(Lift& c, Enc<Insn::kFabsF> e) {
  const uint64_t keep = e.get<'k'>() ? ~uint64_t{0} >> 1 : 0x7fffffff;
  c.put_v(e.get<'d'>(), vand(c, c.v64(e.get<'n'>()), c.b.vconst(Type::kV64, keep)));
}
template <>
void lift<Insn::kFnegF>(Lift& c, Enc<Insn::kFnegF> e) {
  const Value n = lowest_lane(c, c.v(e.get<'n'>()), e.get<'k'>() ? 3 : 2);
  const uint64_t sign = e.get<'k'>() ? uint64_t{1} << 63 : uint64_t{1} << 31;
  c.put_v(e.get<'d'>(), vxor(c, n, c.b.vconst(Type::kV64, sign)));
}
template <>
void lift<Insn::kFmovImmF>(Lift& c, Enc<Insn::kFmovImmF> e) {
  c.put_v(e.get<'d'>(), c.b.vconst(Type::kV64, vfp_immediate(e.get<'i'>(), e.get<'k'>())));
}
template <>
void lift<Insn::kFmovGen>(Lift& c, Enc<Insn::kFmovGen> e) {
  const bool x = e.get<'z'>();
  if (e.get<'o'>()) return c.put_scalar(e.get<'d'>(), c.r(x, e.get<'n'>()));
  c.put(e.get<'d'>(), scalar(c, x, e.get<'n'>()));
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
  const Value n = scalar(c, k, e.get<'n'>()), m = scalar(c, k, e.get<'m'>());
  c.put_scalar(e.get<'d'>(), c.b.select(c.condition(e.get<'c'>()), n, m));
}

// ---- comparison
template <>
void lift<Insn::kFcmpF>(Lift& c, Enc<Insn::kFcmpF> e) {
  const bool k = e.get<'k'>();
  const Value m = e.get<'z'>() ? c.b.iconst(scalar_type(k), 0) : scalar(c, k, e.get<'m'>());
  c.put_flags(compare_flags(c, k, scalar(c, k, e.get<'n'>()), m, e.get<'e'>()));
}
template <>
void lift<Insn::kFccmpF>(Lift& c, Enc<Insn::kFccmpF> e) {
  // Only a true condition compares, because comparing may raise flags.
  const bool k = e.get<'k'>();
  const Value cond = c.condition(e.get<'c'>());
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), join = c.b.new_block();
  c.b.cond_br(cond, yes, no);
  c.b.start_block(yes);
  c.put_flags(compare_flags(c, k, scalar(c, k, e.get<'n'>()), scalar(c, k, e.get<'m'>()), e.get<'e'>()));
  c.b.br(join);
  c.b.start_block(no);
  c.put_flags(c.flags_imm(e.get<'f'>()));
  c.b.br(join);
  c.b.start_block(join);
}

// ---- arithmetic
template <>
void lift<Insn::kFaddF>(Lift& c, Enc<Insn::kFaddF> e) {
  arithmetic<FpOp::kAdd>(c, e);
}
template <>
void lift<Insn::kFsubF>(Lift& c, Enc<Insn::kFsubF> e) {
  arithmetic<FpOp::kSub>(c, e);
}
template <>
void lift<Insn::kFmulF>(Lift& c, Enc<Insn::kFmulF> e) {
  arithmetic<FpOp::kMul>(c, e);
}
template <>
void lift<Insn::kFdivF>(Lift& c, Enc<Insn::kFdivF> e) {
  arithmetic<FpOp::kDiv>(c, e);
}
template <>
void lift<Insn::kFmaxF>(Lift& c, Enc<Insn::kFmaxF> e) {
  arithmetic<FpOp::kMax>(c, e);
}
template <>
void lift<Insn::kFminF>(Lift& c, Enc<Insn::kFminF> e) {
  arithmetic<FpOp::kMin>(c, e);
}
template <>
void lift<Insn::kFmaxnmF>(Lift& c, Enc<Insn::kFmaxnmF> e) {
  arithmetic<FpOp::kMaxNm>(c, e);
}
template <>
void lift<Insn::kFminnmF>(Lift& c, Enc<Insn::kFminnmF> e) {
  arithmetic<FpOp::kMinNm>(c, e);
}
template <>
void lift<Insn::kFnmulF>(Lift& c, Enc<Insn::kFnmulF> e) {
  arithmetic<FpOp::kNmul>(c, e);
}
template <>
void lift<Insn::kFrintnF>(Lift& c, Enc<Insn::kFrintnF> e) {
  round(c, e, fixed_mode(Rounding::kNearest));
}
template <>
void lift<Insn::kFrintpF>(Lift& c, Enc<Insn::kFrintpF> e) {
  round(c, e, fixed_mode(Rounding::kUp));
}
template <>
void lift<Insn::kFrintmF>(Lift& c, Enc<Insn::kFrintmF> e) {
  round(c, e, fixed_mode(Rounding::kDown));
}
template <>
void lift<Insn::kFrintzF>(Lift& c, Enc<Insn::kFrintzF> e) {
  round(c, e, fixed_mode(Rounding::kZero));
}
template <>
void lift<Insn::kFrintaF>(Lift& c, Enc<Insn::kFrintaF> e) {
  round(c, e, fixed_mode(Rounding::kAway));
}
template <>
void lift<Insn::kFrintxF>(Lift& c, Enc<Insn::kFrintxF> e) {
  round(c, e, 8 | 16);
}
template <>
void lift<Insn::kFrintiF>(Lift& c, Enc<Insn::kFrintiF> e) {
  round(c, e, 8);
}
template <>
void lift<Insn::kFmaddF>(Lift& c, Enc<Insn::kFmaddF> e) {
  fused(c, e, false, false);
}
template <>
void lift<Insn::kFmsubF>(Lift& c, Enc<Insn::kFmsubF> e) {
  fused(c, e, true, false);
}
template <>
void lift<Insn::kFnmaddF>(Lift& c, Enc<Insn::kFnmaddF> e) {
  fused(c, e, true, true);
}
template <>
void lift<Insn::kFnmsubF>(Lift& c, Enc<Insn::kFnmsubF> e) {
  fused(c, e, false, true);
}
template <>
void lift<Insn::kFsqrtF>(Lift& c, Enc<Insn::kFsqrtF> e) {
  const bool k = e.get<'k'>();
  c.put_scalar(e.get<'d'>(),
               c.call(k ? kSqrt<uint64_t> : kSqrt<uint32_t>, scalar_type(k), {scalar(c, k, e.get<'n'>())}));
}
template <>
void lift<Insn::kFcvtF>(Lift& c, Enc<Insn::kFcvtF> e) {
  const unsigned from = e.get<'k'>(), to = e.get<'o'>();
  const Value n = c.lane(e.get<'n'>(), from == 3 ? 1 : from == 1 ? 3 : 2, 0);
  c.put_scalar(e.get<'d'>(), c.call(kConvert, scalar_type(to == 1), {n, c.b.i64(to), c.b.i64(from)}));
}

// ---- integers
template <>
void lift<Insn::kFcvtInt>(Lift& c, Enc<Insn::kFcvtInt> e) {
  to_int(c, e.get<'k'>(), e.get<'z'>(), e.get<'d'>(), e.get<'n'>(), static_cast<Rounding>(e.get<'r'>()),
         e.get<'u'>(), 0);
}
template <>
void lift<Insn::kFcvtaInt>(Lift& c, Enc<Insn::kFcvtaInt> e) {
  to_int(c, e.get<'k'>(), e.get<'z'>(), e.get<'d'>(), e.get<'n'>(), Rounding::kAway, e.get<'u'>(), 0);
}
template <>
void lift<Insn::kCvtfInt>(Lift& c, Enc<Insn::kCvtfInt> e) {
  from_int(c, e.get<'k'>(), e.get<'z'>(), e.get<'d'>(), e.get<'n'>(), e.get<'u'>(), 0);
}
template <>
void lift<Insn::kFcvtzFixedF>(Lift& c, Enc<Insn::kFcvtzFixedF> e) {
  to_int(c, e.get<'k'>(), e.get<'z'>(), e.get<'d'>(), e.get<'n'>(), Rounding::kZero, e.get<'u'>(),
         64 - e.get<'i'>());
}
template <>
void lift<Insn::kCvtfFixedF>(Lift& c, Enc<Insn::kCvtfFixedF> e) {
  from_int(c, e.get<'k'>(), e.get<'z'>(), e.get<'d'>(), e.get<'n'>(), e.get<'u'>(), 64 - e.get<'i'>());
}

}  // namespace xarch::arm
