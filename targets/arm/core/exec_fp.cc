// Floating-point vector instructions executed by C++.
#include "targets/arm/core/exec.h"

namespace xarch::arm {

namespace {

// A context that hands its flags to FPSR at its end.
struct Context : FpContext {
  explicit Context(Arm64State& s) : FpContext{s.fpcr, 0, static_cast<uint32_t>(s.fpsr)}, state(s) {}
  ~Context() { state.fpsr |= flags; }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Arm64State& state;
};

template <typename B>
B absolute(B v) {
  return v & ~FpBits<B>::kSign;
}
template <typename B>
B mask(B, bool on) {
  return on ? ~B{0} : B{0};
}

// f(context, n, m, d) on lanes of single or double precision. element: index of m's lane, or -1.
template <typename Fn>
void fp_lanes_of(Arm64State& s, VecWord w, unsigned m, int element, Fn f) {
  Context c(s);
  const unsigned z = w.fp_size();
  each_lane(s, w, z, [&](unsigned i) -> uint64_t {
    const unsigned j = element < 0 ? i : static_cast<unsigned>(element);
    const Vector &n = s.v(w.n()), &d = s.v(w.d()), &mv = s.v(m);
    return z == 3 ? f(c, n.d[i], mv.d[j], d.d[i]) : f(c, n.s[i], mv.s[j], d.s[i]);
  });
}
template <typename Fn>
void fp_lanes(Arm64State& s, VecWord w, Fn f) {
  fp_lanes_of(s, w, w.m(), -1, f);
}
template <typename Fn>
void fp_lanes_by_element(Arm64State& s, VecWord w, Fn f) {
  const unsigned h = w.w >> 11 & 1, l = w.w >> 21 & 1;
  fp_lanes_of(s, w, w.m(), static_cast<int>(w.fp_size() == 3 ? h : h << 1 | l), f);
}
template <typename Fn>
void fp_unary(Arm64State& s, VecWord w, Fn f) {
  fp_lanes_of(s, w, w.n(), -1, [&](FpContext& c, auto a, auto, auto) { return f(c, a); });
}

uint64_t apply(FpContext& c, FpOp op, unsigned size, uint64_t a, uint64_t b) {
  return size == 3 ? fp_binary<uint64_t>(c, op, a, b)
                   : fp_binary<uint32_t>(c, op, static_cast<uint32_t>(a), static_cast<uint32_t>(b));
}

void fp_pairwise(Arm64State& s, VecWord w, FpOp op) {
  Context c(s);
  const unsigned z = w.fp_size(), half = w.lanes(z) / 2;
  each_lane(s, w, z, [&](unsigned i) {
    const Vector& from = s.v(i < half ? w.n() : w.m());
    const unsigned at = 2 * (i % half);
    return apply(c, op, z, lane(from, z, at), lane(from, z, at + 1));
  });
}
void fp_pair_scalar(Arm64State& s, VecWord w, FpOp op) {
  Context c(s);
  const unsigned z = w.fp_size();
  const Vector n = s.v(w.n());
  each_lane(s, w, z, [&](unsigned) { return apply(c, op, z, lane(n, z, 0), lane(n, z, 1)); });
}
// Four lanes of single precision, halves first.
void fp_across(Arm64State& s, VecWord w, FpOp op) {
  Context c(s);
  const Vector n = s.v(w.n());
  const uint64_t low = apply(c, op, 2, n.s[0], n.s[1]), high = apply(c, op, 2, n.s[2], n.s[3]);
  Vector out{};
  out.s[0] = static_cast<uint32_t>(apply(c, op, 2, low, high));
  s.v(w.d()) = out;
}

void fp_to_int_lanes(Arm64State& s, VecWord w, Rounding r, bool is_unsigned, unsigned size,
                     unsigned fraction) {
  Context c(s);
  each_lane(s, w, size, [&](unsigned i) {
    const Vector& n = s.v(w.n());
    return size == 3 ? fp_to_int(c, n.d[i], r, 64, is_unsigned, fraction)
                     : fp_to_int(c, n.s[i], r, 32, is_unsigned, fraction);
  });
}
void fp_from_int_lanes(Arm64State& s, VecWord w, bool is_unsigned, unsigned size, unsigned fraction) {
  Context c(s);
  each_lane(s, w, size, [&](unsigned i) -> uint64_t {
    const uint64_t v = static_cast<uint64_t>(number(s.v(w.n()), size, i, is_unsigned));
    return size == 3 ? fp_from_int<uint64_t>(c, v, is_unsigned, fraction)
                     : fp_from_int<uint32_t>(c, v, is_unsigned, fraction);
  });
}

void fp_narrow(Arm64State& s, VecWord w, bool to_odd) {
  Context c(s);
  const bool from_double = w.w >> 22 & 1;
  const unsigned z = from_double ? 2 : 1;
  narrow_lanes(s, w, z, [&](unsigned i) -> uint64_t {
    const uint64_t v = lane(s.v(w.n()), z + 1, i);
    if (to_odd) return fp_convert_odd(c, v);
    return from_double ? fp_convert(c, v, 0, 1) : fp_convert(c, v, 3, 0);
  });
}
void fp_lengthen(Arm64State& s, VecWord w) {
  Context c(s);
  const bool to_double = w.w >> 22 & 1;
  const unsigned z = to_double ? 2 : 1;
  wide_lanes(s, w, z, [&](unsigned from, unsigned) {
    const uint64_t v = lane(s.v(w.n()), z, from);
    return to_double ? fp_convert(c, v, 1, 0) : fp_convert(c, v, 0, 3);
  });
}

}  // namespace

template <>
void exec<Insn::kFaddV>(Arm64State& s, Enc<Insn::kFaddV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kAdd, a, b); });
}
template <>
void exec<Insn::kFsubV>(Arm64State& s, Enc<Insn::kFsubV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kSub, a, b); });
}
template <>
void exec<Insn::kFmulV>(Arm64State& s, Enc<Insn::kFmulV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMul, a, b); });
}
template <>
void exec<Insn::kFdivV>(Arm64State& s, Enc<Insn::kFdivV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kDiv, a, b); });
}
template <>
void exec<Insn::kFmaxV>(Arm64State& s, Enc<Insn::kFmaxV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMax, a, b); });
}
template <>
void exec<Insn::kFminV>(Arm64State& s, Enc<Insn::kFminV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMin, a, b); });
}
template <>
void exec<Insn::kFmaxnmV>(Arm64State& s, Enc<Insn::kFmaxnmV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMaxNm, a, b); });
}
template <>
void exec<Insn::kFminnmV>(Arm64State& s, Enc<Insn::kFminnmV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMinNm, a, b); });
}
template <>
void exec<Insn::kFmulxV>(Arm64State& s, Enc<Insn::kFmulxV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMulx, a, b); });
}
template <>
void exec<Insn::kFmulxScalar>(Arm64State& s, Enc<Insn::kFmulxScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMulx, a, b); });
}
template <>
void exec<Insn::kFabdV>(Arm64State& s, Enc<Insn::kFabdV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kAbd, a, b); });
}
template <>
void exec<Insn::kFabdScalar>(Arm64State& s, Enc<Insn::kFabdScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kAbd, a, b); });
}
template <>
void exec<Insn::kFrecpsV>(Arm64State& s, Enc<Insn::kFrecpsV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kRecps, a, b); });
}
template <>
void exec<Insn::kFrecpsScalar>(Arm64State& s, Enc<Insn::kFrecpsScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kRecps, a, b); });
}
template <>
void exec<Insn::kFrsqrtsV>(Arm64State& s, Enc<Insn::kFrsqrtsV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kRsqrts, a, b); });
}
template <>
void exec<Insn::kFrsqrtsScalar>(Arm64State& s, Enc<Insn::kFrsqrtsScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kRsqrts, a, b); });
}
template <>
void exec<Insn::kFmlaV>(Arm64State& s, Enc<Insn::kFmlaV> e) {
  fp_lanes(s, {e.word},
           [](FpContext& c, auto a, auto b, auto d) { return fp_fma(c, d, static_cast<decltype(a)>(a), b); });
}
template <>
void exec<Insn::kFmlaElem>(Arm64State& s, Enc<Insn::kFmlaElem> e) {
  fp_lanes_by_element(s, {e.word}, [](FpContext& c, auto a, auto b, auto d) {
    return fp_fma(c, d, static_cast<decltype(a)>(a), b);
  });
}
template <>
void exec<Insn::kFmlaElemScalar>(Arm64State& s, Enc<Insn::kFmlaElemScalar> e) {
  fp_lanes_by_element(s, {e.word}, [](FpContext& c, auto a, auto b, auto d) {
    return fp_fma(c, d, static_cast<decltype(a)>(a), b);
  });
}
template <>
void exec<Insn::kFmlsV>(Arm64State& s, Enc<Insn::kFmlsV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto d) {
    return fp_fma(c, d, static_cast<decltype(a)>(a ^ FpBits<decltype(a)>::kSign), b);
  });
}
template <>
void exec<Insn::kFmlsElem>(Arm64State& s, Enc<Insn::kFmlsElem> e) {
  fp_lanes_by_element(s, {e.word}, [](FpContext& c, auto a, auto b, auto d) {
    return fp_fma(c, d, static_cast<decltype(a)>(a ^ FpBits<decltype(a)>::kSign), b);
  });
}
template <>
void exec<Insn::kFmlsElemScalar>(Arm64State& s, Enc<Insn::kFmlsElemScalar> e) {
  fp_lanes_by_element(s, {e.word}, [](FpContext& c, auto a, auto b, auto d) {
    return fp_fma(c, d, static_cast<decltype(a)>(a ^ FpBits<decltype(a)>::kSign), b);
  });
}
template <>
void exec<Insn::kFmulElem>(Arm64State& s, Enc<Insn::kFmulElem> e) {
  fp_lanes_by_element(s, {e.word},
                      [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMul, a, b); });
}
template <>
void exec<Insn::kFmulElemScalar>(Arm64State& s, Enc<Insn::kFmulElemScalar> e) {
  fp_lanes_by_element(s, {e.word},
                      [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMul, a, b); });
}
template <>
void exec<Insn::kFmulxElem>(Arm64State& s, Enc<Insn::kFmulxElem> e) {
  fp_lanes_by_element(s, {e.word},
                      [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMulx, a, b); });
}
template <>
void exec<Insn::kFmulxElemScalar>(Arm64State& s, Enc<Insn::kFmulxElemScalar> e) {
  fp_lanes_by_element(s, {e.word},
                      [](FpContext& c, auto a, auto b, auto) { return fp_binary(c, FpOp::kMulx, a, b); });
}
template <>
void exec<Insn::kFcmeqV>(Arm64State& s, Enc<Insn::kFcmeqV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, false);
    return mask(a, f == 6);
  });
}
template <>
void exec<Insn::kFcmeqScalar>(Arm64State& s, Enc<Insn::kFcmeqScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, false);
    return mask(a, f == 6);
  });
}
template <>
void exec<Insn::kFcmgeV>(Arm64State& s, Enc<Insn::kFcmgeV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFcmgeScalar>(Arm64State& s, Enc<Insn::kFcmgeScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFcmgtV>(Arm64State& s, Enc<Insn::kFcmgtV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFcmgtScalar>(Arm64State& s, Enc<Insn::kFcmgtScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, a, b, true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFacgeV>(Arm64State& s, Enc<Insn::kFacgeV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, absolute(a), absolute(b), true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFacgeScalar>(Arm64State& s, Enc<Insn::kFacgeScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, absolute(a), absolute(b), true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFacgtV>(Arm64State& s, Enc<Insn::kFacgtV> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, absolute(a), absolute(b), true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFacgtScalar>(Arm64State& s, Enc<Insn::kFacgtScalar> e) {
  fp_lanes(s, {e.word}, [](FpContext& c, auto a, auto b, auto) {
    const unsigned f = fp_compare(c, absolute(a), absolute(b), true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFcmeqZeroV>(Arm64State& s, Enc<Insn::kFcmeqZeroV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, false);
    return mask(a, f == 6);
  });
}
template <>
void exec<Insn::kFcmeqZeroScalar>(Arm64State& s, Enc<Insn::kFcmeqZeroScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, false);
    return mask(a, f == 6);
  });
}
template <>
void exec<Insn::kFcmgeZeroV>(Arm64State& s, Enc<Insn::kFcmgeZeroV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFcmgeZeroScalar>(Arm64State& s, Enc<Insn::kFcmgeZeroScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 6 || f == 2);
  });
}
template <>
void exec<Insn::kFcmgtZeroV>(Arm64State& s, Enc<Insn::kFcmgtZeroV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFcmgtZeroScalar>(Arm64State& s, Enc<Insn::kFcmgtZeroScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 2);
  });
}
template <>
void exec<Insn::kFcmleZeroV>(Arm64State& s, Enc<Insn::kFcmleZeroV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 6 || f == 8);
  });
}
template <>
void exec<Insn::kFcmleZeroScalar>(Arm64State& s, Enc<Insn::kFcmleZeroScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 6 || f == 8);
  });
}
template <>
void exec<Insn::kFcmltZeroV>(Arm64State& s, Enc<Insn::kFcmltZeroV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 8);
  });
}
template <>
void exec<Insn::kFcmltZeroScalar>(Arm64State& s, Enc<Insn::kFcmltZeroScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) {
    const unsigned f = fp_compare(c, a, decltype(a){0}, true);
    return mask(a, f == 8);
  });
}
template <>
void exec<Insn::kFaddpV>(Arm64State& s, Enc<Insn::kFaddpV> e) {
  fp_pairwise(s, {e.word}, FpOp::kAdd);
}
template <>
void exec<Insn::kFaddpScalar>(Arm64State& s, Enc<Insn::kFaddpScalar> e) {
  fp_pair_scalar(s, {e.word}, FpOp::kAdd);
}
template <>
void exec<Insn::kFmaxpV>(Arm64State& s, Enc<Insn::kFmaxpV> e) {
  fp_pairwise(s, {e.word}, FpOp::kMax);
}
template <>
void exec<Insn::kFmaxpScalar>(Arm64State& s, Enc<Insn::kFmaxpScalar> e) {
  fp_pair_scalar(s, {e.word}, FpOp::kMax);
}
template <>
void exec<Insn::kFminpV>(Arm64State& s, Enc<Insn::kFminpV> e) {
  fp_pairwise(s, {e.word}, FpOp::kMin);
}
template <>
void exec<Insn::kFminpScalar>(Arm64State& s, Enc<Insn::kFminpScalar> e) {
  fp_pair_scalar(s, {e.word}, FpOp::kMin);
}
template <>
void exec<Insn::kFmaxnmpV>(Arm64State& s, Enc<Insn::kFmaxnmpV> e) {
  fp_pairwise(s, {e.word}, FpOp::kMaxNm);
}
template <>
void exec<Insn::kFmaxnmpScalar>(Arm64State& s, Enc<Insn::kFmaxnmpScalar> e) {
  fp_pair_scalar(s, {e.word}, FpOp::kMaxNm);
}
template <>
void exec<Insn::kFminnmpV>(Arm64State& s, Enc<Insn::kFminnmpV> e) {
  fp_pairwise(s, {e.word}, FpOp::kMinNm);
}
template <>
void exec<Insn::kFminnmpScalar>(Arm64State& s, Enc<Insn::kFminnmpScalar> e) {
  fp_pair_scalar(s, {e.word}, FpOp::kMinNm);
}
template <>
void exec<Insn::kFmaxv>(Arm64State& s, Enc<Insn::kFmaxv> e) {
  fp_across(s, {e.word}, FpOp::kMax);
}
template <>
void exec<Insn::kFminv>(Arm64State& s, Enc<Insn::kFminv> e) {
  fp_across(s, {e.word}, FpOp::kMin);
}
template <>
void exec<Insn::kFmaxnmv>(Arm64State& s, Enc<Insn::kFmaxnmv> e) {
  fp_across(s, {e.word}, FpOp::kMaxNm);
}
template <>
void exec<Insn::kFminnmv>(Arm64State& s, Enc<Insn::kFminnmv> e) {
  fp_across(s, {e.word}, FpOp::kMinNm);
}
template <>
void exec<Insn::kFrintnV>(Arm64State& s, Enc<Insn::kFrintnV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, Rounding::kNearest, false); });
}
template <>
void exec<Insn::kFcvtnsV>(Arm64State& s, Enc<Insn::kFcvtnsV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kNearest, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtnsScalar>(Arm64State& s, Enc<Insn::kFcvtnsScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kNearest, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtnuV>(Arm64State& s, Enc<Insn::kFcvtnuV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kNearest, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtnuScalar>(Arm64State& s, Enc<Insn::kFcvtnuScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kNearest, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFrintpV>(Arm64State& s, Enc<Insn::kFrintpV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, Rounding::kUp, false); });
}
template <>
void exec<Insn::kFcvtpsV>(Arm64State& s, Enc<Insn::kFcvtpsV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kUp, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtpsScalar>(Arm64State& s, Enc<Insn::kFcvtpsScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kUp, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtpuV>(Arm64State& s, Enc<Insn::kFcvtpuV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kUp, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtpuScalar>(Arm64State& s, Enc<Insn::kFcvtpuScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kUp, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFrintmV>(Arm64State& s, Enc<Insn::kFrintmV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, Rounding::kDown, false); });
}
template <>
void exec<Insn::kFcvtmsV>(Arm64State& s, Enc<Insn::kFcvtmsV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kDown, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtmsScalar>(Arm64State& s, Enc<Insn::kFcvtmsScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kDown, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtmuV>(Arm64State& s, Enc<Insn::kFcvtmuV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kDown, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtmuScalar>(Arm64State& s, Enc<Insn::kFcvtmuScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kDown, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFrintzV>(Arm64State& s, Enc<Insn::kFrintzV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, Rounding::kZero, false); });
}
template <>
void exec<Insn::kFcvtzsV>(Arm64State& s, Enc<Insn::kFcvtzsV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kZero, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtzsScalar>(Arm64State& s, Enc<Insn::kFcvtzsScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kZero, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtzuV>(Arm64State& s, Enc<Insn::kFcvtzuV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kZero, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtzuScalar>(Arm64State& s, Enc<Insn::kFcvtzuScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kZero, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFrintaV>(Arm64State& s, Enc<Insn::kFrintaV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, Rounding::kAway, false); });
}
template <>
void exec<Insn::kFcvtasV>(Arm64State& s, Enc<Insn::kFcvtasV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kAway, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtasScalar>(Arm64State& s, Enc<Insn::kFcvtasScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kAway, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtauV>(Arm64State& s, Enc<Insn::kFcvtauV> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kAway, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFcvtauScalar>(Arm64State& s, Enc<Insn::kFcvtauScalar> e) {
  fp_to_int_lanes(s, {e.word}, Rounding::kAway, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kFrintxV>(Arm64State& s, Enc<Insn::kFrintxV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, c.rounding(), true); });
}
template <>
void exec<Insn::kFrintiV>(Arm64State& s, Enc<Insn::kFrintiV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_round(c, a, c.rounding(), false); });
}
template <>
void exec<Insn::kScvtfV>(Arm64State& s, Enc<Insn::kScvtfV> e) {
  fp_from_int_lanes(s, {e.word}, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kScvtfScalar>(Arm64State& s, Enc<Insn::kScvtfScalar> e) {
  fp_from_int_lanes(s, {e.word}, false, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kScvtfFixed>(Arm64State& s, Enc<Insn::kScvtfFixed> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_from_int_lanes(s, w, false, z, w.right(z));
}
template <>
void exec<Insn::kScvtfFixedScalar>(Arm64State& s, Enc<Insn::kScvtfFixedScalar> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_from_int_lanes(s, w, false, z, w.right(z));
}
template <>
void exec<Insn::kFcvtzsFixed>(Arm64State& s, Enc<Insn::kFcvtzsFixed> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_to_int_lanes(s, w, Rounding::kZero, false, z, w.right(z));
}
template <>
void exec<Insn::kFcvtzsFixedScalar>(Arm64State& s, Enc<Insn::kFcvtzsFixedScalar> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_to_int_lanes(s, w, Rounding::kZero, false, z, w.right(z));
}
template <>
void exec<Insn::kUcvtfV>(Arm64State& s, Enc<Insn::kUcvtfV> e) {
  fp_from_int_lanes(s, {e.word}, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kUcvtfScalar>(Arm64State& s, Enc<Insn::kUcvtfScalar> e) {
  fp_from_int_lanes(s, {e.word}, true, VecWord{e.word}.fp_size(), 0);
}
template <>
void exec<Insn::kUcvtfFixed>(Arm64State& s, Enc<Insn::kUcvtfFixed> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_from_int_lanes(s, w, true, z, w.right(z));
}
template <>
void exec<Insn::kUcvtfFixedScalar>(Arm64State& s, Enc<Insn::kUcvtfFixedScalar> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_from_int_lanes(s, w, true, z, w.right(z));
}
template <>
void exec<Insn::kFcvtzuFixed>(Arm64State& s, Enc<Insn::kFcvtzuFixed> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_to_int_lanes(s, w, Rounding::kZero, true, z, w.right(z));
}
template <>
void exec<Insn::kFcvtzuFixedScalar>(Arm64State& s, Enc<Insn::kFcvtzuFixedScalar> e) {
  const VecWord w{e.word};
  const unsigned z = w.imm_size();
  fp_to_int_lanes(s, w, Rounding::kZero, true, z, w.right(z));
}
template <>
void exec<Insn::kFrecpeV>(Arm64State& s, Enc<Insn::kFrecpeV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_recip_estimate(c, a); });
}
template <>
void exec<Insn::kFrecpeScalar>(Arm64State& s, Enc<Insn::kFrecpeScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_recip_estimate(c, a); });
}
template <>
void exec<Insn::kFrsqrteV>(Arm64State& s, Enc<Insn::kFrsqrteV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_rsqrt_estimate(c, a); });
}
template <>
void exec<Insn::kFrsqrteScalar>(Arm64State& s, Enc<Insn::kFrsqrteScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_rsqrt_estimate(c, a); });
}
template <>
void exec<Insn::kFrecpxScalar>(Arm64State& s, Enc<Insn::kFrecpxScalar> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_recip_exponent(c, a); });
}
template <>
void exec<Insn::kFsqrtV>(Arm64State& s, Enc<Insn::kFsqrtV> e) {
  fp_unary(s, {e.word}, [](FpContext& c, auto a) { return fp_sqrt(c, a); });
}
template <>
void exec<Insn::kFcvtnV>(Arm64State& s, Enc<Insn::kFcvtnV> e) {
  fp_narrow(s, {e.word}, false);
}
template <>
void exec<Insn::kFcvtxnV>(Arm64State& s, Enc<Insn::kFcvtxnV> e) {
  fp_narrow(s, {e.word}, true);
}
template <>
void exec<Insn::kFcvtxnScalar>(Arm64State& s, Enc<Insn::kFcvtxnScalar> e) {
  fp_narrow(s, {e.word}, true);
}
template <>
void exec<Insn::kFcvtlV>(Arm64State& s, Enc<Insn::kFcvtlV> e) {
  fp_lengthen(s, {e.word});
}
}  // namespace xarch::arm
