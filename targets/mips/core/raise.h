// Codes of the exceptions that MIPS code raises by itself (Exit::kRaise; the state's pc is the instruction's,
// or its branch's if the instruction stands in a delay slot: the EPC of the architecture).
#pragma once

#include <cstdint>

namespace xarch::mips {

enum class Raise : uint8_t {
  kReserved = 1,  // reserved instruction
  kOverflow,      // add, addi, sub
  kBreak,         // operand: the 20-bit code field
  kTrap,          // operand: the 10-bit code field, 0 for the immediate forms
  kCoprocessor,   // coprocessor unusable; operand: its number. Privileged instructions too: 0
  kDebug,         // sdbbp
  kFetchAddress,  // pc is not aligned
};

// CpuHeader::exit_code: the kind, whether the instruction is in a delay slot (Cause.BD), and its operand.
struct RaiseCode {
  Raise kind;
  bool in_slot = false;
  uint32_t operand = 0;  // 20 bits

  constexpr uint32_t pack() const {
    return static_cast<uint32_t>(kind) | uint32_t{in_slot} << 8 | operand << 12;
  }
  static constexpr RaiseCode unpack(uint32_t v) {
    return RaiseCode{static_cast<Raise>(v & 0xff), (v >> 8 & 1) != 0, v >> 12};
  }
};

}  // namespace xarch::mips
