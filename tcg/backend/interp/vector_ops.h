// The vector ops of the IR, lane by lane in plain C++.
#pragma once

#include "tcg/backend/interp/value.h"
#include "tcg/ir/region.h"

namespace xarch::tcg {

// *out := the result of inst (an op from v.const to bitcast) on a and b; a missing operand is not looked at.
// out may be neither of them.
void eval_vector(const ir::Inst& inst, const IrValue& a, const IrValue& b, IrValue* out);

}  // namespace xarch::tcg
