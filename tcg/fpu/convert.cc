// Conversions between formats.
#include "tcg/fpu/fpu.h"
#include "tcg/fpu/parts.h"

namespace xarch::fpu {

namespace {

// A NaN keeps its sign and the highest bits of its payload and becomes quiet.
template <typename To, typename From>
BitsOf<To> convert_nan(Env& e, BitsOf<From> a) {
  const Rules& rules = *e.rules;
  if constexpr (!To::kSpecials) {  // there is none: zero, Invalid
    e.raise(kInvalid);
    return signed_zero<To>(From::negative(a));
  }
  const bool signalling = is_signalling<From>(rules, a);
  if (signalling) e.raise(kInvalid);
  if (e.default_nan || rules.nan == NanChoice::kDefault ||
      (signalling && rules.nan == NanChoice::kSignallingDefaults))
    return default_nan<To>(rules);
  // The fraction below the integer bit, aligned at the top of 128 bits.
  U128 fraction = static_cast<U128>(a & From::kFractionMask) << (129 - From::kPrecision);
  if (!rules.signalling_bit) fraction |= U128{1} << 127;
  const auto moved = static_cast<BitsOf<To>>(fraction >> (129 - To::kPrecision));
  if (moved == 0) return default_nan<To>(rules);
  return static_cast<BitsOf<To>>(signed_inf<To>(From::negative(a)) | moved);
}

}  // namespace

template <typename To, typename From>
BitsOf<To> convert(Env& e, BitsOf<From> a) {
  const Parts<From> x = unpack<From>(e, a, Use::kConversion);
  switch (x.kind) {
    case Kind::kBad:
      if constexpr (To::kSpecials) return invalid<To>(e);
      return convert_nan<To, From>(e, a);
    case Kind::kNan: return convert_nan<To, From>(e, a);
    case Kind::kZero: return signed_zero<To>(x.sign);
    case Kind::kInf:
      if constexpr (!To::kSpecials) return overflow<To>(e, x.sign, e.rounding, Use::kConversion);
      return signed_inf<To>(x.sign);
    case Kind::kFinite: break;
  }
  if constexpr (!From::kExplicit) note_denormals(e, x);  // x87's stores do not raise it
  const typename From::Wide sig = x.sig << (kWidth<typename From::Wide> - From::kPrecision);
  return round_pack<To>(e, x.sign, x.exp, align_top<typename To::Wide>(sig), e.rounding, Use::kConversion);
}

#define TO_FROM(To, From) template To::Bits convert<To, From>(Env&, From::Bits);
#define FROM_ALL(To) \
  TO_FROM(To, F16)   \
  TO_FROM(To, F16Alt) TO_FROM(To, BF16) TO_FROM(To, F32) TO_FROM(To, F64) TO_FROM(To, F80) TO_FROM(To, F128)
XARCH_FPU_FORMATS(FROM_ALL)
FROM_ALL(F16Alt)
#undef FROM_ALL
#undef TO_FROM

}  // namespace xarch::fpu
