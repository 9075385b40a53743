// CPU models: which features a processor has.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "targets/x86/core/features.h"

namespace xarch::x86 {

struct Model {
  std::string_view name;
  FeatureSet features;
};

// All models, the default one ("max") last.
std::span<const Model> models();
// The model of that name, or null.
const Model* find_model(std::string_view name);
// Features as the "flags" line of /proc/cpuinfo names them, separated by blanks.
std::string cpuinfo_flags(const Model& model);

}  // namespace xarch::x86
