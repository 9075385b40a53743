// Programs full of signals, threads and processes: what they print natively is the oracle.
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>

#include <string>
#include <tuple>

namespace xarch {
namespace {

// Of those that are full of races; the others go one way.
int repetitions(const std::string& program) { return program == "execs" || program == "limits" ? 1 : 3; }

struct Outcome {
  std::string output;
  int status = 0;
};

Outcome run(const std::string& command) {
  Outcome o;
  FILE* pipe = popen(("exec timeout 30 " + command + " 2>&1 </dev/null").c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) o.output.append(buffer, n);
  o.status = pclose(pipe);
  return o;
}

using Case = std::tuple<const char*, const char*, const char*>;
class ProcessTest : public testing::TestWithParam<Case> {};

TEST_P(ProcessTest, SameAsNatively) {
  const auto [program, kind, options] = GetParam();
  const std::string dir = PROGRAM_DIR "/";
  // Programs for i386 are their own oracle.
  const bool i386 = std::string(kind).starts_with("i386");
  const Outcome native = run(dir + (i386 ? kind : "native") + "/" + program);
  for (int i = 0; i < repetitions(program); ++i) {
    const Outcome foreign = run(XARCH " run " + std::string(options) + " " + dir + kind + "/" + program);
    ASSERT_EQ(foreign.output, native.output) << "repetition " << i;
    ASSERT_EQ(foreign.status, native.status) << "repetition " << i;
  }
}

// What a kernel of AArch64 does (Documentation/arm64/tagged-address-abi.rst): no host has it, so it stands
// here.
TEST(TaggedPointers, AreTakenWhenAskedFor) {
  const std::string refused =
      "read EFAULT write EFAULT path EFAULT stat EFAULT readv EFAULT EFAULT mprotect ok pipe EFAULT\n";
  const std::string taken = "read ok write ok path ok stat ok readv ok ok mprotect ok pipe ok\n";
  for (const char* options : {"", "--guest-base 0x100000000000 ", "--cpu cortex-a53 ", "--backend interp "}) {
    const Outcome o = run(XARCH " run " + std::string(options) + PROGRAM_DIR "/tagged");
    EXPECT_EQ(o.output, "42 tagged\natomics 31 1 31 6\nblocks 14336 45 ok\nget 0\n" + refused +
                            "bad EINVAL EINVAL EINVAL\nset ok get 1\n" + taken + "thread 1\n" + refused +
                            "here 1\nforked 1\nafter exec 0\n");
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string name = std::get<0>(info.param);
  const std::string kind = std::get<1>(info.param);
  if (kind == "native" || kind == "amd64-static") name += "Amd64";
  if (kind.starts_with("i386")) name += "I386";
  name += kind.ends_with("static") ? "Static" : "Dynamic";
  return name + (*std::get<2>(info.param) == 0 ? "" : "WithBase");
}

INSTANTIATE_TEST_SUITE_P(Programs, ProcessTest,
                         testing::Combine(testing::Values("delivery", "execs", "hazards", "limits", "vforks"),
                                          testing::Values("arm64", "arm64-static", "native", "amd64-static"),
                                          testing::Values("", "--guest-base 0x100000000000")),
                         case_name);
INSTANTIATE_TEST_SUITE_P(I386, ProcessTest,
                         testing::Combine(testing::Values("delivery", "execs", "hazards", "limits", "vforks"),
                                          testing::Values("i386-static"), testing::Values("")),
                         case_name);
INSTANTIATE_TEST_SUITE_P(X86, ProcessTest,
                         testing::Combine(testing::Values("x86_frames", "x86_stores"),
                                          testing::Values("native", "amd64-static", "i386-static"),
                                          testing::Values("", "--guest-base 0x100000000000")),
                         case_name);

// With a base there is less room.
INSTANTIATE_TEST_SUITE_P(Places, ProcessTest,
                         testing::Combine(testing::Values("x86_places"),
                                          testing::Values("native", "amd64-static"), testing::Values("")),
                         case_name);

}  // namespace
}  // namespace xarch
