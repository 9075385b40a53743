// Floating point of SSE, AVX and FMA.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/vector_steps.h"

namespace xarch::x86 {

using ir::FpRound;
using ir::Op;
using ir::Type;
using ir::Value;

// ---- estimates

Value estimate4(Lift& c, const ir::HelperDesc& helper, Value a) {
  const auto two = [&](unsigned half) {
    return c.b.bitcast(c.b.call(helper, Type::kI64, {c.b.vextract(Type::kI64, a, 3, half)}), Type::kV64);
  };
  const Value low = two(0);
  return c.b.vpair(low, two(1));
}

Value estimate(Lift& c, const ir::HelperDesc& helper, Value a) {
  const Value bits = c.b.zext(c.b.bitcast(a, Type::kI32), Type::kI64);
  return c.b.bitcast(c.b.trunc(c.b.call(helper, Type::kI64, {bits}), Type::kI32), Type::kF32);
}

// ---- comparisons

Value compare(Lift& c, Value a, Value b, unsigned imm, unsigned lane) {
  // EQ LT LE UNORD NEQ NLT NLE ORD; EQ_UQ NGE NGT FALSE NEQ_OQ GE GT TRUE; from 16 on with the other kind of
  // NaN signalling.
  constexpr uint8_t kRelations[] = {2, 1, 3, 8, 13, 14, 12, 7, 10, 9, 11, 0, 5, 6, 4, 15};
  constexpr uint32_t kSignalling = 0x6666;
  const unsigned p = imm & (is_vex(c) ? 31 : 7);
  const bool signals = ((kSignalling >> (p & 15) & 1) != 0) != (p > 15);
  return c.b.fcmp(a, b, kRelations[p & 15] | (signals ? uint32_t{ir::kFpSignals} : 0), lane);
}

void vector_comi(Lift& c) {
  const std::string_view text = c.row().text;
  const unsigned lane = text.ends_with("ss") ? 2 : 3;
  const Value a = read_scalar(c, c.operand(0), lane), b = read_scalar(c, c.operand(1), lane);
  c.put_flags(c.b.flags_fcmp(a, b, text.find("ucomi") == text.npos, lane, true));
}

// ---- arithmetic

Value round(Lift& c, Value a, unsigned imm, unsigned lane) {
  constexpr FpRound kModes[] = {FpRound::kNearest, FpRound::kDown, FpRound::kUp, FpRound::kZero};
  return c.b.fround(a, imm & 4 ? FpRound::kCurrent : kModes[imm & 3], (imm & 8) == 0, lane);
}

// Each operation on the lanes that it is for, twice, so that no other one raises a flag.
Value add_sub(Lift& c, Value a, Value b, unsigned lane) {
  const unsigned even = lane == 2 ? 0xa0 : 0, odd = lane == 2 ? 0xf5 : 3;
  const Value difference =
      c.b.fbinary(Op::kFSub, c.b.vshuf2(a, a, lane, even), c.b.vshuf2(b, b, lane, even), lane);
  const Value sum = c.b.fbinary(Op::kFAdd, c.b.vshuf2(a, a, lane, odd), c.b.vshuf2(b, b, lane, odd), lane);
  return c.b.vblend(difference, sum, lane, lane == 2 ? 10 : 2);
}

// Products of the lanes that imm's upper half names, their sum in those that its lower half names.
Value dot4(Lift& c, Value a, Value b, unsigned imm) {
  const Value zero = zeros(c);
  const unsigned unused = ~imm >> 4 & 15;
  const Value products =
      c.b.vblend(c.b.fbinary(Op::kFMul, c.b.vblend(a, zero, 2, unused), c.b.vblend(b, zero, 2, unused), 2),
                 zero, 2, unused);
  const Value pairs = c.b.fbinary(Op::kFAdd, shuffle4(c, products, 0xa0), shuffle4(c, products, 0xf5), 2);
  const Value sum = c.b.fbinary(Op::kFAdd, shuffle4(c, pairs, 0x00), shuffle4(c, pairs, 0xaa), 2);
  return c.b.vblend(sum, zero, 2, ~imm & 15);
}
Value dot2(Lift& c, Value a, Value b, unsigned imm) {
  const Value zero = zeros(c);
  const unsigned unused = ~imm >> 4 & 3;
  const Value products =
      c.b.vblend(c.b.fbinary(Op::kFMul, c.b.vblend(a, zero, 3, unused), c.b.vblend(b, zero, 3, unused), 3),
                 zero, 3, unused);
  const Value sum =
      c.b.fbinary(Op::kFAdd, c.b.vshuf2(products, products, 3, 0), c.b.vshuf2(products, products, 3, 3), 3);
  return c.b.vblend(sum, zero, 3, ~imm & 3);
}

// VFMADD132PS and its like: the digits say which operands are multiplied, and which is added.
void vector_fused(Lift& c) {
  const std::string_view text = c.row().text;
  const std::string_view kind = text.substr(1, text.size() - 6);  // fmadd fnmsub fmaddsub …
  const std::string_view order = text.substr(text.size() - 5, 3);
  const unsigned lane = text.back() == 's' ? 2 : 3;
  const bool scalar = text[text.size() - 2] == 's';
  const unsigned negate =
      (kind[1] == 'n' ? 1 : 0) | (kind.ends_with("sub") && !kind.ends_with("addsub") ? 2 : 0);
  const bool alternates = kind == "fmaddsub" || kind == "fmsubadd";
  const Operand last = c.operand(2);
  const unsigned one = c.operand(0).reg, two = c.operand(1).reg;
  const auto fused = [&](Value x1, Value x2, Value x3, unsigned how) {
    if (order == "132") return c.b.ffma(x1, x3, x2, lane, how);
    if (order == "213") return c.b.ffma(x2, x1, x3, lane, how);
    return c.b.ffma(x2, x3, x1, lane, how);
  };
  if (scalar) {
    const Value x3 = read_scalar(c, last, lane);
    const Type t = lane == 2 ? Type::kF32 : Type::kF64;
    const Value r = fused(c.b.flow(t, get_part(c, one)), c.b.flow(t, get_part(c, two)), x3, negate);
    return put_scalar(c, one, one, r);
  }
  Value x3[2], result[2];
  for (unsigned part = 0; part < parts(c); ++part) x3[part] = read_part(c, last, part);
  for (unsigned part = 0; part < parts(c); ++part) {
    const Value x1 = get_part(c, one, part), x2 = get_part(c, two, part);
    if (!alternates) {
      result[part] = fused(x1, x2, x3[part], negate);
      continue;
    }
    // Each kind on the lanes that it is for, twice.
    const auto lanes = [&](bool odd, unsigned how) {
      const unsigned which = lane == 2 ? (odd ? 0xf5 : 0xa0) : odd ? 3 : 0;
      const auto dup = [&](Value v) { return c.b.vshuf2(v, v, lane, which); };
      return fused(dup(x1), dup(x2), dup(x3[part]), how);
    };
    const unsigned even_how = kind == "fmaddsub" ? 2 : 0;
    const Value even = lanes(false, even_how);
    result[part] = c.b.vblend(even, lanes(true, 2 - even_how), lane, lane == 2 ? 10 : 2);
  }
  put_vector(c, one, result[0], result[1]);
}

// ---- conversions

void vector_from_int(Lift& c) {
  const bool vex = is_vex(c);
  const Type t = c.row().text.ends_with("ss") ? Type::kF32 : Type::kF64;
  const Value v = c.read(vex ? 2 : 1);
  put_scalar(c, c.operand(0).reg, c.operand(vex ? 1 : 0).reg, c.b.ffrom_int(t, v, false));
}

void vector_to_int(Lift& c) {
  const std::string_view text = c.row().text;
  const unsigned lane = text.find("ss2") != text.npos ? 2 : 3;
  const Operand to = c.operand(0);
  const FpRound how = text.find("cvtt") != text.npos ? FpRound::kZero : FpRound::kCurrent;
  c.put_gpr(to.reg, c.b.fto_int(Lift::type(to.bytes), read_scalar(c, c.operand(1), lane), how, false));
}

void vector_convert_scalar(Lift& c) {
  const bool vex = is_vex(c), to_double = c.row().text.ends_with("sd");
  const Value v = read_scalar(c, c.operand(vex ? 2 : 1), to_double ? 2 : 3);
  const Value r = to_double ? c.b.fcvt(Type::kF64, 3, v, 2) : c.b.fcvt(Type::kF32, 2, v, 3);
  put_scalar(c, c.operand(0).reg, c.operand(vex ? 1 : 0).reg, r);
}

// Lanes become twice as wide: each part comes of half a part of the source.
void vector_widen(Lift& c) {
  const std::string_view text = c.row().text;
  const Operand from = c.operand(1);
  const Value source = is_register(from) ? get_part(c, from.reg) : read_part(c, from);
  Value result[2];
  for (unsigned part = 0; part < parts(c); ++part) {
    const Value half = part != 0 ? high_half(c, source) : low_half(c, source);
    result[part] = text.ends_with("dq2pd")   ? c.b.ffrom_int(Type::kV128, half, false, 3)
                   : text.ends_with("ps2pd") ? c.b.fcvt(Type::kV128, 3, half, 2)
                                             : c.b.fcvt(Type::kV128, 2, half, 1);
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// Lanes become half as wide.
void vector_narrow(Lift& c) {
  const std::string_view text = c.row().text;
  const Operand from = c.operand(1);
  const FpRound how = text.find("cvtt") != text.npos ? FpRound::kZero : FpRound::kCurrent;
  Value half[2], source[2];
  const unsigned n = from.bytes == 32 ? 2 : 1;
  for (unsigned part = 0; part < n; ++part) source[part] = read_part(c, from, part);
  half[1] = c.b.vconst(Type::kV64, 0);
  for (unsigned part = 0; part < n; ++part) {
    half[part] = text.ends_with("pd2ps") ? c.b.fcvt(Type::kV64, 2, source[part], 3)
                                         : c.b.fto_int(Type::kV64, source[part], how, false, 3);
  }
  put_vector(c, c.operand(0).reg, c.b.vpair(half[0], half[1]));
}

void vector_narrow_half(Lift& c) {
  constexpr FpRound kModes[] = {FpRound::kNearest, FpRound::kDown, FpRound::kUp, FpRound::kZero};
  const unsigned imm = immediate(c);
  const FpRound how = imm & 4 ? FpRound::kCurrent : kModes[imm & 3];
  const Operand to = c.operand(0), from = c.operand(1);
  Value half[2];
  half[1] = c.b.vconst(Type::kV64, 0);
  if (!is_register(to) && !c.dry) {  // a fault raises no flags
    const Address a = c.address();
    c.b.probe(ir::ProbeKind::kStore, a.base, c.desc(to.bytes, true), a.disp);
  }
  for (unsigned part = 0; part < parts(c); ++part) {
    half[part] = c.b.fcvt_to_half(get_part(c, from.reg, part), how);
    if (c.dry) c.b.call(kFpTinyHalves, Type::kVoid, {c.b.bitcast(half[part], Type::kI64)});
  }
  const Value v = c.b.vpair(half[0], half[1]);
  if (is_register(to)) return put_vector(c, to.reg, v);
  store_low(c, c.address(), v, to.bytes);
}

}  // namespace xarch::x86
