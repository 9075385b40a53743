// Guest memory accesses under the flat policy.
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/support/log.h"

namespace xarch::x86_64 {

using namespace ir;

void CodeGen::collect_places() {
  places_.clear();
  state_.for_each_dirty([&](HostReg r) { places_.push_back({state_.regs[r].slot, r}); });
  f80_places();
  if (state_.flags_dirty()) {
    constexpr uint8_t kPlaces[] = {SlotPlace::kEflags, SlotPlace::kEflagsFcmp, SlotPlace::kEflagsFcmpSwapped};
    places_.push_back(
        {state_.flags.slot, state_.flags.inverted ? SlotPlace::kEflagsInverted : kPlaces[state_.flags.kind]});
  }
  const LateSlots& late = state_.late;
  if (late.up != LateSlots::Up::kStored) {
    const bool zero = late.up == LateSlots::Up::kZero;
    places_.push_back({info_.layout->f80_up, zero ? SlotPlace::kZero : SlotPlace::kX87Status});
  }
  if (late.pc_slot != kNoSlot) places_.push_back({late.pc_slot, SlotPlace::kPosition, late.pc_offset});
}

// What the host instruction at the cursor belongs to.
RecoverySite CodeGen::new_site() const {
  RecoverySite s;
  s.offset = static_cast<uint32_t>(as_.cursor() - start_);
  s.pc_offset = insn_offset_;
  s.restore = insn_restore_;
  return s;
}

void CodeGen::site(bool writes) {
  if (config_.soft_tlb) return;  // the RAM behind the TLB is always there
  if (state_.dirty == 0 && !state_.flags_dirty() && !state_.f80.any_dirty() && !state_.late.any() &&
      insn_restore_ == 0 &&
      recovery_.add_plain(static_cast<uint32_t>(as_.cursor() - start_), insn_offset_, writes)) {
    return;
  }
  collect_places();
  RecoverySite s = new_site();
  s.writes = writes;
  recovery_.add(s, places_);
}

// The next host instruction is a call in which the guest instruction may fault.
void CodeGen::call_site() { recovery_.add_call(new_site()); }

// The next host instruction stands for an access of 1 << size bytes whose address is in reg: a trap because
// it is misaligned, or a probe of one of its bytes.
void CodeGen::trap_site(unsigned size, bool write, HostReg reg, bool probe) {
  collect_places();
  RecoverySite s = new_site();
  s.trap = true;
  s.probe = probe;
  s.trap_size = static_cast<uint8_t>(size);
  s.trap_write = write;
  s.trap_reg = reg;
  recovery_.add(s, places_);
}

// The registers of an address that is in another one by now.
void CodeGen::unlock_parts(const Mem& m) {
  if (m.base != Reg::none) unlock(host(m.base));
  if (m.index != Reg::none) unlock(host(m.index));
}

// The address operand of an access. Folded additions become parts of the addressing mode.
Mem CodeGen::address(const Inst& in, MemDesc d) {
  int64_t disp = in.disp();
  V v = in.args[0];
  Mem m;
  auto fits = [&](int64_t x) { return x == static_cast<int32_t>(x); };
  while (vals_[v].loc == Loc::kDeferred) {
    const Inst& add = inst(v);
    V b = add.args[1];
    if (is_const(b) && fits(disp + const_of(b))) {
      disp += const_of(b);
      v = add.args[0];
      continue;
    }
    unsigned scale = 0;
    if (vals_[b].loc == Loc::kDeferred) {
      scale = static_cast<unsigned>(inst(inst(b).args[1]).imm);
      b = inst(b).args[0];
    }
    m.index = use(b);
    m.scale = static_cast<uint8_t>(scale);
    v = add.args[0];
    if (vals_[v].loc == Loc::kDeferred) {  // an addition below an index that is not constant
      Log::fatal("xarch: internal error: address folded too deep at op %u", now_);
    }
    break;
  }
  if (is_const(v) && fits(disp + const_of(v))) {
    m.disp = static_cast<int32_t>(disp + const_of(v));
  } else {
    m.base = use(v);
    m.disp = static_cast<int32_t>(disp);
  }
  bool strip = d.xform == AddrXform::kStripTag || region_->key.flags & kKeyMaskTags;
  if (d.xform == AddrXform::kWrap32) {
    bool plain = m.index == Reg::none && m.disp == 0 && m.base != Reg::none && vals_[v].clean;
    m.narrow = !plain;
  } else if (strip) {
    Reg t = alloc_gpr();
    as_.lea(64, t, m);
    unlock_parts(m);
    as_.shift(Shift::kShl, 64, t, 8);
    as_.shift(Shift::kShr, 64, t, 8);
    m = Mem::at(t);
  }
  if (config_.guest_base != 0) m.gs = true;
  return m;
}

// t := the address that m stands for, without the guest's base.
void CodeGen::load_address(Reg t, Mem m) {
  m.gs = false;
  const unsigned bits = m.narrow ? 32 : 64;
  m.narrow = false;
  as_.lea(bits, t, m);
}

bool CodeGen::address_clobbers_flags(MemDesc d) const {
  return d.align > 0 || d.xform == AddrXform::kStripTag || region_->key.flags & kKeyMaskTags;
}

// An access that the guest demands to be aligned jumps to a trap instruction if it is not.
void CodeGen::check_alignment(MemDesc d, bool write, Mem* m) {
  if (d.align == 0) return;
  Reg t;
  if (m->index == Reg::none && m->disp == 0 && m->base != Reg::none && !m->narrow) {
    t = m->base;
  } else {
    t = alloc_gpr();
    load_address(t, *m);
    unlock_parts(*m);
    *m = Mem::at(t);
    m->gs = config_.guest_base != 0;
  }
  as_.test(d.align < 7 ? 8 : 32, t, (1 << d.align) - 1);
  Cold c;
  c.kind = Cold::kTrap;
  c.label = as_.new_label();
  c.state = save_state();
  c.pc_offset = insn_offset_;
  c.restore = insn_restore_;
  c.size = d.size;
  c.write = write;
  c.reg = host(t);
  as_.jcc(Cc::ne, c.label);
  cold_.push_back(c);
}

// Turns the bytes of each element round in a value of up to 8 bytes: of the whole, or of both its halves.
void CodeGen::swap_bytes(Reg r, MemDesc d) {
  if (d.size == 1) return as_.shift(Shift::kRol, 16, r, 8);
  as_.bswap(8u << d.size, r);
  swap_halves(r, d);
}
// What is left to do when all bytes have been turned round.
void CodeGen::swap_halves(Reg r, MemDesc d) {
  if (d.elem != d.size) as_.shift(Shift::kRol, 8u << d.size, r, 4u << d.size);
}

// An access of up to 8 bytes into dst, extended to `to` bits (32 or 64).
void CodeGen::load_int(MemDesc d, unsigned to, Reg dst, const Mem& m) {
  unsigned from = 8u << d.size;
  site();
  if (swaps(d)) {
    if (features_.movbe) {
      as_.movbe(from, dst, m);
      swap_halves(dst, d);
    } else {
      as_.mov(from, dst, m);
      swap_bytes(dst, d);
    }
    if (from < to && d.sign) {
      as_.movsx(to, dst, from, dst);
    } else if (from == 16) {
      as_.movzx(dst, 16, dst);
    }
  } else if (from >= to) {
    as_.mov(from, dst, m);
  } else if (d.sign) {
    as_.movsx(to, dst, from, m);
  } else {
    as_.movzx(dst, from, m);
  }
}

// A load may overwrite its own address: it does so only once it has succeeded.
Reg CodeGen::load_dest(V v) {
  const SlotId to = hint(v);
  if (to != kNoSlot && info_.pin[to] != kNoHostReg) {
    HostReg pin = info_.pin[to];
    const RegState& reg = state_.regs[pin];
    if (reg.num_vals == 1 && dies(reg.vals[0]) && locked_ >> pin & 1) return gpr(pin);
  }
  return dest(v);
}

// Most loads are of an integer as it stands in memory, at an address that is taken as it is.
void CodeGen::emit_load(uint32_t i) {
  const Inst& in = insts_[i];
  const MemDesc d = in.mem();
  const bool plain = d.align == 0 && !d.big && d.xform == AddrXform::kNone;
  if (!plain || !in_gpr(in.type) || config_.soft_tlb || (region_->key.flags & kKeyMaskTags) != 0)
    return emit_other_load(i);
  const V v = static_cast<V>(i);
  const Mem m = address(in, d);
  const Reg dst = load_dest(v);
  const unsigned from = 8u << d.size, to = op_bits(in.type);
  site();
  if (from >= to) {
    as_.mov(from, dst, m);
  } else {
    d.sign ? as_.movsx(to, dst, from, m) : as_.movzx(dst, from, m);
  }
  // An 8- or 16-bit value that fills its type is clean unless it was sign-extended.
  finish(v, host(dst), type_bits(in.type) == 32 || !d.sign);
}

void CodeGen::emit_other_load(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  MemDesc d = in.mem();
  if (config_.soft_tlb) return soft_load(i);
  bool sign128 = d.sign && in.type == Type::kI128;
  if (address_clobbers_flags(d) || sign128 || swap_clobbers_flags(d)) clobber_flags();
  Mem m = address(in, d);
  check_alignment(d, false, &m);
  if (in_gpr(in.type)) {
    Reg dst = load_dest(v);
    load_int(d, op_bits(in.type), dst, m);
    return finish(v, host(dst), type_bits(in.type) == 32 || !d.sign);  // as above
  }
  // The slot that is loaded gives its register up once that has succeeded.
  const HostReg home = loop_home(v);
  if (home != kNoHostReg) lock(home);
  Xmm x = home != kNoHostReg ? xmm(home) : alloc_xmm();
  if (by_gpr(in.type, d)) {
    Reg t = alloc_gpr();
    load_int(d, 64, t, m);
    widen(sign128, x, t);
  } else {
    Xmm mask = swaps(d) ? swap_mask(d) : x;
    site();
    load_vector(d, x, m, mask);
  }
  if (home != kNoHostReg) unbind_slot(home);
  finish(v, host(x), in.type == Type::kV64);
}

// A value of up to 8 bytes in a general register becomes one of a vector register. May change the flags if it
// is sign-extended (to 128 bits); spoils t then.
void CodeGen::widen(bool sign, Xmm x, Reg t) {
  as_.sse(Simd::movq_gpr, x, t);
  if (!sign) return;
  as_.shift(Shift::kSar, 64, t, 63);
  as_.sse(Simd::pinsrq, x, t, 1);
}

// What pshufb wants to turn the bytes of each element round; bytes beyond the access become zero. Leaves the
// flags alone.
Xmm CodeGen::swap_mask(MemDesc d) {
  uint64_t part[2] = {0, 0};
  unsigned elem = 1u << d.elem;
  for (unsigned i = 0; i < 16; ++i) {
    uint64_t from = i < d.bytes() ? i / elem * elem + (elem - 1 - i % elem) : 0x80;
    part[i / 8] |= from << (i % 8 * 8);
  }
  return const_x(part[0], part[1]);
}

// An access of 4, 8 or 16 bytes; mask is that of swap_mask where bytes are swapped.
void CodeGen::load_vector(MemDesc d, Xmm x, const Mem& m, Xmm mask) {
  switch (d.size) {
    case 4: as_.sse(d.atomic && d.align >= 4 ? Simd::movdqa : Simd::movups, x, m); break;
    case 3: as_.sse(Simd::movq, x, m); break;
    case 2: as_.sse(Simd::movss_ld, x, m); break;
    default: return unsupported();  // v256
  }
  if (swaps(d)) {
    as_.sse(Simd::pshufb, x, mask);
  } else {
    set_zero_from(x, d.bytes());
  }
}

void CodeGen::store_vector(MemDesc d, const Mem& m, Xmm x) {
  switch (d.size) {
    case 4: as_.sse(d.atomic && d.align >= 4 ? Simd::movdqa_st : Simd::movups_st, m, x); break;
    case 3: as_.sse(Simd::movq_st, m, x); break;
    case 2: as_.sse(Simd::movss_st, m, x); break;
    default: return unsupported();  // v256
  }
  if (d.order == Order::kSeqCst) as_.mfence();
}

// The value b in the order of the bytes in memory, in a vector register.
Xmm CodeGen::vector_to_store(V b, MemDesc d) {
  Xmm x = use_x(b);
  if (!swaps(d)) return x;
  Xmm mask = swap_mask(d);
  Xmm t = alloc_xmm();
  as_.sse(Simd::movaps, t, x);
  as_.sse(Simd::pshufb, t, mask);
  unlock(host(mask));
  return t;
}

void CodeGen::emit_store(uint32_t i) {
  const Inst& in = region_->insts[i];
  V b = in.args[1];
  MemDesc d = in.mem();
  if (config_.soft_tlb) return soft_store(i);
  if (vals_[b].loc == Loc::kDeferred && inst(b).op == Op::kPair) return emit_store_pair(i);
  Type t = inst(b).type;
  settle_condition(b);
  unsigned bits = 8u << d.size;
  if (address_clobbers_flags(d) || swap_clobbers_flags(d)) clobber_flags();
  Mem m = address(in, d);
  check_alignment(d, true, &m);
  if (!by_gpr(t, d)) {
    Xmm x = vector_to_store(b, d);
    site();
    store_vector(d, m, x);
    return consume_args(in);
  }
  int32_t imm;
  bool order = d.order == Order::kSeqCst;
  if (in_gpr(t) && imm32(b, &imm) && !swaps(d) && !order) {
    site();
    as_.mov_imm(bits, m, imm);
    return consume_args(in);
  }
  Reg r = Reg::none;
  if (!in_gpr(t)) {
    Xmm x = use_x(b);
    r = alloc_gpr();
    as_.sse(Simd::movq_gpr_st, r, x);
  } else if (r = use(b); swaps(d) || order) {
    Reg t2 = alloc_gpr();
    as_.mov(64, t2, r);
    r = t2;
  }
  if (swaps(d)) swap_bytes(r, d);
  site();
  if (order) {
    as_.xchg(bits, m, r);
  } else {
    as_.mov(bits, m, r);
  }
  consume_args(in);
}

// Where an atomic works: one register, checked for alignment.
Mem CodeGen::atomic_address(const Inst& in, MemDesc d) {
  if (config_.soft_tlb) return Mem::at(soft_atomic_address(in, d));
  Mem m = address(in, d);
  check_alignment(d, true, &m);
  flatten(&m);
  return m;
}

// 16 bytes from two general registers: two stores, the lower one first. If the second one faults, the
// instruction is started again from the beginning, so doing the first twice is harmless.
void CodeGen::emit_store_pair(uint32_t i) {
  const Inst& in = region_->insts[i];
  const Inst& pair = inst(in.args[1]);
  MemDesc d = in.mem();
  if (address_clobbers_flags(d)) clobber_flags();
  Mem m = address(in, d);
  check_alignment(d, true, &m);
  for (V half : pair.args) {
    if (half == kNoValue) break;
    int32_t imm;
    if (imm32(half, &imm)) {
      site();
      as_.mov_imm(64, m, imm);
    } else {
      uint32_t locked = locked_;
      Reg r = use(half);
      site();
      as_.mov(64, m, r);
      locked_ = locked;
    }
    m.disp += 8;
  }
  consume_args(in);
}

void CodeGen::emit_cas(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  MemDesc d = in.mem();
  if (in.type == Type::kI128) return emit_cas128(i);
  clobber_flags();
  Mem m = atomic_address(in, d);
  Reg desired = use(in.args[2]);
  if (desired == Reg::rax || swaps(d)) {
    Reg t = alloc_gpr(1u << host(Reg::rax));
    as_.mov(64, t, desired);
    if (swaps(d)) swap_bytes(t, d);
    unlock(host(desired));
    desired = t;
  }
  take_rax_for(in.args[1], &m);
  if (swaps(d)) swap_bytes(Reg::rax, d);
  site();
  as_.lock_cmpxchg(8u << d.size, m, desired);
  if (d.size < 3) as_.movzx(Reg::rax, 8u << d.size, Reg::rax);
  if (swaps(d)) swap_bytes(Reg::rax, d);
  finish(v, host(Reg::rax), true);
}

// rax becomes free for this instruction and holds v; an address that was in rax moves.
void CodeGen::take_rax_for(V v, Mem* m) {
  if (m->base == Reg::rax || m->index == Reg::rax) {
    Reg t = alloc_gpr(1u << host(Reg::rax));
    as_.mov(64, t, Reg::rax);
    if (m->base == Reg::rax) m->base = t;
    if (m->index == Reg::rax) m->index = t;
  }
  take(Reg::rax);
  load_to(v, host(Reg::rax));
}

// An address of several parts becomes one register, and the parts are free again.
void CodeGen::flatten(Mem* m) {
  if (m->index == Reg::none && !m->narrow) return;
  Reg t = alloc_gpr();
  load_address(t, *m);
  unlock_parts(*m);
  bool gs = m->gs;
  *m = Mem::at(t);
  m->gs = gs;
}

// cmpxchg16b wants rdx:rax and rcx:rbx; rdx and rcx are pins, whose values wait in the state block meanwhile.
void CodeGen::emit_cas128(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  MemDesc d = in.mem();
  clobber_flags();
  Xmm expected = vector_to_store(in.args[1], d), desired = vector_to_store(in.args[2], d);
  Mem m = atomic_address(in, d);
  Mem plain = m;
  plain.gs = false;
  Reg t = Reg::r10;
  if (m.base != Reg::r10 && m.index != Reg::r10) take(Reg::r10);
  as_.lea(64, t, plain);
  locked_ = 1u << host(expected) | 1u << host(desired);
  for (HostReg r : {host(Reg::rax), host(Reg::rbx), host(Reg::r10)}) {
    lock(r);
    spill_vals(r);
    store_slot(r);
    unbind_slot(r);
  }
  SlotId rdx_slot = slot_of_pin(Reg::rdx), rcx_slot = slot_of_pin(Reg::rcx);
  if (rdx_slot != kNoSlot)
    store_typed(info_.layout->slots[rdx_slot].type, slot_mem(rdx_slot), host(Reg::rdx));
  if (rcx_slot != kNoSlot)
    store_typed(info_.layout->slots[rcx_slot].type, slot_mem(rcx_slot), host(Reg::rcx));
  spill_vals(host(Reg::rdx));
  spill_vals(host(Reg::rcx));
  as_.sse(Simd::movq_gpr_st, Reg::rax, expected);
  as_.sse(Simd::pextrq, Reg::rdx, expected, 1);
  as_.sse(Simd::movq_gpr_st, Reg::rbx, desired);
  as_.sse(Simd::pextrq, Reg::rcx, desired, 1);
  collect_places();
  if (rdx_slot != kNoSlot) places_.push_back({rdx_slot, SlotPlace::kState});
  if (rcx_slot != kNoSlot) places_.push_back({rcx_slot, SlotPlace::kState});
  recovery_.add(new_site(), places_);
  Mem at = Mem::at(t);
  at.gs = m.gs;
  as_.lock_cmpxchg16b(at);
  Xmm x = alloc_xmm();
  as_.sse(Simd::movq_gpr, x, Reg::rax);
  as_.sse(Simd::pinsrq, x, Reg::rdx, 1);
  if (rdx_slot != kNoSlot) load_typed(info_.layout->slots[rdx_slot].type, host(Reg::rdx), slot_mem(rdx_slot));
  if (rcx_slot != kNoSlot) load_typed(info_.layout->slots[rcx_slot].type, host(Reg::rcx), slot_mem(rcx_slot));
  if (swaps(d)) as_.sse(Simd::pshufb, x, swap_mask(d));
  finish(v, host(x), false);
}

void CodeGen::emit_rmw(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), b = in.args[1];
  MemDesc d = in.mem();
  auto op = static_cast<RmwOp>(in.aux);
  unsigned bits = 8u << d.size;
  clobber_flags();
  Mem m = atomic_address(in, d);
  if (op == RmwOp::kXchg || (op == RmwOp::kAdd && !swaps(d))) {
    Reg rb = use(b);
    Reg t = alloc_gpr();
    as_.mov(64, t, rb);
    if (swaps(d)) swap_bytes(t, d);
    site();
    if (op == RmwOp::kAdd) {
      as_.lock_xadd(bits, m, t);
    } else {
      as_.xchg(bits, m, t);
    }
    if (d.size < 3) as_.movzx(t, bits, t);
    if (swaps(d)) swap_bytes(t, d);
    return finish(v, host(t), true);
  }
  if (left(v) == 0 && !swaps(d) && (op == RmwOp::kAnd || op == RmwOp::kOr || op == RmwOp::kXor)) {
    Reg rb = use(b);
    site();
    as_.lock_alu(op == RmwOp::kAnd ? Alu::kAnd : op == RmwOp::kOr ? Alu::kOr : Alu::kXor, bits, m, rb);
    return consume_args(in);
  }
  emit_rmw_loop(i, m);
}

// The others: compute the new value and compare-exchange until nobody interfered.
void CodeGen::emit_rmw_loop(uint32_t i, Mem m) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i), b = in.args[1];
  MemDesc d = in.mem();
  auto op = static_cast<RmwOp>(in.aux);
  unsigned bits = 8u << d.size;
  Reg rb = use(b);
  if (rb == Reg::rax) {
    Reg t = alloc_gpr(1u << host(Reg::rax));
    as_.mov(64, t, rb);
    rb = t;
  }
  if (m.base == Reg::rax) {
    Reg t = alloc_gpr(1u << host(Reg::rax));
    as_.mov(64, t, Reg::rax);
    m.base = t;
  }
  take(Reg::rax);
  Reg t = alloc_gpr();
  site(true);
  as_.mov(bits, Reg::rax, m);
  Label again = as_.new_label();
  as_.bind(again);
  as_.mov(64, t, Reg::rax);
  if (swaps(d)) swap_bytes(t, d);
  switch (op) {
    case RmwOp::kAdd: as_.alu(Alu::kAdd, 64, t, rb); break;
    case RmwOp::kAnd: as_.alu(Alu::kAnd, 64, t, rb); break;
    case RmwOp::kOr: as_.alu(Alu::kOr, 64, t, rb); break;
    case RmwOp::kXor: as_.alu(Alu::kXor, 64, t, rb); break;
    case RmwOp::kAndNot:  // rax & ~b = ~(~rax | b)
      as_.unary(Unary::kNot, 64, t);
      as_.alu(Alu::kOr, 64, t, rb);
      as_.unary(Unary::kNot, 64, t);
      break;
    default: {
      Label keep = as_.new_label();
      as_.alu(Alu::kCmp, bits, t, rb);
      Cc cc = op == RmwOp::kSMax   ? Cc::ge
              : op == RmwOp::kSMin ? Cc::le
              : op == RmwOp::kUMax ? Cc::ae
                                   : Cc::be;
      as_.jcc_short(cc, keep);
      as_.mov(64, t, rb);
      as_.bind(keep);
    }
  }
  if (swaps(d)) swap_bytes(t, d);
  site();
  as_.lock_cmpxchg(bits, m, t);
  as_.jcc(Cc::ne, again);
  if (d.size < 3) as_.movzx(Reg::rax, bits, Reg::rax);
  if (swaps(d)) swap_bytes(Reg::rax, d);
  finish(v, host(Reg::rax), true);
}

void CodeGen::emit_fence(uint32_t i) {
  // The host orders everything but stores before later loads.
  if (region_->insts[i].aux & static_cast<uint32_t>(Fence::kStoreLoad)) as_.mfence();
}

void CodeGen::emit_probe(uint32_t i) {
  const Inst& in = region_->insts[i];
  MemDesc d = in.mem();
  if (config_.soft_tlb) return soft_probe(i);
  clobber_flags();
  Mem m = address(in, d);
  if (in.aux == static_cast<uint32_t>(ProbeKind::kTail)) {
    probe_tail(m, d);
    return consume_args(in);
  }
  check_alignment(d, in.aux != 0, &m);
  Reg t = alloc_gpr();
  load_address(t, m);
  for (unsigned last = 0; last < 2; ++last) {  // the first and the last byte
    Mem at = Mem::at(t, last ? static_cast<int32_t>(d.bytes()) - 1 : 0);
    at.gs = m.gs;
    trap_site(d.size, in.aux != 0, host(t), true);
    if (in.aux) {
      as_.lock_alu(Alu::kOr, 8, at, 0);
    } else {
      as_.test(8, at, 0);
    }
    if (d.size == 0) break;
  }
  consume_args(in);
}

// The store is hardly ever one to two pages.
void CodeGen::probe_tail(Mem m, MemDesc d) {
  const Reg first = alloc_gpr(), last = alloc_gpr();
  const auto bytes = static_cast<int32_t>(d.bytes());
  load_address(first, m);
  as_.lea(32, last, Mem::at(first, bytes - 1));
  as_.test(32, last, 0xfff & -bytes);
  const Label one_page = as_.new_label();
  as_.jcc(Cc::ne, one_page);
  as_.lea(64, last, Mem::at(first, bytes - 1));
  as_.alu(Alu::kAnd, 64, last, -0x1000);
  for (Mem at : {Mem::at(first, -bytes), Mem::at(last)}) {
    at.gs = m.gs;
    trap_site(d.size, true, host(first), true);
    as_.lock_alu(Alu::kOr, 8, at, 0);
  }
  as_.bind(one_page);
}

}  // namespace xarch::x86_64
