#include "tcg/backend/interp/string_ops.h"

#include <bit>

#include "tcg/ir/eval.h"

namespace xarch::tcg {

using ir::Op;

namespace {

struct Text {
  int32_t elements[16];
  unsigned length;  // of valid ones

  // given: how many elements there are, or -1 if it ends at a zero.
  Text(const IrValue& v, unsigned control, int given) {
    const bool wide = (control & 1) != 0, is_signed = (control & 2) != 0;
    const unsigned count = wide ? 8 : 16;
    length = given < 0 || static_cast<unsigned>(given) > count ? count : static_cast<unsigned>(given);
    for (unsigned n = 0; n < count; ++n) {
      const unsigned at = wide ? n * 16 : n * 8;
      const uint64_t raw = v.w[at / 64] >> (at % 64);
      const auto u = wide ? static_cast<uint16_t>(raw) : static_cast<uint8_t>(raw);
      elements[n] = !is_signed ? u : wide ? static_cast<int16_t>(raw) : static_cast<int8_t>(raw);
      if (given < 0 && u == 0 && n < length) length = n;
    }
  }
};

// A bit for each element of b: what the aggregation of control[3:2] says of it.
uint32_t aggregate(const Text& a, const Text& b, unsigned count, unsigned how) {
  uint32_t r = 0;
  for (unsigned j = 0; j < count; ++j) {
    bool hit = false;
    switch (how) {
      case 0:  // equal to any
        for (unsigned i = 0; i < a.length; ++i) hit |= j < b.length && a.elements[i] == b.elements[j];
        break;
      case 1:  // in any of the ranges
        for (unsigned i = 0; i + 1 < a.length; i += 2) {
          hit |= j < b.length && a.elements[i] <= b.elements[j] && b.elements[j] <= a.elements[i + 1];
        }
        break;
      case 2:  // equal, both being there or not
        hit = j < a.length && j < b.length ? a.elements[j] == b.elements[j] : j >= a.length && j >= b.length;
        break;
      default:  // a begins here
        hit = true;
        for (unsigned i = 0; i < a.length && i + j < count; ++i) {
          hit &= i + j < b.length && a.elements[i] == b.elements[i + j];
        }
        break;
    }
    r |= uint32_t{hit} << j;
  }
  return r;
}

void put_mask(uint32_t bits, unsigned control, IrValue* out) {
  *out = {};
  if (!(control & 0x40)) {
    out->w[0] = bits;
    return;
  }
  const unsigned width = control & 1 ? 16 : 8, count = 128 / width;
  for (unsigned n = 0; n < count; ++n) {
    if (bits >> n & 1) out->w[n * width / 64] |= ir::low_mask(width) << (n * width % 64);
  }
}

}  // namespace

void eval_strings(const ir::Inst& inst, const IrValue& va, const IrValue& vb, const IrValue& c,
                  IrValue* out) {
  const auto control = static_cast<unsigned>(inst.imm), count = control & 1 ? 8u : 16u;
  const bool given = inst.args[2] != ir::kNoValue;
  const Text a(va, control, given ? static_cast<int>(c.w[0] & 0xff) : -1);
  const Text b(vb, control, given ? static_cast<int>(c.w[0] >> 8 & 0xff) : -1);
  uint32_t r = aggregate(a, b, count, control >> 2 & 3);
  if ((control & 0x30) == 0x10) r ^= (1u << count) - 1;
  if ((control & 0x30) == 0x30) r ^= (1u << b.length) - 1;
  if (inst.op == Op::kVStrMask) return put_mask(r, control, out);
  if (inst.op == Op::kFlagsStr) {
    out->w[0] = ir::flags_of_pack(a.length < count, b.length < count, r != 0, (r & 1) != 0);
  } else {
    out->w[0] = r == 0           ? count
                : control & 0x40 ? 31u - static_cast<unsigned>(std::countl_zero(r))
                                 : static_cast<unsigned>(std::countr_zero(r));
  }
}

}  // namespace xarch::tcg
