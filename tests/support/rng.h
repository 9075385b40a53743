// A small deterministic random number generator (splitmix64) for tests.
#pragma once

#include <cstdint>

namespace xarch::test {

class Rng {
 public:
  // The seed is mixed: states that are a multiple of the step apart would give one stream, shifted.
  explicit Rng(uint64_t seed) : state_(mix(seed + 0x2545f4914f6cdd1du)) {}
  uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  // 0 … n - 1, n < 2^32
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  // A 64-bit number of the kind that finds bugs: small, near a power of two, all ones, or anything.
  uint64_t value() {
    switch (below(8)) {
      case 0: return below(4);
      case 1: return 0 - uint64_t{below(4)};
      case 2: return (uint64_t{1} << below(64)) + below(3) - 1;
      case 3: return below(256);
      case 4: return 0 - (uint64_t{1} << below(64));
      case 5: return static_cast<uint32_t>(next());
      default: return next();
    }
  }

 private:
  static constexpr uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  uint64_t state_;
};

}  // namespace xarch::test
