// Vectors of buffers in guest memory.
#pragma once

#include <sys/uio.h>

#include <vector>

#include "linux-user/thread.h"

namespace xarch::linux_user {

enum class Direction : uint8_t { kRead, kWrite };  // what the kernel does with the buffers

// Reads `count` iovecs at `addr` into *out, as the host's addresses; buffers the kernel writes are announced
// to the engine. 0, -EINVAL or -EFAULT.
int64_t load_iovec(Thread& thread, uint64_t addr, uint64_t count, Direction direction,
                   std::vector<iovec>* out);

}  // namespace xarch::linux_user
