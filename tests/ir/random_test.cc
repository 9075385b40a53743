// Random regions: what the generator makes is valid, and the interpreter's results depend on nothing but the
// seed.
#include <gtest/gtest.h>

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tests/support/ir_runner.h"

namespace xarch::test {
namespace {

TEST(RandomIr, IsValid) {
  const RandomIrOptions options;
  ir::Region region;
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    random_region(seed, options, &region);
    const Result<void> ok = ir::verify(region);
    ASSERT_TRUE(ok) << "seed " << seed << ": " << ok.error().message << "\n" << ir::print(region);
  }
}

// Of floating point too; and its text is read back.
TEST(RandomIr, FloatingPointIsValid) {
  RandomIrOptions options;
  options.fp = true;
  ir::Region region, again;
  for (uint64_t seed = 0; seed < 10000; ++seed) {
    random_region(seed, options, &region);
    const Result<void> ok = ir::verify(region);
    ASSERT_TRUE(ok) << "seed " << seed << ": " << ok.error().message << "\n" << ir::print(region);
    const std::string text = ir::print(region);
    ASSERT_TRUE(ir::parse(text, random_layout(), random_helpers(), &again)) << text;
    ASSERT_EQ(ir::print(again), text) << "seed " << seed;
  }
}

TEST(RandomIr, RunsTheSameTwice) {
  const RandomIrOptions options;
  IrRunner a(options);
  IrRunner b(options);
  ir::Region first;
  ir::Region second;
  unsigned reasons[16] = {};
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    random_region(seed, options, &first);
    random_region(seed, options, &second);
    a.run(first, seed);
    b.run(second, seed);
    ASSERT_EQ(a.difference(b), "") << "seed " << seed;
    ++reasons[static_cast<unsigned>(a.result.reason)];
  }
  for (tcg::Exit e : {tcg::Exit::kLookup, tcg::Exit::kSyscall, tcg::Exit::kRaise, tcg::Exit::kHalt,
                      tcg::Exit::kEvent, tcg::Exit::kFault}) {
    EXPECT_GT(reasons[static_cast<unsigned>(e)], 100u)
        << "few regions leave for reason " << static_cast<int>(e);
  }
}

// Without `faults` no access leaves the buffer or breaks a rule of alignment.
TEST(RandomIr, NoFaultsWhereNotWanted) {
  RandomIrOptions options;
  options.faults = false;
  IrRunner runner(options);
  ir::Region region;
  for (uint64_t seed = 0; seed < 10000; ++seed) {
    random_region(seed, options, &region);
    runner.run(region, seed);
    ASSERT_NE(runner.result.reason, tcg::Exit::kFault) << "seed " << seed << "\n" << ir::print(region);
  }
}

}  // namespace
}  // namespace xarch::test
