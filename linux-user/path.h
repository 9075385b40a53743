// PathMap: the guest's absolute paths, with a root in front where the root has them.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace xarch::linux_user {

class PathMap {
 public:
  // root: absolute host path without a slash at its end; empty: no mapping.
  void set_root(std::string root) { root_ = std::move(root); }
  // Empty: no mapping.
  std::string_view root() const { return mapping_ ? std::string_view(root_) : std::string_view(); }

  // The process has changed its root directory: its paths are the kernel's own from now on, as long as this
  // is false.
  void set_mapping(bool mapping) { mapping_ = mapping; }
  bool mapping() const { return mapping_; }

  // Host path for a guest path. Absolute paths that exist in the root lead there, symbolic links inside it
  // (absolute ones too) staying in it; all others, relative ones and those under directories that belong to
  // the host (/proc, /sys, /dev, /tmp, …) are unchanged; but the dynamic linker's cache and list of preloaded
  // libraries are never the host's. follow_last: whether a symbolic link at the end is
  // followed.
  std::string to_host(std::string_view guest, bool follow_last) const;
  // The guest's name of a host path: without the root if it lies in it.
  std::string to_guest(std::string_view host) const;

  // The path inside `root` that `path` (absolute, in the root's terms) leads to, as a host path; empty if it
  // does not exist or has too many links.
  static std::string resolve_in(const std::string& root, std::string_view path, bool follow_last);

 private:
  std::string root_;
  std::atomic<bool> mapping_{true};
};

// The root that a program lies in: the nearest directory above it that has `marker` (an absolute path such as
// the dynamic linker's) in it; "/" gives an empty string with *found set, as no mapping is needed then.
std::string find_root(const std::string& program_host_path, const std::string& marker, bool* found);

}  // namespace xarch::linux_user
