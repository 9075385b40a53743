// Half precision, and bfloat16. Operands of half precision are widened by F16C, computed with and narrowed
// again. A widened number is neither denormal nor near the limits of the wider format, so that the host's
// modes do not matter there, and what traps, traps as it would in half precision.
//
// Rounding twice is harmless: single precision has more than 2 * 11 + 2 bits, which is enough for + - * / and
// square roots (Figueroa); tiny sums and products are exact in it, and no tiny quotient is nearer than
// 2^-22 of itself to a number of half precision or the middle between two. Fused products are summed in
// double precision, where all that rounds is numbers too far apart to matter, and brought to single
// precision by rounding to odd, which a second rounding cannot tell from the exact sum. Inexact,
// Overflow and Underflow so are those of the last step, or Inexact is known before.
//
// Eight lanes are computed in 256-bit registers, whose upper halves nothing else uses.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/fp_forms.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

bool is_scalar(Type t) { return is_float(t); }
unsigned single(Type t) { return is_scalar(t) ? 0 : 2; }  // of the forms those of single precision
unsigned width(Type t) { return t == Type::kV128 ? 256 : 128; }

}  // namespace

// An operand as the op works on it; the op's lanes that do not count are zeros.
Xmm CodeGen::use_half(V v) {
  const Xmm a = use_x(v);
  return is_scalar(inst(v).type) ? zeroed(a, 2) : a;
}

void CodeGen::widen_half(FpSites* s, Type t, Xmm d, Xmm a) {
  fp_trap(s);
  as_.avx(Simd::vcvtph2ps, width(t), d, a);
}

// d = the numbers w in half precision.
void CodeGen::narrow_half(FpSites* s, Type t, Xmm d, Xmm w) {
  fp_trap(s);
  as_.avx(Simd::vcvtps2ph, width(t), d, w, kCurrent);
}

// w is narrowed to d, checked and made the op's result.
void CodeGen::finish_half(uint32_t i, FpSites* s, Xmm d, Xmm w, bool can_be_tiny) {
  const Type t = insts_[i].type;
  if (fp_checks(kFpCheckNan)) {
    fp_trap(s);
    as_.avx(kCmp[single(t)], width(t), s->temps[0], w, w, kLess);
  }
  narrow_half(s, t, d, w);
  if (can_be_tiny && fp_checks(kFpCheckTiny)) fp_check_tiny(s, 1, true, d);
  end_half(i, s, d, is_scalar(t) ? 2 : t == Type::kV64 ? 8 : 16);
}

// d is the op's result.
void CodeGen::end_half(uint32_t i, FpSites* s, Xmm d, unsigned zero) {
  set_zero_from(d, zero);
  s->site.dst = host(d);
  fp_end(*s);
  if (width(insts_[i].type) == 256 || (insts_[i].op == Op::kFFma && !is_scalar(insts_[i].type))) {
    as_.vzeroupper();  // what follows may be without VEX
  }
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_half_binary(uint32_t i) {
  const Inst& in = insts_[i];
  const Type t = in.type;
  const Simd* forms = in.op == Op::kFAdd   ? kAdd
                      : in.op == Op::kFSub ? kSub
                      : in.op == Op::kFMul ? kMul
                                           : kDiv;
  const bool can_be_tiny = in.op == Op::kFMul;
  fp_check_flags(can_be_tiny);
  const Xmm a = use_half(in.args[0]), b = use_half(in.args[1]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  const Xmm x = alloc_xmm(), d = alloc_xmm(), y = a == b ? x : alloc_xmm();
  widen_half(&s, t, x, a);
  if (y != x) widen_half(&s, t, y, b);
  fp_trap(&s);
  as_.avx(forms[single(t)], width(t), x, x, y);
  finish_half(i, &s, d, x, can_be_tiny);
}

void CodeGen::emit_half_sqrt(uint32_t i) {
  const Inst& in = insts_[i];
  const Xmm a = use_half(in.args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  const Xmm x = alloc_xmm(), d = alloc_xmm();
  widen_half(&s, in.type, x, a);
  fp_trap(&s);
  if (is_scalar(in.type)) {
    as_.avx(Simd::sqrtss, 128, x, x, x);
  } else {
    as_.avx(Simd::sqrtps, width(in.type), x, x);
  }
  finish_half(i, &s, d, x, false);
}

void CodeGen::emit_half_minmax(uint32_t i) {
  const Inst& in = insts_[i];
  const Type t = in.type;
  const bool min = in.op == Op::kFMin || in.op == Op::kFMinNum;
  const Simd op = (min ? kMin : kMax)[single(t)];
  const Xmm a = use_half(in.args[0]), b = use_half(in.args[1]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  const Xmm x = alloc_xmm(), y = alloc_xmm(), d = alloc_xmm();
  widen_half(&s, t, x, a);
  widen_half(&s, t, y, b);
  fp_trap(&s);  // of two zeros it gives the second; all NaNs trap
  as_.avx(op, width(t), d, x, y);
  as_.avx(op, width(t), y, y, x);
  as_.avx(min ? Simd::orps : Simd::andps, width(t), x, d, y);
  finish_half(i, &s, d, x, false);
}

// Lanes of four bytes in w, all of them ones or zeros or integers that fit, become lanes of two in d; t is
// spoiled.
void CodeGen::pack_half(Type type, Simd pack, Xmm d, Xmm w, Xmm t) {
  if (width(type) == 256) {
    as_.avx(Simd::vextracti128, 256, t, w, 1);
    as_.avx(pack, 128, d, w, t);
  } else {
    as_.avx(pack, 128, d, w, w);
  }
}

void CodeGen::emit_half_compare(uint32_t i) {
  const Inst& in = insts_[i];
  const bool turn = in.op != Op::kFCmpEq;  // greater is less the other way round
  const int predicate = !turn ? kEqual : in.op == Op::kFCmpGt ? kLess : kLessEqual;
  const Xmm a = use_half(in.args[0]), b = use_half(in.args[1]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  const Xmm x = alloc_xmm(), y = alloc_xmm(), d = alloc_xmm();
  widen_half(&s, in.type, x, a);
  widen_half(&s, in.type, y, b);
  fp_trap(&s);
  as_.avx(kCmp[single(in.type)], width(in.type), x, turn ? y : x, turn ? x : y, predicate);
  pack_half(in.type, Simd::packssdw, d, x, y);
  end_half(i, &s, d, 16);
}

void CodeGen::emit_half_flags(uint32_t i) {
  const Inst& in = insts_[i];
  clobber_flags();
  Xmm a = use_half(in.args[0]), b = use_half(in.args[1]);
  const bool swapped = wants_swapped_flags(i);
  if (swapped) std::swap(a, b);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  const Xmm x = alloc_xmm(), y = alloc_xmm();
  widen_half(&s, Type::kF32, x, a);
  widen_half(&s, Type::kF32, y, b);
  fp_trap(&s);
  as_.avx(in.imm ? Simd::comiss : Simd::ucomiss, 128, x, y);
  fp_end(s);
  consume_args(in);
  flags_in_host(static_cast<V>(i), false);
  state_.flags.kind = swapped ? FlagsState::kFcmpSwapped : FlagsState::kFcmp;
}

// d = x to an integral value as the op says, d not x. t is spoiled.
void CodeGen::round_half(FpSites* s, const Inst& in, Xmm d, Xmm x, Xmm t, bool quiet) {
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  const unsigned bits = width(in.type);
  if (mode != FpRound::kAway) {
    const int imm = round_imm(mode);
    fp_trap(s);
    return as_.avx(Simd::roundps, bits, d, x, quiet ? imm | kQuiet : imm);
  }
  // A half more of magnitude, which is exact, and toward zero.
  as_.avx(Simd::pcmpeqd, bits, t, t, t);
  as_.avx_shift(SimdShift::pslld, bits, d, t, 31);
  as_.avx(Simd::pand, bits, d, d, x);
  as_.avx_shift(SimdShift::psrld, bits, t, t, 26);
  as_.avx_shift(SimdShift::pslld, bits, t, t, 24);
  as_.avx(Simd::por, bits, d, d, t);
  as_.avx(Simd::addps, bits, d, x, d);
  as_.avx(Simd::roundps, bits, d, d, kToZero | kQuiet);
}

bool CodeGen::emit_half_round(uint32_t i) {
  const Inst& in = insts_[i];
  if (static_cast<FpRound>(in.imm & kFpRoundMask) == FpRound::kAway && (in.imm & kFpInexact)) return false;
  const Xmm a = use_half(in.args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  const Xmm x = alloc_xmm(), d = alloc_xmm(), t = alloc_xmm();
  widen_half(&s, in.type, x, a);
  round_half(&s, in, d, x, t, !(in.imm & kFpInexact));
  finish_half(i, &s, x, d, false);
  return true;
}

// Lanes to integers of their size. From 2^15 up, or below zero, they do not fit, or would be Inexact though
// they do not: these trap. All that fits is exact as an integer of four bytes.
void CodeGen::emit_half_to_int(uint32_t i) {
  const Inst& in = insts_[i];
  constexpr uint64_t kSigns = 0x8000800080008000, kBelowTop = 0x77ff77ff77ff77ff;
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  const bool is_unsigned = in.imm & kFpUnsigned;
  const unsigned bits = width(in.type);
  clobber_flags();
  Xmm a = use_x(in.args[0]);
  if (in.type == Type::kV64) a = zeroed(a, 8);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  const Xmm x = alloc_xmm(), d = alloc_xmm(), t = alloc_xmm();
  s.site.dst = host(d);
  if (is_unsigned) {
    as_.sse(Simd::ptest, a, constant(kSigns));
  } else {
    xop(Simd::pand, t, a, constant(~kSigns));
    xop(Simd::pcmpgtw, t, t, constant(kBelowTop));
    as_.sse(Simd::ptest, t, t);
  }
  as_.jcc(Cc::ne, fp_cold_trap(&s));
  widen_half(&s, in.type, x, a);
  const bool direct = mode == FpRound::kZero || mode == FpRound::kCurrent;
  if (!direct) round_half(&s, in, d, x, t, true);
  fp_trap(&s);
  as_.avx(mode == FpRound::kCurrent ? Simd::cvtps2dq : Simd::cvttps2dq, bits, d, direct ? x : d);
  if (!direct) {  // Inexact
    fp_trap(&s);
    as_.avx(Simd::cvttps2dq, bits, x, x);
  }
  pack_half(in.type, is_unsigned ? Simd::packusdw : Simd::packssdw, d, d, t);
  end_half(i, &s, d, 16);
}

// z += x * y in double precision, narrowed to odd: the upper bits, the lowest of them one if anything
// follows. Lanes of single precision, two or four; m: what is to be lost. x and y are spoiled.
void CodeGen::sum_to_odd(FpSites* s, unsigned bits, Xmm x, Xmm y, Xmm z, Xmm m) {
  for (const Xmm r : {x, y, z}) as_.avx(Simd::cvtps2pd, bits, r, r);
  fp_trap(s);
  if (features_.fma) {
    as_.avx(Simd::vfmadd231pd, bits, z, x, y);
  } else {
    as_.avx(Simd::mulpd, bits, x, x, y);  // exact
    fp_trap(s);
    as_.avx(Simd::addpd, bits, z, z, x);
  }
  fp_trap(s);  // of NaNs the host prefers others
  as_.avx(Simd::cmppd, bits, x, z, z, kLess);
  as_.avx(Simd::pand, bits, x, z, m);
  as_.avx(Simd::paddq, bits, x, x, m);
  as_.avx(Simd::por, bits, z, z, x);
  as_.avx(Simd::pandn, bits, z, m, z);
  as_.avx(Simd::cvtpd2ps, bits, z, z);
}

void CodeGen::emit_half_fma(uint32_t i) {
  const Inst& in = insts_[i];
  const bool upper = in.type == Type::kV128;
  const unsigned bits = is_scalar(in.type) ? 128 : 256;
  fp_check_flags(true);
  const Xmm a = use_half(in.args[0]), b = use_half(in.args[1]), c = use_half(in.args[2]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  s.site.args[2] = host(c);
  const Xmm x = alloc_xmm(), y = alloc_xmm(), z = alloc_xmm(), m = alloc_xmm();
  Xmm high[3] = {};
  if (upper) {
    for (Xmm& r : high) r = alloc_xmm();
  }
  as_.avx(Simd::pcmpeqd, bits, m, m, m);
  as_.avx_shift(SimdShift::psrlq, bits, m, m, 64 - 29);  // of 52 bits of fraction 23 stay
  widen_half(&s, in.type, x, a);
  widen_half(&s, in.type, y, b);
  widen_half(&s, in.type, z, c);
  if (upper) {
    as_.avx(Simd::vextractf128, 256, high[0], x, 1);
    as_.avx(Simd::vextractf128, 256, high[1], y, 1);
    as_.avx(Simd::vextractf128, 256, high[2], z, 1);
    sum_to_odd(&s, bits, high[0], high[1], high[2], m);
  }
  sum_to_odd(&s, bits, x, y, z, m);
  if (upper) as_.avx(Simd::vinsertf128, 256, z, z, high[2], 1);
  finish_half(i, &s, x, z, true);
}

// Factors of half precision, a sum of single: the product is exact.
bool CodeGen::emit_fma_of_halves(uint32_t i) {
  const Inst& in = insts_[i];
  if (!features_.f16c || !features_.fma) return false;
  fp_check_flags(true);
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  const Xmm c = use_fp(in.args[2], in);
  if (in.type == Type::kV64) {
    a = zeroed(a, 4);
    b = zeroed(b, 4);
  }
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  s.site.args[2] = host(c);
  const Xmm x = alloc_xmm(), y = alloc_xmm(), d = alloc_xmm();
  xmove(d, c);
  widen_half(&s, Type::kV64, x, a);
  widen_half(&s, Type::kV64, y, b);
  fp_trap(&s);
  as_.avx(Simd::vfmadd231ps, 128, d, x, y);
  fp_trap(&s);
  as_.avx(Simd::cmpps, 128, x, d, d, kLess);
  if (fp_checks(kFpCheckTiny)) fp_check_tiny(&s, 2, true, d);
  set_zero_from(d, in.type == Type::kV64 ? 8 : 16);
  s.site.dst = host(d);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
  return true;
}

// Singles as bfloat16: to the sum with a number that is 2^16 times as large, of which the last bit is worth
// what the result's is, the host rounds as it is told. Denormal and very large numbers trap, NaNs too.
void CodeGen::emit_to_bf16(uint32_t i) {
  constexpr uint64_t kEach = 0x100000001, kSigns = 0x80000000 * kEach;
  constexpr uint64_t kDenormals = 0x007ffffe * kEach, kBelowLarge = 0x76ffffff * kEach;
  constexpr uint64_t kSixteen = 0x08000000 * kEach, kPowers = 0xff800000 * kEach;
  clobber_flags();
  const Xmm a = use_x(insts_[i].args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  const Xmm d = alloc_xmm(), t = alloc_xmm(), u = alloc_xmm();
  xop(Simd::pand, t, a, constant(~kSigns));
  load_const(u, ~uint64_t{0}, ~uint64_t{0});
  xop(Simd::paddd, u, u, t);  // of zeros the largest number
  xop(Simd::pminud, d, u, constant(kDenormals));
  xop(Simd::pcmpeqd, d, d, u);
  xop(Simd::pcmpgtd, t, t, constant(kBelowLarge));
  xop(Simd::por, d, d, t);
  as_.sse(Simd::ptest, d, d);
  as_.jcc(Cc::ne, fp_cold_trap(&s));
  xop(Simd::pand, t, a, constant(kPowers));
  xop(Simd::paddd, t, t, constant(kSixteen));
  fp_step(&s, Simd::addps, d, a, t);
  xop(Simd::subps, d, d, t);
  xop(Simd::pand, d, d, constant(~kSigns));  // zeros have lost theirs
  xop(Simd::pand, t, a, constant(kSigns));
  xop(Simd::por, d, d, t);
  xop(SimdShift::psrld, d, d, 16);
  xop(Simd::packusdw, d, d, d);
  set_zero_from(d, 16);
  s.site.dst = host(d);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
}

// False if it takes instructions that the host does not have.
bool CodeGen::emit_half(uint32_t i) {
  const Inst& in = insts_[i];
  const Type t = in.op == Op::kFlagsFcmp ? Type::kF32 : in.type;
  if (!features_.f16c || (!features_.avx2 && !is_scalar(t))) return false;
  switch (in.op) {
    case Op::kFAdd:
    case Op::kFSub:
    case Op::kFMul:
    case Op::kFDiv: return emit_half_binary(i), true;
    case Op::kFSqrt: return emit_half_sqrt(i), true;
    case Op::kFMin:
    case Op::kFMax:
    case Op::kFMinNum:
    case Op::kFMaxNum: return emit_half_minmax(i), true;
    case Op::kFCmpEq:
    case Op::kFCmpGe:
    case Op::kFCmpGt: return emit_half_compare(i), true;
    case Op::kFlagsFcmp: return emit_half_flags(i), true;
    case Op::kFFma: return emit_half_fma(i), true;
    case Op::kFRound: return emit_half_round(i);
    case Op::kFToInt: return emit_half_to_int(i), true;
    default: return false;
  }
}

}  // namespace xarch::x86_64
