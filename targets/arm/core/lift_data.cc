// Data processing: arithmetic, logic, bit fields, multiply, divide, CRC, conditional instructions.
#include "targets/arm/core/helpers.h"
#include "targets/arm/core/legal.h"
#include "targets/arm/core/lift.h"

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

namespace {

enum class Arith : uint8_t { kAdd, kAdds, kSub, kSubs };
enum class Logic : uint8_t { kAnd, kOr, kEor, kAnds };

// n: operand 1, already read. to_sp: rd 31 is the stack pointer.
void arith(Lift& c, Arith kind, unsigned rd, Value n, Value m, bool to_sp) {
  const bool subtract = kind == Arith::kSub || kind == Arith::kSubs;
  const bool sets = kind == Arith::kAdds || kind == Arith::kSubs;
  Value result;
  if (rd != 31 || to_sp) result = subtract ? c.b.sub(n, m) : c.b.add(n, m);
  if (sets) c.put_flags(subtract ? c.b.flags_sub(n, m, true) : c.b.flags_add(n, m));
  if (result) c.put_sp(rd, result);
}

template <Insn I>
void arith_imm(Lift& c, Enc<I> e, Arith kind) {
  const bool sf = e.template get<'z'>(), sets = kind == Arith::kAdds || kind == Arith::kSubs;
  const uint64_t imm = uint64_t{e.template get<'i'>()} << (e.template get<'h'>() ? 12 : 0);
  arith(c, kind, e.template get<'d'>(), c.r_sp(sf, e.template get<'n'>()), c.constant(sf, imm), !sets);
}

Value shifted(Lift& c, Value v, unsigned kind, unsigned n) {
  if (n == 0) return v;
  switch (kind) {
    case 0: return c.b.shl(v, n);
    case 1: return c.b.shr_u(v, n);
    case 2: return c.b.shr_s(v, n);
    default: return c.b.rotr(v, n);
  }
}

template <Insn I>
Value shifted_operand(Lift& c, Enc<I> e) {
  const bool sf = e.template get<'z'>();
  return shifted(c, c.r(sf, e.template get<'m'>()), e.template get<'h'>(), e.template get<'i'>());
}

template <Insn I>
void arith_reg(Lift& c, Enc<I> e, Arith kind) {
  arith(c, kind, e.template get<'d'>(), c.r(e.template get<'z'>(), e.template get<'n'>()),
        shifted_operand(c, e), false);
}

// A register extended by an option field and shifted left, as the type of the operation.
Value extended(Lift& c, bool sf, unsigned m, unsigned option, unsigned shift) {
  const unsigned size = option & 3;
  Value v = c.r(sf, m);
  const unsigned width = 8u << size;
  if (width < (sf ? 64u : 32u)) v = option & 4 ? c.b.extract_s(v, 0, width) : c.b.extract_u(v, 0, width);
  return shift == 0 ? v : c.b.shl(v, shift);
}

template <Insn I>
void arith_ext(Lift& c, Enc<I> e, Arith kind) {
  const bool sf = e.template get<'z'>(), sets = kind == Arith::kAdds || kind == Arith::kSubs;
  arith(c, kind, e.template get<'d'>(), c.r_sp(sf, e.template get<'n'>()),
        extended(c, sf, e.template get<'m'>(), e.template get<'o'>(), e.template get<'l'>()), !sets);
}

void logic(Lift& c, Logic kind, unsigned rd, Value n, Value m, bool to_sp) {
  Value result;
  switch (kind) {
    case Logic::kAnd:
    case Logic::kAnds: result = c.b.and_(n, m); break;
    case Logic::kOr: result = c.b.or_(n, m); break;
    case Logic::kEor: result = c.b.xor_(n, m); break;
  }
  if (kind == Logic::kAnds) c.put_flags(c.b.flags_logic(result));
  if (to_sp) {
    c.put_sp(rd, result);
  } else {
    c.put(rd, result);
  }
}

template <Insn I>
void logic_imm(Lift& c, Enc<I> e, Logic kind) {
  const bool sf = e.template get<'z'>();
  const uint64_t imm =
      legal::bitmask_immediate(e.template get<'N'>(), e.template get<'r'>(), e.template get<'s'>());
  logic(c, kind, e.template get<'d'>(), c.r(sf, e.template get<'n'>()), c.constant(sf, imm),
        kind != Logic::kAnds);
}

template <Insn I>
void logic_reg(Lift& c, Enc<I> e, Logic kind, bool invert) {
  const bool sf = e.template get<'z'>();
  const Value m = shifted_operand(c, e);
  const Value n = c.r(sf, e.template get<'n'>());
  if (invert && kind != Logic::kOr && kind != Logic::kEor) {
    const Value result = c.b.binary(Op::kAndNot, n, m);
    if (kind == Logic::kAnds) c.put_flags(c.b.flags_logic(result));
    c.put(e.template get<'d'>(), result);
    return;
  }
  logic(c, kind, e.template get<'d'>(), n, invert ? c.b.not_(m) : m, false);
}

template <Insn I>
void with_carry(Lift& c, Enc<I> e, Arith kind) {
  const bool sf = e.template get<'z'>();
  const Value n = c.r(sf, e.template get<'n'>()), m = c.r(sf, e.template get<'m'>());
  const bool subtract = kind == Arith::kSub || kind == Arith::kSubs;
  const Value in = subtract ? c.b.flags_test(c.flags(), ir::FlagCond::kNc) : c.carry();
  const Value result = subtract ? c.b.sbb(n, m, in) : c.b.adc(n, m, in);
  if (kind == Arith::kAdds) c.put_flags(c.b.flags_adc(n, m, in));
  if (kind == Arith::kSubs) c.put_flags(c.b.flags_sbb(n, m, in, true));
  c.put(e.template get<'d'>(), result);
}

template <Insn I>
void compare_cond(Lift& c, Enc<I> e, Value m, bool subtract) {
  const bool sf = e.template get<'z'>();
  const Value n = c.r(sf, e.template get<'n'>());
  const Value cond = c.condition(e.template get<'c'>());
  const Value yes = subtract ? c.b.flags_sub(n, m, true) : c.b.flags_add(n, m);
  c.put_flags(c.b.select(cond, yes, c.flags_imm(e.template get<'k'>())));
}

template <Insn I>
void select(Lift& c, Enc<I> e, Op other, bool increment) {
  const bool sf = e.template get<'z'>();
  const Value n = c.r(sf, e.template get<'n'>());
  Value m = c.r(sf, e.template get<'m'>());
  const Value cond = c.condition(e.template get<'c'>());
  if (increment) m = c.b.add(m, 1);
  if (other != Op::kNop) m = c.b.unary(other, m);
  c.put(e.template get<'d'>(), c.b.select(cond, n, m));
}

template <Insn I>
void two_source(Lift& c, Enc<I> e, Op op) {
  const bool sf = e.template get<'z'>();
  c.put(e.template get<'d'>(),
        c.b.binary(op, c.r(sf, e.template get<'n'>()), c.r(sf, e.template get<'m'>())));
}

template <Insn I>
void multiply_long(Lift& c, Enc<I> e, bool is_signed, bool subtract) {
  const Value n = c.w(e.template get<'n'>()), m = c.w(e.template get<'m'>()), a = c.x(e.template get<'a'>());
  const Value product = is_signed ? c.b.mul(c.b.sext(n, Type::kI64), c.b.sext(m, Type::kI64))
                                  : c.b.mul(c.b.zext(n, Type::kI64), c.b.zext(m, Type::kI64));
  c.put(e.template get<'d'>(), subtract ? c.b.sub(a, product) : c.b.add(a, product));
}

// SBFM and UBFM.
template <Insn I>
void bitfield(Lift& c, Enc<I> e, bool is_signed) {
  const bool sf = e.template get<'z'>();
  const unsigned r = e.template get<'r'>(), s = e.template get<'s'>(), width = sf ? 64 : 32;
  const Value n = c.r(sf, e.template get<'n'>());
  const auto extract = [&](unsigned lsb, unsigned length) {
    if (length == width) return n;
    return is_signed ? c.b.extract_s(n, lsb, length) : c.b.extract_u(n, lsb, length);
  };
  Value result;
  if (s >= r) {
    result = extract(r, s - r + 1);
  } else if (s + 1 == r) {
    result = c.b.shl(n, width - r);
  } else {
    result = c.b.shl(extract(0, s + 1), width - r);
  }
  c.put(e.template get<'d'>(), result);
}

// Swaps the bytes of each halfword.
Value swap_halfwords(Lift& c, bool sf, Value v) {
  const uint64_t low = sf ? 0x00ff00ff00ff00ff : 0x00ff00ff;
  return c.b.or_(c.b.shl(c.b.and_(v, low), 8), c.b.and_(c.b.shr_u(v, 8), low));
}

}  // namespace

// ---- addresses
template <>
void lift<Insn::kAdr>(Lift& c, Enc<Insn::kAdr> e) {
  c.put(e.get<'d'>(), c.b.pcrel(c.here + (e.get_signed<'j'>() * 4 | e.get<'i'>())));
}
template <>
void lift<Insn::kAdrp>(Lift& c, Enc<Insn::kAdrp> e) {
  // The page is that of the pc: known only relative to it, so the low bits are masked at run time.
  const int64_t pages = e.get_signed<'j'>() * 4 | e.get<'i'>();
  c.put(e.get<'d'>(), c.page(pages * 4096));
}

// ---- add, subtract, logic
template <>
void lift<Insn::kAddImm>(Lift& c, Enc<Insn::kAddImm> e) {
  arith_imm(c, e, Arith::kAdd);
}
template <>
void lift<Insn::kAddsImm>(Lift& c, Enc<Insn::kAddsImm> e) {
  arith_imm(c, e, Arith::kAdds);
}
template <>
void lift<Insn::kSubImm>(Lift& c, Enc<Insn::kSubImm> e) {
  arith_imm(c, e, Arith::kSub);
}
template <>
void lift<Insn::kSubsImm>(Lift& c, Enc<Insn::kSubsImm> e) {
  arith_imm(c, e, Arith::kSubs);
}
template <>
void lift<Insn::kAddReg>(Lift& c, Enc<Insn::kAddReg> e) {
  arith_reg(c, e, Arith::kAdd);
}
template <>
void lift<Insn::kAddsReg>(Lift& c, Enc<Insn::kAddsReg> e) {
  arith_reg(c, e, Arith::kAdds);
}
template <>
void lift<Insn::kSubReg>(Lift& c, Enc<Insn::kSubReg> e) {
  arith_reg(c, e, Arith::kSub);
}
template <>
void lift<Insn::kSubsReg>(Lift& c, Enc<Insn::kSubsReg> e) {
  arith_reg(c, e, Arith::kSubs);
}
template <>
void lift<Insn::kAddExt>(Lift& c, Enc<Insn::kAddExt> e) {
  arith_ext(c, e, Arith::kAdd);
}
template <>
void lift<Insn::kAddsExt>(Lift& c, Enc<Insn::kAddsExt> e) {
  arith_ext(c, e, Arith::kAdds);
}
template <>
void lift<Insn::kSubExt>(Lift& c, Enc<Insn::kSubExt> e) {
  arith_ext(c, e, Arith::kSub);
}
template <>
void lift<Insn::kSubsExt>(Lift& c, Enc<Insn::kSubsExt> e) {
  arith_ext(c, e, Arith::kSubs);
}
template <>
void lift<Insn::kAdc>(Lift& c, Enc<Insn::kAdc> e) {
  with_carry(c, e, Arith::kAdd);
}
template <>
void lift<Insn::kAdcs>(Lift& c, Enc<Insn::kAdcs> e) {
  with_carry(c, e, Arith::kAdds);
}
template <>
void lift<Insn::kSbc>(Lift& c, Enc<Insn::kSbc> e) {
  with_carry(c, e, Arith::kSub);
}
template <>
void lift<Insn::kSbcs>(Lift& c, Enc<Insn::kSbcs> e) {
  with_carry(c, e, Arith::kSubs);
}
template <>
void lift<Insn::kAndImm>(Lift& c, Enc<Insn::kAndImm> e) {
  logic_imm(c, e, Logic::kAnd);
}
template <>
void lift<Insn::kOrrImm>(Lift& c, Enc<Insn::kOrrImm> e) {
  logic_imm(c, e, Logic::kOr);
}
template <>
void lift<Insn::kEorImm>(Lift& c, Enc<Insn::kEorImm> e) {
  logic_imm(c, e, Logic::kEor);
}
template <>
void lift<Insn::kAndsImm>(Lift& c, Enc<Insn::kAndsImm> e) {
  logic_imm(c, e, Logic::kAnds);
}
template <>
void lift<Insn::kAndReg>(Lift& c, Enc<Insn::kAndReg> e) {
  logic_reg(c, e, Logic::kAnd, false);
}
template <>
void lift<Insn::kBicReg>(Lift& c, Enc<Insn::kBicReg> e) {
  logic_reg(c, e, Logic::kAnd, true);
}
template <>
void lift<Insn::kOrrReg>(Lift& c, Enc<Insn::kOrrReg> e) {
  logic_reg(c, e, Logic::kOr, false);
}
template <>
void lift<Insn::kOrnReg>(Lift& c, Enc<Insn::kOrnReg> e) {
  logic_reg(c, e, Logic::kOr, true);
}
template <>
void lift<Insn::kEorReg>(Lift& c, Enc<Insn::kEorReg> e) {
  logic_reg(c, e, Logic::kEor, false);
}
template <>
void lift<Insn::kEonReg>(Lift& c, Enc<Insn::kEonReg> e) {
  logic_reg(c, e, Logic::kEor, true);
}
template <>
void lift<Insn::kAndsReg>(Lift& c, Enc<Insn::kAndsReg> e) {
  logic_reg(c, e, Logic::kAnds, false);
}
template <>
void lift<Insn::kBicsReg>(Lift& c, Enc<Insn::kBicsReg> e) {
  logic_reg(c, e, Logic::kAnds, true);
}

// ---- move wide, bit fields
template <>
void lift<Insn::kMovz>(Lift& c, Enc<Insn::kMovz> e) {
  c.put(e.get<'d'>(), c.b.i64(uint64_t{e.get<'i'>()} << (16 * e.get<'h'>())));
}
template <>
void lift<Insn::kMovn>(Lift& c, Enc<Insn::kMovn> e) {
  c.put(e.get<'d'>(), c.constant(e.get<'z'>(), ~(uint64_t{e.get<'i'>()} << (16 * e.get<'h'>()))));
}
template <>
void lift<Insn::kMovk>(Lift& c, Enc<Insn::kMovk> e) {
  const bool sf = e.get<'z'>();
  const unsigned d = e.get<'d'>();
  c.put(d, c.b.deposit(c.r(sf, d), c.constant(sf, e.get<'i'>()), 16 * e.get<'h'>(), 16));
}
template <>
void lift<Insn::kSbfm>(Lift& c, Enc<Insn::kSbfm> e) {
  bitfield(c, e, true);
}
template <>
void lift<Insn::kUbfm>(Lift& c, Enc<Insn::kUbfm> e) {
  bitfield(c, e, false);
}
template <>
void lift<Insn::kBfm>(Lift& c, Enc<Insn::kBfm> e) {
  const bool sf = e.get<'z'>();
  const unsigned r = e.get<'r'>(), s = e.get<'s'>(), width = sf ? 64 : 32, d = e.get<'d'>();
  Value n = c.r(sf, e.get<'n'>());
  if (s >= r) {
    const unsigned length = s - r + 1;
    if (r != 0) n = c.b.shr_u(n, r);
    c.put(d, length == width ? n : c.b.deposit(c.r(sf, d), n, 0, length));
  } else {
    c.put(d, c.b.deposit(c.r(sf, d), n, width - r, s + 1));
  }
}
template <>
void lift<Insn::kExtr>(Lift& c, Enc<Insn::kExtr> e) {
  const bool sf = e.get<'z'>();
  const unsigned n = e.get<'n'>(), m = e.get<'m'>(), s = e.get<'s'>();
  const Value low = c.r(sf, m);
  c.put(e.get<'d'>(), s == 0 ? low : n == m ? c.b.rotr(low, s) : c.b.funnel_r(c.r(sf, n), low, s));
}

// ---- flags
template <>
void lift<Insn::kCfinv>(Lift& c, Enc<Insn::kCfinv>) {
  using ir::FlagCond;
  const Value f = c.flags();
  c.put_flags(c.b.flags_pack(c.b.flags_test(f, FlagCond::kN), c.b.flags_test(f, FlagCond::kZ),
                             c.b.flags_test(f, FlagCond::kNc), c.b.flags_test(f, FlagCond::kV)));
}
template <>
void lift<Insn::kXaflag>(Lift& c, Enc<Insn::kXaflag>) {
  using ir::FlagCond;
  const Value f = c.flags();
  const Value z = c.b.flags_test(f, FlagCond::kZ), cc = c.b.flags_test(f, FlagCond::kC), nc = c.b.not_(cc);
  c.put_flags(c.b.flags_pack(c.b.and_(nc, c.b.not_(z)), c.b.and_(z, cc), c.b.or_(cc, z), c.b.and_(nc, z)));
}
template <>
void lift<Insn::kAxflag>(Lift& c, Enc<Insn::kAxflag>) {
  using ir::FlagCond;
  const Value f = c.flags();
  const Value z = c.b.flags_test(f, FlagCond::kZ), v = c.b.flags_test(f, FlagCond::kV);
  const Value cc = c.b.flags_test(f, FlagCond::kC);
  c.put_flags(c.b.flags_pack(c.b.i1(false), c.b.or_(z, v), c.b.binary(Op::kAndNot, cc, v), c.b.i1(false)));
}
template <>
void lift<Insn::kRmif>(Lift& c, Enc<Insn::kRmif> e) {
  using ir::FlagCond;
  const Value f = c.flags(), n = c.x(e.get<'n'>());
  const unsigned mask = e.get<'k'>();
  Value out[4];
  static constexpr FlagCond kOld[] = {FlagCond::kV, FlagCond::kC, FlagCond::kZ, FlagCond::kN};
  for (unsigned i = 0; i < 4; ++i) {
    out[i] = mask >> i & 1 ? c.b.trunc(c.b.extract_u(n, (e.get<'i'>() + i) & 63, 1), Type::kI1)
                           : c.b.flags_test(f, kOld[i]);
  }
  c.put_flags(c.b.flags_pack(out[3], out[2], out[1], out[0]));
}
namespace {
void set_flags_narrow(Lift& c, unsigned n, unsigned width) {
  const Value v = c.w(n);
  const Value low = c.b.extract_u(v, 0, width);
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(v, i, 1), Type::kI1); };
  c.put_flags(c.b.flags_pack(bit(width - 1), c.b.cmp(ir::Cond::kEq, low, c.b.i32(0)), c.carry(),
                             c.b.xor_(bit(width), bit(width - 1))));
}
}  // namespace
template <>
void lift<Insn::kSetf8>(Lift& c, Enc<Insn::kSetf8> e) {
  set_flags_narrow(c, e.get<'n'>(), 8);
}
template <>
void lift<Insn::kSetf16>(Lift& c, Enc<Insn::kSetf16> e) {
  set_flags_narrow(c, e.get<'n'>(), 16);
}

// ---- conditional
template <>
void lift<Insn::kCcmnReg>(Lift& c, Enc<Insn::kCcmnReg> e) {
  compare_cond(c, e, c.r(e.get<'z'>(), e.get<'m'>()), false);
}
template <>
void lift<Insn::kCcmpReg>(Lift& c, Enc<Insn::kCcmpReg> e) {
  compare_cond(c, e, c.r(e.get<'z'>(), e.get<'m'>()), true);
}
template <>
void lift<Insn::kCcmnImm>(Lift& c, Enc<Insn::kCcmnImm> e) {
  compare_cond(c, e, c.constant(e.get<'z'>(), e.get<'i'>()), false);
}
template <>
void lift<Insn::kCcmpImm>(Lift& c, Enc<Insn::kCcmpImm> e) {
  compare_cond(c, e, c.constant(e.get<'z'>(), e.get<'i'>()), true);
}
template <>
void lift<Insn::kCsel>(Lift& c, Enc<Insn::kCsel> e) {
  select(c, e, Op::kNop, false);
}
template <>
void lift<Insn::kCsinc>(Lift& c, Enc<Insn::kCsinc> e) {
  select(c, e, Op::kNop, true);
}
template <>
void lift<Insn::kCsinv>(Lift& c, Enc<Insn::kCsinv> e) {
  select(c, e, Op::kNot, false);
}
template <>
void lift<Insn::kCsneg>(Lift& c, Enc<Insn::kCsneg> e) {
  select(c, e, Op::kNeg, false);
}

// ---- one, two and three sources
template <>
void lift<Insn::kUdiv>(Lift& c, Enc<Insn::kUdiv> e) {
  two_source(c, e, Op::kDivU);
}
template <>
void lift<Insn::kSdiv>(Lift& c, Enc<Insn::kSdiv> e) {
  two_source(c, e, Op::kDivS);
}
template <>
void lift<Insn::kLslv>(Lift& c, Enc<Insn::kLslv> e) {
  two_source(c, e, Op::kShl);
}
template <>
void lift<Insn::kLsrv>(Lift& c, Enc<Insn::kLsrv> e) {
  two_source(c, e, Op::kShrU);
}
template <>
void lift<Insn::kAsrv>(Lift& c, Enc<Insn::kAsrv> e) {
  two_source(c, e, Op::kShrS);
}
template <>
void lift<Insn::kRorv>(Lift& c, Enc<Insn::kRorv> e) {
  two_source(c, e, Op::kRotR);
}
template <>
void lift<Insn::kCrc32>(Lift& c, Enc<Insn::kCrc32> e) {
  c.put(e.get<'d'>(),
        c.call(kCrc32Helper, Type::kI32, {c.w(e.get<'n'>()), c.x(e.get<'m'>()), c.b.i32(e.get<'k'>())}));
}
template <>
void lift<Insn::kCrc32X>(Lift& c, Enc<Insn::kCrc32X> e) {
  c.put(e.get<'d'>(), c.call(kCrc32Helper, Type::kI32, {c.w(e.get<'n'>()), c.x(e.get<'m'>()), c.b.i32(3)}));
}
template <>
void lift<Insn::kCrc32C>(Lift& c, Enc<Insn::kCrc32C> e) {
  c.put(e.get<'d'>(),
        c.call(kCrc32cHelper, Type::kI32, {c.w(e.get<'n'>()), c.x(e.get<'m'>()), c.b.i32(e.get<'k'>())}));
}
template <>
void lift<Insn::kCrc32Cx>(Lift& c, Enc<Insn::kCrc32Cx> e) {
  c.put(e.get<'d'>(), c.call(kCrc32cHelper, Type::kI32, {c.w(e.get<'n'>()), c.x(e.get<'m'>()), c.b.i32(3)}));
}
template <>
void lift<Insn::kRbit>(Lift& c, Enc<Insn::kRbit> e) {
  c.put(e.get<'d'>(), c.b.unary(Op::kBitRev, c.r(e.get<'z'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kRev16>(Lift& c, Enc<Insn::kRev16> e) {
  c.put(e.get<'d'>(), swap_halfwords(c, e.get<'z'>(), c.r(e.get<'z'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kRevW>(Lift& c, Enc<Insn::kRevW> e) {
  c.put(e.get<'d'>(), c.b.unary(Op::kBswap, c.w(e.get<'n'>())));
}
template <>
void lift<Insn::kRev32>(Lift& c, Enc<Insn::kRev32> e) {
  c.put(e.get<'d'>(), c.b.rotr(c.b.unary(Op::kBswap, c.x(e.get<'n'>())), 32));
}
template <>
void lift<Insn::kRevX>(Lift& c, Enc<Insn::kRevX> e) {
  c.put(e.get<'d'>(), c.b.unary(Op::kBswap, c.x(e.get<'n'>())));
}
template <>
void lift<Insn::kClz>(Lift& c, Enc<Insn::kClz> e) {
  c.put(e.get<'d'>(), c.b.unary(Op::kClz, c.r(e.get<'z'>(), e.get<'n'>())));
}
template <>
void lift<Insn::kCls>(Lift& c, Enc<Insn::kCls> e) {
  const Value n = c.r(e.get<'z'>(), e.get<'n'>());
  c.put(e.get<'d'>(), c.b.add(c.b.unary(Op::kClz, c.b.xor_(n, c.b.shr_s(n, 1))), -1));
}
template <>
void lift<Insn::kMadd>(Lift& c, Enc<Insn::kMadd> e) {
  const bool sf = e.get<'z'>();
  const Value product = c.b.mul(c.r(sf, e.get<'n'>()), c.r(sf, e.get<'m'>()));
  c.put(e.get<'d'>(), e.get<'a'>() == 31 ? product : c.b.add(c.r(sf, e.get<'a'>()), product));
}
template <>
void lift<Insn::kMsub>(Lift& c, Enc<Insn::kMsub> e) {
  const bool sf = e.get<'z'>();
  c.put(e.get<'d'>(), c.b.sub(c.r(sf, e.get<'a'>()), c.b.mul(c.r(sf, e.get<'n'>()), c.r(sf, e.get<'m'>()))));
}
template <>
void lift<Insn::kSmaddl>(Lift& c, Enc<Insn::kSmaddl> e) {
  multiply_long(c, e, true, false);
}
template <>
void lift<Insn::kSmsubl>(Lift& c, Enc<Insn::kSmsubl> e) {
  multiply_long(c, e, true, true);
}
template <>
void lift<Insn::kUmaddl>(Lift& c, Enc<Insn::kUmaddl> e) {
  multiply_long(c, e, false, false);
}
template <>
void lift<Insn::kUmsubl>(Lift& c, Enc<Insn::kUmsubl> e) {
  multiply_long(c, e, false, true);
}
template <>
void lift<Insn::kSmulh>(Lift& c, Enc<Insn::kSmulh> e) {
  c.put(e.get<'d'>(), c.b.binary(Op::kMulHiS, c.x(e.get<'n'>()), c.x(e.get<'m'>())));
}
template <>
void lift<Insn::kUmulh>(Lift& c, Enc<Insn::kUmulh> e) {
  c.put(e.get<'d'>(), c.b.binary(Op::kMulHiU, c.x(e.get<'n'>()), c.x(e.get<'m'>())));
}

}  // namespace xarch::arm
