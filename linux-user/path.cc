#include "linux-user/path.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace xarch::linux_user {

namespace {

// Directories that stay the host's whatever the root has: kernel interfaces, and where people's own files
// are.
constexpr std::string_view kHostDirs[] = {"/proc", "/sys",  "/dev",     "/tmp",
                                          "/run",  "/home", "/var/tmp", "/root"};

// Files that are the root's even where it has none: what the host's say of its own libraries, of some
// processors and versions, is wrong there.
constexpr std::string_view kRootFiles[] = {"/etc/ld.so.cache", "/etc/ld.so.preload"};

bool below(std::string_view path, std::string_view dir) {
  return path.substr(0, dir.size()) == dir && (path.size() == dir.size() || path[dir.size()] == '/');
}

}  // namespace

std::string PathMap::resolve_in(const std::string& root, std::string_view path, bool follow_last) {
  std::string rest(path);  // what is still to be walked
  std::string done;        // walked part, in the root's terms, without a slash at its end
  unsigned links = 0;
  char target[PATH_MAX];
  size_t at = 0;
  while (at < rest.size()) {
    while (at < rest.size() && rest[at] == '/') ++at;
    const size_t end = std::min(rest.find('/', at), rest.size());
    if (at == end) break;
    const std::string_view part(rest.data() + at, end - at);
    const bool last = rest.find_first_not_of('/', end) == std::string::npos;
    if (part == ".") {
      at = end;
      continue;
    }
    if (part == "..") {
      done.resize(done.rfind('/') == std::string::npos ? 0 : done.rfind('/'));
      at = end;
      continue;
    }
    const size_t before = done.size();
    done += '/';
    done += part;
    const ssize_t n = readlink((root + done).c_str(), target, sizeof target);
    if (n < 0 && errno != EINVAL) return {};
    // A slash behind a link means what it leads to.
    if (n >= 0 && (!last || follow_last || end < rest.size())) {
      if (++links > 40) return {};
      std::string next(target, static_cast<size_t>(n));
      next.append(rest, end);
      if (target[0] == '/') {
        done.clear();
      } else {
        done.resize(before);
      }
      rest = std::move(next);
      at = 0;
      continue;
    }
    at = end;
  }
  std::string full = root + done;
  if (full.empty()) full = "/";
  // Everything but the last part has been seen by readlink; an empty walk is the root itself.
  return full;
}

std::string PathMap::to_host(std::string_view guest, bool follow_last) const {
  if (root().empty() || guest.empty() || guest[0] != '/') return std::string(guest);
  for (std::string_view dir : kHostDirs)
    if (below(guest, dir)) return std::string(guest);
  std::string found = resolve_in(root_, guest, follow_last);
  if (found.empty())
    return std::find(std::begin(kRootFiles), std::end(kRootFiles), guest) != std::end(kRootFiles)
               ? root_ + std::string(guest)
               : std::string(guest);
  if (guest.size() > 1 && guest.back() == '/') found += '/';  // keeps "must be a directory"
  return found;
}

std::string PathMap::to_guest(std::string_view host) const {
  if (root().empty() || !below(host, root_)) return std::string(host);
  std::string guest(host.substr(root_.size()));
  return guest.empty() ? "/" : guest;
}

std::string find_root(const std::string& program_host_path, const std::string& marker, bool* found) {
  *found = true;
  std::string dir = program_host_path;
  while (true) {
    const size_t slash = dir.rfind('/');
    if (slash == std::string::npos) break;
    dir.resize(slash);
    if (!PathMap::resolve_in(dir, marker, true).empty()) {
      // Where /lib is a link to usr/lib, DIR/usr looks like a root, too.
      if (dir.size() >= 4 && dir.compare(dir.size() - 4, 4, "/usr") == 0) {
        const std::string above = dir.substr(0, dir.size() - 4);
        if (!PathMap::resolve_in(above, marker, true).empty()) return above;
      }
      return dir;
    }
    if (dir.empty()) break;
  }
  *found = false;
  return {};
}

}  // namespace xarch::linux_user
