// Lifters of the A64H lines: calls of their exec functions. Those of the A64M lines, which choose.
#include "targets/arm/core/exec.h"

#include "targets/arm/core/lift.h"
#include "targets/arm/core/lift_half.h"

namespace xarch::arm {

namespace {

constexpr ir::SlotId kTouched[] = {kSlotV0,  kSlotV1,  kSlotV2,  kSlotV3,  kSlotV4,   kSlotV5,  kSlotV6,
                                   kSlotV7,  kSlotV8,  kSlotV9,  kSlotV10, kSlotV11,  kSlotV12, kSlotV13,
                                   kSlotV14, kSlotV15, kSlotV16, kSlotV17, kSlotV18,  kSlotV19, kSlotV20,
                                   kSlotV21, kSlotV22, kSlotV23, kSlotV24, kSlotV25,  kSlotV26, kSlotV27,
                                   kSlotV28, kSlotV29, kSlotV30, kSlotV31, kSlotFpcr, kSlotFpsr};
constexpr uint32_t kEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState | ir::kHelperFp;

template <Insn I>
uint64_t run(void* state, uint64_t word, uint64_t, uint64_t, uint64_t) {
  exec<I>(*static_cast<Arm64State*>(state), Enc<I>{static_cast<uint32_t>(word)});
  return 0;
}
template <Insn I>
constexpr ir::HelperDesc kExec = {"vector", run<I>, kEffects, kTouched, kTouched};

}  // namespace

#define A64(name, pattern, feature, legal, effect)
#define A64H(name, pattern, feature, legal, effect)                   \
  template <>                                                         \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) {          \
    c.call(kExec<Insn::k##name>, ir::Type::kVoid, {c.b.i64(e.word)}); \
  }
#define A64M(name, pattern, feature, legal, effect)                   \
  template <>                                                         \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) {          \
    if (!c.mode(kModeHalf)) return lift_half(c, e);                   \
    c.call(kExec<Insn::k##name>, ir::Type::kVoid, {c.b.i64(e.word)}); \
  }
#include "targets/arm/core/a64.def"
#undef A64

}  // namespace xarch::arm
