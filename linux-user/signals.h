// Signals of a guest process and its threads.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "linux-user/siginfo.h"

namespace xarch::linux_user {

class Process;
class Thread;

inline constexpr int kMaxSignal = 128;

// The handlers of a process: shared or copied as CLONE_SIGHAND says.
class SignalActions {
 public:
  SignalAction get(int signo) const {
    std::lock_guard lock(mutex_);
    return actions_[static_cast<size_t>(signo)];
  }
  void set(int signo, const SignalAction& action) {
    std::lock_guard lock(mutex_);
    actions_[static_cast<size_t>(signo)] = action;
  }

 private:
  mutable std::mutex mutex_;
  std::array<SignalAction, kMaxSignal + 1> actions_;
};

// A thread's own part.
struct SignalState {
  SignalSet mask;        // blocked by the guest
  SignalSet saved_mask;  // restored after a call that changed the mask for its duration (has_saved_mask)
  bool has_saved_mask = false;
  AltStack altstack;
};

// Installs the host's handlers that the run loop needs; once per process, before guest code runs.
void install_host_handlers();

// A synchronous fault of the thread's own: delivered even if blocked or ignored (the process dies then).
void force_signal(Thread& thread, const SignalInfo& info);

// Delivers what is pending and not blocked, after a system call or event: handlers get their frames; a call
// whose result asks for a restart is rewound or ends with EINTR. Returns when the guest may go on.
void deliver_signals(Thread& thread, int64_t syscall_result, bool after_syscall);

// Blocks another set for the duration of one call (ppoll, pselect, sigsuspend, …): delivery restores the old
// mask after the handlers ran. A signal pending that this unblocks makes the call's wait end at once.
void set_temporary_mask(Thread& thread, const SignalSet& mask);
// The call ended without an interruption: back to the old mask.
void restore_temporary_mask(Thread& thread);

// A wait was interrupted: is it for a signal (or the thread's end)? If not, the event is consumed and the
// wait may go on.
bool interrupted_by_signal(Thread& thread);

}  // namespace xarch::linux_user
