#include "targets/arm/core/state.h"

#include <cstddef>

namespace xarch::arm {

namespace {

using ir::Type;

constexpr ir::Slot kSlots[] = {
#define SLOT(id, member, type, gdb, hot) \
  {#member, Type::k##type, static_cast<uint16_t>(offsetof(Arm64State, member)), 1, gdb, hot},
#define ALIAS(id, member, part, type) \
  {#id, Type::k##type, static_cast<uint16_t>(offsetof(Arm64State, member) + (part)), 1, -1, -1},
#include "targets/arm/core/state.def"
#undef SLOT
#undef ALIAS
};
static_assert(std::size(kSlots) == kNumSlots);
static_assert(offsetof(Arm64State, x5) == sizeof(tcg::CpuHeader));
static_assert(offsetof(Arm64State, v31) == offsetof(Arm64State, v0) + 31 * sizeof(Vector));

constexpr ir::StateLayout kLayout = {kSlots, kSlotPc, sizeof(Arm64State)};

}  // namespace

const ir::StateLayout& arm64_layout() { return kLayout; }

uint64_t& Arm64State::x(unsigned n) {
  return *reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(this) + kSlots[kXSlot[n]].offset);
}

uint32_t Arm64State::nzcv_bits() const {
  return (nzcv & ir::kFlagN ? 1u << 31 : 0) | (nzcv & ir::kFlagZ ? 1u << 30 : 0) |
         (nzcv & ir::kFlagC ? 1u << 29 : 0) | (nzcv & ir::kFlagV ? 1u << 28 : 0);
}

void Arm64State::set_nzcv_bits(uint32_t bits) {
  nzcv = static_cast<uint16_t>((bits >> 31 & 1 ? ir::kFlagN : 0) | (bits >> 30 & 1 ? ir::kFlagZ : 0) |
                               (bits >> 29 & 1 ? ir::kFlagC : 0) | (bits >> 28 & 1 ? ir::kFlagV : 0));
}

void Arm64State::reset() {
#define SLOT(id, member, type, gdb, hot) member = {};
#define ALIAS(id, member, offset, type)
#include "targets/arm/core/state.def"
#undef SLOT
#undef ALIAS
  excl_addr = kNoMonitor;
}

}  // namespace xarch::arm
