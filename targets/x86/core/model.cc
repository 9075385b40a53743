#include "targets/x86/core/model.h"

#include <array>

#include "targets/x86/core/cpuid.h"

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
                          F::kBmi1, F::kBmi2,   F::kLzcnt, F::kAvx2,     F::kInvpcid,   F::kErms};
constexpr FeatureSet kK62 = kPentium | FeatureSet{F::kMmx, F::kNow3d, F::kPrefetchw, F::kSyscall};

constexpr std::array kModels = {
    Model{"486", k486, Vendor::kIntel, 0x480, 1, 0},
    Model{"pentium", kPentium, Vendor::kIntel, 0x525, 1, 0},
    Model{"pentium-mmx", kPentiumMmx, Vendor::kIntel, 0x543, 1, 0},
    Model{"pentium3", kPentium3, Vendor::kIntel, 0x68a, 2, 0},
    Model{"core2duo", kCore2, Vendor::kIntel, 0x6fb, 0xa, 0x80000008},
    Model{"Nehalem", kNehalem, Vendor::kIntel, 0x106a5, 0xb, 0x80000008},
    Model{"Haswell", kHaswell, Vendor::kIntel, 0x306c3, 0xd, 0x80000008},
    Model{"k6-2", kK62, Vendor::kAmd, 0x58c, 1, 0x80000006},
    Model{"max", FeatureSet::all(), Vendor::kIntel, 0x90672, 0xd, 0x80000008},
};

struct Name {
  F feature;
  const char* text;
};
constexpr Name kNames[] = {
#define FEATURE(name, cpuinfo, word, bit) {F::k##name, cpuinfo},
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
  const FeatureSet shown = model.features;
  std::string out;
  for (const Name& n : kNames) {
    if (*n.text == 0 || !shown.has(n.feature)) continue;
    if (!out.empty()) out += ' ';
    out += n.text;
  }
  return out;
}

}  // namespace xarch::x86
