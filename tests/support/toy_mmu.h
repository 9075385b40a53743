// A toy MMU with 32 pages of RAM, for tests of the soft-TLB policy.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "tcg/runtime/engine.h"
#include "tcg/runtime/soft_mmu.h"
#include "tests/support/toy_guest.h"

namespace xarch::toy {

enum Permission : uint32_t { kRead = 1, kWrite = 2, kExec = 4, kDevice = 8, kSwap = 16, kWatched = 32 };

// Two levels of 1024 entries over 32-bit addresses, in a buffer; an entry is a page number << 8 |
// permissions.
class ToyMmu final : public tcg::SoftMmu {
 public:
  ToyMmu() : l1(1024) { memset(ram.get(), 0, size_t{kPages} * 4096); }

  void map(uint32_t vaddr, uint32_t page, uint32_t permissions) {
    uint32_t& table = l1[vaddr >> 22];
    if (table == 0) {
      l2.resize(l2.size() + 1024);
      table = static_cast<uint32_t>(l2.size() / 1024);
    }
    l2[(table - 1) * 1024 + (vaddr >> 12 & 1023)] = page << 8 | permissions;
  }
  bool fill(tcg::CpuHeader*, uint64_t vaddr, tcg::Access access, unsigned, tcg::TlbEntry* out,
            uint32_t* code) override {
    ++fills;
    *code = 1;  // no translation
    if (vaddr >> 32 != 0 || l1[vaddr >> 22] == 0) return false;
    const uint32_t e = l2[(l1[vaddr >> 22] - 1) * 1024 + (vaddr >> 12 & 1023)];
    if (e == 0) return false;
    *code = 2;  // not permitted
    const uint32_t need = access == tcg::Access::kRead    ? kRead
                          : access == tcg::Access::kWrite ? kWrite
                                                          : kExec;
    if ((e & need) == 0) return false;
    uint64_t flags = 0;
    if (e & kDevice) flags |= tcg::kTlbDevice;
    if (e & kSwap) flags |= tcg::kTlbSwap;
    if (e & kWatched) flags |= tcg::kTlbWatch;
    const uint64_t page = vaddr & tcg::kTlbPageMask;
    *out = tcg::TlbEntry{};
    if (e & kRead) out->addr_read = page | flags;
    if (e & kWrite) out->addr_write = page | flags;
    if (e & kExec) out->addr_code = page;
    out->addend = reinterpret_cast<uintptr_t>(host(e >> 8)) - page;
    return true;
  }
  bool device_load(tcg::CpuHeader*, uint64_t vaddr, unsigned bytes, unsigned, uint64_t* value) override {
    if ((vaddr & 0xfff) >= 0x800) return false;
    ++device_loads;
    *value = device[vaddr & 0xfff] & (~uint64_t{0} >> (64 - 8 * bytes));
    return true;
  }
  bool device_store(tcg::CpuHeader*, uint64_t vaddr, unsigned, unsigned, uint64_t value) override {
    if ((vaddr & 0xfff) >= 0x800) return false;
    device[vaddr & 0xfff] = value;
    return true;
  }
  void watch(tcg::CpuHeader*, uint64_t vaddr, unsigned, bool write) override { watched[vaddr] = write; }

  template <typename T>
  T& at(uint32_t page, uint32_t offset) {
    return *reinterpret_cast<T*>(host(page) + offset);
  }
  uint8_t* host(uint32_t page) { return ram.get() + size_t{page} * 4096; }
  // As a device would: telling the engine.
  void write_code(tcg::Engine& engine, uint32_t page, uint32_t offset, const Asm& code) {
    const size_t bytes = code.words().size() * 4;
    engine.before_host_write(reinterpret_cast<uintptr_t>(host(page)) + offset, bytes);
    memcpy(host(page) + offset, code.words().data(), bytes);
  }

  static constexpr unsigned kPages = 32;
  struct Free {
    void operator()(uint8_t* p) const { free(p); }
  };
  std::unique_ptr<uint8_t, Free> ram{static_cast<uint8_t*>(aligned_alloc(4096, size_t{kPages} * 4096))};
  std::vector<uint32_t> l1, l2;
  std::map<uint64_t, uint64_t> device;
  std::map<uint64_t, bool> watched;
  std::atomic<unsigned> fills{0};
  unsigned device_loads = 0;
};

}  // namespace xarch::toy
