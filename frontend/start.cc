#include "frontend/start.h"

#include <string_view>

#include "frontend/run_command.h"
#include "frontend/targets.h"
#include "linux-user/exec.h"
#include "linux-user/self_file.h"

namespace xarch {

namespace {

// Arguments are the interpreter's path, the program's, with flag P its argv[0], and the rest of its
// arguments.
int run_for_kernel(const linux_user::StartedBy& by, int argc, char** argv) {
  linux_user::RunOptions run;
  run.guests = linux_guests();
  run.program = argv[1];
  // execve takes the working directory's programs by their bare names, and does not look into PATH.
  if (run.program.find('/') == std::string::npos) run.program = "./" + run.program;
  run.program_fd = by.program_fd;
  run.exec_name = by.name;
  run.by_binfmt = true;
  run.secure = by.secure;
  const int rest = by.argv0_follows && argc > 2 ? 2 : 1;
  run.argv.assign(argv + rest, argv + argc);
  return linux_user::run_program(run);
}

}  // namespace

int run_if_started_for_program(int argc, char** argv) {
  const linux_user::StartedBy by = linux_user::started_by(argc, argv);
  if (by.binfmt && argc > 1) {
    std::string_view name = argv[0];
    name.remove_prefix(name.rfind('/') + 1);
    // Those who registered it under a name of qemu-user's may want its variables; not with rights they lack.
    if (!is_qemu_name(name) || by.secure || by.program_fd >= 0) return run_for_kernel(by, argc, argv);
    return -1;
  }
  linux_user::RunOptions again;
  if (!linux_user::parse_exec_arguments(argc, argv, &again)) return -1;
  again.guests = linux_guests();
  return linux_user::run_program(again);
}

}  // namespace xarch
