// CpuHeader: the part of a vCPU's state that emitted code, helpers and the runtime share. A target's state
// struct begins with it (as its first member, `hdr`), then come the target's registers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace xarch::tcg {

struct Cell;
class Vcpu;

// Why emitted code was left.
enum class Exit : uint32_t {
  kNone = 0,
  kLookup,   // pc (and exit_mode) say where to go on: translate, then re-enter. Stays inside Engine::run
  kLink,     // as kLookup; exit_value is the address of the Cell whose translation is wanted. Stays inside
             // Engine::run
  kSyscall,  // exit_code: the target's number; pc is where the target said (the next instruction, as a rule)
  kRaise,    // exit_code: the target's code, exit_value: the value
  kHalt,
  kEvent,  // CpuHeader::event was set; the state is exact at pc (and exit_mode)
  kFault,  // a guest access faulted; Vcpu::fault() has the details, the state is exact at pc
  kFetch,  // the instruction at pc could not be fetched; Vcpu::fault() has the details
};

// Bits of CpuHeader::event. Emitted code only looks whether the word is zero.
enum Event : uint32_t {
  kEventKick = 1u << 0,       // somebody wants this vCPU out of emitted code (signal, stop request, exit)
  kEventExclusive = 1u << 1,  // an exclusive section waits for this vCPU
  kEventFlush = 1u << 2,      // the code cache changes generation
};

// MXCSR while C++ runs: all exceptions masked, round to nearest. That of a guest has Invalid unmasked, so
// that an operation that makes or meets a signalling NaN traps and gets the guest's exact result from the
// handler; unless the guest's rules are the host's own.
inline constexpr uint32_t kHostMxcsr = 0x1f80;
inline constexpr uint32_t kGuestMxcsr = 0x1f00;
inline constexpr uint32_t kMxcsrInvalidMask = 0x80;
inline constexpr uint32_t kMxcsrFlags =
    0x3f;  // invalid, denormal, divide by zero, overflow, underflow, inexact
inline constexpr unsigned kMxcsrRoundingShift = 13;  // 0 nearest, 1 down, 2 up, 3 zero

// CpuHeader::fp_control: what the guest asks of floating point besides rounding.
enum FpControl : uint16_t {
  kFpFlush = 1,       // denormal operands count as zeros, tiny results become zeros
  kFpDefaultNan = 2,  // every NaN result is the default NaN
  // Denormal operands count as zeros; tiny results become zeros. As the host does it, which guest_mxcsr asks
  // for.
  kFpFlushInputs = 4,
  kFpFlushOutputs = 8
};

// MXCSR of a guest that flushes, some of whose flags are known to be set already. The host can flush, but
// then it tells nothing of denormal operands and calls flushed results inexact. So these trap as long as it
// matters: a denormal operand (and a division by zero, which the host sees first) until its flag is set, a
// tiny result until Underflow and Inexact are, and what is inexact until that is.
constexpr uint32_t flushing_mxcsr(uint32_t mxcsr, uint32_t flags) {
  constexpr uint32_t kDenormal = 0x02, kUnderflow = 0x10, kInexact = 0x20;
  constexpr uint32_t kDenormalMask = 0x100, kZeroMask = 0x200, kUnderflowMask = 0x800, kInexactMask = 0x1000;
  constexpr uint32_t kDenormalsAreZeros = 0x40, kFlushToZero = 0x8000;
  mxcsr &= ~(kDenormalMask | kZeroMask | kUnderflowMask | kInexactMask | kDenormalsAreZeros | kFlushToZero);
  if (flags & kDenormal) mxcsr |= kDenormalMask | kZeroMask | kDenormalsAreZeros;
  if (flags & kInexact) mxcsr |= kInexactMask;
  if ((flags & kInexact) && (flags & kUnderflow)) mxcsr |= kUnderflowMask | kFlushToZero;
  return mxcsr;
}

// What emitted code reads at fixed offsets. The second half is what hot code touches: emitted code addresses
// the state from kStateBias on, so that the second half and the target's first 192 bytes are within a signed
// byte.
struct alignas(64) CpuHeader {
  uint64_t exit_value = 0;  // until the exit: how many entries emitted code may put into jump_table by itself
  uint32_t exit_reason = 0;  // Exit
  uint32_t exit_code = 0;
  uint32_t exit_mode = 0;              // mode of the key to go on with (kLookup, kLink, kEvent)
  uint32_t helper_exit = 0;            // set by a helper with kHelperMayExit to leave after the call: an Exit
  uint16_t fp_flags = 0;               // sticky flags besides those of guest_mxcsr, see fp_sticky()
  uint8_t fp_control = 0;              // FpControl
  uint8_t fp_away = 1;                 // MXCSR is the host's, the guest's is in guest_mxcsr
  uint32_t guest_mxcsr = kGuestMxcsr;  // the control word guest code runs with
  uint64_t guest_base = 0;             // flat policy: host address of guest address 0
  void* tlb = nullptr;                 // soft-TLB policy: array of TlbEntry, one table per MMU index
  Vcpu* vcpu = nullptr;                // the C++ object, for helpers
  uint64_t host_sp = 0;                // stack pointer of emitted code, set on entry
  // ---- hot half
  std::atomic<uint32_t> event{0};
  uint32_t in_helper = 0;  // non-zero while C++ code runs on behalf of emitted code
  Cell** jump_table =
      nullptr;  // what indirect jumps of the current mode look targets up in; entries are never null
  const void* link_stub = nullptr;    // called by the thunk of a cell that has no translation yet
  const void* miss_stub = nullptr;    // indirect jump to a target that is not in jump_table
  const void* event_stub = nullptr;   // a poll found an event
  const void* exit_stub = nullptr;    // leave emitted code; exit_* and pc are set
  const void* helper_stub = nullptr;  // call a helper: saves and restores pinned registers
  uint64_t jump_mask = 0;  // picks the bits of a target that are its index in jump_table, still shifted

  // The guest's floating-point environment. Good while no emitted code runs, or in helpers declared
  // kHelperFp: else MXCSR itself has it. Sticky flags raised so far: MXCSR's bits.
  uint32_t fp_sticky() const { return (fp_flags | guest_mxcsr) & kMxcsrFlags; }
  void set_fp_sticky(uint32_t flags) {
    fp_flags = 0;
    guest_mxcsr = (guest_mxcsr & ~kMxcsrFlags) | (flags & kMxcsrFlags);
  }
  // An operation that has trapped, or a function that stands for one, has raised `flags`: what *mxcsr is to
  // be from now on. Flags that the host has set on its way to the trap are not the guest's.
  void raise_fp(uint32_t flags, uint32_t* mxcsr) {
    const uint32_t masked = *mxcsr >> 7 & kMxcsrFlags;
    *mxcsr &= masked | ~kMxcsrFlags;
    fp_flags = static_cast<uint16_t>(fp_flags | flags);
    if (fp_control & kFpFlush) *mxcsr = flushing_mxcsr(*mxcsr, masked | fp_flags);
  }
  // Rounding as MXCSR numbers it.
  uint32_t fp_rounding() const { return guest_mxcsr >> kMxcsrRoundingShift & 3; }
  void set_fp_rounding(uint32_t mode) {
    guest_mxcsr = (guest_mxcsr & ~(3u << kMxcsrRoundingShift)) | (mode & 3) << kMxcsrRoundingShift;
  }

  void copy_fp_environment(const CpuHeader& from) {
    fp_flags = from.fp_flags;
    fp_control = from.fp_control;
    guest_mxcsr = from.guest_mxcsr;
  }

  // For helpers declared kHelperMayExit.
  void request_exit(Exit reason, uint32_t code, uint64_t value) {
    exit_code = code;
    exit_value = value;
    helper_exit = static_cast<uint32_t>(reason);
  }
};
static_assert(sizeof(CpuHeader) == 128);
inline constexpr unsigned kStateBias = 192;

}  // namespace xarch::tcg
