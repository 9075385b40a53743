#include "tcg/backend/x86_64/host_features.h"

#include <sys/auxv.h>
#include <sys/platform/x86.h>

namespace xarch::x86_64 {

namespace {

// AT_HWCAP2 bit of arch/x86/include/uapi/asm/hwcap2.h: the kernel lets user code use rdgsbase and wrgsbase.
constexpr unsigned long kHwcap2FsGsBase = 1ul << 1;

}  // namespace

// The C library has asked the processor already. On a virtual machine each cpuid leaves to the hypervisor,
// which takes as long as translating a page of code.
Result<HostFeatures> HostFeatures::detect() {
  if (!CPU_FEATURE_PRESENT(SSE3) || !CPU_FEATURE_PRESENT(SSSE3) || !CPU_FEATURE_PRESENT(SSE4_1) ||
      !CPU_FEATURE_PRESENT(SSE4_2) || !CPU_FEATURE_PRESENT(POPCNT) || !CPU_FEATURE_PRESENT(CMPXCHG16B) ||
      !CPU_FEATURE_PRESENT(LAHF64_SAHF64)) {
    return Error{"this processor is older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), which xarch requires"};
  }
  HostFeatures f;
  f.bmi1 = CPU_FEATURE_PRESENT(BMI1);
  f.bmi2 = CPU_FEATURE_PRESENT(BMI2);
  f.lzcnt = CPU_FEATURE_PRESENT(LZCNT);
  f.movbe = CPU_FEATURE_PRESENT(MOVBE);
  f.avx = CPU_FEATURE_ACTIVE(AVX);  // the kernel saves its registers, too
  f.avx2 = f.avx && CPU_FEATURE_ACTIVE(AVX2);
  f.fma = f.avx && CPU_FEATURE_ACTIVE(FMA);
  f.f16c = f.avx && CPU_FEATURE_ACTIVE(F16C);
  f.aes = CPU_FEATURE_PRESENT(AES);
  f.pclmul = CPU_FEATURE_PRESENT(PCLMULQDQ);
  f.sha = CPU_FEATURE_PRESENT(SHA);
  f.fsgsbase = CPU_FEATURE_PRESENT(FSGSBASE) && (getauxval(AT_HWCAP2) & kHwcap2FsGsBase);
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
