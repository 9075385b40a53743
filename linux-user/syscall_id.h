// SyscallId: every system call that has a row in syscalls.def, under its name; ABIs map their numbers to
// these.
#pragma once

#include <cstdint>

namespace xarch::linux_user {

enum class SyscallId : uint16_t {
  kNone = 0,
#define SYSCALL(name, ...) k_##name,
#include "linux-user/syscalls.def"
#undef SYSCALL
  kCount
};

}  // namespace xarch::linux_user
