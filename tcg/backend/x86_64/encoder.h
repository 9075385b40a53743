// Encoder: the assembler's inner layer. Writes prefixes, opcode, ModRM, SIB and displacement of one
// instruction in the legacy and VEX encodings (Intel SDM volume 2, chapter 2), and keeps labels and their
// open references.
#pragma once

#include <cassert>
#include <cstring>
#include <vector>

#include "tcg/backend/x86_64/operands.h"
#include "tcg/backend/x86_64/simd_ops.h"
#include "tcg/support/types.h"

namespace xarch::x86_64 {

class Encoder {
 protected:
  // Where an opcode stands: map (0 one-byte, 1 0F, 2 0F38, 3 0F3A), mandatory prefix by its VEX number,
  // opcode byte.
  struct Opcode {
    uint8_t map;
    uint8_t pp;
    uint8_t code;
  };

  // Opcodes whose lowest bit says "not 8 bits".
  static constexpr Opcode int_op(unsigned bits, unsigned code) {
    return {0, 0, static_cast<uint8_t>(code | (bits != 8))};
  }
  static constexpr Opcode map1_op(unsigned bits, unsigned code) {
    return {1, 0, static_cast<uint8_t>(code | (bits != 8))};
  }
  static constexpr uint8_t num8(Alu op, unsigned low) {
    return static_cast<uint8_t>(static_cast<unsigned>(op) << 3 | low);
  }
  static constexpr uint8_t num8(Cc cc, unsigned base) {
    return static_cast<uint8_t>(base | static_cast<unsigned>(cc));
  }
  // True if a byte register needs a REX prefix so that 4 to 7 do not mean ah to bh.
  static constexpr bool low8(unsigned bits, Reg a, Reg b = Reg::rax) {
    return bits == 8 && (num(a) | num(b)) >= 4;
  }
  static constexpr unsigned imm_size(unsigned bits) { return bits == 8 ? 1 : bits == 16 ? 2 : 4; }
  static constexpr bool fits8(int64_t v) { return v == static_cast<int8_t>(v); }
  static constexpr bool fits32(int64_t v) { return v == static_cast<int32_t>(v); }

  template <typename T>
  void put_raw(T v) {
    std::memcpy(cursor_, &v, sizeof v);
    cursor_ += sizeof v;
  }
  void put_fixed(unsigned length, uint32_t bytes) {
    std::memcpy(cursor_, &bytes, sizeof bytes);  // kMaxInstruction bytes are reserved: writing four is safe
    cursor_ += length;
  }
  void put_imm(unsigned bits, int32_t imm) {
    const uint32_t v = static_cast<uint32_t>(imm);
    std::memcpy(cursor_, &v, sizeof v);
    cursor_ += imm_size(bits);
  }

  // A register form: reg and rm are register numbers, or reg an opcode extension.
  void op_rr(Opcode op, unsigned bits, unsigned reg, unsigned rm, bool force_rex) {
    uint8_t* p = legacy_head(cursor_, op, bits, (reg >> 3) << 2 | rm >> 3, force_rex);
    *p++ = static_cast<uint8_t>(0xc0 | (reg & 7) << 3 | (rm & 7));
    cursor_ = p;
  }
  // A memory form; trailing is the number of immediate bytes that the caller appends (rip counts from behind
  // them).
  void op_rm(Opcode op, unsigned bits, unsigned reg, const Mem& m, unsigned trailing, bool force_rex) {
    if (m.gs | m.narrow | m.rip || m.base == Reg::none || m.index != Reg::none)
      return op_rm_other(op, bits, reg, m, trailing, force_rex);
    uint8_t* p = legacy_head(cursor_, op, bits, (reg >> 3) << 2 | num(m.base) >> 3, force_rex);
    const unsigned base = num(m.base) & 7;
    const unsigned mod = m.disp == 0 && base != 5 ? 0 : fits8(m.disp) ? 1 : 2;
    *p++ = static_cast<uint8_t>(mod << 6 | (reg & 7) << 3 | base);
    *p = 0x24;
    p += base == 4;
    put_disp32(p, m.disp);
    cursor_ = p + mod * mod;  // 0, 1 or 4 bytes of it
  }
  void vex_rr(Opcode op, bool w, bool l, unsigned reg, unsigned vvvv, unsigned rm) {
    uint8_t* p = vex_head(cursor_, op, w, l, (reg >> 3) << 2 | rm >> 3, vvvv);
    *p++ = static_cast<uint8_t>(0xc0 | (reg & 7) << 3 | (rm & 7));
    cursor_ = p;
  }
  void vex_rm(Opcode op, bool w, bool l, unsigned reg, unsigned vvvv, const Mem& m, unsigned trailing) {
    uint8_t* p = cursor_;
    if (m.gs) *p++ = 0x65;
    if (m.narrow) *p++ = 0x67;
    p = vex_head(p, op, w, l, (reg >> 3) << 2 | mem_xb(m), vvvv);
    cursor_ = put_mem(p, reg & 7, m, trailing);
  }

  void sse_rr(const SimdRow& row, unsigned reg, unsigned rm, int imm) {
    assert(row.isa != SimdIsa::kAvx);
    op_rr({row.map, row.pp, row.opcode}, row.w ? 64 : 32, reg, rm, false);
    if (row.imm) *cursor_++ = static_cast<uint8_t>(imm);
  }
  void sse_rm(const SimdRow& row, unsigned reg, const Mem& m, int imm) {
    assert(row.isa != SimdIsa::kAvx && row.mem != 0);
    op_rm({row.map, row.pp, row.opcode}, row.w ? 64 : 32, reg, m, row.imm, false);
    if (row.imm) *cursor_++ = static_cast<uint8_t>(imm);
  }
  void avx_rr(const SimdRow& row, unsigned bits, unsigned reg, unsigned vvvv, unsigned rm, int imm) {
    assert(row.isa != SimdIsa::kSse &&
           (bits == 256 ? row.wide != SimdWide::kNo256 : row.wide != SimdWide::kOnly256));
    vex_rr({row.map, row.pp, row.opcode}, row.w, bits == 256, reg, vvvv, rm);
    if (row.imm) *cursor_++ = static_cast<uint8_t>(imm);
  }
  void avx_rm(const SimdRow& row, unsigned bits, unsigned reg, unsigned vvvv, const Mem& m, int imm) {
    assert(row.isa != SimdIsa::kSse && row.mem != 0);
    assert(bits == 256 ? row.wide != SimdWide::kNo256 : row.wide != SimdWide::kOnly256);
    vex_rm({row.map, row.pp, row.opcode}, row.w, bits == 256, reg, vvvv, m, row.imm);
    if (row.imm) *cursor_++ = static_cast<uint8_t>(imm);
  }

  // Jump or call with a 32-bit displacement to a label or to a run address.
  void long_jump(unsigned map, unsigned code, Label l);
  void long_jump(unsigned map, unsigned code, HostPc target);
  void short_jump(unsigned code, Label l);

  struct LabelState {
    int32_t position = -1;  // offset from begin_, -1 while unbound
    uint32_t long_chain =
        0;  // last 32-bit field that awaits the label; the field holds the link to the one before
    uint32_t short_chain = 0;  // last 8-bit field, likewise
  };
  // Links of the long chain: offset of the field plus one, and the number of bytes between field and
  // instruction end.
  static constexpr unsigned kTrailingShift = 29;
  static constexpr uint32_t kOffsetMask = (1u << kTrailingShift) - 1;

  uint8_t* begin_ = nullptr;
  uint8_t* end_ = nullptr;
  uint8_t* cursor_ = nullptr;
  int64_t run_delta_ = 0;
  std::vector<LabelState> labels_;  // the first num_labels_ are in use
  uint32_t num_labels_ = 0;
  [[gnu::noinline]] void more_labels();

 private:
  static unsigned mem_xb(const Mem& m) {
    // Absent registers (0xff) and rip have bit 3 clear in effect.
    const unsigned b = m.base == Reg::none ? 0 : num(m.base) >> 3;
    const unsigned x = m.index == Reg::none ? 0 : num(m.index) >> 3;
    return x << 1 | b;
  }

  static uint8_t* legacy_head(uint8_t* p, Opcode op, unsigned bits, unsigned rxb, bool force_rex) {
    static constexpr uint8_t kPrefix[4] = {0, 0x66, 0xf3, 0xf2};
    if (bits == 16) *p++ = 0x66;
    if (op.pp != 0) *p++ = kPrefix[op.pp];
    const unsigned rex = (bits == 64 ? 8u : 0u) | rxb;
    *p = static_cast<uint8_t>(0x40 | rex);
    p += (rex != 0) | force_rex;
    if (op.map != 0) {
      *p++ = 0x0f;
      *p = op.map == 2 ? 0x38 : 0x3a;
      p += op.map >> 1;
    }
    *p++ = op.code;
    return p;
  }

  static uint8_t* vex_head(uint8_t* p, Opcode op, bool w, bool l, unsigned rxb, unsigned vvvv) {
    const unsigned low = (~vvvv & 15) << 3 | static_cast<unsigned>(l) << 2 | op.pp;
    if (op.map == 1 && !w && (rxb & 3) == 0) {
      *p++ = 0xc5;
      *p++ = static_cast<uint8_t>((rxb & 4 ? 0 : 0x80) | low);
    } else {
      *p++ = 0xc4;
      *p++ = static_cast<uint8_t>((~rxb & 7) << 5 | op.map);
      *p++ = static_cast<uint8_t>((w ? 0x80 : 0) | low);
    }
    *p++ = op.code;
    return p;
  }

  uint8_t* put_mem(uint8_t* p, unsigned reg, const Mem& m, unsigned trailing) {
    assert(m.index != Reg::rsp);
    if (m.rip) return put_rip(p, reg, m, trailing);
    if (m.base == Reg::none) {
      *p++ = static_cast<uint8_t>(reg << 3 | 4);
      const unsigned index = m.index == Reg::none ? 4 : num(m.index) & 7;
      *p++ = static_cast<uint8_t>(m.scale << 6 | index << 3 | 5);
      return put_disp32(p, m.disp);
    }
    const unsigned base = num(m.base) & 7;
    const unsigned mod = m.disp == 0 && base != 5 ? 0 : fits8(m.disp) ? 1 : 2;
    if (m.index != Reg::none) {
      *p++ = static_cast<uint8_t>(mod << 6 | reg << 3 | 4);
      *p++ = static_cast<uint8_t>(m.scale << 6 | (num(m.index) & 7) << 3 | base);
    } else {
      *p++ = static_cast<uint8_t>(mod << 6 | reg << 3 | base);
      if (base == 4) *p++ = 0x24;
    }
    if (mod == 0) return p;
    if (mod == 2) return put_disp32(p, m.disp);
    *p++ = static_cast<uint8_t>(m.disp);
    return p;
  }
  static uint8_t* put_disp32(uint8_t* p, int32_t disp) {
    std::memcpy(p, &disp, sizeof disp);
    return p + sizeof disp;
  }
  uint8_t* put_rip(uint8_t* p, unsigned reg, const Mem& m, unsigned trailing);
  // What op_rm does for operands that are more than a register and a displacement.
  [[gnu::noinline]] void op_rm_other(Opcode op, unsigned bits, unsigned reg, const Mem& m, unsigned trailing,
                                     bool force_rex);

 protected:
  // The 32-bit field of a reference to a label, at p with trailing bytes of the instruction behind it.
  uint8_t* put_label32(uint8_t* p, Label l, unsigned trailing);
};

}  // namespace xarch::x86_64
