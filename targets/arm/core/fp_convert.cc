// Conversions between half, single and double precision.
#include "targets/arm/core/fp.h"

namespace xarch::arm {

namespace {

struct Format {
  int exponent_bits, mantissa;
  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr int width() const { return 1 + exponent_bits + mantissa; }
  constexpr uint64_t inf() const { return ((uint64_t{1} << exponent_bits) - 1) << mantissa; }
  constexpr uint64_t sign() const { return uint64_t{1} << (width() - 1); }
};
constexpr Format kFormats[] = {{8, 23}, {11, 52}, {0, 0}, {5, 10}};

// Rounds sign * m * 2^exponent (m has its highest bit at 62, sticky bits kept in bit 0) to a format.
uint64_t round_to(FpContext& c, const Format& f, bool negative, int exponent, uint64_t m, Rounding r,
                  bool odd, bool no_special) {
  const uint64_t sign = negative ? f.sign() : 0;
  int biased = exponent + 62 + f.bias();
  const bool tiny = biased < 1;
  if (tiny && c.flush() && f.mantissa != 10) {
    c.flags |= kUfc;
    return sign;
  }
  int drop = 62 - f.mantissa;
  if (tiny) {
    drop += 1 - biased;
    biased = 1;
  }
  const uint64_t rest = drop > 63 ? m : m & ((uint64_t{1} << drop) - 1);
  const uint64_t half = drop > 63 ? ~uint64_t{0} : uint64_t{1} << (drop - 1);
  uint64_t kept = drop > 63 ? 0 : m >> drop;
  bool up = false;
  switch (r) {
    case Rounding::kNearest: up = rest > half || (rest == half && (kept & 1)); break;
    case Rounding::kUp: up = rest != 0 && !negative; break;
    case Rounding::kDown: up = rest != 0 && negative; break;
    default: break;
  }
  if (odd) {
    up = false;
    kept |= rest != 0;
  }
  kept += up;
  const uint64_t value = (static_cast<uint64_t>(biased - 1) << f.mantissa) + kept;
  if (no_special) {
    // Alternative half precision has no infinities: too large saturates and is Invalid.
    const uint64_t top = (uint64_t{1} << (f.exponent_bits + f.mantissa)) - 1;
    if (value > top) {
      c.flags |= kIoc;
      return sign | top;
    }
  } else if (value >= f.inf()) {
    c.flags |= kOfc | kIxc;
    const bool to_inf = !odd && (r == Rounding::kNearest || (r == Rounding::kUp && !negative) ||
                                 (r == Rounding::kDown && negative));
    return sign | (to_inf ? f.inf() : f.inf() - 1);
  }
  if (rest != 0) c.flags |= kIxc | (tiny ? kUfc : 0u);
  return sign | value;
}

uint64_t convert_nan(FpContext& c, const Format& from, const Format& to, uint64_t v) {
  const uint64_t fraction = v & ((uint64_t{1} << from.mantissa) - 1);
  if (!(fraction >> (from.mantissa - 1))) c.flags |= kIoc;
  const uint64_t quiet = uint64_t{1} << (to.mantissa - 1);
  if (c.default_nan()) return to.inf() | quiet;
  const uint64_t moved = to.mantissa >= from.mantissa ? fraction << (to.mantissa - from.mantissa)
                                                      : fraction >> (from.mantissa - to.mantissa);
  return (v & from.sign() ? to.sign() : 0) | to.inf() | quiet | moved;
}

uint64_t convert(FpContext& c, uint64_t v, unsigned to_kind, unsigned from_kind, bool odd) {
  const Format &from = kFormats[from_kind], &to = kFormats[to_kind];
  const bool alternative = c.alternative_half();
  const bool negative = (v & from.sign()) != 0;
  uint64_t fraction = v & ((uint64_t{1} << from.mantissa) - 1);
  const uint64_t magnitude = v & ~from.sign();
  const uint64_t sign = negative ? to.sign() : 0;
  int exponent = static_cast<int>(magnitude >> from.mantissa);
  const bool from_alternative = from_kind == 3 && alternative, to_alternative = to_kind == 3 && alternative;
  if (magnitude >= from.inf() && !from_alternative) {
    if (magnitude > from.inf()) {
      if (!to_alternative) return convert_nan(c, from, to, v);
      c.flags |= kIoc;
      return sign;
    }
    if (!to_alternative) return sign | to.inf();
    c.flags |= kIoc;
    return sign | 0x7fff;
  }
  if (magnitude == 0) return sign;
  if (exponent == 0) {
    // Half-precision inputs are not flushed by FZ.
    if (c.flush() && from_kind != 3) {
      c.flags |= kIdc;
      return sign;
    }
    exponent = 1;
  } else {
    fraction |= uint64_t{1} << from.mantissa;
  }
  const int lead = 63 - __builtin_clzll(fraction);
  return round_to(c, to, negative, exponent - from.bias() - from.mantissa - (62 - lead),
                  fraction << (62 - lead), c.rounding(), odd, to_alternative);
}

}  // namespace

uint64_t fp_convert(FpContext& c, uint64_t v, unsigned to, unsigned from) {
  return convert(c, v, to, from, false);
}

uint32_t fp_convert_odd(FpContext& c, uint64_t v) { return static_cast<uint32_t>(convert(c, v, 0, 1, true)); }

}  // namespace xarch::arm
