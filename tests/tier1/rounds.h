// Runs regions that jump back to their own start, by the interpreter and as emitted code.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "tcg/ir/text.h"
#include "tests/support/random_ir.h"
#include "tests/support/region_runner.h"

namespace xarch {

// From the state *a, which *b becomes a copy of: both leave for the same reason with the same state. The
// region's key.pc is where rounds begin.
inline void compare_rounds(testing::RegionRunner& runner, const ir::Region& region, test::RandomState* a,
                           test::RandomState* b) {
  memcpy(static_cast<void*>(b), a, sizeof *a);
  testing::Outcome x;
  // The interpreter stops at each exit; emitted code goes round by itself unless an event is pending.
  do {
    a->pc = region.key.pc;
    x = runner.interpret(region, &a->hdr);
  } while (x.reason == tcg::Exit::kLookup && a->pc == region.key.pc);
  const testing::Outcome y = runner.emit_and_run(region, &b->hdr);
  ASSERT_TRUE(y.compiled);
  ASSERT_EQ(static_cast<int>(x.reason), static_cast<int>(y.reason)) << ir::print(region);
  ASSERT_EQ(test::state_difference(*a, *b), "") << ir::print(region);
}

}  // namespace xarch
