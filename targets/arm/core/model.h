// CPU models: features, identification registers, and what Linux tells programs of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "targets/arm/core/features.h"

namespace xarch::arm {

struct Model {
  std::string_view name;
  FeatureSet features;
  uint64_t midr;  // MIDR_EL1
  uint64_t ctr;   // CTR_EL0
  // ID registers as a process reads them under Linux (fields that it hides have their safe values).
  uint64_t id_aa64pfr0;
  uint64_t id_aa64pfr1;
  uint64_t id_aa64isar0;
  uint64_t id_aa64isar1;
  uint64_t id_aa64mmfr0;
  uint64_t hwcap;   // AT_HWCAP
  uint64_t hwcap2;  // AT_HWCAP2
};

// All models, the default one ("max") last.
std::span<const Model> models();
// The model of that name, or null.
const Model* find_model(std::string_view name);
// The value of the "Features" line of /proc/cpuinfo, names separated by blanks.
std::string cpuinfo_features(const Model& model);

// DCZID_EL0: DC ZVA clears 64 bytes.
inline constexpr uint64_t kDczid = 4;
inline constexpr unsigned kZvaBytes = 64;
// CNTFRQ_EL0 in Hz: the counter counts nanoseconds.
inline constexpr uint64_t kCounterHz = 1'000'000'000;

}  // namespace xarch::arm
