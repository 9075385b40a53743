// Calls of old 32-bit ABIs with user and group ids of 16 bits: they lead to those that replaced them.
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

constexpr uint16_t kNobody = 65534;  // what an id that does not fit looks like (kernel.overflowuid)
constexpr unsigned kMostGroups = 65536;

// All bits set say "none", as they do in 32 bits.
uint32_t widen(uint16_t id) { return id == 0xffff ? ~uint32_t{0} : id; }
uint64_t id(const Call& call, unsigned i) { return widen(static_cast<uint16_t>(call.arg(i))); }
uint16_t narrow(uint32_t id) { return id > 0xffff ? kNobody : static_cast<uint16_t>(id); }
int64_t own_id(long number) { return narrow(static_cast<uint32_t>(host_call(number))); }

int64_t three_ids(Call& call, long number) {
  uint32_t ids[3];
  const long r = host_call(number, reinterpret_cast<long>(&ids[0]), reinterpret_cast<long>(&ids[1]),
                           reinterpret_cast<long>(&ids[2]));
  for (unsigned i = 0; i < 3 && r == 0; ++i)
    if (call.thread.put(call.arg(i), narrow(ids[i])) != 0) return -EFAULT;
  return r;
}

}  // namespace

int64_t sys_chown16(Call& call) {
  return call_as(call, SyscallId::k_chown, {call.arg(0), id(call, 1), id(call, 2)});
}
int64_t sys_lchown16(Call& call) {
  return call_as(call, SyscallId::k_lchown, {call.arg(0), id(call, 1), id(call, 2)});
}
int64_t sys_fchown16(Call& call) {
  return call_as(call, SyscallId::k_fchown, {call.arg(0), id(call, 1), id(call, 2)});
}

int64_t sys_getuid16(Call&) { return own_id(SYS_getuid); }
int64_t sys_geteuid16(Call&) { return own_id(SYS_geteuid); }
int64_t sys_getgid16(Call&) { return own_id(SYS_getgid); }
int64_t sys_getegid16(Call&) { return own_id(SYS_getegid); }
int64_t sys_getresuid16(Call& call) { return three_ids(call, SYS_getresuid); }
int64_t sys_getresgid16(Call& call) { return three_ids(call, SYS_getresgid); }

int64_t sys_setuid16(Call& call) { return call_as(call, SyscallId::k_setuid, {id(call, 0)}); }
int64_t sys_setgid16(Call& call) { return call_as(call, SyscallId::k_setgid, {id(call, 0)}); }
int64_t sys_setfsuid16(Call& call) { return call_as(call, SyscallId::k_setfsuid, {id(call, 0)}); }
int64_t sys_setfsgid16(Call& call) { return call_as(call, SyscallId::k_setfsgid, {id(call, 0)}); }
int64_t sys_setreuid16(Call& call) {
  return call_as(call, SyscallId::k_setreuid, {id(call, 0), id(call, 1)});
}
int64_t sys_setregid16(Call& call) {
  return call_as(call, SyscallId::k_setregid, {id(call, 0), id(call, 1)});
}
int64_t sys_setresuid16(Call& call) {
  return call_as(call, SyscallId::k_setresuid, {id(call, 0), id(call, 1), id(call, 2)});
}
int64_t sys_setresgid16(Call& call) {
  return call_as(call, SyscallId::k_setresgid, {id(call, 0), id(call, 1), id(call, 2)});
}

int64_t sys_getgroups16(Call& call) {
  const int room = call.i32(0);
  if (room < 0) return -EINVAL;
  std::vector<gid_t> groups(std::min(static_cast<unsigned>(room), kMostGroups));
  const long n =
      host_call(SYS_getgroups, static_cast<long>(groups.size()), reinterpret_cast<long>(groups.data()));
  for (long i = 0; i < n && room != 0; ++i) {
    const uint16_t one = narrow(groups[static_cast<size_t>(i)]);
    if (call.thread.put(call.arg(1) + static_cast<uint64_t>(i) * sizeof one, one) != 0) return -EFAULT;
  }
  return n;
}

int64_t sys_setgroups16(Call& call) {
  const uint32_t count = call.u32(0);
  // Whether it is allowed comes first.
  if (const long r = host_call(SYS_setgroups, kMostGroups + 1, 0); r == -EPERM || count > kMostGroups)
    return r;
  std::vector<uint16_t> ids(count);
  if (call.thread.copy_in(ids.data(), call.arg(1), count * sizeof ids[0]) != 0) return -EFAULT;
  std::vector<gid_t> groups(count);
  std::transform(ids.begin(), ids.end(), groups.begin(), widen);
  return host_call(SYS_setgroups, count, reinterpret_cast<long>(groups.data()));
}

}  // namespace xarch::linux_user
