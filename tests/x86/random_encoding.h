// Random encodings of rows of the instruction table.
#pragma once

#include <cstdint>

#include "targets/x86/core/decode.h"
#include "tests/support/rng.h"

namespace xarch::x86::test {

// MOVS and its like, which may be repeated.
bool is_string(const Row& r);

// Writes kMaxInsnBytes bytes that begin with an encoding of the row, as a rule: prefixes, ModRM and so on at
// random, with what the row asks for.
void random_encoding(const Row& r, bool code32, xarch::test::Rng& rng, uint8_t* code);

}  // namespace xarch::x86::test
