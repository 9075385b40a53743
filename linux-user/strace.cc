// --strace: a line per call, from its row.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr size_t kShown = 32;  // bytes of a buffer

std::string number(const char* format, uint64_t v) {
  char text[32];
  snprintf(text, sizeof text, format, v);
  return text;
}

std::string quoted(const char* p, size_t n, bool more) {
  std::string text = "\"";
  for (size_t i = 0; i < n; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    switch (c) {
      case '\n': text += "\\n"; break;
      case '\t': text += "\\t"; break;
      case '\r': text += "\\r"; break;
      case '"': text += "\\\""; break;
      case '\\': text += "\\\\"; break;
      default:
        if (c >= 32 && c < 127) {
          text += static_cast<char>(c);
        } else {
          text += number("\\%llo", c);
        }
    }
  }
  text += more ? "\"..." : "\"";
  return text;
}

std::string buffer(Thread& thread, uint64_t at, uint64_t bytes) {
  char data[kShown];
  const size_t n = std::min<uint64_t>(bytes, kShown);
  if (at == 0) return "NULL";
  if (thread.copy_in(data, at, n) != 0) return number("%#llx", at);
  return quoted(data, n, bytes > n);
}

std::string string_at(Thread& thread, uint64_t at) {
  std::string text;
  if (at == 0) return "NULL";
  if (thread.copy_string(&text, at, 4096) == -EFAULT) return number("%#llx", at);
  return quoted(text.data(), text.size(), false);
}

std::string open_flags(Thread& thread, int guest) {
  const int flags = thread.abi().open_flags_to_host(guest);
  static constexpr const char* kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
  std::string text = kAccess[flags & O_ACCMODE];
  struct Name {
    int bits;
    const char* name;
  };
  static constexpr Name kNames[] = {{O_CREAT, "O_CREAT"},
                                    {O_EXCL, "O_EXCL"},
                                    {O_NOCTTY, "O_NOCTTY"},
                                    {O_TRUNC, "O_TRUNC"},
                                    {O_APPEND, "O_APPEND"},
                                    {O_NONBLOCK, "O_NONBLOCK"},
                                    {O_DIRECT, "O_DIRECT"},
                                    {O_DIRECTORY, "O_DIRECTORY"},
                                    {O_NOFOLLOW, "O_NOFOLLOW"},
                                    {O_CLOEXEC, "O_CLOEXEC"},
                                    {O_PATH, "O_PATH"},
                                    {O_NOATIME, "O_NOATIME"},
                                    {O_TMPFILE & ~O_DIRECTORY, "O_TMPFILE"}};
  for (const Name& n : kNames)
    if ((flags & n.bits) == n.bits) text += std::string("|") + n.name;
  return text;
}

std::string prot_text(uint64_t prot) {
  if (prot == 0) return "PROT_NONE";
  std::string text;
  if (prot & 1) text += "|PROT_READ";
  if (prot & 2) text += "|PROT_WRITE";
  if (prot & 4) text += "|PROT_EXEC";
  if (prot & ~uint64_t{7}) text += "|" + number("%#llx", prot & ~uint64_t{7});
  return text.substr(1);
}

std::string argument(Thread& thread, const SyscallRegs& regs, const SyscallRow& row, unsigned i, bool after) {
  const Arg& arg = row.args[i];
  const uint64_t v = regs.arg[i];
  switch (arg.kind) {
    case ArgKind::kFd:
      return static_cast<int>(v) == AT_FDCWD ? "AT_FDCWD" : std::to_string(static_cast<int>(v));
    case ArgKind::kInt: return std::to_string(static_cast<int64_t>(v));
    case ArgKind::kUint: return std::to_string(v);
    case ArgKind::kOctal: return number("0%llo", static_cast<uint32_t>(v));
    case ArgKind::kClock: {
      static constexpr const char* kClocks[] = {"CLOCK_REALTIME",           "CLOCK_MONOTONIC",
                                                "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID",
                                                "CLOCK_MONOTONIC_RAW",      "CLOCK_REALTIME_COARSE",
                                                "CLOCK_MONOTONIC_COARSE",   "CLOCK_BOOTTIME"};
      return v < std::size(kClocks) ? kClocks[v] : std::to_string(static_cast<int>(v));
    }
    case ArgKind::kOpen: return open_flags(thread, static_cast<int>(v));
    case ArgKind::kProt: return prot_text(v);
    case ArgKind::kSignal: {
      const char* name = sigabbrev_np(static_cast<int>(v));
      return name != nullptr ? std::string("SIG") + name : std::to_string(static_cast<int>(v));
    }
    case ArgKind::kPath:
    case ArgKind::kPathNo:
    case ArgKind::kPathAt:
    case ArgKind::kPathLink:
    case ArgKind::kString: return string_at(thread, v);
    case ArgKind::kBufIn: return buffer(thread, v, regs.arg[arg.bytes]);
    case ArgKind::kBufOut: return after ? buffer(thread, v, regs.arg[arg.bytes]) : number("%#llx", v);
    default: return v == 0 ? "0" : number("%#llx", v);
  }
}

std::string call_text(Thread& thread, const SyscallRegs& regs, const SyscallRow* row, int64_t result) {
  if (row == nullptr) return "syscall_" + std::to_string(regs.number) + "()";
  std::string text(row->name);
  text += '(';
  for (unsigned i = 0; i < 6 && row->args[i].kind != ArgKind::kNone; ++i) {
    if (i != 0) text += ", ";
    SyscallRegs shown = regs;
    // Of a buffer that was filled, only the filled part says anything.
    if (row->args[i].kind == ArgKind::kBufOut && result >= 0 &&
        static_cast<uint64_t>(result) < regs.arg[row->args[i].bytes])
      shown.arg[row->args[i].bytes] = static_cast<uint64_t>(result);
    text += argument(thread, shown, *row, i, result >= 0);
  }
  return text + ")";
}

std::string result_text(int64_t result) {
  if (result <= kRestartSys && result >= kRestartBlock) return "? (interrupted)";
  if (result < 0 && result > -4096) {
    const char* name = strerrorname_np(static_cast<int>(-result));
    return std::string("-1 ") + (name != nullptr ? name : "E?") + " (" + strerror(static_cast<int>(-result)) +
           ")";
  }
  return result >= 0 && result < 0x10000000 ? std::to_string(result)
                                            : number("%#llx", static_cast<uint64_t>(result));
}

bool does_not_return(const SyscallRow* row) {
  return row != nullptr && (row->name == "exit" || row->name == "exit_group" || row->name == "rt_sigreturn");
}

}  // namespace

void strace_enter(Thread& thread, const SyscallRegs& regs, const SyscallRow* row) {
  // A line of its own only for calls that may not come back; the others are written when their result is
  // known.
  if (does_not_return(row))
    Log::line(std::to_string(thread.tid) + " " + call_text(thread, regs, row, -1) + " = ?");
}

void strace_leave(Thread& thread, const SyscallRegs& regs, const SyscallRow* row, int64_t result) {
  if (does_not_return(row)) return;
  Log::line(std::to_string(thread.tid) + " " + call_text(thread, regs, row, result) + " = " +
            result_text(result));
}

}  // namespace xarch::linux_user
