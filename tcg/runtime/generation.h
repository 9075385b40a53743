// Generation: one life of the code cache. Emitted code, thunks, cells, block records and what hangs on them
// lie in one reserved range; nothing is reused until the whole generation goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "tcg/backend/backend.h"
#include "tcg/ir/block_key.h"
#include "tcg/ir/region.h"
#include "tcg/runtime/sync.h"
#include "tcg/support/result.h"
#include "tcg/support/varint.h"

namespace xarch::tcg {

// A translation. Records are in the order of their code, so that a host pc finds its block by binary search.
struct BlockRecord {
  uint32_t code;   // offset from Generation::code_begin; it ends where the next one begins
  uint32_t cell;   // index
  uint32_t extra;  // offset of its recovery bytes, behind them its guest ranges if it has many
  uint16_t recovery_bytes;
  uint16_t num_ranges;  // 0: one range that starts at the cell's pc (less pc_bias)
  uint16_t num_insns;
  uint16_t guest_bytes;  // sum over the ranges
  uint16_t key_flags;    // what the translation was made with (KeyFlags without the limit)
  std::atomic<uint8_t> dead;
  uint8_t pc_bias;
};
static_assert(sizeof(BlockRecord) == 24);

// Where indirect jumps of one mode look their targets up. It starts small and doubles in place: who still
// uses the smaller mask misses at worst.
struct JumpTable {
  Cell** entries = nullptr;
  uint32_t mode = 0;
  bool growable = true;  // false: the one that several modes share, which is never filled
  std::atomic<uint32_t> size{0};
  std::atomic<uint32_t> fills{0};  // since it has had this size
};

class Generation {
 public:
  // Reserves address space; memory is taken as it is used. budget_bytes bounds everything the generation may
  // use.
  static Result<std::unique_ptr<Generation>> create(uint64_t budget_bytes, unsigned pc_shift);
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // ---- lookups, lock-free; the caller pins an epoch or holds the lock
  // The cell of (pc, mode), or null. Only keys without flags have cells.
  Cell* find(uint64_t pc, uint32_t mode) const;
  void prefetch(uint64_t pc, uint32_t mode) const {
    __builtin_prefetch(&hash_[hash(pc, mode) & (hash_size_.load(std::memory_order_relaxed) - 1)]);
  }
  // This cell will be asked for next, by anybody: a lookup costs misses of the cache, and a translation is
  // looked up several times on its way.
  void note_found(Cell* c) const { last_found_.store(c, std::memory_order_release); }
  bool translated(const Cell* cell) const {
    return cell->entry.load(std::memory_order_acquire) != thunk(cell_index(cell));
  }
  uint32_t cell_index(const Cell* cell) const { return static_cast<uint32_t>(cell - cells_); }
  uint32_t mode_of(const Cell* cell) const { return modes_[cell_index(cell)]; }
  Cell* cell(uint32_t index) const { return &cells_[index]; }
  const uint8_t* thunk(uint32_t cell_index) const { return thunks_ + size_t{cell_index} * kThunkBytes; }
  bool contains(const void* p) const {
    return static_cast<const uint8_t*>(p) >= base_ && static_cast<const uint8_t*>(p) < base_ + reserved_;
  }
  bool is_cell(const Cell* c) const {
    return c >= cells_ && c < cells_ + num_cells_.load(std::memory_order_relaxed);
  }
  // The block whose code holds the host pc, or null. Async-signal-safe.
  BlockRecord* block_at(const uint8_t* host_pc) const;
  bool in_code(const uint8_t* host_pc) const {
    return host_pc >= base_ && host_pc < base_ + area_.code + area_.thunks;
  }
  uint8_t* code_begin() const { return base_; }
  uint8_t* thunks() const { return thunks_; }
  Cell* cells() const { return cells_; }
  const uint32_t* cell_modes() const { return modes_; }
  CellTable cell_table() const { return {hash_, &hash_size_}; }
  const uint8_t* code_of(const BlockRecord& b) const { return base_ + b.code; }
  const uint8_t* recovery_of(const BlockRecord& b) const { return extra_ + b.extra; }
  // Calls fn(start, bytes) for each guest range that the block was made from.
  template <typename Fn>
  void for_each_range(const BlockRecord& b, Fn fn) const {
    if (b.num_ranges == 0) {
      fn(cells_[b.cell].pc - b.pc_bias, b.guest_bytes);
      return;
    }
    const uint8_t* p = extra_ + b.extra + b.recovery_bytes;
    uint64_t at = cells_[b.cell].pc;
    for (unsigned i = 0; i < b.num_ranges; ++i) {
      at += static_cast<uint64_t>(unzigzag(get_varint(&p)));
      const uint64_t bytes = get_varint(&p);
      fn(at, bytes);
      at += bytes;
    }
  }
  BlockRecord* block(uint32_t index) const { return &blocks_[index]; }
  uint32_t num_blocks() const { return num_blocks_.load(std::memory_order_acquire); }
  uint32_t block_index(const BlockRecord* b) const { return static_cast<uint32_t>(b - blocks_); }

  // ---- changes
  // Null when the generation is full.
  Cell* cell_for(const TranslationLock&, Backend* thunk_writer, uint64_t pc, uint32_t mode);
  // Where the next translation's code goes: [cursor, limit).
  uint8_t* code_cursor(const TranslationLock&) const { return base_ + code_used_; }
  uint8_t* code_limit(const TranslationLock&) const;
  // Moves the cursor up. Blocks are many and short: those that are not loops are packed closely, which costs
  // less in caches than aligned entries gain.
  void align_code(const TranslationLock&, bool loop) { code_used_ = align(code_used_, loop ? 32 : 4); }
  // After the stubs or anything else that is no block was put at the cursor.
  void skip_code(const uint8_t* to) { code_used_ = align(static_cast<size_t>(to - base_), 64); }
  // Memory that something else took on behalf of this generation's translations.
  void charge(uint64_t bytes) { charged_ += bytes; }
  // Records code that was put at the cursor and makes it the cell's translation. Null if there is no room for
  // the record; nothing has changed then.
  BlockRecord* add_block(const TranslationLock&, Cell* cell, const ir::Region& region, uint32_t code_bytes,
                         std::span<const uint8_t> recovery);
  // The cell goes without a translation from now on, if the block is its present one; and the reverse.
  void unlink(const TranslationLock&, const BlockRecord& block);
  void relink(const TranslationLock&, const BlockRecord& block);
  // From now on nobody can enter the block.
  void kill(const TranslationLock&, BlockRecord* block);
  // The same for all blocks, before the next generation takes over.
  void kill_all(const TranslationLock&);
  bool full(const TranslationLock&) const { return used_bytes() + kReserve > budget_; }

  // The jump table for code of this mode, made on first use. Modes beyond the limit share one that always
  // misses.
  JumpTable* jump_table(const TranslationLock&, uint32_t mode);
  // Lets indirect jumps find the cell by themselves; `fills` entries have been put in since the last call,
  // this one included. True: the table has become too small and should grow.
  bool fill_jump_table(JumpTable& table, Cell* cell, uint32_t fills) const;
  void grow_jump_table(const TranslationLock&, JumpTable& table);
  uint64_t jump_mask(const JumpTable& table) const {
    return uint64_t{table.size.load(std::memory_order_acquire) - 1} << pc_shift_;
  }

  uint64_t used_bytes() const;
  size_t code_room() const { return area_.code; }
  uint64_t code_bytes() const { return code_used_; }
  uint64_t record_bytes() const { return used_bytes() - code_used_; }
  uint64_t id = 0;  // counts up
  Stubs stubs;

 private:
  struct Areas {
    size_t code, thunks, cells, modes, blocks, hash, extra, tables;
    size_t total() const { return code + thunks + cells + modes + blocks + hash + extra + tables; }
  };
  static constexpr size_t kReserve = 128 << 10;  // what one translation may need at most
  static constexpr unsigned kMaxTables = 32;
  static constexpr uint32_t kFirstTableSize = 256, kMaxTableSize = 32768;
  static constexpr uint32_t kNoCells = 2;  // the first cells belong to no key
  static constexpr uint32_t kFirstHashSize = 1024;
  // What is in the table of cells: index and, above it, some bits of the key, so that a search looks at
  // hardly any cell but its own (a cell is a miss of the cache).
  static constexpr unsigned kIndexBits = 24;
  static size_t align(size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

  Generation() = default;
  bool map(const Areas& areas);
  uint32_t hash(uint64_t pc, uint32_t mode) const { return CellTable::hash(pc >> pc_shift_, mode); }
  uint32_t tag(uint64_t pc) const { return CellTable::tag(pc >> pc_shift_); }
  void extend(JumpTable& table, uint32_t size);
  bool grow_hash();
  void insert_hash(uint32_t cell_index);
  // Has the kernel give pages of an area before they are written, several at once: those that are missed one
  // by one cost several times as much. `ready` bytes of the area are there; a bit more than `used` will be.
  static void make_ready(size_t* ready, void* area, size_t used, size_t room);

  Areas area_{};
  uint64_t budget_ = 0;
  unsigned pc_shift_ = 0;
  uint8_t* base_ = nullptr;
  size_t reserved_ = 0;
  uint8_t* thunks_ = nullptr;
  Cell* cells_ = nullptr;
  uint32_t* modes_ = nullptr;
  BlockRecord* blocks_ = nullptr;
  uint32_t* hash_ = nullptr;  // CellTable::entries
  uint8_t* extra_ = nullptr;
  uint8_t* tables_ = nullptr;
  uint64_t charged_ = 0;
  size_t code_used_ = 0, extra_used_ = 0, tables_used_ = 0;
  size_t code_ready_ = 0, extra_ready_ = 0, cells_ready_ = 0, thunks_ready_ = 0, blocks_ready_ = 0;
  unsigned num_tables_ = 0;
  JumpTable jump_tables_[kMaxTables];
  std::atomic<uint32_t> num_cells_{0};
  std::atomic<uint32_t> num_blocks_{0};
  std::atomic<uint32_t> hash_size_{0};  // a power of two
  mutable std::atomic<Cell*> last_found_{nullptr};
};

}  // namespace xarch::tcg
