// The first line of a script.
#pragma once

#include <string>

namespace xarch::linux_user {

struct ScriptLine {
  std::string interp;
  std::string argument;  // all that follows the interpreter's name; empty: none
};

// How many scripts may be each other's interpreters.
inline constexpr int kMaxScripts = 5;

// Reads the #! line of an open file as Linux does: 256 bytes of it count. 0 or -errno (-ENOEXEC: names no
// interpreter, or its name is cut off).
int read_script_line(int fd, ScriptLine* out);

}  // namespace xarch::linux_user
