// The Linux ABI of i386, as a 64-bit kernel has it.
#include <errno.h>

#include "linux-user/guest_copy.h"
#include "linux-user/guest_stat.h"
#include "linux-user/thread.h"
#include "targets/x86/core/raise.h"
#include "targets/x86/user/abi.h"
#include "targets/x86/user/signal_frame32.h"
#include "targets/x86/user/x86_abi.h"

namespace xarch::x86 {

namespace {

using linux_user::AbiInfo;
using linux_user::FieldLayout;
using linux_user::HostStruct;
using linux_user::LayoutTable;
using linux_user::StructId;
using linux_user::SyscallId;
using linux_user::SyscallRegs;

// mov $173, %eax (rt_sigreturn); int $0x80, and at kPlainTrampoline pop %eax; mov $119, %eax (sigreturn);
// int $0x80.
constexpr uint8_t kTrampoline[] = {0xb8, 173,  0,    0,    0,    0xcd, 0x80, 0x90, 0x90, 0x90, 0x90, 0x90,
                                   0x90, 0x90, 0x90, 0x90, 0x58, 0xb8, 119,  0,    0,    0,    0xcd, 0x80};
static_assert(kTrampoline[kPlainTrampoline] == 0x58);

constexpr AbiInfo kInfo = {
    .name = "i386",
    .triplet = "i386-linux-gnu",
    .default_interp = "/lib/ld-linux.so.2",
    .platform = "i686",
    .elf_machine = 3,
    .elf_class = 1,
    .big_endian = false,
    .page_bytes = 4096,
    .va_bits = 32,
    .min_signal_stack = 2048,  // asm/signal.h
    .has_minsigstksz_auxv = true,
    .restorer_flag = 0x04000000,
    .plain_frames = true,
    .packed_epoll = true,
};

// struct stat and struct stat64 (asm/stat.h).
struct Stat32 {
  uint32_t dev, ino;
  uint16_t mode, nlink, uid, gid;
  uint32_t rdev, size, blksize, blocks;
  uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
  uint32_t unused[2];
};
static_assert(sizeof(Stat32) == 64);
struct [[gnu::packed]] Stat32Large {
  uint64_t dev;
  uint32_t pad0, low_ino, mode, nlink, uid, gid;
  uint64_t rdev;
  uint32_t pad3;
  int64_t size;
  uint32_t blksize;
  uint64_t blocks;
  uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
  uint64_t ino;
};
static_assert(sizeof(Stat32Large) == 96);

// struct __old_kernel_stat.
struct StatOld {
  uint16_t dev, ino, mode, nlink, uid, gid, rdev, pad0;
  uint32_t size, atime, mtime, ctime;
};
static_assert(sizeof(StatOld) == 32);

constexpr LayoutTable::Size kSizes[] = {
#define STRUCT(name, bytes) {StructId::k_##name, bytes},
#define FIELD(name, member, offset, bytes)
#include "targets/x86/user/layouts_i386.def"
#undef STRUCT
#undef FIELD
};
template <StructId id>
using Host = typename HostStruct<id>::type;
// What a signed field's type is; masks and the like are not.
template <typename T>
constexpr bool kSigned = std::is_signed_v<T>;
constexpr FieldLayout kFields[] = {
#define STRUCT(name, bytes)
#define FIELD(name, member, offset, bytes)     \
  {StructId::k_##name,                         \
   offsetof(Host<StructId::k_##name>, member), \
   offset,                                     \
   sizeof(Host<StructId::k_##name>::member),   \
   bytes,                                      \
   kSigned<std::remove_reference_t<decltype((static_cast<Host<StructId::k_##name>*>(nullptr)->member))>>},
#include "targets/x86/user/layouts_i386.def"
#undef STRUCT
#undef FIELD
};
constexpr LayoutTable kLayouts(kSizes, kFields);

// How a call's arguments stand in the registers.
struct Number {
  SyscallId id = SyscallId::kNone;
  bool time64 = false;
  int8_t wide[2] = {-1, -1};
};
Number number_of(uint32_t number) {
  switch (number) {
#define NUMBER(name, number) \
  case number: return {SyscallId::k_##name, false, {-1, -1}};
#define TIME64(name, number) \
  case number: return {SyscallId::k_##name, true, {-1, -1}};
#define WIDE(name, number, first, second) \
  case number: return {SyscallId::k_##name, false, {first, second}};
#include "targets/x86/user/numbers_i386.def"
#undef NUMBER
#undef TIME64
#undef WIDE
    default: return {};
  }
}

class I386Abi final : public X86Abi {
 public:
  using X86Abi::X86Abi;

  const AbiInfo& info() const override { return kInfo; }
  SyscallId syscall_id(uint32_t number) const override { return number_of(number).id; }
  SyscallRegs syscall_regs(const void* state, uint32_t exit_code) const override;
  void set_result(void* state, int64_t result) const override {
    at(state).rax = static_cast<uint32_t>(result);
  }
  int64_t result(const void* state) const override { return static_cast<int32_t>(at(state).rax); }

  void set_pc(void* state, uint64_t pc) const override { at(state).pc = static_cast<uint32_t>(pc); }
  void set_sp(void* state, uint64_t sp) const override { at(state).rsp = static_cast<uint32_t>(sp); }
  void set_tls(void* state, uint64_t tls) const override { set_clone_tls(at(state), tls); }
  void start(void* state, uint64_t entry, uint64_t sp) const override { start_in(state, entry, sp, true); }

  uint64_t frame_bytes(bool plain) const override { return signal_frame32_bytes(model(), plain); }
  uint64_t align_frame(uint64_t at, bool plain) const override {
    return align_signal_frame32(model(), at, plain);
  }
  void build_frame(void* state, const linux_user::SignalDelivery& d, uint64_t where,
                   uint8_t* frame) const override {
    build_signal_frame32(at(state), model(), d, where, frame);
  }
  // The handler's return has taken the return address off the stack, and what it returns to the signal's
  // number.
  uint64_t frame_address(const void* state, bool plain) const override {
    return static_cast<uint32_t>(at(state).rsp - (plain ? 8 : 4));
  }
  bool restore_frame(void* state, const uint8_t* frame, bool plain,
                     linux_user::FrameContext* context) const override {
    return restore_signal_frame32(at(state), model(), frame, plain, context);
  }
  std::span<const uint8_t> trampoline() const override { return kTrampoline; }

  int64_t put_stat(const struct stat& st, uint8_t* out) const override {
    return linux_user::put_guest_stat<Stat32>(st, out);
  }
  int64_t put_stat64(const struct stat& st, uint8_t* out) const override {
    return linux_user::put_guest_stat<Stat32Large>(st, out);
  }
  int64_t put_old_stat(const struct stat& st, uint8_t* out) const override {
    return linux_user::put_guest_stat<StatOld>(st, out);
  }
  bool clone_tls_before_child_tid() const override { return true; }
  const LayoutTable* layouts() const override { return &kLayouts; }
  void put_siginfo(const siginfo_t& info, uint8_t* out) const override { put_siginfo32(info, out); }
  void get_siginfo(const uint8_t* in, siginfo_t* info) const override { get_siginfo32(in, info); }
  int64_t machine_call(linux_user::Call& call, linux_user::MachineCall which) const override;
};

SyscallRegs I386Abi::syscall_regs(const void* state, uint32_t exit_code) const {
  const X86State& s = at(state);
  SyscallRegs r;
  r.number = static_cast<uint32_t>(s.rax);
  uint32_t word[6] = {static_cast<uint32_t>(s.rbx), static_cast<uint32_t>(s.rcx),
                      static_cast<uint32_t>(s.rdx), static_cast<uint32_t>(s.rsi),
                      static_cast<uint32_t>(s.rdi), static_cast<uint32_t>(s.rbp)};
  if (exit_code == kSyscallSysenter) {
    // The sixth is on the stack, where the frame pointer points.
    const auto from = reinterpret_cast<const uint32_t*>(s.hdr.guest_base + word[5]);
    if (xarch_guarded_load32(from, &word[5]) != 0) word[5] = 0;
  }
  const Number number = number_of(r.number);
  r.time64 = number.time64;
  if (number.id == SyscallId::kNone) {
    for (unsigned i = 0; i < 6; ++i) r.arg[i] = word[i];
    return r;
  }
  const linux_user::SyscallRow& row = linux_user::syscall_row(number.id);
  unsigned from = 0;
  for (unsigned i = 0; i < 6 && from < 6; ++i) {
    const bool wide = static_cast<int>(from) == number.wide[0] || static_cast<int>(from) == number.wide[1];
    r.arg[i] = wide && from < 5 ? uint64_t{word[from + 1]} << 32 | word[from]
                                : linux_user::extend_argument(row.args[i].kind, word[from]);
    from += wide ? 2 : 1;
  }
  switch (number.id) {
    case SyscallId::k_mmap: r.arg[5] = uint64_t{word[5]} * 4096; break;
    case SyscallId::k_preadv:
    case SyscallId::k_pwritev:
    case SyscallId::k_preadv2:
    case SyscallId::k_pwritev2: r.arg[3] = uint64_t{word[4]} << 32 | word[3]; break;
    default: break;
  }
  return r;
}

int64_t I386Abi::machine_call(linux_user::Call& call, linux_user::MachineCall which) const {
  X86State& s = at(call.thread.state());
  switch (which) {
    case linux_user::MachineCall::kSetThreadArea: return set_thread_area(call, s);
    case linux_user::MachineCall::kGetThreadArea: return get_thread_area(call, s);
    case linux_user::MachineCall::kModifyLdt: return descriptors_->modify(call, s);
    case linux_user::MachineCall::kIoPermissions: return -EPERM;
    case linux_user::MachineCall::kArchPrctl: return -EINVAL;
  }
  return -ENOSYS;
}

bool runs_32_bit(const Model&) { return true; }

}  // namespace

std::unique_ptr<linux_user::UserAbi> i386_calls(const Model& model,
                                                std::shared_ptr<LocalDescriptors> descriptors) {
  return std::make_unique<I386Abi>(model, std::move(descriptors));
}

std::string i386_models() { return model_names(runs_32_bit); }

Result<std::unique_ptr<linux_user::UserAbi>> make_i386_abi(std::string_view cpu) {
  return make_abi<I386Abi>(kInfo.name, cpu, runs_32_bit);
}

}  // namespace xarch::x86
