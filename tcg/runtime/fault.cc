// Host faults: from the host's context to the guest's exact state.
#include "tcg/runtime/engine_impl.h"
#include "tcg/support/outside.h"

namespace xarch::tcg {
namespace {

constexpr int kSiKernel = 128;
// More faults than this in a row at one instruction are no race with another thread.
constexpr unsigned kMaxRetries = 64;

// C++ code that emitted code called may run with the host's control word, that of the guest being put away.
void use_guest_mxcsr(ucontext_t* context, const CpuHeader& h) {
  if (h.fp_away) context->uc_mcontext.fpregs->mxcsr = h.guest_mxcsr;
}

[[noreturn]] void land_in_interpreter(VcpuImpl* v) { _longjmp(v->interp_fault, 1); }

}  // namespace

// Where the fault stands. Makes the state block exact but for pc.
bool EngineImpl::locate(VcpuImpl& v, const ucontext_t& context, Site* site) {
  const auto* host_pc = reinterpret_cast<const uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
  for (Generation* g : {current_.load(std::memory_order_acquire), retired_.load(std::memory_order_acquire)}) {
    if (g == nullptr || !g->in_code(host_pc)) continue;
    BlockRecord* b = g->block_at(host_pc);
    if (b == nullptr || backend_ == nullptr) return false;
    const uint8_t* code = g->code_of(*b);
    if (!backend_->recover(g->recovery_of(*b), b->recovery_bytes, code, static_cast<uint32_t>(host_pc - code),
                           g->cell(b->cell)->pc, context, &v.header(), &site->fault)) {
      return false;
    }
    site->generation = g;
    site->block = b;
    site->pc = g->cell(b->cell)->pc + static_cast<uint64_t>(site->fault.pc_offset);
    return true;
  }
  if (v.interp.fault_site(&site->fault, &site->in_helper, &site->region)) {
    site->in_interp = true;
    site->pc = site->region->key.pc + static_cast<uint64_t>(site->fault.pc_offset);
    return true;
  }
  if (v.header().in_helper != 0 && self_inside() == &v) {
    // In a helper called from emitted code: everything stands in the state block, pc too.
    site->in_helper = true;
    site->pc = pc_of(v);
    site->fault.restore = restore_of_call(v.header());
    return true;
  }
  return false;
}

// The restore word of the instruction whose call of C++ code from emitted code is under way.
// Async-signal-safe.
uint32_t EngineImpl::restore_of_call(const CpuHeader& h) const {
  const uint8_t* to = *reinterpret_cast<const uint8_t* const*>(h.host_sp - sizeof(void*));
  for (const Generation* g :
       {current_.load(std::memory_order_acquire), retired_.load(std::memory_order_acquire)}) {
    if (g == nullptr || !g->in_code(to - 1)) continue;
    const BlockRecord* b = g->block_at(to - 1);
    if (b == nullptr) return 0;
    return backend_->restore_of_call(g->recovery_of(*b), b->recovery_bytes,
                                     static_cast<uint32_t>(to - g->code_of(*b)));
  }
  return 0;
}

void EngineImpl::restore_in_call(VcpuImpl& v) const {
  if (v.header().in_helper == 0 || v.interp.busy()) return;
  guest_.restore_state(v.state(), pc_of(v), restore_of_call(v.header()));
}

// A store hit a page that may be write-protected for the code on it. True if it was; then the page is
// writable now.
bool EngineImpl::code_write(VcpuImpl& v, uintptr_t host_pc, uint64_t addr) {
  bool was = false;
  outside([&] { was = code_write_here(v, host_pc, addr); });
  return was;
}

bool EngineImpl::code_write_here(VcpuImpl& v, uintptr_t host_pc, uint64_t addr) {
  TranslationLock lock(translation_mutex_);
  const uint64_t page = page_of(addr);
  if (!tracker_.is_protected(lock, page)) {
    // Another thread may have dealt with it meanwhile, or protection outlived its record. If nothing else
    // refuses the store, it succeeds at the next try; if it does not after many, it is a fault like any
    // other.
    if (!memory_.guest_writable(page)) return false;
    if (v.retry_pc != host_pc) v.retries = 0;
    v.retry_pc = host_pc;
    if (++v.retries > kMaxRetries) return false;
    memory_.set_code_page(page, false);
    return true;
  }
  v.retries = 0;
  ++counts_.code_write_faults;
  const unsigned n =
      tracker_.invalidate(lock, *slots_[current_slot_].generation, page, 1, PageTracker::Why::kGuestWrite);
  counts_.invalidated += n;
  if (n != 0) registry_.advance();  // loops of other vCPUs inside of it come out at their next poll
  return true;
}

// A flat access whose tag byte made it fault: from now on its page's translations strip tags.
bool EngineImpl::retry_with_masked_tags(const Site& site, uint64_t addr) {
  if (!guest_.ignores_tags() || addr >> 56 == 0 || mmu_ != nullptr || site.in_helper) return false;
  const uint32_t flags = site.in_interp ? site.region->key.flags : site.block->key_flags;
  if (flags & ir::kKeyMaskTags) return false;
  outside([&] {
    TranslationLock lock(translation_mutex_);
    counts_.invalidated += tracker_.mask_tags(lock, *slots_[current_slot_].generation, site.pc);
  });
  return true;
}

// Makes the state exact and lets run() go on with `reason` as soon as the handler returns.
Engine::FaultVerdict EngineImpl::leave(VcpuImpl& v, const Site& site, ucontext_t* context, Exit reason) {
  CpuHeader& h = v.header();
  pc_of(v) = site.pc;
  guest_.restore_state(v.state(), site.pc, site.fault.restore);
  h.exit_reason = static_cast<uint32_t>(reason);
  h.exit_mode = guest_.mode(v.state());
  h.in_helper = 0;
  greg_t* regs = context->uc_mcontext.gregs;
  if (site.in_interp) {
    regs[REG_RIP] = reinterpret_cast<greg_t>(&land_in_interpreter);
    regs[REG_RDI] = reinterpret_cast<greg_t>(&v);
    // Below the red zone, aligned as after a call.
    regs[REG_RSP] = ((regs[REG_RSP] - 256) & ~greg_t{15}) - 8;
  } else {
    const Generation* g =
        site.generation != nullptr ? site.generation : current_.load(std::memory_order_acquire);
    regs[REG_RIP] = reinterpret_cast<greg_t>(g->stubs.leave);
    regs[REG_RSP] = static_cast<greg_t>(h.host_sp);
    use_guest_mxcsr(context, h);
  }
  return FaultVerdict::kLeave;
}

// A floating-point operation that emitted code has made to trap: finished here. Of a place that does so again
// and again the region is translated anew, with calls instead.
bool EngineImpl::complete_fp(VcpuImpl& v, ucontext_t* context) {
  const auto* host_pc = reinterpret_cast<const uint8_t*>(context->uc_mcontext.gregs[REG_RIP]);
  for (Generation* g : {current_.load(std::memory_order_acquire), retired_.load(std::memory_order_acquire)}) {
    if (g == nullptr || !g->in_code(host_pc)) continue;
    BlockRecord* b = g->block_at(host_pc);
    if (b == nullptr || backend_ == nullptr) return false;
    const uint8_t* code = g->code_of(*b);
    if (!backend_->complete_fp(g->recovery_of(*b), b->recovery_bytes, code,
                               static_cast<uint32_t>(host_pc - code), context, &v.header())) {
      return false;
    }
    if (v.count_fp_trap(host_pc)) avoid_fp_traps(*g, b);
    return true;
  }
  return false;
}

void EngineImpl::avoid_fp_traps(Generation& g, BlockRecord* block) {
  outside([&] {
    TranslationLock lock(translation_mutex_);
    const Cell* cell = g.cell(block->cell);
    fp_by_calls_.insert({cell->pc, g.mode_of(cell)});
    ++counts_.fp_by_calls;
    g.kill(lock, block);
    registry_.advance();  // loops inside of it come out at their next poll
  });
}

Engine::FaultVerdict EngineImpl::handle_fault(Vcpu* vcpu, int signo, const siginfo_t* info,
                                              ucontext_t* context) {
  if (vcpu == nullptr || info->si_code <= 0) return FaultVerdict::kNotOurs;
  auto& v = static_cast<VcpuImpl&>(*vcpu);
  const auto host_pc = static_cast<uintptr_t>(context->uc_mcontext.gregs[REG_RIP]);
  if ((signo == SIGFPE || signo == SIGILL) && complete_fp(v, context)) {
    if (options_.stats) fp_traps_.fetch_add(1, std::memory_order_relaxed);
    return FaultVerdict::kResume;
  }
  Site site;
  if (!locate(v, *context, &site)) return FaultVerdict::kNotOurs;

  const bool has_addr = (signo == SIGSEGV || signo == SIGBUS) && info->si_code != kSiKernel;
  const uint64_t reported = reinterpret_cast<uintptr_t>(info->si_addr);
  // What emitted code computes has no segment base, what the interpreter reports is the host's address.
  uint64_t host_addr = site.fault.host_addr + (site.in_interp ? 0 : options_.guest_base);
  // Of an access across pages the host names the page that is missing, of the tail of a store perhaps the
  // part before; for others it may not name anything.
  if (has_addr && (site.in_helper || reported - host_addr + site.fault.size < 2 * site.fault.size))
    host_addr = reported;
  const uint64_t addr = host_addr - options_.guest_base;
  // x86's page fault error code: bit 1 is a write.
  const bool write = site.in_helper ? (context->uc_mcontext.gregs[REG_ERR] & 2) != 0 : site.fault.write;

  if (signo == SIGSEGV && write && has_addr && code_write(v, host_pc, addr)) {
    // The store must be seen by the next instruction of its own block.
    const bool own = site.block != nullptr && (site.block->dead.load(std::memory_order_relaxed) != 0 ||
                                               site.generation != current_.load(std::memory_order_acquire));
    const bool interpreted = site.in_interp && site.region != &v.step_region;
    if (!own && !interpreted) return FaultVerdict::kResume;
    v.step_once = true;
    return leave(v, site, context, Exit::kLookup);
  }
  if ((signo == SIGSEGV || signo == SIGBUS) && retry_with_masked_tags(site, addr)) {
    return leave(v, site, context, Exit::kLookup);
  }
  if (options_.stats) guest_faults_.fetch_add(1, std::memory_order_relaxed);
  FaultInfo& f = v.fault_info();
  if (site.fault.misaligned) {
    f = FaultInfo{.addr = addr, .size = site.fault.size, .write = write, .signo = SIGBUS, .code = BUS_ADRALN};
    return leave(v, site, context, Exit::kFault);
  }
  f = FaultInfo{.addr = addr, .size = site.fault.size, .write = write, .signo = signo, .code = info->si_code};
  return leave(v, site, context, Exit::kFault);
}

}  // namespace xarch::tcg
