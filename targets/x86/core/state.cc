#include "targets/x86/core/state.h"

#include <cstddef>

#include "targets/x86/core/segments.h"

namespace xarch::x86 {

namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Winvalid-offsetof"  // X86State is standard layout but for the header's atomics
// How the last x87 instruction has rounded, and where it was: no program that faults in memory asks for it.
constexpr bool is_loose(SlotIndex s) { return s == kSlotX87C1 || s == kSlotX87Ip; }

constexpr ir::Slot kSlots[] = {
#define SLOT(id, member, type, gdb, hot) \
  {#member, ir::Type::k##type, offsetof(X86State, member), 1, gdb, hot, is_loose(kSlot##id)},
#define ALIAS(id, member, offset, type, count) \
  {#id, ir::Type::k##type, offsetof(X86State, member) + (offset), count},
#include "targets/x86/core/state.def"
#undef SLOT
};
#pragma GCC diagnostic pop

constexpr ir::StateLayout kLayout = {kSlots,          kSlotPc,       sizeof(X86State),
                                     kSlotX87Control, kSlotX87Flags, kSlotX87C1};

}  // namespace

const ir::StateLayout& x86_layout() { return kLayout; }

uint64_t& X86State::gpr(unsigned n) {
  uint64_t* const table[] = {&rax, &rcx, &rdx, &rbx, &rsp, &rbp, &rsi, &rdi,
                             &r8,  &r9,  &r10, &r11, &r12, &r13, &r14, &r15};
  return *table[n & 15];
}

uint64_t X86State::rflags() const {
  // The upper byte of packed flags is what LAHF makes, the lowest bit is overflow (tcg/ir/types.h).
  uint64_t v = other_flags | kEflagsFixed | (flags >> 8 & (kEflagsArithmetic & 0xff));
  if (flags & ir::kFlagV) v |= kEflagsO;
  if (step != 1) v |= kEflagsD;
  return v;
}

void X86State::set_rflags(uint64_t bits) {
  flags = static_cast<uint16_t>((bits & kEflagsArithmetic & 0xff) << 8 | (bits & kEflagsO ? ir::kFlagV : 0));
  step = bits & kEflagsD ? ~uint64_t{0} : 1;
  other_flags = bits & ~uint64_t{kEflagsArithmetic | kEflagsD | kEflagsFixed};
}

void X86State::set_mxcsr(uint32_t bits) {
  mxcsr_control = bits & ~tcg::kMxcsrFlags;
  // Exceptions are masked on the host in any case. Nothing is flushed while Underflow is unmasked.
  uint32_t modes = bits & (kMxcsrDaz | kMxcsrRounding | kMxcsrFtz);
  if (!(bits & kMxcsrUnderflowMask)) modes &= ~uint32_t{kMxcsrFtz};
  hdr.fp_control = static_cast<uint8_t>((modes & kMxcsrDaz ? tcg::kFpFlushInputs : 0) |
                                        (modes & kMxcsrFtz ? tcg::kFpFlushOutputs : 0));
  hdr.guest_mxcsr = kMxcsrMasks | modes | (bits & tcg::kMxcsrFlags);
  hdr.fp_flags = 0;
}

void X86State::reset(const Model& shown, bool code32) {
  for (unsigned n = 0; n < 16; ++n) gpr(n) = 0;
  pc = 0;
  set_rflags(kEflagsFixed | kEflagsI);
  model = &shown;
  reset_segments(*this, code32);
  reset_x87();
  for (unsigned n = 0; n < 16; ++n) (&xmm0)[n] = (&ymmh0)[n] = {};
  set_mxcsr(kMxcsrReset);
}

}  // namespace xarch::x86
