#include "targets/arm/core/model.h"

#include <array>

namespace xarch::arm {

namespace {

using F = Feature;

// HWCAP bits and their names in /proc/cpuinfo: arch/arm64's asm/hwcap.h.
struct Hwcap {
  unsigned word;  // 1: AT_HWCAP, 2: AT_HWCAP2
  unsigned bit;
  F feature;  // kBase: always
  const char* name;
};
constexpr Hwcap kHwcaps[] = {
    {1, 0, F::kFp, "fp"},         {1, 1, F::kFp, "asimd"},         {1, 3, F::kAes, "aes"},
    {1, 4, F::kAes, "pmull"},     {1, 5, F::kSha2, "sha1"},        {1, 6, F::kSha2, "sha2"},
    {1, 7, F::kCrc32, "crc32"},   {1, 8, F::kLse, "atomics"},      {1, 9, F::kFp16, "fphp"},
    {1, 10, F::kFp16, "asimdhp"}, {1, 11, F::kBase, "cpuid"},      {1, 12, F::kRdm, "asimdrdm"},
    {1, 13, F::kJscvt, "jscvt"},  {1, 14, F::kFcma, "fcma"},       {1, 15, F::kLrcpc, "lrcpc"},
    {1, 16, F::kDcPop, "dcpop"},  {1, 17, F::kSha3, "sha3"},       {1, 18, F::kSm4, "sm3"},
    {1, 19, F::kSm4, "sm4"},      {1, 20, F::kDotProd, "asimddp"}, {1, 21, F::kSha3, "sha512"},
    {1, 23, F::kFhm, "asimdfhm"}, {1, 26, F::kLrcpc2, "ilrcpc"},   {1, 27, F::kFlagM, "flagm"},
    {1, 29, F::kSb, "sb"},        {2, 0, F::kDcPodp, "dcpodp"},    {2, 7, F::kFlagM2, "flagm2"},
    {2, 8, F::kFrintts, "frint"}, {2, 13, F::kI8mm, "i8mm"},       {2, 14, F::kBf16, "bf16"},
};

constexpr uint64_t hwcap(FeatureSet f, unsigned word) {
  uint64_t bits = 0;
  for (const Hwcap& h : kHwcaps) {
    if (h.word == word && f.has(h.feature)) bits |= uint64_t{1} << h.bit;
  }
  return bits;
}

constexpr uint64_t field(bool on, unsigned lsb, uint64_t value = 1) { return on ? value << lsb : 0; }

// Without FP16, the FP and AdvSIMD fields are 0; EL1 and EL0 are 64-bit only, as Linux shows them.
constexpr uint64_t pfr0(FeatureSet f) {
  return 0x11 | field(f.has(F::kFp16), 16) | field(f.has(F::kFp16), 20);
}
constexpr uint64_t isar0(FeatureSet f) {
  return field(f.has(F::kAes), 4, 2) | field(f.has(F::kSha2), 8) |
         field(f.has(F::kSha2), 12, f.has(F::kSha3) ? 2 : 1) | field(f.has(F::kCrc32), 16) |
         field(f.has(F::kLse), 20, 2) | field(f.has(F::kRdm), 28) | field(f.has(F::kSha3), 32) |
         field(f.has(F::kSm4), 36) | field(f.has(F::kSm4), 40) | field(f.has(F::kDotProd), 44) |
         field(f.has(F::kFhm), 48) | field(f.has(F::kFlagM), 52, f.has(F::kFlagM2) ? 2 : 1);
}
constexpr uint64_t isar1(FeatureSet f) {
  return field(f.has(F::kDcPop), 0, f.has(F::kDcPodp) ? 2 : 1) | field(f.has(F::kJscvt), 12) |
         field(f.has(F::kFcma), 16) | field(f.has(F::kLrcpc), 20, f.has(F::kLrcpc2) ? 2 : 1) |
         field(f.has(F::kFrintts), 32) | field(f.has(F::kSb), 36) | field(f.has(F::kBf16), 44) |
         field(f.has(F::kI8mm), 52);
}

constexpr Model make(std::string_view name, uint64_t midr, uint64_t ctr, FeatureSet f) {
  // ID_AA64MMFR0_EL1: Linux shows the hidden granule fields as "not implemented".
  return {name, f, midr, ctr, pfr0(f), 0, isar0(f), isar1(f), 0xff000000, hwcap(f, 1), hwcap(f, 2)};
}

// What the processor has and this translator does not is left out, of instructions, ID registers and HWCAPs
// alike.
constexpr FeatureSet kV80 = {F::kCrc32, F::kAes, F::kSha2};
constexpr FeatureSet kN1 =
    kV80 | FeatureSet{F::kLse, F::kLor, F::kRdm, F::kLrcpc, F::kDcPop, F::kDotProd, F::kFp16};
constexpr FeatureSet kMax =
    kN1 | FeatureSet{F::kLrcpc2, F::kFlagM, F::kFlagM2, F::kSb,   F::kBti,   F::kDcPodp,  F::kSha3,
                     F::kSm4,    F::kI8mm,  F::kFhm,    F::kFcma, F::kJscvt, F::kFrintts, F::kBf16};

constexpr std::array kModels = {
    make("cortex-a53", 0x410fd034, 0x84448004, kV80), make("cortex-a57", 0x411fd070, 0x8444c004, kV80),
    make("cortex-a72", 0x410fd083, 0x8444c004, kV80), make("neoverse-n1", 0x413fd0c1, 0x8444c004, kN1),
    make("max", 0x000f0510, 0x8444c004, kMax),
};

}  // namespace

std::span<const Model> models() { return kModels; }

const Model* find_model(std::string_view name) {
  for (const Model& m : kModels) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

std::string cpuinfo_features(const Model& model) {
  std::string out;
  for (const Hwcap& h : kHwcaps) {
    if (!((h.word == 1 ? model.hwcap : model.hwcap2) >> h.bit & 1)) continue;
    if (!out.empty()) out += ' ';
    out += h.name;
  }
  return out;
}

}  // namespace xarch::arm
