// Helper calls, branches and the ways out of emitted code.
#include "tcg/backend/x86_64/codegen.h"

#include <cstddef>

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;

#define HDR(field) state_mem(offsetof(CpuHeader, field))

const std::vector<SlotId>* CodeGen::dead_slots(const Inst& exit) const {
  unsigned index = ExitAux::unpack(exit.aux).dead_index;
  return index ? &region_->dead_at_exit[index - 1] : nullptr;
}

Mem CodeGen::cell_pc() const { return Mem::absolute(&self_->pc); }

void CodeGen::store_pc(int64_t offset) {
  take(Reg::rax);
  as_.mov(64, Reg::rax, cell_pc());
  if (offset) as_.lea(64, Reg::rax, Mem::at(Reg::rax, static_cast<int32_t>(offset)));
  as_.mov(64, slot_mem(info_.layout->pc), Reg::rax);
}

void CodeGen::set_exit(tcg::Exit reason, uint32_t mode) {
  as_.mov_imm(32, HDR(exit_reason), static_cast<int32_t>(reason));
  as_.mov_imm(32, HDR(exit_mode), static_cast<int32_t>(mode));
}

// ---- calls

// All slots go to the state, the flags where they are wanted.
void CodeGen::settle_for_call(const Inst& in) {
  for (V arg : in.args) settle_condition(arg);
  settle_all_slot_readers();
  settling_ = true;  // until the operands are fetched too: the helper may write the slot
  flush_slots(nullptr);
  clobber_flags();
}

// What is in pinned registers is saved and restored by the stub; old values of theirs, and all else, must
// move.
void CodeGen::empty_for_call() {
  state_.for_each_used([&](HostReg r) {
    spill_vals(r);
    unbind_slot(r);
  });
  state_.flags = FlagsState();
  settling_ = false;
}

void CodeGen::emit_call(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  const HelperDesc& desc = *region_->helpers[in.aux];
  if (in.uses == 0 && desc.effects & kHelperPure) return consume_args(in);
  settle_for_call(in);
  for (unsigned k = 0; k < 4; ++k) {
    V arg = in.args[k];
    if (arg == kNoValue) continue;
    Mem m = Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8 * k));
    int32_t imm;
    if (imm32(arg, &imm) && (imm >= 0 || type_bits(inst(arg).type) == 64)) {
      as_.mov_imm(64, m, imm);
    } else {
      as_.mov(64, m, use_clean(arg));
    }
    locked_ = 0;
  }
  consume_args(in);
  empty_for_call();
  bool may_fault = !(desc.effects & (kHelperNoFault | kHelperPure));
  if (may_fault) store_pc(insn_offset_);
  as_.mov_imm(64, Reg::r10, reinterpret_cast<uintptr_t>(desc.fn));
  const bool fp = desc.effects & kHelperFp;
  if (fp) {
    as_.stmxcsr(HDR(guest_mxcsr));
    as_.mov_imm(8, HDR(fp_away), 1);
    as_.ldmxcsr(constant(tcg::kHostMxcsr));
  }
  if (may_fault) call_site();
  as_.call(HDR(helper_stub));
  if (fp) {
    as_.ldmxcsr(HDR(guest_mxcsr));
    as_.mov_imm(8, HDR(fp_away), 0);
  }
  if (desc.effects & kHelperMayExit) {
    as_.alu(Alu::kCmp, 32, HDR(helper_exit), 0);
    Cold c;
    c.kind = Cold::kHelperExit;
    c.label = as_.new_label();
    as_.jcc(Cc::ne, c.label);
    cold_.push_back(c);
  }
  if (left(v) > 0) {
    lock(host(Reg::rax));
    if (in.type == Type::kI1) as_.alu(Alu::kAnd, 32, Reg::rax, 1);
    bind(v, host(Reg::rax), in.type == Type::kI1);
  }
}

// ---- branches inside the region

uint32_t CodeGen::save_state() {
  if (num_saved_ == saved_states_.size()) saved_states_.emplace_back();
  saved_states_[num_saved_] = state_;
  return num_saved_++;
}

bool CodeGen::is_exit_block(BlockId b) const {
  Op op = region_->terminator(b).op;
  return op != Op::kBr && op != Op::kCondBr && region_->blocks[b].end - region_->blocks[b].first <= 2;
}

bool CodeGen::is_loop_exit(BlockId b) const {
  const Inst& t = region_->terminator(b);
  return t.op == Op::kGotoPc && ExitAux::unpack(t.aux).poll;
}

void CodeGen::emit_br(uint32_t i) {
  auto b = static_cast<BlockId>(insts_[i].aux);
  note_place(b);
  branch_to(b);
}

// A block that only this branch leads to, and that comes later, goes on with the registers as they are.
bool CodeGen::continues(BlockId b) const { return blocks_[b].preds == 1 && !blocks_[b].emitted && b != 0; }

void CodeGen::emit_cond_br(uint32_t i) {
  const Inst& in = insts_[i];
  V c = in.args[0];
  auto then_block = static_cast<BlockId>(in.aux), else_block = static_cast<BlockId>(in.imm);
  note_place(then_block);
  note_place(else_block);
  if (is_const(c)) {
    BlockId b = inst(c).imm & 1 ? then_block : else_block;
    consume(c);
    return branch_to(b);
  }
  if (!continues(then_block) && !continues(else_block)) {  // both join others: settle everything before
    if (vals_[c].loc == Loc::kFlags || vals_[c].loc == Loc::kDeferred) fetch(c);
    flush_slots(nullptr);
    Cc cc = condition(c);
    consume(c);
    forget_all();
    as_.jcc(cc, block_label(then_block));
    if (!blocks_[then_block].emitted) pending_.push_back(then_block);
    return branch_to(else_block);
  }
  bool negated = false;
  const bool equality = fcmp_equality(c, &negated);
  Cc cc = !equality ? condition(c) : negated ? Cc::ne : Cc::e;
  consume(c);
  locked_ = 0;
  BlockId in_line = else_block, aside = then_block;
  bool turn = !continues(else_block);
  if (continues(then_block) && continues(else_block)) {
    bool then_exit = is_exit_block(then_block), else_exit = is_exit_block(else_block);
    turn = then_exit == else_exit ? then_exit && is_loop_exit(then_block) : else_exit;
  }
  if (turn) {
    std::swap(in_line, aside);
    cc = !cc;
  }
  next_block_ = in_line;
  if (!continues(aside) && settled_for(aside)) {
    equality ? jump_fcmp(cc, block_label(aside)) : as_.jcc(cc, block_label(aside));
    if (!blocks_[aside].emitted) pending_.push_back(aside);
    return;
  }
  const Label label = as_.new_label();
  equality ? jump_fcmp(cc, label) : as_.jcc(cc, label);
  Cold cold;
  cold.kind = continues(aside) ? Cold::kBlock : Cold::kEdge;
  cold.label = label;
  cold.block = aside;
  cold.state = save_state();
  cold_.push_back(cold);
  if (cold.kind == Cold::kBlock) blocks_[aside].emitted = true;  // spoken for
}

// Would settle_for have nothing to do?
bool CodeGen::settled_for(BlockId b) const {
  return state_.dirty == 0 && state_.f80.depth == 0 && !late_for(b) &&
         (!state_.flags_dirty() || blocks_[b].flags_dead);
}

// Writes back what a block that others lead to as well wants to find in the state.
void CodeGen::settle_for(BlockId b) {
  if (blocks_[b].flags_dead) state_.flags.dirty = false;
  late_for_faults_only(blocks_[b].loose_dead);
  flush_slots(nullptr);
}

// Goes on with a block that others lead to as well.
void CodeGen::branch_to(BlockId b) {
  if (continues(b)) {
    next_block_ = b;
    return;
  }
  settle_for(b);
  forget_all();
  if (blocks_[b].emitted) {
    as_.jmp(block_label(b));
  } else {
    next_block_ = b;
  }
}

// ---- exits

// To the run loop; pc is set.
void CodeGen::emit_unlinked_exit(uint32_t mode, bool poll) {
  set_exit(tcg::Exit::kLookup, mode);
  if (poll) {
    Label none = as_.new_label();
    as_.alu(Alu::kCmp, 32, HDR(event), 0);
    as_.jcc_short(Cc::e, none);
    set_exit(tcg::Exit::kEvent, mode);
    as_.bind(none);
  }
  as_.jmp(HDR(exit_stub));
}

void CodeGen::emit_goto_pc(uint32_t i) {
  const Inst& in = insts_[i];
  ExitAux e = ExitAux::unpack(in.aux);
  if (keeps_in_loop() && closes_loop(in)) return close_loop(in);
  flush_slots(dead_slots(in));
  state_.flags = FlagsState();
  uint32_t mode = e.mode_change ? region_->exit_modes[e.mode_index] : region_->key.mode;
  if (e.mode_change || region_->key.flags & kKeyNoLink) {
    store_pc(in.imm);
    return emit_unlinked_exit(mode, e.poll);
  }
  BlockKey key;
  key.pc = region_->key.pc + static_cast<uint64_t>(in.imm);
  key.mode = mode;
  bool self = key.pc == region_->key.pc;
  tcg::Cell* cell = self ? self_ : space_->cell_for(key);
  if (!cell) {
    status_ = tcg::CompileResult::kNoRoom;
    return;
  }
  // What an event needs stands right behind the exit, within reach of a short jump.
  Label event = as_.new_label();
  if (e.poll) {
    as_.alu(Alu::kCmp, 32, HDR(event), 0);
    if (self) {
      as_.jcc(Cc::e, entry_);
    } else {
      as_.jcc_short(Cc::ne, event);
    }
  }
  if (!(self && e.poll)) as_.jmp(Mem::absolute(cell));
  if (!e.poll) return;
  as_.bind(event);
  as_.lea(64, Reg::rax, Mem::absolute(cell));
  as_.jmp(HDR(event_stub));
}

void CodeGen::emit_goto_ind(uint32_t i) {
  const Inst& in = insts_[i];
  ExitAux e = ExitAux::unpack(in.aux);
  uint32_t mode = e.mode_change ? region_->exit_modes[e.mode_index] : region_->key.mode;
  V target = in.args[0];
  flush_slots(dead_slots(in));
  state_.flags = FlagsState();
  locked_ = 0;
  if (!(vals_[target].loc == Loc::kReg && vals_[target].reg == host(Reg::rax)))
    load_to(target, host(Reg::rax));
  consume(target);
  if (e.mode_change || region_->key.flags & kKeyNoLink) {
    as_.mov(64, slot_mem(info_.layout->pc), Reg::rax);
    return emit_unlinked_exit(mode, e.poll);
  }
  Label event = as_.new_label(), miss = as_.new_label();
  if (e.poll) {
    as_.alu(Alu::kCmp, 32, HDR(event), 0);
    as_.jcc_short(Cc::ne, event);
  }
  as_.mov(32, Reg::rbx, Reg::rax);
  as_.alu(Alu::kAnd, 32, Reg::rbx, HDR(jump_mask));
  as_.mov(64, Reg::r10, HDR(jump_table));
  as_.mov(64, Reg::rbx, Mem::at(Reg::r10, Reg::rbx, 3 - config_.pc_shift));
  as_.alu(Alu::kCmp, 64, Reg::rax, Mem::at(Reg::rbx, static_cast<int32_t>(offsetof(tcg::Cell, pc))));
  as_.jcc_short(Cc::ne, miss);
  as_.jmp(Mem::at(Reg::rbx));
  as_.bind(miss);
  as_.mov_imm(32, HDR(exit_mode), static_cast<int32_t>(mode));
  as_.jmp(HDR(miss_stub));
  if (!e.poll) return;
  as_.bind(event);
  as_.mov(64, slot_mem(info_.layout->pc), Reg::rax);
  set_exit(tcg::Exit::kEvent, mode);
  as_.jmp(HDR(exit_stub));
}

void CodeGen::emit_leave(uint32_t i) {
  const Inst& in = insts_[i];
  flush_slots(nullptr);
  state_.flags = FlagsState();
  tcg::Exit reason = in.op == Op::kSyscall ? tcg::Exit::kSyscall
                     : in.op == Op::kHalt  ? tcg::Exit::kHalt
                                           : tcg::Exit::kRaise;
  if (in.op == Op::kRaiseVal) {
    as_.mov(64, HDR(exit_value), use(in.args[0]));
    consume(in.args[0]);
    locked_ = 0;
  } else if (in.op == Op::kRaise) {
    as_.mov_imm(64, HDR(exit_value), 0);
  }
  store_pc(in.imm);
  set_exit(reason, region_->key.mode);
  as_.mov_imm(32, HDR(exit_code), static_cast<int32_t>(in.aux));
  as_.jmp(HDR(exit_stub));
}

void CodeGen::emit_poll(uint32_t i) {
  clobber_flags();
  as_.alu(Alu::kCmp, 32, HDR(event), 0);
  Cold c;
  c.kind = Cold::kPoll;
  c.label = as_.new_label();
  c.state = save_state();
  c.pc_offset = insts_[i].imm;
  as_.jcc(Cc::ne, c.label);
  cold_.push_back(c);
}

void CodeGen::emit_cold(const Cold& c) {
  foreseeing_ = false;
  as_.bind(c.label);
  locked_ = 0;
  switch (c.kind) {
    case Cold::kBlock:
      restore_state(c.state);
      emit_chain(c.block);
      break;
    case Cold::kEdge:
      restore_state(c.state);
      settle_for(c.block);
      forget_all();
      as_.jmp(block_label(c.block));
      if (!blocks_[c.block].emitted) pending_.push_back(c.block);
      break;
    case Cold::kTrap:
      restore_state(c.state);
      insn_offset_ = c.pc_offset;
      insn_restore_ = c.restore;
      trap_site(c.size, c.write, c.reg, false);
      as_.ud2();
      break;
    case Cold::kPoll:
      restore_state(c.state);
      flush_slots(nullptr);
      state_.flags = FlagsState();
      store_pc(c.pc_offset);
      set_exit(tcg::Exit::kEvent, region_->key.mode);
      as_.jmp(HDR(exit_stub));
      break;
    case Cold::kSoft: emit_soft_cold(c); break;
    case Cold::kFp:
      fp_sites_.push_back(c.fp);
      fp_sites_.back().offset = static_cast<uint32_t>(as_.cursor() - start_);
      as_.ud2();
      break;
    case Cold::kLoopEvent:
      restore_state(c.state);
      flush_slots(nullptr);
      as_.lea(64, Reg::rax, Mem::absolute(self_));
      as_.jmp(HDR(event_stub));
      break;
    case Cold::kHelperExit:
      as_.mov(32, Reg::rax, HDR(helper_exit));
      as_.mov(32, HDR(exit_reason), Reg::rax);
      as_.mov_imm(32, HDR(exit_mode), static_cast<int32_t>(region_->key.mode));
      as_.jmp(HDR(exit_stub));
      break;
  }
}

#undef HDR

}  // namespace xarch::x86_64
