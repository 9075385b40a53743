// CodeGen: tier 1's code generator. One pass forward over a region, after one backward over its uses.
//
// Where things are:
//   - Slots with a hot rank live in their pinned register, in every block and between blocks.
//   - Other slots live in the state block; inside a chain of blocks they are cached in scratch or vector
//   registers and
//     written back only when the register is needed, when another thread of control may look (exits,
//     helpers), or never if they are overwritten before. Until then the recovery records say where they are.
//   - Packed flags stay in the host's flags until something clobbers those.
// Chains: a block whose only predecessor is laid out before it goes on with what the registers hold there.
// Side exits are emitted behind the main chain from a copy of the state.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "tcg/backend/backend.h"
#include "tcg/backend/x86_64/assembler.h"
#include "tcg/backend/x86_64/fp_sites.h"
#include "tcg/backend/x86_64/host_features.h"
#include "tcg/backend/x86_64/host_state.h"
#include "tcg/backend/x86_64/recovery.h"
#include "tcg/ir/region.h"

namespace xarch::x86_64 {

// Facts about a layout that the generator wants in tables.
struct LayoutInfo {
  explicit LayoutInfo(const ir::StateLayout& layout);
  const ir::StateLayout* layout;
  std::vector<HostReg> pin;        // of each slot, kNoHostReg if it has none
  std::vector<ir::SlotId> pinned;  // slot of each rank
  ir::SlotOverlaps overlaps;
  ir::SlotId flags;  // the slot of packed flags that may stay in the host's
  // Of each slot: a bit if it is loose or of f80, those first; the bits of slots of f80 that it overlaps.
  std::vector<uint16_t> watched, touched;
  std::vector<uint8_t> loose;  // of each slot: a bit of its own if it is one of the first loose ones, or 0
  bool is_pin(HostReg r) const {
    for (Reg p : kPins) {
      if (host(p) == r) return true;
    }
    return false;
  }
};

// Ops without effect: nothing is emitted for them if nobody uses the result.
inline constexpr std::array<bool, 256> kDroppable = [] {
  using namespace ir;
  constexpr uint16_t kAttributes[] = {
#define OP(name, text, result, operands, attributes) (attributes),
#include "tcg/ir/ops.def"
#undef OP
  };
  std::array<bool, 256> t{};
  for (size_t op = 0; op < std::size(kAttributes); ++op)
    t[op] = (kAttributes[op] & kPure) != 0 || kAttributes[op] == kReadsState;
  t[static_cast<size_t>(Op::kNop)] = t[static_cast<size_t>(Op::kRestart)] = true;
  return t;
}();

class CodeGen {
 public:
  CodeGen(const LayoutInfo& info, const tcg::BackendConfig& config, const HostFeatures& features);

  tcg::CompileResult compile(const ir::Region& region, tcg::CodeSpace& space);

 private:
  using V = ir::ValueId;

  // ---- values
  enum class Loc : uint8_t {
    kNone,      // dead or not yet emitted
    kConst,     // an immediate; so is an op of that kind that is kNone
    kReg,       // in `reg`
    kSlot,      // still to be read from slot `index`
    kSpill,     // in frame slot `index`
    kFlags,     // packed flags in the host's flags
    kDeferred,  // emitted by its only user: conditions, parts of addresses
    kF80,       // on the x87 stack
  };
  // Ops that are known beforehand not to be emitted.
  enum class Skip : uint8_t {
    kNot,
    kDeferred,  // its only user makes it part of itself
    kUseless    // its operands have a user less
  };
  struct Val {
    Loc loc = Loc::kNone;
    HostReg reg = 0;
    bool clean = false;  // bits above the type's width are zero (integers narrower than 64 bits, v64)
    Skip skip : 2 = Skip::kNot;
    bool noted : 1 = false;   // f80.up asks how it was rounded
    bool framed : 1 = false;  // in a register, and in the frame too, at `index`, from when it was spilled
    uint16_t index = 0;
    uint16_t taken = 0;  // of Inst::uses
  };
  static_assert(sizeof(Val) == 8);

  // Something to emit behind the main chain.
  struct Cold {
    enum Kind : uint8_t { kBlock, kEdge, kTrap, kPoll, kHelperExit, kLoopEvent, kSoft, kFp } kind;
    Label label;
    ir::BlockId block = 0;     // kBlock, kEdge
    uint32_t state = 0;        // index into saved_states_
    int64_t pc_offset = 0;     // kTrap, kPoll
    uint32_t restore = 0;      // kTrap, kSoft
    uint8_t size = 0;          // kTrap: log2
    bool write = false;        // kTrap
    HostReg reg = kNoHostReg;  // kTrap, kSoft: the address
    // kSoft: an access that the inline lookup did not find
    HostReg result = kNoHostReg;  // loaded to, stored from, or the host address for an atomic
    uint8_t result_bits = 64;     // of a general register that is loaded to
    bool atomic = false;
    bool probe = false;
    uint32_t desc = 0;
    uint32_t locked = 0;  // registers in use by the instruction
    Label resume;
    FpSite fp;  // kFp: what the trap stands for
  };

  // ---- analysis.cc
  void analyse();
  void analyse_flags(ir::BlockId b, const ir::Inst& term);
  void analyse_extended(ir::BlockId b, const ir::Inst& term);
  static bool is_f80_arithmetic(ir::Op op) { return op >= ir::Op::kF80Add && op <= ir::Op::kF80Cmp; }
  void skip_operands(uint32_t i);
  void defer_to(uint32_t i, V v);
  void mark_f80_operand(uint32_t i);
  bool is_idle(uint32_t i) const;
  static bool is_unused(const ir::Inst& in) {
    return (in.uses == 0) & kDroppable[static_cast<size_t>(in.op)];
  }
  bool defer_if(bool folds, V v);
  bool is_address(V v) const;
  bool folds_sum(V v) const;
  bool folds_index(V v) const;
  bool folds_pair(V v) const;
  bool folds_negation(V v) const;
  bool folds_aes(V v) const;
  bool exit_kills_flags(const ir::Inst& exit) const;
  uint16_t loose_after(const ir::Inst& term) const;
  void analyse_loose(const ir::Inst& in);
  void analyse_hidden(const ir::Inst& in);

  // ---- codegen.cc
  void emit_chain(ir::BlockId b);
  void emit_block(ir::BlockId b);
  // Most blocks go on from the one that leads to them: the others need a label.
  bool is_jumped_to(ir::BlockId b) const { return b == 0 || blocks_[b].preds != 1; }
  Label block_label(ir::BlockId b);
  void emit_temporary(uint32_t i);
  void load_pcrel(Reg d, int64_t offset);
  void emit_pcrel(uint32_t i);
  void emit_flags_const(uint32_t i);
  void emit_inst(uint32_t i);
  void restore_state(uint32_t index);
  void end_values();

  // ---- allocator.cc
  void unsupported();
  unsigned zero_from(Xmm x) const { return state_.regs[host(x)].zero_from; }
  void set_zero_from(Xmm x, unsigned bytes) { state_.regs[host(x)].zero_from = static_cast<uint8_t>(bytes); }
  // Of the value of a get: are only its lowest bytes read, and which?
  bool partly_read(V v) const { return inst(v).low_users != 0 && inst(v).low_users == inst(v).uses; }
  ir::Type low_type(V v) const { return inst(v).marks & ir::Inst::kLow8 ? ir::Type::kF64 : ir::Type::kF32; }
  void lock(HostReg r) { locked_ |= 1u << r; }
  void unlock(HostReg r) { locked_ &= ~(1u << r); }
  unsigned alloc_frame();
  HostReg take_empty(HostReg r) {
    lock(r);
    state_.regs[r].stamp = ++stamp_;
    state_.regs[r].zero_from = 16;
    return r;
  }
  Reg alloc_gpr(uint32_t avoid = 0);
  Xmm alloc_xmm();
  void take(Reg r) { take(host(r)); }  // makes a scratch register free for this instruction
  void take(Xmm r) { take(host(r)); }
  void take(HostReg r);
  void evict(HostReg r);
  void store_slot(HostReg r);   // writes a dirty slot back; the register stays its cache
  void unbind_slot(HostReg r);  // the register is no slot's cache any more
  void spill_vals(HostReg r);
  static constexpr uint32_t kUseWindow = 48;  // ops
  uint32_t operand_regs(const ir::Inst& in) const;
  HostReg farthest_use(uint32_t candidates) const;
  bool leave_to_slot(HostReg r);
  void move_vals_away(HostReg r);
  void displace(HostReg pin);
  HostReg fetch(V v) {  // in any register of its class
    return vals_[v].loc == Loc::kReg ? vals_[v].reg : fetch_other(v);
  }
  HostReg fetch_other(V v);
  HostReg fetch_locked(V v) {
    const HostReg r = fetch(v);
    lock(r);
    state_.regs[r].stamp = ++stamp_;
    return r;
  }
  Reg use(V v) { return gpr(fetch_locked(v)); }    // in a general register, locked
  Reg use_clean(V v);                              // the same, with the bits above the width zero
  Xmm use_x(V v) { return xmm(fetch_locked(v)); }  // in a vector register, locked
  void load_to(V v, HostReg r);
  void copy_reg(HostReg d, HostReg s);
  void load_typed(ir::Type t, HostReg r, const Mem& m);
  void store_typed(ir::Type t, const Mem& m, HostReg r);
  void bind(V v, HostReg r, bool clean) {  // v is now (also) in r
    Val& val = vals_[v];
    if (val.taken == inst(v).uses) return;
    if (val.framed || state_.regs[r].num_vals == RegState::kMaxVals) [[unlikely]]
      return bind_elsewhere(v, r, clean);
    state_.add(r, v);
    state_.regs[r].stamp = ++stamp_;
    val.loc = Loc::kReg;
    val.reg = r;
    val.clean = clean;
  }
  [[gnu::noinline]] void bind_elsewhere(V v, HostReg r, bool clean);
  HostReg another(HostReg r);
  void finish(V result, HostReg r, bool clean);
  void consume(V v) {  // one use done
    Val& val = vals_[v];
    if (++val.taken != inst(v).uses || val.loc == Loc::kConst) return;
    if (val.loc != Loc::kReg) return end_value(v);
    state_.remove(val.reg, v);
    val.loc = Loc::kNone;
    if (val.framed) drop_frame(val);
  }
  void drop_frame(Val& val) {
    frame_used_ &= ~(1u << val.index);
    val.framed = false;
  }
  void end_value(V v);
  void consume_args(const ir::Inst& in);
  unsigned left(V v) const { return unsigned{inst(v).uses} - vals_[v].taken; }  // uses to come
  bool dies(V v) const { return left(v) == 1; }
  // An immediate, not yet in a register. One between two ops that are fused is asked for before emit_block
  // has come to it: its op tells.
  bool is_const(V v) const { return vals_[v].loc <= Loc::kConst && inst(v).op == ir::Op::kConst; }
  ir::SlotId hint(V v) const { return inst(v).goes_to; }  // slot that it may be computed in
  int64_t const_of(V v) const;                            // sign-extended from the type's width
  bool imm32(V v, int32_t* out) const { return is_const(v) && const_imm32(v, out); }
  bool const_imm32(V v, int32_t* out) const;
  bool reusable(HostReg r, V v, V result);
  // A register for `result`: the one it will be put to, or that of the dying operand a, or a new one. Never
  // one that holds b.
  Reg dest(V result, V a = ir::kNoValue, V b = ir::kNoValue);
  Xmm dest_x(V result, V a = ir::kNoValue, V b = ir::kNoValue);
  HostReg pin_of_hint(V v) const { return hint(v) == ir::kNoSlot ? kNoHostReg - 1 : info_.pin[hint(v)]; }
  ir::SlotId slot_of_pin(Reg r) const {
    for (unsigned i = 0; i < kNumPins; ++i) {
      if (kPins[i] == r) return info_.pinned[i];
    }
    return ir::kNoSlot;
  }
  Mem slot_mem(ir::SlotId s) const;
  Mem state_mem(unsigned offset) const;
  Mem frame_mem(unsigned index) const;
  void drop_slot_cache(ir::SlotId s, bool write_back);
  // Loose slots that wait in the host's status word or as a position.
  void store_late(const std::vector<ir::SlotId>* dead);
  void cancel_late(ir::SlotId s);
  void store_up(LateSlots::Up up);
  void late_for_faults_only(uint16_t loose);
  bool late_for(ir::BlockId b) const;
  void settle_slot_readers(ir::SlotId s);  // a value still to be read from s is read now
  void settle_all_slot_readers();
  void flush_slots(const std::vector<ir::SlotId>* dead, bool f80 = true);
  void forget_all();
  void get(uint32_t i);
  void put(uint32_t i);
  void put_pin(ir::SlotId s, V v);
  [[gnu::noinline]] void get_unpinned(uint32_t i);  // out of line: get and put are short otherwise
  [[gnu::noinline]] void put_unpinned(uint32_t i);
  void put_in_state(ir::SlotId s, V v, uint32_t i);
  [[gnu::noinline]] void fill_pin(HostReg pin, bool narrow, V v);
  bool overlaps_pin(ir::SlotId s) const;
  void store_overlapping_pins(ir::SlotId s);
  void put_part_of_pin(ir::SlotId s, V v);
  Mem element(ir::SlotId s, V a);
  void emit_indexed(uint32_t i);
  static bool is_xmm_type(ir::Type t) { return ir::is_vector(t) || ir::is_float(t) || t == ir::Type::kI128; }

  // ---- flags.cc
  bool flags_needed() const;
  bool flags_dead() const { return now_ > flags_until_; }  // the slot is overwritten before anything sees it
  void clobber_flags();
  void save_flags();
  void pack_fcmp();
  void flags_in_host(V v, bool inverted);  // the host's flags now stand for v
  static bool direct_cc(ir::FlagCond c, bool inverted, Cc* cc);
  Cc flags_condition(V v, ir::FlagCond c);
  Cc cmp_condition(const ir::Inst& in);
  Cc condition(V v);
  void settle_condition(V v);
  void materialize_condition(V v);
  void emit_condition(uint32_t i);
  uint32_t fuse_with_flags(uint32_t i);  // index of the flags op that this op computes as well, or 0
  void fused(uint32_t n);
  uint32_t step_with_carry(uint32_t i, uint32_t* flags);
  bool emit_step(uint32_t i);
  void emit_flags_op(uint32_t i);
  void emit_flags_pack(uint32_t i);
  void emit_flags_set(uint32_t i);
  void emit_select(uint32_t i);
  void emit_select_equal(uint32_t i, V equal, V other);

  // ---- integer.cc
  void alu_operand(Alu op, unsigned bits, Reg d, V b);
  void extend(Reg d, Reg s, unsigned bits, bool sign);
  void emit_add_sub(uint32_t i);
  void emit_logic(uint32_t i, Alu op);
  bool emit_and_const(uint32_t i, V a, uint64_t mask);
  void emit_andnot(uint32_t i);
  void emit_mul(uint32_t i);
  void emit_mulhi(uint32_t i);
  void emit_mulx(uint32_t i, bool high);
  void emit_div(uint32_t i);
  void emit_unary(uint32_t i);
  void emit_shift(uint32_t i);
  void emit_shift_imm(uint32_t i, unsigned count);
  struct Carry {  // what the host's carry is to be
    enum Kind : uint8_t { kBit, kPacked, kInPlace, kSet, kClear } kind = kBit;
    V value = ir::kNoValue;  // kBit: an i1; kPacked: flags
    bool negated = false;
  };
  bool tests_carry(V c, V* flags, bool* negated) const;
  bool only_a_carry(uint32_t i);
  Carry carry_from(V c);
  void set_carry(const Carry& from);
  void emit_carry(uint32_t i);
  void emit_count(uint32_t i);
  void emit_bswap(uint32_t i);
  void emit_bitrev(uint32_t i);
  void emit_extract(uint32_t i);
  void emit_deposit(uint32_t i);
  void emit_funnel(uint32_t i);
  void emit_extend(uint32_t i);
  void emit_trunc(uint32_t i);
  void emit_pair_ops(uint32_t i);

  // ---- memory.cc
  void collect_places();
  RecoverySite new_site() const;
  void site(bool writes = false);  // the next host instruction may fault
  void call_site();
  void trap_site(unsigned size, bool write, HostReg reg, bool probe);
  Mem address(const ir::Inst& in, ir::MemDesc d);
  void load_address(Reg t, Mem m);
  void unlock_parts(const Mem& m);
  bool address_clobbers_flags(ir::MemDesc d) const;
  void check_alignment(ir::MemDesc d, bool write, Mem* m);
  void flatten(Mem* m);
  Mem atomic_address(const ir::Inst& in, ir::MemDesc d);
  void take_rax_for(V v, Mem* m);
  void swap_bytes(Reg r, ir::MemDesc d);
  void swap_halves(Reg r, ir::MemDesc d);
  static bool swap_clobbers_flags(ir::MemDesc d) { return swaps(d) && (d.size == 1 || d.elem != d.size); }
  static bool in_gpr(ir::Type t) { return ir::is_int(t) && t != ir::Type::kI128; }
  // Does the access go by a general register, whatever the value is in?
  static bool by_gpr(ir::Type t, ir::MemDesc d) {
    return in_gpr(t) || d.size < 2 || (t == ir::Type::kI128 && d.size < 4);
  }
  static bool swaps(ir::MemDesc d) { return d.big && d.elem > 0; }
  void load_int(ir::MemDesc d, unsigned to, Reg dst, const Mem& m);
  void widen(bool sign, Xmm x, Reg t);
  Xmm swap_mask(ir::MemDesc d);
  void load_vector(ir::MemDesc d, Xmm x, const Mem& m, Xmm mask);
  void store_vector(ir::MemDesc d, const Mem& m, Xmm x);
  Xmm vector_to_store(V b, ir::MemDesc d);
  Reg load_dest(V v);
  void emit_load(uint32_t i);
  [[gnu::noinline]] void emit_other_load(uint32_t i);
  void emit_store(uint32_t i);
  void emit_store_pair(uint32_t i);
  void emit_cas(uint32_t i);
  void emit_cas128(uint32_t i);
  void emit_rmw(uint32_t i);
  void emit_rmw_loop(uint32_t i, Mem m);
  void emit_fence(uint32_t i);
  void emit_probe(uint32_t i);
  void probe_tail(Mem m, ir::MemDesc d);

  // ---- soft_tlb.cc
  Reg soft_address(const ir::Inst& in, ir::MemDesc d);
  Reg soft_lookup(ir::MemDesc d, Reg t, bool write, Cold* cold);
  void soft_load(uint32_t i);
  void soft_store(uint32_t i);
  Reg soft_atomic_address(const ir::Inst& in, ir::MemDesc d);
  void soft_probe(uint32_t i);
  void soft_save(const Cold& c, bool load);
  void emit_soft_cold(const Cold& c);

  // ---- vector.cc
  Mem constant(uint64_t low, uint64_t high);  // 16 aligned bytes behind the code
  Mem constant(uint64_t each) { return constant(each, each); }
  void load_const(Xmm d, uint64_t low, uint64_t high);
  bool vector_const(V v, uint64_t* low, uint64_t* high) const;  // is v one? Its halves
  Xmm const_x(uint64_t low, uint64_t high);
  void emit_constants();
  // d = a op b, in the shortest form that the host has. d may be a or b.
  void xop(Simd op, Xmm d, Xmm a, Xmm b, int imm = 0);
  void xop(Simd op, Xmm d, Xmm a, const Mem& b, int imm = 0);
  void xop(SimdShift op, Xmm d, Xmm a, unsigned count);
  // d = op a.
  void xop1(Simd op, Xmm d, Xmm a, int imm = 0);
  void xmove(Xmm d, Xmm s);
  void emit_vector(uint32_t i);
  bool bytes_below_16(V v) const;
  bool emit_vector_shape(uint32_t i);
  bool emit_lane_op(uint32_t i);
  void emit_bitcast(uint32_t i);
  void emit_vpair(uint32_t i);
  void emit_vany(uint32_t i);

  // ---- vector_crypto.cc
  ir::HelperFn vector_helper(ir::Op op) const;
  void call_vector_helper(uint32_t i, ir::HelperFn fn);
  bool aes_with_key(ir::Op op, Simd* simd) const;
  void emit_vaes(uint32_t i);
  bool emit_vxor_of_aes(uint32_t i);
  void emit_vsha(uint32_t i);
  void emit_vclmul(uint32_t i);
  void emit_vstrings(uint32_t i);
  bool emit_vector_crypto(uint32_t i);

  // ---- vector_lanes.cc
  bool emit_vector_lanes(uint32_t i);
  void emit_vshift(uint32_t i);
  void emit_vshift_by(uint32_t i);
  void shift_lanes_apart(Simd op, unsigned lane, Xmm d, Xmm a, Xmm count);
  void emit_vmul(uint32_t i);
  void emit_vmul_long(uint32_t i);
  void emit_vadd_pairs(uint32_t i);
  void emit_vabs(uint32_t i);
  void emit_vpopcnt(uint32_t i);
  void emit_vcmpgtu(uint32_t i);

  // ---- vector_shape.cc
  void emit_vdup(uint32_t i);
  void emit_vsplat(uint32_t i);
  void emit_vlane(uint32_t i);
  void emit_vuzp(uint32_t i);
  void emit_vnarrow(uint32_t i);
  void emit_vwiden(uint32_t i);
  void emit_vext(uint32_t i);
  void emit_vrev(uint32_t i);
  bool emit_vshuffle_const(uint32_t i);
  void emit_vshuffle(uint32_t i);
  void emit_vmask(uint32_t i);
  void emit_vblend(uint32_t i);
  void emit_vblend_top(uint32_t i);

  // ---- f80.cc
  Mem f80_bounce() const;
  unsigned f80_find(V v) const;
  unsigned f80_find_slot(ir::SlotId slot, unsigned* k) const;
  void f80_to_top(unsigned p);
  void f80_push();
  void f80_unbind(unsigned p);
  void f80_popped();
  void f80_evict_top(const std::vector<ir::SlotId>* dead);
  void f80_flush(const std::vector<ir::SlotId>* dead);
  unsigned f80_cost(const F80Stack::Entry& e) const;
  bool f80_read_again(ir::SlotId s) const;
  bool f80_overwritten(ir::SlotId s) const;
  bool f80_discards(const F80Stack::Entry& e, unsigned k) const;
  void f80_remove_slot(unsigned p, unsigned k);
  void f80_discard();
  void emit_f80_drop(uint32_t i);
  void f80_room(uint32_t keep);
  unsigned f80_use(V v, V other = ir::kNoValue);
  void f80_bind(V v, unsigned p);
  bool f80_takes(unsigned p, V v, V result, unsigned uses) const;
  void f80_operand_on_top(V v, V result);
  void f80_finish(uint32_t i, unsigned p);
  void f80_get(uint32_t i);
  void f80_put(uint32_t i);
  void f80_drop_slot(ir::SlotId s, bool write_back);
  void f80_places();
  Mem f80_memory_operand(uint32_t i);
  void f80_store_operand(V v);
  void f80_note_rounding(uint32_t i);
  bool f80_up_seen(uint32_t i) const;
  void f80_keep_rounding(bool by_access = false);
  void f80_status_lost() {
    if (state_.late.up == LateSlots::Up::kInStatusWord) state_.late.up = LateSlots::Up::kStored;
  }
  // An instruction of the unit; how the one before has rounded is lost.
  void x87(unsigned opcode, unsigned modrm) {
    f80_keep_rounding();
    as_.x87(opcode, modrm);
  }
  void x87(unsigned opcode, unsigned number, const Mem& m) {
    f80_keep_rounding();
    as_.x87(opcode, number, m);
  }
  void emit_f80_note(uint32_t i);
  bool f80_asked_behind(uint32_t i, V a) const;
  void f80_forget_rounding(size_t n);
  void emit_f80_up(uint32_t i);
  void emit_f80_same(uint32_t i, unsigned number);
  void emit_f80_binary(uint32_t i);
  void emit_f80_unary(uint32_t i);
  void emit_f80_load(uint32_t i);
  void emit_f80_store(uint32_t i);
  void emit_f80_load_memory(uint32_t i);
  void emit_f80_store_memory(uint32_t i);
  void emit_f80_compare(uint32_t i);
  void emit_f80_select(uint32_t i);
  void emit_f80_environment(uint32_t i);
  bool emit_f80(uint32_t i);

  // ---- fp.cc, fp_check.cc, fp_convert.cc
  struct FpSites {  // of one op: which of fp_sites_ are its
    size_t first;
    FpSite site;
    int cold;  // index of its Cold, or -1
    // Registers for the steps of the op. All that an op needs is allocated before its first instruction that
    // may trap: what it takes to free a register would be jumped over.
    Xmm temps[5];
    unsigned num_temps, next_temp;
    Reg gpr;
  };
  FpSites fp_begin(uint32_t i);
  void fp_reserve(FpSites* s, const ir::Inst& in);
  Xmm fp_temp(FpSites* s) { return s->temps[s->next_temp++]; }
  void fp_trap(FpSites* s);  // the next host instruction may trap
  void fp_end(const FpSites& s);
  Label fp_cold_trap(FpSites* s);
  static bool fp_packed(const ir::Inst& in);
  static bool fp_half(
      const ir::Inst& in);  // two lanes of a v64: what the host does with the other two counts
  Simd fp_form(const Simd* forms, const ir::Inst& in) const;
  unsigned zero_above(const ir::Inst& in, Xmm x) const;
  Xmm use_fp(V v, const ir::Inst& in);
  Xmm zeroed(Xmm a, unsigned bytes);
  void fop(Simd op, Xmm d, Xmm a, Xmm b, int imm = 0);
  void fop1(Simd op, Xmm d, Xmm a, int imm = 0);
  void fp_step(FpSites* s, Simd op, Xmm d, Xmm a, Xmm b, int imm = 0);
  void fp_step(FpSites* s, Simd op, Xmm d, Xmm a, const Mem& b);
  bool fp_checks(ir::FpCheck c) const { return (region_->fp_checks & c) != 0; }
  void fp_check_flags(bool can_be_tiny);
  void fp_check(FpSites* s, const ir::Inst& in, Xmm d, bool can_be_tiny);
  void fp_check_nan(FpSites* s, Simd compare, Xmm x);
  void fp_check_tiny(FpSites* s, unsigned log2_lane, bool packed, Xmm d);
  void fp_check_operands(FpSites* s, const ir::Inst& in, Xmm a, Xmm b);
  Xmm flushed(FpSites* s, const ir::Inst& in, Xmm a);
  Xmm round_away(FpSites* s, const ir::Inst& in, Xmm a);
  bool emit_fp(uint32_t i);

  // ---- fp_native.cc
  bool keeps_above(const ir::Inst& in) const;
  void emit_native_binary(uint32_t i, Simd op, int imm);
  void emit_native_unary(uint32_t i, Simd op, int imm);
  bool emit_native_compare(uint32_t i);
  bool emit_native_flags(uint32_t i);
  bool emit_native_round(uint32_t i);
  bool emit_native_to_int(uint32_t i);
  bool emit_native_from_int(uint32_t i);
  bool emit_native_convert(uint32_t i);
  bool emit_native_fma(uint32_t i);
  bool emit_fp_native(uint32_t i);

  bool emit_fp_inline(uint32_t i);
  void emit_fp_binary(uint32_t i);
  void emit_fp_sqrt(uint32_t i);
  void emit_fp_minmax(uint32_t i);
  void emit_fp_compare(uint32_t i);
  void emit_fp_flags(uint32_t i);
  Xmm use_fp_signed(V v, const ir::Inst& in, bool* negated);
  bool emit_fp_fma(uint32_t i);
  bool emit_fp_round(uint32_t i);
  void emit_fp_sign(uint32_t i);
  void emit_fp_low(uint32_t i);
  void emit_fp_widen(uint32_t i);
  void emit_fp_insert(uint32_t i);
  bool wants_swapped_flags(uint32_t i) const;
  bool fcmp_condition(V v, ir::FlagCond c, Cc* cc);
  bool fcmp_equality(V c, bool* negated) const;
  void jump_fcmp(Cc cc, Label to);
  Xmm rounded(FpSites* s, const ir::Inst& in, Xmm a);
  void fp_trap_inexact(FpSites* s) {  // the next one may do so where Inexact traps
    if (fp_checks(ir::kFpCheckFlush)) fp_trap(s);
  }
  bool emit_fp_to_int(uint32_t i);
  void emit_fp_to_u32_lanes(FpSites* s, Xmm d, Xmm a, Xmm from, Xmm t, Xmm big);
  bool emit_fp_to_unsigned(uint32_t i);
  bool emit_fp_to_int_lanes(uint32_t i);
  bool emit_fp_from_int(uint32_t i);
  void emit_fp_from_u64(uint32_t i);
  bool emit_fp_from_int_lanes(uint32_t i);
  bool emit_fp_convert(uint32_t i);
  bool emit_fp_convert_half(uint32_t i);
  void emit_double_to_half(uint32_t i);
  void emit_fp_call(uint32_t i);

  // ---- fp_half.cc
  Xmm use_half(V v);
  void widen_half(FpSites* s, ir::Type t, Xmm d, Xmm a);
  void narrow_half(FpSites* s, ir::Type t, Xmm d, Xmm w);
  void finish_half(uint32_t i, FpSites* s, Xmm d, Xmm w, bool can_be_tiny);
  void end_half(uint32_t i, FpSites* s, Xmm d, unsigned zero);
  void pack_half(ir::Type type, Simd pack, Xmm d, Xmm w, Xmm t);
  void round_half(FpSites* s, const ir::Inst& in, Xmm d, Xmm x, Xmm t, bool quiet);
  void sum_to_odd(FpSites* s, unsigned bits, Xmm x, Xmm y, Xmm z, Xmm m);
  void emit_half_binary(uint32_t i);
  void emit_half_sqrt(uint32_t i);
  void emit_half_minmax(uint32_t i);
  void emit_half_compare(uint32_t i);
  void emit_half_flags(uint32_t i);
  void emit_half_fma(uint32_t i);
  bool emit_half_round(uint32_t i);
  void emit_half_to_int(uint32_t i);
  bool emit_fma_of_halves(uint32_t i);
  bool emit_half(uint32_t i);
  void emit_to_bf16(uint32_t i);
  void emit_select_x(uint32_t i);

  // ---- loops.cc
  bool closes_loop(const ir::Inst& exit) const;  // to the region's own start, through a poll
  void find_loop_slots();
  ir::Type loop_type(ir::SlotId s) const;
  void enter_loop();
  void close_loop(const ir::Inst& exit);
  void move_to_loop_registers();
  HostReg loop_home(V result) const;

  // ---- f80_loops.cc
  void find_f80_loop();
  void enter_f80_loop();
  ir::SlotId f80_loop_slot(unsigned p) const;
  void close_f80_loop();
  struct SlotTest {
    ir::SlotId slot;
    int64_t value;
    ir::BlockId equal;  // where it goes on if the slot has the value
  };
  bool slot_test(ir::BlockId b, SlotTest* out) const;
  bool puts(ir::BlockId b, ir::SlotId s) const;
  bool holds_behind(ir::BlockId b, const SlotTest& t, unsigned depth) const;
  uint16_t loose_where(ir::BlockId b, const SlotTest& t, unsigned depth);
  uint16_t loose_in_next_round(ir::BlockId b);

  // ---- exits.cc
  const std::vector<ir::SlotId>* dead_slots(const ir::Inst& exit) const;
  Mem cell_pc() const;
  void store_pc(int64_t offset);
  void set_exit(tcg::Exit reason, uint32_t mode);
  uint32_t save_state();
  bool is_exit_block(ir::BlockId b) const;
  bool is_loop_exit(ir::BlockId b) const;
  bool continues(ir::BlockId b) const;
  bool settled_for(ir::BlockId b) const;
  void settle_for(ir::BlockId b);
  void branch_to(ir::BlockId b);
  void note_place(ir::BlockId b) {
    blocks_[b].insn_offset = insn_offset_;
    blocks_[b].insn_restore = insn_restore_;
  }
  void settle_for_call(const ir::Inst& in);
  void empty_for_call();
  void emit_call(uint32_t i);
  void emit_br(uint32_t i);
  void emit_cond_br(uint32_t i);
  void emit_goto_pc(uint32_t i);
  void emit_unlinked_exit(uint32_t mode, bool poll);
  void emit_goto_ind(uint32_t i);
  void emit_leave(uint32_t i);
  void emit_poll(uint32_t i);
  void emit_cold(const Cold& c);

  const ir::Inst& inst(V v) const { return insts_[v]; }
  static unsigned bits_of(ir::Type t) { return t == ir::Type::kI1 ? 8 : ir::type_bits(t); }
  static unsigned op_bits(ir::Type t) { return ir::type_bits(t) <= 32 ? 32 : 64; }

  const LayoutInfo& info_;
  const tcg::BackendConfig& config_;
  const HostFeatures& features_;
  const bool native_fp_;  // the guest's floating-point rules are the host's own
  Assembler as_;
  const ir::Region* region_ = nullptr;
  const ir::Inst* insts_ = nullptr;  // the region's
  tcg::CodeSpace* space_ = nullptr;
  tcg::Cell* self_ = nullptr;  // the cell of the region's own key
  Label entry_;
  uint8_t* start_ = nullptr;
  tcg::CompileResult::Status status_ = tcg::CompileResult::kOk;

  std::vector<Val> vals_;
  // Of each block of the region.
  struct BlockInfo {
    int64_t insn_offset = 0;  // the guest instruction that it begins in
    uint32_t insn_restore = 0;
    Label label;
    uint16_t loose_dead = 0;  // LayoutInfo::watched: overwritten before anything but a fault sees them
    V flags_entry = 0;        // flags_until_ at its begin, and behind its last put of the slot
    V flags_end = 0;
    bool flags_dead = false;  // the flags slot is overwritten before anything sees it
    bool emitted = false;     // or promised to a branch
    uint8_t preds = 0;        // number of predecessors, at most 255
  };
  std::vector<BlockInfo> blocks_;
  uint16_t loose_dead_ = 0;           // the same at the op being analysed
  uint16_t loose_hidden_ = 0;         // those of them that no memory fault in the block sees either
  std::vector<ir::BlockId> pending_;  // blocks that several others lead to, to be emitted
  std::vector<uint16_t> temp_frame_;  // frame slot of each temporary
  struct LoopSlot {
    ir::SlotId slot;
    // The type of its lowest part if only that is read, v128 otherwise. A part is stored in each round: above
    // it the register has zeros where the slot may have anything in the first round.
    ir::Type type;
    bool written;  // in a round
  };
  bool loops_ = false;                   // the region jumps back to its own start
  bool goes_back_ = false;               // to anywhere not behind itself: it is part of a loop
  std::vector<LoopSlot> loop_slots_;     // kept in registers while the region jumps back to its start
  std::vector<ir::SlotId> f80_loop_;     // the same of f80, on the x87 stack, from its bottom
  std::vector<ir::SlotId> f80_written_;  // slots of f80 that the region writes, if it jumps back
  bool f80_in_loop_ = false;             // it has to do with any
  bool keeps_in_loop() const { return !loop_slots_.empty() || f80_in_loop_; }
  Label loop_;  // where it jumps back to
  struct Constant {
    uint64_t low, high;
    Label label;
  };
  std::vector<Constant> constants_;  // to be put behind the code
  HostState state_;
  std::vector<HostReg> slot_reg_;        // register that caches each slot
  std::vector<V> slot_reader_;           // value still to be read from each slot (Loc::kSlot)
  std::vector<ir::SlotId> readers_;      // slots that may have one
  bool settling_ = false;                // every reader is given a register or a place in the frame
  std::vector<HostState> saved_states_;  // the first num_saved_ are in use
  uint32_t num_saved_ = 0;
  ir::PodVector<Cold> cold_;
  RecoveryWriter recovery_;
  std::vector<FpSite> fp_sites_;
  // The value whose instruction has left the status word as it is, if f80.up or f80.note asks for it; of
  // others that they ask for: the frame slot that has the status word behind their instruction.
  V f80_rounded_ = ir::kNoValue;
  std::vector<std::pair<V, uint16_t>> f80_rounding_;
  bool foreseeing_ = false;  // what comes next is what follows the op being emitted
  unsigned f80_copies_ = 0;  // on the x87 stack above what the model knows, at the moment
  std::vector<SlotPlace> places_;
  uint32_t frame_used_ = 0;
  uint32_t locked_ = 0;
  uint16_t stamp_ = 0;
  uint16_t now_stamp_ = 0;  // as the op being emitted began
  ir::BlockId block_ = 0;   // being emitted
  uint32_t now_ = 0;        // index of the instruction being emitted
  uint32_t done_ = 0;       // last index that it covered
  // The last op of the block that may look at what the slot of flags has: from there on to the next put
  // nobody does. kNoValue: that is not known.
  uint32_t flags_until_ = ir::kNoValue;
  int64_t insn_offset_ = 0;
  uint32_t insn_restore_ = 0;
  int next_block_ = -1;  // block to go on with when the current one is done, -1 if the chain ends
};

}  // namespace xarch::x86_64
