// The vector ops of the IR, lane by lane in plain C++.
#pragma once

#include "tcg/backend/interp/value.h"
#include "tcg/ir/region.h"

namespace xarch::tcg {

// *out := the result of inst (an op from v.const to bitcast) on a, b and c; a missing operand is not looked
// at. out may be none of them.
void eval_vector(const ir::Inst& inst, const IrValue& a, const IrValue& b, const IrValue& c, IrValue* out);

}  // namespace xarch::tcg
