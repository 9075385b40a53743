// Half precision, complex numbers and bfloat16 (a64_half.def), on tcg/fpu.
#include "targets/arm/core/bfloat.h"
#include "targets/arm/core/exec.h"
#include "targets/arm/core/fp_env.h"
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/special.h"

#define EXEC(name, ...)                                            \
  template <>                                                      \
  void exec<Insn::k##name>(Arm64State & s, Enc<Insn::k##name> e) { \
    const VecWord w{e.word};                                       \
    __VA_ARGS__;                                                   \
  }
// On vectors and on scalars.
#define EXEC_BOTH(name, ...) EXEC(name##VH, __VA_ARGS__) EXEC(name##HScalar, __VA_ARGS__)

namespace xarch::arm {

namespace {

using fpu::Env;
using fpu::F16;
using fpu::F32;
using R = fpu::Rounding;
using fpu::Relation;

constexpr uint16_t kSign = 0x8000;
uint16_t neg(uint16_t v) { return v ^ kSign; }
uint16_t absolute(uint16_t v) { return v & 0x7fff; }
uint16_t half(uint64_t v) { return static_cast<uint16_t>(v); }

using Unary = uint16_t (*)(Env&, uint16_t);
using Binary = uint16_t (*)(Env&, uint16_t, uint16_t);

// ---- f(n, m, d) on lanes; element: index of m's lane, or -1
template <typename Fn>
void lanes_of(Arm64State& s, VecWord w, unsigned m, int element, Fn f) {
  ArmEnv env(s);
  each_lane(s, w, 1, [&](unsigned i) {
    const unsigned j = element < 0 ? i : static_cast<unsigned>(element);
    return f(env, s.v(w.n()).h[i], s.v(m).h[j], s.v(w.d()).h[i]);
  });
}
void binary(Arm64State& s, VecWord w, Binary f) {
  lanes_of(s, w, w.m(), -1, [f](Env& e, uint16_t n, uint16_t m, uint16_t) { return f(e, n, m); });
}
void unary(Arm64State& s, VecWord w, Unary f) {
  lanes_of(s, w, w.n(), -1, [f](Env& e, uint16_t n, uint16_t, uint16_t) { return f(e, n); });
}
// Index and register of the by-element forms of halves.
unsigned element_h(VecWord w) { return (w.w >> 11 & 1) << 2 | (w.w >> 21 & 1) << 1 | (w.w >> 20 & 1); }
unsigned register_h(VecWord w) { return w.w >> 16 & 15; }
void binary_element(Arm64State& s, VecWord w, Binary f) {
  lanes_of(s, w, register_h(w), static_cast<int>(element_h(w)),
           [f](Env& e, uint16_t n, uint16_t m, uint16_t) { return f(e, n, m); });
}
void fused(Arm64State& s, VecWord w, bool by_element, bool negate) {
  lanes_of(s, w, by_element ? register_h(w) : w.m(), by_element ? static_cast<int>(element_h(w)) : -1,
           [negate](Env& e, uint16_t n, uint16_t m, uint16_t d) {
             return fpu::fma<F16>(e, negate ? neg(n) : n, m, d);
           });
}
void pairwise(Arm64State& s, VecWord w, Binary f) {
  ArmEnv env(s);
  const unsigned count = w.lanes(1) / 2;
  each_lane(s, w, 1, [&](unsigned i) {
    const Vector& from = s.v(i < count ? w.n() : w.m());
    const unsigned at = 2 * (i % count);
    return f(env, from.h[at], from.h[at + 1]);
  });
}
void pair_scalar(Arm64State& s, VecWord w, Binary f) {
  ArmEnv env(s);
  const Vector n = s.v(w.n());
  each_lane(s, w, 1, [&](unsigned) { return f(env, n.h[0], n.h[1]); });
}
// Halves of the vector first.
uint16_t reduce(Env& e, const Vector& v, unsigned first, unsigned count, Binary f) {
  if (count == 1) return v.h[first];
  const uint16_t low = reduce(e, v, first, count / 2, f);
  const uint16_t high = reduce(e, v, first + count / 2, count / 2, f);
  return f(e, low, high);
}
void across(Arm64State& s, VecWord w, Binary f) {
  ArmEnv env(s);
  Vector out{};
  out.h[0] = reduce(env, s.v(w.n()), 0, w.q() ? 8 : 4, f);
  s.v(w.d()) = out;
}

// ---- comparisons
uint16_t mask(bool on) { return on ? 0xffff : 0; }
uint16_t eq(Env& e, uint16_t a, uint16_t b) {
  return mask(fpu::compare<F16>(e, a, b, false) == Relation::kEqual);
}
uint16_t gt(Env& e, uint16_t a, uint16_t b) {
  return mask(fpu::compare<F16>(e, a, b, true) == Relation::kGreater);
}
uint16_t ge(Env& e, uint16_t a, uint16_t b) {
  const Relation r = fpu::compare<F16>(e, a, b, true);
  return mask(r == Relation::kGreater || r == Relation::kEqual);
}
uint16_t acge(Env& e, uint16_t a, uint16_t b) { return ge(e, absolute(a), absolute(b)); }
uint16_t acgt(Env& e, uint16_t a, uint16_t b) { return gt(e, absolute(a), absolute(b)); }
uint16_t abd(Env& e, uint16_t a, uint16_t b) { return absolute(fpu::sub<F16>(e, a, b)); }
uint16_t nmul(Env& e, uint16_t a, uint16_t b) { return neg(fpu::mul<F16>(e, a, b)); }

// ---- conversions
template <R r, bool exact = false>
uint16_t round(Env& e, uint16_t v) {
  return fpu::round_to_integral<F16>(e, v, r, exact);
}
template <bool exact>
uint16_t round_current(Env& e, uint16_t v) {
  return fpu::round_to_integral<F16>(e, v, e.rounding, exact);
}
template <R r, bool is_unsigned>
uint16_t to_int(Env& e, uint16_t v) {
  return half(static_cast<uint64_t>(fpu::to_int<F16>(e, v, r, 16, is_unsigned)));
}
uint16_t from_signed(Env& e, uint16_t v) { return fpu::from_int<F16>(e, static_cast<int16_t>(v)); }
uint16_t from_unsigned(Env& e, uint16_t v) { return fpu::from_uint<F16>(e, v); }
template <typename Fn>
void fixed(Arm64State& s, VecWord w, Fn f) {
  const int fraction = 32 - static_cast<int>(w.imm());
  lanes_of(s, w, w.n(), -1, [&](Env& e, uint16_t n, uint16_t, uint16_t) { return f(e, n, fraction); });
}

void scalar_fma(Arm64State& s, VecWord w, bool negate_product, bool negate_addend) {
  const uint16_t a = s.v(w.w >> 10 & 31).h[0];
  lanes_of(s, w, w.m(), -1, [&](Env& e, uint16_t n, uint16_t m, uint16_t) {
    return fpu::fma<F16>(e, negate_product ? neg(n) : n, m, negate_addend ? neg(a) : a);
  });
}

// ---- products of halves added to singles
void widening_fma(Arm64State& s, VecWord w, bool by_element, bool upper, bool negate) {
  ArmEnv env(s);
  const unsigned base = upper ? (w.q() ? 4 : 2) : 0;
  const Vector n = s.v(w.n()), m = s.v(by_element ? register_h(w) : w.m());
  each_lane(s, w, 2, [&](unsigned i) {
    const uint16_t a = n.h[base + i], b = m.h[by_element ? element_h(w) : base + i];
    return fpu::fma_half(env, negate ? neg(a) : a, b, s.v(w.d()).s[i]);
  });
}

// ---- complex numbers: real parts in even lanes
uint16_t flip(uint16_t v, bool yes) { return yes ? neg(v) : v; }
// n + m rotated by 90 or 270 degrees.
void add_complex(Arm64State& s, VecWord w, bool rotate270) {
  ArmEnv env(s);
  const Vector n = s.v(w.n()), m = s.v(w.m());
  Vector out{};
  for (unsigned i = 0; i < w.lanes(1); i += 2) {
    out.h[i] = fpu::add<F16>(env, n.h[i], flip(m.h[i + 1], !rotate270));
    out.h[i + 1] = fpu::add<F16>(env, n.h[i + 1], flip(m.h[i], rotate270));
  }
  s.v(w.d()) = out;
}
// d + part of n's numbers (real for even rotations, imaginary for odd ones) times m rotated. element: index
// of m's number, or -1.
void fma_complex(Arm64State& s, VecWord w, unsigned reg, unsigned rotation, int element) {
  ArmEnv env(s);
  const Vector n = s.v(w.n()), m = s.v(reg), d = s.v(w.d());
  Vector out{};
  const unsigned part = rotation & 1;
  for (unsigned i = 0; i < w.lanes(1); i += 2) {
    const unsigned j = element < 0 ? i : 2 * static_cast<unsigned>(element);
    const uint16_t factor = n.h[i + part];
    const uint16_t real = flip(m.h[j + part], rotation == 1 || rotation == 2);
    const uint16_t imaginary = flip(m.h[j + 1 - part], rotation >= 2);
    out.h[i] = fpu::fma<F16>(env, factor, real, d.h[i]);
    out.h[i + 1] = fpu::fma<F16>(env, factor, imaginary, d.h[i + 1]);
  }
  s.v(w.d()) = out;
}

// ---- bfloat16
void bfloat_dots(Arm64State& s, VecWord w, int element) {
  const Vector n = s.v(w.n()), m = s.v(w.m());
  each_lane(s, w, 2, [&](unsigned i) {
    return bfloat_dot(s.v(w.d()).s[i], n.s[i], m.s[element < 0 ? i : static_cast<unsigned>(element)]);
  });
}
void bfloat_matrix(Arm64State& s, VecWord w) {
  const Vector n = s.v(w.n()), m = s.v(w.m());
  Vector out = s.v(w.d());
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned j = 0; j < 2; ++j)
      for (unsigned k = 0; k < 2; ++k)
        out.s[2 * i + j] = bfloat_dot(out.s[2 * i + j], n.s[2 * i + k], m.s[2 * j + k]);
  s.v(w.d()) = out;
}

}  // namespace

// ---- three registers of the same kind
EXEC(FmaxnmVH, binary(s, w, fpu::maxnum<F16>))
EXEC(FminnmVH, binary(s, w, fpu::minnum<F16>))
EXEC(FmlaVH, fused(s, w, false, false))
EXEC(FmlsVH, fused(s, w, false, true))
EXEC(FaddVH, binary(s, w, fpu::add<F16>))
EXEC(FsubVH, binary(s, w, fpu::sub<F16>))
EXEC_BOTH(Fmulx, binary(s, w, fpu::mulx<F16>))
EXEC_BOTH(Fcmeq, binary(s, w, eq))
EXEC(FmaxVH, binary(s, w, fpu::max<F16>))
EXEC(FminVH, binary(s, w, fpu::min<F16>))
EXEC_BOTH(Frecps, binary(s, w, fpu::recip_step<F16>))
EXEC_BOTH(Frsqrts, binary(s, w, fpu::rsqrt_step<F16>))
EXEC(FmaxnmpVH, pairwise(s, w, fpu::maxnum<F16>))
EXEC(FminnmpVH, pairwise(s, w, fpu::minnum<F16>))
EXEC(FaddpVH, pairwise(s, w, fpu::add<F16>))
EXEC(FmaxpVH, pairwise(s, w, fpu::max<F16>))
EXEC(FminpVH, pairwise(s, w, fpu::min<F16>))
EXEC(FmulVH, binary(s, w, fpu::mul<F16>))
EXEC(FdivVH, binary(s, w, fpu::div<F16>))
EXEC_BOTH(Fcmge, binary(s, w, ge))
EXEC_BOTH(Fcmgt, binary(s, w, gt))
EXEC_BOTH(Facge, binary(s, w, acge))
EXEC_BOTH(Facgt, binary(s, w, acgt))
EXEC_BOTH(Fabd, binary(s, w, abd))

// ---- two registers
EXEC(FrintnVH, unary(s, w, round<R::kNearest>))
EXEC(FrintmVH, unary(s, w, round<R::kDown>))
EXEC(FrintpVH, unary(s, w, round<R::kUp>))
EXEC(FrintzVH, unary(s, w, round<R::kZero>))
EXEC(FrintaVH, unary(s, w, round<R::kAway>))
EXEC(FrintxVH, unary(s, w, round_current<true>))
EXEC(FrintiVH, unary(s, w, round_current<false>))
EXEC_BOTH(Fcvtns, unary(s, w, to_int<R::kNearest, false>))
EXEC_BOTH(Fcvtnu, unary(s, w, to_int<R::kNearest, true>))
EXEC_BOTH(Fcvtms, unary(s, w, to_int<R::kDown, false>))
EXEC_BOTH(Fcvtmu, unary(s, w, to_int<R::kDown, true>))
EXEC_BOTH(Fcvtps, unary(s, w, to_int<R::kUp, false>))
EXEC_BOTH(Fcvtpu, unary(s, w, to_int<R::kUp, true>))
EXEC_BOTH(Fcvtzs, unary(s, w, to_int<R::kZero, false>))
EXEC_BOTH(Fcvtzu, unary(s, w, to_int<R::kZero, true>))
EXEC_BOTH(Fcvtas, unary(s, w, to_int<R::kAway, false>))
EXEC_BOTH(Fcvtau, unary(s, w, to_int<R::kAway, true>))
EXEC_BOTH(Scvtf, unary(s, w, from_signed))
EXEC_BOTH(Ucvtf, unary(s, w, from_unsigned))
EXEC_BOTH(FcmgtZero, unary(s, w, [](Env& env, uint16_t v) { return gt(env, v, 0); }))
EXEC_BOTH(FcmeqZero, unary(s, w, [](Env& env, uint16_t v) { return eq(env, v, 0); }))
EXEC_BOTH(FcmltZero, unary(s, w, [](Env& env, uint16_t v) { return gt(env, 0, v); }))
EXEC_BOTH(FcmgeZero, unary(s, w, [](Env& env, uint16_t v) { return ge(env, v, 0); }))
EXEC_BOTH(FcmleZero, unary(s, w, [](Env& env, uint16_t v) { return ge(env, 0, v); }))
EXEC(FsqrtVH, unary(s, w, fpu::sqrt<F16>))
EXEC_BOTH(Frecpe, unary(s, w, fpu::recip_estimate<F16>))
EXEC_BOTH(Frsqrte, unary(s, w, fpu::rsqrt_estimate<F16>))
EXEC(FrecpxHScalar, unary(s, w, fpu::recip_exponent<F16>))

// ---- across lanes, pairs
EXEC(FmaxnmvH, across(s, w, fpu::maxnum<F16>))
EXEC(FminnmvH, across(s, w, fpu::minnum<F16>))
EXEC(FmaxvH, across(s, w, fpu::max<F16>))
EXEC(FminvH, across(s, w, fpu::min<F16>))
EXEC(FmaxnmpHScalar, pair_scalar(s, w, fpu::maxnum<F16>))
EXEC(FminnmpHScalar, pair_scalar(s, w, fpu::minnum<F16>))
EXEC(FmaxpHScalar, pair_scalar(s, w, fpu::max<F16>))
EXEC(FminpHScalar, pair_scalar(s, w, fpu::min<F16>))
EXEC(FaddpHScalar, pair_scalar(s, w, fpu::add<F16>))

// ---- by element, fixed point
EXEC(FmlaElemH, fused(s, w, true, false))
EXEC(FmlaElemHScalar, fused(s, w, true, false))
EXEC(FmlsElemH, fused(s, w, true, true))
EXEC(FmlsElemHScalar, fused(s, w, true, true))
EXEC(FmulElemH, binary_element(s, w, fpu::mul<F16>))
EXEC(FmulElemHScalar, binary_element(s, w, fpu::mul<F16>))
EXEC(FmulxElemH, binary_element(s, w, fpu::mulx<F16>))
EXEC(FmulxElemHScalar, binary_element(s, w, fpu::mulx<F16>))
namespace {
uint16_t fixed_from_signed(Env& e, uint16_t v, int f) {
  return fpu::from_int<F16>(e, static_cast<int16_t>(v), f);
}
uint16_t fixed_from_unsigned(Env& e, uint16_t v, int f) { return fpu::from_uint<F16>(e, v, f); }
template <bool is_unsigned>
uint16_t fixed_to_int(Env& e, uint16_t v, int f) {
  return half(static_cast<uint64_t>(fpu::to_int<F16>(e, v, R::kZero, 16, is_unsigned, f)));
}
}  // namespace
EXEC(ScvtfFixedH, fixed(s, w, fixed_from_signed))
EXEC(ScvtfFixedHScalar, fixed(s, w, fixed_from_signed))
EXEC(UcvtfFixedH, fixed(s, w, fixed_from_unsigned))
EXEC(UcvtfFixedHScalar, fixed(s, w, fixed_from_unsigned))
EXEC(FcvtzsFixedH, fixed(s, w, fixed_to_int<false>))
EXEC(FcvtzsFixedHScalar, fixed(s, w, fixed_to_int<false>))
EXEC(FcvtzuFixedH, fixed(s, w, fixed_to_int<true>))
EXEC(FcvtzuFixedHScalar, fixed(s, w, fixed_to_int<true>))

// ---- scalars
EXEC(FsqrtH, unary(s, w, fpu::sqrt<F16>))
EXEC(FrintnH, unary(s, w, round<R::kNearest>))
EXEC(FrintpH, unary(s, w, round<R::kUp>))
EXEC(FrintmH, unary(s, w, round<R::kDown>))
EXEC(FrintzH, unary(s, w, round<R::kZero>))
EXEC(FrintaH, unary(s, w, round<R::kAway>))
EXEC(FrintxH, unary(s, w, round_current<true>))
EXEC(FrintiH, unary(s, w, round_current<false>))
EXEC(FmulH, binary(s, w, fpu::mul<F16>))
EXEC(FdivH, binary(s, w, fpu::div<F16>))
EXEC(FaddH, binary(s, w, fpu::add<F16>))
EXEC(FsubH, binary(s, w, fpu::sub<F16>))
EXEC(FmaxH, binary(s, w, fpu::max<F16>))
EXEC(FminH, binary(s, w, fpu::min<F16>))
EXEC(FmaxnmH, binary(s, w, fpu::maxnum<F16>))
EXEC(FminnmH, binary(s, w, fpu::minnum<F16>))
EXEC(FnmulH, binary(s, w, nmul))
EXEC(FmaddH, scalar_fma(s, w, false, false))
EXEC(FmsubH, scalar_fma(s, w, true, false))
EXEC(FnmaddH, scalar_fma(s, w, true, true))
EXEC(FnmsubH, scalar_fma(s, w, false, true))

// ---- halves to singles
EXEC(Fmlal, widening_fma(s, w, false, false, false))
EXEC(Fmlal2, widening_fma(s, w, false, true, false))
EXEC(FmlalElem, widening_fma(s, w, true, false, false))
EXEC(Fmlal2Elem, widening_fma(s, w, true, true, false))
EXEC(Fmlsl, widening_fma(s, w, false, false, true))
EXEC(Fmlsl2, widening_fma(s, w, false, true, true))
EXEC(FmlslElem, widening_fma(s, w, true, false, true))
EXEC(Fmlsl2Elem, widening_fma(s, w, true, true, true))

// ---- complex numbers
EXEC(FcaddH, add_complex(s, w, e.get<'r'>()))
EXEC(FcmlaH, fma_complex(s, w, w.m(), e.get<'r'>(), -1))
EXEC(FcmlaElemH, {
  const unsigned element = e.get<'h'>() << 1 | e.get<'l'>();
  fma_complex(s, w, w.m(), e.get<'r'>(), static_cast<int>(element));
})

// ---- bfloat16
EXEC(Bfdot, bfloat_dots(s, w, -1))
EXEC(BfdotElem, bfloat_dots(s, w, static_cast<int>((w.w >> 11 & 1) << 1 | (w.w >> 21 & 1))))
EXEC(Bfmmla, bfloat_matrix(s, w))

}  // namespace xarch::arm
