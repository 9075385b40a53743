// Memory descriptors as AArch64's instructions need them.
#pragma once

#include "tcg/ir/types.h"

namespace xarch::arm {

// An ordinary access of 1 << size bytes made of elements of 1 << elem (default: one).
constexpr ir::MemDesc plain(unsigned size, unsigned elem) {
  ir::MemDesc d;
  d.size = static_cast<uint8_t>(size);
  d.elem = static_cast<uint8_t>(elem);
  return d;
}
constexpr ir::MemDesc plain(unsigned size) { return plain(size, size); }

// A single-copy atomic access, which must be aligned.
constexpr ir::MemDesc atomic(unsigned size, ir::Order order) {
  ir::MemDesc d = plain(size);
  d.align = static_cast<uint8_t>(size);
  d.atomic = true;
  d.order = order;
  return d;
}

}  // namespace xarch::arm
