// Conversions between numbers and integers, and between formats. Numbers that do not fit an integer make the
// host raise Invalid, which traps; where the host's conversion is wider than the guest's, a test jumps to a
// trap.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/fp_forms.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

FpRound rounding(const Inst& in) { return static_cast<FpRound>(in.imm & kFpRoundMask); }

}  // namespace

// ---- to integers

// a to an integral value as the conversion `in` asks for explicitly; raises nothing.
Xmm CodeGen::rounded(FpSites* s, const Inst& in, Xmm a) {
  const FpRound mode = rounding(in);
  if (mode == FpRound::kAway) return round_away(s, in, a);
  const Simd op = fp_form(kRound, in);
  const int imm = round_imm(mode) | kQuiet;
  Xmm t = fp_temp(s);
  if (fp_packed(in)) {
    fp_trap(s);
    xop1(op, t, a, imm);
  } else {
    xmove(t, a);
    fp_trap(s);
    fop(op, t, t, t, imm);
  }
  return t;
}

// Explicit rounding goes first, without raising Inexact; a second conversion of the operand itself does that.
bool CodeGen::emit_fp_to_int(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const FpRound mode = rounding(in);
  if (is_vector(in.type)) return emit_fp_to_int_lanes(i);
  if (in.imm & kFpUnsigned) return emit_fp_to_unsigned(i);
  const bool wide = in.aux == 3, q = in.type == Type::kI64;
  Xmm a = use_x(in.args[0]);
  FpSites s = fp_begin(i);
  const bool direct = mode == FpRound::kZero || mode == FpRound::kCurrent;
  Reg d = dest(v), junk = direct ? d : alloc_gpr();
  s.site.dst = host(d);
  a = flushed(&s, in, a);
  if (direct) {
    fp_trap(&s);
    as_.sse(kToInt[mode == FpRound::kZero][wide][q], d, a);
  } else {
    Xmm t = rounded(&s, in, a);
    fp_trap(&s);
    as_.sse(kToInt[1][wide][q], d, t);
    fp_trap(&s);
    as_.sse(kToInt[1][wide][q], junk, a);
  }
  fp_end(s);
  finish(v, host(d), !q);
  return true;
}

// Numbers from 0 up to the limit are converted as signed ones; their bit patterns are in order. All others,
// -0 and NaNs too, trap.
bool CodeGen::emit_fp_to_unsigned(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const FpRound mode = rounding(in);
  const bool wide = in.aux == 3, q = in.type == Type::kI64;
  const unsigned exponent = q ? 63 : mode == FpRound::kCurrent ? 31 : 32;  // the limit is a power of two
  clobber_flags();
  Xmm a = use_x(in.args[0]);
  FpSites s = fp_begin(i);
  Reg d = alloc_gpr(), t = alloc_gpr();
  s.site.dst = host(d);
  const unsigned bits = wide ? 64 : 32;
  as_.sse(wide ? Simd::movq_gpr_st : Simd::movd_gpr_st, d, a);
  as_.mov_imm(bits, t, wide ? uint64_t{1023 + exponent} << 52 : uint64_t{127 + exponent} << 23);
  as_.alu(Alu::kCmp, bits, d, t);
  as_.jcc(Cc::ae, fp_cold_trap(&s));
  a = flushed(&s, in, a);
  if (mode == FpRound::kZero || mode == FpRound::kCurrent) {
    fp_trap(&s);
    as_.sse(kToInt[mode == FpRound::kZero][wide][1], d, a);
  } else {
    Xmm x = rounded(&s, in, a);
    as_.sse(kToInt[1][wide][1], d, x);
    if (!q) {  // what was rounded up to the limit
      as_.mov(64, t, d);
      as_.shift(Shift::kShr, 64, t, 32);
      as_.jcc(Cc::ne, fp_cold_trap(&s));
    }
    fp_trap(&s);
    as_.sse(kToInt[1][wide][1], t, a);
  }
  fp_end(s);
  finish(v, host(d), !q);
  return true;
}

bool CodeGen::emit_fp_to_int_lanes(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const FpRound mode = rounding(in);
  const bool direct = mode == FpRound::kZero || mode == FpRound::kCurrent;
  const bool is_unsigned = in.imm & kFpUnsigned;
  if (is_unsigned && mode == FpRound::kCurrent) return false;
  if (is_unsigned) clobber_flags();
  Xmm a = use_fp(in.args[0], in);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  Xmm d = alloc_xmm(), high = alloc_xmm();
  Reg r = alloc_gpr();
  const Xmm more = in.aux == 2 && is_unsigned ? alloc_xmm() : high;
  s.site.dst = host(d);
  a = flushed(&s, in, a);
  const Xmm from = direct ? a : rounded(&s, in, a);
  if (in.aux == 2 && is_unsigned) {
    emit_fp_to_u32_lanes(&s, d, a, from, high, more);
    set_zero_from(d, fp_half(in) ? 8 : 16);
  } else if (in.aux == 2) {
    fp_trap(&s);
    xop1(mode == FpRound::kCurrent ? Simd::cvtps2dq : Simd::cvttps2dq, d, from);
    if (!direct) {
      fp_trap(&s);
      xop1(Simd::cvttps2dq, from, a);
    }
    set_zero_from(d, fp_half(in) ? 8 : 16);
  } else {
    const Simd op = kToInt[mode != FpRound::kCurrent][1][1];
    const auto convert = [&](Xmm x) {
      if (is_unsigned) {
        as_.sse(Simd::movq_gpr_st, r, x);
        as_.alu(Alu::kCmp, 64, r, constant(uint64_t{1023 + 63} << 52));
        as_.jcc(Cc::ae, fp_cold_trap(&s));
      }
      fp_trap(&s);
      as_.sse(op, r, x);
    };
    const auto raise_inexact = [&](Xmm x) {
      fp_trap(&s);
      as_.sse(op, r, x);
    };
    convert(from);
    as_.sse(Simd::movq_gpr, d, r);
    set_zero_from(d, 8);
    if (!direct) raise_inexact(a);
    if (in.type == Type::kV128) {
      xop1(Simd::pshufd, high, from, 0xee);
      convert(high);
      as_.sse(Simd::pinsrq, d, r, 1);
      set_zero_from(d, 16);
      if (!direct) {
        xop1(Simd::pshufd, high, a, 0xee);
        raise_inexact(high);
      }
    }
  }
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

// Lanes of single precision, rounded to `from` first unless that is a. Those from 2^31 up are converted
// without their highest bit; -0, negative and too large ones trap.
void CodeGen::emit_fp_to_u32_lanes(FpSites* s, Xmm d, Xmm a, Xmm from, Xmm t, Xmm big) {
  constexpr uint64_t kLimit = 0x4f8000004f800000, kTop = 0x4f0000004f000000, kBelowTop = 0x4effffff4effffff;
  xop(Simd::pmaxud, t, from, constant(kLimit));
  xop(Simd::pcmpeqd, t, t, from);
  as_.sse(Simd::ptest, t, t);
  as_.jcc(Cc::ne, fp_cold_trap(s));
  xop(Simd::pcmpgtd, big, from, constant(kBelowTop));
  xop(Simd::pand, t, big, constant(kTop));
  xop(Simd::subps, d, from, t);
  fp_trap(s);
  xop1(Simd::cvttps2dq, d, d);
  xop(SimdShift::pslld, big, big, 31);
  xop(Simd::pxor, d, d, big);
  if (from == a) return;
  xop(Simd::subps, big, a, t);
  fp_trap(s);
  xop1(Simd::cvttps2dq, t, big);
}

// ---- from integers

bool CodeGen::emit_fp_from_int(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  if (is_vector(in.type)) return emit_fp_from_int_lanes(i);
  const bool wide = in.aux == 3, q = inst(in.args[0]).type == Type::kI64;
  const bool is_unsigned = in.imm & kFpUnsigned;
  if (is_unsigned && q) return emit_fp_from_u64(i), true;
  Reg r = is_unsigned ? use_clean(in.args[0]) : use(in.args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(r);
  Xmm d = alloc_xmm();
  s.site.dst = host(d);
  xop(Simd::xorps, d, d, d);
  fp_trap_inexact(&s);
  as_.sse(kFromInt[wide][q || is_unsigned], d, r);
  set_zero_from(d, wide ? 8 : 4);
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

// Numbers with the top bit set are halved, what goes out staying in the lowest bit, and doubled again: the
// rounding is the same.
void CodeGen::emit_fp_from_u64(uint32_t i) {
  const Inst& in = insts_[i];
  const bool wide = in.aux == 3;
  const Simd convert = kFromInt[wide][1], add = wide ? Simd::addsd : Simd::addss;
  clobber_flags();
  Reg r = use(in.args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(r);
  Reg t = alloc_gpr(), low = alloc_gpr();
  Xmm d = alloc_xmm();
  s.site.dst = host(d);
  Label large = as_.new_label(), done = as_.new_label();
  xop(Simd::xorps, d, d, d);
  as_.test(64, r, r);
  as_.jcc_short(Cc::s, large);
  fp_trap_inexact(&s);
  as_.sse(convert, d, r);
  as_.jmp_short(done);
  as_.bind(large);
  as_.mov(64, t, r);
  as_.mov(32, low, r);
  as_.shift(Shift::kShr, 64, t, 1);
  as_.alu(Alu::kAnd, 32, low, 1);
  as_.alu(Alu::kOr, 64, t, low);
  fp_trap_inexact(&s);
  as_.sse(convert, d, t);
  as_.sse(add, d, d);
  as_.bind(done);
  set_zero_from(d, wide ? 8 : 4);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
}

bool CodeGen::emit_fp_from_int_lanes(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const bool is_unsigned = in.imm & kFpUnsigned;
  Xmm a = use_fp(in.args[0], in);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  Xmm d = alloc_xmm(), low = alloc_xmm();
  s.site.dst = host(d);
  if (in.aux == 3 && is_unsigned) {
    // The upper halves as 2^84 and more, the lower ones as 2^52 and more; one sum rounds. Its zero may come
    // out negative.
    constexpr uint64_t kHigh = 0x4530000000000000, kLow = 0x4330000000000000, kBoth = 0x4530000000100000;
    if (in.type == Type::kV64) a = zeroed(a, 8);
    xop(SimdShift::psrlq, d, a, 32);
    xop(Simd::pblendw, low, a, constant(kLow), 0xcc);
    xop(Simd::orps, d, d, constant(kHigh));
    xop(Simd::subpd, d, d, constant(kBoth));
    fp_trap_inexact(&s);
    xop(Simd::addpd, d, d, low);
    xop(Simd::andps, d, d, constant(~kSignBit));
  } else if (in.aux == 2 && is_unsigned) {  // halves, which are exact, and one sum
    xop(Simd::pand, low, a, constant(0x0000ffff0000ffff));
    xop(SimdShift::psrld, d, a, 16);
    xop1(Simd::cvtdq2ps, low, low);
    xop1(Simd::cvtdq2ps, d, d);
    xop(Simd::mulps, d, d, constant(0x4780000047800000));  // 65536
    fp_trap_inexact(&s);
    xop(Simd::addps, d, d, low);
  } else if (in.aux == 2) {
    fp_trap_inexact(&s);
    xop1(Simd::cvtdq2ps, d, a);
  } else {
    Reg r = alloc_gpr();
    as_.sse(Simd::movq_gpr_st, r, a);
    xop(Simd::xorps, d, d, d);
    fp_trap_inexact(&s);
    as_.sse(Simd::cvtsi2sd_q, d, r);
    if (in.type == Type::kV128) {
      as_.sse(Simd::pextrq, r, a, 1);
      xop(Simd::xorps, low, low, low);
      fp_trap_inexact(&s);
      as_.sse(Simd::cvtsi2sd_q, low, r);
      xop(Simd::unpcklpd, d, d, low);
    }
  }
  set_zero_from(d, in.type == Type::kV64 ? 8 : 16);
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

// ---- between formats

bool CodeGen::emit_fp_convert(uint32_t i) {
  const Inst& in = insts_[i];
  if (in.imm >> kFpRoundShift) return false;
  V v = static_cast<V>(i);
  const Type from = inst(in.args[0]).type;
  if (in.aux == 1 || in.imm == 1) return emit_fp_convert_half(i);
  const bool widen = in.aux == 3;
  if (is_vector(in.type) != is_vector(from)) return false;
  if (is_vector(in.type) && (widen ? in.type != Type::kV128 : from != Type::kV128)) return false;
  fp_check_flags(!widen);
  Xmm a = use_x(in.args[0]);
  FpSites s = fp_begin(i);
  Xmm d = alloc_xmm();
  s.site.dst = host(d);
  if (is_vector(in.type)) {
    fp_trap(&s);
    xop1(widen ? Simd::cvtps2pd : Simd::cvtpd2ps, d, a);
    set_zero_from(d, widen ? 16 : 8);
  } else {  // above the result comes what was there
    xop(Simd::xorps, d, d, d);
    fp_trap(&s);
    fop(widen ? Simd::cvtss2sd : Simd::cvtsd2ss, d, d, a);
    set_zero_from(d, type_bytes(in.type));
  }
  fp_check(&s, in, d, !widen);
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

// A double to half precision: to single precision first, to odd, which the second rounding cannot tell from
// the double. What is so small that single precision might lose it traps.
void CodeGen::emit_double_to_half(uint32_t i) {
  constexpr uint64_t kSmall = uint64_t{1023 - 100} << 53;  // twice the bits of 2^-100
  clobber_flags();
  const Xmm a = use_x(insts_[i].args[0]);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  Inst numbers = insts_[i];  // that go in
  numbers.type = Type::kF64;
  numbers.aux = 3;
  const Xmm d = alloc_xmm(), m = alloc_xmm(), t = alloc_xmm();
  const Reg r = alloc_gpr();
  s.site.dst = host(d);
  const Xmm x = flushed(&s, numbers, a);
  as_.sse(Simd::movq_gpr_st, r, x);
  as_.alu(Alu::kAdd, 64, r, r);
  as_.alu(Alu::kSub, 64, r, 1);  // of zeros the largest number
  as_.alu(Alu::kCmp, 64, r, constant(kSmall));
  as_.jcc(Cc::b, fp_cold_trap(&s));
  if (fp_checks(kFpCheckNan)) fp_check_nan(&s, Simd::cmpsd, x);
  xop(Simd::pcmpeqd, m, m, m);
  xop(SimdShift::psrlq, m, m, 64 - 29);
  xop(Simd::pand, t, x, m);
  xop(Simd::paddq, t, t, m);
  xop(Simd::por, t, t, x);
  xop(Simd::pandn, t, m, t);
  xop(Simd::xorps, d, d, d);
  fp_trap(&s);
  as_.avx(Simd::cvtsd2ss, 128, d, d, t);
  fp_trap(&s);
  as_.avx(Simd::vcvtps2ph, 128, d, d, kCurrent);
  if (fp_checks(kFpCheckTiny)) fp_check_tiny(&s, 1, true, d);
  set_zero_from(d, 8);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
}

// Through F16C; lanes that do not count are zero. Vectors of doubles are left to a call.
bool CodeGen::emit_fp_convert_half(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const Type from = inst(in.args[0]).type;
  if (!features_.f16c) return false;
  const bool scalar = is_float(in.type) || is_float(from);
  if (in.imm == 3 && from == Type::kF64) return emit_double_to_half(i), true;
  if (in.imm == 1) {
    if (!(scalar || (in.aux == 2 && in.type == Type::kV128 && from == Type::kV64))) return false;
    Xmm a = use_x(in.args[0]);
    FpSites s = fp_begin(i);
    Xmm d = alloc_xmm();
    s.site.dst = host(d);
    Xmm x = a;
    if (scalar) {
      x = const_x(0, 0);
      as_.avx(Simd::pblendw, 128, x, x, a, 1);
    }
    fp_trap(&s);
    as_.avx(Simd::vcvtph2ps, 128, d, x);
    if (in.aux == 3) fop(Simd::cvtss2sd, d, d, d);
    fp_check(&s, in, d, false);
    set_zero_from(d, scalar ? type_bytes(in.type) : 16);
    fp_end(s);
    finish(v, host(d), false);
    return true;
  }
  if (in.imm != 2 || !(scalar || (in.type == Type::kV64 && from == Type::kV128))) return false;
  fp_check_flags(true);
  Xmm a = use_x(in.args[0]);
  FpSites s = fp_begin(i);
  Xmm x = scalar ? zeroed(a, 4) : a;
  Inst numbers = in;  // that go in
  numbers.type = Type::kV128;
  numbers.aux = 2;
  Xmm d = alloc_xmm();
  s.site.dst = host(d);
  x = flushed(&s, numbers, x);
  if (fp_checks(kFpCheckNan)) fp_check_nan(&s, Simd::cmpps, x);
  fp_trap(&s);
  as_.avx(Simd::vcvtps2ph, 128, d, x, kCurrent);
  if (fp_checks(kFpCheckTiny)) fp_check_tiny(&s, 1, true, d);
  set_zero_from(d, 8);
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

}  // namespace xarch::x86_64
