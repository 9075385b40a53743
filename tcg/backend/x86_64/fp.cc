// Floating point on the host's units. The host's results are the guest's wherever no NaN comes into being and
// no signalling one goes in; where that happens the host raises Invalid, which is unmasked, and the handler
// finishes the op (fp_sites.h, fp_trap.cc). Operands keep their order, for the sake of quiet NaNs.
//
// A scalar is in the lowest lane of a vector register; what lies above it is unspecified, and known to be
// zero if RegState::zero_from says so.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/fp_forms.h"

#include <algorithm>

namespace xarch::x86_64 {

using namespace ir;

namespace {

constexpr uint64_t kSign16 = 0x8000800080008000;
constexpr uint64_t kSign32 = 0x8000000080000000, kSign64 = 0x8000000000000000;
constexpr uint64_t kOne32 = 0x3f8000003f800000;

}  // namespace

// ---- sites

CodeGen::FpSites CodeGen::fp_begin(uint32_t i) {
  const Inst& in = insts_[i];
  FpSites s{};
  s.first = fp_sites_.size();
  s.cold = -1;
  s.site.op = in.op;
  s.site.type = in.type;
  s.site.arg = inst(in.args[0]).type;
  s.site.aux = static_cast<uint8_t>(in.aux);
  s.site.imm = static_cast<uint8_t>(in.imm);
  for (unsigned k = 0; k < 3 && in.args[k] != kNoValue; ++k) s.site.args[k] = vals_[in.args[k]].reg;
  fp_reserve(&s, in);
  return s;
}

void CodeGen::fp_trap(FpSites* s) {
  s->site.offset = static_cast<uint32_t>(as_.cursor() - start_);
  fp_sites_.push_back(s->site);
}

// The op is complete at the cursor. Its sites get what is known of it by now.
void CodeGen::fp_end(const FpSites& s) {
  for (size_t k = s.first; k < fp_sites_.size(); ++k) {
    const uint32_t offset = fp_sites_[k].offset;
    fp_sites_[k] = s.site;
    fp_sites_[k].offset = offset;
    fp_sites_[k].resume = static_cast<uint32_t>(as_.cursor() - start_);
  }
  if (s.cold < 0) return;
  FpSite& cold = cold_[static_cast<size_t>(s.cold)].fp;
  cold = s.site;
  cold.resume = static_cast<uint32_t>(as_.cursor() - start_);
}

// Where to jump to if the host would give a wrong result without a trap. Before fp_end.
Label CodeGen::fp_cold_trap(FpSites* s) {
  if (s->cold >= 0) return cold_[static_cast<size_t>(s->cold)].label;
  s->cold = static_cast<int>(cold_.size());
  Cold c;
  c.kind = Cold::kFp;
  c.label = as_.new_label();
  cold_.push_back(c);
  return c.label;
}

// ---- forms

bool CodeGen::fp_packed(const Inst& in) { return in.type == Type::kV128 || fp_half(in); }
bool CodeGen::fp_half(const Inst& in) { return in.type == Type::kV64 && in.aux == 2; }

Simd CodeGen::fp_form(const Simd* forms, const Inst& in) const {
  return forms[in.aux - 2 + (fp_packed(in) ? 2 : 0)];
}

// A register with a's lowest bytes, zeros above.
Xmm CodeGen::zeroed(Xmm a, unsigned bytes) {
  if (zero_from(a) <= bytes) return a;
  Xmm d = alloc_xmm();
  if (bytes == 8) {
    xop1(Simd::movq, d, a);
  } else if (bytes == 4) {
    xop(Simd::insertps, d, a, a, 0x0e);
  } else {
    load_const(d, 0, 0);
    xop(Simd::pblendw, d, d, a, 1);
  }
  set_zero_from(d, bytes);
  return d;
}

// The bytes above which an op's result is zero if it has there what x has.
unsigned CodeGen::zero_above(const Inst& in, Xmm x) const { return std::max(zero_from(x), 1u << in.aux); }

// An operand of the op, whose lanes that do not count are zero if the host computes with them. The site names
// the register.
Xmm CodeGen::use_fp(V v, const Inst& in) {
  Xmm x = use_x(v);
  return fp_half(in) ? zeroed(x, 8) : x;
}

// d = a op b; without AVX d is not b, unless it is a.
void CodeGen::fop(Simd op, Xmm d, Xmm a, Xmm b, int imm) {
  if (features_.avx) {
    as_.avx(op, 128, d, a, b, imm);
  } else {
    xmove(d, a);
    as_.sse(op, d, b, imm);
  }
}

// d = op a: scalars get what lies above from a, as vectors do.
void CodeGen::fop1(Simd op, Xmm d, Xmm a, int imm) {
  const bool two = simd_row(op).form == SimdForm::kRvm;
  if (!two) return xop1(op, d, a, imm);
  fop(op, d, a, features_.avx ? a : d == a ? a : d, imm);
}

// ---- arithmetic

void CodeGen::emit_fp_binary(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const Simd* forms = in.op == Op::kFAdd   ? kAdd
                      : in.op == Op::kFSub ? kSub
                      : in.op == Op::kFMul ? kMul
                                           : kDiv;
  const bool can_be_tiny = in.op == Op::kFMul;  // see fp_check
  fp_check_flags(can_be_tiny);
  Xmm a = use_fp(in.args[0], in), b = use_fp(in.args[1], in);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  unsigned zero = zero_above(in, a);
  if (in.op == Op::kFDiv && fp_half(in)) {  // 0 / 0 above would trap
    Xmm t = alloc_xmm();
    xop(Simd::orps, t, b, constant(0, kOne32));
    b = t;
  }
  Xmm d = region_->fp_checks ? alloc_xmm() : dest_x(v, in.args[0], in.args[1]);
  if (features_.avx) {
    fp_trap(&s);
    as_.avx(fp_form(forms, in), 128, d, a, b);
  } else {
    if (d == b && d != a) d = alloc_xmm();
    xmove(d, a);
    if (d == a) s.site.args[0] = host(d);
    fp_trap(&s);
    as_.sse(fp_form(forms, in), d, b);
  }
  // Zeros above stay zeros, but for their sign when subtracted.
  if (fp_packed(in)) zero = fp_half(in) && in.op != Op::kFSub ? 8 : 16;
  fp_check(&s, in, d, can_be_tiny);
  set_zero_from(d, zero);
  s.site.dst = host(d);
  fp_end(s);
  finish(v, host(d), false);
}

void CodeGen::emit_fp_sqrt(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  Xmm a = use_fp(in.args[0], in);
  const unsigned zero = zero_above(in, a);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  Xmm d = region_->fp_checks ? alloc_xmm() : dest_x(v, in.args[0]);
  if (!features_.avx && !fp_packed(in)) xmove(d, a);
  fp_trap(&s);
  if (fp_packed(in)) {
    xop1(fp_form(kSqrt, in), d, a);
  } else if (features_.avx) {
    as_.avx(fp_form(kSqrt, in), 128, d, a, a);
  } else {
    as_.sse(fp_form(kSqrt, in), d, d);
  }
  fp_check(&s, in, d, false);
  set_zero_from(d, zero);
  s.site.dst = host(d);
  fp_end(s);
  finish(v, host(d), false);
}

// Of two zeros the host gives the second: both orders together give the right one. Any NaN traps.
void CodeGen::emit_fp_minmax(uint32_t i) {
  const Inst& in = insts_[i];
  const bool min = in.op == Op::kFMin || in.op == Op::kFMinNum;
  const Simd op = fp_form(min ? kMin : kMax, in);
  Xmm a = use_fp(in.args[0], in), b = use_fp(in.args[1], in);
  const unsigned zero = std::max(zero_above(in, a), zero_above(in, b));
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  Xmm d = alloc_xmm(), t = alloc_xmm();
  if (!features_.avx) xmove(d, a);
  fp_trap(&s);
  features_.avx ? as_.avx(op, 128, d, a, b) : as_.sse(op, d, b);
  if (!features_.avx) xmove(t, b);
  features_.avx ? as_.avx(op, 128, t, b, a) : as_.sse(op, t, a);
  xop(min ? Simd::orps : Simd::andps, d, d, t);
  d = flushed(&s, in, d);
  set_zero_from(d, zero);
  s.site.dst = host(d);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_fp_compare(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const bool turn = in.op != Op::kFCmpEq;  // greater is less the other way round
  const int predicate = !turn ? kEqual : in.op == Op::kFCmpGt ? kLess : kLessEqual;
  Xmm a = use_fp(in.args[0], in), b = use_fp(in.args[1], in);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  Xmm first = turn ? b : a, second = turn ? a : b;
  const unsigned zero = fp_packed(in) ? 16 : zero_above(in, first);
  Xmm d = alloc_xmm();
  if (in.op == Op::kFCmpEq) fp_check_operands(&s, in, a, b);
  if (!features_.avx) xmove(d, first);
  fp_trap(&s);
  if (features_.avx) {
    as_.avx(fp_form(kCmp, in), 128, d, first, second, predicate);
  } else {
    as_.sse(fp_form(kCmp, in), d, second, predicate);
  }
  set_zero_from(d, zero);
  s.site.dst = host(d);
  fp_end(s);
  finish(v, host(d), false);
}

// An operand that may be left as it is before its sign was changed.
Xmm CodeGen::use_fp_signed(V v, const Inst& in, bool* negated) {
  *negated = vals_[v].loc == Loc::kDeferred;
  return use_fp(*negated ? inst(v).args[0] : v, in);
}

// The host prefers the multiplicands' NaNs to the addend's: a second instruction traps if the result is a
// NaN.
bool CodeGen::emit_fp_fma(uint32_t i) {
  const Inst& in = insts_[i];
  if (!features_.fma || in.imm != 0) return false;
  fp_check_flags(true);
  bool negate_a = false, negate_c = false;
  Xmm a = use_fp_signed(in.args[0], in, &negate_a), b = use_fp(in.args[1], in);
  Xmm c = use_fp_signed(in.args[2], in, &negate_c);
  const unsigned zero = fp_packed(in) ? 16 : zero_above(in, c);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  s.site.args[2] = host(c);
  s.site.negate_a = negate_a;
  s.site.negate_c = negate_c;
  Xmm d = alloc_xmm(), junk = alloc_xmm();
  xmove(d, c);
  fp_trap(&s);
  as_.avx(fp_form(kFma[negate_a][negate_c], in), 128, d, a, b);
  fp_trap(&s);
  as_.avx(fp_form(kCmp, in), 128, junk, d, d, kLess);
  if (fp_checks(kFpCheckTiny)) fp_check_tiny(&s, in.aux, fp_packed(in), d);
  // Zeros above give zeros, of either sign if one is negated.
  set_zero_from(d, !fp_half(in) ? zero : negate_a || negate_c ? 16 : 8);
  s.site.dst = host(d);
  fp_end(s);
  finish(static_cast<V>(i), host(d), false);
  return true;
}

bool CodeGen::emit_fp_round(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const auto mode = static_cast<FpRound>(in.imm & kFpRoundMask);
  const bool away = mode == FpRound::kAway;
  if (away && (in.imm & kFpInexact)) return false;
  Xmm a = use_fp(in.args[0], in);
  const unsigned zero = zero_above(in, a);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  if (away) {
    Xmm d = round_away(&s, in, flushed(&s, in, a));
    fp_check(&s, in, d, false);
    set_zero_from(d, zero);
    s.site.dst = host(d);
    fp_end(s);
    finish(v, host(d), false);
    return true;
  }
  const int imm = round_imm(mode) | (in.imm & kFpInexact ? 0 : kQuiet);
  Xmm d = region_->fp_checks ? alloc_xmm() : dest_x(v, in.args[0]);
  a = flushed(&s, in, a);
  if (!features_.avx && !fp_packed(in)) xmove(d, a);
  fp_trap(&s);
  if (fp_packed(in)) {
    xop1(fp_form(kRound, in), d, a, imm);
  } else if (features_.avx) {
    as_.avx(fp_form(kRound, in), 128, d, a, a, imm);
  } else {
    as_.sse(fp_form(kRound, in), d, d, imm);
  }
  fp_check(&s, in, d, false);
  set_zero_from(d, zero);
  s.site.dst = host(d);
  fp_end(s);
  finish(v, host(d), false);
  return true;
}

// ---- comparison to flags

// Does what looks at the flags first want the host's comparison the other way round?
bool CodeGen::wants_swapped_flags(uint32_t i) const {
  for (uint32_t n = i + 1; n < region_->insts.size() && n < i + 32; ++n) {
    const Inst& in = insts_[n];
    if (in.op != Op::kFlagsTest || in.args[0] != i) continue;
    switch (static_cast<FlagCond>(in.aux & ~1u)) {
      case FlagCond::kC:
      case FlagCond::kN:
      case FlagCond::kHi:
      case FlagCond::kA: return true;
      default: return false;
    }
  }
  return false;
}

void CodeGen::emit_fp_flags(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  clobber_flags();
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  const bool swapped = wants_swapped_flags(i);
  if (swapped) std::swap(a, b);
  FpSites s = fp_begin(i);
  s.site.args[0] = host(a);
  s.site.args[1] = host(b);
  const bool wide = in.aux == 3;
  if (!in.imm) fp_check_operands(&s, in, a, b);
  const Simd op = in.imm ? (wide ? Simd::comisd : Simd::comiss) : (wide ? Simd::ucomisd : Simd::ucomiss);
  fp_trap(&s);
  xop1(op, a, b);
  fp_end(s);
  consume_args(in);
  flags_in_host(v, false);
  state_.flags.kind = swapped ? FlagsState::kFcmpSwapped : FlagsState::kFcmp;
}

// The host's condition for `c` of flags that a comparison of numbers has set; may change the host's flags.
// False if there is none in this order.
bool CodeGen::fcmp_condition(V v, FlagCond c, Cc* cc) {
  const bool swapped = state_.flags.kind == FlagsState::kFcmpSwapped;
  const auto test = static_cast<FlagCond>(static_cast<unsigned>(c) & ~1u);
  const bool negated = static_cast<unsigned>(c) & 1;
  bool in_swapped = false;
  switch (test) {
    case FlagCond::kZ: {  // equal and not unordered
      const bool needed = state_.flags.num_vals > 1 || !dies(v) || (state_.flags.dirty && !flags_dead());
      if (needed) save_flags();
      Reg ordered = alloc_gpr(), equal = alloc_gpr();
      as_.setcc(Cc::np, ordered);
      as_.setcc(Cc::e, equal);
      as_.test(8, ordered, equal);
      state_.flags = FlagsState();
      *cc = negated ? Cc::e : Cc::ne;
      return true;
    }
    case FlagCond::kV: *cc = negated ? Cc::np : Cc::p; return true;
    case FlagCond::kGe: *cc = negated ? Cc::b : Cc::ae; break;
    case FlagCond::kGt: *cc = negated ? Cc::be : Cc::a; break;
    case FlagCond::kC:
      *cc = negated ? Cc::a : Cc::be;
      in_swapped = true;
      break;
    case FlagCond::kN:
      *cc = negated ? Cc::be : Cc::a;
      in_swapped = true;
      break;
    case FlagCond::kHi:
      *cc = negated ? Cc::ae : Cc::b;
      in_swapped = true;
      break;
    case FlagCond::kA:
      *cc = negated ? Cc::be : Cc::a;
      in_swapped = true;
      break;
    default: return false;
  }
  return in_swapped == swapped;
}

// Is the condition that numbers which the host has compared are equal (negated: are not)? That is two of the
// host's, as unordered ones count as equal there.
bool CodeGen::fcmp_equality(V c, bool* negated) const {
  const Inst& in = inst(c);
  if (vals_[c].loc != Loc::kDeferred || in.op != Op::kFlagsTest) return false;
  if (vals_[in.args[0]].loc != Loc::kFlags || state_.flags.kind == FlagsState::kInteger) return false;
  const auto cond = static_cast<FlagCond>(in.aux);
  *negated = cond == FlagCond::kNz;
  return cond == FlagCond::kZ || *negated;
}

// Jumps if they are equal (Cc::e), or are not.
void CodeGen::jump_fcmp(Cc cc, Label to) {
  if (cc == Cc::ne) {
    as_.jcc(Cc::p, to);
    as_.jcc(Cc::ne, to);
    return;
  }
  Label unordered = as_.new_label();
  as_.jcc_short(Cc::p, unordered);
  as_.jcc(Cc::e, to);
  as_.bind(unordered);
}

// ---- signs, lanes

void CodeGen::emit_fp_sign(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const bool neg = in.op == Op::kFNeg;
  if (neg && defer_if(folds_negation(v), v)) return;
  uint64_t low = in.aux == 1 ? kSign16 : in.aux == 2 ? kSign32 : kSign64, high = low;
  if (in.type != Type::kV128) {
    high = 0;
    if (in.type == Type::kF32) low &= in.aux == 1 ? 0xffff : 0xffffffff;
  }
  const bool scalar_half = in.aux == 1 && in.type == Type::kF32;
  Xmm a = use_x(in.args[0]);
  if (scalar_half) a = zeroed(a, 2);
  const unsigned zero = scalar_half ? 2 : std::max(zero_from(a), type_bytes(in.type));
  Xmm d = dest_x(v, in.args[0]);
  xop(neg ? Simd::xorps : Simd::andps, d, a, neg ? constant(low, high) : constant(~low, ~high));
  set_zero_from(d, zero);
  finish(v, host(d), false);
}

void CodeGen::emit_fp_low(uint32_t i) { finish(static_cast<V>(i), fetch(insts_[i].args[0]), false); }

void CodeGen::emit_fp_widen(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const unsigned bytes = type_bytes(inst(in.args[0]).type);
  Xmm a = use_x(in.args[0]);
  if (zero_from(a) <= bytes) return finish(v, host(a), false);
  Xmm d = dest_x(v, in.args[0]);
  if (bytes == 8) {
    xop1(Simd::movq, d, a);
  } else {
    xop(Simd::insertps, d, a, a, 0x0e);
  }
  set_zero_from(d, bytes);
  finish(v, host(d), false);
}

void CodeGen::emit_fp_insert(uint32_t i) {
  const Inst& in = insts_[i];
  // The op before has computed in a register that has the rest already.
  const Inst& scalar = inst(in.args[1]);
  if (in.args[1] + 1u == i && keeps_above(scalar) && vals_[in.args[1]].loc == Loc::kReg) {
    const Inst& first = inst(scalar.args[0]);
    if (first.op == Op::kFLow && first.args[0] == in.args[0] && first.aux == in.aux) {
      return finish(static_cast<V>(i), fetch(in.args[1]), false);
    }
  }
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  xop(in.aux == 3 ? Simd::movsd : Simd::movss, d, a, b);
  finish(static_cast<V>(i), host(d), false);
}

void CodeGen::emit_select_x(uint32_t i) {
  const Inst& in = insts_[i];
  V c = in.args[0], a = in.args[1], b = in.args[2];
  Xmm xa = use_x(a), xb = use_x(b);
  const unsigned zero = std::max(zero_from(xa), zero_from(xb));
  Cc cc = condition(c);
  Xmm d = alloc_xmm();
  Label other = as_.new_label();
  as_.sse(Simd::movaps, d, xb);
  as_.jcc_short(!cc, other);
  as_.sse(Simd::movaps, d, xa);
  as_.bind(other);
  set_zero_from(d, zero);
  finish(static_cast<V>(i), host(d), false);
}

// ---- dispatch

bool CodeGen::emit_fp_inline(uint32_t i) {
  if (native_fp_) return emit_fp_native(i);
  const Inst& in = insts_[i];
  const bool halves = in.aux == 3 && (in.op == Op::kFToInt || in.op == Op::kFFromInt) &&
                      in.type != inst(in.args[0]).type && is_vector(in.type);
  if (halves) return false;
  if (insts_[i].op == Op::kFFmaHalf) return emit_fma_of_halves(i);
  if (insts_[i].aux == 1 && insts_[i].op != Op::kFCvt) return emit_half(i);
  switch (insts_[i].op) {
    case Op::kFAdd:
    case Op::kFSub:
    case Op::kFMul:
    case Op::kFDiv: return emit_fp_binary(i), true;
    case Op::kFSqrt: return emit_fp_sqrt(i), true;
    case Op::kFMin:
    case Op::kFMax:
    case Op::kFMinNum:
    case Op::kFMaxNum: return emit_fp_minmax(i), true;
    case Op::kFCmpEq:
    case Op::kFCmpGe:
    case Op::kFCmpGt: return emit_fp_compare(i), true;
    case Op::kFlagsFcmp: return !(insts_[i].imm & kFpHostFlags) && (emit_fp_flags(i), true);
    case Op::kFFma: return emit_fp_fma(i);
    case Op::kFRound: return emit_fp_round(i);
    case Op::kFToInt: return emit_fp_to_int(i);
    case Op::kFFromInt: return emit_fp_from_int(i);
    case Op::kFCvt: return emit_fp_convert(i);
    case Op::kFToBf16: return emit_to_bf16(i), true;
    default: return false;
  }
}

bool CodeGen::emit_fp(uint32_t i) {
  switch (insts_[i].op) {
    case Op::kFNeg:
    case Op::kFAbs: return emit_fp_sign(i), true;
    case Op::kFLow: return emit_fp_low(i), true;
    case Op::kFWiden: return emit_fp_widen(i), true;
    case Op::kFInsert: return emit_fp_insert(i), true;
    default: break;
  }
  if (!(op_attributes(insts_[i].op) & kFpEnv)) return false;
  if (region_->fp_by_calls || !emit_fp_inline(i)) emit_fp_call(i);
  return true;
}

}  // namespace xarch::x86_64
