// The file of this very program, which is executed in place of every foreign program. It has to be found
// where /proc is missing or another process's, where the guest has changed its root, and where the file lies
// outside of it.
#pragma once

#include <string>

namespace xarch::linux_user {

// How the kernel started this program.
struct StartedBy {
  std::string name;            // what execve was called with: of binfmt, the program or a script
  bool binfmt = false;         // as an interpreter of binfmt_misc
  bool argv0_follows = false;  // flag P: the program's own argv[0] stands behind its path
  int program_fd = -1;         // flags O and C: descriptor of the program, open for reading
  bool secure = false;         // with rights that the caller did not have (flag C): trust no environment
};

// Looks at what the kernel said at the start; argv as main got it.
StartedBy started_by(int argc, char** argv);

// The absolute path by which this program was probably started; empty if it is not known. It may be the
// foreign program's (binfmt_misc), so ask is_self_file when it is used.
std::string self_path();

// Is the file at this path the program that runs here? Compares its headers with those in memory.
bool is_self_file(const std::string& path);

// Opens this program's own file, close-on-exec, with a number out of the way of those that guests expect: by
// /proc, else by `path` if it is ours. The descriptor, or -1.
int open_self_file(const std::string& path);

}  // namespace xarch::linux_user
