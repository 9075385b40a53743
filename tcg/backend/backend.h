// Backend: turns regions into host code. The runtime owns the memory that the code lives in and all
// bookkeeping.
#pragma once

#include <ucontext.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "tcg/fpu/env.h"
#include "tcg/ir/region.h"
#include "tcg/runtime/cpu.h"

namespace xarch::tcg {

// One per key that is translated or that emitted code jumps to. Direct exits are `jmp [cell.entry]`, indirect
// ones find the cell in the jump table and compare pc; so a block is unlinked by one store to its cell. Cells
// live within 2 GB of the code and are never moved or reused within a generation.
// The modes of their keys are an array beside them (BackendConfig::cell_modes), so that cells are small.
struct Cell {
  std::atomic<const void*> entry;  // the translation, or the cell's thunk
  uint64_t pc;
};
static_assert(sizeof(Cell) == 16);

// Jump tables have a power of two of entries, more as more targets come up; the index is (pc >> pc_shift)
// modulo their number. CpuHeader::jump_mask is (entries - 1) << pc_shift. Unused entries point to a cell that
// no jump to them matches: its pc is kNoPc, but in the entry that kNoPc itself leads to, 0.
inline constexpr unsigned kMaxPcShift = 3;
inline constexpr uint64_t kNoPc = ~uint64_t{0};

// A cell that has no translation points to its thunk: this many bytes of code, written by Backend::emit_thunk
// at thunk_base + cell index * kThunkBytes. It calls CpuHeader::link_stub; the stub finds the index from the
// return address and leaves with Exit::kLink, exit_value = address of the cell.
inline constexpr unsigned kThunkBytes = 4;

// Where one translation goes to.
class CodeSpace {
 public:
  virtual ~CodeSpace() = default;
  // The cell of the key, made if there is none. Null if there is no room (compile then gives up with
  // kNoRoom).
  virtual Cell* cell_for(const ir::BlockKey& key) = 0;
  // cell_for will be asked for the key soon: what it reads may be fetched.
  virtual void expect(const ir::BlockKey&) {}

  uint8_t* code = nullptr;        // emit from here on …
  uint8_t* code_end = nullptr;    // … up to here
  std::vector<uint8_t> recovery;  // the backend's own records for recover(), cleared by the caller
};

// The soft-TLB policy's cold functions (tcg/runtime/soft_mmu.h), which emitted code calls. Null under the
// flat policy.
struct SoftTlbCalls {
  bool (*load)(CpuHeader*, uint64_t vaddr, uint32_t desc, uint64_t* value) = nullptr;
  bool (*store)(CpuHeader*, uint64_t vaddr, uint32_t desc, const uint64_t* value) = nullptr;
  void* (*atomic)(CpuHeader*, uint64_t vaddr, uint32_t desc, bool* swap) = nullptr;
  bool (*probe)(CpuHeader*, uint64_t vaddr, uint32_t desc, bool write) = nullptr;
};

// Where emitted code finds the cell of a key by itself: a table of cell indexes by open addressing, a power
// of two of entries, which others change meanwhile. A search begins at hash() modulo their number and goes
// up; it ends at the key's cell or at an entry that is 0, and misses at worst. An entry is kIndexBits of
// index and, above them, bits of the key (tag()), so that a search looks at hardly any cell but its own (a
// cell is a miss of the cache).
struct CellTable {
  static constexpr unsigned kIndexBits = 24;
  static constexpr uint64_t kHashFactor = 0x9e3779b97f4a7c15u;
  static constexpr uint32_t kTagFactor = 0xcc9e2d51u;
  // place: pc >> pc_shift
  static uint32_t hash(uint64_t place, uint32_t mode) {
    return static_cast<uint32_t>((place + (uint64_t{mode} << 32)) * kHashFactor >> 32);
  }
  static uint32_t tag(uint64_t place) { return static_cast<uint32_t>(place) * kTagFactor >> kIndexBits; }

  const uint32_t* entries = nullptr;  // null: there is none
  const std::atomic<uint32_t>* size = nullptr;
};

// Facts that the code generator needs and that stay the same for an engine.
struct BackendConfig {
  const ir::StateLayout* layout = nullptr;
  bool soft_tlb = false;
  SoftTlbCalls soft_calls;
  uint64_t guest_base = 0;  // flat policy
  unsigned pc_shift = 0;
  const fpu::Rules* fp_rules = &fpu::kArmRules;  // the guest's
  uint8_t* thunk_base = nullptr;
  Cell* cell_base = nullptr;
  const uint32_t* cell_modes = nullptr;  // of the cell with each index, the mode of its key
  CellTable cell_table;
};

struct Stubs {
  // Enters emitted code with the state block; returns when CpuHeader::exit_reason is set.
  void (*enter)(CpuHeader* state, const void* entry) = nullptr;
  const void* link = nullptr;
  const void* miss = nullptr;
  const void* event = nullptr;
  const void* exit = nullptr;
  const void* helper = nullptr;
  // Where a signal handler sends a thread whose state block is already exact and whose exit_* are set: set
  // the context's instruction pointer to this and its stack pointer to CpuHeader::host_sp.
  const void* leave = nullptr;
};

struct CompileResult {
  // kTooLong: lift again with half the instructions. kUnsupported: the host cannot do it in emitted code;
  // interpret it.
  enum Status : uint8_t { kOk, kNoRoom, kTooLong, kUnsupported };
  Status status = kOk;
  uint32_t code_bytes = 0;  // used from CodeSpace::code on; the entry is at the beginning
  uint32_t data_bytes = 0;  // of those, at the end: no instructions but constants and padding
};

// What a faulting host instruction was about to do, and where it stands in the guest.
struct FaultSite {
  int64_t pc_offset = 0;   // guest instruction, from the region's start
  uint32_t restore = 0;    // Builder::insn's restore word
  uint64_t host_addr = 0;  // effective address, without a segment base
  uint32_t size = 0;       // bytes
  bool write = false;
  bool misaligned = false;  // the access breaks the guest's own alignment rule
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Emits the stubs at *code and advances it. Called once per generation, before anything else.
  virtual Stubs emit_stubs(const BackendConfig& config, uint8_t** code, uint8_t* end) = 0;
  virtual void emit_thunk(uint8_t* at) = 0;
  // The region may hold dead code: the backend finds what nobody needs by itself. Not thread-safe: the caller
  // holds the translation lock.
  virtual CompileResult compile(const ir::Region& region, CodeSpace& space) = 0;
  // Writes the guest's registers (all slots but pc) back into the state block from the context of a host
  // instruction that faulted at code + offset, and says what it was; pc: the guest's address of the region.
  // False if no instruction may fault there. Async-signal-safe.
  virtual bool recover(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code, uint32_t offset,
                       uint64_t pc, const ucontext_t& context, CpuHeader* state, FaultSite* site) const = 0;
  // The host instruction at code + offset has trapped (SIGFPE, SIGILL): if it belongs to a floating-point op,
  // finishes the op exactly: its result goes into the context, its flags to state->fp_flags, and the context
  // goes on behind it. False if it does not. Async-signal-safe.
  virtual bool complete_fp(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code,
                           uint32_t offset, ucontext_t* context, CpuHeader* state) const = 0;
  // The restore word of the guest instruction whose helper (or cold function of the soft TLB) returns to code
  // + offset. The return address stands right below CpuHeader::host_sp during the call. Async-signal-safe.
  virtual uint32_t restore_of_call(const uint8_t* recovery, uint32_t recovery_bytes,
                                   uint32_t offset) const = 0;
};

}  // namespace xarch::tcg
