// Files that are not what they claim: one clear line and a shell's status, or the guest dies; never the
// translator.
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace xarch {
namespace {

struct Outcome {
  int status = 0;      // of waitpid
  std::string output;  // both streams
};

// Runs the command with bounds on its time and memory.
Outcome run(const std::vector<std::string>& args) {
  int p[2];
  EXPECT_EQ(pipe2(p, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(p[1], 1);
    dup2(p[1], 2);
    const struct rlimit cpu = {5, 5};
    setrlimit(RLIMIT_CPU, &cpu);
    std::vector<char*> argv = {const_cast<char*>(XARCH), const_cast<char*>("run")};
    for (const std::string& a : args) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    execv(XARCH, argv.data());
    _exit(99);
  }
  close(p[1]);
  Outcome o;
  char buffer[4096];
  for (ssize_t n; (n = read(p[0], buffer, sizeof buffer)) > 0;)
    if (o.output.size() < 65536) o.output.append(buffer, static_cast<size_t>(n));
  close(p[0]);
  waitpid(child, &o.status, 0);
  return o;
}

std::vector<char> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::vector<char>(std::istreambuf_iterator<char>(in), {});
}

class HostileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/xarch-hostile-XXXXXX";
    dir_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string put(const std::string& name, const std::vector<char>& bytes, mode_t mode = 0755) {
    const std::string path = dir_ + "/" + name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    chmod(path.c_str(), mode);
    return path;
  }
  // One line that names the file, and that status.
  void expect_refused(const std::string& path, int status, const std::string& why) {
    const Outcome o = run({path});
    EXPECT_TRUE(WIFEXITED(o.status)) << path;
    EXPECT_EQ(WEXITSTATUS(o.status), status) << o.output;
    EXPECT_EQ(std::count(o.output.begin(), o.output.end(), '\n'), 1) << o.output;
    EXPECT_NE(o.output.find(path), std::string::npos) << o.output;
    EXPECT_NE(o.output.find(why), std::string::npos) << o.output;
  }
  std::string dir_;
};

TEST_F(HostileTest, GoodOnesRun) {
  for (const char* kind : {"static", "pie"}) {
    for (const char* base : {"0", "0x100000000000"}) {
      const Outcome o = run({"--guest-base", base, std::string(PROGRAM_DIR "/hello-") + kind});
      EXPECT_EQ(o.output, "hello\n") << kind;
      EXPECT_TRUE(WIFEXITED(o.status) && WEXITSTATUS(o.status) == 5) << kind;
    }
  }
}

TEST_F(HostileTest, RefusalsNameFileAndReason) {
  const std::vector<char> good = read_file(PROGRAM_DIR "/hello-static");
  expect_refused(dir_ + "/missing", 127, "No such file");
  expect_refused(dir_, 126, "directory");
  expect_refused(put("empty", {}), 126, "neither an ELF file nor a script");
  expect_refused(put("text", {'e', 'c', 'h', 'o', '\n'}), 126, "neither an ELF file nor a script");
  expect_refused(put("short", std::vector<char>(good.begin(), good.begin() + 40)), 126, "truncated");
  expect_refused(put("half", std::vector<char>(good.begin(), good.begin() + 100)), 126, "truncated");
  std::vector<char> bytes = good;
  reinterpret_cast<Elf64_Ehdr*>(bytes.data())->e_machine = 4711;
  expect_refused(put("alien", bytes), 126, "machine 4711");
  bytes = good;
  reinterpret_cast<Elf64_Ehdr*>(bytes.data())->e_type = ET_CORE;
  expect_refused(put("core", bytes), 126, "core dump");
  if (geteuid() != 0) {
    expect_refused(put("secret", good, 0311), 126, "Permission denied");
  }
  expect_refused(put("plain", good, 0644), 126, "not executable");
  // An interpreter that is nowhere.
  bytes = good;
  auto* ehdr = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  auto* phdr = reinterpret_cast<Elf64_Phdr*>(bytes.data() + ehdr->e_phoff);
  for (int i = 0; i < ehdr->e_phnum; ++i) {
    if (phdr[i].p_type == PT_LOAD) continue;
    phdr[i].p_type = PT_INTERP;
    phdr[i].p_offset = bytes.size();
    phdr[i].p_filesz = 13;
    break;
  }
  const char interp[] = "/no/such/ld.";
  bytes.insert(bytes.end(), interp, interp + sizeof interp);
  expect_refused(put("lost", bytes), 127, "-L");
}

TEST_F(HostileTest, ScriptsGoToTheirInterpreter) {
  const std::string hello = PROGRAM_DIR "/hello-static";
  const std::string line = "#!" + hello + " -x\n";
  const Outcome o = run({put("script", std::vector<char>(line.begin(), line.end()))});
  EXPECT_EQ(o.output, "hello\n");
  const std::string self = dir_ + "/self";
  const std::string loop = "#!" + self + "\n";
  put("self", std::vector<char>(loop.begin(), loop.end()));
  expect_refused(self, 126, "too many levels");
}

// Bytes of the ELF header and the program headers.
size_t header_bytes(const std::vector<char>& file) {
  if (file[EI_CLASS] == ELFCLASS64)
    return sizeof(Elf64_Ehdr) +
           sizeof(Elf64_Phdr) * reinterpret_cast<const Elf64_Ehdr*>(file.data())->e_phnum;
  return sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) * reinterpret_cast<const Elf32_Ehdr*>(file.data())->e_phnum;
}

class MutatedTest : public HostileTest, public testing::WithParamInterface<const char*> {};

// XARCH_LOADER_RUNS=10000 makes a campaign of it.
TEST_P(MutatedTest, HeadersKillTheGuestOnly) {
  const char* wanted = getenv("XARCH_LOADER_RUNS");
  const int runs = wanted != nullptr ? atoi(wanted) : 400;
  const char* seed_text = getenv("XARCH_SEED");
  const auto seed = static_cast<unsigned>(seed_text != nullptr ? atoi(seed_text) : 1);
  printf("seed %u, %d runs\n", seed, runs);
  std::mt19937 random(seed);
  for (int i = 0; i < runs; ++i) {
    std::vector<char> bytes =
        read_file(std::string(PROGRAM_DIR) + (i % 2 ? "/hello-static" : "/hello-pie") + GetParam());
    const size_t headers = header_bytes(bytes);
    for (unsigned n = 1 + random() % 3; n-- > 0;) {
      static constexpr unsigned char kInteresting[] = {0, 1, 2, 7, 0x10, 0x7f, 0x80, 0xff};
      bytes[random() % headers] =
          static_cast<char>(random() % 2 ? random() : kInteresting[random() % sizeof kInteresting]);
    }
    const std::string path = put("mutated", bytes);
    const Outcome o = run({path});
    ASSERT_EQ(o.output.find("internal error"), std::string::npos) << i << ": " << o.output;
    if (WIFEXITED(o.status) && (WEXITSTATUS(o.status) == 126 || WEXITSTATUS(o.status) == 127)) {
      ASSERT_EQ(std::count(o.output.begin(), o.output.end(), '\n'), 1) << i << ": " << o.output;
      ASSERT_NE(o.output.find(path), std::string::npos) << i << ": " << o.output;
      continue;
    }
    if (WIFEXITED(o.status) && WEXITSTATUS(o.status) == 5 && o.output == "hello\n") continue;
    // Otherwise the guest itself went wrong.
    ASSERT_TRUE(WIFSIGNALED(o.status) || WIFEXITED(o.status)) << i;
    ASSERT_FALSE(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGABRT) << i << ": " << o.output;
  }
}

INSTANTIATE_TEST_SUITE_P(Guests, MutatedTest, testing::Values("", "-amd64", "-i386"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           const std::string suffix = info.param;
                           return suffix.empty() ? "Arm64" : suffix == "-amd64" ? "Amd64" : "I386";
                         });

}  // namespace
}  // namespace xarch
