// Bits of vector lanes: counted, reversed, multiplied without carries.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

// A table of 16 bytes, the first one lowest.
struct Table {
  uint64_t low, high;
};
Value lookup(Lift& c, Table t, Value index) {
  return c.b.vshuffle(c.b.vpair(c.b.vconst(Type::kV64, t.low), c.b.vconst(Type::kV64, t.high)), index);
}
struct Nibbles {
  Value low, high;
};
Nibbles nibbles(Lift& c, Value v) {
  const Value mask = splat(c, Type::kV128, 0, 15);
  return {vand(c, v, mask), vand(c, c.b.vunary(Op::kVShrUImm, v, 1, 4), mask)};
}

// Leading zeros of the lanes of a v128. Bytes: a nibble's own, or (the upper half being zero) four more;
// wider lanes: those of the upper half, and of the lower one if that is all zero.
Value leading_zeros(Lift& c, Value v, unsigned size) {
  if (size == 0) {
    const Nibbles n = nibbles(c, v);
    return c.b.vbinary(Op::kVMinU, lookup(c, {0x0101010102020308, 0}, n.high),
                       lookup(c, {0x0505050506060708, 0x0404040404040404}, n.low), 0);
  }
  const unsigned half = 4u << size;
  const Value counts = leading_zeros(c, v, size - 1);
  const Value upper = c.b.vunary(Op::kVShrUImm, counts, size, half);
  const Value all = c.b.vbinary(Op::kVCmpEq, upper, splat(c, v.type, size, half), size);
  const Value lower = vand(c, counts, splat(c, v.type, size, lane_ones(size - 1)));
  return vadd(c, upper, vand(c, lower, all), size);
}

template <Insn I>
void count(Lift& c, Enc<I> e, bool signs_only) {
  const unsigned z = e.template get<'z'>();
  Value v = c.v(e.template get<'n'>());
  if (signs_only) v = vxor(c, v, c.b.vunary(Op::kVShrSImm, v, z, 1));
  Value r = leading_zeros(c, v, z);
  if (signs_only) r = vsub(c, r, splat(c, v.type, z, 1), z);
  c.put_v(e.template get<'d'>(), is_q(e) ? r : low_half(c, r));
}

void reverse_bits(Lift& c, Enc<Insn::kRbitV> e) {
  const Nibbles n = nibbles(c, c.v(e.get<'n'>()));
  const Value high = lookup(c, {0x0e060a020c040800, 0x0f070b030d050901}, n.high);
  const Value low = lookup(c, {0xe060a020c0408000, 0xf070b030d0509010}, n.low);
  const Value r = vor(c, low, high);
  c.put_v(e.get<'d'>(), is_q(e) ? r : low_half(c, r));
}

// Low halves (of what lanes of `size` hold) of carry-less products: from the top bit of m's lanes down.
Value carryless(Lift& c, Value n, Value m, unsigned size) {
  Value r;
  for (unsigned i = 0; i < 8; ++i) {
    const Value bit = c.b.vbinary(Op::kVCmpGtS, zero(c, m), m, size);
    const Value part = vand(c, n, bit);
    r = i == 0 ? part : vxor(c, vadd(c, r, r, size), part);
    if (i < 7) m = vadd(c, m, m, size);
  }
  return r;
}
void multiply_long(Lift& c, Enc<Insn::kPmullB> e) {
  const auto wide = [&](unsigned reg) { return c.b.vwiden(false, c.v(reg), 0, e.get<'q'>()); };
  const Value m = c.b.vunary(Op::kVShlImm, wide(e.get<'m'>()), 1, 8);
  c.put_v(e.get<'d'>(), carryless(c, wide(e.get<'n'>()), m, 1));
}

}  // namespace

VECTOR(ClzV, count(c, e, false))
VECTOR(ClsV, count(c, e, true))
VECTOR(RbitV, reverse_bits(c, e))
VECTOR(PmulV, binary(c, e, [&](Value n, Value m, unsigned) { return carryless(c, n, m, 0); }))
VECTOR(PmullB, multiply_long(c, e))

}  // namespace xarch::arm
