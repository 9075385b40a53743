// Operands of x86-64 instructions: registers, memory, condition codes and the numbers of instruction groups.
// Shared by the assembler (which writes them) and the operand decoder (which reads them back).
#pragma once

#include <cstddef>
#include <cstdint>

namespace xarch::x86_64 {

// General registers, numbered as the encoding numbers them.
enum class Reg : uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  none = 0xff,
};

// SSE/AVX registers; whether 128 or 256 bits count is the instruction's matter.
enum class Xmm : uint8_t {
  xmm0,
  xmm1,
  xmm2,
  xmm3,
  xmm4,
  xmm5,
  xmm6,
  xmm7,
  xmm8,
  xmm9,
  xmm10,
  xmm11,
  xmm12,
  xmm13,
  xmm14,
  xmm15,
  none = 0xff,
};

constexpr unsigned num(Reg r) { return static_cast<unsigned>(r); }
constexpr unsigned num(Xmm x) { return static_cast<unsigned>(x); }

// Condition codes, numbered as in jcc/setcc/cmovcc.
enum class Cc : uint8_t { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };

// The opposite condition.
constexpr Cc operator!(Cc cc) { return static_cast<Cc>(static_cast<unsigned>(cc) ^ 1); }

// A position in code; made by Assembler::new_label.
struct Label {
  uint32_t id = ~0u;
};

// A memory operand: [base + (index << scale) + disp], each part optional; or rip-relative.
struct Mem {
  Reg base = Reg::none;
  Reg index = Reg::none;  // not rsp
  uint8_t scale = 0;      // log2: 0..3
  bool gs = false;        // relative to the gs base
  bool narrow = false;    // the sum counts modulo 2^32, before the gs base is added; not with rip
  bool rip = false;       // made by absolute() and label(); excludes base and index
  bool to_label = false;  // rip only: disp is a label's id, else disp and high form an absolute host address
  int32_t disp = 0;
  int32_t high = 0;

  static constexpr Mem at(Reg base, int32_t disp = 0) { return Mem{.base = base, .disp = disp}; }
  static constexpr Mem at(Reg base, Reg index, unsigned scale = 0, int32_t disp = 0) {
    return Mem{.base = base, .index = index, .scale = static_cast<uint8_t>(scale), .disp = disp};
  }
  // The same with the gs base added.
  constexpr Mem in_gs() const {
    Mem m = *this;
    m.gs = true;
    return m;
  }
  // The same modulo 2^32.
  constexpr Mem in_32_bits() const {
    Mem m = *this;
    m.narrow = true;
    return m;
  }
  // A fixed host address within 2 GB of the code, encoded relative to rip.
  static Mem absolute(const void* address) {
    const uint64_t a = reinterpret_cast<uintptr_t>(address);
    return Mem{.rip = true, .disp = static_cast<int32_t>(a), .high = static_cast<int32_t>(a >> 32)};
  }
  // Data or code at a label of the same assembler, encoded relative to rip.
  static constexpr Mem label(Label l) {
    return Mem{.rip = true, .to_label = true, .disp = static_cast<int32_t>(l.id)};
  }

  constexpr uint64_t address() const {
    return static_cast<uint32_t>(disp) | static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32;
  }
};

// Numbers of the two-operand arithmetic group, of the shifts, of the one-operand group and of the bit tests.
enum class Alu : uint8_t { kAdd, kOr, kAdc, kSbb, kAnd, kSub, kXor, kCmp };
enum class Shift : uint8_t { kRol, kRor, kRcl, kRcr, kShl, kShr, kSar = 7 };
enum class Unary : uint8_t {
  kNot = 2,
  kNeg,
  kMul,
  kImul,
  kDiv,
  kIdiv
};  // the last four: rdx:rax and operand
enum class Bit : uint8_t { kBt = 4, kBts, kBtr, kBtc };

// What an instruction does to its memory operand.
enum class Access : uint8_t { kNone, kRead, kWrite, kReadWrite };

}  // namespace xarch::x86_64
