// The xarch command: `xarch run PROGRAM [ARG…]`.
#include <string.h>

#include "linux-user/run.h"
#include "targets/arm/user/abi.h"
#include "tcg/support/log.h"

int main(int argc, char** argv) {
  using namespace xarch;
  static constexpr linux_user::AbiFactory kGuests[] = {arm::kArm64Abi};
  linux_user::RunOptions options;
  options.guests = kGuests;
  int i = 1;
  if (i < argc && strcmp(argv[i], "run") == 0) ++i;
  for (; i < argc && argv[i][0] == '-'; ++i) {
    if (strcmp(argv[i], "-L") == 0 && i + 1 < argc) {
      options.sysroot = argv[++i];
    } else if (strcmp(argv[i], "--strace") == 0) {
      options.strace = true;
    } else if (strcmp(argv[i], "--interp") == 0) {
      options.engine.backend = tcg::BackendKind::kInterp;
    } else if (strcmp(argv[i], "--base") == 0 && i + 1 < argc) {
      options.engine.guest_base = strtoull(argv[++i], nullptr, 0);
    } else if (strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
      std::string_view bad;
      if (!Log::enable(argv[++i], &bad)) return 2;
    } else if (strcmp(argv[i], "--stats") == 0) {
      options.stats = true;
    } else {
      Log::printf("xarch: unknown option %s", argv[i]);
      return 2;
    }
  }
  if (i >= argc) {
    Log::line("usage: xarch run [-L DIR] [--strace] [--trace LIST] [--stats] PROGRAM [ARG...]");
    return 2;
  }
  options.program = argv[i];
  options.argv.assign(argv + i, argv + argc);
  return linux_user::run_program(options);
}
