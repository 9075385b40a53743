// Loading a program into an empty address space: segments, interpreter, stack, auxiliary vector.
#pragma once

#include <string>
#include <vector>

#include "linux-user/elf_image.h"
#include "linux-user/process.h"

namespace xarch::linux_user {

// A program ready to be loaded: open file and checked headers.
struct Program {
  int fd = -1;
  std::string host_path;  // absolute
  std::string exec_name;  // AT_EXECFN: as the caller named it, or the script that it interprets
  ElfImage image;
};

// Ends messages about missing memory: what to look at.
inline constexpr char kMemoryHint[] = "; is it limited (ulimit -v)?";

// Loads program and interpreter (from the process's root), builds the stack and fills process.image(). Closes
// program.fd. On an error the address space is in an undefined state.
Result<void> load_program(Process& process, Program& program, const std::vector<std::string>& argv,
                          const std::vector<std::string>& envp);

}  // namespace xarch::linux_user
