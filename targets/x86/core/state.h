// X86State: the registers of an x86 vCPU, and the slots by which the IR names them.
#pragma once

#include <array>
#include <cstdint>

#include "targets/x86/core/model.h"
#include "tcg/ir/state.h"
#include "tcg/runtime/cpu.h"

namespace xarch::x86 {

// A 128-bit part of a vector register.
struct alignas(16) Vector {
  uint64_t d[2];
};

namespace state_types {
using I64 = uint64_t;
using I16 = uint16_t;
using I32 = uint32_t;
using Flags = uint16_t;
struct alignas(16) F80 {
  uint64_t significand;
  uint16_t exponent;  // and sign
};
using V128 = Vector;
}  // namespace state_types

// Bits of RFLAGS.
enum Eflags : uint32_t {
  kEflagsC = 1u << 0,
  kEflagsFixed = 1u << 1,  // always set
  kEflagsP = 1u << 2,
  kEflagsA = 1u << 4,
  kEflagsZ = 1u << 6,
  kEflagsS = 1u << 7,
  kEflagsT = 1u << 8,
  kEflagsI = 1u << 9,
  kEflagsD = 1u << 10,
  kEflagsO = 1u << 11,
  kEflagsNt = 1u << 14,
  kEflagsAc = 1u << 18,
  kEflagsId = 1u << 21,
  kEflagsArithmetic = kEflagsC | kEflagsP | kEflagsA | kEflagsZ | kEflagsS | kEflagsO,
  // What POPF may change besides in user mode.
  kEflagsOfUser = kEflagsT | kEflagsNt | kEflagsAc | kEflagsId
};

// Bits of x87's status word.
enum X87Status : uint16_t {
  kX87Exceptions = 0x3f,  // bit by bit as the control word masks them
  kX87StackFault = 0x40,
  kX87C1 = 0x200,
  kX87Conditions = 0x4700  // C0 to C3
};

// What FNSAVE and FRSTOR have in 32-bit protected mode, and the host's: registers from the top on.
struct X87Image {
  uint32_t control, status, tags, ip, opcode, dp, ds;
  uint8_t st[8][10];
};

// The beginning of FXSAVE's image: all that is x87's, and MXCSR.
struct FxImage {
  uint16_t control, status;
  uint8_t tags, reserved;  // a bit for each physical register: not empty
  uint16_t opcode;
  uint64_t ip, dp;
  uint32_t mxcsr, mxcsr_mask;
  uint8_t st[8][16];
};
static_assert(sizeof(FxImage) == 160);

struct X86State {
  tcg::CpuHeader hdr;
#define SLOT(id, member, type, gdb, hot) state_types::type member;
#include "targets/x86/core/state.def"
#undef SLOT
  uint32_t mode;       // BlockKey::mode: of CS and the other segments, see segments.h
  const Model* model;  // what CPUID shows
  // Descriptors, as they lie in memory. Of the GDT what user mode may have: Linux's own layout, entries 12 to
  // 14 are the thread's. The LDT is an array that the process has, null while there is none.
  uint64_t gdt[16];
  const uint64_t* ldt;
  uint32_t ldt_entries;
  uint64_t fp_image[64];
  X87Image x87_next;  // what the x87 state becomes when a store of its has been made

  // General register n, 0 to 15, as instructions number them.
  uint64_t& gpr(unsigned n);
  uint64_t gpr(unsigned n) const { return const_cast<X86State*>(this)->gpr(n); }

  // RFLAGS, from and to the slots that its parts lie in.
  uint64_t rflags() const;
  void set_rflags(uint64_t bits);

  // Parts of segment register n (kEs to kGs of Segment).
  uint32_t& selector(unsigned n) { return (&es)[n]; }
  uint32_t& low(unsigned n) { return (&es_low)[n]; }
  uint32_t& high(unsigned n) { return (&es_high)[n]; }
  uint32_t& rights(unsigned n) { return (&es_rights)[n]; }
  uint64_t& segment_base(unsigned n) { return n < 4 ? (&es_base)[n] : n == 4 ? fs_base : gs_base; }

  // The state of a new process under a 64-bit Linux: registers zero, interrupts on, the flat segments of
  // 64-bit or of 32-bit mode. `shown` is what CPUID shows and must outlive the state.
  void reset(const Model& shown, bool code32 = false);
  // Physical x87 register n.
  state_types::F80& fpr(unsigned n) { return *(&fpr0 + (n & 7)); }
  const state_types::F80& fpr(unsigned n) const { return *(&fpr0 + (n & 7)); }

  // x87: the status word from its parts, and back; FNINIT; all of the state, FIP and FDP but for 32 bits.
  uint16_t x87_status() const;
  void set_x87_status(uint16_t status);
  void reset_x87();
  void get_x87(X87Image* out) const;
  void set_x87(const X87Image& from);
  // x87's part of FXSAVE's image, all of it but for MXCSR. wide: FIP and FDP are 64 bits, otherwise 32.
  void get_fx(FxImage* out, bool wide) const;
  void set_fx(const FxImage& from, bool wide);
  // MXCSR, from and to the slots and the header that its parts lie in. set_mxcsr: of bits that exist.
  uint32_t mxcsr() const { return static_cast<uint32_t>(mxcsr_control) | hdr.fp_sticky(); }
  void set_mxcsr(uint32_t bits);
};

enum SlotIndex : ir::SlotId {
#define SLOT(id, member, type, gdb, hot) kSlot##id,
#define ALIAS(id, member, offset, type, count) kSlot##id,
#include "targets/x86/core/state.def"
#undef SLOT
  kNumSlots
};

// Slot of general register n, as instructions number them.
inline constexpr std::array<ir::SlotId, 16> kGprSlot = {
    kSlotRax, kSlotRcx, kSlotRdx, kSlotRbx, kSlotRsp, kSlotRbp, kSlotRsi, kSlotRdi,
    kSlotR8,  kSlotR9,  kSlotR10, kSlotR11, kSlotR12, kSlotR13, kSlotR14, kSlotR15};

enum Segment : uint8_t { kEs, kCs, kSs, kDs, kFs, kGs };
inline constexpr std::array<ir::SlotId, 6> kBaseSlot = {kSlotEsBase, kSlotCsBase, kSlotSsBase,
                                                        kSlotDsBase, kSlotFsBase, kSlotGsBase};

enum Gpr : uint8_t { kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi, kR11 = 11 };

// BlockKey::mode, X86State::mode.
enum Mode : uint32_t {
  kModeCode32 = 1,    // 32-bit mode: compatibility mode, or protected mode
  kModeSegments = 2,  // ES, CS, SS or DS is not the flat, writable 4 GB; in 32-bit mode only, as what follows
  kModeFs = 4,        // FS does not reach over all 4 GB, or cannot be written
  kModeGs = 8,        // neither does GS
  kModeStack16 = 16,  // the stack pointer is SP
  kModeCode16 = 32,   // operands and addresses of 16 bits where no prefix says otherwise
  kModesOfSegments = 63,   // all of them: what X86State::mode has
  kModeFpTraps = 1u << 8,  // MXCSR has an exception unmasked
  kModeX87Traps = 1u << 9  // x87's control word has one
};

// Slots of vector register n: its lower and its upper half.
constexpr ir::SlotId xmm_slot(unsigned n) { return static_cast<ir::SlotId>(kSlotXmm0 + n); }
constexpr ir::SlotId ymmh_slot(unsigned n) { return static_cast<ir::SlotId>(kSlotYmmh0 + n); }

// MXCSR's bits.
enum Mxcsr : uint32_t {
  kMxcsrDaz = 1u << 6,
  kMxcsrMasks = 0x3fu << 7,
  kMxcsrUnderflowMask = 1u << 11,
  kMxcsrRounding = 3u << 13,
  kMxcsrFtz = 1u << 15,
  kMxcsrBits = 0xffff,
  kMxcsrReset = 0x1f80
};

// All slots of X86State.
const ir::StateLayout& x86_layout();

}  // namespace xarch::x86
