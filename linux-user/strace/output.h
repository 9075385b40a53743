// Where traced lines go. Threads and processes write to one log; what they must agree on (whose line is still
// open, how many there are) lies in memory that forks share and that is handed on over execve.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "linux-user/strace/settings.h"

namespace xarch::linux_user::strace {

struct Count {
  std::atomic<uint64_t> calls{0}, errors{0}, ns{0};
};

class Output {
 public:
  explicit Output(const StraceSettings& settings) : settings_(settings) {}
  // shared_fd: the memory of the processes before, -1: this is the first one. False if there is none to be
  // had: lines of several processes may be mixed up then.
  bool open(int shared_fd);
  int shared_fd() const { return fd_; }
  // Did this process begin the trace?
  bool first() const;

  // What stands before a line of this thread: its number, the time. `ns`: the present moment.
  std::string prefix(pid_t tid, int64_t ns);
  // Begins a line that finish() will end; returns its columns so far.
  size_t begin(pid_t tid, std::string_view text, int64_t ns);
  // Ends it, or goes on with a new line if others have written meanwhile.
  // columns: what begin() gave; 0: the line was not begun, and `before` is missing yet.
  void finish(pid_t tid, size_t columns, std::string_view name, std::string_view before,
              std::string_view after, std::string_view result, int64_t start_ns, int64_t ns);
  // A line of its own.
  void line(pid_t tid, std::string_view text, int64_t ns);

  // ---- how many threads there are, of all processes
  void add_tasks(int n);
  Count* counts() { return shared_ == nullptr ? nullptr : shared_->counts.data(); }

 private:
  struct Shared {
    std::atomic<uint32_t> lock;
    std::atomic<int32_t> open_tid;  // whose line has no end yet
    std::atomic<int32_t> tasks;
    int32_t first_pid;
    std::atomic<int64_t> last_ns;  // -r
    std::array<Count, static_cast<size_t>(SyscallId::kCount)> counts;
  };
  class Lock;
  void write(std::string_view text);

  const StraceSettings& settings_;
  Shared* shared_ = nullptr;
  int fd_ = -1;
  long zone_seconds_ = 0;  // of local time, which must not be asked for in a vfork child
};

// CLOCK_REALTIME in nanoseconds.
int64_t now_ns();

}  // namespace xarch::linux_user::strace
