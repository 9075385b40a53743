// What /proc/cpuinfo tells of an x86 processor.
#pragma once

#include <string>

#include "targets/x86/core/model.h"

namespace xarch::x86 {

// The text of /proc/cpuinfo for so many processors.
std::string cpuinfo_text(const Model& model, unsigned cpus);

}  // namespace xarch::x86
