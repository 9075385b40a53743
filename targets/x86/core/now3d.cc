#include "targets/x86/core/now3d.h"

#include <algorithm>

#include "tcg/fpu/fpu.h"

namespace xarch::x86 {

namespace {

using fpu::F32;
using fpu::Relation;

constexpr uint32_t kSign = 1u << 31, kLargest = 0x7f7fffff, kInfinity = 0x7f800000;
constexpr uint32_t kOne = 0x3f800000, kTwo = 0x40000000, kThree = 0x40400000, kHalf = 0x3f000000;

fpu::Env environment() {
  fpu::Env e;
  e.rules = &fpu::kX86Rules;
  e.flush_inputs = e.flush_outputs = true;
  return e;
}
// There are no infinities.
uint32_t bounded(uint32_t v) { return (v & ~kSign) == kInfinity ? (v & kSign) | kLargest : v; }

uint32_t add(uint32_t a, uint32_t b) {
  fpu::Env e = environment();
  return bounded(fpu::add<F32>(e, a, b));
}
uint32_t sub(uint32_t a, uint32_t b) { return add(a, b ^ kSign); }
uint32_t mul(uint32_t a, uint32_t b) {
  fpu::Env e = environment();
  return bounded(fpu::mul<F32>(e, a, b));
}
Relation compare(uint32_t a, uint32_t b) {
  fpu::Env e = environment();
  return fpu::compare<F32>(e, a, b, false);
}
uint32_t mask(bool v) { return v ? ~0u : 0; }

bool is_zero(uint32_t v) { return (v & kInfinity) == 0; }
// Zeros that come out are positive.
uint32_t positive_zero(uint32_t v) { return is_zero(v) ? 0 : v; }

uint32_t from_int(int32_t v) {
  fpu::Env e = environment();
  e.rounding = fpu::Rounding::kZero;
  return fpu::from_int<F32>(e, v);
}
// Truncated, as a number of `bits`.
uint32_t to_int(uint32_t v, unsigned bits) {
  const int exponent = static_cast<int>(v >> 23 & 0xff) - 127;
  const int64_t most = (int64_t{1} << (bits - 1)) - 1;
  if (exponent < 0) return 0;
  int64_t n = most + 1;
  if (exponent < 31) {
    n = int64_t{1} << 23 | (v & 0x7fffff);
    n = exponent > 23 ? n << (exponent - 23) : n >> (23 - exponent);
  }
  return static_cast<uint32_t>(v & kSign ? std::max(-n, -most - 1) : std::min(n, most));
}

uint32_t reciprocal(uint32_t v) {
  if (is_zero(v)) return (v & kSign) | kLargest;
  fpu::Env e = environment();
  return bounded(fpu::div<F32>(e, kOne, v));
}
// Of the magnitude; the sign stays.
uint32_t reciprocal_root(uint32_t v) {
  if (is_zero(v)) return (v & kSign) | kLargest;
  fpu::Env e = environment();
  return (v & kSign) | bounded(fpu::div<F32>(e, kOne, fpu::sqrt<F32>(e, v & ~kSign)));
}

// One of the two numbers, of the same one of each operand.
uint32_t lane(uint8_t opcode, uint32_t a, uint32_t b) {
  switch (opcode) {
    case 0x0c: return from_int(static_cast<int16_t>(b));  // pi2fw
    case 0x0d: return from_int(static_cast<int32_t>(b));  // pi2fd
    case 0x1c: return to_int(b, 16);                      // pf2iw
    case 0x1d: return to_int(b, 32);                      // pf2id
    case 0x90: {                                          // pfcmpge
      const Relation r = compare(a, b);
      return mask(r == Relation::kGreater || r == Relation::kEqual);
    }
    case 0xa0: return mask(compare(a, b) == Relation::kGreater);                   // pfcmpgt
    case 0xb0: return mask(compare(a, b) == Relation::kEqual);                     // pfcmpeq
    case 0x94: return positive_zero(compare(a, b) == Relation::kLess ? a : b);     // pfmin
    case 0xa4: return positive_zero(compare(a, b) == Relation::kGreater ? a : b);  // pfmax
    case 0x9a: return sub(a, b);                                                   // pfsub
    case 0xaa: return sub(b, a);                                                   // pfsubr
    case 0x9e: return add(a, b);                                                   // pfadd
    case 0xb4: return mul(a, b);                                                   // pfmul
    case 0xa6: return sub(kTwo, mul(a, b));                                        // pfrcpit1
    case 0xa7: return mul(sub(kThree, mul(a, b)), kHalf);                          // pfrsqit1
    default: return mul(a, b);                                                     // pfrcpit2
  }
}

uint64_t rounded_products(uint64_t a, uint64_t b) {
  uint64_t r = 0;
  for (unsigned n = 0; n < 64; n += 16) {
    const int32_t p = static_cast<int16_t>(a >> n) * static_cast<int16_t>(b >> n) + 0x8000;
    r |= static_cast<uint64_t>(static_cast<uint16_t>(p >> 16)) << n;
  }
  return r;
}

uint64_t helper(void*, uint64_t a, uint64_t b, uint64_t opcode, uint64_t) {
  return now3d(static_cast<uint8_t>(opcode), a, b);
}

}  // namespace

uint64_t now3d(uint8_t opcode, uint64_t a, uint64_t b) {
  const auto low = [](uint64_t v) { return static_cast<uint32_t>(v); };
  const auto high = [](uint64_t v) { return static_cast<uint32_t>(v >> 32); };
  const auto both = [](uint32_t l, uint32_t h) { return uint64_t{h} << 32 | l; };
  switch (opcode) {
    case 0x8a: return both(sub(low(a), high(a)), sub(low(b), high(b)));        // pfnacc
    case 0x8e: return both(sub(low(a), high(a)), add(low(b), high(b)));        // pfpnacc
    case 0xae: return both(add(low(a), high(a)), add(low(b), high(b)));        // pfacc
    case 0x96: return both(reciprocal(low(b)), reciprocal(low(b)));            // pfrcp
    case 0x97: return both(reciprocal_root(low(b)), reciprocal_root(low(b)));  // pfrsqrt
    case 0xb7: return rounded_products(a, b);                                  // pmulhrw
    case 0xbb: return both(high(b), low(b));                                   // pswapd
    default: return both(lane(opcode, low(a), low(b)), lane(opcode, high(a), high(b)));
  }
}

const ir::HelperDesc kNow3d = {
    "x86.now3d", helper, ir::kHelperPure | ir::kHelperNoFault | ir::kHelperNoMem, {}, {}};

}  // namespace xarch::x86
