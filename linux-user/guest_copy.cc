#include "linux-user/guest_copy.h"

extern "C" const char xarch_guarded_begin[], xarch_guarded_end[], xarch_guarded_fixup[];

namespace xarch::linux_user {

bool guarded_copy_fixup(ucontext_t* context) {
  auto& pc = context->uc_mcontext.gregs[REG_RIP];
  if (pc < reinterpret_cast<greg_t>(xarch_guarded_begin) || pc >= reinterpret_cast<greg_t>(xarch_guarded_end))
    return false;
  pc = reinterpret_cast<greg_t>(xarch_guarded_fixup);
  return true;
}

}  // namespace xarch::linux_user
