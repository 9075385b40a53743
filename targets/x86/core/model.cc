#include "targets/x86/core/model.h"

#include <array>

namespace xarch::x86 {

namespace {

using F = Feature;

constexpr FeatureSet k486 = {F::kBase, F::kI486, F::kFpu, F::kCpuid};
constexpr FeatureSet kPentium = k486 | FeatureSet{F::kTsc, F::kMsr, F::kCx8};
constexpr FeatureSet kPentiumMmx = kPentium | FeatureSet{F::kMmx, F::kRdpmc};
constexpr FeatureSet kPentium3 =
    kPentiumMmx | FeatureSet{F::kCmov, F::kFpuCmov, F::kNopl, F::kSysenter, F::kFxsr, F::kSse, F::kMmxExt};
constexpr FeatureSet kCore2 =
    kPentium3 | FeatureSet{F::kLm,   F::kSyscall, F::kLahf,    F::kCx16, F::kClflush,
                           F::kSse2, F::kSse3,    F::kMonitor, F::kSsse3};
constexpr FeatureSet kNehalem = kCore2 | FeatureSet{F::kSse41, F::kSse42, F::kPopcnt, F::kRdtscp};
constexpr FeatureSet kHaswell =
    kNehalem | FeatureSet{F::kAes,  F::kPclmul, F::kAvx,   F::kAesAvx,   F::kPclmulAvx, F::kXsave,
                          F::kF16c, F::kRdrand, F::kFma,   F::kFsgsbase, F::kXsaveopt,  F::kMovbe,
                          F::kBmi1, F::kBmi2,   F::kLzcnt, F::kAvx2,     F::kInvpcid};
constexpr FeatureSet kK62 = kPentium | FeatureSet{F::kMmx, F::kNow3d, F::kPrefetchw, F::kSyscall};

constexpr std::array kModels = {
    Model{"486", k486},           Model{"pentium", kPentium}, Model{"pentium-mmx", kPentiumMmx},
    Model{"pentium3", kPentium3}, Model{"core2duo", kCore2},  Model{"Nehalem", kNehalem},
    Model{"Haswell", kHaswell},   Model{"k6-2", kK62},        Model{"max", FeatureSet::all()},
};

struct Name {
  F feature;
  const char* text;
};
constexpr Name kNames[] = {
#define FEATURE(name, cpuinfo) {F::k##name, cpuinfo},
#include "targets/x86/core/features.def"
#undef FEATURE
};

}  // namespace

std::span<const Model> models() { return kModels; }

const Model* find_model(std::string_view name) {
  for (const Model& m : kModels) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

std::string cpuinfo_flags(const Model& model) {
  std::string out;
  for (const Name& n : kNames) {
    if (*n.text == 0 || !model.features.has(n.feature)) continue;
    if (!out.empty()) out += ' ';
    out += n.text;
  }
  return out;
}

}  // namespace xarch::x86
