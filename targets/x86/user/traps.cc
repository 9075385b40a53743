#include "targets/x86/user/traps.h"

#include <signal.h>

#include "targets/x86/core/raise.h"

namespace xarch::x86 {

using linux_user::RaiseEffect;
using linux_user::SignalInfo;

namespace {

constexpr uint64_t trap(Trap number, uint64_t error = 0) { return uint64_t{number} << kTrapShift | error; }

// Signals of traps that tell nothing but their number.
RaiseEffect forced(int signo, uint64_t error) {
  RaiseEffect effect;
  effect.signal = SignalInfo::fault(signo, SI_KERNEL, 0);
  effect.error = error;
  return effect;
}
RaiseEffect fault(int signo, int code, uint64_t addr, uint64_t error) {
  RaiseEffect effect;
  effect.signal = SignalInfo::fault(signo, code, addr);
  effect.error = error;
  return effect;
}

// Which of the exceptions that are unmasked and pending SIGFPE tells.
int x87_code(const X86State& s) {
  const unsigned pending = s.x87_flags & ~unsigned{s.x87_control} & kX87Exceptions;
  if (pending & 1) return FPE_FLTINV;
  if (pending & 4) return FPE_FLTDIV;
  if (pending & 8) return FPE_FLTOVF;
  if (pending & 0x12) return FPE_FLTUND;
  return FPE_FLTRES;
}

// Likewise of MXCSR's.
int simd_code(const X86State& s) {
  const uint32_t pending = s.mxcsr() & ~(s.mxcsr() >> 7);
  if (pending & 1) return FPE_FLTINV;
  if (pending & 4) return FPE_FLTDIV;
  if (pending & 8) return FPE_FLTOVF;
  if (pending & 0x12) return FPE_FLTUND;
  return FPE_FLTRES;
}

}  // namespace

RaiseEffect raise_effect(X86State& s, uint32_t code, uint64_t value) {
  switch (code) {
    case kRaiseDivide: return fault(SIGFPE, FPE_INTDIV, s.pc, trap(kTrapDivide));
    case kRaiseX87: return fault(SIGFPE, x87_code(s), s.pc, trap(kTrapX87));
    case kRaiseSimd: return fault(SIGFPE, simd_code(s), s.pc, trap(kTrapSimd));
    case kRaiseProtection: return forced(SIGSEGV, trap(kTrapProtection, value));
    case kRaiseBound: return forced(SIGSEGV, trap(kTrapBound));
    case kRaiseNotPresent: return forced(SIGBUS, trap(kTrapNotPresent, value));
    case kRaiseStack: return forced(SIGBUS, trap(kTrapStack, value));
    case kRaiseGoOn: return {};
    case kRaiseBreakpoint: return forced(SIGTRAP, trap(kTrapBreakpoint));
    case kRaiseDebug: return fault(SIGTRAP, TRAP_BRKPT, s.pc, trap(kTrapDebug));
    case kRaiseOverflow: return forced(SIGSEGV, trap(kTrapOverflow));
    case kRaiseInterrupt:
      // No gate that user mode may go through: a protection fault at the two bytes of the instruction.
      s.pc -= 2;
      return forced(SIGSEGV, trap(kTrapProtection, value << 3 | 2));
    default: return fault(SIGILL, ILL_ILLOPN, s.pc, trap(kTrapUndefined));
  }
}

uint64_t page_fault_error(int signo, int code, bool write, bool fetch, bool present) {
  constexpr uint64_t kPresent = 1, kWrite = 2, kUser = 4, kFetch = 16;
  if (signo == SIGSEGV && code == SI_KERNEL) return trap(kTrapProtection);
  if (signo == SIGBUS && code == BUS_ADRALN) return trap(kTrapAlignment);
  if (signo != SIGSEGV && signo != SIGBUS) return 0;
  return trap(kTrapPage, kUser | (write ? kWrite : 0) | (fetch ? kFetch : 0) |
                             (present && signo == SIGSEGV ? kPresent : 0));
}

}  // namespace xarch::x86
