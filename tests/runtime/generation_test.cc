// The cache of translations: its pages are there before they are written, and not many more.
#include "tcg/runtime/generation.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "tcg/runtime/sync.h"

namespace xarch::tcg {
namespace {

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

bool is_there(const void* p) {
  unsigned char in_memory = 0;
  void* const page = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(p) & ~(page_size() - 1));
  return mincore(page, 1, &in_memory) == 0 && (in_memory & 1) != 0;
}

// Can this kernel be asked for pages (since Linux 5.14)?
bool can_ask() {
  void* const p = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool can = madvise(p, page_size(), 23) == 0 && is_there(p);
  munmap(p, page_size());
  return can;
}

struct Cache {
  Cache(uint64_t budget, unsigned pc_shift) {
    auto made = Generation::create(budget, pc_shift);
    if (made) g = std::move(*made);
  }
  Cell* cell(uint64_t pc) { return g->cell_for(lock, nullptr, pc, 0); }
  std::unique_ptr<Generation> g;
  FutexMutex mutex;
  const TranslationLock lock{mutex};
};

TEST(Generation, PagesAreThereBeforeTheyAreWritten) {
  Cache cache(64 << 20, 2);
  ASSERT_NE(cache.g, nullptr);
  const bool asks = can_ask();
  for (uint64_t i = 0; i < 20000; ++i) {
    const Cell* const cell = cache.cell(0x400000 + 4 * i);
    ASSERT_NE(cell, nullptr);
    ASSERT_EQ(cache.cell(0x400000 + 4 * i), cell);
    ASSERT_TRUE(!asks || is_there(cell + 1)) << i;
    ASSERT_FALSE(is_there(cell + (64 << 10) / sizeof(Cell))) << i;
  }
}

// A small cache, of which every area is used to its end.
TEST(Generation, AreasOfASmallCacheEndWhereTheyEnd) {
  Cache cache(1 << 20, 0);
  ASSERT_NE(cache.g, nullptr);
  uint64_t cells = 0;
  while (cache.cell(cells + 1) != nullptr) ++cells;
  EXPECT_GT(cells, 10000u);
  EXPECT_GE(cache.g->used_bytes(), uint64_t{1} << 19);
  for (uint64_t i = 0; i < cells; ++i) ASSERT_NE(cache.g->find(i + 1, 0), nullptr) << i;
}

}  // namespace
}  // namespace xarch::tcg
