#include "targets/arm/core/lift.h"

#include "targets/arm/core/fp_state.h"

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

void Lift::put_v(unsigned n, Value v) {
  if (v.type == Type::kV64) v = b.vpair(v, b.vconst(Type::kV64, 0));
  b.put(v_slot(n), v);
}

void Lift::note_saturation(Value mask) {
  if (mask.type == Type::kV64) mask = b.vpair(mask, b.vconst(Type::kV64, 0));
  b.put(kSlotQc, b.vbinary(Op::kVOr, b.get(kSlotQc), mask));
}

void Lift::put_scalar(unsigned n, Value v) {
  b.put(v_slot(n), b.bitcast(b.pair(b.zext(v, Type::kI64), b.i64(0)), Type::kV128));
}

Value Lift::condition(unsigned cond) {
  using ir::FlagCond;
  static constexpr FlagCond kTable[] = {FlagCond::kZ,  FlagCond::kC,  FlagCond::kN, FlagCond::kV,
                                        FlagCond::kHi, FlagCond::kGe, FlagCond::kGt};
  if (cond >= 14) return b.i1(true);
  FlagCond c = kTable[cond >> 1];
  return b.flags_test(flags(), cond & 1 ? ir::negate(c) : c);
}

void Lift::undefined() {
  b.raise_val(here, kRaiseUndefined, b.i64(word));
  after = After::kClosed;
}

}  // namespace xarch::arm
