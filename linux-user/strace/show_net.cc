// Sockets.
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "linux-user/strace/show.h"

namespace xarch::linux_user::strace {

void show_family(View& v, unsigned i, const ArgShow&) { v.put_names(names::family, v.u32(i)); }

void show_socket_type(View& v, unsigned i, const ArgShow&) {
  const auto word = static_cast<uint32_t>(v.thread.abi().open_flags_to_host(v.i32(i) & ~0xf));
  v.put_names(names::socket_type, v.u32(i) & 0xf);
  if (word == 0) return;
  v.put("|");
  v.put_names(names::socket_flags, word);
}

void show_socket_protocol(View& v, unsigned i, const ArgShow&) {
  switch (v.i32(0)) {
    case AF_INET:
    case AF_INET6: return v.put_names(names::ip_protocol, v.u32(i));
    case AF_NETLINK: return v.put_names(names::netlink_protocol, v.u32(i));
    case AF_PACKET:
      v.put("htons(");
      v.put_names(names::ethernet_protocol, ntohs(static_cast<uint16_t>(v.u32(i))));
      return v.put(")");
    default: return v.put_int(v.i32(i));
  }
}

namespace {

void put_unix(View& v, const struct sockaddr_un& un, uint64_t bytes) {
  const uint64_t n = bytes - offsetof(struct sockaddr_un, sun_path);
  if (n == 0) return;
  v.put(", sun_path=");
  if (un.sun_path[0] == '\0' && n > 1) {  // abstract names begin with a zero byte
    v.put("@");
    return v.put_quoted(un.sun_path + 1, n - 1, n - 1);
  }
  const size_t length = strnlen(un.sun_path, n);
  v.put_quoted(un.sun_path, length, length);
}

void put_inet6(View& v, const struct sockaddr_in6& in) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
  v.put(", sin6_port=htons(");
  v.put_uint(ntohs(in.sin6_port));
  v.put("), sin6_flowinfo=htonl(");
  v.put_uint(ntohl(in.sin6_flowinfo));
  v.put(std::string("), inet_pton(AF_INET6, \"") + text + "\", &sin6_addr), sin6_scope_id=");
  v.put_uint(in.sin6_scope_id);
}

}  // namespace

// Addresses have the same layout everywhere, but for the byte order of the family and of netlink's numbers.
void put_sockaddr(View& v, uint64_t addr, uint64_t bytes) {
  union {
    struct sockaddr_storage storage;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_nl nl;
  } a = {};
  bytes = std::min<uint64_t>(bytes, sizeof a.storage);
  if (addr == 0 || bytes < 2 || !v.read(addr, &a, bytes)) return v.put_addr(addr);
  Fields f(v, addr);
  const uint16_t family = f.u16();
  v.put("{sa_family=");
  v.put_names(names::family, family);
  if (family == AF_UNIX) {
    put_unix(v, a.un, bytes);
  } else if (family == AF_INET && bytes >= 8) {
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof text);
    v.put(", sin_port=htons(");
    v.put_uint(ntohs(a.in.sin_port));
    v.put(std::string("), sin_addr=inet_addr(\"") + text + "\")");
  } else if (family == AF_INET6 && bytes >= 28) {
    put_inet6(v, a.in6);
  } else if (family == AF_NETLINK && bytes >= 12) {
    f.u16();
    v.put(", nl_pid=");
    v.put_int(f.i32());
    char groups[32];
    snprintf(groups, sizeof groups, ", nl_groups=%08x", f.u32());
    v.put(groups);
  } else if (bytes > 2) {
    v.put(", sa_data=");
    v.put_quoted(reinterpret_cast<const char*>(&a) + 2, bytes - 2, bytes - 2);
  }
  v.put("}");
}

void show_sockaddr(View& v, unsigned i, const ArgShow& how) { put_sockaddr(v, v.arg(i), v.u32(how.n)); }

void remember_socklen(View& v, unsigned i, const ArgShow&) {
  uint32_t bytes = 0;
  v.entry_word = v.arg(i) != 0 && v.read_u32(v.arg(i), &bytes) ? bytes : 0;
}

void show_sockaddr_out(View& v, unsigned i, const ArgShow& how) {
  uint32_t bytes = 0;
  if (v.failed() || v.arg(i) == 0 || !v.read_u32(v.arg(how.n), &bytes)) return v.put_addr(v.arg(i));
  put_sockaddr(v, v.arg(i), std::min<uint64_t>(bytes, v.entry_word));
}

void show_socklen(View& v, unsigned i, const ArgShow&) {
  uint32_t bytes = 0;
  if (v.arg(i) == 0 || !v.read_u32(v.arg(i), &bytes)) return v.put_addr(v.arg(i));
  v.put("[");
  v.put_uint(v.entry_word);
  if (!v.failed() && bytes != v.entry_word) {
    v.put(" => ");
    v.put_uint(bytes);
  }
  v.put("]");
}

// ---- messages

void show_sent(View& v, unsigned i, const ArgShow&) {
  const int protocol = netlink_protocol(v.i32(0));
  uint8_t probe;
  if (protocol < 0 || !v.read(v.arg(i), &probe, 1)) return v.put_buffer_at(v.arg(i), v.arg(i + 1));
  put_netlink(v, protocol, v.arg(i), v.arg(i + 1));
}

void show_received(View& v, unsigned i, const ArgShow&) {
  if (v.failed()) return v.put_addr(v.arg(i));
  const uint64_t bytes = std::min<uint64_t>(v.arg(i + 1), static_cast<uint64_t>(v.result));
  const int protocol = netlink_protocol(v.i32(0));
  protocol >= 0 && bytes != 0 ? put_netlink(v, protocol, v.arg(i), bytes) : v.put_buffer_at(v.arg(i), bytes);
}

namespace {

void put_inet_address(View& v, Fields& f) {
  uint8_t data[4];
  for (uint8_t& byte : data) byte = f.u8();
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, data, text, sizeof text);
  v.put(std::string("inet_addr(\"") + text + "\")");
}

// struct in_pktinfo: where a datagram came in, and for which address.
void put_packet_info(View& v, uint64_t addr) {
  Fields f(v, addr);
  const uint32_t index = f.u32();
  char name[IF_NAMESIZE];
  v.put(", cmsg_data={ipi_ifindex=");
  if (index != 0 && if_indextoname(index, name) != nullptr) {
    v.put(std::string("if_nametoindex(\"") + name + "\")");
  } else {
    v.put_uint(index);
  }
  v.put(", ipi_spec_dst=");
  put_inet_address(v, f);
  v.put(", ipi_addr=");
  put_inet_address(v, f);
  v.put("}");
}

void put_control_type(View& v, uint32_t level, uint32_t type) {
  switch (level) {
    case SOL_SOCKET: return v.put_names(names::scm_type, type);
    case IPPROTO_IP: return v.put_names(names::ip_control, type);
    case IPPROTO_IPV6: return v.put_names(names::ipv6_control, type);
    default: return v.put_hex(type);
  }
}

void put_control_data(View& v, uint64_t addr, uint64_t bytes, uint32_t level, uint32_t type) {
  constexpr uint32_t kTimestamp = 29, kTimestampNs = 35;  // SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD
  if (level == SOL_SOCKET && (type == kTimestamp || type == kTimestampNs) && bytes >= 2 * v.word_bytes()) {
    v.put(", cmsg_data=");
    return type == kTimestamp ? put_timeval(v, addr) : put_timespec(v, addr);
  }
  if (level == IPPROTO_IP && type == IP_PKTINFO && bytes >= 12) return put_packet_info(v, addr);
  if (level == IPPROTO_IP && (type == IP_TTL || (type == IP_TOS && bytes == 1))) {
    Fields f(v, addr);
    v.put(", cmsg_data=[");
    type == IP_TTL ? v.put_uint(f.u32()) : v.put_hex(f.u8());
    return v.put("]");
  }
  if (level == SOL_SOCKET && type == SCM_RIGHTS) {
    v.put(", cmsg_data=[");
    for (uint64_t k = 0; k + 4 <= bytes; k += 4) {
      if (k != 0) v.put(", ");
      Fields f(v, addr + k);
      v.put_fd(f.i32());
    }
    return v.put("]");
  }
  if (level == SOL_SOCKET && type == SCM_CREDENTIALS && bytes >= 12) {
    Fields f(v, addr);
    v.put(", cmsg_data={pid=");
    v.put_int(f.i32());
    v.put(", uid=");
    v.put_uint(f.u32());
    v.put(", gid=");
    v.put_uint(f.u32());
    return v.put("}");
  }
  v.put(", cmsg_data=");
  v.put_buffer_at(addr, bytes);
}

void put_control(View& v, uint64_t addr, uint64_t bytes) {
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  const uint64_t head = v.word_bytes() + 8;
  v.put("[");
  bool first = true;
  for (uint64_t at = 0; at + head <= bytes;) {
    Fields f(v, addr + at);
    const uint64_t length = f.word();
    const uint32_t level = f.u32(), type = f.u32();
    if (length < head || length > bytes - at) break;
    if (!first) v.put(", ");
    first = false;
    v.put("{cmsg_len=");
    v.put_uint(length);
    v.put(", cmsg_level=");
    v.put_names(names::sock_level, level);
    v.put(", cmsg_type=");
    put_control_type(v, level, type);
    put_control_data(v, addr + at + head, length - head, level, type);
    v.put("}");
    at += (length + v.word_bytes() - 1) & ~uint64_t{v.word_bytes() - 1};
  }
  v.put("]");
}

// `filled`: bytes of data that are there. `room`: for an address, of a message that has been received.
void put_msghdr(View& v, uint64_t addr, uint64_t filled, bool received, uint64_t room = 0) {
  uint64_t probe;
  if (addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  Fields f(v, addr);
  const uint64_t name = f.word(), name_bytes = f.u32();
  const uint64_t iov = f.word(), iov_count = f.word();
  const uint64_t control = f.word(), control_bytes = f.word();
  const uint32_t flags = f.u32();
  v.put("{msg_name=");
  put_sockaddr(v, name, name_bytes);
  v.put(", msg_namelen=");
  if (room != 0 && room != name_bytes) {
    v.put_uint(room);
    v.put(" => ");
  }
  v.put_uint(name_bytes);
  v.put(", msg_iov=");
  const int netlink = netlink_protocol(v.i32(0));
  {
    Fields e(v, iov);
    v.put("[");
    for (uint64_t k = 0; k < std::min<uint64_t>(iov_count, v.settings.string_limit); ++k) {
      const uint64_t base = e.word(), bytes = e.word();
      const uint64_t n = std::min(bytes, filled);
      filled -= n;
      if (k != 0) v.put(", ");
      v.put("{iov_base=");
      netlink >= 0 && n != 0 ? put_netlink(v, netlink, base, n) : v.put_buffer_at(base, n);
      v.put(", iov_len=");
      v.put_uint(bytes);
      v.put("}");
    }
    v.put("]");
  }
  v.put(", msg_iovlen=");
  v.put_uint(iov_count);
  if (control != 0 && control_bytes != 0) {
    v.put(", msg_control=");
    put_control(v, control, control_bytes);
  }
  v.put(", msg_controllen=");
  v.put_uint(control_bytes);
  v.put(", msg_flags=");
  v.put_names(names::msg_flags, received || flags != 0 ? flags : 0);
  v.put("}");
}

}  // namespace

void show_msghdr(View& v, unsigned i, const ArgShow& how) {
  if (!how.out) return put_msghdr(v, v.arg(i), UINT64_MAX, false);
  if (uint64_t probe; v.failed() && v.arg(i) != 0 && v.read_word(v.arg(i), &probe)) {
    Fields f(v, v.arg(i) + v.word_bytes());
    v.put("{msg_namelen=");
    v.put_uint(f.u32());
    return v.put("}");
  }
  put_msghdr(v, v.arg(i), static_cast<uint64_t>(v.result), true, v.entry_word);
}

void remember_name_room(View& v, unsigned i, const ArgShow&) {
  uint32_t bytes = 0;
  v.entry_word = v.arg(i) != 0 && v.read_u32(v.arg(i) + v.word_bytes(), &bytes) ? bytes : 0;
}

// Of an array only those that have been sent or received.
void show_mmsghdrs(View& v, unsigned i, const ArgShow& how) {
  if (v.failed()) return v.put_addr(v.arg(i));
  const uint64_t bytes = v.is64() ? 64 : 32;
  v.put("[");
  for (int64_t k = 0; k < std::min<int64_t>(v.result, v.settings.string_limit); ++k) {
    const uint64_t at = v.arg(i) + static_cast<uint64_t>(k) * bytes;
    Fields f(v, at + bytes - 2 * v.word_bytes() + (v.is64() ? 8 : 4));
    const uint32_t length = f.u32();
    if (k != 0) v.put(", ");
    v.put("{msg_hdr=");
    put_msghdr(v, at, length, how.names == nullptr);
    v.put(", msg_len=");
    v.put_uint(length);
    v.put("}");
  }
  v.put("]");
}

// ---- options

void show_sock_option(View& v, unsigned i, const ArgShow&) {
  switch (v.i32(i - 1)) {
    case SOL_SOCKET: return v.put_names(names::so_option, v.u32(i));
    case IPPROTO_IP: return v.put_names(names::ip_option, v.u32(i));
    case IPPROTO_IPV6: return v.put_names(names::ipv6_option, v.u32(i));
    case IPPROTO_TCP: return v.put_names(names::tcp_option, v.u32(i));
    default: return v.put_hex(v.u32(i));
  }
}

// how.out: getsockopt, whose length is behind a pointer.
void show_sock_value(View& v, unsigned i, const ArgShow& how) {
  const uint64_t addr = v.arg(i);
  uint32_t bytes = v.u32(4);
  uint32_t word = 0;
  if (how.out && (v.failed() || !v.read_u32(v.arg(4), &bytes))) return v.put_addr(addr);
  if (addr == 0 || !v.read(addr, &word, std::min(bytes, 4u))) return v.put_addr(addr);
  const bool socket = v.i32(1) == SOL_SOCKET;
  const int option = v.i32(2);
  Fields f(v, addr);
  if (socket && option == SO_LINGER && bytes >= 8) {
    v.put("{l_onoff=");
    v.put_int(f.i32());
    v.put(", l_linger=");
    v.put_int(f.i32());
    return v.put("}");
  }
  if (socket && (option == SO_RCVTIMEO || option == SO_SNDTIMEO) && bytes >= 16) return put_timeval(v, addr);
  if (socket && option == SO_PEERCRED && bytes >= 12) {
    v.put("{pid=");
    v.put_int(f.i32());
    v.put(", uid=");
    v.put_uint(f.u32());
    v.put(", gid=");
    v.put_uint(f.u32());
    return v.put("}");
  }
  if (v.i32(1) == IPPROTO_IP && (option == IP_ADD_MEMBERSHIP || option == IP_DROP_MEMBERSHIP) && bytes >= 8) {
    v.put("{imr_multiaddr=");
    put_inet_address(v, f);
    v.put(", imr_interface=");
    put_inet_address(v, f);
    return v.put("}");
  }
  if (bytes != 4) return v.put_buffer_at(addr, bytes);
  v.put("[");
  const uint32_t value = f.u32();
  if (socket && option == SO_TYPE) {
    v.put_names(names::socket_type, value);
  } else if (socket && option == SO_DOMAIN) {
    v.put_names(names::family, value);
  } else if (socket && option == SO_PROTOCOL) {
    v.put_names(names::ip_protocol, value);
  } else if (const char* name = socket && option == SO_ERROR && value != 0
                                    ? strerrorname_np(static_cast<int>(value))
                                    : nullptr;
             name != nullptr) {
    v.put(name);
  } else {
    v.put_int(static_cast<int32_t>(value));
  }
  v.put("]");
}

}  // namespace xarch::linux_user::strace
