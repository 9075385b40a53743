// MemoryMap: the guest's address space. Knows every mapping in an ordered map of areas, places new ones, and
// is what the engine sees of guest memory.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tcg/runtime/engine.h"
#include "tcg/runtime/memory.h"

namespace xarch::linux_user {

// What a file mapping maps.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  std::string path;  // as /proc/self/maps shows it; empty: asked for when it is shown
};

struct Area {
  uint64_t start = 0;
  uint64_t end = 0;
  uint8_t prot = 0;  // the guest's PROT_*
  bool shared = false;
  uint64_t offset = 0;                 // in the file, of `start`
  std::shared_ptr<const FileId> file;  // null: private anonymous
  std::string_view label;              // "[heap]", "[stack]", …; static storage
};

// Lock order: change lock (held over a whole change of the address space, engine calls included), the
// engine's translation lock, the area lock (inside; no engine call is made with it held).
class MemoryMap final : public tcg::FlatMemory {
 public:
  // base: host address of guest address 0. limit: first address that user mode may not use.
  MemoryMap(uint64_t base, uint64_t limit);
  ~MemoryMap() override;
  // For limits of 4 GB and less: claims the host addresses for good, with a guard behind, so that nothing
  // else comes to lie there. 0 or -errno.
  int reserve();
  void set_engine(tcg::Engine* engine) { engine_ = engine; }

  uint64_t base() const { return base_; }
  uint64_t limit() const { return limit_; }
  bool in_range(uint64_t addr, uint64_t bytes) const { return addr <= limit_ && bytes <= limit_ - addr; }
  // The host's address of a guest address. The kernel may be handed it if in_range holds.
  void* host(uint64_t addr) const { return reinterpret_cast<void*>(addr + base_); }

  // ---- the mmap family. Arguments and results are the system calls' (guest addresses; -errno). Flags are
  // the host's.
  int64_t mmap(uint64_t addr, uint64_t bytes, int prot, int flags, int fd, uint64_t offset,
               std::shared_ptr<const FileId> file = nullptr, std::string_view label = {});
  int64_t munmap(uint64_t addr, uint64_t bytes);
  int64_t mprotect(uint64_t addr, uint64_t bytes, int prot);
  int64_t mremap(uint64_t old_addr, uint64_t old_bytes, uint64_t new_bytes, int flags, uint64_t new_addr);
  // Has pages of a shared mapping show others of its file. page: where in the file.
  int64_t remap_file_pages(uint64_t addr, uint64_t bytes, uint64_t page, int flags);
  int64_t madvise(uint64_t addr, uint64_t bytes, int advice);
  // System V shared memory. bytes: of the segment.
  int64_t shmat(int id, uint64_t addr, uint64_t bytes, int flags);
  int64_t shmdt(uint64_t addr);
  // A free range of so many bytes, at or above the hint if it can be; 0 if there is none.
  uint64_t find_free(uint64_t hint, uint64_t bytes, uint64_t align = 4096);
  // The highest one that ends at or below `end`; 0 if there is none.
  uint64_t find_free_below(uint64_t end, uint64_t bytes);

  // ---- the program break
  void set_brk_start(uint64_t addr) { brk_start_ = brk_ = addr; }
  uint64_t brk(uint64_t addr, uint64_t max_bytes);
  // Where mmap places what has no hint: top down from here.
  void set_mmap_top(uint64_t addr) {
    mmap_top_ = addr;
    full_above_.fill(addr);
  }

  // ---- questions
  bool find(uint64_t addr, Area* out) const;
  std::vector<Area> areas() const;
  // Bytes mapped, as RLIMIT_AS counts them, and of private writable memory without the stack, as RLIMIT_DATA
  // does.
  struct Sizes {
    uint64_t all = 0, data = 0;
  };
  Sizes sizes() const;
  // The first run of mapped pages in a range of page addresses, cut to it; false: nothing is mapped there.
  // The host's kernel cannot tell: its holes are others, for it knows of reservations and of what is not the
  // guest's.
  bool mapped_run(uint64_t start, uint64_t end, uint64_t* from, uint64_t* to) const;
  // Every page of the range is mapped, and so that the guest may do that (PROT_READ, PROT_WRITE).
  bool allows(uint64_t addr, uint64_t bytes, int prot) const;
  // Text of /proc/self/maps; `file_name` names the file behind an area that has one.
  std::string maps_text(const std::function<std::string(const Area&)>& file_name) const;
  // Grows at every change; for caches.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // The kernel or xarch is about to write there.
  void before_write(uint64_t addr, uint64_t bytes) {
    if (engine_ != nullptr && bytes != 0) engine_->before_host_write(addr, bytes);
  }

  // For fork: the engine's locks come in between. The change lock knows its owner, so that a child makes it
  // anew.
  void lock_changes() { change_mutex_.lock(); }
  void unlock_changes() { change_mutex_.unlock(); }
  void reset_changes_lock() { new (&change_mutex_) std::recursive_mutex; }
  void lock_areas() { area_mutex_.lock(); }
  void unlock_areas() { area_mutex_.unlock(); }

  // ---- FlatMemory
  bool fetch(uint64_t pc, void* out, unsigned bytes) override;
  bool backing(uint64_t page, tcg::Backing* out) override;
  void set_code_page(uint64_t page, bool write_protected) override;
  bool guest_writable(uint64_t page) override;

 private:
  using AreaMap = std::map<uint64_t, Area>;  // by start

  static int host_prot(int guest_prot);
  AreaMap::const_iterator find_locked(uint64_t addr) const;
  void split_locked(uint64_t addr);
  void erase_locked(uint64_t start, uint64_t end);
  void insert_locked(Area area);
  bool any_locked(uint64_t start, uint64_t end) const;
  bool run_locked(uint64_t start, uint64_t end, uint64_t* from, uint64_t* to) const;
  uint64_t find_free_locked(uint64_t hint, uint64_t bytes, uint64_t align);
  uint64_t search_down_locked(uint64_t from, uint64_t bytes, uint64_t align, uint64_t* passed,
                              uint64_t* largest) const;
  void freed_locked(uint64_t start);
  void unmap_host(uint64_t start, uint64_t bytes) const;
  bool claim(uint64_t start, uint64_t end) const;
  void release(uint64_t start, uint64_t end) const;
  int64_t map_host(uint64_t addr, uint64_t bytes, int prot, int flags, int fd, uint64_t offset,
                   bool fixed) const;
  void changed(uint64_t start, uint64_t bytes);
  int64_t remap_move(const Area& area, uint64_t old_addr, uint64_t old_bytes, uint64_t new_bytes, uint64_t to,
                     bool keep_old);

  const uint64_t base_;
  const uint64_t limit_;
  bool reserved_ = false;
  uint64_t reserved_from() const;
  tcg::Engine* engine_ = nullptr;
  std::recursive_mutex change_mutex_;
  mutable std::mutex area_mutex_;
  AreaMap areas_;
  // Where a search below mmap_top_ may start: no gap of 2^i bytes or more, cut off at mmap_top_, ends above
  // full_above_[i]. With tens of thousands of areas it keeps mmap from walking over them all.
  std::array<uint64_t, 64> full_above_;
  std::atomic<uint64_t> generation_{1};
  uint64_t mmap_top_ = 0;
  uint64_t brk_start_ = 0;
  uint64_t brk_ = 0;
};

// Lowest guest address ever mapped, whatever the host's mmap_min_addr.
inline constexpr uint64_t kLowestMapping = 0x10000;

}  // namespace xarch::linux_user
