#include "tcg/backend/interp/vector_ops.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tcg/ir/eval.h"

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
    default:  // kVWidenU, kVWidenS
      for (unsigned i = 0; i < 8u >> log2; ++i) {
        const uint64_t x = lane(a, log2, i);
        const bool sign = inst.op == Op::kVWidenS;
        set_lane(out, log2 + 1, i, sign ? static_cast<uint64_t>(ir::sign_extend(x, 8u << log2)) : x);
      }
      break;
  }
}

}  // namespace

void eval_vector(const Inst& inst, const IrValue& a, const IrValue& b, IrValue* out) {
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
    case Op::kVWidenU:
    case Op::kVWidenS: eval_reshape(inst, a, b, out); break;
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
