// Guards the quality of tier 1's code by counted host instructions.
#include <gtest/gtest.h>

#include "tests/codegen/count.h"

namespace xarch::test {
namespace {

class CodegenTest : public testing::TestWithParam<const char*> {};

TEST_P(CodegenTest, StaysWithinItsCounts) {
  const Result<CaseFile> file = read_cases(std::string(XARCH_CODEGEN_CASES "/") + GetParam() + ".cases");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_FALSE(file->cases.empty());
  const Result<std::unique_ptr<GuestUnderTest>> guest = GuestUnderTest::make(file->guest);
  ASSERT_TRUE(guest) << guest.error().message;
  for (const SnippetCase& c : file->cases) {
    SCOPED_TRACE(GetParam() + std::string(".cases:") + std::to_string(c.line) + ": " + c.name);
    const Result<Counts> n = (*guest)->count(c.text);
    if (!n) {
      ADD_FAILURE() << n.error().message;
      continue;
    }
    EXPECT_TRUE(c.max_hot == 0 || n->hot <= c.max_hot) << "hot " << n->hot << " > " << c.max_hot << "\n"
                                                       << n->listing;
    EXPECT_TRUE(c.max_all == 0 || n->all <= c.max_all) << "all " << n->all << " > " << c.max_all << "\n"
                                                       << n->listing;
    EXPECT_TRUE(c.max_bytes == 0 || n->bytes <= c.max_bytes)
        << "bytes " << n->bytes << " > " << c.max_bytes << "\n"
        << n->listing;
  }
}

INSTANTIATE_TEST_SUITE_P(Guests, CodegenTest,
                         testing::Values("arm64", "arm64-simd", "arm64-fp", "arm64-half", "arm64-fp-flags",
                                         "arm64-fp-flush", "mips", "x86-64", "x86-64-sse", "i386",
                                         "i386-x87"),
                         [](const auto& info) {
                           std::string name(info.param);
                           std::erase(name, '-');
                           return name;
                         });

TEST(CaseFiles, MalformedOnesAreRefused) {
  EXPECT_FALSE(read_cases("/nonexistent"));
  EXPECT_FALSE(GuestUnderTest::make("vax"));
  const Result<std::unique_ptr<GuestUnderTest>> guest = GuestUnderTest::make("arm64");
  ASSERT_TRUE(guest);
  EXPECT_FALSE((*guest)->count("bogus x1\n"));
  EXPECT_FALSE((*guest)->count("bl elsewhere\n"));
  EXPECT_FALSE((*guest)->count("ret\nret\n")) << "the second one is never translated";
}

}  // namespace
}  // namespace xarch::test
