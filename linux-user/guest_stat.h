// Fills a guest's struct stat.
#pragma once

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <cstdint>

namespace xarch::linux_user {

// Writes `st` as a G to `out` and returns its bytes. G has the kernel's fields without their prefix (dev,
// ino, …, atime_nsec), each of the guest's width: devices and times are cut off, ids that do not fit become
// the kernel's "nobody", and for inodes, link counts and sizes that do not fit the answer is -EOVERFLOW.
// `low_ino` is a second inode field, of fewer bits, where a layout has one.
template <typename G>
int64_t put_guest_stat(const struct stat& st, uint8_t* out) {
  constexpr uint32_t kNobody = 65534;
  G g = {};
  g.dev = static_cast<decltype(G::dev)>(st.st_dev);
  g.ino = static_cast<decltype(G::ino)>(st.st_ino);
  if constexpr (requires { g.low_ino; }) g.low_ino = static_cast<decltype(G::low_ino)>(st.st_ino);
  g.mode = static_cast<decltype(G::mode)>(st.st_mode);
  g.nlink = static_cast<decltype(G::nlink)>(st.st_nlink);
  const auto id = [](uint32_t v) { return static_cast<decltype(G::uid)>(v) == v ? v : kNobody; };
  g.uid = static_cast<decltype(G::uid)>(id(st.st_uid));
  g.gid = static_cast<decltype(G::gid)>(id(st.st_gid));
  g.rdev = static_cast<decltype(G::rdev)>(st.st_rdev);
  g.size = static_cast<decltype(G::size)>(st.st_size);
  if constexpr (requires { g.blksize; }) {
    g.blksize = static_cast<decltype(G::blksize)>(st.st_blksize);
    g.blocks = static_cast<decltype(G::blocks)>(st.st_blocks);
  }
  g.atime = static_cast<decltype(G::atime)>(st.st_atim.tv_sec);
  g.mtime = static_cast<decltype(G::mtime)>(st.st_mtim.tv_sec);
  g.ctime = static_cast<decltype(G::ctime)>(st.st_ctim.tv_sec);
  if constexpr (requires { g.atime_nsec; }) {
    g.atime_nsec = static_cast<decltype(G::atime_nsec)>(st.st_atim.tv_nsec);
    g.mtime_nsec = static_cast<decltype(G::mtime_nsec)>(st.st_mtim.tv_nsec);
    g.ctime_nsec = static_cast<decltype(G::ctime_nsec)>(st.st_ctim.tv_nsec);
  }
  if (g.ino != st.st_ino || g.nlink != st.st_nlink) return -EOVERFLOW;
  if (sizeof(G::size) < sizeof(st.st_size) && st.st_size > INT32_MAX) return -EOVERFLOW;
  memcpy(out, &g, sizeof g);
  return sizeof g;
}

}  // namespace xarch::linux_user
