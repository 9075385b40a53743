// What `--strace` shows and how: the options of strace(1) that there are here.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "linux-user/syscall_id.h"
#include "tcg/support/result.h"

namespace xarch::linux_user {

enum class StraceStamp : uint8_t { kNone, kSeconds, kMicroseconds, kRelative };

struct StraceSettings {
  bool on = false;
  bool times = false;                     // -T: how long each call took
  bool paths = false;                     // -y: what descriptors stand for
  bool summary = false;                   // -c: a table of counts at the end instead of lines
  bool file = false;                      // the log is a file: every line begins with the thread's number
  bool failed = true, successful = true;  // -e status=
  StraceStamp stamp = StraceStamp::kNone;
  uint32_t string_limit = 32;  // -s
  std::string expressions;     // of -e, as given, separated by blanks

  // Adds an expression of -e: trace=SET, signal=SET, status=SET, or a SET of calls alone. The error is one
  // line.
  Result<void> add(std::string_view expression);

  bool shows(SyscallId id) const { return calls[static_cast<size_t>(id)]; }
  bool shows_signal(int signo) const { return signals[static_cast<size_t>(signo) & 127]; }

  std::bitset<static_cast<size_t>(SyscallId::kCount)> calls =
      std::bitset<static_cast<size_t>(SyscallId::kCount)>().set();
  std::bitset<128> signals = std::bitset<128>().set();

  // One word that tells them to the next program of an execve, and back.
  std::string encode() const;
  bool decode(std::string_view text);
};

// Classes of calls, as -e trace= names them.
enum StraceClass : uint32_t {
  kStraceFile = 1u << 0,  // takes a file name
  kStraceDesc = 1u << 1,  // takes or makes a descriptor
  kStraceProcess = 1u << 2,
  kStraceNetwork = 1u << 3,
  kStraceSignal = 1u << 4,
  kStraceMemory = 1u << 5,
  kStraceIpc = 1u << 6,
  kStraceCreds = 1u << 7,
  kStraceClock = 1u << 8,
};

}  // namespace xarch::linux_user
