#include <algorithm>

#include "tcg/opt/passes.h"

namespace xarch::opt {

using ir::Block;
using ir::Inst;
using ir::Op;
using ir::Region;
using ir::Slot;
using ir::SlotId;
using ir::ValueId;

namespace {

// Walks a block backwards: counts the uses of each value, which are complete when its definition is reached,
// and knows which slots are overwritten before anything sees them.
class DeadCode {
 public:
  DeadCode(Region& region, Workspace& work) : region_(region), work_(work) {}
  void block(const Block& block);

 private:
  bool useless(const Inst& in) const;
  void effects(const Inst& in);
  void call(const Inst& in);
  bool dead(uint32_t slot) const { return work_.slot_marks[slot] == work_.generation; }
  void forget_all() { ++work_.generation; }
  // The slot and those inside of it are overwritten from here on.
  void overwritten(uint32_t slot) {
    work_.slot_marks[slot] = work_.generation;
    const Slot& s = region_.layout->slots[slot];
    for (const SlotId id : overlaps(slot)) {
      const Slot& t = region_.layout->slots[id];
      if (t.offset >= s.offset && t.offset + t.bytes() <= s.offset + s.bytes()) {
        work_.slot_marks[id] = work_.generation;
      }
    }
  }
  void seen(uint32_t slot) {
    work_.slot_marks[slot] = 0;
    for (const SlotId id : overlaps(slot)) work_.slot_marks[id] = 0;
  }
  std::span<const SlotId> overlaps(uint32_t slot) const {
    return region_.scratch.overlaps[static_cast<SlotId>(slot)];
  }

  Region& region_;
  Workspace& work_;
};

void DeadCode::call(const Inst& in) {
  const ir::HelperDesc& helper = *region_.helpers[in.aux];
  if (helper.effects & ir::kHelperPure) return;
  const bool leaves = !(helper.effects & ir::kHelperNoFault) || (helper.effects & ir::kHelperMayExit);
  if (leaves || !(helper.effects & ir::kHelperListsState)) return forget_all();
  for (SlotId slot : helper.reads) seen(slot);
}

// A put of which nobody sees the value, or an op that only reads state and of which nobody uses the result.
bool DeadCode::useless(const Inst& in) const {
  if (in.op == Op::kPut) return dead(in.aux);
  if (in.uses != 0) return false;
  if (in.op == Op::kCall) return (region_.helpers[in.aux]->effects & ir::kHelperPure) != 0;
  return ir::op_attributes(in.op) == ir::kReadsState;
}

void DeadCode::effects(const Inst& in) {
  switch (in.op) {
    case Op::kPut: return overwritten(in.aux);
    case Op::kGet:
    case Op::kGetIdx: return seen(in.aux);
    case Op::kCall: return call(in);
    case Op::kF80Note: return overwritten(region_.layout->f80_up);
    case Op::kF80Flags: return seen(region_.layout->f80_flags);
    case Op::kF80Control: return seen(region_.layout->f80_control);
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

void DeadCode::block(const Block& block) {
  forget_all();
  Inst* const insts = region_.insts.data();
  const auto use_operands = [insts](const Inst& in) {
    for (const ValueId arg : in.args) {
      if (arg == ir::kNoValue) break;
      ++insts[arg].uses;
    }
  };
  for (uint32_t i = block.end; i-- > block.first;) {
    Inst& in = insts[i];
    if (ir::is_pure(in.op)) {  // most are, and have nothing but uses
      if (in.uses != 0) {
        use_operands(in);
      } else {
        in = Inst{};
      }
    } else if (useless(in)) {
      in = Inst{};
    } else {
      use_operands(in);
      effects(in);
    }
  }
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

void remove_dead_code(Region& region, Workspace& work) {
  const size_t slots = region.layout->slots.size();
  if (work.slot_marks.size() < slots) work.slot_marks.resize(slots);
  if (work.generation > 0xf0000000) {
    std::fill(work.slot_marks.begin(), work.slot_marks.end(), 0);
    work.generation = 0;
  }
  find_overlaps(region);
  remove_unread_temps(region, work.flags);
  for (Inst& in : region.insts) in.uses = 0;
  DeadCode dead(region, work);
  for (const Block& block : region.blocks) dead.block(block);
}

}  // namespace xarch::opt
