// RegionWalk: the way a lifter takes along the code. Forward branches whose targets it comes to stay inside
// of the region, unconditional ones are followed, a loop whose rest lies behind a branch is completed, flags
// that the target of an exit overwrites are dead there. Knows instructions by their offsets only.
#pragma once

#include <cstdint>

#include "tcg/ir/builder.h"
#include "tcg/runtime/guest.h"

namespace xarch::tcg {

// How the instruction just lifted leaves the translation.
enum class After : uint8_t {
  kNext,   // the next instruction follows
  kJump,   // translation may continue at RegionWalk::jump, a higher offset; the builder's block is open
  kClosed  // the last block is terminated
};

// What an instruction does to the flow of control.
enum class BranchKind : uint8_t {
  kNone,
  kSometimes,  // a conditional branch to a known target
  kAlways,     // an unconditional one
  kLeaves      // goes elsewhere: calls, returns, system calls, indirect jumps
};
struct Glance {
  BranchKind kind = BranchKind::kNone;
  int64_t next = 0;    // offset of the instruction behind it
  int64_t target = 0;  // offset, of kSometimes and kAlways
};

// What the walk asks of a guest. Offsets count from the region's start.
class WalkedCode {
 public:
  virtual ~WalkedCode() = default;
  // Lifts the instruction at RegionWalk::here, and may go on while RegionWalk::straight_on() says so; calls
  // RegionWalk::begin before it writes anything of one. False, with nothing written of it, if one cannot be
  // fetched.
  virtual bool lift_here() = 0;
  // The first instruction from the offset on that is not kNone, for looking ahead over many; false if there
  // is none before `end`, or that cannot be told.
  virtual bool glance(int64_t from, int64_t end, Glance* out) = 0;
  // Are the flags overwritten at this offset before anything can see them? Then *bytes of code there are what
  // the answer rests on.
  virtual bool flags_die(int64_t offset, uint32_t* bytes) = 0;
  // What the lifter knows by the way it came, where a branch leaves it; 0: nothing.
  virtual uint32_t known() { return 0; }
  // The way now also comes from a branch where this was known; alone: only from there.
  virtual void meet(uint32_t /*known*/, bool /*alone*/) {}
  // A block is about to be ended by the walk: what the lifter has put off until then is to be written.
  virtual void settle() {}
  // The walk is over, the builder's last block terminated: the place for what was put off.
  virtual void finish() {}
};

class RegionWalk {
 public:
  // flags: the slot that WalkedCode::flags_die is about.
  RegionWalk(ir::Builder& builder, const LiftLimits& limits, ir::SlotId flags);

  ir::Builder& b;
  int64_t here = 0;       // the instruction being lifted
  int64_t following = 0;  // the one behind it
  After after = After::kNext;
  int64_t jump = 0;            // see After::kJump
  bool flags_written = false;  // in this region

  // Lifts the region: from offset 0 on until it is complete, with ranges and num_insns.
  void run(WalkedCode& code);
  // The instruction at `here` has so many bytes; restore: see Builder::insn.
  void begin(unsigned bytes, uint32_t restore = 0) {
    following = here + bytes;
    b.insn(here, restore);
    ++insns_;
    after = After::kNext;
  }
  // Behind an instruction: does nothing but the next one follow? It is at `here` then.
  bool straight_on() {
    if (after != After::kNext || following >= next_join_ || full()) return false;
    here = following;
    return true;
  }
  // The region is to end behind this instruction.
  void close_soon() { max_insns_ = 0; }

  // ---- endings, for lifters
  // Ends the region with a direct branch.
  void go(int64_t target, ir::JumpKind kind);
  // Ends the region with an indirect one.
  void go_indirect(ir::Value pc, ir::JumpKind kind);
  // An unconditional branch: the translation follows it if it leads forward.
  void branch(int64_t target);
  // Branches to target if cond holds, else falls through: goes on after a forward branch while there are
  // exits left.
  void branch_if(ir::Value cond, int64_t target);

 private:
  // Forward branches whose target has not been reached yet.
  struct Forward {
    int64_t target;
    int64_t from;       // the branch
    ir::BlockId taken;  // not started
    uint32_t known;     // see WalkedCode::known
  };

  bool full() const { return insns_ >= max_insns_ || b.nearly_full(); }
  bool some();
  bool follow();
  bool resume();
  bool comes_back(int64_t from);
  void fetch_failed();
  void close_range();
  // Translation has come to the offset: the branches to it stay inside of the region. open: the block before
  // it is not terminated.
  void join(int64_t offset, bool open);
  void leave_by_forwards();
  uint8_t dead_index(int64_t target);

  static constexpr unsigned kMaxRanges = 8;
  static constexpr int64_t kLoopReach = 256;  // bytes

  WalkedCode* code_ = nullptr;
  ir::SlotId flags_;
  ir::PodVector<ir::GuestRange> looked_at_;  // what flags_die has seen
  Forward forwards_[16];
  unsigned num_forwards_ = 0;
  int64_t next_join_ = INT64_MAX;  // the nearest of their targets, at most
  unsigned exits_left_;            // side exits that may still be made
  unsigned max_insns_;             // 0: close_soon
  const bool once_;
  unsigned insns_ = 0;
  unsigned ranges_ = 0;
  int64_t at_ = 0;     // what is to be lifted next
  int64_t start_ = 0;  // of the current range
};

}  // namespace xarch::tcg
