#include "linux-user/generic64.h"

#include <array>

#include "linux-user/guest_stat.h"

namespace xarch::linux_user {

namespace {

constexpr unsigned kNumbers = 512;

constexpr std::array<SyscallId, kNumbers> make_table() {
  std::array<SyscallId, kNumbers> table = {};
#define NUMBER(name, number) table[number] = SyscallId::k_##name;
#include "linux-user/numbers_generic64.def"
#undef NUMBER
  return table;
}

constexpr std::array<SyscallId, kNumbers> kTable = make_table();

struct GenericStat {
  uint64_t dev, ino;
  uint32_t mode, nlink, uid, gid;
  uint64_t rdev, pad1;
  int64_t size;
  int32_t blksize, pad2;
  int64_t blocks, atime;
  uint64_t atime_nsec;
  int64_t mtime;
  uint64_t mtime_nsec;
  int64_t ctime;
  uint64_t ctime_nsec;
  uint32_t unused[2];
};
static_assert(sizeof(GenericStat) == 128);

}  // namespace

SyscallId generic64_syscall_id(uint32_t number) {
  return number < kNumbers ? kTable[number] : SyscallId::kNone;
}

int64_t generic64_put_stat(const struct stat& st, uint8_t* out) {
  return put_guest_stat<GenericStat>(st, out);
}

}  // namespace xarch::linux_user
