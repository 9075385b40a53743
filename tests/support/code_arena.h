// A code space of its own for tests of a backend: stubs, cells and one region at a time, without the runtime.
#pragma once

#include <sys/mman.h>

#include <cstring>
#include <memory>

#include "tcg/backend/x86_64/backend.h"
#include "tcg/ir/region.h"

namespace xarch::testing {

class CodeArena : public tcg::CodeSpace {
 public:
  static constexpr size_t kCodeBytes = 1 << 20;
  static constexpr unsigned kCells = 4096, kFirstCell = 2;

  // With `soft` the soft-TLB policy.
  CodeArena(tcg::Backend& backend, const ir::StateLayout& layout, uint64_t guest_base = 0,
            const tcg::SoftTlbCalls* soft = nullptr, const fpu::Rules& fp_rules = fpu::kArmRules)
      : backend_(backend) {
    size_t total = kCodeBytes + kCells * tcg::kThunkBytes + kCells * sizeof(tcg::Cell);
    base_ = static_cast<uint8_t*>(
        mmap(nullptr, total, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    thunks_ = base_ + kCodeBytes;
    cells_ = reinterpret_cast<tcg::Cell*>(thunks_ + kCells * tcg::kThunkBytes);
    total_ = total;
    tcg::BackendConfig config;
    config.layout = &layout;
    config.pc_shift = kPcShift;
    config.guest_base = guest_base;
    config.soft_tlb = soft != nullptr;
    config.fp_rules = &fp_rules;
    if (soft != nullptr) config.soft_calls = *soft;
    config.thunk_base = thunks_;
    config.cell_base = cells_;
    config.cell_modes = modes_.get();
    uint8_t* cursor = base_;
    stubs_ = backend.emit_stubs(config, &cursor, base_ + kCodeBytes);
    first_ = cursor;
    // Cells 0 and 1 belong to no key: what empty entries of the jump table point to.
    cells_[0].pc = tcg::kNoPc;
    cells_[1].pc = 0;

    jump_table_ = std::make_unique<tcg::Cell*[]>(kEntries);
    for (unsigned i = 0; i < kEntries; ++i) jump_table_[i] = &cells_[i == kEntries - 1];
    reset();
  }
  ~CodeArena() override { munmap(base_, total_); }

  void reset() {
    code = first_;
    code_end = base_ + kCodeBytes;
    num_cells_ = kFirstCell;
    recovery.clear();
  }

  tcg::Cell* cell_for(const ir::BlockKey& key) override {
    for (unsigned i = kFirstCell; i < num_cells_; ++i) {
      if (cells_[i].pc == key.pc && modes_[i] == key.mode) return &cells_[i];
    }
    unsigned i = num_cells_++;
    cells_[i].pc = key.pc;
    modes_[i] = key.mode;
    backend_.emit_thunk(thunks_ + i * tcg::kThunkBytes);
    cells_[i].entry = thunks_ + i * tcg::kThunkBytes;
    return &cells_[i];
  }

  // Makes the state block able to enter the code.
  void attach(tcg::CpuHeader* header) const {
    header->jump_table = jump_table_.get();
    header->jump_mask = (kEntries - 1) << kPcShift;
    header->link_stub = stubs_.link;
    header->miss_stub = stubs_.miss;
    header->event_stub = stubs_.event;
    header->exit_stub = stubs_.exit;
    header->helper_stub = stubs_.helper;
  }
  const tcg::Stubs& stubs() const { return stubs_; }
  const uint8_t* first() const { return first_; }

 private:
  static constexpr unsigned kEntries = 1024, kPcShift = 2;
  tcg::Backend& backend_;
  uint8_t* base_ = nullptr;
  uint8_t* thunks_ = nullptr;
  uint8_t* first_ = nullptr;
  tcg::Cell* cells_ = nullptr;
  unsigned num_cells_ = kFirstCell;
  size_t total_ = 0;
  tcg::Stubs stubs_;
  std::unique_ptr<tcg::Cell*[]> jump_table_;
  std::unique_ptr<uint32_t[]> modes_ = std::make_unique<uint32_t[]>(kCells);
};

}  // namespace xarch::testing
