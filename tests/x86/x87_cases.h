// x87 and MMX state of random cases: made, given to the guest, compared.
#pragma once

#include <string>

#include "targets/x86/core/decode.h"
#include "targets/x86/core/state.h"
#include "tests/support/rng.h"
#include "tests/x86/native.h"

namespace xarch::x86::test {

// Is the row one of the opcodes D8 to DF?
bool is_x87(const Row& row);
// Random registers, control and status words: rich in special numbers, stacks of any depth, some with
// exceptions unmasked or pending.
void random_x87(xarch::test::Rng& rng, FpRegisters* out);
// A number in memory for an operand of `bytes`.
void random_x87_operand(unsigned bytes, xarch::test::Rng& rng, uint8_t* out);
void put_x87(const FpRegisters& from, X86State* to);
// Another state with which to translate: a stack that is like this one's, or is not.
const X86State* guess_with_other_x87(const X86State& state);
void get_x87(const X86State& from, FpRegisters* to);
// What differs; empty if nothing does. Pointers are looked at where the host keeps them: while an exception
// is pending.
std::string x87_difference(const FpRegisters& ours, const FpRegisters& theirs);
std::string x87_text(const FpRegisters& regs);

}  // namespace xarch::x86::test
