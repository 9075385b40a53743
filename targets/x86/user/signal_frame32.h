// The two signal frames of i386 programs as a 64-bit kernel builds them: struct sigframe and struct
// rt_sigframe, as asm/sigcontext.h and asm/ucontext.h describe their parts.
#pragma once

#include <cstdint>

#include "linux-user/siginfo.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

struct SigContext32 {
  uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
  uint32_t di, si, bp, sp, bx, dx, cx, ax;
  uint32_t trapno, err, ip;
  uint16_t cs, cs_high;
  uint32_t flags, sp_at_signal;
  uint16_t ss, ss_high;
  uint32_t fpstate, oldmask, cr2;
};
static_assert(sizeof(SigContext32) == 88);

// For handlers without SA_SIGINFO.
struct PlainFrame32 {
  uint32_t return_address;
  int32_t signo;
  SigContext32 context;
  uint8_t unused_fpstate[624];
  uint32_t upper_mask;
  uint8_t code[8];
};
static_assert(sizeof(PlainFrame32) == 732);

struct UContext32 {
  uint32_t flags, link;
  uint32_t stack_sp, stack_flags, stack_bytes;
  SigContext32 mcontext;
  uint32_t mask[2];
};
static_assert(sizeof(UContext32) == 116);

struct InfoFrame32 {
  uint32_t return_address;
  int32_t signo;
  uint32_t info_at, context_at;
  uint8_t info[128];
  UContext32 context;
  uint8_t code[8];
};
static_assert(sizeof(InfoFrame32) == 268);

// Where in the trampoline page the code is that plain frames return to.
inline constexpr unsigned kPlainTrampoline = 16;

// siginfo_t of i386.
void put_siginfo32(const siginfo_t& info, uint8_t* out);
void get_siginfo32(const uint8_t* in, siginfo_t* info);

// See UserAbi's functions of these names.
uint64_t signal_frame32_bytes(const Model& model, bool plain);
uint64_t align_signal_frame32(const Model& model, uint64_t at, bool plain);
void build_signal_frame32(X86State& s, const Model& model, const linux_user::SignalDelivery& d, uint64_t at,
                          uint8_t* frame);
bool restore_signal_frame32(X86State& s, const Model& model, const uint8_t* frame, bool plain,
                            linux_user::FrameContext* out);

}  // namespace xarch::x86
