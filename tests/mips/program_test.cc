// Whole programs, static and without a C library: `xarch run` gives the output and status that qemu-mips
// gives.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace xarch::mips {
namespace {

struct Ended {
  std::string output;
  int status;  // as of wait
};

Ended run(const std::string& command) {
  Ended e;
  FILE* f = popen(("exec " + command).c_str(), "r");
  char buffer[4096];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) e.output.append(buffer, n);
  e.status = pclose(f);
  return e;
}

void compare(const std::string& program, const std::string& options = "") {
  std::string path = std::string(XARCH_MIPS_PROGRAMS "/").append(program);
  Ended theirs = run("qemu-mips " + path);
  Ended ours = run(std::string(XARCH_COMMAND " run ").append(options).append(" ").append(path));
  EXPECT_EQ(ours.output, theirs.output) << program;
  EXPECT_EQ(ours.status, theirs.status) << program;
}

TEST(MipsProgram, Hello) { compare("hello one two"); }
TEST(MipsProgram, Crc32) { compare("crc32"); }
TEST(MipsProgram, Mix) { compare("mix"); }
TEST(MipsProgram, HelloIsWhatItShouldBe) {
  Ended e = run(XARCH_COMMAND " run " XARCH_MIPS_PROGRAMS "/hello x");
  EXPECT_EQ(e.output, "Hello, big-endian world\nx\n");
  EXPECT_EQ(WEXITSTATUS(e.status), 42);
}
TEST(MipsProgram, DiesOfTheRightSignal) {
  const std::pair<const char*, int> kDeaths[] = {
      {"die d", SIGFPE}, {"die i", SIGILL}, {"die t", SIGTRAP}, {"die s", SIGSEGV}};
  for (auto [program, signo] : kDeaths) {
    Ended e = run(std::string(XARCH_COMMAND " run " XARCH_MIPS_PROGRAMS "/").append(program));
    EXPECT_TRUE(WIFSIGNALED(e.status)) << program << ": " << e.status;
    EXPECT_EQ(WTERMSIG(e.status), signo) << program;
  }
  compare("die n");
}

}  // namespace
}  // namespace xarch::mips
