// The floating-point environment of an AArch64 vCPU, and its modes (the block key has their bits).
//
// Operations run on the host's units; the rounding mode and the flags they raise are in the CpuHeader's image
// of the host's control register, those of the rest in FPSR. What a process starts with needs no check on
// results; each bit of the mode brings some (Region::fp_checks). Instructions that look at FPSR for the first
// time, and all that write FPCR, leave the engine by kRaiseExactFlags or kRaiseFpcr.
#pragma once

#include <cstdint>

#include "targets/arm/core/raise.h"
#include "targets/arm/core/state.h"

namespace xarch::arm {

// BlockKey::mode.
enum KeyMode : uint32_t {
  kModeExactFlags = 1,  // FPSR has been looked at; for good
  kModeFlush = 2,       // FPCR.FZ
  kModeDefaultNan = 4,  // FPCR.DN
  kModeHalf = 8         // FPCR.AHP or FZ16: half precision is left to C++
};

// FPSR's bits.
enum FpsrFlag : uint32_t { kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128, kQc = 1u << 27 };

// Bits that exist: AHP DN FZ RMode FZ16 of FPCR, QC IDC IXC UFC OFC DZC IOC of FPSR. FZ16 only with half
// precision.
inline constexpr uint64_t kFpcrBits = 0x07c80000, kFpcrFz16 = 0x00080000, kFpsrBits = 0x0800009f;
inline constexpr uint64_t kFpcrRounding = 0x00c00000, kFpcrFlush = 1u << 24, kFpcrDefaultNan = 1u << 25,
                          kFpcrAlternativeHalf = 1u << 26;

// Region::fp_checks of a mode.
uint8_t fp_checks(uint32_t mode);

// FPSR itself: Arm64State::fpsr_value and set_fpsr, in any mode.
// FPCR := v, of which only bits that exist may be set; goes to the mode that v needs.
void set_fpcr(Arm64State& s, uint64_t v);
// Goes to exact flags.
void use_exact_flags(Arm64State& s);
// A new process: nearest, no flags.
void reset_fp(Arm64State& s);
// The part of the environment that lies in the header, which copies of the registers leave out.
void copy_fp(Arm64State& to, const Arm64State& from);

// Does what a raise with this code asks for; false if it is not about floating point. pc is right already.
bool handle_fp_raise(Arm64State& s, uint32_t code, uint64_t value);

}  // namespace xarch::arm
