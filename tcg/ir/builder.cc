#include "tcg/ir/builder.h"

#include <utility>

#include "tcg/ir/eval.h"
#include "tcg/support/log.h"

namespace xarch::ir {

namespace {

bool commutes(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kMul:
    case Op::kMulHiU:
    case Op::kMulHiS:
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor: return true;
    default: return false;
  }
}

// The condition for the operands the other way round.
Cond swap(Cond c) {
  switch (c) {
    case Cond::kUlt: return Cond::kUgt;
    case Cond::kUle: return Cond::kUge;
    case Cond::kUgt: return Cond::kUlt;
    case Cond::kUge: return Cond::kUle;
    case Cond::kSlt: return Cond::kSgt;
    case Cond::kSle: return Cond::kSge;
    case Cond::kSgt: return Cond::kSlt;
    case Cond::kSge: return Cond::kSle;
    default: return c;
  }
}

}  // namespace

Region& Builder::begin(Region* region, const StateLayout& layout, const BlockKey& key) {
  region->clear();
  region->key = key;
  region->layout = &layout;
  region->scratch.position.clear();
  region->scratch.position.push_back(0);
  region->insts.reserve(256);
  region->blocks.push_back({0, 0});
  return *region;
}

Builder::Builder(Region* region, const StateLayout& layout, const BlockKey& key)
    : region_(region), notes_(begin(region, layout, key)) {
  notes_.begin_block(0);
  open();
}

// ---- emission

void Builder::make_room() {
  PodVector<Inst>& insts = region_->insts;
  if (terminated() || insts.size() >= kNoValue) {
    Log::fatal("xarch: internal error: IR of the region at %#lx: %s", region_->key.pc,
               terminated() ? "an op after the end of a block" : "more than 65534 ops");
  }
  insts.reserve(insts.size() + 1);
  open();
}

[[gnu::cold, gnu::noinline]] Value Builder::emit_in_new_room(Op op, Type t, Value a, Value b, Value c,
                                                             uint32_t aux, int64_t imm) {
  make_room();
  return append(op, t, a, b, c, aux, imm);
}
[[gnu::cold, gnu::noinline]] Value Builder::get_in_new_room(SlotId slot) {
  make_room();
  return get(slot);
}
[[gnu::cold, gnu::noinline]] void Builder::put_in_new_room(SlotId slot, Value v) {
  make_room();
  put(slot, v);
}

// ---- blocks

BlockId Builder::new_block() {
  PodVector<BlockId>& position = scratch().position;
  if (position.size() >= kNoBlock) Log::fatal("xarch: internal error: too many blocks in a region");
  position.push_back(kNoBlock);
  return static_cast<BlockId>(position.size() - 1);
}

void Builder::start_block(BlockId b) {
  PodVector<BlockId>& position = scratch().position;
  if (!terminated() || b >= position.size() || position[b] != kNoBlock) {
    Log::fatal("xarch: internal error: IR of the region at %#lx: block %u started %s", region_->key.pc, b,
               terminated() ? "twice" : "before the end of the one before");
  }
  const BlockId place = static_cast<BlockId>(region_->blocks.size());
  position[b] = place;
  renumber_ |= place != b;
  block_first_ = static_cast<uint32_t>(region_->insts.size());
  region_->blocks.push_back({block_first_, block_first_});
  notes_.begin_block(block_first_);
  notes_.forget_all(block_first_);
  open();
}

void Builder::same_block(BlockId name, BlockId started) {
  PodVector<BlockId>& position = scratch().position;
  position[name] = position[started];
  renumber_ = true;
  ++second_names_;
}

void Builder::finish() {
  const PodVector<BlockId>& position = scratch().position;
  if (!terminated() || position.size() != region_->blocks.size() + second_names_) {
    Log::fatal("xarch: internal error: IR of the region at %#lx: %s", region_->key.pc,
               terminated() ? "a named block was not started" : "the last block has no end");
  }
  region_->joins = has_br_ || led_to_ != region_->blocks.size();
  if (!renumber_) return;
  for (const Block& block : region_->blocks) {
    Inst& last = region_->insts[block.end - 1];
    if (last.op != Op::kBr && last.op != Op::kCondBr) continue;
    last.aux = position[last.aux];
    if (last.op == Op::kCondBr) last.imm = position[static_cast<size_t>(last.imm)];
  }
}

void Builder::insn(int64_t offset, uint32_t restore) {
  emit(Op::kInsn, Type::kVoid, {}, {}, {}, restore, offset);
}
void Builder::restart() { emit(Op::kRestart, Type::kVoid); }

// ---- leaves

// Looked at before it is known to be of this block, so that one branch decides: there is some op's room at
// every number that is remembered, and at 0.
Value Builder::constant(Type t, uint64_t v) {
  ValueId& recent = recent_consts_[(v ^ v >> 4 ^ static_cast<unsigned>(t)) & 15];
  const Inst& inst = region_->insts.data()[recent];
  const bool same = (inst.op == Op::kConst) & (inst.type == t) & (static_cast<uint64_t>(inst.imm) == v);
  if (same & in_block(recent)) return {recent, t};
  recent = next(t).id;
  return emit(Op::kConst, t, {}, {}, {}, 0, static_cast<int64_t>(v));
}

Value Builder::pcrel(int64_t offset) { return emit(Op::kPcRel, Type::kI64, {}, {}, {}, 0, offset); }

Value Builder::flags_const(uint16_t bits) { return emit(Op::kFlagsConst, Type::kFlags, {}, {}, {}, 0, bits); }

Value Builder::vconst(Type t, uint64_t each64) {
  return emit(Op::kVConst, t, {}, {}, {}, 0, static_cast<int64_t>(each64));
}

// Whatever is rare is called last, so that nothing has to be kept across it.
Value Builder::get(SlotId slot) {
  if (notes_.is_known(slot)) return notes_.value(slot);
  if (is_full()) [[unlikely]]
    return get_in_new_room(slot);
  const Value v = append(Op::kGet, region_->layout->slots[slot].type, {}, {}, {}, slot);
  notes_.get(slot, v);
  return v;
}

void Builder::put(SlotId slot, Value v) {
  if (notes_.holds(slot, v)) return;
  if (is_full()) [[unlikely]]
    return put_in_new_room(slot, v);
  if (scratch().kinds[slot] != 0) [[unlikely]]
    return put_special(slot, v);
  notes_.put_plain(slot, v, append(Op::kPut, Type::kVoid, v, {}, {}, slot).id);
}

[[gnu::noinline]] void Builder::put_special(SlotId slot, Value v) {
  notes_.put(slot, v, append(Op::kPut, Type::kVoid, v, {}, {}, slot).id);
}

void Builder::f80_note(Value a) { notes_.f80_note(emit(Op::kF80Note, Type::kVoid, a).id); }

Value Builder::get_idx(SlotId slot, Value index) {
  const Value v = emit(Op::kGetIdx, region_->layout->slots[slot].type, index, {}, {}, slot);
  notes_.show(slot);
  notes_.stop(v.id);
  return v;
}

void Builder::put_idx(SlotId slot, Value index, Value v) {
  notes_.put_idx(slot, emit(Op::kPutIdx, Type::kVoid, index, v, {}, slot).id);
}

uint32_t Builder::new_temp(Type t) {
  region_->temps.push_back(t);
  const size_t needed = region_->layout->slots.size() + region_->temps.size();
  if (scratch().known.size() < needed) scratch().known.resize(needed);
  return static_cast<uint32_t>(region_->temps.size() - 1);
}

Value Builder::get_tmp(uint32_t temp) {
  const uint32_t number = static_cast<uint32_t>(region_->layout->slots.size()) + temp;
  if (notes_.is_known(number)) return notes_.value(number);
  const Value v = emit(Op::kGetTmp, region_->temps[temp], {}, {}, {}, temp);
  notes_.set_temporary(number, v, v.id);
  return v;
}

void Builder::put_tmp(uint32_t temp, Value v) {
  const uint32_t number = static_cast<uint32_t>(region_->layout->slots.size()) + temp;
  if (notes_.holds(number, v)) return;
  notes_.set_temporary(number, v, emit(Op::kPutTmp, Type::kVoid, v, {}, {}, temp).id);
}

// ---- integers

// a op b, where b is the constant c of a's type and a is none.
Value Builder::fold_right_const(Op op, Value a, Value b, uint64_t c) {
  const Type t = a.type;
  switch (op) {
    case Op::kAdd:
      if (c == 0) return a;
      if (const Inst* p = def_if(a, Op::kPcRel)) return pcrel(p->imm + static_cast<int64_t>(c));
      break;
    case Op::kSub:
      if (c == 0) return a;
      return binary(Op::kAdd, a, iconst(t, 0 - c));
    case Op::kMul:
      if (c == 0) return b;
      if (c == 1) return a;
      if (std::has_single_bit(c)) return shl(a, static_cast<unsigned>(std::countr_zero(c)));
      break;
    case Op::kMulHiU:
    case Op::kMulHiS:
      if (c == 0) return b;
      break;
    case Op::kDivU:
    case Op::kDivS:
      if (c == 1) return a;
      break;
    case Op::kAnd:
      if (c == 0) return b;
      if (c == type_mask(t)) return a;
      break;
    case Op::kAndNot:
      if (c == 0) return a;
      return c == type_mask(t) ? iconst(t, 0) : and_(a, ~c);
    case Op::kOr:
      if (c == 0) return a;
      if (c == type_mask(t)) return b;
      break;
    case Op::kXor:
      if (c == 0) return a;
      if (c == type_mask(t)) return not_(a);
      break;
    case Op::kShl:
    case Op::kShrU:
    case Op::kShrS:
    case Op::kRotR:
      if ((c & (type_bits(t) - 1)) == 0) return a;
      break;
    default: break;
  }
  return emit(op, t, a, b);
}

// a op b, where a is the constant c, b is none, and op does not commute.
[[gnu::noinline]] Value Builder::fold_left_const(Op op, Value a, Value b, uint64_t c) {
  if (c == 0) {
    if (op == Op::kSub) return neg(b);
    if (op == Op::kAndNot || op == Op::kShl || op == Op::kShrU || op == Op::kShrS || op == Op::kRotR)
      return a;
  }
  if (op == Op::kAndNot && c == type_mask(a.type)) return not_(b);
  return emit(op, a.type, a, b);
}

// a op a; no value if nothing simpler is known.
Value Builder::fold_same(Op op, Value a) {
  switch (op) {
    case Op::kAnd:
    case Op::kOr:
    case Op::kVAnd:
    case Op::kVOr: return a;
    case Op::kSub:
    case Op::kXor:
    case Op::kAndNot: return iconst(a.type, 0);
    case Op::kVXor:
    case Op::kVAndNot:
    case Op::kVSub: return vconst(a.type, 0);
    default: return {};
  }
}

Value Builder::binary(Op op, Value a, Value b) {
  if (def(a).op == Op::kConst || def(b).op == Op::kConst || a.id == b.id) return fold_binary(op, a, b);
  return emit(op, a.type, a, b);
}

// An operand is a constant, or they are the same.
[[gnu::noinline]] Value Builder::fold_binary(Op op, Value a, Value b) {
  const Inst& x = def(a);
  const Inst& y = def(b);
  const auto cx = static_cast<uint64_t>(x.imm), cy = static_cast<uint64_t>(y.imm);
  if (a.id == b.id || !is_int_binary(op) || a.type > Type::kI64) return fold_rarely(op, a, b);
  if (x.op != Op::kConst) return fold_right_const(op, a, b, cy);
  if (y.op == Op::kConst) return fold_rarely(op, a, b);
  return commutes(op) ? fold_right_const(op, b, a, cx) : fold_left_const(op, a, b, cx);
}

// The rest of it: two constants, the same value twice, anything but integers.
[[gnu::noinline]] Value Builder::fold_rarely(Op op, Value a, Value b) {
  uint64_t ca = 0;
  uint64_t cb = 0;
  if (is_int_binary(op) && a.type <= Type::kI64 && is_const(a, &ca) && is_const(b, &cb)) {
    return iconst(a.type, eval_binary(op, a.type, ca, cb));
  }
  if (a.id == b.id) {
    if (Value v = fold_same(op, a)) return v;
  }
  return emit(op, a.type, a, b);
}

Value Builder::unary(Op op, Value a) {
  uint64_t c = 0;
  if (is_const(a, &c)) {
    switch (op) {
      case Op::kNeg:
      case Op::kNot:
      case Op::kClz:
      case Op::kCtz:
      case Op::kPopcnt:
      case Op::kBswap:
      case Op::kBitRev: return iconst(a.type, eval_unary(op, a.type, c));
      default: break;
    }
  }
  const Inst& d = def(a);
  const bool involution =
      op == Op::kNeg || op == Op::kNot || op == Op::kBswap || op == Op::kBitRev || op == Op::kVNot;
  if (involution && d.op == op) return value_of(d.args[0]);
  if (op == Op::kNot && a.type == Type::kI1) {
    if (d.op == Op::kCmp) {
      return cmp(negate(static_cast<Cond>(d.aux)), value_of(d.args[0]), value_of(d.args[1]));
    }
    if (d.op == Op::kTestZ) return emit(Op::kTestNz, Type::kI1, value_of(d.args[0]), value_of(d.args[1]));
    if (d.op == Op::kTestNz) return emit(Op::kTestZ, Type::kI1, value_of(d.args[0]), value_of(d.args[1]));
    if (d.op == Op::kFlagsTest) return flags_test(value_of(d.args[0]), negate(static_cast<FlagCond>(d.aux)));
  }
  return emit(op, a.type, a);
}

Value Builder::adc(Value a, Value b, Value carry) {
  uint64_t c = 0;
  if (is_const(carry, &c)) {
    const Value sum = add(a, b);
    return c == 0 ? sum : add(sum, 1);
  }
  return emit(Op::kAdc, a.type, a, b, carry);
}

Value Builder::sbb(Value a, Value b, Value borrow) {
  uint64_t c = 0;
  if (is_const(borrow, &c)) {
    const Value difference = sub(a, b);
    return c == 0 ? difference : add(difference, -1);
  }
  return emit(Op::kSbb, a.type, a, b, borrow);
}

Value Builder::extract_u(Value a, unsigned lsb, unsigned length) {
  const unsigned bits = type_bits(a.type);
  if (length == bits) return a;
  uint64_t c = 0;
  if (is_const(a, &c)) return iconst(a.type, eval_extract(false, a.type, c, lsb, length));
  if (lsb + length == bits) return shr_u(a, lsb);
  return emit(Op::kExtractU, a.type, a, {}, {}, lsb | length << 8);
}

Value Builder::extract_s(Value a, unsigned lsb, unsigned length) {
  const unsigned bits = type_bits(a.type);
  if (length == bits) return a;
  uint64_t c = 0;
  if (is_const(a, &c)) return iconst(a.type, eval_extract(true, a.type, c, lsb, length));
  if (lsb + length == bits) return shr_s(a, lsb);
  return emit(Op::kExtractS, a.type, a, {}, {}, lsb | length << 8);
}

Value Builder::deposit(Value into, Value bits, unsigned lsb, unsigned length) {
  if (length == type_bits(into.type)) return bits;
  uint64_t ca = 0;
  uint64_t cb = 0;
  const bool bits_const = is_const(bits, &cb);
  const bool into_const = is_const(into, &ca);
  if (into_const && bits_const) return iconst(into.type, eval_deposit(ca, cb, lsb, length));
  if (into_const && ca == 0) return shl(extract_u(bits, 0, length), lsb);
  if (bits_const) {
    const uint64_t mask = low_mask(length);
    if ((cb & mask) == 0) return and_(into, ~(mask << lsb));
    if ((cb & mask) == mask) return or_(into, iconst(into.type, mask << lsb));
  }
  return emit(Op::kDeposit, into.type, into, bits, {}, lsb | length << 8);
}

Value Builder::funnel_r(Value high, Value low, unsigned n) {
  if (n == 0) return low;
  uint64_t ch = 0;
  uint64_t cl = 0;
  if (is_const(high, &ch) && is_const(low, &cl))
    return iconst(high.type, eval_funnel_r(high.type, ch, cl, n));
  if (high.id == low.id) return rotr(high, n);
  return emit(Op::kFunnelR, high.type, high, low, {}, 0, n);
}

// ---- conversions

// A zext, sext or trunc, unless the same stands in the block already: halves of registers are taken again and
// again. As in constant.
Value Builder::convert(Op op, Type t, Value a) {
  ValueId& recent = recent_converts_[(a.id ^ static_cast<unsigned>(t)) & 15];
  const Inst& inst = region_->insts.data()[recent];
  const bool same = (inst.op == op) & (inst.type == t) & (inst.args[0] == a.id);
  if (same & in_block(recent)) return {recent, t};
  recent = next(t).id;
  return emit(op, t, a);
}

Value Builder::zext_other(Value a, Type t) {
  uint64_t c = 0;
  if (t <= Type::kI64 && is_const(a, &c)) return iconst(t, c);
  if (const Inst* d = def_if(a, Op::kZext)) return convert(Op::kZext, t, value_of(d->args[0]));
  return convert(Op::kZext, t, a);
}

Value Builder::sext_other(Value a, Type t) {
  uint64_t c = 0;
  if (t <= Type::kI64 && is_const(a, &c)) {
    return iconst(t, static_cast<uint64_t>(sign_extend(c, type_bits(a.type))));
  }
  if (const Inst* d = def_if(a, Op::kSext)) return convert(Op::kSext, t, value_of(d->args[0]));
  if (const Inst* d = def_if(a, Op::kZext)) return convert(Op::kZext, t, value_of(d->args[0]));
  return convert(Op::kSext, t, a);
}

Value Builder::trunc_other(Value a, Type t) {
  uint64_t c = 0;
  if (is_const(a, &c)) return iconst(t, c);
  const Inst& d = def(a);
  if (d.op == Op::kTrunc) return trunc(value_of(d.args[0]), t);
  if (d.op == Op::kZext || d.op == Op::kSext) {
    const Value from = value_of(d.args[0]);
    if (from.type == t) return from;
    if (from.type > t) return trunc(from, t);
    return d.op == Op::kZext ? zext(from, t) : sext(from, t);
  }
  if (d.op == Op::kDeposit) {  // of bits that are all the deposited ones, or none of them
    const unsigned lsb = d.aux & 255, length = d.aux >> 8;
    if (lsb == 0 && length >= type_bits(t)) return trunc(value_of(d.args[1]), t);
    if (lsb >= type_bits(t)) return trunc(value_of(d.args[0]), t);
  }
  return convert(Op::kTrunc, t, a);
}

Value Builder::pair(Value lo, Value hi) { return emit(Op::kPair, Type::kI128, lo, hi); }

Value Builder::lo(Value a) {
  if (const Inst* d = def_if(a, Op::kPair)) return value_of(d->args[0]);
  return emit(Op::kLo, Type::kI64, a);
}

Value Builder::hi(Value a) {
  if (const Inst* d = def_if(a, Op::kPair)) return value_of(d->args[1]);
  return emit(Op::kHi, Type::kI64, a);
}

Value Builder::bitcast(Value a, Type t) {
  if (a.type == t) return a;
  if (const Inst* d = def_if(a, Op::kBitcast)) return bitcast(value_of(d->args[0]), t);
  return emit(Op::kBitcast, t, a);
}

// ---- comparison, selection

Value Builder::cmp(Cond c, Value a, Value b) {
  uint64_t ca = 0;
  uint64_t cb = 0;
  const bool a_const = is_const(a, &ca);
  const bool b_const = is_const(b, &cb);
  if (a_const && b_const) return i1(eval_cond(c, a.type, ca, cb));
  if (a_const) return cmp(swap(c), b, a);
  if (a.id == b.id) return i1(eval_cond(c, a.type, 0, 0));
  if (b_const && cb == 0) {
    if (c == Cond::kUlt || c == Cond::kUge) return i1(c == Cond::kUge);
    if (c == Cond::kUle) c = Cond::kEq;
    if (c == Cond::kUgt) c = Cond::kNe;
    // cmp eq (zext i1 x), 0 is what "branch on a flag kept as an integer" looks like.
    const Inst* d = def_if(a, Op::kZext);
    if (d && (c == Cond::kEq || c == Cond::kNe) && value_of(d->args[0]).type == Type::kI1) {
      const Value bit = value_of(d->args[0]);
      return c == Cond::kNe ? bit : not_(bit);
    }
  }
  return emit(Op::kCmp, Type::kI1, a, b, {}, static_cast<uint32_t>(c));
}

Value Builder::test_z(Value a, Value b) {
  uint64_t c = 0;
  if (is_const(a, &c)) std::swap(a, b);
  if (is_const(b, &c)) {
    uint64_t other = 0;
    if (is_const(a, &other)) return i1((other & c) == 0);
    if (c == 0) return i1(true);
    if (c == type_mask(a.type)) return cmp(Cond::kEq, a, iconst(a.type, 0));
  }
  return emit(Op::kTestZ, Type::kI1, a, b);
}

Value Builder::test_nz(Value a, Value b) {
  uint64_t c = 0;
  if (is_const(a, &c)) std::swap(a, b);
  if (is_const(b, &c)) {
    uint64_t other = 0;
    if (is_const(a, &other)) return i1((other & c) != 0);
    if (c == 0) return i1(false);
    if (c == type_mask(a.type)) return cmp(Cond::kNe, a, iconst(a.type, 0));
  }
  return emit(Op::kTestNz, Type::kI1, a, b);
}

Value Builder::select(Value c, Value a, Value b) {
  const Op condition = def(c).op;
  if (condition == Op::kConst || condition == Op::kNot || def(a).op == Op::kConst || a.id == b.id) {
    return fold_select(c, a, b);
  }
  return emit(Op::kSelect, a.type, c, a, b);
}

// Something may be known of the condition or the values.
[[gnu::noinline]] Value Builder::fold_select(Value c, Value a, Value b) {
  uint64_t k = 0;
  if (is_const(c, &k)) return k ? a : b;
  if (a.id == b.id) return a;
  if (const Inst* d = def_if(c, Op::kNot)) return select(value_of(d->args[0]), b, a);
  uint64_t ca = 0;
  uint64_t cb = 0;
  if (a.type <= Type::kI64 && is_const(a, &ca) && is_const(b, &cb)) {
    if (ca == 1 && cb == 0) return zext(c, a.type);
    if (ca == 0 && cb == 1) return zext(not_(c), a.type);
    if (ca == type_mask(a.type) && cb == 0) return sext(c, a.type);
    if (ca == 0 && cb == type_mask(a.type)) return sext(not_(c), a.type);
  }
  return emit(Op::kSelect, a.type, c, a, b);
}

}  // namespace xarch::ir
