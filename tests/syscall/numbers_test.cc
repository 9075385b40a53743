// Numbers and layouts against the kernel's headers for the guest.
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <map>
#include <set>
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
const Numbers& i386_table() {
  static const Numbers kTable = {
#define NUMBER(name, number) {#name, number},
#define TIME64(name, number)
#define WIDE(name, number, first, second) {#name, number},
#include "targets/x86/user/numbers_i386.def"
#undef NUMBER
#undef TIME64
#undef WIDE
  };
  return kTable;
}

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

// i386's header has names of its own for calls of a width, and for the first forms of some.
TEST(SyscallNumbers, OfI386AreTheKernels) {
  struct Row {
    std::string name;
    unsigned number;
    bool time64;
  };
  static const Row kRows[] = {
#define NUMBER(name, number) {#name, number, false},
#define TIME64(name, number) {#name, number, true},
#define WIDE(name, number, first, second) {#name, number, false},
#include "targets/x86/user/numbers_i386.def"
#undef NUMBER
#undef TIME64
#undef WIDE
  };
  static const std::map<std::string, std::string> kOthers = {
      {"old_select", "select"},      {"old_mmap", "mmap"},         {"select", "_newselect"},
      {"sendfile32", "sendfile"},    {"getrlimit", "ugetrlimit"},  {"mmap", "mmap2"},
      {"truncate", "truncate64"},    {"ftruncate", "ftruncate64"}, {"sendfile", "sendfile64"},
      {"fadvise64", "fadvise64_64"},
  };
  // What the kernel's table leaves empty, or what a 64-bit kernel refuses to a 32-bit process.
  const std::set<std::string> missing = {
      "break",   "stty",        "gtty",    "ftime", "prof",         "lock",          "mpx",
      "ulimit",  "uselib",      "profil",  "idle",  "vm86old",      "create_module", "get_kernel_syms",
      "bdflush", "afs_syscall", "_sysctl", "vm86",  "query_module", "getpmsg",       "putpmsg",
      "vserver"};
  std::map<unsigned, std::string> kernels;
  std::istringstream lines(compiler_output("#include <asm/unistd_32.h>\n", "-E -dM", I386_CC));
  for (std::string line; std::getline(lines, line);) {
    char name[64];
    unsigned number;
    if (sscanf(line.c_str(), "#define __NR_%63s %u", name, &number) == 2) kernels[number] = name;
  }
  std::set<unsigned> ours;
  for (const Row& row : kRows) {
    const std::string& theirs = kernels[row.number];
    const auto other = kOthers.find(row.name);
    const bool same =
        row.time64 ? theirs == row.name + "_time64" || theirs == row.name + "64" || row.name == "futex_waitv"
                   : theirs == row.name || theirs == row.name + "32" || theirs + "16" == row.name ||
                         (other != kOthers.end() && other->second == theirs);
    EXPECT_TRUE(same) << row.name << " is " << theirs;
    EXPECT_TRUE(ours.insert(row.number).second) << row.name << " is there twice";
  }
  for (const auto& [number, name] : kernels) EXPECT_NE(ours.contains(number), missing.contains(name)) << name;
}

// A call that newer ones have replaced is there for an ABI that has it.
TEST(SyscallNumbers, EveryRowLeadsBackOnX86) {
  using linux_user::SyscallId;
  const auto amd64 = x86::make_x86_64_abi(""), i386 = x86::make_i386_abi("");
  ASSERT_TRUE(amd64);
  ASSERT_TRUE(i386);
  for (unsigned i = 1; i < static_cast<unsigned>(SyscallId::kCount); ++i) {
    const auto id = static_cast<SyscallId>(i);
    const std::string name(linux_user::syscall_row(id).name);
    const auto here = x86_64_table().find(name), there = i386_table().find(name);
    EXPECT_TRUE(here != x86_64_table().end() || there != i386_table().end()) << name;
    if (here != x86_64_table().end()) {
      EXPECT_EQ((*amd64)->syscall_id(here->second), id) << name;
    }
    if (there != i386_table().end()) {
      EXPECT_EQ((*i386)->syscall_id(there->second), id) << name;
    }
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

// Sizes and fields of layouts_i386.def, and of frames.
TEST(SyscallLayouts, OfI386) {
  struct Kind {
    const char* name;
    const char* guest;
  };
  static constexpr Kind kKinds[] = {
      {"timespec_pair", "struct timespec_pair"}, {"timeval_pair", "struct timeval_pair"},
      {"sigaction", "struct kernel_sigaction"},  {"stack", "stack_t"},
      {"shmid_ds", "struct shmid64_ds"},         {"msqid_ds", "struct msqid64_ds"},
      {"semid_ds", "struct semid64_ds"},         {"robust_head", "struct robust_list_head"}};
  std::string source =
      "#define _GNU_SOURCE\n#include <stddef.h>\n#include <time.h>\n#include <sys/time.h>\n#include "
      "<sys/timex.h>\n#include <sys/times.h>\n#include <sys/resource.h>\n#include <sys/statfs.h>\n#include "
      "<sys/socket.h>\n#include <fcntl.h>\n#include <signal.h>\n#include <utime.h>\n#include "
      "<mqueue.h>\n#include <linux/sysinfo.h>\n#include <linux/futex.h>\n"
      "struct timespec_pair { struct timespec first, second; };\n"
      "struct timeval_pair { struct timeval first, second; };\n"
      "struct kernel_sigaction { unsigned long handler, flags, restorer, mask[2]; };\n"
      "#define ipc_perm kernel_ipc_perm\n#include <asm/ipcbuf.h>\n#include <asm/msgbuf.h>\n#include "
      "<asm/shmbuf.h>\n#include <asm/sembuf.h>\n";
  const auto guest = [](const std::string& name) {
    for (const Kind& k : kKinds)
      if (name == k.name) return std::string(k.guest);
    return "struct " + name;
  };
  const auto expect = [&source](const std::string& expression, size_t value) {
    source +=
        "_Static_assert((" + expression + ") == " + std::to_string(value) + ", \"" + expression + "\");\n";
  };
  unsigned structs = 0;
#define STRUCT(name, bytes) expect("sizeof(" + guest(#name) + ")", bytes), ++structs;
#define FIELD(name, member, offset, bytes) EXPECT_LE(offset + bytes, 128) << #name "." #member;
#include "targets/x86/user/layouts_i386.def"
#undef STRUCT
#undef FIELD
  EXPECT_EQ(structs, 25u);
  compiler_output(source, "-fsyntax-only", I386_CC);
  source = "#include <stddef.h>\n#include <asm/stat.h>\n";
  expect("sizeof(struct stat)", 64);
  expect("offsetof(struct stat, st_size)", 20);
  expect("sizeof(struct stat64)", 96);
  expect("offsetof(struct stat64, st_size)", 44);
  compiler_output(source, "-fsyntax-only", I386_CC);
}

}  // namespace
}  // namespace xarch
