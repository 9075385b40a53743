// Cryptography, strings, and sums of differences.
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/vector_steps.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

// ---- AES, carry-less products

Value aes(Lift& c, Value state, Value key, bool decrypt, bool last) {
  Value v = c.b.vconvert(decrypt ? Op::kVAesDec : Op::kVAesEnc, Type::kV128, state);
  if (!last) v = c.b.vconvert(decrypt ? Op::kVAesIMix : Op::kVAesMix, Type::kV128, v);
  return c.b.vbinary(Op::kVXor, v, key);
}

// Of words 1 and 3: with four equal columns the steps of a round are SubBytes alone.
Value aes_key(Lift& c, Value v, unsigned rcon) {
  const auto substituted = [&](unsigned lane) {
    return c.b.vconvert(Op::kVAesEnc, Type::kV128, c.b.vsplat(Type::kV128, v, 2, lane));
  };
  const Value words = c.b.vshuf2(substituted(1), substituted(3), 3, 0);  // each twice
  const Value turned =
      op(c, Op::kVOr, c.b.vunary(Op::kVShrUImm, words, 2, 8), c.b.vunary(Op::kVShlImm, words, 2, 24), 0);
  return op(c, Op::kVXor, c.b.vblend(words, turned, 2, 10), c.b.vconst(Type::kV128, uint64_t{rcon} << 32), 0);
}

Value carryless(Lift& c, Value a, Value b, unsigned imm) {
  return c.b.vclmul(imm & 1 ? high_half(c, a) : low_half(c, a), imm & 16 ? high_half(c, b) : low_half(c, b));
}

// ---- SHA

namespace {

Value rotated(Lift& c, Value v, unsigned left) {
  return op(c, Op::kVOr, c.b.vunary(Op::kVShlImm, v, 2, left), c.b.vunary(Op::kVShrUImm, v, 2, 32 - left), 0);
}

}  // namespace

Value sha1_next(Lift& c, Value a, Value b) {
  return op(c, Op::kVAdd, b, c.b.vblend(zeros(c), rotated(c, a, 30), 2, 8), 2);
}
Value sha1_message1(Lift& c, Value a, Value b) {
  return op(c, Op::kVXor, a, c.b.vbinary(Op::kVExt, b, a, 0, 8), 0);
}
// The last word depends on the first.
Value sha1_message2(Lift& c, Value a, Value b) {
  const Value v = rotated(c, op(c, Op::kVXor, a, bytes_up(c, b, 4), 0), 1);
  return op(c, Op::kVXor, v, bytes_down(c, rotated(c, v, 1), 12), 0);
}

void vector_sha256_rounds(Lift& c) {
  const Value b = read_part(c, c.operand(1));
  const unsigned to = c.operand(0).reg;
  put_vector(c, to, c.b.vsha(Op::kVSha256, get_part(c, to), b, get_part(c, 0)));
}

// ---- by helpers

Value min_position(Lift& c, Value a) {
  const Value low = c.b.vextract(Type::kI64, a, 3, 0), high = c.b.vextract(Type::kI64, a, 3, 1);
  return from_integer(c, c.b.call(kMinPosition, Type::kI64, {low, high}));
}

Value sums_of_differences(Lift& c, Value a, Value b, unsigned imm) {
  a = bytes_down(c, a, imm & 4);
  const Value low = c.b.vextract(Type::kI64, a, 3, 0), high = c.b.vextract(Type::kI64, a, 3, 1);
  const Value block = c.b.zext(c.b.vextract(Type::kI32, b, 2, imm & 3), Type::kI64);
  const auto half = [&](unsigned n) {
    return c.b.bitcast(c.b.call(kSumsOfDifferences, Type::kI64, {low, high, block, c.b.i64(n)}), Type::kV64);
  };
  const Value first = half(0);
  return c.b.vpair(first, half(1));
}

// PCMPESTRI, PCMPISTRM and so on.
void vector_strings(Lift& c) {
  ir::Builder& b = c.b;
  const std::string_view text = c.row().text;
  const bool given = text.find("estr") != text.npos, index = text.ends_with('i');
  const unsigned control = immediate(c) & 127;
  const Value second = read_part(c, c.operand(1)), first = get_part(c, c.operand(0).reg);
  Value lengths;
  if (given) {
    const auto length = [&](unsigned reg) {
      const Value v = c.i.w && c.mode64() ? c.gpr64(reg) : c.gpr(reg, 4);
      const Value positive = b.select(c.msb(v), b.neg(v), v);
      const Value most = c.constant(v.type, 16);
      const Value r = b.select(b.cmp(Cond::kUgt, positive, most), most, positive);
      return r.type == Type::kI64 ? b.trunc(r, Type::kI32) : r;
    };
    lengths = b.or_(length(kRax), b.shl(length(kRdx), 8));
  }
  const Value r = b.vstrings(index ? Op::kVStrIndex : Op::kVStrMask, first, second, lengths, control);
  const Value flags = b.vstrings(Op::kFlagsStr, first, second, lengths, control);
  if (index) {
    c.put_gpr(kRcx, r);
  } else {
    put_vector(c, 0, r);
  }
  c.put_flags(flags);
}

}  // namespace xarch::x86
