// The host's flags after its comparisons of floating-point numbers.
#pragma once

#include <cstdint>

namespace xarch::x86_64 {

// The packed flags (tcg/ir/types.h) of flags.fcmp from the host's flags after a comparison of its operands,
// or of them swapped.
uint16_t fcmp_flags(uint64_t eflags, bool swapped);

}  // namespace xarch::x86_64
