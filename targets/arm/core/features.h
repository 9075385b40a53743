// Architecture features, and sets of them.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace xarch::arm {

enum class Feature : uint8_t {
#define FEATURE(name, llvm) k##name,
#include "targets/arm/core/features.def"
#undef FEATURE
};

class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr FeatureSet(std::initializer_list<Feature> list) {
    for (Feature f : list) bits_ |= bit(f);
  }
  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }
  constexpr FeatureSet operator|(FeatureSet o) const {
    FeatureSet r;
    r.bits_ = bits_ | o.bits_;
    return r;
  }
  // All features that are not in the set, and those every processor has.
  constexpr FeatureSet operator~() const {
    FeatureSet r;
    r.bits_ |= ~bits_;
    return r;
  }
  constexpr bool operator==(const FeatureSet&) const = default;

 private:
  static constexpr uint64_t bit(Feature f) { return uint64_t{1} << static_cast<unsigned>(f); }
  uint64_t bits_ = bit(Feature::kBase) | bit(Feature::kFp);
};

}  // namespace xarch::arm
