// What a thread says about itself.
#include <errno.h>

#include "linux-user/thread.h"

namespace xarch::linux_user {

int64_t sys_set_tid_address(Call& call) {
  call.thread.clear_child_tid = call.arg(0);
  return call.thread.tid;
}

int64_t sys_set_robust_list(Call& call) {
  const uint64_t head_bytes = call.thread.abi().info().elf_class == 2 ? 24 : 12;
  if (call.arg(1) != head_bytes) return -EINVAL;
  call.thread.robust_list = call.arg(0);
  return 0;
}

}  // namespace xarch::linux_user
