// What Linux tells programs of an x86 processor outside of CPUID: AT_HWCAP, AT_HWCAP2, /proc/cpuinfo.
#pragma once

#include <cstdint>
#include <string>

#include "targets/x86/core/model.h"

namespace xarch::x86 {

// AT_HWCAP is EDX of CPUID leaf 1.
uint64_t hwcap(const Model& model);
// AT_HWCAP2 (asm/hwcap2.h).
uint64_t hwcap2(const Model& model);
// The text of /proc/cpuinfo for so many processors.
std::string cpuinfo_text(const Model& model, unsigned cpus);

}  // namespace xarch::x86
