// The interpreter: executes regions as they are. The oracle of the other backends, and the executor where
// there is no emitter.
#pragma once

#include <cstdint>
#include <vector>

#include "tcg/backend/backend.h"
#include "tcg/backend/interp/memory.h"
#include "tcg/backend/interp/value.h"
#include "tcg/fpu/env.h"
#include "tcg/ir/region.h"
#include "tcg/runtime/cpu.h"
#include "tcg/runtime/engine.h"

namespace xarch::tcg {

struct InterpResult {
  Exit reason = Exit::kNone;  // kLookup kSyscall kRaise kHalt kEvent kFault, or what a helper asked for
  // For kFault (a helper may ask for that too): the instruction's restore word, for Guest::restore_state, and
  // the access. An alignment rule gives SIGBUS, BUS_ADRALN; with signo 0 the memory has refused
  // (SoftInterpMemory: the details are in Vcpu::fault()).
  uint32_t restore = 0;
  FaultInfo fault;
};

// One per host thread (or per vCPU); not reentrant.
class Interpreter {
 public:
  // rules: the guest's, of floating point (Guest::fp_rules).
  explicit Interpreter(InterpMemory& memory, const fpu::Rules& rules = fpu::kArmRules)
      : memory_(memory), rules_(rules) {}

  // Runs from the region's entry until it leaves the region. `state` begins with a CpuHeader, every slot
  // stands in it at any time. On return its exit_* fields say the same as the result; pc is the target's for
  // kLookup (exit_mode: the mode to go on with) and for kEvent on an exit, the faulting instruction's for
  // kFault, and what the op says else. Loops inside a region end at a Poll only.
  InterpResult run(const ir::Region& region, void* state);

  // For a host signal handler on the thread that is in run(): true if a guest access is being made (or a
  // helper runs, with *in_helper true), and which. Every slot but pc is exact then, pc = key.pc +
  // site->pc_offset. With `region` its key, for a retry with other key flags. Async-signal-safe. The handler
  // leaves by siglongjmp, and calls abandon().
  bool fault_site(FaultSite* site, bool* in_helper, const ir::Region** region) const;
  // run() was left by siglongjmp.
  void abandon() { phase_ = kIdle; }
  // Is run() under way?
  bool busy() const { return phase_ != kIdle; }
  // The region whose own guest access is being made, or null.
  const ir::Region* accessing() const { return phase_ == kAccess ? region_ : nullptr; }

 private:
  enum Phase : uint32_t { kIdle, kRunning, kAccess, kHelper };

  const IrValue& arg(const ir::Inst& inst, unsigned n) const { return values_[inst.args[n]]; }
  ir::Type arg_type(const ir::Inst& inst, unsigned n) const { return region_->insts[inst.args[n]].type; }
  void* element_address(const ir::Inst& inst, const ir::Slot& slot) const;
  void set_pc(int64_t offset);
  void execute_state(const ir::Inst& inst, IrValue* out);
  void execute_int(const ir::Inst& inst, IrValue* out);
  void execute_convert(const ir::Inst& inst, IrValue* out);
  void execute_flags(const ir::Inst& inst, IrValue* out);
  bool execute_memory(const ir::Inst& inst, IrValue* out);
  void execute_fp(const ir::Inst& inst, IrValue* out);
  bool execute_f80_memory(const ir::Inst& inst, IrValue* out);
  void begin_access(const ir::Inst& inst, bool write);
  void execute_f80(const ir::Inst& inst, IrValue* out);
  bool execute_call(const ir::Inst& inst, IrValue* out);
  Exit execute_exit(const ir::Inst& inst);
  Exit leave(Exit reason, uint32_t code, uint64_t value);
  uint64_t address(const ir::Inst& inst) const;
  InterpResult fault();

  InterpMemory& memory_;
  const fpu::Rules& rules_;
  std::vector<IrValue> values_;
  std::vector<IrValue> temps_;
  CpuHeader* cpu_ = nullptr;
  const ir::Region* volatile region_ = nullptr;
  FaultInfo fault_;
  // What a signal handler reads: the last Insn (an index into Region::insts) and the access at hand.
  volatile uint32_t phase_ = kIdle;
  volatile uint32_t insn_ = 0;
  volatile uint64_t access_addr_ = 0;
  volatile uint32_t access_bytes_ = 0;
  volatile bool access_write_ = false;
};

}  // namespace xarch::tcg
