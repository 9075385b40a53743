// CPU models: which features a processor has, and who it says it is.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "targets/x86/core/features.h"

namespace xarch::x86 {

enum class Vendor : uint8_t { kIntel, kAmd };

struct Model {
  std::string_view name;
  FeatureSet features;
  Vendor vendor;
  uint32_t signature;     // family, model and stepping, as leaf 1 of CPUID has them in EAX
  uint32_t max_leaf;      // of CPUID
  uint32_t max_extended;  // likewise from 0x80000000 on; 0: none
};

// All models, the default one ("max") last.
std::span<const Model> models();
// The model of that name, or null.
const Model* find_model(std::string_view name);
// Features as the "flags" line of /proc/cpuinfo names them, separated by blanks: those that CPUID shows.
std::string cpuinfo_flags(const Model& model);

}  // namespace xarch::x86
