// X86State: the registers of an x86 vCPU, and the slots by which the IR names them.
#pragma once

#include <array>
#include <cstdint>

#include "tcg/ir/state.h"
#include "tcg/runtime/cpu.h"

namespace xarch::x86 {

namespace state_types {
using I64 = uint64_t;
using Flags = uint16_t;
}  // namespace state_types

// Bits of RFLAGS.
enum Eflags : uint32_t {
  kEflagsC = 1u << 0,
  kEflagsFixed = 1u << 1,  // always set
  kEflagsP = 1u << 2,
  kEflagsA = 1u << 4,
  kEflagsZ = 1u << 6,
  kEflagsS = 1u << 7,
  kEflagsT = 1u << 8,
  kEflagsI = 1u << 9,
  kEflagsD = 1u << 10,
  kEflagsO = 1u << 11,
  kEflagsNt = 1u << 14,
  kEflagsAc = 1u << 18,
  kEflagsId = 1u << 21,
  kEflagsArithmetic = kEflagsC | kEflagsP | kEflagsA | kEflagsZ | kEflagsS | kEflagsO,
  // What POPF may change besides in user mode.
  kEflagsOfUser = kEflagsT | kEflagsNt | kEflagsAc | kEflagsId
};

struct X86State {
  tcg::CpuHeader hdr;
#define SLOT(id, member, type, gdb, hot) state_types::type member;
#include "targets/x86/core/state.def"
#undef SLOT
  uint32_t code32;  // not 0 in 32-bit mode

  // General register n, 0 to 15, as instructions number them.
  uint64_t& gpr(unsigned n);
  uint64_t gpr(unsigned n) const { return const_cast<X86State*>(this)->gpr(n); }

  // RFLAGS, from and to the slots that its parts lie in.
  uint64_t rflags() const;
  void set_rflags(uint64_t bits);

  // The state of a new process: registers zero, interrupts on, 64-bit mode.
  void reset();
};

enum SlotIndex : ir::SlotId {
#define SLOT(id, member, type, gdb, hot) kSlot##id,
#include "targets/x86/core/state.def"
#undef SLOT
  kNumSlots
};

// Slot of general register n, as instructions number them.
inline constexpr std::array<ir::SlotId, 16> kGprSlot = {
    kSlotRax, kSlotRcx, kSlotRdx, kSlotRbx, kSlotRsp, kSlotRbp, kSlotRsi, kSlotRdi,
    kSlotR8,  kSlotR9,  kSlotR10, kSlotR11, kSlotR12, kSlotR13, kSlotR14, kSlotR15};

enum Gpr : uint8_t { kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi, kR11 = 11 };

// BlockKey::mode.
enum Mode : uint32_t { kModeCode32 = 1 };

// All slots of X86State.
const ir::StateLayout& x86_layout();

}  // namespace xarch::x86
