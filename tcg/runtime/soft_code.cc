// Changed code under the soft-TLB policy. Pages of RAM that code was translated from carry kTlbCode in every
// vCPU's entries for writing, so that stores take the cold path and end in soft_code_write.
#include <algorithm>
#include <cstring>

#include "tcg/runtime/engine_impl.h"

namespace xarch::tcg {
namespace {

constexpr uint64_t kNotRam = kTlbInvalid | kTlbDevice;

uint64_t host_page(const TlbEntry& e, uint64_t tag) { return page_of((tag & kTlbPageMask) + e.addend); }

}  // namespace

// ---- reading code

const TlbEntry* SoftCodeMemory::code_entry(uint64_t vaddr) {
  VcpuImpl* v = current_vcpu();
  if (v == nullptr) return nullptr;
  const unsigned index = mmu_.code_mmu_index(v->engine.guest().mode(v->state()));
  TlbEntry& e = tlb_entry(&v->header(), index, vaddr);
  if (e.addr_code == (vaddr & kTlbPageMask)) return &e;
  TlbEntry filled;
  uint32_t code = 0;
  if (!mmu_.fill(&v->header(), vaddr, Access::kFetch, index, &filled, &code)) {
    v->fault_info().mmu_code = code;
    return nullptr;
  }
  // Code is not fetched from devices; other flags don't matter for reading bytes.
  if (filled.addr_code & kNotRam) return nullptr;
  v->engine.set_tlb_entry(&e, filled);
  return &e;
}

uint64_t SoftCodeMemory::code_page(uint64_t vaddr) {
  const TlbEntry* e = code_entry(vaddr);
  return e == nullptr ? 0 : page_of((vaddr & kTlbPageMask) + e->addend);
}

bool SoftCodeMemory::fetch(uint64_t pc, void* out, unsigned bytes) {
  auto* to = static_cast<uint8_t*>(out);
  while (bytes != 0) {
    const unsigned n = std::min<uint64_t>(bytes, (uint64_t{1} << kTlbPageBits) - (pc & ~kTlbPageMask));
    const TlbEntry* e = code_entry(pc);
    if (e == nullptr) return false;
    memcpy(to, reinterpret_cast<const void*>(pc + e->addend), n);
    to += n;
    pc += n;
    bytes -= n;
  }
  return true;
}

// ---- pages of RAM, as the page tracker sees them

bool SoftCodeMemory::backing(uint64_t page, Backing* out) {
  *out = Backing{.device = 0, .inode = 0, .offset = page, .shared_writable = false};
  return true;
}

// Called in an exclusive section to protect. Afterwards nothing is to be done: entries lose their flag by the
// first store.
void SoftCodeMemory::set_code_page(uint64_t page, bool write_protected) {
  if (!write_protected) return;
  current_vcpu()->engine.registry().for_each([&](CpuHeader* cpu) {
    for (unsigned m = 0; m < kMmuIndexes; ++m) {
      for (TlbEntry& e : static_cast<TlbTable*>(cpu->tlb)[m].entries) {
        if (!(e.addr_write & kNotRam) && host_page(e, e.addr_write) == page) e.addr_write |= kTlbCode;
      }
    }
  });
}

// Between the look at the tracker and the entry's coming into force no page gets protected: that takes an
// exclusive section, or this thread is about to translate and has the lock.
void EngineImpl::set_tlb_entry(TlbEntry* to, const TlbEntry& filled) {
  TlbEntry e = filled;
  if (!(e.addr_write & kNotRam) && tracker_.maybe_tracked(host_page(e, e.addr_write), 1)) {
    e.addr_write |= kTlbCode;
  }
  *to = e;
}

bool EngineImpl::same_pages(const CodeCheck& check) const {
  return std::ranges::all_of(
      check.pages, [&](const CodeCheck::Page& p) { return soft_memory_->code_page(p.vaddr) == p.host; });
}

bool EngineImpl::relink_variant(const TranslationLock& lock, CacheState& slot, Cell* cell) {
  auto [at, end] = slot.variants.equal_range(slot.generation->cell_index(cell));
  while (at != end) {
    const BlockRecord* b = slot.generation->block(at->second->block);
    if (b->dead.load(std::memory_order_relaxed) != 0) {
      at = slot.variants.erase(at);
    } else if (same_pages(*at->second)) {
      slot.generation->relink(lock, *b);
      return true;
    } else {
      ++at;
    }
  }
  return false;
}

void EngineImpl::protect_unprotected(std::vector<uint64_t> pages) {
  // Whoever has looked an address up for a store has stored when this runs.
  registry_.exclusive(nullptr, [&] {
    TranslationLock lock(translation_mutex_);
    for (uint64_t page : pages) tracker_.protect(lock, page, 1);
  });
}

// ---- stores

// Is what is being executed no more what the guest's memory says?
bool EngineImpl::own_block_dropped(VcpuImpl& v) const {
  if (const ir::Region* region = v.interp.accessing()) return region != &v.step_region;
  if (!v.in_cold_call) return false;  // a helper's own store: the block goes on after it
  const auto* to = *reinterpret_cast<const uint8_t* const*>(v.header().host_sp - sizeof(void*));
  Generation* g = current_.load(std::memory_order_acquire);
  if (!g->in_code(to - 1)) return true;  // a retired generation's
  const BlockRecord* b = g->block_at(to - 1);
  return b == nullptr || b->dead.load(std::memory_order_relaxed) != 0;
}

void EngineImpl::leave_to_step(VcpuImpl& v) {
  CpuHeader& h = v.header();
  v.step_once = true;
  restore_in_call(v);
  h.exit_reason = static_cast<uint32_t>(Exit::kLookup);
  h.exit_mode = guest_.mode(v.state());
}

bool EngineImpl::soft_code_write(VcpuImpl& v, uint64_t vaddr, unsigned mmu_index) {
  TlbEntry& e = tlb_entry(&v.header(), mmu_index, vaddr);
  const uint64_t page = host_page(e, e.addr_write);
  unsigned dropped = 0;
  {
    TranslationLock lock(translation_mutex_);
    if (tracker_.is_protected(lock, page)) {
      ++counts_.code_write_faults;
      dropped = tracker_.invalidate(lock, *slots_[current_slot_].generation, page, 1,
                                    PageTracker::Why::kGuestWrite);
      counts_.invalidated += dropped;
    }
    e.addr_write &= ~uint64_t{kTlbCode};
  }
  if (dropped == 0 || !own_block_dropped(v)) return true;
  leave_to_step(v);
  return false;
}

}  // namespace xarch::tcg
