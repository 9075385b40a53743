// The text form: random regions come back as they were, and bad text is refused with a line and a reason.
#include "tcg/ir/text.h"

#include <gtest/gtest.h>

#include "tcg/opt/passes.h"
#include "tests/support/random_ir.h"

namespace xarch::test {
namespace {

TEST(Text, RoundTripOfRandomRegions) {
  ir::Region region;
  ir::Region again;
  opt::Workspace work;
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    random_region(seed, {}, &region);
    if (seed % 2) opt::run_passes(region, work);  // nops and missing blocks
    const std::string text = ir::print(region);
    const Result<void> ok = ir::parse(text, random_layout(), random_helpers(), &again);
    ASSERT_TRUE(ok) << "seed " << seed << ": " << ok.error().message << "\n" << text;
    ASSERT_TRUE(ir::same(region, again)) << "seed " << seed << "\n" << text << "\n" << ir::print(again);
  }
}

TEST(Text, LooksAsDocumented) {
  constexpr std::string_view kText =
      "region pc=0x1000 mode=0x2 flags=0x100 insns=1\n"
      "range 0x1000 4\n"
      "temp i64\n"
      "helper mix\n"
      "exit_mode 0x5\n"
      "dead flags x1\n"
      "block 0:\n"
      "  insn +0 restore=0x7\n"
      "  %1 = get i64 x1\n"
      "  %2 = load i64 [%1 - 8] bytes=4 signed big align=4 atomic acquire mmu=3 wrap32\n"
      "  %3 = call i64 mix, %1, %2\n"
      "  fence load_load|store_store\n"
      "  %5 = rmw i32 andnot [%1], %7 bytes=4\n"
      "  goto_pc -4 call poll mode=0 dead=1\n";
  ir::Region region;
  std::string text(kText);
  const size_t rmw = text.find("  %5");
  text.insert(rmw, "  %7 = const i32 0x9\n");
  Result<void> ok = ir::parse(text, random_layout(), random_helpers(), &region);
  ASSERT_TRUE(ok) << ok.error().message;
  // Values are numbered by place when printed.
  text.replace(text.find("%7 ="), 2, "%5");
  text.replace(text.find("%5 = rmw"), 2, "%6");
  text.replace(text.find("], %7"), 5, "], %5");
  EXPECT_EQ(ir::print(region), text);
}

struct BadLine {
  const char* line;
  const char* reason;
};

constexpr BadLine kBadLines[] = {
    {"frob %1", "no such op: 'frob'"},
    {"%2 = get i63 x1", "no such type: 'i63'"},
    {"%2 = get i64 y1", "no such slot: 'y1'"},
    {"%2 = add i64 %1, %9", "no value %9 in this block"},
    {"%1 = const i64 0x0", "a second value %1 in this block"},
    {"%2 = put x1, %1", "the op has no result to name"},
    {"get i64 x1", "the result has no name"},
    {"%2 = cmp foo %1, %1", "no such condition: 'foo'"},
    {"%2 = load i64 [%1] bytes=3", "not a power of two"},
    {"%2 = load i64 [%1] bytes=4 loud", "no such property of a memory access: 'loud'"},
    {"%2 = call i64 nobody", "no such helper: 'nobody'"},
    {"put x1 %1", "expected ',' at '%1'"},
    {"goto_pc +4 jump maybe", "expected 'the end of the line' at 'maybe'"},
    {"block 3:", "blocks are numbered from 0 on in their order"}};

TEST(Text, BadLinesNameLineAndReason) {
  for (const BadLine& bad : kBadLines) {
    const std::string text = std::string("block 0:\n  insn +0\n  %1 = get i64 x1\n") + bad.line + "\n";
    ir::Region region;
    const Result<void> r = ir::parse(text, random_layout(), random_helpers(), &region);
    ASSERT_FALSE(r) << bad.line;
    EXPECT_EQ(r.error().message, std::string("line 4: ") + bad.reason);
  }
}

}  // namespace
}  // namespace xarch::test
