// Making translations, and what happens when the cache is full.
#include <algorithm>
#include <cstring>

#include "tcg/ir/builder.h"
#include "tcg/runtime/code_listener.h"
#include "tcg/runtime/engine_impl.h"
#include "tcg/runtime/host_fp.h"
#include "tcg/support/clock.h"
#include "tcg/support/log.h"
#include "tcg/support/outside.h"

namespace xarch::tcg {

// ---- reading guest code

// Reads ahead within a page that is protected already.
bool TrackingReader::fill_window(uint64_t pc) {
  window_start_ = pc;
  window_bytes_ =
      static_cast<uint32_t>(std::min<uint64_t>(sizeof window_, kHostPageSize - (pc - page_of(pc))));
  if (!memory_.fetch(pc, window_, window_bytes_)) window_bytes_ = 0;
  return window_bytes_ != 0;
}

// The usual case: bytes of one page, of which more than is asked for may be read ahead, unless the lifter
// does so itself.
bool TrackingReader::fetch_ahead(uint64_t pc, void* out, unsigned bytes) {
  const uint64_t page = page_of(pc);
  if (page != last_page_) {
    if (soft_ != nullptr || !tracker_.is_known(lock_, page)) return false;
    track(page);
    last_page_ = page;
    window_bytes_ = 0;
  }
  if (bytes > kShort) return memory_.fetch(pc, out, bytes);
  if (pc - window_start_ >= window_bytes_ || pc - window_start_ + bytes > window_bytes_) {
    if (!fill_window(pc) || bytes > window_bytes_) return false;
  }
  memcpy(out, window_ + (pc - window_start_), bytes);
  return true;
}

void TrackingReader::track(uint64_t page) {
  if (soft_ == nullptr) {
    key_flags |= tracker_.key_flags(lock_, page, 1);
    tracker_.protect(lock_, page, 1);
    return;
  }
  const uint64_t host = soft_->code_page(page);
  pages.push_back({page, host});
  const uint32_t flags = tracker_.key_flags(lock_, host, 1);
  key_flags |= flags;
  if (!(flags & ir::kKeyCheckCode) && !tracker_.is_protected(lock_, host)) unprotected.push_back(host);
}

bool TrackingReader::fetch(uint64_t pc, void* out, unsigned bytes) {
  if (log == nullptr && page_of(pc) == page_of(pc + bytes - 1) && fetch_ahead(pc, out, bytes)) {
    return true;
  }
  bool fresh = false;
  for (uint64_t page = page_of(pc); page <= page_of(pc + bytes - 1); page += kHostPageSize) {
    fresh |= page != last_page_;
  }
  if (!memory_.fetch(pc, out, bytes)) {
    failed = true;
    // An instruction that crosses into a page that is not there faults at that page.
    uint8_t probe;
    failed_addr = memory_.fetch(pc, &probe, 1) ? page_of(pc + bytes - 1) : pc;
    return false;
  }
  if (fresh) {
    for (uint64_t page = page_of(pc); page <= page_of(pc + bytes - 1); page += kHostPageSize) {
      last_page_ = page;
      track(page);
    }
    // What was read before the protection may have been changed since; what is read now is guarded.
    if (!memory_.fetch(pc, out, bytes)) return fetch(pc, out, bytes);
  }
  if (log != nullptr) {
    const auto offset = static_cast<uint32_t>(log->data.size());
    if (!log->pieces.empty() && log->pieces.back().start + log->pieces.back().bytes == pc) {
      log->pieces.back().bytes += bytes;
    } else {
      log->pieces.push_back({pc, bytes, offset});
    }
    const auto* p = static_cast<const uint8_t*>(out);
    log->data.insert(log->data.end(), p, p + bytes);
  }
  return true;
}

// ---- blocks that check their bytes

bool EngineImpl::check_code(const CodeCheck& check) {
  bool same = false;
  outside([&] { same = check_code_here(check); });
  return same;
}

bool EngineImpl::check_code_here(const CodeCheck& check) {
  uint8_t now[256];
  Generation* g = generation_of(check.cell);
  BlockRecord* block = g->block(check.block);
  if (!same_pages(check)) {
    TranslationLock lock(translation_mutex_);
    g->unlink(lock, *block);
    return false;
  }
  for (const CodeCheck::Piece& piece : check.pieces) {
    for (uint32_t at = 0; at < piece.bytes;) {
      const uint32_t n = std::min<uint32_t>(sizeof now, piece.bytes - at);
      if (!memory_.fetch(piece.start + at, now, n) ||
          memcmp(now, check.data.data() + piece.offset + at, n) != 0) {
        TranslationLock lock(translation_mutex_);
        g->kill(lock, block);
        ++counts_.invalidated;
        return false;
      }
      at += n;
    }
  }
  return true;
}

namespace {

// The first thing that a checked block does. a: the CodeCheck.
uint64_t check_code_helper(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  auto* h = static_cast<CpuHeader*>(state);
  const HostFp host_fp(h);
  const auto& check = *reinterpret_cast<const CodeCheck*>(a);
  if (check.engine->check_code(check)) return 0;
  h->exit_mode = check.mode;
  h->request_exit(Exit::kLookup, 0, 0);
  return 0;
}
constexpr ir::HelperDesc kCheckCode = {"check_code", check_code_helper,
                                       ir::kHelperNoMem | ir::kHelperMayExit};

// What a block consists of that the backend left to the interpreter. a: the region.
uint64_t interpret_helper(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  auto* h = static_cast<CpuHeader*>(state);
  static_cast<VcpuImpl*>(h->vcpu)->interpret_next = reinterpret_cast<const ir::Region*>(a);
  h->request_exit(Exit::kLookup, 0, 0);
  return 0;
}
constexpr ir::HelperDesc kInterpret = {"interpret", interpret_helper, ir::kHelperNoMem | ir::kHelperMayExit};

// The cold functions of the soft TLB as emitted code calls them. The state is exact during the call.
VcpuImpl& begin_cold_call(CpuHeader* cpu) {
  auto& v = static_cast<VcpuImpl&>(*cpu->vcpu);
  v.in_cold_call = true;
  return v;
}
bool load_of_emitted_code(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, uint64_t* value) {
  const HostFp host_fp(cpu);
  return xarch_soft_load(cpu, vaddr, desc, value);
}
bool store_of_emitted_code(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, const uint64_t* value) {
  const HostFp host_fp(cpu);
  VcpuImpl& v = begin_cold_call(cpu);
  const bool done = xarch_soft_store(cpu, vaddr, desc, value);
  v.in_cold_call = false;
  return done;
}
bool probe_of_emitted_code(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool write) {
  const HostFp host_fp(cpu);
  VcpuImpl& v = begin_cold_call(cpu);
  const bool done = xarch_soft_probe(cpu, vaddr, desc, write);
  v.in_cold_call = false;
  return done;
}
// There are no emitted atomics of the other byte order: those instructions are interpreted, one by one.
void* atomic_of_emitted_code(CpuHeader* cpu, uint64_t vaddr, uint32_t desc, bool* swap) {
  const HostFp host_fp(cpu);
  VcpuImpl& v = begin_cold_call(cpu);
  void* const p = xarch_soft_atomic(cpu, vaddr, desc, swap);
  v.in_cold_call = false;
  if (p == nullptr || !*swap) return p;
  v.engine.leave_to_step(v);
  return nullptr;
}

constexpr uint32_t kPageFlags = ir::kKeyCheckCode | ir::kKeyMaskTags;

// Room for cells, made while the translation lock is held.
class Space final : public CodeSpace {
 public:
  // The buffer lends its memory to the recovery records.
  Space(const TranslationLock& lock, Generation& g, Backend* backend, std::vector<uint8_t>& buffer)
      : lock_(lock), g_(g), backend_(backend), buffer_(buffer) {
    code = g.code_cursor(lock);
    code_end = g.code_limit(lock);
    recovery.swap(buffer_);
    recovery.clear();
  }
  ~Space() override { recovery.swap(buffer_); }
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;
  // Links lead to the plain key of a place: what its translation is made with is decided by its pages.
  Cell* cell_for(const ir::BlockKey& key) override { return g_.cell_for(lock_, backend_, key.pc, key.mode); }
  void expect(const ir::BlockKey& key) override { g_.prefetch(key.pc, key.mode); }

 private:
  const TranslationLock& lock_;
  Generation& g_;
  Backend* backend_;
  std::vector<uint8_t>& buffer_;
};

// Which of the region's guest instructions, in the order in which they were lifted and counted from 1, is the
// first to write memory; all of them if none does.
unsigned first_store(const ir::Region& region) {
  std::vector<int64_t> seen;
  size_t now = 0, first = region.num_insns;
  for (const ir::Inst& in : region.insts) {
    if (in.op == ir::Op::kInsn) {
      now = static_cast<size_t>(std::find(seen.begin(), seen.end(), in.imm) - seen.begin()) + 1;
      if (now > seen.size()) seen.push_back(in.imm);
      continue;
    }
    constexpr uint32_t kNone = ir::kHelperPure | ir::kHelperNoMem;
    const bool calls = in.op == ir::Op::kCall && (region.helpers[in.aux]->effects & kNone) == 0;
    if (calls || (ir::op_attributes(in.op) & ir::kWritesMem)) first = std::min(first, now);
  }
  return static_cast<unsigned>(first);
}

}  // namespace

// ---- translation

// The region of the cell's key in region_, with the page flags it needs. Returns what it must check at entry,
// or null.
std::unique_ptr<CodeCheck> EngineImpl::lift(const TranslationLock& lock, Cell* cell, unsigned max_insns,
                                            bool* fetch_fault) {
  const uint32_t mode = generation_of(cell)->mode_of(cell);
  uint32_t flags = 0;
  for (;;) {
    TrackingReader reader(lock, memory_, soft_memory_.get(), tracker_);
    std::unique_ptr<CodeCheck> check;
    ir::Builder b(&region_, guest_.layout(), {cell->pc, mode, flags});
    LiftLimits limits = options_.limits;
    limits.max_insns = std::min(limits.max_insns, max_insns);
    if (const VcpuImpl* v = current_vcpu()) limits.state = v->state();
    if (flags & ir::kKeyCheckCode || soft_memory_ != nullptr) {
      check = std::make_unique<CodeCheck>();
      check->engine = this;
      check->cell = cell;
      check->mode = mode;
      if (flags & ir::kKeyCheckCode) {
        reader.log = check.get();
      }
      b.insn(0);
      b.call(kCheckCode, ir::Type::kVoid, {b.i64(reinterpret_cast<uintptr_t>(check.get()))});
    }
    guest_.lift(b, reader, limits);
    if ((flags & ir::kKeyCheckCode) && guest_.coherent_code()) {
      // A store into such a block would go unnoticed until the next entry: nothing follows it. What is lifted
      // later lies behind, and a jump back to the start looks again.
      const unsigned last = first_store(region_);
      if (last < region_.num_insns) {
        max_insns = last;
        continue;
      }
    }
    region_.fp_by_calls = fp_by_calls_.contains({cell->pc, mode});
    *fetch_fault = false;
    if (reader.failed && region_.num_insns <= 1) {
      const ir::Inst& last = region_.terminator(0);
      *fetch_fault = last.op == ir::Op::kRaise && last.aux == kRaiseFetch && last.imm == 0;
      fetch_fault_addr_ = reader.failed_addr;
    }
    const uint32_t wanted = reader.key_flags & kPageFlags;
    if (*fetch_fault || (wanted & ~flags) == 0) {
      unprotected_.swap(reader.unprotected);
      if (check != nullptr) check->pages.swap(reader.pages);
      return check;
    }
    flags |= wanted;
  }
}

bool EngineImpl::lift_first(VcpuImpl& v, uint32_t mode) {
  ir::Builder b(&v.first_region, guest_.layout(), {pc_of(v), mode, 0});
  LiftLimits limits = options_.limits;
  limits.state = v.state();
  limits.once = true;
  if (!guest_.coherent_code()) {
    guest_.lift(b, memory_, limits);  // nobody relies on what is not kept
    const ir::Inst& last = v.first_region.terminator(0);
    return last.op != ir::Op::kRaise || last.aux != kRaiseFetch;
  }
  // The region may store to itself.
  TranslationLock lock(translation_mutex_);
  TrackingReader reader(lock, memory_, nullptr, tracker_);
  guest_.lift(b, reader, limits);
  return !reader.failed && (reader.key_flags & kPageFlags) == 0;
}

const ir::Region* EngineImpl::keep_region(CacheState& slot) {
  slot.regions.push_back(std::make_unique<ir::Region>(region_));
  const ir::Region* kept = slot.regions.back().get();
  slot.generation->charge(sizeof(ir::Region) + kept->insts.capacity() * sizeof(ir::Inst) + 128);
  return kept;
}

// Code that makes the run loop interpret region_.
CompileResult EngineImpl::compile_interpreted(CacheState& slot, CodeSpace& space) {
  const ir::Region* kept = keep_region(slot);
  ir::Region trampoline;
  ir::Builder b(&trampoline, guest_.layout(), kept->key);
  b.insn(0);
  b.call(kInterpret, ir::Type::kVoid, {b.i64(reinterpret_cast<uintptr_t>(kept))});
  b.halt(0);
  b.finish();
  space.recovery.clear();
  return backend_->compile(trampoline, space);
}

EngineImpl::Made EngineImpl::compile(const TranslationLock& lock, Cell* cell,
                                     std::unique_ptr<CodeCheck> check, bool* too_long) {
  CacheState& slot = slots_[current_slot_];
  Generation& g = *slot.generation;
  g.align_code(lock, region_.comes_back);
  Space space(lock, g, backend_.get(), recovery_buffer_);
  CompileResult code;
  if (backend_ != nullptr) {
    code = backend_->compile(region_, space);
    if (code.status == CompileResult::kUnsupported) code = compile_interpreted(slot, space);
  } else if (space.code_end - space.code < static_cast<ptrdiff_t>(sizeof(ir::Region*))) {
    code.status = CompileResult::kNoRoom;
  } else {
    // The interpreter's "code" is the address of the region.
    const ir::Region* kept = keep_region(slot);
    memcpy(space.code, &kept, sizeof kept);
    code.code_bytes = sizeof kept;
  }
  *too_long = code.status == CompileResult::kTooLong || space.recovery.size() > UINT16_MAX;
  if (code.status != CompileResult::kOk || *too_long) return {Made::kFull, nullptr};
  if (check != nullptr) g.charge(sizeof(CodeCheck) + check->data.size() + check->pieces.size() * 16);
  if (check != nullptr) check->block = g.num_blocks();  // known before anybody can enter it
  BlockRecord* block = g.add_block(lock, cell, region_, code.code_bytes, space.recovery);
  if (block == nullptr) return {Made::kFull, nullptr};
  if (soft_memory_ == nullptr) {
    tracker_.add(lock, g, *block);
  } else {
    for (const CodeCheck::Page& page : check->pages) tracker_.add_to_page(lock, g, *block, page.host);
    slot.variants.emplace(g.cell_index(cell), check.get());
  }
  if (check != nullptr) slot.checks.push_back(std::move(check));
  if (Log::enabled(Trace::kIrOpt) || Log::enabled(Trace::kOut)) trace_compiled(*block, code.code_bytes);
  if (options_.listener != nullptr && backend_ != nullptr)
    options_.listener->translated(cell->pc, g.code_of(*block), code.code_bytes);
  ++counts_.regions;
  counts_.guest_insns += region_.num_insns;
  counts_.guest_bytes += block->guest_bytes;
  return {Made::kOk, cell};
}

EngineImpl::Made EngineImpl::translate(const TranslationLock& lock, uint64_t pc, uint32_t mode) {
  Generation& g = *slots_[current_slot_].generation;
  if (g.full(lock)) return {Made::kFull, nullptr};
  Cell* cell = g.cell_for(lock, backend_.get(), pc, mode);
  if (cell == nullptr) return {Made::kFull, nullptr};
  if (g.translated(cell)) return {Made::kOk, cell};  // somebody else was faster
  if (soft_memory_ != nullptr && relink_variant(lock, slots_[current_slot_], cell)) return {Made::kOk, cell};
  const int64_t start = options_.stats ? now_ns(CLOCK_MONOTONIC) : 0;
  Made made;
  for (unsigned max_insns = options_.limits.max_insns;; max_insns /= 2) {
    bool fetch_fault = false, too_long = false;
    std::unique_ptr<CodeCheck> check = lift(lock, cell, max_insns, &fetch_fault);
    if (fetch_fault) return {Made::kFetchFault, nullptr};
    if (!unprotected_.empty()) return {Made::kProtect, nullptr};
    if (Log::enabled(Trace::kIn) || Log::enabled(Trace::kIr)) trace_lifted();
    opt::run_passes(region_, passes_, backend_ == nullptr || Log::enabled(Trace::kIrOpt));
    made = compile(lock, cell, std::move(check), &too_long);
    if (!too_long) break;
    if (max_insns <= 1)
      Log::fatal("xarch: internal error: the instruction at %#lx does not fit a translation", pc);
  }
  if (options_.stats) counts_.translate_ns += static_cast<uint64_t>(now_ns(CLOCK_MONOTONIC) - start);
  return made;
}

// ---- generations

Result<void> EngineImpl::start_generation(CacheState& slot) {
  // Two can exist at a time, while the last users of the old one come out.
  auto g = Generation::create(options_.jit_cache_bytes / 2, guest_.pc_shift());
  if (!g) return g.error();
  slot.generation = std::move(*g);
  Generation& gen = *slot.generation;
  gen.id = next_id_++;
  if (backend_ == nullptr) return {};
  BackendConfig config;
  config.layout = &guest_.layout();
  config.soft_tlb = mmu_ != nullptr;
  if (mmu_ != nullptr)
    config.soft_calls = {load_of_emitted_code, store_of_emitted_code, atomic_of_emitted_code,
                         probe_of_emitted_code};
  config.guest_base = options_.guest_base;
  config.pc_shift = guest_.pc_shift();
  config.fp_rules = &guest_.fp_rules();
  config.thunk_base = gen.thunks();
  config.cell_base = gen.cells();
  config.cell_modes = gen.cell_modes();
  config.cell_table = gen.cell_table();
  uint8_t* code = gen.code_begin();
  gen.stubs = backend_->emit_stubs(config, &code, gen.code_begin() + (64 << 10));
  gen.skip_code(code);
  if (options_.listener != nullptr)
    options_.listener->begin_code(gen.code_begin(), gen.code_room(),
                                  static_cast<size_t>(code - gen.code_begin()));
  return {};
}

bool EngineImpl::next_generation(const TranslationLock& lock, uint64_t* wait_for) {
  CacheState& old = slots_[current_slot_];
  CacheState& spare = slots_[1 - current_slot_];
  if (spare.generation != nullptr) {
    if (!registry_.passed(spare.retired_at)) {
      *wait_for = spare.retired_at;
      return false;
    }
    retired_.store(nullptr, std::memory_order_release);
    if (options_.listener != nullptr) options_.listener->end_code(spare.generation->code_begin());
    spare = CacheState{};
  }
  counts_.code_bytes += old.generation->code_bytes();
  counts_.record_bytes += old.generation->record_bytes();
  ++counts_.generations;
  if (auto r = start_generation(spare); !r) Log::fatal("xarch: %s", r.error().message.c_str());
  retired_.store(old.generation.get(), std::memory_order_release);
  current_.store(spare.generation.get(), std::memory_order_seq_cst);
  current_slot_ = 1 - current_slot_;
  // Code of the old one leaves at its next link; loops leave at their poll, which advance() asks for.
  old.generation->kill_all(lock);
  tracker_.forget_blocks(lock);
  old.retired_at = registry_.advance();
  return true;
}

}  // namespace xarch::tcg
