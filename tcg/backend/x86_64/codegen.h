// CodeGen: tier 1's code generator. One pass forward over a region, after one backward over its uses.
//
// Where things are:
//   - Slots with a hot rank live in their pinned register, in every block and between blocks.
//   - Other slots live in the state block; inside a chain of blocks they are cached in scratch or vector registers and
//     written back only when the register is needed, when another thread of control may look (exits, helpers), or never
//     if they are overwritten before. Until then the recovery records say where they are.
//   - Packed flags stay in the host's flags until something clobbers those.
// Chains: a block whose only predecessor is laid out before it goes on with what the registers hold there. Side exits
// are emitted behind the main chain from a copy of the state.
#pragma once

#include <cstdint>
#include <vector>

#include "tcg/backend/backend.h"
#include "tcg/backend/x86_64/assembler.h"
#include "tcg/backend/x86_64/host_features.h"
#include "tcg/backend/x86_64/host_state.h"
#include "tcg/backend/x86_64/recovery.h"
#include "tcg/ir/region.h"

namespace xarch::x86_64 {

// Facts about a layout that the generator wants in tables.
struct LayoutInfo {
  explicit LayoutInfo(const ir::StateLayout& layout);
  const ir::StateLayout* layout;
  std::vector<HostReg> pin;                        // of each slot, kNoHostReg if it has none
  std::vector<ir::SlotId> pinned;                  // slot of each rank
  std::vector<std::vector<ir::SlotId>> overlaps;   // other slots that share bytes with this one
};

class CodeGen {
 public:
  CodeGen(const LayoutInfo& info, const tcg::BackendConfig& config, const HostFeatures& features);

  tcg::CompileResult compile(const ir::Region& region, tcg::CodeSpace& space);

 private:
  // ---- values
  enum class Loc : uint8_t {
    kNone,      // dead or not yet emitted
    kConst,     // an immediate
    kReg,       // in `reg`
    kSlot,      // still to be read from slot `index`
    kSpill,     // in frame slot `index`
    kFlags,     // packed flags in the host's flags
    kDeferred,  // emitted by its only user: conditions, parts of addresses
  };
  struct Val {
    Loc loc = Loc::kNone;
    HostReg reg = kNoHostReg;
    uint16_t index = 0;
    uint16_t left = 0;                // uses to come
    bool clean = false;               // bits above the type's width are zero (integers narrower than 64 bits)
    bool fold = false;                // may be deferred into the address of its only user
    ir::SlotId hint = ir::kNoSlot;    // slot it will be put to before anything can see the difference
    uint32_t hint_gen = 0;
  };
  struct Term {  // a flags condition ready for jcc, setcc, cmov
    Cc cc;
  };
  using V = ir::ValueId;

  // ---- analysis (analysis.cc)
  void analyse();
  void analyse_block(ir::BlockId b, bool flags_dead_out);
  void mark_hint_barrier() { ++hint_gen_; }
  void note_fold(const ir::Inst& access);
  bool exit_kills_flags(const ir::Inst& exit) const;

  // ---- driver (codegen.cc)
  struct Cold {  // something to emit behind the main chain
    enum Kind : uint8_t { kBlock, kEdge, kEvent, kMiss, kTrap, kSlow } kind;
    Label label;
    ir::BlockId block = 0;     // kBlock, kEdge
    uint32_t state = 0;        // index into saved_states_
    const tcg::Cell* cell = nullptr;  // kEvent
    int64_t pc_offset = 0;
    uint32_t restore = 0;
    uint32_t mode = 0;
    uint8_t size = 0;          // kTrap: log2; kSlow: index into slow_
    bool write = false;
    HostReg reg = kNoHostReg;  // kTrap: the address; kEvent: kNoHostReg, or pc is in this register
  };
  void emit_chain(ir::BlockId b);
  void emit_block(ir::BlockId b);
  void emit_cold(const Cold& c);
  void emit_inst(uint32_t i);
  void emit_integer(uint32_t i);
  bool has_room() const { return as_.remaining() > 512; }
  uint32_t save_state();

  // ---- registers (allocator.cc)
  void begin_inst() { locked_ = 0; }
  void lock(HostReg r) { locked_ |= 1u << r; }
  Reg alloc_gpr(uint32_t avoid = 0);
  Xmm alloc_xmm();
  void take(Reg r);                          // makes a scratch register free for use by this instruction
  void evict(HostReg r);
  void store_slot(HostReg r);                // writes a dirty slot back
  void spill_vals(HostReg r);
  unsigned alloc_frame();
  Reg use(V v);                              // in a general register, locked
  Reg use_clean(V v);                        // the same, with the bits above the width zero
  Xmm use_x(V v);                            // in a vector register, locked
  void load_to(V v, HostReg r);
  void bind(V v, HostReg r, bool clean);     // v is now (also) in r
  void consume(V v);                         // one use done
  void consume_args(const ir::Inst& inst);
  bool dies(V v, unsigned uses = 1) const { return vals_[v].left == uses; }
  bool is_const(V v) const { return vals_[v].loc == Loc::kConst; }
  int64_t const_of(V v) const;               // sign-extended from the type's width
  bool imm32(V v, int32_t* out) const;
  bool reusable(HostReg r, V v, V result) const;
  Reg dest(V result, V a = ir::kNoValue, V b = ir::kNoValue, V c = ir::kNoValue);
  Xmm dest_x(V result, V a = ir::kNoValue);
  Mem slot_mem(ir::SlotId s) const;
  Mem state_mem(unsigned offset) const;
  Mem frame_mem(unsigned index) const;
  void drop_slot_cache(ir::SlotId s, bool write_back);
  void settle_slot_readers(ir::SlotId s);    // values still to be read from s are read now
  void displace(HostReg pin);                // live old values of a pin move elsewhere
  void flush_slots(const std::vector<ir::SlotId>* dead, bool forget);
  void forget_all();
  void put(uint32_t i);
  void get(uint32_t i);

  // ---- flags and conditions (flags.cc)
  void clobber_flags(V result = ir::kNoValue);   // call before emitting anything that changes the host's flags
  void save_flags();                         // packs them into rax and from there to where they are wanted
  void flags_in_host(V v, bool inverted);    // the host's flags now stand for v
  Cc condition(V v);                         // sets the host's flags for an i1; consumes nothing
  Cc flags_condition(V flags, ir::FlagCond c);
  bool emit_flags_op(uint32_t i);
  uint32_t fuse_with_flags(uint32_t i);      // index of the flags op that this arithmetic op computes as well, or 0
  void emit_flags_pack(uint32_t i);
  void emit_select(uint32_t i);
  void materialize_condition(uint32_t i);
  bool flags_needed() const;

  // ---- arithmetic (integer.cc)
  void emit_add_sub(uint32_t i);
  void emit_logic(uint32_t i, Alu op);
  void emit_andnot(uint32_t i);
  void emit_mul(uint32_t i);
  void emit_mulhi(uint32_t i);
  void emit_div(uint32_t i);
  void emit_unary(uint32_t i);
  void emit_shift(uint32_t i);
  void emit_carry(uint32_t i);
  void emit_count(uint32_t i);
  void emit_bitrev(uint32_t i);
  void emit_extract(uint32_t i);
  void emit_deposit(uint32_t i);
  void emit_funnel(uint32_t i);
  void emit_extend(uint32_t i);
  void emit_trunc(uint32_t i);
  void emit_pair_ops(uint32_t i);
  void alu_operand(Alu op, unsigned bits, Reg d, V b);
  void move_to(Reg d, V a, unsigned bits);
  void set_carry_from(V c);

  // ---- memory (memory.cc)
  Mem address(const ir::Inst& inst, ir::MemDesc d);
  void check_alignment(const ir::Inst& inst, ir::MemDesc d, Mem* m);
  void emit_load(uint32_t i);
  void emit_store(uint32_t i);
  void emit_cas(uint32_t i);
  void emit_cas128(uint32_t i);
  void emit_rmw(uint32_t i);
  void emit_fence(uint32_t i);
  void emit_probe(uint32_t i);
  void site();                               // the next host instruction may fault
  void load_int(const ir::Inst& inst, ir::MemDesc d, Reg dst, const Mem& m);
  void consume_address(const ir::Inst& inst);
  void swap_bytes(Reg r, unsigned size);

  // ---- vectors (vector.cc)
  void emit_vector(uint32_t i);

  // ---- calls and exits (exits.cc)
  void emit_call(uint32_t i);
  void emit_goto_pc(uint32_t i);
  void emit_goto_ind(uint32_t i);
  void emit_leave(uint32_t i);
  void emit_poll(uint32_t i);
  void emit_cond_br(uint32_t i);
  void emit_br(uint32_t i);
  void store_pc(int64_t offset);
  void emit_jump(const tcg::Cell* cell);
  const std::vector<ir::SlotId>* dead_slots(const ir::Inst& exit) const;
  Mem cell_pc() const;
  void emit_event_check(Label to);

  const ir::Inst& inst(V v) const { return region_->insts[v]; }
  static unsigned bits_of(ir::Type t) { return t == ir::Type::kI1 ? 8 : ir::type_bits(t); }
  static unsigned op_bits(ir::Type t) { return ir::type_bits(t) <= 32 ? 32 : 64; }

  const LayoutInfo& info_;
  const tcg::BackendConfig& config_;
  const HostFeatures& features_;
  Assembler as_;
  const ir::Region* region_ = nullptr;
  tcg::CodeSpace* space_ = nullptr;
  tcg::Cell* self_ = nullptr;          // the cell of the region's own key
  Label entry_;
  uint8_t* start_ = nullptr;
  bool failed_ = false;

  std::vector<Val> vals_;
  std::vector<bool> flags_dead_;       // before each instruction: the flags slot is overwritten before it can be seen
  std::vector<uint8_t> block_flags_dead_;
  std::vector<uint8_t> preds_;         // number of predecessors, at most 255
  std::vector<uint8_t> emitted_;
  std::vector<Label> block_labels_;
  std::vector<ir::BlockId> chain_;     // next block of the open chain, if any
  std::vector<uint16_t> temp_frame_;   // frame slot of each temporary
  HostState state_;
  std::vector<HostReg> slot_reg_;      // register that caches each slot
  std::vector<V> slot_reader_;         // value still to be read from each slot (Loc::kSlot)
  std::vector<V> readers_;             // all of them
  std::vector<HostState> saved_states_;
  std::vector<Cold> cold_;
  RecoveryWriter recovery_{nullptr};
  std::vector<SlotPlace> places_;
  uint64_t frame_used_ = 0;
  uint32_t locked_ = 0;
  uint32_t hint_gen_ = 0;
  uint16_t stamp_ = 0;
  uint32_t now_ = 0;                   // index of the instruction being emitted
  ir::SlotId flags_slot_ = ir::kNoSlot;
  int64_t insn_offset_ = 0;
  uint32_t insn_restore_ = 0;
  int next_block_ = -1;                // block to go on with when the current one is done, -1 if the chain ends
};

}  // namespace xarch::x86_64
