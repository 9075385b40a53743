// Registers: which host register holds what, loading, spilling, and the cache of guest slots.
#include <algorithm>

#include "tcg/backend/x86_64/codegen.h"
#include "tcg/support/log.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;

Mem CodeGen::state_mem(unsigned offset) const {
  return Mem::at(kStateReg, static_cast<int32_t>(offset) - static_cast<int32_t>(tcg::kStateBias));
}
Mem CodeGen::slot_mem(SlotId s) const { return state_mem(info_.layout->slots[s].offset); }
Mem CodeGen::frame_mem(unsigned index) const { return Mem::at(Reg::rsp, static_cast<int32_t>(index * 16)); }

void CodeGen::unsupported() { status_ = tcg::CompileResult::kUnsupported; }

unsigned CodeGen::alloc_frame() {
  for (unsigned i = 0; i < kSpillSlots; ++i) {
    if (!(frame_used_ >> i & 1)) {
      frame_used_ |= 1u << i;
      return i;
    }
  }
  for (RegState& reg : state_.regs) {
    for (unsigned i = 0; i < reg.num_vals; ++i) {
      Val& val = vals_[reg.vals[i]];
      if (!val.framed) continue;
      val.framed = false;
      return val.index;
    }
  }
  status_ = tcg::CompileResult::kTooLong;
  return 0;
}

// ---- moving values between a register and memory, by the slot's or value's type

void CodeGen::load_typed(Type t, HostReg r, const Mem& m) {
  switch (t) {
    case Type::kI1:
    case Type::kI8: as_.movzx(gpr(r), 8, m); break;
    case Type::kI16:
    case Type::kFlags: as_.movzx(gpr(r), 16, m); break;
    case Type::kI32: as_.mov(32, gpr(r), m); break;
    case Type::kI64: as_.mov(64, gpr(r), m); break;
    case Type::kF32: as_.sse(Simd::movss_ld, xmm(r), m); break;
    case Type::kF64:
    case Type::kV64: as_.sse(Simd::movq, xmm(r), m); break;
    case Type::kI128:
    case Type::kV128: as_.sse(Simd::movups, xmm(r), m); break;
    default: unsupported();
  }
  if (is_xmm(r)) set_zero_from(xmm(r), type_bytes(t));
}

void CodeGen::store_typed(Type t, const Mem& m, HostReg r) {
  switch (t) {
    case Type::kI1:
    case Type::kI8: as_.mov(8, m, gpr(r)); break;
    case Type::kI16:
    case Type::kFlags: as_.mov(16, m, gpr(r)); break;
    case Type::kI32: as_.mov(32, m, gpr(r)); break;
    case Type::kI64: as_.mov(64, m, gpr(r)); break;
    case Type::kF32: as_.sse(Simd::movss_st, m, xmm(r)); break;
    case Type::kF64:
    case Type::kV64: as_.sse(Simd::movq_st, m, xmm(r)); break;
    case Type::kI128:
    case Type::kV128: as_.sse(Simd::movups_st, m, xmm(r)); break;
    default: unsupported();
  }
}

void CodeGen::copy_reg(HostReg d, HostReg s) {
  if (d == s) return;
  if (is_xmm(d)) {
    as_.sse(Simd::movaps, xmm(d), xmm(s));
    state_.regs[d].zero_from = state_.regs[s].zero_from;
  } else {
    as_.mov(64, gpr(d), gpr(s));
  }
}

void CodeGen::store_slot(HostReg r) {
  if (!state_.is_dirty(r)) return;
  const SlotId s = state_.regs[r].slot;
  store_typed(info_.layout->slots[s].type, slot_mem(s), r);
  state_.set_clean(r);
}

void CodeGen::unbind_slot(HostReg r) {
  RegState& reg = state_.regs[r];
  if (reg.slot == kNoSlot) return;
  slot_reg_[reg.slot] = kNoHostReg;
  state_.drop_slot(r);
}

void CodeGen::spill_vals(HostReg r) {
  const RegState& reg = state_.regs[r];
  for (unsigned i = reg.num_vals; i-- > 0;) {
    Val& val = vals_[reg.vals[i]];
    val.loc = Loc::kSpill;
    if (val.framed) {
      val.framed = false;
      continue;
    }
    val.index = static_cast<uint16_t>(alloc_frame());
    if (is_xmm(r)) {
      as_.sse(Simd::movups_st, frame_mem(val.index), xmm(r));
    } else {
      as_.mov(64, frame_mem(val.index), gpr(r));
    }
  }
  state_.drop_values(r);
}

// A value that its slot holds as well is read from there when it is wanted again, if no other one is.
bool CodeGen::leave_to_slot(HostReg r) {
  RegState& reg = state_.regs[r];
  const SlotId s = reg.slot;
  if (settling_ || reg.num_vals != 1 || s == kNoSlot || s == info_.flags || reg.partial ||
      slot_reader_[s] != kNoValue)
    return false;
  const V v = reg.vals[0];
  if (vals_[v].framed || inst(v).type != info_.layout->slots[s].type) return false;
  state_.drop_values(r);
  vals_[v].loc = Loc::kSlot;
  vals_[v].index = s;
  slot_reader_[s] = v;
  readers_.push_back(s);
  return true;
}

void CodeGen::evict(HostReg r) {
  if (!leave_to_slot(r)) spill_vals(r);
  store_slot(r);
  unbind_slot(r);
}

// The registers that an op's operands are in, those of what it has taken over from its operands included.
uint32_t CodeGen::operand_regs(const Inst& in) const {
  uint32_t regs = 0;
  for (const V v : in.args) {
    if (v == kNoValue) break;
    if (vals_[v].loc == Loc::kReg) regs |= 1u << vals_[v].reg;
    if (vals_[v].loc == Loc::kDeferred) regs |= operand_regs(inst(v));
  }
  return regs;
}

// Of registers that hold values, the one whose next use is the farthest, as far as the next ops tell; of
// several whose use is out of sight one that costs no store, or else the one that was used least recently.
// What the op being emitted uses itself is used next, and what it has touched already comes last.
HostReg CodeGen::farthest_use(uint32_t candidates) const {
  uint32_t older = 0;
  for (uint32_t rest = candidates; rest != 0; rest &= rest - 1) {
    const auto r = static_cast<HostReg>(__builtin_ctz(rest));
    if (static_cast<int16_t>(state_.regs[r].stamp - now_stamp_) <= 0) older |= 1u << r;
  }
  if (older != 0) candidates = older;
  const auto end = std::min<uint32_t>(now_ + kUseWindow, static_cast<uint32_t>(region_->insts.size()));
  for (uint32_t i = now_; i < end && (candidates & (candidates - 1)) != 0; ++i) {
    const Inst& in = insts_[i];
    if (in.op == Op::kInsn) continue;  // whose operands are no values
    const uint32_t used = operand_regs(in);
    if ((candidates & ~used) == 0) break;
    candidates &= ~used;
    if (is_terminator(in.op)) break;
  }
  HostReg best = kNoHostReg;
  unsigned best_cost = ~0u;
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto r = static_cast<HostReg>(__builtin_ctz(candidates));
    const RegState& reg = state_.regs[r];
    const bool stored = reg.num_vals == 1 && (vals_[reg.vals[0]].framed || reg.slot != kNoSlot);
    const unsigned cost = (stored ? 0 : 1u << 16) | static_cast<uint16_t>(reg.stamp - stamp_ - 1);
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = r;
  }
  return best;
}

Reg CodeGen::alloc_gpr(uint32_t avoid) {
  if (const uint32_t empty = kScratchMask & ~(locked_ | avoid | state_.used()); empty != 0) {
    const uint32_t others = empty & ~(1u << host(Reg::rax));  // rax last
    return gpr(take_empty(static_cast<HostReg>(__builtin_ctz(others ? others : empty))));
  }
  HostReg best = kNoHostReg;
  unsigned best_cost = ~0u;
  uint32_t with_values = 0;
  for (Reg candidate : kScratch) {
    HostReg r = host(candidate);
    if ((locked_ | avoid) >> r & 1) continue;
    const RegState& reg = state_.regs[r];
    if (reg.num_vals > 0) {
      with_values |= 1u << r;
      continue;
    }
    unsigned kind = state_.is_dirty(r) ? 2 : reg.slot != kNoSlot ? 1 : 0;
    unsigned cost = kind << 16 | (kind ? static_cast<uint16_t>(reg.stamp - stamp_ - 1) : 0);
    if (cost < best_cost) {
      best_cost = cost;
      best = r;
    }
  }
  if (best == kNoHostReg && with_values != 0) best = farthest_use(with_values);
  if (best == kNoHostReg)
    Log::fatal("xarch: internal error: no scratch register left at op %u (%s)", now_,
               std::string(op_info(inst(static_cast<V>(now_)).op).text).c_str());
  evict(best);
  return gpr(take_empty(best));
}

Xmm CodeGen::alloc_xmm() {
  if (const uint32_t empty = kXmmMask & ~(locked_ | state_.used()); empty != 0)
    return xmm(take_empty(static_cast<HostReg>(__builtin_ctz(empty))));
  HostReg best = kNoHostReg;
  unsigned best_cost = ~0u;
  for (HostReg r = kFirstXmm; r < kNumHostRegs; ++r) {
    if (locked_ >> r & 1) continue;
    const RegState& reg = state_.regs[r];
    unsigned kind = reg.num_vals > 0 ? 3 : state_.is_dirty(r) ? 2 : reg.slot != kNoSlot ? 1 : 0;
    unsigned cost = kind << 16 | (kind ? static_cast<uint16_t>(reg.stamp - stamp_ - 1) : 0);
    if (cost < best_cost) {
      best_cost = cost;
      best = r;
    }
  }
  if (best == kNoHostReg) Log::fatal("xarch: internal error: no vector register left at op %u", now_);
  evict(best);
  return xmm(take_empty(best));
}

// Live values in r move to another free register if there is one, else to the frame.
void CodeGen::move_vals_away(HostReg r) {
  RegState& reg = state_.regs[r];
  if (reg.num_vals == 0) return;
  const unsigned candidates = is_xmm(r) ? kNumHostRegs - kFirstXmm : kNumScratch;
  for (unsigned k = 0; k < candidates; ++k) {
    const HostReg to = is_xmm(r) ? static_cast<HostReg>(kFirstXmm + k) : host(kScratch[k]);
    RegState& other = state_.regs[to];
    if (to == r || locked_ >> to & 1 || other.num_vals || other.slot != kNoSlot) continue;
    copy_reg(to, r);
    for (unsigned i = 0; i < reg.num_vals; ++i) {
      state_.add(to, reg.vals[i]);
      vals_[reg.vals[i]].reg = to;
    }
    other.stamp = ++stamp_;
    state_.drop_values(r);
    return;
  }
  spill_vals(r);
}

void CodeGen::take(HostReg r) {
  lock(r);
  move_vals_away(r);
  store_slot(r);
  unbind_slot(r);
}

void CodeGen::displace(HostReg pin) { move_vals_away(pin); }

// r holds as many values as may be told of it: a copy takes one more.
HostReg CodeGen::another(HostReg r) {
  lock(r);
  HostReg copy = is_xmm(r) ? host(alloc_xmm()) : host(alloc_gpr());
  copy_reg(copy, r);
  return copy;
}

// A value that has a place in the frame from before, or a register that is full.
void CodeGen::bind_elsewhere(V v, HostReg r, bool clean) {
  Val& val = vals_[v];
  if (val.framed && clean != val.clean) drop_frame(val);
  if (state_.regs[r].num_vals == RegState::kMaxVals) r = another(r);
  const bool framed = val.framed;
  val.framed = false;
  bind(v, r, clean);
  val.framed = framed;
}

// The result of the instruction being emitted is in r: its operands are done with.
void CodeGen::finish(V result, HostReg r, bool clean) {
  consume_args(inst(result));
  bind(result, r, clean);
}

void CodeGen::end_value(V v) {
  Val& val = vals_[v];
  switch (val.loc) {
    case Loc::kReg:
      state_.remove(val.reg, v);
      if (val.framed) drop_frame(val);
      break;
    case Loc::kSlot: slot_reader_[val.index] = kNoValue; break;
    case Loc::kSpill: frame_used_ &= ~(1u << val.index); break;
    case Loc::kFlags:
      for (unsigned i = 0; i < state_.flags.num_vals; ++i) {
        if (state_.flags.vals[i] == v) state_.flags.vals[i] = state_.flags.vals[--state_.flags.num_vals];
      }
      break;
    case Loc::kDeferred: consume_args(inst(v)); break;
    case Loc::kF80: state_.f80.remove(v); break;
    case Loc::kConst:
    case Loc::kNone: break;
  }
  val.loc = Loc::kNone;
}

void CodeGen::consume_args(const Inst& in) {
  if (in.args[0] == kNoValue) return;
  consume(in.args[0]);
  if (in.args[1] == kNoValue) return;
  consume(in.args[1]);
  if (in.args[2] == kNoValue) return;
  consume(in.args[2]);
  if (in.args[3] != kNoValue) consume(in.args[3]);
}

int64_t CodeGen::const_of(V v) const {
  unsigned bits = type_bits(inst(v).type);
  auto raw = static_cast<uint64_t>(inst(v).imm);
  if (bits == 1) return static_cast<int64_t>(raw & 1);
  return bits >= 64 ? static_cast<int64_t>(raw) : static_cast<int64_t>(raw << (64 - bits)) >> (64 - bits);
}

bool CodeGen::const_imm32(V v, int32_t* out) const {
  if (is_xmm_type(inst(v).type)) return false;
  int64_t c = const_of(v);
  *out = static_cast<int32_t>(c);
  return *out == c;
}

void CodeGen::load_to(V v, HostReg r) {
  const Val& val = vals_[v];
  Type t = inst(v).type;
  switch (val.loc) {
    case Loc::kReg: copy_reg(r, val.reg); break;
    case Loc::kConst: {
      uint64_t c = static_cast<uint64_t>(inst(v).imm);
      if (is_xmm(r)) {
        uint64_t low = 0, high = 0;
        vector_const(v, &low, &high);
        return load_const(xmm(r), low, high);
      }
      if (type_bits(t) < 64) c &= (uint64_t{1} << type_bits(t)) - 1;
      as_.mov_imm(64, gpr(r), c);
      break;
    }
    case Loc::kSlot: load_typed(partly_read(v) ? low_type(v) : t, r, slot_mem(val.index)); break;
    case Loc::kSpill:
      if (is_xmm(r)) {
        as_.sse(Simd::movups, xmm(r), frame_mem(val.index));
      } else {
        as_.mov(64, gpr(r), frame_mem(val.index));
      }
      break;
    default: Log::fatal("xarch: internal error: value %u has no place at op %u", v, now_);
  }
}

// Gives a value that is not in a register one.
HostReg CodeGen::fetch_other(V v) {
  Val& val = vals_[v];
  if (val.loc == Loc::kDeferred) materialize_condition(v);
  if (val.loc == Loc::kFlags) save_flags();
  if (val.loc == Loc::kReg) return val.reg;
  Type t = inst(v).type;
  HostReg r = is_xmm_type(t) ? host(alloc_xmm()) : host(alloc_gpr());
  load_to(v, r);
  Loc from = val.loc;
  if (from == Loc::kSlot) {
    SlotId s = val.index;
    slot_reader_[s] = kNoValue;
    state_.cache(r, s);
    state_.regs[r].partial = partly_read(v);
    slot_reg_[s] = r;
  }
  bool clean = from == Loc::kSlot || from == Loc::kConst || val.clean;
  bind(v, r, clean);
  val.framed = from == Loc::kSpill;  // and need not be stored again
  return val.reg;
}

Reg CodeGen::use_clean(V v) {
  Reg r = use(v);
  unsigned bits = type_bits(inst(v).type);
  if (vals_[v].clean || bits >= 64 || bits == 1) return r;
  Reg d = alloc_gpr();
  as_.movzx(d, bits, r);
  return d;
}

// May `r`, which holds operand v, be overwritten with `result` once v has been read?
bool CodeGen::reusable(HostReg r, V v, V result) {
  RegState& reg = state_.regs[r];
  if (reg.num_vals != 1 || reg.vals[0] != v || !dies(v)) return false;
  if (!is_xmm(r) && r != host(Reg::rax) && r != host(Reg::rbx) && r != host(Reg::r10) &&
      r != host(Reg::r12)) {
    return hint(result) != kNoSlot && info_.pin[hint(result)] == r;
  }
  if (state_.is_dirty(r) && reg.slot != hint(result)) return false;
  return true;
}

Reg CodeGen::dest(V result, V a, V b) {
  const SlotId to = hint(result);
  HostReg pin = to == kNoSlot ? kNoHostReg : info_.pin[to];
  bool b_there = b != kNoValue && vals_[b].loc == Loc::kReg && vals_[b].reg == pin;
  if (pin != kNoHostReg && !b_there) {
    const RegState& reg = state_.regs[pin];
    bool only_a = reg.num_vals == 1 && a != kNoValue && reg.vals[0] == a && dies(a);
    if (reg.num_vals == 0 || only_a) {
      lock(pin);
      return gpr(pin);
    }
  }
  if (a != kNoValue && a != b && vals_[a].loc == Loc::kReg && !is_xmm(vals_[a].reg) &&
      reusable(vals_[a].reg, a, result)) {
    HostReg r = vals_[a].reg;
    if (info_.is_pin(r)) return gpr(r);
    unbind_slot(r);
    return gpr(r);
  }
  return alloc_gpr();
}

Xmm CodeGen::dest_x(V result, V a, V b) {
  if (const HostReg home = loop_home(result); home != kNoHostReg) {
    lock(home);
    unbind_slot(home);
    state_.regs[home].zero_from = 16;
    return xmm(home);
  }
  if (a != kNoValue && a != b && vals_[a].loc == Loc::kReg && is_xmm(vals_[a].reg) &&
      reusable(vals_[a].reg, a, result)) {
    RegState& reg = state_.regs[vals_[a].reg];
    if (reg.slot == kNoSlot || loop_slots_.empty() || !features_.avx || reg.slot == hint(result)) {
      unbind_slot(vals_[a].reg);
      reg.zero_from = 16;
      return xmm(vals_[a].reg);
    }
  }
  return alloc_xmm();
}

// ---- slots

void CodeGen::settle_slot_readers(SlotId s) {
  V v = slot_reader_[s];
  if (v == kNoValue) return;
  uint32_t locked = locked_;
  fetch(v);
  locked_ = locked;
}

// Whom that drives from a register is not left to a slot again.
void CodeGen::settle_all_slot_readers() {
  settling_ = true;
  for (const SlotId s : readers_) settle_slot_readers(s);
  settling_ = false;
}

void CodeGen::drop_slot_cache(SlotId s, bool write_back) {
  if (info_.loose[s] != 0) write_back ? store_late(nullptr) : cancel_late(s);
  settle_slot_readers(s);
  HostReg r = slot_reg_[s];
  if (r == kF80Place) {
    f80_drop_slot(s, write_back);
  } else if (r != kNoHostReg) {
    if (write_back) store_slot(r);
    unbind_slot(r);
  }
  if (s == info_.flags && state_.flags.slot == s) {
    if (write_back && state_.flags.dirty) save_flags();
    state_.flags.slot = kNoSlot;
    state_.flags.dirty = false;
  }
}

void CodeGen::get(uint32_t i) {
  V v = static_cast<V>(i);
  if (left(v) == 0) return;
  const HostReg pin = info_.pin[inst(v).aux];
  pin != kNoHostReg ? bind(v, pin, true) : get_unpinned(i);
}

void CodeGen::get_unpinned(uint32_t i) {
  const Inst& in = inst(static_cast<V>(i));
  V v = static_cast<V>(i);
  auto s = static_cast<SlotId>(in.aux);
  if (in.type == Type::kF80) return f80_get(i);
  if (info_.loose[s] != 0) store_late(nullptr);
  if (s == info_.flags && state_.flags.valid && state_.flags.slot == s &&
      state_.flags.num_vals < FlagsState::kMaxVals) {
    vals_[v].loc = Loc::kFlags;
    state_.flags.vals[state_.flags.num_vals++] = v;
    return;
  }
  if (s == info_.flags && state_.flags.slot == s && state_.flags.dirty) save_flags();
  settle_slot_readers(s);
  if (overlaps_pin(s)) {  // part of a pinned register: by way of the state block
    store_overlapping_pins(s);
    HostReg r = is_xmm_type(in.type) ? host(alloc_xmm()) : host(alloc_gpr());
    load_typed(in.type, r, slot_mem(s));
    return bind(v, r, true);
  }
  if (HostReg r = slot_reg_[s]; r != kNoHostReg) {
    const RegState& reg = state_.regs[r];
    if (!reg.partial || (partly_read(v) && type_bytes(low_type(v)) <= reg.zero_from))
      return bind(v, r, false);
    unbind_slot(r);
  }
  const Slot& slot = info_.layout->slots[s];
  for (SlotId o : info_.overlaps[s]) {  // the low part of a vector that is in a register
    const HostReg r = slot_reg_[o];
    if (r == kNoHostReg || !is_xmm(r) || !is_xmm_type(in.type)) continue;
    const Slot& other = info_.layout->slots[o];
    const unsigned there = state_.regs[r].partial ? state_.regs[r].zero_from : other.bytes();
    if (other.offset == slot.offset && slot.bytes() <= there) return bind(v, r, false);
  }
  for (SlotId o : info_.overlaps[s]) {
    if (slot_reg_[o] != kNoHostReg) drop_slot_cache(o, true);
  }
  vals_[v].loc = Loc::kSlot;
  vals_[v].index = s;
  slot_reader_[s] = v;
  readers_.push_back(s);
}

bool CodeGen::overlaps_pin(SlotId s) const {
  for (SlotId o : info_.overlaps[s]) {
    if (info_.pin[o] != kNoHostReg) return true;
  }
  return false;
}

void CodeGen::store_overlapping_pins(SlotId s) {
  for (SlotId o : info_.overlaps[s]) {
    if (info_.pin[o] != kNoHostReg) store_typed(info_.layout->slots[o].type, slot_mem(o), info_.pin[o]);
  }
}

// Writes part of a pinned register by way of the state block.
void CodeGen::put_part_of_pin(SlotId s, V v) {
  HostReg r = fetch(v);
  lock(r);
  store_overlapping_pins(s);
  for (SlotId o : info_.overlaps[s]) {
    if (info_.pin[o] != kNoHostReg) displace(info_.pin[o]);
  }
  r = fetch(v);
  store_typed(info_.layout->slots[s].type, slot_mem(s), r);
  for (SlotId o : info_.overlaps[s]) {
    if (info_.pin[o] != kNoHostReg) load_typed(info_.layout->slots[o].type, info_.pin[o], slot_mem(o));
  }
}

// The address of element (a mod count) of the array slot s, in a register of its own.
Mem CodeGen::element(SlotId s, V a) {
  const Slot& slot = info_.layout->slots[s];
  unsigned bytes = type_bytes(slot.type);
  Reg index = alloc_gpr(1u << host(Reg::rax));
  as_.mov(32, index, use(a));
  if ((slot.count & (slot.count - 1)) == 0) {
    as_.alu(Alu::kAnd, 32, index, slot.count - 1);
  } else {  // the remainder comes out in rdx, which is a pin
    take(Reg::rax);
    Reg save = alloc_gpr();
    as_.mov(64, save, Reg::rdx);
    as_.mov(32, Reg::rax, index);
    as_.mov_imm(32, index, slot.count);
    as_.alu(Alu::kXor, 32, Reg::rdx, Reg::rdx);
    as_.unary(Unary::kDiv, 32, index);
    as_.mov(32, index, Reg::rdx);
    as_.mov(64, Reg::rdx, save);
    unlock(host(save));
    unlock(host(Reg::rax));
  }
  Mem m = slot_mem(s);
  m.index = index;
  if (bytes > 8) {
    as_.shift(Shift::kShl, 32, index, 4);
  } else {
    m.scale = static_cast<uint8_t>(__builtin_ctz(bytes));
  }
  return m;
}

// Elements of array slots are read from and written to the state block.
void CodeGen::emit_indexed(uint32_t i) {
  const Inst& in = inst(static_cast<V>(i));
  auto s = static_cast<SlotId>(in.aux);
  const Slot& slot = info_.layout->slots[s];
  bool write = in.op == Op::kPutIdx;
  if (type_bytes(slot.type) & (type_bytes(slot.type) - 1)) return unsupported();  // f80
  if (write) settle_condition(in.args[1]);
  clobber_flags();
  for (SlotId o : info_.overlaps[s]) {
    if (write) {
      drop_slot_cache(o, true);
    } else if (slot_reg_[o] == kF80Place) {
      f80_drop_slot(o, true);
    } else if (slot_reg_[o] != kNoHostReg) {
      store_slot(slot_reg_[o]);
    }
  }
  store_overlapping_pins(s);
  Mem m = element(s, in.args[0]);
  if (!write) {
    HostReg d = is_xmm_type(in.type) ? host(alloc_xmm()) : host(alloc_gpr());
    load_typed(in.type, d, m);
    return finish(static_cast<V>(i), d, true);
  }
  HostReg r = fetch(in.args[1]);
  lock(r);
  store_typed(slot.type, m, r);
  for (SlotId o : info_.overlaps[s]) {
    if (info_.pin[o] == kNoHostReg) continue;
    displace(info_.pin[o]);
    load_typed(info_.layout->slots[o].type, info_.pin[o], slot_mem(o));
  }
  consume_args(in);
}

void CodeGen::put_pin(SlotId s, V v) {
  HostReg pin = info_.pin[s];
  bool narrow = info_.layout->slots[s].type == Type::kI32;
  if (vals_[v].loc == Loc::kReg && vals_[v].reg == pin) {
    if (narrow && !vals_[v].clean) as_.mov(32, gpr(pin), gpr(pin));
    return;
  }
  fill_pin(pin, narrow, v);
}

void CodeGen::fill_pin(HostReg pin, bool narrow, V v) {
  if (vals_[v].loc == Loc::kDeferred || vals_[v].loc == Loc::kFlags) use(v);
  lock(pin);
  if (vals_[v].loc == Loc::kReg) lock(vals_[v].reg);
  displace(pin);
  load_to(v, pin);
  if (narrow && vals_[v].loc == Loc::kReg && !vals_[v].clean) as_.mov(32, gpr(pin), gpr(pin));
}

void CodeGen::put(uint32_t i) {
  const Inst& in = inst(static_cast<V>(i));
  auto s = static_cast<SlotId>(in.aux);
  V v = in.args[0];
  if (info_.pin[s] == kNoHostReg) return put_unpinned(i);
  put_pin(s, v);
  consume(v);
}

void CodeGen::put_unpinned(uint32_t i) {
  const Inst& in = insts_[i];
  const auto s = static_cast<SlotId>(in.aux);
  put_in_state(s, in.args[0], i);
  if (s == info_.flags)
    flags_until_ = in.flags_until != kNoValue ? in.flags_until : blocks_[block_].flags_end;
}

inline void CodeGen::put_in_state(SlotId s, V v, uint32_t i) {
  if (info_.layout->slots[s].type == Type::kF80) return f80_put(i);
  settle_slot_readers(s);
  if (info_.loose[s] != 0) {
    drop_slot_cache(s, false);
    if (inst(v).op == Op::kPcRel && vals_[v].loc == Loc::kDeferred) {
      state_.late.put_pc(s, inst(v).imm);
      return consume(v);
    }
    if (s == info_.layout->f80_up && is_const(v) && const_of(v) == 0) {
      state_.late.put_up(LateSlots::Up::kZero);
      return consume(v);
    }
  }
  for (SlotId o : info_.overlaps[s]) {
    if (slot_reg_[o] != kNoHostReg || slot_reader_[o] != kNoValue) drop_slot_cache(o, true);
  }
  if (overlaps_pin(s)) {
    put_part_of_pin(s, v);
    return consume(v);
  }
  Type t = info_.layout->slots[s].type;
  if (slot_reg_[s] != kNoHostReg) {
    if (const HostReg r = slot_reg_[s]; vals_[v].loc == Loc::kReg && vals_[v].reg == r) {
      if (state_.regs[r].partial) {  // now the slot is all that is in there
        state_.regs[r].partial = false;
        state_.set_dirty(r);
      }
      return consume(v);
    }
    unbind_slot(slot_reg_[s]);
  }
  if (s == info_.flags) {
    if (vals_[v].loc == Loc::kFlags) {
      state_.flags.slot = s;
      state_.flags.dirty = true;
      return consume(v);
    }
    if (state_.flags.slot == s) {
      state_.flags.slot = kNoSlot;
      state_.flags.dirty = false;
    }
  }
  int32_t c;
  if (imm32(v, &c) && t != Type::kI128) {
    as_.mov_imm(type_bits(t) == 1 ? 8 : type_bits(t), slot_mem(s), t == Type::kI1 ? c & 1 : c);
    return consume(v);
  }
  HostReg r = fetch(v);
  if (is_xmm(r) && state_.regs[r].slot != kNoSlot) {  // the cache of another one: two of them then
    lock(r);
    const HostReg copy = host(alloc_xmm());
    copy_reg(copy, r);
    r = copy;
  }
  if (info_.is_pin(r) || state_.regs[r].slot != kNoSlot) {
    store_typed(t, slot_mem(s), r);
  } else {
    state_.cache(r, s);
    state_.set_dirty(r);
    slot_reg_[s] = r;
  }
  consume(v);
}

// f80: those on the x87 stack as well, which is empty then.
void CodeGen::flush_slots(const std::vector<SlotId>* dead, bool f80) {
  auto is_dead = [&](SlotId s) {
    if (dead) {
      for (SlotId d : *dead) {
        if (d == s) return true;
      }
    }
    return false;
  };
  if (state_.flags_dirty() && !is_dead(state_.flags.slot)) save_flags();
  if (state_.late.any()) store_late(dead);
  if (f80 && state_.f80.depth != 0) f80_flush(dead);
  state_.for_each_dirty([&](HostReg r) {
    if (!is_dead(state_.regs[r].slot)) store_slot(r);
  });
}

// Stores what waits, but for `dead`, of which nothing is known any more. The host's flags are left alone.
void CodeGen::store_late(const std::vector<SlotId>* dead) {
  const auto is_dead = [&](SlotId s) {
    return dead != nullptr && std::find(dead->begin(), dead->end(), s) != dead->end();
  };
  const LateSlots late = state_.late;
  state_.late = LateSlots();
  const SlotId up = info_.layout->f80_up, pc = late.pc_slot;
  if (late.up != LateSlots::Up::kStored && !late.up_dead && !is_dead(up)) store_up(late.up);
  if (pc == kNoSlot || late.pc_dead || is_dead(pc)) return;
  const Reg r = alloc_gpr();
  load_pcrel(r, late.pc_offset);
  as_.mov(64, slot_mem(pc), r);
  unlock(host(r));
}

void CodeGen::store_up(LateSlots::Up up) {
  const Mem m = slot_mem(info_.layout->f80_up);
  up == LateSlots::Up::kZero ? as_.mov_imm(16, m, 0) : as_.x87(0xdd, 7, m);  // fnstsw
}

// The slot is written otherwise.
void CodeGen::cancel_late(SlotId s) {
  if (s == info_.layout->f80_up) state_.late.up = LateSlots::Up::kStored;
  if (s == state_.late.pc_slot) state_.late.pc_slot = kNoSlot;
}

// These are overwritten before anything but a memory fault sees them: what waits is for that alone.
void CodeGen::late_for_faults_only(uint16_t loose) {
  if (info_.layout->f80_up != kNoSlot && (info_.loose[info_.layout->f80_up] & loose))
    state_.late.up_dead = true;
  if (state_.late.pc_slot != kNoSlot && (info_.loose[state_.late.pc_slot] & loose))
    state_.late.pc_dead = true;
}

// Does anything wait that the block wants to find in the state?
bool CodeGen::late_for(BlockId b) const {
  const uint16_t dead = blocks_[b].loose_dead;
  const LateSlots& late = state_.late;
  return (late.up != LateSlots::Up::kStored && !late.up_dead &&
          !(info_.loose[info_.layout->f80_up] & dead)) ||
         (late.pc_slot != kNoSlot && !late.pc_dead && !(info_.loose[late.pc_slot] & dead));
}

// Nothing is known any more of registers other than pins.
void CodeGen::forget_all() {
  state_.for_each_used([&](HostReg r) {
    RegState& reg = state_.regs[r];
    if (reg.slot != kNoSlot) slot_reg_[reg.slot] = kNoHostReg;
    reg = RegState();
  });
  state_.holding = state_.caching = state_.dirty = 0;
  for (unsigned p = state_.f80.depth; p-- > 0;) f80_unbind(p);
  state_.f80.depth = 0;
  state_.late = LateSlots();
  for (SlotId s : readers_) slot_reader_[s] = kNoValue;
  readers_.clear();
  state_.flags = FlagsState();
}

}  // namespace xarch::x86_64
