// Lifters of half precision (the A64M lines) where FPCR has neither AHP nor FZ16.
#pragma once

#include "targets/arm/core/lift.h"

// A row of a table of such lifters, as VECTOR (lift_vector.h).
#define HALF(name, ...)                                           \
  template <>                                                     \
  void lift_half<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) { \
    __VA_ARGS__;                                                  \
  }

namespace xarch::arm {

// Lifts one instruction. One specialization per line.
template <Insn I>
void lift_half(Lift& c, Enc<I> e);
#define A64(name, pattern, feature, legal, effect)
#define A64M(name, pattern, feature, legal, effect) \
  template <>                                       \
  void lift_half<Insn::k##name>(Lift & c, Enc<Insn::k##name> e);
#include "targets/arm/core/a64.def"
#undef A64

}  // namespace xarch::arm
