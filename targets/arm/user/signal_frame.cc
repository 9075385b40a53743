#include "targets/arm/user/signal_frame.h"

#include <string.h>

#include "targets/arm/core/fp_state.h"

namespace xarch::arm {

namespace {

constexpr uint64_t kNzcvBits = 0xf0000000;

struct EsrContext {
  uint32_t magic, bytes;
  uint64_t esr;
};

}  // namespace

void build_signal_frame(Arm64State& s, const linux_user::SignalDelivery& d, uint64_t at, SignalFrame* frame) {
  memset(frame, 0, sizeof *frame);
  static_assert(sizeof d.info.si == sizeof frame->info);
  memcpy(frame->info, &d.info.si, sizeof frame->info);
  UContext& uc = frame->context;
  uc.stack_sp = d.altstack.sp;
  uc.stack_flags = static_cast<int32_t>(d.altstack.flags);
  uc.stack_bytes = d.altstack.bytes;
  uc.mask = d.saved_mask.bits[0];
  SigContext& mc = uc.mcontext;
  mc.fault_address = d.fault_addr;
  for (unsigned i = 0; i < 31; ++i) mc.regs[i] = s.x(i);
  mc.sp = s.sp;
  mc.pc = s.pc;
  mc.pstate = s.nzcv_bits();

  uint8_t* record = mc.reserved;
  FpsimdContext fp = {kFpsimdMagic, sizeof fp, s.fpsr_value(), static_cast<uint32_t>(s.fpcr), {}};
  for (unsigned i = 0; i < 32; ++i) fp.v[i] = s.v(i);
  memcpy(record, &fp, sizeof fp);
  record += sizeof fp;
  if (d.fault_error != 0) {
    const EsrContext esr = {kEsrMagic, sizeof esr, d.fault_error};
    memcpy(record, &esr, sizeof esr);
  }
  // The terminating record is all zeros, as the rest is.
  frame->fp = s.x(29);
  frame->lr = s.x(30);

  s.x(0) = static_cast<uint64_t>(d.info.signo());
  if ((d.action.flags & SA_SIGINFO) != 0) {
    s.x(1) = at + offsetof(SignalFrame, info);
    s.x(2) = at + offsetof(SignalFrame, context);
  }
  s.x(29) = at + offsetof(SignalFrame, fp);
  s.x(30) = d.return_address;
  s.sp = at;
  s.pc = d.action.handler;
}

bool restore_signal_frame(Arm64State& s, const SignalFrame& frame, linux_user::FrameContext* out) {
  const UContext& uc = frame.context;
  const SigContext& mc = uc.mcontext;
  // A process in AArch64 state at EL0 may set the condition flags alone.
  if ((mc.pstate & 0x1f) != 0) return false;
  const FpsimdContext* fp = nullptr;
  for (size_t at = 0; at + 8 <= sizeof mc.reserved;) {
    uint32_t magic, bytes;
    memcpy(&magic, mc.reserved + at, 4);
    memcpy(&bytes, mc.reserved + at + 4, 4);
    if (magic == 0) {
      if (bytes != 0) return false;
      break;
    }
    if (bytes < 8 || bytes % 16 != 0 || bytes > sizeof mc.reserved - at) return false;
    if (magic == kFpsimdMagic) {
      if (fp != nullptr || bytes != sizeof(FpsimdContext)) return false;
      fp = reinterpret_cast<const FpsimdContext*>(mc.reserved + at);
    } else if (magic != kEsrMagic) {
      return false;
    }
    at += bytes;
  }
  if (fp == nullptr) return false;
  for (unsigned i = 0; i < 31; ++i) s.x(i) = mc.regs[i];
  s.sp = mc.sp;
  s.pc = mc.pc;
  s.set_nzcv_bits(static_cast<uint32_t>(mc.pstate & kNzcvBits));
  s.set_fpsr(static_cast<uint32_t>(fp->fpsr & kFpsrBits));
  set_fpcr(s, fp->fpcr & kFpcrBits);
  for (unsigned i = 0; i < 32; ++i) s.v(i) = fp->v[i];
  s.excl_addr = kNoMonitor;
  out->mask = linux_user::SignalSet::of64(uc.mask);
  out->altstack = {uc.stack_sp, uc.stack_bytes, static_cast<uint32_t>(uc.stack_flags)};
  return true;
}

}  // namespace xarch::arm
