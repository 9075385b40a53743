#include "tcg/ir/region.h"

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
  joins = true;
  comes_back = false;
  extended = false;
  dead_code = false;
  fp_by_calls = false;
  fp_checks = 0;
}

void make_overlaps(Region& region) {
  Region::Scratch& s = region.scratch;
  s.layout = region.layout;
  s.overlaps = SlotOverlaps(*region.layout);
  s.kinds.clear();
  s.known.clear();
  s.flags = flags_slot(*region.layout);
  for (const Slot& slot : region.layout->slots) {
    const auto id = static_cast<SlotId>(s.kinds.size());
    const unsigned kinds = (s.overlaps.any(id) ? Region::Scratch::kOverlaps : 0) |
                           (s.flags == id ? Region::Scratch::kFlags : 0) |
                           (slot.loose || slot.type == Type::kF80 ? Region::Scratch::kExtended : 0);
    s.kinds.push_back(static_cast<uint8_t>(kinds));
  }
}

}  // namespace xarch::ir
