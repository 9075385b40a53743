// Exact results of the integer and flags ops on constants, shared by the builder's folding and the
// interpreter.
//
// Integers of i1..i64 are carried zero-extended in a uint64_t, and come back so.
#pragma once

#include <bit>
#include <cstdint>

#include "tcg/ir/ops.h"
#include "tcg/ir/types.h"

namespace xarch::ir {

// Ones in the lowest n bits, 0 <= n <= 64.
constexpr uint64_t low_mask(unsigned n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }
// The lowest `bits` bits (1..64) of v as a signed number.
constexpr int64_t sign_extend(uint64_t v, unsigned bits) {
  return static_cast<int64_t>(v << (64 - bits)) >> (64 - bits);
}

constexpr bool eval_cond(Cond c, Type t, uint64_t a, uint64_t b) {
  const int64_t sa = sign_extend(a, type_bits(t));
  const int64_t sb = sign_extend(b, type_bits(t));
  switch (c) {
    case Cond::kEq: return a == b;
    case Cond::kNe: return a != b;
    case Cond::kUlt: return a < b;
    case Cond::kUle: return a <= b;
    case Cond::kUgt: return a > b;
    case Cond::kUge: return a >= b;
    case Cond::kSlt: return sa < sb;
    case Cond::kSle: return sa <= sb;
    case Cond::kSgt: return sa > sb;
    case Cond::kSge: return sa >= sb;
  }
  return false;
}

// Quotient or remainder for Op::kDivU, kDivS, kRemU, kRemS, with ops.def's results where C++ has none.
constexpr uint64_t eval_division(Op op, Type t, uint64_t a, uint64_t b) {
  const bool division = op == Op::kDivU || op == Op::kDivS;
  if (b == 0) return division ? 0 : a;
  if (op == Op::kDivU) return a / b;
  if (op == Op::kRemU) return a % b;
  const int64_t sa = sign_extend(a, type_bits(t));
  const int64_t sb = sign_extend(b, type_bits(t));
  // MIN / -1 wraps to MIN; negation gives the same for every other dividend too.
  if (sb == -1) return division ? (0 - a) & type_mask(t) : 0;
  return static_cast<uint64_t>(division ? sa / sb : sa % sb) & type_mask(t);
}

constexpr uint64_t eval_mul_high(Op op, Type t, uint64_t a, uint64_t b) {
  const unsigned bits = type_bits(t);
  if (op == Op::kMulHiU) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * b) >> bits) & type_mask(t);
  }
  const __int128 product = static_cast<__int128>(sign_extend(a, bits)) * sign_extend(b, bits);
  return static_cast<uint64_t>(product >> bits) & type_mask(t);
}

constexpr uint64_t eval_shift(Op op, Type t, uint64_t a, uint64_t b) {
  const unsigned bits = type_bits(t);
  const unsigned n = static_cast<unsigned>(b & (bits - 1));
  switch (op) {
    case Op::kShl: return a << n & type_mask(t);
    case Op::kShrU: return a >> n;
    case Op::kShrS: return static_cast<uint64_t>(sign_extend(a, bits) >> n) & type_mask(t);
    default: return n == 0 ? a : (a >> n | a << (bits - n)) & type_mask(t);  // kRotR
  }
}

// Is it one of the ops that eval_binary knows? All have two operands of the result's type.
constexpr bool is_int_binary(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kMulHiU:
    case Op::kMulHiS:
    case Op::kDivU:
    case Op::kDivS:
    case Op::kRemU:
    case Op::kRemS:
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kAndNot:
    case Op::kShl:
    case Op::kShrU:
    case Op::kShrS:
    case Op::kRotR: return true;
    default: return false;
  }
}

constexpr uint64_t eval_binary(Op op, Type t, uint64_t a, uint64_t b) {
  switch (op) {
    case Op::kAdd: return (a + b) & type_mask(t);
    case Op::kSub: return (a - b) & type_mask(t);
    case Op::kMul: return (a * b) & type_mask(t);
    case Op::kMulHiU:
    case Op::kMulHiS: return eval_mul_high(op, t, a, b);
    case Op::kDivU:
    case Op::kDivS:
    case Op::kRemU:
    case Op::kRemS: return eval_division(op, t, a, b);
    case Op::kAnd: return a & b;
    case Op::kOr: return a | b;
    case Op::kXor: return a ^ b;
    case Op::kAndNot: return a & ~b;
    default: return eval_shift(op, t, a, b);
  }
}

constexpr uint64_t reverse_bits(uint64_t v) {
  v = (v & 0x5555555555555555u) << 1 | (v >> 1 & 0x5555555555555555u);
  v = (v & 0x3333333333333333u) << 2 | (v >> 2 & 0x3333333333333333u);
  v = (v & 0x0f0f0f0f0f0f0f0fu) << 4 | (v >> 4 & 0x0f0f0f0f0f0f0f0fu);
  return __builtin_bswap64(v);
}

// Neg, Not, Clz, Ctz, Popcnt, Bswap, BitRev.
constexpr uint64_t eval_unary(Op op, Type t, uint64_t a) {
  const unsigned bits = type_bits(t);
  switch (op) {
    case Op::kNeg: return (0 - a) & type_mask(t);
    case Op::kNot: return ~a & type_mask(t);
    case Op::kClz: return static_cast<uint64_t>(std::countl_zero(a)) - (64 - bits);
    case Op::kCtz: return a == 0 ? bits : static_cast<uint64_t>(std::countr_zero(a));
    case Op::kPopcnt: return static_cast<uint64_t>(std::popcount(a));
    case Op::kBswap: return __builtin_bswap64(a) >> (64 - bits);
    default: return reverse_bits(a) >> (64 - bits);  // kBitRev
  }
}

// Bits [lsb, lsb + length) of a, as extract.u and extract.s say; 1 <= length, lsb + length <= width.
constexpr uint64_t eval_extract(bool sign, Type t, uint64_t a, unsigned lsb, unsigned length) {
  const uint64_t v = a >> lsb & low_mask(length);
  return sign ? static_cast<uint64_t>(sign_extend(v, length)) & type_mask(t) : v;
}
constexpr uint64_t eval_deposit(uint64_t into, uint64_t v, unsigned lsb, unsigned length) {
  const uint64_t m = low_mask(length) << lsb;
  return (into & ~m) | (v << lsb & m);
}
constexpr uint64_t eval_funnel_r(Type t, uint64_t high, uint64_t low, unsigned n) {
  if (n == 0) return low;
  return (low >> n | high << (type_bits(t) - n)) & type_mask(t);
}

// N, Z and P of a result.
constexpr uint16_t flags_of_result(Type t, uint64_t r) {
  unsigned f = 0;
  if (r >> (type_bits(t) - 1) & 1) f |= kFlagN;
  if (r == 0) f |= kFlagZ;
  if (std::popcount(r & 0xff) % 2 == 0) f |= kFlagP;
  return static_cast<uint16_t>(f);
}
// Flags of a + b + carry; carry is 0 or 1.
constexpr uint16_t flags_of_add(Type t, uint64_t a, uint64_t b, unsigned carry, bool invert_carry) {
  const uint64_t r = (a + b + carry) & type_mask(t);
  const bool c = static_cast<uint64_t>((static_cast<unsigned __int128>(a) + b + carry) >> type_bits(t)) != 0;
  unsigned f = flags_of_result(t, r);
  if (c != invert_carry) f |= kFlagC;
  if (((a ^ r) & (b ^ r)) >> (type_bits(t) - 1) & 1) f |= kFlagV;
  if ((a ^ b ^ r) >> 4 & 1) f |= kFlagA;
  return static_cast<uint16_t>(f);
}
// Flags of a - b - borrow; C is the borrow.
constexpr uint16_t flags_of_sub(Type t, uint64_t a, uint64_t b, unsigned borrow, bool invert_carry) {
  const uint64_t r = (a - b - borrow) & type_mask(t);
  const bool c = static_cast<unsigned __int128>(a) < static_cast<unsigned __int128>(b) + borrow;
  unsigned f = flags_of_result(t, r);
  if (c != invert_carry) f |= kFlagC;
  if (((a ^ b) & (a ^ r)) >> (type_bits(t) - 1) & 1) f |= kFlagV;
  if ((a ^ b ^ r) >> 4 & 1) f |= kFlagA;
  return static_cast<uint16_t>(f);
}
constexpr uint16_t flags_of_logic(Type t, uint64_t a, bool carry) {
  return static_cast<uint16_t>(flags_of_result(t, a) | (carry ? kFlagC : 0));
}
constexpr uint16_t flags_of_pack(bool n, bool z, bool c, bool v) {
  return static_cast<uint16_t>((n ? kFlagN : 0) | (z ? kFlagZ : 0) | (c ? kFlagC : 0) | (v ? kFlagV : 0));
}

constexpr bool eval_flag_cond(FlagCond cond, uint16_t f) {
  const bool n = f & kFlagN, z = f & kFlagZ, c = f & kFlagC, v = f & kFlagV;
  bool r = false;
  switch (static_cast<FlagCond>(static_cast<unsigned>(cond) & ~1u)) {
    case FlagCond::kZ: r = z; break;
    case FlagCond::kC: r = c; break;
    case FlagCond::kN: r = n; break;
    case FlagCond::kV: r = v; break;
    case FlagCond::kHi: r = c && !z; break;
    case FlagCond::kA: r = !c && !z; break;
    case FlagCond::kGe: r = n == v; break;
    case FlagCond::kGt: r = !z && n == v; break;
    default: r = (f & kFlagP) != 0; break;  // kP
  }
  return r != static_cast<bool>(static_cast<unsigned>(cond) & 1);
}

}  // namespace xarch::ir
