// Random code kills the guest only: `xarch run` of a program of random instructions ends by a signal that the
// code's own faults explain, or goes on until it is told to stop, and then stops.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/random_elf.h"

namespace xarch::fuzz {
namespace {

constexpr int kRunMs = 50;       // a program that runs longer is told to stop
constexpr int kStopMs = 10'000;  // and has so long to do so

struct Files {
  std::string program, messages;
};

// In the child: the program can do no harm, even if it should find a way to make a system call.
[[noreturn]] void start(const Files& files) {
  rlimit none = {0, 0}, cpu = {20, 20};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &cpu);
  int out = open(files.messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int in = open("/dev/null", O_RDONLY);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  int command = open(XARCH_COMMAND, O_PATH | O_CLOEXEC);
  int program = open(files.program.c_str(), O_RDONLY);
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(125);
  std::string path = "/proc/self/fd/" + std::to_string(program);
  const char* argv[] = {"xarch", "run", path.c_str(), nullptr};
  const char* env[] = {nullptr};
  syscall(SYS_execveat, command, "", argv, env, AT_EMPTY_PATH);
  _exit(124);
}

bool ended_within(int pidfd, int ms) {
  pollfd p = {pidfd, POLLIN, 0};
  return poll(&p, 1, ms) == 1;
}

std::string contents(const std::string& name) {
  std::string s(4096, 0);
  int fd = open(name.c_str(), O_RDONLY);
  ssize_t n = read(fd, s.data(), s.size());
  close(fd);
  s.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return s;
}

struct Counts {
  unsigned signals[65] = {};
  unsigned stopped = 0;
};

// Empty, or what went wrong.
std::string run(const Files& files, const std::vector<uint8_t>& elf, Counts* counts) {
  int fd = open(files.program.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0755);
  if (write(fd, elf.data(), elf.size()) != static_cast<ssize_t>(elf.size())) return "can't write the program";
  close(fd);
  pid_t child = fork();
  if (child == 0) start(files);
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  bool told = !ended_within(pidfd, kRunMs);
  std::string bad;
  if (told) {
    kill(child, SIGTERM);
    if (!ended_within(pidfd, kStopMs)) {
      kill(child, SIGKILL);
      bad = "does not stop when told to";
    }
  }
  close(pidfd);
  int status = 0;
  waitpid(child, &status, 0);
  std::string text = contents(files.messages);
  if (!bad.empty()) return bad + " " + text;
  if (!WIFSIGNALED(status)) return "exit status " + std::to_string(WEXITSTATUS(status)) + " " + text;
  int signo = WTERMSIG(status);
  ++counts->signals[signo];
  bool expected = signo == SIGILL || signo == SIGSEGV || signo == SIGBUS || signo == SIGTRAP ||
                  signo == SIGFPE || (told && signo == SIGTERM);
  if (!expected || text.find("internal error") != std::string::npos) {
    return "signal " + std::to_string(signo) + " " + text;
  }
  counts->stopped += told;
  return {};
}

void fuzz(const GuestKind& kind, unsigned default_count) {
  const char* count_text = std::getenv("XARCH_FUZZ_COUNT");
  const char* seed_text = std::getenv("XARCH_FUZZ_SEED");
  unsigned count = count_text != nullptr ? static_cast<unsigned>(std::atoi(count_text)) : default_count;
  uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 0) : 1;
  std::printf("%s: seeds %lu to %lu\n", std::string(kind.name).c_str(), static_cast<unsigned long>(seed),
              static_cast<unsigned long>(seed + count - 1));
  std::string base = ::testing::TempDir() + "/xarch-fuzz-" + std::to_string(getpid());
  Files files = {base + ".elf", base + ".out"};
  Counts counts;
  unsigned failures = 0;
  for (uint64_t s = seed; s < seed + count && failures < 10; ++s) {
    std::string bad = run(files, random_elf(kind, s), &counts);
    if (bad.empty()) continue;
    ++failures;
    ADD_FAILURE() << kind.name << ", seed " << s << ": " << bad;
  }
  unlink(files.program.c_str());
  unlink(files.messages.c_str());
  for (int signo = 1; signo < 65; ++signo) {
    if (counts.signals[signo] != 0) std::printf("signal %d: %u\n", signo, counts.signals[signo]);
  }
}

TEST(FuzzCode, AArch64) { fuzz(arm64_kind(), 1000); }
TEST(FuzzCode, Mips) { fuzz(mips_kind(), 1000); }
TEST(FuzzCode, X86_64) { fuzz(x86_64_kind(), 1000); }
TEST(FuzzCode, I386) { fuzz(i386_kind(), 1000); }

}  // namespace
}  // namespace xarch::fuzz
