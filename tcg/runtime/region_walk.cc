#include "tcg/runtime/region_walk.h"

#include <algorithm>
#include <iterator>

namespace xarch::tcg {

using ir::JumpKind;

RegionWalk::RegionWalk(ir::Builder& builder, const LiftLimits& limits, ir::SlotId flags)
    : b(builder), flags_(flags), exits_left_(limits.max_exits), once_(limits.once) {
  const unsigned key_limit = b.key().flags & ir::kKeyInsnLimitMask;
  max_insns_ = key_limit != 0 ? std::min(key_limit, limits.max_insns) : limits.max_insns;
}

void RegionWalk::run(WalkedCode& code) {
  code_ = &code;
  do {
    while (some()) {
    }
  } while (resume());
  leave_by_forwards();
  code.finish();
  close_range();
  for (const ir::GuestRange& r : looked_at_) b.region().ranges.push_back(r);
  b.region().num_insns = insns_;
}

// ExitAux::dead_index of an exit to this offset.
uint8_t RegionWalk::dead_index(int64_t target) {
  uint32_t bytes;
  if (once_ || !code_->flags_die(target, &bytes)) return 0;
  looked_at_.push_back({b.key().pc + static_cast<uint64_t>(target), bytes});
  auto& dead = b.region().dead_at_exit;
  if (dead.empty()) dead.push_back({flags_});
  return 1;
}

// Lifts from at_ on; false once the region is complete, for now.
bool RegionWalk::some() {
  join(at_, true);
  here = at_;
  if (!code_->lift_here()) {
    fetch_failed();
    return false;
  }
  at_ = following;
  if (after == After::kClosed) return false;
  if (after == After::kJump && !follow()) return false;
  if (!full()) return true;
  go(at_, JumpKind::kJump);
  return false;
}

// Goes on at the target of an unconditional forward branch.
bool RegionWalk::follow() {
  if (ranges_ + 1 >= kMaxRanges || insns_ >= max_insns_) {
    go(jump, JumpKind::kJump);
    return false;
  }
  if (jump != at_) {
    close_range();
    at_ = start_ = jump;
  }
  return true;
}

// The region is complete, but a branch left out may be a part of the loop that it begins: goes on at its
// target if the code there comes back to the region's start, so that a round stays inside.
bool RegionWalk::resume() {
  if (after != After::kClosed || insns_ >= max_insns_ || ranges_ + 2 >= kMaxRanges || once_) return false;
  int64_t target = INT64_MAX;
  for (unsigned i = 0; i < num_forwards_; ++i) target = std::min(target, forwards_[i].target);
  if (target < at_ || target - at_ > kLoopReach || !comes_back(target)) return false;
  close_range();
  join(target, false);
  at_ = start_ = target;
  return true;
}

// Does a direct branch to the region's start follow, before anything that leaves the straight way?
bool RegionWalk::comes_back(int64_t from) {
  Glance g;
  for (int64_t at = from; code_->glance(at, from + kLoopReach, &g); at = g.next) {
    const bool back = g.kind != BranchKind::kLeaves && g.target == 0;
    if (back || g.kind != BranchKind::kSometimes) return back;
  }
  return false;
}

void RegionWalk::fetch_failed() {
  at_ = here;
  if (insns_ != 0) {
    --here;  // the exit leads forward
    return go(at_, JumpKind::kJump);
  }
  begin(1);
  b.raise(here, kRaiseFetch);
  after = After::kClosed;
  at_ = following;
}

void RegionWalk::close_range() {
  if (at_ == start_) return;
  b.region().ranges.push_back(
      {b.key().pc + static_cast<uint64_t>(start_), static_cast<uint32_t>(at_ - start_)});
  ++ranges_;
}

// ---- endings

void RegionWalk::go(int64_t target, JumpKind kind) {
  code_->settle();
  ir::ExitAux e;
  e.kind = kind;
  e.poll = target <= here || kind == JumpKind::kCall;
  if (!e.poll && flags_written) e.dead_index = dead_index(target);
  b.goto_pc(target, e);
  after = After::kClosed;
}

void RegionWalk::go_indirect(ir::Value pc, JumpKind kind) {
  code_->settle();
  ir::ExitAux e;
  e.kind = kind;
  e.poll = true;
  b.goto_ind(pc, e);
  after = After::kClosed;
}

void RegionWalk::branch(int64_t target) {
  if (target <= here) return go(target, JumpKind::kJump);
  after = After::kJump;
  jump = target;
}

void RegionWalk::branch_if(ir::Value cond, int64_t target) {
  uint64_t known;
  if (b.is_const(cond, &known)) return go(known & 1 ? target : following, JumpKind::kJump);
  if (once_) return go_indirect(b.select(cond, b.pcrel(target), b.pcrel(following)), JumpKind::kJump);
  const ir::BlockId taken = b.new_block(), next = b.new_block();
  b.cond_br(cond, taken, next);
  const bool forward = target > here;
  if (forward && num_forwards_ < std::size(forwards_)) {
    forwards_[num_forwards_++] = {target, here, taken, code_->known()};
    next_join_ = std::min(next_join_, target);
  } else {
    b.start_block(taken);
    go(target, JumpKind::kJump);
  }
  b.start_block(next);
  if (!forward || exits_left_ == 0) return go(following, JumpKind::kJump);
  --exits_left_;
  after = After::kNext;
}

void RegionWalk::join(int64_t offset, bool open) {
  if (offset < next_join_) return;
  next_join_ = INT64_MAX;
  ir::BlockId joined = ir::kNoBlock;
  unsigned kept = 0;
  for (unsigned i = 0; i < num_forwards_; ++i) {
    const Forward f = forwards_[i];
    if (f.target != offset) {
      forwards_[kept++] = f;
      if (f.target > offset) next_join_ = std::min(next_join_, f.target);
      continue;
    }
    ++exits_left_;
    code_->meet(f.known, !open && joined == ir::kNoBlock);
    if (joined != ir::kNoBlock) {
      b.same_block(f.taken, joined);
      continue;
    }
    joined = f.taken;
    if (open) {
      code_->settle();
      b.br(joined);
    }
    b.start_block(joined);
  }
  num_forwards_ = kept;
}

void RegionWalk::leave_by_forwards() {
  for (unsigned i = 0; i < num_forwards_; ++i) {
    b.start_block(forwards_[i].taken);
    here = forwards_[i].from;
    go(forwards_[i].target, JumpKind::kJump);
  }
}

}  // namespace xarch::tcg
