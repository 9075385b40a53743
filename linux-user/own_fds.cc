#include "linux-user/own_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {
constexpr int kLowest = 960;
}

std::array<int, OwnFds::kRoom> OwnFds::fds_ = {-1, -1, -1, -1};

int OwnFds::keep(int fd) {
  if (const int high = fcntl(fd, F_DUPFD_CLOEXEC, kLowest); high >= 0) {
    close(fd);
    fd = high;
  } else {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  add(fd);
  return fd;
}

void OwnFds::add(int fd) {
  for (int& slot : fds_) {
    if (slot >= 0) continue;
    slot = fd;
    return;
  }
}

void OwnFds::remove(int fd) {
  for (int& slot : fds_)
    if (slot == fd) slot = -1;
}

bool OwnFds::has(int fd) {
  return fd > 2 && first_in(static_cast<unsigned>(fd), static_cast<unsigned>(fd)) == fd;
}

int OwnFds::first_in(unsigned from, unsigned to) {
  int lowest = -1;
  const auto consider = [&](int fd) {
    if (fd > 2 && static_cast<unsigned>(fd) >= from && static_cast<unsigned>(fd) <= to &&
        (lowest < 0 || fd < lowest))
      lowest = fd;
  };
  for (const int fd : fds_) consider(fd);
  consider(Log::fd());
  return lowest;
}

}  // namespace xarch::linux_user
