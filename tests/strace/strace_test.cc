// --strace against what strace(1) 6.1 shows of the same calls.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/strace/runs.h"

namespace xarch {
namespace {

class Decoding : public testing::TestWithParam<const char*> {};

// Every line of the group is as it is expected: tests/strace/expected/GROUP.txt.
TEST_P(Decoding, ShowsCallsAsStraceDoes) {
  const Traced t = traced("-o LOG", "calls", GetParam());
  EXPECT_EQ(group(by_thread(t.log)["P1"]), file_text(std::string(EXPECTED_DIR "/") + GetParam() + ".txt"));
  EXPECT_EQ(t.out, "");
}

INSTANTIATE_TEST_SUITE_P(Strace, Decoding,
                         testing::Values("files", "memory", "times", "process", "signals", "sockets",
                                         "waiting", "terminal", "netlink", "requests", "commands"),
                         [](const auto& info) { return std::string(info.param); });

std::string joined(const std::vector<std::string>& lines, const std::string& without = "\n") {
  std::string text;
  for (const std::string& line : lines)
    if (line.find(without) == std::string::npos) text += line + "\n";
  return text;
}

TEST(Strace, FollowsChildren) {
  const Traced t = traced("-o LOG -e trace=%process,kill,getppid", "calls", "children");
  auto threads = by_thread(t.log);
  ASSERT_EQ(threads.size(), 4u) << t.log;
  // When a child's end is told depends on who is faster.
  const std::string parent = group(threads["P1"]);
  EXPECT_NE(parent.find("--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=P2, si_uid="),
            std::string::npos)
      << parent;
  EXPECT_NE(parent.find("si_code=CLD_KILLED, si_pid=P3, si_uid="), std::string::npos) << parent;
  std::vector<std::string> calls;
  for (const std::string& line : threads["P1"])
    if (line.starts_with("clone") || line.starts_with("wait")) calls.push_back(line);
  EXPECT_EQ(joined(calls, "P4"),
            "clone(child_stack=NULL, flags=SIGCHLD) = P2\n"
            "wait4(P2, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = P2\n"
            "clone(child_stack=NULL, flags=SIGCHLD) = P3\n"
            "wait4(P3, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}], 0, NULL) = P3\n");
  EXPECT_EQ(joined(threads["P2"]), "exit_group(3) = ?\n+++ exited with 3 +++\n");
  const std::string killed = joined(threads["P3"]);
  EXPECT_TRUE(killed.starts_with(
      "kill(P3, SIGTERM) = 0\n--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=P3, si_uid="))
      << killed;
  EXPECT_TRUE(killed.ends_with("} ---\n+++ killed by SIGTERM +++\n")) << killed;
  EXPECT_EQ(joined(threads["P4"]),
            "execve(\"/proc/self/exe\", [\"calls\", \"nothing\"], ADDR /* 0 vars */) = 0\n"
            "getppid() = P1\ngetppid() = P1\nexit_group(0) = ?\n+++ exited with 0 +++\n");
}

TEST(Strace, FollowsThreads) {
  const Traced t = traced("--strace -e trace=read,dup,write,exit,clone,exit_group", "calls", "threads");
  const std::string text = normalized(t.out);
  // The reader's line is begun, cut by another's, and ended after the writer has written.
  const size_t begun = text.find("] read(3,  <unfinished ...>\n");
  const size_t cut = text.find(" dup(99)");
  const size_t ended = text.find("] <... read resumed>\"x\", 1)");
  EXPECT_NE(begun, std::string::npos) << text;
  EXPECT_LT(begun, cut) << text;
  EXPECT_LT(cut, ended) << text;
  EXPECT_NE(text.find("write(4, \"x\", 1)"), std::string::npos) << text;
  EXPECT_NE(ended, std::string::npos) << text;
  EXPECT_NE(text.find("] exit(0)"), std::string::npos) << text;
  EXPECT_NE(text.find("] +++ exited with 0 +++\n"), std::string::npos) << text;
  EXPECT_NE(
      text.find("clone(child_stack=ADDR, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|"
                "CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(", parent_tid=[P"), std::string::npos) << text;
  // With one thread left there is no need for numbers.
  EXPECT_NE(text.find("\nexit_group(0)                           = ?\n+++ exited with 0 +++\n"),
            std::string::npos)
      << text;
}

TEST(Strace, ShowsTheFirstExecveAndTheEnd) {
  const Traced t = traced("--strace", "calls", "nothing");
  const std::string text = normalized(t.out);
  EXPECT_TRUE(text.starts_with("execve(\"" PROGRAM_DIR "/calls\", [\"/")) << text;
  EXPECT_NE(text.find(", \"nothing\"], ADDR /* 2 vars */) = 0\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("exit_group(0)                           = ?\n+++ exited with 0 +++\n")) << text;
}

TEST(Strace, ShowsWhatKillsAProgram) {
  const Traced t = traced("--strace -e trace=none", "calls", "fault");
  EXPECT_TRUE(WIFSIGNALED(t.status) || WEXITSTATUS(t.status) == 128 + SIGSEGV);
  EXPECT_TRUE(
      t.out.starts_with("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---\n"
                        "+++ killed by SIGSEGV +++\n"))
      << t.out;
}

TEST(Strace, OtherAbisHaveTheirOwnNumbersAndByteOrder) {
  const Traced t = traced("-o LOG", "o32");
  EXPECT_EQ(group(by_thread(t.log)["P1"]), file_text(EXPECTED_DIR "/o32.txt"));
}

}  // namespace
}  // namespace xarch
