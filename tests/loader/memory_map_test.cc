// The guest's address space, with and without a base.
#include "linux-user/memory_map.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace xarch::linux_user {
namespace {

constexpr uint64_t kLimit = uint64_t{1} << 42;
constexpr int kAnon = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int kRw = PROT_READ | PROT_WRITE;

class MemoryMapTest : public testing::TestWithParam<uint64_t> {
 protected:
  MemoryMap map_{GetParam(), kLimit};

  uint64_t anon(uint64_t addr, uint64_t bytes, int prot = kRw, int flags = kAnon) {
    return static_cast<uint64_t>(map_.mmap(addr, bytes, prot, flags, -1, 0));
  }
  char* at(uint64_t addr) { return static_cast<char*>(map_.host(addr)); }
};
INSTANTIATE_TEST_SUITE_P(Bases, MemoryMapTest, testing::Values(0, uint64_t{1} << 44));

TEST_P(MemoryMapTest, PlacesTopDownAndHonoursHints) {
  const uint64_t a = anon(0, 4096);
  const uint64_t b = anon(0, 8192);
  EXPECT_EQ(a, kLimit - 4096);
  EXPECT_EQ(b, a - 8192);
  EXPECT_EQ(anon(0x40000000, 4096), 0x40000000u);
  const uint64_t c = anon(0x40000000, 4096);
  EXPECT_NE(c, 0x40000000u);
  memset(at(b), 1, 8192);
  EXPECT_EQ(map_.areas().size(), 3u + (c + 4096 != b ? 0 : 0) - 1u)
      << "neighbours with equal attributes are one";
}

// Where a walk over all areas would place it: the highest gap below the top that is large enough.
uint64_t highest_gap(const MemoryMap& map, uint64_t top, uint64_t bytes) {
  uint64_t low = kLowestMapping, found = 0;
  const auto gap = [&](uint64_t high) {
    high = std::min(high, top);
    if (high > low && high - low >= bytes) found = high - bytes;
  };
  for (const Area& area : map.areas()) {
    gap(area.start);
    low = std::max(low, area.end);
  }
  gap(kLimit);
  return found;
}

TEST_P(MemoryMapTest, TheHighestGapIsFoundWhateverCameBefore) {
  constexpr unsigned kSeed = 20;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  const uint64_t top = kLimit - (uint64_t{1} << 32);
  map_.set_mmap_top(top);
  std::vector<std::pair<uint64_t, uint64_t>> live;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t bytes = (1 + random() % (uint64_t{1} << random() % 8)) * 4096;
    if (live.empty() || random() % 5 < 3) {
      const uint64_t want = highest_gap(map_, top, bytes);
      const uint64_t got = anon(0, bytes, i % 2 == 0 ? PROT_NONE : PROT_READ);
      ASSERT_EQ(got, want) << "step " << i;
      live.emplace_back(got, bytes);
      continue;
    }
    const size_t which = random() % live.size();
    auto [start, size] = live[which];
    if (random() % 3 == 0) {
      // The part behind its first half only, or something else in its place.
      const uint64_t half = size / 8192 * 4096;
      if (half == 0) continue;
      if (random() % 2 == 0) {
        ASSERT_EQ(anon(start, half, kRw, kAnon | MAP_FIXED), start);
      } else {
        ASSERT_EQ(map_.munmap(start + half, size - half), 0);
        live[which].second = half;
      }
      continue;
    }
    ASSERT_EQ(map_.munmap(start, size), 0);
    live[which] = live.back();
    live.pop_back();
  }
}

TEST_P(MemoryMapTest, RefusesWhatTheKernelRefuses) {
  EXPECT_EQ(map_.mmap(0, 0, kRw, kAnon, -1, 0), -EINVAL);
  EXPECT_EQ(map_.mmap(0, kLimit * 2, kRw, kAnon, -1, 0), -ENOMEM);
  EXPECT_EQ(map_.mmap(0x1001, 4096, kRw, kAnon | MAP_FIXED, -1, 0), -EINVAL);
  EXPECT_EQ(map_.mmap(0x1000, 4096, kRw, kAnon | MAP_FIXED, -1, 0), -EPERM);
  EXPECT_EQ(map_.mmap(kLimit, 4096, kRw, kAnon | MAP_FIXED, -1, 0), -ENOMEM);
  anon(0x40000000, 4096);
  EXPECT_EQ(map_.mmap(0x40000000, 4096, kRw, kAnon | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
  EXPECT_EQ(map_.mprotect(0x50000000, 4096, kRw), -ENOMEM);
  EXPECT_EQ(map_.munmap(0x50000001, 4096), -EINVAL);
  EXPECT_EQ(map_.munmap(0x50000000, 4096), 0);
}

TEST_P(MemoryMapTest, FixedReplacesAndUnmapSplits) {
  const uint64_t a = anon(0x40000000, 16 * 4096);
  strcpy(at(a), "old");
  EXPECT_EQ(anon(a + 4096, 4096, PROT_READ, kAnon | MAP_FIXED), a + 4096);
  EXPECT_STREQ(at(a), "old");
  EXPECT_TRUE(map_.allows(a, 4096, kRw));
  EXPECT_FALSE(map_.allows(a, 8192, kRw));
  EXPECT_TRUE(map_.allows(a, 16 * 4096, PROT_READ));
  EXPECT_EQ(map_.munmap(a + 8 * 4096, 4096), 0);
  EXPECT_FALSE(map_.allows(a, 16 * 4096, PROT_READ));
  EXPECT_EQ(map_.areas().size(), 4u);
}

TEST_P(MemoryMapTest, ProtectionIsTheGuestsAndCodePagesKeepIt) {
  const uint64_t a = anon(0x40000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
  map_.set_code_page(a, true);
  EXPECT_TRUE(map_.guest_writable(a));
  uint32_t word = 0;
  EXPECT_TRUE(map_.fetch(a, &word, 4));
  map_.set_code_page(a, false);
  at(a)[0] = 1;
  EXPECT_EQ(map_.mprotect(a, 4096, PROT_READ), 0);
  EXPECT_FALSE(map_.guest_writable(a));
  EXPECT_FALSE(map_.fetch(a, &word, 4));
  EXPECT_TRUE(map_.fetch(a + 4096, &word, 4));
  EXPECT_FALSE(map_.fetch(a + 8192, &word, 4));
}

TEST_P(MemoryMapTest, Brk) {
  map_.set_brk_start(0x10000000);
  EXPECT_EQ(map_.brk(0, UINT64_MAX), 0x10000000u);
  EXPECT_EQ(map_.brk(0x10003010, UINT64_MAX), 0x10003010u);
  memset(at(0x10000000), 7, 0x3010);
  EXPECT_EQ(map_.brk(0x10001000, UINT64_MAX), 0x10001000u);
  EXPECT_EQ(map_.brk(0x10002000, UINT64_MAX), 0x10002000u);
  EXPECT_EQ(at(0x10001000)[0], 0) << "memory given back comes back as zeros";
  anon(0x10004000, 4096);
  EXPECT_EQ(map_.brk(0x10005000, UINT64_MAX), 0x10002000u);
  EXPECT_EQ(map_.brk(0x10003000, 0x2000), 0x10002000u) << "the limit holds";
}

TEST_P(MemoryMapTest, Mremap) {
  const uint64_t a = anon(0x40000000, 4096);
  strcpy(at(a), "kept");
  EXPECT_EQ(map_.mremap(a, 4096, 8192, 0, 0), static_cast<int64_t>(a));
  anon(a + 8192, 4096, PROT_READ);
  EXPECT_EQ(map_.mremap(a, 8192, 3 * 4096, 0, 0), -ENOMEM);
  const auto b = static_cast<uint64_t>(map_.mremap(a, 8192, 3 * 4096, MREMAP_MAYMOVE, 0));
  EXPECT_NE(b, a);
  EXPECT_STREQ(at(b), "kept");
  EXPECT_FALSE(map_.allows(a, 4096, PROT_READ));
  EXPECT_EQ(map_.mremap(b, 3 * 4096, 4096, 0, 0), static_cast<int64_t>(b));
  EXPECT_FALSE(map_.allows(b + 4096, 4096, PROT_READ));
  EXPECT_EQ(map_.mremap(b, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x50000000), 0x50000000);
  EXPECT_STREQ(at(0x50000000), "kept");
}

TEST_P(MemoryMapTest, BackingTellsAliases) {
  const int fd = memfd_create("shared", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(fd, 3 * 4096), 0);
  const auto a = static_cast<uint64_t>(map_.mmap(0, 3 * 4096, kRw, MAP_SHARED, fd, 0));
  const auto b = static_cast<uint64_t>(map_.mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 4096));
  close(fd);
  tcg::Backing of_a, of_b;
  ASSERT_TRUE(map_.backing(a + 4096, &of_a));
  ASSERT_TRUE(map_.backing(b, &of_b));
  EXPECT_TRUE(of_a == of_b);
  EXPECT_TRUE(of_b.shared_writable);
  EXPECT_FALSE(map_.backing(0x70000000, &of_a));
}

// Random changes against a page-by-page model.
TEST_P(MemoryMapTest, AgreesWithAPageModel) {
  constexpr unsigned kSeed = 7;
  RecordProperty("seed", static_cast<int>(kSeed));
  std::mt19937 random(kSeed);
  constexpr uint64_t kStart = 0x40000000;
  constexpr unsigned kPages = 64;
  std::map<uint64_t, int> model;  // page number: protection
  for (int step = 0; step < 3000; ++step) {
    const uint64_t first = random() % kPages;
    const uint64_t pages = 1 + random() % std::min<uint64_t>(8, kPages - first);
    const uint64_t addr = kStart + first * 4096;
    const int prot = static_cast<int>(random() % 8);
    bool covered = true;
    for (uint64_t p = first; p < first + pages; ++p) covered &= model.count(p) != 0;
    switch (random() % 3) {
      case 0:
        ASSERT_EQ(anon(addr, pages * 4096, prot, kAnon | MAP_FIXED), addr);
        for (uint64_t p = first; p < first + pages; ++p) model[p] = prot;
        break;
      case 1:
        ASSERT_EQ(map_.munmap(addr, pages * 4096), 0);
        for (uint64_t p = first; p < first + pages; ++p) model.erase(p);
        break;
      default:
        ASSERT_EQ(map_.mprotect(addr, pages * 4096, prot), covered ? 0 : -ENOMEM);
        // What lies before a hole is changed, as by Linux.
        for (uint64_t p = first; p < first + pages && model.count(p) != 0; ++p) model[p] = prot;
    }
    const uint64_t page = random() % kPages;
    Area area;
    const bool mapped = map_.find(kStart + page * 4096, &area);
    ASSERT_EQ(mapped, model.count(page) != 0) << step;
    if (mapped) {
      ASSERT_EQ(area.prot, model[page]) << step;
    }
  }
  uint64_t pages = 0, before = 0;
  for (const Area& a : map_.areas()) {
    EXPECT_GE(a.start, before);
    EXPECT_LT(a.start, a.end);
    before = a.end;
    pages += (a.end - a.start) / 4096;
  }
  EXPECT_EQ(pages, model.size());
}

TEST(MemoryMap, ReservesSmallSpaces) {
  MemoryMap map(uint64_t{1} << 40, uint64_t{1} << 32);
  ASSERT_EQ(map.reserve(), 0);
  const int64_t a = map.mmap(0, 4096, kRw, kAnon, -1, 0);
  ASSERT_EQ(a, (int64_t{1} << 32) - 4096);
  *static_cast<char*>(map.host(static_cast<uint64_t>(a))) = 1;
  EXPECT_EQ(map.munmap(static_cast<uint64_t>(a), 4096), 0);
  // The host's addresses stay claimed.
  EXPECT_EQ(::mmap(map.host(static_cast<uint64_t>(a)), 4096, PROT_READ, kAnon | MAP_FIXED_NOREPLACE, -1, 0),
            MAP_FAILED);
}

TEST(MemoryMap, MapsText) {
  MemoryMap map(0, kLimit);
  map.mmap(0x10000000, 8192, PROT_READ | PROT_EXEC, kAnon, -1, 0, nullptr, "[vdso]");
  map.mmap(0x20000000, 4096, kRw, kAnon, -1, 0);
  const std::string text = map.maps_text([](const Area&) { return std::string(); });
  EXPECT_EQ(text,
            "10000000-10002000 r-xp 00000000 00:00 0                                  [vdso]\n"
            "20000000-20001000 rw-p 00000000 00:00 0 \n");
}

}  // namespace
}  // namespace xarch::linux_user
