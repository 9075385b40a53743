// How one guest program replaces another: xarch executes itself, and says to itself by its own arguments what
// the caller of execve said. The environment stays the guest's alone.
#pragma once

#include <string>
#include <vector>

#include "linux-user/run.h"

namespace xarch::linux_user {

// argv[1] of such an execution; argv[0] is the guest's.
inline constexpr std::string_view kExecMarker = "--xarch-exec";

// The arguments that start `program` (with these guest arguments) as `current` runs, with this root. Its
// exec_name is of the new program.
std::vector<std::string> exec_arguments(const RunOptions& current, const std::string& root,
                                        const std::string& program, int program_fd,
                                        const std::vector<std::string>& argv);

// Was this process started so? Then fills *out; call it before anything else looks at the arguments. `guests`
// stays as it is.
bool parse_exec_arguments(int argc, char** argv, RunOptions* out);

}  // namespace xarch::linux_user
