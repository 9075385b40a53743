// The soft-TLB memory policy: a guest address goes through a table that emitted code looks into by itself,
// and through these functions where that does not do (miss, device, crossing pages, byte-swapped or watched
// page).
#pragma once

#include <cstdint>

#include "tcg/ir/types.h"
#include "tcg/runtime/cpu.h"
#include "tcg/runtime/guest.h"

namespace xarch::tcg {

// Flag bits in the low bits of a tag. A tag that has one never equals a page address, so emitted code takes
// the cold path by the same compare that finds a miss.
enum TlbFlag : uint64_t {
  kTlbInvalid = 1u << 0,  // no translation
  kTlbDevice = 1u << 1,   // not RAM: SoftMmu::device_load and device_store
  kTlbSwap = 1u << 2,     // the page has the other byte order (SPARC's IE bit, PowerPC's E)
  kTlbWatch = 1u << 3,    // RAM, but SoftMmu::watch wants to hear of the access first
  kTlbCode = 1u << 4,     // of addr_write, set by the engine alone: code was translated from this page
};

inline constexpr unsigned kTlbPageBits = 12;
inline constexpr unsigned kTlbBits = 8;  // entries per MMU index: 256
inline constexpr unsigned kMmuIndexes = 16;
inline constexpr uint64_t kTlbPageMask = ~((uint64_t{1} << kTlbPageBits) - 1);

// Fast path for an access of n bytes at v (already transformed) with MMU index m:
//   e = tlb[m][(v >> kTlbPageBits) % 256]; hit if ((v + n - 1) & kTlbPageMask) == e.addr_read (addr_write for
//   stores); host address = v + e.addend. An access that crosses pages misses; alignment rules are checked
//   separately. Pages of RAM are aligned in host memory too.
struct TlbEntry {
  uint64_t addr_read = kTlbInvalid;
  uint64_t addr_write = kTlbInvalid;
  uint64_t addr_code = kTlbInvalid;
  uint64_t addend = 0;
};
static_assert(sizeof(TlbEntry) == 32);

struct TlbTable {
  TlbEntry entries[1u << kTlbBits];
};
inline TlbEntry& tlb_entry(CpuHeader* cpu, unsigned mmu_index, uint64_t vaddr) {
  return static_cast<TlbTable*>(cpu->tlb)[mmu_index].entries[vaddr >> kTlbPageBits & ((1u << kTlbBits) - 1)];
}

enum class Access : uint8_t { kRead, kWrite, kFetch };

// A guest's MMU and what lies behind it. Every function is called on the vCPU's own thread. What writes to
// RAM by other ways than guest stores (devices, page walks that set bits) tells Engine::before_host_write.
class SoftMmu {
 public:
  virtual ~SoftMmu() = default;

  // Translates the page of vaddr for this kind of access. True: *out is complete (tags for what the page
  // permits, others kTlbInvalid; addend for RAM). False: the guest faults, *fault_code is the target's own
  // number for it.
  virtual bool fill(CpuHeader* cpu, uint64_t vaddr, Access access, unsigned mmu_index, TlbEntry* out,
                    uint32_t* fault_code) = 0;
  // A device's register of 1, 2, 4 or 8 bytes, value in the guest's numeric sense. False: bus error.
  virtual bool device_load(CpuHeader* cpu, uint64_t vaddr, unsigned bytes, unsigned mmu_index,
                           uint64_t* value) = 0;
  virtual bool device_store(CpuHeader* cpu, uint64_t vaddr, unsigned bytes, unsigned mmu_index,
                            uint64_t value) = 0;
  // An access to a page with kTlbWatch is about to happen.
  virtual void watch(CpuHeader*, uint64_t /*vaddr*/, unsigned /*bytes*/, bool /*write*/) {}
  // MMU index instructions are fetched with, given the mode of the key.
  virtual unsigned code_mmu_index(uint32_t /*mode*/) const { return 0; }
};

// Every vCPU of an engine made with a SoftMmu has one of these behind CpuHeader::tlb. Invalidates the entries
// of a page in all MMU indexes, or all entries. Own thread, or while the vCPU is stopped (Engine::exclusive).
void tlb_flush_page(CpuHeader* cpu, uint64_t vaddr);
void tlb_flush_all(CpuHeader* cpu);

// ---- cold paths. `desc` is a packed MemDesc; vaddr is already transformed. On success true, and value in
// the guest's numeric sense (byte order dealt with), zero- or sign-extended to 64 bits as desc says, wider
// ones in value[1..3]. False: Vcpu::fault() is filled and CpuHeader::exit_reason = kFault; the caller makes
// the state exact and leaves. No guest byte is changed by a store or atomic that fails. A helper that calls
// them and is refused leaves by request_exit(Exit::kFault, 0, 0).
extern "C" bool xarch_soft_load(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, uint64_t* value);
extern "C" bool xarch_soft_store(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, const uint64_t* value);
// The host address of RAM that an atomic may work on, or null (fault, as above). Atomics on devices and
// across pages fault with SIGBUS. Tells in *swap whether the page has the other byte order.
extern "C" void* xarch_soft_atomic(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool* swap);
// Faults as a load (or store) would; otherwise does nothing.
extern "C" bool xarch_soft_probe(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool write);

}  // namespace xarch::tcg
