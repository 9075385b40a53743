// execve and execveat.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "linux-user/elf_image.h"
#include "linux-user/exec.h"
#include "linux-user/proc_files.h"
#include "linux-user/script.h"
#include "linux-user/self_file.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr size_t kMaxString = 32 * 4096;  // MAX_ARG_STRLEN
constexpr size_t kMaxTotal = 6 << 20;  // three quarters of what the kernel takes of the default stack limit

// What is to be executed, found step by step through scripts.
struct Image {
  std::string named;  // as the caller of execve names it: possibly a script
  std::string guest;  // as the guest names it
  std::string host;
  int fd = -1;         // execveat with an empty path
  int dir = -1;        // execveat: the name begins with this descriptor's
  std::string in_dir;  // the name below it
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

// Opens the image for reading; the descriptor, or -errno. Names of descriptors below /proc and /dev serve
// where the guest gave one that is open for its path alone; they may be missing.
int open_image(const Image& image) {
  int fd;
  if (image.fd >= 0) {
    fd = open(("/proc/self/fd/" + std::to_string(image.fd)).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP)) fd = fcntl(image.fd, F_DUPFD_CLOEXEC, 3);
  } else if (image.dir >= 0) {
    fd = openat(image.dir, image.in_dir.c_str(), O_RDONLY | O_CLOEXEC);
  } else {
    fd = open(image.host.c_str(), O_RDONLY | O_CLOEXEC);
  }
  return fd < 0 ? -errno : fd;
}

// May it be executed, as far as its mode goes? 0 or -errno.
int64_t check_mode(const Image& image, struct stat* st) {
  const int dir = image.fd >= 0 ? image.fd : image.dir >= 0 ? image.dir : AT_FDCWD;
  const char* name = image.fd >= 0 ? "" : image.dir >= 0 ? image.in_dir.c_str() : image.host.c_str();
  const int empty = image.fd >= 0 ? AT_EMPTY_PATH : 0;
  if (fstatat(dir, name, st, empty) != 0) return -errno;
  if (!S_ISREG(st->st_mode)) return -EACCES;
  return faccessat(dir, name, X_OK, AT_EACCESS | empty) == 0 ? 0 : -errno;
}

// Does the kernel give whoever executes it other rights than the caller's?
bool changes_rights(int fd, const struct stat& st) {
  if ((st.st_mode & S_ISUID) != 0 || (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) return true;
  return fgetxattr(fd, "security.capability", nullptr, 0) > 0;
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

// kByKernel: a foreign program that the kernel starts with us, as only it can change the caller's rights.
enum class Kind : uint8_t { kForeign, kNative, kByKernel };

// What kind of ELF file it is; -errno if none that can be executed.
int64_t classify(Thread& t, int fd, const std::string& name, Kind* kind) {
  Result<ElfImage> elf = read_elf(fd, name);
  if (!elf) return elf.error().code == 1 ? -ENOEXEC : -elf.error().code;
  // Programs for the host's processor are translated if the process itself is one of them; others start them
  // as they are.
  const AbiInfo& own = t.process().abi().info();
  const bool native = native_machine(*elf) && !native_machine(own.elf_machine, own.big_endian);
  for (const AbiFactory& guest : t.process().options().guests) {
    if (native) break;
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
    struct stat st;
    if (int64_t r = check_mode(*image, &st); r != 0) return r;
    const int fd = open_image(*image);
    // A program that may be executed and not read cannot be translated; the kernel may still read it for us.
    if (fd == -EACCES && t.process().options().by_binfmt) *kind = Kind::kByKernel;
    if (fd < 0) return *kind == Kind::kByKernel ? 0 : fd;
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
    if (r == 0 && !script && *kind == Kind::kForeign && t.process().options().by_binfmt &&
        changes_rights(fd, st))
      *kind = Kind::kByKernel;
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

// The arguments that start a foreign program, and what is open for it meanwhile. -errno if they cannot be
// had.
int64_t foreign_arguments(Thread& t, const Image& image, int* keep, std::vector<std::string>* args) {
  std::string program = image.guest;
  if (image.dir >= 0) {
    // A descriptor that survives; the new xarch closes it.
    const int fd = open_image(image);
    if (fd < 0) return fd;
    fcntl(fd, F_SETFD, 0);
    *keep = fd;
    program = "/proc/self/fd/" + std::to_string(fd);
  } else if (image.host != image.guest) {
    program = image.host;
  }
  if (program.find('/') == std::string::npos) program = "./" + program;
  RunOptions options = t.process().options();
  options.exec_name = image.named == program ? "" : image.named;
  options.limits.clear();
  options.self_fd = t.process().self_fd();
  if (Strace* strace = t.process().strace(); strace != nullptr) options.strace_handed_on = strace->hand_on(t);
  for (const auto& [resource, limit] : t.process().kept_limits())
    options.limits.push_back({resource, limit.rlim_cur, limit.rlim_max});
  *args = exec_arguments(options, std::string(t.process().paths().root()), program, *keep, image.argv);
  return 0;
}

// Descriptors of ours survive an execve of our own program, or not.
void keep_descriptors(Process& process, bool keep) {
  const int flags = keep ? 0 : FD_CLOEXEC;
  if (Log::fd() != 2) fcntl(Log::fd(), F_SETFD, flags);
  if (process.self_fd() >= 0) fcntl(process.self_fd(), F_SETFD, flags);
}

// execveat that only returns if it failed: -errno, or kNotEntered if a signal came first.
int64_t host_exec(Thread& t, int dir, const char* path, std::vector<std::string>& args,
                  std::vector<std::string>& env) {
  std::vector<char*> argv = pointers(args), envp = pointers(env);
  return tcg::xarch_safe_syscall(&t.vcpu().header().event, SYS_execveat, dir, reinterpret_cast<long>(path),
                                 reinterpret_cast<long>(argv.data()), reinterpret_cast<long>(envp.data()),
                                 *path == 0 ? AT_EMPTY_PATH : 0, 0);
}

// Is it that our file was not there, as far as this error tells?
bool out_of_reach(int64_t error) {
  return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EACCES;
}

// Starts this very program again, wherever its file can be found (self_file.h).
int64_t exec_self(Thread& t, std::vector<std::string>& args, Image& image) {
  Process& process = t.process();
  keep_descriptors(process, true);
  const int64_t first = host_exec(t, AT_FDCWD, "/proc/self/exe", args, image.envp);
  int64_t r = first;
  const std::string& path = process.options().self_path;
  if (out_of_reach(r) && is_self_file(path)) r = host_exec(t, AT_FDCWD, path.c_str(), args, image.envp);
  if (out_of_reach(r) && process.self_fd() >= 0) r = host_exec(t, process.self_fd(), "", args, image.envp);
  keep_descriptors(process, false);
  if (out_of_reach(r) && process.options().by_binfmt && image.dir < 0)
    r = host_exec(t, AT_FDCWD, image.host.c_str(), image.argv, image.envp);
  if (out_of_reach(r)) process.note_missing("execve: xarch's own file, without /proc");
  return out_of_reach(r) ? first : r;
}

// Only returns if it failed: -errno, or kRestartNoIntr if a signal came first.
int64_t replace(Thread& t, Image& image, Kind kind) {
  Strace* const strace = t.process().strace();
  int keep = -1;
  std::vector<std::string> args;
  if (kind == Kind::kForeign)
    if (int64_t r = foreign_arguments(t, image, &keep, &args); r != 0) return r;
  if (strace != nullptr && kind == Kind::kNative) strace->leaving_for_native(t);
  const HostLimits limits(t.process(), kind == Kind::kNative);
  prepare_exec(t);
  int64_t r;
  if (kind == Kind::kForeign) {
    r = exec_self(t, args, image);
  } else if (image.fd >= 0) {
    r = host_exec(t, image.fd, "", image.argv, image.envp);
  } else if (image.dir >= 0) {
    r = host_exec(t, image.dir, image.in_dir.c_str(), image.argv, image.envp);
  } else {
    r = host_exec(t, AT_FDCWD, image.host.c_str(), image.argv, image.envp);
  }
  after_failed_exec(t);
  if (strace != nullptr) strace->exec_failed(kind == Kind::kNative);
  if (keep >= 0) close(keep);
  return r == tcg::kNotEntered ? kRestartNoIntr : r;
}

int64_t exec_image(Call& call, Image& image, uint64_t argv_at, uint64_t envp_at) {
  Thread& t = call.thread;
  size_t total = 0;
  if (int64_t r = load_strings(t, argv_at, &image.argv, &total); r != 0) return r;
  if (int64_t r = load_strings(t, envp_at, &image.envp, &total); r != 0) return r;
  if (image.argv.empty()) image.argv.push_back("");
  image.named = image.guest;
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
    image.in_dir = image.guest;
    image.guest = "/dev/fd/" + std::to_string(dir) + "/" + image.guest;
    image.host = image.guest;
    image.dir = dir;
  }
  if ((flags & AT_SYMLINK_NOFOLLOW) != 0 && image.fd < 0) {
    struct stat st;
    const char* name = image.dir >= 0 ? image.in_dir.c_str() : image.host.c_str();
    if (fstatat(image.dir >= 0 ? image.dir : AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode))
      return -ELOOP;
  }
  return exec_image(call, image, call.arg(2), call.arg(3));
}

}  // namespace xarch::linux_user
