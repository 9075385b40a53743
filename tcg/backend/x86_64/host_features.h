// What the host processor and its kernel offer beyond the x86-64-v2 baseline that emitted code requires.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tcg/support/result.h"

namespace xarch::x86_64 {

// A plain value: tests and options build restricted ones.
struct HostFeatures {
#define XARCH_HOST_FEATURE(name, needs) bool name = false;
#include "tcg/backend/x86_64/host_features.def"

  // The features of this host. Fails if it is below x86-64-v2 (SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT,
  // CMPXCHG16B, LAHF).
  static Result<HostFeatures> detect();

  // Turns off the features named in a comma-separated list, and those that build on them; "all" names every
  // one. Fails at an unknown name, and then changes nothing.
  Result<void> disable(std::string_view names);

  // A bit per feature in the order of the table: part of the key of stored code.
  uint32_t bits() const;
  // Names of the features that are on, separated by spaces.
  std::string describe() const;

  bool operator==(const HostFeatures&) const = default;
};

}  // namespace xarch::x86_64
