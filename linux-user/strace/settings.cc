#include "linux-user/strace/settings.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "linux-user/strace/table.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user {

namespace {

struct ClassName {
  std::string_view name;
  uint32_t mask;
};
constexpr ClassName kClasses[] = {
    {"file", kStraceFile},       {"desc", kStraceDesc},   {"process", kStraceProcess},
    {"network", kStraceNetwork}, {"net", kStraceNetwork}, {"signal", kStraceSignal},
    {"memory", kStraceMemory},   {"ipc", kStraceIpc},     {"creds", kStraceCreds},
    {"clock", kStraceClock},
};

// Names that people know from architectures whose tables are older, and what a program calls instead.
struct Alias {
  std::string_view name, means;
};
constexpr Alias kAliases[] = {
    {"open", "openat"},
    {"creat", "openat"},
    {"stat", "newfstatat"},
    {"lstat", "newfstatat"},
    {"fstatat64", "newfstatat"},
    {"access", "faccessat"},
    {"fork", "clone"},
    {"vfork", "clone"},
    {"poll", "ppoll"},
    {"select", "pselect6"},
    {"pipe", "pipe2"},
    {"dup2", "dup3"},
    {"mkdir", "mkdirat"},
    {"rmdir", "unlinkat"},
    {"unlink", "unlinkat"},
    {"rename", "renameat"},
    {"readlink", "readlinkat"},
    {"symlink", "symlinkat"},
    {"link", "linkat"},
    {"chmod", "fchmodat"},
    {"chown", "fchownat"},
    {"lchown", "fchownat"},
    {"mknod", "mknodat"},
    {"getdents", "getdents64"},
    {"epoll_wait", "epoll_pwait"},
    {"epoll_create", "epoll_create1"},
    {"eventfd", "eventfd2"},
    {"inotify_init", "inotify_init1"},
    {"signalfd", "signalfd4"},
    {"waitpid", "wait4"},
    {"mmap2", "mmap"},
    {"sendfile64", "sendfile"},
    {"umount", "umount2"},
    {"utime", "utimensat"},
    {"time", "gettimeofday"},
};

using Calls = decltype(StraceSettings::calls);
using Signals = decltype(StraceSettings::signals);

// Sets the calls that a word means; false if it means none.
bool add_calls(std::string_view word, Calls* set) {
  if (word == "all") {
    set->set();
    return true;
  }
  if (word == "none") return true;
  std::string_view name = word.starts_with('%') ? word.substr(1) : word;
  for (const ClassName& c : kClasses) {
    if (c.name != name) continue;
    for (size_t i = 1; i < set->size(); ++i)
      if ((strace_row(static_cast<SyscallId>(i)).classes & c.mask) != 0) set->set(i);
    return true;
  }
  if (name != word) return false;
  for (const Alias& a : kAliases)
    if (a.name == word) name = a.means;
  for (size_t i = 1; i < set->size(); ++i) {
    if (syscall_row(static_cast<SyscallId>(i)).name != name) continue;
    set->set(i);
    return true;
  }
  return false;
}

bool add_signals(std::string_view word, Signals* set) {
  if (word == "all") set->set();
  if (word == "all" || word == "none") return true;
  const std::string name(word.starts_with("SIG") ? word.substr(3) : word);
  for (int signo = 1; signo < 65; ++signo) {
    const char* abbreviation = sigabbrev_np(signo);
    if (abbreviation == nullptr ? name != std::to_string(signo)
                                : name != abbreviation && name != std::to_string(signo))
      continue;
    set->set(static_cast<size_t>(signo));
    return true;
  }
  return false;
}

// [!]word,word…; a word with ? before it may be unknown.
template <typename Set, typename Add>
Result<void> parse_set(std::string_view list, Set* out, Add add, const char* what) {
  Set set;
  const bool inverted = list.starts_with('!');
  if (inverted) list.remove_prefix(1);
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    const bool optional = word.starts_with('?');
    if (optional) word.remove_prefix(1);
    if (!word.empty() && !add(word, &set) && !optional)
      return Error{"-e: there is no " + std::string(what) + " '" + std::string(word) + "'"};
  }
  *out = inverted ? ~set : set;
  return {};
}

Result<void> parse_status(std::string_view list, StraceSettings* out) {
  out->failed = out->successful = false;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (word == "failed" || word == "all") out->failed = true;
    if (word == "successful" || word == "all") out->successful = true;
    if (word != "failed" && word != "successful" && word != "all" && word != "none")
      return Error{"-e: status is failed, successful, all or none, not '" + std::string(word) + "'"};
  }
  return {};
}

}  // namespace

Result<void> StraceSettings::add(std::string_view expression) {
  const size_t equals = expression.find('=');
  const std::string_view key = equals == std::string_view::npos ? "trace" : expression.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? expression : expression.substr(equals + 1);
  Result<void> r;
  if (key == "trace" || key == "t") {
    r = parse_set(value, &calls, add_calls, "system call or class");
  } else if (key == "signal" || key == "signals") {
    r = parse_set(value, &signals, add_signals, "signal");
  } else if (key == "status") {
    r = parse_status(value, this);
  } else {
    r = Error{"-e: there is no '" + std::string(key) + "='; trace=, signal= and status= there are"};
  }
  if (r) expressions += (expressions.empty() ? "" : " ") + std::string(expression);
  return r;
}

std::string StraceSettings::encode() const {
  std::string flags = "-";
  if (times) flags += 'T';
  if (paths) flags += 'y';
  if (summary) flags += 'c';
  if (file) flags += 'o';
  return flags + std::to_string(static_cast<int>(stamp)) + ":" + std::to_string(string_limit) + ":" +
         expressions;
}

bool StraceSettings::decode(std::string_view text) {
  on = true;
  for (; !text.empty() && text[0] != ':'; text.remove_prefix(1)) {
    switch (text[0]) {
      case 'T': times = true; break;
      case 'y': paths = true; break;
      case 'c': summary = true; break;
      case 'o': file = true; break;
      case '-': break;
      default: stamp = static_cast<StraceStamp>(text[0] - '0');
    }
  }
  if (text.empty()) return false;
  const std::string rest(text.substr(1));
  char* end = nullptr;
  string_limit = static_cast<uint32_t>(strtoul(rest.c_str(), &end, 10));
  if (*end != ':') return false;
  std::string_view list(end + 1);
  while (!list.empty()) {
    const size_t blank = list.find(' ');
    if (!add(list.substr(0, blank))) return false;
    list = blank == std::string_view::npos ? std::string_view() : list.substr(blank + 1);
  }
  return true;
}

}  // namespace xarch::linux_user
