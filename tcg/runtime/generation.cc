#include "tcg/runtime/generation.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace xarch::tcg {
namespace {

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // since Linux 5.14: asm-generic/mman-common.h
#endif

constexpr size_t kPage = 4096;
// How much is asked for at a time, and how much is left when more is.
constexpr size_t kReadyStep = 32 << 10, kReadyLeft = 8 << 10;
size_t page_up(size_t n) { return (n + kPage - 1) & ~(kPage - 1); }

}  // namespace

Result<std::unique_ptr<Generation>> Generation::create(uint64_t budget_bytes, unsigned pc_shift) {
  // Everything must stay within 2 GB, areas together are about 2.4 times the budget.
  const uint64_t budget = std::clamp<uint64_t>(budget_bytes, 1 << 20, 768ull << 20);
  std::unique_ptr<Generation> g(new Generation);
  g->budget_ = budget;
  g->pc_shift_ = pc_shift;
  // Any area may fill up first; their sizes are address space only, the budget bounds their sum.
  Areas a{};
  a.code = page_up(budget);
  a.cells = page_up(budget / 2);
  a.thunks = page_up(a.cells / sizeof(Cell) * kThunkBytes + kThunkBytes);
  a.modes = page_up(a.cells / sizeof(Cell) * sizeof(uint32_t));
  a.blocks = page_up(budget / 4);
  a.hash = page_up(budget / 4);
  a.extra = page_up(budget / 2);
  a.tables = kMaxTables * kMaxTableSize * sizeof(Cell*);
  if (!g->map(a)) {
    return Error{"cannot reserve address space for translated code: " + std::string(strerror(errno)), errno};
  }
  // Cells 0 and 1 are what unused jump table entries point to.
  for (uint64_t pc : {kNoPc, uint64_t{0}}) {
    const uint32_t index = g->num_cells_.fetch_add(1, std::memory_order_relaxed);
    Cell* none = new (&g->cells_[index]) Cell;
    none->entry.store(g->thunk(index), std::memory_order_relaxed);
    none->pc = pc;
  }
  if (!g->grow_hash()) return Error{"translated code: the cache is too small", ENOMEM};
  return g;
}

bool Generation::map(const Areas& areas) {
  area_ = areas;
  reserved_ = areas.total();
  void* p = mmap(nullptr, reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  base_ = static_cast<uint8_t*>(p);
  const size_t executable = areas.code + areas.thunks;
  if (mprotect(base_, executable, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  if (mprotect(base_ + executable, reserved_ - executable, PROT_READ | PROT_WRITE) != 0) return false;
  madvise(base_, reserved_, MADV_NOHUGEPAGE);  // a short run must not pay for 2 MB at a time
  thunks_ = base_ + areas.code;
  uint8_t* at = thunks_ + areas.thunks;
  cells_ = reinterpret_cast<Cell*>(at);
  at += areas.cells;
  modes_ = reinterpret_cast<uint32_t*>(at);
  at += areas.modes;
  blocks_ = reinterpret_cast<BlockRecord*>(at);
  at += areas.blocks;
  hash_ = reinterpret_cast<uint32_t*>(at);
  at += areas.hash;
  extra_ = at;
  at += areas.extra;
  tables_ = at;
  return true;
}

// A kernel that cannot do it gives the pages as they are written.
void Generation::make_ready(size_t* ready, void* area, size_t used, size_t room) {
  if (used + kReadyLeft <= *ready || *ready >= room) return;
  const size_t from = std::max(*ready, used & ~(kPage - 1));
  *ready = std::min(room, from + kReadyStep);
  if (from < *ready) madvise(static_cast<uint8_t*>(area) + from, *ready - from, MADV_POPULATE_WRITE);
}

Generation::~Generation() {
  if (base_ != nullptr) munmap(base_, reserved_);
}

Cell* Generation::find(uint64_t pc, uint32_t mode) const {
  Cell* last = last_found_.load(std::memory_order_acquire);
  if (last != nullptr && last->pc == pc && mode_of(last) == mode) return last;
  const uint32_t mask = hash_size_.load(std::memory_order_acquire) - 1;
  const uint32_t wanted = tag(pc);
  for (uint32_t at = hash(pc, mode);; ++at) {
    const uint32_t entry = __atomic_load_n(&hash_[at & mask], __ATOMIC_ACQUIRE);
    if (entry == 0) return nullptr;
    if (entry >> kIndexBits != wanted) continue;
    Cell* c = &cells_[entry & ((1u << kIndexBits) - 1)];
    if (c->pc == pc && mode_of(c) == mode) {
      note_found(c);
      return c;
    }
  }
}

void Generation::insert_hash(uint32_t cell_index) {
  const uint64_t pc = cells_[cell_index].pc;
  const uint32_t mask = hash_size_.load(std::memory_order_relaxed) - 1;
  uint32_t at = hash(pc, modes_[cell_index]) & mask;
  while (hash_[at] != 0) at = (at + 1) & mask;
  __atomic_store_n(&hash_[at], tag(pc) << kIndexBits | cell_index, __ATOMIC_RELEASE);
}

// In place, while others read. Some entry is 0 at any time, so a reader comes to an end; if it has missed its
// cell, it asks again with the lock.
bool Generation::grow_hash() {
  const uint32_t old = hash_size_.load(std::memory_order_relaxed);
  const uint32_t size = old == 0 ? kFirstHashSize : 2 * old;
  if (size_t{size} * sizeof(uint32_t) > area_.hash) return false;
  for (uint32_t i = 0; i < old; ++i) __atomic_store_n(&hash_[i], 0, __ATOMIC_RELAXED);
  hash_size_.store(size, std::memory_order_release);
  const uint32_t n = num_cells_.load(std::memory_order_relaxed);
  for (uint32_t i = kNoCells; i < n; ++i) insert_hash(i);
  return true;
}

Cell* Generation::cell_for(const TranslationLock&, Backend* thunk_writer, uint64_t pc, uint32_t mode) {
  if (Cell* c = find(pc, mode)) return c;
  const uint32_t index = num_cells_.load(std::memory_order_relaxed);
  if (size_t{index + 1} * sizeof(Cell) > area_.cells || index >> kIndexBits != 0) return nullptr;
  if (used_bytes() > budget_) return nullptr;
  const uint32_t size = hash_size_.load(std::memory_order_relaxed);
  if (index > size / 4 * 3 && !grow_hash()) return nullptr;  // beyond, searches soon become long
  make_ready(&cells_ready_, cells_, index * sizeof(Cell), area_.cells);
  make_ready(&thunks_ready_, thunks_, index * size_t{kThunkBytes}, area_.thunks);
  Cell* c = new (&cells_[index]) Cell;
  c->entry.store(thunk(index), std::memory_order_relaxed);
  c->pc = pc;
  modes_[index] = mode;
  if (thunk_writer != nullptr) thunk_writer->emit_thunk(thunks_ + size_t{index} * kThunkBytes);
  num_cells_.store(index + 1, std::memory_order_relaxed);
  insert_hash(index);
  note_found(c);
  return c;
}

uint8_t* Generation::code_limit(const TranslationLock&) const {
  const uint64_t used = used_bytes();
  const size_t left = used < budget_ ? budget_ - used : 0;
  return base_ + std::min(area_.code, code_used_ + left);
}

BlockRecord* Generation::add_block(const TranslationLock&, Cell* cell, const ir::Region& region,
                                   uint32_t code_bytes, std::span<const uint8_t> recovery) {
  const uint32_t index = num_blocks_.load(std::memory_order_relaxed);
  // Most blocks are one run of bytes from their pc on and need no list.
  const uint64_t bias = region.ranges.size() == 1 ? cell->pc - region.ranges[0].start : ~uint64_t{0};
  const bool listed = bias > 1;
  const size_t ranges_at = extra_used_ + recovery.size();
  const size_t room = ranges_at + (listed ? region.ranges.size() * 2 * kMaxVarint : 0);
  if (size_t{index + 1} * sizeof(BlockRecord) > area_.blocks || room > area_.extra) return nullptr;
  make_ready(&blocks_ready_, blocks_, index * sizeof(BlockRecord), area_.blocks);
  make_ready(&extra_ready_, extra_, room, area_.extra);
  uint32_t guest_bytes = 0;
  for (const ir::GuestRange& r : region.ranges) guest_bytes += r.bytes;
  BlockRecord* b = new (&blocks_[index]) BlockRecord;
  b->code = static_cast<uint32_t>(code_used_);
  b->cell = cell_index(cell);
  b->extra = static_cast<uint32_t>(extra_used_);
  b->recovery_bytes = static_cast<uint16_t>(recovery.size());
  b->num_ranges = listed ? static_cast<uint16_t>(region.ranges.size()) : 0;
  b->pc_bias = listed ? 0 : static_cast<uint8_t>(bias);
  b->num_insns = static_cast<uint16_t>(region.num_insns);
  b->key_flags = static_cast<uint16_t>(region.key.flags & ~uint32_t{ir::kKeyInsnLimitMask});
  b->dead.store(0, std::memory_order_relaxed);
  b->guest_bytes = static_cast<uint16_t>(guest_bytes);
  if (!recovery.empty()) memcpy(extra_ + extra_used_, recovery.data(), recovery.size());
  extra_used_ = ranges_at;
  if (listed) {
    // Each one's distance from the end of the one before, the first one's from the key's pc, and its bytes.
    uint8_t* p = extra_ + ranges_at;
    uint64_t at = cell->pc;
    for (const ir::GuestRange& r : region.ranges) {
      p = put_varint(put_varint(p, zigzag(static_cast<int64_t>(r.start - at))), r.bytes);
      at = r.start + r.bytes;
    }
    extra_used_ = static_cast<size_t>(p - extra_);
  }
  const uint8_t* entry = base_ + code_used_;
  code_used_ += code_bytes;
  make_ready(&code_ready_, base_, code_used_, area_.code);
  num_blocks_.store(index + 1, std::memory_order_release);
  cell->entry.store(entry, std::memory_order_release);
  return b;
}

BlockRecord* Generation::block_at(const uint8_t* host_pc) const {
  if (host_pc < base_ || host_pc >= base_ + area_.code) return nullptr;
  const auto offset = static_cast<uint32_t>(host_pc - base_);
  const uint32_t n = num_blocks();
  const BlockRecord* end = blocks_ + n;
  const BlockRecord* b =
      std::upper_bound(const_cast<const BlockRecord*>(blocks_), end, offset,
                       [](uint32_t value, const BlockRecord& record) { return value < record.code; });
  return b == blocks_ ? nullptr : const_cast<BlockRecord*>(b - 1);
}

void Generation::unlink(const TranslationLock&, const BlockRecord& block) {
  Cell& c = cells_[block.cell];
  if (c.entry.load(std::memory_order_relaxed) == code_of(block)) {
    c.entry.store(thunk(block.cell), std::memory_order_seq_cst);
  }
}

void Generation::relink(const TranslationLock&, const BlockRecord& block) {
  cells_[block.cell].entry.store(code_of(block), std::memory_order_release);
}

void Generation::kill(const TranslationLock& lock, BlockRecord* block) {
  // The cell may have a newer translation already.
  if (block->dead.exchange(1, std::memory_order_relaxed) == 0) unlink(lock, *block);
}

void Generation::kill_all(const TranslationLock& lock) {
  const uint32_t n = num_blocks();
  for (uint32_t i = 0; i < n; ++i) kill(lock, &blocks_[i]);
}

// ---- jump tables

JumpTable* Generation::jump_table(const TranslationLock&, uint32_t mode) {
  for (unsigned i = 0; i < num_tables_; ++i) {
    if (jump_tables_[i].mode == mode) return &jump_tables_[i];
  }
  const bool last = num_tables_ >= kMaxTables - 1;
  JumpTable& t = jump_tables_[last ? kMaxTables - 1 : num_tables_];
  if (last && t.entries != nullptr) return &t;
  if (!last) ++num_tables_;
  t.entries =
      reinterpret_cast<Cell**>(tables_) + size_t{kMaxTableSize} * static_cast<size_t>(&t - jump_tables_);
  t.mode = mode;
  t.growable = !last;
  extend(t, kFirstTableSize);
  return &t;
}

void Generation::extend(JumpTable& table, uint32_t size) {
  const uint32_t old = table.size.load(std::memory_order_relaxed);
  std::fill(table.entries + old, table.entries + size - 1, &cells_[0]);
  table.entries[size - 1] = &cells_[1];
  tables_used_ += (size - old) * sizeof(Cell*);
  table.fills.store(0, std::memory_order_relaxed);
  table.size.store(size, std::memory_order_release);
}

bool Generation::fill_jump_table(JumpTable& table, Cell* cell, uint32_t fills) const {
  if (!table.growable) return false;
  const uint32_t size = table.size.load(std::memory_order_acquire);
  __atomic_store_n(&table.entries[(cell->pc >> pc_shift_) & (size - 1)], cell, __ATOMIC_RELEASE);
  return table.fills.fetch_add(fills, std::memory_order_relaxed) >= size && size < kMaxTableSize;
}

void Generation::grow_jump_table(const TranslationLock&, JumpTable& table) {
  const uint32_t size = table.size.load(std::memory_order_relaxed);
  if (size < kMaxTableSize && table.fills.load(std::memory_order_relaxed) >= size) extend(table, 2 * size);
}

uint64_t Generation::used_bytes() const {
  const uint64_t cells = num_cells_.load(std::memory_order_relaxed);
  const uint64_t hash_bytes = uint64_t{hash_size_.load(std::memory_order_relaxed)} * sizeof(uint32_t);
  return code_used_ + cells * (sizeof(Cell) + sizeof(uint32_t) + kThunkBytes) +
         uint64_t{num_blocks()} * sizeof(BlockRecord) + charged_ + hash_bytes + extra_used_ + tables_used_;
}

}  // namespace xarch::tcg
