// Random instructions with random state, most of which access memory that is there.
#pragma once

#include "targets/x86/core/decode.h"
#include "tests/support/rng.h"
#include "tests/x86/native.h"

namespace xarch::x86::test {

// May a row be run in a mode: is it lifted, is it of that mode, and does the host survive it?
bool usable(unsigned row, bool code32);

// Has it an operand in an XMM or YMM register?
bool uses_vectors(unsigned row);

// Makes a case that ends with an instruction of the row, after up to `before` others that have no operand in
// memory. *undefined: flags (RowFlags) whose values the architecture leaves open afterwards, and from bit 8
// on those that are so anywhere in between. False: it could not be made this time.
// c->code32 and c->segmented say where it is to run.
bool make_case(unsigned row, unsigned before, xarch::test::Rng& rng, Case* c, unsigned* undefined);

}  // namespace xarch::x86::test
