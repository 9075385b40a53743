// What the interpreter holds for one IR value.
#pragma once

#include <cstdint>

namespace xarch::tcg {

// Little-endian words, as many as the value's type has bytes for; the others are unspecified. i1 is 0 or 1,
// integers of up to 64 bits are zero-extended in w[0].
struct IrValue {
  uint64_t w[4];
};

}  // namespace xarch::tcg
