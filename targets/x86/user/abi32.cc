// The Linux ABI of i386, as a 64-bit kernel has it.
#include <errno.h>
#include <string.h>

#include "linux-user/guest_copy.h"
#include "linux-user/thread.h"
#include "targets/x86/core/cpuid.h"
#include "targets/x86/core/guest.h"
#include "targets/x86/core/raise.h"
#include "targets/x86/core/segments.h"
#include "targets/x86/user/abi.h"
#include "targets/x86/user/cpu_info.h"
#include "targets/x86/user/descriptors.h"
#include "targets/x86/user/signal_frame32.h"
#include "targets/x86/user/traps.h"

namespace xarch::x86 {

namespace {

using linux_user::AbiInfo;
using linux_user::FieldLayout;
using linux_user::HostStruct;
using linux_user::LayoutTable;
using linux_user::RaiseEffect;
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

class I386Abi final : public linux_user::UserAbi {
 public:
  explicit I386Abi(const Model& model) : guest_(model) {}

  const AbiInfo& info() const override { return kInfo; }
  const tcg::Guest& guest() const override { return guest_; }
  uint64_t hwcap() const override { return x86::hwcap(guest_.model()); }
  uint64_t hwcap2() const override { return x86::hwcap2(guest_.model()); }
  std::string cpuinfo(unsigned cpus) const override { return cpuinfo_text(guest_.model(), cpus); }

  SyscallId syscall_id(uint32_t number) const override { return number_of(number).id; }
  SyscallRegs syscall_regs(const void* state, uint32_t exit_code) const override;
  void set_result(void* state, int64_t result) const override {
    at(state).rax = static_cast<uint32_t>(result);
  }
  int64_t result(const void* state) const override { return static_cast<int32_t>(at(state).rax); }
  void rewind_syscall(void* state, const SyscallRegs& regs) const override {
    at(state).rax = regs.number;
    at(state).pc -= 2;
  }

  uint64_t pc(const void* state) const override { return at(state).pc; }
  void set_pc(void* state, uint64_t pc) const override { at(state).pc = static_cast<uint32_t>(pc); }
  uint64_t sp(const void* state) const override { return at(state).rsp; }
  void set_sp(void* state, uint64_t sp) const override { at(state).rsp = static_cast<uint32_t>(sp); }
  void set_tls(void* state, uint64_t tls) const override { set_clone_tls(at(state), tls); }
  void start(void* state, uint64_t entry, uint64_t sp) const override {
    at(state).reset(guest_.model(), true);
    at(state).pc = entry;
    at(state).rsp = sp;
    descriptors_.attach(at(state));
  }
  void copy_for_clone(void* child, const void* parent) const override {
    constexpr size_t kHeader = sizeof(tcg::CpuHeader);
    memcpy(static_cast<char*>(child) + kHeader, static_cast<const char*>(parent) + kHeader,
           sizeof(X86State) - kHeader);
    at(child).rax = 0;
  }

  RaiseEffect on_raise(void* state, uint32_t code, uint64_t value) const override {
    return raise_effect(at(state), code, value);
  }
  uint64_t frame_bytes(bool plain) const override { return signal_frame32_bytes(guest_.model(), plain); }
  uint64_t align_frame(uint64_t at, bool plain) const override {
    return align_signal_frame32(guest_.model(), at, plain);
  }
  void build_frame(void* state, const linux_user::SignalDelivery& d, uint64_t where,
                   uint8_t* frame) const override {
    build_signal_frame32(at(state), guest_.model(), d, where, frame);
  }
  // The handler's return has taken the return address off the stack, and what it returns to the signal's
  // number.
  uint64_t frame_address(const void* state, bool plain) const override {
    return static_cast<uint32_t>(at(state).rsp - (plain ? 8 : 4));
  }
  bool restore_frame(void* state, const uint8_t* frame, bool plain,
                     linux_user::FrameContext* context) const override {
    return restore_signal_frame32(at(state), guest_.model(), frame, plain, context);
  }
  uint64_t fault_error(int signo, int code, bool write, bool fetch, bool present) const override {
    return page_fault_error(signo, code, write, fetch, present);
  }
  std::span<const uint8_t> trampoline() const override { return kTrampoline; }

  int open_flags_to_host(int flags) const override { return flags; }
  int open_flags_to_guest(int flags) const override { return flags; }
  size_t put_stat(const struct stat& st, uint8_t* out) const override;
  size_t put_stat64(const struct stat& st, uint8_t* out) const override;
  bool clone_tls_before_child_tid() const override { return true; }
  const LayoutTable* layouts() const override { return &kLayouts; }
  void put_siginfo(const siginfo_t& info, uint8_t* out) const override { put_siginfo32(info, out); }
  void get_siginfo(const uint8_t* in, siginfo_t* info) const override { get_siginfo32(in, info); }
  int64_t machine_call(linux_user::Call& call, linux_user::MachineCall which) const override;

 private:
  static X86State& at(void* state) { return *static_cast<X86State*>(state); }
  static const X86State& at(const void* state) { return *static_cast<const X86State*>(state); }

  X86Guest guest_;
  mutable LocalDescriptors descriptors_;
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

size_t I386Abi::put_stat(const struct stat& st, uint8_t* out) const {
  Stat32 g = {};
  g.dev = static_cast<uint32_t>(st.st_dev);
  g.ino = static_cast<uint32_t>(st.st_ino);
  g.mode = static_cast<uint16_t>(st.st_mode);
  g.nlink = static_cast<uint16_t>(st.st_nlink);
  g.uid = static_cast<uint16_t>(st.st_uid);
  g.gid = static_cast<uint16_t>(st.st_gid);
  g.rdev = static_cast<uint32_t>(st.st_rdev);
  g.size = static_cast<uint32_t>(st.st_size);
  g.blksize = static_cast<uint32_t>(st.st_blksize);
  g.blocks = static_cast<uint32_t>(st.st_blocks);
  g.atime = static_cast<uint32_t>(st.st_atim.tv_sec);
  g.atime_nsec = static_cast<uint32_t>(st.st_atim.tv_nsec);
  g.mtime = static_cast<uint32_t>(st.st_mtim.tv_sec);
  g.mtime_nsec = static_cast<uint32_t>(st.st_mtim.tv_nsec);
  g.ctime = static_cast<uint32_t>(st.st_ctim.tv_sec);
  g.ctime_nsec = static_cast<uint32_t>(st.st_ctim.tv_nsec);
  memcpy(out, &g, sizeof g);
  return sizeof g;
}

size_t I386Abi::put_stat64(const struct stat& st, uint8_t* out) const {
  Stat32Large g = {};
  g.dev = st.st_dev;
  g.low_ino = static_cast<uint32_t>(st.st_ino);
  g.ino = st.st_ino;
  g.mode = st.st_mode;
  g.nlink = static_cast<uint32_t>(st.st_nlink);
  g.uid = st.st_uid;
  g.gid = st.st_gid;
  g.rdev = st.st_rdev;
  g.size = st.st_size;
  g.blksize = static_cast<uint32_t>(st.st_blksize);
  g.blocks = static_cast<uint64_t>(st.st_blocks);
  g.atime = static_cast<uint32_t>(st.st_atim.tv_sec);
  g.atime_nsec = static_cast<uint32_t>(st.st_atim.tv_nsec);
  g.mtime = static_cast<uint32_t>(st.st_mtim.tv_sec);
  g.mtime_nsec = static_cast<uint32_t>(st.st_mtim.tv_nsec);
  g.ctime = static_cast<uint32_t>(st.st_ctim.tv_sec);
  g.ctime_nsec = static_cast<uint32_t>(st.st_ctim.tv_nsec);
  memcpy(out, &g, sizeof g);
  return sizeof g;
}

int64_t I386Abi::machine_call(linux_user::Call& call, linux_user::MachineCall which) const {
  X86State& s = at(call.thread.state());
  switch (which) {
    case linux_user::MachineCall::kSetThreadArea: return set_thread_area(call, s);
    case linux_user::MachineCall::kGetThreadArea: return get_thread_area(call, s);
    case linux_user::MachineCall::kModifyLdt: return descriptors_.modify(call, s);
    case linux_user::MachineCall::kIoPermissions: return -EPERM;
    case linux_user::MachineCall::kArchPrctl: return -EINVAL;
  }
  return -ENOSYS;
}

}  // namespace

std::string i386_models() {
  std::string names;
  for (const Model& m : models()) names += (names.empty() ? "" : ", ") + std::string(m.name);
  return names;
}

Result<std::unique_ptr<linux_user::UserAbi>> make_i386_abi(std::string_view cpu) {
  const Model* model = cpu.empty() ? &models().back() : find_model(cpu);
  if (model == nullptr) {
    return Error{"no CPU model '" + std::string(cpu) + "' for i386; there are " + i386_models()};
  }
  return std::unique_ptr<linux_user::UserAbi>(new I386Abi(*model));
}

}  // namespace xarch::x86
