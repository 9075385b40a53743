// The signal frame of x86-64 programs: struct rt_sigframe of the kernel, as asm/sigcontext.h and
// asm/ucontext.h describe its parts.
#pragma once

#include <cstdint>

#include "linux-user/siginfo.h"
#include "targets/x86/core/model.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

struct SigContext64 {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
  uint16_t cs, gs, fs, ss;
  uint64_t err, trapno, oldmask, cr2;
  uint64_t fpstate;
  uint64_t reserved[8];
};

struct UContext64 {
  uint64_t flags;
  uint64_t link;
  uint64_t stack_sp;
  int32_t stack_flags;
  uint32_t pad;
  uint64_t stack_bytes;
  SigContext64 mcontext;
  uint64_t mask;
};

struct SignalFrame64 {
  uint64_t return_address;
  UContext64 context;
  uint8_t info[128];
};
static_assert(sizeof(SigContext64) == 256 && sizeof(UContext64) == 304 && sizeof(SignalFrame64) == 440);

// Below a stack pointer there are so many bytes of the function's own (the ABI's red zone).
inline constexpr uint64_t kRedZone = 128;

// See UserAbi's functions of these names. The frame begins 8 bytes below a multiple of 16, as after a call.
uint64_t signal_frame64_bytes(const Model& model);
uint64_t align_signal_frame64(const Model& model, uint64_t at);
void build_signal_frame64(X86State& s, const Model& model, const linux_user::SignalDelivery& d, uint64_t at,
                          uint8_t* frame);
bool restore_signal_frame64(X86State& s, const Model& model, const uint8_t* frame,
                            linux_user::FrameContext* out);

}  // namespace xarch::x86
