// What the integer vector instructions executed by C++ share.
#pragma once

#include "targets/arm/core/exec.h"

namespace xarch::arm {

// The second operand of the by-element forms: register and lane; lane -1: lane by lane.
struct Index {
  unsigned reg;
  int lane;
};

inline Index no_index(uint32_t w) { return {w >> 16 & 31, -1}; }
inline Index index_of(uint32_t w) {
  const unsigned h = w >> 11 & 1, l = w >> 21 & 1, m = w >> 20 & 1;
  if ((w >> 22 & 3) == 1) return {w >> 16 & 15, static_cast<int>(h << 2 | l << 1 | m)};
  return {w >> 16 & 31, static_cast<int>(h << 1 | l)};
}

inline Wide second(const Arm64State& s, Index x, unsigned size, unsigned i, bool is_unsigned) {
  return number(s.v(x.reg), size, x.lane < 0 ? i : static_cast<unsigned>(x.lane), is_unsigned);
}

inline Wide shift_right(Wide a, unsigned n, bool round) {
  if (n == 0) return a;
  if (n > 100) n = 100;
  return round ? (a + (Wide{1} << (n - 1))) >> n : a >> n;
}

inline unsigned __int128 carryless(uint64_t a, uint64_t b) {
  unsigned __int128 r = 0;
  for (unsigned i = 0; i < 64; ++i) {
    if (b >> i & 1) r ^= static_cast<unsigned __int128>(a) << i;
  }
  return r;
}

}  // namespace xarch::arm
