// What both memory policies do to host memory in the end: byte order and atomic operations.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tcg/ir/types.h"

namespace xarch::tcg {

// The first d.bytes() bytes of `words` hold what an access moves; swaps each element's bytes if `swap` (its
// own inverse). Bytes above are left alone.
inline void swap_elements(ir::MemDesc d, bool swap, uint64_t* words) {
  if (!swap || d.elem == 0) return;
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(words);
  const unsigned step = 1u << d.elem;
  for (unsigned at = 0; at < d.bytes(); at += step) std::reverse(bytes + at, bytes + at + step);
}

// What `op` stores over `old`; both, and the result, are `bits` wide and zero-extended.
uint64_t rmw_result(ir::RmwOp op, unsigned bits, uint64_t old, uint64_t value);

// Atomic operations on `bytes` (1, 2, 4, 8, 16) bytes of host memory in host byte order. Words above are zero
// in *old.
void host_cas(void* p, unsigned bytes, const uint64_t* expected, const uint64_t* desired, uint64_t* old);

// rmw on up to 8 bytes, whose order in memory is the other one if `swap`. Returns what was there.
uint64_t host_rmw(void* p, ir::MemDesc d, bool swap, ir::RmwOp op, uint64_t value);
// cas on up to 16 bytes, likewise.
void host_cas_ordered(void* p, ir::MemDesc d, bool swap, const uint64_t* expected, const uint64_t* desired,
                      uint64_t* old);

}  // namespace xarch::tcg
