// Regions that jump back to their own start: slots of f80 stay on the x87 stack from one round to the next,
// in an order that is fixed at the start. What a round has moved elsewhere is put in order by exchanges
// before the jump back.
#include <algorithm>
#include <functional>

#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

// An entry is left over for what is computed.
constexpr size_t kMaxLoopEntries = F80Stack::kLimit - 1;

}  // namespace

// Fills f80_loop_, which is empty: what is read before it is written, then what is written first (a store
// saved in each round), but for what the next round overwrites before anything sees it. The highest slot
// comes to the bottom: of a stack that grows downwards that is the oldest.
void CodeGen::find_f80_loop() {
  if (info_.layout->f80_control == kNoSlot) return;
  std::vector<SlotId> overwritten;
  f80_written_.clear();
  const auto has = [](const std::vector<SlotId>& list, SlotId s) {
    return std::find(list.begin(), list.end(), s) != list.end();
  };
  for (size_t i = 0; i < region_->insts.size(); ++i) {
    const Inst& in = insts_[i];
    if (is_idle(i) || (in.op != Op::kGet && in.op != Op::kPut)) continue;
    const auto s = static_cast<SlotId>(in.aux);
    if (info_.layout->slots[s].type != Type::kF80) continue;
    f80_in_loop_ = true;
    if (in.op == Op::kPut) {
      if (!has(f80_written_, s)) f80_written_.push_back(s);
      if (!has(f80_loop_, s) && !has(overwritten, s)) overwritten.push_back(s);
    } else if (!has(overwritten, s) && !has(f80_loop_, s)) {
      f80_loop_.push_back(s);
    }
  }
  if (!f80_in_loop_) return;
  uint16_t dead = 0xffff;
  for (BlockId b = 0; b < region_->blocks.size(); ++b) {
    if (closes_loop(region_->terminator(b))) dead &= loose_in_next_round(b);
  }
  for (SlotId s : overwritten) {
    if (!(info_.watched[s] & dead)) f80_loop_.push_back(s);
  }
  if (f80_loop_.size() > kMaxLoopEntries) f80_loop_.resize(kMaxLoopEntries);
  std::sort(f80_loop_.begin(), f80_loop_.end(), std::greater<>());
}

// At the entry: the stack as each round finds it. What may be written in a round counts as dirty.
void CodeGen::enter_f80_loop() {
  for (SlotId s : f80_loop_) {
    x87(0xdb, 5, slot_mem(s));  // fld
    f80_push();
    F80Stack::Entry& e = state_.f80.entries[state_.f80.top()];
    e.slots[e.num_slots++] = s;
    const bool written = std::find(f80_written_.begin(), f80_written_.end(), s) != f80_written_.end();
    e.dirty = written ? 1 : 0;
    slot_reg_[s] = kF80Place;
  }
}

// Of the entry's slots, the first that the loop keeps and that no entry below has taken; kNoSlot if none.
SlotId CodeGen::f80_loop_slot(unsigned p) const {
  const F80Stack::Entry& e = state_.f80.entries[p];
  for (unsigned k = 0; k < e.num_slots; ++k) {
    if (std::find(f80_loop_.begin(), f80_loop_.end(), e.slots[k]) != f80_loop_.end()) return e.slots[k];
  }
  return kNoSlot;
}

// Before the jump back. Values are over.
void CodeGen::close_f80_loop() {
  F80Stack& s = state_.f80;
  const auto kept = [&](SlotId slot) {
    return std::find(f80_loop_.begin(), f80_loop_.end(), slot) != f80_loop_.end();
  };
  const uint16_t dead = loose_in_next_round(block_);
  for (unsigned p = s.depth; p-- > 0;) {
    for (unsigned k = s.entries[p].num_slots; k-- > 0;) {
      const F80Stack::Entry& e = s.entries[p];
      if ((e.loose >> k & 1) && (info_.watched[e.slots[k]] & dead) && !kept(e.slots[k]))
        f80_remove_slot(p, k);
    }
  }
  // Each entry is to have one slot, of the loop.
  for (unsigned p = s.depth; p-- > 0;) {
    for (unsigned k = s.entries[p].num_slots; k-- > 0;) {
      const SlotId slot = s.entries[p].slots[k];
      const bool only = s.entries[p].num_slots == 1;
      if (kept(slot) && (only || slot == f80_loop_slot(p))) continue;
      if (only && s.entries[p].dirty != 0) {
        f80_to_top(p);
        f80_evict_top(nullptr);
        break;
      }
      f80_drop_slot(slot, true);
    }
  }
  for (unsigned p = s.depth; p-- > 0;) {
    if (s.entries[p].num_slots != 0) continue;
    x87(0xdd, 0xd8 + s.st(p));  // fstp: the top comes to where it was
    s.entries[p] = s.entries[s.top()];
    --s.depth;
  }
  for (SlotId slot : f80_loop_) {
    if (slot_reg_[slot] == kF80Place) continue;
    x87(0xdb, 5, slot_mem(slot));
    f80_push();
    F80Stack::Entry& e = s.entries[s.top()];
    e.slots[e.num_slots++] = slot;
    slot_reg_[slot] = kF80Place;
  }
  const auto home = [&](unsigned p) {
    return static_cast<unsigned>(std::find(f80_loop_.begin(), f80_loop_.end(), s.entries[p].slots[0]) -
                                 f80_loop_.begin());
  };
  for (unsigned p = 0; p < s.depth;) {
    if (home(s.top()) != s.top()) {
      f80_to_top(home(s.top()));
    } else if (home(p) == p) {
      ++p;
    } else {
      f80_to_top(p);
    }
  }
}

// ---- loose slots

// The block's last op, if it branches by comparing a slot with a constant.
bool CodeGen::slot_test(BlockId b, SlotTest* out) const {
  const Inst& term = region_->terminator(b);
  if (term.op != Op::kCondBr || inst(term.args[0]).op != Op::kCmp) return false;
  const Inst& test = inst(term.args[0]);
  const auto cond = static_cast<Cond>(test.aux);
  const Inst& left = inst(test.args[0]);
  const Inst& right = inst(test.args[1]);
  if ((cond != Cond::kNe && cond != Cond::kEq) || left.op != Op::kGet || right.op != Op::kConst) return false;
  out->slot = static_cast<SlotId>(left.aux);
  out->value = right.imm;
  out->equal = static_cast<BlockId>(cond == Cond::kEq ? term.aux : static_cast<uint64_t>(term.imm));
  return !puts(b, out->slot);
}

bool CodeGen::puts(BlockId b, SlotId s) const {
  for (uint32_t i = region_->blocks[b].first; i < region_->blocks[b].end; ++i) {
    const Inst& in = insts_[i];
    if (in.op == Op::kCall || (in.op == Op::kPut && in.aux == s)) return true;
  }
  return false;
}

// Does the slot have the value that it was tested for at the end of the block, on all ways that lead there?
bool CodeGen::holds_behind(BlockId b, const SlotTest& t, unsigned depth) const {
  for (uint32_t i = region_->blocks[b].end; i-- > region_->blocks[b].first;) {
    const Inst& in = insts_[i];
    if (in.op == Op::kPut && in.aux == t.slot)
      return inst(in.args[0]).op == Op::kConst && inst(in.args[0]).imm == t.value;
    if (in.op == Op::kCall) return false;
  }
  if (b == t.equal && blocks_[b].preds == 1) return true;
  if (b == 0 || depth == 0) return false;
  for (BlockId p = 0; p < region_->blocks.size(); ++p) {
    const Inst& term = region_->terminator(p);
    const bool leads = (term.op == Op::kBr && term.aux == b) ||
                       (term.op == Op::kCondBr && (term.aux == b || static_cast<BlockId>(term.imm) == b));
    if (leads && (p >= b || !holds_behind(p, t, depth - 1))) return false;
  }
  return true;
}

// Loose slots that are overwritten before they are seen from the block's start on, where the slot of the test
// has its value.
uint16_t CodeGen::loose_where(BlockId b, const SlotTest& t, unsigned depth) {
  const Inst& term = region_->terminator(b);
  const bool jumps = term.op == Op::kBr || term.op == Op::kCondBr;
  if (depth == 0 || !jumps || puts(b, t.slot)) return blocks_[b].loose_dead;
  SlotTest here;
  uint16_t dead;
  if (slot_test(b, &here) && here.slot == t.slot && here.value == t.value) {
    dead = loose_where(here.equal, t, depth - 1);
  } else {
    dead = loose_where(static_cast<BlockId>(term.aux), t, depth - 1);
    if (term.op == Op::kCondBr) dead &= loose_where(static_cast<BlockId>(term.imm), t, depth - 1);
  }
  loose_dead_ = dead;
  for (uint32_t i = region_->blocks[b].end; i-- > region_->blocks[b].first;) {
    if (!is_idle(i)) analyse_loose(insts_[i]);
  }
  return loose_dead_;
}

// Behind a jump back from block b: loose slots that the next round overwrites before they are seen. A test of
// a slot that is known to go as in the round before (which registers a stack has, say) counts as one way.
uint16_t CodeGen::loose_in_next_round(BlockId b) {
  constexpr unsigned kDepth = 8;
  SlotTest t;
  for (BlockId p = 0; p < region_->blocks.size(); ++p) {
    if (slot_test(p, &t))
      return holds_behind(b, t, kDepth) ? loose_where(0, t, kDepth) : blocks_[0].loose_dead;
  }
  return blocks_[0].loose_dead;
}

}  // namespace xarch::x86_64
