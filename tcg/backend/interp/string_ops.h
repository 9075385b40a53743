// The interpreter's comparisons of strings in vectors.
#pragma once

#include "tcg/backend/interp/vector_ops.h"

namespace xarch::tcg {

// v.str.index, v.str.mask or flags.str of the operands a, b, and c if there are lengths.
void eval_strings(const ir::Inst& inst, const IrValue& a, const IrValue& b, const IrValue& c, IrValue* out);

}  // namespace xarch::tcg
