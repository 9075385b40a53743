// AArch64's signal frame: struct rt_sigframe of the kernel, as asm/sigcontext.h and asm/ucontext.h describe
// its parts.
#pragma once

#include <cstdint>

#include "linux-user/siginfo.h"
#include "targets/arm/core/state.h"

namespace xarch::arm {

inline constexpr uint32_t kFpsimdMagic = 0x46508001;
inline constexpr uint32_t kEsrMagic = 0x45535201;

struct alignas(16) SigContext {
  uint64_t fault_address;
  uint64_t regs[31];
  uint64_t sp;
  uint64_t pc;
  uint64_t pstate;
  alignas(16) uint8_t reserved[4096];
};

struct UContext {
  uint64_t flags;
  uint64_t link;
  uint64_t stack_sp;
  int32_t stack_flags;
  uint32_t pad;
  uint64_t stack_bytes;
  uint64_t mask;
  uint8_t unused[120];
  SigContext mcontext;
};

struct SignalFrame {
  uint8_t info[128];
  UContext context;
  // The kernel keeps this record above the frame; x29 points at it.
  uint64_t fp;
  uint64_t lr;
};
static_assert(sizeof(SigContext) == 4384 && sizeof(UContext) == 4560 && sizeof(SignalFrame) == 4704);

struct FpsimdContext {
  uint32_t magic, bytes;
  uint32_t fpsr, fpcr;
  Vector v[32];
};
static_assert(sizeof(FpsimdContext) == 0x210);

// See UserAbi::build_frame and restore_frame.
void build_signal_frame(Arm64State& s, const linux_user::SignalDelivery& d, uint64_t at, SignalFrame* frame);
bool restore_signal_frame(Arm64State& s, const SignalFrame& frame, linux_user::FrameContext* out);

}  // namespace xarch::arm
