// Starting a foreign program: what `xarch run` and the foreign command names come down to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "linux-user/abi.h"
#include "linux-user/perf_options.h"
#include "linux-user/strace/settings.h"
#include "tcg/runtime/engine.h"

namespace xarch::linux_user {

// Stacks of the first thread are not larger.
inline constexpr uint64_t kMaxStack = uint64_t{4} << 30;

// A resource limit that is kept here and not with the kernel, which would count the translator's memory, too.
struct KeptLimit {
  int resource = 0;  // RLIMIT_AS, RLIMIT_DATA
  uint64_t current = 0, max = 0;
};

// What is told at the end.
enum class StatsKind : uint8_t { kNone, kText, kJson };

struct RunOptions {
  // The guests this program was built with.
  std::span<const AbiFactory> guests;
  // Inherited descriptor of `program`, open for reading; closed when the program is loaded (-1: none).
  int program_fd = -1;
  std::string program;            // path, or a name looked for in PATH as execvp does
  std::string exec_name;          // what execve's caller called it; empty: `program`, where it was found
  std::vector<std::string> argv;  // argv[0] included
  // Root for the guest's absolute paths; empty: XARCH_SYSROOT, else found from where the program lies, else
  // /usr/TRIPLET.
  std::string sysroot;
  // Environment of the guest: this process's, then these changes in order. first: name, second: value.
  std::vector<std::pair<std::string, std::string>> set_env;
  std::vector<std::string> unset_env;
  std::string cpu;            // model; empty: the default of the guest
  uint64_t stack_bytes = 0;   // 0: RLIMIT_STACK
  std::string uname_release;  // -r; empty: the host's
  StraceSettings strace;
  std::string strace_handed_on;  // Strace::hand_on of the program before an execve
  StatsKind stats = StatsKind::kNone;
  PerfOptions perf;
  std::vector<KeptLimit> limits;  // that a program executed before has set
  // How this very program's file can be found again for the next execve (self_file.h).
  std::string self_path;
  int self_fd = -1;           // inherited; to be close-on-exec
  bool by_binfmt = false;     // the kernel starts foreign programs with us: it can do what we cannot (set-id)
  bool secure = false;        // more rights than the caller's: no environment, no root but "/"
  tcg::EngineOptions engine;  // guest_base included
};

// Runs the program to its end. Returns its exit status; 126 or 127 after one line on stderr if it could not
// be started. A guest that dies of a signal takes this process with it by the same signal, and exit_group
// ends it directly.
int run_program(const RunOptions& options);

}  // namespace xarch::linux_user
