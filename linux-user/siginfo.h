// Signals as values: what one carries, and what the delivery of one needs.
#pragma once

#include <signal.h>

#include <cstdint>

namespace xarch::linux_user {

// A signal with what siginfo says of it. The host's siginfo_t serves as the neutral form: layouts that differ
// are converted when a frame is built. Addresses in it are the guest's.
struct SignalInfo {
  siginfo_t si = {};

  int signo() const { return si.si_signo; }
  static SignalInfo fault(int signo, int code, uint64_t addr) {
    SignalInfo s;
    s.si.si_signo = signo;
    s.si.si_code = code;
    s.si.si_addr = reinterpret_cast<void*>(addr);
    return s;
  }
};

// Signal n is bit n - 1. MIPS has 128 signals.
struct SignalSet {
  uint64_t bits[2] = {0, 0};

  static constexpr SignalSet of64(uint64_t low) { return SignalSet{{low, 0}}; }
  bool has(int n) const { return bits[(n - 1) >> 6] >> ((n - 1) & 63) & 1; }
  void add(int n) { bits[(n - 1) >> 6] |= uint64_t{1} << ((n - 1) & 63); }
  void remove(int n) { bits[(n - 1) >> 6] &= ~(uint64_t{1} << ((n - 1) & 63)); }
  bool empty() const { return (bits[0] | bits[1]) == 0; }
  bool operator==(const SignalSet&) const = default;
};

// What rt_sigaction sets.
struct SignalAction {
  uint64_t handler = 0;  // 0: SIG_DFL, 1: SIG_IGN
  uint64_t flags = 0;
  uint64_t restorer = 0;
  SignalSet mask;
};

struct AltStack {
  uint64_t sp = 0;
  uint64_t bytes = 0;
  uint32_t flags = SS_DISABLE;
};

// What a handler's frame is built from.
struct SignalDelivery {
  SignalInfo info;
  SignalAction action;
  SignalSet saved_mask;      // restored by rt_sigreturn
  AltStack altstack;         // as uc_stack shows it
  uint64_t return_address;   // the restorer, or the trampoline page
  uint64_t fault_addr = 0;   // of synchronous faults, for the machine context
  uint64_t fault_error = 0;  // architecture-defined error word (ESR, error code), 0 if none
  bool plain = false;        // AbiInfo::plain_frames, and the handler asks for one
};

// What a frame gives back beside registers.
struct FrameContext {
  SignalSet mask;
  AltStack altstack;
  bool has_altstack = true;
};

}  // namespace xarch::linux_user
