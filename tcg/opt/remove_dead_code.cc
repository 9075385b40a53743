#include "tcg/opt/passes.h"

namespace xarch::opt {

using ir::Inst;
using ir::Op;
using ir::Region;
using ir::ValueId;

namespace {

// An op that does nothing but compute or look something up, and of which nobody uses the result.
bool useless(const Region& region, const Inst& in) {
  if (in.uses != 0) return false;
  if (in.op == Op::kCall) return (region.helpers[in.aux]->effects & ir::kHelperPure) != 0;
  return ir::is_pure(in.op) || ir::op_attributes(in.op) == ir::kReadsState;
}

void remove_unread_temps(Region& region, std::vector<uint8_t>& read) {
  if (region.temps.empty()) return;
  read.assign(region.temps.size(), 0);
  for (const Inst& in : region.insts) {
    if (in.op == Op::kGetTmp) read[in.aux] = 1;
  }
  for (Inst& in : region.insts) {
    if (in.op != Op::kPutTmp || read[in.aux]) continue;
    --region.insts[in.args[0]].uses;
    in = Inst{};
  }
}

}  // namespace

// Operands stand before their users: one walk backwards sees how many of those are left.
void remove_dead_code(Region& region, Workspace& work) {
  remove_unread_temps(region, work.flags);
  for (size_t i = region.insts.size(); i-- > 0;) {
    Inst& in = region.insts[i];
    if (in.op == Op::kNop) continue;
    const bool dead = useless(region, in);
    if (!dead && !in.unseen()) continue;
    for (const ValueId arg : in.args) {
      if (!dead || arg == ir::kNoValue) continue;
      --region.insts[arg].uses;
      region.insts[arg].low_users = 0;  // it may have been one of those
    }
    in = Inst{};
  }
}

}  // namespace xarch::opt
