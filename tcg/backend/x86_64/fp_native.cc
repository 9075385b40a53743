// Floating point of guests whose rules are the host's own (fpu::kX86Rules): an instruction each. MXCSR is the
// guest's but for exceptions, which are all masked, so that nothing traps and flags, NaNs and what is out of
// range come out right by themselves.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/fp_forms.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

const Simd* forms_of(Op op) {
  switch (op) {
    case Op::kFAdd: return kAdd;
    case Op::kFSub: return kSub;
    case Op::kFMul: return kMul;
    case Op::kFDiv: return kDiv;
    case Op::kFMinFirst: return kMin;
    case Op::kFMaxFirst: return kMax;
    default: return nullptr;
  }
}

// The predicate of the compare instructions for the relations and FpRelation::kFpSignals.
int predicate_of(uint64_t imm) {
  struct Predicate {
    uint8_t relations;
    bool signals;
  };
  // EQ LT LE UNORD NEQ NLT NLE ORD, then those of AVX: EQ_UQ NGE NGT FALSE NEQ_OQ GE GT TRUE; from 16 on the
  // same with quiet and signalling exchanged.
  constexpr Predicate kTable[] = {{2, false}, {1, true},  {3, true},   {8, false}, {13, false}, {14, true},
                                  {12, true}, {7, false}, {10, false}, {9, true},  {11, true},  {0, false},
                                  {5, false}, {6, true},  {4, true},   {15, false}};
  for (int n = 0; n < 16; ++n) {
    if (kTable[n].relations != (imm & 15)) continue;
    return kTable[n].signals == ((imm & kFpSignals) != 0) ? n : n + 16;
  }
  return 0;
}

}  // namespace

// Does the op's result have above its lowest lane what its first operand has there?
bool CodeGen::keeps_above(const Inst& in) const {
  return native_fp_ && !region_->fp_by_calls && is_float(in.type) && forms_of(in.op) != nullptr;
}

// d = a op b, of scalars or vectors; what lies above scalars is a's.
void CodeGen::emit_native_binary(uint32_t i, Simd op, int imm) {
  const Inst& in = insts_[i];
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  const unsigned zero = fp_packed(in) ? 16 : zero_above(in, a);
  Xmm d = dest_x(static_cast<V>(i), in.args[0], in.args[1]);
  if (!features_.avx && d == b && d != a) d = alloc_xmm();
  fop(op, d, a, b, imm);
  set_zero_from(d, zero);
  finish(static_cast<V>(i), host(d), false);
}

// d = op a.
void CodeGen::emit_native_unary(uint32_t i, Simd op, int imm) {
  const Inst& in = insts_[i];
  Xmm a = use_x(in.args[0]);
  const unsigned zero = fp_packed(in) ? 16 : zero_above(in, a);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (!features_.avx && !fp_packed(in)) xmove(d, a);
  if (fp_packed(in)) {
    xop1(op, d, a, imm);
  } else if (features_.avx) {
    as_.avx(op, 128, d, a, a, imm);
  } else {
    as_.sse(op, d, d, imm);
  }
  set_zero_from(d, zero);
  finish(static_cast<V>(i), host(d), false);
}

bool CodeGen::emit_native_compare(uint32_t i) {
  const Inst& in = insts_[i];
  const int predicate = predicate_of(static_cast<uint64_t>(in.imm));
  if (predicate > 7 && !features_.avx) return false;
  emit_native_binary(i, fp_form(kCmp, in), predicate);
  return true;
}

// The host's comparison leaves the flags that kFpHostFlags describes, the others clear.
bool CodeGen::emit_native_flags(uint32_t i) {
  const Inst& in = insts_[i];
  if (!(in.imm & kFpHostFlags)) return false;
  clobber_flags();
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  const bool wide = in.aux == 3;
  const Simd op = in.imm & 1 ? (wide ? Simd::comisd : Simd::comiss) : (wide ? Simd::ucomisd : Simd::ucomiss);
  xop1(op, a, b);
  consume_args(in);
  flags_in_host(static_cast<V>(i), false);
  return true;
}

bool CodeGen::emit_native_round(uint32_t i) {
  const Inst& in = insts_[i];
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  if (mode == FpRound::kAway) return false;
  const int imm = round_imm(mode) | (in.imm & kFpInexact ? 0 : kQuiet);
  emit_native_unary(i, fp_form(kRound, in), imm);
  return true;
}

bool CodeGen::emit_native_to_int(uint32_t i) {
  const Inst& in = insts_[i];
  const V v = static_cast<V>(i);
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  const bool truncated = mode == FpRound::kZero;
  if ((in.imm & kFpUnsigned) || (!truncated && mode != FpRound::kCurrent)) return false;
  const Type from = inst(in.args[0]).type;
  if (!is_vector(in.type)) {
    Xmm a = use_x(in.args[0]);
    Reg d = dest(v);
    const bool q = in.type == Type::kI64;
    as_.sse(kToInt[truncated][in.aux == 3][q], d, a);
    finish(v, host(d), !q);
    return true;
  }
  if (from != Type::kV128 || (in.aux == 3 && in.type != Type::kV64)) return false;
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(v, in.args[0]);
  const Simd op = in.aux == 2 ? (truncated ? Simd::cvttps2dq : Simd::cvtps2dq)
                              : (truncated ? Simd::cvttpd2dq : Simd::cvtpd2dq);
  xop1(op, d, a);
  set_zero_from(d, in.aux == 2 ? 16 : 8);
  finish(v, host(d), false);
  return true;
}

bool CodeGen::emit_native_from_int(uint32_t i) {
  const Inst& in = insts_[i];
  const V v = static_cast<V>(i);
  const Type from = inst(in.args[0]).type;
  if (in.imm & kFpUnsigned) return false;
  if (!is_vector(in.type)) {
    Reg r = use(in.args[0]);
    Xmm d = alloc_xmm();
    xop(Simd::xorps, d, d, d);
    as_.sse(kFromInt[in.aux == 3][from == Type::kI64], d, r);
    set_zero_from(d, in.aux == 3 ? 8 : 4);
    finish(v, host(d), false);
    return true;
  }
  if (in.type != Type::kV128 || (in.aux == 3 && from != Type::kV64)) return false;
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(v, in.args[0]);
  xop1(in.aux == 2 ? Simd::cvtdq2ps : Simd::cvtdq2pd, d, a);
  set_zero_from(d, 16);
  finish(v, host(d), false);
  return true;
}

bool CodeGen::emit_native_convert(uint32_t i) {
  const Inst& in = insts_[i];
  const V v = static_cast<V>(i);
  const Type from = inst(in.args[0]).type;
  const auto from_lane = static_cast<unsigned>(in.imm & kFpLaneMask);
  if (is_float(in.type) && is_float(from)) {
    if (in.aux == 1 || from_lane == 1) return false;
    Xmm a = use_x(in.args[0]);
    Xmm d = alloc_xmm();
    xop(Simd::xorps, d, d, d);
    fop(in.aux == 3 ? Simd::cvtss2sd : Simd::cvtsd2ss, d, d, a);
    set_zero_from(d, type_bytes(in.type));
    finish(v, host(d), false);
    return true;
  }
  if (!is_vector(in.type) || !is_vector(from)) return false;
  if (type_bytes(in.type) >> in.aux != type_bytes(from) >> from_lane) return false;
  if ((in.aux == 1 || from_lane == 1) && (in.aux + from_lane != 3 || !features_.f16c)) return false;
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(v, in.args[0]);
  if (from_lane == 1) {
    as_.avx(Simd::vcvtph2ps, 128, d, a);
  } else if (in.aux == 1) {
    const auto mode = static_cast<unsigned>(in.imm >> kFpRoundShift);
    as_.avx(Simd::vcvtps2ph, 128, d, a, mode == 0 ? kCurrent : round_imm(static_cast<FpRound>(mode - 1)));
  } else {
    xop1(in.aux == 3 ? Simd::cvtps2pd : Simd::cvtpd2ps, d, a);
  }
  set_zero_from(d, type_bytes(in.type));
  finish(v, host(d), false);
  return true;
}

bool CodeGen::emit_native_fma(uint32_t i) {
  const Inst& in = insts_[i];
  if (!features_.fma) return false;
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]), c = use_x(in.args[2]);
  const unsigned zero = fp_packed(in) ? 16 : zero_above(in, c);
  Xmm d = dest_x(static_cast<V>(i), in.args[2]);
  if (d == a || d == b) d = alloc_xmm();
  xmove(d, c);
  as_.avx(fp_form(kFma[in.imm & 1][in.imm >> 1 & 1], in), 128, d, a, b);
  set_zero_from(d, zero);
  finish(static_cast<V>(i), host(d), false);
  return true;
}

// False if there is no such instruction.
bool CodeGen::emit_fp_native(uint32_t i) {
  const Inst& in = insts_[i];
  const bool lanes_of_v64 =
      in.type == Type::kV64 || (in.args[0] != kNoValue && inst(in.args[0]).type == Type::kV64);
  const bool half = in.aux == 1;
  switch (in.op) {
    case Op::kFToInt: return !half && emit_native_to_int(i);
    case Op::kFFromInt: return emit_native_from_int(i);
    case Op::kFCvt: return emit_native_convert(i);
    case Op::kFlagsFcmp: return !half && emit_native_flags(i);
    default: break;
  }
  // What a v64 has above it would raise flags.
  if (lanes_of_v64 || half) return false;
  if (const Simd* forms = forms_of(in.op)) return emit_native_binary(i, fp_form(forms, in), 0), true;
  switch (in.op) {
    case Op::kFSqrt: return emit_native_unary(i, fp_form(kSqrt, in), 0), true;
    case Op::kFCmp: return emit_native_compare(i);
    case Op::kFRound: return emit_native_round(i);
    case Op::kFFma: return emit_native_fma(i);
    default: return false;
  }
}

}  // namespace xarch::x86_64
