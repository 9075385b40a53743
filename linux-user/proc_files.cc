#include "linux-user/proc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "linux-user/process.h"
#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

// The part behind /proc/self/, /proc/thread-self/, /proc/PID/ or …/task/TID/ of this process; empty if it is
// none.
std::string_view own_proc_name(std::string_view path) {
  constexpr std::string_view kProc = "/proc/";
  if (path.substr(0, kProc.size()) != kProc) return {};
  path.remove_prefix(kProc.size());
  const auto take = [&path]() {
    const size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    return part;
  };
  const std::string_view who = take();
  if (who != "self" && who != "thread-self") {
    int pid = 0;
    const auto r = std::from_chars(who.data(), who.data() + who.size(), pid);
    if (r.ec != std::errc() || r.ptr != who.data() + who.size() || pid != getpid()) return {};
  }
  if (path.substr(0, 5) == "task/") {
    take();
    take();
  }
  return path;
}

std::string read_all(const char* path) {
  std::string text;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[8192];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  close(fd);
  return text;
}

// Names the files behind mappings by asking the host's own list.
class HostMaps {
 public:
  explicit HostMaps(const char* path = "/proc/self/maps") : text_(read_all(path)) {}
  std::string name_at(uint64_t host_addr) const {
    size_t at = 0;
    while (at < text_.size()) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      unsigned long long start = 0, stop = 0;
      int name = 0;
      const std::string line = text_.substr(at, end - at);
      if (sscanf(line.c_str(), "%llx-%llx %*s %*s %*s %*s %n", &start, &stop, &name) >= 2 &&
          host_addr >= start && host_addr < stop)
        return name > 0 && static_cast<size_t>(name) < line.size() ? line.substr(static_cast<size_t>(name))
                                                                   : "";
      at = end + 1;
    }
    return {};
  }

 private:
  std::string text_;
};

std::string maps_text(Process& process) {
  const HostMaps host;
  return process.mem().maps_text([&](const Area& area) {
    return process.paths().to_guest(host.name_at(process.mem().base() + area.start));
  });
}

std::string guest_bytes(uint64_t start, uint64_t end) {
  std::string bytes(end - start, '\0');
  if (Thread::current() == nullptr || Thread::current()->copy_in(bytes.data(), start, bytes.size()) != 0)
    return {};
  return bytes;
}

// The program of another emulated process, for its /proc/PID/exe, which is this very file: run.cc tells the
// kernel where the guest's program lies in its memory, and a file is mapped there. Empty if it is no such
// process.
std::string other_program(const std::string& path) {
  struct stat own, other;
  if (stat(path.c_str(), &other) != 0 || stat("/proc/self/exe", &own) != 0) return {};
  if (own.st_ino != other.st_ino || own.st_dev != other.st_dev) return {};
  const std::string directory = path.substr(0, path.size() - 3);
  const std::string text = read_all((directory + "stat").c_str());
  const size_t close_paren = text.rfind(')');
  if (close_paren == std::string::npos) return {};
  // Field 26, startcode; the state behind the name is field 3.
  size_t at = close_paren + 2;
  for (int field = 3; field < 26 && at != 0; ++field) at = text.find(' ', at) + 1;
  const uint64_t start = at == 0 ? 0 : strtoull(text.c_str() + at, nullptr, 10);
  const std::string name = HostMaps((directory + "maps").c_str()).name_at(start);
  return name.starts_with("/") ? name : std::string();
}

// /proc/self/stat with the guest's name, stack and instruction addresses in place of ours.
std::string stat_text(Process& process) {
  std::string text = read_all("/proc/self/stat");
  const size_t close_paren = text.rfind(')');
  if (close_paren == std::string::npos) return text;
  // Field 28, startstack: count from the state, which is field 3.
  size_t at = close_paren + 2;
  for (int field = 3; field < 28 && at < text.size(); ++field) at = text.find(' ', at) + 1;
  const size_t end = text.find(' ', at);
  if (end != std::string::npos) text.replace(at, end - at, std::to_string(process.image().stack_pointer));
  return text;
}

int memory_file(const std::string& text, int flags) {
  const int fd = memfd_create("proc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n <= 0) {
      close(fd);
      return -ENOMEM;
    }
    done += static_cast<size_t>(n);
  }
  fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  lseek(fd, 0, SEEK_SET);
  if ((flags & O_CLOEXEC) == 0) fcntl(fd, F_SETFD, 0);
  return fd;
}

}  // namespace

std::string host_path(Process& process, const std::string& guest, bool follow_last) {
  if (guest.compare(0, 6, "/proc/") == 0) {
    if (follow_last && own_proc_name(guest) == "exe") return process.image().exe_host;
    const std::string other = follow_last && guest.ends_with("/exe") ? other_program(guest) : "";
    return other.empty() ? guest : other;
  }
  return process.paths().to_host(guest, follow_last);
}

int open_proc_file(Process& process, std::string_view path, int flags) {
  if (path.substr(0, 6) != "/proc/") return kNotSpecial;
  const ImageInfo& image = process.image();
  std::string text;
  if (path == "/proc/cpuinfo") {
    text = process.abi().cpuinfo(static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)));
  } else {
    const std::string_view name = own_proc_name(path);
    if (name == "maps") {
      text = maps_text(process);
    } else if ((name == "cmdline" || name == "environ") && image.kernel_has_strings) {
      return kNotSpecial;
    } else if (name == "cmdline") {
      text = guest_bytes(image.arg_start, image.arg_end);
    } else if (name == "environ") {
      text = guest_bytes(image.env_start, image.env_end);
    } else if (name == "auxv") {
      text.assign(image.auxv.begin(), image.auxv.end());
    } else if (name == "stat") {
      text = stat_text(process);
    } else {
      return kNotSpecial;
    }
  }
  // Where nothing is mounted there is nothing to tell.
  if (access(std::string(path).c_str(), F_OK) != 0) return -errno;
  if ((flags & O_ACCMODE) != O_RDONLY) return -EACCES;
  if ((flags & O_DIRECTORY) != 0) return -ENOTDIR;
  return memory_file(text, flags);
}

std::string proc_link(Process& process, std::string_view path) {
  if (!path.ends_with("/exe")) return {};
  struct stat st;
  if (own_proc_name(path) != "exe") return process.paths().to_guest(other_program(std::string(path)));
  return lstat(std::string(path).c_str(), &st) == 0 ? process.image().exe_guest : std::string();
}

}  // namespace xarch::linux_user
