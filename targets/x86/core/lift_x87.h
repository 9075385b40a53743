// What the lifters of x87 and MMX share.
#pragma once

#include "targets/x86/core/lift.h"

namespace xarch::x86 {

// Raises what an instruction before has left pending: what every instruction of x87 and MMX does first, but
// for FN….
void x87_check_pending(Lift& c);
// Lifts an instruction of the opcodes D8 to DF as a call.
void x87_by_call(Lift& c);

}  // namespace xarch::x86
