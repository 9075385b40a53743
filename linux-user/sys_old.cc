// Calls that newer ones have replaced: only architectures that are older than these have them.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "linux-user/proc_files.h"
#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

constexpr uint64_t kHere = static_cast<uint64_t>(AT_FDCWD);

// The host's name of the path in argument i. 0 or -errno.
int64_t host_name(Call& call, unsigned i, std::string* out) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(i), PATH_MAX); r != 0) return r;
  *out = !guest.empty() && guest[0] == '/' ? host_path(call.thread.process(), guest, true) : guest;
  return 0;
}

int64_t set_times(int directory, const std::string& name, const timespec* times) {
  return host_call(SYS_utimensat, directory, reinterpret_cast<long>(name.c_str()),
                   reinterpret_cast<long>(times), 0);
}

int64_t futimesat(Call& call, int directory, unsigned path, unsigned times) {
  std::string name;
  if (int64_t r = host_name(call, path, &name); r != 0) return r;
  if (call.arg(times) == 0) return set_times(directory, name, nullptr);
  TimevalPair given;
  if (call.thread.get_struct(call.arg(times), &given) != 0) return -EFAULT;
  timespec exact[2];
  for (unsigned i = 0; i < 2; ++i) {
    const timeval& v = i == 0 ? given.first : given.second;
    if (v.tv_usec < 0 || v.tv_usec >= 1000000) return -EINVAL;
    exact[i] = {v.tv_sec, v.tv_usec * 1000};
  }
  return set_times(directory, name, exact);
}

}  // namespace

// ---- names
int64_t sys_open(Call& call) {
  return call_as(call, SyscallId::k_openat, {kHere, call.arg(0), call.arg(1), call.arg(2)});
}
int64_t sys_creat(Call& call) {
  const int flags = call.thread.abi().open_flags_to_guest(O_CREAT | O_WRONLY | O_TRUNC);
  return call_as(call, SyscallId::k_openat, {kHere, call.arg(0), static_cast<uint64_t>(flags), call.arg(1)});
}
int64_t sys_stat(Call& call) {
  return call_as(call, SyscallId::k_newfstatat, {kHere, call.arg(0), call.arg(1), 0});
}
int64_t sys_lstat(Call& call) {
  return call_as(call, SyscallId::k_newfstatat, {kHere, call.arg(0), call.arg(1), AT_SYMLINK_NOFOLLOW});
}
int64_t sys_access(Call& call) {
  return call_as(call, SyscallId::k_faccessat, {kHere, call.arg(0), call.arg(1)});
}
int64_t sys_rename(Call& call) {
  return call_as(call, SyscallId::k_renameat, {kHere, call.arg(0), kHere, call.arg(1)});
}
int64_t sys_mkdir(Call& call) {
  return call_as(call, SyscallId::k_mkdirat, {kHere, call.arg(0), call.arg(1)});
}
int64_t sys_rmdir(Call& call) {
  return call_as(call, SyscallId::k_unlinkat, {kHere, call.arg(0), AT_REMOVEDIR});
}
int64_t sys_link(Call& call) {
  return call_as(call, SyscallId::k_linkat, {kHere, call.arg(0), kHere, call.arg(1), 0});
}
int64_t sys_unlink(Call& call) { return call_as(call, SyscallId::k_unlinkat, {kHere, call.arg(0), 0}); }
int64_t sys_symlink(Call& call) {
  return call_as(call, SyscallId::k_symlinkat, {call.arg(0), kHere, call.arg(1)});
}
int64_t sys_readlink(Call& call) {
  // The length is an int here.
  if (call.i32(2) <= 0) return -EINVAL;
  return call_as(call, SyscallId::k_readlinkat, {kHere, call.arg(0), call.arg(1), call.u32(2)});
}
int64_t sys_chmod(Call& call) {
  return call_as(call, SyscallId::k_fchmodat, {kHere, call.arg(0), call.arg(1)});
}
int64_t sys_chown(Call& call) {
  return call_as(call, SyscallId::k_fchownat, {kHere, call.arg(0), call.arg(1), call.arg(2), 0});
}
int64_t sys_lchown(Call& call) {
  return call_as(call, SyscallId::k_fchownat,
                 {kHere, call.arg(0), call.arg(1), call.arg(2), AT_SYMLINK_NOFOLLOW});
}
int64_t sys_mknod(Call& call) {
  return call_as(call, SyscallId::k_mknodat, {kHere, call.arg(0), call.arg(1), call.arg(2)});
}

int64_t sys_utime(Call& call) {
  std::string name;
  if (int64_t r = host_name(call, 0, &name); r != 0) return r;
  if (call.arg(1) == 0) return set_times(AT_FDCWD, name, nullptr);
  utimbuf given;
  if (call.thread.get_struct(call.arg(1), &given) != 0) return -EFAULT;
  const timespec times[2] = {{given.actime, 0}, {given.modtime, 0}};
  return set_times(AT_FDCWD, name, times);
}
int64_t sys_utimes(Call& call) { return futimesat(call, AT_FDCWD, 0, 1); }
int64_t sys_futimesat(Call& call) {
  if (call.arg(1) != 0) return futimesat(call, call.fd(0), 1, 2);
  return -EFAULT;
}

namespace {

// struct linux_dirent of 32-bit ABIs: inode, position and length in 10 bytes, the name, and its type in the
// last byte. Bytes of `to`.
size_t narrow_entries(const std::vector<uint8_t>& from, size_t bytes, std::vector<uint8_t>* to) {
  constexpr size_t kLength = 16, kType = 18, kName = 19;  // in struct linux_dirent64
  for (size_t at = 0; at + kName < bytes;) {
    uint64_t inode, position;
    uint16_t length;
    memcpy(&inode, &from[at], sizeof inode);
    memcpy(&position, &from[at + 8], sizeof position);
    memcpy(&length, &from[at + kLength], sizeof length);
    const auto* const name = reinterpret_cast<const char*>(&from[at + kName]);
    const size_t name_bytes = strnlen(name, length - kName);
    const size_t start = to->size(), narrow = (10 + name_bytes + 2 + 3) & ~size_t{3};
    to->resize(start + narrow);
    uint8_t* const out = to->data() + start;
    const auto short_inode = static_cast<uint32_t>(inode ^ inode >> 32),
               short_position = fold_position(position);
    const auto short_length = static_cast<uint16_t>(narrow);
    memcpy(out, &short_inode, 4);
    memcpy(out + 4, &short_position, 4);
    memcpy(out + 8, &short_length, 2);
    memcpy(out + 10, name, name_bytes);
    out[narrow - 1] = from[at + kType];
    at += length;
  }
  return to->size();
}

int64_t narrow_getdents(Call& call) {
  // What comes out is shorter than what goes in.
  std::vector<uint8_t> wide(std::min<size_t>(call.u32(2), 32 << 10)), narrow;
  const long bytes = host_call(SYS_getdents64, call.fd(0), reinterpret_cast<long>(wide.data()),
                               static_cast<long>(wide.size()));
  if (bytes <= 0) return bytes;
  const size_t given = narrow_entries(wide, static_cast<size_t>(bytes), &narrow);
  return call.thread.copy_out(call.arg(1), narrow.data(), given) != 0 ? -EFAULT : static_cast<int64_t>(given);
}

}  // namespace

// struct linux_dirent has its type behind the name instead of in front of it; with 64-bit words both are of
// one length.
int64_t sys_getdents(Call& call) {
  if (call.thread.word_bytes() == 4) return narrow_getdents(call);
  const int64_t bytes = call_as(call, SyscallId::k_getdents64, {call.arg(0), call.arg(1), call.arg(2)});
  if (bytes <= 0) return bytes;
  std::vector<uint8_t> all(static_cast<size_t>(bytes));
  if (call.thread.copy_in(all.data(), call.arg(1), all.size()) != 0) return -EFAULT;
  constexpr size_t kLength = 16, kType = 18, kName = 19;  // in struct linux_dirent64
  for (size_t at = 0; at + kName < all.size();) {
    uint16_t length;
    memcpy(&length, &all[at + kLength], sizeof length);
    if (length <= kName || length > all.size() - at) break;
    const uint8_t type = all[at + kType];
    memmove(&all[at + kType], &all[at + kName], length - kName);
    all[at + length - 1] = type;
    at += length;
  }
  return call.thread.copy_out(call.arg(1), all.data(), all.size()) != 0 ? -EFAULT : bytes;
}

// ---- descriptors
int64_t sys_dup2(Call& call) {
  if (call.fd(0) == call.fd(1)) {
    const int64_t r = host_call(SYS_fcntl, call.fd(0), F_GETFD);
    return r < 0 ? r : call.fd(1);
  }
  return call_as(call, SyscallId::k_dup3, {call.arg(0), call.arg(1), 0});
}
int64_t sys_pipe(Call& call) { return call_as(call, SyscallId::k_pipe2, {call.arg(0), 0}); }
int64_t sys_eventfd(Call& call) { return call_as(call, SyscallId::k_eventfd2, {call.arg(0), 0}); }
int64_t sys_signalfd(Call& call) {
  return call_as(call, SyscallId::k_signalfd4, {call.arg(0), call.arg(1), call.arg(2), 0});
}
int64_t sys_inotify_init(Call& call) { return call_as(call, SyscallId::k_inotify_init1, {0}); }
int64_t sys_epoll_create(Call& call) {
  return call.i32(0) <= 0 ? -EINVAL : call_as(call, SyscallId::k_epoll_create1, {0});
}

// ---- processes and time
int64_t sys_fork(Call& call) {
  Thread::CloneArgs args;
  args.flags = SIGCHLD;
  return call.thread.clone(args);
}
int64_t sys_vfork(Call& call) {
  Thread::CloneArgs args;
  args.flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  return call.thread.clone(args);
}
int64_t sys_getpgrp(Call& call) { return call_as(call, SyscallId::k_getpgid, {0}); }
int64_t sys_pause(Call& call) {
  host_block(call.thread, kRestartNoHand, SYS_ppoll, 0, 0, 0, 0, 8);
  return kRestartNoHand;
}
int64_t sys_alarm(Call& call) {
  const itimerval wanted = {{0, 0}, {call.u32(0), 0}};
  itimerval old = {};
  if (const long r = host_call(SYS_setitimer, ITIMER_REAL, reinterpret_cast<long>(&wanted),
                               reinterpret_cast<long>(&old));
      r != 0)
    return r;
  // Rounded, but what is left is never nothing.
  const bool up = old.it_value.tv_usec >= 500000 || (old.it_value.tv_sec == 0 && old.it_value.tv_usec != 0);
  return old.it_value.tv_sec + (up ? 1 : 0);
}
int64_t sys_time(Call& call) {
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (call.arg(0) != 0 && call.thread.put_word(call.arg(0), static_cast<uint64_t>(now.tv_sec)) != 0)
    return -EFAULT;
  return now.tv_sec;
}

// ---- one architecture's own
int64_t sys_arch_prctl(Call& call) { return call.thread.abi().machine_call(call, MachineCall::kArchPrctl); }
int64_t sys_modify_ldt(Call& call) { return call.thread.abi().machine_call(call, MachineCall::kModifyLdt); }
int64_t sys_set_thread_area(Call& call) {
  return call.thread.abi().machine_call(call, MachineCall::kSetThreadArea);
}
int64_t sys_get_thread_area(Call& call) {
  return call.thread.abi().machine_call(call, MachineCall::kGetThreadArea);
}
int64_t sys_io_permissions(Call& call) {
  return call.thread.abi().machine_call(call, MachineCall::kIoPermissions);
}

}  // namespace xarch::linux_user
