// Netlink messages: the headers of all families; of routing's, what stands behind them.
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "linux-user/strace/show.h"

namespace xarch::linux_user::strace {

namespace {

constexpr uint64_t kHeadBytes = 16, kAttributeHeadBytes = 4;
uint64_t aligned(uint64_t bytes) { return (bytes + 3) & ~uint64_t{3}; }

// What an attribute's value is.
enum class Kind : uint8_t {
  kBytes,
  kU8,
  kU32,
  kText,
  kAddress,
  kHardware,
  kInterface,
  kTable,
  kFlags,
  kTimes
};

struct Attribute {
  uint16_t type;
  const char* name;
  Kind kind;
};

constexpr Attribute kLink[] = {
    {1, "IFLA_ADDRESS", Kind::kHardware},
    {2, "IFLA_BROADCAST", Kind::kHardware},
    {3, "IFLA_IFNAME", Kind::kText},
    {4, "IFLA_MTU", Kind::kU32},
    {5, "IFLA_LINK", Kind::kInterface},
    {6, "IFLA_QDISC", Kind::kText},
    {7, "IFLA_STATS", Kind::kBytes},
    {10, "IFLA_MASTER", Kind::kInterface},
    {12, "IFLA_PROTINFO", Kind::kBytes},
    {13, "IFLA_TXQLEN", Kind::kU32},
    {14, "IFLA_MAP", Kind::kBytes},
    {16, "IFLA_OPERSTATE", Kind::kU8},
    {17, "IFLA_LINKMODE", Kind::kU8},
    {18, "IFLA_LINKINFO", Kind::kBytes},
    {19, "IFLA_NET_NS_PID", Kind::kU32},
    {20, "IFLA_IFALIAS", Kind::kText},
    {23, "IFLA_STATS64", Kind::kBytes},
    {26, "IFLA_AF_SPEC", Kind::kBytes},
    {27, "IFLA_GROUP", Kind::kU32},
    {29, "IFLA_EXT_MASK", Kind::kU32},
    {30, "IFLA_PROMISCUITY", Kind::kU32},
    {31, "IFLA_NUM_TX_QUEUES", Kind::kU32},
    {32, "IFLA_NUM_RX_QUEUES", Kind::kU32},
    {33, "IFLA_CARRIER", Kind::kU8},
    {34, "IFLA_PHYS_PORT_ID", Kind::kBytes},
    {35, "IFLA_CARRIER_CHANGES", Kind::kU32},
    {36, "IFLA_PHYS_SWITCH_ID", Kind::kBytes},
    {37, "IFLA_LINK_NETNSID", Kind::kU32},
    {38, "IFLA_PHYS_PORT_NAME", Kind::kText},
    {39, "IFLA_PROTO_DOWN", Kind::kU8},
    {40, "IFLA_GSO_MAX_SEGS", Kind::kU32},
    {41, "IFLA_GSO_MAX_SIZE", Kind::kU32},
    {43, "IFLA_XDP", Kind::kBytes},
    {47, "IFLA_CARRIER_UP_COUNT", Kind::kU32},
    {48, "IFLA_CARRIER_DOWN_COUNT", Kind::kU32},
    {50, "IFLA_MIN_MTU", Kind::kU32},
    {51, "IFLA_MAX_MTU", Kind::kU32},
    {52, "IFLA_PROP_LIST", Kind::kBytes},
    {54, "IFLA_PERM_ADDRESS", Kind::kHardware},
    {56, "IFLA_PARENT_DEV_NAME", Kind::kText},
    {57, "IFLA_PARENT_DEV_BUS_NAME", Kind::kText},
    {58, "IFLA_GRO_MAX_SIZE", Kind::kU32},
    {59, "IFLA_TSO_MAX_SIZE", Kind::kU32},
    {60, "IFLA_TSO_MAX_SEGS", Kind::kU32},
    {61, "IFLA_ALLMULTI", Kind::kU32},
};
constexpr Attribute kAddress[] = {
    {1, "IFA_ADDRESS", Kind::kAddress},   {2, "IFA_LOCAL", Kind::kAddress},
    {3, "IFA_LABEL", Kind::kText},        {4, "IFA_BROADCAST", Kind::kAddress},
    {5, "IFA_ANYCAST", Kind::kAddress},   {6, "IFA_CACHEINFO", Kind::kTimes},
    {7, "IFA_MULTICAST", Kind::kAddress}, {8, "IFA_FLAGS", Kind::kFlags},
    {9, "IFA_RT_PRIORITY", Kind::kU32},
};
constexpr Attribute kRoute[] = {
    {1, "RTA_DST", Kind::kAddress},      {2, "RTA_SRC", Kind::kAddress},
    {3, "RTA_IIF", Kind::kInterface},    {4, "RTA_OIF", Kind::kInterface},
    {5, "RTA_GATEWAY", Kind::kAddress},  {6, "RTA_PRIORITY", Kind::kU32},
    {7, "RTA_PREFSRC", Kind::kAddress},  {8, "RTA_METRICS", Kind::kBytes},
    {12, "RTA_CACHEINFO", Kind::kBytes}, {15, "RTA_TABLE", Kind::kTable},
    {16, "RTA_MARK", Kind::kU32},        {20, "RTA_PREF", Kind::kU8},
    {25, "RTA_UID", Kind::kU32},
};
constexpr Attribute kNeighbour[] = {
    {1, "NDA_DST", Kind::kAddress},
    {2, "NDA_LLADDR", Kind::kHardware},
    {3, "NDA_CACHEINFO", Kind::kBytes},
    {4, "NDA_PROBES", Kind::kU32},
};

void put_index(View& v, uint32_t index) {
  char name[IF_NAMESIZE];
  if (index == 0 || if_indextoname(index, name) == nullptr) return v.put_uint(index);
  v.put(std::string("if_nametoindex(\"") + name + "\")");
}

// Bytes that mean nothing to us: all of them in hexadecimal.
void put_bytes(View& v, uint64_t addr, uint64_t bytes) {
  uint8_t data[256];
  const uint64_t n = std::min<uint64_t>({bytes, v.settings.string_limit, sizeof data});
  if (!v.read(addr, data, n)) return v.put_addr(addr);
  v.put("\"");
  for (uint64_t k = 0; k < n; ++k) {
    char text[8];
    snprintf(text, sizeof text, "\\x%02x", data[k]);
    v.put(text);
  }
  v.put(n < bytes ? "\"..." : "\"");
}

void put_hardware_address(View& v, uint64_t addr, uint64_t bytes) {
  for (uint64_t k = 0; k < bytes; ++k) {
    char text[8];
    uint8_t byte = 0;
    v.read(addr + k, &byte, 1);
    snprintf(text, sizeof text, k == 0 ? "%02x" : ":%02x", byte);
    v.put(text);
  }
}

void put_network_address(View& v, uint64_t addr, uint64_t bytes) {
  uint8_t data[16] = {};
  char text[INET6_ADDRSTRLEN] = "";
  if ((bytes != 4 && bytes != 16) || !v.read(addr, data, bytes)) return put_bytes(v, addr, bytes);
  inet_ntop(bytes == 4 ? AF_INET : AF_INET6, data, text, sizeof text);
  v.put(std::string(bytes == 4 ? "inet_addr(\"" : "inet_pton(AF_INET6, \"") + text + "\")");
}

void put_value(View& v, Kind kind, uint64_t addr, uint64_t bytes) {
  Fields f(v, addr);
  const bool word = bytes == 4;
  switch (kind) {
    case Kind::kU8: return bytes == 1 ? v.put_uint(f.u8()) : put_bytes(v, addr, bytes);
    case Kind::kU32: return word ? v.put_uint(f.u32()) : put_bytes(v, addr, bytes);
    case Kind::kInterface: return word ? put_index(v, f.u32()) : put_bytes(v, addr, bytes);
    case Kind::kTable: return word ? v.put_names(names::route_table, f.u32()) : put_bytes(v, addr, bytes);
    case Kind::kFlags: return word ? v.put_names(names::address_flags, f.u32()) : put_bytes(v, addr, bytes);
    case Kind::kText: return v.put_string_at(addr, true);
    case Kind::kAddress: return put_network_address(v, addr, bytes);
    case Kind::kHardware: return put_hardware_address(v, addr, std::min<uint64_t>(bytes, 32));
    case Kind::kTimes:
      if (bytes < 16) return put_bytes(v, addr, bytes);
      for (const char* name : {"{ifa_prefered=", ", ifa_valid=", ", cstamp=", ", tstamp="}) {
        v.put(name);
        v.put_uint(f.u32());
      }
      return v.put("}");
    default: return put_bytes(v, addr, bytes);
  }
}

void put_attribute(View& v, std::span<const Attribute> table, const char* unknown, uint64_t addr,
                   uint64_t bytes) {
  Fields f(v, addr + 2);
  const auto type = static_cast<uint16_t>(f.u16() & 0x3fff);
  const Attribute* found = nullptr;
  for (const Attribute& a : table)
    if (a.type == type) found = &a;
  v.put("[{nla_len=");
  v.put_uint(bytes);
  v.put(", nla_type=");
  if (found != nullptr) {
    v.put(found->name);
  } else {
    v.put_hex(type);
    v.put(std::string(" /* ") + unknown + " */");
  }
  v.put("}, ");
  put_value(v, found != nullptr ? found->kind : Kind::kBytes, addr + kAttributeHeadBytes,
            bytes - kAttributeHeadBytes);
  v.put("]");
}

void put_attributes(View& v, std::span<const Attribute> table, const char* unknown, uint64_t addr,
                    uint64_t end) {
  if (addr + kAttributeHeadBytes > end) return;
  const auto length = [&](uint64_t at) -> uint64_t {
    if (at + kAttributeHeadBytes > end) return 0;
    Fields f(v, at);
    const uint64_t bytes = f.u16();
    return bytes >= kAttributeHeadBytes && at + bytes <= end ? bytes : 0;
  };
  const uint64_t first = length(addr);
  v.put(", ");
  if (first == 0) return put_bytes(v, addr, end - addr);
  const bool several = length(addr + aligned(first)) != 0;
  if (several) v.put("[");
  for (uint64_t at = addr; const uint64_t bytes = length(at); at += aligned(bytes)) {
    if (at != addr) v.put(", ");
    put_attribute(v, table, unknown, at, bytes);
  }
  if (several) v.put("]");
}

// ---- the structs that routing's messages begin with

struct Part {
  const char* name;
  void (*put)(View& v, Fields& f);
};

void byte_value(View& v, Fields& f) { v.put_uint(f.u8()); }
void any_family(View& v, Fields& f) { v.put_names(names::family, f.u8()); }
void word_index(View& v, Fields& f) { put_index(v, f.u32()); }
void scope(View& v, Fields& f) { v.put_names(names::route_scope, f.u8()); }

constexpr Part kLinkParts[] = {
    {", ifi_type=", [](View& v, Fields& f) { f.align(2), v.put_names(names::arp_hardware, f.u16()); }},
    {", ifi_index=", word_index},
    {", ifi_flags=", [](View& v, Fields& f) { v.put_names(names::interface_flags, f.u32()); }},
    {", ifi_change=", [](View& v, Fields& f) { v.put_hex(f.u32()); }},
};
constexpr Part kAddressParts[] = {
    {", ifa_prefixlen=", byte_value},
    {", ifa_flags=", [](View& v, Fields& f) { v.put_names(names::address_flags, f.u8()); }},
    {", ifa_scope=", scope},
    {", ifa_index=", word_index},
};
constexpr Part kRouteParts[] = {
    {", rtm_dst_len=", byte_value},
    {", rtm_src_len=", byte_value},
    {", rtm_tos=", byte_value},
    {", rtm_table=", [](View& v, Fields& f) { v.put_names(names::route_table, f.u8()); }},
    {", rtm_protocol=", [](View& v, Fields& f) { v.put_names(names::route_protocol, f.u8()); }},
    {", rtm_scope=", scope},
    {", rtm_type=", [](View& v, Fields& f) { v.put_names(names::route_type, f.u8()); }},
    {", rtm_flags=", [](View& v, Fields& f) { v.put_names(names::route_flags, f.u32()); }},
};
constexpr Part kNeighbourParts[] = {
    {", ndm_ifindex=", [](View& v, Fields& f) { f.align(4), put_index(v, f.u32()); }},
    {", ndm_state=", [](View& v, Fields& f) { v.put_names(names::neighbour_state, f.u16()); }},
    {", ndm_flags=", [](View& v, Fields& f) { v.put_names(names::neighbour_flags, f.u8()); }},
    {", ndm_type=", [](View& v, Fields& f) { v.put_names(names::route_type, f.u8()); }},
};

struct Group {
  uint16_t first;  // of the four types: new, delete, get, set
  uint64_t bytes;
  const char* family;
  std::span<const Part> parts;
  std::span<const Attribute> attributes;
  const char* unknown;
};
constexpr Group kGroups[] = {
    {RTM_NEWLINK, 16, "{ifi_family=", kLinkParts, kLink, "IFLA_???"},
    {RTM_NEWADDR, 8, "{ifa_family=", kAddressParts, kAddress, "IFA_???"},
    {RTM_NEWROUTE, 12, "{rtm_family=", kRouteParts, kRoute, "RTA_???"},
    {RTM_NEWNEIGH, 12, "{ndm_family=", kNeighbourParts, kNeighbour, "NDA_???"},
};

// What stands behind the header of a message of routing's.
void put_routing(View& v, uint16_t type, uint64_t addr, uint64_t bytes) {
  for (const Group& g : kGroups) {
    if (type < g.first || type >= g.first + 4) continue;
    Fields f(v, addr);
    v.put(g.family);
    any_family(v, f);
    if (bytes < g.bytes) return v.put(", ...}");
    for (const Part& part : g.parts) {
      v.put(part.name);
      part.put(v, f);
    }
    v.put("}");
    return put_attributes(v, g.attributes, g.unknown, addr + g.bytes, addr + bytes);
  }
  put_bytes(v, addr, bytes);
}

// The meaning of the upper bits depends on what is asked for.
const NameTable& flags_of(int protocol, uint16_t type) {
  if (type == NLMSG_ERROR || type == NLMSG_DONE) return names::netlink_ack_flags;
  if (protocol != NETLINK_ROUTE || type < RTM_BASE) return names::netlink_flags;
  switch (type % 4) {
    case 0: return names::netlink_new_flags;
    case 2: return names::netlink_get_flags;
    default: return names::netlink_flags;
  }
}

void put_head(View& v, int protocol, uint64_t addr) {
  Fields f(v, addr);
  v.put("{nlmsg_len=");
  v.put_uint(f.u32());
  const uint16_t type = f.u16();
  v.put(", nlmsg_type=");
  if (protocol == NETLINK_ROUTE && type >= RTM_BASE) {
    v.put_names(names::route_message, type);
  } else if (protocol == NETLINK_GENERIC && type == 0x10) {
    v.put("nlctrl");
  } else {
    v.put_names(names::netlink_type, type);
  }
  v.put(", nlmsg_flags=");
  v.put_names(flags_of(protocol, type), f.u16());
  v.put(", nlmsg_seq=");
  v.put_uint(f.u32());
  v.put(", nlmsg_pid=");
  v.put_int(f.i32());
  v.put("}");
}

void put_message(View& v, int protocol, uint64_t addr, uint64_t bytes);

void put_error(View& v, int protocol, uint64_t addr, uint64_t bytes) {
  Fields f(v, addr);
  const int error = f.i32();
  const char* name = strerrorname_np(-error);
  v.put("{error=");
  error < 0 && name != nullptr ? v.put(std::string("-") + name) : v.put_int(error);
  if (bytes >= 4 + kHeadBytes) {
    v.put(", msg=");
    put_message(v, protocol, addr + 4, bytes - 4);
  }
  v.put("}");
}

// `bytes`: of the message, or what is there of it.
void put_message(View& v, int protocol, uint64_t addr, uint64_t bytes) {
  Fields f(v, addr + 4);
  const uint16_t type = f.u16();
  if (bytes <= kHeadBytes) return put_head(v, protocol, addr);
  const uint64_t data = addr + kHeadBytes, data_bytes = bytes - kHeadBytes;
  v.put("[");
  put_head(v, protocol, addr);
  v.put(", ");
  Fields word(v, data);
  if (type == NLMSG_ERROR && data_bytes >= 4) {
    put_error(v, protocol, data, data_bytes);
  } else if (type == NLMSG_DONE && data_bytes >= 4) {
    v.put_int(word.i32());
  } else if (protocol == NETLINK_ROUTE) {
    put_routing(v, type, data, data_bytes);
  } else {
    put_bytes(v, data, data_bytes);
  }
  v.put("]");
}

}  // namespace

int netlink_protocol(int fd) {
  int domain = 0, protocol = 0;
  socklen_t bytes = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0 || domain != AF_NETLINK) return -1;
  bytes = sizeof protocol;
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &bytes) == 0 ? protocol : -1;
}

void put_netlink(View& v, int protocol, uint64_t addr, uint64_t bytes) {
  const auto length = [&](uint64_t at) -> uint64_t {
    uint32_t n = 0;
    if (at + kHeadBytes > bytes || !v.read_u32(addr + at, &n) || n < kHeadBytes) return 0;
    return std::min<uint64_t>(n, bytes - at);
  };
  const uint64_t first = length(0);
  // Events of the kernel's devices are text.
  if (protocol == NETLINK_KOBJECT_UEVENT) return v.put_buffer_at(addr, bytes);
  if (first == 0) return put_bytes(v, addr, bytes);
  const bool several = length(aligned(first)) != 0;
  if (several) v.put("[");
  uint64_t at = 0;
  for (unsigned k = 0; const uint64_t n = length(at); at += aligned(n), ++k) {
    if (k != 0) v.put(", ");
    if (k == v.settings.string_limit) {
      v.put("...");
      break;
    }
    put_message(v, protocol, addr + at, n);
  }
  if (several) v.put("]");
}

}  // namespace xarch::linux_user::strace
