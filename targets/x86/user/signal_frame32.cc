#include "targets/x86/user/signal_frame32.h"

#include <string.h>

#include "targets/x86/core/segments.h"
#include "targets/x86/user/fp_frame.h"
#include "targets/x86/user/traps.h"

namespace xarch::x86 {

namespace {

constexpr uint64_t kClearedFlags = kEflagsD | kEflagsT;
constexpr uint64_t kRestoredFlags = kEflagsArithmetic | kEflagsD | kEflagsT | kEflagsAc;

// pop %eax; mov $119, %eax (sigreturn); int $0x80, and mov $173, %eax (rt_sigreturn); int $0x80: what
// debuggers know frames by.
constexpr uint8_t kPlainCode[8] = {0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80};
constexpr uint8_t kInfoCode[8] = {0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0};

constexpr uint64_t kPlainBytes = sizeof(PlainFrame32), kInfoBytes = sizeof(InfoFrame32);

// From the frame's beginning to the floating-point state: the frame is so far below as the state's alignment
// and its own (4 below a multiple of 16) ask for.
constexpr uint64_t to_fp(uint64_t bytes) {
  // The state begins 16 below a multiple of 64 (its second part is aligned), the frame 4 below one of 16.
  return (bytes + 11) / 16 * 16 + 4;
}
static_assert(to_fp(kPlainBytes) >= kPlainBytes && to_fp(kInfoBytes) >= kInfoBytes);
constexpr uint64_t fp_offset(bool plain) { return to_fp(plain ? kPlainBytes : kInfoBytes); }

SigContext32 context_of(X86State& s, const linux_user::SignalDelivery& d, uint64_t fpstate) {
  SigContext32 c = {};
  c.gs = static_cast<uint16_t>(s.gs);
  c.fs = static_cast<uint16_t>(s.fs);
  c.es = static_cast<uint16_t>(s.es);
  c.ds = static_cast<uint16_t>(s.ds);
  c.di = static_cast<uint32_t>(s.rdi);
  c.si = static_cast<uint32_t>(s.rsi);
  c.bp = static_cast<uint32_t>(s.rbp);
  c.sp = c.sp_at_signal = static_cast<uint32_t>(s.rsp);
  c.bx = static_cast<uint32_t>(s.rbx);
  c.dx = static_cast<uint32_t>(s.rdx);
  c.cx = static_cast<uint32_t>(s.rcx);
  c.ax = static_cast<uint32_t>(s.rax);
  c.trapno = static_cast<uint32_t>(d.fault_error >> kTrapShift);
  c.err = static_cast<uint32_t>(d.fault_error);
  c.ip = static_cast<uint32_t>(s.pc - s.cs_base);
  c.cs = static_cast<uint16_t>(s.cs);
  c.flags = static_cast<uint32_t>(s.rflags());
  c.ss = static_cast<uint16_t>(s.ss);
  c.fpstate = static_cast<uint32_t>(fpstate);
  c.oldmask = static_cast<uint32_t>(d.saved_mask.bits[0]);
  c.cr2 = static_cast<uint32_t>(d.fault_addr);
  return c;
}

void put_context(X86State& s, const SigContext32& c) {
  s.rdi = c.di;
  s.rsi = c.si;
  s.rbp = c.bp;
  s.rsp = c.sp;
  s.rbx = c.bx;
  s.rdx = c.dx;
  s.rcx = c.cx;
  s.rax = c.ax;
  s.gs = c.gs;
  s.fs = c.fs;
  s.es = c.es;
  s.ds = c.ds;
  s.cs = c.cs | kUserLevel;
  s.ss = c.ss | kUserLevel;
  reload_segments(s);
  s.pc = s.cs_base + c.ip;
  s.set_rflags((s.rflags() & ~kRestoredFlags) | (c.flags & kRestoredFlags));
}

// The handler begins with flat segments, and arguments in registers, too.
void enter_handler(X86State& s, const linux_user::SignalDelivery& d, uint64_t at, uint64_t dx, uint64_t cx) {
  s.rsp = at;
  s.rax = static_cast<uint64_t>(d.info.signo());
  s.rdx = dx;
  s.rcx = cx;
  s.ds = s.es = s.ss = kSelectorUserData;
  s.cs = kSelectorUser32;
  reload_segments(s);
  s.pc = d.action.handler;
  s.set_rflags(s.rflags() & ~kClearedFlags);
}

constexpr uint32_t kRestorerFlag = 0x04000000;

}  // namespace

uint64_t signal_frame32_bytes(const Model& model, bool plain) {
  return fp_offset(plain) + fp_frame_bytes(model, true);
}

uint64_t align_signal_frame32(const Model& model, uint64_t at, bool plain) {
  const uint64_t fp = align_fp_frame(model, at + fp_offset(plain), true);
  return fp - fp_offset(plain);
}

void build_signal_frame32(X86State& s, const Model& model, const linux_user::SignalDelivery& d, uint64_t at,
                          uint8_t* frame) {
  const uint64_t fpstate = at + fp_offset(d.plain);
  build_fp_frame(s, model, frame + fp_offset(d.plain), true);
  const bool restorer = (d.action.flags & kRestorerFlag) != 0;
  const auto back = static_cast<uint32_t>(d.return_address);
  if (d.plain) {
    PlainFrame32 f = {};
    f.return_address = restorer ? back : back + kPlainTrampoline;
    f.signo = d.info.signo();
    f.context = context_of(s, d, fpstate);
    f.upper_mask = static_cast<uint32_t>(d.saved_mask.bits[0] >> 32);
    memcpy(f.code, kPlainCode, sizeof f.code);
    memcpy(frame, &f, sizeof f);
    enter_handler(s, d, at, 0, 0);
    return;
  }
  InfoFrame32 f = {};
  f.return_address = back;
  f.signo = d.info.signo();
  f.info_at = static_cast<uint32_t>(at + offsetof(InfoFrame32, info));
  f.context_at = static_cast<uint32_t>(at + offsetof(InfoFrame32, context));
  put_siginfo32(d.info.si, f.info);
  f.context.flags = fp_frame_flags(model);
  f.context.stack_sp = static_cast<uint32_t>(d.altstack.sp);
  f.context.stack_flags = d.altstack.flags;
  f.context.stack_bytes = static_cast<uint32_t>(d.altstack.bytes);
  f.context.mcontext = context_of(s, d, fpstate);
  f.context.mask[0] = static_cast<uint32_t>(d.saved_mask.bits[0]);
  f.context.mask[1] = static_cast<uint32_t>(d.saved_mask.bits[0] >> 32);
  memcpy(f.code, kInfoCode, sizeof f.code);
  memcpy(frame, &f, sizeof f);
  enter_handler(s, d, at, f.info_at, f.context_at);
}

bool restore_signal_frame32(X86State& s, const Model& model, const uint8_t* frame, bool plain,
                            linux_user::FrameContext* out) {
  SigContext32 c;
  if (plain) {
    PlainFrame32 f;
    memcpy(&f, frame, sizeof f);
    c = f.context;
    out->mask = linux_user::SignalSet::of64(uint64_t{f.upper_mask} << 32 | c.oldmask);
    out->has_altstack = false;
  } else {
    InfoFrame32 f;
    memcpy(&f, frame, sizeof f);
    c = f.context.mcontext;
    out->mask = linux_user::SignalSet::of64(uint64_t{f.context.mask[1]} << 32 | f.context.mask[0]);
    out->altstack = {f.context.stack_sp, f.context.stack_bytes, f.context.stack_flags};
  }
  if (!restore_fp_frame(s, model, c.fpstate, true)) return false;
  put_context(s, c);
  return true;
}

// ---- siginfo: three words, then a union at 12 instead of 16.

namespace {

enum class Union : uint8_t { kKill, kTimer, kRt, kChild, kFault, kPoll, kSys };

Union union_of(const siginfo_t& info) {
  switch (info.si_code) {
    case SI_TIMER: return Union::kTimer;
    case SI_SIGIO: return Union::kPoll;
    case SI_USER: return Union::kKill;
    default: break;
  }
  if (info.si_code < 0) return Union::kRt;
  switch (info.si_signo) {
    case SIGCHLD: return Union::kChild;
    case SIGILL:
    case SIGFPE:
    case SIGSEGV:
    case SIGBUS:
    case SIGTRAP: return Union::kFault;
    case SIGPOLL: return Union::kPoll;
    case SIGSYS: return Union::kSys;
    // Of another signal that stands for SIGIO (F_SETSIG).
    default: return info.si_code > 0 && info.si_code <= POLL_HUP ? Union::kPoll : Union::kKill;
  }
}

struct Words {
  uint32_t w[32] = {};
};

}  // namespace

void put_siginfo32(const siginfo_t& info, uint8_t* out) {
  Words v;
  v.w[0] = static_cast<uint32_t>(info.si_signo);
  v.w[1] = static_cast<uint32_t>(info.si_errno);
  v.w[2] = static_cast<uint32_t>(info.si_code);
  const auto value = [&info] {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(info.si_value.sival_ptr));
  };
  switch (union_of(info)) {
    case Union::kKill:
    case Union::kRt:
      v.w[3] = static_cast<uint32_t>(info.si_pid);
      v.w[4] = info.si_uid;
      if (info.si_code != SI_USER) v.w[5] = value();
      break;
    case Union::kTimer:
      v.w[3] = static_cast<uint32_t>(info.si_timerid);
      v.w[4] = static_cast<uint32_t>(info.si_overrun);
      v.w[5] = value();
      break;
    case Union::kChild:
      v.w[3] = static_cast<uint32_t>(info.si_pid);
      v.w[4] = info.si_uid;
      v.w[5] = static_cast<uint32_t>(info.si_status);
      v.w[6] = static_cast<uint32_t>(info.si_utime);
      v.w[7] = static_cast<uint32_t>(info.si_stime);
      break;
    case Union::kFault: v.w[3] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(info.si_addr)); break;
    case Union::kPoll:
      v.w[3] = static_cast<uint32_t>(info.si_band);
      v.w[4] = static_cast<uint32_t>(info.si_fd);
      break;
    case Union::kSys:
      v.w[3] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(info.si_call_addr));
      v.w[4] = static_cast<uint32_t>(info.si_syscall);
      v.w[5] = info.si_arch;
      break;
  }
  memcpy(out, &v, sizeof v);
}

void get_siginfo32(const uint8_t* in, siginfo_t* info) {
  Words v;
  memcpy(&v, in, sizeof v);
  memset(info, 0, sizeof *info);
  info->si_signo = static_cast<int>(v.w[0]);
  info->si_errno = static_cast<int>(v.w[1]);
  info->si_code = static_cast<int>(v.w[2]);
  // What programs may send has a sender and a value.
  info->si_pid = static_cast<pid_t>(v.w[3]);
  info->si_uid = v.w[4];
  info->si_value.sival_ptr = reinterpret_cast<void*>(uintptr_t{v.w[5]});
}

}  // namespace xarch::x86
