// --perf: what it writes, read by a parser of the test's own.
#include "linux-user/perf.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/frontend/command.h"

namespace xarch {
namespace {

struct Range {
  uint64_t bytes;
  std::string name;
  bool operator==(const Range&) const = default;
};
using Ranges = std::map<uint64_t, Range>;

// START BYTES NAME, in hexadecimal.
Ranges read_map(const std::string& text) {
  Ranges ranges;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    unsigned long start = 0, bytes = 0;
    int name = 0;
    EXPECT_EQ(sscanf(line.c_str(), "%lx %lx %n", &start, &bytes, &name), 2) << line;
    EXPECT_TRUE(ranges.emplace(start, Range{bytes, line.substr(static_cast<size_t>(name))}).second) << line;
  }
  return ranges;
}

template <typename T>
T at(const std::string& bytes, size_t offset) {
  T value = {};
  EXPECT_LE(offset + sizeof value, bytes.size());
  if (offset + sizeof value <= bytes.size()) memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The layout as the kernel's jitdump-specification.txt has it.
Ranges read_dump(const std::string& bytes, int pid, bool closed) {
  Ranges ranges;
  EXPECT_EQ(bytes.substr(0, 4), "DTiJ");  // 0x4a695444, in this machine's order
  EXPECT_EQ(at<uint32_t>(bytes, 4), 1u);
  EXPECT_EQ(at<uint32_t>(bytes, 8), 40u);
  EXPECT_EQ(at<uint32_t>(bytes, 12), 62u);  // EM_X86_64
  EXPECT_EQ(at<uint32_t>(bytes, 20), static_cast<uint32_t>(pid));
  uint64_t time = at<uint64_t>(bytes, 24);
  EXPECT_NE(time, 0u);
  EXPECT_EQ(at<uint64_t>(bytes, 32), 0u);
  bool end = false;
  std::set<uint64_t> indexes;
  for (size_t record = 40; record < bytes.size();) {
    EXPECT_FALSE(end);
    const auto id = at<uint32_t>(bytes, record), size = at<uint32_t>(bytes, record + 4);
    EXPECT_GE(at<uint64_t>(bytes, record + 8), time);
    time = at<uint64_t>(bytes, record + 8);
    if (id == 3) {
      EXPECT_EQ(size, 16u);
      end = true;
    } else {
      EXPECT_EQ(id, 0u);
      EXPECT_EQ(at<uint32_t>(bytes, record + 16), static_cast<uint32_t>(pid));
      EXPECT_NE(at<uint32_t>(bytes, record + 20), 0u);
      const auto address = at<uint64_t>(bytes, record + 32), code = at<uint64_t>(bytes, record + 40);
      EXPECT_EQ(at<uint64_t>(bytes, record + 24), address);
      EXPECT_TRUE(indexes.insert(at<uint64_t>(bytes, record + 48)).second);
      const std::string name = bytes.c_str() + record + 56;
      EXPECT_EQ(size, 56 + name.size() + 1 + code);
      ranges[address] = {code, name};
    }
    if (size == 0) break;
    record += size;
  }
  EXPECT_EQ(end, closed);
  return ranges;
}

void expect_no_overlaps(const Ranges& ranges) {
  uint64_t end = 0;
  for (const auto& [start, range] : ranges) {
    EXPECT_GE(start, end) << range.name;
    EXPECT_GT(range.bytes, 0u);
    end = start + range.bytes;
  }
}

bool names(const Ranges& ranges, const std::string& function) {
  for (const auto& [start, range] : ranges)
    if (range.name == function || range.name.starts_with(function + "+0x")) return true;
  return false;
}

// Does one executable mapping of the process hold them all?
bool in_executable_memory(int pid, const Ranges& ranges) {
  std::istringstream lines(contents("/proc/" + std::to_string(pid) + "/maps"));
  const uint64_t first = ranges.begin()->first, last = ranges.rbegin()->first + ranges.rbegin()->second.bytes;
  for (std::string line; std::getline(lines, line);) {
    unsigned long start = 0, end = 0;
    char rights[8] = "";
    if (sscanf(line.c_str(), "%lx-%lx %7s", &start, &end, rights) == 3 && rights[2] == 'x' &&
        start <= first && last <= end)
      return true;
  }
  return false;
}

class Perf : public testing::TestWithParam<const char*> {};

TEST_P(Perf, NamesFunctionsOfProgramsLibrariesAndChildren) {
  Scratch dir;
  const std::string log = dir / "out", go = dir / "go";
  ASSERT_EQ(mkfifo(go.c_str(), 0600), 0);
  const int runner = fork();
  if (runner == 0) {
    if (freopen(log.c_str(), "w", stdout) == nullptr || freopen(go.c_str(), "r", stdin) == nullptr) _exit(1);
    alarm(60);
    execl(XARCH, "xarch", "run", "--perf", "--perf-dir", dir.path().c_str(), "-L", "/usr/aarch64-linux-gnu",
          program(GetParam()).c_str(), nullptr);
    _exit(1);
  }
  FILE* gate = fopen(go.c_str(), "w");
  int pid = 0, child = 0;
  for (int i = 0; i < 3000 && sscanf(contents(log).c_str(), "%d %d", &pid, &child) != 2; ++i) usleep(10000);
  ASSERT_EQ(pid, runner);
  const auto map_of = [&](int p) { return read_map(contents(dir / ("perf-" + std::to_string(p) + ".map"))); };
  const auto dump_of = [&](int p) { return contents(dir / ("jit-" + std::to_string(p) + ".dump")); };
  EXPECT_TRUE(in_executable_memory(pid, map_of(pid)));
  EXPECT_NE(contents("/proc/" + std::to_string(pid) + "/maps").find("/jit-" + std::to_string(pid) + ".dump"),
            std::string::npos);
  fclose(gate);
  int status = 0;
  ASSERT_EQ(waitpid(runner, &status, 0), runner);
  EXPECT_EQ(status, 0);

  const Ranges parent = map_of(pid), childs = map_of(child);
  for (const Ranges* ranges : {&parent, &childs}) {
    expect_no_overlaps(*ranges);
    for (const char* function :
         {"first_function", "second_function", "compare", "main", "qsort", "[xarch stubs]"})
      EXPECT_TRUE(names(*ranges, function)) << function;
    bool loop = false;
    for (const auto& [start, range] : *ranges) loop |= range.name.starts_with("second_function+0x");
    EXPECT_TRUE(loop);
  }
  EXPECT_FALSE(names(parent, "childs_function"));
  EXPECT_TRUE(names(childs, "childs_function"));
  EXPECT_EQ(read_dump(dump_of(pid), pid, true), parent);
  EXPECT_EQ(read_dump(dump_of(child), child, true), childs);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Perf, testing::Values("functions", "functions-dynamic"),
                         [](const auto& info) {
                           return std::string(info.param).substr(9) == "" ? "Static" : "Dynamic";
                         });

TEST(PerfFiles, OneOfTheTwoOrNone) {
  Scratch dir;
  const std::string p = program("static");
  const auto files = [&](const std::string& option) {
    EXPECT_EQ(run({option, "--perf-dir", dir.path(), p, "exit", "0"}).exit_status(), 0);
    const std::string list = command({"/bin/ls", dir.path()}).out;
    command({"/bin/sh", "-c", "rm -f " + dir.path() + "/*"});
    return std::pair(list.find(".map") != std::string::npos, list.find(".dump") != std::string::npos);
  };
  EXPECT_EQ(files("--perf"), std::pair(true, true));
  EXPECT_EQ(files("--perf=map"), std::pair(true, false));
  EXPECT_EQ(files("--perf=jitdump"), std::pair(false, true));
  EXPECT_NE(run({"--perf", "--perf-dir", "/no/such", p}).err.find("--perf-dir /no/such: No such file"),
            std::string::npos);
}

// Symbol tables are read from files that anybody may have made.
TEST(PerfFiles, FilesWithOddSymbolTables) {
  Scratch dir;
  const std::string whole = contents(program("functions"));
  const auto symbols = [&](const std::string& bytes) {
    return linux_user::FileSymbols::read(dir.put("file", bytes));
  };
  std::string name;
  uint64_t offset = 0;
  EXPECT_GT(symbols(whole)->size(), 500u);
  EXPECT_EQ(linux_user::FileSymbols::read("/no/such")->size(), 0u);
  EXPECT_EQ(linux_user::FileSymbols::read("/dev/zero")->size(), 0u);
  EXPECT_EQ(symbols("")->size(), 0u);
  EXPECT_EQ(symbols(whole.substr(0, whole.size() / 2))->size(), 0u);
  uint64_t seed = 12345;
  const auto random = [&seed](uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  };
  const uint64_t sections =
      whole.size() - 3000;  // where the section headers are, and the strings before them
  for (int round = 0; round < 60; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 20; ++i) {
      // The magic number stays.
      const uint64_t at = random(2) != 0 ? 4 + random(1020) : sections + random(3000);
      bytes[at] = static_cast<char>(random(256));
    }
    const auto read = symbols(bytes);
    for (uint64_t at = 0; at < whole.size(); at += 1000) read->find(at, &name, &offset);
  }
}

// Memory for code that comes to lie where other code has been.
TEST(PerfFiles, AMapKnowsNothingOfCodeThatIsGone) {
  Scratch dir;
  linux_user::MemoryMap memory(0, uint64_t{1} << 40);
  linux_user::PerfWriter writer({.map = true, .jitdump = true, .directory = dir.path()}, memory);
  auto* code =
      static_cast<uint8_t*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const auto address = reinterpret_cast<uint64_t>(code);
  const std::string map = dir / ("perf-" + std::to_string(getpid()) + ".map");
  writer.begin_code(code, 4096, 64);
  writer.translated(0x1000, code + 64, 10);
  writer.translated(0x2000, code + 80, 20);
  writer.begin_code(code + 4096, 4096, 32);
  EXPECT_EQ(read_map(contents(map)), (Ranges{{address, {64, "[xarch stubs]"}},
                                             {address + 64, {10, "[anon]+0x1000"}},
                                             {address + 80, {20, "[anon]+0x2000"}},
                                             {address + 4096, {32, "[xarch stubs]"}}}));
  writer.end_code(code);
  writer.begin_code(code, 4096, 48);
  writer.translated(0x3000, code + 70, 5);
  writer.finish();
  const Ranges now = read_map(contents(map));
  EXPECT_EQ(now, (Ranges{{address, {48, "[xarch stubs]"}},
                         {address + 70, {5, "[anon]+0x3000"}},
                         {address + 4096, {32, "[xarch stubs]"}}}));
  // The dump has times and keeps all.
  EXPECT_EQ(read_dump(contents(dir / ("jit-" + std::to_string(getpid()) + ".dump")), getpid(), true).size(),
            5u);
  munmap(code, 8192);
}

}  // namespace
}  // namespace xarch
