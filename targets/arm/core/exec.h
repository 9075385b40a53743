// Execution of the A64H and A64M lines of the instruction table: vector instructions too rare or too large to
// be lifted, always or in the mode kModeHalf.
#pragma once

#include <cstdint>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/state.h"

namespace xarch::arm {

// Executes one instruction. One specialization per line; touches vector registers, FPCR and FPSR only.
template <Insn I>
void exec(Arm64State& s, Enc<I> e);
#define A64(name, pattern, feature, legal, effect)
#define A64H(name, pattern, feature, legal, effect) \
  template <>                                       \
  void exec<Insn::k##name>(Arm64State & s, Enc<Insn::k##name> e);
#define A64M(name, pattern, feature, legal, effect) A64H(name, pattern, feature, legal, effect)
#include "targets/arm/core/a64.def"
#undef A64

using Wide = __int128;

// Where the vector encodings have their common fields. Bit 28 is set in the scalar forms.
struct VecWord {
  uint32_t w;
  constexpr bool scalar() const { return w >> 28 & 1; }
  constexpr bool q() const { return w >> 30 & 1; }
  constexpr bool u() const { return w >> 29 & 1; }
  constexpr unsigned size() const { return w >> 22 & 3; }
  constexpr unsigned fp_size() const { return w >> 22 & 1 ? 3 : 2; }
  constexpr unsigned d() const { return w & 31; }
  constexpr unsigned n() const { return w >> 5 & 31; }
  constexpr unsigned m() const { return w >> 16 & 31; }
  unsigned lanes(unsigned size) const { return scalar() ? 1 : (q() ? 16u : 8u) >> size; }
  // Shift by immediate: lane size, distances.
  unsigned imm() const { return w >> 16 & 127; }
  unsigned imm_size() const { return 31 - static_cast<unsigned>(__builtin_clz(imm() >> 3)); }
  unsigned right(unsigned size) const { return (16u << size) - imm(); }
  unsigned left(unsigned size) const { return imm() - (8u << size); }
};

inline uint64_t lane(const Vector& v, unsigned size, unsigned i) {
  switch (size) {
    case 0: return v.b[i];
    case 1: return v.h[i];
    case 2: return v.s[i];
    default: return v.d[i];
  }
}
inline void set_lane(Vector& v, unsigned size, unsigned i, uint64_t x) {
  switch (size) {
    case 0: v.b[i] = static_cast<uint8_t>(x); break;
    case 1: v.h[i] = static_cast<uint16_t>(x); break;
    case 2: v.s[i] = static_cast<uint32_t>(x); break;
    default: v.d[i] = x;
  }
}
// A lane as a number.
inline Wide number(const Vector& v, unsigned size, unsigned i, bool is_unsigned) {
  const uint64_t x = lane(v, size, i);
  const unsigned shift = 64 - (8u << size);
  return is_unsigned ? static_cast<Wide>(x) : static_cast<Wide>(static_cast<int64_t>(x << shift) >> shift);
}

// Destination lanes := f(i); the rest of the register becomes zero.
template <typename Fn>
void each_lane(Arm64State& s, VecWord w, unsigned size, Fn f) {
  Vector out{};
  for (unsigned i = 0; i < w.lanes(size); ++i) set_lane(out, size, i, static_cast<uint64_t>(f(i)));
  s.v(w.d()) = out;
}
// Lanes of 1 << size bytes, half as many as a 128-bit register has, into the low half, or (second form) the
// high one.
template <typename Fn>
void narrow_lanes(Arm64State& s, VecWord w, unsigned size, Fn f) {
  Vector out{};
  const bool second = w.q() && !w.scalar();
  if (second) out.d[0] = s.v(w.d()).d[0];
  const unsigned lanes = w.scalar() ? 1 : 8u >> size;
  for (unsigned i = 0; i < lanes; ++i)
    set_lane(out, size, i + (second ? lanes : 0), static_cast<uint64_t>(f(i)));
  s.v(w.d()) = out;
}
// Lanes twice as wide as those of `size`; f gets the index of the narrow source lane and that of the wide
// one.
template <typename Fn>
void wide_lanes(Arm64State& s, VecWord w, unsigned size, Fn f) {
  Vector out{};
  const unsigned lanes = w.scalar() ? 1 : 8u >> size, base = w.q() && !w.scalar() ? lanes : 0;
  for (unsigned i = 0; i < lanes; ++i) set_lane(out, size + 1, i, static_cast<uint64_t>(f(base + i, i)));
  s.v(w.d()) = out;
}

}  // namespace xarch::arm
