// ioctl: names of requests, and what terminals, files and sockets are asked.
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

void put_termios(View& v, uint64_t addr) {
  uint32_t iflag;
  if (addr == 0 || !v.read_u32(addr, &iflag)) return v.put_addr(addr);
  Fields f(v, addr + 4);
  const uint32_t oflag = f.u32(), cflag = f.u32(), lflag = f.u32();
  v.put("{c_iflag=");
  v.put_names(names::term_iflag, iflag);
  constexpr uint32_t kDelays = NLDLY | CRDLY | TABDLY | BSDLY | VTDLY | FFDLY;
  v.put(", c_oflag=");
  if ((oflag & kDelays) == 0) {
    v.put("NL0|CR0|TAB0|BS0|VT0|FF0");
  } else {
    v.put_names(names::term_delays, oflag & kDelays);
  }
  if ((oflag & ~kDelays) != 0) v.put("|");
  if ((oflag & ~kDelays) != 0) v.put_names(names::term_oflag, oflag & ~kDelays);
  v.put(", c_cflag=");
  v.put_names(names::baud, cflag & CBAUD);
  v.put("|");
  v.put_names(names::term_char_size, cflag & CSIZE);
  constexpr uint32_t kRest = ~static_cast<uint32_t>(CBAUD | CSIZE | CIBAUD);
  if ((cflag & kRest) != 0) v.put("|");
  if ((cflag & kRest) != 0) v.put_names(names::term_cflag, cflag & kRest);
  v.put(", c_lflag=");
  v.put_names(names::term_lflag, lflag);
  v.put(", ...}");
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

// struct ifreq: a name and what the request is about.
void put_ifreq(View& v, uint64_t addr, uint32_t request) {
  char name[17] = {};
  if (addr == 0 || !v.read(addr, name, 16)) return v.put_addr(addr);
  v.put("{ifr_name=");
  v.put_quoted(name, __builtin_strlen(name), 16);
  Fields f(v, addr + 16);
  switch (request) {
    case SIOCGIFFLAGS:
      v.put(", ifr_flags=");
      v.put_hex(f.u16());
      break;
    case SIOCGIFINDEX:
      v.put(", ifr_ifindex=");
      v.put_int(f.i32());
      break;
    case SIOCGIFMTU:
      v.put(", ifr_mtu=");
      v.put_int(f.i32());
      break;
    case SIOCGIFADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFBRDADDR:
      v.put(", ifr_addr=");
      put_sockaddr(v, addr + 16, 16);
      break;
    default: v.put(", ...");
  }
  v.put("}");
}

bool is_interface_request(uint32_t request) {
  return request >= SIOCGIFNAME && request <= SIOCSIFTXQLEN && request != SIOCGIFCONF;
}

bool sets_terminal(uint32_t r) { return r == TCSETS || r == TCSETSW || r == TCSETSF; }

}  // namespace

void show_ioctl(View& v, unsigned i, const ArgShow&) {
  const uint32_t request = v.u32(i);
  const uint64_t arg = v.arg(i + 1);
  v.put(", ");
  put_request(v, request);
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
    case TIOCNOTTY:
    case TIOCEXCL:
    case TIOCNXCL:
    case TIOCSBRK:
    case TIOCCBRK:
    case BLKFLSBUF:
    case BLKRRPART: return;
    default: v.put(", ");
  }
  if (sets_terminal(request)) return put_termios(v, arg);
  switch (request) {
    case TIOCSWINSZ: return put_winsize(v, arg);
    case FIONBIO:
    case FIOASYNC:
    case TIOCSPGRP:
    case TIOCSETD:
    case TIOCPKT:
    case TIOCSPTLCK: return put_int_behind(v, arg, false);
    case TIOCSCTTY:
    case TCSBRK:
    case TCSBRKP:
    case TCXONC:
    case TCFLSH:
    case FICLONE: return v.put_int(static_cast<int32_t>(arg));
    case TIOCGPTPEER: return v.put_names(names::open_flags, arg);
    default: break;
  }
  const bool empty = v.failed();  // what was to be filled
  switch (request) {
    case TCGETS: return empty ? v.put_addr(arg) : put_termios(v, arg);
    case TIOCGWINSZ: return empty ? v.put_addr(arg) : put_winsize(v, arg);
    case FIONREAD:
    case TIOCOUTQ:
    case TIOCGPGRP:
    case TIOCGSID:
    case TIOCGETD:
    case TIOCGPTN:
    case FIGETBSZ:
    case BLKSSZGET:
    case BLKROGET:
    case BLKIOMIN:
    case BLKIOOPT:
    case BLKPBSZGET: return empty ? v.put_addr(arg) : put_int_behind(v, arg, false);
    case FS_IOC_GETFLAGS:
    case TIOCMGET: return empty ? v.put_addr(arg) : put_int_behind(v, arg, true);
    case BLKGETSIZE64: {
      uint64_t bytes;
      if (empty || !v.read_u64(arg, &bytes)) return v.put_addr(arg);
      v.put("[");
      v.put_uint(bytes);
      return v.put("]");
    }
    default: break;
  }
  is_interface_request(request) ? put_ifreq(v, arg, request) : v.put_hex(arg);
}

}  // namespace xarch::linux_user::strace
