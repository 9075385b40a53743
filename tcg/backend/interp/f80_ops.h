// The f80 ops of the IR, by software arithmetic.
#pragma once

#include "tcg/backend/interp/value.h"
#include "tcg/ir/region.h"

namespace xarch::tcg {

struct F80Operand {
  const IrValue* value = nullptr;
  ir::Type type = ir::Type::kVoid;
};

// *out := the result of inst (an op from f80.add to f80.control) in the environment of x87's control word
// `control`; its flags are or-ed to *flags. args: three, those that there are. What rounds leaves for f80.up
// in out's last word whether it did so upwards. Async-signal-safe.
void eval_f80(const ir::Inst& inst, const F80Operand* args, uint16_t control, uint16_t* flags, IrValue* out);

}  // namespace xarch::tcg
