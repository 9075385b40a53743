#include <algorithm>

#include "tcg/opt/passes.h"

namespace xarch::opt {

using ir::Block;
using ir::Inst;
using ir::Op;
using ir::Region;
using ir::Slot;
using ir::SlotId;

namespace {

// Walks a block backwards and knows which slots are overwritten before anything sees them.
class DeadPuts {
 public:
  DeadPuts(Region& region, Workspace& work) : region_(region), work_(work) {}
  void block(const Block& block);

 private:
  void inst(Inst& in);
  void call(const Inst& in);
  bool dead(uint32_t slot) const { return work_.slot_marks[slot] == work_.generation; }
  void forget_all() { ++work_.generation; }
  // The slot and those inside of it are overwritten from here on.
  void overwritten(uint32_t slot) {
    work_.slot_marks[slot] = work_.generation;
    const Slot& s = region_.layout->slots[slot];
    for_overlapping(slot, [&](SlotId id) {
      const Slot& t = region_.layout->slots[id];
      if (t.offset >= s.offset && t.offset + t.bytes() <= s.offset + s.bytes()) {
        work_.slot_marks[id] = work_.generation;
      }
    });
  }
  void seen(uint32_t slot) {
    work_.slot_marks[slot] = 0;
    for_overlapping(slot, [&](SlotId id) { work_.slot_marks[id] = 0; });
  }
  template <typename F>
  void for_overlapping(uint32_t slot, F f) {
    const Region::Scratch& s = region_.scratch;
    for (uint32_t i = s.overlap_first[slot]; i < s.overlap_first[slot + 1]; ++i) f(s.overlap[i]);
  }

  Region& region_;
  Workspace& work_;
};

void DeadPuts::call(const Inst& in) {
  const ir::HelperDesc& helper = *region_.helpers[in.aux];
  if (helper.effects & ir::kHelperPure) return;
  const bool leaves = !(helper.effects & ir::kHelperNoFault) || (helper.effects & ir::kHelperMayExit);
  if (leaves || !(helper.effects & ir::kHelperListsState)) return forget_all();
  for (SlotId slot : helper.reads) seen(slot);
}

void DeadPuts::inst(Inst& in) {
  switch (in.op) {
    case Op::kPut:
      if (dead(in.aux)) {
        in = Inst{};
      } else {
        overwritten(in.aux);
      }
      return;
    case Op::kGet:
    case Op::kGetIdx: return seen(in.aux);
    case Op::kCall: return call(in);
    case Op::kPoll: return forget_all();
    case Op::kGotoPc:
    case Op::kGotoInd: {
      // With a poll on the edge the slots may be seen by whoever handles the event.
      const ir::ExitAux e = ir::ExitAux::unpack(in.aux);
      if (e.dead_index == 0 || e.poll) return;
      for (SlotId slot : region_.dead_at_exit[e.dead_index - 1]) overwritten(slot);
      return;
    }
    default:
      if (ir::op_attributes(in.op) & ir::kMayFault) forget_all();
      return;
  }
}

void DeadPuts::block(const Block& block) {
  forget_all();
  for (uint32_t i = block.end; i-- > block.first;) inst(region_.insts[i]);
}

void remove_unread_temps(Region& region, std::vector<uint8_t>& read) {
  if (region.temps.empty()) return;
  read.assign(region.temps.size(), 0);
  for (const Inst& in : region.insts) {
    if (in.op == Op::kGetTmp) read[in.aux] = 1;
  }
  for (Inst& in : region.insts) {
    if (in.op == Op::kPutTmp && !read[in.aux]) in = Inst{};
  }
}

}  // namespace

void remove_dead_puts(Region& region, Workspace& work) {
  find_overlaps(region);
  const size_t slots = region.layout->slots.size();
  if (work.slot_marks.size() < slots) work.slot_marks.resize(slots);
  if (work.generation > 0xf0000000) {
    std::fill(work.slot_marks.begin(), work.slot_marks.end(), 0);
    work.generation = 0;
  }
  DeadPuts dead(region, work);
  for (const Block& block : region.blocks) dead.block(block);
  remove_unread_temps(region, work.flags);
}

}  // namespace xarch::opt
