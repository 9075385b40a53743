// Regions that jump back to their own start: vector slots stay in registers from one round to the next, those
// that a round reads before it writes them first of all. They are loaded at the entry; the jump back puts
// them into the same registers and goes to where they are expected. A sum over an array then does not wait
// for its own store. What is written to such a slot is computed in its register where that is free.
#include <algorithm>
#include <cstddef>

#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;

namespace {

// So few that some registers are left over for what is computed.
constexpr unsigned kMaxLoopSlots = 12;

HostReg loop_register(size_t index) { return static_cast<HostReg>(kNumHostRegs - 1 - index); }

}  // namespace

bool CodeGen::closes_loop(const Inst& exit) const {
  if (exit.op != Op::kGotoPc || exit.imm != 0 || region_->key.flags & kKeyNoLink) return false;
  const ExitAux e = ExitAux::unpack(exit.aux);
  return e.poll && !e.mode_change;
}

// Fills loop_slots_, which is empty: those that are read and written, then what is only read (a load saved
// each round), then what is written first (a store saved). Without one that is written there is nothing to
// gain. Calls forget the registers.
void CodeGen::find_loop_slots() {
  if (region_->fp_by_calls) return;
  std::vector<SlotId> read, written, overwritten;
  const auto has = [](const std::vector<SlotId>& list, SlotId s) {
    return std::find(list.begin(), list.end(), s) != list.end();
  };
  for (size_t i = 0; i < region_->insts.size(); ++i) {
    const Inst& in = insts_[i];
    if (is_idle(i)) continue;
    if (in.op == Op::kCall || vector_helper(in.op)) return;
    const auto s = static_cast<SlotId>(in.aux);
    if ((in.op != Op::kGet && in.op != Op::kPut) || info_.layout->slots[s].type != Type::kV128) continue;
    if (info_.layout->slots[s].count != 1 || info_.pin[s] != kNoHostReg) continue;
    if (in.op == Op::kGet) {
      if (!has(overwritten, s) && !has(read, s)) read.push_back(s);
    } else if (!has(read, s)) {
      if (!has(overwritten, s)) overwritten.push_back(s);
    } else if (!has(written, s)) {
      written.push_back(s);
    }
  }
  if (written.empty() && overwritten.empty()) return;
  for (SlotId s : written) loop_slots_.push_back({s, loop_type(s), true});
  for (SlotId s : read) {
    if (!has(written, s)) loop_slots_.push_back({s, loop_type(s), false});
  }
  for (SlotId s : overwritten) loop_slots_.push_back({s, Type::kV128, true});
  if (loop_slots_.size() > kMaxLoopSlots) loop_slots_.resize(kMaxLoopSlots);
}

// The register of the loop slot that the result will be put to, if it may be computed there: nobody needs any
// more what is in it.
HostReg CodeGen::loop_home(V result) const {
  const SlotId s = hint(result);
  if (loop_slots_.empty() || s == kNoSlot) return kNoHostReg;
  for (size_t k = 0; k < loop_slots_.size(); ++k) {
    if (loop_slots_[k].slot != s) continue;
    const HostReg r = loop_register(k);
    const RegState& reg = state_.regs[r];
    const bool own = reg.slot == kNoSlot || reg.slot == s;
    return own && reg.num_vals == 0 && !(locked_ >> r & 1) ? r : kNoHostReg;
  }
  return kNoHostReg;
}

// How much of the slot do the gets of the region read?
Type CodeGen::loop_type(SlotId s) const {
  unsigned low = 0;
  for (size_t i = 0; i < region_->insts.size(); ++i) {
    const Inst& in = insts_[i];
    if (in.op != Op::kGet || in.aux != s || in.uses == 0) continue;
    if (!partly_read(static_cast<V>(i))) return Type::kV128;
    low |= in.marks;
  }
  return low & Inst::kLow8 ? Type::kF64 : Type::kF32;
}

// At the entry: registers as each round finds them. What may be written in a round counts as dirty.
void CodeGen::enter_loop() {
  for (size_t k = 0; k < loop_slots_.size(); ++k) {
    const HostReg r = loop_register(k);
    const auto [s, type, written] = loop_slots_[k];
    load_typed(type, r, slot_mem(s));
    RegState& reg = state_.regs[r];
    state_.cache(r, s);
    reg.partial = type != Type::kV128;
    if (written && !reg.partial) state_.set_dirty(r);
    reg.stamp = ++stamp_;
    slot_reg_[s] = r;
  }
  enter_f80_loop();
  loop_ = as_.new_label();
  as_.bind(loop_);
}

// The jump back.
void CodeGen::close_loop(const Inst& exit) {
  std::vector<SlotId> keep;
  for (const LoopSlot& l : loop_slots_) {
    if (l.type == Type::kV128) keep.push_back(l.slot);
  }
  if (const std::vector<SlotId>* dead = dead_slots(exit)) keep.insert(keep.end(), dead->begin(), dead->end());
  // Loose slots that the next round overwrites wait until the event is known not to have come.
  const LateSlots late = state_.late;
  late_for_faults_only(loose_in_next_round(block_));
  const bool waits = (state_.late.up == LateSlots::Up::kStored || state_.late.up_dead) &&
                     (state_.late.pc_slot == kNoSlot || state_.late.pc_dead);
  if (!waits) state_.late = late;
  flush_slots(&keep, false);
  state_.flags = FlagsState();
  end_values();
  if (waits) state_.late = late;
  Cold c;
  c.kind = Cold::kLoopEvent;
  c.label = as_.new_label();
  c.state = save_state();
  as_.alu(Alu::kCmp, 32, state_mem(offsetof(CpuHeader, event)), 0);
  as_.jcc(Cc::ne, c.label);
  cold_.push_back(c);
  state_.late = LateSlots();
  close_f80_loop();
  move_to_loop_registers();
  as_.jmp(loop_);
}

// All at once: no register is overwritten before it was read. What is in none comes from the state.
void CodeGen::move_to_loop_registers() {
  struct Move {
    HostReg to, from;
  };
  std::vector<Move> moves;
  uint32_t targets = 0;
  for (const LoopSlot& l : loop_slots_) {  // less of the slot than the next round reads
    const HostReg r = slot_reg_[l.slot];
    if (r != kNoHostReg && state_.regs[r].partial && state_.regs[r].zero_from < type_bytes(l.type))
      unbind_slot(r);
  }
  for (size_t k = 0; k < loop_slots_.size(); ++k) {
    const HostReg to = loop_register(k), from = slot_reg_[loop_slots_[k].slot];
    targets |= 1u << to;
    if (from != kNoHostReg && from != to) moves.push_back({to, from});
  }
  while (!moves.empty()) {
    const auto free = std::find_if(moves.begin(), moves.end(), [&](const Move& m) {
      return std::none_of(moves.begin(), moves.end(), [&](const Move& o) { return o.from == m.to; });
    });
    if (free != moves.end()) {
      copy_reg(free->to, free->from);
      moves.erase(free);
      continue;
    }
    // Circles among the registers that are moved to.
    HostReg spare = kFirstXmm;
    while (targets >> spare & 1) ++spare;
    const HostReg freed = moves.front().to;
    copy_reg(spare, freed);
    for (Move& m : moves) {
      if (m.from == freed) m.from = spare;
    }
  }
  for (size_t k = 0; k < loop_slots_.size(); ++k) {
    const auto [s, type, written] = loop_slots_[k];
    const Xmm x = xmm(loop_register(k));
    if (slot_reg_[s] == kNoHostReg) {
      load_typed(type, loop_register(k), slot_mem(s));
    } else if (zero_from(x) > type_bytes(type)) {
      type == Type::kF64 ? xop1(Simd::movq, x, x) : xop(Simd::insertps, x, x, x, 0x0e);
    }
  }
}

}  // namespace xarch::x86_64
