// BlockKey: all that a translation depended on, but for the guest's bytes.
#pragma once

#include <cstdint>
#include <functional>

namespace xarch::ir {

// If two executions of the same bytes could be translated differently, their keys differ.
struct BlockKey {
  uint64_t pc =
      0;  // where translation starts; a target may keep an instruction-set bit (Thumb, MIPS16) in bit 0
  uint32_t mode =
      0;  // target-defined: privilege, byte order, FP mode, IT state, delay-slot state, MMU index, …
  uint32_t flags = 0;  // KeyFlags

  bool operator==(const BlockKey&) const = default;
};

enum KeyFlags : uint32_t {
  kKeyInsnLimitMask =
      0xff,  // at most so many guest instructions (0: no limit), for single steps and exact counts
  kKeyMaskTags = 1u << 8,    // the flat policy strips tag bytes in this block (it faulted for them before)
  kKeyNoLink = 1u << 9,      // exits return to the run loop
  kKeyCheckCode = 1u << 10,  // compare the guest's bytes at entry (pages that flip between data and code)
};

}  // namespace xarch::ir

template <>
struct std::hash<xarch::ir::BlockKey> {
  size_t operator()(const xarch::ir::BlockKey& k) const noexcept {
    uint64_t h = (k.pc ^ (uint64_t{k.mode} << 32 | k.flags) * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
  }
};
