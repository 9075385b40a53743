// Do the notes of a region (notes.h) hold? Asked by walks forward from each of them, which nothing but a
// verifier can afford.
#include <algorithm>

#include "tcg/ir/verifier.h"

namespace xarch::ir {

namespace {

class NotesCheck {
 public:
  explicit NotesCheck(const Region& region) : r_(region), overlaps_(*region.layout) {}
  // What does not hold, and of which op; null if all does.
  const char* run(uint32_t* at);

 private:
  bool uses(uint32_t* at) const;
  bool rests(uint32_t v, uint32_t end) const;
  bool unseen(uint32_t put, uint32_t end) const;
  bool flags_rest(uint32_t from, uint32_t end, bool* put) const;
  bool same_bytes(SlotId a, SlotId b) const {
    return a == b || std::ranges::find(overlaps_[a], b) != overlaps_[a].end();
  }
  bool inside(SlotId part, SlotId whole) const {
    return r_.layout->slots[whole].contains(r_.layout->slots[part]);
  }
  bool shows_all(const Inst& in) const;
  bool reads(const Inst& in, SlotId slot) const;
  bool overwritten_behind(const Inst& exit, SlotId slot) const;

  const Region& r_;
  const SlotOverlaps overlaps_;
};

// May it look at the whole state?
bool NotesCheck::shows_all(const Inst& in) const {
  if (in.op == Op::kPoll || (op_attributes(in.op) & kMayFault)) return true;
  if (in.op != Op::kCall) return false;
  const uint32_t effects = r_.helpers[in.aux]->effects;
  if (effects & kHelperPure) return false;
  return !(effects & kHelperNoFault) || (effects & kHelperMayExit) || !(effects & kHelperListsState);
}

bool NotesCheck::reads(const Inst& in, SlotId slot) const {
  const auto touches = [&](SlotId s) { return s != kNoSlot && same_bytes(s, slot); };
  switch (in.op) {
    case Op::kGet:
    case Op::kGetIdx: return touches(static_cast<SlotId>(in.aux));
    case Op::kF80Flags: return touches(r_.layout->f80_flags);
    case Op::kF80Control: return touches(r_.layout->f80_control);
    case Op::kCall:
      return shows_all(in) || (!(r_.helpers[in.aux]->effects & kHelperPure) &&
                               std::ranges::any_of(r_.helpers[in.aux]->reads, touches));
    default: return shows_all(in);
  }
}

// Behind the exit, before anything sees it.
bool NotesCheck::overwritten_behind(const Inst& exit, SlotId slot) const {
  if (exit.op != Op::kGotoPc && exit.op != Op::kGotoInd) return false;
  const ExitAux e = ExitAux::unpack(exit.aux);
  if (e.dead_index == 0 || e.poll) return false;
  return std::ranges::any_of(r_.dead_at_exit[e.dead_index - 1u], [&](SlotId s) { return inside(slot, s); });
}

bool NotesCheck::uses(uint32_t* at) const {
  std::vector<uint32_t> users(r_.insts.size()), low(r_.insts.size());
  for (const Inst& in : r_.insts) {
    for (const ValueId v : in.args) {
      if (v != kNoValue && !in.unseen()) ++users[v];
    }
    const bool low_reader =
        in.op == Op::kFLow || in.op == Op::kVLo || (in.op == Op::kVExtract && in.imm == 0);
    if (low_reader) ++low[in.args[0]];
  }
  for (uint32_t i = 0; i < users.size(); ++i) {
    *at = i;
    const Inst& in = r_.insts[i];
    if (users[i] != in.uses || (in.low_users == in.uses && in.uses != 0 && low[i] != in.uses)) return false;
  }
  return true;
}

// Does nothing need the slot that v goes to, until it is put there?
bool NotesCheck::rests(uint32_t v, uint32_t end) const {
  const SlotId slot = r_.insts[v].goes_to;
  for (uint32_t i = v + 1; i < end; ++i) {
    const Inst& in = r_.insts[i];
    if (reads(in, slot)) return false;
    // The put may have been of no use.
    if (in.op == Op::kPut && same_bytes(static_cast<SlotId>(in.aux), slot))
      return inside(slot, static_cast<SlotId>(in.aux));
  }
  return true;
}

bool NotesCheck::unseen(uint32_t put, uint32_t end) const {
  const auto slot = static_cast<SlotId>(r_.insts[put].aux);
  for (uint32_t i = put + 1; i < end; ++i) {
    const Inst& in = r_.insts[i];
    if (reads(in, slot)) return false;
    if (in.op == Op::kPut && inside(slot, static_cast<SlotId>(in.aux))) return true;
    if (in.op == Op::kF80Note && slot == r_.layout->f80_up) return true;
    if (is_terminator(in.op)) return overwritten_behind(in, slot);
  }
  return false;
}

// Do ops from `from` to the next put of the slot of flags, or to the block's end, not look at it?
bool NotesCheck::flags_rest(uint32_t from, uint32_t end, bool* put) const {
  const SlotId flags = flags_slot(*r_.layout);
  if (flags == kNoSlot) return true;
  for (uint32_t i = from; i < end; ++i) {
    const Inst& in = r_.insts[i];
    // The put may have gone because nobody sees it behind the exit either.
    *put = (in.op == Op::kPut && in.aux == flags) || overwritten_behind(in, flags);
    if (*put) return true;
    if (in.op == Op::kGet ? in.aux == flags : shows_all(in)) return false;
  }
  return true;
}

const char* NotesCheck::run(uint32_t* at) {
  if (!uses(at)) return "the note says another number of uses";
  for (const Block& b : r_.blocks) {
    bool put = false;
    const bool entry =
        b.flags_entry == kNoValue || flags_rest(std::max<uint32_t>(b.flags_entry + 1u, b.first), b.end, &put);
    *at = b.first;
    if (!entry || !flags_rest(b.flags_end == kNoValue ? b.end : std::max<uint32_t>(b.flags_end + 1u, b.first),
                              b.end, &put))
      return "a note of the block says that nothing looks at the flags";
    for (uint32_t i = b.first; i < b.end; ++i) {
      const Inst& in = r_.insts[i];
      *at = i;
      if (in.goes_to != kNoSlot && !rests(i, b.end)) return "a slot is needed before the value is there";
      if (in.unseen() && !unseen(i, b.end)) return "what is put is seen";
      if (in.flags_until != kNoValue && (!flags_rest(in.flags_until + 1u, b.end, &put) || !put))
        return "a note says that nothing looks at the flags";
    }
  }
  return nullptr;
}

}  // namespace

const char* wrong_notes(const Region& region, uint32_t* at) { return NotesCheck(region).run(at); }

}  // namespace xarch::ir
