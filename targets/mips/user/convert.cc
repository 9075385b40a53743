#include "targets/mips/user/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

namespace xarch::mips {

namespace {

struct Pair {
  int host;
  int o32;
};

constexpr Pair kErrors[] = {
#define ERRNO(name, number) {name, number},
#include "targets/mips/user/errno_o32.def"
#undef ERRNO
};

constexpr Pair kOpen[] = {
#define OPEN(name, value) {name, value},
#define MAP(name, value)
#include "targets/mips/user/flags_o32.def"
#undef OPEN
#undef MAP
};

constexpr Pair kMap[] = {
#define OPEN(name, value)
#define MAP(name, value) {name, value},
#include "targets/mips/user/flags_o32.def"
#undef OPEN
#undef MAP
};

// The kernel's own bits of O_SYNC, O_TMPFILE and O_LARGEFILE, which the C library's names include others in
// or hide.
constexpr Pair kOpenKernel[] = {{0x100000, 0x4000}, {0x400000, 0x400000}, {0x8000, 0x2000}};

}  // namespace

int errno_to_o32(int host) {
  for (const Pair& p : kErrors) {
    if (p.host == host) return p.o32;
  }
  return host;
}

int open_flags_from_o32(int flags) {
  int host = flags & O_ACCMODE;
  for (const Pair& p : kOpen) {
    if ((flags & p.o32) != 0) host |= p.host;
  }
  for (const Pair& p : kOpenKernel) {
    if ((flags & p.o32) != 0) host |= p.host;
  }
  return host;
}

int open_flags_to_o32(int flags) {
  int o32 = flags & O_ACCMODE;
  for (const Pair& p : kOpen) {
    if ((flags & p.host) != 0) o32 |= p.o32;
  }
  for (const Pair& p : kOpenKernel) {
    if ((flags & p.host) != 0) o32 |= p.o32;
  }
  return o32;
}

int map_flags_from_o32(int flags) {
  int host = flags & MAP_TYPE;
  for (const Pair& p : kMap) {
    if ((flags & p.o32) != 0) host |= p.host;
  }
  return host;
}

}  // namespace xarch::mips
