// A region: the small control-flow graph of IR blocks that one translation is made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tcg/ir/block_key.h"
#include "tcg/ir/helper.h"
#include "tcg/ir/ops.h"
#include "tcg/ir/pod_vector.h"
#include "tcg/ir/state.h"
#include "tcg/ir/types.h"

namespace xarch::ir {

// Index of the instruction that defines the value, in Region::insts. Valid only inside the block that defines
// it.
using ValueId = uint16_t;
inline constexpr ValueId kNoValue = 0xffff;
using BlockId = uint16_t;
inline constexpr BlockId kNoBlock = 0xffff;

// A value together with its type, handed out by the Builder and valid until the next start_block.
struct Value {
  ValueId id = kNoValue;
  Type type = Type::kVoid;
  uint8_t unused = 0;  // without padding a compiler copies it as one word
  explicit operator bool() const { return id != kNoValue; }
};

struct Inst {
  Op op = Op::kNop;
  Type type = Type::kVoid;  // result type
  // Notes for backends, see notes.h: this one and those behind imm. Of a put of the slot of flags that is
  // followed by another one in the block: the last op before that one which may look at them.
  ValueId flags_until = kNoValue;
  ValueId args[4] = {kNoValue, kNoValue, kNoValue, kNoValue};
  uint32_t aux = 0;
  int64_t imm = 0;
  // Of a value: how many operands name it, those of unseen puts apart; the slot that it is put to, with
  // nothing between that reads or writes the slot or could see it: it may be computed there; who uses it, the
  // last one to do so. The slot also of an operand that may give its place to such a value.
  uint16_t uses = 0;
  SlotId goes_to = kNoSlot;
  ValueId user = kNoValue;
  uint8_t low_users = 0;  // of a get of a v128: how many users read only its lowest bytes
  uint8_t marks = 0;      // Mark
  enum Mark : uint8_t {
    kLow4 = 1,   // of a get of a v128: some user reads only its lowest 4 bytes, or
    kLow8 = 2,   // 8 bytes
    kUnseen = 4  // of a put: it is overwritten before anything sees it
  };
  bool unseen() const { return (marks & kUnseen) != 0; }

  MemDesc mem() const { return MemDesc::unpack(static_cast<uint32_t>(static_cast<uint64_t>(imm) >> 32)); }
  int32_t disp() const { return static_cast<int32_t>(imm); }
  static int64_t mem_imm(MemDesc d, int32_t disp) {
    return static_cast<int64_t>(uint64_t{d.pack()} << 32 | static_cast<uint32_t>(disp));
  }
};
static_assert(sizeof(Inst) == 32);

// Fields of the `aux` of goto_pc and goto_ind.
struct ExitAux {
  JumpKind kind = JumpKind::kJump;
  bool poll = false;  // an event is looked for on this edge, after pc has got its new value
  bool mode_change =
      false;  // Region::exit_modes[mode_index] is the mode of the target's key; else the region's own
  uint16_t mode_index = 0;
  // Slots named in Region::dead_at_exit[dead_index - 1] are overwritten by the target before anything can see
  // them; 0: none. Only with a dependency on the bytes that prove it (Region::ranges).
  uint8_t dead_index = 0;

  static constexpr uint32_t kDeadMask = 0xff00;  // of dead_index, packed
  uint32_t pack() const {
    return static_cast<uint32_t>(kind) | uint32_t{poll} << 2 | uint32_t{mode_change} << 3 |
           uint32_t{dead_index} << 8 | uint32_t{mode_index} << 16;
  }
  static ExitAux unpack(uint32_t v) {
    ExitAux e;
    e.kind = static_cast<JumpKind>(v & 3);
    e.poll = v >> 2 & 1;
    e.mode_change = v >> 3 & 1;
    e.dead_index = static_cast<uint8_t>(v >> 8);
    e.mode_index = static_cast<uint16_t>(v >> 16);
    return e;
  }
};

// Guest bytes the translation depends on: if one of them changes, it is void.
struct GuestRange {
  uint64_t start;
  uint32_t bytes;
};

struct Block {
  uint32_t first = 0;  // Region::insts[first, end)
  uint32_t end = 0;    // the terminator is the last that is not a nop
  // Notes for backends. The last op before the first put of the slot of flags that may look at them, which is
  // before `first` if there is none; kNoValue without such a put.
  ValueId flags_entry = kNoValue;
  ValueId flags_end = kNoValue;  // the last op that reads or writes them or may look at them
};

// What floating-point ops on a host's units must look out for besides what traps by itself.
enum FpCheck : uint8_t {
  kFpCheckTiny = 1,  // results that were rounded up to the smallest normal number: tiny before rounding
  kFpCheckNan = 2,   // NaN results, quiet ones too
  kFpCheckFlush = 4  // the guest flushes denormal operands (kFpFlush)
};

// Instructions of a block are contiguous, blocks are in layout order, block 0 is the entry and has no
// predecessor unless it says so by a Br inside the region. A block whose only predecessor is laid out before
// it may be compiled as that one's continuation. Reused from one translation to the next: clear() keeps the
// memory.
struct Region {
  BlockKey key;
  const StateLayout* layout = nullptr;
  PodVector<Inst> insts;
  PodVector<Block> blocks;
  PodVector<Type> temps;                          // region-local temporaries
  PodVector<const HelperDesc*> helpers;           // of Call's aux
  PodVector<GuestRange> ranges;                   // in order of translation; the first starts at key.pc
  PodVector<uint32_t> exit_modes;                 // see ExitAux
  std::vector<std::vector<SlotId>> dead_at_exit;  // see ExitAux
  uint32_t num_insns = 0;                         // guest instructions
  bool fp_by_calls =
      false;              // floating-point ops call a function each: on the host's units they trap too often
  uint8_t fp_checks = 0;  // FpCheck: what their results must be looked at for on the host's units
  bool fixed_address = false;  // holds for its own pc only (MIPS J): not to be reused at another load address
  // Two things that the Builder knows, so that nobody has to go over the blocks for them: whether some block
  // may be led to by anything but one conditional branch, and whether an exit leads to the region's start.
  bool joins = true;
  bool comes_back = false;
  bool extended = false;   // it has to do with slots that are loose or of f80
  bool dead_code = false;  // values that were wanted by unseen puts only: what made them is of no use either

  // The Builder's working memory, kept here so that a region that is reused costs no allocation. Of no
  // meaning to others.
  struct Scratch {
    Scratch() = default;
    Scratch(const Scratch&) {}  // a copied region starts without
    Scratch& operator=(const Scratch&) { return *this; }

    // What slots are besides the usual.
    enum SlotKind : uint8_t { kOverlaps = 1, kFlags = 2, kExtended = 4 };
    // What a slot is known to hold, if anything, and the positions of ops: of the one it is known since; of
    // the last that read it, or read or wrote a slot that it overlaps; and of the last put of it, if none of
    // it has been seen since. Positions go on from one region to the next, so that nothing has to be reset.
    // Temporaries follow the slots.
    struct Known {
      Value value;
      uint32_t since = 0;
      uint32_t read = 0;
      uint32_t put = 0;
    };
    static constexpr uint32_t kLastPosition = 0xfffe0000;
    const StateLayout* layout = nullptr;  // what the next three were made from
    SlotOverlaps overlaps;
    PodVector<uint8_t> kinds;  // SlotKind of each slot
    SlotId flags = kNoSlot;    // the first slot of packed flags
    PodVector<Known> known;
    uint32_t position_base = 0;   // of the region's first op
    PodVector<BlockId> position;  // of each named block, kNoBlock until it is started
  };
  Scratch scratch;

  void clear();
  const Inst& terminator(BlockId b) const {
    const Inst* last = &insts[blocks[b].end - 1];
    while (last->op == Op::kNop) --last;
    return *last;
  }
};

// Makes Region::Scratch::overlaps, kinds and flags for the region's layout, unless that has been done.
void make_overlaps(Region& region);
inline void find_overlaps(Region& region) {
  if (region.scratch.layout != region.layout) make_overlaps(region);
}

}  // namespace xarch::ir
