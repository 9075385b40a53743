// The floating-point environment of an AArch64 vCPU, in its two modes (the block key has the bit).
//
// Fast, as a process starts: FPCR has nothing but a rounding mode, and no instruction has looked at FPSR yet.
// Operations run on the host's units; the rounding mode and the flags they raise are in the CpuHeader's image
// of the host's control register, those of the rest in FPSR. Exact flags: everything is in FPCR and FPSR, and
// every operation keeps to them; emitted code then runs with the control register that C++ has, so that a
// call takes no switch. Instructions that look at FPSR, or ask of FPCR more than rounding, leave the engine
// by kRaiseExactFlags or kRaiseFpcr; there is no way back but a new process.
#pragma once

#include <cstdint>

#include "targets/arm/core/raise.h"
#include "targets/arm/core/state.h"

namespace xarch::arm {

// BlockKey::mode.
enum KeyMode : uint32_t { kModeExactFlags = 1 };

// Bits that exist: AHP DN FZ RMode FZ16 of FPCR, QC IDC IXC UFC OFC DZC IOC of FPSR. FZ16 only with half
// precision.
inline constexpr uint64_t kFpcrBits = 0x07c80000, kFpcrFz16 = 0x00080000, kFpsrBits = 0x0800009f;
// FPCR's field RMode; bits of FPCR other than that end the fast mode.
inline constexpr uint64_t kFpcrRounding = 0x00c00000;

// FPSR itself: Arm64State::fpsr_value and set_fpsr, in either mode.
// FPCR := v, of which only bits that exist may be set; goes to exact flags if v needs it.
void set_fpcr(Arm64State& s, uint64_t v);
// Goes to exact flags.
void use_exact_flags(Arm64State& s);
// A new process: fast, nearest, no flags.
void reset_fp(Arm64State& s);
// The part of the environment that lies in the header, which copies of the registers leave out.
void copy_fp(Arm64State& to, const Arm64State& from);

// Does what a raise with this code asks for; false if it is not about floating point. pc is right already.
bool handle_fp_raise(Arm64State& s, uint32_t code, uint64_t value);

}  // namespace xarch::arm
