#include "tcg/backend/interp/fp_ops.h"

#include <algorithm>
#include <cstring>

#include "tcg/fpu/fpu.h"
#include "tcg/fpu/special.h"
#include "tcg/ir/eval.h"
#include "tcg/runtime/cpu.h"

namespace xarch::tcg {

using ir::Inst;
using ir::Op;
using ir::Type;

namespace {

uint64_t lane(const IrValue& v, unsigned log2_bytes, unsigned index) {
  const unsigned at = index << log2_bytes;
  return v.w[at / 8] >> (at % 8 * 8) & ir::low_mask(8u << log2_bytes);
}
void set_lane(IrValue* v, unsigned log2_bytes, unsigned index, uint64_t x) {
  std::memcpy(reinterpret_cast<uint8_t*>(v) + (index << log2_bytes), &x, size_t{1} << log2_bytes);
}

fpu::Rounding rounding_of(uint64_t imm, const fpu::Env& env) {
  const auto r = static_cast<ir::FpRound>(imm & ir::kFpRoundMask);
  return r == ir::FpRound::kCurrent ? env.rounding : static_cast<fpu::Rounding>(r);
}

template <typename F>
uint64_t to_int(const Inst& in, fpu::Env& env, uint64_t a, unsigned bits) {
  const auto v = static_cast<typename F::Bits>(a);
  const bool is_unsigned = (in.imm & ir::kFpUnsigned) != 0;
  return static_cast<uint64_t>(
      fpu::to_int<F>(env, v, rounding_of(static_cast<uint64_t>(in.imm), env), bits, is_unsigned));
}

template <typename F>
uint64_t from_int(const Inst& in, fpu::Env& env, uint64_t a, unsigned bits) {
  if (in.imm & ir::kFpUnsigned) return fpu::from_uint<F>(env, a);
  return fpu::from_int<F>(env, ir::sign_extend(a, bits));
}

// f.fma: negate is its imm.
template <typename F>
typename F::Bits fma(fpu::Env& env, typename F::Bits a, typename F::Bits b, typename F::Bits c,
                     unsigned negate) {
  using B = typename F::Bits;
  if (!F::is_nan(a) && !F::is_nan(b) && !F::is_nan(c)) {
    if (negate & 1) a = static_cast<B>(a ^ F::kSign);
    if (negate & 2) c = static_cast<B>(c ^ F::kSign);
  }
  return fpu::fma<F>(env, a, b, c);
}

uint32_t relation_bit(fpu::Relation r) {
  constexpr uint32_t kBits[] = {ir::kFpLess, ir::kFpEqual, ir::kFpGreater, ir::kFpUnordered};
  return kBits[static_cast<unsigned>(r)];
}

// Flags as x86's comparisons leave them.
uint64_t host_flags(fpu::Relation r) {
  switch (r) {
    case fpu::Relation::kLess: return ir::kFlagC;
    case fpu::Relation::kEqual: return ir::kFlagZ;
    case fpu::Relation::kUnordered: return ir::kFlagC | ir::kFlagZ | ir::kFlagP;
    default: return 0;
  }
}

// One lane; missing operands are 0. int_bits: width of the integer of conversions.
template <typename F>
uint64_t lane_op(const Inst& in, fpu::Env& env, uint64_t a64, uint64_t b64, uint64_t c64, unsigned int_bits) {
  using B = typename F::Bits;
  using fpu::Relation;
  const B a = static_cast<B>(a64), b = static_cast<B>(b64), c = static_cast<B>(c64);
  const auto mask = [](bool v) { return v ? ~uint64_t{0} : 0; };
  switch (in.op) {
    case Op::kFAdd: return fpu::add<F>(env, a, b);
    case Op::kFSub: return fpu::sub<F>(env, a, b);
    case Op::kFMul: return fpu::mul<F>(env, a, b);
    case Op::kFDiv: return fpu::div<F>(env, a, b);
    case Op::kFSqrt: return fpu::sqrt<F>(env, a);
    case Op::kFFma: return fma<F>(env, a, b, c, static_cast<unsigned>(in.imm));
    case Op::kFMinFirst: return fpu::x86_min<F>(env, a, b);
    case Op::kFMaxFirst: return fpu::x86_max<F>(env, a, b);
    case Op::kFCmp:
      return mask((relation_bit(fpu::compare<F>(env, a, b, (in.imm & ir::kFpSignals) != 0)) & in.imm) != 0);
    case Op::kFMin: return fpu::min<F>(env, a, b);
    case Op::kFMax: return fpu::max<F>(env, a, b);
    case Op::kFMinNum: return fpu::minnum<F>(env, a, b);
    case Op::kFMaxNum: return fpu::maxnum<F>(env, a, b);
    case Op::kFCmpEq: return mask(fpu::compare<F>(env, a, b, false) == Relation::kEqual);
    case Op::kFCmpGt: return mask(fpu::compare<F>(env, a, b, true) == Relation::kGreater);
    case Op::kFCmpGe: {
      const Relation r = fpu::compare<F>(env, a, b, true);
      return mask(r == Relation::kGreater || r == Relation::kEqual);
    }
    case Op::kFlagsFcmp: {
      const Relation r = fpu::compare<F>(env, a, b, (in.imm & 1) != 0);
      if (in.imm & ir::kFpHostFlags) return host_flags(r);
      return ir::flags_of_pack(r == Relation::kLess, r == Relation::kEqual, r != Relation::kLess,
                               r == Relation::kUnordered);
    }
    case Op::kFRound: {
      const auto imm = static_cast<uint64_t>(in.imm);
      return fpu::round_to_integral<F>(env, a, rounding_of(imm, env), imm & ir::kFpInexact);
    }
    case Op::kFToInt: return to_int<F>(in, env, a, int_bits);
    case Op::kFFromInt: return from_int<F>(in, env, a64, int_bits);
    case Op::kFNeg: return a ^ F::kSign;
    default: return a & static_cast<B>(~F::kSign);  // kFAbs
  }
}

uint64_t convert(fpu::Env& env, unsigned to, unsigned from, uint64_t v) {
  const auto a16 = static_cast<uint16_t>(v);
  const auto a32 = static_cast<uint32_t>(v);
  switch (to << 4 | from) {
    case 0x12: return fpu::convert<fpu::F16, fpu::F32>(env, a32);
    case 0x13: return fpu::convert<fpu::F16, fpu::F64>(env, v);
    case 0x21: return fpu::convert<fpu::F32, fpu::F16>(env, a16);
    case 0x23: return fpu::convert<fpu::F32, fpu::F64>(env, v);
    case 0x31: return fpu::convert<fpu::F64, fpu::F16>(env, a16);
    default: return fpu::convert<fpu::F64, fpu::F32>(env, a32);
  }
}

}  // namespace

unsigned fp_convert_lanes(const Inst& in, Type from) {
  if (ir::is_float(in.type) || ir::is_float(from)) return 1;
  return std::min(ir::type_bytes(in.type) >> in.aux, ir::type_bytes(from) >> (in.imm & ir::kFpLaneMask));
}

fpu::Env fp_environment(const fpu::Rules& rules, uint32_t rounding, uint32_t control) {
  constexpr fpu::Rounding kModes[] = {fpu::Rounding::kNearest, fpu::Rounding::kDown, fpu::Rounding::kUp,
                                      fpu::Rounding::kZero};
  fpu::Env env;
  env.rules = &rules;
  env.rounding = kModes[rounding & 3];
  env.flush_inputs = (control & (kFpFlush | kFpFlushInputs)) != 0;
  env.flush_outputs = (control & (kFpFlush | kFpFlushOutputs)) != 0;
  env.default_nan = (control & kFpDefaultNan) != 0;
  return env;
}

void eval_fp(const Inst& in, Type arg_type, const IrValue* const* args, fpu::Env* env, IrValue* out) {
  const IrValue& a = *args[0];
  const Type numbers = in.op == Op::kFToInt || in.op == Op::kFlagsFcmp ? arg_type : in.type;
  const unsigned bytes = numbers == Type::kF32 ? 1u << in.aux : ir::type_bytes(numbers);
  const fpu::Rounding rounding = env->rounding;
  const uint32_t before = env->flags;
  *out = {};
  switch (in.op) {
    case Op::kFInsert:
      *out = a;
      set_lane(out, in.aux, 0, lane(*args[1], in.aux, 0));
      return;
    case Op::kFLow:
    case Op::kFWiden: out->w[0] = lane(a, in.aux, 0); return;
    case Op::kFCvt:
      if (in.imm >> ir::kFpRoundShift)
        env->rounding = static_cast<fpu::Rounding>((in.imm >> ir::kFpRoundShift) - 1);
      for (unsigned i = 0; i < fp_convert_lanes(in, arg_type); ++i) {
        const auto from = static_cast<unsigned>(in.imm & ir::kFpLaneMask);
        set_lane(out, in.aux, i, convert(*env, in.aux, from, lane(a, from, i)));
      }
      env->rounding = rounding;
      // Denormals of half precision are no denormal operands to x86.
      if ((in.imm & ir::kFpLaneMask) == 1 && env->rules->denormal_flag == fpu::DenormalFlag::kWhenUsed) {
        env->flags &= before | ~uint32_t{fpu::kDenormal};
      }
      return;
    case Op::kFToBf16:
      for (unsigned i = 0; i < 4; ++i) {
        const auto single = static_cast<uint32_t>(lane(a, 2, i));
        set_lane(out, 1, i, fpu::convert<fpu::BF16, fpu::F32>(*env, single));
      }
      return;
    case Op::kFFmaHalf:
      for (unsigned i = 0; i < bytes >> 2; ++i) {
        const auto half = [&](const IrValue& v) { return static_cast<uint16_t>(lane(v, 1, i)); };
        const auto sum = static_cast<uint32_t>(lane(*args[2], 2, i));
        set_lane(out, 2, i, fpu::fma_half(*env, half(a), half(*args[1]), sum));
      }
      return;
    default: break;
  }
  // Integers of a scalar conversion have their own width.
  const bool scalar_int =
      (in.op == Op::kFToInt && ir::is_int(in.type)) || (in.op == Op::kFFromInt && ir::is_int(arg_type));
  const unsigned int_bits =
      scalar_int ? ir::type_bits(in.op == Op::kFToInt ? in.type : arg_type) : 8u << in.aux;
  const bool flags = in.op == Op::kFlagsFcmp;
  // Doubles to and from integers of half their width.
  if (in.aux == 3 && in.op == Op::kFToInt && in.type == Type::kV64 && arg_type == Type::kV128) {
    for (unsigned i = 0; i < 2; ++i) set_lane(out, 2, i, lane_op<fpu::F64>(in, *env, a.w[i], 0, 0, 32));
    return;
  }
  if (in.aux == 3 && in.op == Op::kFFromInt && in.type == Type::kV128 && arg_type == Type::kV64) {
    for (unsigned i = 0; i < 2; ++i) out->w[i] = lane_op<fpu::F64>(in, *env, lane(a, 2, i), 0, 0, 32);
    return;
  }
  for (unsigned i = 0; i < bytes >> in.aux; ++i) {
    const uint64_t x = scalar_int && in.op == Op::kFFromInt ? a.w[0] : lane(a, in.aux, i);
    const uint64_t y = args[1] != nullptr ? lane(*args[1], in.aux, i) : 0;
    const uint64_t z = args[2] != nullptr ? lane(*args[2], in.aux, i) : 0;
    const uint64_t r = in.aux == 1   ? lane_op<fpu::F16>(in, *env, x, y, z, int_bits)
                       : in.aux == 2 ? lane_op<fpu::F32>(in, *env, x, y, z, int_bits)
                                     : lane_op<fpu::F64>(in, *env, x, y, z, int_bits);
    if (scalar_int || flags) {
      out->w[0] = r;
    } else {
      set_lane(out, in.aux, i, r);
    }
  }
}

}  // namespace xarch::tcg
