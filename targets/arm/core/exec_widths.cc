// Integer vector instructions executed by C++: results wider or narrower than the operands.
#include "targets/arm/core/exec_integer.h"

namespace xarch::arm {

namespace {

void narrow_shift(Arm64State& s, VecWord w, bool round, bool unsigned_source, bool unsigned_result) {
  const unsigned z = w.imm_size();
  narrow_lanes(s, w, z, [&](unsigned i) {
    const Wide r = shift_right(number(s.v(w.n()), z + 1, i, unsigned_source), w.right(z), round);
    return saturate(s, r, z, unsigned_result);
  });
}

void narrow_saturating(Arm64State& s, VecWord w, bool unsigned_source, bool unsigned_result) {
  const unsigned z = w.size();
  narrow_lanes(s, w, z, [&](unsigned i) {
    return saturate(s, number(s.v(w.n()), z + 1, i, unsigned_source), z, unsigned_result);
  });
}

void double_multiply_long(Arm64State& s, VecWord w, Index x, int accumulate) {
  const unsigned z = w.size();
  wide_lanes(s, w, z, [&](unsigned from, unsigned to) {
    const uint64_t p =
        saturate(s, 2 * number(s.v(w.n()), z, from, false) * second(s, x, z, from, false), z + 1, false);
    if (accumulate == 0) return p;
    const unsigned shift = 64 - (16u << z);
    const Wide product = static_cast<int64_t>(p << shift) >> shift;
    return saturate(s, number(s.v(w.d()), z + 1, to, false) + accumulate * product, z + 1, false);
  });
}

void polynomial_multiply_long(Arm64State& s, VecWord w) {
  wide_lanes(s, w, 0, [&](unsigned from, unsigned) {
    return static_cast<uint64_t>(carryless(s.v(w.n()).b[from], s.v(w.m()).b[from]));
  });
}

}  // namespace

template <>
void exec<Insn::kSqshrn>(Arm64State& s, Enc<Insn::kSqshrn> e) {
  narrow_shift(s, {e.word}, false, false, false);
}
template <>
void exec<Insn::kSqshrnScalar>(Arm64State& s, Enc<Insn::kSqshrnScalar> e) {
  narrow_shift(s, {e.word}, false, false, false);
}
template <>
void exec<Insn::kSqrshrn>(Arm64State& s, Enc<Insn::kSqrshrn> e) {
  narrow_shift(s, {e.word}, true, false, false);
}
template <>
void exec<Insn::kSqrshrnScalar>(Arm64State& s, Enc<Insn::kSqrshrnScalar> e) {
  narrow_shift(s, {e.word}, true, false, false);
}
template <>
void exec<Insn::kUqshrn>(Arm64State& s, Enc<Insn::kUqshrn> e) {
  narrow_shift(s, {e.word}, false, true, true);
}
template <>
void exec<Insn::kUqshrnScalar>(Arm64State& s, Enc<Insn::kUqshrnScalar> e) {
  narrow_shift(s, {e.word}, false, true, true);
}
template <>
void exec<Insn::kUqrshrn>(Arm64State& s, Enc<Insn::kUqrshrn> e) {
  narrow_shift(s, {e.word}, true, true, true);
}
template <>
void exec<Insn::kUqrshrnScalar>(Arm64State& s, Enc<Insn::kUqrshrnScalar> e) {
  narrow_shift(s, {e.word}, true, true, true);
}
template <>
void exec<Insn::kSqshrun>(Arm64State& s, Enc<Insn::kSqshrun> e) {
  narrow_shift(s, {e.word}, false, false, true);
}
template <>
void exec<Insn::kSqshrunScalar>(Arm64State& s, Enc<Insn::kSqshrunScalar> e) {
  narrow_shift(s, {e.word}, false, false, true);
}
template <>
void exec<Insn::kSqrshrun>(Arm64State& s, Enc<Insn::kSqrshrun> e) {
  narrow_shift(s, {e.word}, true, false, true);
}
template <>
void exec<Insn::kSqrshrunScalar>(Arm64State& s, Enc<Insn::kSqrshrunScalar> e) {
  narrow_shift(s, {e.word}, true, false, true);
}
template <>
void exec<Insn::kSqdmlalV>(Arm64State& s, Enc<Insn::kSqdmlalV> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), 1);
}
template <>
void exec<Insn::kSqdmlalScalar>(Arm64State& s, Enc<Insn::kSqdmlalScalar> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), 1);
}
template <>
void exec<Insn::kSqdmlalElem>(Arm64State& s, Enc<Insn::kSqdmlalElem> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), 1);
}
template <>
void exec<Insn::kSqdmlalElemScalar>(Arm64State& s, Enc<Insn::kSqdmlalElemScalar> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), 1);
}
template <>
void exec<Insn::kSqdmlslV>(Arm64State& s, Enc<Insn::kSqdmlslV> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), -1);
}
template <>
void exec<Insn::kSqdmlslScalar>(Arm64State& s, Enc<Insn::kSqdmlslScalar> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), -1);
}
template <>
void exec<Insn::kSqdmlslElem>(Arm64State& s, Enc<Insn::kSqdmlslElem> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), -1);
}
template <>
void exec<Insn::kSqdmlslElemScalar>(Arm64State& s, Enc<Insn::kSqdmlslElemScalar> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), -1);
}
template <>
void exec<Insn::kSqdmullV>(Arm64State& s, Enc<Insn::kSqdmullV> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), 0);
}
template <>
void exec<Insn::kSqdmullScalar>(Arm64State& s, Enc<Insn::kSqdmullScalar> e) {
  double_multiply_long(s, {e.word}, no_index(e.word), 0);
}
template <>
void exec<Insn::kSqdmullElem>(Arm64State& s, Enc<Insn::kSqdmullElem> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), 0);
}
template <>
void exec<Insn::kSqdmullElemScalar>(Arm64State& s, Enc<Insn::kSqdmullElemScalar> e) {
  double_multiply_long(s, {e.word}, index_of(e.word), 0);
}
template <>
void exec<Insn::kSqxtun>(Arm64State& s, Enc<Insn::kSqxtun> e) {
  narrow_saturating(s, {e.word}, false, true);
}
template <>
void exec<Insn::kSqxtunScalar>(Arm64State& s, Enc<Insn::kSqxtunScalar> e) {
  narrow_saturating(s, {e.word}, false, true);
}
template <>
void exec<Insn::kSqxtn>(Arm64State& s, Enc<Insn::kSqxtn> e) {
  narrow_saturating(s, {e.word}, false, false);
}
template <>
void exec<Insn::kSqxtnScalar>(Arm64State& s, Enc<Insn::kSqxtnScalar> e) {
  narrow_saturating(s, {e.word}, false, false);
}
template <>
void exec<Insn::kUqxtn>(Arm64State& s, Enc<Insn::kUqxtn> e) {
  narrow_saturating(s, {e.word}, true, true);
}
template <>
void exec<Insn::kUqxtnScalar>(Arm64State& s, Enc<Insn::kUqxtnScalar> e) {
  narrow_saturating(s, {e.word}, true, true);
}
template <>
void exec<Insn::kPmullB>(Arm64State& s, Enc<Insn::kPmullB> e) {
  polynomial_multiply_long(s, {e.word});
}

}  // namespace xarch::arm
