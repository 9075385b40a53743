// Integer vector instructions executed by C++.
#include "targets/arm/core/exec_integer.h"

namespace xarch::arm {

namespace {

// a shifted left, saturated to a lane.
uint64_t shift_left_saturating(Arm64State& s, Wide a, unsigned n, unsigned size, bool is_unsigned) {
  const unsigned width = 8u << size;
  if (n < width) return saturate(s, a << n, size, is_unsigned);
  return saturate(s, a == 0 ? 0 : a < 0 ? -(Wide{1} << 100) : Wide{1} << 100, size, is_unsigned);
}

// By the signed low byte of each lane of the second operand.
void shift_register(Arm64State& s, VecWord w, bool round, bool saturates) {
  const unsigned z = w.size(), width = 8u << z;
  each_lane(s, w, z, [&](unsigned i) -> uint64_t {
    const Wide a = number(s.v(w.n()), z, i, w.u());
    const int n = static_cast<int8_t>(lane(s.v(w.m()), z, i));
    if (n < 0) return static_cast<uint64_t>(shift_right(a, static_cast<unsigned>(-n), round));
    const unsigned left = static_cast<unsigned>(n);
    if (saturates) return shift_left_saturating(s, a, left, z, w.u());
    return left >= width ? 0 : static_cast<uint64_t>(a) << left;
  });
}

// SUQADD, USQADD: operands of different signedness.
void add_mixed(Arm64State& s, VecWord w, bool unsigned_result) {
  const unsigned z = w.size();
  each_lane(s, w, z, [&](unsigned i) {
    return saturate(s, number(s.v(w.n()), z, i, !unsigned_result) + number(s.v(w.d()), z, i, unsigned_result),
                    z, unsigned_result);
  });
}

// The high half of d plus or minus 2nm, rounded.
void multiply_high(Arm64State& s, VecWord w, Index x, int sign) {
  const unsigned z = w.size(), width = 8u << z;
  each_lane(s, w, z, [&](unsigned i) {
    const Wide p = 2 * number(s.v(w.n()), z, i, false) * second(s, x, z, i, false);
    const Wide sum = (number(s.v(w.d()), z, i, false) << width) + sign * p;
    return saturate(s, (sum + (Wide{1} << (width - 1))) >> width, z, false);
  });
}

void polynomial_multiply(Arm64State& s, VecWord w) {
  each_lane(s, w, 0,
            [&](unsigned i) { return static_cast<uint64_t>(carryless(s.v(w.n()).b[i], s.v(w.m()).b[i])); });
}

void polynomial_multiply_long(Arm64State& s, VecWord w) {
  wide_lanes(s, w, 0, [&](unsigned from, unsigned) {
    return static_cast<uint64_t>(carryless(s.v(w.n()).b[from], s.v(w.m()).b[from]));
  });
}

void count_leading(Arm64State& s, VecWord w, bool sign_bits) {
  const unsigned z = w.size(), width = 8u << z;
  each_lane(s, w, z, [&](unsigned i) -> uint64_t {
    uint64_t a = lane(s.v(w.n()), z, i);
    if (sign_bits) a = (a ^ a << 1) & (~uint64_t{0} >> (64 - width));
    const uint64_t top = a << (64 - width);
    const unsigned n = top == 0 ? width : static_cast<unsigned>(__builtin_clzll(top));
    // The lowest bit of the difference is no sign bit.
    return sign_bits ? (n >= width - 1 ? width - 1 : n) : n;
  });
}

uint64_t reverse_bits(uint8_t v) {
  uint64_t r = 0;
  for (unsigned i = 0; i < 8; ++i) r |= static_cast<uint64_t>(v >> i & 1) << (7 - i);
  return r;
}

}  // namespace

template <>
void exec<Insn::kSrshl>(Arm64State& s, Enc<Insn::kSrshl> e) {
  shift_register(s, {e.word}, true, false);
}
template <>
void exec<Insn::kSrshlScalar>(Arm64State& s, Enc<Insn::kSrshlScalar> e) {
  shift_register(s, {e.word}, true, false);
}
template <>
void exec<Insn::kSqshl>(Arm64State& s, Enc<Insn::kSqshl> e) {
  shift_register(s, {e.word}, false, true);
}
template <>
void exec<Insn::kSqshlScalar>(Arm64State& s, Enc<Insn::kSqshlScalar> e) {
  shift_register(s, {e.word}, false, true);
}
template <>
void exec<Insn::kSqrshl>(Arm64State& s, Enc<Insn::kSqrshl> e) {
  shift_register(s, {e.word}, true, true);
}
template <>
void exec<Insn::kSqrshlScalar>(Arm64State& s, Enc<Insn::kSqrshlScalar> e) {
  shift_register(s, {e.word}, true, true);
}
template <>
void exec<Insn::kUrshl>(Arm64State& s, Enc<Insn::kUrshl> e) {
  shift_register(s, {e.word}, true, false);
}
template <>
void exec<Insn::kUrshlScalar>(Arm64State& s, Enc<Insn::kUrshlScalar> e) {
  shift_register(s, {e.word}, true, false);
}
template <>
void exec<Insn::kUqshl>(Arm64State& s, Enc<Insn::kUqshl> e) {
  shift_register(s, {e.word}, false, true);
}
template <>
void exec<Insn::kUqshlScalar>(Arm64State& s, Enc<Insn::kUqshlScalar> e) {
  shift_register(s, {e.word}, false, true);
}
template <>
void exec<Insn::kUqrshl>(Arm64State& s, Enc<Insn::kUqrshl> e) {
  shift_register(s, {e.word}, true, true);
}
template <>
void exec<Insn::kUqrshlScalar>(Arm64State& s, Enc<Insn::kUqrshlScalar> e) {
  shift_register(s, {e.word}, true, true);
}
template <>
void exec<Insn::kPmulV>(Arm64State& s, Enc<Insn::kPmulV> e) {
  polynomial_multiply(s, {e.word});
}
template <>
void exec<Insn::kPmullB>(Arm64State& s, Enc<Insn::kPmullB> e) {
  polynomial_multiply_long(s, {e.word});
}
template <>
void exec<Insn::kSqrdmlah>(Arm64State& s, Enc<Insn::kSqrdmlah> e) {
  multiply_high(s, {e.word}, no_index(e.word), 1);
}
template <>
void exec<Insn::kSqrdmlahScalar>(Arm64State& s, Enc<Insn::kSqrdmlahScalar> e) {
  multiply_high(s, {e.word}, no_index(e.word), 1);
}
template <>
void exec<Insn::kSqrdmlahElem>(Arm64State& s, Enc<Insn::kSqrdmlahElem> e) {
  multiply_high(s, {e.word}, index_of(e.word), 1);
}
template <>
void exec<Insn::kSqrdmlahElemScalar>(Arm64State& s, Enc<Insn::kSqrdmlahElemScalar> e) {
  multiply_high(s, {e.word}, index_of(e.word), 1);
}
template <>
void exec<Insn::kSqrdmlsh>(Arm64State& s, Enc<Insn::kSqrdmlsh> e) {
  multiply_high(s, {e.word}, no_index(e.word), -1);
}
template <>
void exec<Insn::kSqrdmlshScalar>(Arm64State& s, Enc<Insn::kSqrdmlshScalar> e) {
  multiply_high(s, {e.word}, no_index(e.word), -1);
}
template <>
void exec<Insn::kSqrdmlshElem>(Arm64State& s, Enc<Insn::kSqrdmlshElem> e) {
  multiply_high(s, {e.word}, index_of(e.word), -1);
}
template <>
void exec<Insn::kSqrdmlshElemScalar>(Arm64State& s, Enc<Insn::kSqrdmlshElemScalar> e) {
  multiply_high(s, {e.word}, index_of(e.word), -1);
}
template <>
void exec<Insn::kSuqadd>(Arm64State& s, Enc<Insn::kSuqadd> e) {
  add_mixed(s, {e.word}, false);
}
template <>
void exec<Insn::kSuqaddScalar>(Arm64State& s, Enc<Insn::kSuqaddScalar> e) {
  add_mixed(s, {e.word}, false);
}
template <>
void exec<Insn::kUsqadd>(Arm64State& s, Enc<Insn::kUsqadd> e) {
  add_mixed(s, {e.word}, true);
}
template <>
void exec<Insn::kUsqaddScalar>(Arm64State& s, Enc<Insn::kUsqaddScalar> e) {
  add_mixed(s, {e.word}, true);
}
template <>
void exec<Insn::kClsV>(Arm64State& s, Enc<Insn::kClsV> e) {
  count_leading(s, {e.word}, true);
}
template <>
void exec<Insn::kClzV>(Arm64State& s, Enc<Insn::kClzV> e) {
  count_leading(s, {e.word}, false);
}
template <>
void exec<Insn::kRbitV>(Arm64State& s, Enc<Insn::kRbitV> e) {
  each_lane(s, {e.word}, 0, [&](unsigned i) { return reverse_bits(s.v(VecWord{e.word}.n()).b[i]); });
}
template <>
void exec<Insn::kUrecpe>(Arm64State& s, Enc<Insn::kUrecpe> e) {
  const VecWord w{e.word};
  each_lane(s, w, 2, [&](unsigned i) { return recip_estimate_u32(s.v(w.n()).s[i]); });
}
template <>
void exec<Insn::kUrsqrte>(Arm64State& s, Enc<Insn::kUrsqrte> e) {
  const VecWord w{e.word};
  each_lane(s, w, 2, [&](unsigned i) { return rsqrt_estimate_u32(s.v(w.n()).s[i]); });
}

}  // namespace xarch::arm
