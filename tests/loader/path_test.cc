// The sysroot: symbolic links stay inside it.
#include "linux-user/path.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace xarch::linux_user {
namespace {

class PathTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/xarch-path-XXXXXX";
    root_ = mkdtemp(name);
    std::filesystem::create_directories(root_ + "/usr/lib/deep");
    std::filesystem::create_directories(root_ + "/etc");
    std::ofstream(root_ + "/usr/lib/ld.so") << "x";
    std::filesystem::create_symlink("/usr/lib", root_ + "/lib");            // absolute, inside
    std::filesystem::create_symlink("/etc/passwd", root_ + "/etc/escape");  // exists on the host only
    std::filesystem::create_symlink("../../../../usr/lib/ld.so", root_ + "/etc/up");
    std::filesystem::create_symlink("loop", root_ + "/etc/loop");
    paths_.set_root(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_;
  PathMap paths_;
};

TEST_F(PathTest, MapsWhatTheRootHas) {
  EXPECT_EQ(paths_.to_host("/usr/lib/ld.so", true), root_ + "/usr/lib/ld.so");
  EXPECT_EQ(paths_.to_host("/lib/ld.so", true), root_ + "/usr/lib/ld.so");
  EXPECT_EQ(paths_.to_host("/lib/./deep/../ld.so", true), root_ + "/usr/lib/ld.so");
  EXPECT_EQ(paths_.to_host("/lib", false), root_ + "/lib");
  EXPECT_EQ(paths_.to_host("/lib", true), root_ + "/usr/lib");
  EXPECT_EQ(paths_.to_host("/lib/", false), root_ + "/usr/lib/");
}

TEST_F(PathTest, LinksStayInside) {
  EXPECT_EQ(paths_.to_host("/etc/up", true), root_ + "/usr/lib/ld.so");
  EXPECT_EQ(paths_.to_host("/etc/escape", true), "/etc/escape") << "leads to nothing in the root";
  EXPECT_EQ(paths_.to_host("/etc/loop", true), "/etc/loop");
  EXPECT_EQ(paths_.to_host("/etc/loop", false), root_ + "/etc/loop");
}

TEST_F(PathTest, LeavesTheRestAlone) {
  EXPECT_EQ(paths_.to_host("relative", true), "relative");
  EXPECT_EQ(paths_.to_host("", true), "");
  EXPECT_EQ(paths_.to_host("/proc/self/status", true), "/proc/self/status");
  EXPECT_EQ(paths_.to_host("/no/such/file", true), "/no/such/file");
  EXPECT_EQ(PathMap().to_host("/usr/lib", true), "/usr/lib");
}

TEST_F(PathTest, TheLinkersCacheIsNeverTheHosts) {
  EXPECT_EQ(paths_.to_host("/etc/ld.so.cache", true), root_ + "/etc/ld.so.cache")
      << "in neither, or on the host only";
  EXPECT_EQ(paths_.to_host("/etc/ld.so.preload", true), root_ + "/etc/ld.so.preload");
  EXPECT_EQ(PathMap().to_host("/etc/ld.so.cache", true), "/etc/ld.so.cache");
}

TEST_F(PathTest, NamesGoBack) {
  EXPECT_EQ(paths_.to_guest(root_ + "/usr/lib/ld.so"), "/usr/lib/ld.so");
  EXPECT_EQ(paths_.to_guest(root_), "/");
  EXPECT_EQ(paths_.to_guest("/tmp/else"), "/tmp/else");
  EXPECT_EQ(paths_.to_guest(root_ + "2/x"), root_ + "2/x");
}

TEST_F(PathTest, FindsTheRootAProgramLiesIn) {
  bool found = false;
  EXPECT_EQ(find_root(root_ + "/usr/lib/deep/prog", "/lib/ld.so", &found), root_);
  EXPECT_TRUE(found);
  find_root("/tmp/prog", "/lib/no-such-linker.so", &found);
  EXPECT_FALSE(found);
}

}  // namespace
}  // namespace xarch::linux_user
