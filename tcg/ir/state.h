// Guest-state slots: what a target declares once about its registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tcg/ir/types.h"

namespace xarch::ir {

using SlotId = uint16_t;
inline constexpr SlotId kNoSlot = 0xffff;

// One register. Slots that overlap in the state (W in X, S in D in Q) are aliases of each other; writing one
// leaves the other bytes alone.
struct Slot {
  std::string_view name;
  Type type;
  uint16_t offset;     // in the vCPU's state block, in bytes
  uint16_t count = 1;  // > 1: an array of `count` consecutive elements, for get_idx and put_idx
  int16_t gdb = -1;    // gdb's register number, -1 if it has none
  int8_t hot = -1;     // rank 0..9 among the slots kept in host registers between blocks, -1 otherwise
  bool loose =
      false;  // at a memory fault it may have an older value (a backend says when); it overlaps no other slot

  constexpr unsigned bytes() const { return type_bytes(type) * count; }
  constexpr bool contains(const Slot& part) const {
    return part.offset >= offset && part.offset + part.bytes() <= offset + bytes();
  }
};

// All of a target's slots. Immutable and with static lifetime.
struct StateLayout {
  std::span<const Slot> slots;
  SlotId pc;             // an i64 slot: the guest's pc whenever emitted code is left
  uint32_t state_bytes;  // size of the target's state struct, which begins with tcg::CpuHeader
  // i16 slots: the environment of f80 ops (ops.def). Without them there are none.
  SlotId f80_control = kNoSlot;
  SlotId f80_flags = kNoSlot;
  SlotId f80_up = kNoSlot;  // written by f80.note
};

// The slot of packed flags, the first one if there are several; kNoSlot without one.
constexpr SlotId flags_slot(const StateLayout& layout) {
  for (size_t s = 0; s < layout.slots.size(); ++s) {
    if (layout.slots[s].type == Type::kFlags) return static_cast<SlotId>(s);
  }
  return kNoSlot;
}

// Which slots share bytes with which.
class SlotOverlaps {
 public:
  SlotOverlaps() = default;
  explicit SlotOverlaps(const StateLayout& layout);
  bool any(SlotId slot) const { return first_[slot] != first_[slot + 1u]; }
  // The slots that overlap this one, without itself.
  std::span<const SlotId> operator[](SlotId slot) const {
    return {others_.data() + first_[slot], others_.data() + first_[slot + 1u]};
  }

 private:
  std::vector<SlotId> others_;
  std::vector<uint32_t> first_;  // others_[first_[slot], first_[slot + 1]) belong to a slot
};

}  // namespace xarch::ir
