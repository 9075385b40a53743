#include "frontend/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "frontend/binfmt.h"
#include "frontend/targets.h"
#include "linux-user/elf_image.h"
#include "linux-user/memory_map.h"
#include "linux-user/path.h"

namespace xarch {

namespace {

// Oldest kernel: MAP_FIXED_NOREPLACE. From kWishedKernel on it has all calls that current C libraries make.
constexpr unsigned kOldestKernel[2] = {4, 17}, kWishedKernel[2] = {5, 9};
constexpr uint64_t kLittleAddressSpace = uint64_t{1} << 30;

// What each feature of the processor is used for.
struct FeatureUse {
  std::string_view name, use;
};
constexpr FeatureUse kFeatureUses[] = {
    {"bmi1", "bit operations of the guest in one instruction"},
    {"bmi2", "shifts by a register, and loops over integers"},
    {"lzcnt", "counting zeros (AArch64 clz)"},
    {"movbe", "memory of big-endian guests"},
    {"avx", "SIMD and floating point without copies"},
    {"avx2", "SIMD with shifts per lane, and table look-ups"},
    {"fma", "fused multiply-add; very slow without it"},
    {"f16c", "half precision"},
    {"aes", "AES instructions of the guest"},
    {"pclmul", "carry-less multiplication (CRC, GCM)"},
    {"sha", "SHA instructions of the guest"},
    {"fsgsbase", "thread pointers"},
};

bool has_feature(const x86_64::HostFeatures& f, std::string_view name) {
#define XARCH_HOST_FEATURE(feature, needs) \
  if (name == #feature) return f.feature;
#include "tcg/backend/x86_64/host_features.def"
  return false;
}

// The file's text, at most 64 KB, without a newline at its end; empty if it cannot be read.
std::optional<std::string> read_text(const HostView& host, const std::string& path) {
  const int fd = open((host.root + path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(65536, '\0');
  size_t done = 0;
  for (ssize_t n; done < text.size() && (n = read(fd, text.data() + done, text.size() - done)) > 0;)
    done += static_cast<size_t>(n);
  close(fd);
  text.resize(done);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::optional<long long> read_number(const HostView& host, const std::string& path) {
  const std::optional<std::string> text = read_text(host, path);
  if (!text) return {};
  char* end;
  const long long value = strtoll(text->c_str(), &end, 10);
  return end == text->c_str() ? std::optional<long long>() : value;
}

template <typename Fn>
void for_each_line(const std::string& text, Fn fn) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    fn(text.substr(at, end - at));
    at = end + 1;
  }
}

Finding kernel(const HostView& host) {
  const std::string release = read_text(host, "/proc/sys/kernel/osrelease").value_or("");
  unsigned major = 0, minor = 0;
  if (sscanf(release.c_str(), "%u.%u", &major, &minor) != 2)
    return {"kernel", State::kMissing, "its release cannot be read: is /proc mounted?",
            "mount -t proc proc /proc"};
  const auto older = [&](const unsigned(&than)[2]) {
    return major < than[0] || (major == than[0] && minor < than[1]);
  };
  if (older(kOldestKernel))
    return {"kernel", State::kFatal, "Linux " + release + "; 4.17 is the oldest that will do",
            "update the kernel"};
  if (older(kWishedKernel))
    return {"kernel", State::kMissing, "Linux " + release + "; from 5.9 on guests get all calls they ask for",
            "update the kernel"};
  return {"kernel", State::kOk, "Linux " + release, ""};
}

void processor(const HostView& host, std::vector<Finding>* out) {
  if (!host.features) {
    out->push_back({"processor", State::kFatal,
                    "older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), which translated code needs", ""});
    return;
  }
  out->push_back({"processor", State::kOk, "x86-64-v2 and " + host.features->describe(), ""});
  for (const FeatureUse& u : kFeatureUses) {
    if (!has_feature(*host.features, u.name))
      out->push_back(
          {"processor", State::kMissing, std::string(u.name) + " would speed up: " + std::string(u.use), ""});
  }
}

void memory(const HostView& host, std::vector<Finding>* out) {
  if (!host.executable_memory)
    out->push_back({"memory", State::kFatal, "a process may not execute what it has written (SELinux, PaX)",
                    "setsebool -P allow_execmem 1"});
  unsigned long long total = 0, available = 0;
  for_each_line(read_text(host, "/proc/meminfo").value_or(""), [&](const std::string& line) {
    sscanf(line.c_str(), "MemTotal: %llu", &total);
    sscanf(line.c_str(), "MemAvailable: %llu", &available);
  });
  out->push_back({"memory", available >= 256 << 10 ? State::kOk : State::kMissing,
                  std::to_string(available >> 10) + " of " + std::to_string(total >> 10) + " MB available",
                  ""});
  if (read_number(host, "/proc/sys/vm/overcommit_memory").value_or(0) == 2)
    out->push_back(
        {"overcommit", State::kMissing,
         "strict accounting (vm.overcommit_memory=2): every process is charged for address space that it "
         "only reserves",
         "sudo sysctl vm.overcommit_memory=0"});
  if (host.address_space < kLittleAddressSpace)
    out->push_back({"address space", State::kMissing,
                    "limited to " + std::to_string(host.address_space >> 20) +
                        " MB (ulimit -v); translated code gets less room, and large programs fail",
                    "ulimit -v unlimited"});
  const long long lowest = read_number(host, "/proc/sys/vm/mmap_min_addr").value_or(0);
  const auto needed = static_cast<long long>(linux_user::kLowestMapping);
  if (lowest <= needed)
    out->push_back({"mmap_min_addr", State::kOk,
                    std::to_string(lowest) + "; programs lie above " + std::to_string(needed), ""});
  else
    out->push_back(
        {"mmap_min_addr", State::kMissing,
         std::to_string(lowest) + ": programs linked below fail (or run with --guest-base 0x100000000)",
         "sudo sysctl vm.mmap_min_addr=" + std::to_string(needed)});
  const std::string thp = read_text(host, "/sys/kernel/mm/transparent_hugepage/enabled").value_or("");
  const bool huge = thp.find("[always]") != std::string::npos || thp.find("[madvise]") != std::string::npos;
  if (huge)
    out->push_back({"huge pages", State::kOk, thp, ""});
  else
    out->push_back({"huge pages", State::kMissing, "off: programs with much memory run slower",
                    "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"});
}

void binfmt(const HostView& host, std::span<const linux_user::AbiFactory> guests, std::vector<Finding>* out) {
  const std::string directory = "/proc/sys/fs/binfmt_misc";
  const std::string does = "foreign programs start by their names";
  const std::string instead = "foreign programs start by `xarch run` only, and what they execute themselves";
  const std::string by_us = "sudo xarch binfmt --register";
  const std::optional<std::string> status = read_text(host, directory + "/status");
  if (!status) {
    out->push_back({"binfmt_misc", State::kMissing, "not mounted: " + instead,
                    "sudo mount -t binfmt_misc binfmt_misc " + directory + " && " + by_us});
    return;
  }
  if (*status != "enabled") {
    out->push_back({"binfmt_misc", State::kMissing, "switched off: " + instead,
                    "echo 1 | sudo tee " + directory + "/status"});
    return;
  }
  for (const linux_user::AbiFactory& guest : guests) {
    if (linux_user::native_machine(guest.elf_machine, guest.big_endian)) continue;
    const std::string name = binfmt_name(guest);
    const std::optional<std::string> entry = read_text(host, directory + "/" + name);
    if (!entry) {
      const bool qemu =
          access((host.root + directory + "/qemu-" + std::string(guest.name)).c_str(), F_OK) == 0;
      out->push_back({"binfmt_misc", State::kMissing,
                      std::string(guest.name) +
                          (qemu ? " is registered for qemu-user" : " is not registered: " + instead),
                      by_us});
      continue;
    }
    std::string interpreter, flags;
    bool enabled = false;
    for_each_line(*entry, [&](const std::string& line) {
      if (line == "enabled") enabled = true;
      if (line.starts_with("interpreter ")) interpreter = line.substr(12);
      if (line.starts_with("flags: ")) flags = line.substr(7);
    });
    const bool fixed = flags.find('F') != std::string::npos;
    if (!enabled)
      out->push_back({"binfmt_misc", State::kMissing, name + " is switched off", by_us});
    else if (!fixed && access((host.root + interpreter).c_str(), X_OK) != 0)
      out->push_back(
          {"binfmt_misc", State::kMissing, name + " names " + interpreter + ", which is not there", by_us});
    else if (!fixed)
      out->push_back(
          {"binfmt_misc", State::kMissing, name + " lacks flag F: not in chroots and containers", by_us});
    else
      out->push_back({"binfmt_misc", State::kOk, name + ", flags " + flags + ": " + does, ""});
  }
}

Finding user_namespaces(const HostView& host) {
  const std::string use = "chroots, mounts and package builds without root";
  if (read_number(host, "/proc/sys/user/max_user_namespaces").value_or(0) == 0)
    return {"user namespaces", State::kMissing, "none to be had: " + use,
            "sudo sysctl user.max_user_namespaces=65536"};
  if (read_number(host, "/proc/sys/kernel/unprivileged_userns_clone").value_or(1) == 0)
    return {"user namespaces", State::kMissing, "for root only: " + use,
            "sudo sysctl kernel.unprivileged_userns_clone=1"};
  if (read_number(host, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns").value_or(0) != 0)
    return {"user namespaces", State::kMissing, "kept back by AppArmor: " + use,
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"};
  return {"user namespaces", State::kOk, use, ""};
}

Finding profiling(const HostView& host) {
  const std::optional<long long> level = read_number(host, "/proc/sys/kernel/perf_event_paranoid");
  if (!level) return {"perf", State::kMissing, "this kernel has no performance events", ""};
  if (*level > 2)
    return {"perf", State::kMissing,
            "perf_event_paranoid is " + std::to_string(*level) + ": no `perf record` of one's own programs",
            "sudo sysctl kernel.perf_event_paranoid=2"};
  return {"perf", State::kOk, "perf_event_paranoid is " + std::to_string(*level), ""};
}

struct Mount {
  std::string directory;
  bool noexec = false;
};

// /proc/self/mounts writes spaces and the like as octal numbers.
std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(strtol(text.substr(i + 1, 3).c_str(), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<Mount> mounts(const HostView& host) {
  std::vector<Mount> found;
  for_each_line(read_text(host, "/proc/self/mounts").value_or(""), [&](const std::string& line) {
    const size_t a = line.find(' '), b = line.find(' ', a + 1), c = line.find(' ', b + 1),
                 d = line.find(' ', c + 1);
    if (c == std::string::npos) return;
    const std::string options = "," + line.substr(c + 1, d - c - 1) + ",";
    found.push_back({unescape(line.substr(a + 1, b - a - 1)), options.find(",noexec,") != std::string::npos});
  });
  return found;
}

void noexec(const HostView& host, std::vector<Finding>* out) {
  const std::vector<Mount> all = mounts(host);
  std::vector<std::string> reported;
  for (const std::string& directory : host.directories) {
    const Mount* best = nullptr;  // the innermost, of several at one place the last
    for (const Mount& m : all) {
      const bool inside =
          m.directory == "/" || directory == m.directory || directory.starts_with(m.directory + "/");
      if (inside && (best == nullptr || m.directory.size() >= best->directory.size())) best = &m;
    }
    if (best == nullptr || !best->noexec) continue;
    if (std::find(reported.begin(), reported.end(), best->directory) != reported.end()) continue;
    reported.push_back(best->directory);
    out->push_back({"noexec", State::kMissing,
                    best->directory + " is mounted noexec: no program in " + directory + " can be run",
                    "sudo mount -o remount,exec " + best->directory});
  }
  if (reported.empty()) out->push_back({"noexec", State::kOk, "programs can be run from everywhere", ""});
}

void sysroots(const HostView& host, std::span<const linux_user::AbiFactory> guests,
              std::vector<Finding>* out) {
  for (const linux_user::AbiFactory& guest : guests) {
    // This system itself is a root for the host's processor.
    if (linux_user::native_machine(guest.elf_machine, guest.big_endian)) continue;
    const Result<std::unique_ptr<linux_user::UserAbi>> abi = guest.make("");
    if (!abi) continue;
    const linux_user::AbiInfo& info = (*abi)->info();
    std::string found;
    std::vector<std::string> candidates = host.sysroots;
    candidates.push_back("/usr/" + std::string(info.triplet));
    for (const std::string& root : candidates) {
      if (!linux_user::PathMap::resolve_in(host.root + root, info.default_interp, true).empty())
        found += (found.empty() ? "" : ", ") + root;
    }
    const std::string name(guest.name);
    if (!found.empty())
      out->push_back({"root", State::kOk, name + ": " + found, ""});
    else
      out->push_back({"root", State::kMissing,
                      name + ": none found, so only static programs run (or with -L DIR)",
                      name == "aarch64" ? "scripts/mkroot arm64 build/roots/arm64 bash coreutils"
                                        : "sudo apt-get install libc6-" + name + "-cross"});
  }
}

void add_directories_in(const std::string& parent, std::vector<std::string>* to) {
  std::vector<std::string> found;
  if (DIR* d = opendir(parent.c_str()); d != nullptr) {
    while (const dirent* e = readdir(d))
      if (e->d_name[0] != '.') found.push_back(parent + "/" + e->d_name);
    closedir(d);
  }
  std::sort(found.begin(), found.end());
  to->insert(to->end(), found.begin(), found.end());
}

bool can_execute_memory() {
  void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  const bool can = mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
  munmap(p, 4096);
  return can;
}

}  // namespace

HostView this_host() {
  HostView host;
  if (char* here = get_current_dir_name(); here != nullptr) {
    host.directories.push_back(here);
    add_directories_in(std::string(here) + "/build/roots", &host.sysroots);
    free(here);
  }
  for (const char* variable : {"HOME", "TMPDIR"})
    if (const char* value = getenv(variable); value != nullptr && value[0] == '/')
      host.directories.push_back(value);
  for (const char* directory : {"/tmp", "/var/tmp"}) host.directories.push_back(directory);
  if (const char* root = getenv("XARCH_SYSROOT"); root != nullptr)
    host.sysroots.insert(host.sysroots.begin(), root);
  if (Result<x86_64::HostFeatures> features = x86_64::HostFeatures::detect(); features)
    host.features = *features;
  host.executable_memory = can_execute_memory();
  host.kvm = access("/dev/kvm", R_OK | W_OK) == 0;
  if (struct rlimit limit; getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    host.address_space = limit.rlim_cur;
  return host;
}

std::vector<Finding> examine(const HostView& host, std::span<const linux_user::AbiFactory> guests) {
  std::vector<Finding> found;
  found.push_back(kernel(host));
  processor(host, &found);
  memory(host, &found);
  noexec(host, &found);
  sysroots(host, guests, &found);
  binfmt(host, guests, &found);
  found.push_back(user_namespaces(host));
  const bool device = access((host.root + "/dev/kvm").c_str(), F_OK) == 0;
  if (host.kvm)
    found.push_back({"KVM", State::kOk, "/dev/kvm can be used; foreign programs do not need it", ""});
  else if (device)
    found.push_back({"KVM", State::kMissing, "/dev/kvm may not be opened; foreign programs do not need it",
                     "sudo usermod -a -G kvm $USER, and log in again"});
  else
    found.push_back(
        {"KVM", State::kMissing, "no /dev/kvm; foreign programs do not need it", "sudo modprobe kvm"});
  found.push_back(profiling(host));
  return found;
}

std::string describe(std::span<const Finding> findings) {
  std::string out;
  bool fatal = false;
  for (const Finding& f : findings) {
    std::string line = f.subject;
    line.resize(std::max<size_t>(line.size() + 1, 16), ' ');
    line += f.state == State::kOk ? "OK       " : f.state == State::kMissing ? "missing  " : "FAILS    ";
    out += line + f.text + "\n";
    if (!f.command.empty()) out += std::string(25, ' ') + "$ " + f.command + "\n";
    fatal |= f.state == State::kFatal;
  }
  return out + (fatal ? "\nForeign programs cannot run here.\n" : "\nForeign programs run here.\n");
}

int doctor_command(std::span<char*> words) {
  if (!words.empty()) {
    const std::string_view word = words[0];
    if (words.size() == 1 && (word == "--help" || word == "-h")) {
      fputs(
          "usage: xarch doctor\n\nShows what this host offers to foreign programs, what is missing, and the "
          "command\n"
          "that mends it. The status is 0 if foreign programs can run here, else 1.\n",
          stdout);
      return fflush(stdout) == 0 ? 0 : 1;
    }
    fprintf(stderr, "xarch: doctor: it takes no %s; it takes nothing at all\n", words[0]);
    return 2;
  }
  const std::span<const linux_user::AbiFactory> guests = linux_guests();
  const std::vector<Finding> found = examine(this_host(), guests);
  fputs(describe(found).c_str(), stdout);
  if (fflush(stdout) != 0) {
    fprintf(stderr, "xarch: cannot write to stdout: %s\n", strerror(errno));
    return 1;
  }
  for (const Finding& f : found)
    if (f.state == State::kFatal) return 1;
  return 0;
}

}  // namespace xarch
