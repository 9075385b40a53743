// The floating-point instructions of a64_helped.def: estimates and their rare kin, on tcg/fpu.
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

namespace xarch::arm {

namespace {

using fpu::Env;
using fpu::F32;
using fpu::F64;

// single or wide (env, n, m) on lanes.
template <typename Single, typename Wide>
void fp_lanes(Arm64State& s, VecWord w, Single single, Wide wide) {
  ArmEnv env(s);
  const bool z = w.fp_size() == 3;
  each_lane(s, w, w.fp_size(), [&](unsigned i) -> uint64_t {
    const Vector &n = s.v(w.n()), &m = s.v(w.m());
    return z ? wide(env, n.d[i], m.d[i]) : single(env, n.s[i], m.s[i]);
  });
}
void recip_estimate(Arm64State& s, VecWord w) {
  fp_lanes(
      s, w, [](Env& e, uint32_t n, uint32_t) { return fpu::recip_estimate<F32>(e, n); },
      [](Env& e, uint64_t n, uint64_t) { return fpu::recip_estimate<F64>(e, n); });
}
void rsqrt_estimate(Arm64State& s, VecWord w) {
  fp_lanes(
      s, w, [](Env& e, uint32_t n, uint32_t) { return fpu::rsqrt_estimate<F32>(e, n); },
      [](Env& e, uint64_t n, uint64_t) { return fpu::rsqrt_estimate<F64>(e, n); });
}
void recip_exponent(Arm64State& s, VecWord w) {
  fp_lanes(
      s, w, [](Env& e, uint32_t n, uint32_t) { return fpu::recip_exponent<F32>(e, n); },
      [](Env& e, uint64_t n, uint64_t) { return fpu::recip_exponent<F64>(e, n); });
}
void narrow_to_odd(Arm64State& s, VecWord w) {
  ArmEnv env(s);
  env.rounding = fpu::Rounding::kOdd;
  narrow_lanes(s, w, 2, [&](unsigned i) { return fpu::convert<F32, F64>(env, s.v(w.n()).d[i]); });
}

}  // namespace

EXEC(FrecpeV, recip_estimate(s, w))
EXEC(FrecpeScalar, recip_estimate(s, w))
EXEC(FrsqrteV, rsqrt_estimate(s, w))
EXEC(FrsqrteScalar, rsqrt_estimate(s, w))
EXEC(FrecpxScalar, recip_exponent(s, w))
EXEC(FcvtxnV, narrow_to_odd(s, w))
EXEC(FcvtxnScalar, narrow_to_odd(s, w))

}  // namespace xarch::arm
