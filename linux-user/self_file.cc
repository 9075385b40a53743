#include "linux-user/self_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

// Set by the linker: the program's own first page, as it is in the file.
extern "C" const Elf64_Ehdr __ehdr_start;

namespace xarch::linux_user {

namespace {

constexpr unsigned long kPreserveArgv0 = 1;  // linux/binfmts.h: AT_FLAGS_PRESERVE_ARGV0
constexpr int kHighDescriptor = 960;

// The name that execve was called with, which is the foreign program's if the kernel has put us in front of
// it.
const char* executed_name() { return reinterpret_cast<const char*>(getauxval(AT_EXECFN)); }

// With neither of those flags: what was executed is not we, but what the kernel has put behind our name, as
// the program or as the script that it interprets (with or without an argument of the script's line).
bool stands_in_front(int argc, char** argv, const std::string& executed) {
  if (argc < 2 || executed.empty() || executed == argv[0]) return false;
  for (int i = 1; i < std::min(argc, 4); ++i)
    if (executed == argv[i]) return i == 1 || (strchr(argv[1], '/') != nullptr && !is_self_file(executed));
  return false;
}

}  // namespace

StartedBy started_by(int argc, char** argv) {
  StartedBy by;
  by.secure = getauxval(AT_SECURE) != 0;
  by.argv0_follows = (getauxval(AT_FLAGS) & kPreserveArgv0) != 0;
  // 0 is what getauxval says if there is none, too; then the descriptor is 0 only if somebody closed stdin.
  errno = 0;
  const unsigned long fd = getauxval(AT_EXECFD);
  if (fd != 0 || errno == 0) by.program_fd = static_cast<int>(fd);
  const char* name = executed_name();
  if (name != nullptr) by.name = name;
  by.binfmt = by.argv0_follows || by.program_fd >= 0 || stands_in_front(argc, argv, by.name);
  return by;
}

std::string self_path() {
  const char* name = executed_name();
  if (name == nullptr || strncmp(name, "/proc/", 6) == 0 || strncmp(name, "/dev/", 5) == 0) return {};
  if (name[0] == '/') return name;
  char directory[PATH_MAX];
  return getcwd(directory, sizeof directory) != nullptr ? std::string(directory) + "/" + name : std::string();
}

bool is_self_file(const std::string& path) {
  const Elf64_Ehdr* own = &__ehdr_start;
  const size_t bytes = std::min<size_t>(own->e_phoff + size_t{own->e_phnum} * own->e_phentsize, 4096);
  const int fd = path.empty() ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  char found[4096];
  const bool same =
      pread(fd, found, bytes, 0) == static_cast<ssize_t>(bytes) && memcmp(found, own, bytes) == 0;
  close(fd);
  return same;
}

int open_self_file(const std::string& path) {
  int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  if (fd < 0 && is_self_file(path)) fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return -1;
  struct rlimit limit;
  int least = kHighDescriptor;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= kHighDescriptor + 16)
    least = std::max(static_cast<int>(limit.rlim_cur) - 16, 3);
  if (const int high = fcntl(fd, F_DUPFD_CLOEXEC, least); high >= 0) {
    close(fd);
    return high;
  }
  return fd;
}

}  // namespace xarch::linux_user
