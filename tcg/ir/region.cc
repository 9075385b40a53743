#include "tcg/ir/region.h"

#include "tcg/support/log.h"

namespace xarch::ir {

void Region::clear() {
  insts.clear();
  blocks.clear();
  temps.clear();
  helpers.clear();
  ranges.clear();
  exit_modes.clear();
  dead_at_exit.clear();
  num_insns = 0;
  fixed_address = false;
}

const Inst& Region::terminator(BlockId b) const {
  for (uint32_t i = blocks[b].end; i-- > blocks[b].first;) {
    if (insts[i].op != Op::kNop) return insts[i];
  }
  Log::fatal("xarch: internal error: block %u of the region at %#lx is empty", b, key.pc);
}

void find_overlaps(Region& region) {
  const StateLayout& layout = *region.layout;
  Region::Scratch& s = region.scratch;
  if (s.layout == &layout) return;
  const size_t n = layout.slots.size();
  s.layout = &layout;
  s.overlap.clear();
  s.overlap_first.assign(n + 1, 0);
  for (size_t i = 0; i < n; ++i) {
    const Slot& a = layout.slots[i];
    for (size_t j = 0; j < n; ++j) {
      const Slot& b = layout.slots[j];
      if (i != j && a.offset < b.offset + b.bytes() && b.offset < a.offset + a.bytes()) {
        s.overlap.push_back(static_cast<SlotId>(j));
      }
    }
    s.overlap_first[i + 1] = static_cast<uint32_t>(s.overlap.size());
  }
}

void count_uses(Region& region) {
  for (Inst& inst : region.insts) inst.uses = 0;
  for (const Inst& inst : region.insts) {
    for (ValueId arg : inst.args) {
      if (arg != kNoValue) ++region.insts[arg].uses;
    }
  }
}

}  // namespace xarch::ir
