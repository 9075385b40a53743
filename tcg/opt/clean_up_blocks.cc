#include "tcg/opt/passes.h"

namespace xarch::opt {

using ir::Block;
using ir::BlockId;
using ir::Inst;
using ir::Op;
using ir::Region;

namespace {

enum : uint8_t { kReached = 1, kSeveralPredecessors = 2 };

void make_nop(Inst& inst) { inst = Inst{}; }

Inst& terminator(Region& region, const Block& block) {
  uint32_t i = block.end - 1;
  while (region.insts[i].op == Op::kNop) --i;
  return region.insts[i];
}

void reach(std::vector<uint8_t>& flags, uint64_t to) {
  flags[to] |= flags[to] & kReached ? kSeveralPredecessors : kReached;
}

// Which blocks are reached, and which from more than one place. Almost all edges go forward; for those that
// don't, the loop runs again.
void find_reached(Region& region, std::vector<uint8_t>& flags) {
  const size_t n = region.blocks.size();
  flags.assign(n, 0);
  flags[0] = kReached | kSeveralPredecessors;  // it is entered from outside
  for (bool again = true; again;) {
    again = false;
    for (size_t b = 0; b < n; ++b) {
      constexpr uint8_t kDone = 4;
      if (!(flags[b] & kReached) || (flags[b] & kDone)) continue;
      flags[b] |= kDone;
      const Inst& t = terminator(region, region.blocks[b]);
      if (t.op != Op::kBr && t.op != Op::kCondBr) continue;
      const uint64_t targets[2] = {t.aux, static_cast<uint64_t>(t.imm)};
      for (unsigned i = 0; i < (t.op == Op::kBr ? 1u : 2u); ++i) {
        reach(flags, targets[i]);
        again |= targets[i] <= b;
      }
    }
  }
}

}  // namespace

void clean_up_blocks(Region& region, Workspace& work) {
  // Nothing is to do for most regions: each block but the first comes from one conditional branch.
  if (!region.joins) return;
  for (const Block& block : region.blocks) {
    Inst& t = terminator(region, block);
    if (t.op == Op::kCondBr && t.aux == static_cast<uint64_t>(t.imm)) {
      t.op = Op::kBr;
      --region.insts[t.args[0]].uses;
      t.args[0] = ir::kNoValue;
      t.imm = 0;
    }
  }
  find_reached(region, work.flags);
  // Blocks that go away leave their nops at the end of the block before: block 0 always stays.
  work.block_map.assign(region.blocks.size(), 0);
  size_t kept = 1;
  for (size_t b = 1; b < region.blocks.size(); ++b) {
    const Block block = region.blocks[b];
    Block& last = region.blocks[kept - 1];
    if (!(work.flags[b] & kReached)) {
      for (uint32_t i = block.first; i < block.end; ++i) make_nop(region.insts[i]);
      last.end = block.end;
      continue;
    }
    Inst& t = terminator(region, last);
    if (t.op == Op::kBr && t.aux == b && !(work.flags[b] & kSeveralPredecessors)) {
      make_nop(t);
      last.end = block.end;
      // Where the first block's own notes end, the other one's first ones are lost, which is for safety.
      last.flags_end = block.flags_end;
      continue;
    }
    work.block_map[b] = static_cast<BlockId>(kept);
    region.blocks[kept++] = block;
  }
  if (kept == region.blocks.size()) return;
  region.blocks.resize(kept);
  for (const Block& block : region.blocks) {
    Inst& t = terminator(region, block);
    if (t.op != Op::kBr && t.op != Op::kCondBr) continue;
    t.aux = work.block_map[t.aux];
    if (t.op == Op::kCondBr) t.imm = work.block_map[static_cast<size_t>(t.imm)];
  }
}

}  // namespace xarch::opt
