// Address space calls.
#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/thread.h"
#include "tcg/support/outside.h"

namespace xarch::linux_user {

namespace {

constexpr int64_t kNoProt = -1;

// The guest's mmap flags are the generic ones, which the host has too, but for its own MAP_32BIT.
constexpr int kKnownMapFlags = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE |
                               MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK |
                               MAP_STACK | MAP_HUGETLB | MAP_SYNC | MAP_FIXED_NOREPLACE | (0x3f << 26);

// What changes the address space takes its locks: a vfork child has it done by its parent.
template <typename Fn>
int64_t on_memory(Fn fn) {
  int64_t result = 0;
  outside([&] { result = fn(); });
  return result;
}

// A vfork child's descriptor, for its parent; -errno.
int descriptor_of(pid_t pid, int fd) {
#ifdef SYS_pidfd_getfd
  const auto task = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (task < 0) return -errno;
  const auto copy = static_cast<int>(syscall(SYS_pidfd_getfd, task, fd, 0));
  const int error = errno;
  close(task);
  return copy < 0 ? -error : copy;
#else
  (void)pid, (void)fd;
  return -ENODEV;
#endif
}

// Would so many bytes more exceed the limits that are kept here? `data`: private writable memory. 0 or
// -ENOMEM.
int64_t check_limits(Call& call, uint64_t more, bool data) {
  Process& process = call.thread.process();
  struct rlimit all = {RLIM_INFINITY, 0}, writable = {RLIM_INFINITY, 0};
  const bool any = process.kept_limit(RLIMIT_AS, &all);
  if (!process.kept_limit(RLIMIT_DATA, &writable) && !any) return 0;
  const MemoryMap::Sizes sizes = call.thread.mem().sizes();
  const auto exceeds = [more](uint64_t now, uint64_t limit) { return more > limit || now > limit - more; };
  return exceeds(sizes.all, all.rlim_cur) || (data && exceeds(sizes.data, writable.rlim_cur)) ? -ENOMEM : 0;
}

// Does the calling thread have this capability in effect?
bool has_capability(int number) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[number / 32].effective >> (number % 32) & 1) != 0;
}

int64_t map(Call& call, int prot, int flags, int fd) {
  const AbiInfo& abi = call.thread.abi().info();
  MemoryMap& mem = call.thread.mem();
  // A call of an ABI that does not reach all of the address space.
  const bool narrow = abi.va_bits < 64 && mem.limit() >> abi.va_bits > 1;
  const bool low = (flags & abi.low_map_flag) != 0;
  if ((narrow || low) && (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0) {
    const uint64_t end = low ? uint64_t{1} << 31 : uint64_t{1} << abi.va_bits;
    const uint64_t bytes = call.arg(1);
    uint64_t at = call.arg(0) != 0 ? mem.find_free(call.arg(0), bytes) : 0;
    if (at == 0 || at > end || bytes > end - at) at = mem.find_free_below(end, bytes);
    if (at == 0) return -ENOMEM;
    call.regs.arg[0] = at;
  }
  return mem.mmap(call.arg(0), call.arg(1), prot, flags & kKnownMapFlags, fd, call.arg(5));
}

int64_t map_in_parent(Call& call, int prot, int flags, int fd) {
  const pid_t pid = getpid();
  return on_memory([&]() -> int64_t {
    if (fd < 0) return map(call, prot, flags, fd);
    const int copy = descriptor_of(pid, fd);
    if (copy < 0) return copy;
    const int64_t result = map(call, prot, flags, copy);
    close(copy);
    return result;
  });
}

// How many pages so many bytes from an address on touch.
uint64_t pages_of(uint64_t addr, uint64_t bytes) {
  return bytes / 4096 + ((addr & 4095) + (bytes & 4095) + 4095) / 4096;
}

}  // namespace

int64_t sys_brk(Call& call) {
  return on_memory([&] {
    MemoryMap& mem = call.thread.mem();
    const uint64_t now = mem.brk(0, 0);
    if (call.arg(0) > now && check_limits(call, call.arg(0) - now, true) != 0)
      return static_cast<int64_t>(now);
    return static_cast<int64_t>(mem.brk(call.arg(0), UINT64_MAX));
  });
}

int64_t sys_mmap(Call& call) {
  const int prot = call.thread.abi().prot_to_host_checked(call.i32(2) & 0x1f);
  if (prot == kNoProt) return -EINVAL;
  const int flags = call.thread.abi().map_flags_to_host(call.i32(3));
  const int type = flags & MAP_TYPE;
  if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE) return -EINVAL;
  if (type == MAP_SHARED_VALIDATE && (flags & ~kKnownMapFlags) != 0) return -EOPNOTSUPP;
  const int fd = (flags & MAP_ANONYMOUS) != 0 ? -1 : call.fd(4);
  if (int64_t r = check_limits(call, call.arg(1), type == MAP_PRIVATE && (prot & PROT_WRITE) != 0); r != 0)
    return r;
  return call.thread.in_vfork_child() ? map_in_parent(call, prot, flags, fd) : map(call, prot, flags, fd);
}

int64_t sys_munmap(Call& call) {
  return on_memory([&] { return call.thread.mem().munmap(call.arg(0), call.arg(1)); });
}

int64_t sys_mprotect(Call& call) {
  const int grow = call.i32(2) & (PROT_GROWSDOWN | PROT_GROWSUP);
  const int prot = call.thread.abi().prot_to_host_checked(call.i32(2) & ~grow);
  if (prot == kNoProt || grow == (PROT_GROWSDOWN | PROT_GROWSUP)) return -EINVAL;
  uint64_t start = call.arg(0), bytes = call.arg(1);
  Area area;
  // The main stack is mapped as a whole: growing down means all of it below, too.
  if ((grow & PROT_GROWSDOWN) != 0 && call.thread.mem().find(start, &area) && area.label == "[stack]") {
    bytes += start - area.start;
    start = area.start;
  }
  return on_memory([&] { return call.thread.mem().mprotect(start, bytes, prot); });
}

int64_t sys_mremap(Call& call) {
  if (call.arg(2) > call.arg(1)) {
    if (int64_t r = check_limits(call, call.arg(2) - call.arg(1), true); r != 0) return r;
  }
  return on_memory([&] {
    return call.thread.mem().mremap(call.arg(0), call.arg(1), call.arg(2), call.i32(3), call.arg(4));
  });
}

int64_t sys_madvise(Call& call) {
  return on_memory([&] { return call.thread.mem().madvise(call.arg(0), call.arg(1), call.i32(2)); });
}

// msync, mlock and their like: the range is looked at last, so that a wrong flag or address is told first.
int64_t sys_range_pass(Call& call) {
  const int sync = call.i32(2);
  if (call.row.host_number == SYS_msync && ((sync & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 ||
                                            (sync & MS_ASYNC && sync & MS_SYNC) || (call.arg(0) & 4095) != 0))
    return -EINVAL;
  if (call.row.host_number == SYS_mlock2 && (call.u32(2) & ~unsigned{MLOCK_ONFAULT}) != 0) return -EINVAL;
  const MemoryMap& mem = call.thread.mem();
  const uint64_t start = call.arg(0) & ~uint64_t{4095};
  if (!mem.in_range(start, call.arg(1)) || !mem.in_range(start, pages_of(call.arg(0), call.arg(1)) * 4096))
    return -ENOMEM;
  const uint64_t end = start + pages_of(call.arg(0), call.arg(1)) * 4096;
  if (start == end) return 0;
  // Holes end the locking, but not the writing back.
  bool hole = false;
  uint64_t at = start;
  for (uint64_t from, to; at < end && mem.mapped_run(at, end, &from, &to); at = to) {
    hole |= from != at;
    if (hole && call.row.host_number != SYS_msync) break;
    const int64_t r = host_call(call.row.host_number, reinterpret_cast<long>(mem.host(from)),
                                static_cast<long>(to - from), call.i32(2));
    if (r < 0) return r;
  }
  return hole || at != end ? -ENOMEM : 0;
}

int64_t sys_mincore(Call& call) {
  if ((call.arg(0) & 4095) != 0) return -EINVAL;
  MemoryMap& mem = call.thread.mem();
  const uint64_t pages = pages_of(0, call.arg(1));
  if (!mem.in_range(call.arg(0), call.arg(1)) || !mem.in_range(call.arg(0), pages * 4096)) return -ENOMEM;
  if (!mem.in_range(call.arg(2), pages)) return -EFAULT;
  // Told is what lies before the first hole.
  uint64_t from = 0, to = 0;
  const uint64_t end = call.arg(0) + pages * 4096;
  if (pages == 0) return 0;
  if (!mem.mapped_run(call.arg(0), end, &from, &to) || from != call.arg(0)) return -ENOMEM;
  mem.before_write(call.arg(2), (to - from) / 4096);
  const int64_t r = host_call(SYS_mincore, reinterpret_cast<long>(mem.host(from)),
                              static_cast<long>(to - from), call.host(2));
  return r == 0 && to != end ? -ENOMEM : r;
}

int64_t sys_remap_file_pages(Call& call) {
  if (call.arg(2) != 0) return -EINVAL;
  return on_memory(
      [&] { return call.thread.mem().remap_file_pages(call.arg(0), call.arg(1), call.arg(3), call.i32(4)); });
}

int64_t sys_shmat(Call& call) {
  struct shmid_ds segment;
  if (shmctl(call.i32(0), IPC_STAT, &segment) != 0) return -errno;
  return on_memory(
      [&] { return call.thread.mem().shmat(call.i32(0), call.arg(1), segment.shm_segsz, call.i32(2)); });
}

int64_t sys_shmdt(Call& call) {
  return on_memory([&] { return call.thread.mem().shmdt(call.arg(0)); });
}

int64_t sys_membarrier(Call& call) { return sys_pass(call); }

// Memory policies: one node is all the guest is shown.
int64_t sys_get_mempolicy(Call& call) {
  constexpr int kDefault = 0;  // MPOL_DEFAULT
  if (call.arg(0) != 0 && call.thread.put_ints(call.arg(0), &kDefault, 1) != 0) return -EFAULT;
  if (call.arg(1) != 0) {
    const uint64_t bytes = std::min<uint64_t>((call.arg(2) + 63) / 64 * 8, 128);
    uint8_t nodes[128] = {};
    // MPOL_F_MEMS_ALLOWED: the first node.
    if ((call.arg(4) & 4) != 0) nodes[0] = 1;
    if (call.thread.copy_out(call.arg(1), nodes, bytes) != 0) return -EFAULT;
  }
  return 0;
}

// Accepted without effect. To move pages that others use, too, is a right of its own, here as there.
int64_t sys_mempolicy(Call& call) {
  constexpr uint32_t kMoveAll = 1 << 2, kKnown = 7;  // MPOL_MF_MOVE_ALL; MPOL_MF_VALID
  if (call.row.host_number != SYS_mbind) return 0;
  if ((call.u32(5) & ~kKnown) != 0 || (call.arg(0) & 4095) != 0) return -EINVAL;
  if ((call.u32(5) & kMoveAll) != 0 && !has_capability(CAP_SYS_NICE)) return -EPERM;
  return 0;
}

}  // namespace xarch::linux_user
