// What the lifters of vector instructions share: operands, lanes, results.
#pragma once

#include "targets/arm/core/lift.h"

// A row of a table of lifters: the instruction, and how it is lifted (c: the Lift, e: the encoding).
#define VECTOR(name, ...)                                    \
  template <>                                                \
  void lift<Insn::k##name>(Lift & c, Enc<Insn::k##name> e) { \
    __VA_ARGS__;                                             \
  }

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

template <Insn I>
constexpr bool has_field(char letter) {
  return find_field(kPattern<I>, letter).bits != 0;
}

// Whether a vector operation works on 128 bits; scalar forms have no q and work on 64.
template <Insn I>
bool is_q(Enc<I> e) {
  if constexpr (has_field<I>('q')) {
    return e.template get<'q'>();
  } else {
    return false;
  }
}
// Log2 of the lane's bytes; scalar forms without the field work on 64 bits.
template <Insn I>
unsigned lane_size(Enc<I> e) {
  if constexpr (has_field<I>('z')) {
    return e.template get<'z'>();
  } else {
    return has_field<I>('q') ? 0 : 3;
  }
}

template <Insn I, typename Fn>
void binary(Lift& c, Enc<I> e, Fn fn) {
  const bool q = is_q(e);
  c.put_v(e.template get<'d'>(),
          fn(c.vq(q, e.template get<'n'>()), c.vq(q, e.template get<'m'>()), lane_size(e)));
}
template <Insn I, typename Fn>
void unary(Lift& c, Enc<I> e, Fn fn) {
  c.put_v(e.template get<'d'>(), fn(c.vq(is_q(e), e.template get<'n'>()), lane_size(e)));
}
template <Insn I>
void binary_op(Lift& c, Enc<I> e, Op op) {
  binary(c, e, [&](Value n, Value m, unsigned size) { return c.b.vbinary(op, n, m, size); });
}

inline Value zero(Lift& c, Value like) { return c.b.vconst(like.type, 0); }
inline Value vnot(Lift& c, Value v) { return c.b.vunary(Op::kVNot, v); }
inline Value vand(Lift& c, Value a, Value b) { return c.b.vbinary(Op::kVAnd, a, b); }
inline Value vor(Lift& c, Value a, Value b) { return c.b.vbinary(Op::kVOr, a, b); }
inline Value vxor(Lift& c, Value a, Value b) { return c.b.vbinary(Op::kVXor, a, b); }
inline Value andnot(Lift& c, Value a, Value b) { return c.b.vbinary(Op::kVAndNot, a, b); }
inline Value vadd(Lift& c, Value a, Value b, unsigned size) { return c.b.vbinary(Op::kVAdd, a, b, size); }
inline Value vsub(Lift& c, Value a, Value b, unsigned size) { return c.b.vbinary(Op::kVSub, a, b, size); }
inline Value low_half(Lift& c, Value v) { return c.b.vconvert(Op::kVLo, Type::kV64, v); }
inline Value high_half(Lift& c, Value v) { return c.b.vconvert(Op::kVHi, Type::kV64, v); }

// Bits from a where mask is one, from b elsewhere.
inline Value merge(Lift& c, Value mask, Value a, Value b) {
  return vor(c, vand(c, mask, a), andnot(c, b, mask));
}

// A constant with `lane` (1 << size bytes) in every lane.
inline Value splat(Lift& c, Type t, unsigned size, uint64_t lane) {
  for (unsigned s = size; s < 3; ++s)
    lane = (lane & ((uint64_t{1} << (8u << s)) - 1)) * ((uint64_t{1} << (8u << s)) + 1);
  return c.b.vconst(t, lane);
}
inline uint64_t lane_ones(unsigned size) {
  return size == 3 ? ~uint64_t{0} : (uint64_t{1} << (8u << size)) - 1;
}

// The lowest lane of v alone, as a v64.
inline Value lowest_lane(Lift& c, Value v, unsigned size) {
  if (v.type == Type::kV128) v = low_half(c, v);
  return size == 3 ? v : vand(c, v, c.b.vconst(Type::kV64, lane_ones(size)));
}

// op on all lanes of v: a v64 with that in the lowest lane and zeros above.
inline Value reduce(Lift& c, Value v, unsigned size, Op op) {
  for (unsigned bytes = v.type == Type::kV128 ? 8 : 4; bytes >= 1u << size; bytes /= 2) {
    v = c.b.vbinary(op, v, c.b.vbinary(Op::kVExt, v, v, 0, bytes), size);
  }
  return lowest_lane(c, v, size);
}

// The sum of all bytes, as a v64.
inline Value byte_sum(Lift& c, Value v) {
  const Value sums = c.b.vbinary(Op::kVSad, v, zero(c, v));
  return v.type == Type::kV64 ? sums : vadd(c, low_half(c, sums), high_half(c, sums), 3);
}

// a >= b.
inline Value not_less(Lift& c, Value a, Value b, unsigned size, bool is_signed) {
  if (size == 3) return vnot(c, c.b.vbinary(is_signed ? Op::kVCmpGtS : Op::kVCmpGtU, b, a, size));
  return c.b.vbinary(Op::kVCmpEq, c.b.vbinary(is_signed ? Op::kVMaxS : Op::kVMaxU, a, b, size), a, size);
}

// All ones in negative lanes.
inline Value signs(Lift& c, Value v, unsigned size) {
  return c.b.vunary(Op::kVShrSImm, v, size, (8 << size) - 1);
}

// immh:immb of a shift: lane size, and the two ways it is counted.
struct ShiftImm {
  unsigned size, right, left;
};
inline ShiftImm shift_imm(unsigned imm) {
  const unsigned size = 31 - static_cast<unsigned>(__builtin_clz(imm >> 3));
  return {size, (16u << size) - imm, imm - (8u << size)};
}

// 1 <= n <= the lane's width.
inline Value shift_right(Lift& c, Value v, unsigned size, unsigned n, bool is_signed) {
  const unsigned width = 8u << size;
  if (is_signed) return c.b.vunary(Op::kVShrSImm, v, size, n < width ? n : width - 1);
  return n < width ? c.b.vunary(Op::kVShrUImm, v, size, n) : zero(c, v);
}
// The same, rounded: plus the last bit that goes out.
inline Value shift_right_rounded(Lift& c, Value v, unsigned size, unsigned n, bool is_signed) {
  const Value last = n == 1 ? v : c.b.vunary(Op::kVShrUImm, v, size, n - 1);
  return vadd(c, shift_right(c, v, size, n, is_signed), vand(c, last, splat(c, v.type, size, 1)), size);
}

// Result of a narrowing operation: low half with the rest zero, or (second form) the high half of the
// destination.
inline void put_narrow(Lift& c, bool second, unsigned d, Value v) {
  c.put_v(d, second ? c.b.vpair(c.v64(d), v) : v);
}

// The second operand of a by-element form, in every lane of a v128.
template <Insn I>
Value element(Lift& c, Enc<I> e) {
  const unsigned h = e.template get<'h'>(), l = e.template get<'l'>(), b = e.template get<'b'>();
  if (e.template get<'z'>() == 1) {
    return c.b.vsplat(Type::kV128, c.v(e.template get<'m'>()), 1, h << 2 | l << 1 | b);
  }
  return c.b.vsplat(Type::kV128, c.v(b << 4 | e.template get<'m'>()), 2, h << 1 | l);
}
// The second operand as a whole register, or an element of one.
template <Insn I>
Value second(Lift& c, Enc<I> e) {
  if constexpr (has_field<I>('h')) {
    return element(c, e);
  } else {
    return c.v(e.template get<'m'>());
  }
}
// The same in the size that the instruction works on.
template <Insn I>
Value second_q(Lift& c, Enc<I> e) {
  const Value m = second(c, e);
  return is_q(e) ? m : low_half(c, m);
}

}  // namespace xarch::arm
