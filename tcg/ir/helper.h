// Helpers: C++ functions that emitted code calls for what is rare or too large to emit.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tcg/ir/state.h"

namespace xarch::ir {

// Called with the vCPU's state block and up to four integer operands, zero-extended to 64 bits; unused ones
// are unspecified. The result is taken modulo the width of the call's type. All slots are in the state block
// during the call, unless kNoState is set, and those the helper writes are read back from it.
// The pc slot is the calling instruction's, unless the helper is kHelperPure or kHelperNoFault.
using HelperFn = uint64_t (*)(void* state, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

// What a helper may do. Nothing set: anything.
enum HelperEffect : uint32_t {
  kHelperAnything = 0,
  kHelperPure = 1u << 0,        // result depends on the operands only; touches neither state nor memory
  kHelperNoFault = 1u << 1,     // never faults nor raises
  kHelperNoMem = 1u << 2,       // does not touch guest memory
  kHelperListsState = 1u << 3,  // touches only the slots in `reads` and `writes`
  // The helper may ask to leave emitted code by CpuHeader::request_exit: checked after the call. The state is
  // then that after the helper, with pc as the helper left it.
  kHelperMayExit = 1u << 4,
  // It computes with the host's floating point, or reads or changes the guest's floating-point environment
  // (CpuHeader::fp_sticky and so on). Others run with the guest's control word in MXCSR, Invalid unmasked.
  kHelperFp = 1u << 5,
};

struct HelperDesc {
  std::string_view name;
  HelperFn fn;
  uint32_t effects = kHelperAnything;
  std::span<const SlotId> reads = {};
  std::span<const SlotId> writes = {};
};

}  // namespace xarch::ir
