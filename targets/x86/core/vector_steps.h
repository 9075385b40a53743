// The values of vector.def that take more than an operation.
#pragma once

#include "targets/x86/core/lift_vector.h"

namespace xarch::x86 {

inline ir::Value op(Lift& c, ir::Op o, ir::Value a, ir::Value b, unsigned lane) {
  return c.b.vbinary(o, a, b, lane);
}
// PSIGN: a, negated where b is negative, zero where b is zero.
ir::Value sign(Lift& c, ir::Value a, ir::Value b, unsigned lane);
// The operation on neighbouring lanes, of a, then of b.
ir::Value pairs(Lift& c, ir::Op o, ir::Value a, ir::Value b, unsigned lane);
// Shifts by b, or by imm if b is none.
ir::Value shift(Lift& c, ir::Op o, ir::Value a, ir::Value b, unsigned imm, unsigned lane);
// PALIGNR: bytes imm.. of a:b.
ir::Value align(Lift& c, ir::Value a, ir::Value b, unsigned imm);
// PSHUFLW (half 0) and PSHUFHW: the order of lanes of 2 bytes in one half.
ir::Value shuffle2(Lift& c, ir::Value v, unsigned order, unsigned half);

// ---- floating point
// RCPPS and the like: of each f32 of a v128, of a scalar, by a helper for two.
ir::Value estimate4(Lift& c, const ir::HelperDesc& helper, ir::Value a);
ir::Value estimate(Lift& c, const ir::HelperDesc& helper, ir::Value a);
// Masks, by the predicate imm of the compare instructions.
ir::Value compare(Lift& c, ir::Value a, ir::Value b, unsigned imm, unsigned lane);
ir::Value round(Lift& c, ir::Value a, unsigned imm, unsigned lane);
// Even lanes subtracted, odd ones added.
ir::Value add_sub(Lift& c, ir::Value a, ir::Value b, unsigned lane);
ir::Value dot4(Lift& c, ir::Value a, ir::Value b, unsigned imm);
ir::Value dot2(Lift& c, ir::Value a, ir::Value b, unsigned imm);

// ---- cryptography and others
// AESENC and its like, AESKEYGENASSIST, PCLMULQDQ, SHA1NEXTE and the SHA1MSG.
ir::Value aes(Lift& c, ir::Value state, ir::Value key, bool decrypt, bool last);
ir::Value aes_key(Lift& c, ir::Value v, unsigned rcon);
ir::Value carryless(Lift& c, ir::Value a, ir::Value b, unsigned imm);
ir::Value sha1_next(Lift& c, ir::Value a, ir::Value b);
ir::Value sha1_message1(Lift& c, ir::Value a, ir::Value b);
ir::Value sha1_message2(Lift& c, ir::Value a, ir::Value b);
// PHMINPOSUW, MPSADBW.
ir::Value min_position(Lift& c, ir::Value a);
ir::Value sums_of_differences(Lift& c, ir::Value a, ir::Value b, unsigned imm);

}  // namespace xarch::x86
