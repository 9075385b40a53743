// BFDOT's and BFMMLA's step by the host's units, in double precision; the same as fpu::bfloat_dot.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace xarch::arm {

// v as single precision that has neither denormals nor, for numbers, more than its largest.
inline double flushed_single(double v) {
  const double magnitude = std::abs(v);
  if (magnitude < 0x1p-126) return std::copysign(0.0, v);
  return magnitude >= 0x1p128 ? std::copysign(std::numeric_limits<double>::infinity(), v) : v;
}

// x + y as single precision, rounded to odd. What the sum in double precision loses is a double itself.
inline double sum_to_odd(double x, double y) {
  const double sum = x + y;
  if (!std::isfinite(sum)) return sum;
  const double from_y = sum - x, lost = (x - (sum - from_y)) + (y - from_y);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  if (lost != 0) bits = ((lost < 0) == (sum < 0) ? bits : bits - 1) | 1;
  constexpr uint64_t kBelowSingle = (uint64_t{1} << 29) - 1;
  if ((bits & kBelowSingle) != 0) bits = (bits & ~kBelowSingle) | (kBelowSingle + 1);
  return flushed_single(std::bit_cast<double>(bits));
}

// acc + (a0 * b0 + a1 * b1), rounding to nearest being in force; element 0 is the lower half of a and b.
inline uint32_t bfloat_dot(uint32_t acc, uint32_t a, uint32_t b) {
  const auto number = [](uint32_t v) { return flushed_single(double{std::bit_cast<float>(v)}); };
  const double low = flushed_single(number(a << 16) * number(b << 16));
  const double high = flushed_single(number(a & 0xffff0000) * number(b & 0xffff0000));
  const double sum = sum_to_odd(number(acc), sum_to_odd(low, high));
  return std::isnan(sum) ? 0x7fc00000 : std::bit_cast<uint32_t>(static_cast<float>(sum));
}

}  // namespace xarch::arm
