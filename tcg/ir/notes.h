// NoteTaker: writes down, while a region is made, what comes of each op, so that a backend need not find it
// out by a walk of its own: whoever adds an op mostly knows which one it is, a walk has to ask each time. The
// notes stand in Inst (uses, user, goes_to, flags_until, low_users, marks), Block (flags_entry, flags_end)
// and Region (extended, dead_code). The Builder takes them for what lifters write; take_notes() for regions
// that came about otherwise.
#pragma once

#include <algorithm>
#include <array>

#include "tcg/ir/region.h"

namespace xarch::ir {

// Ops that may be computed where an operand is.
inline constexpr std::array<bool, 256> kTakesPlace = [] {
  std::array<bool, 256> t{};
  for (const Op op :
       {Op::kFWiden, Op::kZext, Op::kSext, Op::kAdd, Op::kSub, Op::kMul, Op::kNeg, Op::kAnd, Op::kOr,
        Op::kXor, Op::kNot, Op::kShl, Op::kShrU, Op::kShrS, Op::kRotR, Op::kExtractU, Op::kExtractS})
    t[static_cast<size_t>(op)] = true;
  return t;
}();

class NoteTaker {
 public:
  // The region is empty, or its ops have no notes yet; its layout is set.
  explicit NoteTaker(Region& region);

  // A block begins with op number `first`.
  void begin_block(uint32_t first) {
    flags_put_ = kNoValue;
    seen_ = position(first) - 1;
  }
  // Op `at` of these kinds has been added; its operands are told by use().
  void use(ValueId v, uint32_t at) {
    ++inst(v).uses;
    inst(v).user = static_cast<ValueId>(at);
  }
  void get(SlotId slot, Value v) {
    if (scratch().kinds[slot] != 0) [[unlikely]]
      return get_special(slot, v);
    known(slot) = {v, position(v.id), position(v.id), 0};
  }
  void put(SlotId slot, Value v, uint32_t at) {
    if (scratch().kinds[slot] != 0) [[unlikely]]
      return put_special(slot, v, at);
    put_plain(slot, v, at);
  }
  // The same of a slot that is of no special kind.
  void put_plain(SlotId slot, Value v, uint32_t at) {
    Region::Scratch::Known& k = known(slot);
    Inst& value = inst(v.id);
    // A put in between is one that nobody sees.
    const uint32_t rests_since = std::max(k.read, barrier_), last = k.put;
    k.value = v;
    k.since = k.put = position(at);
    const uint32_t made = position(v.id);
    const bool goes = (rests_since <= made) & (value.goes_to == kNoSlot);
    if (goes) value.goes_to = slot;
    if ((last > seen_) | (goes & kTakesPlace[static_cast<size_t>(value.op)]))
      put_further(v.id, goes, rests_since, last);
  }
  // Does the slot or temporary (numbered after the slots) hold a value of the open block that is known? This
  // one?
  bool holds(uint32_t slot, Value v) const {
    const Region::Scratch::Known& k = region_->scratch.known[slot];
    return (k.since >= forgotten_) & (k.value.id == v.id);
  }
  bool is_known(uint32_t slot) const {
    const Region::Scratch::Known& k = region_->scratch.known[slot];
    return (k.since >= forgotten_) & (k.value.id != kNoValue);
  }
  Value value(uint32_t slot) const { return region_->scratch.known[slot].value; }
  void set_temporary(uint32_t number, Value v, uint32_t at) { known(number) = {v, position(at), 0, 0}; }
  // It holds something else now; or all of them may, from op `at` on.
  void forget(uint32_t slot) { known(slot).value = {}; }
  void forget_all(uint32_t at) { forgotten_ = position(at); }
  // Everything may look at the whole state: accesses to memory, polls.
  void show_all(uint32_t at) { seen_ = barrier_ = position(at); }
  // Nothing is computed ahead across it, but of the slots it sees only those it is told by show(): elements
  // of arrays, the environment of f80.
  void stop(uint32_t at) { barrier_ = position(at); }
  void show(SlotId slot);
  void put_idx(SlotId slot, uint32_t at);
  void call(const HelperDesc& helper, uint32_t at);
  // The user of v reads only its lowest bytes.
  void low_read(ValueId v, Inst::Mark low) {
    Inst& in = inst(v);
    if (in.op != Op::kGet || in.type != Type::kV128) return;
    ++in.low_users;
    in.marks |= low;
  }
  // The same of f80.note, f80.drop and whatever makes a value of f80.
  void f80() { region_->extended = true; }
  void f80_note(uint32_t at);
  // The last block ends with this terminator.
  void end_block(const Inst& terminator) {
    const bool exits = terminator.op == Op::kGotoPc || terminator.op == Op::kGotoInd;
    if (exits && (terminator.aux & ExitAux::kDeadMask)) overwrite_behind(ExitAux::unpack(terminator.aux));
    region_->blocks.back().flags_end = last_of_flags();
  }

 private:
  Inst& inst(uint32_t i) { return region_->insts[i]; }
  Region::Scratch& scratch() { return region_->scratch; }
  Region::Scratch::Known& known(uint32_t slot) { return scratch().known[slot]; }
  uint32_t position(uint32_t at) const { return base_ + at; }
  void take_place(ValueId v, uint32_t since);
  void put_further(ValueId v, bool goes, uint32_t since, uint32_t last);
  void get_special(SlotId slot, Value v);
  void put_special(SlotId slot, Value v, uint32_t at);
  void overwrite_inside(SlotId slot);
  void overwrite_behind(ExitAux exit);
  void overwrite(SlotId slot);
  void overwrite_put(uint32_t position);
  // The last op that reads or writes the slot of flags or may look at it.
  ValueId last_of_flags() {
    const SlotId flags = scratch().flags;
    uint32_t last = std::max(barrier_, base_);
    if (flags != kNoSlot) last = std::max({last, known(flags).since, known(flags).read});
    return static_cast<ValueId>(last - base_);
  }

  Region* region_;
  uint32_t base_;                 // position of op 0
  uint32_t barrier_ = 0;          // of the last op across which no value is computed ahead in its slot
  uint32_t seen_ = 0;             // the same of the last that may look at everything
  uint32_t forgotten_;            // what slots hold is known from here on
  ValueId flags_put_ = kNoValue;  // the last put of the flags' slot in the block
};

// Takes the notes of a whole region, in place of those it has.
void take_notes(Region& region);

}  // namespace xarch::ir
