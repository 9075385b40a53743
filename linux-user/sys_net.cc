// Sockets. Addresses, options and control messages have the same layout on all 64-bit little-endian machines.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "linux-user/iovec.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

namespace {

// SOCK_CLOEXEC and SOCK_NONBLOCK are the open flags.
int socket_type_to_host(const UserAbi& abi, int type) {
  return (type & 0xf) | abi.open_flags_to_host(type & ~0xf);
}

// A result buffer with its length in guest memory, as accept, getsockname and recvfrom have: both may be
// absent.
class NameOut {
 public:
  int64_t load(Thread& thread, uint64_t name_at, uint64_t length_at) {
    name_at_ = name_at;
    length_at_ = length_at;
    if (name_at == 0) return 0;
    int length;
    if (thread.get_int(length_at, &length) != 0) return -EFAULT;
    if (length < 0) return -EINVAL;
    room_ = static_cast<socklen_t>(length);
    return 0;
  }
  sockaddr* name() { return name_at_ == 0 ? nullptr : reinterpret_cast<sockaddr*>(&buffer_); }
  socklen_t* length() { return name_at_ == 0 ? nullptr : &length_; }
  int64_t store(Thread& thread) {
    if (name_at_ == 0) return 0;
    if (thread.copy_out(name_at_, &buffer_,
                        std::min({length_, room_, static_cast<socklen_t>(sizeof buffer_)})) != 0)
      return -EFAULT;
    const int length = static_cast<int>(length_);
    return thread.put_ints(length_at_, &length, 1);
  }

 private:
  uint64_t name_at_ = 0, length_at_ = 0;
  socklen_t room_ = 0;
  sockaddr_storage buffer_ = {};
  socklen_t length_ = sizeof buffer_;
};

struct GuestMsghdr {
  uint64_t name;
  uint32_t name_bytes;
  uint32_t pad0;
  uint64_t iov;
  uint64_t iov_count;
  uint64_t control;
  uint64_t control_bytes;
  uint32_t flags;
  uint32_t pad1;
};
static_assert(sizeof(GuestMsghdr) == sizeof(msghdr));

struct GuestMmsghdr {
  GuestMsghdr header;
  uint32_t bytes;
  uint32_t pad;
};

// A message header of the host's that stands for the guest's.
struct Message {
  msghdr header = {};
  std::vector<iovec> iov;

  int64_t load(Thread& thread, const GuestMsghdr& guest, Direction direction) {
    if (static_cast<int32_t>(guest.name_bytes) < 0) return -EINVAL;
    const bool has_name = guest.name != 0 && guest.name_bytes != 0;
    if (guest.iov_count > IOV_MAX) return -EMSGSIZE;
    const uint64_t name = thread.untag(guest.name), control = thread.untag(guest.control);
    if (has_name && !thread.mem().in_range(name, guest.name_bytes)) return -EFAULT;
    if (guest.control_bytes != 0 && !thread.mem().in_range(control, guest.control_bytes)) return -EFAULT;
    if (int64_t r = load_iovec(thread, guest.iov, guest.iov_count, direction, &iov); r != 0) return r;
    if (direction == Direction::kWrite) {
      if (has_name) thread.mem().before_write(name, guest.name_bytes);
      thread.mem().before_write(control, guest.control_bytes);
    }
    header.msg_name = has_name ? thread.mem().host(name) : nullptr;
    header.msg_namelen = has_name ? guest.name_bytes : 0;
    header.msg_iov = iov.data();
    header.msg_iovlen = iov.size();
    header.msg_control = guest.control_bytes != 0 ? thread.mem().host(control) : nullptr;
    header.msg_controllen = guest.control_bytes;
    header.msg_flags = static_cast<int>(guest.flags);
    return 0;
  }
};

int64_t receive(Call& call, uint64_t at, int flags) {
  Thread& t = call.thread;
  GuestMsghdr guest;
  if (t.get(at, &guest) != 0) return -EFAULT;
  Message message;
  if (int64_t r = message.load(t, guest, Direction::kWrite); r != 0) return r;
  const int64_t r =
      host_block(t, kRestartSys, SYS_recvmsg, call.fd(0), reinterpret_cast<long>(&message.header), flags);
  if (r < 0) return r;
  guest.name_bytes = message.header.msg_namelen;
  guest.control_bytes = message.header.msg_controllen;
  guest.flags = static_cast<uint32_t>(message.header.msg_flags);
  return t.put(at, guest) != 0 ? -EFAULT : r;
}

int64_t send(Call& call, uint64_t at, int flags) {
  GuestMsghdr guest;
  if (call.thread.get(at, &guest) != 0) return -EFAULT;
  Message message;
  if (int64_t r = message.load(call.thread, guest, Direction::kRead); r != 0) return r;
  return host_block(call.thread, kRestartSys, SYS_sendmsg, call.fd(0),
                    reinterpret_cast<long>(&message.header), flags);
}

bool layouts_known(const Call& call) { return call.thread.abi().info().generic64_layouts; }

}  // namespace

int64_t sys_socket(Call& call) {
  return host_call(SYS_socket, call.i32(0), socket_type_to_host(call.thread.abi(), call.i32(1)), call.i32(2));
}

int64_t sys_socketpair(Call& call) {
  int fds[2];
  const long r = host_call(SYS_socketpair, call.i32(0), socket_type_to_host(call.thread.abi(), call.i32(1)),
                           call.i32(2), reinterpret_cast<long>(fds));
  if (r < 0) return r;
  if (call.thread.put_ints(call.arg(3), fds, 2) != 0) {
    close(fds[0]);
    close(fds[1]);
    return -EFAULT;
  }
  return 0;
}

int64_t sys_accept4(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  NameOut name;
  if (int64_t r = name.load(call.thread, call.arg(1), call.arg(2)); r != 0) return r;
  const int flags = call.row.name == "accept" ? 0 : call.thread.abi().open_flags_to_host(call.i32(3));
  const int64_t r =
      host_block(call.thread, kRestartSys, SYS_accept4, call.fd(0), reinterpret_cast<long>(name.name()),
                 reinterpret_cast<long>(name.length()), flags);
  if (r < 0) return r;
  if (name.store(call.thread) != 0) {
    close(static_cast<int>(r));
    return -EFAULT;
  }
  return r;
}

int64_t sys_sockname(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  if (call.arg(1) == 0) return -EFAULT;
  NameOut name;
  if (int64_t r = name.load(call.thread, call.arg(1), call.arg(2)); r != 0) return r;
  const long r = host_call(call.row.host_number, call.fd(0), reinterpret_cast<long>(name.name()),
                           reinterpret_cast<long>(name.length()));
  return r < 0 ? r : name.store(call.thread);
}

int64_t sys_recvfrom(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  NameOut name;
  if (int64_t r = name.load(call.thread, call.arg(4), call.arg(5)); r != 0) return r;
  call.thread.mem().before_write(call.arg(1), call.arg(2));
  const int64_t r = host_block(call.thread, kRestartSys, SYS_recvfrom, call.fd(0), call.host(1),
                               static_cast<long>(call.arg(2)), call.i32(3),
                               reinterpret_cast<long>(name.name()), reinterpret_cast<long>(name.length()));
  if (r >= 0)
    if (int64_t e = name.store(call.thread); e != 0) return e;
  return r;
}

int64_t sys_sendmsg(Call& call) {
  return layouts_known(call) ? send(call, call.arg(1), call.i32(2)) : -ENOSYS;
}
int64_t sys_recvmsg(Call& call) {
  return layouts_known(call) ? receive(call, call.arg(1), call.i32(2)) : -ENOSYS;
}

int64_t sys_sendmmsg(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  const uint32_t count = std::min<uint32_t>(call.u32(2), IOV_MAX);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t at = call.arg(1) + uint64_t{i} * sizeof(GuestMmsghdr);
    int64_t r = send(call, at, call.i32(3));
    if (r >= 0) {
      const int bytes = static_cast<int>(r);
      r = call.thread.put_ints(at + offsetof(GuestMmsghdr, bytes), &bytes, 1);
    }
    if (r < 0) return i != 0 ? static_cast<int64_t>(i) : r;
  }
  return count;
}

int64_t sys_recvmmsg(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  int64_t deadline = kForever;
  if (call.arg(4) != 0) {
    timespec t;
    if (call.thread.get(call.arg(4), &t) != 0) return -EFAULT;
    if (!valid_timespec(t)) return -EINVAL;
    deadline = deadline_after(CLOCK_MONOTONIC, t);
  }
  const uint32_t count = std::min<uint32_t>(call.u32(2), IOV_MAX);
  int flags = call.i32(3);
  uint32_t done = 0;
  int64_t error = 0;
  while (done < count) {
    const uint64_t at = call.arg(1) + uint64_t{done} * sizeof(GuestMmsghdr);
    int64_t r = receive(call, at, flags & ~MSG_WAITFORONE);
    if (r >= 0) {
      const int bytes = static_cast<int>(r);
      r = call.thread.put_ints(at + offsetof(GuestMmsghdr, bytes), &bytes, 1);
    }
    if (r < 0) {
      error = r;
      break;
    }
    ++done;
    if ((flags & MSG_WAITFORONE) != 0) flags |= MSG_DONTWAIT;
    // The time is looked at after each message only, as Linux does.
    if (deadline != kForever && now_ns(CLOCK_MONOTONIC) >= deadline) break;
  }
  if (call.arg(4) != 0)
    call.thread.put(call.arg(4), to_timespec(std::max<int64_t>(deadline - now_ns(CLOCK_MONOTONIC), 0)));
  return done != 0 ? static_cast<int64_t>(done) : error;
}

int64_t sys_setsockopt(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  if (call.i32(1) == SOL_SOCKET &&
      (call.i32(2) == SO_ATTACH_FILTER || call.i32(2) == SO_ATTACH_REUSEPORT_CBPF)) {
    struct {
      uint16_t length;
      uint16_t pad[3];
      uint64_t filter;
    } guest;
    if (call.arg(4) < sizeof guest) return -EINVAL;
    if (call.thread.get(call.arg(3), &guest) != 0) return -EFAULT;
    if (!call.thread.mem().in_range(guest.filter, guest.length * sizeof(sock_filter))) return -EFAULT;
    sock_fprog program = {guest.length, static_cast<sock_filter*>(call.thread.mem().host(guest.filter))};
    return host_call(SYS_setsockopt, call.fd(0), call.i32(1), call.i32(2), reinterpret_cast<long>(&program),
                     sizeof program);
  }
  return sys_pass(call);
}

int64_t sys_getsockopt(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  int room;
  if (call.thread.get_int(call.arg(4), &room) != 0) return -EFAULT;
  if (room < 0) return -EINVAL;
  if (!call.thread.mem().in_range(call.arg(3), static_cast<uint64_t>(room))) return -EFAULT;
  call.thread.mem().before_write(call.arg(3), static_cast<uint64_t>(room));
  auto length = static_cast<socklen_t>(room);
  const long r = host_call(SYS_getsockopt, call.fd(0), call.i32(1), call.i32(2), call.host(3),
                           reinterpret_cast<long>(&length));
  if (r < 0) return r;
  room = static_cast<int>(length);
  return call.thread.put_ints(call.arg(4), &room, 1);
}

}  // namespace xarch::linux_user
