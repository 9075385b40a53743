#include "targets/mips/user/abi.h"

#include <string.h>
#include <sys/mman.h>

#include "linux-user/guest_copy.h"
#include "linux-user/syscall.h"
#include "targets/mips/core/guest.h"
#include "targets/mips/core/raise.h"
#include "targets/mips/user/convert.h"
#include "tcg/support/log.h"

namespace xarch::mips {

namespace {

using linux_user::AbiInfo;
using linux_user::ArgKind;
using linux_user::RaiseEffect;
using linux_user::SignalInfo;
using linux_user::SyscallId;
using linux_user::SyscallRegs;

constexpr unsigned kV0 = 2, kA0 = 4, kA3 = 7, kSp = 29;

// li $v0, 4193 (rt_sigreturn); syscall
constexpr uint8_t kTrampoline[] = {0x24, 0x02, 0x10, 0x61, 0x00, 0x00, 0x00, 0x0c};

constexpr AbiInfo kInfo = {
    .name = "mips",
    .triplet = "mips-linux-gnu",
    .default_interp = "/lib/ld.so.1",
    .platform = "mips",
    .elf_machine = 8,
    .elf_class = 1,
    .big_endian = true,
    .page_bytes = 4096,
    .va_bits = 31,
    .min_signal_stack = 2048,
    .restorer_flag = 0,
    .generic64_layouts = false,
};

constexpr uint32_t kMmap2 = 4210;
constexpr int kProtSem = 0x10;  // asm/mman.h

// Codes of BREAK and the traps that stand for arithmetic errors (asm/break.h).
constexpr uint32_t kBreakOverflow = 6, kBreakDivideByZero = 7;

class MipsAbi final : public linux_user::UserAbi {
 public:
  explicit MipsAbi(const MipsOptions& options) : guest_(options) {}

  const AbiInfo& info() const override { return kInfo; }
  const tcg::Guest& guest() const override { return guest_; }
  uint64_t hwcap() const override { return 0; }
  uint64_t hwcap2() const override { return 0; }
  std::string cpuinfo(unsigned cpus) const override;

  SyscallId syscall_id(uint32_t number) const override;
  SyscallRegs syscall_regs(const void* state, uint32_t) const override;
  void set_result(void* state, int64_t result) const override {
    State& s = at(state);
    s.gpr[kV0] = static_cast<uint32_t>(result < 0 ? errno_to_o32(static_cast<int>(-result)) : result);
    s.gpr[kA3] = result < 0;
  }
  void rewind_syscall(void* state, const SyscallRegs& regs) const override {
    State& s = at(state);
    s.gpr[kV0] = regs.number;
    s.gpr[kA0] = static_cast<uint32_t>(regs.arg[0]);
    s.gpr[kA3] = static_cast<uint32_t>(regs.arg[3]);
    s.pc -= 4;
  }

  uint64_t pc(const void* state) const override { return at(state).pc; }
  void set_pc(void* state, uint64_t pc) const override {
    at(state).pc = static_cast<uint32_t>(pc);
    at(state).in_slot = 0;
  }
  uint64_t sp(const void* state) const override { return at(state).gpr[kSp]; }
  void set_sp(void* state, uint64_t sp) const override { at(state).gpr[kSp] = static_cast<uint32_t>(sp); }
  void set_tls(void* state, uint64_t tls) const override {
    at(state).user_local = static_cast<uint32_t>(tls);
  }
  void start(void* state, uint64_t entry, uint64_t sp) const override {
    MipsGuest::reset(&at(state));
    set_pc(state, entry);
    set_sp(state, sp);
  }
  void copy_for_clone(void* child, const void* parent) const override {
    constexpr size_t kHeader = sizeof(tcg::CpuHeader);
    memcpy(static_cast<char*>(child) + kHeader, static_cast<const char*>(parent) + kHeader,
           sizeof(State) - kHeader);
    set_result(child, 0);
    at(child).ll_addr = kNoLink;
  }

  // rt_sigaction has structs of its own and is not in numbers_o32.def, so that no handler can be there to
  // run.
  RaiseEffect on_raise(void* state, uint32_t code, uint64_t value) const override;
  uint64_t frame_bytes(bool) const override { return 0; }
  uint64_t align_frame(uint64_t sp, bool) const override { return sp & ~uint64_t{7}; }
  void build_frame(void*, const linux_user::SignalDelivery&, uint64_t, uint8_t*) const override {
    Log::fatal("xarch: internal error: a signal handler in an o32 process");
  }
  uint64_t frame_address(const void* state, bool) const override { return at(state).gpr[kSp]; }
  bool restore_frame(void*, const uint8_t*, bool, linux_user::FrameContext*) const override { return false; }
  std::span<const uint8_t> trampoline() const override { return kTrampoline; }

  int open_flags_to_host(int flags) const override { return open_flags_from_o32(flags); }
  int open_flags_to_guest(int flags) const override { return open_flags_to_o32(flags); }
  int prot_to_host_checked(int prot) const override {
    if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | kProtSem)) != 0) return -1;
    return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
  }
  int map_flags_to_host(int flags) const override { return map_flags_from_o32(flags); }
  // No call that gives a struct stat is in numbers_o32.def.
  int64_t put_stat(const struct stat&, uint8_t*) const override { return -ENOSYS; }
  bool clone_tls_before_child_tid() const override { return true; }

 private:
  static State& at(void* state) { return *static_cast<State*>(state); }
  static const State& at(const void* state) { return *static_cast<const State*>(state); }

  MipsGuest guest_;
};

std::string MipsAbi::cpuinfo(unsigned cpus) const {
  std::string text = "system type\t\t: xarch\n";
  for (unsigned i = 0; i < cpus; ++i) {
    text +=
        "processor\t\t: " + std::to_string(i) +
        "\ncpu model\t\t: MIPS 24Kc V0.0\nBogoMIPS\t\t: 200.00\nisa\t\t\t: mips1 mips2 mips32r1 mips32r2\n\n";
  }
  return text;
}

SyscallId MipsAbi::syscall_id(uint32_t number) const {
  switch (number) {
#define NUMBER(name, number) \
  case number: return SyscallId::k_##name;
#include "targets/mips/user/numbers_o32.def"
#undef NUMBER
    default: return SyscallId::kNone;
  }
}

// Four arguments are in registers, the others on the stack above the four words that belong to the callee.
// Signed ones are extended as the kernel does.
SyscallRegs MipsAbi::syscall_regs(const void* state, uint32_t) const {
  const State& s = at(state);
  SyscallRegs r;
  r.number = s.gpr[kV0];
  const linux_user::SyscallRow* row = nullptr;
  if (SyscallId id = syscall_id(r.number); id != SyscallId::kNone) row = &linux_user::syscall_row(id);
  for (unsigned i = 0; i < 6; ++i) {
    ArgKind kind = row != nullptr ? row->args[i].kind : ArgKind::kNone;
    uint32_t word = 0;
    if (i < 4) {
      word = s.gpr[kA0 + i];
    } else if (kind != ArgKind::kNone) {
      uint64_t where = s.hdr.guest_base + ((s.gpr[kSp] + 4 * i) & 0x7fffffff);
      if (xarch_guarded_load32(reinterpret_cast<const uint32_t*>(where), &word) != 0) word = 0;
      word = __builtin_bswap32(word);
    }
    bool is_signed = kind == ArgKind::kInt || kind == ArgKind::kFd;
    r.arg[i] = is_signed ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(word))) : word;
  }
  if (r.number == kMmap2) r.arg[5] *= 4096;
  return r;
}

RaiseEffect MipsAbi::on_raise(void* state, uint32_t code, uint64_t) const {
  RaiseEffect effect;
  RaiseCode c = RaiseCode::unpack(code);
  uint64_t pc = at(state).pc;
  uint32_t operand = c.operand;
  // Assemblers put BREAK's code into the upper ten of its twenty bits.
  if (c.kind == Raise::kBreak && operand >= 1024) operand = operand >> 10 | (operand & 1023) << 10;
  switch (c.kind) {
    case Raise::kOverflow: effect.signal = SignalInfo::fault(SIGFPE, FPE_INTOVF, pc); break;
    case Raise::kBreak:
    case Raise::kTrap:
      if (operand == kBreakDivideByZero) {
        effect.signal = SignalInfo::fault(SIGFPE, FPE_INTDIV, pc);
      } else if (operand == kBreakOverflow) {
        effect.signal = SignalInfo::fault(SIGFPE, FPE_INTOVF, pc);
      } else {
        effect.signal =
            SignalInfo::fault(SIGTRAP, c.kind == Raise::kBreak ? int{TRAP_BRKPT} : int{SI_KERNEL}, pc);
      }
      break;
    case Raise::kDebug: effect.signal = SignalInfo::fault(SIGTRAP, TRAP_BRKPT, pc); break;
    case Raise::kFetchAddress: effect.signal = SignalInfo::fault(SIGBUS, SI_KERNEL, pc); break;
    case Raise::kReserved:
    case Raise::kCoprocessor: effect.signal = SignalInfo::fault(SIGILL, SI_KERNEL, pc); break;
  }
  return effect;
}

struct Model {
  std::string_view name;
  unsigned features;
};
constexpr Model kModels[] = {{"24Kc", kMips32 | kMips32R2}, {"4Kc", kMips32}};

}  // namespace

std::string mips_models() {
  std::string names;
  for (const Model& m : kModels) names.append(names.empty() ? "" : ", ").append(m.name);
  return names;
}

Result<std::unique_ptr<linux_user::UserAbi>> make_mips_abi(std::string_view cpu) {
  for (const Model& m : kModels) {
    if (cpu.empty() || cpu == m.name) {
      MipsOptions options;
      options.features = m.features;
      options.unaligned = true;  // Linux makes unaligned accesses work for its processes
      return std::unique_ptr<linux_user::UserAbi>(new MipsAbi(options));
    }
  }
  return Error{"no CPU model '" + std::string(cpu) + "' for mips; there are " + mips_models()};
}

}  // namespace xarch::mips
