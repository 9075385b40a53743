#include "tcg/opt/passes.h"

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tcg/support/log.h"

namespace xarch::opt {

using ir::Region;

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

}  // namespace

void run_passes(Region& region, Workspace& work, bool dead_code) {
  check(region, "lifting");
  clean_up_blocks(region, work);
  check(region, "clean_up_blocks");
  if (!dead_code && !region.dead_code) return;
  remove_dead_code(region, work);
  check(region, "remove_dead_code");
}

}  // namespace xarch::opt
