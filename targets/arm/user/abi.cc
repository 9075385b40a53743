#include "targets/arm/user/abi.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "linux-user/generic64.h"
#include "targets/arm/core/fp_state.h"
#include "targets/arm/core/guest.h"
#include "targets/arm/core/raise.h"
#include "targets/arm/user/signal_frame.h"

namespace xarch::arm {

namespace {

using linux_user::AbiInfo;
using linux_user::RaiseEffect;
using linux_user::SignalInfo;
using linux_user::SyscallId;
using linux_user::SyscallRegs;

// mov x8, #139 (rt_sigreturn); svc #0: what unwinders know a signal frame by.
constexpr uint8_t kTrampoline[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};

constexpr AbiInfo kInfo = {
    .name = "aarch64",
    .triplet = "aarch64-linux-gnu",
    .default_interp = "/lib/ld-linux-aarch64.so.1",
    .platform = "aarch64",
    .elf_machine = 183,
    .elf_class = 2,
    .big_endian = false,
    .page_bytes = 4096,
    .va_bits = 42,
    .min_signal_stack = 5120,  // asm/signal.h
    .has_minsigstksz_auxv = true,
    .restorer_flag = 0x04000000,
    .generic64_layouts = true,
};

// O_DIRECTORY O_NOFOLLOW O_DIRECT O_LARGEFILE are bits 14 15 16 17 on Arm, 16 17 14 15 on x86 (asm/fcntl.h):
// the two pairs change places, in either direction.
constexpr int swap_open_flags(int flags) {
  return (flags & ~0x3c000) | (flags & 0xc000) << 2 | (flags & 0x30000) >> 2;
}

constexpr int kProtBti = 0x10;  // asm/mman.h
constexpr int kProtSem = 0x8;

class Arm64Abi final : public linux_user::UserAbi {
 public:
  explicit Arm64Abi(std::unique_ptr<Arm64Guest> guest) : guest_(std::move(guest)) {}

  const AbiInfo& info() const override { return kInfo; }
  const tcg::Guest& guest() const override { return *guest_; }
  uint64_t hwcap() const override { return guest_->model().hwcap; }
  uint64_t hwcap2() const override { return guest_->model().hwcap2; }
  std::string cpuinfo(unsigned cpus) const override;

  SyscallId syscall_id(uint32_t number) const override { return linux_user::generic64_syscall_id(number); }
  SyscallRegs syscall_regs(const void* state, uint32_t) const override {
    const Arm64State& s = at(state);
    SyscallRegs r;
    r.number = static_cast<uint32_t>(s.x(8));
    for (unsigned i = 0; i < 6; ++i) r.arg[i] = s.x(i);
    return r;
  }
  void set_result(void* state, int64_t result) const override {
    at(state).x(0) = static_cast<uint64_t>(result);
  }
  int64_t result(const void* state) const override { return static_cast<int64_t>(at(state).x(0)); }
  void rewind_syscall(void* state, const SyscallRegs& regs) const override {
    at(state).x(0) = regs.arg[0];
    at(state).x(8) = regs.number;
    at(state).pc -= 4;
  }

  uint64_t pc(const void* state) const override { return at(state).pc; }
  void set_pc(void* state, uint64_t pc) const override { at(state).pc = pc; }
  uint64_t sp(const void* state) const override { return at(state).sp; }
  void set_sp(void* state, uint64_t sp) const override { at(state).sp = sp; }
  void set_tls(void* state, uint64_t tls) const override { at(state).tpidr = tls; }
  void start(void* state, uint64_t entry, uint64_t sp) const override {
    at(state).reset();
    reset_fp(at(state));
    at(state).pc = entry;
    at(state).sp = sp;
  }
  void copy_for_clone(void* child, const void* parent) const override {
    constexpr size_t kHeader = sizeof(tcg::CpuHeader);
    memcpy(static_cast<char*>(child) + kHeader, static_cast<const char*>(parent) + kHeader,
           sizeof(Arm64State) - kHeader);
    copy_fp(at(child), at(parent));
    at(child).x(0) = 0;
    at(child).excl_addr = kNoMonitor;
  }

  RaiseEffect on_raise(void* state, uint32_t code, uint64_t value) const override;
  uint64_t frame_bytes(bool) const override { return sizeof(SignalFrame); }
  uint64_t align_frame(uint64_t sp, bool) const override { return sp & ~uint64_t{15}; }
  void build_frame(void* state, const linux_user::SignalDelivery& d, uint64_t where,
                   uint8_t* frame) const override {
    SignalFrame built;
    build_signal_frame(at(state), d, where, &built);
    memcpy(frame, &built, sizeof built);
  }
  uint64_t frame_address(const void* state, bool) const override { return at(state).sp; }
  bool restore_frame(void* state, const uint8_t* frame, bool,
                     linux_user::FrameContext* context) const override {
    if (at(state).sp % 16 != 0) return false;
    SignalFrame copy;
    memcpy(&copy, frame, sizeof copy);
    return restore_signal_frame(at(state), copy, context);
  }
  uint64_t fault_error(int signo, int code, bool write, bool fetch, bool present) const override;
  std::span<const uint8_t> trampoline() const override { return kTrampoline; }

  int open_flags_to_host(int flags) const override { return swap_open_flags(flags); }
  int open_flags_to_guest(int flags) const override { return swap_open_flags(flags); }
  int prot_to_host_checked(int prot) const override {
    if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | kProtSem | kProtBti)) != 0) return -1;
    return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
  }
  int64_t put_stat(const struct stat& st, uint8_t* out) const override {
    return linux_user::generic64_put_stat(st, out);
  }
  bool clone_tls_before_child_tid() const override { return true; }

 private:
  static Arm64State& at(void* state) { return *static_cast<Arm64State*>(state); }
  static const Arm64State& at(const void* state) { return *static_cast<const Arm64State*>(state); }

  std::unique_ptr<Arm64Guest> guest_;
};

std::string Arm64Abi::cpuinfo(unsigned cpus) const {
  const Model& m = guest_->model();
  const std::string features = cpuinfo_features(m);
  std::string text;
  for (unsigned i = 0; i < cpus; ++i) {
    char rest[256];
    snprintf(rest, sizeof rest,
             "CPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\nCPU part\t: 0x%03x\nCPU "
             "revision\t: %u\n\n",
             static_cast<unsigned>(m.midr >> 24 & 0xff), static_cast<unsigned>(m.midr >> 20 & 0xf),
             static_cast<unsigned>(m.midr >> 4 & 0xfff), static_cast<unsigned>(m.midr & 0xf));
    // BogoMIPS is twice the counter's rate in MHz.
    text += "processor\t: " + std::to_string(i) +
            "\nBogoMIPS\t: " + std::to_string(2 * kCounterHz / 1000000) + ".00\nFeatures\t: " + features +
            "\n" + rest;
  }
  return text;
}

// ESR_EL1 of an abort from EL0: class (0x20 instruction, 0x24 data), 32-bit instruction, write, fault status
// (translation or permission fault at level 3, alignment, synchronous external abort).
uint64_t Arm64Abi::fault_error(int signo, int code, bool write, bool fetch, bool) const {
  constexpr uint64_t kInstruction = 0x20ull << 26, kData = 0x24ull << 26, kLength32 = 1ull << 25;
  constexpr uint64_t kTranslation = 7, kPermission = 0xf, kAlignment = 0x21, kExternal = 0x10;
  uint64_t status;
  if (signo == SIGSEGV) {
    status = code == SEGV_ACCERR ? kPermission : kTranslation;
  } else if (signo == SIGBUS) {
    status = code == BUS_ADRALN ? kAlignment : kExternal;
  } else {
    return 0;
  }
  return (fetch ? kInstruction : kData) | kLength32 | (write ? 1ull << 6 : 0) | status;
}

RaiseEffect Arm64Abi::on_raise(void* state, uint32_t code, uint64_t value) const {
  RaiseEffect effect;
  if (handle_fp_raise(at(state), code, value)) return effect;
  const uint64_t pc = at(state).pc;
  switch (code) {
    case kRaiseBreakpoint: effect.signal = SignalInfo::fault(SIGTRAP, TRAP_BRKPT, pc); break;
    case kRaisePcAlignment: effect.signal = SignalInfo::fault(SIGBUS, BUS_ADRALN, value); break;
    case kRaiseCodeChanged:
      effect.changed_start = value & ~uint64_t{63};
      effect.changed_bytes = 64;
      break;
    default: effect.signal = SignalInfo::fault(SIGILL, ILL_ILLOPC, pc); break;
  }
  return effect;
}

}  // namespace

std::string arm64_models() {
  std::string names;
  for (const Model& m : models()) names.append(names.empty() ? "" : ", ").append(m.name);
  return names;
}

Result<std::unique_ptr<linux_user::UserAbi>> make_arm64_abi(std::string_view cpu) {
  std::unique_ptr<Arm64Guest> guest = make_arm64_guest(cpu.empty() ? models().back().name : cpu);
  if (guest == nullptr) {
    return Error{"no CPU model '" + std::string(cpu) + "' for aarch64; there are " + arm64_models()};
  }
  return std::unique_ptr<linux_user::UserAbi>(new Arm64Abi(std::move(guest)));
}

}  // namespace xarch::arm
