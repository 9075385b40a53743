// Reading the host's clocks.
#pragma once

#include <time.h>

#include <cstdint>

namespace xarch {

// Nanoseconds that the clock shows; only of clocks that the host has.
inline int64_t now_ns(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

}  // namespace xarch
