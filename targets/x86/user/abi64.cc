// The Linux ABI of x86-64.
#include <asm/prctl.h>
#include <errno.h>

#include "linux-user/guest_copy.h"
#include "linux-user/guest_stat.h"
#include "linux-user/thread.h"
#include "targets/x86/core/raise.h"
#include "targets/x86/core/segments.h"
#include "targets/x86/user/abi.h"
#include "targets/x86/user/signal_frame64.h"
#include "targets/x86/user/x86_abi.h"

namespace xarch::x86 {

namespace {

using linux_user::AbiInfo;
using linux_user::SyscallId;
using linux_user::SyscallRegs;

// mov $15, %rax (rt_sigreturn); syscall: what unwinders know a signal frame by.
constexpr uint8_t kTrampoline[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};

constexpr AbiInfo kInfo = {
    .name = "x86_64",
    .triplet = "x86_64-linux-gnu",
    .default_interp = "/lib64/ld-linux-x86-64.so.2",
    .platform = "x86_64",
    .elf_machine = 62,
    .elf_class = 2,
    .big_endian = false,
    .page_bytes = 4096,
    // All that processors offer, together with the host's own mappings: these lie where a native program's
    // do, above the stack's end and from 0x555555554000 on. The guest's lie below them, but where sanitizers
    // expect a program's parts: ThreadSanitizer at 0x55… and from 0x7e8000000000 on, MemorySanitizer at 0x51…
    // to 0x60… and from 0x70… on.
    .va_bits = 47,
    .stack_top = 0x7ee000000000,
    .program_start = 0x550010000000,
    .min_signal_stack = 2048,  // asm/signal.h
    .has_minsigstksz_auxv = true,
    .restorer_flag = 0x04000000,
    .red_zone = kRedZone,
    .low_map_flag = 0x40,
    .noncanonical_protection = true,
    .generic64_layouts = true,
    .packed_epoll = true,
    .spread_semid = true,
};

// struct stat (asm/stat.h).
struct Stat64 {
  uint64_t dev, ino, nlink;
  uint32_t mode, uid, gid, pad0;
  uint64_t rdev;
  int64_t size, blksize, blocks;
  uint64_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
  int64_t unused[3];
};
static_assert(sizeof(Stat64) == 144);

class X86_64Abi final : public X86Abi {
 public:
  explicit X86_64Abi(const Model& model) : X86Abi(model), i386_(i386_calls(model, descriptors_)) {}

  const AbiInfo& info() const override { return kInfo; }
  // INT 80 makes calls of i386 from 64-bit code, too.
  const UserAbi& syscall_abi(const void*, uint32_t exit_code) const override {
    return exit_code == kSyscallInsn ? static_cast<const UserAbi&>(*this) : *i386_;
  }
  SyscallId syscall_id(uint32_t number) const override;
  SyscallRegs syscall_regs(const void* state, uint32_t) const override {
    const X86State& s = at(state);
    return {static_cast<uint32_t>(s.rax), {s.rdi, s.rsi, s.rdx, s.r10, s.r8, s.r9}};
  }
  void set_result(void* state, int64_t result) const override {
    at(state).rax = static_cast<uint64_t>(result);
  }
  int64_t result(const void* state) const override { return static_cast<int64_t>(at(state).rax); }

  void set_pc(void* state, uint64_t pc) const override { at(state).pc = pc; }
  void set_sp(void* state, uint64_t sp) const override { at(state).rsp = sp; }
  void set_tls(void* state, uint64_t tls) const override { at(state).fs_base = tls; }
  void start(void* state, uint64_t entry, uint64_t sp) const override { start_in(state, entry, sp, false); }

  uint64_t frame_bytes(bool) const override { return signal_frame64_bytes(model()); }
  uint64_t align_frame(uint64_t at, bool) const override { return align_signal_frame64(model(), at); }
  void build_frame(void* state, const linux_user::SignalDelivery& d, uint64_t where,
                   uint8_t* frame) const override {
    build_signal_frame64(at(state), model(), d, where, frame);
  }
  // The handler's return has taken the return address off the stack.
  uint64_t frame_address(const void* state, bool) const override { return at(state).rsp - 8; }
  bool restore_frame(void* state, const uint8_t* frame, bool,
                     linux_user::FrameContext* context) const override {
    return restore_signal_frame64(at(state), model(), frame, context);
  }
  bool call_at(void* state, SyscallRegs* regs) const override;
  std::span<const uint8_t> trampoline() const override { return kTrampoline; }

  int64_t put_stat(const struct stat& st, uint8_t* out) const override {
    return linux_user::put_guest_stat<Stat64>(st, out);
  }
  bool clone_tls_before_child_tid() const override { return false; }
  int64_t machine_call(linux_user::Call& call, linux_user::MachineCall which) const override;

 private:
  int64_t arch_prctl(linux_user::Call& call) const;

  std::unique_ptr<linux_user::UserAbi> i386_;
};

SyscallId X86_64Abi::syscall_id(uint32_t number) const {
  switch (number) {
#define NUMBER(name, number) \
  case number: return SyscallId::k_##name;
#include "targets/x86/user/numbers_x86_64.def"
#undef NUMBER
    default: return SyscallId::kNone;
  }
}

// The vsyscall page: gettimeofday, time and getcpu, 1024 bytes each.
bool X86_64Abi::call_at(void* state, SyscallRegs* regs) const {
  constexpr uint64_t kPage = 0xffffffffff600000;
  constexpr uint32_t kNumbers[] = {96, 201, 309};
  X86State& s = at(state);
  const uint64_t offset = s.pc - kPage;
  if (offset % 1024 != 0 || offset / 1024 >= std::size(kNumbers)) return false;
  uint64_t back;
  if (xarch_guarded_copy(&back, reinterpret_cast<const void*>(s.hdr.guest_base + s.rsp), sizeof back) != 0)
    return false;
  *regs = {kNumbers[offset / 1024], {s.rdi, s.rsi, s.rdx}};
  s.pc = back;
  s.rsp += sizeof back;
  return true;
}

int64_t X86_64Abi::arch_prctl(linux_user::Call& call) const {
  X86State& s = at(call.thread.state());
  const uint64_t value = call.arg(1);
  switch (call.i32(0)) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      if (value >= call.thread.mem().limit()) return -EPERM;
      // The selector becomes null, whatever it was.
      load_segment(s, call.i32(0) == ARCH_SET_FS ? kFs : kGs, 0);
      (call.i32(0) == ARCH_SET_FS ? s.fs_base : s.gs_base) = value;
      return 0;
    case ARCH_GET_FS: return call.thread.put(value, s.fs_base);
    case ARCH_GET_GS: return call.thread.put(value, s.gs_base);
    case ARCH_GET_CPUID: return 1;
    case ARCH_SET_CPUID: return -ENODEV;
    default: return -EINVAL;
  }
}

int64_t X86_64Abi::machine_call(linux_user::Call& call, linux_user::MachineCall which) const {
  switch (which) {
    case linux_user::MachineCall::kArchPrctl: return arch_prctl(call);
    case linux_user::MachineCall::kModifyLdt: return descriptors_->modify(call, at(call.thread.state()));
    case linux_user::MachineCall::kIoPermissions: return -EPERM;
    default: return -ENOSYS;
  }
}

bool runs_64_bit(const Model& model) { return model.features.has(Feature::kLm); }

}  // namespace

std::string x86_64_models() { return model_names(runs_64_bit); }

Result<std::unique_ptr<linux_user::UserAbi>> make_x86_64_abi(std::string_view cpu) {
  return make_abi<X86_64Abi>(kInfo.name, cpu, runs_64_bit);
}

}  // namespace xarch::x86
