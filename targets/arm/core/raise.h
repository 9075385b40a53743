// Codes with which AArch64 code leaves the engine by `raise` (Exit::kRaise, CpuHeader::exit_code).
#pragma once

#include <cstdint>

namespace xarch::arm {

enum RaiseCode : uint32_t {
  kRaiseUndefined = 1,  // undefined or privileged instruction at pc; exit_value is its word
  kRaiseBreakpoint,     // BRK at pc; exit_value is its immediate
  kRaisePcAlignment,    // pc is not a multiple of 4; exit_value is pc
  // IC IVAU: code in the cache line at exit_value (guest address, 64 bytes) may have changed; pc is after the
  // instruction. Changed code is noticed without it where the engine tracks writes.
  kRaiseCodeChanged,
  // Floating point, see fp_state.h (handle_fp_raise).
  kRaiseExactFlags,  // the instruction at pc needs exact flags: change the mode and go on
  kRaiseFpcr,        // FPCR := exit_value; pc is after the instruction
};

}  // namespace xarch::arm
