#include "tcg/backend/x86_64/host_features.h"

#include <cpuid.h>
#include <sys/auxv.h>

namespace xarch::x86_64 {

namespace {

// AT_HWCAP2 bit of arch/x86/include/uapi/asm/hwcap2.h: the kernel lets user code use rdgsbase and wrgsbase.
constexpr unsigned long kHwcap2FsGsBase = 1ul << 1;

struct Cpuid {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// All zero if the processor has no such leaf.
Cpuid cpuid(unsigned leaf) {
  Cpuid r;
  if (__get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}

uint64_t xcr0() {
  uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return static_cast<uint64_t>(hi) << 32 | lo;
}

}  // namespace

Result<HostFeatures> HostFeatures::detect() {
  const Cpuid l1 = cpuid(1);
  const Cpuid l7 = cpuid(7);
  const Cpuid x1 = cpuid(0x80000001);
  constexpr unsigned kV2 = bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT | bit_CMPXCHG16B;
  if ((l1.c & kV2) != kV2 || (x1.c & bit_LAHF_LM) == 0) {
    return Error{"this processor is older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), which xarch requires"};
  }
  HostFeatures f;
  f.bmi1 = l7.b & bit_BMI;
  f.bmi2 = l7.b & bit_BMI2;
  f.lzcnt = x1.c & bit_LZCNT;
  f.movbe = l1.c & bit_MOVBE;
  // The kernel must save the xmm and ymm state (XCR0 bits 1 and 2).
  f.avx = (l1.c & bit_AVX) && (l1.c & bit_OSXSAVE) && (xcr0() & 6) == 6;
  f.avx2 = f.avx && (l7.b & bit_AVX2);
  f.fma = f.avx && (l1.c & bit_FMA);
  f.f16c = f.avx && (l1.c & bit_F16C);
  f.aes = l1.c & bit_AES;
  f.pclmul = l1.c & bit_PCLMUL;
  f.sha = l7.b & bit_SHA;
  f.fsgsbase = (l7.b & bit_FSGSBASE) && (getauxval(AT_HWCAP2) & kHwcap2FsGsBase);
  return f;
}

Result<void> HostFeatures::disable(std::string_view names) {
  HostFeatures next = *this;
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    bool known = false;
#define XARCH_HOST_FEATURE(feature, needs) \
  if (name == #feature || name == "all") { \
    next.feature = false;                  \
    known = true;                          \
  }
#include "tcg/backend/x86_64/host_features.def"
    if (!known) return Error{"unknown host feature '" + std::string(name) + "'"};
  }
#define XARCH_HOST_FEATURE(feature, needs) next.feature = next.feature && next.needs;
#include "tcg/backend/x86_64/host_features.def"
  *this = next;
  return {};
}

uint32_t HostFeatures::bits() const {
  uint32_t bits = 0;
  unsigned i = 0;
#define XARCH_HOST_FEATURE(feature, needs) bits |= static_cast<uint32_t>(feature) << i++;
#include "tcg/backend/x86_64/host_features.def"
  return bits;
}

std::string HostFeatures::describe() const {
  std::string s;
#define XARCH_HOST_FEATURE(feature, needs) \
  if (feature) s += s.empty() ? #feature : " " #feature;
#include "tcg/backend/x86_64/host_features.def"
  return s;
}

}  // namespace xarch::x86_64
