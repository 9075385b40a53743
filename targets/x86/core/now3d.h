// 3DNow! arithmetic, after AMD's manual: single precision, rounded to nearest, denormals are zeros, results
// that are too large are the largest number; no exceptions.
#pragma once

#include <cstdint>

#include "tcg/ir/helper.h"

namespace xarch::x86 {

// The result of the 3DNow! instruction with this opcode byte of destination a and source b.
uint64_t now3d(uint8_t opcode, uint64_t a, uint64_t b);

// The same: a, b, c is the opcode.
extern const ir::HelperDesc kNow3d;

}  // namespace xarch::x86
