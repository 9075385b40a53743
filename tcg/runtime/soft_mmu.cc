#include "tcg/runtime/soft_mmu.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include "tcg/runtime/engine_impl.h"

namespace xarch::tcg {
namespace {

constexpr uint64_t kTlbPage = uint64_t{1} << kTlbPageBits;

VcpuImpl& vcpu_of(CpuHeader* cpu) { return static_cast<VcpuImpl&>(*cpu->vcpu); }

bool refuse(CpuHeader* cpu, uint64_t vaddr, unsigned bytes, bool write, int signo, int code,
            uint32_t mmu_code) {
  vcpu_of(cpu).fault_info() = FaultInfo{
      .addr = vaddr, .size = bytes, .write = write, .signo = signo, .code = code, .mmu_code = mmu_code};
  cpu->exit_reason = static_cast<uint32_t>(Exit::kFault);
  vcpu_of(cpu).engine.restore_in_call(vcpu_of(cpu));
  return false;
}

// The part of an access that lies on one page.
struct Part {
  uint64_t vaddr;
  unsigned bytes;
  TlbEntry entry;
  uint64_t tag() const { return write ? entry.addr_write : entry.addr_read; }
  bool write;
  bool device() const { return (tag() & kTlbDevice) != 0; }
  bool swap() const { return (tag() & kTlbSwap) != 0; }
  uint8_t* host() const { return reinterpret_cast<uint8_t*>(vaddr + entry.addend); }
};

// The entry that permits the access, from the table or from the guest's MMU.
bool translate_page(CpuHeader* cpu, Part* part, unsigned mmu_index, unsigned access_bytes) {
  TlbEntry& e = tlb_entry(cpu, mmu_index, part->vaddr);
  const uint64_t page = part->vaddr & kTlbPageMask;
  constexpr uint64_t kFlags = kTlbDevice | kTlbSwap | kTlbWatch | kTlbCode;
  auto hit = [&](const TlbEntry& entry) {
    return ((part->write ? entry.addr_write : entry.addr_read) & ~kFlags) == page;
  };
  if (!hit(e)) {
    TlbEntry filled;
    uint32_t code = 0;
    SoftMmu& mmu = *vcpu_of(cpu).engine.mmu();
    if (!mmu.fill(cpu, part->vaddr, part->write ? Access::kWrite : Access::kRead, mmu_index, &filled,
                  &code) ||
        !hit(filled)) {
      return refuse(cpu, part->vaddr, access_bytes, part->write, SIGSEGV, SEGV_ACCERR, code);
    }
    vcpu_of(cpu).engine.set_tlb_entry(&e, filled);
  }
  part->entry = e;
  return true;
}

// One access, as one or two parts that are all permitted.
struct Split {
  Part part[2];
  unsigned n = 0;
};

bool prepare(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, bool write, Split* split) {
  const unsigned bytes = d.bytes();
  if (d.align != 0 && (vaddr & ((uint64_t{1} << d.align) - 1)) != 0) {
    return refuse(cpu, vaddr, bytes, write, SIGBUS, BUS_ADRALN, 0);
  }
  const unsigned first =
      static_cast<unsigned>(std::min<uint64_t>(bytes, kTlbPage - (vaddr & (kTlbPage - 1))));
  split->part[0] = Part{vaddr, first, {}, write};
  split->n = 1;
  if (first != bytes) {
    split->part[1] = Part{vaddr + first, bytes - first, {}, write};
    split->n = 2;
  }
  SoftMmu& mmu = *vcpu_of(cpu).engine.mmu();
  // All parts first: a store that fails changes nothing.
  for (unsigned i = 0; i < split->n; ++i) {
    if (!translate_page(cpu, &split->part[i], d.mmu_index, bytes)) return false;
  }
  for (unsigned i = 0; write && i < split->n; ++i) {
    const Part& p = split->part[i];
    if ((p.tag() & kTlbCode) && !vcpu_of(cpu).engine.soft_code_write(vcpu_of(cpu), p.vaddr, d.mmu_index)) {
      return false;
    }
  }
  for (unsigned i = 0; i < split->n; ++i) {
    Part& p = split->part[i];
    if (p.tag() & kTlbWatch) mmu.watch(cpu, p.vaddr, p.bytes, write);
  }
  // Pages of either order in one access: the first one's decides, as on hardware that looks at the first
  // page.
  return true;
}

void swap_elements(uint8_t* bytes, unsigned size, unsigned elem) {
  for (unsigned at = 0; at < size; at += elem) std::reverse(bytes + at, bytes + at + elem);
}

// A device register, taken apart where the part is no power of two.
bool device_access(CpuHeader* cpu, const Part& p, unsigned mmu_index, bool big, uint8_t* bytes) {
  SoftMmu& mmu = *vcpu_of(cpu).engine.mmu();
  for (unsigned at = 0; at < p.bytes;) {
    unsigned n = 8;
    while (n > p.bytes - at) n /= 2;
    uint64_t value = 0;
    bool ok;
    if (p.write) {
      memcpy(&value, bytes + at, n);
      if (big) value = __builtin_bswap64(value) >> (64 - 8 * n);
      ok = mmu.device_store(cpu, p.vaddr + at, n, mmu_index, value);
    } else {
      ok = mmu.device_load(cpu, p.vaddr + at, n, mmu_index, &value);
      if (big) value = __builtin_bswap64(value) >> (64 - 8 * n);
      memcpy(bytes + at, &value, n);
    }
    if (!ok) return refuse(cpu, p.vaddr + at, n, p.write, SIGBUS, BUS_ADRERR, 0);
    at += n;
  }
  return true;
}

bool transfer(CpuHeader* cpu, const Split& split, ir::MemDesc d, bool big, uint8_t* bytes) {
  for (unsigned i = 0, at = 0; i < split.n; at += split.part[i++].bytes) {
    const Part& p = split.part[i];
    if (p.device()) {
      if (!device_access(cpu, p, d.mmu_index, big, bytes + at)) return false;
    } else if (p.write) {
      memcpy(p.host(), bytes + at, p.bytes);
    } else {
      memcpy(bytes + at, p.host(), p.bytes);
    }
  }
  return true;
}

// An aligned access of up to 8 bytes in one piece, so that other vCPUs see all of it or nothing.
template <typename T>
void copy_atomic(void* to, const void* from) {
  __atomic_store_n(static_cast<T*>(to), __atomic_load_n(static_cast<const T*>(from), __ATOMIC_ACQUIRE),
                   __ATOMIC_RELEASE);
}
bool copy_whole(void* to, const void* from, const void* guest, unsigned bytes) {
  if (bytes > 8 || reinterpret_cast<uintptr_t>(guest) % bytes != 0) return false;
  switch (bytes) {
    case 1: copy_atomic<uint8_t>(to, from); return true;
    case 2: copy_atomic<uint16_t>(to, from); return true;
    case 4: copy_atomic<uint32_t>(to, from); return true;
    default: copy_atomic<uint64_t>(to, from); return true;
  }
}

}  // namespace

void tlb_flush_page(CpuHeader* cpu, uint64_t vaddr) {
  for (unsigned m = 0; m < kMmuIndexes; ++m) tlb_entry(cpu, m, vaddr) = TlbEntry{};
}

void tlb_flush_all(CpuHeader* cpu) {
  auto* tables = static_cast<TlbTable*>(cpu->tlb);
  std::fill_n(&tables[0].entries[0], size_t{kMmuIndexes} << kTlbBits, TlbEntry{});
}

extern "C" bool xarch_soft_load(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, uint64_t* value) {
  const ir::MemDesc d = ir::MemDesc::unpack(desc);
  Split split;
  if (!prepare(cpu, vaddr, d, false, &split)) return false;
  alignas(32) uint8_t bytes[32] = {};
  const Part& p = split.part[0];
  const bool big = d.big != p.swap();
  if (split.n != 1 || p.device() || !copy_whole(bytes, p.host(), p.host(), d.bytes())) {
    if (!transfer(cpu, split, d, big, bytes)) return false;
  }
  if (big) swap_elements(bytes, d.bytes(), 1u << d.elem);
  memcpy(value, bytes, std::max(8u, d.bytes()));
  if (d.sign && d.bytes() < 8) {
    const unsigned shift = 64 - 8 * d.bytes();
    *value = static_cast<uint64_t>(static_cast<int64_t>(*value << shift) >> shift);
  }
  return true;
}

extern "C" bool xarch_soft_store(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, const uint64_t* value) {
  const ir::MemDesc d = ir::MemDesc::unpack(desc);
  Split split;
  if (!prepare(cpu, vaddr, d, true, &split)) return false;
  alignas(32) uint8_t bytes[32];
  memcpy(bytes, value, std::max(8u, d.bytes()));
  const Part& p = split.part[0];
  const bool big = d.big != p.swap();
  if (big) swap_elements(bytes, d.bytes(), 1u << d.elem);
  if (split.n == 1 && !p.device() && copy_whole(p.host(), bytes, p.host(), d.bytes())) return true;
  return transfer(cpu, split, d, big, bytes);
}

extern "C" void* xarch_soft_atomic(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool* swap) {
  const ir::MemDesc d = ir::MemDesc::unpack(desc);
  Split split;
  if (!prepare(cpu, vaddr, d, true, &split)) return nullptr;
  if (split.n != 1 || split.part[0].device()) {
    refuse(cpu, vaddr, d.bytes(), true, SIGBUS, BUS_ADRERR, 0);
    return nullptr;
  }
  *swap = split.part[0].swap();
  return split.part[0].host();
}

extern "C" bool xarch_soft_probe(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool write) {
  const ir::MemDesc d = ir::MemDesc::unpack(desc);
  Split split;
  return prepare(cpu, vaddr, d, write, &split);
}

}  // namespace xarch::tcg
