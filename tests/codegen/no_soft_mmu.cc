// Counting compiles code and runs none: the soft-TLB services that it names are never called, and linking
// them would bring the whole runtime along. Weak, so that a program that has the real ones keeps them.
#include <cstdlib>

#include "tcg/runtime/soft_mmu.h"

namespace xarch::tcg {

extern "C" {
[[gnu::weak]] bool xarch_soft_load(CpuHeader*, uint64_t, uint32_t, uint64_t*) { std::abort(); }
[[gnu::weak]] bool xarch_soft_store(CpuHeader*, uint64_t, uint32_t, const uint64_t*) { std::abort(); }
[[gnu::weak]] void* xarch_soft_atomic(CpuHeader*, uint64_t, uint32_t, bool*) { std::abort(); }
[[gnu::weak]] bool xarch_soft_probe(CpuHeader*, uint64_t, uint32_t, bool) { std::abort(); }
}

}  // namespace xarch::tcg
