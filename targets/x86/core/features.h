// Architecture features, and sets of them.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace xarch::x86 {

enum class Feature : uint8_t {
#define FEATURE(name, cpuinfo, word, bit) k##name,
#include "targets/x86/core/features.def"
#undef FEATURE
  kNumFeatures
};
static_assert(static_cast<unsigned>(Feature::kNumFeatures) <= 64);

class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr FeatureSet(std::initializer_list<Feature> list) {
    for (Feature f : list) bits_ |= bit(f);
  }
  static constexpr FeatureSet all() {
    FeatureSet r;
    r.bits_ = ~uint64_t{0};
    return r;
  }
  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }
  constexpr FeatureSet operator|(FeatureSet o) const {
    FeatureSet r;
    r.bits_ = bits_ | o.bits_;
    return r;
  }
  constexpr FeatureSet without(FeatureSet o) const {
    FeatureSet r;
    r.bits_ = bits_ & ~o.bits_;
    return r;
  }
  constexpr bool operator==(const FeatureSet&) const = default;

 private:
  static constexpr uint64_t bit(Feature f) { return uint64_t{1} << static_cast<unsigned>(f); }
  uint64_t bits_ = 0;
};

}  // namespace xarch::x86
