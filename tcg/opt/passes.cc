#include "tcg/opt/passes.h"

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tcg/support/log.h"

namespace xarch::opt {

using ir::Inst;
using ir::Op;
using ir::Region;
using ir::ValueId;

namespace {

#ifdef XARCH_VERIFY_IR
void check(const Region& region, const char* after) {
  const Result<void> ok = ir::verify(region);
  if (ok) return;
  Log::line(ir::print(region));
  Log::fatal("xarch: internal error: after %s: %s", after, ok.error().message.c_str());
}
#else
void check(const Region&, const char*) {}
#endif

// May the op go if nobody uses its result?
bool removable(const Region& region, const Inst& in) {
  if (in.op == Op::kCall) return (region.helpers[in.aux]->effects & ir::kHelperPure) != 0;
  const unsigned attributes = ir::op_attributes(in.op);
  return (attributes & ir::kPure) || attributes == ir::kReadsState;
}

}  // namespace

void remove_dead_code(Region& region) {
  for (Inst& in : region.insts) in.uses = 0;
  for (size_t i = region.insts.size(); i-- > 0;) {
    Inst& in = region.insts[i];
    if (in.uses == 0 && removable(region, in)) {
      in = Inst{};
      continue;
    }
    for (const ValueId arg : in.args) {
      if (arg == ir::kNoValue) break;
      ++region.insts[arg].uses;
    }
  }
}

void run_passes(Region& region, Workspace& work) {
  check(region, "lifting");
  clean_up_blocks(region, work);
  check(region, "clean_up_blocks");
  remove_dead_puts(region, work);
  check(region, "remove_dead_puts");
  remove_dead_code(region);
  check(region, "remove_dead_code");
}

}  // namespace xarch::opt
