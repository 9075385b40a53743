#include "targets/x86/user/signal_frame64.h"

#include <string.h>

#include "targets/x86/core/segments.h"
#include "targets/x86/user/fp_frame.h"
#include "targets/x86/user/traps.h"

namespace xarch::x86 {

namespace {

// The floating-point state stands at a multiple of 64, the rest right below it.
constexpr uint64_t kBelowFp = 456;
static_assert(kBelowFp >= sizeof(SignalFrame64) && (kBelowFp + 8) % 16 == 0);

// uc_flags (asm/ucontext.h): the stack segment is saved, and will be restored.
constexpr uint64_t kUcSigcontextSs = 2, kUcStrictRestoreSs = 4;

// Flags that a handler starts without, and those that sigreturn may change.
constexpr uint64_t kClearedFlags = kEflagsD | kEflagsT;
constexpr uint64_t kRestoredFlags = kEflagsArithmetic | kEflagsD | kEflagsT | kEflagsAc;

SigContext64 context_of(const X86State& s, const linux_user::SignalDelivery& d) {
  SigContext64 c = {};
  c.r8 = s.r8;
  c.r9 = s.r9;
  c.r10 = s.r10;
  c.r11 = s.r11;
  c.r12 = s.r12;
  c.r13 = s.r13;
  c.r14 = s.r14;
  c.r15 = s.r15;
  c.di = s.rdi;
  c.si = s.rsi;
  c.bp = s.rbp;
  c.bx = s.rbx;
  c.dx = s.rdx;
  c.ax = s.rax;
  c.cx = s.rcx;
  c.sp = s.rsp;
  c.ip = s.mode & kModeCode32 ? static_cast<uint32_t>(s.pc - s.cs_base) : s.pc;
  c.flags = s.rflags();
  c.cs = static_cast<uint16_t>(s.cs);
  c.ss = static_cast<uint16_t>(s.ss);
  c.err = static_cast<uint32_t>(d.fault_error);
  c.trapno = d.fault_error >> kTrapShift;
  c.oldmask = d.saved_mask.bits[0];
  c.cr2 = d.fault_addr;
  return c;
}

void put_context(X86State& s, const SigContext64& c) {
  s.r8 = c.r8;
  s.r9 = c.r9;
  s.r10 = c.r10;
  s.r11 = c.r11;
  s.r12 = c.r12;
  s.r13 = c.r13;
  s.r14 = c.r14;
  s.r15 = c.r15;
  s.rdi = c.di;
  s.rsi = c.si;
  s.rbp = c.bp;
  s.rbx = c.bx;
  s.rdx = c.dx;
  s.rax = c.ax;
  s.rcx = c.cx;
  s.rsp = c.sp;
  s.pc = c.ip;
  s.set_rflags((s.rflags() & ~kRestoredFlags) | (c.flags & kRestoredFlags));
  s.cs = c.cs | kUserLevel;
  s.ss = c.ss | kUserLevel;
  reload_code_and_stack(s);
}

}  // namespace

uint64_t signal_frame64_bytes(const Model& model) { return kBelowFp + fp_frame_bytes(model, false); }

uint64_t align_signal_frame64(const Model& model, uint64_t at) {
  return align_fp_frame(model, at + kBelowFp, false) - kBelowFp;
}

void build_signal_frame64(X86State& s, const Model& model, const linux_user::SignalDelivery& d, uint64_t at,
                          uint8_t* frame) {
  SignalFrame64 f = {};
  f.return_address = d.return_address;
  static_assert(sizeof d.info.si == sizeof f.info);
  memcpy(f.info, &d.info.si, sizeof f.info);
  UContext64& uc = f.context;
  uc.flags = fp_frame_flags(model) | kUcSigcontextSs | kUcStrictRestoreSs;
  uc.stack_sp = d.altstack.sp;
  uc.stack_flags = static_cast<int32_t>(d.altstack.flags);
  uc.stack_bytes = d.altstack.bytes;
  uc.mask = d.saved_mask.bits[0];
  uc.mcontext = context_of(s, d);
  uc.mcontext.fpstate = at + kBelowFp;
  build_fp_frame(s, model, frame + kBelowFp, false);
  memcpy(frame, &f, sizeof f);

  s.rdi = static_cast<uint64_t>(d.info.signo());
  s.rsi = at + offsetof(SignalFrame64, info);
  s.rdx = at + offsetof(SignalFrame64, context);
  s.rax = 0;
  s.rsp = at;
  s.pc = d.action.handler;
  s.cs = kSelectorUser64;
  s.ss = kSelectorUserData;
  reload_code_and_stack(s);
  s.set_rflags(s.rflags() & ~kClearedFlags);
}

bool restore_signal_frame64(X86State& s, const Model& model, const uint8_t* frame,
                            linux_user::FrameContext* out) {
  SignalFrame64 f;
  memcpy(&f, frame, sizeof f);
  if (!restore_fp_frame(s, model, f.context.mcontext.fpstate, false)) return false;
  put_context(s, f.context.mcontext);
  out->mask = linux_user::SignalSet::of64(f.context.mask);
  out->altstack = {f.context.stack_sp, f.context.stack_bytes, static_cast<uint32_t>(f.context.stack_flags)};
  return true;
}

}  // namespace xarch::x86
