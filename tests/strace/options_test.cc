// The options that go with --strace.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "tests/strace/runs.h"

namespace xarch {
namespace {

std::set<std::string> calls_of(const std::string& text) {
  std::set<std::string> calls;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (const size_t open = line.find('('); open != std::string::npos && line[0] >= 'a' && line[0] <= 'z')
      calls.insert(line.substr(0, open));
  return calls;
}

TEST(StraceOptions, SetsOfCalls) {
  const auto calls = [](const std::string& expression) {
    return calls_of(traced("-e " + expression, "calls", "memory").out);
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(calls("trace=madvise,msync"), (Set{"madvise", "msync"}));
  EXPECT_EQ(calls("getppid"), (Set{"getppid"}));
  EXPECT_EQ(calls("trace=%process"), (Set{"execve", "exit_group"}));
  EXPECT_EQ(calls("trace=process"), (Set{"execve", "exit_group"}));
  EXPECT_EQ(calls("trace=?nonsense,execve"), (Set{"execve"}));
  EXPECT_EQ(calls("trace=fork"), Set{});
  EXPECT_EQ(calls("trace=none"), Set{});
  const Set most = calls("'trace=!mmap,getppid'");
  EXPECT_EQ(most.count("mmap") + most.count("getppid"), 0u);
  EXPECT_EQ(most.count("munmap"), 1u);
  const Set memory = calls("trace=%memory");
  EXPECT_EQ(memory, (Set{"brk", "madvise", "mmap", "mprotect", "mremap", "msync", "munmap"}));
}

TEST(StraceOptions, StatusAndSignals) {
  const std::string failed = traced("-e status=failed", "calls", "memory").out;
  EXPECT_NE(failed.find("munmap(0x1, 10)"), std::string::npos);
  EXPECT_EQ(failed.find("madvise"), std::string::npos);
  EXPECT_EQ(traced("-e trace=none", "calls", "signals").out.find("--- SIGALRM") == std::string::npos, false);
  const std::string some = traced("-e trace=none -e signal=USR1", "calls", "signals").out;
  EXPECT_NE(some.find("--- SIGUSR1"), std::string::npos);
  EXPECT_EQ(some.find("--- SIGALRM"), std::string::npos);
}

TEST(StraceOptions, WrongOnes) {
  EXPECT_NE(traced("-e trace=nonsense", "calls").out.find("-e: there is no system call or class 'nonsense'"),
            std::string::npos);
  EXPECT_NE(traced("-e signal=XYZ", "calls").out.find("-e: there is no signal 'XYZ'"), std::string::npos);
  EXPECT_NE(traced("-e status=odd", "calls").out.find("status is failed, successful"), std::string::npos);
  EXPECT_NE(traced("-e odd=1", "calls").out.find("-e: there is no 'odd='"), std::string::npos);
  EXPECT_NE(traced("--string-limit x", "calls").out.find("--string-limit: not a number"), std::string::npos);
}

TEST(StraceOptions, TimesOfCallsAndOfTheDay) {
  const auto all_match = [](const std::string& options, const std::string& pattern) {
    const std::string text = traced(options + " -e trace=%memory", "calls", "memory").out;
    std::istringstream lines(text);
    const std::regex regex(pattern);
    size_t matching = 0, all = 0;
    for (std::string line; std::getline(lines, line); ++all) matching += std::regex_match(line, regex);
    EXPECT_GT(all, 5u);
    return all - matching;
  };
  EXPECT_EQ(all_match("-T", "\\w+\\(.* = .* <[0-9]+\\.[0-9]{6}>|\\+.*"), 0u);
  EXPECT_EQ(all_match("-t", "[0-9]{2}:[0-9]{2}:[0-9]{2} .*"), 0u);
  EXPECT_EQ(all_match("-tt", "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6} .*"), 0u);
  EXPECT_EQ(all_match("--relative-timestamps", " {5}0\\.[0-9]{6} .*"), 0u);
}

TEST(StraceOptions, PathsAndLengthsOfStrings) {
  const std::string text = traced("-y --string-limit 5 -e trace=openat,write,close", "calls", "files").out;
  EXPECT_TRUE(std::regex_search(
      text,
      std::regex("openat\\(AT_FDCWD</tmp/[^>]*/work>, \"made\", [^\n]*, 0640\\) = 3</tmp/[^>]*/work/made>")))
      << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("write\\(3</tmp/[^>]*/made>, \"plain\"\\.\\.\\., ")))
      << text;
}

TEST(StraceOptions, Summary) {
  const std::string text = traced("-c", "calls", "memory").out;
  EXPECT_TRUE(
      text.starts_with("% time     seconds  usecs/call     calls    errors syscall\n"
                       "------ ----------- ----------- --------- --------- ----------------\n"))
      << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("\n +[0-9.]+ +[0-9.]+ +[0-9]+ +2           getppid\n")))
      << text;
  EXPECT_TRUE(std::regex_search(text, std::regex(" +1         1 munmap\n"))) << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("\n100\\.00 .* total\n$"))) << text;
  // Of children, too.
  EXPECT_TRUE(
      std::regex_search(traced("-c", "calls", "children").out, std::regex(" +4           getppid\n")));
}

}  // namespace
}  // namespace xarch
