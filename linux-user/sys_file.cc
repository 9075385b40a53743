// Files, names, descriptors.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "linux-user/proc_files.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr size_t kPage = 4096;

// A running program's file is not written to: to the host's kernel it is a file that is mapped, so that the
// process itself (and its forks) must see to it. Processes that run something else are not held back.
bool is_own_program(Process& process, int dir, const char* path, bool follow) {
  struct stat st;
  return fstatat(dir, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 &&
         st.st_ino == process.image().exe_inode && st.st_dev == process.image().exe_device;
}

int64_t open_path(Call& call, int host_flags, uint64_t mode, const open_how* how) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(1), PATH_MAX); r != 0) return r;
  Process& process = call.thread.process();
  if (guest.compare(0, 6, "/proc/") == 0) {
    if (const int fd = open_proc_file(process, guest, host_flags); fd != kNotSpecial) return fd;
  }
  // A link that must not be followed is not; one that is created through is the host's business.
  const bool follow = (host_flags & O_NOFOLLOW) == 0;
  const std::string host = !guest.empty() && guest[0] == '/' ? host_path(process, guest, follow) : guest;
  const bool writes = (host_flags & (O_ACCMODE | O_TRUNC)) != 0 && (host_flags & O_PATH) == 0;
  if (writes && is_own_program(process, call.fd(0), host.c_str(), follow)) return -ETXTBSY;
  if (how != nullptr)
    return host_block(call.thread, kRestartSys, SYS_openat2, call.fd(0), reinterpret_cast<long>(host.c_str()),
                      reinterpret_cast<long>(how), sizeof *how);
  return host_block(call.thread, kRestartSys, SYS_openat, call.fd(0), reinterpret_cast<long>(host.c_str()),
                    host_flags, static_cast<long>(mode));
}

int64_t put_stat(Call& call, uint64_t to, const struct stat& st) {
  uint8_t bytes[160];
  const int64_t n = call.thread.abi().put_stat(st, bytes);
  return n < 0 ? n : call.thread.copy_out(to, bytes, static_cast<size_t>(n));
}

}  // namespace

int64_t sys_openat(Call& call) {
  return open_path(call, call.thread.abi().open_flags_to_host(call.i32(2)), call.arg(3), nullptr);
}

int64_t sys_truncate(Call& call) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(0), PATH_MAX); r != 0) return r;
  const std::string host = host_path(call.thread.process(), guest, true);
  if (is_own_program(call.thread.process(), AT_FDCWD, host.c_str(), true)) return -ETXTBSY;
  return sys_pass(call);
}

int64_t sys_openat2(Call& call) {
  if (call.arg(3) < sizeof(open_how)) return -EINVAL;
  if (call.arg(3) > kPage) return -E2BIG;
  open_how how;
  if (call.thread.get(call.arg(2), &how) != 0) return -EFAULT;
  // What a later kernel knows besides must not be asked for.
  char more[kPage];
  const size_t extra = call.arg(3) - sizeof how;
  if (call.thread.copy_in(more, call.arg(2) + sizeof how, extra) != 0) return -EFAULT;
  if (std::any_of(more, more + extra, [](char c) { return c != 0; })) return -E2BIG;
  if (how.flags > UINT32_MAX) return -EINVAL;
  how.flags = static_cast<uint32_t>(call.thread.abi().open_flags_to_host(static_cast<int>(how.flags)));
  return open_path(call, static_cast<int>(how.flags), how.mode, &how);
}

int64_t sys_close(Call& call) {
  if (call.thread.process().owns_descriptor(call.fd(0))) return -EBADF;
  return host_call(SYS_close, call.fd(0));
}

int64_t sys_close_range(Call& call) {
  const uint32_t last = call.u32(1);
  uint32_t first = call.u32(0);
  if (first > last) return sys_pass(call);
  // Around those that are not the guest's.
  const long flags = call.i32(2);
  for (int own; (own = call.thread.process().first_own_descriptor(first, last)) >= 0;
       first = static_cast<uint32_t>(own) + 1) {
    const auto ours = static_cast<uint32_t>(own);
    const long r = ours > first ? host_call(SYS_close_range, first, ours - 1, flags) : 0;
    if (r != 0 || ours == last) return r;
  }
  return host_call(SYS_close_range, first, last, flags);
}

int64_t sys_dup3(Call& call) {
  if (call.thread.process().owns_descriptor(call.fd(1))) return -EBUSY;
  return host_call(SYS_dup3, call.fd(0), call.fd(1), call.thread.abi().open_flags_to_host(call.i32(2)));
}

int64_t sys_pipe2(Call& call) {
  int fds[2];
  const long r =
      host_call(SYS_pipe2, reinterpret_cast<long>(fds), call.thread.abi().open_flags_to_host(call.i32(1)));
  if (r < 0) return r;
  if (call.thread.put_ints(call.arg(0), fds, 2) != 0) {
    close(fds[0]);
    close(fds[1]);
    return -EFAULT;
  }
  return 0;
}

namespace {

// layout: of the locks.
int64_t do_fcntl(Call& call, int command, StructId layout) {
  const UserAbi& abi = call.thread.abi();
  const auto arg = static_cast<long>(call.arg(2));
  switch (command) {
    case F_GETFL: {
      const long r = host_call(SYS_fcntl, call.fd(0), F_GETFL);
      return r < 0 ? r : abi.open_flags_to_guest(static_cast<int>(r));
    }
    case F_SETFL: return host_call(SYS_fcntl, call.fd(0), F_SETFL, abi.open_flags_to_host(call.i32(2)));
    case F_SETLKW:
    case F_OFD_SETLKW:
    case F_GETLK:
    case F_SETLK:
    case F_OFD_GETLK:
    case F_OFD_SETLK: {
      if (!abi.knows_layouts()) return -ENOSYS;
      struct flock lock;
      if (call.thread.get_struct(layout, call.arg(2), &lock) != 0) return -EFAULT;
      const int64_t r =
          host_block(call.thread, kRestartSys, SYS_fcntl, call.fd(0), command, reinterpret_cast<long>(&lock));
      if (r < 0 || (command != F_GETLK && command != F_OFD_GETLK)) return r;
      return call.thread.put_struct(layout, call.arg(2), &lock);
    }
    case F_GETOWN_EX:
    case F_SETOWN_EX:
    case F_GET_RW_HINT:
    case F_SET_RW_HINT:
    case F_GET_FILE_RW_HINT:
    case F_SET_FILE_RW_HINT:
      if (!abi.knows_layouts()) return -ENOSYS;
      if (!call.thread.mem().in_range(call.arg(2), 8)) return -EFAULT;
      call.thread.mem().before_write(call.arg(2), 8);
      return host_call(SYS_fcntl, call.fd(0), command, call.host(2));
    default: return host_call(SYS_fcntl, call.fd(0), command, arg);
  }
}

}  // namespace

int64_t sys_fcntl(Call& call) { return do_fcntl(call, call.i32(1), StructId::k_flock); }

// 32-bit ABIs' fcntl with locks of 64 bits, which have commands of their own.
int64_t sys_fcntl64(Call& call) {
  constexpr int kGetLk64 = 12, kSetLk64 = 13, kSetLkw64 = 14;  // asm-generic/fcntl.h
  switch (call.i32(1)) {
    case kGetLk64: return do_fcntl(call, F_GETLK, StructId::k_flock64);
    case kSetLk64: return do_fcntl(call, F_SETLK, StructId::k_flock64);
    case kSetLkw64: return do_fcntl(call, F_SETLKW, StructId::k_flock64);
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return do_fcntl(call, call.i32(1), StructId::k_flock64);
    default: return do_fcntl(call, call.i32(1), StructId::k_flock);
  }
}

int64_t sys_readlinkat(Call& call) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(1), PATH_MAX); r != 0) return r;
  Process& process = call.thread.process();
  if (static_cast<int64_t>(call.arg(3)) <= 0) return -EINVAL;
  if (guest.compare(0, 6, "/proc/") == 0) {
    const std::string target = proc_link(process, guest);
    if (!target.empty()) {
      const size_t n = std::min<size_t>(target.size(), call.arg(3));
      return call.thread.copy_out(call.arg(2), target.data(), n) != 0 ? -EFAULT : static_cast<int64_t>(n);
    }
  }
  const std::string host = !guest.empty() && guest[0] == '/' ? host_path(process, guest, false) : guest;
  char buffer[PATH_MAX];
  const long n = host_call(SYS_readlinkat, call.fd(0), reinterpret_cast<long>(host.c_str()),
                           reinterpret_cast<long>(buffer), sizeof buffer);
  if (n < 0) return n;
  std::string target(buffer, static_cast<size_t>(n));
  // What /proc says of files in the root is the host's name of them.
  if (guest.compare(0, 6, "/proc/") == 0) target = process.paths().to_guest(target);
  const size_t given = std::min<size_t>(target.size(), call.arg(3));
  return call.thread.copy_out(call.arg(2), target.data(), given) != 0 ? -EFAULT : static_cast<int64_t>(given);
}

int64_t sys_newfstatat(Call& call) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(1), PATH_MAX); r != 0) return r;
  const bool follow = (call.arg(3) & AT_SYMLINK_NOFOLLOW) == 0;
  const std::string host =
      !guest.empty() && guest[0] == '/' ? host_path(call.thread.process(), guest, follow) : guest;
  struct stat st;
  const long r = host_call(SYS_newfstatat, call.fd(0), reinterpret_cast<long>(host.c_str()),
                           reinterpret_cast<long>(&st), call.i32(3));
  return r < 0 ? r : put_stat(call, call.arg(2), st);
}

int64_t sys_fstat(Call& call) {
  struct stat st;
  const long r = host_call(SYS_fstat, call.fd(0), reinterpret_cast<long>(&st));
  return r < 0 ? r : put_stat(call, call.arg(1), st);
}

int64_t sys_getcwd(Call& call) {
  char buffer[PATH_MAX];
  const long n = host_call(SYS_getcwd, reinterpret_cast<long>(buffer), sizeof buffer);
  if (n < 0) return n;
  const std::string guest = call.thread.process().paths().to_guest(buffer);
  if (guest.size() + 1 > call.arg(1)) return -ERANGE;
  const int r = call.thread.copy_out(call.arg(0), guest.c_str(), guest.size() + 1);
  return r != 0 ? r : static_cast<int64_t>(guest.size() + 1);
}

// What may put this program's own file, or /proc, out of reach.
int64_t sys_moves_root(Call& call) {
  call.thread.process().keep_self();
  return sys_pass(call);
}

// The guest's "/" is a mount point, although the sysroot may be a plain directory.
int64_t sys_mount(Call& call) {
  constexpr uint64_t kPropagation = MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE;
  std::string target;
  if ((call.arg(3) & kPropagation) == 0 || call.thread.copy_string(&target, call.arg(1), PATH_MAX) != 0 ||
      target != "/")
    return sys_moves_root(call);
  call.thread.process().keep_self();
  return host_call(SYS_mount, call.host(0), reinterpret_cast<long>("/"), call.host(2),
                   static_cast<long>(call.arg(3)), call.host(4));
}

int64_t sys_chroot(Call& call) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(0), PATH_MAX); r != 0) return r;
  PathMap& paths = call.thread.process().paths();
  std::string host = host_path(call.thread.process(), guest, true);
  // With a sysroot the guest's "/" is two directories at once, and stays so.
  const bool stays =
      !paths.root().empty() && (host == paths.root() || host == std::string(paths.root()) + "/");
  if (stays) host = "/";
  if (!stays) call.thread.process().keep_self();
  const long r = host_call(SYS_chroot, reinterpret_cast<long>(host.c_str()));
  if (r == 0 && !stays) paths.set_mapping(false);
  return r;
}

int64_t sys_pivot_root(Call& call) {
  const int64_t r = sys_moves_root(call);
  if (r == 0) call.thread.process().paths().set_mapping(false);
  return r;
}

namespace {

// Does this descriptor list the process's own descriptors?
bool lists_own_descriptors(int fd) {
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC) return false;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char name[64];
  const ssize_t bytes = readlink(link.c_str(), name, sizeof name);
  if (bytes <= 0 || bytes == sizeof name) return false;
  const std::string path(name, static_cast<size_t>(bytes));
  const std::string own = "/proc/" + std::to_string(getpid()) + "/";
  return path.compare(0, own.size(), own) == 0 && (path.ends_with("/fd") || path.ends_with("/fdinfo"));
}

// Takes the entries of xarch's own descriptors out of a listing of so many bytes; bytes that are left, or
// -EFAULT.
int64_t hide_own_descriptors(Call& call, size_t bytes) {
  std::vector<char> all(bytes), kept;
  if (call.thread.copy_in(all.data(), call.arg(1), bytes) != 0) return -EFAULT;
  constexpr size_t kLength = 16, kName = 19;  // offsets of d_reclen and d_name
  for (size_t at = 0; at + kName < bytes;) {
    uint16_t length;
    memcpy(&length, &all[at + kLength], sizeof length);
    if (length <= kName || length > bytes - at) break;
    const char* const name = &all[at + kName];
    const int fd = *name >= '0' && *name <= '9' ? atoi(name) : -1;
    if (!call.thread.process().owns_descriptor(fd)) kept.insert(kept.end(), &all[at], &all[at] + length);
    at += length;
  }
  return call.thread.copy_out(call.arg(1), kept.data(), kept.size()) != 0 ? -EFAULT
                                                                          : static_cast<int64_t>(kept.size());
}

}  // namespace

namespace {

// Entries of a listing get positions that 32-bit programs can hold. `bytes`, or -EFAULT.
int64_t fold_positions(Call& call, size_t bytes) {
  std::vector<char> all(bytes);
  if (call.thread.copy_in(all.data(), call.arg(1), bytes) != 0) return -EFAULT;
  constexpr size_t kPosition = 8, kLength = 16;  // offsets of d_off and d_reclen
  for (size_t at = 0; at + kLength + 2 < bytes;) {
    uint64_t position;
    uint16_t length;
    memcpy(&position, &all[at + kPosition], sizeof position);
    memcpy(&length, &all[at + kLength], sizeof length);
    position = fold_position(position);
    memcpy(&all[at + kPosition], &position, sizeof position);
    if (length == 0) break;
    at += length;
  }
  return call.thread.copy_out(call.arg(1), all.data(), bytes) != 0 ? -EFAULT : static_cast<int64_t>(bytes);
}

// A directory whose positions were folded.
bool is_hashed_directory(int fd) {
  struct stat st;
  struct statfs fs;
  return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == EXT4_SUPER_MAGIC;
}

int64_t unfold_position(int fd, int64_t offset) {
  // The first entries are where they are.
  return offset > 2 && offset <= INT32_MAX && is_hashed_directory(fd) ? offset << 32 : offset;
}

}  // namespace

int64_t sys_getdents64(Call& call) {
  const bool hides =
      call.thread.process().first_own_descriptor(0, UINT_MAX) >= 0 && lists_own_descriptors(call.fd(0));
  int64_t r;
  do {
    r = sys_pass(call);
    if (r > 0 && call.thread.word_bytes() == 4) r = fold_positions(call, static_cast<size_t>(r));
    if (r <= 0 || !hides) return r;
    r = hide_own_descriptors(call, static_cast<size_t>(r));
  } while (r == 0);
  return r;
}

int64_t sys_lseek(Call& call) {
  int64_t offset = static_cast<int64_t>(call.arg(1));
  const bool narrow = call.thread.word_bytes() == 4;
  if (narrow && call.i32(2) == SEEK_SET) offset = unfold_position(call.fd(0), offset);
  const int64_t r = host_call(SYS_lseek, call.fd(0), offset, call.i32(2));
  if (!narrow || r <= INT32_MAX) return r;
  return is_hashed_directory(call.fd(0)) ? fold_position(static_cast<uint64_t>(r)) : -EOVERFLOW;
}

int64_t sys_llseek(Call& call) {
  int64_t offset = static_cast<int64_t>(call.arg(1) << 32 | call.u32(2));
  if (call.i32(4) == SEEK_SET) offset = unfold_position(call.fd(0), offset);
  int64_t r = host_call(SYS_lseek, call.fd(0), offset, call.i32(4));
  if (r < 0) return r;
  if (r > INT32_MAX && is_hashed_directory(call.fd(0))) r = fold_position(static_cast<uint64_t>(r));
  return call.thread.put(call.arg(3), r);
}

int64_t sys_name_to_handle_at(Call& call) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(1), PATH_MAX); r != 0) return r;
  uint32_t handle_bytes;
  if (call.thread.get(call.arg(2), &handle_bytes) != 0) return -EFAULT;
  if (handle_bytes > 128) return -EINVAL;
  if (!call.thread.mem().in_range(call.arg(2), 8 + handle_bytes)) return -EFAULT;
  call.thread.mem().before_write(call.arg(2), 8 + handle_bytes);
  if (call.arg(3) != 0) call.thread.mem().before_write(call.arg(3), 4);
  const bool follow = (call.arg(4) & AT_SYMLINK_FOLLOW) != 0;
  const std::string host =
      !guest.empty() && guest[0] == '/' ? host_path(call.thread.process(), guest, follow) : guest;
  return host_call(SYS_name_to_handle_at, call.fd(0), reinterpret_cast<long>(host.c_str()), call.host(2),
                   call.host(3), call.i32(4));
}

int64_t sys_open_by_handle_at(Call& call) {
  uint32_t handle_bytes;
  if (call.thread.get(call.arg(1), &handle_bytes) != 0) return -EFAULT;
  if (handle_bytes > 128) return -EINVAL;
  if (!call.thread.mem().in_range(call.arg(1), 8 + handle_bytes)) return -EFAULT;
  return host_call(SYS_open_by_handle_at, call.fd(0), call.host(1),
                   call.thread.abi().open_flags_to_host(call.i32(2)));
}

int64_t sys_fanotify_init(Call& call) {
  return host_call(SYS_fanotify_init, call.i32(0), call.thread.abi().open_flags_to_host(call.i32(1)));
}

// Flags of the descriptors that these make are O_CLOEXEC and O_NONBLOCK under other names.
int64_t sys_inotify_init1(Call& call) {
  return host_call(SYS_inotify_init1, call.thread.abi().open_flags_to_host(call.i32(0)));
}
int64_t sys_eventfd2(Call& call) {
  const int semaphore = call.i32(1) & 1;  // EFD_SEMAPHORE
  return host_call(SYS_eventfd2, call.i32(0),
                   call.thread.abi().open_flags_to_host(call.i32(1) & ~1) | semaphore);
}
int64_t sys_timerfd_create(Call& call) {
  return host_call(SYS_timerfd_create, call.i32(0), call.thread.abi().open_flags_to_host(call.i32(1)));
}
int64_t sys_epoll_create1(Call& call) {
  return host_call(SYS_epoll_create1, call.thread.abi().open_flags_to_host(call.i32(0)));
}

}  // namespace xarch::linux_user
