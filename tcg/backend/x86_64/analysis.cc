// What is asked of the notes that were taken when the region was made (tcg/ir/notes.h), before code is
// generated and while it is: what is not emitted on its own, because nobody uses it, it is a constant, or its
// only user makes it part of itself; from where on flags and loose slots are overwritten before anything sees
// them.
#include <cstring>

#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

LayoutInfo::LayoutInfo(const StateLayout& l) : layout(&l), overlaps(l), flags(flags_slot(l)) {
  pin.assign(l.slots.size(), kNoHostReg);
  pinned.assign(kNumPins, kNoSlot);
  for (SlotId s = 0; s < l.slots.size(); ++s) {
    const Slot& slot = l.slots[s];
    bool integer = slot.type == Type::kI64 || slot.type == Type::kI32;
    if (slot.hot >= 0 && slot.hot < static_cast<int>(kNumPins) && integer && slot.count == 1) {
      pin[s] = host(kPins[slot.hot]);
      pinned[static_cast<size_t>(slot.hot)] = s;
    }
  }
  loose.assign(l.slots.size(), 0);
  unsigned bit = 1;
  for (SlotId s = 0; s < l.slots.size(); ++s) {
    if (!l.slots[s].loose || bit > 0x80) continue;
    loose[s] = static_cast<uint8_t>(bit);
    bit <<= 1;
  }
  watched.assign(loose.begin(), loose.end());
  touched.assign(l.slots.size(), 0);
  bit = 0x100;
  for (SlotId s = 0; s < l.slots.size(); ++s) {
    if (l.slots[s].type != Type::kF80 || bit > 0x8000) continue;
    watched[s] = static_cast<uint16_t>(bit);
    for (SlotId o : overlaps[s]) touched[o] |= watched[s];
    bit <<= 1;
  }
}

bool CodeGen::exit_kills_flags(const Inst& exit) const {
  const std::vector<SlotId>* dead = dead_slots(exit);
  if (!dead) return false;
  for (SlotId s : *dead) {
    if (s == info_.flags) return true;
  }
  return false;
}

void CodeGen::analyse() {
  const Region& r = *region_;
  if (vals_.size() < r.insts.size()) vals_.resize(r.insts.size());
  // At once: the compiler would write them field by field.
  static_assert(static_cast<int>(Loc::kNone) == 0 && static_cast<int>(Skip::kNot) == 0);
  std::memset(static_cast<void*>(vals_.data()), 0, r.insts.size() * sizeof(Val));
  loops_ = goes_back_ = false;
  auto pred = [&](uint64_t b) {
    if (blocks_[b].preds < 255) ++blocks_[b].preds;
  };
  for (size_t b = r.blocks.size(); b-- > 0;) {
    const Inst& last = r.terminator(static_cast<BlockId>(b));
    if (last.op == Op::kBr || last.op == Op::kCondBr) pred(last.aux);
    if (last.op == Op::kCondBr) pred(static_cast<uint64_t>(last.imm));
    if (last.op == Op::kGotoPc) {
      if (last.imm == 0) loops_ |= closes_loop(last);
      goes_back_ |= ExitAux::unpack(last.aux).poll;
      space_->expect({r.key.pc + static_cast<uint64_t>(last.imm), r.key.mode, 0});
    }
    analyse_flags(static_cast<BlockId>(b), last);
    if (r.extended) analyse_extended(static_cast<BlockId>(b), last);
  }
}

// Is nothing emitted for op i on its own?
bool CodeGen::is_idle(uint32_t i) const {
  const Inst& in = insts_[i];
  return vals_[i].skip != Skip::kNot || in.unseen() || in.op == Op::kConst || in.op == Op::kVConst ||
         is_unused(in);
}

// From where on the slot of flags is overwritten before anything sees it.
void CodeGen::analyse_flags(BlockId b, const Inst& term) {
  const auto dead_in = [&](uint64_t s) { return s > b && blocks_[s].flags_dead; };
  bool dead = false;
  if (term.op == Op::kBr) dead = dead_in(term.aux);
  if (term.op == Op::kCondBr) dead = dead_in(term.aux) && dead_in(static_cast<uint64_t>(term.imm));
  if (term.op == Op::kGotoPc || term.op == Op::kGotoInd) dead = exit_kills_flags(term);
  const Block& block = region_->blocks[b];
  BlockInfo& info = blocks_[b];
  info.flags_end = dead ? block.flags_end : kNoValue;
  info.flags_entry = block.flags_entry != kNoValue ? block.flags_entry : info.flags_end;
  info.flags_dead = info.flags_entry < block.first;
}

// ---- loose slots and those of f80: the same, but that faults do not see them, and from block to block

// Which are overwritten behind the block that ends so.
uint16_t CodeGen::loose_after(const Inst& term) const {
  if (term.op == Op::kBr) return blocks_[term.aux].loose_dead;
  if (term.op == Op::kCondBr)
    return blocks_[term.aux].loose_dead & blocks_[static_cast<size_t>(term.imm)].loose_dead;
  uint16_t dead = 0;
  const bool leaves = term.op == Op::kGotoPc || term.op == Op::kGotoInd;
  if (!leaves || ExitAux::unpack(term.aux).poll) return 0;
  if (const std::vector<SlotId>* slots = dead_slots(term)) {
    for (SlotId s : *slots) dead |= info_.loose[s];
  }
  return dead;
}

// What an op that is not pure does to them.
void CodeGen::analyse_loose(const Inst& in) {
  const auto read = [&](SlotId s) {
    loose_dead_ = static_cast<uint16_t>(loose_dead_ & ~(info_.watched[s] | info_.touched[s]));
  };
  const auto write = [&](SlotId s) {
    if (info_.touched[s] != 0) read(s);  // a part
    loose_dead_ |= info_.watched[s];
  };
  switch (in.op) {
    case Op::kPut: return write(static_cast<SlotId>(in.aux));
    case Op::kF80Note: return write(info_.layout->f80_up);
    case Op::kGet:
    case Op::kGetIdx:
    case Op::kPutIdx: return read(static_cast<SlotId>(in.aux));
    case Op::kPoll: loose_dead_ = 0; return;
    case Op::kCall: {
      const HelperDesc& helper = *region_->helpers[in.aux];
      if (helper.effects & kHelperPure) return;
      if (helper.effects & kHelperMayExit || !(helper.effects & kHelperListsState)) {
        loose_dead_ = 0;
        return;
      }
      for (SlotId s : helper.reads) read(s);
      return;
    }
    default: return;
  }
}

// The same, and what it shows to a memory fault.
void CodeGen::analyse_hidden(const Inst& in) {
  const uint16_t before = loose_dead_;
  analyse_loose(in);
  loose_hidden_ = static_cast<uint16_t>((loose_hidden_ | (loose_dead_ & ~before)) & loose_dead_);
  const bool writes = in.op == Op::kPut || in.op == Op::kF80Note;
  if (writes) loose_hidden_ |= info_.loose[in.op == Op::kPut ? in.aux : info_.layout->f80_up];
  if (op_attributes(in.op) & kMayFault) loose_hidden_ = 0;
}

// Of a region that has to do with loose slots or those of f80: what is skipped because of them.
void CodeGen::analyse_extended(BlockId b, const Inst& term) {
  loose_dead_ = loose_hidden_ = loose_after(term);
  for (uint32_t i = region_->blocks[b].end; i-- > region_->blocks[b].first;) {
    const Inst& in = insts_[i];
    if (vals_[i].skip == Skip::kUseless) skip_operands(i);
    if (is_idle(i)) continue;
    const bool writes = in.op == Op::kPut || in.op == Op::kF80Note;
    const auto slot = static_cast<SlotId>(in.op == Op::kPut ? in.aux : info_.layout->f80_up);
    if (writes && (loose_hidden_ & info_.loose[slot])) {
      vals_[i].skip = Skip::kUseless;
      skip_operands(i);
      continue;
    }
    if (!is_pure(in.op)) analyse_hidden(in);
    if (in.op == Op::kF80Up || in.op == Op::kF80Note) vals_[in.args[0]].noted = true;
    if (in.op == Op::kPut && info_.loose[slot] != 0 && inst(in.args[0]).op == Op::kPcRel)
      defer_to(i, in.args[0]);
    if (is_f80_arithmetic(in.op)) mark_f80_operand(i);
  }
  blocks_[b].loose_dead = loose_dead_;
}

// Op i is skipped: so are operands that it alone uses.
void CodeGen::skip_operands(uint32_t i) {
  for (const V v : insts_[i].args) {
    if (v == kNoValue || inst(v).uses != 1 || !kDroppable[static_cast<size_t>(inst(v).op)]) continue;
    vals_[v].skip = Skip::kUseless;
  }
}

// If op i is the only user of v, v is part of it.
void CodeGen::defer_to(uint32_t i, V v) {
  if (inst(v).uses != 1 || inst(v).user != i) return;
  vals_[v].skip = Skip::kDeferred;
  vals_[v].loc = Loc::kDeferred;
}

// An op of f80 whose second operand may be in memory: it makes the load part of itself, if nothing lies
// between that sees or changes anything.
void CodeGen::mark_f80_operand(uint32_t i) {
  const Inst& in = insts_[i];
  const bool reads = (in.op >= Op::kF80Add && in.op <= Op::kF80DivR) || in.op == Op::kF80Cmp;
  if (!reads || config_.soft_tlb || inst(in.args[1]).op != Op::kLoad) return;
  const MemDesc d = inst(in.args[1]).mem();
  if (d.align != 0 || d.big || address_clobbers_flags(d)) return;
  for (uint32_t k = in.args[1] + 1u; k < i; ++k) {
    const Op op = insts_[k].op;
    if (op == Op::kNop || op == Op::kGet) continue;
    // What goes to a slot may be computed in the register that a fault of the load would find it in.
    if (!is_pure(op) || insts_[k].goes_to != kNoSlot) return;
  }
  defer_to(i, in.args[1]);
}

// ---- what the only user of a value makes part of itself

bool CodeGen::defer_if(bool folds, V v) {
  if (folds) vals_[v].loc = Loc::kDeferred;
  return folds;
}

// The address of an access.
bool CodeGen::is_address(V v) const {
  const Inst& in = inst(v);
  if (in.uses != 1 || config_.soft_tlb) return false;
  const Inst& user = inst(in.user);
  return (op_attributes(user.op) & kMayFault) && user.args[0] == v;
}

// A sum that is an address, or what a constant is added to for one.
bool CodeGen::folds_sum(V v) const {
  if (inst(v).op != Op::kAdd || inst(v).uses != 1) return false;
  if (is_address(v)) return true;
  const Inst& sum = inst(inst(v).user);
  return sum.op == Op::kAdd && sum.args[0] == v && inst(sum.args[1]).op == Op::kConst &&
         is_address(inst(v).user);
}

// The shifted index in such a sum.
bool CodeGen::folds_index(V v) const {
  const Inst& in = inst(v);
  if (in.op != Op::kShl || in.uses != 1) return false;
  const Inst& count = inst(in.args[1]);
  return count.op == Op::kConst && count.imm >= 1 && count.imm <= 3 && inst(in.user).args[1] == v &&
         folds_sum(in.user);
}

// A pair that is stored as two halves.
bool CodeGen::folds_pair(V v) const {
  const Inst& in = inst(v);
  if (in.uses != 1 || config_.soft_tlb) return false;
  const Inst& store = inst(in.user);
  if (store.op != Op::kStore || store.args[1] != v) return false;
  const MemDesc d = store.mem();
  return d.size == 4 && !d.atomic && !d.big && d.order != Order::kSeqCst;
}

// The operand of a fused product or sum that takes it with the other sign.
bool CodeGen::folds_negation(V v) const {
  const Inst& in = inst(v);
  if (in.uses != 1 || native_fp_ || !features_.fma || region_->fp_by_calls) return false;
  const Inst& fma = inst(in.user);
  return fma.op == Op::kFFma && fma.aux != 1 && fma.imm == 0 && fma.aux == in.aux &&
         (fma.args[0] == v || fma.args[2] == v);
}

// A step of AES of which an exclusive or is the key.
bool CodeGen::folds_aes(V v) const {
  const Inst& in = inst(v);
  if (in.uses != 1) return false;
  const Inst& key = inst(in.user);
  Simd simd;
  return key.op == Op::kVXor && (key.args[0] == v || !aes_with_key(inst(key.args[0]).op, &simd));
}

}  // namespace xarch::x86_64
