// Builder: how lifters write IR. Folds constants and trivial identities, and remembers which value each slot
// holds, so that most of what the passes would find never comes into being.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "tcg/ir/notes.h"
#include "tcg/ir/region.h"

namespace xarch::ir {

class Builder {
 public:
  // Writes into *region, which is cleared. layout must outlive the region.
  Builder(Region* region, const StateLayout& layout, const BlockKey& key);

  Region& region() { return *region_; }
  // So much has been written that the region should end soon: a lifter that sees it stops after the
  // instruction at hand, which may still take some 16000 IR instructions. Beyond 65534 the builder aborts.
  bool nearly_full() const { return region_->insts.size() >= 0xc000; }
  const BlockKey& key() const { return region_->key; }

  // ---- blocks. Block 0 is open at first. Every block is ended by a terminator; after one, the next call
  // must be start_block. A block may be named (new_block) before it is started; blocks are laid out in
  // starting order, and finish() renumbers them so.
  BlockId new_block();
  void start_block(BlockId b);
  // `name`, made by new_block and not started, is another name for a block that has been started.
  void same_block(BlockId name, BlockId started);
  bool terminated() const { return limit_ == 0; }
  // Ends the region: checks that all named blocks were started, orders blocks, trims. Call once.
  void finish();

  // ---- instruction boundaries
  // A guest instruction starts `offset` bytes from the region's start; `restore` is handed to
  // Guest::restore_state if the instruction faults.
  void insn(int64_t offset, uint32_t restore = 0);
  void restart();

  // ---- leaves
  Value iconst(Type t, uint64_t v) { return constant(t, v & type_mask(t)); }
  Value i1(bool v) { return iconst(Type::kI1, v); }
  Value i32(uint32_t v) { return iconst(Type::kI32, v); }
  Value i64(uint64_t v) { return iconst(Type::kI64, v); }
  Value pcrel(int64_t offset);
  Value flags_const(uint16_t bits);
  Value vconst(Type t, uint64_t each64);
  Value get(SlotId slot);
  void put(SlotId slot, Value v);
  Value get_idx(SlotId slot, Value index);
  void put_idx(SlotId slot, Value index, Value v);
  uint32_t new_temp(Type t);
  Value get_tmp(uint32_t temp);
  void put_tmp(uint32_t temp, Value v);

  // ---- integers
  Value add(Value a, Value b) { return binary(Op::kAdd, a, b); }
  Value add(Value a, int64_t b) { return binary(Op::kAdd, a, iconst(a.type, static_cast<uint64_t>(b))); }
  Value sub(Value a, Value b) { return binary(Op::kSub, a, b); }
  Value mul(Value a, Value b) { return binary(Op::kMul, a, b); }
  Value and_(Value a, Value b) { return binary(Op::kAnd, a, b); }
  Value and_(Value a, uint64_t b) { return binary(Op::kAnd, a, iconst(a.type, b)); }
  Value or_(Value a, Value b) { return binary(Op::kOr, a, b); }
  Value xor_(Value a, Value b) { return binary(Op::kXor, a, b); }
  Value shl(Value a, unsigned n) { return binary(Op::kShl, a, iconst(a.type, n)); }
  Value shr_u(Value a, unsigned n) { return binary(Op::kShrU, a, iconst(a.type, n)); }
  Value shr_s(Value a, unsigned n) { return binary(Op::kShrS, a, iconst(a.type, n)); }
  Value rotr(Value a, unsigned n) { return binary(Op::kRotR, a, iconst(a.type, n)); }
  Value neg(Value a) { return unary(Op::kNeg, a); }
  Value not_(Value a) { return unary(Op::kNot, a); }
  // Any op with two operands of the result's type.
  Value binary(Op op, Value a, Value b);
  // Any op with one operand of the result's type.
  Value unary(Op op, Value a);
  Value adc(Value a, Value b, Value carry);
  Value sbb(Value a, Value b, Value borrow);
  Value extract_u(Value a, unsigned lsb, unsigned length);
  Value extract_s(Value a, unsigned lsb, unsigned length);
  Value deposit(Value into, Value bits, unsigned lsb, unsigned length);
  Value funnel_r(Value high, Value low, unsigned n);

  // ---- conversions: to the same type is the identity
  Value zext(Value a, Type t) { return a.type == t ? a : zext_other(a, t); }
  Value sext(Value a, Type t) { return a.type == t ? a : sext_other(a, t); }
  Value trunc(Value a, Type t) { return a.type == t ? a : trunc_other(a, t); }
  Value pair(Value lo, Value hi);
  Value lo(Value a);
  Value hi(Value a);
  Value bitcast(Value a, Type t);

  // ---- comparison, selection, flags
  Value cmp(Cond c, Value a, Value b);
  Value test_z(Value a, Value b);
  Value test_nz(Value a, Value b);
  Value select(Value c, Value a, Value b);
  // invert_carry: C is the complement of the host's (for subtractions: "no borrow").
  Value flags_add(Value a, Value b, bool invert_carry = false);
  Value flags_adc(Value a, Value b, Value carry, bool invert_carry = false);
  Value flags_sub(Value a, Value b, bool invert_carry);
  Value flags_sbb(Value a, Value b, Value borrow, bool invert_carry);
  Value flags_logic(Value a, bool carry = false);
  Value flags_pack(Value n, Value z, Value c, Value v);
  // `flags` with one of them replaced.
  Value flags_set(Value flags, FlagBits flag, Value v);
  Value flags_test(Value flags, FlagCond c);

  // ---- memory
  Value load(Type t, Value addr, MemDesc d, int32_t disp = 0);
  void store(Value addr, Value v, MemDesc d, int32_t disp = 0);
  Value cas(Value addr, Value expected, Value desired, MemDesc d, int32_t disp = 0);
  Value rmw(RmwOp op, Value addr, Value v, MemDesc d, int32_t disp = 0);
  void fence(Fence f);
  void probe(ProbeKind kind, Value addr, MemDesc d, int32_t disp = 0);

  // ---- vectors: `lane` is log2 of the lane's bytes
  Value vbinary(Op op, Value a, Value b, unsigned lane = 0, int64_t imm = 0);
  Value vunary(Op op, Value a, unsigned lane = 0, int64_t imm = 0);
  Value vdup(Type t, Value a, unsigned lane);
  Value vextract(Type t, Value v, unsigned lane, unsigned index);
  Value vinsert(Value v, Value a, unsigned lane, unsigned index);
  Value vconvert(Op op, Type t, Value a, unsigned lane = 0);  // v.narrow* v.widen.* v.lo v.hi
  // Low or high half of a v128, lanes extended to twice the size.
  Value vwiden(bool is_signed, Value a, unsigned lane, bool high);
  // Products of the lanes of the low or high halves of two v128.
  Value vmull(bool is_signed, Value a, Value b, unsigned lane, bool high);
  Value vclmul(Value a, Value b);
  // A step of SHA-1 or SHA-256 on v128 (v.sha*); imm is v.sha1's function.
  Value vsha(Op op, Value a, Value b, Value c = {}, unsigned imm = 0);
  // Strings in two v128 (v.str.index v.str.mask flags.str) by a control byte below 128; lengths: an i32, or
  // none.
  Value vstrings(Op op, Value a, Value b, Value lengths, unsigned control);
  // some_bits: of the index's bytes bits 4 to 6 do not count.
  Value vshuffle(Value table, Value index, bool some_bits = false);
  Value vsplat(Type t, Value v, unsigned lane, unsigned index);
  Value vmask(Value a, unsigned lane) { return emit(Op::kVMask, Type::kI32, a, {}, {}, lane); }
  // Lanes of a, those of b where `mask` has a bit.
  Value vblend(Value a, Value b, unsigned lane, unsigned mask);
  // Lanes of a, those of b where c's highest bit is set.
  Value vblend_top(Value a, Value b, Value c, unsigned lane) {
    return emit(Op::kVBlendTop, a.type, a, b, c, lane);
  }
  Value vshuf2(Value a, Value b, unsigned lane, unsigned order) {
    return emit(Op::kVShuf2, Type::kV128, a, b, {}, lane, order);
  }
  Value vany(Value a);  // of a v64 or v128
  Value vpair(Value lo, Value hi);

  // ---- floating point. `lane`, log2 of the lane's bytes, is for vectors; scalars are as wide as their type,
  // but f32 with lane 1 is half precision.
  Value fbinary(Op op, Value a, Value b, unsigned lane = 0);  // f.add to f.div, f.min to f.maxnum, f.cmp*
  Value funary(Op op, Value a, unsigned lane = 0);            // f.sqrt, f.neg, f.abs
  // c + a * b; negate: 1 the product, 2 c.
  Value ffma(Value a, Value b, Value c, unsigned lane = 0, unsigned negate = 0);
  Value ffma_half(Value a, Value b, Value c);  // the same, a and b half precision in v64s
  // Flags of a comparison of two scalars; signals: any NaN is invalid.
  // host: less C, equal Z, unordered Z P C, as x86 has it.
  Value flags_fcmp(Value a, Value b, bool signals, unsigned lane = 0, bool host = false);
  // All ones if one of the relations (FpRelation) holds.
  Value fcmp(Value a, Value b, uint32_t relations, unsigned lane = 0) {
    return emit(Op::kFCmp, a.type, a, b, {}, fp_lane(a.type, lane), relations);
  }
  Value fround(Value a, FpRound r, bool raises_inexact, unsigned lane = 0);
  Value fto_int(Type t, Value a, FpRound r, bool is_unsigned, unsigned lane = 0);
  Value ffrom_int(Type t, Value a, bool is_unsigned, unsigned lane = 0);
  // Lanes as f.cvt says; of a scalar its width.
  Value fcvt(Type t, unsigned to_lane, Value a, unsigned from_lane);
  Value fcvt_to_half(Value a, FpRound r);  // v128 of f32 to v64
  Value fto_bf16(Value a);                 // v128 to v64
  Value flow(Type t, Value v);             // lowest lane of a vector as a scalar
  Value finsert(Value v, Value a);         // v with its lowest lane replaced
  Value fwiden(Type t, Value a);           // a scalar with zeros above

  // ---- extended precision: the ops of their names
  Value f80(Op op, Value a, Value b = {}) { return emit_f80(op, a, b); }
  Value f80_to(Op op, Type t, Value a, int64_t imm = 0) { return emit(op, t, a, {}, {}, 0, imm); }
  Value f80_cmp(Value a, Value b, bool signals) {
    return emit(Op::kF80Cmp, Type::kFlags, a, b, {}, 0, signals);
  }
  Value f80_const(F80Constant c) { return emit_f80(Op::kF80Const, {}, {}, {}, static_cast<int64_t>(c)); }
  Value f80_make(Value significand, Value exponent);
  Value f80_low(Value a) { return emit(Op::kF80Low, Type::kI64, a); }
  Value f80_high(Value a) { return emit(Op::kF80High, Type::kI16, a); }
  Value f80_select(Value c, Value a, Value b) { return emit_f80(Op::kF80Select, c, a, b); }
  void f80_note(Value a);
  void f80_drop(SlotId slot) {
    notes_.f80();
    emit(Op::kF80Drop, Type::kVoid, {}, {}, {}, slot);
  }
  Value f80_up(Value a) { return emit(Op::kF80Up, Type::kI1, a); }
  // format: kF32, kF64, kI16, kI32, kI64. f80_store gives what f80_up would.
  Value f80_load(Type format, Value addr, MemDesc d, int32_t disp = 0);
  Value f80_store(Type format, bool truncates, Value addr, Value v, MemDesc d, int32_t disp = 0);
  Value f80_flags();
  void f80_control();

  // ---- helpers. desc must have static lifetime.
  Value call(const HelperDesc& desc, Type result, std::initializer_list<Value> args);

  // ---- terminators
  void br(BlockId b);
  void cond_br(Value c, BlockId then_block, BlockId else_block);
  // Exits. offset is the target's distance from the region's start.
  void goto_pc(int64_t offset, ExitAux e);
  void goto_ind(Value pc, ExitAux e);
  void syscall(int64_t pc_offset, uint32_t number);
  void raise(int64_t pc_offset, uint32_t code);
  void raise_val(int64_t pc_offset, uint32_t code, Value v);
  void halt(int64_t pc_offset);
  void poll(int64_t pc_offset);
  // Index for ExitAux::mode_index.
  uint16_t exit_mode(uint32_t mode);

  // The constant behind a value, if it is one.
  bool is_const(Value v, uint64_t* out) const {
    const Inst& inst = def(v);
    if (inst.op != Op::kConst) return false;
    *out = static_cast<uint64_t>(inst.imm);
    return true;
  }

 private:
  [[gnu::always_inline]] static void use(Inst& operand, ValueId user) {
    ++operand.uses;
    operand.user = user;
  }
  // In line wherever it stands, as it is short if the op is known, and its operands as well.
  [[gnu::always_inline]] Value emit(Op op, Type t, Value a = {}, Value b = {}, Value c = {}, uint32_t aux = 0,
                                    int64_t imm = 0) {
    if (is_full()) [[unlikely]]
      return emit_in_new_room(op, t, a, b, c, aux, imm);
    return append(op, t, a, b, c, aux, imm);
  }
  bool is_full() const { return region_->insts.size() >= limit_; }
  // The same where there is room.
  [[gnu::always_inline]] Value append(Op op, Type t, Value a = {}, Value b = {}, Value c = {},
                                      uint32_t aux = 0, int64_t imm = 0) {
    const Value v = next(t);
    Inst* const insts = region_->insts.data();
    region_->insts.append({op, t, kNoValue, {a.id, b.id, c.id, kNoValue}, aux, imm});
    if (a) use(insts[a.id], v.id);
    if (b) use(insts[b.id], v.id);
    if (c) use(insts[c.id], v.id);
    return v;
  }
  // An op that may fault: everything may be looked at.
  Value emit_access(Op op, Type t, Value a, Value b, Value c, uint32_t aux, MemDesc d, int32_t disp) {
    const Value v = emit(op, t, a, b, c, aux, Inst::mem_imm(d, disp));
    notes_.show_all(v.id);
    return v;
  }
  Value emit_f80(Op op, Value a = {}, Value b = {}, Value c = {}, int64_t imm = 0) {
    notes_.f80();
    return emit(op, Type::kF80, a, b, c, 0, imm);
  }
  static Region& begin(Region* region, const StateLayout& layout, const BlockKey& key);
  // What emit will return.
  Value next(Type t) const { return {static_cast<ValueId>(region_->insts.size()), t}; }
  // Where limit_ has been reached: aborts if there can't be another op.
  void make_room();
  Value get_in_new_room(SlotId slot);
  void put_in_new_room(SlotId slot, Value v);
  Value emit_in_new_room(Op op, Type t, Value a, Value b, Value c, uint32_t aux, int64_t imm);
  void open() { limit_ = static_cast<uint32_t>(std::min<size_t>(region_->insts.capacity(), kNoValue)); }
  void emit_term(Op op, Value a = {}, uint32_t aux = 0, int64_t imm = 0) {
    emit(op, Type::kVoid, a, {}, {}, aux, imm);
    limit_ = 0;
    region_->blocks.back().end = static_cast<uint32_t>(region_->insts.size());
    notes_.end_block(region_->insts.back());
  }
  // What aux of a floating-point op says of a value: its own width if it is a scalar.
  static unsigned fp_lane(Type t, unsigned lane) {
    if (t == Type::kF32 && lane == 1) return 1;
    return t == Type::kF32 || t == Type::kI32 ? 2 : t == Type::kF64 || t == Type::kI64 ? 3 : lane;
  }
  const Inst& def(Value v) const { return region_->insts[v.id]; }
  // Is it a value of the open block? Any number may be asked for.
  bool in_block(ValueId id) const { return id - block_first_ < region_->insts.size() - block_first_; }
  // The value of this operation if `v` was defined by it in the open block, else null.
  const Inst* def_if(Value v, Op op) const { return def(v).op == op ? &def(v) : nullptr; }
  Value value_of(ValueId id) const { return {id, region_->insts[id].type}; }
  Value constant(Type t, uint64_t v);  // v fits the type
  Value convert(Op op, Type t, Value a);
  Value zext_other(Value a, Type t);
  Value sext_other(Value a, Type t);
  Value trunc_other(Value a, Type t);
  Value fold_binary(Op op, Value a, Value b);
  Value fold_rarely(Op op, Value a, Value b);
  // The two halves of a v128 that is a constant.
  bool is_vector_const(Value v, uint64_t out[2]) const;
  Value fold_right_const(Op op, Value a, Value b, uint64_t c);
  Value fold_left_const(Op op, Value a, Value b, uint64_t c);
  Value fold_same(Op op, Value a);
  Value fold_select(Value c, Value a, Value b);
  Value test_of_pack(Value flags, FlagCond c);
  bool keeps_carry(const Inst& set) const;
  uint32_t helper_index(const HelperDesc& desc);
  void put_special(SlotId slot, Value v);
  Region::Scratch& scratch() { return region_->scratch; }
  const Region::Scratch& scratch() const { return region_->scratch; }

  Region* region_;
  NoteTaker notes_;
  // Until there are so many ops, emit may go on without growth; 0: the last block is terminated.
  uint32_t limit_ = 0;
  bool renumber_ = false;  // blocks were not started in the order of their names
  unsigned second_names_ = 0;
  bool has_br_ = false;
  size_t led_to_ = 1;  // by conditional branches, and the first block
  uint32_t block_first_ = 0;
  ValueId recent_converts_[16] = {};  // likewise, of zext, sext and trunc
  ValueId recent_consts_[16] = {};    // where such a constant may stand in the open block; checked when used
};

}  // namespace xarch::ir
