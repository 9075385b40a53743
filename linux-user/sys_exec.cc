// execve and execveat.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "linux-user/elf_image.h"
#include "linux-user/exec.h"
#include "linux-user/proc_files.h"
#include "linux-user/script.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr size_t kMaxString = 32 * 4096;  // MAX_ARG_STRLEN
constexpr size_t kMaxTotal = 6 << 20;  // three quarters of what the kernel takes of the default stack limit

// What is to be executed, found step by step through scripts.
struct Image {
  std::string guest;  // as the guest names it
  std::string host;
  int fd = -1;   // execveat with an empty path
  int dir = -1;  // execveat: the name begins with this descriptor's
  std::vector<std::string> argv;
  std::vector<std::string> envp;
};

int64_t load_strings(Thread& t, uint64_t at, std::vector<std::string>* out, size_t* total) {
  const unsigned word = t.abi().info().elf_class == 2 ? 8 : 4;
  for (; at != 0; at += word) {
    uint64_t string = 0;
    if (word == 8) {
      if (t.get(at, &string) != 0) return -EFAULT;
    } else {
      int value;
      if (t.get_int(at, &value) != 0) return -EFAULT;
      string = static_cast<uint32_t>(value);
    }
    if (string == 0) break;
    std::string s;
    if (const int r = t.copy_string(&s, string, kMaxString); r != 0) return r == -ENAMETOOLONG ? -E2BIG : r;
    *total += s.size() + 1 + word;
    if (*total > kMaxTotal) return -E2BIG;
    out->push_back(std::move(s));
  }
  return 0;
}

// May it be executed, as far as its mode goes? 0 or -errno.
int64_t check_mode(const Image& image) {
  struct stat st;
  if (image.fd >= 0 ? fstat(image.fd, &st) : stat(image.host.c_str(), &st)) return -errno;
  if (!S_ISREG(st.st_mode)) return -EACCES;
  const int r = image.fd >= 0 ? faccessat(image.fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH)
                              : faccessat(AT_FDCWD, image.host.c_str(), X_OK, AT_EACCESS);
  return r == 0 ? 0 : -errno;
}

// Has somebody opened the file for writing? A lease for reading cannot be had then. False if it cannot be
// told (a file of another user's).
bool being_written(int fd) {
  // Whoever opens it for writing in this very moment waits until the lease is gone, and this process gets a
  // signal that it may ignore.
  fcntl(fd, F_SETSIG, SIGURG);
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return false;
}

enum class Kind : uint8_t { kForeign, kNative };

// What kind of ELF file it is; -errno if none that can be executed.
int64_t classify(Thread& t, int fd, const std::string& name, Kind* kind) {
  Result<ElfImage> elf = read_elf(fd, name);
  if (!elf) return elf.error().code == 1 ? -ENOEXEC : -elf.error().code;
  for (const AbiFactory& guest : t.process().options().guests) {
    if (guest.elf_machine != elf->machine || guest.elf_class != elf->elf_class ||
        guest.big_endian != elf->big_endian)
      continue;
    *kind = Kind::kForeign;
    if (elf->interp.empty()) return 0;
    return access(host_path(t.process(), elf->interp, true).c_str(), F_OK) == 0 ? 0 : -errno;
  }
  *kind = Kind::kNative;
  return native_machine(*elf) ? 0 : -ENOEXEC;
}

// Follows scripts to an ELF file. 0 or -errno.
int64_t find_image(Thread& t, Image* image, Kind* kind) {
  for (int depth = 0;; ++depth) {
    if (int64_t r = check_mode(*image); r != 0) return r;
    const std::string by_fd = "/proc/self/fd/" + std::to_string(image->fd);
    const int fd = open(image->fd >= 0 ? by_fd.c_str() : image->host.c_str(), O_RDONLY | O_CLOEXEC);
    // A program that may be executed and not read cannot be translated.
    if (fd < 0) return -errno;
    Result<FileKind> file = file_kind(fd, image->host);
    int64_t r = file && being_written(fd) ? -ETXTBSY : 0;
    ScriptLine line;
    const bool script = file && *file == FileKind::kScript;
    if (r != 0) {
      // As the kernel has it, before the contents are looked at.
    } else if (!file) {
      r = file.error().code == EIO ? -EIO : -ENOEXEC;
    } else if (script) {
      r = read_script_line(fd, &line);
    } else {
      r = *file == FileKind::kElf ? classify(t, fd, image->host, kind) : -ENOEXEC;
    }
    close(fd);
    if (r != 0 || !script) return r;
    if (depth == kMaxScripts) return -ELOOP;
    std::vector<std::string> argv = {line.interp};
    if (!line.argument.empty()) argv.push_back(line.argument);
    // The interpreter opens it by a descriptor's number, which is gone by then if it closes on exec.
    if (image->dir >= 0 && (fcntl(image->dir, F_GETFD) & FD_CLOEXEC) != 0) return -ENOENT;
    image->fd = image->dir = -1;
    argv.push_back(image->guest);
    if (!image->argv.empty()) argv.insert(argv.end(), image->argv.begin() + 1, image->argv.end());
    image->argv = std::move(argv);
    image->guest = line.interp;
    image->host = host_path(t.process(), line.interp, true);
  }
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> p;
  for (std::string& s : strings) p.push_back(s.data());
  p.push_back(nullptr);
  return p;
}

// While it lives the limits that are kept here are the kernel's: for a native program.
class HostLimits {
 public:
  HostLimits(Process& process, bool wanted) {
    if (!wanted) return;
    for (const auto& [resource, limit] : process.kept_limits()) {
      struct rlimit old;
      const auto which = static_cast<__rlimit_resource>(resource);
      if (getrlimit(which, &old) != 0) continue;
      old_[resource] = old;
      // The kernel's hard limit stays, so that it can be undone.
      const struct rlimit now = {std::min(limit.rlim_cur, old.rlim_max), old.rlim_max};
      setrlimit(which, &now);
    }
  }
  ~HostLimits() {
    for (const auto& [resource, limit] : old_) setrlimit(static_cast<__rlimit_resource>(resource), &limit);
  }
  HostLimits(const HostLimits&) = delete;
  HostLimits& operator=(const HostLimits&) = delete;

 private:
  std::map<int, struct rlimit> old_;
};

// Only returns if it failed: -errno, or kRestartNoIntr if a signal came first.
int64_t replace(Thread& t, Image& image, Kind kind) {
  std::string file = image.host;
  int keep = -1;
  std::vector<std::string> args = image.argv;
  if (kind == Kind::kForeign) {
    std::string program = image.guest;
    if (image.dir >= 0) {
      // A descriptor that survives; the new xarch closes it.
      keep = image.fd >= 0 ? fcntl(image.fd, F_DUPFD, 3) : open(image.host.c_str(), O_PATH);
      if (keep < 0) return -errno;
      program = "/proc/self/fd/" + std::to_string(keep);
    } else if (image.host != image.guest) {
      program = image.host;
    }
    if (program.find('/') == std::string::npos) program = "./" + program;
    RunOptions options = t.process().options();
    options.limits.clear();
    for (const auto& [resource, limit] : t.process().kept_limits())
      options.limits.push_back({resource, limit.rlim_cur, limit.rlim_max});
    args = exec_arguments(options, t.process().paths().root(), program, keep, image.argv);
    file = "/proc/self/exe";
    if (Log::fd() != 2) fcntl(Log::fd(), F_SETFD, 0);
  }
  const HostLimits limits(t.process(), kind == Kind::kNative);
  std::vector<char*> argv = pointers(args), envp = pointers(image.envp);
  prepare_exec(t);
  int64_t r;
  const auto* event = &t.vcpu().header().event;
  if (kind == Kind::kNative && image.fd >= 0) {
    r = tcg::xarch_safe_syscall(event, SYS_execveat, image.fd, reinterpret_cast<long>(""),
                                reinterpret_cast<long>(argv.data()), reinterpret_cast<long>(envp.data()),
                                AT_EMPTY_PATH, 0);
  } else {
    r = tcg::xarch_safe_syscall(event, SYS_execve, reinterpret_cast<long>(file.c_str()),
                                reinterpret_cast<long>(argv.data()), reinterpret_cast<long>(envp.data()), 0,
                                0, 0);
  }
  after_failed_exec(t);
  if (Log::fd() != 2) fcntl(Log::fd(), F_SETFD, FD_CLOEXEC);
  if (keep >= 0) close(keep);
  return r == tcg::kNotEntered ? kRestartNoIntr : r;
}

int64_t exec_image(Call& call, Image& image, uint64_t argv_at, uint64_t envp_at) {
  Thread& t = call.thread;
  size_t total = 0;
  if (int64_t r = load_strings(t, argv_at, &image.argv, &total); r != 0) return r;
  if (int64_t r = load_strings(t, envp_at, &image.envp, &total); r != 0) return r;
  if (image.argv.empty()) image.argv.push_back("");
  Kind kind = Kind::kForeign;
  if (int64_t r = find_image(t, &image, &kind); r != 0) return r;
  return replace(t, image, kind);
}

}  // namespace

int64_t sys_execve(Call& call) {
  Image image;
  if (int64_t r = call.thread.copy_string(&image.guest, call.arg(0), PATH_MAX); r != 0) return r;
  if (image.guest.empty()) return -ENOENT;
  image.host = host_path(call.thread.process(), image.guest, true);
  return exec_image(call, image, call.arg(1), call.arg(2));
}

int64_t sys_execveat(Call& call) {
  const int flags = call.i32(4);
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return -EINVAL;
  Image image;
  if (int64_t r = call.thread.copy_string(&image.guest, call.arg(1), PATH_MAX); r != 0) return r;
  const int dir = call.fd(0);
  if (image.guest.empty()) {
    if ((flags & AT_EMPTY_PATH) == 0) return -ENOENT;
    if (fcntl(dir, F_GETFD) < 0) return -errno;
    image.fd = image.dir = dir;
    image.guest = "/dev/fd/" + std::to_string(dir);
    image.host = "/proc/self/fd/" + std::to_string(dir);
  } else if (image.guest[0] == '/' || dir == AT_FDCWD) {
    image.host = host_path(call.thread.process(), image.guest, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  } else {
    if (fcntl(dir, F_GETFD) < 0) return -errno;
    image.guest = "/dev/fd/" + std::to_string(dir) + "/" + image.guest;
    image.host = image.guest;
    image.dir = dir;
  }
  if ((flags & AT_SYMLINK_NOFOLLOW) != 0 && image.fd < 0) {
    struct stat st;
    if (lstat(image.host.c_str(), &st) == 0 && S_ISLNK(st.st_mode)) return -ELOOP;
  }
  return exec_image(call, image, call.arg(2), call.arg(3));
}

}  // namespace xarch::linux_user
