// What the engine needs to know of guest memory: a policy for accesses, and an interface to the address space
// that owns the pages.
#pragma once

#include <cstdint>

#include "tcg/runtime/guest.h"

namespace xarch::tcg {

enum class MemoryPolicy : uint8_t {
  kFlat,     // host address = guest address + base; faults arrive as host signals
  kSoftTlb,  // inline lookup in CpuHeader::tlb; misses go to SoftMmu
};

// What a page of guest memory is backed by: pages with equal backing are the same memory, mapped wherever.
struct Backing {
  uint64_t device = 0;
  uint64_t inode = 0;            // 0 with device 0: private anonymous memory, the same only as itself
  uint64_t offset = 0;           // of the page, in bytes
  bool shared_writable = false;  // may change without a fault in this process (MAP_SHARED file, shm)
  bool operator==(const Backing&) const = default;
};

// Flat policy: the guest's address space (linux-user implements it). All calls but `fetch` come with the
// engine's translation lock held; an implementation may take the memory-map lock inside (lock order:
// translation lock before memory-map lock; whoever holds the memory-map lock must not call Engine functions
// that take the translation lock).
class FlatMemory : public CodeReader {
 public:
  // Backing of the page at `page` (aligned to the host's page size); false if it is not mapped.
  virtual bool backing(uint64_t page, Backing* out) = 0;
  // Takes host write permission away from the page, or gives back what the guest's protection allows. The
  // guest's view of its protection does not change. Called for pages that hold translated code.
  virtual void set_code_page(uint64_t page, bool write_protected) = 0;
  // Is the guest allowed to write there, as far as its own protection goes?
  virtual bool guest_writable(uint64_t page) = 0;
};

}  // namespace xarch::tcg
