// --strace: shows what a program asks of the system, as strace(1) does. One object per process; null where
// nothing is traced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "linux-user/strace/output.h"
#include "linux-user/strace/settings.h"
#include "linux-user/strace/view.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user {

class Strace {
 public:
  // handed_on: what hand_on() of the process before an execve has said; empty for the first program.
  Strace(const StraceSettings& settings, const std::string& handed_on);

  // A call in progress; lives on the stack over it. A vfork child has its own.
  class Call {
   public:
    Call(Strace& strace, Thread& thread, const SyscallRegs& regs, SyscallId id);
    void end(int64_t result);

   private:
    void begin();
    bool may_wait() const;
    std::string result_text() const;

    Strace& strace_;
    strace::View view_;
    const SyscallId id_;
    const bool shown_;
    const pid_t tid_;
    size_t columns_ = 0;
    unsigned next_arg_ = 0;
    int64_t start_ns_;
  };

  // The first program has been loaded.
  void started(Thread& thread, const std::string& program, const std::vector<std::string>& argv);
  // A signal is delivered to the thread, or kills it.
  void signal(Thread& thread, const SignalInfo& info);
  // The calling thread ends, others of its process don't.
  void thread_exited(Thread& thread, int status);
  // The process ends. threads: how many it has.
  void exited(Thread& thread, size_t threads, int status);
  void killed(Thread& thread, size_t threads, int signo);
  // A wait goes on after a signal without a handler.
  void restarted(Thread& thread, const SyscallRow& row, int64_t result, int64_t start_ns);

  // ---- execve
  // What the next program needs to go on; its descriptor stays open over the call then. Of a native program
  // nothing more will be seen.
  std::string hand_on(Thread& thread);
  void leaving_for_native(Thread& thread);
  void exec_failed(bool native);

  // Signals that are shown even if the program does not handle them, and of these the ones that end it then.
  static uint64_t watched();
  static uint64_t watched_ends();

 private:
  friend class Call;
  void print_summary();

  const StraceSettings settings_;
  strace::Output output_;
  // Of an execve: columns of its line and when it began; 0: not shown.
  size_t exec_columns_ = 0;
  int64_t exec_ns_ = 0;
};

}  // namespace xarch::linux_user
