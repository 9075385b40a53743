#include "tests/support/random_ir.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "tcg/ir/eval.h"
#include "tcg/ir/notes.h"
#include "tcg/support/log.h"
#include "tests/support/random_fp.h"
#include "tests/support/random_guest.h"

namespace xarch::test {

using ir::Inst;
using ir::MemDesc;
using ir::Op;
using ir::Region;
using ir::SlotId;
using ir::Type;
using ir::ValueId;

using namespace random_guest;

namespace {

constexpr Type kSmallInts[] = {Type::kI64, Type::kI64, Type::kI64, Type::kI32,
                               Type::kI32, Type::kI8,  Type::kI16};
constexpr Type kWords[] = {Type::kI64, Type::kI32};

class Maker {
 public:
  Maker(uint64_t seed, const RandomIrOptions& options, Region* out) : rng_(seed), o_(options), r_(*out) {}
  void make();

 private:
  // The latest values of a type in the open block.
  struct Pool {
    ValueId ids[8];
    uint32_t count = 0;
  };

  ValueId emit(Op op, Type t, ValueId a = ir::kNoValue, ValueId b = ir::kNoValue, ValueId c = ir::kNoValue,
               uint32_t aux = 0, int64_t imm = 0);
  template <size_t N>
  Type one_of(const Type (&types)[N]) {
    return types[rng_.below(N)];
  }
  ValueId constant(Type t) {
    return emit(Op::kConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
                static_cast<int64_t>(rng_.value() & ir::type_mask(t)));
  }
  ValueId number(Type t, uint64_t v) {
    return emit(Op::kConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, static_cast<int64_t>(v));
  }
  ValueId value(Type t);
  ValueId leaf(Type t);
  ValueId get(SlotId s) {
    return emit(Op::kGet, kSlots[s].type, ir::kNoValue, ir::kNoValue, ir::kNoValue, s);
  }
  bool slot_of(Type t, SlotId* s);
  SlotId array() {
    const SlotId s = kArrays[rng_.below(std::size(kArrays))];
    return allowed(kSlots[s].type) ? s : kWinSlot;
  }
  bool allowed(Type t) const;
  Type vector_type() { return rng_.below(3) ? Type::kV128 : Type::kV64; }
  ValueId buffer_address(MemDesc* d, int32_t* disp, bool transformed = true);
  MemDesc mem_desc(Type t, bool atomic);
  void int_op();
  void convert_op();
  void step_op(Type t);
  void flags_op();
  void memory_op();
  void atomic_op();
  ValueId known_order();
  void vector_op();
  void vector_reshape();
  void strings_op();
  void crypto_op();
  void fp_op();
  ValueId fp_value(Type t);
  void temp_op();
  void call_op();
  void op(bool may_fault);
  void put();
  void instruction(bool with_insn);
  void block(unsigned index, unsigned count);
  void exit();
  ir::ExitAux exit_aux();
  uint32_t helper(const ir::HelperDesc& h);

  Rng rng_;
  const RandomIrOptions& o_;
  Region& r_;
  Pool pools_[16];
  int64_t offset_ = 0;
  ValueId rounded_ = ir::kNoValue;  // the last result of the block that f80.note takes
  unsigned round_block_ = 0;        // jumps to the region's start; 0: there is none
};

ValueId Maker::emit(Op op, Type t, ValueId a, ValueId b, ValueId c, uint32_t aux, int64_t imm) {
  const ValueId id = static_cast<ValueId>(r_.insts.size());
  r_.insts.push_back({op, t, 0, {a, b, c, ir::kNoValue}, aux, imm});
  if (t != Type::kVoid) {
    Pool& p = pools_[static_cast<unsigned>(t)];
    p.ids[p.count++ % std::size(p.ids)] = id;
  }
  return id;
}

bool Maker::allowed(Type t) const {
  if (ir::is_vector(t)) return o_.vectors && t != Type::kV256;
  if (t == Type::kF80) return o_.f80;
  if (ir::is_float(t)) return o_.floats && o_.vectors;
  return t != Type::kI128 || o_.wide;
}

bool Maker::slot_of(Type t, SlotId* s) {
  const SlotId start = static_cast<SlotId>(rng_.below(std::size(kSlots)));
  for (unsigned i = 0; i < std::size(kSlots); ++i) {
    *s = static_cast<SlotId>((start + i) % std::size(kSlots));
    if (kSlots[*s].type == t && !is_reserved(*s) && kSlots[*s].count == 1) return true;
  }
  return false;
}

ValueId Maker::leaf(Type t) {
  SlotId s = 0;
  const bool prefer_constant = t <= Type::kI64 && rng_.one_in(3);
  if (!prefer_constant && slot_of(t, &s)) return get(s);
  switch (t) {
    case Type::kFlags:
      return emit(Op::kFlagsConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
                  static_cast<int64_t>(rng_.next() & ir::kFlagsDefined));
    case Type::kF80: return emit(Op::kF80Make, t, value(Type::kI64), value(Type::kI16));
    case Type::kF32: return emit(Op::kBitcast, t, value(Type::kI32));
    case Type::kF64: return emit(Op::kBitcast, t, value(Type::kI64));
    case Type::kI128: return emit(Op::kPair, t, value(Type::kI64), value(Type::kI64));
    case Type::kV64:
    case Type::kV128:
      return emit(Op::kVConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
                  static_cast<int64_t>(rng_.value()));
    default: return constant(t);
  }
}

ValueId Maker::value(Type t) {
  const Pool& p = pools_[static_cast<unsigned>(t)];
  if (p.count == 0 || rng_.one_in(4)) return leaf(t);
  const uint32_t n = p.count < std::size(p.ids) ? p.count : static_cast<uint32_t>(std::size(p.ids));
  // The latest ones rather, so that little of what is computed goes unused.
  return p.ids[(p.count - 1 - (rng_.one_in(2) ? 0 : rng_.below(n))) % std::size(p.ids)];
}

void Maker::int_op() {
  constexpr Op kBinary[] = {Op::kAdd,  Op::kSub,  Op::kMul,  Op::kMulHiU, Op::kMulHiS, Op::kDivU,   Op::kDivS,
                            Op::kRemU, Op::kRemS, Op::kAnd,  Op::kOr,     Op::kXor,    Op::kAndNot, Op::kShl,
                            Op::kShrU, Op::kShrS, Op::kRotR, Op::kAdd,    Op::kSub,    Op::kAnd};
  constexpr Op kUnaryWord[] = {Op::kClz, Op::kCtz, Op::kPopcnt, Op::kBitRev, Op::kBswap, Op::kNeg, Op::kNot};
  Type t = one_of(kSmallInts);
  const unsigned bits = ir::type_bits(t);
  const unsigned lsb = rng_.below(bits);
  const uint32_t field = lsb | (1 + rng_.below(bits - lsb)) << 8;
  switch (rng_.below(8)) {
    case 0:
      t = one_of(kWords);
      emit(kUnaryWord[rng_.below(std::size(kUnaryWord))], t, value(t));
      break;
    case 1: emit(rng_.one_in(2) ? Op::kAdc : Op::kSbb, t, value(t), value(t), value(Type::kI1)); break;
    case 2:
      emit(rng_.one_in(2) ? Op::kExtractU : Op::kExtractS, t, value(t), ir::kNoValue, ir::kNoValue, field);
      break;
    case 3: emit(Op::kDeposit, t, value(t), value(t), ir::kNoValue, field); break;
    case 4:
      if (rng_.one_in(2)) {
        emit(Op::kFunnelR, t, value(t), value(t), ir::kNoValue, 0, rng_.below(bits));
      } else {
        constexpr Op kLogic[] = {Op::kAnd, Op::kOr, Op::kXor, Op::kAndNot};
        if (rng_.one_in(4)) {
          emit(Op::kNot, Type::kI1, value(Type::kI1));
        } else {
          emit(kLogic[rng_.below(4)], Type::kI1, value(Type::kI1), value(Type::kI1));
        }
      }
      break;
    default: emit(kBinary[rng_.below(std::size(kBinary))], t, value(t), value(t)); break;
  }
}

void Maker::convert_op() {
  constexpr Type kOrder[] = {Type::kI1, Type::kI8, Type::kI16, Type::kI32, Type::kI64, Type::kI128};
  const unsigned types = o_.wide ? 6 : 5;
  const unsigned narrow = rng_.below(types - 1);
  const unsigned wide = narrow + 1 + rng_.below(types - 1 - narrow);
  switch (rng_.below(o_.wide ? 5 : 3)) {
    case 0: emit(Op::kZext, kOrder[wide], value(kOrder[narrow])); break;
    case 1: emit(Op::kSext, kOrder[wide], value(kOrder[narrow])); break;
    case 2: emit(Op::kTrunc, kOrder[narrow], value(kOrder[wide])); break;
    case 3: emit(Op::kPair, Type::kI128, value(Type::kI64), value(Type::kI64)); break;
    default: emit(rng_.one_in(2) ? Op::kLo : Op::kHi, Type::kI64, value(Type::kI128)); break;
  }
}

// A step by one that leaves C as it was somewhere, as INC and DEC do.
void Maker::step_op(Type t) {
  const bool up = rng_.one_in(2);
  const uint32_t carry = static_cast<uint32_t>(rng_.one_in(4) ? ir::FlagCond::kNc : ir::FlagCond::kC);
  const ValueId c = rng_.one_in(4) ? value(Type::kI1)
                                   : emit(Op::kFlagsTest, Type::kI1, value(Type::kFlags), ir::kNoValue,
                                          ir::kNoValue, carry);
  const ValueId a = value(t), one = number(t, 1);
  if (!rng_.one_in(4)) emit(up ? Op::kAdd : Op::kSub, t, a, one);
  const ValueId flags = emit(up ? Op::kFlagsAdd : Op::kFlagsSub, Type::kFlags, a, one);
  emit(Op::kFlagsSet, Type::kFlags, flags, c, ir::kNoValue, 0, ir::kFlagC);
}

void Maker::flags_op() {
  constexpr Type kSelected[] = {Type::kFlags, Type::kI1, Type::kI128, Type::kF32, Type::kF64, Type::kV128};
  const Type t = one_of(kSmallInts);
  const int64_t invert = rng_.below(2);
  switch (rng_.below(13)) {
    case 12: step_op(t); break;
    case 0: emit(Op::kCmp, Type::kI1, value(t), value(t), ir::kNoValue, rng_.below(10)); break;
    case 1: emit(rng_.one_in(2) ? Op::kTestZ : Op::kTestNz, Type::kI1, value(t), value(t)); break;
    case 2: {
      Type s = rng_.one_in(3) ? kSelected[rng_.below(o_.fp ? 6 : 3)] : t;
      if (!allowed(s)) s = t;
      emit(Op::kSelect, s, value(Type::kI1), value(s), value(s));
      break;
    }
    case 3: emit(Op::kFlagsAdd, Type::kFlags, value(t), value(t), ir::kNoValue, 0, invert); break;
    case 4: emit(Op::kFlagsAdc, Type::kFlags, value(t), value(t), value(Type::kI1), 0, invert); break;
    case 5: emit(Op::kFlagsSub, Type::kFlags, value(t), value(t), ir::kNoValue, 0, invert); break;
    case 6: emit(Op::kFlagsSbb, Type::kFlags, value(t), value(t), value(Type::kI1), 0, invert); break;
    case 7: emit(Op::kFlagsLogic, Type::kFlags, value(t), ir::kNoValue, ir::kNoValue, 0, invert); break;
    case 8: {
      const ValueId n = value(Type::kI1), z = value(Type::kI1), c = value(Type::kI1), v = value(Type::kI1);
      r_.insts[emit(Op::kFlagsPack, Type::kFlags, n, z, c)].args[3] = v;
      break;
    }
    case 9: {
      const int64_t kBits[] = {ir::kFlagV, ir::kFlagC, ir::kFlagP, ir::kFlagZ, ir::kFlagN};
      emit(Op::kFlagsSet, Type::kFlags, value(Type::kFlags), value(Type::kI1), ir::kNoValue, 0,
           kBits[rng_.below(5)]);
      break;
    }
    case 10:
      emit(Op::kBitcast, Type::kFlags,
           emit(Op::kAnd, Type::kI16, value(Type::kI16), number(Type::kI16, ir::kFlagsDefined)));
      break;
    default:
      emit(Op::kFlagsTest, Type::kI1, value(Type::kFlags), ir::kNoValue, ir::kNoValue, rng_.below(18));
      break;
  }
}

// ---- memory

MemDesc Maker::mem_desc(Type t, bool atomic) {
  MemDesc d;
  unsigned limit = 0;
  while (2u << limit <= ir::type_bytes(t)) ++limit;
  const bool whole = ir::is_float(t) || rng_.one_in(2) || (atomic && t == Type::kI128);
  d.size = static_cast<uint8_t>(whole ? limit : rng_.below(limit + 1));
  d.elem = ir::is_vector(t) ? static_cast<uint8_t>(rng_.below(d.size + 1u)) : d.size;
  if (ir::is_int(t) && !atomic && d.size > 0 && rng_.one_in(8)) --d.elem;
  d.big = rng_.one_in(4);
  if (rng_.one_in(4)) d.align = static_cast<uint8_t>(rng_.one_in(2) ? d.size : rng_.below(6));
  // Atomics that lie across cache lines stop the machine: they are there, but rare.
  if (atomic && (t == Type::kI128 || !rng_.one_in(64))) d.align = d.size;
  if (rng_.one_in(6)) d.order = static_cast<ir::Order>(rng_.below(4));
  d.atomic = d.align == d.size && rng_.one_in(4);
  if (o_.mmu_indexes > 1) d.mmu_index = static_cast<uint8_t>(rng_.below(o_.mmu_indexes));
  return d;
}

// An address in the buffer, as a rule.
ValueId Maker::buffer_address(MemDesc* d, int32_t* disp, bool transformed) {
  uint64_t mask = o_.buffer_bytes - 1;
  const bool fault = o_.faults && rng_.one_in(300);
  const uint64_t aligned = 0 - (uint64_t{1} << std::max(d->align, d->size));
  if (!fault) mask &= rng_.one_in(6) ? 0 - (uint64_t{1} << d->align) : aligned;
  if (!o_.faults) mask &= 0 - uint64_t{32};  // never beyond the end
  *disp = rng_.one_in(2) ? 0 : static_cast<int32_t>(rng_.below(512)) - 256;
  uint64_t base = o_.buffer - static_cast<uint64_t>(int64_t{*disp});
  if (fault && rng_.one_in(2)) base += rng_.one_in(2) ? o_.buffer_bytes : 0 - uint64_t{o_.buffer_bytes};
  const ValueId masked = emit(Op::kAnd, Type::kI64, value(Type::kI64), number(Type::kI64, mask));
  if (!transformed) return emit(Op::kAdd, Type::kI64, masked, number(Type::kI64, base));
  if (o_.address_transforms && rng_.one_in(8)) {
    const bool fits = (o_.buffer + 2 * o_.buffer_bytes) >> 32 == 0;
    d->xform = fits && rng_.one_in(2) ? ir::AddrXform::kWrap32 : ir::AddrXform::kStripTag;
    base += rng_.next() << (d->xform == ir::AddrXform::kWrap32 ? 32 : 56);
  } else if ((r_.key.flags & ir::kKeyMaskTags) && rng_.one_in(2)) {
    base += rng_.next() << 56;
  }
  return emit(Op::kAdd, Type::kI64, masked, number(Type::kI64, base));
}

void Maker::memory_op() {
  constexpr Type kTypes[] = {Type::kI64, Type::kI64, Type::kI32, Type::kI16,  Type::kI8,
                             Type::kF32, Type::kF64, Type::kV64, Type::kV128, Type::kI128};
  Type t = one_of(kTypes);
  if (!allowed(t)) t = Type::kI64;
  MemDesc d = mem_desc(t, false);
  int32_t disp = 0;
  const uint32_t kind = rng_.below(16);
  if (o_.host_memory && rng_.one_in(16)) {
    d = ir::MemDesc{};
    d.size = d.elem = 3;
    const ValueId a = buffer_address(&d, &disp, false);
    const ValueId at =
        emit(Op::kAdd, Type::kI64, a, number(Type::kI64, static_cast<uint64_t>(int64_t{disp})));
    emit(Op::kCall, one_of(kSmallInts), at, ir::kNoValue, ir::kNoValue, helper(kPeek));
  } else if (kind == 0) {
    emit(Op::kFenceOp, Type::kVoid, ir::kNoValue, ir::kNoValue, ir::kNoValue, 1 + rng_.below(15));
  } else if (kind == 1) {
    const uint32_t probe = rng_.below(3);
    if (probe == static_cast<uint32_t>(ir::ProbeKind::kTail)) d.align = 0;
    const ValueId a = buffer_address(&d, &disp);
    emit(Op::kProbe, Type::kVoid, a, ir::kNoValue, ir::kNoValue, probe, Inst::mem_imm(d, disp));
  } else if (kind < 9) {
    if (ir::is_int(t) && d.bytes() < ir::type_bytes(t) && d.bytes() <= 8) d.sign = rng_.one_in(2);
    const ValueId a = buffer_address(&d, &disp);
    emit(Op::kLoad, t, a, ir::kNoValue, ir::kNoValue, 0, Inst::mem_imm(d, disp));
  } else {
    const ValueId a = buffer_address(&d, &disp);
    const ValueId v = value(t);
    emit(Op::kStore, Type::kVoid, a, v, ir::kNoValue, 0, Inst::mem_imm(d, disp));
  }
}

void Maker::atomic_op() {
  const bool cas = rng_.one_in(2);
  const Type t = cas && o_.wide && rng_.one_in(4) ? Type::kI128 : one_of(kSmallInts);
  MemDesc d = mem_desc(t, true);
  d.atomic = true;
  int32_t disp = 0;
  const ValueId a = buffer_address(&d, &disp);
  if (!cas) {
    const ValueId v = value(t);
    emit(Op::kRmw, t, a, v, ir::kNoValue, rng_.below(10), Inst::mem_imm(d, disp));
    return;
  }
  ValueId expected = value(t);
  const ValueId desired = value(t);
  if (rng_.one_in(2) && ir::type_bytes(t) == d.bytes()) {
    // what is there, so that it succeeds
    MemDesc plain = d;
    plain.order = ir::Order::kRelaxed;
    expected = emit(Op::kLoad, t, a, ir::kNoValue, ir::kNoValue, 0, Inst::mem_imm(plain, disp));
  }
  emit(Op::kCas, t, a, expected, desired, 0, Inst::mem_imm(d, disp));
}

// ---- vectors

// Indexes of v.shuffle that a host may have shorter instructions for.
ValueId Maker::known_order() {
  const uint32_t kind = rng_.below(4), by = rng_.below(16), order = rng_.below(256);
  uint64_t part[2] = {0, 0};
  for (unsigned i = 0; i < 16; ++i) {
    uint64_t from = i + by < 16 ? i + by : 0x80 + i;
    if (kind == 1) from = i >= by ? i - by : 0x80;
    if (kind == 2) from = (order >> i / 4 * 2 & 3) * 4 + i % 4;
    if (kind == 3) from = i / 8 == by % 2 ? by % 2 * 8 + (order >> i % 8 / 2 * 2 & 3) * 2 + i % 2 : i;
    part[i / 8] |= from << i % 8 * 8;
  }
  const auto constant = [&](uint64_t w) {
    return emit(Op::kVConst, Type::kV64, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
                static_cast<int64_t>(w));
  };
  const ValueId low = constant(part[0]);
  return emit(Op::kVPair, Type::kV128, low, constant(part[1]));
}

void Maker::vector_op() {
  constexpr Op kAnyLane[] = {Op::kVAdd, Op::kVSub, Op::kVCmpEq, Op::kVCmpGtS, Op::kVCmpGtU};
  constexpr Op kMinMax[] = {Op::kVMinU, Op::kVMaxU, Op::kVMinS, Op::kVMaxS};
  constexpr Op kBits[] = {Op::kVAnd, Op::kVOr, Op::kVXor, Op::kVAndNot};
  constexpr Op kShift[] = {Op::kVShlImm, Op::kVShrUImm, Op::kVShrSImm};
  constexpr Op kNarrowLanes[] = {Op::kVAvgU, Op::kVAddSatU, Op::kVAddSatS, Op::kVSubSatU, Op::kVSubSatS};
  constexpr Op kWords[] = {Op::kVMulHiS, Op::kVMulHiU, Op::kVMulRS, Op::kVDotS};
  constexpr Op kByLane[] = {Op::kVShl, Op::kVShrU, Op::kVShrS};
  const Type t = vector_type();
  const uint32_t lane = rng_.below(4);
  constexpr Op kPairs[] = {Op::kVMulEvenU, Op::kVMulEvenS, Op::kVDotUS, Op::kVPackS, Op::kVPackSU};
  const uint32_t kPairLanes[] = {2, 2, 0, lane % 2, lane % 2};
  switch (rng_.below(16)) {
    case 12: {
      const uint32_t n = rng_.below(5);
      emit(kPairs[n], t, value(t), value(t), ir::kNoValue, kPairLanes[n]);
      break;
    }
    case 13: {
      constexpr Op kAll[] = {Op::kVShlAll, Op::kVShrUAll, Op::kVShrSAll};
      const uint32_t n = rng_.below(3), wide = n == 2 ? 1 + lane % 2 : 1 + lane % 3;
      const ValueId small =
          emit(Op::kVShrUImm, t, value(t), ir::kNoValue, ir::kNoValue, 3, rng_.below(4) * 20);
      emit(kAll[n], t, value(t), small, ir::kNoValue, wide);
      break;
    }
    case 14: {
      const uint32_t wide = 1 + lane % 3;
      const uint64_t lanes = ir::type_bytes(t) >> wide;
      if (rng_.one_in(2)) {
        emit(Op::kVBlend, t, value(t), value(t), ir::kNoValue, wide, rng_.below(1u << lanes));
      } else {
        emit(Op::kVBlendTop, t, value(t), value(t), value(t), lane == 1 ? 0 : lane);
      }
      break;
    }
    case 15:
      if (rng_.one_in(2)) {
        emit(Op::kVMask, Type::kI32, value(Type::kV128), ir::kNoValue, ir::kNoValue, lane == 1 ? 0 : lane);
      } else {
        emit(Op::kVShuf2, Type::kV128, value(Type::kV128), value(Type::kV128), ir::kNoValue, 2 + lane % 2,
             rng_.below(lane % 2 ? 4 : 256));
      }
      break;
    case 7: emit(kNarrowLanes[rng_.below(5)], t, value(t), value(t), ir::kNoValue, lane % 2); break;
    case 8: emit(kWords[rng_.below(4)], t, value(t), value(t), ir::kNoValue, 1); break;
    case 9: {
      const uint32_t wide = 2 + lane % 2;
      ValueId count = value(t);
      // As a rule small counts
      if (rng_.below(4)) {
        const unsigned bits = (8u << wide) - 6;
        count = emit(Op::kVShrUImm, t, count, ir::kNoValue, ir::kNoValue, wide, bits);
      }
      emit(kByLane[rng_.below(3)], t, value(t), count, ir::kNoValue, wide);
      break;
    }
    case 10: emit(Op::kVMul, t, value(t), value(t), ir::kNoValue, lane % 3); break;
    case 11: emit(Op::kVAbs, t, value(t), ir::kNoValue, ir::kNoValue, lane); break;
    case 0: emit(kBits[rng_.below(4)], t, value(t), value(t)); break;
    case 1: emit(Op::kVNot, t, value(t)); break;
    case 2: emit(kMinMax[rng_.below(4)], t, value(t), value(t), ir::kNoValue, lane % 3); break;
    case 3:
      emit(kShift[rng_.below(3)], t, value(t), ir::kNoValue, ir::kNoValue, lane, rng_.below(8u << lane));
      break;
    case 4: emit(Op::kVPopcnt, t, value(t)); break;
    default: emit(kAnyLane[rng_.below(5)], t, value(t), value(t), ir::kNoValue, lane); break;
  }
}

// A string's index or mask with its flags, or one of them. Zeros are rare in random bytes, so some are made.
void Maker::strings_op() {
  const Type t = Type::kV128;
  const auto text = [&] { return rng_.one_in(2) ? value(t) : emit(Op::kVAnd, t, value(t), value(t)); };
  const ValueId a = text(), b = text();
  ValueId lengths = ir::kNoValue;
  if (rng_.one_in(3)) {
    const ValueId mask = emit(Op::kConst, Type::kI32, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, 0x0f0f);
    lengths = emit(Op::kAnd, Type::kI32, value(Type::kI32), mask);
  }
  const uint32_t control = rng_.below(128), which = rng_.below(4);
  if (which != 3) {
    const bool index = rng_.one_in(2);
    emit(index ? Op::kVStrIndex : Op::kVStrMask, index ? Type::kI32 : t, a, b, lengths, 0, control);
  }
  if (which != 0) emit(Op::kFlagsStr, Type::kFlags, a, b, lengths, 0, control);
}

void Maker::crypto_op() {
  constexpr Op kAes[] = {Op::kVAesEnc,  Op::kVAesDec,   Op::kVAesMix,
                         Op::kVAesIMix, Op::kVAesRound, Op::kVAesIRound};
  constexpr Op kMessage[] = {Op::kVSha256Msg1, Op::kVSha256Msg2};
  const Type t = Type::kV128;
  switch (rng_.below(8)) {
    case 7: strings_op(); break;
    case 0: emit(Op::kVClMul, t, value(Type::kV64), value(Type::kV64)); break;
    case 1: emit(Op::kVSha1, t, value(t), value(t), ir::kNoValue, 0, rng_.below(4)); break;
    case 2: emit(Op::kVSha256, t, value(t), value(t), value(t)); break;
    case 3: emit(kMessage[rng_.below(2)], t, value(t), value(t)); break;
    case 4: emit(Op::kVSad, t, value(t), value(t)); break;
    default: {
      const ValueId step = emit(kAes[rng_.below(6)], t, value(t));
      if (rng_.one_in(2)) emit(Op::kVXor, t, rng_.one_in(2) ? value(t) : step, step);
      break;
    }
  }
}

void Maker::vector_reshape() {
  constexpr Op kZip[] = {Op::kVZip1, Op::kVZip2, Op::kVUzp1, Op::kVUzp2};
  const Type t = vector_type();
  const uint32_t lane = rng_.below(4);
  const unsigned lanes = ir::type_bytes(t) >> lane;
  const Type word = lane == 3 ? Type::kI64 : one_of(kWords);
  switch (rng_.below(17)) {
    case 11: {
      const Op op = rng_.one_in(2) ? Op::kVMulLU : Op::kVMulLS;
      const ValueId a = value(Type::kV128), b = value(Type::kV128);
      emit(op, Type::kV128, a, b, ir::kNoValue, lane % 3, rng_.below(2));
      break;
    }
    case 12:
      emit(rng_.one_in(2) ? Op::kVAddPairsU : Op::kVAddPairsS, t, value(t), ir::kNoValue, ir::kNoValue,
           lane % 3);
      break;
    case 13: {
      const Op op = rng_.one_in(2) ? Op::kVNarrowS : Op::kVNarrowSU;
      emit(op, Type::kV64, value(Type::kV128), ir::kNoValue, ir::kNoValue, lane % 2);
      break;
    }
    case 14: {
      ValueId index = value(Type::kV128);
      if (rng_.one_in(2)) index = emit(Op::kVShrUImm, Type::kV128, index, ir::kNoValue, ir::kNoValue, 0, 3);
      if (rng_.one_in(3)) index = known_order();
      emit(Op::kVShuffle, Type::kV128, value(Type::kV128), index, ir::kNoValue, 0, rng_.one_in(4));
      break;
    }
    case 15:
      emit(Op::kVSplat, t, value(Type::kV128), ir::kNoValue, ir::kNoValue, lane, rng_.below(16u >> lane));
      break;
    case 16:
      if (rng_.one_in(2)) {
        emit(Op::kVAny, Type::kI1, value(Type::kV128));
      } else {
        crypto_op();
      }
      break;
    case 0: emit(Op::kVDup, t, value(word), ir::kNoValue, ir::kNoValue, lane); break;
    case 1: emit(Op::kVExtract, word, value(t), ir::kNoValue, ir::kNoValue, lane, rng_.below(lanes)); break;
    case 2: emit(Op::kVInsert, t, value(t), value(word), ir::kNoValue, lane, rng_.below(lanes)); break;
    case 3: emit(Op::kVExt, t, value(t), value(t), ir::kNoValue, 0, rng_.below(ir::type_bytes(t))); break;
    case 4: emit(Op::kVNarrow, Type::kV64, value(Type::kV128), ir::kNoValue, ir::kNoValue, lane % 3); break;
    case 5: {
      const Op op = rng_.one_in(2) ? Op::kVWidenU : Op::kVWidenS;
      const bool high = rng_.one_in(2);
      emit(op, Type::kV128, value(high ? Type::kV128 : Type::kV64), ir::kNoValue, ir::kNoValue, lane % 3,
           high);
      break;
    }
    case 6: {
      const uint32_t zip_lane = t == Type::kV64 ? lane % 3 : lane;
      emit(kZip[rng_.below(4)], t, value(t), value(t), ir::kNoValue, zip_lane);
      break;
    }
    case 7: {
      const uint32_t from = lane % 3;
      emit(Op::kVRev, t, value(t), ir::kNoValue, ir::kNoValue, from, from + 1 + rng_.below(3 - from));
      break;
    }
    case 8: emit(rng_.one_in(2) ? Op::kVLo : Op::kVHi, Type::kV64, value(Type::kV128)); break;
    case 9: emit(Op::kVPair, Type::kV128, value(Type::kV64), value(Type::kV64)); break;
    default: {
      constexpr Type kPairs[][2] = {{Type::kI32, Type::kF32},
                                    {Type::kI64, Type::kF64},
                                    {Type::kI64, Type::kV64},
                                    {Type::kF64, Type::kV64},
                                    {Type::kI128, Type::kV128}};
      const auto& pair = kPairs[rng_.below(5)];
      if (!allowed(pair[0]) || !allowed(pair[1])) break;
      const unsigned to = rng_.below(2);
      emit(Op::kBitcast, pair[to], value(pair[1 - to]));
      break;
    }
  }
}

// ---- state

void Maker::temp_op() {
  constexpr Type kTypes[] = {Type::kI64, Type::kI32, Type::kV128, Type::kI1, Type::kI8};
  if (r_.temps.size() < 4) {
    const Type t = one_of(kTypes);
    r_.temps.push_back(allowed(t) ? t : Type::kI64);
    const ValueId v = value(r_.temps.back());
    emit(Op::kPutTmp, Type::kVoid, v, ir::kNoValue, ir::kNoValue, static_cast<uint32_t>(r_.temps.size() - 1));
    return;
  }
  const uint32_t n = rng_.below(4);
  emit(Op::kPutTmp, Type::kVoid, value(r_.temps[n]), ir::kNoValue, ir::kNoValue, n);
  emit(Op::kGetTmp, r_.temps[n], ir::kNoValue, ir::kNoValue, ir::kNoValue, n);
}

uint32_t Maker::helper(const ir::HelperDesc& h) {
  for (size_t i = 0; i < r_.helpers.size(); ++i) {
    if (r_.helpers[i] == &h) return static_cast<uint32_t>(i);
  }
  r_.helpers.push_back(&h);
  return static_cast<uint32_t>(r_.helpers.size() - 1);
}

// Helpers that write state stand where puts do.
void Maker::call_op() {
  const ir::HelperDesc* const kHelpers[] = {&kSwap, &kAny, &kLeave};
  const ValueId a = value(Type::kI64);
  const ValueId b = value(one_of(kSmallInts));
  emit(Op::kCall, Type::kI64, a, b, ir::kNoValue, helper(*kHelpers[rng_.below(3)]));
}

ValueId Maker::fp_value(Type t) {
  if (t == Type::kF80 || !rng_.one_in(3)) return value(t);
  const uint64_t bits = random_fp_bits(rng_);
  if (ir::is_int(t)) return number(t, bits & ir::type_mask(t));
  if (ir::is_vector(t)) {
    return emit(Op::kVConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, static_cast<int64_t>(bits));
  }
  const Type as_int = t == Type::kF32 ? Type::kI32 : Type::kI64;
  return emit(Op::kBitcast, t, number(as_int, bits & ir::type_mask(as_int)));
}

void Maker::fp_op() {
  const FpChoice c = o_.f80 && rng_.below(4) ? random_f80_op(rng_) : random_fp_op(rng_);
  ValueId args[3] = {ir::kNoValue, ir::kNoValue, ir::kNoValue};
  for (unsigned i = 0; i < 3 && c.args[i] != Type::kVoid; ++i) args[i] = fp_value(c.args[i]);
  const ValueId v = emit(c.op, c.type, args[0], args[1], args[2], c.aux, c.imm);
  if (rounds_f80(c.op) && rng_.one_in(3)) emit(Op::kF80Up, Type::kI1, v);
  if (rounds_f80(c.op)) rounded_ = v;
}

void Maker::op(bool may_fault) {
  if (o_.fp && rng_.one_in(2)) return fp_op();
  switch (rng_.below(14)) {
    case 0:
    case 1:
      if (may_fault && o_.memory) return memory_op();
      return int_op();
    case 2:
      if (may_fault && o_.memory && o_.atomics && rng_.one_in(2)) return atomic_op();
      return flags_op();
    case 3:
    case 4: return flags_op();
    case 5: return convert_op();
    case 6:
    case 7:
      if (o_.vectors) return rng_.one_in(2) ? vector_op() : vector_reshape();
      return int_op();
    case 8:
      if (rng_.one_in(3)) {
        const SlotId s = array();
        emit(Op::kGetIdx, kSlots[s].type, value(Type::kI32), ir::kNoValue, ir::kNoValue, s);
        return;
      }
      return temp_op();
    case 9:
      if (o_.helpers && rng_.one_in(3)) {
        const ValueId a = value(one_of(kSmallInts)), b = value(Type::kI1), c = value(Type::kI64),
                      d = value(Type::kI8);
        const uint32_t index = helper(kMix);
        const Type t = rng_.one_in(6) ? Type::kI1 : one_of(kSmallInts);
        r_.insts[emit(Op::kCall, t, a, b, c, index)].args[3] = d;
        return;
      }
      emit(Op::kPcRel, Type::kI64, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, 1 + rng_.below(4095));
      return;
    default: return int_op();
  }
}

void Maker::put() {
  if (rounded_ != ir::kNoValue && rng_.one_in(4)) {
    emit(Op::kF80Note, Type::kVoid, rounded_);
    return;
  }
  if (rng_.one_in(12)) {
    const SlotId s = array();
    const ValueId index = value(Type::kI32), v = value(kSlots[s].type);
    emit(Op::kPutIdx, Type::kVoid, index, v, ir::kNoValue, s);
    return;
  }
  for (;;) {
    const SlotId s =
        static_cast<SlotId>(rng_.one_in(2) ? kFirstX + rng_.below(10) : rng_.below(std::size(kSlots)));
    if (is_reserved(s) || kSlots[s].count > 1 || !allowed(kSlots[s].type)) continue;
    emit(Op::kPut, Type::kVoid, value(kSlots[s].type), ir::kNoValue, ir::kNoValue, s);
    return;
  }
}

void Maker::instruction(bool with_insn) {
  if (with_insn) {
    emit(Op::kInsn, Type::kVoid, ir::kNoValue, ir::kNoValue, ir::kNoValue, rng_.below(100), offset_);
    offset_ += 4;
    ++r_.num_insns;
  }
  for (unsigned parts = with_insn && rng_.one_in(10) ? 2 : 1; parts > 0; --parts) {
    for (unsigned n = 1 + rng_.below(o_.max_ops); n > 0; --n) op(with_insn);
    for (unsigned n = 1 + rng_.below(3); n > 0; --n) put();
    if (parts > 1) emit(Op::kRestart, Type::kVoid);
  }
  if (o_.helpers && rng_.one_in(24) && with_insn) {
    // a call that may fault must come before the instruction's puts: give it an instruction of its own
    emit(Op::kInsn, Type::kVoid, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, offset_);
    offset_ += 4;
    ++r_.num_insns;
    call_op();
  }
}

ir::ExitAux Maker::exit_aux() {
  ir::ExitAux e;
  e.kind = static_cast<ir::JumpKind>(rng_.below(3));
  e.poll = o_.polls && rng_.one_in(2);
  if (rng_.one_in(4)) {
    e.mode_change = true;
    e.mode_index = static_cast<uint16_t>(r_.exit_modes.size());
    r_.exit_modes.push_back(rng_.below(1000));
  }
  if (!r_.dead_at_exit.empty()) {
    e.poll = false;
    e.dead_index = 1;
  }
  return e;
}

void Maker::exit() {
  int64_t to = offset_ + 4 * (int64_t{rng_.below(64)} - 32);
  if (to == 0 && o_.rounds) to = 4;
  const ValueId none = ir::kNoValue;
  switch (rng_.below(10)) {
    case 0: emit(Op::kSyscall, Type::kVoid, none, none, none, rng_.below(500), to); break;
    case 1: emit(Op::kRaise, Type::kVoid, none, none, none, rng_.below(500), to); break;
    case 2: emit(Op::kRaiseVal, Type::kVoid, value(Type::kI64), none, none, rng_.below(500), to); break;
    case 3: emit(Op::kHalt, Type::kVoid, none, none, none, 0, to); break;
    case 4:
    case 5: emit(Op::kGotoInd, Type::kVoid, value(Type::kI64), none, none, exit_aux().pack()); break;
    default: emit(Op::kGotoPc, Type::kVoid, none, none, none, exit_aux().pack(), to); break;
  }
}

void Maker::block(unsigned index, unsigned count) {
  const uint32_t first = static_cast<uint32_t>(r_.insts.size());
  for (Pool& p : pools_) p.count = 0;
  rounded_ = ir::kNoValue;
  const ValueId none = ir::kNoValue;
  if (index > 0 && rng_.one_in(4)) instruction(false);
  for (unsigned n = 1 + rng_.below(o_.max_insns); n > 0; --n) instruction(true);
  if (o_.polls && rng_.one_in(16)) emit(Op::kPoll, Type::kVoid, none, none, none, 0, offset_);
  const unsigned later = count - 1 - index;
  const bool round = round_block_ != 0 && rng_.one_in(2);
  if (!round && (later == 0 || rng_.one_in(8))) {
    exit();
  } else if (round || (o_.loops && rng_.one_in(6))) {
    // back to any block, itself included, at most a few times
    const ValueId left = emit(Op::kSub, Type::kI32, get(kCountSlot), number(Type::kI32, 1));
    emit(Op::kPut, Type::kVoid, left, none, none, kCountSlot);
    const ValueId go = emit(Op::kCmp, Type::kI1, left, number(Type::kI32, 0x7fffffff), none,
                            static_cast<uint32_t>(ir::Cond::kUlt));
    emit(Op::kCondBr, Type::kVoid, go, none, none, round ? round_block_ : rng_.below(index + 1), index + 1);
  } else if (rng_.one_in(5)) {
    emit(Op::kBr, Type::kVoid, none, none, none, index + 1 + rng_.below(later));
  } else {
    const uint32_t a = index + 1 + rng_.below(later);
    const uint32_t b = index + 1 + rng_.below(later);
    const ValueId c = value(Type::kI1);
    emit(Op::kCondBr, Type::kVoid, c, none, none, a, b);
  }
  r_.blocks.push_back({first, static_cast<uint32_t>(r_.insts.size())});
}

void Maker::make() {
  r_.clear();
  r_.layout = &kLayout;
  r_.key = {};
  r_.key.pc = o_.pc + 4 * rng_.below(1024);
  r_.key.mode = rng_.below(16);
  if (o_.key_flags && rng_.one_in(8)) r_.key.flags |= ir::kKeyNoLink;
  if (o_.key_flags && rng_.one_in(8)) r_.key.flags |= ir::kKeyMaskTags;
  if (o_.dead_exits && rng_.one_in(4)) r_.dead_at_exit.push_back({kFlagsSlot, kCarrySlot});
  const unsigned count = 1 + rng_.below(o_.max_blocks);
  // The blocks, one that only leaves (what follows the last one's jump), and the one that jumps to the start.
  const bool rounds = o_.rounds && rng_.one_in(3);
  if (rounds) round_block_ = count + 1;
  for (unsigned i = 0; i < count; ++i) block(i, count);
  if (rounds) {
    const uint32_t first = static_cast<uint32_t>(r_.insts.size());
    emit(Op::kHalt, Type::kVoid, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0, offset_);
    emit(Op::kGotoPc, Type::kVoid, ir::kNoValue, ir::kNoValue, ir::kNoValue, ir::ExitAux{.poll = true}.pack(),
         0);
    r_.blocks.push_back({first, first + 1});
    r_.blocks.push_back({first + 1, first + 2});
  }
  r_.ranges.push_back({r_.key.pc, static_cast<uint32_t>(offset_)});
  take_notes(r_);
}

}  // namespace

const ir::StateLayout& random_layout() { return kLayout; }

ir::SlotId random_slot(std::string_view name) {
  for (size_t i = 0; i < kLayout.slots.size(); ++i) {
    if (kLayout.slots[i].name == name) return static_cast<ir::SlotId>(i);
  }
  Log::fatal("random_layout has no slot %s", std::string(name).c_str());
}

std::span<const ir::HelperDesc* const> random_helpers() {
  static constexpr const ir::HelperDesc* kAll[] = {&kMix, &kSwap, &kAny, &kLeave, &kPeek};
  return kAll;
}

void random_region(uint64_t seed, const RandomIrOptions& options, Region* out) {
  Maker(seed, options, out).make();
}

}  // namespace xarch::test
