// C++ functions that emitted AArch64 code calls.
#pragma once

#include "tcg/ir/helper.h"

namespace xarch::arm {

// (sum, data, log2 of the bytes) -> sum: CRC-32 and CRC-32C without the inversions.
extern const ir::HelperDesc kCrc32Helper;
extern const ir::HelperDesc kCrc32cHelper;
// () -> nanoseconds of the virtual counter.
extern const ir::HelperDesc kCounterHelper;

}  // namespace xarch::arm
