#include "targets/arm/core/lift.h"

#include <algorithm>

#include "targets/arm/core/fp_state.h"

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

void Lift::put_v(unsigned n, Value v) {
  if (v.type == Type::kV64) v = b.vpair(v, b.vconst(Type::kV64, 0));
  b.put(v_slot(n), v);
}

void Lift::note_saturation(Value mask) {
  if (mask.type == Type::kV64) mask = b.vpair(mask, b.vconst(Type::kV64, 0));
  b.put(kSlotQc, b.vbinary(Op::kVOr, b.get(kSlotQc), mask));
}

void Lift::put_scalar(unsigned n, Value v) {
  b.put(v_slot(n), b.bitcast(b.pair(b.zext(v, Type::kI64), b.i64(0)), Type::kV128));
}

Value Lift::condition(unsigned cond) {
  using ir::FlagCond;
  static constexpr FlagCond kTable[] = {FlagCond::kZ,  FlagCond::kC,  FlagCond::kN, FlagCond::kV,
                                        FlagCond::kHi, FlagCond::kGe, FlagCond::kGt};
  if (cond >= 14) return b.i1(true);
  FlagCond c = kTable[cond >> 1];
  return b.flags_test(flags(), cond & 1 ? ir::negate(c) : c);
}

void Lift::undefined() {
  b.raise_val(here, kRaiseUndefined, b.i64(word));
  after = After::kClosed;
}

void Lift::go(int64_t target, ir::JumpKind kind) {
  ir::ExitAux e;
  e.kind = kind;
  e.poll = target <= here || kind == ir::JumpKind::kCall;
  if (!e.poll && flags_written) e.dead_index = peek->dead_index(target);
  b.goto_pc(target, e);
  after = After::kClosed;
}

void Lift::go_indirect(Value pc, ir::JumpKind kind) {
  ir::ExitAux e;
  e.kind = kind;
  e.poll = true;
  b.goto_ind(pc, e);
  after = After::kClosed;
}

void Lift::branch_if(Value cond, int64_t target) {
  uint64_t known;
  if (b.is_const(cond, &known)) {
    go(known & 1 ? target : here + 4, ir::JumpKind::kJump);
    return;
  }
  const ir::BlockId taken = b.new_block(), next = b.new_block();
  b.cond_br(cond, taken, next);
  const bool forward = target > here;
  if (forward && num_forwards < std::size(forwards)) {
    forwards[num_forwards++] = {target, here, taken};
    next_join = std::min(next_join, target);
  } else {
    b.start_block(taken);
    go(target, ir::JumpKind::kJump);
  }
  b.start_block(next);
  if (!forward || exits_left == 0) {
    go(here + 4, ir::JumpKind::kJump);
    return;
  }
  --exits_left;
  after = After::kNext;
}

void Lift::join_forwards(int64_t offset, bool open) {
  next_join = INT64_MAX;
  ir::BlockId joined = ir::kNoBlock;
  unsigned kept = 0;
  for (unsigned i = 0; i < num_forwards; ++i) {
    const Forward f = forwards[i];
    if (f.target != offset) {
      forwards[kept++] = f;
      if (f.target > offset) next_join = std::min(next_join, f.target);
      continue;
    }
    ++exits_left;
    if (joined != ir::kNoBlock) {
      b.same_block(f.taken, joined);
      continue;
    }
    joined = f.taken;
    if (open) b.br(joined);
    b.start_block(joined);
  }
  num_forwards = kept;
}

void Lift::leave_by_forwards() {
  for (unsigned i = 0; i < num_forwards; ++i) {
    b.start_block(forwards[i].taken);
    here = forwards[i].from;
    go(forwards[i].target, ir::JumpKind::kJump);
  }
}

}  // namespace xarch::arm
