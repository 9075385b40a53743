// What `xarch doctor` finds on hosts that are put together here, and what `xarch binfmt` would register.
#include "frontend/doctor.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "frontend/binfmt.h"
#include "frontend/targets.h"

namespace xarch {
namespace {

// A host with all that can be wished for, in a directory.
class Doctor : public testing::Test {
 protected:
  Doctor() {
    char name[] = "/tmp/xarch-doctor-XXXXXX";
    host_.root = mkdtemp(name);
    put("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    put("/proc/meminfo", "MemTotal:       8000000 kB\nMemFree:  1 kB\nMemAvailable:   4096000 kB\n");
    put("/proc/sys/vm/overcommit_memory", "0\n");
    put("/proc/sys/vm/mmap_min_addr", "65536\n");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("/proc/self/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\ntmpfs /tmp tmpfs rw,nosuid 0 0\n");
    put("/proc/sys/fs/binfmt_misc/status", "enabled\n");
    for (const linux_user::AbiFactory& guest : linux_guests())
      put("/proc/sys/fs/binfmt_misc/" + binfmt_name(guest),
          "enabled\ninterpreter /usr/bin/xarch-run\nflags: POCF\n");
    put("/proc/sys/user/max_user_namespaces", "62000\n");
    put("/proc/sys/kernel/perf_event_paranoid", "2\n");
    put("/dev/kvm", "");
    put("/roots/arm64/lib/ld-linux-aarch64.so.1", "");
    put("/usr/mips-linux-gnu/lib/ld.so.1", "");
    host_.sysroots = {"/roots/arm64"};
    host_.directories = {"/home/a b", "/tmp"};
    host_.kvm = true;
    x86_64::HostFeatures all;
#define XARCH_HOST_FEATURE(name, needs) all.name = true;
#include "tcg/backend/x86_64/host_features.def"
    host_.features = all;
  }
  ~Doctor() override { std::filesystem::remove_all(host_.root); }

  void put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(host_.root + path).parent_path());
    std::ofstream(host_.root + path) << text;
  }
  void remove(const std::string& path) { std::filesystem::remove_all(host_.root + path); }
  // The findings that are not OK, as "subject: text [command]".
  std::vector<std::string> complaints() {
    std::vector<std::string> lines;
    for (const Finding& f : examine(host_, linux_guests()))
      if (f.state != State::kOk)
        lines.push_back((f.state == State::kFatal ? "!" : "") + f.subject + ": " + f.text + " [" + f.command +
                        "]");
    return lines;
  }
  std::string complaint() {
    const std::vector<std::string> lines = complaints();
    return lines.size() == 1
               ? lines[0]
               : std::to_string(lines.size()) + " complaints" + (lines.empty() ? "" : ": " + lines[0]);
  }

  HostView host_;
};

TEST_F(Doctor, NothingMissing) {
  EXPECT_EQ(complaint(), "0 complaints");
  const std::string text = describe(examine(host_, linux_guests()));
  EXPECT_NE(text.find("\nForeign programs run here.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("aarch64: /roots/arm64"), std::string::npos) << text;
}

TEST_F(Doctor, Kernel) {
  for (const char* release : {"4.17.0", "5.8.99-generic"}) {
    put("/proc/sys/kernel/osrelease", release);
    EXPECT_EQ(complaint(), std::string("kernel: Linux ") + release +
                               "; from 5.9 on guests get all calls they ask for [update the kernel]");
  }
  for (const char* release : {"4.16.18", "3.10.0-1160.el7.x86_64"}) {
    put("/proc/sys/kernel/osrelease", release);
    EXPECT_EQ(complaint(), std::string("!kernel: Linux ") + release +
                               "; 4.17 is the oldest that will do [update the kernel]");
  }
  for (const char* release : {"5.9.0", "10.0", "6.18.44-rc1+"}) {
    put("/proc/sys/kernel/osrelease", release);
    EXPECT_EQ(complaint(), "0 complaints") << release;
  }
  put("/proc/sys/kernel/osrelease", "soon");
  EXPECT_EQ(complaint(), "kernel: its release cannot be read: is /proc mounted? [mount -t proc proc /proc]");
}

TEST_F(Doctor, Processor) {
  host_.features->avx2 = false;
  EXPECT_EQ(complaint(), "processor: avx2 would speed up: SIMD with shifts per lane, and table look-ups []");
  ASSERT_TRUE(host_.features->disable("all"));
  EXPECT_EQ(complaints().size(), 12u);
  host_.features.reset();
  EXPECT_EQ(complaint(),
            "!processor: older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), which translated code needs []");
  EXPECT_NE(describe(examine(host_, linux_guests())).find("cannot run here"), std::string::npos);
}

TEST_F(Doctor, Memory) {
  put("/proc/sys/vm/mmap_min_addr", "1048576\n");
  EXPECT_EQ(complaint(),
            "mmap_min_addr: 1048576: programs linked below fail (or run with --guest-base 0x100000000) "
            "[sudo sysctl vm.mmap_min_addr=65536]");
  put("/proc/sys/vm/mmap_min_addr", "0\n");
  EXPECT_EQ(complaint(), "0 complaints");
  put("/proc/sys/vm/overcommit_memory", "2\n");
  EXPECT_EQ(complaint(),
            "overcommit: strict accounting (vm.overcommit_memory=2): every process is charged for address "
            "space that it "
            "only reserves [sudo sysctl vm.overcommit_memory=0]");
  put("/proc/sys/vm/overcommit_memory", "1\n");
  put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
  EXPECT_EQ(complaint(),
            "huge pages: off: programs with much memory run slower "
            "[echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled]");
  put("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
  put("/proc/meminfo", "MemTotal: 500000 kB\nMemAvailable: 100000 kB\n");
  EXPECT_EQ(complaint(), "memory: 97 of 488 MB available []");
  put("/proc/meminfo", "MemTotal: 500000 kB\nMemAvailable: 300000 kB\n");
  host_.address_space = 512 << 20;
  EXPECT_EQ(
      complaint(),
      "address space: limited to 512 MB (ulimit -v); translated code gets less room, and large programs fail "
      "[ulimit -v unlimited]");
  host_.address_space = UINT64_MAX;
  host_.executable_memory = false;
  EXPECT_EQ(
      complaint(),
      "!memory: a process may not execute what it has written (SELinux, PaX) [setsebool -P allow_execmem 1]");
}

TEST_F(Doctor, Binfmt) {
  const std::string directory = "/proc/sys/fs/binfmt_misc";
  const std::string instead = "foreign programs start by `xarch run` only, and what they execute themselves";
  put(directory + "/xarch-aarch64", "disabled\ninterpreter /usr/bin/xarch-run\nflags: F\n");
  EXPECT_EQ(complaint(), "binfmt_misc: xarch-aarch64 is switched off [sudo xarch binfmt --register]");
  put(directory + "/xarch-aarch64", "enabled\ninterpreter /usr/bin/xarch-run\nflags: P\n");
  EXPECT_EQ(complaint(),
            "binfmt_misc: xarch-aarch64 names /usr/bin/xarch-run, which is not there [sudo xarch binfmt "
            "--register]");
  put("/usr/bin/xarch-run", "");
  chmod((host_.root + "/usr/bin/xarch-run").c_str(), 0755);
  EXPECT_EQ(complaint(),
            "binfmt_misc: xarch-aarch64 lacks flag F: not in chroots and containers [sudo xarch binfmt "
            "--register]");
  remove(directory + "/xarch-aarch64");
  EXPECT_EQ(complaint(),
            "binfmt_misc: aarch64 is not registered: " + instead + " [sudo xarch binfmt --register]");
  put(directory + "/qemu-aarch64", "enabled\n");
  EXPECT_EQ(complaint(), "binfmt_misc: aarch64 is registered for qemu-user [sudo xarch binfmt --register]");
  put(directory + "/status", "disabled\n");
  EXPECT_EQ(complaint(),
            "binfmt_misc: switched off: " + instead + " [echo 1 | sudo tee " + directory + "/status]");
  remove(directory);
  EXPECT_EQ(complaint(), "binfmt_misc: not mounted: " + instead + " [sudo mount -t binfmt_misc binfmt_misc " +
                             directory + " && sudo xarch binfmt --register]");
}

TEST_F(Doctor, UserNamespaces) {
  const std::string use = "chroots, mounts and package builds without root";
  put("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
  EXPECT_EQ(complaint(), "user namespaces: kept back by AppArmor: " + use +
                             " [sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0]");
  put("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
  EXPECT_EQ(complaint(),
            "user namespaces: for root only: " + use + " [sudo sysctl kernel.unprivileged_userns_clone=1]");
  put("/proc/sys/user/max_user_namespaces", "0\n");
  EXPECT_EQ(complaint(),
            "user namespaces: none to be had: " + use + " [sudo sysctl user.max_user_namespaces=65536]");
}

TEST_F(Doctor, Kvm) {
  host_.kvm = false;
  EXPECT_EQ(complaint(),
            "KVM: /dev/kvm may not be opened; foreign programs do not need it [sudo usermod -a -G kvm $USER, "
            "and log in again]");
  remove("/dev/kvm");
  EXPECT_EQ(complaint(), "KVM: no /dev/kvm; foreign programs do not need it [sudo modprobe kvm]");
}

TEST_F(Doctor, Perf) {
  put("/proc/sys/kernel/perf_event_paranoid", "4\n");
  EXPECT_EQ(complaint(),
            "perf: perf_event_paranoid is 4: no `perf record` of one's own programs [sudo sysctl "
            "kernel.perf_event_paranoid=2]");
  put("/proc/sys/kernel/perf_event_paranoid", "-1\n");
  EXPECT_EQ(complaint(), "0 complaints");
  remove("/proc/sys/kernel/perf_event_paranoid");
  EXPECT_EQ(complaint(), "perf: this kernel has no performance events []");
}

TEST_F(Doctor, Noexec) {
  put("/proc/self/mounts",
      "/dev/sda1 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,noexec,nosuid 0 0\n/dev/sdb /home/a\\040b ext4 rw,noexec "
      "0 0\n");
  EXPECT_EQ(complaints(),
            (std::vector<std::string>{"noexec: /home/a b is mounted noexec: no program in /home/a b can be "
                                      "run [sudo mount -o remount,exec /home/a b]",
                                      "noexec: /tmp is mounted noexec: no program in /tmp can be run [sudo "
                                      "mount -o remount,exec /tmp]"}));
  // The last mount at a place counts, the innermost of several, and no other name that begins alike.
  put("/proc/self/mounts",
      "/dev/sda1 / ext4 rw,noexec 0 0\na /tmp a rw,noexec 0 0\nb /tmp b rw 0 0\nc /home c rw 0 0\nd /home/a "
      "d rw,noexec 0 0\n");
  EXPECT_EQ(complaint(), "0 complaints");
  put("/proc/self/mounts", "/dev/sda1 / ext4 rw,noexec 0 0\n");
  EXPECT_EQ(complaint(),
            "noexec: / is mounted noexec: no program in /home/a b can be run [sudo mount -o remount,exec /]");
  put("/proc/self/mounts", "broken\n\nlines with three words\n/ / / noexec_not 0 0\n");
  EXPECT_EQ(complaint(), "0 complaints");
}

TEST_F(Doctor, Roots) {
  host_.sysroots.clear();
  EXPECT_EQ(complaint(),
            "root: aarch64: none found, so only static programs run (or with -L DIR) "
            "[scripts/mkroot arm64 build/roots/arm64 bash coreutils]");
  put("/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "");
  EXPECT_EQ(complaint(), "0 complaints");
  remove("/usr/mips-linux-gnu");
  EXPECT_EQ(complaint(),
            "root: mips: none found, so only static programs run (or with -L DIR) [sudo apt-get install "
            "libc6-mips-cross]");
}

TEST_F(Doctor, NothingAtAll) {
  // An empty directory for a host: a kernel without /proc says nothing, and nothing breaks.
  remove("/proc");
  remove("/sys");
  remove("/dev");
  host_.sysroots.clear();
  EXPECT_GE(complaints().size(), 5u);
}

TEST(Binfmt, Lines) {
  ASSERT_EQ(linux_guests()[0].name, "aarch64");
  EXPECT_EQ(
      binfmt_line(linux_guests()[0], "/x/xarch-run", "POCF"),
      R"(:xarch-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00)"
      R"(:\xff\xff\xff\xff\xff\xff\xff\xfc\x00\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/x/xarch-run:POCF)");
  ASSERT_EQ(linux_guests()[1].name, "mips");
  EXPECT_EQ(
      binfmt_line(linux_guests()[1], "/x", "F"),
      R"(:xarch-mips:M::\x7f\x45\x4c\x46\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x08)"
      R"(:\xff\xff\xff\xff\xff\xff\xff\xfc\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff:/x:F)");
}

}  // namespace
}  // namespace xarch
