// The table of SIMD instructions (simd_ops.def) as an enum and as encoding rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xarch::x86_64 {

// Where operands sit. reg, rm and vvvv are the fields of the encoding; the destination comes first.
enum class SimdForm : uint8_t {
  kRm,      // reg xmm, rm xmm/memory
  kRmMem,   // reg xmm, rm memory
  kRvm,     // reg xmm, (VEX: vvvv xmm,) rm xmm/memory
  kRvmMem,  // reg xmm, (VEX: vvvv xmm,) rm memory
  kMr,      // rm memory, reg xmm
  kMx,      // rm xmm/memory, reg xmm
  kRg,      // reg xmm, rm general register/memory
  kRvg,     // reg xmm, (VEX: vvvv xmm,) rm general register/memory
  kGr,      // reg general register, rm xmm/memory
  kMg,      // rm general register/memory, reg xmm
};

enum class SimdWide : uint8_t { kNo256, kDouble, kFixed, kOnly256 };
enum class SimdIsa : uint8_t { kBoth, kSse, kAvx };

// Instructions by mnemonic; see simd_ops.def for the suffixes.
enum class Simd : uint16_t {
#define XARCH_SIMD(name, form, prefix, map, opcode, w, imm, mem, wide, isa) name,
#include "tcg/backend/x86_64/simd_ops.def"
};

// Shifts by an immediate.
enum class SimdShift : uint8_t {
#define XARCH_SIMD_SHIFT(name, opcode, extension) name,
#include "tcg/backend/x86_64/simd_ops.def"
};

struct SimdRow {
  const char* name;
  SimdForm form;
  uint8_t pp;  // mandatory prefix as VEX numbers it: none, 66, f3, f2
  uint8_t map;
  uint8_t opcode;
  bool w;
  bool imm;
  uint8_t mem;
  SimdWide wide;
  SimdIsa isa;
};

struct SimdShiftRow {
  const char* name;
  uint8_t opcode;
  uint8_t extension;
};

// The VEX number of a mandatory prefix byte (0 for none).
constexpr uint8_t prefix_number(unsigned byte) {
  return byte == 0x66 ? 1 : byte == 0xf3 ? 2 : byte == 0xf2 ? 3 : 0;
}

inline constexpr SimdRow kSimdRows[] = {
#define XARCH_SIMD(name, form, prefix, map, opcode, w, imm, mem, wide, isa) \
  {#name, SimdForm::form, prefix_number(prefix), map, opcode, w, imm, mem, SimdWide::wide, SimdIsa::isa},
#include "tcg/backend/x86_64/simd_ops.def"
};

inline constexpr SimdShiftRow kSimdShiftRows[] = {
#define XARCH_SIMD_SHIFT(name, opcode, extension) {#name, opcode, extension},
#include "tcg/backend/x86_64/simd_ops.def"
};

inline constexpr size_t kSimdCount = sizeof(kSimdRows) / sizeof(kSimdRows[0]);
inline constexpr size_t kSimdShiftCount = sizeof(kSimdShiftRows) / sizeof(kSimdShiftRows[0]);

constexpr const SimdRow& simd_row(Simd op) { return kSimdRows[static_cast<size_t>(op)]; }
constexpr const SimdShiftRow& simd_row(SimdShift op) { return kSimdShiftRows[static_cast<size_t>(op)]; }

}  // namespace xarch::x86_64
