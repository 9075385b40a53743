// Codes with which x86 code leaves the engine by `raise` (Exit::kRaise, CpuHeader::exit_code). pc is the
// instruction's for faults, the next one's for traps. exit_value is the error code where there is one.
#pragma once

#include <cstdint>

namespace xarch::x86 {

enum RaiseCode : uint32_t {
  kRaiseUndefined = 1,  // #UD at pc
  kRaiseDivide,         // #DE at pc
  kRaiseProtection,     // #GP at pc: privileged, too long
  kRaiseBreakpoint,     // INT3; pc is behind it
  kRaiseDebug,          // INT1; pc is behind it
  kRaiseOverflow,       // INTO; pc is behind it
  kRaiseInterrupt,      // INT n; exit_value is n, pc is behind it
  kRaiseBound,          // #BR at pc
  kRaiseNotPresent,     // #NP at pc
  kRaiseStack,          // #SS at pc
  kRaiseGoOn,           // nothing: what the key depends on has changed, go on at pc
  kRaiseX87,            // #MF at pc: an x87 exception is pending
  kRaiseSimd,           // #XM at pc: MXCSR has an exception that is not masked
};

// Numbers of `syscall`: which instruction asked.
enum SyscallKind : uint32_t { kSyscallInsn, kSyscallInt80, kSyscallSysenter };

}  // namespace xarch::x86
