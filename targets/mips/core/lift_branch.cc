// Branches. A branch and its delay slot are one unit: the branch's lifter says where it goes to (branch_),
// the slot's instruction is lifted after it, the jump follows. If the slot can't be had (it can't be fetched,
// or the key allows no further instruction), the region ends with the branch, in the mode that says "in a
// delay slot".
#include "targets/mips/core/lifter.h"

namespace xarch::mips {

using ir::Cond;
using ir::ExitAux;
using ir::JumpKind;
using ir::Type;

// ---- the instructions

void Lifter::link(uint32_t reg) { set_gpr(reg, b_.trunc(b_.pcrel(offset(pc_ + 8)), Type::kI32)); }

void Lifter::branch_always(uint32_t target, JumpKind kind) {
  branch_.present = true;
  branch_.target = target;
  branch_.kind = kind;
}

void Lifter::branch_if(Cond cond, Value a, Value b, Simm offset, bool likely) {
  branch_.present = true;
  branch_.conditional = true;
  branch_.likely = likely;
  branch_.cond = cond;
  branch_.a = a;
  branch_.b = b;
  branch_.target = pc_ + 4 + (offset.n << 2);
}

// The target is in the 256 MB of the slot.
uint32_t Lifter::jump_target(Index i) {
  b_.region().fixed_address = true;
  return ((pc_ + 4) & 0xf0000000) | i.n << 2;
}
void Lifter::j(Index i) { branch_always(jump_target(i), JumpKind::kJump); }
void Lifter::jal(Index i) {
  link(31);
  branch_always(jump_target(i), JumpKind::kCall);
}
void Lifter::jr(Rs s) {
  branch_always(0, s.n == 31 ? JumpKind::kReturn : JumpKind::kJump);
  branch_.indirect = gpr(s.n);
}
void Lifter::jalr(Rs s, Rd d) {
  Value target = gpr(s.n);
  link(d.n);
  branch_always(0, d.n == 31 ? JumpKind::kCall : JumpKind::kJump);
  branch_.indirect = target;
}

void Lifter::beq(Rs s, Rt t, Simm i) {
  if (s.n == t.n) {
    branch_always(pc_ + 4 + (i.n << 2), JumpKind::kJump);
  } else {
    branch_if(Cond::kEq, gpr(s.n), gpr(t.n), i, false);
  }
}
void Lifter::bne(Rs s, Rt t, Simm i) { branch_if(Cond::kNe, gpr(s.n), gpr(t.n), i, false); }
void Lifter::beql(Rs s, Rt t, Simm i) { branch_if(Cond::kEq, gpr(s.n), gpr(t.n), i, true); }
void Lifter::bnel(Rs s, Rt t, Simm i) { branch_if(Cond::kNe, gpr(s.n), gpr(t.n), i, true); }
void Lifter::blez(Rs s, Simm i) { branch_if(Cond::kSle, gpr(s.n), b_.i32(0), i, false); }
void Lifter::bgtz(Rs s, Simm i) { branch_if(Cond::kSgt, gpr(s.n), b_.i32(0), i, false); }
void Lifter::bltz(Rs s, Simm i) { branch_if(Cond::kSlt, gpr(s.n), b_.i32(0), i, false); }
void Lifter::bgez(Rs s, Simm i) { branch_if(Cond::kSge, gpr(s.n), b_.i32(0), i, false); }
void Lifter::blezl(Rs s, Simm i) { branch_if(Cond::kSle, gpr(s.n), b_.i32(0), i, true); }
void Lifter::bgtzl(Rs s, Simm i) { branch_if(Cond::kSgt, gpr(s.n), b_.i32(0), i, true); }
void Lifter::bltzl(Rs s, Simm i) { branch_if(Cond::kSlt, gpr(s.n), b_.i32(0), i, true); }
void Lifter::bgezl(Rs s, Simm i) { branch_if(Cond::kSge, gpr(s.n), b_.i32(0), i, true); }

// The link register is written whether the branch is taken or not.
void Lifter::branch_and_link(Cond cond, Rs s, Simm i, bool likely) {
  Value a = gpr(s.n);
  link(31);
  if (s.n == 0 && cond == Cond::kSge) {  // BAL. One to the instruction after its slot only asks for the pc
    uint32_t target = pc_ + 4 + (i.n << 2);
    branch_always(target, target == pc_ + 8 ? JumpKind::kJump : JumpKind::kCall);
  } else {
    branch_if(cond, a, b_.i32(0), i, likely);
    branch_.kind = JumpKind::kCall;
  }
}
void Lifter::bltzal(Rs s, Simm i) { branch_and_link(Cond::kSlt, s, i, false); }
void Lifter::bgezal(Rs s, Simm i) { branch_and_link(Cond::kSge, s, i, false); }
void Lifter::bltzall(Rs s, Simm i) { branch_and_link(Cond::kSlt, s, i, true); }
void Lifter::bgezall(Rs s, Simm i) { branch_and_link(Cond::kSge, s, i, true); }

// ---- their ends

ExitAux Lifter::normal_mode(ExitAux e) {
  if (in_slot_mode()) {
    e.mode_change = true;
    e.mode_index = b_.exit_mode(b_.key().mode & ~kModeSlot);
  }
  return e;
}

// An exit from the current instruction. Whatever runs for ever takes one that does not lead upwards, so that
// those carry the poll.
ExitAux Lifter::exit_to(uint32_t target, JumpKind kind) {
  ExitAux e;
  e.kind = kind;
  e.poll = target <= pc_;
  return normal_mode(e);
}

void Lifter::goto_direct(uint32_t target, JumpKind kind) {
  b_.goto_pc(offset(target), exit_to(target, kind));
  ended_ = true;
}

// Lifts the slot's instruction, whose word is at hand.
void Lifter::lift_slot(uint32_t word) {
  begin_insn(pc_ + 4, true);
  lift_word(word);
}

void Lifter::finish_branch() {
  uint32_t word;
  bool available = exact_limit_ == 0 || insns_ < exact_limit_;
  if (!available || !fetch(pc_ + 4, &word)) {
    leave_into_slot();
  } else if (branch_.likely) {
    finish_likely(word);
  } else if (branch_.conditional) {
    finish_conditional(word);
  } else if (branch_.indirect) {
    finish_indirect(word);
  } else {
    finish_direct(word);
  }
  branch_ = Branch{};
}

// The branch is done, its slot comes in a region of its own.
void Lifter::leave_into_slot() {
  ExitAux e;
  e.mode_change = true;
  e.mode_index = b_.exit_mode(b_.key().mode | kModeSlot);
  Value target = branch_.indirect ? branch_.indirect : b_.trunc(b_.pcrel(offset(branch_.target)), Type::kI32);
  if (branch_.conditional) {
    Value taken = b_.cmp(branch_.cond, branch_.a, branch_.b);
    if (branch_.likely) {  // not taken: the slot is skipped
      Cold cold = {b_.new_block(), false, pc_ + 8, 0, exit_to(pc_ + 8, JumpKind::kJump)};
      cold_.push_back(cold);
      ir::BlockId go = b_.new_block();
      b_.cond_br(taken, go, cold.block);
      b_.start_block(go);
      target = b_.trunc(b_.pcrel(offset(branch_.target)), Type::kI32);
    } else {
      target = b_.select(taken, target, b_.trunc(b_.pcrel(offset(pc_ + 8)), Type::kI32));
    }
  }
  b_.put(kBranchTarget, target);
  b_.put(kInSlot, b_.i32(1));
  b_.goto_pc(offset(pc_ + 4), e);
  ended_ = true;
}

void Lifter::finish_likely(uint32_t slot_word) {
  Cold cold = {b_.new_block(), false, pc_ + 8, 0, exit_to(pc_ + 8, JumpKind::kJump)};
  cold_.push_back(cold);
  ir::BlockId go = b_.new_block();
  b_.cond_br(b_.cmp(branch_.cond, branch_.a, branch_.b), go, cold.block);
  b_.start_block(go);
  lift_slot(slot_word);
  if (!ended_) goto_direct(branch_.target, branch_.kind);
}

// A jump upwards is followed within the region; so is a BAL that only asks for the pc.
void Lifter::finish_direct(uint32_t slot_word) {
  lift_slot(slot_word);
  if (ended_) return;
  if (branch_.kind == JumpKind::kJump && branch_.target > pc_ && may_go_on()) {
    pc_ = branch_.target;
  } else {
    goto_direct(branch_.target, branch_.kind);
  }
}

void Lifter::finish_indirect(uint32_t slot_word) {
  unsigned row = decode(slot_word, options_.features);
  bool splits = row != kNoRow && (rows()[row].flags & kSplits) != 0;
  uint32_t temp = 0;
  if (splits) {
    temp = b_.new_temp(Type::kI32);
    b_.put_tmp(temp, branch_.indirect);
  }
  lift_slot(slot_word);
  if (ended_) return;
  Value target = splits ? b_.get_tmp(temp) : branch_.indirect;
  ExitAux e;
  e.kind = branch_.kind;
  e.poll = true;
  b_.goto_ind(b_.zext(target, Type::kI64), e);
  ended_ = true;
}

// The comparison stands after the slot, next to the branch it decides; its operands are what the registers
// held before.
void Lifter::finish_conditional(uint32_t slot_word) {
  unsigned row = decode(slot_word, options_.features);
  bool splits = row != kNoRow && (rows()[row].flags & kSplits) != 0;
  uint32_t temp = 0;
  if (splits) {
    temp = b_.new_temp(Type::kI1);
    b_.put_tmp(temp, b_.cmp(branch_.cond, branch_.a, branch_.b));
  }
  lift_slot(slot_word);
  if (ended_) return;
  Value taken = splits ? b_.get_tmp(temp) : b_.cmp(branch_.cond, branch_.a, branch_.b);
  Cold cold = {b_.new_block(), false, branch_.target, 0, exit_to(branch_.target, branch_.kind)};
  cold_.push_back(cold);
  ir::BlockId next = b_.new_block();
  b_.cond_br(taken, cold.block, next);
  b_.start_block(next);
  uint32_t after = pc_ + 4;
  // What follows a loop is a region of its own.
  if (branch_.target > pc_ && ++exits_ < limits_.max_exits && may_go_on()) {
    pc_ = after;
  } else {
    goto_direct(after, JumpKind::kJump);
  }
}

}  // namespace xarch::mips
