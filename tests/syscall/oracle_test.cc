// Programs that print what system calls answer: the native run is the oracle of the emulated one.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace xarch {
namespace {

struct Outcome {
  std::string output;
  int status = 0;
};

// Runs a command in a fresh directory; standard error goes with the output.
Outcome run(const std::string& command) {
  char name[] = "/tmp/xarch-syscall-XXXXXX";
  const std::string directory = mkdtemp(name);
  Outcome o;
  FILE* pipe = popen(("cd " + directory + " && exec " + command + " 2>&1 </dev/null").c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) o.output.append(buffer, n);
  o.status = pclose(pipe);
  std::filesystem::remove_all(directory);
  return o;
}

using Case = std::tuple<const char*, const char*, const char*>;

class OracleTest : public testing::TestWithParam<Case> {};

TEST_P(OracleTest, AnswersAsLinuxDoes) {
  const auto [program, kind, options] = GetParam();
  const std::string dir = PROGRAM_DIR "/";
  // Programs for i386 are their own oracle.
  const bool i386 = std::string(kind).starts_with("i386");
  const Outcome native = run(dir + (i386 ? kind : "native") + "/" + program + " argument");
  const Outcome foreign =
      run(XARCH " run " + std::string(options) + " " + dir + kind + "/" + program + " argument");
  // A program that crashes natively shows nothing.
  EXPECT_TRUE(WIFEXITED(native.status)) << native.status;
  EXPECT_EQ(foreign.output, native.output);
  EXPECT_EQ(foreign.status, native.status);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string name =
      std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param) + "_" + std::to_string(info.index);
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

const auto kOptions = testing::Values("", "--guest-base 0x100000000000", "--backend interp");
INSTANTIATE_TEST_SUITE_P(
    Programs, OracleTest,
    testing::Combine(testing::Values("files", "memory", "holes", "waiting", "net", "system", "aio"),
                     testing::Values("arm64", "arm64-static", "native", "amd64-static"), kOptions),
    case_name);
INSTANTIATE_TEST_SUITE_P(I386, OracleTest,
                         testing::Combine(testing::Values("files", "memory", "holes", "waiting", "net",
                                                          "system", "aio", "old32", "times64", "segments"),
                                          testing::Values("i386-static"),
                                          testing::Values("", "--backend interp")),
                         case_name);
INSTANTIATE_TEST_SUITE_P(X86, OracleTest,
                         testing::Combine(testing::Values("int80", "segments"),
                                          testing::Values("native", "amd64-static"), kOptions),
                         case_name);

}  // namespace
}  // namespace xarch
