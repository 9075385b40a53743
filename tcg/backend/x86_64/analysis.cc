// The backward pass before code generation: uses, dead code, destination hints, dead flags, what to fold. One
// walk for all of it: what is skipped uses and reads nothing, and each walk over a region costs as much as
// lifting it.
#include <algorithm>
#include <array>
#include <cstring>

#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

// Ops that say something special of their operands: asked of each op by one look instead of many comparisons.
constexpr std::array<bool, 256> kNotes = [] {
  std::array<bool, 256> notes{};
  for (const Op op : {Op::kVXor, Op::kFLow, Op::kVLo, Op::kVExtract, Op::kFFma, Op::kF80Up, Op::kF80Note})
    notes[static_cast<size_t>(op)] = true;
  for (auto op = static_cast<size_t>(Op::kF80Add); op <= static_cast<size_t>(Op::kF80Cmp); ++op)
    notes[op] = true;
  return notes;
}();
bool notes(Op op) { return kNotes[static_cast<size_t>(op)]; }

}  // namespace

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
  loose.assign(l.slots.size(), 0);
  unsigned bit = 1;
  for (SlotId s = 0; s < l.slots.size(); ++s) {
    if (!l.slots[s].loose || bit > 0x80) continue;
    loose[s] = static_cast<uint8_t>(bit);
    bit <<= 1;
    any_loose = true;
  }
  for (SlotId s = 0; s < l.slots.size(); ++s)
    alone.push_back(overlaps[s].empty() && loose[s] == 0 && is_int(l.slots[s].type));
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
  if (vals_.size() <= r.insts.size()) vals_.resize(r.insts.size() + 1);
  std::memset(vals_.data(), 0, r.insts.size() * sizeof(Val));
  const size_t slots = info_.layout->slots.size();
  last_hint_.resize(slots, kNoValue);  // what an earlier region has left there is of no value's hint
  overwritten_.resize(slots);
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
    analyse_block(static_cast<BlockId>(b), last);
  }
}

// ---- slots that are overwritten before anything sees them

// Everything may be seen here.
void CodeGen::see_all() {
  if (++seen_gen_ == 0) {
    overwritten_.assign(overwritten_.size(), 0);
    seen_gen_ = 1;
  }
}

inline void CodeGen::see(SlotId s) {
  overwritten_[s] = 0;
  for (SlotId o : info_.overlaps[s]) overwritten_[o] = 0;
}

// The slot and those inside of it.
inline void CodeGen::overwrite(SlotId s) {
  overwritten_[s] = seen_gen_;
  const Slot& slot = info_.layout->slots[s];
  for (SlotId o : info_.overlaps[s]) {
    const Slot& other = info_.layout->slots[o];
    if (other.offset >= slot.offset && other.offset + other.bytes() <= slot.offset + slot.bytes())
      overwritten_[o] = seen_gen_;
  }
}

void CodeGen::see_by_call(const HelperDesc& helper) {
  if (helper.effects & kHelperPure) return;
  const bool leaves = !(helper.effects & kHelperNoFault) || helper.effects & kHelperMayExit;
  if (leaves || !(helper.effects & kHelperListsState)) return see_all();
  for (SlotId s : helper.reads) see(s);
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

// ---- what an access makes part of itself, if it is the only one to use it

// Marks what to fold into the access; whether there are other users shows at the definition.
void CodeGen::mark_folds(const Inst& access) {
  if (inst(access.args[0]).op == Op::kAdd) vals_[access.args[0]].fold = Fold::kSum;
  if (access.op == Op::kStore && inst(access.args[1]).op == Op::kPair) {
    const MemDesc d = access.mem();
    if (d.size == 4 && !d.atomic && !d.big && d.order != Order::kSeqCst)
      vals_[access.args[1]].fold = Fold::kPair;
  }
}

// An op of f80 whose second operand may be in memory: marks the load of it, if nothing lies between that sees
// or changes anything.
void CodeGen::mark_f80_operand(uint32_t i) {
  const Inst& in = insts_[i];
  const bool reads = (in.op >= Op::kF80Add && in.op <= Op::kF80DivR) || in.op == Op::kF80Cmp;
  if (!reads || config_.soft_tlb || inst(in.args[1]).op != Op::kLoad) return;
  const MemDesc d = inst(in.args[1]).mem();
  if (d.align != 0 || d.big || address_clobbers_flags(d)) return;
  for (uint32_t k = in.args[1] + 1u; k < i; ++k) {
    const Op op = insts_[k].op;
    if (!is_pure(op) && op != Op::kNop && op != Op::kGet) return;
  }
  vals_[in.args[1]].fold = Fold::kOperand;
}

// Is op i a load that its only user makes part of itself?
bool CodeGen::folds_load(uint32_t i) const {
  return insts_[i].op == Op::kLoad && vals_[i].fold == Fold::kOperand && vals_[i].left == 1;
}

// An exclusive or takes one step of AES.
void CodeGen::mark_aes(const Inst& in) {
  for (const V arg : {in.args[0], in.args[1]}) {
    Simd simd;
    if (!aes_with_key(inst(arg).op, &simd) || in.args[0] == in.args[1]) continue;
    vals_[arg].fold = Fold::kAes;
    return;
  }
}

// Decides on a marked value, at its definition, and marks what may follow it into the access: of a sum with a
// constant the sum below, of any other sum a shifted index.
Fold CodeGen::settle_fold(const Inst& in, Fold fold, uint16_t uses) {
  if (uses != 1) return Fold::kNone;
  const auto small_shift = [&](const Inst& shl) {
    const Inst& count = inst(shl.args[1]);
    return count.op == Op::kConst && count.imm >= 1 && count.imm <= 3;
  };
  if (fold == Fold::kIndex) return small_shift(in) ? fold : Fold::kNone;
  if (fold == Fold::kPair || fold == Fold::kAes || fold == Fold::kNegate || fold == Fold::kLate) return fold;
  if (fold == Fold::kSum && inst(in.args[1]).op == Op::kConst) {
    if (inst(in.args[0]).op == Op::kAdd) vals_[in.args[0]].fold = Fold::kInnerSum;
  } else if (inst(in.args[1]).op == Op::kShl) {
    vals_[in.args[1]].fold = Fold::kIndex;
  }
  return fold;
}

// ---- hints

// Only the latest put of a slot may have its value computed in place; whatever reads or writes the slot
// before that ends it.
inline void CodeGen::kill_hint(SlotId s, uint32_t at) {
  V v = last_hint_[s];
  if (v != kNoValue && v < at && vals_[v].hint == s) vals_[v].hint_gen = 0;
  last_hint_[s] = kNoValue;
}

// What ends in a slot's register may as well be computed there from its first operand on, if nobody else uses
// that.
void CodeGen::pass_hint(const Inst& in, SlotId slot) {
  const auto computed = [&](V a) {
    const Op op = inst(a).op;
    return vals_[a].left == 0 && op != Op::kConst && is_pure(op);
  };
  V v = kNoValue;
  switch (in.op) {
    case Op::kFWiden:
    case Op::kZext:
      if (const Op op = inst(in.args[0]).op; op != Op::kGet && op != Op::kConst) v = in.args[0];
      break;
    case Op::kAdd:
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kMul:
      if (computed(in.args[1])) {
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
      if (computed(in.args[0])) v = in.args[0];
      break;
    default: break;
  }
  if (v == kNoValue) return;
  vals_[v].hint = slot;
  vals_[v].hint_gen = hint_gen_;
  vals_[v].hint_passed = in.op != Op::kZext && in.op != Op::kFWiden;
  last_hint_[slot] = v;
}

// ---- the walk

// An op without effect of which nobody uses the result.
inline bool CodeGen::useless(const Inst& in, const Val& val) const {
  if (in.op == Op::kF80Note) return (loose_hidden_ & info_.loose[info_.layout->f80_up]) != 0;
  if (val.left != 0) return false;
  if (in.op == Op::kCall) return (region_->helpers[in.aux]->effects & kHelperPure) != 0;
  return op_attributes(in.op) == kReadsState;
}

// A get or put of which something comes.
inline void CodeGen::analyse_slot_access(uint32_t i) {
  const Inst& in = insts_[i];
  const auto slot = static_cast<SlotId>(in.aux);
  const std::span<const SlotId> overlaps = info_.overlaps[slot];
  for (SlotId o : overlaps) kill_hint(o, i);
  kill_hint(slot, i);
  if (in.op == Op::kGet) {
    if (vals_[i].index != vals_[i].left) vals_[i].low = 0;
    vals_[i].index = 0;
    overwritten_[slot] = 0;
    for (SlotId o : overlaps) overwritten_[o] = 0;
    return;
  }
  overwritten_[slot] = seen_gen_;
  if (!overlaps.empty()) overwrite(slot);
  Val& val = vals_[in.args[0]];
  ++val.left;
  if (info_.loose[slot] != 0 && inst(in.args[0]).op == Op::kPcRel) val.fold = Fold::kLate;
  last_hint_[slot] = in.args[0];
  val.hint = slot;
  val.hint_gen = hint_gen_;
  val.hint_passed = false;
}

// The same for a slot that is alone, as almost all are; false if it is useless.
inline bool CodeGen::analyse_slot_alone(const Inst& in, Val& val, uint32_t i) {
  const auto slot = static_cast<SlotId>(in.aux);
  const bool is_put = in.op == Op::kPut;
  if (is_put ? overwritten_[slot] == seen_gen_ : val.left == 0) return false;
  V& last = last_hint_[slot];
  if (last < i && vals_[last].hint == slot) vals_[last].hint_gen = 0;
  if (!is_put) {
    if (val.hint_gen != hint_gen_) val.hint = kNoSlot;
    overwritten_[slot] = 0;
    last = kNoValue;
    return true;
  }
  overwritten_[slot] = seen_gen_;
  last = in.args[0];
  Val& put = vals_[last];
  ++put.left;
  put.hint = slot;
  put.hint_gen = hint_gen_;
  put.hint_passed = false;
  return true;
}

// What another op that is not pure and not skipped does to slots, hints and flags.
void CodeGen::analyse_effects(uint32_t i, bool* dead) {
  const Inst& in = insts_[i];
  switch (in.op) {
    case Op::kGetTmp:
    case Op::kPutTmp: return;
    case Op::kF80Flags: see(info_.layout->f80_flags); break;
    case Op::kF80Control: see(info_.layout->f80_control); break;
    case Op::kGetIdx: see(static_cast<SlotId>(in.aux)); break;
    case Op::kCall:
      see_by_call(*region_->helpers[in.aux]);
      vals_[i].hint = kNoSlot;
      break;
    case Op::kGotoPc:
    case Op::kGotoInd: {
      // With a poll on the edge the slots may be seen by whoever handles the event.
      const std::vector<SlotId>* slots = dead_slots(in);
      if (slots == nullptr || ExitAux::unpack(in.aux).poll) break;
      for (SlotId s : *slots) overwrite(s);
      break;
    }
    case Op::kPoll: see_all(); break;
    case Op::kPutIdx: break;
    default: {
      const unsigned attributes = op_attributes(in.op);
      if (!(attributes & (kMayFault | kTerm))) return;
      if (!(attributes & kMayFault)) break;
      see_all();
      if (!config_.soft_tlb) mark_folds(in);
    }
  }
  ++hint_gen_;
  if (!is_terminator(in.op)) *dead = false;
}

// An op that reads the lowest bytes of a vector. `index` of a get counts them until the get is reached.
void CodeGen::note_low_read(const Inst& in) {
  if (in.op == Op::kVExtract && in.imm != 0) return;
  const Inst& get = inst(in.args[0]);
  if (get.op != Op::kGet || get.type != Type::kV128) return;
  Val& val = vals_[in.args[0]];
  val.low |= in.op == Op::kVLo || in.aux == 3 ? 2 : 1;
  ++val.index;
}

void CodeGen::analyse_block(BlockId b, const Inst& term) {
  const Region& r = *region_;
  bool dead = false;
  auto dead_in = [&](uint64_t s) { return s > b && blocks_[s].flags_dead; };
  if (term.op == Op::kBr) dead = dead_in(term.aux);
  if (term.op == Op::kCondBr) dead = dead_in(term.aux) && dead_in(static_cast<uint64_t>(term.imm));
  if (term.op == Op::kGotoPc || term.op == Op::kGotoInd) dead = exit_kills_flags(term);
  loose_dead_ = loose_hidden_ = loose_after(term);
  ++hint_gen_;
  see_all();
  // Kept here, since what is stored below could be them for all the compiler knows.
  const Inst* const insts = insts_;
  Val* const vals = vals_.data();
  const auto none = static_cast<uint32_t>(r.insts.size());
  const Inst* const first = insts + r.blocks[b].first;
  Val* at = vals + r.blocks[b].end;
  for (const Inst* next = insts + r.blocks[b].end; next != first;) {
    const Inst& in = *--next;
    Val& val = *--at;
    const unsigned attributes = op_attributes(in.op);
    if (attributes & kPure) {
      val.flags_dead = dead;
      if (val.left == 0) {
        val.skip = true;
        continue;
      }
      if (in.op == Op::kConst || in.op == Op::kVConst) {
        val.skip = true;
        val.loc = Loc::kConst;
        continue;
      }
      if (val.hint_gen != hint_gen_ || (val.hint_passed && val.left != 1)) {
        val.hint = kNoSlot;
      } else {
        pass_hint(in, val.hint);
      }
      if (val.fold != Fold::kNone && (val.fold = settle_fold(in, val.fold, val.left)) != Fold::kNone) {
        val.skip = true;
        val.loc = Loc::kDeferred;
      }
      if (notes(in.op)) {
        if (in.op == Op::kVXor) mark_aes(in);
        if (in.op == Op::kF80Up) vals_[in.args[0]].noted = true;
        if (in.op == Op::kFLow || in.op == Op::kVLo || in.op == Op::kVExtract) note_low_read(in);
      }
    } else if (in.op == Op::kInsn) {
      continue;
    } else if (in.op == Op::kGet || in.op == Op::kPut) {
      if (info_.alone[in.aux]) {
        val.flags_dead = dead;
        val.skip = !analyse_slot_alone(in, val, static_cast<uint32_t>(at - vals));
        continue;
      }
      const bool put = in.op == Op::kPut;
      val.skip = !put ? val.left == 0
                      : overwritten_[in.aux] == seen_gen_ || (loose_hidden_ & info_.loose[in.aux]) != 0;
      if (val.skip) continue;
      if (info_.any_loose) analyse_hidden(in);
      if (val.hint_gen != hint_gen_) val.hint = kNoSlot;
      if (in.aux == info_.flags) dead = put;
      analyse_slot_access(static_cast<uint32_t>(at - vals));
      val.flags_dead = dead;
      continue;
    } else {
      if (in.op == Op::kNop || in.op == Op::kRestart || useless(in, val)) {
        val.skip = true;
        continue;
      }
      if (info_.any_loose) analyse_hidden(in);
      const bool noting = notes(in.op);
      if (noting && in.op == Op::kF80Note) vals_[in.args[0]].noted = true;
      if (val.hint_gen != hint_gen_) val.hint = kNoSlot;
      if (noting && in.op == Op::kFFma && in.aux != 1 && in.imm == 0 && !native_fp_ && features_.fma &&
          !region_->fp_by_calls) {
        for (const V arg : {in.args[0], in.args[2]}) {
          if (inst(arg).op == Op::kFNeg && inst(arg).aux == in.aux) vals_[arg].fold = Fold::kNegate;
        }
      }
      analyse_effects(static_cast<uint32_t>(at - vals), &dead);
      if (noting && in.op >= Op::kF80Add && in.op <= Op::kF80Cmp)
        mark_f80_operand(static_cast<uint32_t>(at - vals));
      if (val.fold == Fold::kOperand && folds_load(static_cast<uint32_t>(at - vals))) {
        val.skip = true;
        val.loc = Loc::kDeferred;
      }
      val.flags_dead = dead;
    }
    // Without a branch for those there may be: which op has how many is hard to foretell.
    ++vals[std::min<uint32_t>(in.args[0], none)].left;
    ++vals[std::min<uint32_t>(in.args[1], none)].left;
    if (in.args[2] != kNoValue) {
      ++vals[in.args[2]].left;
      if (in.args[3] != kNoValue) ++vals[in.args[3]].left;
    }
  }
  blocks_[b].flags_dead = dead;
  blocks_[b].loose_dead = loose_dead_;
}

}  // namespace xarch::x86_64
