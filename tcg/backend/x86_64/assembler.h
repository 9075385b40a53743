// Assembler: writes x86-64 machine code at a cursor. Everything on the hot path is inline and unchecked; the
// caller makes sure with reserve() that there is room (kMaxInstruction bytes for each call). Operands come in
// Intel's order, destination first. `bits` is the operand size: 8, 16, 32 or 64, and 128 or 256 for the VEX
// forms. 8-bit registers are always the low ones (spl, bpl, sil, dil for 4 to 7).
#pragma once

#include "tcg/backend/x86_64/encoder.h"

namespace xarch::x86_64 {

class Assembler : private Encoder {
 public:
  // Upper bound of what one call writes.
  static constexpr size_t kMaxInstruction = 16;

  Assembler() = default;
  // Code goes to [begin, end). If it will run at another address than it is written at (a second mapping of
  // the same memory), run_delta is run address minus write address, in bytes.
  Assembler(uint8_t* begin, uint8_t* end, int64_t run_delta = 0) { reset(begin, end, run_delta); }
  // Starts over with another buffer and no labels.
  void reset(uint8_t* begin, uint8_t* end, int64_t run_delta = 0);

  uint8_t* begin() const { return begin_; }
  uint8_t* end() const { return end_; }
  uint8_t* cursor() const { return cursor_; }
  size_t size() const { return static_cast<size_t>(cursor_ - begin_); }
  // The address that a written byte will run at.
  HostPc run_address(const uint8_t* written) const { return written + run_delta_; }
  // True if n bytes still fit.
  bool reserve(size_t n = kMaxInstruction) const { return static_cast<size_t>(end_ - cursor_) >= n; }
  // Goes back to an earlier position, dropping what was written since. No label bound or used since may be
  // used again.
  void rewind(uint8_t* to) { cursor_ = to; }

  // ---- Labels. A label may be used before or after it is bound; each must be bound once if it is used.
  Label new_label() {
    if (num_labels_ == labels_.size()) [[unlikely]]
      more_labels();
    labels_[num_labels_] = LabelState();
    return Label{num_labels_++};
  }
  // Sets the label to the cursor and completes the references made so far. Aborts if a short reference does
  // not reach.
  void bind(Label l);
  bool is_bound(Label l) const { return labels_[l.id].position >= 0; }
  // Offset of a bound label from begin().
  size_t offset(Label l) const { return static_cast<size_t>(labels_[l.id].position); }

  // ---- Moves.
  void mov(unsigned bits, Reg d, Reg s) { op_rr(int_op(bits, 0x88), bits, num(s), num(d), low8(bits, s, d)); }
  void mov(unsigned bits, Reg d, const Mem& s) {
    op_rm(int_op(bits, 0x8a), bits, num(d), s, 0, low8(bits, d));
  }
  void mov(unsigned bits, const Mem& d, Reg s) {
    op_rm(int_op(bits, 0x88), bits, num(s), d, 0, low8(bits, s));
  }
  // Loads a constant by the shortest encoding that leaves the flags alone. Writes the whole register for 32
  // and 64.
  void mov_imm(unsigned bits, Reg d, uint64_t value);
  // Stores a constant; for 64 bits it is sign-extended from 32.
  void mov_imm(unsigned bits, const Mem& d, int32_t value) {
    op_rm(int_op(bits, 0xc6), bits, 0, d, imm_size(bits), false);
    put_imm(bits, value);
  }
  // Zero-extends src_bits (8, 16, 32) to 64.
  void movzx(Reg d, unsigned src_bits, Reg s);
  void movzx(Reg d, unsigned src_bits, const Mem& s);
  // Sign-extends src_bits (8, 16, 32; less than bits) to bits; 32 zero-extends the result to 64.
  void movsx(unsigned bits, Reg d, unsigned src_bits, Reg s);
  void movsx(unsigned bits, Reg d, unsigned src_bits, const Mem& s);
  // Byte-swapping load and store (16, 32, 64; needs MOVBE).
  void movbe(unsigned bits, Reg d, const Mem& s) { op_rm({2, 0, 0xf0}, bits, num(d), s, 0, false); }
  void movbe(unsigned bits, const Mem& d, Reg s) { op_rm({2, 0, 0xf1}, bits, num(s), d, 0, false); }
  void bswap(unsigned bits, Reg r);
  void xchg(unsigned bits, Reg a, Reg b) {
    op_rr(int_op(bits, 0x86), bits, num(b), num(a), low8(bits, a, b));
  }
  // Atomic without a lock prefix.
  void xchg(unsigned bits, const Mem& m, Reg r) {
    op_rm(int_op(bits, 0x86), bits, num(r), m, 0, low8(bits, r));
  }
  void lea(unsigned bits, Reg d, const Mem& s) { op_rm({0, 0, 0x8d}, bits, num(d), s, 0, false); }
  void push(Reg r);
  void pop(Reg r);
  void push(const Mem& m) { op_rm({0, 0, 0xff}, 32, 6, m, 0, false); }
  void pop(const Mem& m) { op_rm({0, 0, 0x8f}, 32, 0, m, 0, false); }
  void push_imm(int32_t value);

  // ---- Arithmetic and logic. Immediates are sign-extended to the operand size.
  void alu(Alu op, unsigned bits, Reg d, Reg s) {
    op_rr(int_op(bits, num8(op, 0)), bits, num(s), num(d), low8(bits, s, d));
  }
  void alu(Alu op, unsigned bits, Reg d, const Mem& s) {
    op_rm(int_op(bits, num8(op, 2)), bits, num(d), s, 0, low8(bits, d));
  }
  void alu(Alu op, unsigned bits, const Mem& d, Reg s) {
    op_rm(int_op(bits, num8(op, 0)), bits, num(s), d, 0, low8(bits, s));
  }
  void alu(Alu op, unsigned bits, Reg d, int32_t imm);
  void alu(Alu op, unsigned bits, const Mem& d, int32_t imm);
  void test(unsigned bits, Reg a, Reg b) {
    op_rr(int_op(bits, 0x84), bits, num(b), num(a), low8(bits, a, b));
  }
  void test(unsigned bits, const Mem& a, Reg b) {
    op_rm(int_op(bits, 0x84), bits, num(b), a, 0, low8(bits, b));
  }
  void test(unsigned bits, Reg a, int32_t imm);
  void test(unsigned bits, const Mem& a, int32_t imm) {
    op_rm(int_op(bits, 0xf6), bits, 0, a, imm_size(bits), false);
    put_imm(bits, imm);
  }
  void unary(Unary op, unsigned bits, Reg r) {
    op_rr(int_op(bits, 0xf6), bits, static_cast<unsigned>(op), num(r), low8(bits, r));
  }
  void unary(Unary op, unsigned bits, const Mem& m) {
    op_rm(int_op(bits, 0xf6), bits, static_cast<unsigned>(op), m, 0, false);
  }
  // Leave the carry flag alone.
  void inc(unsigned bits, Reg r) { op_rr(int_op(bits, 0xfe), bits, 0, num(r), low8(bits, r)); }
  void inc(unsigned bits, const Mem& m) { op_rm(int_op(bits, 0xfe), bits, 0, m, 0, false); }
  void dec(unsigned bits, Reg r) { op_rr(int_op(bits, 0xfe), bits, 1, num(r), low8(bits, r)); }
  void dec(unsigned bits, const Mem& m) { op_rm(int_op(bits, 0xfe), bits, 1, m, 0, false); }
  // d = s * imm (16, 32, 64).
  void imul(unsigned bits, Reg d, Reg s, int32_t imm);
  void imul(unsigned bits, Reg d, const Mem& s, int32_t imm);

  // ---- Shifts: by a count (0 to bits - 1), or by cl.
  void shift(Shift op, unsigned bits, Reg r, unsigned count);
  void shift(Shift op, unsigned bits, const Mem& m, unsigned count);
  void shift_cl(Shift op, unsigned bits, Reg r) {
    op_rr(int_op(bits, 0xd2), bits, static_cast<unsigned>(op), num(r), low8(bits, r));
  }
  void shift_cl(Shift op, unsigned bits, const Mem& m) {
    op_rm(int_op(bits, 0xd2), bits, static_cast<unsigned>(op), m, 0, false);
  }
  // d shifted, filled from s (16, 32, 64).
  void shld(unsigned bits, Reg d, Reg s, unsigned count) { double_shift(0xa4, bits, d, s, count); }
  void shrd(unsigned bits, Reg d, Reg s, unsigned count) { double_shift(0xac, bits, d, s, count); }
  void shld_cl(unsigned bits, Reg d, Reg s) { op_rr({1, 0, 0xa5}, bits, num(s), num(d), false); }
  void shrd_cl(unsigned bits, Reg d, Reg s) { op_rr({1, 0, 0xad}, bits, num(s), num(d), false); }
  // d = s rotated right; flags untouched (32, 64; needs BMI2).
  void rorx(unsigned bits, Reg d, Reg s, unsigned count) {
    vex_rr({3, 3, 0xf0}, bits == 64, false, num(d), 0, num(s));
    put8(count);
  }
  void rorx(unsigned bits, Reg d, const Mem& s, unsigned count) {
    vex_rm({3, 3, 0xf0}, bits == 64, false, num(d), 0, s, 1);
    put8(count);
  }
  // ---- Bit tests: by number, or by a register taken modulo bits (16, 32, 64).
  void bit(Bit op, unsigned bits, Reg r, unsigned number) {
    op_rr({1, 0, 0xba}, bits, static_cast<unsigned>(op), num(r), false);
    put8(number);
  }
  void bit(Bit op, unsigned bits, const Mem& m, unsigned number) {
    op_rm({1, 0, 0xba}, bits, static_cast<unsigned>(op), m, 1, false);
    put8(number);
  }
  void bit(Bit op, unsigned bits, Reg r, Reg number) {
    op_rr({1, 0, static_cast<uint8_t>(0x83 | static_cast<unsigned>(op) << 3)}, bits, num(number), num(r),
          false);
  }
  // CRC-32C of src_bits (8 to 64) of s into d.
  void crc32(unsigned src_bits, Reg d, Reg s) {
    op_rr({2, 3, static_cast<uint8_t>(src_bits == 8 ? 0xf0 : 0xf1)}, src_bits, num(d), num(s),
          low8(src_bits, s));
  }
  void crc32(unsigned src_bits, Reg d, const Mem& s) {
    op_rm({2, 3, static_cast<uint8_t>(src_bits == 8 ? 0xf0 : 0xf1)}, src_bits, num(d), s, 0, false);
  }

  // ---- Conditions.
  void setcc(Cc cc, Reg r) { op_rr({1, 0, num8(cc, 0x90)}, 8, 0, num(r), low8(8, r)); }
  void setcc(Cc cc, const Mem& m) { op_rm({1, 0, num8(cc, 0x90)}, 8, 0, m, 0, false); }
  // 16, 32, 64. A 32-bit move clears the upper half even if the condition is false; a load happens always.
  void cmov(Cc cc, unsigned bits, Reg d, Reg s) {
    op_rr({1, 0, num8(cc, 0x40)}, bits, num(d), num(s), false);
  }
  void cmov(Cc cc, unsigned bits, Reg d, const Mem& s) {
    op_rm({1, 0, num8(cc, 0x40)}, bits, num(d), s, 0, false);
  }

  // ---- Jumps. To a label: short when it is bound and near, else with 32 bits. The _short forms always take
  // 8 bits: the label must turn out to be within 127 bytes. Host addresses must be within 2 GB (see
  // reachable).
  void jcc(Cc cc, Label l) { long_or_short(1, num8(cc, 0x80), num8(cc, 0x70), l); }
  void jmp(Label l) { long_or_short(0, 0xe9, 0xeb, l); }
  void call(Label l) { long_jump(0, 0xe8, l); }
  void jcc_short(Cc cc, Label l) { short_jump(num8(cc, 0x70), l); }
  void jmp_short(Label l) { short_jump(0xeb, l); }
  void jcc(Cc cc, HostPc target) { long_jump(1, num8(cc, 0x80), target); }
  void jmp(HostPc target) { long_jump(0, 0xe9, target); }
  void call(HostPc target) { long_jump(0, 0xe8, target); }
  void jmp(Reg r) { op_rr({0, 0, 0xff}, 32, 4, num(r), false); }
  void jmp(const Mem& m) { op_rm({0, 0, 0xff}, 32, 4, m, 0, false); }
  void call(Reg r) { op_rr({0, 0, 0xff}, 32, 2, num(r), false); }
  void call(const Mem& m) { op_rm({0, 0, 0xff}, 32, 2, m, 0, false); }
  // True if a direct jump or rip-relative access from anywhere in the buffer reaches the host address.
  bool reachable(const void* target) const;

  // ---- Atomics: with a lock prefix.
  void lock_alu(Alu op, unsigned bits, const Mem& d, Reg s) { put8(0xf0), alu(op, bits, d, s); }
  void lock_alu(Alu op, unsigned bits, const Mem& d, int32_t imm) { put8(0xf0), alu(op, bits, d, imm); }
  void lock_xadd(unsigned bits, const Mem& m, Reg r) {
    put8(0xf0), op_rm(map1_op(bits, 0xc0), bits, num(r), m, 0, low8(bits, r));
  }
  // Compares al/ax/eax/rax with memory; equal: ZF=1 and memory = r, else it loads the accumulator.
  void lock_cmpxchg(unsigned bits, const Mem& m, Reg r) {
    put8(0xf0), op_rm(map1_op(bits, 0xb0), bits, num(r), m, 0, low8(bits, r));
  }
  // The same with edx:eax and ecx:ebx, rdx:rax and rcx:rbx (memory aligned to 16).
  void lock_cmpxchg8b(const Mem& m) { put8(0xf0), op_rm({1, 0, 0xc7}, 32, 1, m, 0, false); }
  void lock_cmpxchg16b(const Mem& m) { put8(0xf0), op_rm({1, 0, 0xc7}, 64, 1, m, 0, false); }

  // ---- Segment bases (need FSGSBASE).
  void rdfsbase(Reg r) { op_rr({1, 2, 0xae}, 64, 0, num(r), false); }
  void rdgsbase(Reg r) { op_rr({1, 2, 0xae}, 64, 1, num(r), false); }
  void wrfsbase(Reg r) { op_rr({1, 2, 0xae}, 64, 2, num(r), false); }
  void wrgsbase(Reg r) { op_rr({1, 2, 0xae}, 64, 3, num(r), false); }

  // ---- x87: an opcode byte D8 to DF with a second one C0 to FF, or with a number in the ModRM byte and
  // memory.
  void x87(unsigned opcode, unsigned second) { put8(opcode), put8(second); }
  void x87(unsigned opcode, unsigned number, const Mem& m) {
    op_rm({0, 0, static_cast<uint8_t>(opcode)}, 32, number, m, 0, false);
  }

  // ---- Tables of int_ops.def.
#define XARCH_FIXED(name, mnemonic, length, bytes) \
  void name() { put_fixed(length, bytes); }
#define XARCH_REG_RM(name, prefix, map, opcode)                               \
  void name(unsigned bits, Reg d, Reg s) {                                    \
    op_rr({map, prefix_number(prefix), opcode}, bits, num(d), num(s), false); \
  }                                                                           \
  void name(unsigned bits, Reg d, const Mem& s) {                             \
    op_rm({map, prefix_number(prefix), opcode}, bits, num(d), s, 0, false);   \
  }
#define XARCH_BMI_RVM(name, prefix, opcode)                                                  \
  void name(unsigned bits, Reg d, Reg s1, Reg s2) {                                          \
    vex_rr({2, prefix_number(prefix), opcode}, bits == 64, false, num(d), num(s1), num(s2)); \
  }                                                                                          \
  void name(unsigned bits, Reg d, Reg s1, const Mem& s2) {                                   \
    vex_rm({2, prefix_number(prefix), opcode}, bits == 64, false, num(d), num(s1), s2, 0);   \
  }
#define XARCH_BMI_RMV(name, prefix, opcode)                                                  \
  void name(unsigned bits, Reg d, Reg s1, Reg s2) {                                          \
    vex_rr({2, prefix_number(prefix), opcode}, bits == 64, false, num(d), num(s2), num(s1)); \
  }                                                                                          \
  void name(unsigned bits, Reg d, const Mem& s1, Reg s2) {                                   \
    vex_rm({2, prefix_number(prefix), opcode}, bits == 64, false, num(d), num(s2), s1, 0);   \
  }
#define XARCH_BMI_GROUP(name, extension)                                \
  void name(unsigned bits, Reg d, Reg s) {                              \
    vex_rr({2, 0, 0xf3}, bits == 64, false, extension, num(d), num(s)); \
  }                                                                     \
  void name(unsigned bits, Reg d, const Mem& s) {                       \
    vex_rm({2, 0, 0xf3}, bits == 64, false, extension, num(d), s, 0);   \
  }
#define XARCH_MEM_ONLY(name, prefix, map, opcode, extension, w, mem, access)            \
  void name(const Mem& m) {                                                             \
    op_rm({map, prefix_number(prefix), opcode}, (w) ? 64 : 32, extension, m, 0, false); \
  }
#include "tcg/backend/x86_64/int_ops.def"

  // ---- SIMD, legacy encoding: the destination is also the first source. imm is used by rows that have an
  // imm8.
  void sse(Simd op, Xmm d, Xmm s, int imm = 0) { sse_rr(simd_row(op), num(d), num(s), imm); }
  void sse(Simd op, Xmm d, const Mem& s, int imm = 0) { sse_rm(simd_row(op), num(d), s, imm); }
  void sse(Simd op, const Mem& d, Xmm s, int imm = 0) { sse_rm(simd_row(op), num(s), d, imm); }
  void sse(Simd op, Xmm d, Reg s, int imm = 0) { sse_rr(simd_row(op), num(d), num(s), imm); }
  void sse(Simd op, Reg d, Xmm s, int imm = 0) {
    const bool to_rm = simd_row(op).form == SimdForm::kMg;
    sse_rr(simd_row(op), to_rm ? num(s) : num(d), to_rm ? num(d) : num(s), imm);
  }
  void sse(Simd op, Reg d, const Mem& s) { sse_rm(simd_row(op), num(d), s, 0); }
  void sse_shift(SimdShift op, Xmm d, unsigned count) {
    op_rr({1, 1, simd_row(op).opcode}, 32, simd_row(op).extension, num(d), false);
    put8(count);
  }

  // ---- SIMD, VEX encoding; bits is 128 (also for scalars) or 256. The upper part of the destination becomes
  // zero. Three-operand forms name both sources, two-operand forms (SimdForm::kRm, kMr, kRg, kGr, kMg, kMx)
  // one.
  void avx(Simd op, unsigned bits, Xmm d, Xmm s1, Xmm s2, int imm = 0) {
    avx_rr(simd_row(op), bits, num(d), num(s1), num(s2), imm);
  }
  void avx(Simd op, unsigned bits, Xmm d, Xmm s1, const Mem& s2, int imm = 0) {
    avx_rm(simd_row(op), bits, num(d), num(s1), s2, imm);
  }
  void avx(Simd op, unsigned bits, Xmm d, Xmm s1, Reg s2, int imm = 0) {
    avx_rr(simd_row(op), bits, num(d), num(s1), num(s2), imm);
  }
  void avx(Simd op, unsigned bits, Xmm d, Xmm s, int imm = 0) {
    const bool to_rm = simd_row(op).form == SimdForm::kMx;
    avx_rr(simd_row(op), bits, to_rm ? num(s) : num(d), 0, to_rm ? num(d) : num(s), imm);
  }
  void avx(Simd op, unsigned bits, Xmm d, const Mem& s, int imm = 0) {
    avx_rm(simd_row(op), bits, num(d), 0, s, imm);
  }
  void avx(Simd op, unsigned bits, const Mem& d, Xmm s, int imm = 0) {
    avx_rm(simd_row(op), bits, num(s), 0, d, imm);
  }
  void avx(Simd op, unsigned bits, Xmm d, Reg s) { avx_rr(simd_row(op), bits, num(d), 0, num(s), 0); }
  void avx(Simd op, unsigned bits, Reg d, Xmm s, int imm = 0) {
    const bool to_rm = simd_row(op).form == SimdForm::kMg;
    avx_rr(simd_row(op), bits, to_rm ? num(s) : num(d), 0, to_rm ? num(d) : num(s), imm);
  }
  void avx(Simd op, unsigned bits, Reg d, const Mem& s) { avx_rm(simd_row(op), bits, num(d), 0, s, 0); }
  void avx_shift(SimdShift op, unsigned bits, Xmm d, Xmm s, unsigned count) {
    vex_rr({1, 1, simd_row(op).opcode}, false, bits == 256, simd_row(op).extension, num(d), num(s));
    put8(count);
  }

  // ---- Padding and data.
  // n bytes of no-operation, in as few instructions as possible. The caller reserves n.
  void nop(size_t n = 1);
  // Pads with nops to a multiple of n (a power of two) of the run address. The caller reserves n.
  void align(size_t n);
  void put8(unsigned v) { *cursor_++ = static_cast<uint8_t>(v); }
  void put16(unsigned v) { put_raw(static_cast<uint16_t>(v)); }
  void put32(uint32_t v) { put_raw(v); }
  void put64(uint64_t v) { put_raw(v); }

 private:
  void long_or_short(unsigned map, unsigned long_code, unsigned short_code, Label l) {
    const int32_t position = labels_[l.id].position;
    if (position >= 0 && static_cast<int32_t>(size()) - position <= 126) {
      short_jump(short_code, l);
    } else {
      long_jump(map, long_code, l);
    }
  }
  void double_shift(uint8_t code, unsigned bits, Reg d, Reg s, unsigned count) {
    op_rr({1, 0, code}, bits, num(s), num(d), false);
    put8(count);
  }
};

}  // namespace xarch::x86_64
