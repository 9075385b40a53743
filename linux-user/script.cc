#include "linux-user/script.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

namespace xarch::linux_user {

namespace {
constexpr size_t kScriptLine = 256;  // BINPRM_BUF_SIZE of linux/binfmts.h
}

int read_script_line(int fd, ScriptLine* out) {
  char line[kScriptLine + 1] = {};
  const ssize_t n = pread(fd, line, kScriptLine, 0);
  if (n < 0) return -errno;
  if (n < 2) return -ENOEXEC;
  const size_t end = strcspn(line + 2, "\n");
  std::string text(line + 2, end);
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  const size_t name = std::min(text.find_first_of(" \t"), text.size());
  // A line that is cut off within the name is no script; within the argument it is cut.
  if (end + 2 >= kScriptLine && name == text.size()) return -ENOEXEC;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  out->interp = text.substr(0, name);
  if (out->interp.empty()) return -ENOEXEC;
  out->argument.clear();
  if (name < text.size()) out->argument = text.substr(text.find_first_not_of(" \t", name));
  return 0;
}

}  // namespace xarch::linux_user
