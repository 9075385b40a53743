// What every program of the front end does first: the ways in which it is started without anybody having
// typed its name.
#pragma once

namespace xarch {

// Was this process started by a guest program's execve, or by the kernel (binfmt_misc) in front of a foreign
// program? Then runs that program, and returns the status to exit with; else -1. Before anything looks at the
// arguments.
int run_if_started_for_program(int argc, char** argv);

}  // namespace xarch
