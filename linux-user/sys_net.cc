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

// What a call on a socket fails with if its arguments give `error`: the kernel looks at the descriptor first.
int64_t after_descriptor(const Call& call, int64_t error) {
  int type;
  socklen_t bytes = sizeof type;
  const long r = host_call(SYS_getsockopt, call.fd(0), SOL_SOCKET, SO_TYPE, reinterpret_cast<long>(&type),
                           reinterpret_cast<long>(&bytes));
  return r == -EBADF || r == -ENOTSOCK ? r : error;
}

static_assert(sizeof(GuestMsghdr) == sizeof(msghdr));

// A message of many (struct mmsghdr): its header, the bytes sent or received, and padding to a long.
uint64_t mmsghdr_bytes(const Thread& t) { return t.guest_bytes(StructId::k_msghdr) + t.word_bytes(); }

// Control messages of an ABI with shorter longs: struct cmsghdr begins with one, and each message is aligned
// to one. Their contents (descriptors, credentials) are the same, but for times.
constexpr size_t kNarrowHead = 12;
constexpr size_t narrow_align(size_t n) { return (n + 3) & ~size_t{3}; }

// The guest's control messages as the host has them. 0 or -errno.
int64_t widen_control(Thread& t, uint64_t at, uint64_t bytes, std::vector<uint8_t>* out) {
  std::vector<uint8_t> guest(bytes);
  if (t.copy_in(guest.data(), at, bytes) != 0) return -EFAULT;
  for (size_t i = 0; i + kNarrowHead <= bytes;) {
    uint32_t head[3];  // length, level, type
    memcpy(head, &guest[i], sizeof head);
    if (head[0] < kNarrowHead || head[0] > bytes - i) return -EINVAL;
    const size_t data = head[0] - kNarrowHead, to = out->size();
    out->resize(to + CMSG_SPACE(data));
    const cmsghdr wide = {CMSG_LEN(data), static_cast<int>(head[1]), static_cast<int>(head[2])};
    memcpy(out->data() + to, &wide, sizeof wide);
    memcpy(out->data() + to + sizeof wide, &guest[i + kNarrowHead], data);
    i += narrow_align(head[0]);
  }
  return 0;
}

// The other way: bytes written, or -EFAULT; *flags says if there was no room for all.
int64_t narrow_control(Thread& t, const msghdr& from, uint64_t at, uint64_t room, uint32_t* flags) {
  std::vector<uint8_t> guest;
  for (const cmsghdr* c = CMSG_FIRSTHDR(&from); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&from), const_cast<cmsghdr*>(c))) {
    const uint8_t* data = CMSG_DATA(c);
    size_t bytes = c->cmsg_len - CMSG_LEN(0);
    uint32_t times[2];
    if (c->cmsg_level == SOL_SOCKET && (c->cmsg_type == SO_TIMESTAMP || c->cmsg_type == SO_TIMESTAMPNS)) {
      for (unsigned i = 0; i < 2; ++i) memcpy(&times[i], data + 8 * i, 4);
      data = reinterpret_cast<const uint8_t*>(times);
      bytes = sizeof times;
    }
    const size_t to = guest.size();
    if (to + kNarrowHead + bytes > room) {
      *flags |= MSG_CTRUNC;
      break;
    }
    guest.resize(std::min<size_t>(to + narrow_align(kNarrowHead + bytes), room));
    const uint32_t head[3] = {static_cast<uint32_t>(kNarrowHead + bytes),
                              static_cast<uint32_t>(c->cmsg_level), static_cast<uint32_t>(c->cmsg_type)};
    memcpy(guest.data() + to, head, sizeof head);
    memcpy(guest.data() + to + kNarrowHead, data, bytes);
  }
  return t.copy_out(at, guest.data(), guest.size()) != 0 ? -EFAULT : static_cast<int64_t>(guest.size());
}

// A message header of the host's that stands for the guest's.
struct Message {
  static constexpr uint64_t kMostControl = 1 << 20;
  msghdr header = {};
  std::vector<iovec> iov;
  std::vector<uint8_t> control;  // where it is not as the guest has it

  int64_t load(Thread& thread, const GuestMsghdr& guest, Direction direction) {
    if (static_cast<int32_t>(guest.name_bytes) < 0) return -EINVAL;
    const bool has_name = guest.name != 0 && guest.name_bytes != 0;
    if (guest.iov_count > IOV_MAX) return -EMSGSIZE;
    const uint64_t name = thread.untag(guest.name), control_at = thread.untag(guest.control);
    if (has_name && !thread.mem().in_range(name, guest.name_bytes)) return -EFAULT;
    if (guest.control_bytes != 0 && !thread.mem().in_range(control_at, guest.control_bytes)) return -EFAULT;
    if (int64_t r = load_iovec(thread, guest.iov, guest.iov_count, direction, &iov); r != 0) return r;
    if (direction == Direction::kWrite) {
      if (has_name) thread.mem().before_write(name, guest.name_bytes);
      thread.mem().before_write(control_at, guest.control_bytes);
    }
    header.msg_name = has_name ? thread.mem().host(name) : nullptr;
    header.msg_namelen = has_name ? guest.name_bytes : 0;
    header.msg_iov = iov.data();
    header.msg_iovlen = iov.size();
    header.msg_control = guest.control_bytes != 0 ? thread.mem().host(control_at) : nullptr;
    header.msg_controllen = guest.control_bytes;
    if (thread.word_bytes() == 4 && guest.control_bytes != 0) {
      if (guest.control_bytes > kMostControl) return -ENOBUFS;
      if (direction == Direction::kWrite)
        control.resize(2 * guest.control_bytes + CMSG_SPACE(0));
      else if (int64_t r = widen_control(thread, control_at, guest.control_bytes, &control); r != 0)
        return r;
      header.msg_control = control.data();
      header.msg_controllen = control.size();
    }
    header.msg_flags = static_cast<int>(guest.flags);
    return 0;
  }
};

int64_t receive(Call& call, uint64_t at, int flags) {
  Thread& t = call.thread;
  GuestMsghdr guest;
  if (t.get_struct(at, &guest) != 0) return -EFAULT;
  Message message;
  if (int64_t r = message.load(t, guest, Direction::kWrite); r != 0) return r;
  const int64_t r =
      host_block(t, kRestartSys, SYS_recvmsg, call.fd(0), reinterpret_cast<long>(&message.header), flags);
  if (r < 0) return r;
  guest.name_bytes = message.header.msg_namelen;
  guest.flags = static_cast<uint32_t>(message.header.msg_flags);
  if (message.control.empty()) {
    guest.control_bytes = message.header.msg_controllen;
  } else {
    const int64_t bytes = narrow_control(t, message.header, guest.control, guest.control_bytes, &guest.flags);
    if (bytes < 0) return bytes;
    guest.control_bytes = static_cast<uint64_t>(bytes);
  }
  return t.put_struct(at, guest) != 0 ? -EFAULT : r;
}

int64_t send(Call& call, uint64_t at, int flags) {
  GuestMsghdr guest;
  if (call.thread.get_struct(at, &guest) != 0) return -EFAULT;
  Message message;
  if (int64_t r = message.load(call.thread, guest, Direction::kRead); r != 0) return r;
  return host_block(call.thread, kRestartSys, SYS_sendmsg, call.fd(0),
                    reinterpret_cast<long>(&message.header), flags);
}

bool layouts_known(const Call& call) { return call.thread.abi().knows_layouts(); }

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
  if (int64_t r = name.load(call.thread, call.arg(1), call.arg(2)); r != 0) return after_descriptor(call, r);
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
  if (call.arg(1) == 0) return after_descriptor(call, -EFAULT);
  NameOut name;
  if (int64_t r = name.load(call.thread, call.arg(1), call.arg(2)); r != 0) return after_descriptor(call, r);
  const long r = host_call(call.row.host_number, call.fd(0), reinterpret_cast<long>(name.name()),
                           reinterpret_cast<long>(name.length()));
  return r < 0 ? r : name.store(call.thread);
}

int64_t sys_recvfrom(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  NameOut name;
  if (int64_t r = name.load(call.thread, call.arg(4), call.arg(5)); r != 0) return after_descriptor(call, r);
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
  if (count == 0) return after_descriptor(call, 0);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t at = call.arg(1) + uint64_t{i} * mmsghdr_bytes(call.thread);
    int64_t r = send(call, at, call.i32(3));
    if (r >= 0) {
      const int bytes = static_cast<int>(r);
      r = call.thread.put_ints(at + call.thread.guest_bytes(StructId::k_msghdr), &bytes, 1);
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
    if (call.thread.get_struct(call.arg(4), &t) != 0) return -EFAULT;
    if (!valid_timespec(t)) return -EINVAL;
    deadline = deadline_after(CLOCK_MONOTONIC, t);
  }
  const uint32_t count = std::min<uint32_t>(call.u32(2), IOV_MAX);
  if (count == 0) return after_descriptor(call, 0);
  int flags = call.i32(3);
  uint32_t done = 0;
  int64_t error = 0;
  while (done < count) {
    const uint64_t at = call.arg(1) + uint64_t{done} * mmsghdr_bytes(call.thread);
    int64_t r = receive(call, at, flags & ~MSG_WAITFORONE);
    if (r >= 0) {
      const int bytes = static_cast<int>(r);
      r = call.thread.put_ints(at + call.thread.guest_bytes(StructId::k_msghdr), &bytes, 1);
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
    call.thread.put_struct(call.arg(4),
                           to_timespec(std::max<int64_t>(deadline - now_ns(CLOCK_MONOTONIC), 0)));
  return done != 0 ? static_cast<int64_t>(done) : error;
}

namespace {

// An option whose value is a struct timeval that is not as the host has it.
bool takes_timeval(const Call& call) {
  StructLayout layout;
  return call.i32(1) == SOL_SOCKET && (call.i32(2) == SO_RCVTIMEO || call.i32(2) == SO_SNDTIMEO) &&
         call.thread.find_layout(StructId::k_timeval, &layout);
}

}  // namespace

int64_t sys_setsockopt(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  if (call.i32(1) == SOL_SOCKET &&
      (call.i32(2) == SO_ATTACH_FILTER || call.i32(2) == SO_ATTACH_REUSEPORT_CBPF)) {
    // struct sock_fprog: a short, padded to a long, and a pointer.
    const unsigned word = call.thread.word_bytes();
    uint64_t length, filter;
    if (call.arg(4) < 2 * word) return -EINVAL;
    if (call.thread.get_word(call.arg(3), &length) != 0 ||
        call.thread.get_word(call.arg(3) + word, &filter) != 0)
      return -EFAULT;
    length &= 0xffff;
    if (!call.thread.mem().in_range(filter, length * sizeof(sock_filter))) return -EFAULT;
    sock_fprog program = {static_cast<uint16_t>(length),
                          static_cast<sock_filter*>(call.thread.mem().host(filter))};
    return host_call(SYS_setsockopt, call.fd(0), call.i32(1), call.i32(2), reinterpret_cast<long>(&program),
                     sizeof program);
  }
  if (takes_timeval(call)) {
    timeval value;
    if (call.arg(4) < call.thread.guest_bytes(StructId::k_timeval)) return -EINVAL;
    if (call.thread.get_struct(call.arg(3), &value) != 0) return -EFAULT;
    return host_call(SYS_setsockopt, call.fd(0), SOL_SOCKET, call.i32(2), reinterpret_cast<long>(&value),
                     sizeof value);
  }
  return sys_pass(call);
}

int64_t sys_getsockopt(Call& call) {
  if (!layouts_known(call)) return -ENOSYS;
  if (takes_timeval(call)) {
    timeval value;
    socklen_t bytes = sizeof value;
    if (const long r = host_call(SYS_getsockopt, call.fd(0), SOL_SOCKET, call.i32(2),
                                 reinterpret_cast<long>(&value), reinterpret_cast<long>(&bytes));
        r != 0)
      return r;
    const int given = static_cast<int>(call.thread.guest_bytes(StructId::k_timeval));
    if (call.thread.put_struct(call.arg(3), value) != 0) return -EFAULT;
    return call.thread.put_ints(call.arg(4), &given, 1);
  }
  int room;
  if (call.thread.get_int(call.arg(4), &room) != 0) return after_descriptor(call, -EFAULT);
  if (room < 0) return after_descriptor(call, -EINVAL);
  if (!call.thread.mem().in_range(call.arg(3), static_cast<uint64_t>(room)))
    return after_descriptor(call, -EFAULT);
  call.thread.mem().before_write(call.arg(3), static_cast<uint64_t>(room));
  auto length = static_cast<socklen_t>(room);
  const long r = host_call(SYS_getsockopt, call.fd(0), call.i32(1), call.i32(2), call.host(3),
                           reinterpret_cast<long>(&length));
  if (r < 0) return r;
  room = static_cast<int>(length);
  return call.thread.put_ints(call.arg(4), &room, 1);
}

}  // namespace xarch::linux_user
