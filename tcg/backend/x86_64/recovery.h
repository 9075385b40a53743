// Recovery records: for each host instruction that may fault, the guest instruction it belongs to and where
// those slots live that are not in their usual place (pinned register or state block).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tcg/backend/x86_64/regs.h"
#include "tcg/ir/state.h"

namespace xarch::x86_64 {

// Where a slot is at a fault.
struct SlotPlace {
  static constexpr uint8_t kEflags = 32;             // packed flags are in the host's flags
  static constexpr uint8_t kEflagsInverted = 33;     // the same, C being the complement of CF
  static constexpr uint8_t kEflagsFcmp = 35;         // they are those of a floating-point comparison
  static constexpr uint8_t kEflagsFcmpSwapped = 36;  // with its operands swapped
  static constexpr uint8_t kState = 34;  // a pinned slot's value is in the state block, not in its register
  static constexpr uint8_t kF80 = 64;    // to 71: in ST(0) to ST(7)
  static constexpr uint8_t kX87Status = 37;  // in the host's x87 status word
  static constexpr uint8_t kZero = 38;
  static constexpr uint8_t kPosition =
      39;  // a position of the guest's code: `offset` from the region's start
  ir::SlotId slot = 0;
  uint8_t place = 0;  // HostReg or one of the above
  int64_t offset = 0;
  bool operator==(const SlotPlace&) const = default;
};

// One faulting site. `trap` sites are ud2 instructions that stand for an access whose address (in trap_reg)
// breaks the guest's alignment rule.
struct RecoverySite {
  uint32_t offset = 0;  // of the host instruction from the code's start
  int64_t pc_offset = 0;
  uint32_t restore = 0;
  bool writes = false;  // counts as a write although the host instruction reads (first half of an atomic)
  bool trap = false;
  bool probe = false;     // with trap: a byte access that stands for the whole one; not misaligned
  uint8_t trap_size = 0;  // log2
  bool trap_write = false;
  uint8_t trap_reg = 0;  // HostReg
};

// No more slots than this are away from their usual place at any time: one in each host register, the flags,
// what the x87 stack has, and two loose ones.
inline constexpr unsigned kMaxPlaces = kNumHostRegs + 1 + 28 + 2;

// Appends sites in order of their offsets. A record holds until the next one: a site of which the same is to
// be said as of the one before needs none of its own, and slot lists that stay the same are stored once.
class RecoveryWriter {
 public:
  // Starts the records of a translation; finish() appends them to *out.
  void begin();
  void finish(std::vector<uint8_t>* out);
  void add(const RecoverySite& site, std::span<const SlotPlace> places);
  // The same for what most sites are: no slot is away, nothing to restore, the guest instruction a little
  // further on than that of the site before. False if this one is something else.
  bool add_plain(uint32_t offset, int64_t pc_offset, bool writes);
  // A call: every slot is in the state block, what counts is the guest instruction.
  void add_call(const RecoverySite& site) { add(site, last_places_); }

 private:
  void make_room();

  // The records so far are [bytes_, end_); whoever writes one makes sure first that it has room.
  std::unique_ptr<uint8_t[]> bytes_;
  uint8_t* end_ = nullptr;
  uint8_t* full_ = nullptr;  // from here on there is no room for the longest record
  bool any_ = false;
  RecoverySite last_;
  std::vector<SlotPlace> last_places_;
};

// Finds what holds for a fault at `offset`; site->offset is where that begins to hold. Up to `capacity`
// places are written; false if there is no such site. Async-signal-safe.
bool find_recovery(std::span<const uint8_t> records, uint32_t offset, RecoverySite* site, SlotPlace* places,
                   unsigned capacity, unsigned* num_places);

}  // namespace xarch::x86_64
