// Vector ops that work lane by lane and take more than one instruction.
#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

constexpr uint64_t kBytes = 0x0101010101010101;
constexpr uint64_t kWords = 0x0001000100010001;
constexpr uint64_t kLowBytes = 0x00ff00ff00ff00ff;
constexpr uint64_t kLowWords = 0x0000ffff0000ffff;
constexpr uint64_t kLowDwords = 0x00000000ffffffff;

// Mask of the low n bits of each byte.
uint64_t byte_mask(unsigned bits) { return kBytes * ((1u << bits) - 1); }

}  // namespace

// ---- shifts

void CodeGen::emit_vshift(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  auto n = static_cast<unsigned>(in.imm);
  if (n == 0) return finish(v, fetch(in.args[0]), false);
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(v, in.args[0]);
  bool left = in.op == Op::kVShlImm, arithmetic = in.op == Op::kVShrSImm;
  if (in.aux == 0 && left && n == 1) {
    xop(Simd::paddb, d, a, a);
  } else if (in.aux == 0 && arithmetic && n == 7) {
    Xmm zero = const_x(0, 0);
    xop(Simd::pcmpgtb, d, zero, a);
  } else if (in.aux == 0) {  // bytes: shift words, then mask what came from the neighbour
    xop(left ? SimdShift::psllw : SimdShift::psrlw, d, a, n);
    xop(Simd::pand, d, d, constant(left ? kBytes * (0xffu << n & 0xff) : byte_mask(8 - n)));
    if (arithmetic) {  // sign: (x ^ s) - s with s the shifted sign bit
      const Mem s = constant(kBytes * (0x80u >> n));
      xop(Simd::pxor, d, d, s);
      xop(Simd::psubb, d, d, s);
    }
  } else if (arithmetic && in.aux == 3) {  // the same with quadwords
    xop(SimdShift::psrlq, d, a, n);
    const Mem s = constant(uint64_t{1} << (63 - n));
    xop(Simd::pxor, d, d, s);
    xop(Simd::psubq, d, d, s);
  } else {
    constexpr SimdShift kTable[3][4] = {
        {SimdShift::psllw, SimdShift::psllw, SimdShift::pslld, SimdShift::psllq},
        {SimdShift::psrlw, SimdShift::psrlw, SimdShift::psrld, SimdShift::psrlq},
        {SimdShift::psraw, SimdShift::psraw, SimdShift::psrad, SimdShift::psrad}};
    xop(kTable[left ? 0 : arithmetic ? 2 : 1][in.aux], d, a, n);
  }
  finish(v, host(d), false);
}

// Lanes shifted one at a time, for hosts without AVX2. Counts are unsigned; d is neither a nor count.
void CodeGen::shift_lanes_apart(Simd op, unsigned lane, Xmm d, Xmm a, Xmm count) {
  Xmm c = alloc_xmm(), t = alloc_xmm();
  for (unsigned i = 0; i < 16u >> lane; ++i) {
    const unsigned words = 1u << (lane - 1);
    if (lane == 3) {
      as_.sse(Simd::pshufd, c, count, i ? 0xee : 0x44);
    } else {  // the count as a quadword: a shift looks at all of it
      as_.sse(Simd::pshufd, c, count, static_cast<int>(i));
      as_.sse(Simd::pmovzxdq, c, c);
    }
    Xmm to = i == 0 ? d : t;
    as_.sse(Simd::movaps, to, a);
    as_.sse(op, to, c);
    if (i) as_.sse(Simd::pblendw, d, t, static_cast<int>(((1u << words) - 1) << (words * i)));
  }
  unlock(host(c));
  unlock(host(t));
}

void CodeGen::emit_vshift_by(uint32_t i) {
  const Inst& in = region_->insts[i];
  const bool quad = in.aux == 3;
  const unsigned kind = in.op == Op::kVShl ? 0 : in.op == Op::kVShrU ? 1 : 2;
  constexpr Simd kOwnCounts[2][3] = {{Simd::vpsllvd, Simd::vpsrlvd, Simd::vpsravd},
                                     {Simd::vpsllvq, Simd::vpsrlvq, Simd::vpsrlvq}};
  constexpr Simd kOneCount[2][3] = {{Simd::pslld, Simd::psrld, Simd::psrad},
                                    {Simd::psllq, Simd::psrlq, Simd::psrlq}};
  Xmm a = use_x(in.args[0]), n = use_x(in.args[1]);
  Xmm d = alloc_xmm();
  Xmm sign = d;
  if (quad && kind == 2) {  // quadwords have no arithmetic shift: ~(~x >> n) if negative
    sign = const_x(0, 0);
    as_.sse(Simd::pcmpgtq, sign, a);
    Xmm t = alloc_xmm();
    xop(Simd::pxor, t, a, sign);
    a = t;
  }
  if (features_.avx2) {
    as_.avx(kOwnCounts[quad][kind], 128, d, a, n);
  } else {
    shift_lanes_apart(kOneCount[quad][kind], in.aux, d, a, n);
  }
  if (sign != d) as_.sse(Simd::pxor, d, sign);
  finish(static_cast<V>(i), host(d), false);
}

// ---- multiplication

void CodeGen::emit_vmul(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  if (in.aux != 0) {
    Xmm d = dest_x(static_cast<V>(i), in.args[0]);
    xop(in.aux == 1 ? Simd::pmullw : Simd::pmulld, d, a, b);
    return finish(static_cast<V>(i), host(d), false);
  }
  // Bytes: even ones as words; odd ones with one factor in the upper byte, so that the product comes there.
  Xmm d = alloc_xmm(), t = alloc_xmm(), u = alloc_xmm();
  xop(Simd::pmullw, d, a, b);
  xop(Simd::pand, d, d, constant(kLowBytes));
  xop(SimdShift::psrlw, t, a, 8);
  xop(Simd::pand, u, b, constant(~kLowBytes));
  xop(Simd::pmullw, t, t, u);
  xop(Simd::por, d, d, t);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vmul_long(uint32_t i) {
  const Inst& in = region_->insts[i];
  const bool is_signed = in.op == Op::kVMulLS, high = in.imm != 0;
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = alloc_xmm(), t = alloc_xmm();
  switch (in.aux) {
    case 0: {
      const Simd widen = is_signed ? Simd::pmovsxbw : Simd::pmovzxbw;
      if (high) {
        xop1(Simd::pshufd, d, a, 0xee);
        xop1(Simd::pshufd, t, b, 0xee);
      }
      xop1(widen, d, high ? d : a);
      xop1(widen, t, high ? t : b);
      xop(Simd::pmullw, d, d, t);
      break;
    }
    case 1:
      xop(is_signed ? Simd::pmulhw : Simd::pmulhuw, t, a, b);
      xop(Simd::pmullw, d, a, b);
      xop(high ? Simd::punpckhwd : Simd::punpcklwd, d, d, t);
      break;
    default:
      xop1(Simd::pshufd, d, a, high ? 0x32 : 0x10);
      xop1(Simd::pshufd, t, b, high ? 0x32 : 0x10);
      xop(is_signed ? Simd::pmuldq : Simd::pmuludq, d, d, t);
      break;
  }
  finish(static_cast<V>(i), host(d), false);
}

// ---- other arithmetic

void CodeGen::emit_vadd_pairs(uint32_t i) {
  const Inst& in = region_->insts[i];
  const bool is_signed = in.op == Op::kVAddPairsS;
  Xmm a = use_x(in.args[0]);
  if (in.aux == 0) {  // pmaddubsw takes unsigned times signed
    Xmm d = is_signed ? const_x(kBytes, kBytes) : dest_x(static_cast<V>(i), in.args[0]);
    if (is_signed) {
      as_.sse(Simd::pmaddubsw, d, a);
    } else {
      xop(Simd::pmaddubsw, d, a, constant(kBytes));
    }
    return finish(static_cast<V>(i), host(d), false);
  }
  if (in.aux == 1 && is_signed) {
    Xmm d = dest_x(static_cast<V>(i), in.args[0]);
    xop(Simd::pmaddwd, d, a, constant(kWords));
    return finish(static_cast<V>(i), host(d), false);
  }
  // Odd lanes moved down plus even ones. Signed doublewords: as unsigned ones of 2^31 more each.
  Xmm d = alloc_xmm(), t = alloc_xmm();
  if (is_signed) {
    xop(Simd::pxor, d, a, constant(0x8000000080000000));
    a = d;
  }
  xop(in.aux == 1 ? SimdShift::psrld : SimdShift::psrlq, t, a, in.aux == 1 ? 16 : 32);
  xop(Simd::pand, d, a, constant(in.aux == 1 ? kLowWords : kLowDwords));
  xop(in.aux == 1 ? Simd::paddd : Simd::paddq, d, d, t);
  if (is_signed) xop(Simd::psubq, d, d, constant(uint64_t{1} << 32));
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vabs(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr Simd kOps[] = {Simd::pabsb, Simd::pabsw, Simd::pabsd};
  Xmm a = use_x(in.args[0]);
  if (in.aux < 3) {
    Xmm d = dest_x(static_cast<V>(i), in.args[0]);
    xop1(kOps[in.aux], d, a);
    return finish(static_cast<V>(i), host(d), false);
  }
  Xmm sign = const_x(0, 0), d = alloc_xmm();
  as_.sse(Simd::pcmpgtq, sign, a);
  xop(Simd::pxor, d, a, sign);
  xop(Simd::psubq, d, d, sign);
  finish(static_cast<V>(i), host(d), false);
}

// Bits per byte by two lookups of a nibble each.
void CodeGen::emit_vpopcnt(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]);
  Xmm low = const_x(0x0302020102010100, 0x0403030203020201);
  Xmm high = alloc_xmm(), t = alloc_xmm();
  const Mem mask = constant(byte_mask(4));
  xmove(high, low);
  xop(Simd::pand, t, a, mask);
  as_.sse(Simd::pshufb, low, t);
  xop(SimdShift::psrlw, t, a, 4);
  xop(Simd::pand, t, t, mask);
  as_.sse(Simd::pshufb, high, t);
  as_.sse(Simd::paddb, low, high);
  finish(static_cast<V>(i), host(low), false);
}

// Greater as unsigned: signed comparison with the top bits turned round.
void CodeGen::emit_vcmpgtu(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr uint64_t kTop[] = {0x8080808080808080, 0x8000800080008000, 0x8000000080000000,
                               0x8000000000000000};
  constexpr Simd kOps[] = {Simd::pcmpgtb, Simd::pcmpgtw, Simd::pcmpgtd, Simd::pcmpgtq};
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = alloc_xmm(), t = alloc_xmm();
  const Mem top = constant(kTop[in.aux]);
  xop(Simd::pxor, d, a, top);
  xop(Simd::pxor, t, b, top);
  as_.sse(kOps[in.aux], d, t);
  finish(static_cast<V>(i), host(d), false);
}

bool CodeGen::emit_vector_lanes(uint32_t i) {
  switch (region_->insts[i].op) {
    case Op::kVShlImm:
    case Op::kVShrUImm:
    case Op::kVShrSImm: return emit_vshift(i), true;
    case Op::kVShl:
    case Op::kVShrU:
    case Op::kVShrS: return emit_vshift_by(i), true;
    case Op::kVMul: return emit_vmul(i), true;
    case Op::kVMulLU:
    case Op::kVMulLS: return emit_vmul_long(i), true;
    case Op::kVAddPairsU:
    case Op::kVAddPairsS: return emit_vadd_pairs(i), true;
    case Op::kVAbs: return emit_vabs(i), true;
    case Op::kVPopcnt: return emit_vpopcnt(i), true;
    case Op::kVCmpGtU: return emit_vcmpgtu(i), true;
    default: return false;
  }
}

}  // namespace xarch::x86_64
