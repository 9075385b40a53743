// The backward pass before code generation: uses, destination hints, dead flags, addresses to fold.
#include "tcg/backend/x86_64/codegen.h"

#include <cstring>

namespace xarch::x86_64 {

using namespace ir;

LayoutInfo::LayoutInfo(const StateLayout& l) : layout(&l), overlaps(l) {
  pin.assign(l.slots.size(), kNoHostReg);
  pinned.assign(kNumPins, kNoSlot);
  for (SlotId s = 0; s < l.slots.size(); ++s) {
    const Slot& slot = l.slots[s];
    bool integer = slot.type == Type::kI64 || slot.type == Type::kI32;
    if (slot.hot >= 0 && slot.hot < static_cast<int>(kNumPins) && integer && slot.count == 1) {
      pin[s] = host(kPins[slot.hot]);
      pinned[static_cast<size_t>(slot.hot)] = s;
    }
    if (slot.type == Type::kFlags && flags == kNoSlot) flags = s;
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
  Val* val = vals_.data();
  constexpr Val kFresh;
  for (const Inst& in : r.insts) {
    std::memcpy(val, &kFresh, sizeof kFresh);  // whole: by parts it takes three times as long
    val++->left = in.uses;
  }
  preds_.assign(r.blocks.size(), 0);
  block_flags_dead_.assign(r.blocks.size(), 0);
  last_hint_.assign(info_.layout->slots.size(), kNoValue);
  auto pred = [&](uint64_t b) {
    if (preds_[b] < 255) ++preds_[b];
  };
  for (size_t b = r.blocks.size(); b-- > 0;) {
    const Inst& last = r.terminator(static_cast<BlockId>(b));
    if (last.op == Op::kBr || last.op == Op::kCondBr) pred(last.aux);
    if (last.op == Op::kCondBr) pred(static_cast<uint64_t>(last.imm));
    analyse_block(static_cast<BlockId>(b));
  }
}

// What the access makes part of itself: additions in its address, and a pair that it stores.
void CodeGen::note_folds(const Inst& access) {
  if (access.op == Op::kStore && inst(access.args[1]).op == Op::kPair && vals_[access.args[1]].left == 1) {
    const MemDesc d = access.mem();
    vals_[access.args[1]].fold = d.size == 4 && !d.atomic && !d.big && d.order != Order::kSeqCst;
  }
  V v = access.args[0];
  const Inst& add = inst(v);
  if (add.op != Op::kAdd || vals_[v].left != 1) return;
  vals_[v].fold = true;
  const Inst* inner = &add;
  if (inst(add.args[1]).op == Op::kConst) {
    V a = add.args[0];
    if (inst(a).op != Op::kAdd || vals_[a].left != 1) return;
    vals_[a].fold = true;
    inner = &inst(a);
  }
  V index = inner->args[1];
  const Inst& shl = inst(index);
  if (shl.op != Op::kShl || vals_[index].left != 1 || inst(shl.args[1]).op != Op::kConst) return;
  if (inst(shl.args[1]).imm >= 1 && inst(shl.args[1]).imm <= 3) vals_[index].fold = true;
}

// Only the latest put of a slot may have its value computed in place; whatever reads or writes the slot
// before that ends it.
void CodeGen::kill_hint(SlotId s, uint32_t at) {
  V v = last_hint_[s];
  if (v != kNoValue && v < at && vals_[v].hint == s) vals_[v].hint = kNoSlot;
  last_hint_[s] = kNoValue;
}

// What ends in a slot's register may as well be computed there from its first operand on.
void CodeGen::pass_hint(const Inst& in, SlotId slot) {
  V v = kNoValue;
  auto temporary = [&](V a) {
    Op op = inst(a).op;
    return vals_[a].left == 1 && op != Op::kGet && op != Op::kConst && is_pure(op);
  };
  switch (in.op) {
    case Op::kZext: v = in.args[0]; break;
    case Op::kAdd:
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kMul:
      if (temporary(in.args[1])) {
        v = in.args[1];
        break;
      }
      [[fallthrough]];
    case Op::kSub:
    case Op::kShl:
    case Op::kShrU:
    case Op::kShrS:
    case Op::kRotR:
    case Op::kExtractU:
    case Op::kExtractS:
    case Op::kNot:
    case Op::kNeg:
    case Op::kSext:
      if (temporary(in.args[0])) v = in.args[0];
      break;
    default: break;
  }
  if (v == kNoValue || inst(v).op == Op::kGet || inst(v).op == Op::kConst) return;
  vals_[v].hint = slot;
  vals_[v].hint_gen = hint_gen_;
  last_hint_[slot] = v;
}

void CodeGen::analyse_block(BlockId b) {
  const Region& r = *region_;
  bool dead = false;
  const Inst& term = r.terminator(b);
  auto dead_in = [&](uint64_t s) { return s > b && block_flags_dead_[s]; };
  if (term.op == Op::kBr) dead = dead_in(term.aux);
  if (term.op == Op::kCondBr) dead = dead_in(term.aux) && dead_in(static_cast<uint64_t>(term.imm));
  if (term.op == Op::kGotoPc || term.op == Op::kGotoInd) dead = exit_kills_flags(term);
  ++hint_gen_;
  // Kept here, since what is stored below could be them for all the compiler knows.
  const Inst* const insts = insts_;
  Val* const vals = vals_.data();
  const uint32_t first = r.blocks[b].first;
  for (uint32_t i = r.blocks[b].end; i-- > first;) {
    const Inst& in = insts[i];
    Val& val = vals[i];
    val.flags_dead = dead;
    if (val.hint != kNoSlot) {
      if (val.hint_gen != hint_gen_) {
        val.hint = kNoSlot;
      } else {
        pass_hint(in, val.hint);
      }
    }
    const unsigned attributes = op_attributes(in.op);
    if (attributes & kPure || in.op == Op::kInsn) continue;
    if (in.op == Op::kPut || in.op == Op::kGet) {
      const auto slot = static_cast<SlotId>(in.aux);
      for (SlotId o : info_.overlaps[slot]) kill_hint(o, i);
      kill_hint(slot, i);
      if (slot == info_.flags) dead = in.op == Op::kPut;
      if (in.op == Op::kGet) {
        val.flags_dead = dead;
        continue;
      }
      last_hint_[slot] = in.args[0];
      vals[in.args[0]].hint = slot;
      vals[in.args[0]].hint_gen = hint_gen_;
    } else if (attributes & (kMayFault | kTerm) || in.op == Op::kCall || in.op == Op::kPoll ||
               in.op == Op::kGetIdx || in.op == Op::kPutIdx) {
      if (in.op == Op::kCall) val.hint = kNoSlot;
      ++hint_gen_;
      if (!(attributes & kTerm)) dead = false;
      if (attributes & kMayFault && !config_.soft_tlb) note_folds(in);
    }
    val.flags_dead = dead;
  }
  block_flags_dead_[b] = dead;
}

}  // namespace xarch::x86_64
