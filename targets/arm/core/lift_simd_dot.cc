// Dot products of four bytes at a time, and what the matrix products of bytes are made of.
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

// Even (or odd) bytes as numbers of two bytes.
Value bytes_of_pairs(Lift& c, Value v, bool odd, bool is_signed) {
  if (!odd && !is_signed) return vand(c, v, c.b.vconst(v.type, 0x00ff00ff00ff00ff));
  if (!odd) v = c.b.vunary(Op::kVShlImm, v, 1, 8);
  return c.b.vunary(is_signed ? Op::kVShrSImm : Op::kVShrUImm, v, 1, 8);
}

// Sums of the products of four bytes, in lanes of four.
Value dot(Lift& c, Value n, Value m, bool n_signed, bool m_signed) {
  const auto half = [&](bool odd) {
    return c.b.vbinary(Op::kVDotS, bytes_of_pairs(c, n, odd, n_signed), bytes_of_pairs(c, m, odd, m_signed),
                       1);
  };
  return vadd(c, half(false), half(true), 2);
}

template <Insn I>
void dot_product(Lift& c, Enc<I> e, bool n_signed, bool m_signed) {
  const bool q = is_q(e);
  const unsigned d = e.template get<'d'>();
  Value m;
  if constexpr (has_field<I>('h')) {
    const unsigned index = e.template get<'h'>() << 1 | e.template get<'l'>();
    m = c.b.vsplat(c.vtype(q), c.v(e.template get<'b'>() << 4 | e.template get<'m'>()), 2, index);
  } else {
    m = c.vq(q, e.template get<'m'>());
  }
  c.put_v(d, vadd(c, c.vq(q, d), dot(c, c.vq(q, e.template get<'n'>()), m, n_signed, m_signed), 2));
}

// The two rows of n times the two rows of m, each of eight bytes.
template <Insn I>
void matrix_product(Lift& c, Enc<I> e, bool n_signed, bool m_signed) {
  const unsigned d = e.template get<'d'>();
  const Value n = c.v(e.template get<'n'>()), m = c.v(e.template get<'m'>());
  const auto row = [&](unsigned i) {
    return dot(c, c.b.vsplat(Type::kV128, n, 3, i), m, n_signed, m_signed);
  };
  const Value r0 = row(0), r1 = row(1);
  const Value sum = vadd(c, c.b.vbinary(Op::kVUzp1, r0, r1, 2), c.b.vbinary(Op::kVUzp2, r0, r1, 2), 2);
  c.put_v(d, vadd(c, c.v(d), sum, 2));
}

}  // namespace

VECTOR(Sdot, dot_product(c, e, true, true))
VECTOR(SdotElem, dot_product(c, e, true, true))
VECTOR(Udot, dot_product(c, e, false, false))
VECTOR(UdotElem, dot_product(c, e, false, false))
VECTOR(Usdot, dot_product(c, e, false, true))
VECTOR(UsdotElem, dot_product(c, e, false, true))
VECTOR(SudotElem, dot_product(c, e, true, false))
VECTOR(Smmla, matrix_product(c, e, true, true))
VECTOR(Ummla, matrix_product(c, e, false, false))
VECTOR(Usmmla, matrix_product(c, e, false, true))

}  // namespace xarch::arm
