// Integer vector instructions executed by C++: SM4 (GB/T 32907), whose S-box hosts do not have, and estimates
// that come from tables.
#include <array>
#include <bit>

#include "targets/arm/core/exec.h"
#include "tcg/fpu/special.h"

namespace xarch::arm {

namespace {

// Product in the field of 256 elements, modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1.
constexpr uint8_t product(unsigned a, unsigned b) {
  unsigned r = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) r ^= a;
    a = a << 1 ^ (a & 0x80 ? 0x1f5 : 0);
  }
  return static_cast<uint8_t>(r);
}

// Bit i is the parity of x under the row 0xa7 turned by i; then the constant.
constexpr uint8_t mixed(unsigned x) {
  unsigned r = 0xd3;
  for (unsigned i = 0; i < 8; ++i)
    r ^= static_cast<unsigned>(std::popcount(x & std::rotl(uint8_t{0xa7}, static_cast<int>(i))) & 1) << i;
  return static_cast<uint8_t>(r);
}

// The inverse (x^254, 0 for 0) between two mixings.
constexpr std::array<uint8_t, 256> make_box() {
  std::array<uint8_t, 256> box{};
  for (unsigned x = 0; x < 256; ++x) {
    const uint8_t m = mixed(x);
    uint8_t power = 1;
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      power = product(power, power);
      if (254 & bit) power = product(power, m);
    }
    box[x] = mixed(power);
  }
  return box;
}
constexpr std::array<uint8_t, 256> kBox = make_box();
static_assert(kBox[0] == 0xd6 && kBox[1] == 0x90 && kBox[0x10] == 0x2b);

uint32_t substitute(uint32_t x) {
  uint32_t r = 0;
  for (unsigned i = 0; i < 32; i += 8) r |= static_cast<uint32_t>(kBox[x >> i & 255]) << i;
  return r;
}

// Four rounds; `linear` is what follows the S-box.
template <typename Fn>
Vector rounds(Vector state, const Vector& keys, Fn linear) {
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t t = substitute(state.s[1] ^ state.s[2] ^ state.s[3] ^ keys.s[i]);
    const uint32_t next = state.s[0] ^ linear(t);
    for (unsigned k = 0; k < 3; ++k) state.s[k] = state.s[k + 1];
    state.s[3] = next;
  }
  return state;
}

}  // namespace

template <>
void exec<Insn::kSm4e>(Arm64State& s, Enc<Insn::kSm4e> e) {
  s.v(e.get<'d'>()) = rounds(s.v(e.get<'d'>()), s.v(e.get<'n'>()), [](uint32_t t) {
    return t ^ std::rotl(t, 2) ^ std::rotl(t, 10) ^ std::rotl(t, 18) ^ std::rotl(t, 24);
  });
}
template <>
void exec<Insn::kSm4ekey>(Arm64State& s, Enc<Insn::kSm4ekey> e) {
  s.v(e.get<'d'>()) = rounds(s.v(e.get<'n'>()), s.v(e.get<'m'>()),
                             [](uint32_t t) { return t ^ std::rotl(t, 13) ^ std::rotl(t, 23); });
}

template <>
void exec<Insn::kUrecpe>(Arm64State& s, Enc<Insn::kUrecpe> e) {
  const VecWord w{e.word};
  each_lane(s, w, 2, [&](unsigned i) { return fpu::recip_estimate_u32(s.v(w.n()).s[i]); });
}
template <>
void exec<Insn::kUrsqrte>(Arm64State& s, Enc<Insn::kUrsqrte> e) {
  const VecWord w{e.word};
  each_lane(s, w, 2, [&](unsigned i) { return fpu::rsqrt_estimate_u32(s.v(w.n()).s[i]); });
}

}  // namespace xarch::arm
