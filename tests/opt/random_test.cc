// Passes keep the meaning of random regions, and what they make is valid.
#include <gtest/gtest.h>

#include <functional>

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tcg/opt/passes.h"
#include "tests/support/ir_runner.h"

namespace xarch::test {
namespace {

size_t ops(const ir::Region& region) {
  size_t n = 0;
  for (const ir::Inst& in : region.insts) n += in.op != ir::Op::kNop;
  return n;
}

// Compares interpreting before and after `pass`; expects that it finds something to remove now and then.
void compare(const std::function<void(ir::Region&)>& pass, uint64_t seeds) {
  const RandomIrOptions options;
  IrRunner before(options);
  IrRunner after(options);
  ir::Region region;
  size_t removed = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    random_region(seed, options, &region);
    const size_t had = ops(region);
    before.run(region, seed);
    pass(region);
    const Result<void> ok = ir::verify(region);
    ASSERT_TRUE(ok) << "seed " << seed << ": " << ok.error().message;
    after.run(region, seed);
    ASSERT_EQ(before.difference(after), "") << "seed " << seed << ", after the pass:\n" << ir::print(region);
    removed += had - ops(region);
  }
  EXPECT_GT(removed, seeds / 4);
}

TEST(RandomPasses, CleanUpBlocks) {
  opt::Workspace work;
  compare([&](ir::Region& r) { opt::clean_up_blocks(r, work); }, 20000);
}
TEST(RandomPasses, RemoveDeadCode) {
  opt::Workspace work;
  compare([&](ir::Region& r) { opt::remove_dead_code(r, work); }, 40000);
}
TEST(RandomPasses, All) {
  opt::Workspace work;
  compare([&](ir::Region& r) { opt::run_passes(r, work); }, 50000);
}

}  // namespace
}  // namespace xarch::test
