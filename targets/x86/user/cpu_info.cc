#include "targets/x86/user/cpu_info.h"

#include "targets/x86/core/cpuid.h"

namespace xarch::x86 {

namespace {

void append_word(std::string* to, uint32_t word) {
  for (unsigned i = 0; i < 4; ++i) to->push_back(static_cast<char>(word >> 8 * i));
}

std::string vendor(const Model& model) {
  const CpuidResult r = cpuid(model, 0, 0);
  std::string name;
  for (const uint32_t word : {r.ebx, r.edx, r.ecx}) append_word(&name, word);
  return name;
}

// Family, model and stepping as Linux reads them from the signature.
struct Signature {
  unsigned family, model, stepping;
};
Signature signature(const Model& m) {
  const uint32_t eax = cpuid(m, 1, 0).eax;
  Signature s = {eax >> 8 & 15, eax >> 4 & 15, eax & 15};
  if (s.family >= 6) s.model |= (eax >> 16 & 15) << 4;
  if (s.family == 15) s.family += eax >> 20 & 255;
  return s;
}

// The size in KB of the last level's cache, as Linux finds it; 0 if the processor does not tell.
uint32_t cache_size(const Model& model) {
  uint32_t size = cpuid(model, 0x80000006, 0).ecx >> 16;
  if (cpuid(model, 0, 0).eax < 4) return size;
  unsigned highest = 0;
  for (uint32_t n = 0; n < 8; ++n) {
    const CpuidResult r = cpuid(model, 4, n);
    const unsigned type = r.eax & 31, level = r.eax >> 5 & 7;
    if (type == 0) break;
    if (level < highest) continue;
    highest = level;
    const uint32_t ways = (r.ebx >> 22) + 1, partitions = (r.ebx >> 12 & 1023) + 1, line = (r.ebx & 4095) + 1;
    size = ways * partitions * line * (r.ecx + 1) / 1024;
  }
  return size;
}

}  // namespace

std::string cpuinfo_text(const Model& model, unsigned cpus) {
  const std::string flags = cpuinfo_flags(model), all = std::to_string(cpus);
  const Signature s = signature(model);
  const uint32_t kb = cache_size(model);
  const std::string cache = kb == 0 ? "" : "\ncache size\t: " + std::to_string(kb) + " KB";
  const bool has_cpuid = model.features.has(Feature::kCpuid);
  std::string text;
  for (unsigned i = 0; i < cpus; ++i) {
    const std::string n = std::to_string(i);
    text += "processor\t: " + n + "\nvendor_id\t: " + vendor(model) +
            "\ncpu family\t: " + std::to_string(s.family) + "\nmodel\t\t: " + std::to_string(s.model) +
            "\nmodel name\t: xarch " + std::string(model.name) +
            "\nstepping\t: " + std::to_string(s.stepping) + "\ncpu MHz\t\t: 2000.000" + cache +
            "\nphysical id\t: 0\nsiblings\t: " + all + "\ncore id\t\t: " + n + "\ncpu cores\t: " + all +
            "\napicid\t\t: " + n + "\ninitial apicid\t: " + n +
            "\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: " +
            std::to_string(has_cpuid ? static_cast<int>(cpuid(model, 0, 0).eax) : -1) +
            "\nwp\t\t: yes\nflags\t\t: " + flags +
            "\nbugs\t\t:\nbogomips\t: 4000.00\nclflush size\t: 64\ncache_alignment\t: 64\n"
            "address sizes\t: 46 bits physical, 48 bits virtual\npower management:\n\n";
  }
  return text;
}

}  // namespace xarch::x86
