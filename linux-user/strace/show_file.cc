// Files, descriptors, memory mappings.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "linux-user/strace/show.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user::strace {

namespace {

bool hidden(View& v, unsigned i, const ArgShow& how) {
  uint8_t probe;
  if (!(how.out && v.failed()) && v.arg(i) != 0 && v.read(v.arg(i), &probe, 1)) return false;
  v.put_addr(v.arg(i));
  return true;
}

void put_open_flags(View& v, int guest) {
  const int flags = v.thread.abi().open_flags_to_host(guest);
  v.put_names(names::open_access, flags & O_ACCMODE);
  if ((flags & ~O_ACCMODE) == 0) return;
  v.put("|");
  v.put_names(names::open_flags, static_cast<uint32_t>(flags & ~O_ACCMODE));
}

void put_size_and_times(View& v, int64_t size) {
  v.put(", st_size=");
  v.put_int(size);
  v.put(", ...}");
}

void put_device(View& v, uint64_t dev) {
  v.put(", st_rdev=makedev(");
  v.put_hex(major(dev));
  v.put(", ");
  v.put_hex(minor(dev));
  v.put("), ...}");
}

// `asked`: the kernel tells who holds it.
void put_flock(View& v, uint64_t addr, bool asked) {
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  Fields f(v, addr);
  v.put("{l_type=");
  v.put_names(names::lock_type, f.u16());
  v.put(", l_whence=");
  v.put_names(names::whence, f.u16());
  v.put(", l_start=");
  v.put_int(f.sword());
  v.put(", l_len=");
  v.put_int(f.sword());
  if (asked) {
    v.put(", l_pid=");
    v.put_int(f.i32());
  }
  v.put("}");
}

void put_owner(View& v, uint64_t addr) {
  uint32_t type;
  if (addr == 0 || !v.read_u32(addr, &type)) return v.put_addr(addr);
  Fields f(v, addr + 4);
  v.put("{type=");
  v.put_names(names::owner_type, type);
  v.put(", pid=");
  v.put_int(f.i32());
  v.put("}");
}

}  // namespace

void show_open_flags(View& v, unsigned i, const ArgShow&) { put_open_flags(v, v.i32(i)); }

void show_fd_open_flags(View& v, unsigned i, const ArgShow& how) {
  const int flags = v.thread.abi().open_flags_to_host(v.i32(i));
  v.put_names(how.names != nullptr ? *how.names : names::open_flags, static_cast<uint32_t>(flags));
}

void show_create_mode(View& v, unsigned i, const ArgShow& how) {
  const int flags = v.thread.abi().open_flags_to_host(v.i32(how.n));
  if ((flags & O_CREAT) == 0 && (flags & O_TMPFILE) != O_TMPFILE) return;
  v.put(", ");
  show_mode(v, i, how);
}

void show_open_how(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{flags=");
  const uint64_t flags = f.u64(), mode = f.u64(), resolve = f.u64();
  put_open_flags(v, static_cast<int>(flags));
  if (mode != 0) {
    v.put(", mode=");
    v.put_octal(mode);
  }
  v.put(", resolve=");
  v.put_names(names::resolve_flags, resolve);
  v.put("}");
}

// The generic layout (asm-generic/stat.h): device, inode, mode, links, owner, group, device, size.
void show_stat(View& v, unsigned i, const ArgShow& how) {
  if (!v.thread.abi().info().generic64_layouts) return v.put_addr(v.arg(i));
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  f.skip(16);
  const uint32_t mode = f.u32();
  f.skip(12);
  const uint64_t rdev = f.u64();
  f.skip(8);
  v.put("{st_mode=");
  v.put_mode(mode);
  S_ISCHR(mode) || S_ISBLK(mode) ? put_device(v, rdev) : put_size_and_times(v, f.i64());
}

void show_statx(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{stx_mask=");
  v.put_names(names::statx_mask, f.u32());
  f.u32();
  v.put(", stx_attributes=");
  v.put_names(names::statx_attributes, f.u64());
  f.skip(12);
  v.put(", stx_mode=");
  v.put_mode(f.u16());
  f.align(8);
  f.skip(8);
  v.put(", stx_size=");
  v.put_uint(f.u64());
  v.put(", ...}");
}

void show_statx_flags(View& v, unsigned i, const ArgShow&) {
  const uint32_t flags = v.u32(i);
  if ((flags & 0x6000) != 0) return v.put_names(names::statx_flags, flags);
  v.put("AT_STATX_SYNC_AS_STAT");
  if (flags == 0) return;
  v.put("|");
  v.put_names(names::statx_flags, flags);
}

void show_statfs(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{f_type=");
  v.put_names(names::fs_magic, f.word());
  for (const char* name :
       {", f_bsize=", ", f_blocks=", ", f_bfree=", ", f_bavail=", ", f_files=", ", f_ffree="}) {
    v.put(name);
    v.put_uint(f.word());
  }
  v.put(", f_fsid={val=[");
  v.put_hex(f.u32());
  v.put(", ");
  v.put_hex(f.u32());
  v.put("]}, f_namelen=");
  v.put_uint(f.word());
  v.put(", f_frsize=");
  v.put_uint(f.word());
  v.put(", f_flags=");
  v.put_names(names::statfs_flags, f.word());
  v.put("}");
}

void show_dirents(View& v, unsigned i, const ArgShow&) {
  v.put_addr(v.arg(i));
  if (v.failed()) return;
  unsigned entries = 0;
  for (int64_t at = 0; at + 19 <= v.result; ++entries) {
    Fields f(v, v.arg(i) + static_cast<uint64_t>(at) + 16);
    const uint16_t bytes = f.u16();
    if (bytes == 0) break;
    at += bytes;
  }
  v.put(" /* ");
  v.put_uint(entries);
  v.put(" entries */");
}

namespace {
// `limit`: bytes that are filled.
void put_iovec(View& v, uint64_t addr, uint64_t count, uint64_t limit) {
  uint64_t probe;
  if (addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  Fields f(v, addr);
  v.put("[");
  for (uint64_t k = 0; k < count; ++k) {
    if (k != 0) v.put(", ");
    if (k == v.settings.string_limit) {
      v.put("...");
      break;
    }
    const uint64_t base = f.word(), bytes = f.word();
    const uint64_t filled = std::min(bytes, limit);
    limit -= filled;
    v.put("{iov_base=");
    v.put_buffer_at(base, filled);
    v.put(", iov_len=");
    v.put_uint(bytes);
    v.put("}");
  }
  v.put("]");
}
}  // namespace

void show_iovec_in(View& v, unsigned i, const ArgShow& how) {
  put_iovec(v, v.arg(i), v.arg(how.n), UINT64_MAX);
}

void show_iovec_out(View& v, unsigned i, const ArgShow& how) {
  if (v.failed()) return v.put_addr(v.arg(i));
  put_iovec(v, v.arg(i), v.arg(how.n), static_cast<uint64_t>(v.result));
}

void show_fcntl(View& v, unsigned i, const ArgShow& how) {
  const uint32_t command = v.u32(i);
  const uint64_t arg = v.arg(i + 1);
  v.put(", ");
  v.put_names(names::fcntl_cmd, command);
  const auto aux_of = [&](auto put) {  // behind the result instead of here
    std::string text;
    std::swap(text, v.out);
    put();
    std::swap(text, v.out);
    v.aux = text;
  };
  switch (command) {
    case F_GETFD:
      if (v.result > 0)
        aux_of([&] { v.put("flags "), v.put_names(names::fd_flags, static_cast<uint64_t>(v.result)); });
      return;
    case F_GETFL:
      if (v.result >= 0) aux_of([&] { v.put("flags "), put_open_flags(v, static_cast<int>(v.result)); });
      return;
    case F_GETSIG:
      if (v.result > 0) aux_of([&] { v.put_signal(static_cast<int>(v.result)); });
      return;
    case F_GETOWN:
    case F_GETPIPE_SZ: return;
    case F_GETLEASE:
      if (v.result >= 0) aux_of([&] { v.put_names(names::lock_type, static_cast<uint64_t>(v.result)); });
      return;
    case F_GET_SEALS:
      if (v.result > 0)
        aux_of([&] { v.put("seals "), v.put_names(names::seals, static_cast<uint64_t>(v.result)); });
      return;
    default: break;
  }
  v.put(", ");
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_SETOWN:
    case F_SETPIPE_SZ: return v.put_int(static_cast<int32_t>(arg));
    case F_SETFD: return v.put_names(names::fd_flags, arg);
    case F_SETFL: return put_open_flags(v, static_cast<int>(arg));
    case F_SETSIG: return v.put_signal(static_cast<int>(arg));
    case F_SETLEASE: return v.put_names(names::lock_type, arg);
    case F_ADD_SEALS: return v.put_names(names::seals, arg);
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return put_flock(v, arg, false);
    case F_GETLK:
    case F_OFD_GETLK: return v.failed() ? v.put_addr(arg) : put_flock(v, arg, true);
    case F_SETOWN_EX: return put_owner(v, arg);
    case F_GETOWN_EX: return v.failed() ? v.put_addr(arg) : put_owner(v, arg);
    case F_NOTIFY: return v.put_names(names::notify_events, static_cast<uint32_t>(arg));
    default: return show_hex(v, i + 1, how);
  }
}

void show_fd_pair(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("[");
  v.put_fd(f.i32());
  v.put(", ");
  v.put_fd(f.i32());
  v.put("]");
}

// ---- waiting

namespace {
// What a poll has found, behind the result: ([{fd=3, revents=POLLIN}]).
void put_revents(View& v, uint64_t addr, uint64_t count) {
  std::string text;
  std::swap(text, v.out);
  v.put("[");
  bool first = true;
  for (uint64_t k = 0; k < count; ++k) {
    Fields f(v, addr + 8 * k);
    const int fd = f.i32();
    f.u16();
    const uint16_t revents = f.u16();
    if (fd < 0 || revents == 0) continue;
    if (!first) v.put(", ");
    first = false;
    v.put("{fd=");
    v.put_int(fd);
    v.put(", revents=");
    v.put_names(names::poll_events, revents);
    v.put("}");
  }
  v.put("]");
  std::swap(text, v.out);
  v.aux = text;
}

// The kernel writes back how much of a timeout is left.
void put_time_left(View& v, uint64_t addr) {
  if (addr == 0) return;
  std::string text;
  std::swap(text, v.out);
  put_timespec(v, addr);
  std::swap(text, v.out);
  v.aux += (v.aux.empty() ? "left " : ", left ") + text;
}
}  // namespace

// Shown at the entry; a second column of the row shows what came of it.
void show_poll_fds(View& v, unsigned i, const ArgShow& how) {
  const uint64_t addr = v.arg(i), count = v.u32(how.n);
  if (v.after) {
    if (v.result == 0) v.aux = "Timeout";
    if (v.result > 0) put_revents(v, addr, count);
    if (v.result > 0) put_time_left(v, v.arg(2));
    return;
  }
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  v.put("[");
  for (uint64_t k = 0; k < count; ++k) {
    if (k != 0) v.put(", ");
    if (k == v.settings.string_limit) {
      v.put("...");
      break;
    }
    Fields f(v, addr + 8 * k);
    const int fd = f.i32();
    v.put("{fd=");
    v.put_fd(fd);
    if (fd >= 0) {
      v.put(", events=");
      v.put_names(names::poll_events, f.u16());
    }
    v.put("}");
  }
  v.put("]");
}

namespace {
std::string fd_set_text(View& v, uint64_t addr, int count) {
  std::string text = "[";
  for (int fd = 0; fd < std::min(count, 1024); ++fd) {
    uint64_t word = 0;
    const unsigned bits = v.word_bytes() * 8;
    v.read_word(addr + static_cast<unsigned>(fd) / bits * v.word_bytes(), &word);
    if ((word >> (static_cast<unsigned>(fd) % bits) & 1) == 0) continue;
    if (text.size() > 1) text += ' ';
    text += std::to_string(fd);
  }
  return text + "]";
}
}  // namespace

void show_fd_set(View& v, unsigned i, const ArgShow& how) {
  const uint64_t addr = v.arg(i);
  if (v.after) {
    if (v.result == 0) v.aux = "Timeout";
    if (v.result <= 0) return;
    const std::string set = addr == 0 ? "[]" : fd_set_text(v, addr, v.i32(0));
    static constexpr const char* kNames[] = {"in ", "out ", "except "};
    if (set != "[]") v.aux += (v.aux.empty() ? "" : ", ") + std::string(kNames[i - 1]) + set;
    if (i == 3) put_time_left(v, v.arg(4));
    return;
  }
  if (hidden(v, i, how)) return;
  v.put(fd_set_text(v, addr, v.i32(0)));
}

namespace {
void put_epoll_event(View& v, Fields& f, bool packed) {
  const uint32_t events = f.u32();
  if (!packed) f.align(8);
  const uint32_t low = f.u32(), high = f.u32();
  v.put("{events=");
  v.put_names(names::epoll_events, events);
  v.put(", data={u32=");
  v.put_uint(low);
  v.put(", u64=");
  v.put_uint(uint64_t{high} << 32 | low);
  v.put("}}");
}
}  // namespace

// The struct is packed on x86-64 alone, which is no guest here.
void show_epoll_event(View& v, unsigned i, const ArgShow& how) {
  if (v.i32(1) == EPOLL_CTL_DEL && v.arg(i) != 0) return v.put_addr(v.arg(i));
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  put_epoll_event(v, f, false);
}

void show_epoll_events(View& v, unsigned i, const ArgShow& how) {
  if (v.result == 0) return v.put("[]");
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("[");
  for (int64_t k = 0; k < v.result; ++k) {
    if (k != 0) v.put(", ");
    put_epoll_event(v, f, false);
  }
  v.put("]");
}

// ---- memory

void show_map_prot(View& v, unsigned i, const ArgShow&) { v.put_names(names::prot, v.u32(i)); }

void show_map_flags(View& v, unsigned i, const ArgShow&) {
  const auto flags = static_cast<uint32_t>(v.thread.abi().map_flags_to_host(v.i32(i)));
  v.put_names(names::map_type, flags & 3);
  if ((flags & ~3u) == 0) return;
  v.put("|");
  v.put_names(names::map_flags, flags & ~3u);
}

namespace {
void put_flags_and_mode(View& v, const NameTable& table, uint32_t flags) {
  if ((flags & ~0777u) != 0) {
    v.put_names(table, flags & ~0777u);
    v.put("|");
  }
  v.put_mode(flags & 0777);
}
}  // namespace

void show_ipc_flags(View& v, unsigned i, const ArgShow&) {
  put_flags_and_mode(v, names::ipc_flags, v.u32(i));
}

void show_shm_flags(View& v, unsigned i, const ArgShow&) {
  const uint32_t flags = v.u32(i);
  flags == 0 ? v.put("0") : v.put_names(names::shm_flags, flags);
}

}  // namespace xarch::linux_user::strace
