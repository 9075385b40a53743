// The fixed assignment of host registers in emitted code.
#pragma once

#include <cstdint>

#include "tcg/backend/x86_64/assembler.h"

namespace xarch::x86_64 {

// rbp: the vCPU's state block + kStateBias. rsp: a frame of kFrameBytes, 16-byte aligned.
inline constexpr Reg kStateReg = Reg::rbp;

// Hot slots by rank. The order is that of LLVM's preserve_none arguments as far as it goes, so that tier 2
// takes over without moving them.
inline constexpr Reg kPins[] = {Reg::rdi, Reg::rsi, Reg::rdx, Reg::rcx, Reg::r8,
                                Reg::r9,  Reg::r11, Reg::r13, Reg::r14, Reg::r15};
inline constexpr unsigned kNumPins = sizeof kPins / sizeof kPins[0];

// Allocated inside blocks. rax comes last: flags and multiplications want it.
inline constexpr Reg kScratch[] = {Reg::rbx, Reg::r10, Reg::r12, Reg::rax};
inline constexpr unsigned kNumScratch = sizeof kScratch / sizeof kScratch[0];

// Frame below the saved registers: spilled values and temporaries (16 bytes each), then four helper
// arguments.
inline constexpr unsigned kSpillSlots = 28;
inline constexpr unsigned kHelperArgs = kSpillSlots * 16;
// Then what cold paths of the soft TLB save around their call (rax, r10, xmm0-15), and the value they pass.
inline constexpr unsigned kSaveArea = kHelperArgs + 32;
inline constexpr unsigned kSoftValue = kSaveArea + 18 * 16;
inline constexpr unsigned kFrameBytes = kSoftValue + 32;

// Numbers under which the allocator and the recovery records know registers: 0-15 general, 16-31 vector.
using HostReg = uint8_t;
inline constexpr HostReg kNoHostReg = 0xff;
inline constexpr HostReg kF80Place = 0xfe;  // of a slot: the x87 stack has it (F80Stack)
inline constexpr HostReg kFirstXmm = 16;
inline constexpr unsigned kNumHostRegs = 32;
inline constexpr uint32_t kXmmMask = 0xffff0000;
constexpr HostReg host(Reg r) { return static_cast<HostReg>(r); }
constexpr HostReg host(Xmm x) { return static_cast<HostReg>(kFirstXmm + static_cast<uint8_t>(x)); }
constexpr Reg gpr(HostReg r) { return static_cast<Reg>(r); }
constexpr Xmm xmm(HostReg r) { return static_cast<Xmm>(r - kFirstXmm); }
constexpr uint32_t scratch_mask() {
  uint32_t mask = 0;
  for (Reg r : kScratch) mask |= 1u << host(r);
  return mask;
}
inline constexpr uint32_t kScratchMask = scratch_mask();
constexpr bool is_xmm(HostReg r) { return r >= kFirstXmm && r < kNumHostRegs; }

}  // namespace xarch::x86_64
