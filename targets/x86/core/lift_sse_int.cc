// Vector instructions on integers, and those that move lanes about.
#include "targets/x86/core/vector_steps.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

Value sign(Lift& c, Value a, Value b, unsigned lane) {
  const Value zero = c.b.vconst(a.type, 0);
  const Value negative = op(c, Op::kVCmpGtS, zero, b, lane);
  const Value turned = op(c, Op::kVSub, op(c, Op::kVXor, a, negative, 0), negative, lane);
  return op(c, Op::kVAndNot, turned, op(c, Op::kVCmpEq, b, zero, lane), 0);
}

Value pairs(Lift& c, Op o, Value a, Value b, unsigned lane) {
  return op(c, o, op(c, Op::kVUzp1, a, b, lane), op(c, Op::kVUzp2, a, b, lane), lane);
}

Value shift(Lift& c, Op o, Value a, Value b, unsigned imm, unsigned lane) {
  if (b) return op(c, o, a, b, lane);
  const unsigned width = 8u << lane;
  if (o == Op::kVShrSAll) return c.b.vunary(Op::kVShrSImm, a, lane, imm < width ? imm : width - 1);
  if (imm >= width) return c.b.vconst(a.type, 0);
  return c.b.vunary(o == Op::kVShlAll ? Op::kVShlImm : Op::kVShrUImm, a, lane, imm);
}

Value align(Lift& c, Value a, Value b, unsigned imm) {
  const unsigned bytes = ir::type_bytes(a.type);
  if (imm >= 2 * bytes) return c.b.vconst(a.type, 0);
  if (imm == bytes) return a;
  if (imm < bytes) return imm == 0 ? b : c.b.vbinary(Op::kVExt, b, a, 0, imm);
  if (bytes == 16) return bytes_down(c, a, imm - bytes);
  return c.b.vbinary(Op::kVExt, a, c.b.vconst(a.type, 0), 0, imm - bytes);
}

// ---- tests

namespace {

// ZF: no bit of `both`, CF: none of `second_only`; the others are clear.
void put_test(Lift& c, Value both, Value second_only) {
  const Value no = c.b.i1(false);
  c.put_flags(c.b.flags_pack(no, c.b.not_(c.b.vany(both)), c.b.not_(c.b.vany(second_only)), no));
}

void test(Lift& c, uint64_t mask) {
  Value both, only;
  for (unsigned part = 0; part < parts(c); ++part) {
    const Value a = read_part(c, c.operand(0), part), b = read_part(c, c.operand(1), part);
    Value x = op(c, Op::kVAnd, a, b, 0), y = op(c, Op::kVAndNot, b, a, 0);
    if (part != 0) {
      x = op(c, Op::kVOr, both, x, 0);
      y = op(c, Op::kVOr, only, y, 0);
    }
    both = x;
    only = y;
  }
  if (~mask != 0) {
    const Value m = c.b.vconst(Type::kV128, mask);
    both = op(c, Op::kVAnd, both, m, 0);
    only = op(c, Op::kVAnd, only, m, 0);
  }
  put_test(c, both, only);
}

}  // namespace

void vector_ptest(Lift& c) { test(c, ~uint64_t{0}); }
void vector_vtestp(Lift& c) { test(c, c.row().text == "vtestps" ? 0x8000000080000000 : 0x8000000000000000); }

// ---- blends

// The mask is XMM0, or the register that the immediate names.
void vector_blendv(Lift& c) {
  const std::string_view text = c.row().text;
  const unsigned lane = text.ends_with("ps") ? 2 : text.ends_with("pd") ? 3 : 0;
  const bool vex = is_vex(c);
  const Operand a = c.operand(vex ? 1 : 0), b = c.operand(vex ? 2 : 1);
  const unsigned mask = vex ? c.operand(3).reg : 0;
  Value from[2], result[2];
  for (unsigned part = 0; part < parts(c); ++part) from[part] = read_part(c, b, part);
  for (unsigned part = 0; part < parts(c); ++part) {
    result[part] = c.b.vblend_top(read_part(c, a, part), from[part], get_part(c, mask, part), lane);
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// ---- lanes extended

void vector_extend(Lift& c) {
  std::string_view text = c.row().text;
  if (text.starts_with('v')) text.remove_prefix(1);  // pmovsxbw
  const bool is_signed = text[4] == 's';
  const auto log2 = [](char letter) {
    return letter == 'b' ? 0u : letter == 'w' ? 1u : letter == 'd' ? 2u : 3u;
  };
  const unsigned narrow = log2(text[6]), wide = log2(text[7]);
  const unsigned bytes = 16u >> (wide - narrow);  // of the source for each part
  const Operand o = c.operand(1);
  Value source = is_register(o) ? get_part(c, o.reg) : read_part(c, o);
  Value result[2];
  for (unsigned part = 0; part < parts(c); ++part) {
    Value v = part != 0 ? bytes_down(c, source, bytes) : source;
    for (unsigned lane = narrow; lane < wide; ++lane) v = c.b.vwiden(is_signed, v, lane, false);
    result[part] = v;
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// ---- between vectors and general registers

void vector_pinsr(Lift& c) {
  const bool vex = is_vex(c);
  const char letter = c.row().text.back();
  const Operand to = c.operand(0), from = c.operand(vex ? 2 : 1);
  const unsigned lane = letter == 'b' ? 0 : letter == 'w' ? 1 : from.bytes == 8 ? 3 : 2;
  Value v = c.read(from);
  if (ir::type_bits(v.type) < 32) v = c.b.zext(v, Type::kI32);
  const unsigned index = immediate(c) & ((16u >> lane) - 1);
  put_vector(c, to.reg, c.b.vinsert(get_part(c, c.operand(vex ? 1 : 0).reg), v, lane, index));
}

void vector_pextr(Lift& c) {
  const Operand to = c.operand(0);
  const char letter = c.row().text.back();
  const unsigned lane = letter == 'b' ? 0 : letter == 'w' ? 1 : letter == 's' || to.bytes != 8 ? 2 : 3;
  const unsigned index = immediate(c) & ((16u >> lane) - 1);
  const Value v =
      c.b.vextract(lane == 3 ? Type::kI64 : Type::kI32, get_part(c, c.operand(1).reg), lane, index);
  if (to.type == Operand::kGpr) return c.put_gpr(to.reg, v);
  c.store(c.address(), c.b.trunc(v, Lift::type(1u << lane)));
}

// A lane of the second source goes to a lane of the first; some lanes become zero.
void vector_insertps(Lift& c) {
  const bool vex = is_vex(c);
  const Operand from = c.operand(vex ? 2 : 1);
  const unsigned imm = immediate(c), lane = imm >> 4 & 3;
  Value s = read_part(c, from);
  if (is_register(from))
    s = c.b.vsplat(Type::kV128, s, 2, imm >> 6);
  else
    s = c.b.vsplat(Type::kV128, s, 2, 0);
  Value v = c.b.vblend(get_part(c, c.operand(vex ? 1 : 0).reg), s, 2, 1u << lane);
  v = c.b.vblend(v, zeros(c), 2, imm & 15);
  put_vector(c, c.operand(0).reg, v);
}

void vector_move_mask(Lift& c) {
  const std::string_view text = c.row().text;
  const unsigned lane = text.ends_with("ps") ? 2 : text.ends_with("pd") ? 3 : 0;
  const unsigned from = c.operand(1).reg;
  Value v = c.b.vmask(get_part(c, from), lane);
  if (parts(c) == 2) v = c.b.or_(v, c.b.shl(c.b.vmask(get_part(c, from, 1), lane), 16u >> lane));
  c.put_gpr(c.operand(0).reg, v);
}

}  // namespace xarch::x86
