// --strace: what the rows say of calls.
#include <gtest/gtest.h>
#include <stdio.h>

#include <string>

namespace xarch {
namespace {

std::string traced(const std::string& program) {
  std::string text;
  FILE* pipe = popen((XARCH " run --strace " PROGRAM_DIR "/arm64-static/" + program +
                      " argument 2>&1 >/dev/null </dev/null && true")
                         .c_str(),
                     "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  return text;
}

TEST(Strace, ShowsArgumentsByKindAndResults) {
  const std::string text = traced("waiting");
  for (const char* wanted :
       {"pipe2(", ", O_RDONLY) = 0", "ppoll(", " = -1 EFAULT (Bad address)", ", \"abc\", 3) = 3",
        ", 0x5413, ", "epoll_create1(", ", \"abc\", 16) = 3", "nanosleep(", "inotify_add_watch(",
        "openat(AT_FDCWD, \"made\", O_WRONLY|O_CREAT, 0600) = ", "unlinkat(AT_FDCWD, \"made\", 0) = 0",
        "exit_group(0) = ?"})
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << "\n" << text;
}

TEST(Strace, ShowsProtectionsAndUnknownCalls) {
  const std::string memory = traced("memory");
  EXPECT_NE(memory.find("PROT_READ|PROT_WRITE"), std::string::npos);
  EXPECT_NE(memory.find("-1 EINVAL (Invalid argument)"), std::string::npos);
  EXPECT_NE(traced("system").find("syscall_4000() = -1 ENOSYS"), std::string::npos);
}

}  // namespace
}  // namespace xarch
