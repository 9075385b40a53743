// Interpreter memory that is one buffer: every access outside of it is refused, so that no host signal is
// needed.
#pragma once

#include <cstdint>

#include "tcg/backend/interp/memory.h"

namespace xarch::test {

// Guest addresses [start, start + bytes) are at host; the state's guest_base must be set to guest_base().
class BoundedMemory final : public tcg::InterpMemory {
 public:
  BoundedMemory(uint64_t start, uint8_t* host, uint32_t bytes) : start_(start), host_(host), bytes_(bytes) {}
  uint64_t guest_base() const { return reinterpret_cast<uint64_t>(host_) - start_; }

  bool load(tcg::CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, uint64_t* value) override {
    return inside(vaddr, d) && flat_.load(cpu, vaddr, d, value);
  }
  bool store(tcg::CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* value) override {
    return inside(vaddr, d) && flat_.store(cpu, vaddr, d, value);
  }
  bool cas(tcg::CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, const uint64_t* expected,
           const uint64_t* desired, uint64_t* old) override {
    return inside(vaddr, d) && flat_.cas(cpu, vaddr, d, expected, desired, old);
  }
  bool rmw(tcg::CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::RmwOp op, uint64_t value,
           uint64_t* old) override {
    return inside(vaddr, d) && flat_.rmw(cpu, vaddr, d, op, value, old);
  }
  bool probe(tcg::CpuHeader* cpu, uint64_t vaddr, ir::MemDesc d, ir::ProbeKind kind) override {
    return inside(vaddr, d) && flat_.probe(cpu, vaddr, d, kind);
  }

 private:
  bool inside(uint64_t vaddr, ir::MemDesc d) const {
    return vaddr - start_ < bytes_ && vaddr - start_ + d.bytes() <= bytes_;
  }

  tcg::FlatInterpMemory flat_;
  uint64_t start_;
  uint8_t* host_;
  uint32_t bytes_;
};

}  // namespace xarch::test
