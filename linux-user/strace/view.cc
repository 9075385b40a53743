#include "linux-user/strace/view.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/strace/names.h"

namespace xarch::linux_user::strace {

void View::put_int(int64_t v) { out += std::to_string(v); }
void View::put_uint(uint64_t v) { out += std::to_string(v); }

void View::put_hex(uint64_t v) {
  char text[24];
  snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(v));
  out += text;
}

void View::put_octal(uint64_t v) {
  char text[32];
  snprintf(text, sizeof text, "%#llo", static_cast<unsigned long long>(v));
  out += text;
}

void View::put_addr(uint64_t v) { v == 0 ? put("NULL") : put_hex(v); }

void View::put_quoted(const char* p, size_t n, size_t limit, bool more) {
  const size_t shown = std::min(n, limit);
  out += '"';
  for (size_t i = 0; i < shown; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    static constexpr std::string_view kPlain = "\"\\\t\n\v\f\r", kEscapes = "\"\\tnvfr";
    if (const size_t at = kPlain.find(static_cast<char>(c)); at != std::string_view::npos) {
      out += '\\';
      out += kEscapes[at];
    } else if (c >= 32 && c < 127) {
      out += static_cast<char>(c);
    } else {
      // As few digits as leave no doubt.
      const bool digit_follows = i + 1 < shown && p[i + 1] >= '0' && p[i + 1] <= '9';
      char text[8];
      snprintf(text, sizeof text, digit_follows ? "\\%03o" : "\\%o", c);
      out += text;
    }
  }
  out += n > shown || more ? "\"..." : "\"";
}

void View::put_names(const NameTable& table, uint64_t v) {
  const auto unknown = [&](uint64_t rest, bool comment) {
    put_hex(rest);
    if (comment) out += std::string(" /* ") + table.unknown + " */";
  };
  if (!table.bits || v == 0) {
    for (const Name& n : table.names)
      if (n.value == v) return put(n.text);
    if (v == 0 && table.bits) return put("0");
    return unknown(v, true);
  }
  uint64_t rest = v;
  bool first = true;
  for (const Name& n : table.names) {
    if (n.value == 0 || (rest & n.value) != n.value) continue;
    if (!first) out += '|';
    first = false;
    out += n.text;
    rest &= ~n.value;
  }
  if (rest == 0) return;
  if (!first) out += '|';
  unknown(rest, first);
}

void View::put_fd(int fd) {
  put_int(fd);
  if (!settings.paths || fd < 0) return;
  char target[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t n = readlink(link.c_str(), target, sizeof target);
  if (n <= 0) return;
  std::string_view path(target, static_cast<size_t>(n));
  out += '<';
  out += path.starts_with('/') ? thread.process().paths().to_guest(path) : std::string(path);
  out += '>';
}

void View::put_at_fd(int fd) {
  if (fd != AT_FDCWD) return put_fd(fd);
  put("AT_FDCWD");
  char cwd[PATH_MAX];
  if (!settings.paths || getcwd(cwd, sizeof cwd) == nullptr) return;
  out += '<' + thread.process().paths().to_guest(cwd) + '>';
}

void View::put_mode(uint32_t mode) {
  if ((mode & S_IFMT) != 0) {
    put_names(names::file_type, mode & S_IFMT);
    if ((mode & S_ISUID) != 0) put("|S_ISUID");
    if ((mode & S_ISGID) != 0) put("|S_ISGID");
    if ((mode & S_ISVTX) != 0) put("|S_ISVTX");
    put("|");
  }
  char text[16];
  snprintf(text, sizeof text, "%#03o", (mode & S_IFMT) != 0 ? mode & 0777 : mode);
  out += text;
}

void View::put_signal(int signo) {
  constexpr int kFirstRealTime = 32;
  if (const char* name = signo > 0 && signo < kFirstRealTime ? sigabbrev_np(signo) : nullptr;
      name != nullptr) {
    out += "SIG";
    out += name;
  } else if (signo >= kFirstRealTime && signo <= 64) {
    out += signo == kFirstRealTime ? "SIGRTMIN" : "SIGRT_" + std::to_string(signo - kFirstRealTime);
  } else {
    put_int(signo);
  }
}

void View::put_sigset(uint64_t bits) {
  const bool inverted = __builtin_popcountll(bits) > 42;
  if (inverted) {
    bits = ~bits;
    out += '~';
  }
  out += '[';
  bool first = true;
  for (int signo = 1; signo <= 64; ++signo) {
    if ((bits >> (signo - 1) & 1) == 0) continue;
    if (!first) out += ' ';
    first = false;
    const size_t at = out.size();
    put_signal(signo);
    if (out.compare(at, 3, "SIG") == 0) out.erase(at, 3);
  }
  out += ']';
}

void View::put_string_at(uint64_t addr, bool abbreviated) {
  std::string text;
  if (addr == 0) return put("NULL");
  const size_t limit = abbreviated ? settings.string_limit : PATH_MAX;
  const int r = thread.copy_string(&text, addr, limit + 1);
  if (r == -EFAULT) return put_addr(addr);
  put_quoted(text.data(), text.size(), limit);
}

void View::put_buffer_at(uint64_t addr, uint64_t bytes) {
  if (addr == 0) return put("NULL");
  std::string data(std::min<uint64_t>(bytes, settings.string_limit), '\0');
  if (!read(addr, data.data(), data.size())) return put_addr(addr);
  put_quoted(data.data(), data.size(), data.size(), bytes > data.size());
}

bool View::read_u32(uint64_t addr, uint32_t* v) {
  int value = 0;
  if (thread.get_int(addr, &value) != 0) return false;
  *v = static_cast<uint32_t>(value);
  return true;
}

bool View::read_u64(uint64_t addr, uint64_t* v) {
  if (!read(addr, v, 8)) return false;
  if (thread.abi().info().big_endian) *v = __builtin_bswap64(*v);
  return true;
}

bool View::read_word(uint64_t addr, uint64_t* v) {
  if (is64()) return read_u64(addr, v);
  uint32_t word = 0;
  if (!read_u32(addr, &word)) return false;
  *v = word;
  return true;
}

void Fields::get(void* to, unsigned bytes) {
  align(bytes);
  memset(to, 0, bytes);
  if (!v_.read(at_, to, bytes)) ok_ = false;
  at_ += bytes;
}

uint8_t Fields::u8() {
  uint8_t v;
  get(&v, 1);
  return v;
}
uint16_t Fields::u16() {
  uint16_t v;
  get(&v, 2);
  return v_.thread.abi().info().big_endian ? __builtin_bswap16(v) : v;
}
uint16_t Fields::net16() {
  uint16_t v;
  get(&v, 2);
  return __builtin_bswap16(v);
}
uint32_t Fields::u32() {
  uint32_t v;
  get(&v, 4);
  return v_.thread.abi().info().big_endian ? __builtin_bswap32(v) : v;
}
uint64_t Fields::u64() {
  uint64_t v;
  get(&v, 8);
  return v_.thread.abi().info().big_endian ? __builtin_bswap64(v) : v;
}
uint64_t Fields::word() { return v_.is64() ? u64() : u32(); }

}  // namespace xarch::linux_user::strace
