#include "tcg/backend/interp/f80_ops.h"

#include "tcg/fpu/fpu.h"
#include "tcg/ir/eval.h"

namespace xarch::tcg {

using fpu::BitsOf;
using fpu::F32;
using fpu::F64;
using fpu::F80;
using fpu::U128;
using ir::Inst;
using ir::Op;
using ir::Type;

namespace {

U128 bits(const IrValue& v) { return U128{v.w[1] & 0xffff} << 64 | v.w[0]; }

void set(IrValue* out, U128 v) {
  out->w[0] = static_cast<uint64_t>(v);
  out->w[1] = static_cast<uint64_t>(v >> 64) & 0xffff;
}

// x87's control word.
fpu::Env environment(uint16_t control) {
  constexpr fpu::Rounding kModes[] = {fpu::Rounding::kNearest, fpu::Rounding::kDown, fpu::Rounding::kUp,
                                      fpu::Rounding::kZero};
  constexpr uint8_t kPrecision[] = {24, 64, 53, 64};
  fpu::Env env;
  env.rules = &fpu::kX87Rules;
  env.rounding = kModes[control >> 10 & 3];
  env.x87_precision = kPrecision[control >> 8 & 3];
  return env;
}

constexpr U128 kSign = U128{1} << 79;
bool is_nan(U128 v) { return (v >> 64 & 0x7fff) == 0x7fff && static_cast<uint64_t>(v) << 1 != 0; }

// A narrower operand as it is: a signalling NaN stays one, and no flag is raised. `denormal`: it is one,
// which the wider type has no way to say.
U128 widened(const F80Operand& a, bool* denormal) {
  *denormal = false;
  if (a.type == Type::kF80) return bits(*a.value);
  const bool single = a.type == Type::kF32;
  const uint64_t v = single ? static_cast<uint32_t>(a.value->w[0]) : a.value->w[0];
  const unsigned fraction = single ? 23 : 52, exponents = single ? 8 : 11;
  const uint64_t max = (uint64_t{1} << exponents) - 1;
  const uint64_t exponent = v >> fraction & max;
  const U128 sign = v >> (fraction + exponents) & 1 ? kSign : 0;
  const uint64_t stored = v & ((uint64_t{1} << fraction) - 1);
  const uint64_t one = uint64_t{1} << 63;
  if (exponent == max) return sign | U128{0x7fff} << 64 | one | stored << (63 - fraction);
  fpu::Env plain;
  plain.rules = &fpu::kX87Rules;
  *denormal = exponent == 0 && stored != 0;
  return single ? fpu::convert<F80, F32>(plain, static_cast<uint32_t>(v)) : fpu::convert<F80, F64>(plain, v);
}

U128 arithmetic(Op op, fpu::Env& env, U128 a, U128 b) {
  switch (op) {
    case Op::kF80Add: return fpu::add<F80>(env, a, b);
    case Op::kF80Mul: return fpu::mul<F80>(env, a, b);
    case Op::kF80Sub: return fpu::sub<F80>(env, a, b);
    case Op::kF80SubR: return fpu::sub<F80>(env, b, a);
    case Op::kF80Div: return fpu::div<F80>(env, a, b);
    default: return fpu::div<F80>(env, b, a);  // kF80DivR
  }
}

uint16_t relation_flags(fpu::Relation r) {
  switch (r) {
    case fpu::Relation::kLess: return ir::kFlagC;
    case fpu::Relation::kEqual: return ir::kFlagZ;
    case fpu::Relation::kGreater: return 0;
    default: return ir::kFlagC | ir::kFlagZ | ir::kFlagP;
  }
}

// 128 bits of each constant's significand, from the first one on, and its exponent.
struct Constant {
  uint64_t high, low;
  int exponent;
};
constexpr Constant kConstants[] = {
    {0x8000000000000000, 0, 0},                    // 1
    {0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4c, 1},   // log2 10
    {0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88, 0},   // log2 e
    {0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 1},   // pi
    {0x9a209a84fbcff798, 0x8f8959ac0b7c9178, -2},  // log10 2
    {0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, -1},  // ln 2
};

U128 constant(int64_t which, fpu::Rounding rounding) {
  if (which == static_cast<int64_t>(ir::F80Constant::kZero)) return 0;
  const Constant& c = kConstants[which];
  uint64_t significand = c.high;
  const bool up = rounding == fpu::Rounding::kUp || (rounding == fpu::Rounding::kNearest && c.low >> 63);
  if (up && c.low != 0) ++significand;
  return U128{static_cast<uint64_t>(0x3fff + c.exponent)} << 64 | significand;
}

// What has another type than f80, or nothing to round.
bool eval_other(const Inst& in, const F80Operand* args, fpu::Env& env, IrValue* out) {
  const IrValue* const a = args[0].value;
  switch (in.op) {
    case Op::kF80Neg: set(out, bits(*a) ^ kSign); return true;
    case Op::kF80Abs: set(out, bits(*a) & ~kSign); return true;
    case Op::kF80FromInt:
      set(out, fpu::from_int<F80>(env, ir::sign_extend(a->w[0], ir::type_bits(args[0].type))));
      return true;
    case Op::kF80Const: set(out, constant(in.imm, env.rounding)); return true;
    case Op::kF80Make:
      out->w[0] = a->w[0];
      out->w[1] = args[1].value->w[0] & 0xffff;
      return true;
    case Op::kF80Low: out->w[0] = a->w[0]; return true;
    case Op::kF80High: out->w[0] = a->w[1] & 0xffff; return true;
    case Op::kF80Select: set(out, bits(*args[a->w[0] ? 1 : 2].value)); return true;
    case Op::kF80Up: out->w[0] = a->w[3]; return true;
    case Op::kF80Control: return true;
    default: return false;
  }
}

}  // namespace

void eval_f80(const Inst& in, const F80Operand* args, uint16_t control, uint16_t* flags, IrValue* out) {
  fpu::Env env = environment(control);
  *out = {};
  if (in.op == Op::kF80Flags) {
    out->w[0] = *flags & 0x3f;
    return;
  }
  if (eval_other(in, args, env, out)) return;
  const U128 a = args[0].type == Type::kF80 ? bits(*args[0].value) : 0;
  bool denormal = false;
  switch (in.op) {
    case Op::kF80Sqrt: set(out, fpu::sqrt<F80>(env, a)); break;
    case Op::kF80Round: set(out, fpu::round_to_integral<F80>(env, a, env.rounding, true)); break;
    case Op::kF80Cvt:
      set(out, args[0].type == Type::kF32
                   ? fpu::convert<F80, F32>(env, static_cast<uint32_t>(args[0].value->w[0]))
                   : fpu::convert<F80, F64>(env, args[0].value->w[0]));
      break;
    case Op::kF80ToF:
      out->w[0] = in.type == Type::kF32 ? fpu::convert<F32, F80>(env, a) : fpu::convert<F64, F80>(env, a);
      break;
    case Op::kF80ToInt: {
      const fpu::Rounding r = in.imm ? fpu::Rounding::kZero : env.rounding;
      out->w[0] = static_cast<uint64_t>(fpu::to_int<F80>(env, a, r, ir::type_bits(in.type), false)) &
                  ir::type_mask(in.type);
      break;
    }
    case Op::kF80Cmp: {
      const U128 b = widened(args[1], &denormal);
      const fpu::Relation r = fpu::compare<F80>(env, a, b, in.imm != 0);
      if (denormal && r != fpu::Relation::kUnordered) env.raise(fpu::kDenormal);
      out->w[0] = relation_flags(r);
      break;
    }
    default: {
      const U128 b = widened(args[1], &denormal);
      const U128 r = arithmetic(in.op, env, a, b);
      if (denormal && !is_nan(r) && !(env.flags & fpu::kDivideByZero)) env.raise(fpu::kDenormal);
      set(out, r);
      break;
    }
  }
  out->w[3] = env.rounded_up;
  *flags = static_cast<uint16_t>(*flags | env.flags);
}

}  // namespace xarch::tcg
