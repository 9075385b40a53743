// Random floating-point ops and operands.
#pragma once

#include <cstdint>

#include "tcg/ir/region.h"
#include "tests/support/rng.h"

namespace xarch::test {

// 64 bits that make one number of 8 bytes or two of 4: plain numbers, halfway cases, denormals, infinities,
// NaNs.
uint64_t random_fp_bits(Rng& rng);

// An op from f.add to f.widen, all but its operands.
struct FpChoice {
  ir::Op op;
  ir::Type type;
  ir::Type args[3];  // kVoid: none
  uint32_t aux;
  int64_t imm;
};
FpChoice random_fp_op(Rng& rng);

// The same for extended precision: a number and zeros above it; an op from f80.add to f80.flags, but f80.up,
// and whether that may be asked of its result.
void random_f80_bits(Rng& rng, uint64_t out[2]);
FpChoice random_f80_op(Rng& rng);
bool rounds_f80(ir::Op op);

}  // namespace xarch::test
