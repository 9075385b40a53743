#include "tcg/backend/x86_64/host_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace xarch::x86_64 {
namespace {

// The kernel's own list of this processor's flags.
std::set<std::string> cpuinfo_flags() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

TEST(HostFeatures, AgreeWithTheKernel) {
  const Result<HostFeatures> f = HostFeatures::detect();
  ASSERT_TRUE(f) << f.error().message;
  const std::set<std::string> flags = cpuinfo_flags();
  if (flags.empty()) return;  // no /proc: nothing to compare with
  const auto has = [&](const char* name) { return flags.contains(name); };
  EXPECT_EQ(f->bmi1, has("bmi1"));
  EXPECT_EQ(f->bmi2, has("bmi2"));
  EXPECT_EQ(f->lzcnt, has("abm"));
  EXPECT_EQ(f->movbe, has("movbe"));
  EXPECT_EQ(f->avx, has("avx"));
  EXPECT_EQ(f->avx2, has("avx2"));
  EXPECT_EQ(f->fma, has("fma"));
  EXPECT_EQ(f->f16c, has("f16c"));
  EXPECT_EQ(f->aes, has("aes"));
  EXPECT_EQ(f->pclmul, has("pclmulqdq"));
  EXPECT_EQ(f->sha, has("sha_ni"));
  EXPECT_EQ(f->fsgsbase, has("fsgsbase"));
}

HostFeatures everything() {
  HostFeatures f;
#define XARCH_HOST_FEATURE(name, needs) f.name = true;
#include "tcg/backend/x86_64/host_features.def"
  return f;
}

TEST(HostFeatures, DisableTakesDependentsAlong) {
  HostFeatures f = everything();
  ASSERT_TRUE(f.disable("avx,bmi2"));
  EXPECT_FALSE(f.avx || f.avx2 || f.fma || f.f16c || f.bmi2);
  EXPECT_TRUE(f.bmi1 && f.aes && f.movbe);
  HostFeatures g = everything();
  ASSERT_TRUE(g.disable("all"));
  EXPECT_EQ(g, HostFeatures{});
  EXPECT_EQ(g.describe(), "");
  EXPECT_EQ(g.bits(), 0u);
  ASSERT_TRUE(g.disable(""));
}

TEST(HostFeatures, UnknownNameChangesNothing) {
  HostFeatures f = everything();
  const Result<void> r = f.disable("bmi1,sse9");
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("sse9"), std::string::npos);
  EXPECT_EQ(f, everything());
}

TEST(HostFeatures, BitsTellSetsApart) {
  HostFeatures f = everything(), g = everything();
  ASSERT_TRUE(g.disable("sha"));
  EXPECT_NE(f.bits(), g.bits());
  EXPECT_EQ(f.describe(), "bmi1 bmi2 lzcnt movbe avx avx2 fma f16c aes pclmul sha fsgsbase");
}

}  // namespace
}  // namespace xarch::x86_64
