// Signals of a guest process and its threads.
//
// The host's kernel keeps the guest's signals as they are, number for number: it has the guest's masks,
// dispositions and queues, so that choosing a thread, order, coalescing, stopping, default actions and
// inheritance are its own. Only a signal with a guest handler (and those below) reaches xarch: the host
// handler takes one, blocks all others (they stay queued in the kernel) and kicks the vCPU; deliver_signals
// builds the guest's frame and puts the mask back.
//
// Never blocked on the host and always with a handler: the signals of host faults (kFaultSignals); if the
// guest blocks them they are held here. Always with a handler, too: those that would dump a core of the
// translator.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "linux-user/siginfo.h"

namespace xarch::linux_user {

class Process;
class Thread;

inline constexpr int kMaxSignal = 128;

// The handlers of a process.
class SignalActions {
 public:
  SignalActions() = default;
  SignalActions(const SignalActions& other) : actions_(other.copy()), watched_(other.watched_) {}
  SignalActions& operator=(const SignalActions&) = delete;

  SignalAction get(int signo) const {
    std::lock_guard lock(mutex_);
    return actions_[static_cast<size_t>(signo)];
  }
  // Changes the action here and with the host's kernel.
  void set(int signo, const SignalAction& action);
  // SA_RESETHAND: gives the action for a delivery, and resets it if it says so.
  SignalAction take(int signo);
  // The host's handler takes these (bit signo - 1), too, if their action is the default: for who wants to see
  // them.
  void watch(uint64_t signals) { watched_ |= signals; }
  // What this process has inherited, of the faults' signals those in `ignored_faults`; installs the handlers
  // that the run loop needs. Before guest code runs.
  void inherit(uint64_t ignored_faults);

  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }

 private:
  std::array<SignalAction, kMaxSignal + 1> copy() const {
    std::lock_guard lock(mutex_);
    return actions_;
  }
  mutable std::mutex mutex_;
  std::array<SignalAction, kMaxSignal + 1> actions_;
  uint64_t watched_ = 0;
};

// Signals that the host handler has taken and the guest has not seen. Filled by the handler on the thread's
// own host thread, emptied by the thread: each time something is taken all signals but kFaultSignals are
// blocked, so there are never more than a few.
class TakenSignals {
 public:
  // Host handler only. Faults' signals have a place each and are coalesced.
  void push(const SignalInfo& info);
  // The next that is not blocked by the mask; of those that are, faults' signals stay here. False if there is
  // none.
  bool pop(const SignalSet& mask, SignalInfo* out);
  bool empty(const SignalSet& mask) const;
  void clear();
  // For a vfork child, which runs on the same memory.
  void copy_from(const TakenSignals& other);
  // Held faults' signals, as sigpending shows them.
  uint64_t held() const { return held_bits_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kRoom = 8;
  SignalInfo ring_[kRoom];
  std::atomic<uint32_t> first_{0}, end_{0};
  SignalInfo held_[32];
  std::atomic<uint32_t> held_bits_{0};  // bit signo - 1
};

// A thread's own part.
struct SignalState {
  SignalSet mask;        // blocked by the guest
  SignalSet saved_mask;  // restored after a call that changed the mask for its duration (has_saved_mask)
  bool has_saved_mask = false;
  AltStack altstack;
  TakenSignals taken;
};

// ---- host side (signals_host.cc)
// SIGSEGV, SIGBUS, SIGFPE, SIGILL.
inline constexpr uint64_t kFaultSignals = uint64_t{1} << (SIGSEGV - 1) | uint64_t{1} << (SIGBUS - 1) |
                                          uint64_t{1} << (SIGFPE - 1) | uint64_t{1} << (SIGILL - 1);
// Neither can be blocked nor caught.
inline constexpr uint64_t kUnblockableSignals = uint64_t{1} << (SIGKILL - 1) | uint64_t{1} << (SIGSTOP - 1);
// Handlers for faults, before the guest's memory is touched; the rest by SignalActions::inherit. Returns
// those of the signals that were ignored before.
uint64_t install_host_handlers();
// Sets the host thread's mask, libc's own signals included; returns the old one.
uint64_t set_host_mask(uint64_t mask);
// Blocks all but the faults' signals: nothing is taken until the mask is set again.
void block_host_signals();
// The host's mask becomes the guest's; signals let in are taken at once.
void sync_host_mask(Thread& thread);
// The inherited mask becomes the guest's.
void inherit_mask(Thread& thread);
// Gives a taken signal back to the kernel: it is pending again for this thread (or for the process).
void requeue(const SignalInfo& info, bool process);
// Right before execve: mask and dispositions as the next program shall inherit them, faults' signals
// included; undone by after_failed_exec.
void prepare_exec(Thread& thread);
void after_failed_exec(Thread& thread);
// Ends this process by the signal's default action on the host.
[[noreturn]] void die_on_host(int signo);

// ---- delivery (signals.cc)
// A synchronous fault of the thread's own: the process dies if it is blocked or has no handler. `addr` and
// `error` (as the architecture has it) are for the machine context.
void force_signal(Thread& thread, const SignalInfo& info, uint64_t addr = 0, uint64_t error = 0);

// Delivers what was taken and is not blocked, after a system call or event: handlers get their frames; a call
// whose result asks for a restart is rewound, gone on with or ends with EINTR. Returns when the guest may go
// on.
void deliver_signals(Thread& thread, int64_t syscall_result, bool after_syscall);

// Changes the guest's mask for good.
void set_signal_mask(Thread& thread, const SignalSet& mask);
// Blocks another set for the duration of one call (ppoll, pselect, sigsuspend, …): delivery restores the old
// mask after the handlers ran. A signal pending that this unblocks makes the call's wait end at once.
void set_temporary_mask(Thread& thread, const SignalSet& mask);
// The call ended without an interruption: back to the old mask.
void restore_temporary_mask(Thread& thread);

// A wait was interrupted: is it for a signal? If not, the event is consumed and the wait may go on.
bool interrupted_by_signal(Thread& thread);

// Is the guest's stack pointer on the alternate stack, as sigaltstack(2) sees it?
bool on_alt_stack(const AltStack& stack, uint64_t sp);

}  // namespace xarch::linux_user
