// Integer vector instructions executed by C++: results as wide as the operands.
#include "targets/arm/core/exec_integer.h"

namespace xarch::arm {

namespace {

template <typename Fn>
void saturating(Arm64State& s, VecWord w, Fn f) {
  const unsigned z = w.size();
  each_lane(s, w, z, [&](unsigned i) {
    return saturate(s, f(number(s.v(w.n()), z, i, w.u()), number(s.v(w.m()), z, i, w.u())), z, w.u());
  });
}

template <typename Fn>
void saturating_unary(Arm64State& s, VecWord w, Fn f) {
  const unsigned z = w.size();
  each_lane(s, w, z, [&](unsigned i) { return saturate(s, f(number(s.v(w.n()), z, i, false)), z, false); });
}

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

// SQSHL, UQSHL, SQSHLU by an immediate. The last has its U bit set and signed operands.
void shift_saturating(Arm64State& s, VecWord w, bool unsigned_result) {
  const unsigned z = w.imm_size();
  const bool unsigned_source = w.u() && (w.w >> 12 & 1);
  each_lane(s, w, z, [&](unsigned i) {
    return shift_left_saturating(s, number(s.v(w.n()), z, i, unsigned_source), w.left(z), z, unsigned_result);
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

// 2nm, high half; accumulate 1, -1: d plus or minus that, rounded once.
void double_multiply_high(Arm64State& s, VecWord w, Index x, bool round, int accumulate) {
  const unsigned z = w.size(), width = 8u << z;
  each_lane(s, w, z, [&](unsigned i) {
    Wide p = 2 * number(s.v(w.n()), z, i, false) * second(s, x, z, i, false);
    if (accumulate != 0) p = (number(s.v(w.d()), z, i, false) << width) + accumulate * p;
    if (round) p += Wide{1} << (width - 1);
    return saturate(s, p >> width, z, false);
  });
}

void polynomial_multiply(Arm64State& s, VecWord w) {
  each_lane(s, w, 0,
            [&](unsigned i) { return static_cast<uint64_t>(carryless(s.v(w.n()).b[i], s.v(w.m()).b[i])); });
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
void exec<Insn::kSqadd>(Arm64State& s, Enc<Insn::kSqadd> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a + b; });
}
template <>
void exec<Insn::kSqaddScalar>(Arm64State& s, Enc<Insn::kSqaddScalar> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a + b; });
}
template <>
void exec<Insn::kSqsub>(Arm64State& s, Enc<Insn::kSqsub> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a - b; });
}
template <>
void exec<Insn::kSqsubScalar>(Arm64State& s, Enc<Insn::kSqsubScalar> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a - b; });
}
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
void exec<Insn::kSqshlImm>(Arm64State& s, Enc<Insn::kSqshlImm> e) {
  shift_saturating(s, {e.word}, false);
}
template <>
void exec<Insn::kSqshlImmScalar>(Arm64State& s, Enc<Insn::kSqshlImmScalar> e) {
  shift_saturating(s, {e.word}, false);
}
template <>
void exec<Insn::kUqadd>(Arm64State& s, Enc<Insn::kUqadd> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a + b; });
}
template <>
void exec<Insn::kUqaddScalar>(Arm64State& s, Enc<Insn::kUqaddScalar> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a + b; });
}
template <>
void exec<Insn::kUqsub>(Arm64State& s, Enc<Insn::kUqsub> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a - b; });
}
template <>
void exec<Insn::kUqsubScalar>(Arm64State& s, Enc<Insn::kUqsubScalar> e) {
  saturating(s, {e.word}, [](Wide a, Wide b) { return a - b; });
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
void exec<Insn::kUqshlImm>(Arm64State& s, Enc<Insn::kUqshlImm> e) {
  shift_saturating(s, {e.word}, true);
}
template <>
void exec<Insn::kUqshlImmScalar>(Arm64State& s, Enc<Insn::kUqshlImmScalar> e) {
  shift_saturating(s, {e.word}, true);
}
template <>
void exec<Insn::kSqshlu>(Arm64State& s, Enc<Insn::kSqshlu> e) {
  shift_saturating(s, {e.word}, true);
}
template <>
void exec<Insn::kSqshluScalar>(Arm64State& s, Enc<Insn::kSqshluScalar> e) {
  shift_saturating(s, {e.word}, true);
}
template <>
void exec<Insn::kPmulV>(Arm64State& s, Enc<Insn::kPmulV> e) {
  polynomial_multiply(s, {e.word});
}
template <>
void exec<Insn::kSqdmulh>(Arm64State& s, Enc<Insn::kSqdmulh> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), false, 0);
}
template <>
void exec<Insn::kSqdmulhScalar>(Arm64State& s, Enc<Insn::kSqdmulhScalar> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), false, 0);
}
template <>
void exec<Insn::kSqdmulhElem>(Arm64State& s, Enc<Insn::kSqdmulhElem> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), false, 0);
}
template <>
void exec<Insn::kSqdmulhElemScalar>(Arm64State& s, Enc<Insn::kSqdmulhElemScalar> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), false, 0);
}
template <>
void exec<Insn::kSqrdmulh>(Arm64State& s, Enc<Insn::kSqrdmulh> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, 0);
}
template <>
void exec<Insn::kSqrdmulhScalar>(Arm64State& s, Enc<Insn::kSqrdmulhScalar> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, 0);
}
template <>
void exec<Insn::kSqrdmulhElem>(Arm64State& s, Enc<Insn::kSqrdmulhElem> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, 0);
}
template <>
void exec<Insn::kSqrdmulhElemScalar>(Arm64State& s, Enc<Insn::kSqrdmulhElemScalar> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, 0);
}
template <>
void exec<Insn::kSqrdmlah>(Arm64State& s, Enc<Insn::kSqrdmlah> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, 1);
}
template <>
void exec<Insn::kSqrdmlahScalar>(Arm64State& s, Enc<Insn::kSqrdmlahScalar> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, 1);
}
template <>
void exec<Insn::kSqrdmlahElem>(Arm64State& s, Enc<Insn::kSqrdmlahElem> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, 1);
}
template <>
void exec<Insn::kSqrdmlahElemScalar>(Arm64State& s, Enc<Insn::kSqrdmlahElemScalar> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, 1);
}
template <>
void exec<Insn::kSqrdmlsh>(Arm64State& s, Enc<Insn::kSqrdmlsh> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, -1);
}
template <>
void exec<Insn::kSqrdmlshScalar>(Arm64State& s, Enc<Insn::kSqrdmlshScalar> e) {
  double_multiply_high(s, {e.word}, no_index(e.word), true, -1);
}
template <>
void exec<Insn::kSqrdmlshElem>(Arm64State& s, Enc<Insn::kSqrdmlshElem> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, -1);
}
template <>
void exec<Insn::kSqrdmlshElemScalar>(Arm64State& s, Enc<Insn::kSqrdmlshElemScalar> e) {
  double_multiply_high(s, {e.word}, index_of(e.word), true, -1);
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
void exec<Insn::kSqabs>(Arm64State& s, Enc<Insn::kSqabs> e) {
  saturating_unary(s, {e.word}, [](Wide a) { return a < 0 ? -a : a; });
}
template <>
void exec<Insn::kSqabsScalar>(Arm64State& s, Enc<Insn::kSqabsScalar> e) {
  saturating_unary(s, {e.word}, [](Wide a) { return a < 0 ? -a : a; });
}
template <>
void exec<Insn::kSqneg>(Arm64State& s, Enc<Insn::kSqneg> e) {
  saturating_unary(s, {e.word}, [](Wide a) { return -a; });
}
template <>
void exec<Insn::kSqnegScalar>(Arm64State& s, Enc<Insn::kSqnegScalar> e) {
  saturating_unary(s, {e.word}, [](Wide a) { return -a; });
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
