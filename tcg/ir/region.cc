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
  fp_by_calls = false;
  fp_checks = 0;
}

void make_overlaps(Region& region) {
  Region::Scratch& s = region.scratch;
  s.layout = region.layout;
  s.overlaps = SlotOverlaps(*region.layout);
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
