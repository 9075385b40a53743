// Reading and writing with vectors.
#include <errno.h>
#include <limits.h>

#include "linux-user/iovec.h"

namespace xarch::linux_user {

int64_t load_iovec(Thread& thread, uint64_t addr, uint64_t count, Direction direction,
                   std::vector<iovec>* out) {
  out->clear();
  if (count > IOV_MAX) return -EINVAL;
  if (!thread.abi().knows_layouts()) return -ENOSYS;
  struct GuestIovec {
    uint64_t base, bytes;
  };
  std::vector<GuestIovec> guest(count);
  if (thread.word_bytes() == 8) {
    if (thread.copy_in(guest.data(), addr, count * sizeof(GuestIovec)) != 0) return -EFAULT;
  } else {
    for (size_t i = 0; i < count; ++i) {
      if (thread.get_word(addr + 8 * i, &guest[i].base) != 0 ||
          thread.get_word(addr + 8 * i + 4, &guest[i].bytes) != 0)
        return -EFAULT;
      if (guest[i].bytes > INT32_MAX) return -EINVAL;
    }
  }
  for (const GuestIovec& v : guest) {
    if (static_cast<int64_t>(v.bytes) < 0) return -EINVAL;
    const uint64_t base = thread.untag(v.base);
    if (v.bytes != 0 && !thread.mem().in_range(base, v.bytes)) return -EFAULT;
    if (direction == Direction::kWrite) thread.mem().before_write(base, v.bytes);
    out->push_back({v.bytes == 0 ? nullptr : thread.mem().host(base), v.bytes});
  }
  return 0;
}

namespace {

int64_t vector_call(Call& call, Direction direction) {
  std::vector<iovec> iov;
  if (int64_t r = load_iovec(call.thread, call.arg(1), call.arg(2), direction, &iov); r != 0) return r;
  return host_block(call.thread, kRestartSys, call.row.host_number, call.fd(0),
                    reinterpret_cast<long>(iov.data()), static_cast<long>(iov.size()),
                    static_cast<long>(call.arg(3)), static_cast<long>(call.arg(4)),
                    static_cast<long>(call.arg(5)));
}

}  // namespace

int64_t sys_readv(Call& call) { return vector_call(call, Direction::kWrite); }
int64_t sys_writev(Call& call) { return vector_call(call, Direction::kRead); }
int64_t sys_preadv(Call& call) { return vector_call(call, Direction::kWrite); }
int64_t sys_pwritev(Call& call) { return vector_call(call, Direction::kRead); }
int64_t sys_preadv2(Call& call) { return vector_call(call, Direction::kWrite); }
int64_t sys_pwritev2(Call& call) { return vector_call(call, Direction::kRead); }
int64_t sys_vmsplice(Call& call) { return vector_call(call, Direction::kWrite); }

int64_t sys_process_vm(Call& call) {
  const bool reading = call.row.name == "process_vm_readv";
  std::vector<iovec> local, remote;
  if (int64_t r = load_iovec(call.thread, call.arg(1), call.arg(2),
                             reading ? Direction::kWrite : Direction::kRead, &local);
      r != 0)
    return r;
  // The other process has the same base, or this cannot be right.
  if (int64_t r = load_iovec(call.thread, call.arg(3), call.arg(4), Direction::kRead, &remote); r != 0)
    return r;
  return host_call(call.row.host_number, call.i32(0), reinterpret_cast<long>(local.data()),
                   static_cast<long>(local.size()), reinterpret_cast<long>(remote.data()),
                   static_cast<long>(remote.size()), static_cast<long>(call.arg(5)));
}

}  // namespace xarch::linux_user
