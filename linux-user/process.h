// Process: what the threads of a guest process share.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "linux-user/abi.h"
#include "linux-user/aio.h"
#include "linux-user/memory_map.h"
#include "linux-user/path.h"
#include "linux-user/run.h"
#include "linux-user/signals.h"
#include "tcg/runtime/engine.h"

namespace xarch::linux_user {

class PerfWriter;
class RunStats;
class Strace;
class Thread;

// What the loader leaves behind of an image, for /proc and for threads.
struct ImageInfo {
  std::string exe_host;   // path of the program on the host, absolute
  std::string exe_guest;  // the same as the guest sees it
  uint64_t exe_device = 0, exe_inode = 0;
  uint64_t program_start = 0, program_end = 0;  // of its image in memory
  uint64_t entry = 0;                           // of the interpreter if there is one
  uint64_t stack_top = 0;
  uint64_t stack_pointer = 0;
  uint64_t arg_start = 0, arg_end = 0;  // the strings of argv, then of envp
  uint64_t env_start = 0, env_end = 0;
  bool kernel_has_strings = false;  // it shows them in /proc/PID/cmdline and environ
  std::vector<uint8_t> auxv;        // bytes of /proc/self/auxv
  uint64_t trampoline = 0;          // page of UserAbi::trampoline()
};

class Process {
 public:
  Process(std::unique_ptr<UserAbi> abi, const RunOptions& options);
  ~Process();

  const UserAbi& abi() const { return *abi_; }
  const AbiInfo& info() const { return abi_->info(); }
  MemoryMap& mem() { return mem_; }
  const MemoryMap& mem() const { return mem_; }
  tcg::Engine& engine() { return *engine_; }
  PathMap& paths() { return paths_; }
  AioContexts& aio() { return aio_; }
  SignalActions& actions() { return *actions_; }
  // A vfork child's own, for a process that it has forked.
  void adopt_actions(const SignalActions& actions) { actions_ = std::make_shared<SignalActions>(actions); }
  const RunOptions& options() const { return options_; }
  RunStats* stats() { return stats_.get(); }  // null: nobody asks
  Strace* strace() { return strace_.get(); }  // null: nothing is traced
  ImageInfo& image() { return image_; }
  const ImageInfo& image() const { return image_; }
  // The engine, with so much memory for translated code.
  Result<void> make_engine(uint64_t jit_cache_bytes);

  // ---- threads. The lock guards the list and thread states that others look at.
  std::mutex& threads_mutex() { return threads_mutex_; }
  std::vector<Thread*>& threads() { return threads_; }

  // Ends the process with all its threads, as exit_group does: statistics and logs first.
  [[noreturn]] void exit_group(int status);
  // Ends it as by this (guest) signal, so that the parent sees the same; never a core dump of the host's.
  [[noreturn]] void die_by_signal(int host_signo);

  // ---- fork: all locks of the process and the engine, in order; `self` is the only thread in the child.
  void before_fork(Thread& self);
  void after_fork(Thread& self, bool child);

  // Resource limits that are kept here instead of with the kernel: false if the guest has not set this one.
  bool kept_limit(int resource, struct rlimit* limit);
  void keep_limit(int resource, const struct rlimit& limit);

  // ---- this program's own file, for the next execve (self_file.h). keep_self: before the guest does what
  // may put it out of reach; it is held open then. Where another program takes over or a vfork child ends,
  // the descriptor is told and set.
  void keep_self();
  int self_fd() const { return self_fd_.load(std::memory_order_relaxed); }
  void set_self_fd(int fd) { self_fd_.store(fd, std::memory_order_relaxed); }
  // Is this descriptor ours and not the guest's?
  bool owns_descriptor(int fd) const;
  // The lowest such in [from, to]; -1 if there is none.
  int first_own_descriptor(unsigned from, unsigned to) const;

  // Names what the guest asked for and does not exist here, once each.
  void note_missing(std::string_view what);

  // The limits kept here: for the next program, and for a vfork child that may change them while it runs on
  // this process's memory.
  std::map<int, struct rlimit> kept_limits();
  void set_kept_limits(std::map<int, struct rlimit> limits);

 private:
  void finish();
  size_t count_threads();  // of a vfork child: one

  const RunOptions options_;
  std::unique_ptr<UserAbi> abi_;
  MemoryMap mem_;
  std::unique_ptr<PerfWriter> perf_;     // the engine tells it
  std::unique_ptr<tcg::Engine> engine_;  // after mem_: goes first
  PathMap paths_;
  AioContexts aio_;
  std::unique_ptr<Strace> strace_;
  std::unique_ptr<RunStats> stats_;
  std::shared_ptr<SignalActions> actions_;
  ImageInfo image_;
  std::mutex threads_mutex_;
  std::vector<Thread*> threads_;
  std::atomic<int> self_fd_{-1};
  std::mutex limits_mutex_;
  std::map<int, struct rlimit> limits_;
  std::mutex missing_mutex_;
  std::set<std::string, std::less<>> missing_;
};

}  // namespace xarch::linux_user
