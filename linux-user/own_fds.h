// Descriptors of xarch's own (log, trace state, profiles): kept out of the guest's way and out of its reach.
#pragma once

#include <array>

namespace xarch::linux_user {

class OwnFds {
 public:
  // Moves a descriptor to a number that guests do not use, close-on-exec; returns the new number (the old one
  // if there is no room).
  static int keep(int fd);
  // One that lies where it shall be already, as after an execve.
  static void add(int fd);
  static void remove(int fd);
  // Is it one of ours (the log included)?
  static bool has(int fd);
  // The lowest of ours in [from, to]; -1 if there is none.
  static int first_in(unsigned from, unsigned to);

 private:
  static constexpr unsigned kRoom = 4;
  static std::array<int, kRoom> fds_;
};

}  // namespace xarch::linux_user
