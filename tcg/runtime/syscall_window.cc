#include "tcg/runtime/engine.h"

extern "C" {
extern const char xarch_safe_syscall_start[];
extern const char xarch_safe_syscall_end[];
extern const char xarch_safe_syscall_refused[];
}

namespace xarch::tcg {

void syscall_window_fixup(ucontext_t* context) {
  greg_t& pc = context->uc_mcontext.gregs[REG_RIP];
  // A call that the kernel restarts after the handler stands on the syscall instruction again: it is refused
  // as well, since it has had no effect. One that is over stands behind the window.
  if (pc >= reinterpret_cast<greg_t>(xarch_safe_syscall_start) &&
      pc < reinterpret_cast<greg_t>(xarch_safe_syscall_end)) {
    pc = reinterpret_cast<greg_t>(xarch_safe_syscall_refused);
  }
}

}  // namespace xarch::tcg
