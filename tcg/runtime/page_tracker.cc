#include "tcg/runtime/page_tracker.h"

#include <algorithm>

namespace xarch::tcg {

bool PageTracker::maybe_tracked(uint64_t start, uint64_t bytes) const {
  if (bytes == 0) return false;
  const uint64_t first = start >> kHostPageBits;
  const uint64_t count = ((start + bytes - 1) >> kHostPageBits) - first + 1;
  if (count > uint64_t{1} << kFilterBits) return true;
  for (uint64_t page = first; page < first + count; ++page) {
    const unsigned counts = filter_[filter_index(page)].load(std::memory_order_seq_cst);
    if (counts >> filter_shift(page) & kFilterMax) return true;
  }
  return false;
}

void PageTracker::count_in_filter(uint64_t addr, int delta) {
  const uint64_t page = addr >> kHostPageBits;
  const unsigned shift = filter_shift(page);
  const unsigned old = filter_[filter_index(page)].load(std::memory_order_relaxed);
  // Once saturated it stays, and lookups under the lock decide.
  if ((old >> shift & kFilterMax) == kFilterMax) return;
  const unsigned now = old + (static_cast<unsigned>(delta) << shift);
  filter_[filter_index(page)].store(static_cast<uint8_t>(now), std::memory_order_seq_cst);
}

PageTracker::Page* PageTracker::find(uint64_t addr) {
  auto it = pages_.find(page_of(addr));
  return it == pages_.end() ? nullptr : &it->second;
}

PageTracker::Page& PageTracker::page(uint64_t addr) {
  addr = page_of(addr);
  if (addr == last_addr_) return *last_;
  auto [it, fresh] = pages_.try_emplace(addr);
  // Counted before any byte is read from there: a host write that looks at the filter afterwards sees it, one
  // that looked before is still followed by our reading (or by its own fault on the protected page).
  if (fresh) count_in_filter(addr, 1);
  if (!it->second.backing_known) learn_backing(addr, it->second);
  if (it->second.backing_known) {
    last_addr_ = addr;
    last_ = &it->second;
  }
  return it->second;
}

bool PageTracker::is_known(const TranslationLock&, uint64_t addr) {
  addr = page_of(addr);
  if (addr == last_addr_) return true;
  const Page* p = find(addr);
  return p != nullptr && p->backing_known;
}

void PageTracker::learn_backing(uint64_t addr, Page& page) {
  Backing b;
  if (!memory_.backing(addr, &b)) return;  // not mapped now; asked again next time
  page.backing_known = true;
  page.backing = {b.device, b.inode, b.offset};
  page.check_code |= b.shared_writable;
  if (!named(page.backing)) return;
  const BackingId file{b.device, b.inode, 0};
  if (written_files_.contains(file)) page.check_code = true;
  std::vector<uint64_t>& sharers = aliases_[page.backing];
  sharers.push_back(addr);
  ++files_[file];
}

void PageTracker::forget(uint64_t addr) {
  auto it = pages_.find(addr);
  Page& p = it->second;
  if (addr == last_addr_) last_addr_ = ~uint64_t{0};
  count_in_filter(addr, -1);
  if (p.backing_known && named(p.backing)) {
    auto sharers = aliases_.find(p.backing);
    std::erase(sharers->second, addr);
    if (sharers->second.empty()) aliases_.erase(sharers);
    auto file = files_.find({p.backing.device, p.backing.inode, 0});
    if (--file->second == 0) files_.erase(file);
  }
  pages_.erase(it);
}

void PageTracker::set_protected(uint64_t addr, Page& page, bool on) {
  if (page.is_protected == on) return;
  page.is_protected = on;
  memory_.set_code_page(addr, on);
}

uint32_t PageTracker::key_flags(const TranslationLock&, uint64_t start, uint64_t bytes) {
  uint32_t flags = 0;
  for (uint64_t addr = page_of(start); addr - page_of(start) < bytes + (start - page_of(start));
       addr += kHostPageSize) {
    const Page& p = page(addr);
    if (p.check_code) flags |= ir::kKeyCheckCode;
    if (p.mask_tags) flags |= ir::kKeyMaskTags;
  }
  return flags;
}

void PageTracker::protect(const TranslationLock&, uint64_t start, uint64_t bytes) {
  for (uint64_t addr = page_of(start); addr - page_of(start) < bytes + (start - page_of(start));
       addr += kHostPageSize) {
    Page& p = page(addr);
    if (p.check_code || p.is_protected || p.read_only) continue;
    p.read_only = !memory_.guest_writable(addr);
    if (!p.read_only) set_protected(addr, p, true);
  }
}

void PageTracker::add_to_page(const TranslationLock&, const Generation& generation, const BlockRecord& block,
                              uint64_t addr) {
  const uint32_t index = generation.block_index(&block);
  Page& p = page(addr);
  if (!p.blocks.empty() && p.blocks.back() == index) return;
  if (p.blocks.size() == p.blocks.capacity()) {
    std::erase_if(p.blocks,
                  [&](uint32_t i) { return generation.block(i)->dead.load(std::memory_order_relaxed); });
  }
  p.blocks.push_back(index);
}

void PageTracker::add(const TranslationLock& lock, const Generation& generation, const BlockRecord& block) {
  generation.for_each_range(block, [&](uint64_t start, uint64_t bytes) {
    if (bytes == 0) bytes = 1;
    for (uint64_t addr = page_of(start); addr < start + bytes; addr += kHostPageSize) {
      add_to_page(lock, generation, block, addr);
    }
  });
}

unsigned PageTracker::drop_blocks(const TranslationLock& lock, Generation& generation, Page& page) {
  unsigned n = 0;
  for (uint32_t index : page.blocks) {
    BlockRecord* b = generation.block(index);
    if (b->dead.load(std::memory_order_relaxed)) continue;
    generation.kill(lock, b);
    ++n;
  }
  page.blocks.clear();
  return n;
}

unsigned PageTracker::make_checked(const TranslationLock& lock, Generation& generation, uint64_t addr,
                                   Page& page) {
  page.check_code = true;
  const unsigned n = drop_blocks(lock, generation, page);
  set_protected(addr, page, false);
  return n;
}

unsigned PageTracker::write_page(const TranslationLock& lock, Generation& generation, uint64_t addr,
                                 Page& page, Why why) {
  unsigned n = drop_blocks(lock, generation, page);
  // The same memory seen through other mappings: it changes there as well.
  if (page.backing_known && named(page.backing)) {
    if (auto it = aliases_.find(page.backing); it != aliases_.end()) {
      for (uint64_t other : it->second) {
        if (other != addr) n += drop_blocks(lock, generation, pages_[other]);
      }
    }
  }
  if (why == Why::kGuestWrite && page.is_protected && page.flips < kMaxFlips && ++page.flips == kMaxFlips) {
    page.check_code = true;
  }
  set_protected(addr, page, false);
  return n;
}

unsigned PageTracker::unmap_page(const TranslationLock& lock, Generation& generation, uint64_t addr,
                                 uint64_t start, uint64_t end) {
  Page& p = pages_[addr];
  if (start <= addr && addr + kHostPageSize <= end) {
    const unsigned n = drop_blocks(lock, generation, p);
    set_protected(addr, p, false);
    forget(addr);
    return n;
  }
  unsigned n = 0;
  std::erase_if(p.blocks, [&](uint32_t index) {
    BlockRecord* b = generation.block(index);
    bool hit = false;
    generation.for_each_range(
        *b, [&](uint64_t from, uint64_t bytes) { hit |= from < end && start < from + bytes; });
    if (!hit) return false;
    if (!b->dead.load(std::memory_order_relaxed)) ++n;
    generation.kill(lock, b);
    return true;
  });
  return n;
}

std::vector<uint64_t> PageTracker::pages_in(uint64_t start, uint64_t bytes) const {
  std::vector<uint64_t> out;
  if (bytes == 0) return out;
  const uint64_t first = page_of(start), last = page_of(start + bytes - 1);
  if ((last - first) >> kHostPageBits < pages_.size()) {
    for (uint64_t a = first;; a += kHostPageSize) {
      if (pages_.contains(a)) out.push_back(a);
      if (a == last) break;
    }
  } else {
    for (const auto& [a, page] : pages_) {
      if (a >= first && a <= last) out.push_back(a);
    }
  }
  return out;
}

unsigned PageTracker::invalidate(const TranslationLock& lock, Generation& generation, uint64_t start,
                                 uint64_t bytes, Why why) {
  unsigned n = 0;
  for (uint64_t addr : pages_in(start, bytes)) {
    n += why == Why::kMapping ? unmap_page(lock, generation, addr, start, start + bytes)
                              : write_page(lock, generation, addr, pages_[addr], why);
  }
  return n;
}

unsigned PageTracker::mask_tags(const TranslationLock& lock, Generation& generation, uint64_t addr) {
  Page& p = page(addr);
  if (p.mask_tags) return 0;
  p.mask_tags = true;
  return drop_blocks(lock, generation, p);
}

unsigned PageTracker::mapped(const TranslationLock& lock, Generation& generation, uint64_t start,
                             uint64_t bytes) {
  Backing b;
  if (!memory_.backing(page_of(start), &b) || (b.device == 0 && b.inode == 0) || !b.shared_writable) return 0;
  const BackingId file{b.device, b.inode, 0};
  // Also for what is translated later: a private mapping shows what a shared one of the same file writes.
  written_files_.insert(file);
  if (!files_.contains(file)) return 0;
  unsigned n = 0;
  for (auto& [addr, page] : pages_) {
    if (!page.backing_known || page.check_code || page.backing.device != b.device ||
        page.backing.inode != b.inode || page.backing.offset + kHostPageSize <= b.offset ||
        page.backing.offset >= b.offset + bytes) {
      continue;
    }
    n += make_checked(lock, generation, addr, page);
  }
  return n;
}

void PageTracker::forget_blocks(const TranslationLock&) {
  for (auto& [addr, page] : pages_) page.blocks.clear();
}

void PageTracker::forget_all(const TranslationLock&) {
  for (auto& [addr, page] : pages_) {
    set_protected(addr, page, false);
    count_in_filter(addr, -1);
  }
  last_addr_ = ~uint64_t{0};
  pages_.clear();
  aliases_.clear();
  files_.clear();
}

bool PageTracker::is_protected(const TranslationLock&, uint64_t addr) const {
  auto it = pages_.find(page_of(addr));
  return it != pages_.end() && it->second.is_protected;
}

uint64_t PageTracker::record_bytes() const {
  uint64_t n = sizeof(*this);
  for (const auto& [addr, page] : pages_) n += sizeof(page) + 32 + page.blocks.capacity() * sizeof(uint32_t);
  return n + aliases_.size() * 64;
}

}  // namespace xarch::tcg
