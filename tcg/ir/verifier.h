// The verifier: what every region must keep to, whoever wrote or changed it.
#pragma once

#include "tcg/ir/region.h"
#include "tcg/support/result.h"

namespace xarch::ir {

// Checks
// - the shape: blocks contiguous and in order, each with one terminator at its end, targets that exist;
// - each op: operand count and types, result type, immediates, slots, temporaries, helpers, exit modes;
// - that operands are defined before, in the same block;
// - that the guest instruction at hand (the last Insn executed) is the last Insn in layout order wherever an
// op may
//   fault, so that a one-pass backend knows it;
// - the commit rule: between an Insn (or Restart) and an op of that instruction that may fault, or a poll
// that would
//   execute it again, no slot is written.
// The error's one line holds the offending op's text.
Result<void> verify(const Region& region);

// What does not hold of the region's notes (notes.h), and at which op; null if all does. The region is valid
// but for that. A part of verify().
const char* wrong_notes(const Region& region, uint32_t* at);

}  // namespace xarch::ir
