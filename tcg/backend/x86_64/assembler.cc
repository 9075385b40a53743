#include "tcg/backend/x86_64/assembler.h"

#include <algorithm>

#include "tcg/support/log.h"

namespace xarch::x86_64 {

void Assembler::reset(uint8_t* begin, uint8_t* end, int64_t run_delta) {
  begin_ = cursor_ = begin;
  end_ = end;
  run_delta_ = run_delta;
  num_labels_ = 0;
}

void Encoder::more_labels() { labels_.resize(2 * labels_.size() + 64); }

void Assembler::bind(Label l) {
  LabelState& s = labels_[l.id];
  if (s.position >= 0) Log::fatal("assembler: label %u bound twice", l.id);
  s.position = static_cast<int32_t>(size());
  for (uint32_t link = s.long_chain; link != 0;) {
    const uint32_t field = (link & kOffsetMask) - 1;
    const uint32_t trailing = link >> kTrailingShift;
    std::memcpy(&link, begin_ + field, sizeof link);
    const int32_t rel = s.position - static_cast<int32_t>(field + 4 + trailing);
    std::memcpy(begin_ + field, &rel, sizeof rel);
  }
  for (uint32_t link = s.short_chain; link != 0;) {
    const uint32_t field = link - 1;
    const uint8_t back = begin_[field];
    const int32_t rel = s.position - static_cast<int32_t>(field + 1);
    if (!fits8(rel)) Log::fatal("assembler: short jump at %u does not reach label %u", field, l.id);
    begin_[field] = static_cast<uint8_t>(rel);
    link = back == 0 ? 0 : link - back;
  }
  s.long_chain = s.short_chain = 0;
}

uint8_t* Encoder::put_label32(uint8_t* p, Label l, unsigned trailing) {
  LabelState& s = labels_[l.id];
  const uint32_t field = static_cast<uint32_t>(p - begin_);
  if (s.position >= 0) {
    const int32_t rel = s.position - static_cast<int32_t>(field + 4 + trailing);
    std::memcpy(p, &rel, sizeof rel);
  } else {
    if (field >= kOffsetMask) Log::fatal("assembler: buffer too large for labels");
    std::memcpy(p, &s.long_chain, sizeof s.long_chain);
    s.long_chain = (field + 1) | trailing << kTrailingShift;
  }
  return p + 4;
}

uint8_t* Encoder::put_rip(uint8_t* p, unsigned reg, const Mem& m, unsigned trailing) {
  *p++ = static_cast<uint8_t>(reg << 3 | 5);
  if (m.to_label) return put_label32(p, Label{static_cast<uint32_t>(m.disp)}, trailing);
  const uint64_t next = reinterpret_cast<uintptr_t>(p + 4 + trailing) + static_cast<uint64_t>(run_delta_);
  const int64_t rel = static_cast<int64_t>(m.address() - next);
  assert(fits32(rel));
  return put_disp32(p, static_cast<int32_t>(rel));
}

void Encoder::op_rm_other(Opcode op, unsigned bits, unsigned reg, const Mem& m, unsigned trailing,
                          bool force_rex) {
  uint8_t* p = cursor_;
  if (m.gs) *p++ = 0x65;
  if (m.narrow) *p++ = 0x67;
  p = legacy_head(p, op, bits, (reg >> 3) << 2 | mem_xb(m), force_rex);
  cursor_ = put_mem(p, reg & 7, m, trailing);
}

void Encoder::long_jump(unsigned map, unsigned code, Label l) {
  uint8_t* p = cursor_;
  *p = 0x0f;
  p += map;
  *p++ = static_cast<uint8_t>(code);
  cursor_ = put_label32(p, l, 0);
}

void Encoder::long_jump(unsigned map, unsigned code, HostPc target) {
  uint8_t* p = cursor_;
  *p = 0x0f;
  p += map;
  *p++ = static_cast<uint8_t>(code);
  const int64_t rel = target - (p + 4 + run_delta_);
  assert(fits32(rel));
  cursor_ = put_disp32(p, static_cast<int32_t>(rel));
}

void Encoder::short_jump(unsigned code, Label l) {
  *cursor_++ = static_cast<uint8_t>(code);
  LabelState& s = labels_[l.id];
  const uint32_t field = static_cast<uint32_t>(cursor_ - begin_);
  int32_t value = 0;
  if (s.position >= 0) {
    value = s.position - static_cast<int32_t>(field + 1);
    if (!fits8(value)) Log::fatal("assembler: short jump at %u does not reach label %u", field, l.id);
  } else {
    // Two short jumps to one label further apart than this cannot both reach it.
    value = s.short_chain == 0 ? 0 : static_cast<int32_t>(field + 1 - s.short_chain);
    if (value > 127)
      Log::fatal("assembler: short jump at %u does not reach label %u", s.short_chain - 1, l.id);
    s.short_chain = field + 1;
  }
  *cursor_++ = static_cast<uint8_t>(value);
}

void Assembler::mov_imm(unsigned bits, Reg d, uint64_t value) {
  if (bits == 64 && value > 0xffffffffu) {
    if (fits32(static_cast<int64_t>(value))) {
      op_rr({0, 0, 0xc7}, 64, 0, num(d), false);
      put32(static_cast<uint32_t>(value));
      return;
    }
    put8(0x48 | num(d) >> 3);
    put8(0xb8 | (num(d) & 7));
    put64(value);
    return;
  }
  if (bits == 16) put8(0x66);
  if (num(d) >= (bits == 8 ? 4 : 8)) put8(0x40 | num(d) >> 3);
  put8((bits == 8 ? 0xb0 : 0xb8) | (num(d) & 7));
  put_imm(bits, static_cast<int32_t>(value));
}

void Assembler::movzx(Reg d, unsigned src_bits, Reg s) {
  if (src_bits == 32) return mov(32, d, s);
  op_rr(map1_op(src_bits, 0xb6), 32, num(d), num(s), low8(src_bits, s));
}

void Assembler::movzx(Reg d, unsigned src_bits, const Mem& s) {
  if (src_bits == 32) return mov(32, d, s);
  op_rm(map1_op(src_bits, 0xb6), 32, num(d), s, 0, false);
}

void Assembler::movsx(unsigned bits, Reg d, unsigned src_bits, Reg s) {
  const Opcode op = src_bits == 32 ? Opcode{0, 0, 0x63} : map1_op(src_bits, 0xbe);
  op_rr(op, bits, num(d), num(s), low8(src_bits, s));
}

void Assembler::movsx(unsigned bits, Reg d, unsigned src_bits, const Mem& s) {
  const Opcode op = src_bits == 32 ? Opcode{0, 0, 0x63} : map1_op(src_bits, 0xbe);
  op_rm(op, bits, num(d), s, 0, false);
}

void Assembler::bswap(unsigned bits, Reg r) {
  assert(bits == 32 || bits == 64);
  const unsigned rex = (bits == 64 ? 8 : 0) | num(r) >> 3;
  if (rex != 0) put8(0x40 | rex);
  put8(0x0f);
  put8(0xc8 | (num(r) & 7));
}

void Assembler::push(Reg r) {
  if (num(r) >= 8) put8(0x41);
  put8(0x50 | (num(r) & 7));
}

void Assembler::pop(Reg r) {
  if (num(r) >= 8) put8(0x41);
  put8(0x58 | (num(r) & 7));
}

void Assembler::push_imm(int32_t value) {
  const bool small = fits8(value);
  put8(small ? 0x6a : 0x68);
  put_imm(small ? 8 : 32, value);
}

void Assembler::alu(Alu op, unsigned bits, Reg d, int32_t imm) {
  const int32_t v = bits == 16 ? static_cast<int16_t>(imm) : imm;
  if (bits != 8 && fits8(v)) {
    op_rr({0, 0, 0x83}, bits, static_cast<unsigned>(op), num(d), false);
    return put8(static_cast<unsigned>(v));
  }
  if (d == Reg::rax) {  // an encoding without ModRM
    if (bits == 16) put8(0x66);
    if (bits == 64) put8(0x48);
    put8(num8(op, 4) | (bits != 8));
  } else {
    op_rr(int_op(bits, 0x80), bits, static_cast<unsigned>(op), num(d), low8(bits, d));
  }
  put_imm(bits, imm);
}

void Assembler::alu(Alu op, unsigned bits, const Mem& d, int32_t imm) {
  const int32_t v = bits == 16 ? static_cast<int16_t>(imm) : imm;
  if (bits != 8 && fits8(v)) {
    op_rm({0, 0, 0x83}, bits, static_cast<unsigned>(op), d, 1, false);
    return put8(static_cast<unsigned>(v));
  }
  op_rm(int_op(bits, 0x80), bits, static_cast<unsigned>(op), d, imm_size(bits), false);
  put_imm(bits, imm);
}

void Assembler::test(unsigned bits, Reg a, int32_t imm) {
  if (a == Reg::rax) {  // an encoding without ModRM
    if (bits == 16) put8(0x66);
    if (bits == 64) put8(0x48);
    put8(0xa8 | (bits != 8));
  } else {
    op_rr(int_op(bits, 0xf6), bits, 0, num(a), low8(bits, a));
  }
  put_imm(bits, imm);
}

void Assembler::imul(unsigned bits, Reg d, Reg s, int32_t imm) {
  const bool small = fits8(bits == 16 ? static_cast<int16_t>(imm) : imm);
  op_rr({0, 0, static_cast<uint8_t>(small ? 0x6b : 0x69)}, bits, num(d), num(s), false);
  put_imm(small ? 8 : bits, imm);
}

void Assembler::imul(unsigned bits, Reg d, const Mem& s, int32_t imm) {
  const bool small = fits8(bits == 16 ? static_cast<int16_t>(imm) : imm);
  op_rm({0, 0, static_cast<uint8_t>(small ? 0x6b : 0x69)}, bits, num(d), s, small ? 1 : imm_size(bits),
        false);
  put_imm(small ? 8 : bits, imm);
}

void Assembler::shift(Shift op, unsigned bits, Reg r, unsigned count) {
  const bool one = count == 1;
  op_rr(int_op(bits, one ? 0xd0 : 0xc0), bits, static_cast<unsigned>(op), num(r), low8(bits, r));
  if (!one) put8(count);
}

void Assembler::shift(Shift op, unsigned bits, const Mem& m, unsigned count) {
  const bool one = count == 1;
  op_rm(int_op(bits, one ? 0xd0 : 0xc0), bits, static_cast<unsigned>(op), m, one ? 0 : 1, false);
  if (!one) put8(count);
}

bool Assembler::reachable(const void* target) const {
  const int64_t t = static_cast<int64_t>(reinterpret_cast<uintptr_t>(target));
  const int64_t lo = static_cast<int64_t>(reinterpret_cast<uintptr_t>(begin_)) + run_delta_;
  const int64_t hi = static_cast<int64_t>(reinterpret_cast<uintptr_t>(end_)) + run_delta_;
  return fits32(t - lo) && fits32(t - hi);
}

void Assembler::nop(size_t n) {
  // The multi-byte forms that Intel's and AMD's optimization manuals recommend: nop r/m with growing
  // displacements.
  static constexpr uint8_t kNops[9][9] = {
      {0x90},
      {0x66, 0x90},
      {0x0f, 0x1f, 0x00},
      {0x0f, 0x1f, 0x40, 0x00},
      {0x0f, 0x1f, 0x44, 0x00, 0x00},
      {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
      {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
      {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
      {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
  };
  while (n != 0) {
    const size_t k = std::min<size_t>(n, 9);
    std::memcpy(cursor_, kNops[k - 1], k);
    cursor_ += k;
    n -= k;
  }
}

void Assembler::align(size_t n) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(cursor_) + static_cast<uintptr_t>(run_delta_);
  nop((0 - at) & (n - 1));
}

}  // namespace xarch::x86_64
