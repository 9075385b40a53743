// Engine: translates and runs guest code for the vCPUs of one process or machine.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tcg/runtime/cpu.h"
#include "tcg/runtime/guest.h"
#include "tcg/runtime/memory.h"
#include "tcg/support/result.h"

namespace xarch::tcg {

class CodeListener;  // tcg/runtime/code_listener.h
class SoftMmu;       // tcg/runtime/soft_mmu.h

enum class BackendKind : uint8_t { kInterp, kX86_64 };

struct EngineOptions {
  BackendKind backend = BackendKind::kX86_64;
  uint64_t guest_base = 0;  // flat policy
  uint64_t jit_cache_bytes =
      256ull << 20;  // emitted code plus records; a generation is dropped when it is full
  LiftLimits limits;
  // Much code of a short run is executed once: what is come to for the first time is interpreted, and
  // translated the second time, until the run turns out not to be short. Not with the backend kInterp, nor
  // under the soft-TLB policy, nor while somebody is told of translations (listener, --trace).
  bool interpret_first = false;
  CodeListener* listener = nullptr;  // hears of translations; must outlive the engine
  bool stats = false;                // measure translate_ns, count exits and faults
};

// A guest access that the host's MMU, an alignment rule or the soft TLB refused.
struct FaultInfo {
  uint64_t addr = 0;  // guest address, exact even where the host reports none (non-canonical addresses)
  uint32_t size = 0;  // bytes of the access, 0 if unknown
  bool write = false;
  bool fetch = false;
  int signo = 0;  // host signal: SIGSEGV, SIGBUS, SIGFPE, SIGILL
  int code = 0;   // its si_code; 128 (SI_KERNEL) for non-canonical addresses; BUS_ADRALN for alignment rules
  uint32_t mmu_code = 0;  // soft TLB: the number SoftMmu::fill gave for the refusal
};

// One guest processor. Made by Engine::new_vcpu; used by one host thread at a time, but for kick().
class Vcpu {
 public:
  virtual ~Vcpu() = default;
  // The target's state struct, StateLayout::state_bytes long and zeroed at first. Exact whenever Engine::run
  // returned.
  void* state() const { return header_; }
  CpuHeader& header() const { return *header_; }
  const FaultInfo& fault() const { return fault_; }
  // Makes run() return Exit::kEvent soon (at the next poll, or at once if not in emitted code). Any thread,
  // async-signal-safe. The event stays pending until clear_kick().
  void kick() { header_->event.fetch_or(kEventKick, std::memory_order_seq_cst); }
  void clear_kick() { header_->event.fetch_and(~uint32_t{kEventKick}, std::memory_order_seq_cst); }

 protected:
  friend class Engine;
  CpuHeader* header_ = nullptr;
  FaultInfo fault_;
};

struct EngineStats {
  uint64_t regions = 0;
  uint64_t guest_insns = 0;  // translated
  uint64_t guest_bytes = 0;
  uint64_t code_bytes = 0;    // emitted host code
  uint64_t record_bytes = 0;  // cells, block records, recovery records, lookup structures
  uint64_t translate_ns = 0;
  uint64_t first_visits = 0;  // regions that were interpreted because they were new
  uint64_t first_insns = 0;   // guest instructions in them
  uint64_t lookups = 0;       // returns of emitted code to the run loop for a target
  uint64_t invalidated = 0;
  uint64_t generations = 0;
  uint64_t code_write_faults = 0;
  uint64_t fp_by_calls = 0;  // regions whose floating-point operations have trapped too often
  // With EngineOptions::stats:
  uint64_t exits[static_cast<size_t>(Exit::kFetch) + 1] = {};  // by reason
  uint64_t first_ns = 0;                                       // spent in first visits
  uint64_t guest_faults = 0;                                   // accesses of the guest that were refused
  uint64_t fp_traps = 0;                                       // floating-point operations that trapped
};

class Engine {
 public:
  // guest and memory must outlive the engine.
  static Result<std::unique_ptr<Engine>> create(const Guest& guest, FlatMemory& memory,
                                                const EngineOptions& options);
  // Soft-TLB policy. Code is read through `mmu`; a block that is entered sees to it that its pages show the
  // RAM it was made from.
  static Result<std::unique_ptr<Engine>> create(const Guest& guest, SoftMmu& mmu,
                                                const EngineOptions& options);
  virtual ~Engine() = default;

  virtual std::unique_ptr<Vcpu> new_vcpu() = 0;

  // Runs guest code from the state's pc until there is something for the caller to do. Never Exit::kNone or
  // kLookup.
  virtual Exit run(Vcpu& vcpu) = 0;

  // ---- host faults, called in a signal handler (SIGSEGV, SIGBUS, SIGFPE, SIGILL) on the thread that runs
  // `vcpu` (null if none does).
  enum class FaultVerdict : uint8_t {
    kNotOurs,  // the pc is not in emitted code nor in a guarded copy: a bug of xarch's, or somebody's raise()
    kResume,   // dealt with (code page made writable, access completed): return from the handler
    kLeave,    // the context was changed so that run() returns Exit::kFault: return from the handler
  };
  virtual FaultVerdict handle_fault(Vcpu* vcpu, int signo, const siginfo_t* info, ucontext_t* context) = 0;
  // Is this host pc in emitted code? Async-signal-safe.
  virtual bool in_code(uintptr_t host_pc) const = 0;

  // ---- changed code. Addresses are the guest's; [start, start + bytes). Under the soft-TLB policy they are
  // those of RAM in host memory; guest stores and changed mappings are noticed there without a call, and who
  // writes to RAM by other ways calls before_host_write before and after it.
  // Guest memory there changes its mapping or protection, or its contents by other ways than guest stores:
  // drops the translations (those of other mappings of the same backing too). Returns when no vCPU can enter
  // them any more; with `wait`, when none executes them.
  virtual void invalidate(uint64_t start, uint64_t bytes, bool wait) = 0;
  // The kernel, or xarch on its behalf, is about to write there: makes protected pages writable and drops
  // what was translated from them. Cheap if nothing was.
  virtual void before_host_write(uint64_t start, uint64_t bytes) = 0;
  // Memory was newly mapped there (for tracking by backing).
  virtual void mapped(uint64_t start, uint64_t bytes) = 0;
  // Everything goes: exec, or a test.
  virtual void flush() = 0;

  // ---- exclusive section: runs fn while no vCPU of the engine is in emitted code. self: the caller's vCPU,
  // or null. Callable from helpers and from the run loop's caller; nested calls run fn at once.
  virtual void exclusive(Vcpu* self, const std::function<void()>& fn) = 0;
  // The thread of this vCPU is about to block in the kernel, or to do long work outside of emitted code, or
  // is back: exclusive sections don't wait for it in between, and it pins no epoch. run() does both by
  // itself.
  virtual void park(Vcpu& vcpu) = 0;
  virtual void unpark(Vcpu& vcpu) = 0;

  // The run() of this vCPU that another task of this thread's memory was in (a vfork child) will not go on:
  // the task is gone.
  virtual void abandon_run(Vcpu& vcpu) = 0;

  // ---- fork: the first in the parent before it, the others after it. In the child only `self` survives.
  virtual void before_fork(Vcpu& self) = 0;
  virtual void after_fork_parent(Vcpu& self) = 0;
  virtual void after_fork_child(Vcpu& self) = 0;

  virtual EngineStats stats() const = 0;
  // Name of the host pc's block and guest pc for diagnostics; empty if unknown.
  virtual std::string describe(uintptr_t host_pc) const = 0;
};

// A blocking host system call that an event cannot slip past: enters the kernel only if CpuHeader::event is
// zero at the last instruction before it; a signal handler that interrupts between check and entry must call
// syscall_window_fixup, after having set the event. Returns the kernel's result (-errno), or kNotEntered
// if the kernel was not entered.
inline constexpr long kNotEntered = -512;
extern "C" long xarch_safe_syscall(const std::atomic<uint32_t>* event, long number, long a, long b, long c,
                                   long d, long e, long f);
// In a signal handler: if the interrupted pc lies in the window, moves it so that the call returns
// kNotEntered.
void syscall_window_fixup(ucontext_t* context);

}  // namespace xarch::tcg
