// VisitedSet: which places guest code has come to.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace xarch::tcg {

// A set of (pc, mode) that may take places for visited that are not, never the reverse. Any thread. Memory is
// taken as it is used: neighbouring places share a page of it, a page stands for 32 K places.
class VisitedSet {
 public:
  VisitedSet() : words_(static_cast<std::atomic<uint32_t>*>(calloc(kWords, sizeof(uint32_t)))) {}

  // Adds the place; was it there already? pc in units of Guest::pc_shift.
  bool visit(uint64_t pc, uint32_t mode) {
    if (words_ == nullptr) return true;
    // Libraries lie some MB apart, and one that is larger shares places with itself.
    const uint64_t bit = pc + (pc >> 22) * 0x9e3779b1 + mode * uint64_t{0x85ebca6b};
    const uint32_t mask = uint32_t{1} << bit % 32;
    // Without a look before: a page that is read first and written then is faulted in twice.
    return (words_.get()[bit / 32 % kWords].fetch_or(mask, std::memory_order_relaxed) & mask) != 0;
  }

 private:
  struct Free {
    void operator()(void* p) const { free(p); }
  };
  static constexpr uint64_t kWords = (uint64_t{1} << 22) / 32;
  std::unique_ptr<std::atomic<uint32_t>, Free> words_;
};

}  // namespace xarch::tcg
