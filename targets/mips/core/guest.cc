#include "targets/mips/core/guest.h"

#include <cstring>

#include "targets/mips/core/lifter.h"

namespace xarch::mips {

void MipsGuest::lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const {
  Lifter(b, code, limits, options_).run();
}

uint32_t MipsGuest::mode(const void* state) const {
  const State* s = static_cast<const State*>(state);
  uint32_t mode = 0;
  if (s->in_slot != 0) mode |= kModeSlot;
  if (options_.little) mode |= kModeLittle;
  return mode;
}

// A fault in a delay slot is the branch's: execution resumes by doing the branch again.
void MipsGuest::restore_state(void* state, uint64_t pc, uint32_t restore) const {
  State* s = static_cast<State*>(state);
  s->pc = restore == kRestoreSlot ? static_cast<uint32_t>(pc - 4) : pc;
  s->in_slot = 0;
}

void MipsGuest::reset(State* s) {
  std::memset(s->gpr, 0, sizeof s->gpr);
  s->pc = 0;
  s->hi = s->lo = 0;
  s->branch_target = s->in_slot = 0;
  s->ll_addr = kNoLink;
  s->ll_value = 0;
  s->user_local = 0;
}

}  // namespace xarch::mips
