// Traps of the processor as Linux signals.
#pragma once

#include <cstdint>

#include "linux-user/abi.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

// SignalDelivery::fault_error has the trap's number here, above the processor's error code.
inline constexpr unsigned kTrapShift = 32;
enum Trap : uint64_t {
  kTrapDivide = 0,
  kTrapDebug = 1,
  kTrapBreakpoint = 3,
  kTrapOverflow = 4,
  kTrapBound = 5,
  kTrapUndefined = 6,
  kTrapNotPresent = 11,
  kTrapStack = 12,
  kTrapProtection = 13,
  kTrapPage = 14,
  kTrapX87 = 16,
  kTrapAlignment = 17,
  kTrapSimd = 19
};

// UserAbi::on_raise.
linux_user::RaiseEffect raise_effect(X86State& s, uint32_t code, uint64_t value);
// UserAbi::fault_error: trap number (kTrapShift) and the processor's error code.
uint64_t page_fault_error(int signo, int code, bool write, bool fetch, bool present);

}  // namespace xarch::x86
