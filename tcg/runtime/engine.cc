// The run loop.
#include "tcg/runtime/engine.h"

#include <asm/prctl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "tcg/backend/x86_64/backend.h"
#include "tcg/runtime/engine_impl.h"
#include "tcg/runtime/host_fp.h"
#include "tcg/support/clock.h"
#include "tcg/support/log.h"
#include "tcg/support/outside.h"

namespace xarch::tcg {
namespace {

thread_local VcpuImpl* running = nullptr;

// Emitted code of the flat policy with a base addresses guest memory by way of the host's gs segment.
thread_local uint64_t gs_base = 0;
void use_guest_base(uint64_t base) {
  if (gs_base == base) return;
  syscall(SYS_arch_prctl, ARCH_SET_GS, base);
  gs_base = base;
}

// Of a short run half of the instructions are executed once, and interpreting them costs less than half of a
// translation; who comes to more places than this is about to use most of them again.
constexpr uint64_t kMaxFirstVisits = 6000;

constexpr uint32_t kInternalEvents = kEventExclusive | kEventFlush;

// Drops event bits that were meant for emitted code; read first, since they are rarely set.
void clear_internal_events(CpuHeader& h) {
  if (h.event.load(std::memory_order_relaxed) & kInternalEvents) {
    h.event.fetch_and(~kInternalEvents, std::memory_order_seq_cst);
  }
}

// Entries that emitted code puts into the jump table before the run loop sees to the table's size.
constexpr uint32_t kFillBatch = 256;

// Written by its own thread only.
void count_lookup(VcpuImpl& v) {
  v.sync.lookups.store(v.sync.lookups.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

VcpuImpl* current_vcpu() { return running; }

Result<std::unique_ptr<Engine>> Engine::create(const Guest& guest, FlatMemory& memory,
                                               const EngineOptions& options) {
  auto engine = std::make_unique<EngineImpl>(guest, memory, options);
  if (auto r = engine->init(); !r) return r.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> Engine::create(const Guest& guest, SoftMmu& mmu,
                                               const EngineOptions& options) {
  auto engine = std::make_unique<EngineImpl>(guest, std::make_unique<SoftCodeMemory>(mmu), mmu, options);
  if (auto r = engine->init(); !r) return r.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::EngineImpl(const Guest& guest, FlatMemory& memory, const EngineOptions& options)
    : guest_(guest), memory_(memory), mmu_(nullptr), options_(options), tracker_(memory) {
  const ir::StateLayout& layout = guest.layout();
  pc_offset_ = layout.slots[layout.pc].offset;
}

EngineImpl::EngineImpl(const Guest& guest, std::unique_ptr<SoftCodeMemory> memory, SoftMmu& mmu,
                       const EngineOptions& options)
    : EngineImpl(guest, *memory, options) {
  soft_memory_ = std::move(memory);
  mmu_ = &mmu;
}

EngineImpl::~EngineImpl() = default;

Result<void> EngineImpl::init() {
  if (options_.backend == BackendKind::kX86_64) {
    auto backend = x86_64::make_backend();
    if (!backend) return backend.error();
    backend_ = std::move(*backend);
  }
  const bool told = options_.listener != nullptr || traces_translations();
  if (options_.interpret_first && backend_ != nullptr && mmu_ == nullptr && !told)
    visited_ = std::make_unique<VisitedSet>();
  TranslationLock lock(translation_mutex_);
  if (auto r = start_generation(slots_[0]); !r) return r;
  current_.store(slots_[0].generation.get(), std::memory_order_release);
  return {};
}

// ---- vCPUs

VcpuImpl::VcpuImpl(EngineImpl& e, void* state) : engine(e), interp(e.interp_memory(), e.guest().fp_rules()) {
  header_ = new (state) CpuHeader;
  header_->vcpu = this;
  sync.header = header_;
  engine.registry().add(&sync);
}

VcpuImpl::~VcpuImpl() {
  engine.registry().remove(&sync);
  engine.past_lookups_.fetch_add(sync.lookups.load(std::memory_order_relaxed), std::memory_order_relaxed);
  free(header_->tlb);
  free(header_);
}

std::unique_ptr<Vcpu> EngineImpl::new_vcpu() {
  const size_t bytes = (guest_.layout().state_bytes + 63) & ~size_t{63};
  void* state = aligned_alloc(64, bytes);
  void* tlb = nullptr;
  if (mmu_ != nullptr && state != nullptr) tlb = aligned_alloc(64, sizeof(TlbTable) * kMmuIndexes);
  if (state == nullptr || (mmu_ != nullptr && tlb == nullptr)) Log::fatal("xarch: out of memory for a vCPU");
  memset(state, 0, bytes);
  auto v = std::make_unique<VcpuImpl>(*this, state);
  CpuHeader& h = v->header();
  h.guest_base = options_.guest_base;
  if (tlb != nullptr) {
    h.tlb = tlb;
    tlb_flush_all(&h);
  }
  return v;
}

uint64_t& EngineImpl::pc_of(VcpuImpl& v) const {
  return *reinterpret_cast<uint64_t*>(static_cast<uint8_t*>(v.state()) + pc_offset_);
}

void EngineImpl::use_jump_table(VcpuImpl& v, Generation& g, uint32_t mode) {
  if (v.table_generation == g.id && v.table_mode == mode) return;
  outside([&] {
    TranslationLock lock(translation_mutex_);
    v.table = g.jump_table(lock, mode);
  });
  v.table_generation = g.id;
  v.table_mode = mode;
}

void EngineImpl::execute(VcpuImpl& v, Generation& g, Cell* cell) {
  CpuHeader& h = v.header();
  h.exit_reason = static_cast<uint32_t>(Exit::kNone);
  h.helper_exit = 0;
  const void* entry = cell->entry.load(std::memory_order_acquire);
  if (backend_ == nullptr) {
    if (entry != g.thunk(g.cell_index(cell))) return interpret(v, **static_cast<ir::Region* const*>(entry));
    // Dropped in the meantime; emitted code would come back by the link stub.
    h.exit_reason = static_cast<uint32_t>(Exit::kLookup);
    h.exit_mode = g.mode_of(cell);
    return;
  }
  h.exit_value = v.table->growable ? kFillBatch : 0;
  h.jump_table = v.table->entries;
  h.jump_mask = g.jump_mask(*v.table);
  h.link_stub = g.stubs.link;
  h.miss_stub = g.stubs.miss;
  h.event_stub = g.stubs.event;
  h.exit_stub = g.stubs.exit;
  h.helper_stub = g.stubs.helper;
  g.stubs.enter(&h, entry);
}

Generation* EngineImpl::generation_of(const Cell* cell) const {
  Generation* g = current_.load(std::memory_order_acquire);
  return g->contains(cell) ? g : retired_.load(std::memory_order_acquire);
}

void EngineImpl::interpret(VcpuImpl& v, const ir::Region& region) {
  outside([&] { interpret_here(v, region); });
}

void EngineImpl::interpret_here(VcpuImpl& v, const ir::Region& region) {
  CpuHeader& h = v.header();
  // Without the signal mask: the handler has returned (by way of its changed context) when this is jumped to.
  if (_setjmp(v.interp_fault) != 0) {
    v.interp.abandon();
    h.in_helper = 0;
    return;
  }
  const InterpResult r = v.interp.run(region, v.state());
  if (r.reason != Exit::kFault) return;
  if (r.fault.signo == 0 && v.step_once) {  // no fault: a store to its own code (soft_code_write)
    guest_.restore_state(v.state(), pc_of(v), r.restore);
    h.exit_reason = static_cast<uint32_t>(Exit::kLookup);
    h.exit_mode = guest_.mode(v.state());
    return;
  }
  if (r.fault.signo != 0) v.fault_info() = r.fault;
  h.exit_reason = static_cast<uint32_t>(Exit::kFault);
  guest_.restore_state(v.state(), pc_of(v), r.restore);
}

// One attempt at it, with nothing pinned at first. False: try again (pinned); else with made->cell pinned, or
// a fetch fault and nothing pinned.
bool EngineImpl::make_translation(VcpuImpl& v, uint64_t pc, uint32_t mode, Made* made) {
  uint64_t wait_for = 0;
  std::vector<uint64_t> unprotected;
  {
    TranslationLock lock(translation_mutex_);
    *made = translate(lock, pc, mode);
    if (made->status == Made::kFetchFault) {
      v.fault_info() = FaultInfo{.addr = fetch_fault_addr_, .fetch = true, .signo = SIGSEGV};
      return true;
    }
    // Before the lock goes, so that the generation stays.
    if (made->status == Made::kOk && registry_.try_enter(v.sync)) return true;
    if (made->status == Made::kFull) next_generation(lock, &wait_for);
    if (made->status == Made::kProtect) unprotected.swap(unprotected_);
  }
  if (!unprotected.empty()) protect_unprotected(std::move(unprotected));
  if (wait_for != 0) registry_.wait_passed(wait_for, &v.sync, false);
  registry_.enter(v.sync);
  return false;
}

// The translated cell of the key, with an epoch pinned. Null: *leave_with says what to return (nothing is
// pinned).
Cell* EngineImpl::find_or_translate(VcpuImpl& v, uint64_t pc, uint32_t mode, Exit* leave_with) {
  for (;;) {
    // Pinned here by the caller; the cell is good as long as this stays so.
    if (Generation* g = current_.load(std::memory_order_acquire)) {
      Cell* c = g->find(pc, mode);
      if (c != nullptr && g->translated(c)) return c;
    }
    registry_.leave(v.sync);
    Made made;
    bool done = false;
    outside([&] { done = make_translation(v, pc, mode, &made); });
    if (done && made.status == Made::kOk) return made.cell;
    if (done) {
      *leave_with = Exit::kFetch;
      return nullptr;
    }
    clear_internal_events(v.header());
  }
}

Exit EngineImpl::finish(VcpuImpl& v, Exit exit) {
  if (v.sync.epoch.load(std::memory_order_relaxed) != 0) registry_.leave(v.sync);
  clear_internal_events(v.header());
  return exit;
}

// Executes one instruction from a translation of its own, made for this once.
void EngineImpl::step(VcpuImpl& v, uint32_t mode) {
  v.step_once = false;
  uint32_t flags = 1 | ir::kKeyNoLink;
  outside([&] {
    if (mmu_ == nullptr) {
      TranslationLock lock(translation_mutex_);
      flags |= tracker_.key_flags(lock, pc_of(v), 1) & ir::kKeyMaskTags;
    }
    LiftLimits one;
    one.max_insns = 1;
    one.state = v.state();
    // Read without protecting its page, which would make the store fault again.
    ir::Builder b(&v.step_region, guest_.layout(), {pc_of(v), mode, flags});
    guest_.lift(b, memory_, one);
  });
  v.header().helper_exit = 0;
  interpret(v, v.step_region);
}

// What is new is interpreted. False, with nothing done, if the place is to be translated, or is already. The
// child of a vfork, whose lifting and interpreting others do, translates at once.
bool EngineImpl::interpret_first(VcpuImpl& v, uint32_t mode) {
  if (visited_ == nullptr || first_visits_.load(std::memory_order_relaxed) >= kMaxFirstVisits ||
      Outside::current() != nullptr) {
    return false;
  }
  const uint64_t pc = pc_of(v);
  const Cell* cell = current_.load(std::memory_order_acquire)->find(pc, mode);
  if (cell != nullptr && generation_of(cell)->translated(cell)) return false;
  if (visited_->visit(pc >> guest_.pc_shift(), mode)) return false;
  const int64_t start = options_.stats ? now_ns(CLOCK_MONOTONIC) : 0;
  if (!lift_first(v, mode)) return false;
  first_visits_.fetch_add(1, std::memory_order_relaxed);
  first_insns_.fetch_add(v.first_region.num_insns, std::memory_order_relaxed);
  v.header().helper_exit = 0;
  interpret_here(v, v.first_region);
  if (options_.stats)
    first_ns_.fetch_add(static_cast<uint64_t>(now_ns(CLOCK_MONOTONIC) - start), std::memory_order_relaxed);
  return true;
}

Exit EngineImpl::run(Vcpu& vcpu) {
  auto& v = static_cast<VcpuImpl&>(vcpu);
  VcpuImpl* outer = running;
  running = &v;
  if (backend_ != nullptr && mmu_ == nullptr) use_guest_base(options_.guest_base);
  const Exit exit = run_inside(v);
  running = outer;
  return exit;
}

Exit EngineImpl::run_inside(VcpuImpl& v) {
  CpuHeader& h = v.header();
  uint32_t mode = guest_.mode(v.state());
  uint32_t fills = 0;  // of the jump table, if the target may go into it
  registry_.enter(v.sync);
  clear_internal_events(h);
  for (;;) {
    if (h.event.load(std::memory_order_acquire) != 0) {
      if (h.event.load(std::memory_order_acquire) & kEventKick) return finish(v, Exit::kEvent);
      registry_.leave(v.sync);
      registry_.enter(v.sync);
      clear_internal_events(h);
    }
    Exit out = Exit::kNone;
    bool interpreted = true;
    if (v.step_once) {
      step(v, mode);
    } else if (!interpret_first(v, mode)) {
      interpreted = false;
      Cell* cell = find_or_translate(v, pc_of(v), mode, &out);
      if (cell == nullptr) return finish(v, out);
      // Read after pinning; the cell may be of a generation that was retired since, which still works.
      Generation* g = generation_of(cell);
      use_jump_table(v, *g, mode);
      if (fills != 0 && g->fill_jump_table(*v.table, cell, fills)) {
        TranslationLock lock(translation_mutex_);
        g->grow_jump_table(lock, *v.table);
      }
      if (Log::enabled(Trace::kExec) || Log::enabled(Trace::kCpu)) trace_entry(v, *cell);
      execute(v, *g, cell);
      if (v.interpret_next != nullptr) interpret(v, *std::exchange(v.interpret_next, nullptr));
    }
    const Exit reason = static_cast<Exit>(h.exit_reason);
    if (options_.stats) exits_[h.exit_reason].fetch_add(1, std::memory_order_relaxed);
    fills = 0;
    switch (reason) {
      case Exit::kLink: {
        Cell* target = reinterpret_cast<Cell*>(h.exit_value);
        if (Generation* g = current_.load(std::memory_order_acquire); g->is_cell(target))
          g->note_found(target);
        pc_of(v) = target->pc;
        mode = h.exit_mode;
        count_lookup(v);
        break;
      }
      case Exit::kLookup:
        if (h.exit_mode == mode && !v.step_once && !interpreted) fills = h.exit_value == 0 ? kFillBatch : 1;
        mode = h.exit_mode;
        count_lookup(v);
        break;
      case Exit::kEvent: mode = h.exit_mode; break;
      case Exit::kRaise:
        if (h.exit_code == kRaiseFetch) {
          v.fault_info() = FaultInfo{.addr = pc_of(v), .fetch = true, .signo = SIGSEGV};
          return finish(v, Exit::kFetch);
        }
        return finish(v, reason);
      case Exit::kNone:
        Log::fatal("xarch: internal error: emitted code left without a reason at %#lx", pc_of(v));
      default: return finish(v, reason);
    }
  }
}

// ---- exclusive sections, parking, fork

void EngineImpl::exclusive(Vcpu* self, const std::function<void()>& fn) {
  const HostFp host_fp(current_header());
  outside([&] { registry_.exclusive(self == nullptr ? nullptr : &static_cast<VcpuImpl*>(self)->sync, fn); });
}

void EngineImpl::park(Vcpu& vcpu) {
  auto& v = static_cast<VcpuImpl&>(vcpu);
  if (v.sync.epoch.load(std::memory_order_relaxed) != 0) registry_.leave(v.sync);
  clear_internal_events(v.header());
}

void EngineImpl::unpark(Vcpu& vcpu) { clear_internal_events(static_cast<VcpuImpl&>(vcpu).header()); }

void EngineImpl::abandon_run(Vcpu& vcpu) {
  auto& v = static_cast<VcpuImpl&>(vcpu);
  running = nullptr;
  v.step_once = false;
  v.interpret_next = nullptr;
  v.interp.abandon();
  v.header().in_helper = 0;
  v.header().helper_exit = 0;
  v.sync.stopped.store(0, std::memory_order_seq_cst);
  park(v);
}

void EngineImpl::before_fork(Vcpu&) {
  registry_.lock_exclusive_for_fork();
  translation_mutex_.lock();
  registry_.lock_list_for_fork();
}

void EngineImpl::after_fork_parent(Vcpu&) {
  registry_.unlock_list_after_fork();
  translation_mutex_.unlock();
  registry_.unlock_exclusive_after_fork();
}

void EngineImpl::after_fork_child(Vcpu& self) {
  translation_mutex_.reset();
  registry_.reset_in_child(&static_cast<VcpuImpl&>(self).sync);
  // What the parent has done is told by the parent.
  counts_.translate_ns = 0;
  for (auto& n : exits_) n = 0;
  guest_faults_ = fp_traps_ = first_ns_ = 0;
}

}  // namespace xarch::tcg
