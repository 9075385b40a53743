// Strong types that every layer shares.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace xarch {

// An address in the guest's virtual address space. 32-bit guests keep it zero-extended.
struct GuestAddr {
  uint64_t value = 0;

  constexpr GuestAddr() = default;
  constexpr explicit GuestAddr(uint64_t v) : value(v) {}
  constexpr auto operator<=>(const GuestAddr&) const = default;
  constexpr GuestAddr operator+(int64_t d) const { return GuestAddr(value + static_cast<uint64_t>(d)); }
  constexpr GuestAddr operator-(int64_t d) const { return GuestAddr(value - static_cast<uint64_t>(d)); }
  constexpr int64_t operator-(GuestAddr o) const { return static_cast<int64_t>(value - o.value); }
};

// A position in emitted host code.
using HostPc = const uint8_t*;

}  // namespace xarch

template <>
struct std::hash<xarch::GuestAddr> {
  size_t operator()(xarch::GuestAddr a) const noexcept { return std::hash<uint64_t>()(a.value); }
};
