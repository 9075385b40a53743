// The made-up guest of random regions: its slots and helpers. For random_ir.cc alone; RandomState is in
// random_ir.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "tests/support/random_ir.h"
#include "tests/support/spoil.h"

namespace xarch::test::random_guest {

using ir::Slot;
using ir::SlotId;
using ir::Type;

inline constexpr uint16_t at(size_t offset) { return static_cast<uint16_t>(offset); }
inline constexpr size_t kX = offsetof(RandomState, x);
inline constexpr size_t kQ = offsetof(RandomState, q);
inline constexpr size_t kF = offsetof(RandomState, f);

inline constexpr Slot kSlots[] = {
    {.name = "pc", .type = Type::kI64, .offset = at(offsetof(RandomState, pc))},
    {.name = "x0", .type = Type::kI64, .offset = at(kX), .hot = 0},
    {.name = "x1", .type = Type::kI64, .offset = at(kX + 8), .hot = 1},
    {.name = "x2", .type = Type::kI64, .offset = at(kX + 16), .hot = 2},
    {.name = "x3", .type = Type::kI64, .offset = at(kX + 24), .hot = 3},
    {.name = "x4", .type = Type::kI64, .offset = at(kX + 32), .hot = 4},
    {.name = "x5", .type = Type::kI64, .offset = at(kX + 40), .hot = 5},
    {.name = "x6", .type = Type::kI64, .offset = at(kX + 48), .hot = 6},
    {.name = "x7", .type = Type::kI64, .offset = at(kX + 56), .hot = 7},
    {.name = "x8", .type = Type::kI64, .offset = at(kX + 64), .hot = 8},
    {.name = "x9", .type = Type::kI64, .offset = at(kX + 72), .hot = 9},
    {.name = "x10", .type = Type::kI64, .offset = at(kX + 80)},
    {.name = "x11", .type = Type::kI64, .offset = at(kX + 88)},
    {.name = "w0", .type = Type::kI32, .offset = at(kX)},
    {.name = "w1", .type = Type::kI32, .offset = at(kX + 8)},
    {.name = "w3", .type = Type::kI32, .offset = at(kX + 24)},
    {.name = "w10", .type = Type::kI32, .offset = at(kX + 80)},
    {.name = "b0", .type = Type::kI8, .offset = at(kX)},
    {.name = "h1", .type = Type::kI16, .offset = at(kX + 8)},
    {.name = "m2", .type = Type::kI8, .offset = at(kX + 17)},
    {.name = "flags", .type = Type::kFlags, .offset = at(offsetof(RandomState, flags))},
    {.name = "c", .type = Type::kI1, .offset = at(offsetof(RandomState, c))},
    {.name = "win", .type = Type::kI64, .offset = at(offsetof(RandomState, win)), .count = 8},
    {.name = "win3", .type = Type::kI64, .offset = at(offsetof(RandomState, win) + 24)},
    {.name = "q0", .type = Type::kV128, .offset = at(kQ)},
    {.name = "q1", .type = Type::kV128, .offset = at(kQ + 16)},
    {.name = "q2", .type = Type::kV128, .offset = at(kQ + 32)},
    {.name = "q3", .type = Type::kV128, .offset = at(kQ + 48)},
    {.name = "d0", .type = Type::kV64, .offset = at(kQ)},
    {.name = "s0", .type = Type::kF32, .offset = at(kQ)},
    {.name = "e1", .type = Type::kF64, .offset = at(kQ + 16)},
    {.name = "wide", .type = Type::kI128, .offset = at(offsetof(RandomState, wide))},
    {.name = "f0", .type = Type::kF80, .offset = at(kF)},
    {.name = "f1", .type = Type::kF80, .offset = at(kF + 16)},
    {.name = "f2", .type = Type::kF80, .offset = at(kF + 32)},
    {.name = "f3", .type = Type::kF80, .offset = at(kF + 48)},
    {.name = "mm0", .type = Type::kV64, .offset = at(kF)},
    {.name = "se1", .type = Type::kI16, .offset = at(kF + 24)},
    {.name = "f80_control", .type = Type::kI16, .offset = at(offsetof(RandomState, f80_control))},
    {.name = "f80_flags", .type = Type::kI16, .offset = at(offsetof(RandomState, f80_flags))},
    {.name = "f80_up", .type = Type::kI16, .offset = at(offsetof(RandomState, f80_up)), .loose = true},
    {.name = "xs", .type = Type::kI64, .offset = at(kX + 8), .count = 5},
    {.name = "ws", .type = Type::kI32, .offset = at(kX + 76), .count = 4},
    {.name = "qs", .type = Type::kV128, .offset = at(kQ + 16), .count = 3},
    {.name = "count", .type = Type::kI32, .offset = at(offsetof(RandomState, count))},
};
inline constexpr SlotId kCountSlot = std::size(kSlots) - 1;
inline constexpr SlotId kFirstX = 1;
inline constexpr SlotId kF80Control = kCountSlot - 6, kF80Flags = kCountSlot - 5, kF80Up = kCountSlot - 4;
static_assert(kSlots[kF80Flags].name == "f80_flags");
// Neither read nor written by gets and puts.
inline constexpr bool is_reserved(SlotId s) {
  return s == kCountSlot || s == 0 || s == kF80Control || s == kF80Flags || s == kF80Up;
}
inline constexpr SlotId kFlagsSlot = 20, kCarrySlot = 21, kWinSlot = 22;
static_assert(kSlots[kFlagsSlot].type == Type::kFlags && kSlots[kCarrySlot].type == Type::kI1);
inline constexpr SlotId kArrays[] = {kWinSlot, kCountSlot - 3, kCountSlot - 2, kCountSlot - 1};
static_assert(kSlots[kWinSlot].count == 8 && kSlots[kCountSlot - 3].count == 5);
inline constexpr ir::StateLayout kLayout{kSlots, 0, sizeof(RandomState), kF80Control, kF80Flags, kF80Up};

// ---- helpers of the made-up guest

inline uint64_t help_mix(void*, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  spoil_registers();
  return (a * 3 ^ b) + (c << 7) - d;
}
inline uint64_t help_swap(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  RandomState& s = *static_cast<RandomState*>(state);
  const uint64_t old = s.x[1];
  s.x[1] = s.x[4] + a;
  return old;
}
inline uint64_t help_any(void* state, uint64_t a, uint64_t b, uint64_t, uint64_t) {
  RandomState& s = *static_cast<RandomState*>(state);
  spoil_registers();
  for (uint64_t& x : s.x) x = x * 5 + a;
  s.q[0][1] ^= b;
  s.win[3] += a;
  return s.x[7];
}
inline uint64_t help_leave(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  RandomState& s = *static_cast<RandomState*>(state);
  s.x[2] = a;
  if (a & 1) {
    s.pc = a;
    s.hdr.request_exit(tcg::Exit::kRaise, 77, a);
  }
  return a + 1;
}
inline uint64_t help_peek(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  uint64_t v;
  std::memcpy(&v, reinterpret_cast<const void*>(static_cast<RandomState*>(state)->hdr.guest_base + a), 8);
  return v;
}
inline constexpr SlotId kSwapReads[] = {kFirstX + 1, kFirstX + 4};
inline constexpr SlotId kSwapWrites[] = {kFirstX + 1};
inline constexpr ir::HelperDesc kMix{"mix", help_mix,
                                     ir::kHelperPure | ir::kHelperNoFault | ir::kHelperNoMem};
inline constexpr ir::HelperDesc kSwap{"swap", help_swap,
                                      ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState,
                                      kSwapReads, kSwapWrites};
inline constexpr ir::HelperDesc kAny{"any", help_any};
inline constexpr ir::HelperDesc kLeave{"leave", help_leave, ir::kHelperNoFault | ir::kHelperMayExit};

inline constexpr ir::HelperDesc kPeek{"peek", help_peek, ir::kHelperListsState};

}  // namespace xarch::test::random_guest
