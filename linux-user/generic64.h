// What architectures with the kernel's generic 64-bit ABI share (AArch64, RISC-V, …).
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

#include "linux-user/syscall_id.h"

namespace xarch::linux_user {

// Call of the generic number; SyscallId::kNone if there is none.
SyscallId generic64_syscall_id(uint32_t number);

// struct stat of asm-generic/stat.h, little-endian: 128 bytes.
int64_t generic64_put_stat(const struct stat& st, uint8_t* out);

}  // namespace xarch::linux_user
