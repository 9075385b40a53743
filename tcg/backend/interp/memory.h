// How the interpreter reaches guest memory: an interface, and its forms for both memory policies.
#pragma once

#include <cstdint>

#include "tcg/ir/types.h"
#include "tcg/runtime/cpu.h"

namespace xarch::tcg {

// One guest access at a time. vaddr has gone through the address transform and the alignment rule holds
// already. Values are in the guest's numeric sense (byte order per element is the memory's business),
// little-endian words, as many as the access has bytes for. All return false if the guest faults; no guest
// byte has changed then.
class InterpMemory {
 public:
  virtual ~InterpMemory() = default;

  // *value: zero-extended to a whole number of words; MemDesc::sign is the caller's business.
  virtual bool load(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, uint64_t* value) = 0;
  virtual bool store(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* value) = 0;
  // Atomically: *old := what is there; if it equals `expected`, stores `desired`. Up to 16 bytes; words above
  // the access's width are ignored, in *old zero.
  virtual bool cas(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* expected,
                   const uint64_t* desired, uint64_t* old) = 0;
  // Atomically: *old := what is there, zero-extended; stores `op` of that and `value`. Up to 8 bytes.
  virtual bool rmw(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::RmwOp op, uint64_t value,
                   uint64_t* old) = 0;
  // Would what the kind stands for fault?
  virtual bool probe(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::ProbeKind kind) = 0;
};

// Policy `flat`: host address = vaddr + CpuHeader::guest_base. Faults arrive as host signals in the middle of
// a function of this class, which never returns false: the handler asks Interpreter::fault_site and leaves by
// siglongjmp over the interpreter, which holds nothing that needs a destructor.
class FlatInterpMemory final : public InterpMemory {
 public:
  bool load(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, uint64_t* value) override;
  bool store(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* value) override;
  bool cas(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* expected, const uint64_t* desired,
           uint64_t* old) override;
  bool rmw(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::RmwOp op, uint64_t value,
           uint64_t* old) override;
  bool probe(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::ProbeKind kind) override;
};

// Policy `soft-TLB`: through xarch_soft_* of tcg/runtime/soft_mmu.h, which fill Vcpu::fault() when they
// refuse. Users link the runtime.
class SoftInterpMemory final : public InterpMemory {
 public:
  bool load(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, uint64_t* value) override;
  bool store(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* value) override;
  bool cas(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* expected, const uint64_t* desired,
           uint64_t* old) override;
  bool rmw(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::RmwOp op, uint64_t value,
           uint64_t* old) override;
  bool probe(CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::ProbeKind kind) override;
};

}  // namespace xarch::tcg
