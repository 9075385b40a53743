#include "targets/arm/core/fp.h"

#include "targets/arm/core/fp_plain.h"
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/special.h"

namespace xarch::arm {

namespace {

template <typename B>
using Bits = FpBits<B>;
template <typename B>
using Format = std::conditional_t<sizeof(B) == 4, fpu::F32, fpu::F64>;

fpu::Rounding rounding_of(Rounding r) {
  switch (r) {
    case Rounding::kNearest: return fpu::Rounding::kNearest;
    case Rounding::kUp: return fpu::Rounding::kUp;
    case Rounding::kDown: return fpu::Rounding::kDown;
    case Rounding::kZero: return fpu::Rounding::kZero;
    case Rounding::kAway: return fpu::Rounding::kAway;
  }
  return fpu::Rounding::kNearest;
}

// FPCR's modes for one operation; its flags go to the context at the end.
class Software {
 public:
  explicit Software(FpContext& c)
      : context_(c),
        env_{.rules = &fpu::kArmRules,
             .rounding = rounding_of(c.rounding()),
             .default_nan = c.default_nan(),
             .flush_inputs = c.flush(),
             .flush_outputs = c.flush()} {}
  ~Software() {
    const uint32_t f = env_.flags;
    context_.flags |= (f & fpu::kInvalid ? kIoc : 0u) | (f & fpu::kDivideByZero ? kDzc : 0u) |
                      (f & fpu::kOverflow ? kOfc : 0u) | (f & fpu::kUnderflow ? kUfc : 0u) |
                      (f & fpu::kInexact ? kIxc : 0u) | (f & fpu::kDenormal ? kIdc : 0u);
  }
  Software(const Software&) = delete;
  Software& operator=(const Software&) = delete;

  operator fpu::Env&() { return env_; }  // NOLINT: it stands for one
  fpu::Env* operator->() { return &env_; }

 private:
  FpContext& context_;
  fpu::Env env_;
};

template <typename B>
bool plain_binary(FpContext& c, FpOp op, B a, B b, B* out) {
  if (!PlainFp<B>::applies(c)) return false;
  switch (op) {
    case FpOp::kAdd: return PlainFp<B>::add(c, a, b, out);
    case FpOp::kSub: return PlainFp<B>::add(c, a, b ^ Bits<B>::kSign, out);
    case FpOp::kMul: return PlainFp<B>::mul(c, a, b, out);
    case FpOp::kDiv: return PlainFp<B>::div(c, a, b, out);
    default: return false;
  }
}

}  // namespace

template <typename B>
B fp_binary(FpContext& c, FpOp op, B a, B b) {
  using F = Format<B>;
  if (B r; plain_binary(c, op, a, b, &r)) return r;
  Software e(c);
  switch (op) {
    case FpOp::kAdd: return fpu::add<F>(e, a, b);
    case FpOp::kSub: return fpu::sub<F>(e, a, b);
    case FpOp::kMul: return fpu::mul<F>(e, a, b);
    case FpOp::kDiv: return fpu::div<F>(e, a, b);
    case FpOp::kMax: return fpu::max<F>(e, a, b);
    case FpOp::kMin: return fpu::min<F>(e, a, b);
    case FpOp::kMaxNm: return fpu::maxnum<F>(e, a, b);
    case FpOp::kMinNm: return fpu::minnum<F>(e, a, b);
    case FpOp::kNmul: return fpu::mul<F>(e, a, b) ^ Bits<B>::kSign;
    case FpOp::kMulx: return fpu::mulx<F>(e, a, b);
    case FpOp::kAbd: return fpu::sub<F>(e, a, b) & ~Bits<B>::kSign;
    case FpOp::kRecps: return fpu::recip_step<F>(e, a, b);
    case FpOp::kRsqrts: return fpu::rsqrt_step<F>(e, a, b);
  }
  return 0;
}

template <typename B>
B fp_sqrt(FpContext& c, B a) {
  if (B r; PlainFp<B>::applies(c) && PlainFp<B>::sqrt(c, a, &r)) return r;
  Software e(c);
  return fpu::sqrt<Format<B>>(e, a);
}

template <typename B>
B fp_fma(FpContext& c, B addend, B n, B m) {
  if (B r; PlainFp<B>::applies(c) && PlainFp<B>::fma(c, addend, n, m, &r)) return r;
  Software e(c);
  return fpu::fma<Format<B>>(e, n, m, addend);
}

template <typename B>
unsigned fp_compare(FpContext& c, B a, B b, bool signals) {
  constexpr unsigned kNzcv[] = {8, 6, 2, 3};
  if (!c.flush() && !Bits<B>::nan(a) && !Bits<B>::nan(b)) return PlainFp<B>::compare(a, b);
  Software e(c);
  return kNzcv[static_cast<unsigned>(fpu::compare<Format<B>>(e, a, b, signals))];
}

template <typename B>
B fp_round(FpContext& c, B a, Rounding r, bool exact) {
  Software e(c);
  return fpu::round_to_integral<Format<B>>(e, a, rounding_of(r), exact);
}

template <typename B>
uint64_t fp_to_int(FpContext& c, B a, Rounding r, unsigned bits, bool is_unsigned, unsigned fraction_bits) {
  // What every C program does: toward zero.
  if (uint64_t v; !c.flush() && r == Rounding::kZero && fraction_bits == 0 &&
                  PlainFp<B>::to_int(c, a, bits, is_unsigned, &v))
    return v;
  Software e(c);
  return static_cast<uint64_t>(
      fpu::to_int<Format<B>>(e, a, rounding_of(r), bits, is_unsigned, static_cast<int>(fraction_bits)));
}

template <typename B>
B fp_from_int(FpContext& c, uint64_t v, bool is_unsigned, unsigned fraction_bits) {
  Software e(c);
  const int scale = static_cast<int>(fraction_bits);
  if (is_unsigned) return fpu::from_uint<Format<B>>(e, v, scale);
  return fpu::from_int<Format<B>>(e, static_cast<int64_t>(v), scale);
}

namespace {

// half: F16 or F16Alt.
template <typename Half>
uint64_t convert(fpu::Env& e, uint64_t v, unsigned to, unsigned from) {
  const auto single = static_cast<uint32_t>(v);
  const auto half = static_cast<uint16_t>(v);
  switch (from << 2 | to) {
    case 0 << 2 | 1: return fpu::convert<fpu::F64, fpu::F32>(e, single);
    case 0 << 2 | 3: return fpu::convert<Half, fpu::F32>(e, single);
    case 1 << 2 | 0: return fpu::convert<fpu::F32, fpu::F64>(e, v);
    case 1 << 2 | 3: return fpu::convert<Half, fpu::F64>(e, v);
    case 3 << 2 | 0: return fpu::convert<fpu::F32, Half>(e, half);
    case 3 << 2 | 1: return fpu::convert<fpu::F64, Half>(e, half);
    default: return v;
  }
}

}  // namespace

uint64_t fp_convert(FpContext& c, uint64_t v, unsigned to, unsigned from) {
  Software e(c);
  return c.alternative_half() ? convert<fpu::F16Alt>(e, v, to, from) : convert<fpu::F16>(e, v, to, from);
}

uint32_t fp_convert_odd(FpContext& c, uint64_t v) {
  Software e(c);
  e->rounding = fpu::Rounding::kOdd;
  return fpu::convert<fpu::F32, fpu::F64>(e, v);
}

template <typename B>
B fp_recip_estimate(FpContext& c, B a) {
  Software e(c);
  return fpu::recip_estimate<Format<B>>(e, a);
}
template <typename B>
B fp_rsqrt_estimate(FpContext& c, B a) {
  Software e(c);
  return fpu::rsqrt_estimate<Format<B>>(e, a);
}
template <typename B>
B fp_recip_exponent(FpContext& c, B a) {
  Software e(c);
  return fpu::recip_exponent<Format<B>>(e, a);
}

template uint32_t fp_binary(FpContext&, FpOp, uint32_t, uint32_t);
template uint64_t fp_binary(FpContext&, FpOp, uint64_t, uint64_t);
template uint32_t fp_sqrt(FpContext&, uint32_t);
template uint64_t fp_sqrt(FpContext&, uint64_t);
template uint32_t fp_fma(FpContext&, uint32_t, uint32_t, uint32_t);
template uint64_t fp_fma(FpContext&, uint64_t, uint64_t, uint64_t);
template unsigned fp_compare(FpContext&, uint32_t, uint32_t, bool);
template unsigned fp_compare(FpContext&, uint64_t, uint64_t, bool);
template uint32_t fp_round(FpContext&, uint32_t, Rounding, bool);
template uint64_t fp_round(FpContext&, uint64_t, Rounding, bool);
template uint64_t fp_to_int(FpContext&, uint32_t, Rounding, unsigned, bool, unsigned);
template uint64_t fp_to_int(FpContext&, uint64_t, Rounding, unsigned, bool, unsigned);
template uint32_t fp_from_int(FpContext&, uint64_t, bool, unsigned);
template uint64_t fp_from_int(FpContext&, uint64_t, bool, unsigned);
template uint32_t fp_recip_estimate(FpContext&, uint32_t);
template uint64_t fp_recip_estimate(FpContext&, uint64_t);
template uint32_t fp_rsqrt_estimate(FpContext&, uint32_t);
template uint64_t fp_rsqrt_estimate(FpContext&, uint64_t);
template uint32_t fp_recip_exponent(FpContext&, uint32_t);
template uint64_t fp_recip_exponent(FpContext&, uint64_t);

}  // namespace xarch::arm
