// The decoder: bytes to the row of tables.def they belong to, and all their fields.
#pragma once

#include <cstdint>
#include <span>

#include "targets/x86/core/features.h"
#include "targets/x86/core/row.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

// All rows, in the order of tables.def.
std::span<const Row> rows();

inline constexpr unsigned kMaxInsnBytes = 15;
inline constexpr uint8_t kNoReg = 0xff;
inline constexpr uint8_t kRip = 16;  // Insn::base: the address of the next instruction

enum Prefix : uint8_t {
  kPrefixLock = 1,
  kPrefixRep = 2,    // f3, the last of f3 and f2
  kPrefixRepne = 4,  // f2, likewise
  kPrefixOpsize = 8,
  kPrefixAddress = 16,
  kPrefixRex = 32,
  kPrefixSegment = 64,  // a segment override that counts
  kPrefixVex = 128
};

// A decoded instruction.
struct Insn {
  uint16_t row = 0;
  uint8_t length = 0;  // bytes
  uint8_t opcode = 0;
  uint8_t prefixes = 0;       // Prefix
  uint8_t operand_bytes = 0;  // 2, 4 or 8
  uint8_t address_bytes = 0;  // likewise
  uint8_t vector_bytes = 0;   // 16 or 32
  uint8_t segment = kDs;      // of the memory operand, but for Y
  bool mode64 = false;
  bool w = false;  // REX.W or VEX.W
  uint8_t mod = 3;
  uint8_t reg = 0;   // with REX.R
  uint8_t rm = 0;    // with REX.B; of a register in the opcode too
  uint8_t vvvv = 0;  // VEX.vvvv
  // Memory: base + (index << scale) + disp, modulo the address size.
  uint8_t base = kNoReg;  // kRip too
  uint8_t index = kNoReg;
  uint8_t scale = 0;
  int32_t disp = 0;
  uint16_t imm2 = 0;  // ENTER's level, the selector of a far pointer
  uint64_t imm = 0;   // sign-extended where the operand says so; relative targets and absolute addresses too

  bool has(Prefix p) const { return (prefixes & p) != 0; }
};

enum class Verdict : uint8_t {
  kOk,
  kIllegal,    // no instruction, or none of the features
  kTooLong,    // more than 15 bytes
  kTruncated,  // more bytes are needed to tell
};

// Decodes what starts at code[0]; `available` bytes can be read there, of which at most 15 are. In 64-bit or
// in 32-bit protected mode; code16: in a code segment whose operands and addresses are of 16 bits by default.
Verdict decode(const uint8_t* code, unsigned available, bool mode64, FeatureSet features, Insn* out,
               bool code16 = false);

// An operand of a decoded instruction.
struct Operand {
  enum Type : uint8_t {
    kNone,
    kGpr,
    kHighByte,  // AH CH DH BH: reg is 0 to 3
    kMemory,    // as Insn says; bytes is 0 where only the address counts
    kImmediate,
    kRelative,     // Insn::imm, from the next instruction
    kAbsolute,     // memory at Insn::imm
    kFar,          // Insn::imm2 : Insn::imm
    kSource,       // memory at rSI
    kDestination,  // memory at rDI
    kSegment,
    kControl,
    kDebug,
    kMmx,
    kVector,
    kX87  // reg is the distance from the top
  };
  Type type = kNone;
  uint8_t reg = 0;
  uint8_t bytes = 0;
  uint64_t imm = 0;  // kImmediate
};

// Operand i of the instruction, 0 to 3.
Operand operand(const Insn& insn, unsigned i);

}  // namespace xarch::x86
