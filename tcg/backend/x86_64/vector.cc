// Vector ops. A v64 occupies the low half of its register; what is in the upper half is unspecified.
#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

constexpr uint64_t kBytes = 0x0101010101010101;

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
    {Op::kVZip2, {Simd::punpckhbw, Simd::punpckhwd, Simd::punpckhdq, Simd::punpckhqdq}, 15},
    {Op::kVAnd, {Simd::pand, Simd::pand, Simd::pand, Simd::pand}, 15},
    {Op::kVOr, {Simd::por, Simd::por, Simd::por, Simd::por}, 15},
    {Op::kVXor, {Simd::pxor, Simd::pxor, Simd::pxor, Simd::pxor}, 15},
};

// Mask of the low (or high) n bits of each byte.
uint64_t byte_mask(unsigned bits) { return kBytes * ((1u << bits) - 1); }

}  // namespace

// A 128-bit constant in a new register. Leaves the flags alone; rax or another scratch register is used up.
Xmm CodeGen::const_x(uint64_t low, uint64_t high) {
  Xmm d = alloc_xmm();
  if (low == 0 && high == 0) {
    as_.sse(Simd::pxor, d, d);
    return d;
  }
  if (low == ~uint64_t{0} && high == low) {
    as_.sse(Simd::pcmpeqd, d, d);
    return d;
  }
  Reg t = alloc_gpr();
  as_.mov_imm(64, t, low);
  as_.sse(Simd::movq_gpr, d, t);
  if (high == low) {
    as_.sse(Simd::punpcklqdq, d, d);
  } else if (high) {
    as_.mov_imm(64, t, high);
    as_.sse(Simd::pinsrq, d, t, 1);
  }
  unlock(host(t));
  return d;
}

void CodeGen::xbinary(Simd op, Xmm d, Xmm a, Xmm b) {
  if (features_.avx) {
    as_.avx(op, 128, d, a, b);
  } else if (d == b && d != a) {
    Xmm t = alloc_xmm();
    as_.sse(Simd::movaps, t, a);
    as_.sse(op, t, b);
    as_.sse(Simd::movaps, d, t);
  } else {
    if (d != a) as_.sse(Simd::movaps, d, a);
    as_.sse(op, d, b);
  }
}

void CodeGen::xmove(Xmm d, Xmm s) {
  if (d != s) as_.sse(Simd::movaps, d, s);
}

bool CodeGen::emit_lane_op(uint32_t i) {
  const Inst& in = region_->insts[i];
  for (const LaneOps& row : kLaneOps) {
    if (row.op != in.op) continue;
    if (!(row.lanes >> in.aux & 1)) {
      unsupported();
      return true;
    }
    Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
    bool half = in.type == Type::kV64;
    Simd op = row.by_lane[in.aux];
    if (half && in.op == Op::kVZip2) op = kLaneOps[8].by_lane[in.aux];
    Xmm d = dest_x(static_cast<V>(i), in.args[0]);
    xbinary(op, d, a, b);
    if (half && in.op == Op::kVZip2) as_.sse_shift(SimdShift::psrldq, d, 8);
    finish(static_cast<V>(i), host(d), false);
    return true;
  }
  return false;
}

void CodeGen::emit_vshift(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  auto n = static_cast<unsigned>(in.imm);
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(v, in.args[0]);
  bool left = in.op == Op::kVShlImm, arithmetic = in.op == Op::kVShrSImm;
  if (in.aux == 0) {  // bytes: shift words, then mask what came from the neighbour
    xmove(d, a);
    if (n) {
      as_.sse_shift(left ? SimdShift::psllw : SimdShift::psrlw, d, n);
      uint64_t mask = left ? kBytes * (0xffu << n & 0xff) : byte_mask(8 - n);
      Xmm m = const_x(mask, mask);
      as_.sse(Simd::pand, d, m);
      if (arithmetic) {  // sign: (x ^ s) - s with s the shifted sign bit
        uint64_t sign = kBytes * (0x80u >> n);
        Xmm s = const_x(sign, sign);
        as_.sse(Simd::pxor, d, s);
        as_.sse(Simd::psubb, d, s);
      }
    }
    return finish(v, host(d), false);
  }
  if (arithmetic && in.aux == 3) {  // the same with quadwords
    xmove(d, a);
    if (n) {
      as_.sse_shift(SimdShift::psrlq, d, n);
      Xmm s = const_x(uint64_t{1} << (63 - n), uint64_t{1} << (63 - n));
      as_.sse(Simd::pxor, d, s);
      as_.sse(Simd::psubq, d, s);
    }
    return finish(v, host(d), false);
  }
  constexpr SimdShift kTable[3][4] = {
      {SimdShift::psllw, SimdShift::psllw, SimdShift::pslld, SimdShift::psllq},
      {SimdShift::psrlw, SimdShift::psrlw, SimdShift::psrld, SimdShift::psrlq},
      {SimdShift::psraw, SimdShift::psraw, SimdShift::psrad, SimdShift::psrad}};
  xmove(d, a);
  if (n) as_.sse_shift(kTable[left ? 0 : arithmetic ? 2 : 1][in.aux], d, n);
  finish(v, host(d), false);
}

void CodeGen::emit_vdup(uint32_t i) {
  const Inst& in = region_->insts[i];
  Reg r = use(in.args[0]);
  Xmm d = alloc_xmm();
  if (in.aux == 3) {
    as_.sse(Simd::movq_gpr, d, r);
    as_.sse(Simd::punpcklqdq, d, d);
  } else {
    as_.sse(Simd::movd_gpr, d, r);
    if (in.aux == 0) {
      Xmm zero = const_x(0, 0);
      as_.sse(Simd::pshufb, d, zero);
    } else {
      if (in.aux == 1) as_.sse(Simd::pshuflw, d, d, 0);
      as_.sse(Simd::pshufd, d, d, 0);
    }
  }
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vlane(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  auto lane = static_cast<int>(in.imm);
  if (in.op == Op::kVExtract) {
    Xmm x = use_x(in.args[0]);
    Reg d = dest(v);
    if (in.aux == 3 && lane == 0) {
      as_.sse(Simd::movq_gpr_st, d, x);
    } else if (in.aux == 2 && lane == 0) {
      as_.sse(Simd::movd_gpr_st, d, x);
    } else {
      constexpr Simd kOps[] = {Simd::pextrb, Simd::pextrw, Simd::pextrd, Simd::pextrq};
      as_.sse(kOps[in.aux], d, x, lane);
    }
    return finish(v, host(d), true);
  }
  Xmm a = use_x(in.args[0]);
  Reg r = use(in.args[1]);
  Xmm d = dest_x(v, in.args[0]);
  xmove(d, a);
  constexpr Simd kOps[] = {Simd::pinsrb, Simd::pinsrw, Simd::pinsrd, Simd::pinsrq};
  as_.sse(kOps[in.aux], d, r, lane);
  finish(v, host(d), false);
}

// Even (or odd) lanes of a and b. For v64 both are put into one register first.
void CodeGen::emit_vuzp(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  bool odd = in.op == Op::kVUzp2;
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = alloc_xmm(), t = alloc_xmm();
  if (in.type == Type::kV64) {
    xbinary(Simd::punpcklqdq, d, a, b);
    xmove(t, d);
  } else {
    xmove(d, a);
    xmove(t, b);
  }
  if (in.aux == 3) {
    as_.sse(odd ? Simd::punpckhqdq : Simd::punpcklqdq, d, t);
  } else if (in.aux == 2) {
    as_.sse(Simd::shufps, d, t, odd ? 0xdd : 0x88);
  } else {
    if (odd) {
      as_.sse_shift(in.aux ? SimdShift::psrld : SimdShift::psrlw, d, in.aux ? 16 : 8);
      as_.sse_shift(in.aux ? SimdShift::psrld : SimdShift::psrlw, t, in.aux ? 16 : 8);
    } else {
      uint64_t mask = in.aux ? 0x0000ffff0000ffff : 0x00ff00ff00ff00ff;
      Xmm m = const_x(mask, mask);
      as_.sse(Simd::pand, d, m);
      as_.sse(Simd::pand, t, m);
    }
    as_.sse(in.aux ? Simd::packusdw : Simd::packuswb, d, t);
  }
  finish(v, host(d), false);
}

void CodeGen::emit_vnarrow(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (in.aux == 2) {
    as_.sse(Simd::pshufd, d, a, 0x08);
  } else {
    uint64_t mask = in.aux ? 0x0000ffff0000ffff : 0x00ff00ff00ff00ff;
    Xmm m = const_x(mask, mask);
    xmove(d, a);
    as_.sse(Simd::pand, d, m);
    as_.sse(in.aux ? Simd::packusdw : Simd::packuswb, d, d);
  }
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vwiden(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr Simd kU[] = {Simd::pmovzxbw, Simd::pmovzxwd, Simd::pmovzxdq};
  constexpr Simd kS[] = {Simd::pmovsxbw, Simd::pmovsxwd, Simd::pmovsxdq};
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  as_.sse(in.op == Op::kVWidenU ? kU[in.aux] : kS[in.aux], d, a);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vext(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  auto n = static_cast<int>(in.imm);
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = alloc_xmm();
  if (in.type == Type::kV64) {
    xbinary(Simd::punpcklqdq, d, a, b);
    if (n) as_.sse_shift(SimdShift::psrldq, d, static_cast<unsigned>(n));
  } else {
    xmove(d, b);
    as_.sse(Simd::palignr, d, a, n);
  }
  finish(v, host(d), false);
}

void CodeGen::emit_vrev(uint32_t i) {
  const Inst& in = region_->insts[i];
  uint64_t part[2] = {0, 0};
  unsigned container = 1u << in.imm, lane = 1u << in.aux;
  for (unsigned byte = 0; byte < 16; ++byte) {
    unsigned base = byte & ~(container - 1), in_container = byte & (container - 1);
    unsigned from = base + (container / lane - 1 - in_container / lane) * lane + in_container % lane;
    part[byte / 8] |= uint64_t{from} << (byte % 8 * 8);
  }
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  Xmm m = const_x(part[0], part[1]);
  xmove(d, a);
  as_.sse(Simd::pshufb, d, m);
  finish(static_cast<V>(i), host(d), false);
}

// Bits per byte by two lookups of a nibble each.
void CodeGen::emit_vpopcnt(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]);
  Xmm mask = const_x(byte_mask(4), byte_mask(4));
  Xmm low = const_x(0x0302020102010100, 0x0403030203020201);
  Xmm high = alloc_xmm(), d = alloc_xmm(), t = alloc_xmm();
  xmove(high, low);
  xmove(t, a);
  as_.sse(Simd::pand, t, mask);
  as_.sse(Simd::pshufb, low, t);
  xmove(d, a);
  as_.sse_shift(SimdShift::psrlw, d, 4);
  as_.sse(Simd::pand, d, mask);
  as_.sse(Simd::pshufb, high, d);
  as_.sse(Simd::paddb, low, high);
  finish(static_cast<V>(i), host(low), false);
}

// Greater as unsigned: signed comparison with the top bits turned round.
void CodeGen::emit_vcmpgtu(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr uint64_t kTop[] = {0x8080808080808080, 0x8000800080008000, 0x8000000080000000,
                               0x8000000000000000};
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm m = const_x(kTop[in.aux], kTop[in.aux]);
  Xmm d = alloc_xmm();
  xbinary(Simd::pxor, d, a, m);
  as_.sse(Simd::pxor, m, b);
  as_.sse(kLaneOps[3].by_lane[in.aux], d, m);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_bitcast(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), a = in.args[0];
  Type from = inst(a).type;
  bool from_gpr = is_int(from) && from != Type::kI128, to_gpr = is_int(in.type) && in.type != Type::kI128;
  bool wide = type_bytes(in.type) == 8;
  if (from_gpr == to_gpr) return finish(v, fetch(a), false);
  if (from_gpr) {
    Reg r = use(a);
    Xmm d = alloc_xmm();
    as_.sse(wide ? Simd::movq_gpr : Simd::movd_gpr, d, r);
    return finish(v, host(d), false);
  }
  Xmm x = use_x(a);
  Reg d = dest(v);
  as_.sse(wide ? Simd::movq_gpr_st : Simd::movd_gpr_st, d, x);
  finish(v, host(d), true);
}

void CodeGen::emit_vector(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  if (in.type == Type::kV256 || (in.args[0] != kNoValue && inst(in.args[0]).type == Type::kV256)) {
    return unsupported();
  }
  if (emit_lane_op(i)) return;
  switch (in.op) {
    case Op::kVConst:
      return bind(v, host(const_x(static_cast<uint64_t>(in.imm), static_cast<uint64_t>(in.imm))), false);
    case Op::kVAndNot: {
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(v, in.args[1]);
      xbinary(Simd::pandn, d, b, a);
      return finish(v, host(d), false);
    }
    case Op::kVNot: {
      Xmm a = use_x(in.args[0]);
      Xmm ones = const_x(~uint64_t{0}, ~uint64_t{0});
      as_.sse(Simd::pxor, ones, a);
      return finish(v, host(ones), false);
    }
    case Op::kVShlImm:
    case Op::kVShrUImm:
    case Op::kVShrSImm: return emit_vshift(i);
    case Op::kVDup: return emit_vdup(i);
    case Op::kVExtract:
    case Op::kVInsert: return emit_vlane(i);
    case Op::kVExt: return emit_vext(i);
    case Op::kVNarrow: return emit_vnarrow(i);
    case Op::kVWidenU:
    case Op::kVWidenS: return emit_vwiden(i);
    case Op::kVUzp1:
    case Op::kVUzp2: return emit_vuzp(i);
    case Op::kVRev: return emit_vrev(i);
    case Op::kVPopcnt: return emit_vpopcnt(i);
    case Op::kVCmpGtU: return emit_vcmpgtu(i);
    case Op::kVLo: return finish(v, fetch(in.args[0]), false);
    case Op::kVHi: {
      Xmm a = use_x(in.args[0]);
      Xmm d = dest_x(v, in.args[0]);
      as_.sse(Simd::pshufd, d, a, 0xee);
      return finish(v, host(d), false);
    }
    case Op::kVPair: {
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(v, in.args[0]);
      xbinary(Simd::punpcklqdq, d, a, b);
      return finish(v, host(d), false);
    }
    case Op::kBitcast: return emit_bitcast(i);
    default: return unsupported();
  }
}

}  // namespace xarch::x86_64
