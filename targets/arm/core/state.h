// Arm64State: the registers of an AArch64 vCPU, and the slots by which the IR names them.
#pragma once

#include <array>
#include <cstdint>

#include "tcg/ir/state.h"
#include "tcg/runtime/cpu.h"

namespace xarch::arm {

// One vector register; lane 0 is at the lowest address.
struct alignas(16) Vector {
  union {
    uint8_t b[16];
    uint16_t h[8];
    uint32_t s[4];
    uint64_t d[2];
  };
};

// excl_addr while no exclusive load is outstanding.
inline constexpr uint64_t kNoMonitor = ~uint64_t{0};

namespace state_types {
using I64 = uint64_t;
using Flags = uint16_t;
using V128 = Vector;
}  // namespace state_types

struct Arm64State {
  tcg::CpuHeader hdr;
#define SLOT(id, member, type, gdb, hot) state_types::type member;
#define ALIAS(id, member, offset, type)
#include "targets/arm/core/state.def"
#undef SLOT
#undef ALIAS

  // General register n, 0..30; 31 is the stack pointer.
  uint64_t& x(unsigned n);
  uint64_t x(unsigned n) const { return const_cast<Arm64State*>(this)->x(n); }
  // Vector register n, 0..31.
  Vector& v(unsigned n) { return (&v0)[n]; }
  const Vector& v(unsigned n) const { return (&v0)[n]; }

  // NZCV in the architecture's layout (bits 31..28), from and to the packed slot.
  uint32_t nzcv_bits() const;
  void set_nzcv_bits(uint32_t bits);

  // FPSR as the guest sees it: the parts that lie in slots and in the header folded together, and back
  // (fp_state.cc).
  uint32_t fpsr_value() const;
  void set_fpsr(uint32_t bits);

  // The state of a new process: everything zero, no exclusive monitor.
  void reset();
};

enum SlotIndex : ir::SlotId {
#define SLOT(id, member, type, gdb, hot) kSlot##id,
#define ALIAS(id, member, offset, type) kSlot##id,
#include "targets/arm/core/state.def"
#undef SLOT
#undef ALIAS
  kNumSlots
};

// Slot of general register n; 31 is the stack pointer.
inline constexpr std::array<ir::SlotId, 32> kXSlot = {
    kSlotX0,  kSlotX1,  kSlotX2,  kSlotX3,  kSlotX4,  kSlotX5,  kSlotX6,  kSlotX7,
    kSlotX8,  kSlotX9,  kSlotX10, kSlotX11, kSlotX12, kSlotX13, kSlotX14, kSlotX15,
    kSlotX16, kSlotX17, kSlotX18, kSlotX19, kSlotX20, kSlotX21, kSlotX22, kSlotX23,
    kSlotX24, kSlotX25, kSlotX26, kSlotX27, kSlotX28, kSlotX29, kSlotX30, kSlotSp};
// Slot of vector register n.
constexpr ir::SlotId v_slot(unsigned n) { return static_cast<ir::SlotId>(kSlotV0 + n); }

// All slots of Arm64State.
const ir::StateLayout& arm64_layout();

}  // namespace xarch::arm
