#include "tcg/ir/notes.h"

namespace xarch::ir {

using Kind = Region::Scratch::SlotKind;

NoteTaker::NoteTaker(Region& region) : region_(&region) {
  find_overlaps(region);
  Region::Scratch& s = region.scratch;
  s.position_base += uint32_t{kNoValue} + 1;
  if (s.position_base >= Region::Scratch::kLastPosition) {
    s.known.clear();
    s.position_base = 1;
  }
  if (s.known.size() < region.layout->slots.size()) s.known.resize(region.layout->slots.size());
  base_ = forgotten_ = s.position_base;
}

// v goes to a slot that has rested since then. An operand that is its own may be computed there, too, and one
// of that in turn.
void NoteTaker::take_place(ValueId v, uint32_t since) {
  const SlotId slot = inst(v).goes_to;
  const auto own = [&](ValueId a) {
    const Inst& in = inst(a);
    return in.uses == 1 && in.op != Op::kConst && is_pure(in.op);
  };
  do {
    const Inst& in = inst(v);
    ValueId a = in.args[0];
    bool gives = false;
    switch (in.op) {
      case Op::kFWiden:
      case Op::kZext:
        gives = inst(a).op != Op::kGet && inst(a).op != Op::kConst;
        break;  // others may use it, too
      case Op::kAdd:
      case Op::kAnd:
      case Op::kOr:
      case Op::kXor:
      case Op::kMul:
        gives = own(in.args[1]);
        if (gives) a = in.args[1];
        [[fallthrough]];
      default: gives = gives || own(a);
    }
    if (!gives || inst(a).goes_to != kNoSlot || since > position(a)) return;
    inst(a).goes_to = slot;
    v = a;
  } while (kTakesPlace[static_cast<size_t>(inst(v).op)]);
}

// What some puts have to tell besides; `last` is where the slot was put before.
void NoteTaker::put_further(ValueId v, bool goes, uint32_t since, uint32_t last) {
  if (last > seen_) overwrite_put(last);
  if (goes && kTakesPlace[static_cast<size_t>(inst(v).op)]) take_place(v, since);
}

void NoteTaker::get_special(SlotId slot, Value v) {
  if (scratch().kinds[slot] & Kind::kExtended) region_->extended = true;
  known(slot) = {v, position(v.id), position(v.id), 0};
  for (const SlotId other : scratch().overlaps[slot]) {
    Region::Scratch::Known& k = known(other);
    k.read = position(v.id);
    k.put = 0;
  }
}

void NoteTaker::put_special(SlotId slot, Value v, uint32_t at) {
  const uint8_t kinds = scratch().kinds[slot];
  if (kinds & Kind::kExtended) region_->extended = true;
  if (kinds & Kind::kFlags) {
    (flags_put_ == kNoValue ? region_->blocks.back().flags_entry : inst(flags_put_).flags_until) =
        last_of_flags();
    flags_put_ = static_cast<ValueId>(at);
  }
  put_plain(slot, v, at);
  overwrite_inside(slot);
  for (const SlotId other : scratch().overlaps[slot]) {
    // An earlier put of a larger one may still be overwritten as a whole.
    known(other).value = {};
    known(other).read = position(at);
  }
}

// What has been put to slots inside of this one is overwritten as well.
void NoteTaker::overwrite_inside(SlotId slot) {
  const Slot& whole = region_->layout->slots[slot];
  for (const SlotId other : scratch().overlaps[slot]) {
    if (whole.contains(region_->layout->slots[other])) overwrite(other);
  }
}

// Nobody sees what has been put to the slot last, unless somebody may have.
void NoteTaker::overwrite(SlotId slot) {
  if (known(slot).put > seen_) overwrite_put(known(slot).put);
  known(slot).put = 0;
}
void NoteTaker::overwrite_put(uint32_t position) {
  Inst& put = inst(position - base_);
  put.marks |= Inst::kUnseen;
  if (--inst(put.args[0]).uses == 0) region_->dead_code = true;
}

void NoteTaker::show(SlotId slot) {
  if (slot == kNoSlot) return;  // an environment of f80 that is not there: the verifier says so
  known(slot).put = 0;
  for (const SlotId other : scratch().overlaps[slot]) known(other).put = 0;
}

void NoteTaker::put_idx(SlotId slot, uint32_t at) {
  stop(at);
  forget(slot);
  for (const SlotId other : scratch().overlaps[slot]) forget(other);
}

void NoteTaker::call(const HelperDesc& helper, uint32_t at) {
  stop(at);
  if (helper.effects & kHelperPure) return;
  const bool leaves = !(helper.effects & kHelperNoFault) || helper.effects & kHelperMayExit;
  if (leaves || !(helper.effects & kHelperListsState)) {
    show_all(at);
  } else {
    for (const SlotId slot : helper.reads) show(slot);
  }
  if (!(helper.effects & kHelperListsState)) return forget_all(at);
  for (const SlotId slot : helper.writes) {
    forget(slot);
    for (const SlotId other : scratch().overlaps[slot]) forget(other);
  }
}

void NoteTaker::f80_note(uint32_t at) {
  f80();
  const SlotId up = region_->layout->f80_up;
  if (up == kNoSlot) return;
  overwrite(up);
  known(up) = {{}, position(at), position(at), 0};
}

// Slots that are overwritten behind an exit.
void NoteTaker::overwrite_behind(ExitAux exit) {
  // With a poll on the edge they may be seen by whoever handles the event.
  if (exit.poll || exit.dead_index > region_->dead_at_exit.size()) return;
  for (const SlotId slot : region_->dead_at_exit[exit.dead_index - 1u]) {
    overwrite(slot);
    overwrite_inside(slot);
  }
}

void take_notes(Region& region) {
  for (Inst& in : region.insts) {
    Inst plain = {in.op, in.type};
    std::copy(in.args, in.args + 4, plain.args);
    plain.aux = in.aux;
    plain.imm = in.imm;
    in = plain;
  }
  region.extended = region.dead_code = false;
  NoteTaker notes(region);
  // The blocks are told as if they were made now.
  PodVector<Block> blocks;
  blocks.swap(region.blocks);
  for (const Block& block : blocks) {
    region.blocks.push_back({block.first, block.end});
    notes.begin_block(block.first);
    for (uint32_t i = block.first; i < block.end; ++i) {
      const Inst& in = region.insts[i];
      for (const ValueId v : in.args) {
        if (v != kNoValue) notes.use(v, i);
      }
      const auto slot = static_cast<SlotId>(in.aux);
      switch (in.op) {
        case Op::kGet: notes.get(slot, {static_cast<ValueId>(i), in.type}); break;
        case Op::kPut: notes.put(slot, {in.args[0], region.insts[in.args[0]].type}, i); break;
        case Op::kGetIdx:
          notes.show(slot);
          notes.stop(i);
          break;
        case Op::kPutIdx: notes.put_idx(slot, i); break;
        case Op::kCall: notes.call(*region.helpers[in.aux], i); break;
        case Op::kPoll: notes.show_all(i); break;
        case Op::kF80Note: notes.f80_note(i); break;
        case Op::kFLow: notes.low_read(in.args[0], in.aux == 3 ? Inst::kLow8 : Inst::kLow4); break;
        case Op::kVLo: notes.low_read(in.args[0], Inst::kLow8); break;
        case Op::kVExtract:
          if (in.imm == 0) notes.low_read(in.args[0], in.aux == 3 ? Inst::kLow8 : Inst::kLow4);
          break;
        case Op::kF80Flags:
        case Op::kF80Control:
          notes.show(in.op == Op::kF80Flags ? region.layout->f80_flags : region.layout->f80_control);
          notes.stop(i);
          break;
        default:
          if (in.type == Type::kF80 || in.op == Op::kF80Drop) notes.f80();
          if (op_attributes(in.op) & kMayFault) notes.show_all(i);
          if (is_terminator(in.op)) notes.end_block(in);
      }
    }
  }
}

}  // namespace xarch::ir
