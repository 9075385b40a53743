// CPUID, counters, random numbers, segment registers.
#include <cpuid.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "targets/x86/core/cpuid.h"
#include "targets/x86/core/decode.h"
#include "targets/x86/core/lift.h"
#include "targets/x86/core/segments.h"
#include "tests/x86/snippet.h"

namespace xarch::x86::test {
namespace {

std::string vendor(const CpuidResult& r) {
  std::string s(12, ' ');
  std::memcpy(s.data(), &r.ebx, 4);
  std::memcpy(s.data() + 4, &r.edx, 4);
  std::memcpy(s.data() + 8, &r.ecx, 4);
  return s;
}

TEST(Cpuid, EveryModelSaysWhoItIs) {
  for (const Model& m : models()) {
    const CpuidResult zero = cpuid(m, 0, 0);
    EXPECT_EQ(zero.eax, m.max_leaf) << m.name;
    EXPECT_EQ(vendor(zero), m.name == "k6-2" ? "AuthenticAMD" : "GenuineIntel");
    EXPECT_EQ(cpuid(m, 1, 0).eax, m.signature);
    // The highest leaf that has features is there.
    if (m.features.has(Feature::kXsave)) {
      EXPECT_GE(m.max_leaf, 0xdu) << m.name;
    }
    if (m.features.has(Feature::kAvx2)) {
      EXPECT_GE(m.max_leaf, 7u) << m.name;
    }
    if (m.features.has(Feature::kLm) || m.features.has(Feature::kNow3d)) {
      EXPECT_GT(m.max_extended, 0x80000001u) << m.name;
    }
  }
  EXPECT_EQ(hwcap(*find_model("pentium-mmx")), 0x800131u);
}

std::set<std::string> host_flags() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::set<std::string> flags;
    for (std::string w; words >> w;) flags.insert(w);
    return flags;
  }
  return {};
}

// The bit of every feature that Linux sees on the host is set in the host's own CPUID.
TEST(Cpuid, BitsAreThoseOfTheHost) {
  const std::set<std::string> flags = host_flags();
  const auto leaf = [](unsigned l, unsigned s) {
    CpuidResult r = {};
    __cpuid_count(l, s, r.eax, r.ebx, r.ecx, r.edx);
    return r;
  };
  const CpuidResult l1 = leaf(1, 0), l7 = leaf(7, 0), e1 = leaf(0x80000001, 0), d1 = leaf(0xd, 1);
  const std::map<std::string, uint32_t> words = {{"1Edx", l1.edx}, {"1Ecx", l1.ecx},  {"7Ebx", l7.ebx},
                                                 {"7Ecx", l7.ecx}, {"E1Edx", e1.edx}, {"E1Ecx", e1.ecx},
                                                 {"D1Eax", d1.eax}};
  unsigned checked = 0;
  const auto check = [&](const char* name, const char* word, unsigned bit) {
    if (!flags.count(name) || std::string(word) == "None") return;
    ++checked;
    EXPECT_TRUE(words.at(word) >> bit & 1) << name;
  };
#define FEATURE(name, cpuinfo, word, bit) check(cpuinfo, #word, bit);
#include "targets/x86/core/features.def"
#undef FEATURE
  std::printf("%u features compared\n", checked);
}

TEST(Cpuid, ShowsWhatIsLifted) {
  for (unsigned i = 0; i < rows().size(); ++i) EXPECT_NE(lifter(i), nullptr) << rows()[i].text;
  EXPECT_NE((" " + cpuinfo_flags(*find_model("max")) + " ").find(" sse2 "), std::string::npos);
}

class System : public ::testing::TestWithParam<bool> {
 protected:
  Snippet snippet{*find_model("max")};
  bool run(const std::vector<uint8_t>& code) { return snippet.run(code, GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Ways, System, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "tier1" : "interpreted"; });

TEST_P(System, Cpuid) {
  X86State& s = snippet.fresh();
  s.rax = ~uint64_t{0} << 32 | 1;
  s.rbx = s.rcx = s.rdx = ~uint64_t{0};
  ASSERT_TRUE(run({0x0f, 0xa2}));
  const CpuidResult r = cpuid(*find_model("max"), 1, 0);
  EXPECT_EQ(s.rax, r.eax);
  EXPECT_EQ(s.rbx, r.ebx);
  EXPECT_EQ(s.rcx, r.ecx);
  EXPECT_EQ(s.rdx, r.edx);
}

TEST_P(System, CountersGoUp) {
  X86State& s = snippet.fresh();
  s.rdx = ~uint64_t{0};
  ASSERT_TRUE(run({0x0f, 0x31, 0x48, 0x89, 0xc6, 0x48, 0x89, 0xd7, 0x0f, 0x01, 0xf9}));  // rdtsc; mov; rdtscp
  EXPECT_LE(s.rdi << 32 | s.rsi, s.rdx << 32 | s.rax);
  EXPECT_EQ(s.rax >> 32, 0u);
  EXPECT_LT(s.rcx & 0xfff, 4096u);
}

TEST_P(System, RandomNumbers) {
  X86State& s = snippet.fresh();
  s.rbx = ~uint64_t{0};
  ASSERT_TRUE(run({0x48, 0x0f, 0xc7, 0xf0, 0x48, 0x0f, 0xc7, 0xf9, 0x0f, 0xc7, 0xf3}));
  EXPECT_NE(s.rax, s.rcx);
  EXPECT_EQ(s.rbx >> 32, 0u);
  EXPECT_EQ(s.rflags() & kEflagsArithmetic, uint64_t{kEflagsC});
}

TEST_P(System, Xgetbv) {
  X86State& s = snippet.fresh();
  s.rax = s.rdx = ~uint64_t{0};
  ASSERT_TRUE(run({0x0f, 0x01, 0xd0}));
  EXPECT_EQ(s.rdx << 32 | s.rax, xcr0(*find_model("max")));
  snippet.fresh().rcx = 2;
  EXPECT_FALSE(run({0x0f, 0x01, 0xd0}));
  EXPECT_EQ(snippet.raised, uint32_t{kRaiseProtection});
}

TEST_P(System, BasesMustBeCanonical) {
  X86State& s = snippet.fresh();
  s.rax = 0x7fff12345678;
  ASSERT_TRUE(
      run({0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x48, 0x0f, 0xae, 0xc1}));  // wrfsbase rax; rdfsbase rcx
  EXPECT_EQ(s.fs_base, 0x7fff12345678u);
  EXPECT_EQ(s.rcx, s.rax);
  snippet.fresh();
  s.rax = uint64_t{1} << 47;
  EXPECT_FALSE(run({0xf3, 0x48, 0x0f, 0xae, 0xd8}));
  EXPECT_EQ(snippet.raised, uint32_t{kRaiseProtection});
}

// mov gs, eax; mov ecx, gs, with a descriptor of the thread's own.
TEST_P(System, SegmentsAreLoaded) {
  for (const bool code32 : {false, true}) {
    X86State& s = snippet.fresh(code32);
    s.gdt[kFirstTlsEntry] = make_descriptor(0x12345678, 0xfffff, 0xc0f3);
    s.rax = kFirstTlsEntry << 3 | 3;
    EXPECT_EQ(s.mode, code32 ? uint32_t{kModeCode32 | kModeFs | kModeGs} : 0u);
    ASSERT_TRUE(run({0x8e, 0xe8, 0x8c, 0xe9}));
    EXPECT_EQ(s.rcx, s.rax);
    EXPECT_EQ(s.gs_base, 0x12345678u);
    EXPECT_EQ(s.high(kGs), ~0u);
    // Beyond the table, and code that cannot be read.
    for (const unsigned bad : {0x83u, 0x0bu, 0x07u}) {
      snippet.fresh(code32);
      s.rax = bad;
      EXPECT_FALSE(run({0x8e, 0xe8}));
      EXPECT_EQ(snippet.raised, uint32_t{kRaiseProtection});
      EXPECT_EQ(s.hdr.exit_value, bad & ~3u);
      EXPECT_EQ(s.pc, kSnippet);
    }
  }
}

TEST(Segments, Descriptors) {
  const uint64_t d = make_descriptor(0x89abcdef, 0x12345, 0xc0f3);
  EXPECT_EQ(d, 0x89c1f3abcdef2345u);
  const SegmentParts p = descriptor_parts(d);
  EXPECT_EQ(p.base, 0x89abcdefu);
  EXPECT_EQ(p.limit, 0x12345fffu);
  EXPECT_EQ(p.rights, 0xc0f3u);
}

}  // namespace
}  // namespace xarch::x86::test
