// What the lifters of x87 and MMX share.
#pragma once

#include "targets/x86/core/lift.h"

namespace xarch::x86 {

// Raises what an instruction before has left pending: what every instruction of x87 and MMX does first, but
// for FN….
void x87_check_pending(Lift& c);
// Lifts an instruction of the opcodes D8 to DF as a call.
void x87_by_call(Lift& c);
// The same as operations of the IR; false, and nothing has been written, where that cannot be.
bool x87_inline(Lift& c);
// After x87_by_call: what the stack will be like.
void x87_guess_after_call(Lift& c);
// Goes on where the stack is as Lift::x87 says; then that is known. Values are lost.
void x87_guard(Lift& c);

// What lifts a row that has MMX registers, EMMS and FEMMS; null for others.
LiftFn mmx_lifter(unsigned row);

}  // namespace xarch::x86
