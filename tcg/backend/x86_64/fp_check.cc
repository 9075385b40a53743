// What floating-point ops look at besides what traps by itself (Region::fp_checks), and steps that several
// of them are made of.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/fp_forms.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

// A number in each lane.
uint64_t lanes(unsigned log2_lane, uint32_t single, uint64_t wide) {
  return log2_lane == 2 ? single * uint64_t{0x100000001} : wide;
}
uint64_t ones(unsigned log2_lane) { return lanes(log2_lane, 0x3f800000, 0x3ff0000000000000); }
uint64_t halves(unsigned log2_lane) { return lanes(log2_lane, 0x3f000000, 0x3fe0000000000000); }
uint64_t signs(unsigned log2_lane) { return lanes(log2_lane, 0x80000000, 0x8000000000000000); }

}  // namespace

// The temporaries of an op: for checks, flushing, rounding.
void CodeGen::fp_reserve(FpSites* s, const Inst& in) {
  const bool half = in.aux == 1 && in.op != Op::kFCvt;
  const bool rounds = !half && (in.op == Op::kFRound || in.op == Op::kFToInt);
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  const bool minmax =
      in.op == Op::kFMin || in.op == Op::kFMax || in.op == Op::kFMinNum || in.op == Op::kFMaxNum;
  if (region_->fp_checks != 0) {
    s->num_temps = 1 + (fp_checks(kFpCheckFlush) && (rounds || minmax || in.op == Op::kFCvt) ? 1 : 0);
    if (fp_checks(kFpCheckTiny) && (in.op == Op::kFMul || in.op == Op::kFFma || in.op == Op::kFCvt))
      s->gpr = alloc_gpr();
  }
  if (rounds && mode == FpRound::kAway) {
    s->num_temps += 3;
  } else if (rounds && in.op == Op::kFToInt && mode != FpRound::kZero && mode != FpRound::kCurrent) {
    s->num_temps += 1;
  }
  for (unsigned k = 0; k < s->num_temps; ++k) s->temps[k] = alloc_xmm();
  s->next_temp = region_->fp_checks != 0 ? 1 : 0;  // the checks' own is the first
}

// d = a op b, which may trap.
void CodeGen::fp_step(FpSites* s, Simd op, Xmm d, Xmm a, Xmm b, int imm) {
  if (!features_.avx) xmove(d, a);
  fp_trap(s);
  features_.avx ? as_.avx(op, 128, d, a, b, imm) : as_.sse(op, d, b, imm);
}
void CodeGen::fp_step(FpSites* s, Simd op, Xmm d, Xmm a, const Mem& b) {
  if (!features_.avx) xmove(d, a);
  fp_trap(s);
  features_.avx ? as_.avx(op, 128, d, a, b) : as_.sse(op, d, b);
}

// ---- checks. They stand behind the op's result d, its operands still in their registers.

// Before an op's operands are fetched.
void CodeGen::fp_check_flags(bool can_be_tiny) {
  if (can_be_tiny && fp_checks(kFpCheckTiny)) clobber_flags();
}

// can_be_tiny: the smallest normal number may come of something smaller by rounding: products, fused ones,
// narrower formats. Sums that small are exact, quotients never that close.
void CodeGen::fp_check(FpSites* s, const Inst& in, Xmm d, bool can_be_tiny) {
  if (fp_checks(kFpCheckNan)) fp_check_nan(s, fp_form(kCmp, in), d);
  if (can_be_tiny && fp_checks(kFpCheckTiny)) fp_check_tiny(s, in.aux, fp_packed(in), d);
}

void CodeGen::fp_check_nan(FpSites* s, Simd compare, Xmm x) { fp_step(s, compare, s->temps[0], x, x, kLess); }

void CodeGen::fp_check_tiny(FpSites* s, unsigned log2_lane, bool packed, Xmm d) {
  if (!packed && log2_lane != 1) {
    const Reg r = s->gpr;
    const unsigned bits = 8u << log2_lane;
    as_.sse(log2_lane == 3 ? Simd::movq_gpr_st : Simd::movd_gpr_st, r, d);
    as_.alu(Alu::kAdd, bits, r, r);
    if (log2_lane == 3) {
      as_.alu(Alu::kCmp, 64, r, constant(uint64_t{1} << 53));
    } else {
      as_.alu(Alu::kCmp, 32, r, 1 << 24);
    }
    as_.jcc(Cc::e, fp_cold_trap(s));
    return;
  }
  const Xmm t = s->temps[0];
  switch (log2_lane) {
    case 1:
      xop(Simd::paddw, t, d, d);
      xop(Simd::pcmpeqw, t, t, constant(0x0800080008000800));
      break;
    case 2:
      xop(Simd::paddd, t, d, d);
      xop(Simd::pcmpeqd, t, t, constant(0x0100000001000000));
      break;
    default: xop(Simd::paddq, t, d, d); xop(Simd::pcmpeqq, t, t, constant(uint64_t{1} << 53));
  }
  as_.sse(Simd::ptest, t, t);
  as_.jcc(Cc::ne, fp_cold_trap(s));
}

// Of a quiet comparison: a denormal operand beside a NaN, which the host is silent about.
void CodeGen::fp_check_operands(FpSites* s, const Inst& in, Xmm a, Xmm b) {
  if (!fp_checks(kFpCheckNan) || !fp_checks(kFpCheckFlush)) return;
  fp_step(s, fp_form(kCmp, in), s->temps[0], a, a, kEqual);
  fp_step(s, fp_form(kCmp, in), s->temps[0], b, b, kEqual);
}

// ---- steps

// a, denormals made zeros where the guest wants that; for instructions of which the host does not say that
// they do so, or that it had to.
Xmm CodeGen::flushed(FpSites* s, const Inst& in, Xmm a) {
  if (!fp_checks(kFpCheckFlush)) return a;
  Xmm t = fp_temp(s);
  const unsigned zero = zero_from(a);
  fp_step(s, fp_form(kMul, in), t, a, constant(ones(in.aux)));
  set_zero_from(t, zero);
  return t;
}

// a to an integral value, ties away from zero: truncated, and one more if a half or more is gone. Raises
// nothing; infinities and NaNs trap.
Xmm CodeGen::round_away(FpSites* s, const Inst& in, Xmm a) {
  const unsigned lane = in.aux;
  Xmm d = fp_temp(s), lost = fp_temp(s), one = fp_temp(s);
  if (fp_packed(in)) {
    fp_trap(s);
    xop1(fp_form(kRound, in), d, a, kQuiet | kToZero);
  } else {
    xmove(d, a);
    fp_trap(s);
    fop(fp_form(kRound, in), d, d, d, kQuiet | kToZero);
  }
  fp_step(s, fp_form(kSub, in), lost, a, d);
  xop(Simd::andps, lost, lost, constant(~signs(lane)));
  load_const(one, halves(lane), halves(lane));
  fp_step(s, fp_form(kCmp, in), one, one, lost, kLessEqual);
  xop(Simd::andps, one, one, constant(ones(lane)));
  xop(Simd::andps, lost, a, constant(signs(lane)));  // so that zeros keep their sign
  xop(Simd::orps, one, one, lost);
  xop(fp_form(kAdd, in), d, d, one);
  return d;
}

}  // namespace xarch::x86_64
