// The passes over regions that every translation goes through. They only take away: an op becomes a nop,
// blocks become fewer. All are linear and allocate nothing once their Workspace has grown.
#pragma once

#include <cstdint>
#include <vector>

#include "tcg/ir/region.h"

namespace xarch::opt {

// Memory that passes share; reused from one region to the next.
struct Workspace {
  std::vector<uint8_t> flags;  // per block or temporary
  std::vector<ir::BlockId> block_map;
};

// Removes blocks that cannot be reached, makes a cond_br with one target a br, and joins a block to the one
// laid out before it if that is its only predecessor and ends in a br to it.
void clean_up_blocks(ir::Region& region, Workspace& work);

// Removes ops without effect whose result nobody uses, puts that nobody sees (Inst::unseen), and puts of
// temporaries that nobody gets.
void remove_dead_code(ir::Region& region, Workspace& work);

// All of them in their order; remove_dead_code only if asked for, or if there is more (Region::dead_code)
// than the single ops of which nobody uses the result: a backend sees those by itself. In builds with
// XARCH_VERIFY_IR the verifier runs before the first and after each.
void run_passes(ir::Region& region, Workspace& work, bool dead_code = true);

}  // namespace xarch::opt
