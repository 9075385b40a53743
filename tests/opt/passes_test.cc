// What each pass makes of small regions: text in, text out.
#include "tcg/opt/passes.h"

#include <gtest/gtest.h>

#include <functional>

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tests/support/random_ir.h"

namespace xarch::test {
namespace {

// The ops that are left, a line each, blocks with their headings.
std::string after(const std::function<void(ir::Region&)>& pass, const std::string& text) {
  ir::Region region;
  const Result<void> parsed = ir::parse(text, random_layout(), random_helpers(), &region);
  if (!parsed) return parsed.error().message;
  for (int i = 0; i < 2; ++i) {
    const Result<void> ok = ir::verify(region);
    if (!ok) return ok.error().message;
    if (i == 0) pass(region);
  }
  std::string out;
  for (size_t b = 0; b < region.blocks.size(); ++b) {
    if (region.blocks.size() > 1) out += "block " + std::to_string(b) + ":\n";
    for (uint32_t i = region.blocks[b].first; i < region.blocks[b].end; ++i) {
      if (region.insts[i].op != ir::Op::kNop) out += ir::print_inst(region, i) + "\n";
    }
  }
  return out;
}

std::string dead_code(const std::string& text) {
  return after(
      [](ir::Region& r) {
        opt::Workspace work;
        opt::remove_dead_code(r, work);
      },
      text);
}
std::string blocks(const std::string& text) {
  return after(
      [](ir::Region& r) {
        opt::Workspace work;
        opt::clean_up_blocks(r, work);
      },
      text);
}

TEST(DeadPuts, OverwrittenInTheBlock) {
  EXPECT_EQ(dead_code("block 0:\n%0 = get i64 x5\nput x1, %0\nput x2, %0\nput x1, %0\nhalt +0\n"),
            "%0 = get i64 x5\nput x2, %0\nput x1, %0\nhalt +0\n");
}

TEST(DeadPuts, AcrossInstructionsThatCannotFault) {
  EXPECT_EQ(dead_code("block 0:\n%0 = get i64 x5\ninsn +0\nput x1, %0\ninsn +4\nput x1, %0\nhalt +8\n"),
            "%0 = get i64 x5\ninsn +0\ninsn +4\nput x1, %0\nhalt +8\n");
}

TEST(DeadPuts, SeenInBetween) {
  for (const char* between :
       {"%2 = get i64 x0\nput x1, %2", "%2 = get i32 w0\nput w3, %2", "%2 = load i64 [%0] bytes=8", "poll +8",
        "%2 = call i64 any", "%2 = call i64 leave", "probe store [%0] bytes=4"}) {
    const std::string text =
        std::string("%0 = get i64 x5\nput x0, %0\ninsn +4\n") + between + "\nput x0, %0\nhalt +8\n";
    const std::string out = dead_code("block 0:\n" + text);
    EXPECT_NE(out.find("put x0, %0\ninsn +4"), std::string::npos) << out;
  }
}

TEST(DeadPuts, NotSeenInBetween) {
  for (const char* between :
       {"%2 = get i64 x6", "%2 = call i64 mix, %0", "%2 = get_idx i64 win[%3]", "restart"}) {
    const std::string text = std::string("%3 = get i32 w10\n%0 = get i64 x5\nput x0, %0\ninsn +4\n") +
                             between + "\nput x0, %0\nhalt +8\n";
    const std::string out = dead_code("block 0:\n" + text);
    EXPECT_EQ(out.find("put x0, %1\ninsn +4"), std::string::npos) << out;
  }
}

TEST(DeadPuts, Aliases) {
  // the whole overwrites the part
  EXPECT_EQ(dead_code("block 0:\n%0 = get i64 x5\n%1 = get i32 w3\nput w0, %1\nput x0, %0\nhalt +0\n"),
            "%0 = get i64 x5\nput x0, %0\nhalt +0\n");
  // the part does not overwrite the whole
  EXPECT_EQ(dead_code("block 0:\n%0 = get i64 x5\n%1 = get i32 w3\nput x0, %0\nput w0, %1\nhalt +0\n"),
            "%0 = get i64 x5\n%1 = get i32 w3\nput x0, %0\nput w0, %1\nhalt +0\n");
  // an element may be read through the array
  EXPECT_EQ(
      dead_code(
          "block 0:\n%0 = get i64 x5\n%1 = get i32 w3\nput win3, %0\n%3 = get_idx i64 win[%1]\nput x1, %3\n"
          "put win3, %0\nhalt +0\n"),
      "%0 = get i64 x5\n%1 = get i32 w3\nput win3, %0\n%3 = get_idx i64 win[%1]\nput x1, %3\nput win3, "
      "%0\nhalt +0\n");
}

TEST(DeadPuts, DeadAtTheExit) {
  const std::string head = "dead flags x0\nblock 0:\n";
  const std::string body = "%0 = get i64 x5\n%1 = get i32 w3\nput x0, %0\nput w0, %1\nput x1, %0\n";
  EXPECT_EQ(dead_code(head + body + "goto_pc +8 jump dead=1\n"),
            "%0 = get i64 x5\nput x1, %0\ngoto_pc +8 jump dead=1\n");
  // whoever handles the event would see them
  EXPECT_EQ(dead_code(head + body + "goto_pc +8 jump poll dead=1\n"), body + "goto_pc +8 jump poll dead=1\n");
  EXPECT_EQ(dead_code(head + body + "goto_pc +8 jump\n"), body + "goto_pc +8 jump\n");
}

TEST(DeadPuts, UnreadTemporaries) {
  EXPECT_EQ(
      dead_code("temp i64\ntemp i64\nblock 0:\n%0 = get i64 x5\nput_tmp t0, %0\nput_tmp t1, %0\nbr block 1\n"
                "block 1:\n%0 = get_tmp i64 t1\nput x1, %0\nhalt +0\n"),
      "block 0:\n%0 = get i64 x5\nput_tmp t1, %0\nbr block 1\n"
      "block 1:\n%4 = get_tmp i64 t1\nput x1, %4\nhalt +0\n");
}

TEST(DeadCode, ChainsGoAndEffectsStay) {
  EXPECT_EQ(dead_code("block 0:\ninsn +0\n%1 = get i64 x5\n%2 = add i64 %1, %1\n%3 = call i64 mix, %2\n"
                      "%4 = load i64 [%1] bytes=8\n%5 = call i64 swap, %1\nhalt +0\n"),
            "insn +0\n%1 = get i64 x5\n%4 = load i64 [%1] bytes=8\n%5 = call i64 swap, %1\nhalt +0\n");
}

TEST(CleanUpBlocks, UnreachableGo) {
  EXPECT_EQ(
      blocks("block 0:\n%0 = get i1 c\ncond_br %0, block 2, block 3\nblock 1:\nhalt +4\nblock 2:\nhalt +8\n"
             "block 3:\nhalt +12\n"),
      "block 0:\n%0 = get i1 c\ncond_br %0, block 1, block 2\nblock 1:\nhalt +8\nblock 2:\nhalt +12\n");
}

TEST(CleanUpBlocks, JoinsWithTheOnlyPredecessor) {
  EXPECT_EQ(
      blocks(
          "block 0:\n%0 = get i1 c\ncond_br %0, block 1, block 1\nblock 1:\nbr block 3\nblock 2:\nhalt +8\n"
          "block 3:\nhalt +12\n"),
      "%0 = get i1 c\nhalt +12\n");
}

TEST(CleanUpBlocks, LoopsStay) {
  const std::string loop =
      "block 0:\nbr block 1\nblock 1:\n%1 = get i1 c\ncond_br %1, block 1, block 2\nblock 2:\nhalt +0\n";
  EXPECT_EQ(blocks(loop), loop);
  // backwards, and only reached from later blocks
  EXPECT_EQ(blocks("block 0:\nbr block 2\nblock 1:\nhalt +4\nblock 2:\nbr block 1\n"),
            "block 0:\nbr block 2\nblock 1:\nhalt +4\nblock 2:\nbr block 1\n");
}

}  // namespace
}  // namespace xarch::test
