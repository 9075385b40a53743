// What CPUID tells of a model.
#pragma once

#include <cstdint>

#include "targets/x86/core/model.h"

namespace xarch::x86 {

struct CpuidResult {
  uint32_t eax, ebx, ecx, edx;
};

// CPUID with EAX = leaf and ECX = subleaf.
CpuidResult cpuid(const Model& model, uint32_t leaf, uint32_t subleaf);

// XCR0: the state components that XSAVE manages.
uint64_t xcr0(const Model& model);

// AT_HWCAP and AT_HWCAP2 of Linux.
uint32_t hwcap(const Model& model);
uint32_t hwcap2(const Model& model);

}  // namespace xarch::x86
