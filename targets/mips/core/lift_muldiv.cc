// Multiplication and division, HI and LO.
#include "targets/mips/core/lifter.h"

namespace xarch::mips {

using ir::Op;
using ir::Type;

void Lifter::mfhi(Rd d) { set_gpr(d.n, b_.get(kHi)); }
void Lifter::mflo(Rd d) { set_gpr(d.n, b_.get(kLo)); }
void Lifter::mthi(Rs s) { b_.put(kHi, gpr(s.n)); }
void Lifter::mtlo(Rs s) { b_.put(kLo, gpr(s.n)); }

void Lifter::set_hi_lo(Value product) {
  b_.put(kLo, b_.trunc(product, Type::kI32));
  b_.put(kHi, b_.trunc(b_.shr_u(product, 32), Type::kI32));
}

// accumulate: 0, or 1 and -1 to add the product to HI:LO or subtract it.
void Lifter::multiply(Rs s, Rt t, bool sign, int accumulate) {
  auto widen = [&](Value v) { return sign ? b_.sext(v, Type::kI64) : b_.zext(v, Type::kI64); };
  Value product = b_.mul(widen(gpr(s.n)), widen(gpr(t.n)));
  if (accumulate != 0) {
    Value hi = b_.shl(b_.zext(b_.get(kHi), Type::kI64), 32);
    Value old = b_.or_(hi, b_.zext(b_.get(kLo), Type::kI64));
    product = accumulate > 0 ? b_.add(old, product) : b_.sub(old, product);
  }
  set_hi_lo(product);
}

void Lifter::mult(Rs s, Rt t) { multiply(s, t, true, 0); }
void Lifter::multu(Rs s, Rt t) { multiply(s, t, false, 0); }
void Lifter::madd(Rs s, Rt t) { multiply(s, t, true, 1); }
void Lifter::maddu(Rs s, Rt t) { multiply(s, t, false, 1); }
void Lifter::msub(Rs s, Rt t) { multiply(s, t, true, -1); }
void Lifter::msubu(Rs s, Rt t) { multiply(s, t, false, -1); }

// HI and LO are unpredictable afterwards; they stay as they are.
void Lifter::mul(Rs s, Rt t, Rd d) { set_gpr(d.n, b_.mul(gpr(s.n), gpr(t.n))); }

// Division by zero is unpredictable: LO and HI get what the IR's division says.
void Lifter::div(Rs s, Rt t) {
  Value a = gpr(s.n), b = gpr(t.n);
  b_.put(kLo, b_.binary(Op::kDivS, a, b));
  b_.put(kHi, b_.binary(Op::kRemS, a, b));
}
void Lifter::divu(Rs s, Rt t) {
  Value a = gpr(s.n), b = gpr(t.n);
  b_.put(kLo, b_.binary(Op::kDivU, a, b));
  b_.put(kHi, b_.binary(Op::kRemU, a, b));
}

}  // namespace xarch::mips
