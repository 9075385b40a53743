// Numbers and layouts against the kernel's headers for the guest.
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <map>
#include <sstream>
#include <string>

#include "linux-user/generic64.h"
#include "linux-user/syscall.h"
#include "targets/arm/user/signal_frame.h"
#include "targets/x86/user/abi.h"
#include "targets/x86/user/signal_frame64.h"

namespace xarch {
namespace {

// What the guest's preprocessor or compiler makes of a source: its standard output.
std::string compiler_output(const std::string& source, const std::string& flags,
                            const std::string& compiler = ARM64_CC) {
  char name[] = "/tmp/xarch-numbers-XXXXXX";
  const int fd = mkstemp(name);
  EXPECT_EQ(write(fd, source.data(), source.size()), static_cast<ssize_t>(source.size()));
  close(fd);
  std::string output;
  FILE* pipe = popen((compiler + " " + flags + " -x c " + name + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  const int status = pclose(pipe);
  unlink(name);
  EXPECT_EQ(status, 0) << output;
  return output;
}

using Numbers = std::map<std::string, unsigned>;
#define NUMBER(name, number) {#name, number},
const Numbers& table() {
  static const Numbers kTable = {
#include "linux-user/numbers_generic64.def"
  };
  return kTable;
}
const Numbers& x86_64_table() {
  static const Numbers kTable = {
#include "targets/x86/user/numbers_x86_64.def"
  };
  return kTable;
}
#undef NUMBER

void expect_kernels(const Numbers& table, const std::string& compiler) {
  std::string source = "#include <asm/unistd.h>\n";
  for (const auto& [name, number] : table) source += "NUMBER " + name + " __NR_" + name + "\n";
  std::istringstream lines(compiler_output(source, "-E -P", compiler));
  unsigned checked = 0;
  for (std::string word, name, number; lines >> word;) {
    if (word != "NUMBER") continue;
    lines >> name >> number;
    EXPECT_EQ(number, std::to_string(table.at(name))) << name;
    ++checked;
  }
  EXPECT_EQ(checked, table.size());
}

TEST(SyscallNumbers, AreTheKernels) { expect_kernels(table(), ARM64_CC); }
TEST(SyscallNumbers, OfX86_64AreTheKernels) { expect_kernels(x86_64_table(), AMD64_CC); }

TEST(SyscallNumbers, EveryRowLeadsBackOnX86_64) {
  using linux_user::SyscallId;
  const auto abi = x86::make_x86_64_abi("");
  ASSERT_TRUE(abi);
  for (unsigned i = 1; i < static_cast<unsigned>(SyscallId::kCount); ++i) {
    const std::string name(linux_user::syscall_row(static_cast<SyscallId>(i)).name);
    const auto found = x86_64_table().find(name);
    ASSERT_NE(found, x86_64_table().end()) << name;
    EXPECT_EQ((*abi)->syscall_id(found->second), static_cast<SyscallId>(i)) << name;
  }
}

TEST(SyscallNumbers, EveryRowHasOneAndLeadsBack) {
  using linux_user::SyscallId;
  for (unsigned i = 1; i < static_cast<unsigned>(SyscallId::kCount); ++i) {
    const linux_user::SyscallRow& row = linux_user::syscall_row(static_cast<SyscallId>(i));
    // What newer calls have replaced is not in the generic table.
    if (row.host_number < 0) continue;
    const auto found = table().find(std::string(row.name));
    ASSERT_NE(found, table().end()) << row.name;
    EXPECT_EQ(linux_user::generic64_syscall_id(found->second), static_cast<SyscallId>(i)) << row.name;
    EXPECT_EQ(row.support == linux_user::Support::kFull, row.reason.empty()) << row.name;
  }
  EXPECT_EQ(linux_user::generic64_syscall_id(511), SyscallId::kNone);
  EXPECT_EQ(linux_user::generic64_syscall_id(0xffffffff), SyscallId::kNone);
}

// The structs that rows with layouts rely on are the host's byte for byte.
TEST(SyscallLayouts, AreTheHosts) {
  std::string source =
      "#include <asm/stat.h>\n#include <asm/statfs.h>\n#include <asm/termbits.h>\n#include <linux/types.h>\n"
      "#include <linux/time.h>\n#include <linux/resource.h>\n#include <linux/sysinfo.h>\n#include "
      "<asm/msgbuf.h>\n"
      "#include <asm/shmbuf.h>\n#include <asm/ucontext.h>\n";
  const auto expect = [&source](const std::string& expression, size_t value) {
    source +=
        "_Static_assert((" + expression + ") == " + std::to_string(value) + ", \"" + expression + "\");\n";
  };
  expect("sizeof(struct statfs)", 120);
  expect("sizeof(struct termios)", 36);
  expect("sizeof(struct rusage)", 144);
  expect("sizeof(struct sysinfo)", 112);
  expect("sizeof(struct msqid64_ds)", 120);
  expect("sizeof(struct shmid64_ds)", 112);
  expect("sizeof(struct stat)", 128);
  expect("__builtin_offsetof(struct stat, st_size)", 48);
  expect("__builtin_offsetof(struct stat, st_atime)", 72);
  expect("sizeof(struct ucontext)", sizeof(arm::UContext));
  expect("__builtin_offsetof(struct ucontext, uc_sigmask)", offsetof(arm::UContext, mask));
  expect("__builtin_offsetof(struct ucontext, uc_mcontext)", offsetof(arm::UContext, mcontext));
  expect("__builtin_offsetof(struct sigcontext, pstate)", offsetof(arm::SigContext, pstate));
  expect("__builtin_offsetof(struct sigcontext, __reserved)", offsetof(arm::SigContext, reserved));
  expect("sizeof(struct fpsimd_context)", sizeof(arm::FpsimdContext));
  expect("__builtin_offsetof(struct fpsimd_context, vregs)", offsetof(arm::FpsimdContext, v));
  expect("FPSIMD_MAGIC", arm::kFpsimdMagic);
  expect("ESR_MAGIC", arm::kEsrMagic);
  compiler_output(
      "typedef __SIZE_TYPE__ size_t;\n#include <asm/signal.h>\n#include <asm/sigcontext.h>\n" + source,
      "-fsyntax-only");
}

TEST(SyscallLayouts, OfX86_64) {
  std::string source =
      "#include <stddef.h>\n#include <asm/stat.h>\n#include <asm/signal.h>\n#include <asm/sigcontext.h>\n"
      "#include <asm/ucontext.h>\n#include <linux/eventpoll.h>\n#include <asm/sembuf.h>\n";
  const auto expect = [&source](const std::string& expression, size_t value) {
    source +=
        "_Static_assert((" + expression + ") == " + std::to_string(value) + ", \"" + expression + "\");\n";
  };
  expect("sizeof(struct stat)", 144);
  expect("offsetof(struct stat, st_size)", 48);
  expect("offsetof(struct stat, st_atime)", 72);
  expect("sizeof(struct epoll_event)", 12);
  expect("sizeof(struct semid64_ds)", 104);
  expect("sizeof(struct sigcontext)", sizeof(x86::SigContext64));
  expect("offsetof(struct sigcontext, rip)", offsetof(x86::SigContext64, ip));
  expect("offsetof(struct sigcontext, cr2)", offsetof(x86::SigContext64, cr2));
  expect("offsetof(struct sigcontext, fpstate)", offsetof(x86::SigContext64, fpstate));
  expect("sizeof(struct ucontext)", sizeof(x86::UContext64));
  expect("offsetof(struct ucontext, uc_mcontext)", offsetof(x86::UContext64, mcontext));
  expect("offsetof(struct ucontext, uc_sigmask)", offsetof(x86::UContext64, mask));
  compiler_output(source, "-fsyntax-only", AMD64_CC);
}

}  // namespace
}  // namespace xarch
