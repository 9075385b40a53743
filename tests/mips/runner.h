// Runs guest code of a few words through the lifter and the interpreter or tier 1, without an engine.
#pragma once

#include <functional>
#include <map>

#include "targets/mips/core/guest.h"
#include "tcg/backend/interp/interp.h"
#include "tests/support/region_runner.h"

namespace xarch::mips {

// Guest memory of a test: pages of 4 KB, mapped where the test says, in one reserved range of 4 GB plus a
// guard.
class TestMemory final : public tcg::InterpMemory, public tcg::CodeReader {
 public:
  TestMemory();
  ~TestMemory() override;
  void map(uint32_t page, uint32_t bytes);
  uint64_t base() const { return base_; }
  void put32(uint32_t at, uint32_t v);  // big-endian
  uint32_t get32(uint32_t at) const;
  void put8(uint32_t at, uint8_t v);
  uint8_t get8(uint32_t at) const;

  bool fetch(uint64_t pc, void* out, unsigned bytes) override;
  bool load(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, uint64_t* value) override;
  bool store(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, const uint64_t* value) override;
  bool cas(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, const uint64_t* expected, const uint64_t* desired,
           uint64_t* old) override;
  bool rmw(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, ir::RmwOp op, uint64_t value,
           uint64_t* old) override;
  bool probe(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, ir::ProbeKind kind) override;

 private:
  bool mapped(uint64_t at, unsigned bytes) const;
  uint64_t base_;
  std::map<uint32_t, bool> pages_;
  tcg::FlatInterpMemory flat_;
};

// What ended a run.
struct Stop {
  tcg::Exit reason;
  uint32_t code = 0;    // of a raise
  bool aligned = true;  // false: a fault by an alignment rule
};

class Runner {
 public:
  // tier1: runs emitted code by it; null: interprets.
  explicit Runner(TestMemory& memory, const MipsOptions& options = {},
                  testing::RegionRunner* tier1 = nullptr);
  State& state() { return state_; }
  const MipsGuest& guest() const { return guest_; }
  // From the state's pc until it equals `end`, or something else happens. insn_limit: as the key's; 0: none.
  // before: called with the state before each region.
  Stop run(uint32_t end, unsigned insn_limit, const std::function<void(const State&)>& before = {});

  ir::Region region;  // the last one

 private:
  tcg::Exit execute(uint32_t* restore, bool* aligned);

  MipsGuest guest_;
  TestMemory& memory_;
  tcg::Interpreter interpreter_;
  testing::RegionRunner* tier1_;
  State state_ = {};
};

}  // namespace xarch::mips
