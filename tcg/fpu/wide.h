// Unsigned integers of 64, 128 and 256 bits behind one set of helpers: the significands that tcg/fpu computes
// with.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

namespace xarch::fpu {

using U128 = unsigned __int128;
using I128 = __int128;

// Just what rounding and the operations need; wraps modulo 2^256.
struct U256 {
  U128 hi = 0, lo = 0;

  constexpr U256() = default;
  constexpr U256(U128 low) : lo(low) {}  // NOLINT: a number is a wider number
  constexpr U256(U128 high, U128 low) : hi(high), lo(low) {}
  explicit constexpr operator U128() const { return lo; }
  explicit constexpr operator uint64_t() const { return static_cast<uint64_t>(lo); }
  explicit constexpr operator bool() const { return (hi | lo) != 0; }

  friend constexpr bool operator==(const U256&, const U256&) = default;
  friend constexpr std::strong_ordering operator<=>(const U256& a, const U256& b) {
    if (a.hi != b.hi) return a.hi < b.hi ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.lo < b.lo   ? std::strong_ordering::less
           : a.lo > b.lo ? std::strong_ordering::greater
                         : std::strong_ordering::equal;
  }
  friend constexpr U256 operator|(U256 a, U256 b) { return {a.hi | b.hi, a.lo | b.lo}; }
  friend constexpr U256 operator&(U256 a, U256 b) { return {a.hi & b.hi, a.lo & b.lo}; }
  friend constexpr U256 operator+(U256 a, U256 b) {
    const U128 low = a.lo + b.lo;
    return {a.hi + b.hi + (low < a.lo), low};
  }
  friend constexpr U256 operator-(U256 a, U256 b) { return {a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo}; }
  // Shift counts are 0 … 255.
  friend constexpr U256 operator<<(U256 a, int n) {
    if (n == 0) return a;
    if (n >= 128) return {a.lo << (n - 128), 0};
    return {a.hi << n | a.lo >> (128 - n), a.lo << n};
  }
  friend constexpr U256 operator>>(U256 a, int n) {
    if (n == 0) return a;
    if (n >= 128) return {0, a.hi >> (n - 128)};
    return {a.hi >> n, a.lo >> n | a.hi << (128 - n)};
  }
};

template <typename W>
inline constexpr int kWidth = static_cast<int>(sizeof(W)) * 8;

constexpr int leading_zeros(uint64_t v) { return std::countl_zero(v); }
constexpr int leading_zeros(U128 v) {
  const auto high = static_cast<uint64_t>(v >> 64);
  return high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<uint64_t>(v));
}
constexpr int leading_zeros(const U256& v) {
  return v.hi != 0 ? leading_zeros(v.hi) : 128 + leading_zeros(v.lo);
}

// The product of two factors that fit into half of W.
constexpr uint64_t multiply(uint64_t a, uint64_t b) { return a * b; }
constexpr U128 multiply(U128 a, U128 b) { return a * b; }
constexpr U256 multiply(const U256& x, const U256& y) {
  constexpr U128 kLow = ~uint64_t{0};
  const U128 a = x.lo >> 64, b = x.lo & kLow, c = y.lo >> 64, d = y.lo & kLow;
  const U128 bd = b * d, ad = a * d, bc = b * c;
  const U128 middle = (bd >> 64) + (ad & kLow) + (bc & kLow);
  return {a * c + (ad >> 64) + (bc >> 64) + (middle >> 64), middle << 64 | (bd & kLow)};
}

// v / 2^n with every lost one kept in the lowest bit; any n >= 0.
template <typename W>
constexpr W shift_right_jam(W v, int n) {
  if (n == 0) return v;
  if (n >= kWidth<W>) return v == W(0) ? W(0) : W(1);
  const W lost = v & ((W(1) << n) - W(1));
  return (v >> n) | (lost == W(0) ? W(0) : W(1));
}

// The same number with its highest bits kept: widths may differ, lost ones stay in the lowest bit.
template <typename To, typename From>
constexpr To align_top(From v) {
  if constexpr (sizeof(To) == sizeof(From)) {
    return v;
  } else if constexpr (sizeof(To) > sizeof(From)) {
    return To(v) << (kWidth<To> - kWidth<From>);
  } else {
    return static_cast<To>(shift_right_jam(v, kWidth<From> - kWidth<To>));
  }
}

// Quotient of n / d, the rest left in *rest. Of the widest: d < 2^128 and the quotient, too.
template <typename W>
constexpr W divide(W n, W d, W* rest) {
  *rest = n % d;
  return n / d;
}
// One digit of a long division in base 2^64: (r * 2^64 + next) / d with r < d, the highest bit of d set; *r
// gets the rest. The first guess is too large by two at most.
constexpr uint64_t divide_digit(U128* r, uint64_t next, U128 d) {
  const auto high = static_cast<uint64_t>(d >> 64), low = static_cast<uint64_t>(d);
  U128 q = *r / high, left = *r % high;
  while (q >> 64 != 0 || static_cast<U128>(static_cast<uint64_t>(q)) * low > (left << 64 | next)) {
    --q;
    left += high;
    if (left >> 64 != 0) break;
  }
  *r = (*r << 64 | next) - static_cast<uint64_t>(q) * d;
  return static_cast<uint64_t>(q);
}
constexpr U256 divide(U256 n, const U256& d, U256* rest) {
  const int shift = leading_zeros(d.lo);
  n = n << shift;
  U128 r = n.hi;
  const uint64_t high = divide_digit(&r, static_cast<uint64_t>(n.lo >> 64), d.lo << shift);
  const uint64_t low = divide_digit(&r, static_cast<uint64_t>(n.lo), d.lo << shift);
  *rest = U256(r >> shift);
  return U256(static_cast<U128>(high) << 64 | low);
}

}  // namespace xarch::fpu
