// Slices of all checks. XARCH_SEED and XARCH_COUNT choose others.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/fpu/checks.h"

namespace xarch::test {
namespace {

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

class FpuTest : public testing::TestWithParam<Check> {};

TEST_P(FpuTest, Agrees) {
  const Check& check = GetParam();
  const uint64_t seed = number_from("XARCH_SEED", 20), count = number_from("XARCH_COUNT", check.slice);
  EXPECT_EQ(check.run(seed, count), "") << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Checks, FpuTest, testing::ValuesIn(all_checks()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace xarch::test
