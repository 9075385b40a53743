// HostState: what the host registers hold at a point of emission. Small and copyable: a side exit compiles
// from a copy.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>

#include "tcg/backend/x86_64/regs.h"
#include "tcg/ir/region.h"

namespace xarch::x86_64 {

// What one register holds. A register may hold several live values (equal ones), and besides be the cache of
// one slot.
struct alignas(16) RegState {
  static constexpr unsigned kMaxVals = 4;
  ir::ValueId vals[kMaxVals];
  uint8_t num_vals = 0;
  ir::SlotId slot = ir::kNoSlot;  // for a pin: its own slot, always
  uint16_t stamp = 0;             // of last use, for choosing what to evict
  // Vector registers: bytes from this one on are known to be zero. Partial: only the bytes below are the
  // slot's, which is not dirty then.
  uint8_t zero_from = 16;
  bool partial = false;

  void remove(ir::ValueId v) {
    for (unsigned i = 0; i < num_vals; ++i) {
      if (vals[i] == v) {
        vals[i] = vals[--num_vals];
        return;
      }
    }
  }
};

// The host's arithmetic flags: which packed-flags value they stand for.
struct FlagsState {
  static constexpr unsigned kMaxVals = 4;
  // What set them: an integer operation, or a comparison of floating-point numbers in the order of the IR's
  // operands or the other way round.
  enum Kind : uint8_t { kInteger, kFcmp, kFcmpSwapped } kind = kInteger;
  bool valid = false;          // they stand for something
  ir::ValueId vals[kMaxVals];  // live values they are
  uint8_t num_vals = 0;
  bool inverted = false;          // the value's C is the complement of CF
  ir::SlotId slot = ir::kNoSlot;  // slot that holds (or shall hold) this value
  bool dirty = false;             // the slot's place in the state block is out of date
};

// The host's x87 stack, from the bottom. An entry holds live values (equal ones), and is the cache of slots.
struct F80Stack {
  static constexpr unsigned kMaxVals = 4, kMaxSlots = 4;
  static constexpr unsigned kLimit = 7;  // entries: one is left for copies on their way to memory
  struct Entry {
    ir::ValueId vals[kMaxVals];
    ir::SlotId slots[kMaxSlots];
    uint8_t num_vals = 0, num_slots = 0;
    uint8_t dirty = 0;  // a bit for each of slots: its place in the state block is out of date
    uint8_t loose = 0;  // the same: at a fault it may be (f80.drop)
  };
  Entry entries[kLimit];
  unsigned depth = 0;

  F80Stack() = default;
  // Only what there is: most code has nothing.
  F80Stack(const F80Stack& from) { *this = from; }
  F80Stack& operator=(const F80Stack& from) {
    depth = from.depth;
    for (unsigned p = 0; p < depth; ++p) entries[p] = from.entries[p];
    return *this;
  }

  unsigned top() const { return depth - 1; }
  unsigned st(unsigned p) const { return depth - 1 - p; }  // its number, as instructions count
  bool any_dirty() const {
    for (unsigned p = 0; p < depth; ++p) {
      if (entries[p].dirty != 0) return true;
    }
    return false;
  }
  void remove(ir::ValueId v) {
    for (unsigned p = 0; p < depth; ++p) {
      Entry& e = entries[p];
      for (unsigned k = 0; k < e.num_vals; ++k) {
        if (e.vals[k] == v) e.vals[k] = e.vals[--e.num_vals];
      }
    }
  }
};

// Loose slots whose place in the state block is out of date.
struct LateSlots {
  enum class Up : uint8_t { kStored, kInStatusWord, kZero };
  Up up = Up::kStored;   // of StateLayout::f80_up: in the host's x87 status word, or nothing but a zero
  bool up_dead = false;  // nothing but a memory fault sees it before it is overwritten
  bool pc_dead = false;  // the same of pc_slot
  // A position of the guest's code, as an offset from the region's start.
  ir::SlotId pc_slot = ir::kNoSlot;
  int64_t pc_offset = 0;

  bool any() const { return up != Up::kStored || pc_slot != ir::kNoSlot; }
  void put_up(Up where) { up = where, up_dead = false; }
  void put_pc(ir::SlotId slot, int64_t offset) { pc_slot = slot, pc_offset = offset, pc_dead = false; }
};

struct HostState {
  HostState() = default;
  HostState(const HostState& from) { *this = from; }
  // Registers that are empty are not looked at: most are.
  HostState& operator=(const HostState& from) {
    f80 = from.f80;
    late = from.late;
    flags = from.flags;
    dirty = from.dirty;
    for_each(used() & ~from.used(), [&](HostReg r) { regs[r] = RegState(); });
    holding = from.holding;
    caching = from.caching;
    for_each_used([&](HostReg r) { regs[r] = from.regs[r]; });
    return *this;
  }

  F80Stack f80;
  LateSlots late;
  std::array<RegState, kNumHostRegs> regs;
  FlagsState flags;
  // Registers that hold values, that cache a slot, and of the latter those whose slot's place in the state
  // block is out of date. All others are empty and need not be looked at.
  uint32_t holding = 0;
  uint32_t caching = 0;
  uint32_t dirty = 0;
  uint32_t used() const { return holding | caching; }

  // The register holds this value as well; it is not full.
  void add(HostReg r, ir::ValueId v) {
    RegState& reg = regs[r];
    reg.vals[reg.num_vals++] = v;
    holding |= 1u << r;
  }
  // It does not hold this value any more, which it did.
  void remove(HostReg r, ir::ValueId v) {
    RegState& reg = regs[r];
    if (reg.num_vals != 1) return reg.remove(v);
    assert(reg.vals[0] == v);
    drop_values(r);
  }
  void drop_values(HostReg r) {
    regs[r].num_vals = 0;
    holding &= ~(1u << r);
  }
  void drop_all_values() {
    for_each(holding, [&](HostReg r) { regs[r].num_vals = 0; });
    holding = 0;
  }
  void cache(HostReg r, ir::SlotId s) {
    regs[r].slot = s;
    caching |= 1u << r;
  }
  void drop_slot(HostReg r) {
    regs[r].slot = ir::kNoSlot;
    regs[r].partial = false;
    caching &= ~(1u << r);
    set_clean(r);
  }

  bool is_dirty(HostReg r) const { return dirty >> r & 1; }
  void set_dirty(HostReg r) { dirty |= 1u << r; }
  void set_clean(HostReg r) { dirty &= ~(1u << r); }
  bool flags_dirty() const { return flags.valid && flags.dirty; }

  template <typename F>
  void for_each_used(F f) const {
    for_each(used(), f);
  }
  template <typename F>
  void for_each_caching(F f) const {
    for_each(caching, f);
  }
  template <typename F>
  void for_each_dirty(F f) const {
    for_each(dirty, f);
  }

 private:
  template <typename F>
  static void for_each(uint32_t registers, F f) {
    for (; registers != 0; registers &= registers - 1) f(static_cast<HostReg>(__builtin_ctz(registers)));
  }
};
static_assert(kNumHostRegs <= 32);

}  // namespace xarch::x86_64
