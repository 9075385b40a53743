#include "tcg/backend/interp/host_access.h"
#include "tcg/backend/interp/memory.h"
#include "tcg/runtime/soft_mmu.h"

namespace xarch::tcg {

using ir::MemDesc;

bool SoftInterpMemory::load(CpuHeader* cpu, uint64_t vaddr, MemDesc d, uint64_t* value) {
  d.sign = false;  // the interpreter extends to the result's type
  return xarch_soft_load(cpu, vaddr, d.pack(), value);
}

bool SoftInterpMemory::store(CpuHeader* cpu, uint64_t vaddr, MemDesc d, const uint64_t* value) {
  if (!xarch_soft_store(cpu, vaddr, d.pack(), value)) return false;
  if (d.order == ir::Order::kSeqCst) __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return true;
}

bool SoftInterpMemory::cas(CpuHeader* cpu, uint64_t vaddr, MemDesc d, const uint64_t* expected,
                           const uint64_t* desired, uint64_t* old) {
  bool swap = false;
  void* const p = xarch_soft_atomic(cpu, vaddr, d.pack(), &swap);
  if (p == nullptr) return false;
  host_cas_ordered(p, d, d.big != swap, expected, desired, old);
  return true;
}

bool SoftInterpMemory::rmw(CpuHeader* cpu, uint64_t vaddr, MemDesc d, ir::RmwOp op, uint64_t value,
                           uint64_t* old) {
  bool swap = false;
  void* const p = xarch_soft_atomic(cpu, vaddr, d.pack(), &swap);
  if (p == nullptr) return false;
  *old = host_rmw(p, d, d.big != swap, op, value);
  return true;
}

bool SoftInterpMemory::probe(CpuHeader* cpu, uint64_t vaddr, MemDesc d, ir::ProbeKind kind) {
  return xarch_soft_probe(cpu, vaddr, d.pack(), kind != ir::ProbeKind::kLoad);
}

}  // namespace xarch::tcg
