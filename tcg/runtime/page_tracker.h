// PageTracker: which pages of guest memory code was translated from, what backs them, and how changes of them
// are noticed: by write protection, or by comparing the bytes whenever a block is entered. Addresses are the
// guest's under the flat policy, those of RAM in host memory under the soft-TLB policy.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tcg/runtime/generation.h"
#include "tcg/runtime/memory.h"
#include "tcg/runtime/sync.h"

namespace xarch::tcg {

inline constexpr unsigned kHostPageBits = 12;
inline constexpr uint64_t kHostPageSize = uint64_t{1} << kHostPageBits;
inline constexpr uint64_t page_of(uint64_t addr) { return addr & ~(kHostPageSize - 1); }

class PageTracker {
 public:
  explicit PageTracker(FlatMemory& memory) : memory_(memory) {}

  // After so many writes to translated code a page's blocks check their bytes instead.
  static constexpr unsigned kMaxFlips = 16;

  // KeyFlags that translations from these pages must have: kKeyCheckCode, kKeyMaskTags. Asked again after
  // lifting, when it is known which pages a region reads; tells backings apart on first contact.
  uint32_t key_flags(const TranslationLock& lock, uint64_t start, uint64_t bytes);
  // Write-protects the pages of the range where writes would otherwise pass unnoticed. To be called before
  // the bytes are read for good: what is read afterwards is what the protection guards.
  void protect(const TranslationLock& lock, uint64_t start, uint64_t bytes);
  // Is the page known, and mapped?
  bool is_known(const TranslationLock& lock, uint64_t addr);
  // The block depends on the pages of its ranges.
  void add(const TranslationLock& lock, const Generation& generation, const BlockRecord& block);
  // The same for these pages, whatever its ranges are.
  void add_to_page(const TranslationLock& lock, const Generation& generation, const BlockRecord& block,
                   uint64_t page);

  // Drops every translation that depends on [start, start + bytes), or on the same memory mapped elsewhere;
  // returns how many.
  enum class Why : uint8_t {
    kMapping,     // the mapping changes, or the guest says that code changed
    kGuestWrite,  // a guest store to a protected page: make it writable, count the flip
    kHostWrite,   // a write by the kernel or xarch: the same, not counted as a flip
  };
  unsigned invalidate(const TranslationLock& lock, Generation& generation, uint64_t start, uint64_t bytes,
                      Why why);
  // From now on translations of this page strip tags; drops those that don't.
  unsigned mask_tags(const TranslationLock& lock, Generation& generation, uint64_t page);
  // New mappings: pages that gained a writable alias check their bytes from now on.
  unsigned mapped(const TranslationLock& lock, Generation& generation, uint64_t start, uint64_t bytes);
  // A new generation begins: no page has translations. Protection stays until a page is written.
  void forget_blocks(const TranslationLock& lock);
  void forget_all(const TranslationLock& lock);

  // May anything be translated from there? Lock-free; true may be wrong, false is right.
  bool maybe_tracked(uint64_t start, uint64_t bytes) const;
  bool is_protected(const TranslationLock&, uint64_t page) const;
  uint64_t record_bytes() const;

 private:
  struct BackingId {
    uint64_t device, inode, offset;
    bool operator==(const BackingId&) const = default;
  };
  struct BackingHash {
    size_t operator()(const BackingId& b) const {
      return (b.device * 31 + b.inode) * 0x9e3779b97f4a7c15u + (b.offset >> kHostPageBits);
    }
  };
  struct Page {
    std::vector<uint32_t> blocks;  // of the current generation; dead ones are weeded out when it grows
    BackingId backing{};
    uint8_t flips = 0;
    bool backing_known = false;
    bool is_protected = false;
    bool check_code = false;
    bool mask_tags = false;
    bool read_only = false;  // the guest may not write there; a new mapping makes it a new page
  };
  static constexpr unsigned kFilterBits = 13;

  Page& page(uint64_t addr);
  Page* find(uint64_t addr);
  static constexpr unsigned kFilterMax = 3;
  static unsigned filter_shift(uint64_t page) { return page % 4 * 2; }
  static size_t filter_index(uint64_t page) { return page / 4 % (size_t{1} << (kFilterBits - 2)); }
  void count_in_filter(uint64_t addr, int delta);
  void learn_backing(uint64_t addr, Page& page);
  void forget(uint64_t addr);
  unsigned drop_blocks(const TranslationLock& lock, Generation& generation, Page& page);
  unsigned write_page(const TranslationLock& lock, Generation& generation, uint64_t addr, Page& page,
                      Why why);
  unsigned unmap_page(const TranslationLock& lock, Generation& generation, uint64_t addr, uint64_t start,
                      uint64_t end);
  unsigned make_checked(const TranslationLock& lock, Generation& generation, uint64_t addr, Page& page);
  void set_protected(uint64_t addr, Page& page, bool on);
  std::vector<uint64_t> pages_in(uint64_t start, uint64_t bytes) const;
  static bool named(const BackingId& b) { return b.device != 0 || b.inode != 0; }

  FlatMemory& memory_;
  std::unordered_map<uint64_t, Page> pages_;
  // The page asked for last: a region asks for its own several times, and the next one often is from there.
  uint64_t last_addr_ = ~uint64_t{0};
  Page* last_ = nullptr;
  // Pages that share memory, of named backings only.
  std::unordered_map<BackingId, std::vector<uint64_t>, BackingHash> aliases_;
  // Files with a tracked page (offset 0 stands for all), and files that some mapping may write to.
  std::unordered_map<BackingId, unsigned, BackingHash> files_;
  std::unordered_set<BackingId, BackingHash> written_files_;
  // How many tracked pages fall on each entry, saturating: of two bits, four to a byte.
  std::array<std::atomic<uint8_t>, 1u << (kFilterBits - 2)> filter_{};
};

}  // namespace xarch::tcg
