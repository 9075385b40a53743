// The floating-point ops of the IR, by software arithmetic.
#pragma once

#include "tcg/backend/interp/value.h"
#include "tcg/fpu/env.h"
#include "tcg/ir/region.h"

namespace xarch::tcg {

// An environment without flags. rounding: as MXCSR numbers it; control: CpuHeader::fp_control.
fpu::Env fp_environment(const fpu::Rules& rules, uint32_t rounding, uint32_t control);

// How many lanes the f.cvt `inst` converts of an operand of that type.
unsigned fp_convert_lanes(const ir::Inst& inst, ir::Type from);

// *out := the result of inst (an op from f.add to f.widen); its flags are or-ed to env's. args: one for each
// operand, else null, three in all; the first has type arg_type; out may be none of them. Async-signal-safe.
void eval_fp(const ir::Inst& inst, ir::Type arg_type, const IrValue* const* args, fpu::Env* env,
             IrValue* out);

}  // namespace xarch::tcg
