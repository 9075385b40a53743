// Extended precision on the host's x87 unit. Values, and slots of this type as far as a block has touched
// them, are on its stack; the model of it (F80Stack) says where. Whatever leaves the block, calls, or joins
// other code empties the stack first. Operands that are used no more are overwritten or popped by the
// instruction itself where that can be; others stay until somebody needs room.
#include <algorithm>

#include "tcg/backend/x86_64/codegen.h"
#include "tcg/support/log.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

// x87's numbers of the arithmetic operations, in the order of the ops from f80.add on.
constexpr unsigned kAdd = 0, kMul = 1, kSub = 4, kSubR = 5, kDiv = 6, kDivR = 7;
constexpr unsigned kNumber[] = {kAdd, kMul, kSub, kSubR, kDiv, kDivR};
// The same with the operands exchanged.
constexpr unsigned exchanged(unsigned number) { return number >= kSub ? number ^ 1 : number; }

// Memory operands of a first opcode byte and a number in the ModRM byte.
struct MemForm {
  uint8_t opcode, number;
};
constexpr MemForm kLoad80 = {0xdb, 5}, kStore80 = {0xdb, 7};
constexpr MemForm load_of(Type t) {
  switch (t) {
    case Type::kF32: return {0xd9, 0};
    case Type::kF64: return {0xdd, 0};
    case Type::kI16: return {0xdf, 0};
    case Type::kI32: return {0xdb, 0};
    default: return {0xdf, 5};
  }
}
// Those that pop.
constexpr MemForm store_of(Type t, bool truncates) {
  switch (t) {
    case Type::kF32: return {0xd9, 3};
    case Type::kF64: return {0xdd, 3};
    case Type::kI16: return {0xdf, static_cast<uint8_t>(truncates ? 1 : 3)};
    case Type::kI32: return {0xdb, static_cast<uint8_t>(truncates ? 1 : 3)};
    default: return truncates ? MemForm{0xdd, 1} : MemForm{0xdf, 7};
  }
}

}  // namespace

// A place in the frame for what goes between the units.
Mem CodeGen::f80_bounce() const { return Mem::at(Reg::rsp, static_cast<int32_t>(kSoftValue)); }

// ---- the stack

unsigned CodeGen::f80_find(V v) const {
  const F80Stack& s = state_.f80;
  for (unsigned p = s.depth; p-- > 0;) {
    for (unsigned k = 0; k < s.entries[p].num_vals; ++k) {
      if (s.entries[p].vals[k] == v) return p;
    }
  }
  Log::fatal("xarch: internal error: value %u is not on the x87 stack at op %u", v, now_);
}

unsigned CodeGen::f80_find_slot(SlotId slot, unsigned* k) const {
  const F80Stack& s = state_.f80;
  for (unsigned p = 0; p < s.depth; ++p) {
    for (*k = 0; *k < s.entries[p].num_slots; ++*k) {
      if (s.entries[p].slots[*k] == slot) return p;
    }
  }
  Log::fatal("xarch: internal error: slot %u is not on the x87 stack at op %u", slot, now_);
}

void CodeGen::f80_to_top(unsigned p) {
  F80Stack& s = state_.f80;
  if (p == s.top()) return;
  x87(0xd9, 0xc8 + s.st(p));
  std::swap(s.entries[p], s.entries[s.top()]);
}

// A new top that holds nothing yet; the host's instruction has pushed or is about to.
void CodeGen::f80_push() { state_.f80.entries[state_.f80.depth++] = F80Stack::Entry(); }

// No slot is cached in the entry any more.
void CodeGen::f80_unbind(unsigned p) {
  F80Stack::Entry& e = state_.f80.entries[p];
  for (unsigned k = 0; k < e.num_slots; ++k) slot_reg_[e.slots[k]] = kNoHostReg;
  e.num_slots = 0;
  e.dirty = e.loose = 0;
}

// The top has been popped.
void CodeGen::f80_popped() {
  f80_unbind(state_.f80.top());
  --state_.f80.depth;
}

// Stores the top to all places that need it, and pops it. Values go to the frame.
void CodeGen::f80_evict_top(const std::vector<SlotId>* dead) {
  F80Stack::Entry& e = state_.f80.entries[state_.f80.top()];
  Mem places[F80Stack::kMaxSlots + F80Stack::kMaxVals];
  unsigned n = 0;
  for (unsigned k = 0; k < e.num_slots; ++k) {
    const bool is_dead = dead != nullptr && std::find(dead->begin(), dead->end(), e.slots[k]) != dead->end();
    if ((e.dirty >> k & 1) && !is_dead && !f80_discards(e, k)) places[n++] = slot_mem(e.slots[k]);
  }
  for (unsigned k = 0; k < e.num_vals; ++k) {
    Val& val = vals_[e.vals[k]];
    val.loc = Loc::kSpill;
    val.index = static_cast<uint16_t>(alloc_frame());
    places[n++] = frame_mem(val.index);
  }
  for (unsigned k = 0; k + 1 < n; ++k) {
    x87(0xd9, 0xc0);
    x87(kStore80.opcode, kStore80.number, places[k]);
  }
  if (n == 0) {
    x87(0xdd, 0xd8);
  } else {
    x87(kStore80.opcode, kStore80.number, places[n - 1]);
  }
  f80_popped();
}

// Empties the stack. dead: slots that need no store.
void CodeGen::f80_flush(const std::vector<SlotId>* dead) {
  while (state_.f80.depth != 0) f80_evict_top(dead);
}

// Is the slot overwritten before anything but a memory fault sees it?
bool CodeGen::f80_overwritten(SlotId s) const {
  const unsigned bit = info_.watched[s];
  if (bit == 0 || !foreseeing_) return false;
  for (uint32_t i = now_;; ++i) {
    const Inst& in = insts_[i];
    if (is_terminator(in.op)) return (loose_after(in) & bit) != 0;
    if (is_idle(i)) continue;
    const bool slot_op =
        in.op == Op::kGet || in.op == Op::kPut || in.op == Op::kGetIdx || in.op == Op::kPutIdx;
    if (slot_op && (info_.touched[in.aux] & bit)) return false;
    if (slot_op && in.aux == s) return in.op == Op::kPut;
    if (in.op == Op::kCall || in.op == Op::kPoll) return false;
  }
}

// Need the entry's slot k not be written back, although it is dirty?
bool CodeGen::f80_discards(const F80Stack::Entry& e, unsigned k) const {
  return (e.loose >> k & 1) && f80_overwritten(e.slots[k]);
}

// Slots that nobody sees any more make no use of the stack.
void CodeGen::f80_discard() {
  for (unsigned p = 0; p < state_.f80.depth; ++p) {
    for (unsigned k = state_.f80.entries[p].num_slots; k-- > 0;) {
      if (f80_discards(state_.f80.entries[p], k)) f80_remove_slot(p, k);
    }
  }
}

void CodeGen::emit_f80_drop(uint32_t i) {
  const auto s = static_cast<SlotId>(insts_[i].aux);
  if (slot_reg_[s] != kF80Place) return;
  unsigned k;
  F80Stack::Entry& e = state_.f80.entries[f80_find_slot(s, &k)];
  e.loose = static_cast<uint8_t>(e.loose | 1u << k);
}

// What it costs to have the entry no more: values first of all, then slots that are read again.
unsigned CodeGen::f80_cost(const F80Stack::Entry& e) const {
  unsigned cost = (e.num_vals != 0 ? 16 : 0) + (e.dirty != 0 ? 2 : 0) + (e.num_slots != 0 ? 1 : 0);
  for (unsigned k = 0; k < e.num_slots; ++k) {
    if (f80_read_again(e.slots[k])) cost += 4;
  }
  return cost;
}

// Is the slot read before it is written, as far as the order of blocks and the next ops tell? In a loop that
// keeps it, it is.
bool CodeGen::f80_read_again(SlotId s) const {
  constexpr uint32_t kWindow = 128;
  const auto end = std::min<uint32_t>(now_ + kWindow, static_cast<uint32_t>(region_->insts.size()));
  for (uint32_t i = now_; i < end; ++i) {
    const Inst& in = insts_[i];
    if ((in.op == Op::kGet || in.op == Op::kPut) && in.aux == s && !is_idle(i)) return in.op == Op::kGet;
  }
  return std::find(f80_loop_.begin(), f80_loop_.end(), s) != f80_loop_.end();
}

// Makes room for one more, entries of `keep` (a bit each) staying on the stack.
void CodeGen::f80_room(uint32_t keep) {
  F80Stack& s = state_.f80;
  if (s.depth < F80Stack::kLimit) return;
  f80_discard();
  unsigned best = 0, best_cost = ~0u;
  for (unsigned p = 0; p < s.depth; ++p) {
    const F80Stack::Entry& e = s.entries[p];
    const unsigned cost = f80_cost(e);
    if ((keep >> p & 1) || cost >= best_cost) continue;
    best = p;
    best_cost = cost;
  }
  if (best == s.top()) return f80_evict_top(nullptr);
  // The top comes to where it was: positions are to be looked up again.
  if (s.entries[best].num_vals == 0 && s.entries[best].dirty == 0) {
    f80_unbind(best);
    x87(0xdd, 0xd8 + s.st(best));
    s.entries[best] = s.entries[s.top()];
    --s.depth;
  } else {
    f80_to_top(best);
    f80_evict_top(nullptr);
  }
}

// Brings a value onto the stack: where it is. Others may move, but for `other`, which stays on the stack.
unsigned CodeGen::f80_use(V v, V other) {
  Val& val = vals_[v];
  if (val.loc == Loc::kF80) return f80_find(v);
  if (val.loc != Loc::kSpill) Log::fatal("xarch: internal error: value %u has no place at op %u", v, now_);
  const bool keep = other != kNoValue && vals_[other].loc == Loc::kF80;
  f80_room(keep ? 1u << f80_find(other) : 0);
  x87(kLoad80.opcode, kLoad80.number, frame_mem(val.index));
  frame_used_ &= ~(1u << val.index);
  f80_push();
  f80_bind(v, state_.f80.top());
  return state_.f80.top();
}

void CodeGen::f80_bind(V v, unsigned p) {
  if (left(v) == 0) return;
  F80Stack::Entry& e = state_.f80.entries[p];
  e.vals[e.num_vals++] = v;
  vals_[v].loc = Loc::kF80;
}

// May the entry of v, an operand that is used `uses` times by this op, be overwritten with the result?
bool CodeGen::f80_takes(unsigned p, V v, V result, unsigned uses) const {
  const F80Stack::Entry& e = state_.f80.entries[p];
  if (e.num_vals != 1 || left(v) != uses) return false;
  for (unsigned k = 0; k < e.num_slots; ++k) {
    if (e.slots[k] == hint(result)) continue;
    if ((e.dirty >> k & 1) ? !f80_discards(e, k) : f80_read_again(e.slots[k])) return false;
  }
  return true;
}

// Brings v to the top, or a copy of it if it is wanted later; what is there may be overwritten.
void CodeGen::f80_operand_on_top(V v, V result) {
  const unsigned p = f80_use(v);
  if (f80_takes(p, v, result, 1)) return f80_to_top(p);
  f80_room(1u << p);
  x87(0xd9, 0xc0 + state_.f80.st(f80_find(v)));
  f80_push();
}

// The instruction has put the result of op i where entry p is.
void CodeGen::f80_finish(uint32_t i, unsigned p) {
  consume_args(insts_[i]);
  f80_unbind(p);
  f80_bind(static_cast<V>(i), p);
}

// ---- slots

void CodeGen::f80_get(uint32_t i) {
  const V v = static_cast<V>(i);
  const auto s = static_cast<SlotId>(insts_[i].aux);
  if (slot_reg_[s] == kF80Place) {
    unsigned k;
    const unsigned p = f80_find_slot(s, &k);
    if (state_.f80.entries[p].num_vals < F80Stack::kMaxVals) return f80_bind(v, p);
    f80_drop_slot(s, true);
  }
  for (SlotId o : info_.overlaps[s]) {
    if (slot_reg_[o] != kNoHostReg || slot_reader_[o] != kNoValue) drop_slot_cache(o, true);
  }
  f80_room(0);
  x87(kLoad80.opcode, kLoad80.number, slot_mem(s));
  f80_push();
  const unsigned p = state_.f80.top();
  F80Stack::Entry& e = state_.f80.entries[p];
  e.slots[e.num_slots++] = s;
  slot_reg_[s] = kF80Place;
  f80_bind(v, p);
}

void CodeGen::f80_put(uint32_t i) {
  const auto s = static_cast<SlotId>(insts_[i].aux);
  const V v = insts_[i].args[0];
  for (SlotId o : info_.overlaps[s]) {
    if (slot_reg_[o] != kNoHostReg || slot_reader_[o] != kNoValue) drop_slot_cache(o, true);
  }
  unsigned p = f80_use(v);
  if (slot_reg_[s] == kF80Place) {
    unsigned k;
    if (f80_find_slot(s, &k) == p) return consume(v);  // it holds that already
    f80_drop_slot(s, false);
    p = f80_find(v);
  }
  if (state_.f80.entries[p].num_slots == F80Stack::kMaxSlots) {
    f80_room(1u << p);
    x87(0xd9, 0xc0 + state_.f80.st(f80_find(v)));
    f80_push();
    p = state_.f80.top();
  }
  F80Stack::Entry& e = state_.f80.entries[p];
  e.dirty = static_cast<uint8_t>(e.dirty | 1u << e.num_slots);
  e.loose = static_cast<uint8_t>(e.loose & ~(1u << e.num_slots));
  e.slots[e.num_slots++] = s;
  slot_reg_[s] = kF80Place;
  consume(v);
}

// The slot is on the stack no more.
void CodeGen::f80_drop_slot(SlotId s, bool write_back) {
  unsigned k;
  const unsigned p = f80_find_slot(s, &k);
  F80Stack::Entry& e = state_.f80.entries[p];
  if (write_back && (e.dirty >> k & 1) && !f80_discards(e, k)) {
    x87(0xd9, 0xc0 + state_.f80.st(p));
    x87(kStore80.opcode, kStore80.number, slot_mem(s));
  }
  f80_remove_slot(p, k);
}

// The entry's slot k is not on the stack any more.
void CodeGen::f80_remove_slot(unsigned p, unsigned k) {
  F80Stack::Entry& e = state_.f80.entries[p];
  slot_reg_[e.slots[k]] = kNoHostReg;
  const unsigned last = --e.num_slots;
  const auto moved = [&](uint8_t bits) {
    const unsigned bit = bits >> last & 1;
    return static_cast<uint8_t>((bits & ~(1u << k) & ~(1u << last)) | (k != last ? bit << k : 0));
  };
  e.slots[k] = e.slots[last];
  e.dirty = moved(e.dirty);
  e.loose = moved(e.loose);
}

void CodeGen::f80_places() {
  const F80Stack& s = state_.f80;
  for (unsigned p = 0; p < s.depth; ++p) {
    const F80Stack::Entry& e = s.entries[p];
    for (unsigned k = 0; k < e.num_slots; ++k) {
      if (e.dirty >> k & 1)
        places_.push_back({e.slots[k], static_cast<uint8_t>(SlotPlace::kF80 + s.st(p) + f80_copies_)});
    }
  }
}

// ---- operations

// The second operand of op i, which is no f80: where the unit can read it. Emit nothing behind this but the
// instruction that reads it.
Mem CodeGen::f80_memory_operand(uint32_t i) {
  const V b = insts_[i].args[1];
  f80_keep_rounding(true);
  const bool accesses = vals_[b].loc == Loc::kDeferred;
  const Mem m = accesses ? address(inst(b), inst(b).mem()) : f80_bounce();
  if (accesses) site();
  f80_status_lost();
  return m;
}

// The operand, which is no f80, to where the unit can read it, unless it is in memory.
void CodeGen::f80_store_operand(V v) {
  if (vals_[v].loc == Loc::kDeferred) return;
  const Type t = inst(v).type;
  if (is_float(t)) {
    store_typed(t, f80_bounce(), host(use_x(v)));
  } else {
    store_typed(t, f80_bounce(), host(use(v)));
  }
}

// The status word has, for f80.up and f80.note, how the instruction just emitted has rounded.
void CodeGen::f80_note_rounding(uint32_t i) {
  if (vals_[i].noted) f80_rounded_ = static_cast<V>(i);
}

// Does anything see StateLayout::f80_up from op `i` on before it is overwritten? Memory faults, too, but not
// in a loop: to read the status word costs as much as dozens of instructions on some hosts.
bool CodeGen::f80_up_seen(uint32_t i) const {
  const SlotId s = info_.layout->f80_up;
  const auto accesses = [&](V v) {
    return v != kNoValue && inst(v).op == Op::kLoad && vals_[v].loc == Loc::kDeferred;
  };
  for (;; ++i) {
    const Inst& in = insts_[i];
    if (is_terminator(in.op)) return (loose_after(in) & info_.loose[s]) == 0;
    if (!goes_back_ && ((op_attributes(in.op) & kMayFault) || std::ranges::any_of(in.args, accesses)))
      return true;
    if (is_idle(i)) continue;
    if (in.op == Op::kF80Note || (in.op == Op::kPut && in.aux == s)) return false;
    if ((in.op == Op::kGet && in.aux == s) || in.op == Op::kCall || in.op == Op::kPoll) return true;
  }
}

// The status word is about to be changed: who wants what it has gets it now. An access that changes it itself
// shows at a fault what it had before.
void CodeGen::f80_keep_rounding(bool by_access) {
  LateSlots& late = state_.late;
  if (late.up == LateSlots::Up::kInStatusWord) {
    const bool seen = !late.up_dead && f80_up_seen(by_access ? now_ + 1 : now_);
    if (seen) store_up(late.up);
    if (seen || !by_access) late.up = LateSlots::Up::kStored;
  }
  if (f80_rounded_ == kNoValue) return;
  const unsigned frame = alloc_frame();
  as_.x87(0xdd, 7, frame_mem(frame));
  f80_rounding_.emplace_back(f80_rounded_, static_cast<uint16_t>(frame));
  f80_rounded_ = kNoValue;
}

// The slot may wait in the status word as long as that is as it is now.
void CodeGen::emit_f80_note(uint32_t i) {
  const V a = insts_[i].args[0];
  const SlotId s = info_.layout->f80_up;
  drop_slot_cache(s, false);
  if (a == f80_rounded_) {
    state_.late.put_up(LateSlots::Up::kInStatusWord);
    consume(a);
    if (!f80_asked_behind(i, a)) f80_rounded_ = kNoValue;
    return;
  }
  for (size_t n = f80_rounding_.size(); n-- > 0;) {
    if (f80_rounding_[n].first != a) continue;
    const Reg r = alloc_gpr();
    as_.movzx(r, 16, frame_mem(f80_rounding_[n].second));
    as_.mov(16, slot_mem(s), r);
    consume(a);
    return f80_forget_rounding(n);
  }
  unsupported();
}

// Does anything behind op i ask how a was rounded?
bool CodeGen::f80_asked_behind(uint32_t i, V a) const {
  if (left(a) == 0) return false;
  while (!is_terminator(insts_[++i].op)) {
    const Inst& in = insts_[i];
    if ((in.op == Op::kF80Up || in.op == Op::kF80Note) && in.args[0] == a && !is_idle(i)) return true;
  }
  return false;
}

// Nobody asks any more: the frame slot is free.
void CodeGen::f80_forget_rounding(size_t n) {
  if (left(f80_rounding_[n].first) != 0) return;
  frame_used_ &= ~(1u << f80_rounding_[n].second);
  f80_rounding_.erase(f80_rounding_.begin() + static_cast<ptrdiff_t>(n));
}

void CodeGen::emit_f80_up(uint32_t i) {
  const V a = insts_[i].args[0];
  if (a == f80_rounded_) f80_keep_rounding();
  for (size_t n = f80_rounding_.size(); n-- > 0;) {
    if (f80_rounding_[n].first != a) continue;
    clobber_flags();
    const Reg d = alloc_gpr();
    as_.movzx(d, 8, Mem::at(Reg::rsp, static_cast<int32_t>(f80_rounding_[n].second * 16 + 1)));
    as_.shift(Shift::kShr, 32, d, 1);
    as_.alu(Alu::kAnd, 32, d, 1);
    finish(static_cast<V>(i), host(d), true);
    return f80_forget_rounding(n);
  }
  unsupported();
}

// Of one operand twice.
void CodeGen::emit_f80_same(uint32_t i, unsigned number) {
  const V a = insts_[i].args[0];
  const unsigned p = f80_use(a);
  if (f80_takes(p, a, static_cast<V>(i), 2)) {
    f80_to_top(p);
  } else {
    f80_room(1u << p);
    x87(0xd9, 0xc0 + state_.f80.st(f80_find(a)));
    f80_push();
  }
  x87(0xd8, 0xc0 + number * 8);
  f80_note_rounding(i);
  f80_finish(i, state_.f80.top());
}

void CodeGen::emit_f80_binary(uint32_t i) {
  const Inst& in = insts_[i];
  const V a = in.args[0], b = in.args[1], v = static_cast<V>(i);
  const unsigned number = kNumber[static_cast<unsigned>(in.op) - static_cast<unsigned>(Op::kF80Add)];
  if (inst(b).type != Type::kF80) {
    f80_store_operand(b);
    f80_operand_on_top(a, v);
    const Mem m = f80_memory_operand(i);
    as_.x87(inst(b).type == Type::kF32 ? 0xd8 : 0xdc, number, m);
    f80_note_rounding(i);
    return f80_finish(i, state_.f80.top());
  }
  if (a == b) return emit_f80_same(i, number);
  f80_use(a, b);
  f80_use(b, a);
  F80Stack& s = state_.f80;
  bool take_a = f80_takes(f80_find(a), a, v, 1), take_b = f80_takes(f80_find(b), b, v, 1);
  if (!take_a && !take_b) {
    f80_room(1u << f80_find(a) | 1u << f80_find(b));
    x87(0xd9, 0xc0 + s.st(f80_find(a)));
    f80_push();
    x87(0xd8, 0xc0 + number * 8 + s.st(f80_find(b)));
    f80_note_rounding(i);
    return f80_finish(i, s.top());
  }
  if (f80_find(a) != s.top() && f80_find(b) != s.top()) f80_to_top(f80_find(take_a ? a : b));
  const bool a_on_top = f80_find(a) == s.top();
  const unsigned other = f80_find(a_on_top ? b : a);
  // As the unit's numbers go, the top is the first operand where it is the destination, and where the other
  // is.
  const unsigned top_first = a_on_top ? number : exchanged(number);
  const bool take_top = a_on_top ? take_a : take_b, take_other = a_on_top ? take_b : take_a;
  if (!take_other) {
    x87(0xd8, 0xc0 + top_first * 8 + s.st(other));
    f80_note_rounding(i);
    return f80_finish(i, s.top());
  }
  x87(take_top ? 0xde : 0xdc, 0xc0 + top_first * 8 + s.st(other));
  f80_note_rounding(i);
  consume_args(in);
  if (take_top) f80_popped();
  f80_unbind(other);
  f80_bind(v, other);
}

void CodeGen::emit_f80_unary(uint32_t i) {
  const Inst& in = insts_[i];
  f80_operand_on_top(in.args[0], static_cast<V>(i));
  switch (in.op) {
    case Op::kF80Neg: x87(0xd9, 0xe0); break;
    case Op::kF80Abs: x87(0xd9, 0xe1); break;
    case Op::kF80Sqrt: x87(0xd9, 0xfa); break;
    default: x87(0xd9, 0xfc); break;  // kF80Round
  }
  f80_note_rounding(i);
  f80_finish(i, state_.f80.top());
}

void CodeGen::emit_f80_load(uint32_t i) {
  const Inst& in = insts_[i];
  MemForm form = kLoad80;
  if (in.op == Op::kF80Make) {
    Mem high = f80_bounce();
    high.disp += 8;
    as_.mov(64, f80_bounce(), use(in.args[0]));
    as_.mov(16, high, use(in.args[1]));
  } else {
    f80_store_operand(in.args[0]);
    form = load_of(inst(in.args[0]).type);
  }
  f80_room(0);
  x87(form.opcode, form.number, f80_bounce());
  f80_push();
  f80_finish(i, state_.f80.top());
}

void CodeGen::emit_f80_store(uint32_t i) {
  const Inst& in = insts_[i];
  const V a = in.args[0];
  const bool parts = in.op == Op::kF80Low || in.op == Op::kF80High;
  const MemForm form = parts ? kStore80 : store_of(in.type, in.op == Op::kF80ToInt && in.imm != 0);
  const unsigned p = f80_use(a);
  const F80Stack::Entry& e = state_.f80.entries[p];
  const bool pops = e.num_vals == 1 && dies(a) && e.num_slots == 0;
  const bool has_plain =
      is_float(in.type) || ((in.type == Type::kI16 || in.type == Type::kI32) && in.imm == 0);
  if (pops || (has_plain && !parts)) {
    f80_to_top(p);
    x87(form.opcode, form.number - (pops ? 0u : 1u), f80_bounce());
  } else {
    x87(0xd9, 0xc0 + state_.f80.st(p));  // there is room for one, see F80Stack::kLimit
    x87(form.opcode, form.number, f80_bounce());
  }
  f80_note_rounding(i);
  consume_args(in);
  if (pops) f80_popped();
  Mem from = f80_bounce();
  if (in.op == Op::kF80High) from.disp += 8;
  const HostReg d = is_float(in.type) ? host(alloc_xmm()) : host(alloc_gpr());
  load_typed(in.type, d, from);
  bind(static_cast<V>(i), d, true);
}

// By the unit's own accesses, which are precise: a fault changes nothing of the unit.
void CodeGen::emit_f80_load_memory(uint32_t i) {
  const Inst& in = insts_[i];
  const MemDesc d = in.mem();
  if (config_.soft_tlb || d.align != 0) return unsupported();
  if (address_clobbers_flags(d)) clobber_flags();
  f80_room(0);
  const Mem m = address(in, d);
  const MemForm form = load_of(f80_format_type(in.aux));
  f80_keep_rounding(true);
  site();
  as_.x87(form.opcode, form.number, m);
  f80_status_lost();
  f80_push();
  f80_finish(i, state_.f80.top());
}

void CodeGen::emit_f80_store_memory(uint32_t i) {
  const Inst& in = insts_[i];
  const MemDesc d = in.mem();
  const V a = in.args[1];
  if (config_.soft_tlb || d.align != 0) return unsupported();
  // f80.note is content with the status word.
  const bool asked = left(i) > (vals_[i].noted ? 1 : 0), truncates = (in.aux & kF80Truncates) != 0;
  if (asked || address_clobbers_flags(d)) clobber_flags();
  if (asked) take(Reg::rax);
  const Type t = f80_format_type(in.aux);
  const MemForm form = store_of(t, truncates);
  const unsigned p = f80_use(a);
  const F80Stack::Entry& e = state_.f80.entries[p];
  const bool pops = e.num_vals == 1 && dies(a) && e.num_slots == 0;
  const bool plain = is_float(t) || (t != Type::kI64 && !truncates);
  const Mem m = address(in, d);
  if (pops || plain) {
    f80_to_top(p);
    f80_keep_rounding(true);
    site();
    as_.x87(form.opcode, form.number - (pops ? 0u : 1u), m);
  } else {
    x87(0xd9, 0xc0 + state_.f80.st(p));
    ++f80_copies_;
    site();
    --f80_copies_;
    as_.x87(form.opcode, form.number, m);
  }
  f80_status_lost();
  f80_note_rounding(i);
  if (asked) as_.x87(0xdf, 0xe0);  // fnstsw ax
  consume_args(in);
  if (pops) f80_popped();
  if (!asked) return;
  as_.shift(Shift::kShr, 32, Reg::rax, 9);
  as_.alu(Alu::kAnd, 32, Reg::rax, 1);
  bind(static_cast<V>(i), host(Reg::rax), true);
}

void CodeGen::emit_f80_compare(uint32_t i) {
  const Inst& in = insts_[i];
  const V a = in.args[0], b = in.args[1];
  clobber_flags();
  if (inst(b).type != Type::kF80) {
    take(Reg::rax);
    f80_store_operand(b);
    f80_to_top(f80_use(a));
    const Mem m = f80_memory_operand(i);
    as_.x87(inst(b).type == Type::kF32 ? 0xd8 : 0xdc, 2, m);
    as_.x87(0xdf, 0xe0);  // fnstsw ax: the conditions lie as packed flags do
    as_.alu(Alu::kAnd, 32, Reg::rax, kFlagZ | kFlagP | kFlagC);
    return finish(static_cast<V>(i), host(Reg::rax), true);
  }
  f80_use(a, b);
  f80_use(b, a);
  f80_to_top(f80_find(a));
  const F80Stack::Entry& e = state_.f80.entries[state_.f80.top()];
  const bool pops = a != b && e.num_vals == 1 && dies(a) && e.num_slots == 0;
  x87(pops ? 0xdf : 0xdb, (in.imm ? 0xf0 : 0xe8) + state_.f80.st(f80_find(b)));
  consume_args(in);
  if (pops) f80_popped();
  flags_in_host(static_cast<V>(i), false);
}

void CodeGen::emit_f80_select(uint32_t i) {
  const Inst& in = insts_[i];
  settle_condition(in.args[0]);
  clobber_flags();
  const Reg c = use(in.args[0]);
  f80_use(in.args[1], in.args[2]);
  f80_use(in.args[2], in.args[1]);
  if (in.args[1] != in.args[2]) {
    const unsigned p = f80_find(in.args[2]);
    if (f80_takes(p, in.args[2], static_cast<V>(i), 1)) {
      f80_to_top(p);
    } else {
      f80_room(1u << p | 1u << f80_find(in.args[1]));
      x87(0xd9, 0xc0 + state_.f80.st(f80_find(in.args[2])));
      f80_push();
    }
    as_.test(8, c, c);
    x87(0xdb, 0xc8 + state_.f80.st(f80_find(in.args[1])));  // fcmovne
  } else {
    f80_room(1u << f80_find(in.args[1]));
    x87(0xd9, 0xc0 + state_.f80.st(f80_find(in.args[1])));
    f80_push();
  }
  f80_finish(i, state_.f80.top());
}

void CodeGen::emit_f80_environment(uint32_t i) {
  const ir::StateLayout& layout = *info_.layout;
  if (insts_[i].op == Op::kF80Control) {
    drop_slot_cache(layout.f80_control, true);
    return x87(0xd9, 5, slot_mem(layout.f80_control));
  }
  clobber_flags();
  drop_slot_cache(layout.f80_flags, true);
  take(Reg::rax);
  as_.x87(0xdf, 0xe0);
  as_.alu(Alu::kOr, 16, Reg::rax, slot_mem(layout.f80_flags));
  as_.alu(Alu::kAnd, 32, Reg::rax, 0x3f);
  finish(static_cast<V>(i), host(Reg::rax), true);
}

bool CodeGen::emit_f80(uint32_t i) {
  const Op op = insts_[i].op;
  if (op < Op::kF80Add || op > Op::kF80Control) return false;
  switch (op) {
    case Op::kF80Sqrt:
    case Op::kF80Round:
    case Op::kF80Neg:
    case Op::kF80Abs: emit_f80_unary(i); break;
    case Op::kF80Cvt:
    case Op::kF80FromInt:
    case Op::kF80Make: emit_f80_load(i); break;
    case Op::kF80ToF:
    case Op::kF80ToInt:
    case Op::kF80Low:
    case Op::kF80High: emit_f80_store(i); break;
    case Op::kF80Cmp: emit_f80_compare(i); break;
    case Op::kF80Const:
      f80_room(0);
      x87(0xd9, 0xe8 + static_cast<unsigned>(insts_[i].imm));
      f80_push();
      f80_finish(i, state_.f80.top());
      break;
    case Op::kF80Select: emit_f80_select(i); break;
    case Op::kF80Up: emit_f80_up(i); break;
    case Op::kF80Note: emit_f80_note(i); break;
    case Op::kF80Drop: emit_f80_drop(i); break;
    case Op::kF80Load: emit_f80_load_memory(i); break;
    case Op::kF80Store: emit_f80_store_memory(i); break;
    case Op::kF80Flags:
    case Op::kF80Control: emit_f80_environment(i); break;
    default: emit_f80_binary(i); break;
  }
  return true;
}

}  // namespace xarch::x86_64
