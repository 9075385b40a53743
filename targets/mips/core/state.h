// The MIPS32 guest's registers: the struct behind a vCPU's state block, its slots and the mode bits of its
// keys.
#pragma once

#include <cstdint>

#include "tcg/ir/state.h"
#include "tcg/runtime/cpu.h"

namespace xarch::mips {

struct State {
  tcg::CpuHeader hdr;
  uint32_t gpr[32];  // [0] is never read
  uint64_t pc;       // zero-extended
  uint32_t hi;
  uint32_t lo;
  uint32_t branch_target;
  uint32_t in_slot;
  uint32_t ll_addr;
  uint32_t ll_value;
  uint32_t user_local;
};

enum Reg : ir::SlotId {
#define REG(id, name, type, member, gdb, hot) k##id,
#include "targets/mips/core/state.def"
#undef REG
  kNumSlots
};

// State::ll_addr when no LL is open: never the address of an SC, which is aligned.
inline constexpr uint32_t kNoLink = ~uint32_t{0};

// BlockKey::mode.
enum Mode : uint32_t {
  kModeSlot = 1u << 0,    // pc is the delay slot of a branch that is done; State::branch_target comes next
  kModeLittle = 1u << 1,  // little-endian data and instructions
};

// All slots, for the translator.
const ir::StateLayout& layout();

}  // namespace xarch::mips
