// Called as qemu-GUEST: qemu-user's options and environment variables.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "tests/frontend/command.h"

namespace xarch {
namespace {

class Qemu : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    name_ = GetParam();
    ASSERT_EQ(symlink(XARCH, (dir_ / name_).c_str()), 0);
  }
  Outcome call(std::vector<std::string> args, const How& how = {}) {
    args.insert(args.begin(), dir_ / name_);
    return command(args, how);
  }
  void expect_usage(const std::vector<std::string>& args, const std::string& words, const How& how = {}) {
    const Outcome o = call(args, how);
    SCOPED_TRACE(testing::PrintToString(args) + " " + o.err);
    EXPECT_EQ(o.exit_status(), 1);
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1);
    EXPECT_EQ(o.err.find(name_ + ": "), 0u);
    EXPECT_NE(o.err.find(words), std::string::npos);
  }
  Scratch dir_;
  std::string name_;
  const std::string show_ = program("dynamic");
};

TEST_P(Qemu, HelpVersionAndLists) {
  for (const char* word : {"-h", "-help", "--help"}) {
    const Outcome o = call({word});
    EXPECT_EQ(o.exit_status(), 0);
    for (const char* option : {"-L PATH", "-E VAR=VALUE", "-U VAR", "-0 ARGV0", "-s SIZE", "-cpu MODEL",
                               "-strace", "-d ITEM", "-D FILE", "-r RELEASE", "-B ADDRESS", "-version"})
      EXPECT_NE(o.out.find(std::string("\n  ") + option), std::string::npos) << option;
    for (const char* variable :
         {"QEMU_LD_PREFIX", "QEMU_STACK_SIZE", "QEMU_CPU", "QEMU_SET_ENV", "QEMU_UNSET_ENV", "QEMU_ARGV0",
          "QEMU_UNAME", "QEMU_LOG", "QEMU_LOG_FILENAME", "QEMU_STRACE"})
      EXPECT_NE(o.out.find(variable), std::string::npos) << variable;
  }
  EXPECT_EQ(call({"-version"}).out.substr(0, 6), "xarch ");
  EXPECT_NE(call({"-cpu", "help"}).out.find("cortex-a72"), std::string::npos);
  EXPECT_NE(call({"-d", "help"}).out.find("in_asm "), std::string::npos);
}

TEST_P(Qemu, OptionsAndTheirVariables) {
  EXPECT_EQ(call({show_, "args", "-x"}).out, "0=" + show_ + "\n1=args\n2=-x\n");
  EXPECT_EQ(call({"-0", "zero", show_, "args"}).out, "0=zero\n1=args\n");
  EXPECT_EQ(call({show_, "args"}, {.env = {"QEMU_ARGV0=zero"}}).out, "0=zero\n1=args\n");
  EXPECT_EQ(call({"-E", "A=1,B=2", show_, "env", "A", "B"}).out, "A=1\nB=2\n");
  EXPECT_EQ(call({show_, "env", "A", "B"}, {.env = {"QEMU_SET_ENV=A=1,B=2"}}).out, "A=1\nB=2\n");
  EXPECT_EQ(call({"-U", "A,B", show_, "env", "A", "B"}, {.env = {"A=1", "B=2"}}).out, "A=(none)\nB=(none)\n");
  EXPECT_EQ(call({show_, "env", "A"}, {.env = {"A=1", "QEMU_UNSET_ENV=A"}}).out, "A=(none)\n");
  EXPECT_EQ(call({"-s", "67108864", show_, "stack", "60000000"}).out, "used\n");
  EXPECT_EQ(call({show_, "stack", "60000000"}, {.env = {"QEMU_STACK_SIZE=67108864"}}).out, "used\n");
  EXPECT_EQ(call({"-cpu", "cortex-a53", show_, "hwcap"}).out, "0\n");
  EXPECT_EQ(call({show_, "hwcap"}, {.env = {"QEMU_CPU=cortex-a53"}}).out, "0\n");
  EXPECT_EQ(call({"-r", "1.2.3", show_, "uname"}).out, "1.2.3 aarch64\n");
  EXPECT_EQ(call({show_, "uname"}, {.env = {"QEMU_UNAME=1.2.3"}}).out, "1.2.3 aarch64\n");
  EXPECT_EQ(call({"-B", "0x100000000000", show_, "exit", "6"}).exit_status(), 6);
  // The command line comes after the environment.
  EXPECT_EQ(call({"-cpu", "max", show_, "hwcap"}, {.env = {"QEMU_CPU=cortex-a53"}}).out, "1\n");
  // Long names with two dashes.
  EXPECT_EQ(call({"--cpu", "cortex-a53", show_, "hwcap"}).out, "0\n");
}

TEST_P(Qemu, Logs) {
  Outcome o = call({"-strace", show_, "exit", "3"});
  EXPECT_NE(o.err.find("exit_group(3)"), std::string::npos);
  o = call({show_, "exit", "3"}, {.env = {"QEMU_STRACE=1"}});
  EXPECT_NE(o.err.find("exit_group(3)"), std::string::npos);
  o = call({"-D", dir_ / "log", "-d", "in_asm,op,out_asm,nochain", show_, "args"});
  EXPECT_EQ(o.err, "");
  EXPECT_GT(contents(dir_ / "log").size(), 10000u);
  o = call({show_, "args"}, {.env = {"QEMU_LOG=strace", "QEMU_LOG_FILENAME=" + (dir_ / "other")}});
  EXPECT_EQ(o.out, "0=" + show_ + "\n1=args\n");
  EXPECT_EQ(o.err, "");
}

TEST_P(Qemu, Roots) {
  EXPECT_EQ(call({"-L", "/usr/aarch64-linux-gnu", show_, "exit", "2"}).exit_status(), 2);
  EXPECT_EQ(call({show_, "exit", "2"}, {.env = {"QEMU_LD_PREFIX=/usr/aarch64-linux-gnu"}}).exit_status(), 2);
  // A prefix that is not there does no harm to a program that needs none.
  EXPECT_EQ(call({"-L", "/no/such", program("static"), "exit", "2"}).exit_status(), 2);
  const Outcome o = call({"-L", dir_.path(), show_});
  EXPECT_EQ(o.exit_status(), 127);
  EXPECT_NE(o.err.find("-L /usr/aarch64-linux-gnu has it"), std::string::npos) << o.err;
}

TEST_P(Qemu, WrongCommandLines) {
  expect_usage({}, "no program given");
  expect_usage({"-foo", show_}, "unknown option -foo");
  expect_usage({"-starce", show_}, "did you mean -strace?");
  expect_usage({"-cpu"}, "needs a value");
  expect_usage({"-s", "many", show_}, "-s: not a number of bytes");
  expect_usage({show_}, "-s: not a number of bytes", {.env = {"QEMU_STACK_SIZE=many"}});
  expect_usage({"-E", "A=1,B", show_}, "-E B: wants NAME=VALUE");
  expect_usage({"-d", "in_asm,nonsense", show_}, "cannot log nonsense");
  expect_usage({"-D", "/no/such/file", show_}, "/no/such/file");
  for (const char* option : {"-g", "-R", "-p", "-seed", "-plugin", "-dfilter", "-trace"})
    expect_usage({option, "1", show_}, std::string("xarch has no ") + option);
  for (const char* option : {"-singlestep", "-one-insn-per-tb"})
    expect_usage({option, show_}, std::string("xarch has no ") + option);
  expect_usage({show_}, "QEMU_GDB", {.env = {"QEMU_GDB=1234"}});
}

TEST_P(Qemu, OnlyItsOwnGuest) {
  const Outcome o = call({program("mips")});
  EXPECT_EQ(o.exit_status(), 126);
  EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1);
  EXPECT_NE(o.err.find("MIPS 32-bit big-endian, which is not among the guests here: aarch64"),
            std::string::npos)
      << o.err;
  const Outcome native = call({"/bin/true"});
  EXPECT_EQ(native.exit_status(), 126);
  EXPECT_NE(native.err.find("this machine's own processor: start it without xarch"), std::string::npos)
      << native.err;
}

INSTANTIATE_TEST_SUITE_P(Names, Qemu, testing::Values("qemu-aarch64", "qemu-aarch64-static"),
                         [](const auto& info) { return info.index == 0 ? "plain" : "static_"; });

TEST(QemuMips, RunsMipsOnly) {
  Scratch dir;
  ASSERT_EQ(symlink(XARCH, (dir / "qemu-mips").c_str()), 0);
  EXPECT_EQ(command({dir / "qemu-mips", program("mips")}).exit_status(), 5);
  EXPECT_EQ(command({dir / "qemu-mips", program("static")}).exit_status(), 126);
}

// Programs for the host's own processor are translated if they are asked for by name, and so is what they
// start.
TEST(QemuX86, TranslatesItsOwn) {
  Scratch dir;
  for (const char* name : {"qemu-x86_64", "qemu-i386"}) ASSERT_EQ(symlink(XARCH, (dir / name).c_str()), 0);
  EXPECT_EQ(command({dir / "qemu-x86_64", "/bin/true"}).exit_status(), 0);
  const Outcome nested = command(
      {dir / "qemu-x86_64", "/bin/sh", "-c",
       "grep '^model name.*xarch' /proc/cpuinfo && grep '^cache size.*: [1-9][0-9]* KB$' /proc/cpuinfo"});
  EXPECT_EQ(nested.exit_status(), 0) << nested.out << nested.err;
  EXPECT_EQ(command({dir / "qemu-i386", "/bin/true"}).exit_status(), 126);
}

}  // namespace
}  // namespace xarch
