#include "targets/x86/core/cpuid.h"

#include <cstring>
#include <string>

#include "targets/x86/core/lift.h"

namespace xarch::x86 {

namespace {

using F = Feature;

// The words of CPUID that have feature bits.
enum Word : uint8_t { kNone, k1Edx, k1Ecx, k7Ebx, k7Ecx, kE1Edx, kE1Ecx, kD1Eax };

struct Place {
  Feature feature;
  Word word;
  uint8_t bit;
};
constexpr Place kPlaces[] = {
#define FEATURE(name, cpuinfo, word, bit) {F::k##name, k##word, bit},
#include "targets/x86/core/features.def"
#undef FEATURE
};

uint32_t feature_word(FeatureSet features, Word word) {
  uint32_t v = 0;
  for (const Place& p : kPlaces) {
    if (p.word == word && features.has(p.feature)) v |= 1u << p.bit;
  }
  return v;
}

constexpr uint32_t kOsxsave = 1u << 27, kNx = 1u << 20;
constexpr uint32_t kAmdCopies = 0x0183f3ff;  // of leaf 1's EDX in 0x80000001's

CpuidResult vendor_leaf(const Model& m, uint32_t max) {
  char text[13];
  std::memcpy(text, m.vendor == Vendor::kIntel ? "GenuineIntel" : "AuthenticAMD", sizeof text);
  CpuidResult r = {max, 0, 0, 0};
  std::memcpy(&r.ebx, text, 4);
  std::memcpy(&r.edx, text + 4, 4);
  std::memcpy(&r.ecx, text + 8, 4);
  return r;
}

CpuidResult signature_leaf(const Model& m, FeatureSet shown) {
  CpuidResult r = {m.signature, 0, feature_word(shown, k1Ecx), feature_word(shown, k1Edx)};
  if (shown.has(F::kClflush)) r.ebx |= 8u << 8;  // lines of 64 bytes
  if (shown.has(F::kXsave)) r.ecx |= kOsxsave;
  return r;
}

// Descriptors of caches: of a Pentium III, or "see leaf 4" and the prefetch distance.
CpuidResult cache_leaf(const Model& m) {
  if (m.max_leaf < 4) return {0x03020101, 0, 0, 0x0c040843};
  return {0x00feff01, 0, 0, 0xf0};
}

// 32 KB of data and 32 KB of code, 1 MB behind both, 8 MB behind all.
CpuidResult cache_parameters(uint32_t n) {
  struct Cache {
    uint32_t type, level, ways, sets;
  };
  static constexpr Cache kCaches[] = {{1, 1, 8, 64}, {2, 1, 8, 64}, {3, 2, 16, 1024}, {3, 3, 16, 8192}};
  if (n >= std::size(kCaches)) return {};
  const Cache& c = kCaches[n];
  constexpr uint32_t kSelfInitializing = 1u << 8, kLineBytes = 64;
  return {c.type | c.level << 5 | kSelfInitializing, (c.ways - 1) << 22 | (kLineBytes - 1), c.sets - 1, 0};
}

// One processor in one package.
CpuidResult topology_leaf(uint32_t n) {
  if (n > 1) return {0, 0, n, 0};
  return {0, 1, n | (n + 1) << 8, 0};
}

// Areas of XSAVE: 512 bytes of FXSAVE's, 64 of header, 256 of upper halves.
CpuidResult xsave_leaf(const Model& m, FeatureSet shown, uint32_t n) {
  const auto components = static_cast<uint32_t>(xcr0(m));
  if (components == 0) return {};
  const uint32_t bytes = components & 4 ? 832 : 576;
  if (n == 0) return {components, bytes, bytes, 0};
  if (n == 1) {
    uint32_t eax = feature_word(shown, kD1Eax);
    if (shown.has(F::kXsavec)) eax |= 4;  // XGETBV with ECX = 1
    return {eax, shown.has(F::kXsavec) ? bytes : 0, 0, 0};
  }
  if (n == 2 && (components & 4)) return {256, 576, 0, 0};
  return {};
}

CpuidResult brand_leaf(const Model& m, uint32_t part) {
  char text[48] = {};
  std::string brand = "xarch virtual CPU (" + std::string(m.name) + ")";
  std::memcpy(text, brand.data(), std::min(brand.size(), sizeof text - 1));
  CpuidResult r;
  std::memcpy(&r, text + 16 * part, 16);
  return r;
}

CpuidResult extended_leaf(const Model& m, FeatureSet shown, uint32_t leaf) {
  const bool amd = m.vendor == Vendor::kAmd;
  switch (leaf) {
    case 0x80000000: return amd ? vendor_leaf(m, m.max_extended) : CpuidResult{m.max_extended, 0, 0, 0};
    case 0x80000001: {
      CpuidResult r = {amd ? m.signature : 0, 0, feature_word(shown, kE1Ecx), feature_word(shown, kE1Edx)};
      if (shown.has(F::kLm)) r.edx |= kNx;
      if (amd) r.edx |= feature_word(shown, k1Edx) & kAmdCopies;
      return r;
    }
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: return brand_leaf(m, leaf - 0x80000002);
    case 0x80000005: return amd ? CpuidResult{0, 0, 0x20020220, 0x20020220} : CpuidResult{};
    case 0x80000006: return {0, 0, 0x04008040, 0};  // 1 MB, 16 ways
    case 0x80000007:
      return {0, 0, 0, shown.has(F::kRdtscp) ? uint32_t{256} : 0};  // the TSC's rate is constant
    case 0x80000008: return {0x3027, 0, 0, 0};                      // addresses of 48 and 39 bits
    default: return {};
  }
}

}  // namespace

uint64_t xcr0(const Model& m) {
  const FeatureSet shown = m.features;
  if (!shown.has(F::kXsave)) return 0;
  return shown.has(F::kAvx) ? 7 : 3;
}

uint32_t hwcap(const Model& m) { return cpuid(m, 1, 0).edx; }
uint32_t hwcap2(const Model& m) { return m.features.has(F::kFsgsbase) ? 2 : 0; }

CpuidResult cpuid(const Model& m, uint32_t leaf, uint32_t subleaf) {
  const FeatureSet shown = m.features;
  // Intel's processors answer for leaves that there are not as for the highest one.
  const bool extended = leaf >= 0x80000000;
  if (leaf > (extended ? m.max_extended : m.max_leaf)) {
    if (m.vendor == Vendor::kAmd) return {};
    leaf = m.max_leaf;
  }
  switch (leaf) {
    case 0: return vendor_leaf(m, m.max_leaf);
    case 1: return signature_leaf(m, shown);
    case 2: return cache_leaf(m);
    case 4: return cache_parameters(subleaf);
    case 7:
      return subleaf == 0 ? CpuidResult{0, feature_word(shown, k7Ebx), feature_word(shown, k7Ecx), 0}
                          : CpuidResult{};
    case 0xb: return topology_leaf(subleaf);
    case 0xd: return xsave_leaf(m, shown, subleaf);
    default: return leaf >= 0x80000000 ? extended_leaf(m, shown, leaf) : CpuidResult{};
  }
}

}  // namespace xarch::x86
