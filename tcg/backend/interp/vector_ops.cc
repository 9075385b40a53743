#include "tcg/backend/interp/vector_ops.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tcg/backend/interp/string_ops.h"
#include "tcg/ir/eval.h"
#include "tcg/support/aes.h"
#include "tcg/support/sha.h"

namespace xarch::tcg {

using ir::Inst;
using ir::Op;

namespace {

uint64_t lane(const IrValue& v, unsigned log2_bytes, unsigned index) {
  const unsigned at = index << log2_bytes;  // lanes never straddle words
  return v.w[at / 8] >> (at % 8 * 8) & ir::low_mask(8u << log2_bytes);
}

void set_lane(IrValue* v, unsigned log2_bytes, unsigned index, uint64_t x) {
  std::memcpy(reinterpret_cast<uint8_t*>(v) + (index << log2_bytes), &x, size_t{1} << log2_bytes);
}

// v saturated to a signed number of that width.
uint64_t saturated(int64_t v, unsigned bits) {
  const int64_t max = static_cast<int64_t>(ir::low_mask(bits - 1));
  return static_cast<uint64_t>(std::clamp(v, -max - 1, max));
}

// One lane of the ops that work lane by lane.
uint64_t lane_result(const Inst& inst, uint64_t a, uint64_t b) {
  const unsigned bits = 8u << inst.aux;
  const unsigned n = static_cast<unsigned>(inst.imm);
  const int64_t sa = ir::sign_extend(a, bits);
  const int64_t sb = ir::sign_extend(b, bits);
  const uint64_t ones = ~uint64_t{0};
  switch (inst.op) {
    case Op::kVAdd: return a + b;
    case Op::kVSub: return a - b;
    case Op::kVCmpEq: return a == b ? ones : 0;
    case Op::kVCmpGtS: return sa > sb ? ones : 0;
    case Op::kVCmpGtU: return a > b ? ones : 0;
    case Op::kVMinU: return std::min(a, b);
    case Op::kVMaxU: return std::max(a, b);
    case Op::kVMinS: return sa < sb ? a : b;
    case Op::kVMaxS: return sa > sb ? a : b;
    case Op::kVShlImm: return a << n;
    case Op::kVShrUImm: return a >> n;
    case Op::kVShrSImm: return static_cast<uint64_t>(sa >> n);
    case Op::kVMul: return a * b;
    case Op::kVMulHiS: return static_cast<uint64_t>(sa * sb >> 16);
    case Op::kVMulHiU: return a * b >> 16;
    case Op::kVMulRS: return static_cast<uint64_t>((sa * sb + 0x4000) >> 15);
    case Op::kVAbs: return sa < 0 ? 0 - a : a;
    case Op::kVAvgU: return (a + b + 1) >> 1;
    case Op::kVAddSatU: return std::min(a + b, ir::low_mask(bits));
    case Op::kVSubSatU: return a > b ? a - b : 0;
    case Op::kVAddSatS: return saturated(sa + sb, bits);
    case Op::kVSubSatS: return saturated(sa - sb, bits);
    case Op::kVShl: return b < bits ? a << b : 0;
    case Op::kVShrU: return b < bits ? a >> b : 0;
    case Op::kVShrS: return static_cast<uint64_t>(sa >> std::min<uint64_t>(b, bits - 1));
    default: return static_cast<uint64_t>(std::popcount(a));  // kVPopcnt
  }
}

void eval_bitwise(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  for (unsigned i = 0; i < ir::type_bytes(inst.type) / 8; ++i) {
    switch (inst.op) {
      case Op::kVAnd: out->w[i] = a.w[i] & b.w[i]; break;
      case Op::kVOr: out->w[i] = a.w[i] | b.w[i]; break;
      case Op::kVXor: out->w[i] = a.w[i] ^ b.w[i]; break;
      case Op::kVAndNot: out->w[i] = a.w[i] & ~b.w[i]; break;
      default: out->w[i] = ~a.w[i]; break;  // kVNot
    }
  }
}

// Ops whose result lanes are lanes of the operands at other places.
void eval_permute(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  const unsigned log2 = inst.aux;
  const unsigned lanes = ir::type_bytes(inst.type) >> log2;
  const unsigned half = lanes / 2;
  // reverse within containers: flip the bits of the lane number that count inside one
  const unsigned flip = inst.op == Op::kVRev ? (1u << (inst.imm - log2)) - 1 : 0;
  for (unsigned i = 0; i < lanes; ++i) {
    uint64_t x = 0;
    switch (inst.op) {
      case Op::kVZip1: x = lane(i % 2 ? b : a, log2, i / 2); break;
      case Op::kVZip2: x = lane(i % 2 ? b : a, log2, half + i / 2); break;
      case Op::kVUzp1: x = lane(i < half ? a : b, log2, i % half * 2); break;
      case Op::kVUzp2: x = lane(i < half ? a : b, log2, i % half * 2 + 1); break;
      default: x = lane(a, log2, i ^ flip); break;  // kVRev
    }
    set_lane(out, log2, i, x);
  }
}

// Ops that change the number or the width of lanes.
void eval_reshape(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  const unsigned log2 = inst.aux;
  switch (inst.op) {
    case Op::kVDup:
      for (unsigned i = 0; i < ir::type_bytes(inst.type) >> log2; ++i) set_lane(out, log2, i, a.w[0]);
      break;
    case Op::kVExtract: out->w[0] = lane(a, log2, static_cast<unsigned>(inst.imm)); break;
    case Op::kVInsert:
      *out = a;
      set_lane(out, log2, static_cast<unsigned>(inst.imm), b.w[0]);
      break;
    case Op::kVExt: {
      const unsigned bytes = ir::type_bytes(inst.type);
      uint8_t both[64];
      std::memcpy(both, &a, bytes);
      std::memcpy(both + bytes, &b, bytes);
      std::memcpy(out, both + inst.imm, bytes);
      break;
    }
    case Op::kVNarrow:
      for (unsigned i = 0; i < 8u >> log2; ++i) set_lane(out, log2, i, lane(a, log2 + 1, i));
      break;
    case Op::kVNarrowS:
    case Op::kVNarrowSU:
      for (unsigned i = 0; i < 8u >> log2; ++i) {
        const int64_t x = ir::sign_extend(lane(a, log2 + 1, i), 16u << log2);
        const int64_t max = static_cast<int64_t>(ir::low_mask(8u << log2));
        set_lane(out, log2, i,
                 inst.op == Op::kVNarrowS ? saturated(x, 8u << log2)
                                          : static_cast<uint64_t>(std::clamp<int64_t>(x, 0, max)));
      }
      break;
    case Op::kVSplat:
      for (unsigned i = 0; i < ir::type_bytes(inst.type) >> log2; ++i)
        set_lane(out, log2, i, lane(a, log2, static_cast<unsigned>(inst.imm)));
      break;
    default:  // kVShuffle
      for (unsigned i = 0; i < 16; ++i) {
        const uint64_t at = lane(b, 0, i) & (inst.imm ? 0x8f : 0xff);
        set_lane(out, 0, i, at < 16 ? lane(a, 0, static_cast<unsigned>(at)) : 0);
      }
      break;
  }
}

// Ops whose result lanes are twice as wide as the operands'.
void eval_wider(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  const unsigned log2 = inst.aux;
  const unsigned lanes = ir::type_bytes(inst.type) >> (log2 + 1);
  const bool is_signed = inst.op == Op::kVWidenS || inst.op == Op::kVMulLS || inst.op == Op::kVAddPairsS ||
                         inst.op == Op::kVDotS;
  const auto number = [&](const IrValue& v, unsigned i) {
    const uint64_t x = lane(v, log2, i);
    return is_signed ? static_cast<uint64_t>(ir::sign_extend(x, 8u << log2)) : x;
  };
  for (unsigned i = 0; i < lanes; ++i) {
    const unsigned from = inst.imm ? i + lanes : i;
    uint64_t x = 0;
    switch (inst.op) {
      case Op::kVMulLU:
      case Op::kVMulLS: x = number(a, from) * number(b, from); break;
      case Op::kVAddPairsU:
      case Op::kVAddPairsS: x = number(a, 2 * i) + number(a, 2 * i + 1); break;
      case Op::kVDotS:
        x = number(a, 2 * i) * number(b, 2 * i) + number(a, 2 * i + 1) * number(b, 2 * i + 1);
        break;
      default: x = number(a, from); break;  // kVWidenU, kVWidenS
    }
    set_lane(out, log2 + 1, i, x);
  }
}

// The op on pairs of lanes or of vectors, lane by lane of the result.
void eval_pairs(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  const unsigned log2 = inst.aux, bytes = ir::type_bytes(inst.type);
  switch (inst.op) {
    case Op::kVMulEvenU:
    case Op::kVMulEvenS:
      for (unsigned i = 0; i < bytes / 8; ++i) {
        const uint64_t x = lane(a, 2, 2 * i), y = lane(b, 2, 2 * i);
        out->w[i] = inst.op == Op::kVMulEvenU
                        ? x * y
                        : static_cast<uint64_t>(ir::sign_extend(x, 32) * ir::sign_extend(y, 32));
      }
      break;
    case Op::kVDotUS:
      for (unsigned i = 0; i < bytes / 2; ++i) {
        const auto product = [&](unsigned at) {
          return static_cast<int64_t>(lane(a, 0, at)) * ir::sign_extend(lane(b, 0, at), 8);
        };
        set_lane(out, 1, i, saturated(product(2 * i) + product(2 * i + 1), 16));
      }
      break;
    default:  // kVPackS, kVPackSU
      for (unsigned i = 0; i < bytes >> log2; ++i) {
        const unsigned half = (bytes >> log2) / 2, bits = 8u << log2;
        const int64_t x = ir::sign_extend(lane(i < half ? a : b, log2 + 1, i % half), 2 * bits);
        const int64_t max = static_cast<int64_t>(ir::low_mask(bits));
        set_lane(out, log2, i,
                 inst.op == Op::kVPackS ? saturated(x, bits)
                                        : static_cast<uint64_t>(std::clamp<int64_t>(x, 0, max)));
      }
      break;
  }
}

void eval_shift_all(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  const unsigned bits = 8u << inst.aux;
  const uint64_t n = b.w[0];
  for (unsigned i = 0; i < ir::type_bytes(inst.type) >> inst.aux; ++i) {
    const uint64_t x = lane(a, inst.aux, i);
    uint64_t r = 0;
    if (inst.op == Op::kVShrSAll) {
      r = static_cast<uint64_t>(ir::sign_extend(x, bits) >> std::min<uint64_t>(n, bits - 1));
    } else if (n < bits) {
      r = inst.op == Op::kVShlAll ? x << n : x >> n;
    }
    set_lane(out, inst.aux, i, r);
  }
}

// Ops that choose among lanes of several vectors.
void eval_choose(const Inst& inst, const IrValue& a, const IrValue& b, const IrValue& c, IrValue* out) {
  const unsigned log2 = inst.aux, bits = 8u << log2, lanes = ir::type_bytes(inst.type) >> log2;
  const auto imm = static_cast<unsigned>(inst.imm);
  for (unsigned i = 0; i < lanes; ++i) {
    if (inst.op == Op::kVShuf2) {
      const unsigned from = log2 == 2 ? imm >> (2 * i) & 3 : imm >> i & 1;
      set_lane(out, log2, i, lane(i < lanes / 2 ? a : b, log2, from));
    } else {
      const bool second = inst.op == Op::kVBlend ? (imm >> i & 1) != 0 : lane(c, log2, i) >> (bits - 1) != 0;
      set_lane(out, log2, i, lane(second ? b : a, log2, i));
    }
  }
}

uint64_t mask_of(const Inst& inst, const IrValue& a) {
  uint64_t r = 0;
  for (unsigned i = 0; i < 16u >> inst.aux; ++i) {
    r |= (lane(a, inst.aux, i) >> ((8u << inst.aux) - 1)) << i;
  }
  return r;
}

void eval_sad(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
  for (unsigned i = 0; i < ir::type_bytes(inst.type); ++i) {
    const uint64_t u = lane(a, 0, i), v = lane(b, 0, i);
    if (i % 8 == 0) out->w[i / 8] = 0;
    out->w[i / 8] += u > v ? u - v : v - u;
  }
}

void eval_aes(Op op, const IrValue& a, IrValue* out) {
  uint8_t in[16], bytes[16];
  std::memcpy(in, a.w, 16);
  switch (op) {
    case Op::kVAesEnc:
    case Op::kVAesDec: aes_substitute(in, bytes, op == Op::kVAesDec); break;
    case Op::kVAesMix:
    case Op::kVAesIMix: aes_mix_columns(in, bytes, op == Op::kVAesIMix); break;
    default: aes_round(in, bytes, op == Op::kVAesIRound); break;
  }
  std::memcpy(out->w, bytes, 16);
}

void eval_sha(const Inst& inst, const IrValue& a, const IrValue& b, const IrValue& c, IrValue* out) {
  uint32_t in[3][4], words[4];
  const IrValue* const from[] = {&a, &b, &c};
  for (unsigned k = 0; k < 3; ++k) std::memcpy(in[k], from[k]->w, 16);
  switch (inst.op) {
    case Op::kVSha1: sha1_rounds(in[0], in[1], static_cast<unsigned>(inst.imm), words); break;
    case Op::kVSha256: sha256_rounds(in[0], in[1], in[2], words); break;
    case Op::kVSha256Msg1: sha256_message1(in[0], in[1], words); break;
    default: sha256_message2(in[0], in[1], words); break;
  }
  std::memcpy(out->w, words, 16);
}

void eval_carryless(uint64_t a, uint64_t b, IrValue* out) {
  unsigned __int128 r = 0;
  for (unsigned i = 0; i < 64; ++i) r ^= b >> i & 1 ? static_cast<unsigned __int128>(a) << i : 0;
  out->w[0] = static_cast<uint64_t>(r);
  out->w[1] = static_cast<uint64_t>(r >> 64);
}

}  // namespace

void eval_vector(const Inst& inst, const IrValue& a, const IrValue& b, const IrValue& c, IrValue* out) {
  switch (inst.op) {
    case Op::kVConst: std::fill_n(out->w, 4, static_cast<uint64_t>(inst.imm)); break;
    case Op::kVAnd:
    case Op::kVOr:
    case Op::kVXor:
    case Op::kVAndNot:
    case Op::kVNot: eval_bitwise(inst, a, b, out); break;
    case Op::kVZip1:
    case Op::kVZip2:
    case Op::kVUzp1:
    case Op::kVUzp2:
    case Op::kVRev: eval_permute(inst, a, b, out); break;
    case Op::kVDup:
    case Op::kVExtract:
    case Op::kVInsert:
    case Op::kVExt:
    case Op::kVNarrow:
    case Op::kVNarrowS:
    case Op::kVNarrowSU:
    case Op::kVShuffle:
    case Op::kVSplat: eval_reshape(inst, a, b, out); break;
    case Op::kVWidenU:
    case Op::kVWidenS:
    case Op::kVMulLU:
    case Op::kVMulLS:
    case Op::kVAddPairsU:
    case Op::kVDotS:
    case Op::kVAddPairsS: eval_wider(inst, a, b, out); break;
    case Op::kVAesEnc:
    case Op::kVAesDec:
    case Op::kVAesMix:
    case Op::kVAesIMix:
    case Op::kVAesRound:
    case Op::kVAesIRound: eval_aes(inst.op, a, out); break;
    case Op::kVSha1:
    case Op::kVSha256:
    case Op::kVSha256Msg1:
    case Op::kVSha256Msg2: eval_sha(inst, a, b, c, out); break;
    case Op::kVMulEvenU:
    case Op::kVMulEvenS:
    case Op::kVDotUS:
    case Op::kVPackS:
    case Op::kVPackSU: eval_pairs(inst, a, b, out); break;
    case Op::kVShlAll:
    case Op::kVShrUAll:
    case Op::kVShrSAll: eval_shift_all(inst, a, b, out); break;
    case Op::kVBlend:
    case Op::kVBlendTop:
    case Op::kVShuf2: eval_choose(inst, a, b, c, out); break;
    case Op::kVMask: out->w[0] = mask_of(inst, a); break;
    case Op::kVStrIndex:
    case Op::kVStrMask:
    case Op::kFlagsStr: eval_strings(inst, a, b, c, out); break;
    case Op::kVSad: eval_sad(inst, a, b, out); break;
    case Op::kVAny: out->w[0] = (a.w[0] | a.w[1]) != 0; break;
    case Op::kVClMul: eval_carryless(a.w[0], b.w[0], out); break;
    case Op::kVLo: out->w[0] = a.w[0]; break;
    case Op::kVHi: out->w[0] = a.w[1]; break;
    case Op::kVPair:
      out->w[0] = a.w[0];
      out->w[1] = b.w[0];
      break;
    case Op::kBitcast: *out = a; break;
    default: {
      const unsigned lanes = ir::type_bytes(inst.type) >> inst.aux;
      for (unsigned i = 0; i < lanes; ++i) {
        set_lane(out, inst.aux, i, lane_result(inst, lane(a, inst.aux, i), lane(b, inst.aux, i)));
      }
      break;
    }
  }
}

}  // namespace xarch::tcg
