// The process and the system.
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <vector>

#include "linux-user/thread.h"

namespace xarch::linux_user {

int64_t sys_exit_group(Call& call) { call.thread.process().exit_group(call.i32(0) & 0xff); }

namespace {

// What the guest is told of the system.
struct utsname system_names(Call& call) {
  struct utsname names = {};
  uname(&names);
  const auto set = [](char* to, std::string_view text) {
    const size_t n = std::min<size_t>(text.size(), 64);
    memset(to, 0, 65);
    memcpy(to, text.data(), n);
  };
  set(names.machine, call.thread.process().abi().info().name);
  if (const std::string& release = call.thread.process().options().uname_release; !release.empty())
    set(names.release, release);
  static_assert(sizeof names == 6 * 65);
  return names;
}

}  // namespace

int64_t sys_uname(Call& call) {
  const struct utsname names = system_names(call);
  return call.thread.copy_out(call.arg(0), &names, sizeof names);
}

// Without the domain's name.
int64_t sys_olduname(Call& call) {
  const struct utsname names = system_names(call);
  return call.thread.copy_out(call.arg(0), &names, 5 * sizeof names.machine);
}

// Names of eight characters.
int64_t sys_oldolduname(Call& call) {
  const struct utsname names = system_names(call);
  char out[5][9] = {};
  const char* const from[] = {names.sysname, names.nodename, names.release, names.version, names.machine};
  for (unsigned i = 0; i < 5; ++i) memcpy(out[i], from[i], 8);
  return call.thread.copy_out(call.arg(0), out, sizeof out);
}

int64_t sys_getgroups(Call& call) {
  const int room = call.i32(0);
  if (room < 0) return -EINVAL;
  if (room != 0 && !call.thread.mem().in_range(call.arg(1), static_cast<uint64_t>(room) * 4)) return -EFAULT;
  std::vector<gid_t> groups(static_cast<size_t>(std::min(room, 65536)));
  const long n =
      host_call(SYS_getgroups, static_cast<long>(groups.size()), reinterpret_cast<long>(groups.data()));
  if (n <= 0 || room == 0) return n;
  for (long i = 0; i < n; ++i) {
    const int id = static_cast<int>(groups[static_cast<size_t>(i)]);
    if (call.thread.put_ints(call.arg(1) + static_cast<uint64_t>(i) * 4, &id, 1) != 0) return -EFAULT;
  }
  return n;
}

int64_t sys_setgroups(Call& call) {
  const int count = call.i32(0);
  if (count < 0 || count > 65536) return -EINVAL;
  std::vector<gid_t> groups(static_cast<size_t>(count));
  for (size_t i = 0; i < groups.size(); ++i) {
    int id;
    if (call.thread.get_int(call.arg(1) + i * 4, &id) != 0) return -EFAULT;
    groups[i] = static_cast<gid_t>(id);
  }
  return host_call(SYS_setgroups, count, reinterpret_cast<long>(groups.data()));
}

// ---- resource limits. RLIMIT_AS and RLIMIT_DATA would count the translator's own memory, so the guest's are
// kept here.

namespace {

struct GuestRlimit {
  uint64_t current, max;
};

bool kept_here(int resource) { return resource == RLIMIT_AS || resource == RLIMIT_DATA; }

int64_t get_limit(Call& call, int resource, struct rlimit* limit) {
  if (kept_here(resource) && call.thread.process().kept_limit(resource, limit)) return 0;
  return getrlimit(static_cast<__rlimit_resource>(resource), limit) == 0 ? 0 : -errno;
}

// More than the guest's long can say is infinity to it, in both directions.
rlim_t narrow_limit(const Call& call, rlim_t v) {
  return call.thread.word_bytes() == 4 && v > UINT32_MAX ? UINT32_MAX : v;
}
rlim_t wide_limit(const Call& call, rlim_t v) {
  return call.thread.word_bytes() == 4 && v == UINT32_MAX ? RLIM_INFINITY : v;
}

int64_t set_limit(Call& call, int resource, const GuestRlimit& wanted) {
  const struct rlimit limit = {wanted.current, wanted.max};
  if (!kept_here(resource))
    return setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 ? 0 : -errno;
  if (wanted.current > wanted.max) return -EINVAL;
  struct rlimit old;
  if (!call.thread.process().kept_limit(resource, &old))
    if (getrlimit(static_cast<__rlimit_resource>(resource), &old) != 0) return -errno;
  if (wanted.max > old.rlim_max && geteuid() != 0) return -EPERM;
  call.thread.process().keep_limit(resource, limit);
  return 0;
}

}  // namespace

int64_t sys_getrlimit(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  struct rlimit limit;
  if (int64_t r = get_limit(call, call.i32(0), &limit); r != 0) return r;
  const struct rlimit shown = {narrow_limit(call, limit.rlim_cur), narrow_limit(call, limit.rlim_max)};
  return call.thread.put_struct(call.arg(1), shown);
}

int64_t sys_setrlimit(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  struct rlimit wanted;
  if (call.thread.get_struct(call.arg(1), &wanted) != 0) return -EFAULT;
  return set_limit(call, call.i32(0), {wide_limit(call, wanted.rlim_cur), wide_limit(call, wanted.rlim_max)});
}

int64_t sys_prlimit64(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const pid_t pid = call.i32(0);
  const int resource = call.i32(1);
  GuestRlimit wanted;
  if (call.arg(2) != 0 && call.thread.get(call.arg(2), &wanted) != 0) return -EFAULT;
  if (pid != 0 && pid != getpid()) {
    struct rlimit old = {};
    const struct rlimit limit = {wanted.current, wanted.max};
    if (prlimit(pid, static_cast<__rlimit_resource>(resource), call.arg(2) != 0 ? &limit : nullptr, &old) !=
        0)
      return -errno;
    return call.arg(3) != 0 ? call.thread.put(call.arg(3), GuestRlimit{old.rlim_cur, old.rlim_max}) : 0;
  }
  if (resource < 0 || resource >= RLIM_NLIMITS) return -EINVAL;
  if (call.arg(3) != 0) {
    struct rlimit limit;
    if (int64_t r = get_limit(call, resource, &limit); r != 0) return r;
    if (call.thread.put(call.arg(3), GuestRlimit{limit.rlim_cur, limit.rlim_max}) != 0) return -EFAULT;
  }
  return call.arg(2) != 0 ? set_limit(call, resource, wanted) : 0;
}

int64_t sys_sysinfo(Call& call) {
  struct sysinfo info = {};
  if (const long r = host_call(SYS_sysinfo, reinterpret_cast<long>(&info)); r != 0) return r;
  // Sizes that do not fit are told in larger units, pages at least.
  unsigned long* const sizes[] = {&info.totalram,  &info.freeram,  &info.sharedram, &info.bufferram,
                                  &info.totalswap, &info.freeswap, &info.totalhigh, &info.freehigh};
  while (call.thread.word_bytes() == 4 &&
         std::any_of(std::begin(sizes), std::end(sizes),
                     [](const unsigned long* v) { return *v > UINT32_MAX; })) {
    for (unsigned long* v : sizes) *v >>= 12;
    info.mem_unit <<= 12;
  }
  return call.thread.put_struct(call.arg(0), info);
}

int64_t sys_personality(Call& call) {
  // The kernel keeps these for us, through fork and exec, too. They change what it tells, or nothing at all
  // (addresses are the same in every run); ADDR_LIMIT_3GB is for 32-bit processes, and no host's. The others
  // would change where xarch's own memory lies.
  constexpr uint32_t kKept = ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | ADDR_LIMIT_3GB | UNAME26 | SHORT_INODE |
                             WHOLE_SECONDS | STICKY_TIMEOUTS;
  const uint32_t wanted = call.u32(0);
  if (wanted == 0xffffffff) return host_call(SYS_personality, 0xffffffff);
  if ((wanted & PER_MASK) != PER_LINUX) return -EINVAL;
  return host_call(SYS_personality, wanted & kKept);
}

int64_t sys_unshare(Call& call) {
  const uint64_t flags = call.arg(0);
  // Without other threads these are no-ops; with them they cannot be had.
  const uint64_t impossible = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
  if ((flags & impossible) != 0 && !call.thread.in_vfork_child()) {
    std::lock_guard lock(call.thread.process().threads_mutex());
    if (call.thread.process().threads().size() > 1) return -EINVAL;
  }
  return host_call(SYS_unshare, static_cast<long>(flags & ~impossible));
}

namespace {

// Only what memory tagging would add is missing (PR_MTE_*).
int64_t tagged_address_control(Call& call) {
  const bool set = call.i32(0) == PR_SET_TAGGED_ADDR_CTRL;
  Thread& t = call.thread;
  if (!t.abi().guest().ignores_tags()) return -EINVAL;
  for (unsigned i = set ? 2 : 1; i < 5; ++i)
    if (call.arg(i) != 0) return -EINVAL;
  if (!set) return t.tagged_addresses ? PR_TAGGED_ADDR_ENABLE : 0;
  if ((call.arg(1) & ~uint64_t{PR_TAGGED_ADDR_ENABLE}) != 0) return -EINVAL;
  t.tagged_addresses = call.arg(1) != 0;
  return 0;
}

}  // namespace

int64_t sys_prctl(Call& call) {
  const auto arg = [&](unsigned i) { return static_cast<long>(call.arg(i)); };
  switch (call.i32(0)) {
    case PR_SET_NAME: {
      std::string name;
      const int r = call.thread.copy_string(&name, call.arg(1), 16);
      if (r == -EFAULT) return r;
      name.resize(std::min<size_t>(name.size(), 15));
      return host_call(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>(name.c_str()));
    }
    case PR_GET_NAME: {
      char name[16];
      if (const long r = host_call(SYS_prctl, PR_GET_NAME, reinterpret_cast<long>(name)); r != 0) return r;
      return call.thread.copy_out(call.arg(1), name, sizeof name);
    }
    case PR_GET_PDEATHSIG:
    case PR_GET_CHILD_SUBREAPER: {
      int value = 0;
      if (const long r = host_call(SYS_prctl, call.i32(0), reinterpret_cast<long>(&value)); r != 0) return r;
      return call.thread.put_ints(call.arg(1), &value, 1);
    }
    case PR_SET_PDEATHSIG:
    case PR_SET_CHILD_SUBREAPER:
    case PR_GET_DUMPABLE:
    case PR_SET_DUMPABLE:
    case PR_GET_KEEPCAPS:
    case PR_SET_KEEPCAPS:
    case PR_GET_TIMERSLACK:
    case PR_SET_TIMERSLACK:
    case PR_GET_NO_NEW_PRIVS:
    case PR_SET_NO_NEW_PRIVS:
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
    case PR_CAP_AMBIENT:
    case PR_GET_SECUREBITS:
    case PR_SET_SECUREBITS:
    case PR_GET_THP_DISABLE:
    case PR_SET_THP_DISABLE:
    case PR_SET_PTRACER:
    case PR_GET_IO_FLUSHER:
    case PR_SET_IO_FLUSHER: return host_call(SYS_prctl, call.i32(0), arg(1), arg(2), arg(3), arg(4));
    case PR_GET_SECCOMP: return 0;
    case PR_SET_TAGGED_ADDR_CTRL:
    case PR_GET_TAGGED_ADDR_CTRL: return tagged_address_control(call);
    default:
      // PR_SET_VMA (names of anonymous memory), PR_SET_MM, filters, and per-architecture options.
      call.thread.process().note_missing("prctl option " + std::to_string(call.i32(0)));
      return -EINVAL;
  }
}

}  // namespace xarch::linux_user
