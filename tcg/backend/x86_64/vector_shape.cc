// Vector ops that move lanes about, or change their number and width.
#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

constexpr uint64_t kBytes = 0x0101010101010101;

// The even lanes of 1 or 2 bytes.
constexpr uint64_t even_lanes(unsigned lane) { return lane ? 0x0000ffff0000ffff : 0x00ff00ff00ff00ff; }

// Indexes of v.shuffle as pshufb wants them.
uint64_t zero_above_15(uint64_t indexes) {
  const uint64_t above = (indexes >> 4 | indexes >> 5 | indexes >> 6 | indexes >> 7) & kBytes;
  return indexes | above * 0x80;
}

}  // namespace

void CodeGen::emit_vdup(uint32_t i) {
  const Inst& in = region_->insts[i];
  Reg r = use(in.args[0]);
  Xmm d = alloc_xmm();
  as_.sse(in.aux == 3 ? Simd::movq_gpr : Simd::movd_gpr, d, r);
  if (in.aux < 2 && features_.avx2) {
    as_.avx(in.aux ? Simd::vpbroadcastw : Simd::vpbroadcastb, 128, d, d);
  } else if (in.aux == 0) {
    Xmm zero = const_x(0, 0);
    as_.sse(Simd::pshufb, d, zero);
  } else if (in.aux == 3) {
    as_.sse(Simd::punpcklqdq, d, d);
  } else {
    if (in.aux == 1) as_.sse(Simd::pshuflw, d, d, 0);
    as_.sse(Simd::pshufd, d, d, 0);
  }
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vsplat(uint32_t i) {
  const Inst& in = region_->insts[i];
  const int lane = static_cast<int>(in.imm);
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  switch (in.aux) {
    case 0:
      if (lane == 0 && features_.avx2) {
        as_.avx(Simd::vpbroadcastb, 128, d, a);
      } else {
        xop(Simd::pshufb, d, a, constant(kBytes * static_cast<uint64_t>(lane)));
      }
      break;
    case 1:
      if (lane == 0 && features_.avx2) {
        as_.avx(Simd::vpbroadcastw, 128, d, a);
      } else {
        xop1(lane < 4 ? Simd::pshuflw : Simd::pshufhw, d, a, lane % 4 * 0x55);
        xop1(Simd::pshufd, d, d, lane < 4 ? 0 : 0xaa);
      }
      break;
    case 2: xop1(Simd::pshufd, d, a, lane * 0x55); break;
    default: xop1(Simd::pshufd, d, a, lane ? 0xee : 0x44); break;
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
  const bool same = in.args[0] == in.args[1];
  Xmm d = alloc_xmm();
  if (in.type == Type::kV64) {
    xop(Simd::punpcklqdq, d, a, b);
    a = b = d;
  }
  if (in.aux == 3) {
    xop(odd ? Simd::punpckhqdq : Simd::punpcklqdq, d, a, b);
  } else if (in.aux == 2) {
    xop(Simd::shufps, d, a, b, odd ? 0xdd : 0x88);
  } else {
    const SimdShift shift = in.aux ? SimdShift::psrld : SimdShift::psrlw;
    const Mem mask = odd ? Mem() : constant(even_lanes(in.aux));
    Xmm t = d;
    if (a != b && !same) {
      t = alloc_xmm();
      odd ? xop(shift, t, b, in.aux ? 16 : 8) : xop(Simd::pand, t, b, mask);
    }
    odd ? xop(shift, d, a, in.aux ? 16 : 8) : xop(Simd::pand, d, a, mask);
    xop(in.aux ? Simd::packusdw : Simd::packuswb, d, d, t);
  }
  finish(v, host(d), false);
}

void CodeGen::emit_vnarrow(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (in.op == Op::kVNarrowS) {
    xop(in.aux ? Simd::packssdw : Simd::packsswb, d, a, a);
  } else if (in.op == Op::kVNarrowSU) {
    xop(in.aux ? Simd::packusdw : Simd::packuswb, d, a, a);
  } else if (in.aux == 2) {
    xop1(Simd::pshufd, d, a, 0x08);
  } else {
    xop(Simd::pshufb, d, a,
        in.aux ? constant(0x0d0c090805040100, ~uint64_t{0}) : constant(0x0e0c0a0806040200, ~uint64_t{0}));
  }
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vwiden(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr Simd kU[] = {Simd::pmovzxbw, Simd::pmovzxwd, Simd::pmovzxdq};
  constexpr Simd kS[] = {Simd::pmovsxbw, Simd::pmovsxwd, Simd::pmovsxdq};
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (in.imm) xop1(Simd::pshufd, d, a, 0xee);
  xop1(in.op == Op::kVWidenU ? kU[in.aux] : kS[in.aux], d, in.imm ? d : a);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vext(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  auto n = static_cast<int>(in.imm);
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = dest_x(v, in.args[1], in.args[0]);
  if (in.type == Type::kV64) {
    xop(Simd::punpcklqdq, d, a, b);
    if (n) xop(SimdShift::psrldq, d, d, static_cast<unsigned>(n));
  } else if (in.args[0] == in.args[1] && n % 4 == 0) {
    xop1(Simd::pshufd, d, a, (0xe4e4 >> (n / 2)) & 0xff);
  } else {
    xop(Simd::palignr, d, b, a, n);
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
  if (in.aux == 2) {
    xop1(Simd::pshufd, d, a, 0xb1);
  } else {
    xop(Simd::pshufb, d, a, constant(part[0], part[1]));
  }
  finish(static_cast<V>(i), host(d), false);
}

// Is no byte of the value above 15?
bool CodeGen::bytes_below_16(V v) const {
  uint64_t low, high;
  if (inst(v).op != Op::kVAnd) return false;
  for (const V part : {inst(v).args[0], inst(v).args[1]}) {
    if (vector_const(part, &low, &high) && ((low | high) & ~(15 * kBytes)) == 0) return true;
  }
  return false;
}

// Indexes that a shorter instruction knows: lanes of 4 bytes in any order, of 2 bytes inside one half, all
// bytes moved up or down.
bool CodeGen::emit_vshuffle_const(uint32_t i) {
  const Inst& in = region_->insts[i];
  uint64_t part[2];
  if (in.imm || !vector_const(in.args[1], &part[0], &part[1])) return false;
  const auto at = [&](unsigned n) { return static_cast<unsigned>(part[n / 8] >> (n % 8 * 8) & 0xff); };
  bool words = true, dwords = true, low = true, high = true, up = true, down = true;
  unsigned order = 0, low_order = 0, high_order = 0;
  for (unsigned n = 0; n < 16; ++n) {
    words &= n % 2 == 0 ? at(n) % 2 == 0 && at(n) < 16 : at(n) == at(n - 1) + 1;
    dwords &= n % 4 == 0 ? at(n) % 4 == 0 && at(n) < 16 : at(n) == at(n - 1) + 1;
    low &= n < 8 ? at(n) < 8 : at(n) == n;
    high &= n < 8 ? at(n) == n : at(n) >= 8 && at(n) < 16;
    up &= at(15) < 16 && (n + at(15) < 15 ? at(n) > 15 : at(n) == n + at(15) - 15);
    down &= at(0) < 16 && (n + at(0) < 16 ? at(n) == n + at(0) : at(n) > 15);
  }
  for (unsigned n = 0; n < 4; ++n) {
    order |= (at(4 * n) / 4 & 3) << (2 * n);
    low_order |= (at(2 * n) / 2 & 3) << (2 * n);
    high_order |= (at(8 + 2 * n) / 2 & 3) << (2 * n);
  }
  if (!dwords && !(words && (low || high)) && !up && !down) return false;
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (dwords) {
    xop1(Simd::pshufd, d, a, static_cast<int>(order));
  } else if (words && (low || high)) {
    xop1(low ? Simd::pshuflw : Simd::pshufhw, d, a, static_cast<int>(low ? low_order : high_order));
  } else if (down) {
    xop(SimdShift::psrldq, d, a, at(0));
  } else {
    xop(SimdShift::pslldq, d, a, 15 - at(15));
  }
  finish(static_cast<V>(i), host(d), false);
  return true;
}

void CodeGen::emit_vmask(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]);
  Reg d = dest(static_cast<V>(i));
  as_.sse(in.aux == 0 ? Simd::pmovmskb : in.aux == 2 ? Simd::movmskps : Simd::movmskpd, d, a);
  finish(static_cast<V>(i), host(d), true);
}

void CodeGen::emit_vblend(uint32_t i) {
  const Inst& in = region_->insts[i];
  constexpr Simd kOps[] = {Simd::pblendw, Simd::pblendw, Simd::blendps, Simd::blendpd};
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  xop(kOps[in.aux], d, a, b, static_cast<int>(in.imm));
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_vblend_top(uint32_t i) {
  const Inst& in = region_->insts[i];
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]), c = use_x(in.args[2]);
  if (features_.avx) {
    const Simd op = in.aux == 0 ? Simd::vpblendvb : in.aux == 2 ? Simd::vblendvps : Simd::vblendvpd;
    Xmm d = dest_x(static_cast<V>(i), in.args[0]);
    as_.avx(op, 128, d, a, b, static_cast<int>(static_cast<unsigned>(c) << 4));
    return finish(static_cast<V>(i), host(d), false);
  }
  // The mask widened to its lanes.
  Xmm d = alloc_xmm(), t = const_x(0, 0);
  if (in.aux == 0) {
    as_.sse(Simd::pcmpgtb, t, c);
  } else {
    xmove(t, c);
    as_.sse_shift(SimdShift::psrad, t, 31);
    if (in.aux == 3) as_.sse(Simd::pshufd, t, t, 0xf5);
  }
  xmove(d, a);
  as_.sse(Simd::pxor, d, b);
  as_.sse(Simd::pand, d, t);
  as_.sse(Simd::pxor, d, a);
  finish(static_cast<V>(i), host(d), false);
}

// pshufb looks at bits 0 to 3 and 7 of an index: adding 0x70 with saturation sets bit 7 of those above 15.
void CodeGen::emit_vshuffle(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  if (emit_vshuffle_const(i)) return;
  Xmm table = use_x(in.args[0]);
  if (uint64_t low, high; !in.imm && vector_const(in.args[1], &low, &high)) {
    Xmm d = dest_x(v, in.args[0]);
    xop(Simd::pshufb, d, table, constant(zero_above_15(low), zero_above_15(high)));
    return finish(v, host(d), false);
  }
  Xmm index = use_x(in.args[1]);
  if (in.imm || bytes_below_16(in.args[1])) {
    Xmm d = dest_x(v, in.args[0], in.args[1]);
    xop(Simd::pshufb, d, table, index);
    return finish(v, host(d), false);
  }
  Xmm d = dest_x(v, in.args[1], in.args[0]);
  xop(Simd::paddusb, d, index, constant(0x7070707070707070));
  xop(Simd::pshufb, d, table, d);
  finish(v, host(d), false);
}

}  // namespace xarch::x86_64
