// The engine's insides: engine.cc is the run loop, translate.cc makes translations, changes.cc answers for
// changed code, fault.cc for host faults.
#pragma once

#include <atomic>
#include <csetjmp>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tcg/backend/backend.h"
#include "tcg/backend/interp/interp.h"
#include "tcg/ir/region.h"
#include "tcg/opt/passes.h"
#include "tcg/runtime/engine.h"
#include "tcg/runtime/generation.h"
#include "tcg/runtime/page_tracker.h"
#include "tcg/runtime/quiesce.h"
#include "tcg/runtime/soft_mmu.h"
#include "tcg/runtime/visited.h"

namespace xarch::tcg {

class EngineImpl;

class VcpuImpl final : public Vcpu {
 public:
  VcpuImpl(EngineImpl& engine, void* state);
  ~VcpuImpl() override;

  EngineImpl& engine;
  VcpuSync sync;
  // Execute one instruction by itself before going on: a store changed the block it stands in.
  bool step_once = false;
  // The cached jump table of (generation, mode).
  uint64_t table_generation = 0;
  uint32_t table_mode = 0;
  JumpTable* table = nullptr;
  // The region that step_once made, and what the interpreter keeps.
  ir::Region step_region;
  // The region that this vCPU is the first to visit.
  ir::Region first_region;
  // A region that emitted code left to the interpreter, to be run before anything else.
  const ir::Region* interpret_next = nullptr;
  Interpreter interp;
  jmp_buf interp_fault;  // where a fault in the interpreter goes
  // Faults that looked like races with another thread, in a row at one place.
  uintptr_t retry_pc = 0;
  unsigned retries = 0;
  // Emitted code called a cold function of the soft TLB: the instruction can be left without harm.
  bool in_cold_call = false;
  FaultInfo& fault_info() { return fault_; }

  // Notes that the floating-point operation there has trapped; true if that has become too often.
  bool count_fp_trap(const uint8_t* host_pc) {
    FpTraps& t = fp_traps_[reinterpret_cast<uintptr_t>(host_pc) % kFpCounters];
    if (t.host_pc != host_pc) t = {host_pc, 0};
    return ++t.times == kMaxFpTraps;
  }

 private:
  // One trap takes as long as some twenty calls.
  static constexpr unsigned kMaxFpTraps = 64, kFpCounters = 61;
  struct FpTraps {
    const uint8_t* host_pc = nullptr;
    unsigned times = 0;
  };
  FpTraps fp_traps_[kFpCounters];
};

// What a block makes sure of at its entry: under the soft-TLB policy that its pages show the same RAM, and if
// a page has kKeyCheckCode that its bytes are the same.
struct CodeCheck {
  EngineImpl* engine;
  Cell* cell;
  uint64_t pc;
  uint32_t mode;
  uint32_t block = 0;  // index of its record
  struct Piece {
    uint64_t start;
    uint32_t bytes;
    uint32_t offset;  // in data
  };
  std::vector<Piece> pieces;
  std::vector<uint8_t> data;
  struct Page {
    uint64_t vaddr;
    uint64_t host;
  };
  std::vector<Page> pages;
};

// What belongs to a generation besides its own memory.
struct CacheState {
  std::unique_ptr<Generation> generation;
  std::vector<std::unique_ptr<CodeCheck>> checks;
  // Soft-TLB policy: the translations of each cell, made from different pages of RAM. By index of the cell.
  std::unordered_multimap<uint32_t, const CodeCheck*> variants;
  std::vector<std::unique_ptr<ir::Region>> regions;  // what is interpreted
  uint64_t retired_at = 0;                           // epoch that all vCPUs must have passed
};

// Guest code behind a SoftMmu. What the page tracker protects are pages of RAM, by their address in host
// memory.
class SoftCodeMemory final : public FlatMemory {
 public:
  explicit SoftCodeMemory(SoftMmu& mmu) : mmu_(mmu) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override;
  // The RAM that the page of vaddr shows the present vCPU as code; 0: none.
  uint64_t code_page(uint64_t vaddr);
  bool backing(uint64_t page, Backing* out) override;
  void set_code_page(uint64_t page, bool write_protected) override;
  bool guest_writable(uint64_t) override { return true; }

 private:
  const TlbEntry* code_entry(uint64_t vaddr);
  SoftMmu& mmu_;
};

// Reads guest code for the lifter: pages are protected before their bytes are read, bytes may be remembered.
// Protecting a page of RAM (soft: not null) needs an exclusive section: those that lack it are only listed.
class TrackingReader final : public CodeReader {
 public:
  TrackingReader(const TranslationLock& lock, FlatMemory& memory, SoftCodeMemory* soft, PageTracker& tracker)
      : lock_(lock), memory_(memory), soft_(soft), tracker_(tracker) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override;

  uint32_t key_flags = 0;    // that pages seen so far ask for
  bool failed = false;       // some fetch failed …
  uint64_t failed_addr = 0;  // … the last one here
  CodeCheck* log = nullptr;  // remembers what was read, if set
  std::vector<CodeCheck::Page> pages;
  std::vector<uint64_t> unprotected;

 private:
  void track(uint64_t page);

  const TranslationLock& lock_;
  FlatMemory& memory_;
  SoftCodeMemory* soft_;
  PageTracker& tracker_;
  bool fill_window(uint64_t pc);
  bool fetch_ahead(uint64_t pc, void* out, unsigned bytes);

  uint64_t last_page_ = ~uint64_t{0};
  // Bytes of the page that were read ahead (after its protection), for fetches of up to so many.
  static constexpr unsigned kShort = 16;
  uint64_t window_start_ = 0;
  uint32_t window_bytes_ = 0;
  uint8_t window_[128];
};

class EngineImpl final : public Engine {
 public:
  EngineImpl(const Guest& guest, FlatMemory& memory, const EngineOptions& options);
  EngineImpl(const Guest& guest, std::unique_ptr<SoftCodeMemory> memory, SoftMmu& mmu,
             const EngineOptions& options);
  ~EngineImpl() override;
  Result<void> init();
  InterpMemory& interp_memory() {
    return mmu_ == nullptr ? static_cast<InterpMemory&>(flat_interp_) : soft_interp_;
  }

  std::unique_ptr<Vcpu> new_vcpu() override;
  Exit run(Vcpu& vcpu) override;
  FaultVerdict handle_fault(Vcpu* vcpu, int signo, const siginfo_t* info, ucontext_t* context) override;
  bool in_code(uintptr_t host_pc) const override;
  void invalidate(uint64_t start, uint64_t bytes, bool wait) override;
  void before_host_write(uint64_t start, uint64_t bytes) override;
  void mapped(uint64_t start, uint64_t bytes) override;
  void flush() override;
  void exclusive(Vcpu* self, const std::function<void()>& fn) override;
  void park(Vcpu& vcpu) override;
  void unpark(Vcpu& vcpu) override;
  void abandon_run(Vcpu& vcpu) override;
  void before_fork(Vcpu& self) override;
  void after_fork_parent(Vcpu& self) override;
  void after_fork_child(Vcpu& self) override;
  EngineStats stats() const override;
  std::string describe(uintptr_t host_pc) const override;

  const Guest& guest() const { return guest_; }
  SoftMmu* mmu() const { return mmu_; }
  VcpuRegistry& registry() { return registry_; }
  // Compares the bytes a checked block was made from; on a difference drops the block. Called by the block
  // itself.
  bool check_code(const CodeCheck& check);
  bool check_code_here(const CodeCheck& check);
  // Puts a filled entry into the present vCPU's table, so that stores to translated code take the cold path.
  void set_tlb_entry(TlbEntry* to, const TlbEntry& filled);
  // A store to a page with kTlbCode is about to happen: drops what was translated from there. False: the
  // store's own block is among that; the instruction will be executed by itself, exit_* are set to leave.
  bool soft_code_write(VcpuImpl& v, uint64_t vaddr, unsigned mmu_index);
  // In a cold call of emitted code: sets exit_* and the state so that the present instruction is executed by
  // itself.
  void leave_to_step(VcpuImpl& v);
  // A guest access has been refused: if emitted code has called for it, puts right what depends on the place
  // of the instruction (the interpreter does so by itself).
  void restore_in_call(VcpuImpl& v) const;

 private:
  friend class VcpuImpl;
  friend class EngineCodeSpace;
  struct Made {
    enum Status : uint8_t { kOk, kFull, kFetchFault, kProtect } status = kOk;
    Cell* cell = nullptr;
  };

  // engine.cc
  Exit run_inside(VcpuImpl& v);
  Cell* find_or_translate(VcpuImpl& v, uint64_t pc, uint32_t mode, Exit* leave_with);
  bool make_translation(VcpuImpl& v, uint64_t pc, uint32_t mode, Made* made);
  void execute(VcpuImpl& v, Generation& g, Cell* cell);
  void interpret(VcpuImpl& v, const ir::Region& region);
  void interpret_here(VcpuImpl& v, const ir::Region& region);
  Generation* generation_of(const Cell* cell) const;
  void use_jump_table(VcpuImpl& v, Generation& g, uint32_t mode);
  void step(VcpuImpl& v, uint32_t mode);
  bool interpret_first(VcpuImpl& v, uint32_t mode);
  Exit finish(VcpuImpl& v, Exit exit);
  uint64_t& pc_of(VcpuImpl& v) const;

  // translate.cc
  Made translate(const TranslationLock& lock, uint64_t pc, uint32_t mode);
  // Lifts the key until the flags its pages ask for are known.
  std::unique_ptr<CodeCheck> lift(const TranslationLock& lock, Cell* cell, unsigned max_insns,
                                  bool* fetch_fault);
  Made compile(const TranslationLock& lock, Cell* cell, std::unique_ptr<CodeCheck> check, bool* too_long);
  // The place's region in v.first_region. False if nothing can be said of it without a translation.
  bool lift_first(VcpuImpl& v, uint32_t mode);
  // trace.cc
  static bool traces_translations();
  void trace_lifted();
  void trace_compiled(const BlockRecord& block, uint32_t code_bytes);
  void trace_entry(VcpuImpl& v, const Cell& cell) const;

  // soft_code.cc
  // Does the present vCPU see the pages that the block was made from?
  bool same_pages(const CodeCheck& check) const;
  // Gives the cell back a translation that it had, if one was made from the pages seen now.
  bool relink_variant(const TranslationLock& lock, CacheState& slot, Cell* cell);
  void protect_unprotected(std::vector<uint64_t> pages);
  bool own_block_dropped(VcpuImpl& v) const;

  const ir::Region* keep_region(CacheState& slot);
  CompileResult compile_interpreted(CacheState& slot, CodeSpace& space);
  // Starts the next generation. False if the one before the present is still in use: *wait_for is the epoch
  // to wait for without the lock.
  bool next_generation(const TranslationLock& lock, uint64_t* wait_for);
  Result<void> start_generation(CacheState& slot);

  // changes.cc
  unsigned drop(uint64_t start, uint64_t bytes, PageTracker::Why why);
  void wait_for_stragglers();
  VcpuImpl* self_inside() const;

  // fault.cc
  struct Site {
    FaultSite fault;
    uint64_t pc = 0;
    bool in_helper = false;
    BlockRecord* block = nullptr;  // null: the interpreter runs `region`
    Generation* generation = nullptr;
    const ir::Region* region = nullptr;
    bool in_interp = false;
  };
  bool locate(VcpuImpl& v, const ucontext_t& context, Site* site);
  uint32_t restore_of_call(const CpuHeader& h) const;
  bool complete_fp(VcpuImpl& v, ucontext_t* context);
  void avoid_fp_traps(Generation& g, BlockRecord* block);
  bool code_write(VcpuImpl& v, uintptr_t host_pc, uint64_t addr);
  bool code_write_here(VcpuImpl& v, uintptr_t host_pc, uint64_t addr);
  bool retry_with_masked_tags(const Site& site, uint64_t addr);
  FaultVerdict leave(VcpuImpl& v, const Site& site, ucontext_t* context, Exit reason);

  const Guest& guest_;
  std::unique_ptr<SoftCodeMemory> soft_memory_;  // null under the flat policy
  FlatMemory& memory_;
  FlatInterpMemory flat_interp_;
  SoftInterpMemory soft_interp_;
  SoftMmu* mmu_;
  EngineOptions options_;
  std::unique_ptr<Backend> backend_;  // null: the interpreter runs the regions
  uint32_t pc_offset_;                // of the pc slot in the state

  // Lock order: exclusive section, translation lock, memory-map lock (FlatMemory's own), list of vCPUs.
  // Nobody waits for an epoch with the translation lock held.
  FutexMutex translation_mutex_;
  VcpuRegistry registry_;
  PageTracker tracker_;
  std::unique_ptr<VisitedSet> visited_;  // null: nothing is interpreted for being new
  CacheState slots_[2];
  unsigned current_slot_ = 0;
  // What slots_ hold, for readers without a lock: [0] is where translations go.
  std::atomic<Generation*> current_{nullptr};
  std::atomic<Generation*> retired_{nullptr};
  uint64_t next_id_ = 1;
  opt::Workspace passes_;
  std::vector<uint8_t> recovery_buffer_;
  ir::Region region_;                                    // scratch of translate
  std::set<std::pair<uint64_t, uint32_t>> fp_by_calls_;  // (pc, mode) of regions with Region::fp_by_calls
  uint64_t fetch_fault_addr_ = 0;
  std::vector<uint64_t> unprotected_;  // pages that the last lift() found so
  // Counted if options_.stats says so.
  std::atomic<uint64_t> exits_[static_cast<size_t>(Exit::kFetch) + 1] = {};
  std::atomic<uint64_t> guest_faults_{0}, fp_traps_{0}, first_ns_{0};
  // Counted always.
  std::atomic<uint64_t> first_visits_{0}, first_insns_{0};
  std::atomic<uint64_t> past_lookups_{0};  // of vCPUs that are gone
  EngineStats counts_;  // under the translation lock; sizes of dropped generations included
};

// The vCPU whose run() this thread is in, if any.
VcpuImpl* current_vcpu();
// Its state, or null. For HostFp: helpers may call the engine.
CpuHeader* current_header();

}  // namespace xarch::tcg
