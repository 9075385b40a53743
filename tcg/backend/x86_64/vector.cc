// Vector ops: constants, dispatch, and what is one instruction. A v64 occupies the low half of its register;
// what is in the upper half is unspecified.
#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

struct LaneOps {
  Op op;
  Simd by_lane[4];
  uint8_t lanes;  // bit n: lanes of 1 << n bytes exist
};
constexpr LaneOps kLaneOps[] = {
    {Op::kVAdd, {Simd::paddb, Simd::paddw, Simd::paddd, Simd::paddq}, 15},
    {Op::kVSub, {Simd::psubb, Simd::psubw, Simd::psubd, Simd::psubq}, 15},
    {Op::kVCmpEq, {Simd::pcmpeqb, Simd::pcmpeqw, Simd::pcmpeqd, Simd::pcmpeqq}, 15},
    {Op::kVCmpGtS, {Simd::pcmpgtb, Simd::pcmpgtw, Simd::pcmpgtd, Simd::pcmpgtq}, 15},
    {Op::kVMinU, {Simd::pminub, Simd::pminuw, Simd::pminud, Simd::pminud}, 7},
    {Op::kVMaxU, {Simd::pmaxub, Simd::pmaxuw, Simd::pmaxud, Simd::pmaxud}, 7},
    {Op::kVMinS, {Simd::pminsb, Simd::pminsw, Simd::pminsd, Simd::pminsd}, 7},
    {Op::kVMaxS, {Simd::pmaxsb, Simd::pmaxsw, Simd::pmaxsd, Simd::pmaxsd}, 7},
    {Op::kVZip1, {Simd::punpcklbw, Simd::punpcklwd, Simd::punpckldq, Simd::punpcklqdq}, 15},
    {Op::kVAnd, {Simd::pand, Simd::pand, Simd::pand, Simd::pand}, 15},
    {Op::kVOr, {Simd::por, Simd::por, Simd::por, Simd::por}, 15},
    {Op::kVXor, {Simd::pxor, Simd::pxor, Simd::pxor, Simd::pxor}, 15},
    {Op::kVMulHiS, {Simd::pmulhw, Simd::pmulhw, Simd::pmulhw, Simd::pmulhw}, 2},
    {Op::kVMulHiU, {Simd::pmulhuw, Simd::pmulhuw, Simd::pmulhuw, Simd::pmulhuw}, 2},
    {Op::kVMulEvenU, {Simd::pmuludq, Simd::pmuludq, Simd::pmuludq, Simd::pmuludq}, 4},
    {Op::kVMulEvenS, {Simd::pmuldq, Simd::pmuldq, Simd::pmuldq, Simd::pmuldq}, 4},
    {Op::kVDotUS, {Simd::pmaddubsw, Simd::pmaddubsw, Simd::pmaddubsw, Simd::pmaddubsw}, 1},
    {Op::kVPackS, {Simd::packsswb, Simd::packssdw, Simd::packssdw, Simd::packssdw}, 3},
    {Op::kVPackSU, {Simd::packuswb, Simd::packusdw, Simd::packusdw, Simd::packusdw}, 3},
    {Op::kVShlAll, {Simd::psllw, Simd::psllw, Simd::pslld, Simd::psllq}, 14},
    {Op::kVShrUAll, {Simd::psrlw, Simd::psrlw, Simd::psrld, Simd::psrlq}, 14},
    {Op::kVShrSAll, {Simd::psraw, Simd::psraw, Simd::psrad, Simd::psrad}, 6},
    {Op::kVSad, {Simd::psadbw, Simd::psadbw, Simd::psadbw, Simd::psadbw}, 1},
    {Op::kVDotS, {Simd::pmaddwd, Simd::pmaddwd, Simd::pmaddwd, Simd::pmaddwd}, 2},
    {Op::kVMulRS, {Simd::pmulhrsw, Simd::pmulhrsw, Simd::pmulhrsw, Simd::pmulhrsw}, 2},
    {Op::kVAvgU, {Simd::pavgb, Simd::pavgw, Simd::pavgw, Simd::pavgw}, 3},
    {Op::kVAddSatU, {Simd::paddusb, Simd::paddusw, Simd::paddusw, Simd::paddusw}, 3},
    {Op::kVAddSatS, {Simd::paddsb, Simd::paddsw, Simd::paddsw, Simd::paddsw}, 3},
    {Op::kVSubSatU, {Simd::psubusb, Simd::psubusw, Simd::psubusw, Simd::psubusw}, 3},
    {Op::kVSubSatS, {Simd::psubsb, Simd::psubsw, Simd::psubsw, Simd::psubsw}, 3},
};
constexpr Simd kZip1[] = {Simd::punpcklbw, Simd::punpcklwd, Simd::punpckldq, Simd::punpcklqdq};
constexpr Simd kZip2[] = {Simd::punpckhbw, Simd::punpckhwd, Simd::punpckhdq, Simd::punpckhqdq};

}  // namespace

// ---- constants

Mem CodeGen::constant(uint64_t low, uint64_t high) {
  for (const Constant& c : constants_) {
    if (c.low == low && c.high == high) return Mem::label(c.label);
  }
  constants_.push_back({low, high, as_.new_label()});
  return Mem::label(constants_.back().label);
}

void CodeGen::emit_constants() {
  if (constants_.empty()) return;
  if (!as_.reserve(16 * constants_.size() + 16)) {
    status_ = tcg::CompileResult::kNoRoom;
    return;
  }
  as_.align(16);
  for (const Constant& c : constants_) {
    as_.bind(c.label);
    as_.put64(c.low);
    as_.put64(c.high);
  }
}

bool CodeGen::vector_const(V v, uint64_t* low, uint64_t* high) const {
  const Inst& in = inst(v);
  const bool pair = in.op == Op::kVPair;
  if (pair && (inst(in.args[0]).op != Op::kVConst || inst(in.args[1]).op != Op::kVConst)) return false;
  if (!pair && in.op != Op::kVConst) return false;
  *low = static_cast<uint64_t>(pair ? inst(in.args[0]).imm : in.imm);
  *high = in.type == Type::kV64 ? 0 : static_cast<uint64_t>(pair ? inst(in.args[1]).imm : in.imm);
  return true;
}

// Leaves the flags alone.
void CodeGen::load_const(Xmm d, uint64_t low, uint64_t high) {
  if (low == 0 && high == 0) {
    as_.sse(Simd::pxor, d, d);
  } else if (low == ~uint64_t{0} && high == low) {
    as_.sse(Simd::pcmpeqd, d, d);
  } else {
    as_.sse(Simd::movaps, d, constant(low, high));
  }
}

Xmm CodeGen::const_x(uint64_t low, uint64_t high) {
  Xmm d = alloc_xmm();
  load_const(d, low, high);
  return d;
}

// ---- instructions

void CodeGen::xop(Simd op, Xmm d, Xmm a, Xmm b, int imm) {
  if (features_.avx) {
    as_.avx(op, 128, d, a, b, imm);
  } else if (d == b && d != a) {
    Xmm t = alloc_xmm();
    as_.sse(Simd::movaps, t, a);
    as_.sse(op, t, b, imm);
    as_.sse(Simd::movaps, d, t);
    unlock(host(t));
  } else {
    xmove(d, a);
    as_.sse(op, d, b, imm);
  }
}

void CodeGen::xop(Simd op, Xmm d, Xmm a, const Mem& b, int imm) {
  if (features_.avx) {
    as_.avx(op, 128, d, a, b, imm);
  } else {
    xmove(d, a);
    as_.sse(op, d, b, imm);
  }
}

void CodeGen::xop(SimdShift op, Xmm d, Xmm a, unsigned count) {
  if (features_.avx) {
    as_.avx_shift(op, 128, d, a, count);
  } else {
    xmove(d, a);
    as_.sse_shift(op, d, count);
  }
}

void CodeGen::xop1(Simd op, Xmm d, Xmm a, int imm) {
  if (features_.avx) {
    as_.avx(op, 128, d, a, imm);
  } else {
    as_.sse(op, d, a, imm);
  }
}

// As the first step of an operation on d: what copy_reg knows of the copy does not hold for long.
void CodeGen::xmove(Xmm d, Xmm s) {
  if (d != s) as_.sse(Simd::movaps, d, s);
}

// ---- dispatch

bool CodeGen::emit_lane_op(uint32_t i) {
  const Inst& in = region_->insts[i];
  for (const LaneOps& row : kLaneOps) {
    if (row.op != in.op) continue;
    if (!(row.lanes >> in.aux & 1)) {
      unsupported();
      return true;
    }
    Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
    const V v = static_cast<V>(i);
    if ((in.op == Op::kVPackS || in.op == Op::kVPackSU) && in.type == Type::kV64) {
      Xmm d = alloc_xmm();
      xop(Simd::punpcklqdq, d, a, b);
      xop(row.by_lane[in.aux], d, d, d);
      finish(v, host(d), false);
      return true;
    }
    const Val& second = vals_[in.args[1]];
    const bool in_second = features_.avx && second.loc == Loc::kReg && hint(v) != kNoSlot &&
                           state_.regs[second.reg].slot == hint(v);
    Xmm d = dest_x(v, in.args[in_second ? 1 : 0]);
    xop(row.by_lane[in.aux], d, a, b);
    finish(v, host(d), false);
    return true;
  }
  return false;
}

void CodeGen::emit_bitcast(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  Type from = inst(a).type;
  bool from_gpr = is_int(from) && from != Type::kI128, to_gpr = is_int(in.type) && in.type != Type::kI128;
  bool wide = type_bytes(in.type) == 8;
  if (type_bytes(in.type) == 2) return finish(v, fetch(a), false);  // flags and i16
  if (from_gpr == to_gpr) return finish(v, fetch(a), false);
  if (from_gpr) {
    Xmm d = alloc_xmm();
    if (is_const(a)) {
      load_const(d, static_cast<uint64_t>(inst(a).imm), 0);
      set_zero_from(d, wide ? 8 : 4);
      return finish(v, host(d), false);
    }
    Reg r = use(a);
    as_.sse(wide ? Simd::movq_gpr : Simd::movd_gpr, d, r);
    set_zero_from(d, wide ? 8 : 4);
    return finish(v, host(d), false);
  }
  Xmm x = use_x(a);
  Reg d = dest(v);
  as_.sse(wide ? Simd::movq_gpr_st : Simd::movd_gpr_st, d, x);
  finish(v, host(d), true);
}

void CodeGen::emit_vpair(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  if (inst(in.args[0]).op == Op::kVConst && inst(in.args[1]).op == Op::kVConst) {
    consume_args(in);
    vals_[v].loc = Loc::kConst;
    return;
  }
  Xmm a = use_x(in.args[0]);
  if (inst(in.args[1]).op == Op::kVConst && inst(in.args[1]).imm == 0) {
    if (zero_from(a) <= 8) return finish(v, host(a), false);
    Xmm d = dest_x(v, in.args[0]);
    xop1(Simd::movq, d, a);
    set_zero_from(d, 8);
    return finish(v, host(d), false);
  }
  Xmm b = use_x(in.args[1]);
  Xmm d = dest_x(v, in.args[0]);
  xop(Simd::punpcklqdq, d, a, b);
  finish(v, host(d), false);
}

void CodeGen::emit_vany(uint32_t i) {
  const Inst& in = region_->insts[i];
  clobber_flags();
  Xmm a = use_x(in.args[0]);
  Reg d = dest(static_cast<V>(i));
  as_.alu(Alu::kXor, 32, d, d);
  as_.sse(Simd::ptest, a, a);
  as_.setcc(Cc::ne, d);
  finish(static_cast<V>(i), host(d), true);
}

// Ops that move lanes about.
bool CodeGen::emit_vector_shape(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  switch (in.op) {
    case Op::kVZip2: {
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(v, in.args[0]);
      bool half = in.type == Type::kV64;
      xop(half ? kZip1[in.aux] : kZip2[in.aux], d, a, b);
      if (half) xop(SimdShift::psrldq, d, d, 8);
      finish(v, host(d), false);
      return true;
    }
    case Op::kVDup: return emit_vdup(i), true;
    case Op::kVSplat: return emit_vsplat(i), true;
    case Op::kVExtract:
    case Op::kVInsert: return emit_vlane(i), true;
    case Op::kVExt: return emit_vext(i), true;
    case Op::kVNarrow:
    case Op::kVNarrowS:
    case Op::kVNarrowSU: return emit_vnarrow(i), true;
    case Op::kVWidenU:
    case Op::kVWidenS: return emit_vwiden(i), true;
    case Op::kVUzp1:
    case Op::kVUzp2: return emit_vuzp(i), true;
    case Op::kVRev: return emit_vrev(i), true;
    case Op::kVShuffle: return emit_vshuffle(i), true;
    case Op::kVMask: return emit_vmask(i), true;
    case Op::kVBlend: return emit_vblend(i), true;
    case Op::kVBlendTop: return emit_vblend_top(i), true;
    case Op::kVShuf2: {
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(v, in.args[0]);
      xop(in.aux == 2 ? Simd::shufps : Simd::shufpd, d, a, b, static_cast<int>(in.imm));
      finish(v, host(d), false);
      return true;
    }
    case Op::kVLo: return finish(v, fetch(in.args[0]), false), true;
    case Op::kVHi: {
      Xmm a = use_x(in.args[0]);
      Xmm d = dest_x(v, in.args[0]);
      xop1(Simd::pshufd, d, a, 0xee);
      finish(v, host(d), false);
      return true;
    }
    case Op::kVPair: return emit_vpair(i), true;
    case Op::kBitcast: return emit_bitcast(i), true;
    default: return false;
  }
}

void CodeGen::emit_vector(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  if (in.type == Type::kV256 || (in.args[0] != kNoValue && inst(in.args[0]).type == Type::kV256)) {
    return unsupported();
  }
  if (emit_vector_crypto(i) || emit_lane_op(i) || emit_vector_shape(i) || emit_vector_lanes(i)) return;
  switch (in.op) {
    case Op::kVAndNot: {
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(v, in.args[1]);
      xop(Simd::pandn, d, b, a);
      return finish(v, host(d), false);
    }
    case Op::kVNot: {
      Xmm a = use_x(in.args[0]);
      Xmm ones = const_x(~uint64_t{0}, ~uint64_t{0});
      as_.sse(Simd::pxor, ones, a);
      return finish(v, host(ones), false);
    }
    case Op::kVAny: return emit_vany(i);
    default: return unsupported();
  }
}

}  // namespace xarch::x86_64
