#include "targets/mips/core/state.h"

namespace xarch::mips {

namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // State is standard layout but for the header's atomics
constexpr ir::Slot kSlots[] = {
#define REG(id, name, type, member, gdb, hot) {name, ir::Type::k##type, offsetof(State, member), 1, gdb, hot},
#include "targets/mips/core/state.def"
#undef REG
};
#pragma GCC diagnostic pop

constexpr bool slot_types_fit() {
  return kSlots[kPc].type == ir::Type::kI64 && kSlots[kGpr0 + 31].offset == kSlots[kGpr0].offset + 31 * 4;
}
static_assert(slot_types_fit());

constexpr ir::StateLayout kLayout = {kSlots, kPc, sizeof(State)};

}  // namespace

const ir::StateLayout& layout() { return kLayout; }

}  // namespace xarch::mips
