// Integer vector instructions executed by C++: results wider or narrower than the operands.
#include "targets/arm/core/exec_integer.h"

namespace xarch::arm {

namespace {

void narrow_shift(Arm64State& s, VecWord w, bool round, bool saturates, bool unsigned_source,
                  bool unsigned_result) {
  const unsigned z = w.imm_size();
  narrow_lanes(s, w, z, [&](unsigned i) {
    const Wide r = shift_right(number(s.v(w.n()), z + 1, i, unsigned_source), w.right(z), round);
    return saturates ? saturate(s, r, z, unsigned_result) : static_cast<uint64_t>(r);
  });
}

void narrow_saturating(Arm64State& s, VecWord w, bool unsigned_source, bool unsigned_result) {
  const unsigned z = w.size();
  narrow_lanes(s, w, z, [&](unsigned i) {
    return saturate(s, number(s.v(w.n()), z + 1, i, unsigned_source), z, unsigned_result);
  });
}

// The high halves of sums or differences.
void narrow_high(Arm64State& s, VecWord w, int sign, bool round) {
  const unsigned z = w.size(), width = 8u << z;
  narrow_lanes(s, w, z, [&](unsigned i) {
    const Wide a = number(s.v(w.n()), z + 1, i, true), b = number(s.v(w.m()), z + 1, i, true);
    return (a + sign * b + (round ? Wide{1} << (width - 1) : 0)) >> width;
  });
}

void add_pairs(Arm64State& s, VecWord w, bool accumulate) {
  const unsigned z = w.size();
  each_lane(s, w, z + 1, [&](unsigned i) {
    const Wide sum = number(s.v(w.n()), z, 2 * i, w.u()) + number(s.v(w.n()), z, 2 * i + 1, w.u());
    return static_cast<uint64_t>(sum) + (accumulate ? lane(s.v(w.d()), z + 1, i) : 0);
  });
}

void add_across(Arm64State& s, VecWord w) {
  const unsigned z = w.size();
  Wide sum = 0;
  for (unsigned i = 0; i < w.lanes(z); ++i) sum += number(s.v(w.n()), z, i, w.u());
  Vector out{};
  set_lane(out, z + 1, 0, static_cast<uint64_t>(sum));
  s.v(w.d()) = out;
}

template <typename Fn>
void longer(Arm64State& s, VecWord w, Index x, Fn f) {
  const unsigned z = w.size();
  wide_lanes(s, w, z, [&](unsigned from, unsigned to) {
    return f(number(s.v(w.n()), z, from, w.u()), second(s, x, z, from, w.u()),
             number(s.v(w.d()), z + 1, to, w.u()));
  });
}

void wider(Arm64State& s, VecWord w, int sign) {
  const unsigned z = w.size();
  wide_lanes(s, w, z, [&](unsigned from, unsigned to) {
    return number(s.v(w.n()), z + 1, to, w.u()) + sign * number(s.v(w.m()), z, from, w.u());
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
  if (w.size() == 0) {
    wide_lanes(s, w, 0, [&](unsigned from, unsigned) {
      return static_cast<uint64_t>(carryless(s.v(w.n()).b[from], s.v(w.m()).b[from]));
    });
    return;
  }
  const unsigned __int128 r = carryless(s.v(w.n()).d[w.q()], s.v(w.m()).d[w.q()]);
  s.v(w.d()).d[0] = static_cast<uint64_t>(r);
  s.v(w.d()).d[1] = static_cast<uint64_t>(r >> 64);
}

}  // namespace

template <>
void exec<Insn::kSaddlp>(Arm64State& s, Enc<Insn::kSaddlp> e) {
  add_pairs(s, {e.word}, false);
}
template <>
void exec<Insn::kSadalp>(Arm64State& s, Enc<Insn::kSadalp> e) {
  add_pairs(s, {e.word}, true);
}
template <>
void exec<Insn::kSaddlv>(Arm64State& s, Enc<Insn::kSaddlv> e) {
  add_across(s, {e.word});
}
template <>
void exec<Insn::kSaddlV>(Arm64State& s, Enc<Insn::kSaddlV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a + b; });
}
template <>
void exec<Insn::kSsublV>(Arm64State& s, Enc<Insn::kSsublV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a - b; });
}
template <>
void exec<Insn::kSabalV>(Arm64State& s, Enc<Insn::kSabalV> e) {
  longer(s, {e.word}, no_index(e.word),
         [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + (a > b ? a - b : b - a); });
}
template <>
void exec<Insn::kSabdlV>(Arm64State& s, Enc<Insn::kSabdlV> e) {
  longer(s, {e.word}, no_index(e.word),
         [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a > b ? a - b : b - a; });
}
template <>
void exec<Insn::kSmlalV>(Arm64State& s, Enc<Insn::kSmlalV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + a * b; });
}
template <>
void exec<Insn::kSmlalElem>(Arm64State& s, Enc<Insn::kSmlalElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + a * b; });
}
template <>
void exec<Insn::kSmlslV>(Arm64State& s, Enc<Insn::kSmlslV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d - a * b; });
}
template <>
void exec<Insn::kSmlslElem>(Arm64State& s, Enc<Insn::kSmlslElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d - a * b; });
}
template <>
void exec<Insn::kSmullV>(Arm64State& s, Enc<Insn::kSmullV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a * b; });
}
template <>
void exec<Insn::kSmullElem>(Arm64State& s, Enc<Insn::kSmullElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a * b; });
}
template <>
void exec<Insn::kSaddwV>(Arm64State& s, Enc<Insn::kSaddwV> e) {
  wider(s, {e.word}, 1);
}
template <>
void exec<Insn::kSsubwV>(Arm64State& s, Enc<Insn::kSsubwV> e) {
  wider(s, {e.word}, -1);
}
template <>
void exec<Insn::kSqshrn>(Arm64State& s, Enc<Insn::kSqshrn> e) {
  narrow_shift(s, {e.word}, false, true, false, false);
}
template <>
void exec<Insn::kSqshrnScalar>(Arm64State& s, Enc<Insn::kSqshrnScalar> e) {
  narrow_shift(s, {e.word}, false, true, false, false);
}
template <>
void exec<Insn::kSqrshrn>(Arm64State& s, Enc<Insn::kSqrshrn> e) {
  narrow_shift(s, {e.word}, true, true, false, false);
}
template <>
void exec<Insn::kSqrshrnScalar>(Arm64State& s, Enc<Insn::kSqrshrnScalar> e) {
  narrow_shift(s, {e.word}, true, true, false, false);
}
template <>
void exec<Insn::kUaddlp>(Arm64State& s, Enc<Insn::kUaddlp> e) {
  add_pairs(s, {e.word}, false);
}
template <>
void exec<Insn::kUadalp>(Arm64State& s, Enc<Insn::kUadalp> e) {
  add_pairs(s, {e.word}, true);
}
template <>
void exec<Insn::kUaddlv>(Arm64State& s, Enc<Insn::kUaddlv> e) {
  add_across(s, {e.word});
}
template <>
void exec<Insn::kUaddlV>(Arm64State& s, Enc<Insn::kUaddlV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a + b; });
}
template <>
void exec<Insn::kUsublV>(Arm64State& s, Enc<Insn::kUsublV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a - b; });
}
template <>
void exec<Insn::kUabalV>(Arm64State& s, Enc<Insn::kUabalV> e) {
  longer(s, {e.word}, no_index(e.word),
         [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + (a > b ? a - b : b - a); });
}
template <>
void exec<Insn::kUabdlV>(Arm64State& s, Enc<Insn::kUabdlV> e) {
  longer(s, {e.word}, no_index(e.word),
         [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a > b ? a - b : b - a; });
}
template <>
void exec<Insn::kUmlalV>(Arm64State& s, Enc<Insn::kUmlalV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + a * b; });
}
template <>
void exec<Insn::kUmlalElem>(Arm64State& s, Enc<Insn::kUmlalElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d + a * b; });
}
template <>
void exec<Insn::kUmlslV>(Arm64State& s, Enc<Insn::kUmlslV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d - a * b; });
}
template <>
void exec<Insn::kUmlslElem>(Arm64State& s, Enc<Insn::kUmlslElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return d - a * b; });
}
template <>
void exec<Insn::kUmullV>(Arm64State& s, Enc<Insn::kUmullV> e) {
  longer(s, {e.word}, no_index(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a * b; });
}
template <>
void exec<Insn::kUmullElem>(Arm64State& s, Enc<Insn::kUmullElem> e) {
  longer(s, {e.word}, index_of(e.word), [](Wide a, Wide b, [[maybe_unused]] Wide d) { return a * b; });
}
template <>
void exec<Insn::kUaddwV>(Arm64State& s, Enc<Insn::kUaddwV> e) {
  wider(s, {e.word}, 1);
}
template <>
void exec<Insn::kUsubwV>(Arm64State& s, Enc<Insn::kUsubwV> e) {
  wider(s, {e.word}, -1);
}
template <>
void exec<Insn::kUqshrn>(Arm64State& s, Enc<Insn::kUqshrn> e) {
  narrow_shift(s, {e.word}, false, true, true, true);
}
template <>
void exec<Insn::kUqshrnScalar>(Arm64State& s, Enc<Insn::kUqshrnScalar> e) {
  narrow_shift(s, {e.word}, false, true, true, true);
}
template <>
void exec<Insn::kUqrshrn>(Arm64State& s, Enc<Insn::kUqrshrn> e) {
  narrow_shift(s, {e.word}, true, true, true, true);
}
template <>
void exec<Insn::kUqrshrnScalar>(Arm64State& s, Enc<Insn::kUqrshrnScalar> e) {
  narrow_shift(s, {e.word}, true, true, true, true);
}
template <>
void exec<Insn::kSqshrun>(Arm64State& s, Enc<Insn::kSqshrun> e) {
  narrow_shift(s, {e.word}, false, true, false, true);
}
template <>
void exec<Insn::kSqshrunScalar>(Arm64State& s, Enc<Insn::kSqshrunScalar> e) {
  narrow_shift(s, {e.word}, false, true, false, true);
}
template <>
void exec<Insn::kSqrshrun>(Arm64State& s, Enc<Insn::kSqrshrun> e) {
  narrow_shift(s, {e.word}, true, true, false, true);
}
template <>
void exec<Insn::kSqrshrunScalar>(Arm64State& s, Enc<Insn::kSqrshrunScalar> e) {
  narrow_shift(s, {e.word}, true, true, false, true);
}
template <>
void exec<Insn::kRshrn>(Arm64State& s, Enc<Insn::kRshrn> e) {
  narrow_shift(s, {e.word}, true, false, true, true);
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
void exec<Insn::kAddhn>(Arm64State& s, Enc<Insn::kAddhn> e) {
  narrow_high(s, {e.word}, 1, false);
}
template <>
void exec<Insn::kRaddhn>(Arm64State& s, Enc<Insn::kRaddhn> e) {
  narrow_high(s, {e.word}, 1, true);
}
template <>
void exec<Insn::kSubhn>(Arm64State& s, Enc<Insn::kSubhn> e) {
  narrow_high(s, {e.word}, -1, false);
}
template <>
void exec<Insn::kRsubhn>(Arm64State& s, Enc<Insn::kRsubhn> e) {
  narrow_high(s, {e.word}, -1, true);
}
template <>
void exec<Insn::kPmullB>(Arm64State& s, Enc<Insn::kPmullB> e) {
  polynomial_multiply_long(s, {e.word});
}
template <>
void exec<Insn::kPmullD>(Arm64State& s, Enc<Insn::kPmullD> e) {
  polynomial_multiply_long(s, {e.word});
}

}  // namespace xarch::arm
