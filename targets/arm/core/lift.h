// What the lifters of all instruction groups share: the place being translated, operands, flags, endings.
#pragma once

#include <cstdint>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/fp_state.h"
#include "targets/arm/core/model.h"
#include "targets/arm/core/raise.h"
#include "targets/arm/core/state.h"
#include "tcg/ir/builder.h"
#include "tcg/runtime/region_walk.h"

namespace xarch::arm {

using tcg::After;

struct Lift : tcg::RegionWalk {
  Lift(ir::Builder& builder, const Model& m, const tcg::LiftLimits& limits)
      : RegionWalk(builder, limits, kSlotNzcv), model(m) {}

  const Model& model;
  uint32_t word = 0;  // the instruction

  // The floating-point mode has the bit (fp_state.h).
  bool mode(KeyMode bit) const { return (b.key().mode & bit) != 0; }

  // ---- registers. 31 is zero in x, w and r; the stack pointer in the forms with _sp.
  ir::Value x(unsigned n) { return n == 31 ? b.i64(0) : b.get(kXSlot[n]); }
  ir::Value w(unsigned n) { return n == 31 ? b.i32(0) : b.trunc(b.get(kXSlot[n]), ir::Type::kI32); }
  ir::Value r(bool sf, unsigned n) { return sf ? x(n) : w(n); }
  ir::Value x_sp(unsigned n) { return b.get(kXSlot[n]); }
  ir::Value r_sp(bool sf, unsigned n) { return sf ? x_sp(n) : b.trunc(x_sp(n), ir::Type::kI32); }
  // Values narrower than 64 bits are zero-extended.
  void put(unsigned n, ir::Value v) {
    if (n != 31) put_sp(n, v);
  }
  void put_sp(unsigned n, ir::Value v) {
    if (v.type == ir::Type::kI64) return b.put(kXSlot[n], v);
    b.put(kXSlot[n], b.zext(v, ir::Type::kI64));
  }
  ir::Type type(bool sf) const { return sf ? ir::Type::kI64 : ir::Type::kI32; }
  ir::Value constant(bool sf, uint64_t v) { return b.iconst(type(sf), sf ? v : static_cast<uint32_t>(v)); }

  // Start of the 4 KiB page that holds the instruction, plus `bytes`. Code is moved by whole pages only.
  ir::Value page(int64_t bytes) {
    const uint64_t in_page = (b.key().pc + static_cast<uint64_t>(here)) & 0xfff;
    return b.pcrel(here - static_cast<int64_t>(in_page) + bytes);
  }

  // ---- vectors
  ir::Value v(unsigned n) { return b.get(v_slot(n)); }
  ir::Value v64(unsigned n) { return b.vconvert(ir::Op::kVLo, ir::Type::kV64, v(n)); }
  // A vector operand of 64 or 128 bits.
  ir::Value vq(bool q, unsigned n) { return q ? v(n) : v64(n); }
  ir::Type vtype(bool q) const { return q ? ir::Type::kV128 : ir::Type::kV64; }
  // Vector register n := v (64 or 128 bits), the rest zero.
  void put_v(unsigned n, ir::Value v);
  // A vector instruction saturated if any bit of mask (64 or 128 bits) is set.
  void note_saturation(ir::Value mask);
  // Lowest lane (log2 of its bytes) of a vector register, zero-extended to i32 or i64.
  ir::Value lane(unsigned n, unsigned size, unsigned index) {
    return b.vextract(size == 3 ? ir::Type::kI64 : ir::Type::kI32, v(n), size, index);
  }
  // Vector register n := integer of 32 or 64 bits (narrower ones zero-extended to 32), the rest zero.
  void put_scalar(unsigned n, ir::Value v);

  // What the last SHA-256 rounds took in and what came out, in both layouts (lift_crypto.cc).
  struct Sha256 {
    bool valid = false;
    ir::ValueId in[3];
    ir::Value abcd, efgh, feba, hgdc;
  } sha256 = {};

  // ---- flags
  ir::Value flags() { return b.get(kSlotNzcv); }
  void put_flags(ir::Value f) {
    flags_written = true;
    b.put(kSlotNzcv, f);
  }
  // A condition field.
  ir::Value condition(unsigned cond);
  ir::Value carry() { return b.flags_test(flags(), ir::FlagCond::kC); }
  // The four flag bits of an instruction's immediate (N Z C V from bit 3 down).
  ir::Value flags_imm(unsigned nzcv) {
    return b.flags_const(static_cast<uint16_t>((nzcv & 8 ? ir::kFlagN : 0) | (nzcv & 4 ? ir::kFlagZ : 0) |
                                               (nzcv & 2 ? ir::kFlagC : 0) | (nzcv & 1 ? ir::kFlagV : 0)));
  }

  // ---- helpers
  ir::Value call(const ir::HelperDesc& h, ir::Type t, std::initializer_list<ir::Value> args) {
    return b.call(h, t, args);
  }

  // ---- endings, besides those of RegionWalk
  void undefined();
};

// The number that an 8-bit floating-point immediate stands for, as bits.
uint64_t vfp_immediate(uint64_t imm8, bool is_double);

// Lifts one instruction. One specialization per line of the table.
template <Insn I>
void lift(Lift& c, Enc<I> e);
#define A64(name, pattern, feature, legal, effect) \
  template <>                                      \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e);
#include "targets/arm/core/a64.def"
#undef A64

}  // namespace xarch::arm
