#include "linux-user/memory_map.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <bit>

#include "linux-user/guest_copy.h"
#include "tcg/support/log.h"
#include "tcg/support/outside.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace xarch::linux_user {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t page_down(uint64_t v) { return v & ~(kPage - 1); }
constexpr uint64_t page_up(uint64_t v) { return (v + kPage - 1) & ~(kPage - 1); }

// What a guest of 32-bit addresses can reach, whatever its own limit: all of 4 GB, and a guard for accesses
// across the end.
constexpr uint64_t kReservedEnd = (uint64_t{4} << 30) + (uint64_t{64} << 10);

std::atomic<uint64_t> g_generation{
    1};  // unique over all maps, so that a thread's cache fits one of them only
std::atomic<uint64_t> g_anonymous_id{1};  // stands for the inode of shared anonymous memory

// The last executable range this thread fetched from.
struct FetchCache {
  uint64_t generation = 0;
  uint64_t start = 0;
  uint64_t end = 0;
};
thread_local FetchCache t_fetch;

void trace(const char* what, uint64_t start, uint64_t bytes, int prot) {
  if (!Log::enabled(Trace::kMemory)) return;
  Log::printf("%s %#llx-%#llx prot %d", what, static_cast<unsigned long long>(start),
              static_cast<unsigned long long>(start + bytes), prot);
}

int64_t host_result(void* p) { return p == MAP_FAILED ? -errno : 0; }

}  // namespace

MemoryMap::MemoryMap(uint64_t base, uint64_t limit) : base_(base), limit_(limit) { set_mmap_top(limit); }

MemoryMap::~MemoryMap() {
  if (reserved_) {
    ::munmap(host(reserved_from()), kReservedEnd - reserved_from());
    return;
  }
  for (const auto& [start, area] : areas_) ::munmap(host(start), area.end - start);
}

// Without a base the lowest pages are the host's (mmap_min_addr): nobody but root may map them, and nobody
// needs to.
uint64_t MemoryMap::reserved_from() const { return base_ == 0 ? kLowestMapping : 0; }

int MemoryMap::reserve() {
  void* p = ::mmap(host(reserved_from()), kReservedEnd - reserved_from(), PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (p == MAP_FAILED) return -errno;
  reserved_ = true;
  return 0;
}

int MemoryMap::host_prot(int guest_prot) {
  int prot = guest_prot & (PROT_READ | PROT_WRITE);
  if (guest_prot & PROT_EXEC) prot |= PROT_READ;  // guest code is read by us, never executed by the host
  return prot;
}

// ---- the ordered map of areas

MemoryMap::AreaMap::const_iterator MemoryMap::find_locked(uint64_t addr) const {
  auto it = areas_.upper_bound(addr);
  if (it == areas_.begin()) return areas_.end();
  --it;
  return addr < it->second.end ? it : areas_.end();
}

// Makes addr a border between areas if it lies inside one.
void MemoryMap::split_locked(uint64_t addr) {
  auto it = find_locked(addr);
  if (it == areas_.end() || it->first == addr) return;
  Area high = it->second;
  high.offset += addr - high.start;
  high.start = addr;
  areas_[it->first].end = addr;
  areas_[addr] = std::move(high);
}

void MemoryMap::erase_locked(uint64_t start, uint64_t end) {
  split_locked(start);
  split_locked(end);
  const auto first = areas_.lower_bound(start), last = areas_.lower_bound(end);
  if (first != last) {
    areas_.erase(first, last);
    freed_locked(start);
  }
  generation_.store(++g_generation, std::memory_order_release);
}

namespace {
bool continues(const Area& low, const Area& high) {
  return low.end == high.start && low.prot == high.prot && low.shared == high.shared &&
         low.file == high.file && low.label == high.label &&
         (low.file == nullptr || low.offset + (low.end - low.start) == high.offset);
}
}  // namespace

void MemoryMap::insert_locked(Area area) {
  generation_.store(++g_generation, std::memory_order_release);
  auto next = areas_.lower_bound(area.start);
  if (next != areas_.end() && continues(area, next->second)) {
    area.end = next->second.end;
    next = areas_.erase(next);
  }
  if (next != areas_.begin()) {
    auto before = std::prev(next);
    if (continues(before->second, area)) {
      before->second.end = area.end;
      return;
    }
  }
  areas_[area.start] = std::move(area);
}

bool MemoryMap::any_locked(uint64_t start, uint64_t end) const {
  auto it = areas_.lower_bound(end);
  return it != areas_.begin() && std::prev(it)->second.end > start;
}

bool MemoryMap::run_locked(uint64_t start, uint64_t end, uint64_t* from, uint64_t* to) const {
  const auto mapped = [&](auto it) { return it != areas_.end() && it->second.label != "[host]"; };
  auto it = find_locked(start);
  if (!mapped(it)) it = areas_.lower_bound(start);
  while (it != areas_.end() && !mapped(it)) ++it;
  if (it == areas_.end() || it->first >= end) return false;
  *from = std::max(it->first, start);
  *to = it->second.end;
  while (*to < end && mapped(++it) && it->first == *to) *to = it->second.end;
  *to = std::min(*to, end);
  return true;
}

// Searches look again from where the gap around a freed range ends.
void MemoryMap::freed_locked(uint64_t start) {
  const auto next = areas_.lower_bound(start);
  const uint64_t high = std::min(next == areas_.end() ? limit_ : next->first, mmap_top_);
  const uint64_t low = next == areas_.begin() ? 0 : std::prev(next)->second.end;
  if (high <= low) return;
  const auto classes = static_cast<size_t>(std::bit_width(high - low));
  for (size_t i = 0; i < classes; ++i) full_above_[i] = std::max(full_above_[i], high);
}

// The highest free range below `from` that is large enough; 0 if there is none. *passed: where the gap ends
// that it lies in; *largest: the largest gap between there and `from`.
uint64_t MemoryMap::search_down_locked(uint64_t from, uint64_t bytes, uint64_t align, uint64_t* passed,
                                       uint64_t* largest) const {
  *largest = 0;
  *passed = from;
  for (auto it = areas_.lower_bound(from);;) {
    const bool first = it == areas_.begin();
    const uint64_t low = first ? kLowestMapping : std::max(std::prev(it)->second.end, kLowestMapping);
    if (*passed > low && *passed - low >= bytes) {
      const uint64_t at = (*passed - bytes) & ~(align - 1);
      if (at >= low) return at;
    }
    if (*passed > low) *largest = std::max(*largest, *passed - low);
    if (first) {
      *passed = kLowestMapping;
      return 0;
    }
    --it;
    *passed = std::min(*passed, it->first);
  }
}

uint64_t MemoryMap::find_free_locked(uint64_t hint, uint64_t bytes, uint64_t align) {
  if (bytes == 0 || bytes > limit_) return 0;
  const auto fits = [&](uint64_t at) {
    return at >= kLowestMapping && at <= limit_ - bytes && !any_locked(at, at + bytes);
  };
  hint = hint & ~(align - 1);
  if (hint != 0 && fits(hint)) return hint;
  // Top down below mmap_top_, then what lies above it.
  uint64_t passed, largest;
  const uint64_t from = full_above_[static_cast<size_t>(std::bit_width(bytes)) - 1];
  uint64_t at = search_down_locked(from, bytes, align, &passed, &largest);
  // Larger gaps than those that were passed over are not to be found there, as far as `from` was the top for
  // them.
  for (auto i = static_cast<size_t>(std::bit_width(largest)); i < full_above_.size(); ++i) {
    if (full_above_[i] <= from) full_above_[i] = std::min(full_above_[i], passed);
  }
  if (at == 0) at = search_down_locked(limit_, bytes, align, &passed, &largest);
  return at;
}

uint64_t MemoryMap::find_free(uint64_t hint, uint64_t bytes, uint64_t align) {
  std::lock_guard areas(area_mutex_);
  return find_free_locked(hint, bytes, align);
}

uint64_t MemoryMap::find_free_below(uint64_t end, uint64_t bytes) {
  std::lock_guard areas(area_mutex_);
  uint64_t passed, largest;
  return bytes == 0 ? 0 : search_down_locked(std::min(end, limit_), page_up(bytes), 4096, &passed, &largest);
}

// ---- changes

void MemoryMap::changed(uint64_t start, uint64_t bytes) {
  if (engine_ != nullptr) engine_->invalidate(start, bytes, false);
}

void MemoryMap::unmap_host(uint64_t start, uint64_t bytes) const {
  if (reserved_) {
    ::mmap(host(start), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  } else {
    ::munmap(host(start), bytes);
  }
}

// Takes what no area has of a range, for a mapping that is to replace all there is; false: the host has
// something of its own there. release gives it back.
bool MemoryMap::claim(uint64_t start, uint64_t end) const {
  if (reserved_) return true;
  uint64_t from = 0, to = 0;
  for (uint64_t at = start; at < end; at = to) {
    if (!mapped_run(at, end, &from, &to)) from = to = end;
    if (from == at ||
        map_host(at, from - at, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, false) == 0)
      continue;
    release(start, at);
    return false;
  }
  return true;
}

void MemoryMap::release(uint64_t start, uint64_t end) const {
  if (reserved_) return;
  uint64_t from = 0, to = 0;
  for (uint64_t at = start; at < end; at = to) {
    if (!mapped_run(at, end, &from, &to)) from = to = end;
    if (from != at) ::munmap(host(at), from - at);
  }
}

int64_t MemoryMap::map_host(uint64_t addr, uint64_t bytes, int prot, int flags, int fd, uint64_t offset,
                            bool fixed) const {
  flags &= ~(MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT | MAP_GROWSDOWN);
  flags |= fixed || reserved_ ? MAP_FIXED : MAP_FIXED_NOREPLACE;
  return host_result(::mmap(host(addr), bytes, host_prot(prot), flags, fd, static_cast<off_t>(offset)));
}

namespace {

// Sizes of huge pages decide where they may lie: that of anonymous ones by mmap's flags, 0: not huge.
uint64_t huge_page(int flags) {
  if ((flags & MAP_ANONYMOUS) == 0 || (flags & MAP_HUGETLB) == 0) return 0;
  const unsigned log = static_cast<unsigned>(flags) >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
  return log == 0 ? uint64_t{2} << 20 : uint64_t{1} << std::min(log, 40U);
}

// ... and that of a file's pages. `block`: its st_blksize, which other file systems have small.
uint64_t huge_page(int fd, uint64_t block) {
  struct statfs fs;
  return block > 32768 && fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC ? block : 0;
}

}  // namespace

int64_t MemoryMap::mmap(uint64_t addr, uint64_t bytes, int prot, int flags, int fd, uint64_t offset,
                        std::shared_ptr<const FileId> file, std::string_view label) {
  if (bytes == 0 || (offset & (kPage - 1)) != 0) return -EINVAL;
  if (bytes > limit_ || page_up(bytes) > limit_) return -ENOMEM;
  bytes = page_up(bytes);
  const bool no_replace = (flags & MAP_FIXED_NOREPLACE) != 0;
  const bool fixed = (flags & MAP_FIXED) != 0 || no_replace;
  if (fixed) {
    if ((addr & (kPage - 1)) != 0) return -EINVAL;
    if (!in_range(addr, bytes)) return -ENOMEM;
    if (addr < kLowestMapping) return -EPERM;
  }
  const bool anonymous = (flags & MAP_ANONYMOUS) != 0;
  const bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
  uint64_t page = std::max(kPage, huge_page(flags));
  if (file == nullptr && shared && anonymous) {
    file = std::make_shared<FileId>(FileId{~uint64_t{0}, g_anonymous_id++, "/dev/zero (deleted)"});
  } else if (file == nullptr && !anonymous) {
    struct stat st;
    if (fstat(fd, &st) != 0) return -errno;
    file = std::make_shared<FileId>(FileId{st.st_dev, st.st_ino, {}});
    page = std::max(page, huge_page(fd, static_cast<uint64_t>(st.st_blksize)));
  }
  bytes = (bytes + page - 1) & ~(page - 1);
  if (!in_range(fixed ? addr : 0, bytes)) return -ENOMEM;

  std::lock_guard change(change_mutex_);
  bool replaced = false;
  int64_t error = 0;
  for (int attempt = 0; attempt < 32; ++attempt) {
    if (fixed) {
      std::lock_guard areas(area_mutex_);
      replaced = any_locked(addr, addr + bytes);
      if (no_replace && replaced) return -EEXIST;
    } else {
      addr = find_free(page_down(addr), bytes, page);
      if (addr == 0) return -ENOMEM;
    }
    const bool replace = fixed && !no_replace;
    if (replace && !claim(addr, addr + bytes)) return -ENOMEM;
    error = map_host(addr, bytes, prot, flags, fd, offset, replace);
    if (replace && error != 0) release(addr, addr + bytes);
    if (error != -EEXIST || fixed) break;
    // Something of the host's lies there: it is not ours to give.
    std::lock_guard areas(area_mutex_);
    insert_locked(Area{addr, addr + bytes, 0, false, 0, nullptr, "[host]"});
  }
  if (error != 0) return error;
  {
    std::lock_guard areas(area_mutex_);
    erase_locked(addr, addr + bytes);
    insert_locked(
        Area{addr, addr + bytes, static_cast<uint8_t>(prot & 7), shared, offset, std::move(file), label});
  }
  trace("mmap", addr, bytes, prot);
  if (replaced) changed(addr, bytes);
  if (engine_ != nullptr) engine_->mapped(addr, bytes);
  return static_cast<int64_t>(addr);
}

int64_t MemoryMap::munmap(uint64_t addr, uint64_t bytes) {
  if ((addr & (kPage - 1)) != 0 || bytes == 0 || !in_range(addr, bytes)) return -EINVAL;
  bytes = page_up(bytes);
  if (!in_range(addr, bytes)) return -EINVAL;
  std::lock_guard change(change_mutex_);
  std::vector<std::pair<uint64_t, uint64_t>> pieces;
  {
    std::lock_guard areas(area_mutex_);
    split_locked(addr);
    split_locked(addr + bytes);
    for (auto it = areas_.lower_bound(addr); it != areas_.end() && it->first < addr + bytes; ++it) {
      if (it->second.label != "[host]") pieces.emplace_back(it->first, it->second.end);
    }
    for (auto [start, end] : pieces) erase_locked(start, end);
  }
  for (auto [start, end] : pieces) unmap_host(start, end - start);
  trace("munmap", addr, bytes, 0);
  if (!pieces.empty()) changed(addr, bytes);
  return 0;
}

int64_t MemoryMap::mprotect(uint64_t addr, uint64_t bytes, int prot) {
  if ((addr & (kPage - 1)) != 0) return -EINVAL;
  if (bytes == 0) return 0;
  if (bytes > limit_ || !in_range(addr, page_up(bytes))) return -ENOMEM;
  bytes = page_up(bytes);
  std::lock_guard change(change_mutex_);
  bool code_involved = false;
  const uint64_t wanted = bytes;
  {
    std::lock_guard areas(area_mutex_);
    // Up to the first hole.
    uint64_t from = 0, to = 0;
    if (!run_locked(addr, addr + bytes, &from, &to) || from != addr) return -ENOMEM;
    bytes = to - addr;
    if (::mprotect(host(addr), bytes, host_prot(prot)) != 0) return -errno;
    split_locked(addr);
    split_locked(addr + bytes);
    std::vector<Area> parts;
    for (auto it = areas_.lower_bound(addr); it != areas_.end() && it->first < addr + bytes; ++it) {
      code_involved |= (it->second.prot & PROT_EXEC) != 0;
      parts.push_back(it->second);
    }
    for (const Area& area : parts) areas_.erase(area.start);
    for (Area& area : parts) {
      area.prot = static_cast<uint8_t>(prot & 7);
      insert_locked(std::move(area));
    }
  }
  trace("mprotect", addr, bytes, prot);
  // Code can only have been translated from pages that were executable.
  if (code_involved) changed(addr, bytes);
  return bytes == wanted ? 0 : -ENOMEM;
}

int64_t MemoryMap::remap_move(const Area& area, uint64_t old_addr, uint64_t old_bytes, uint64_t new_bytes,
                              uint64_t to, bool keep_old) {
  // The host moves one mapping only: undo what write protection of code pages has split.
  if (old_bytes != 0) ::mprotect(host(old_addr), old_bytes, host_prot(area.prot));
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (keep_old ? MREMAP_DONTUNMAP : 0);
  const bool replaced = [&] {
    std::lock_guard areas(area_mutex_);
    return any_locked(to, to + new_bytes);
  }();
  if (!claim(to, to + new_bytes)) return -ENOMEM;
  if (::mremap(host(old_addr), old_bytes, new_bytes, flags, host(to)) == MAP_FAILED) {
    const int error = errno;
    release(to, to + new_bytes);
    return -error;
  }
  {
    std::lock_guard areas(area_mutex_);
    Area moved = area;
    moved.offset += old_addr - area.start;
    moved.start = to;
    moved.end = to + new_bytes;
    if (old_bytes != 0 && !keep_old) erase_locked(old_addr, old_addr + old_bytes);
    erase_locked(to, to + new_bytes);
    insert_locked(std::move(moved));
  }
  trace("mremap to", to, new_bytes, area.prot);
  if (old_bytes != 0 && !keep_old && reserved_) unmap_host(old_addr, old_bytes);
  if (old_bytes != 0) changed(old_addr, old_bytes);
  if (replaced) changed(to, new_bytes);
  if (engine_ != nullptr) engine_->mapped(to, new_bytes);
  return static_cast<int64_t>(to);
}

int64_t MemoryMap::mremap(uint64_t old_addr, uint64_t old_bytes, uint64_t new_bytes, int flags,
                          uint64_t new_addr) {
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0 || (old_addr & (kPage - 1)) != 0 ||
      new_bytes == 0)
    return -EINVAL;
  if ((flags & MREMAP_FIXED) != 0 && (flags & MREMAP_MAYMOVE) == 0) return -EINVAL;
  if (old_bytes > limit_ || new_bytes > limit_) return -ENOMEM;
  old_bytes = page_up(old_bytes);
  new_bytes = page_up(new_bytes);
  if (!in_range(old_addr, old_bytes)) return -EFAULT;
  const bool keep_old = (flags & MREMAP_DONTUNMAP) != 0;
  if (keep_old && (old_bytes != new_bytes || (flags & MREMAP_MAYMOVE) == 0)) return -EINVAL;

  std::lock_guard change(change_mutex_);
  Area area;
  if (!find(old_addr, &area)) return -EFAULT;
  if (old_bytes == 0 && !area.shared) return -EINVAL;
  if ((flags & MREMAP_FIXED) != 0) {
    if ((new_addr & (kPage - 1)) != 0 || !in_range(new_addr, new_bytes) || new_addr < kLowestMapping)
      return -EINVAL;
    if (new_addr < old_addr + old_bytes && old_addr < new_addr + new_bytes) return -EINVAL;
    if (old_bytes > new_bytes) {
      munmap(old_addr + new_bytes, old_bytes - new_bytes);
      old_bytes = new_bytes;
    }
    if (old_bytes > area.end - old_addr) return -EFAULT;
    return remap_move(area, old_addr, old_bytes, new_bytes, new_addr, keep_old);
  }
  // Without MREMAP_FIXED, a mapping that leaves its old place behind takes the new address for a hint.
  if (keep_old && ((new_addr & (kPage - 1)) != 0 || !in_range(new_addr, new_bytes) ||
                   (new_addr < old_addr + old_bytes && old_addr < new_addr + new_bytes)))
    return -EINVAL;
  if (!keep_old && old_bytes != 0) {
    if (new_bytes < old_bytes) {
      if (int64_t r = munmap(old_addr + new_bytes, old_bytes - new_bytes); r != 0) return r;
      return static_cast<int64_t>(old_addr);
    }
    if (old_bytes > area.end - old_addr) return -EFAULT;
    if (new_bytes == old_bytes) return static_cast<int64_t>(old_addr);
    // In place, if what follows is free.
    bool free_behind = false;
    if (in_range(old_addr, new_bytes) && old_addr + old_bytes == area.end) {
      std::lock_guard areas(area_mutex_);
      free_behind = !any_locked(old_addr + old_bytes, old_addr + new_bytes);
    }
    if (free_behind) {
      if (reserved_) ::munmap(host(old_addr + old_bytes), new_bytes - old_bytes);
      ::mprotect(host(old_addr), old_bytes, host_prot(area.prot));
      const bool grown = ::mremap(host(old_addr), old_bytes, new_bytes, 0) != MAP_FAILED;
      if (!grown && reserved_) unmap_host(old_addr + old_bytes, new_bytes - old_bytes);
      changed(old_addr, old_bytes);  // its pages may be writable now
      if (grown) {
        std::lock_guard areas(area_mutex_);
        Area more = area;
        more.offset += area.end - area.start;
        more.start = area.end;
        more.end = old_addr + new_bytes;
        insert_locked(std::move(more));
        return static_cast<int64_t>(old_addr);
      }
    }
  }
  if ((flags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
  const uint64_t to = find_free(keep_old ? new_addr : 0, new_bytes);
  if (to == 0) return -ENOMEM;
  return remap_move(area, old_addr, old_bytes, new_bytes, to, keep_old);
}

int64_t MemoryMap::remap_file_pages(uint64_t addr, uint64_t bytes, uint64_t page, int flags) {
  addr = page_down(addr);
  bytes = page_down(bytes);
  if (bytes == 0 || !in_range(addr, bytes) || page > UINT64_MAX / kPage - bytes / kPage) return -EINVAL;
  std::lock_guard change(change_mutex_);
  Area area;
  if (!find(addr, &area) || !area.shared || area.end - addr < bytes) return -EINVAL;
  // One mapping of the host's: write protection of code pages may have split it.
  ::mprotect(host(addr), bytes, host_prot(area.prot));
  const int r = ::remap_file_pages(host(addr), bytes, 0, page, flags & MAP_NONBLOCK);
  const int error = errno;
  if (r == 0) {
    std::lock_guard areas(area_mutex_);
    erase_locked(addr, addr + bytes);
    area.start = addr;
    area.end = addr + bytes;
    area.offset = page * kPage;
    insert_locked(std::move(area));
  }
  changed(addr, bytes);
  if (r == 0 && engine_ != nullptr) engine_->mapped(addr, bytes);
  return r == 0 ? 0 : -error;
}

int64_t MemoryMap::madvise(uint64_t addr, uint64_t bytes, int advice) {
  if ((addr & (kPage - 1)) != 0) return -EINVAL;
  if (bytes > limit_ || !in_range(addr, page_up(bytes))) return bytes > limit_ ? -EINVAL : -ENOMEM;
  const uint64_t end = addr + page_up(bytes);
  std::lock_guard change(change_mutex_);
  int error = 0;
  bool hole = false;
  uint64_t at = addr;
  for (uint64_t from, to; at < end && error == 0 && mapped_run(at, end, &from, &to); at = to) {
    hole |= from != at;
    if (::madvise(host(from), to - from, advice) != 0) error = errno;
  }
  hole |= at != end;
  // Where nothing is mapped: is there such advice?
  if (at == addr && ::madvise(nullptr, 0, advice) != 0) error = errno;
  if (advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE) changed(addr, end - addr);
  if (error != 0) return -error;
  return hole ? -ENOMEM : 0;
}

int64_t MemoryMap::shmat(int id, uint64_t addr, uint64_t bytes, int flags) {
  bytes = page_up(bytes);
  if ((flags & SHM_RND) != 0) addr = page_down(addr);
  if ((addr & (kPage - 1)) != 0) return -EINVAL;
  std::lock_guard change(change_mutex_);
  bool replaced = false;
  if (addr == 0) {
    addr = find_free(0, bytes);
    if (addr == 0) return -ENOMEM;
  } else {
    if (!in_range(addr, bytes) || addr < kLowestMapping) return -EINVAL;
    std::lock_guard areas(area_mutex_);
    replaced = any_locked(addr, addr + bytes);
    if (replaced && (flags & SHM_REMAP) == 0) return -EINVAL;
  }
  const int host_flags = (flags & ~(SHM_EXEC | SHM_RND)) | (replaced || reserved_ ? SHM_REMAP : 0);
  if (replaced && !claim(addr, addr + bytes)) return -EINVAL;
  if (::shmat(id, host(addr), host_flags) == reinterpret_cast<void*>(-1)) {
    const int error = errno;
    if (replaced) release(addr, addr + bytes);
    return -error;
  }
  {
    std::lock_guard areas(area_mutex_);
    erase_locked(addr, addr + bytes);
    const int prot =
        PROT_READ | ((flags & SHM_RDONLY) ? 0 : PROT_WRITE) | ((flags & SHM_EXEC) ? PROT_EXEC : 0);
    auto file =
        std::make_shared<FileId>(FileId{~uint64_t{1}, static_cast<uint64_t>(id), "/SYSV00000000 (deleted)"});
    insert_locked(Area{addr, addr + bytes, static_cast<uint8_t>(prot), true, 0, std::move(file), "[shm]"});
  }
  if (replaced) changed(addr, bytes);
  if (engine_ != nullptr) engine_->mapped(addr, bytes);
  return static_cast<int64_t>(addr);
}

int64_t MemoryMap::shmdt(uint64_t addr) {
  std::lock_guard change(change_mutex_);
  Area area;
  if (!find(addr, &area) || area.start != addr || area.label != "[shm]") return -EINVAL;
  if (::shmdt(host(addr)) != 0) return -errno;
  {
    std::lock_guard areas(area_mutex_);
    erase_locked(area.start, area.end);
  }
  if (reserved_) unmap_host(area.start, area.end - area.start);
  changed(area.start, area.end - area.start);
  return 0;
}

uint64_t MemoryMap::brk(uint64_t addr, uint64_t max_bytes) {
  std::lock_guard change(change_mutex_);
  if (addr < brk_start_ || addr >= limit_ || addr - brk_start_ > max_bytes) return brk_;
  const uint64_t old_end = page_up(brk_);
  const uint64_t new_end = page_up(addr);
  if (new_end > old_end) {
    const int64_t r = mmap(old_end, new_end - old_end, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0, nullptr, "[heap]");
    if (r < 0) return brk_;
  } else if (new_end < old_end) {
    if (munmap(new_end, old_end - new_end) != 0) return brk_;
  }
  return brk_ = addr;
}

// ---- questions

bool MemoryMap::find(uint64_t addr, Area* out) const {
  bool found = false;
  outside([&] {
    std::lock_guard areas(area_mutex_);
    auto it = find_locked(addr);
    found = it != areas_.end();
    if (found) *out = it->second;
  });
  return found;
}

std::vector<Area> MemoryMap::areas() const {
  std::vector<Area> all;
  outside([&] {
    std::lock_guard lock(area_mutex_);
    all.reserve(areas_.size());
    for (const auto& [start, area] : areas_) all.push_back(area);
  });
  return all;
}

MemoryMap::Sizes MemoryMap::sizes() const {
  Sizes sizes;
  for (const Area& a : areas()) {
    if (a.label == "[host]") continue;
    sizes.all += a.end - a.start;
    if ((a.prot & PROT_WRITE) != 0 && !a.shared && a.label != "[stack]") sizes.data += a.end - a.start;
  }
  return sizes;
}

bool MemoryMap::mapped_run(uint64_t start, uint64_t end, uint64_t* from, uint64_t* to) const {
  bool any = false;
  outside([&] {
    std::lock_guard areas(area_mutex_);
    any = run_locked(start, end, from, to);
  });
  return any;
}

bool MemoryMap::allows(uint64_t addr, uint64_t bytes, int prot) const {
  if (!in_range(addr, bytes)) return false;
  bool all = true;
  outside([&] {
    std::lock_guard areas(area_mutex_);
    for (uint64_t at = addr; all && at < addr + bytes;) {
      auto it = find_locked(at);
      all = it != areas_.end() && (it->second.prot & prot) == prot;
      if (all) at = it->second.end;
    }
  });
  return all;
}

std::string MemoryMap::maps_text(const std::function<std::string(const Area&)>& file_name) const {
  std::string text;
  for (const Area& a : areas()) {
    if (a.label == "[host]") continue;
    const uint64_t device = a.file != nullptr && a.file->device < ~uint64_t{1} ? a.file->device : 0;
    char line[160];
    int n = snprintf(line, sizeof line, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
                     static_cast<unsigned long long>(a.start), static_cast<unsigned long long>(a.end),
                     a.prot & PROT_READ ? 'r' : '-', a.prot & PROT_WRITE ? 'w' : '-',
                     a.prot & PROT_EXEC ? 'x' : '-', a.shared ? 's' : 'p',
                     static_cast<unsigned long long>(a.file ? a.offset : 0), major(device), minor(device),
                     static_cast<unsigned long long>(a.file ? a.file->inode : 0));
    text.append(line, static_cast<size_t>(n));
    std::string name(a.label);
    if (a.file != nullptr) name = a.file->path.empty() ? file_name(a) : a.file->path;
    if (!name.empty()) {
      if (n < 73) text.append(static_cast<size_t>(73 - n), ' ');
      text.append(name);
    }
    text += '\n';
  }
  return text;
}

// ---- FlatMemory

bool MemoryMap::fetch(uint64_t pc, void* out, unsigned bytes) {
  FetchCache& cache = t_fetch;
  if (cache.generation != generation() || pc < cache.start || pc >= cache.end) {
    std::lock_guard areas(area_mutex_);
    auto it = find_locked(pc);
    if (it == areas_.end() || (it->second.prot & PROT_EXEC) == 0) return false;
    cache = {generation(), it->second.start, it->second.end};
  }
  // One instruction word at a time is how most lifters read.
  if (bytes == 4 && cache.end - pc >= 4)
    return xarch_guarded_load32(static_cast<const uint32_t*>(host(pc)), static_cast<uint32_t*>(out)) == 0;
  const uint64_t here = std::min<uint64_t>(bytes, cache.end - pc);
  if (xarch_guarded_copy(out, host(pc), here) != 0) return false;
  return here == bytes ||
         fetch(pc + here, static_cast<uint8_t*>(out) + here, bytes - static_cast<unsigned>(here));
}

bool MemoryMap::backing(uint64_t page, tcg::Backing* out) {
  std::lock_guard areas(area_mutex_);
  auto it = find_locked(page);
  if (it == areas_.end()) return false;
  const Area& a = it->second;
  *out = {};
  if (a.file != nullptr) {
    out->device = a.file->device;
    out->inode = a.file->inode;
    out->offset = a.offset + (page - a.start);
    out->shared_writable = a.shared;
  } else {
    out->offset = page;
  }
  return true;
}

void MemoryMap::set_code_page(uint64_t page, bool write_protected) {
  std::lock_guard areas(area_mutex_);
  auto it = find_locked(page);
  if (it == areas_.end()) return;
  const int prot = host_prot(it->second.prot);
  if ((prot & PROT_WRITE) == 0) return;
  ::mprotect(host(page), kPage, write_protected ? prot & ~PROT_WRITE : prot);
}

bool MemoryMap::guest_writable(uint64_t page) {
  std::lock_guard areas(area_mutex_);
  auto it = find_locked(page);
  return it != areas_.end() && (it->second.prot & PROT_WRITE) != 0;
}

}  // namespace xarch::linux_user
