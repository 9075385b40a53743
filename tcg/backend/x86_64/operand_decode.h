// Reads back the memory operand of an emitted instruction: what a signal handler needs to tell, from the
// registers of the interrupted context, which bytes a faulting access meant and in which direction. Knows
// exactly the instructions that the assembler can emit with a memory operand. Async-signal-safe.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "tcg/backend/x86_64/operands.h"
#include "tcg/support/types.h"

namespace xarch::x86_64 {

struct DecodedOperand {
  Mem mem;             // rip-relative operands appear as Mem::absolute
  uint8_t length = 0;  // bytes of the whole instruction
  uint8_t size = 0;    // bytes accessed; 0 with Access::kNone (lea, prefetch, nop)
  Access access = Access::kNone;
  bool lock = false;
};

// Decodes the instruction at pc, of which `available` bytes may be read (15 are always enough). False if it
// has no explicit memory operand, is cut off, or is no form that the assembler emits. Stack accesses of push,
// pop, call and ret are not operands.
bool decode_operand(HostPc pc, size_t available, DecodedOperand* out);

// A general register of an interrupted context.
uint64_t host_register(const ucontext_t& context, Reg r);
void set_host_register(ucontext_t* context, Reg r, uint64_t v);

// The address that an operand stands for, given the interrupted context and the thread's gs base.
uint64_t effective_address(const Mem& mem, const ucontext_t& context, uint64_t gs_base);

}  // namespace xarch::x86_64
