// ioctl: names of requests, and what terminals, files and sockets are asked.
#include <asm-generic/sockios.h>

#include <algorithm>
#include <initializer_list>

#include "linux-user/strace/show.h"

namespace xarch::linux_user::strace {

namespace {

// Requests that share numbers go by the order of the table: SNDCTL_TMR_* and the like are none of ours.
void put_request(View& v, uint32_t request) {
  for (const Name& n : names::ioctl_request.names)
    if (n.value == request) return v.put(n.text);
  v.put("_IOC(");
  const uint32_t dir = request >> 30;
  v.put(dir == 0 ? "_IOC_NONE" : dir == 1 ? "_IOC_WRITE" : dir == 2 ? "_IOC_READ" : "_IOC_READ|_IOC_WRITE");
  v.put(", ");
  v.put_hex(request >> 8 & 0xff);
  v.put(", ");
  v.put_hex(request & 0xff);
  v.put(", ");
  v.put_hex(request >> 16 & 0x3fff);
  v.put(")");
}

constexpr uint32_t kGetTermios2 = 0x802c542a, kSetTermios2 = 0x402c542b, kFlushTermios2 = 0x402c542d;

struct TermiosFlags {
  uint32_t iflag, oflag, cflag, lflag;
};

void put_terminal_flags(View& v, const TermiosFlags& t) {
  v.put("{c_iflag=");
  if (t.iflag != 0) v.put_names(names::term_iflag, t.iflag);
  constexpr uint32_t kDelays = NLDLY | CRDLY | TABDLY | BSDLY | VTDLY | FFDLY;
  v.put(", c_oflag=");
  if ((t.oflag & kDelays) == 0) {
    v.put("NL0|CR0|TAB0|BS0|VT0|FF0");
  } else {
    v.put_names(names::term_delays, t.oflag & kDelays);
  }
  v.put("|");
  if ((t.oflag & ~kDelays) != 0) v.put_names(names::term_oflag, t.oflag & ~kDelays);
  v.put(", c_cflag=");
  v.put_names(names::baud, t.cflag & CBAUD);
  v.put("|");
  v.put_names(names::term_char_size, t.cflag & CSIZE);
  v.put("|");
  constexpr uint32_t kRest = ~static_cast<uint32_t>(CBAUD | CSIZE | CIBAUD);
  if ((t.cflag & kRest) != 0) v.put_names(names::term_cflag, t.cflag & kRest);
  v.put(", c_lflag=");
  if (t.lflag != 0) v.put_names(names::term_lflag, t.lflag);
  v.put(", ...}");
}

// struct termios and termios2 begin alike.
void put_termios(View& v, uint64_t addr) {
  uint32_t iflag;
  if (addr == 0 || !v.read_u32(addr, &iflag)) return v.put_addr(addr);
  Fields f(v, addr + 4);
  const uint32_t oflag = f.u32(), cflag = f.u32(), lflag = f.u32();
  put_terminal_flags(v, {iflag, oflag, cflag, lflag});
}

// System V's struct, with words of 16 bits.
void put_termio(View& v, uint64_t addr) {
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  Fields f(v, addr);
  const uint32_t iflag = f.u16(), oflag = f.u16(), cflag = f.u16(), lflag = f.u16();
  put_terminal_flags(v, {iflag, oflag, cflag, lflag});
}

void put_winsize(View& v, uint64_t addr) {
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  Fields f(v, addr);
  const char* before = "{ws_row=";
  for (const char* next : {", ws_col=", ", ws_xpixel=", ", ws_ypixel=", "}"}) {
    v.put(before);
    v.put_uint(f.u16());
    before = next;
  }
  v.put(before);
}

void put_int_behind(View& v, uint64_t addr, bool hex) {
  uint32_t value;
  if (addr == 0 || !v.read_u32(addr, &value)) return v.put_addr(addr);
  v.put("[");
  hex ? v.put_hex(value) : v.put_int(static_cast<int32_t>(value));
  v.put("]");
}

void put_hardware(View& v, Fields& f) {
  v.put(", ifr_hwaddr={sa_family=");
  v.put_names(names::arp_hardware, f.u16());
  v.put(", sa_data=");
  for (unsigned k = 0; k < 6; ++k) {
    char text[8];
    snprintf(text, sizeof text, k == 0 ? "%02x" : ":%02x", f.u8());
    v.put(text);
  }
  v.put("}");
}

void put_field_address(View& v, const char* name, uint64_t addr) {
  v.put(name);
  put_sockaddr(v, addr + 16, 16);
}

// struct ifreq: a name and what the request is about.
void put_ifreq(View& v, uint64_t addr, uint32_t request) {
  char name[17] = {};
  if (addr == 0 || !v.read(addr, name, 16)) return v.put_addr(addr);
  Fields f(v, addr + 16);
  if (request == SIOCGIFNAME) {
    v.put("{ifr_ifindex=");
    v.put_int(f.i32());
    if (v.failed()) return v.put("}");
    v.put(", ");
  } else {
    v.put("{");
  }
  v.put("ifr_name=");
  v.put_quoted(name, __builtin_strlen(name), 16);
  if (request == SIOCGIFNAME) return v.put("}");
  switch (request) {
    case SIOCGIFFLAGS:
    case SIOCSIFFLAGS:
      v.put(", ifr_flags=");
      v.put_names(names::interface_flags, f.u16());
      break;
    case SIOCGIFMETRIC:
    case SIOCSIFMETRIC:
      v.put(", ifr_metric=");
      v.put_int(f.i32());
      break;
    case SIOCGIFTXQLEN:
    case SIOCSIFTXQLEN:
      v.put(", ifr_qlen=");
      v.put_int(f.i32());
      break;
    case SIOCGIFHWADDR: put_hardware(v, f); break;
    case SIOCGIFINDEX:
      v.put(", ifr_ifindex=");
      v.put_int(f.i32());
      break;
    case SIOCGIFMTU:
    case SIOCSIFMTU:
      v.put(", ifr_mtu=");
      v.put_int(f.i32());
      break;
    case SIOCGIFADDR:
    case SIOCSIFADDR: put_field_address(v, ", ifr_addr=", addr); break;
    case SIOCGIFNETMASK:
    case SIOCSIFNETMASK: put_field_address(v, ", ifr_netmask=", addr); break;
    case SIOCGIFBRDADDR:
    case SIOCSIFBRDADDR: put_field_address(v, ", ifr_broadaddr=", addr); break;
    case SIOCGIFDSTADDR:
    case SIOCSIFDSTADDR: put_field_address(v, ", ifr_dstaddr=", addr); break;
    default: v.put(", ...");
  }
  v.put("}");
}

// struct ifconf: a list of interfaces, or the room that one needs.
void put_ifconf(View& v, uint64_t addr, bool filled) {
  uint32_t bytes;
  if (addr == 0 || !v.read_u32(addr, &bytes)) return v.put_addr(addr);
  const uint64_t entry = v.is64() ? 40 : 32;
  Fields f(v, addr + v.word_bytes());
  const uint64_t list = f.word();
  v.put("{ifc_len=");
  v.put_int(static_cast<int32_t>(bytes));
  if (bytes % entry == 0 && bytes != 0) {
    v.put(" /* ");
    v.put_uint(bytes / entry);
    v.put(" * sizeof(struct ifreq) */");
  }
  v.put(", ifc_buf=");
  if (!filled || list == 0) {
    v.put_addr(list);
    return v.put("}");
  }
  v.put("[");
  for (uint64_t k = 0; k < std::min<uint64_t>(bytes / entry, v.settings.string_limit); ++k) {
    if (k != 0) v.put(", ");
    put_ifreq(v, list + k * entry, SIOCGIFADDR);
  }
  v.put("]}");
}

// struct fiemap without its extents, struct fsxattr.
void put_words(View& v, uint64_t addr, std::initializer_list<const char*> wide,
               std::initializer_list<const char*> narrow) {
  uint8_t probe;
  if (addr == 0 || !v.read(addr, &probe, 1)) return v.put_addr(addr);
  Fields f(v, addr);
  for (const char* name : wide) {
    v.put(name);
    v.put_uint(f.u64());
  }
  for (const char* name : narrow) {
    v.put(name);
    v.put_uint(f.u32());
  }
  v.put("}");
}

void put_inode_flags(View& v, uint64_t addr) {
  uint32_t flags;
  if (addr == 0 || !v.read_u32(addr, &flags)) return v.put_addr(addr);
  v.put("[");
  v.put_names(names::inode_flags, flags);
  v.put("]");
}

bool is_interface_request(uint32_t request) {
  return request >= SIOCGIFNAME && request <= SIOCSIFTXQLEN && request != SIOCGIFCONF;
}

bool sets_terminal(uint32_t r) {
  return r == TCSETS || r == TCSETSW || r == TCSETSF || (r >= kSetTermios2 && r <= kFlushTermios2);
}

// Requests that take nothing.
bool lacks_argument(uint32_t request) {
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
    case TIOCNOTTY:
    case TIOCEXCL:
    case TIOCNXCL:
    case TIOCSBRK:
    case TIOCCBRK:
    case FIFREEZE:
    case FITHAW:
    case BLKFLSBUF:
    case BLKRRPART:
    case 0x7001:  // RTC_AIE_ON, RTC_AIE_OFF
    case 0x7002:
    case 0xb701:  // NS_GET_USERNS, NS_GET_PARENT, NS_GET_NSTYPE
    case 0xb702:
    case 0xb703: return true;
    default: return false;
  }
}

// What the request says by itself or by what it hands over: shown whether it succeeds or not. False: none of
// these.
bool put_handed_over(View& v, uint32_t request, uint64_t arg) {
  const auto number = static_cast<int32_t>(arg);
  switch (request) {
    case TIOCSWINSZ: put_winsize(v, arg); return true;
    case TCSETA:
    case TCSETAW:
    case TCSETAF: put_termio(v, arg); return true;
    case FIONBIO:
    case FIOASYNC:
    case TIOCSPGRP:
    case TIOCSETD:
    case TIOCPKT:
    case TIOCSPTLCK:
    case FIOSETOWN:
    case SIOCSPGRP: put_int_behind(v, arg, false); return true;
    case TIOCMSET:
    case TIOCMBIS:
    case TIOCMBIC: put_int_behind(v, arg, true); return true;
    case FS_IOC_SETFLAGS: put_inode_flags(v, arg); return true;
    case TCFLSH: v.put_names(names::flush_queue, arg); return true;
    case TCXONC: v.put_names(names::flow_action, arg); return true;
    case TIOCSTI: v.put_buffer_at(arg, 1); return true;
    case TIOCSCTTY:
    case TCSBRK:
    case TCSBRKP:
    case FICLONE: v.put_int(number); return true;
    case TIOCGPTPEER:
      v.put_names(names::open_access, arg & O_ACCMODE);
      if ((arg & ~uint64_t{O_ACCMODE}) == 0) return true;
      v.put("|");
      v.put_names(names::open_flags, arg & ~uint64_t{O_ACCMODE});
      return true;
    default: return false;
  }
}

// What the kernel fills.
bool put_filled(View& v, uint32_t request, uint64_t arg) {
  switch (request) {
    case TCGETS:
    case TIOCGLCKTRMIOS:
    case kGetTermios2: put_termios(v, arg); return true;
    case TCGETA: put_termio(v, arg); return true;
    case TIOCGWINSZ: put_winsize(v, arg); return true;
    case FIONREAD:
    case TIOCOUTQ:
    case TIOCGPGRP:
    case TIOCGSID:
    case TIOCGETD:
    case TIOCGSOFTCAR:
    case TIOCGPTN:
    case TIOCGDEV:
    case TIOCGEXCL:
    case FIGETBSZ:
    case FIOGETOWN:
    case SIOCGPGRP:
    case SIOCATMARK:
    case BLKSSZGET:
    case BLKROGET:
    case BLKIOMIN:
    case BLKIOOPT:
    case BLKPBSZGET: put_int_behind(v, arg, false); return true;
    case TIOCMGET: put_int_behind(v, arg, true); return true;
    case FS_IOC_GETFLAGS: put_inode_flags(v, arg); return true;
    case SIOCGIFCONF: put_ifconf(v, arg, true); return true;
    case FS_IOC_FSGETXATTR:
      put_words(v, arg, {},
                {"{fsx_xflags=", ", fsx_extsize=", ", fsx_nextents=", ", fsx_projid=", ", fsx_cowextsize="});
      return true;
    case BLKGETSIZE64: {
      uint64_t bytes;
      if (!v.read_u64(arg, &bytes)) return false;
      v.put("[");
      v.put_uint(bytes);
      v.put("]");
      return true;
    }
    default: return false;
  }
}

}  // namespace

void show_ioctl(View& v, unsigned i, const ArgShow&) {
  const uint32_t request = v.u32(i);
  const uint64_t arg = v.arg(i + 1);
  v.put(", ");
  put_request(v, request);
  if (lacks_argument(request)) return;
  v.put(", ");
  constexpr uint32_t kFiemap = 0xc020660b;  // FS_IOC_FIEMAP
  if (sets_terminal(request)) return put_termios(v, arg);
  if (put_handed_over(v, request, arg)) return;
  if (request == kFiemap)
    return put_words(v, arg, {"{fm_start=", ", fm_length="},
                     {", fm_flags=", ", fm_mapped_extents=", ", fm_extent_count="});
  if (request == FIGETBSZ && arg == 0) return v.put("0");
  if (request == SIOCGIFCONF && v.failed()) return put_ifconf(v, arg, false);
  if (v.failed()) return is_interface_request(request) ? put_ifreq(v, arg, request) : v.put_hex(arg);
  if (put_filled(v, request, arg)) return;
  is_interface_request(request) ? put_ifreq(v, arg, request) : v.put_hex(arg);
}

}  // namespace xarch::linux_user::strace
