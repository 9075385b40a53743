// Changed code, statistics and diagnostics.
#include <cstdio>

#include "tcg/runtime/engine_impl.h"
#include "tcg/runtime/host_fp.h"
#include "tcg/support/outside.h"

namespace xarch::tcg {

VcpuImpl* EngineImpl::self_inside() const {
  VcpuImpl* v = current_vcpu();
  const bool ours = v != nullptr && &v->engine == this;
  return ours && v->sync.epoch.load(std::memory_order_relaxed) != 0 ? v : nullptr;
}

// In a helper as elsewhere with the host's floating point.
CpuHeader* current_header() {
  VcpuImpl* v = current_vcpu();
  return v == nullptr ? nullptr : &v->header();
}

unsigned EngineImpl::drop(uint64_t start, uint64_t bytes, PageTracker::Why why) {
  unsigned n = 0;
  outside([&] {
    TranslationLock lock(translation_mutex_);
    n = tracker_.invalidate(lock, *slots_[current_slot_].generation, start, bytes, why);
    counts_.invalidated += n;
  });
  return n;
}

// Returns when no other vCPU executes what has been dropped so far.
void EngineImpl::wait_for_stragglers() {
  const uint64_t epoch = registry_.advance();
  VcpuImpl* self = self_inside();
  // Two helpers that wait for each other's vCPU must not do so for ever.
  if (self != nullptr) registry_.stop(self->sync);
  registry_.wait_passed(epoch, self == nullptr ? nullptr : &self->sync, true);
  if (self != nullptr) registry_.resume(self->sync);
}

void EngineImpl::invalidate(uint64_t start, uint64_t bytes, bool wait) {
  const HostFp host_fp(current_header());
  if (soft_memory_ != nullptr && bytes != 0) {  // ranges of blocks are virtual addresses: whole pages then
    bytes = page_of(start + bytes - 1) + kHostPageSize - page_of(start);
    start = page_of(start);
  }
  if (!tracker_.maybe_tracked(start, bytes) || drop(start, bytes, PageTracker::Why::kMapping) == 0) return;
  outside([&] {
    // Without waiting: loops of dropped code still come out at their next poll.
    if (wait) {
      wait_for_stragglers();
    } else {
      registry_.advance();
    }
  });
}

void EngineImpl::before_host_write(uint64_t start, uint64_t bytes) {
  if (!tracker_.maybe_tracked(start, bytes)) return;
  const HostFp host_fp(current_header());
  if (drop(start, bytes, PageTracker::Why::kHostWrite) != 0) outside([this] { registry_.advance(); });
}

void EngineImpl::mapped(uint64_t start, uint64_t bytes) {
  const HostFp host_fp(current_header());
  outside([&] {
    TranslationLock lock(translation_mutex_);
    const unsigned n = tracker_.mapped(lock, *slots_[current_slot_].generation, start, bytes);
    counts_.invalidated += n;
    if (n != 0) registry_.advance();
  });
}

void EngineImpl::flush() {
  const HostFp host_fp(current_header());
  TranslationLock lock(translation_mutex_);
  tracker_.forget_all(lock);
  fp_by_calls_.clear();
  uint64_t wait_for = 0;
  if (next_generation(lock, &wait_for)) return;
  // Somebody (perhaps the caller, in a helper) has yet to come out of the generation before: this one goes
  // on, empty.
  slots_[current_slot_].generation->kill_all(lock);
  registry_.advance();
}

// ---- statistics

EngineStats EngineImpl::stats() const {
  auto& self = const_cast<EngineImpl&>(*this);
  TranslationLock lock(self.translation_mutex_);
  EngineStats s = counts_;
  const Generation& g = *slots_[current_slot_].generation;
  s.code_bytes += g.code_bytes();
  s.record_bytes += g.record_bytes() + tracker_.record_bytes();
  s.lookups = past_lookups_.load(std::memory_order_relaxed) + self.registry_.sum_lookups();
  ++s.generations;
  for (size_t i = 0; i < std::size(s.exits); ++i) s.exits[i] = exits_[i].load(std::memory_order_relaxed);
  s.guest_faults = guest_faults_.load(std::memory_order_relaxed);
  s.fp_traps = fp_traps_.load(std::memory_order_relaxed);
  s.first_visits = first_visits_.load(std::memory_order_relaxed);
  s.first_insns = first_insns_.load(std::memory_order_relaxed);
  s.first_ns = first_ns_.load(std::memory_order_relaxed);
  return s;
}

std::string EngineImpl::describe(uintptr_t host_pc) const {
  const auto* p = reinterpret_cast<const uint8_t*>(host_pc);
  for (const Generation* g :
       {current_.load(std::memory_order_acquire), retired_.load(std::memory_order_acquire)}) {
    if (g == nullptr || !g->in_code(p)) continue;
    char text[128];
    if (const BlockRecord* b = g->block_at(p)) {
      const Cell& c = *g->cell(b->cell);
      snprintf(text, sizeof text, "code of guest %#lx (mode %#x)+%#lx, %u instructions%s", c.pc,
               g->mode_of(&c), static_cast<unsigned long>(p - g->code_of(*b)), b->num_insns,
               b->dead.load() ? ", dropped" : "");
    } else {
      snprintf(text, sizeof text, "stubs or unused code memory+%#lx",
               static_cast<unsigned long>(p - g->code_begin()));
    }
    return text;
  }
  return {};
}

bool EngineImpl::in_code(uintptr_t host_pc) const {
  const auto* p = reinterpret_cast<const uint8_t*>(host_pc);
  const Generation* now = current_.load(std::memory_order_acquire);
  const Generation* old = retired_.load(std::memory_order_acquire);
  return (now != nullptr && now->in_code(p)) || (old != nullptr && old->in_code(p));
}

}  // namespace xarch::tcg
