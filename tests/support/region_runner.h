// Runs a region once with the interpreter or as emitted code, over the flat policy, faults included; for
// comparing the two. One runner at a time in a process: it owns the handlers of SIGSEGV, SIGBUS, SIGILL and
// SIGFPE.
#pragma once

#include <cstdint>
#include <memory>

#include "tcg/backend/interp/interp.h"
#include "tests/support/code_arena.h"

namespace xarch::testing {

struct Outcome {
  tcg::Exit reason = tcg::Exit::kNone;  // kLink counts as kLookup
  uint32_t restore = 0;                 // kFault
  uint64_t fault_addr = 0;              // kFault: guest address, and the rest of the access
  uint32_t fault_size = 0;
  bool fault_write = false;
  bool misaligned = false;
  bool compiled = true;  // false: the backend refused (CompileResult::kUnsupported)
};

// What the runner's floating-point ops keep to: Arm's rules, but underflow is found as the host does.
inline constexpr fpu::Rules kRunnerFpRules = {.tiny_after_rounding = true};

class RegionRunner {
 public:
  // baseline: emits for x86-64-v2 hosts, else with all that this host has.
  RegionRunner(const ir::StateLayout& layout, uint64_t guest_base = 0, bool baseline = false,
               const fpu::Rules& rules = kRunnerFpRules);
  // The soft-TLB policy: the interpreter goes through `memory`, emitted code through `calls`. Of a fault that
  // these report themselves the outcome has nothing but the reason, and the restore word if interpreted.
  RegionRunner(const ir::StateLayout& layout, tcg::InterpMemory& memory, const tcg::SoftTlbCalls& calls);
  ~RegionRunner();

  Outcome interpret(const ir::Region& region, tcg::CpuHeader* state);
  // Emits and runs the region; every direct exit leaves.
  Outcome emit_and_run(const ir::Region& region, tcg::CpuHeader* state);

  // In a function that emitted code calls: the restore word of the guest instruction.
  uint32_t restore_of_call() const;

  // Floating-point ops that were completed by the handler, since the runner was made.
  uint64_t fp_traps() const { return fp_traps_; }
  uint32_t code_bytes() const { return code_bytes_; }
  const uint8_t* code() const { return arena_.code; }

 private:
  void take_signals();
  static void handler(int signo, siginfo_t* info, void* context);
  void on_fault(int signo, const siginfo_t* info, ucontext_t* context);

  std::unique_ptr<tcg::Backend> backend_;
  CodeArena arena_;
  tcg::FlatInterpMemory flat_;
  tcg::Interpreter interp_;
  const ir::StateLayout& layout_;
  uint64_t guest_base_;
  const ir::Region* region_ = nullptr;
  tcg::CpuHeader* state_ = nullptr;
  bool interpreting_ = false;
  uint32_t code_bytes_ = 0;
  uint64_t fp_traps_ = 0;
  Outcome outcome_;
};

}  // namespace xarch::testing
