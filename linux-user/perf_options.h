// What --perf writes, and where.
#pragma once

#include <string>

namespace xarch::linux_user {

struct PerfOptions {
  bool map = false;      // DIR/perf-PID.map
  bool jitdump = false;  // DIR/jit-PID.dump
  std::string directory = "/tmp";
  unsigned execs = 0;  // programs that this process has been before

  bool on() const { return map || jitdump; }
};

}  // namespace xarch::linux_user
