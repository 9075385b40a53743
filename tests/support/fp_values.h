// Operands for tests of floating point, in the manner of generators for IEEE 754: special values, NaNs with
// payloads, significands of long runs of equal bits, exponents at both ends of the range; pairs whose sums
// cancel or end halfway, products and quotients at the edges of underflow and overflow, triples likewise.
#pragma once

#include <array>
#include <utility>

#include "tcg/fpu/format.h"
#include "tests/support/rng.h"

namespace xarch::test {

template <typename F>
class FpValues {
 public:
  using Bits = typename F::Bits;

  // Neighbouring seeds give unrelated operands.
  explicit FpValues(uint64_t seed) : rng_(Rng(seed).next()) {}
  Rng& rng() { return rng_; }

  // Any operand.
  Bits value() {
    switch (rng_.below(16)) {
      case 0: return special();
      case 1: return nan();
      case 2: return random_bits();
      case 3:
      case 4: return make(sign(), 0, fraction());  // zero or denormal
      case 5: return number(1 + rng_.below(3));
      case 6: return number(F::kMaxExp - 1 - rng_.below(3));
      case 7:
      case 8: return near_integer();
      case 9: return number(1 + rng_.below(F::kMaxExp - 1));
      default: return number(near(F::kBias, F::kPrecision + 4));
    }
  }

  // Two operands that have to do with each other, mostly.
  std::array<Bits, 2> pair() {
    switch (rng_.below(8)) {
      case 0: return cancelling();
      case 1: return halfway_sum();
      case 2: return edge_product(false);
      case 3: return edge_product(true);
      case 4: return {short_number(), short_number()};  // exact products and quotients
      default: return {value(), value()};
    }
  }

  // For n * m + a: n, m, a.
  std::array<Bits, 3> triple() {
    switch (rng_.below(4)) {
      case 0: {
        const auto [n, m] = pair();
        return {n, m, value()};
      }
      case 1: return near_product(false);
      case 2: return near_product(true);
      default: return {value(), value(), value()};
    }
  }

  Bits special() {
    constexpr Bits kLast = static_cast<Bits>(F::kInf - 1);
    constexpr Bits kTable[] = {
        0,
        1,
        static_cast<Bits>(F::kInteger ? F::kInteger - 1 : F::kFractionMask),  // denormals
        F::kMinNormal,
        static_cast<Bits>(F::kMinNormal + 1),
        F::kOne,
        static_cast<Bits>(F::kOne + 1),
        F::kExplicit ? F::kOne : static_cast<Bits>(F::kOne - 1),
        F::kExplicit ? static_cast<Bits>((Bits{F::kMaxExp - 1} << F::kFraction) | F::kFractionMask) : kLast,
        F::kInf};
    return static_cast<Bits>(kTable[rng_.below(std::size(kTable))] | sign());
  }
  Bits nan() {
    Bits payload = fraction();
    switch (rng_.below(4)) {
      case 0: payload = 0; break;
      case 1: payload = static_cast<Bits>(payload & 7); break;
      default: break;
    }
    const Bits quiet = rng_.one_in(2) ? F::kQuiet : Bits{0};
    payload = static_cast<Bits>((payload & (F::kQuiet - 1)) | quiet);
    if (payload == 0) payload = 1;
    return static_cast<Bits>(sign() | F::kInf | payload);
  }
  Bits random_bits() {
    Bits v = static_cast<Bits>(rng_.next());
    if constexpr (sizeof(Bits) > 8) v = v << 64 | rng_.next();
    if constexpr (F::kExplicit) {
      v &= (F::kSign << 1) - 1;
      if (!rng_.one_in(8)) v = F::exponent_field(v) != 0 ? v | F::kInteger : v & ~F::kInteger;
    }
    return v;
  }
  // A number of that exponent field (clamped to numbers' fields) and any fraction.
  Bits number(int field) {
    field = field < 0 ? 0 : field > F::kMaxExp - 1 ? F::kMaxExp - 1 : field;
    return make(sign(), field, fraction());
  }
  // Few significant bits.
  Bits short_number() {
    const int digits = static_cast<int>(rng_.below(F::kPrecision / 2 + 1));
    const Bits f = static_cast<Bits>(random_bits() & ~((static_cast<Bits>(F::kQuiet << 1) >> digits) - 1));
    return make(sign(), near(F::kBias, 20), f);
  }
  // Random, or a run of ones, or a run's end somewhere, or few bits at either end; below the leading bit.
  Bits fraction() {
    constexpr Bits kMask = static_cast<Bits>((F::kQuiet << 1) - 1);
    const int at = static_cast<int>(rng_.below(F::kPrecision - 1));
    const Bits bit = static_cast<Bits>(Bits{1} << at);
    Bits f;
    switch (rng_.below(8)) {
      case 0: f = static_cast<Bits>(rng_.below(3)); break;
      case 1: f = static_cast<Bits>(kMask - rng_.below(3)); break;
      case 2: f = bit; break;
      case 3: f = static_cast<Bits>(bit - 1); break;
      case 4: f = static_cast<Bits>(~(bit - 1)); break;
      case 5: f = static_cast<Bits>(bit + rng_.below(3) - 1); break;
      default: f = random_bits(); break;
    }
    return static_cast<Bits>(f & kMask);
  }
  Bits sign() { return rng_.one_in(2) ? F::kSign : Bits{0}; }

 private:
  static Bits make(Bits sign, int field, Bits fraction) {
    constexpr Bits kMask = static_cast<Bits>((F::kQuiet << 1) - 1);
    return static_cast<Bits>(sign | static_cast<Bits>(Bits(field) << F::kFraction) |
                             (field != 0 ? F::kInteger : Bits{0}) | (fraction & kMask));
  }
  int near(int field, int distance) {
    const int f = field - distance + static_cast<int>(rng_.below(2 * distance + 1));
    return f < 1 ? 1 : f > F::kMaxExp - 1 ? F::kMaxExp - 1 : f;
  }
  // An integer, a half, or a number beside one; at most some bits beyond 128.
  Bits near_integer() {
    const int exponent = static_cast<int>(rng_.below(rng_.one_in(4) ? 132 : F::kPrecision + 1));
    const int field = F::kBias - 1 + exponent;
    if (field >= F::kMaxExp) return special();
    const int integer_bits = exponent - 1 > F::kPrecision - 1 ? F::kPrecision - 1
                             : exponent < 1                   ? 0
                                                              : exponent - 1;
    const int kept = rng_.one_in(2) ? integer_bits : integer_bits + 1;  // whole or half
    const int below = F::kPrecision - 1 - (kept > F::kPrecision - 1 ? F::kPrecision - 1 : kept);
    Bits f = static_cast<Bits>((fraction() >> below) << below);
    if (rng_.one_in(3)) f = static_cast<Bits>(f + rng_.below(3) - 1);
    return make(sign(), field, f);
  }
  std::array<Bits, 2> cancelling() {
    const Bits a = number(near(rng_.one_in(2) ? F::kBias : 2, F::kPrecision));
    const int field = F::exponent_field(a) + static_cast<int>(rng_.below(3)) - 1;
    Bits f = static_cast<Bits>(a + rng_.below(5) - 2);
    if (rng_.one_in(3)) f = fraction();
    const int clamped = field < 0 ? 0 : field >= F::kMaxExp ? F::kMaxExp - 1 : field;
    return {a, make(static_cast<Bits>((a & F::kSign) ^ F::kSign), clamped, f)};
  }
  std::array<Bits, 2> halfway_sum() {
    const int field = near(rng_.one_in(2) ? F::kBias : F::kMaxExp, 2 * F::kPrecision);
    const int other = field - F::kPrecision + 2 - static_cast<int>(rng_.below(4));
    const Bits a = number(field), b = number(other);
    return rng_.one_in(2) ? std::array<Bits, 2>{a, b} : std::array<Bits, 2>{b, a};
  }
  // Product (or quotient) near the smallest or largest numbers.
  std::array<Bits, 2> edge_product(bool quotient) {
    const int first = static_cast<int>(rng_.below(F::kMaxExp));
    const int target = rng_.one_in(3) ? F::kMaxExp - 1 : -static_cast<int>(rng_.below(F::kPrecision + 2));
    const int wobble = static_cast<int>(rng_.below(5)) - 2;
    // Fields: first + second - bias = target, or first - second + bias = target.
    const int second = (quotient ? first + F::kBias - target : target + F::kBias - first) + wobble;
    return {number(first), number(second)};
  }
  // The addend about as large as the product (cancelling it), or as far off as rounding cares.
  std::array<Bits, 3> near_product(bool far) {
    const int n = near(rng_.one_in(3) ? F::kBias / 2 : F::kBias, F::kPrecision);
    const int m = near(rng_.one_in(3) ? F::kBias / 2 : F::kBias, F::kPrecision);
    const int product = n + m - F::kBias;
    int distance = static_cast<int>(rng_.below(5)) - 2;
    if (far) {
      distance += static_cast<int>(rng_.below(3)) * F::kPrecision;
      if (rng_.one_in(2)) distance = -distance;
    }
    Bits x = number(n), y = number(m), z = number(product + distance);
    if (rng_.one_in(2)) {  // a product that is a number or close to one
      y = make(y & F::kSign, F::exponent_field(y), static_cast<Bits>(rng_.below(3)));
      z = make(z & F::kSign, F::exponent_field(z), static_cast<Bits>(x + rng_.below(5) - 2));
    }
    if (!rng_.one_in(4)) z = static_cast<Bits>((z & ~F::kSign) | (((x ^ y) & F::kSign) ^ F::kSign));
    return {x, y, z};
  }

  Rng rng_;
};

}  // namespace xarch::test
