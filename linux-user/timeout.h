// Times of calls that wait.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "tcg/support/clock.h"

namespace xarch::linux_user {

inline constexpr int64_t kForever = INT64_MAX;

inline bool valid_timespec(const timespec& t) {
  return t.tv_sec >= 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000;
}
inline timespec to_timespec(int64_t ns) { return {ns / 1000000000, ns % 1000000000}; }
// The clock's time after so long, at most kForever.
inline int64_t deadline_after(clockid_t clock, const timespec& t) {
  const int64_t now = now_ns(clock);
  if (t.tv_sec > (kForever - now) / 1000000000 - 2) return kForever - 1;
  return now + static_cast<int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

}  // namespace xarch::linux_user
