#include "tcg/support/aes.h"

#include <array>

namespace xarch {

namespace {

// Product in the field of 256 elements, modulo x^8 + x^4 + x^3 + x + 1.
constexpr uint8_t product(uint8_t a, uint8_t b) {
  unsigned r = 0, factor = a;
  for (unsigned i = 0; i < 8; ++i) {
    if (b >> i & 1) r ^= factor;
    factor = factor << 1 ^ (factor & 0x80 ? 0x11b : 0);
  }
  return static_cast<uint8_t>(r);
}

struct Boxes {
  std::array<uint8_t, 256> forward{}, inverse{};
};
// The multiplicative inverse (x^254, 0 for 0), then a fixed mixing of its bits.
constexpr Boxes make_boxes() {
  Boxes b;
  for (unsigned x = 0; x < 256; ++x) {
    uint8_t power = 1;
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      power = product(power, power);
      if (254 & bit) power = product(power, static_cast<uint8_t>(x));
    }
    unsigned mixed = 0x63;
    for (unsigned k = 0; k < 5; ++k) mixed ^= (static_cast<unsigned>(power) << k | power >> (8 - k)) & 0xff;
    b.forward[x] = static_cast<uint8_t>(mixed);
    b.inverse[mixed] = static_cast<uint8_t>(x);
  }
  return b;
}
constexpr Boxes kBoxes = make_boxes();
static_assert(kBoxes.forward[0] == 0x63 && kBoxes.forward[0x53] == 0xed);

}  // namespace

void aes_substitute(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned row = i % 4, column = (i / 4 + (inverse ? 4 - row : row)) % 4;
    out[i] = (inverse ? kBoxes.inverse : kBoxes.forward)[in[row + 4 * column]];
  }
}

void aes_mix_columns(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse) {
  constexpr uint8_t kFactors[2][4] = {{2, 3, 1, 1}, {14, 11, 13, 9}};
  for (unsigned i = 0; i < 16; ++i) {
    unsigned r = 0;
    for (unsigned k = 0; k < 4; ++k) r ^= product(in[i / 4 * 4 + (i + k) % 4], kFactors[inverse][k]);
    out[i] = static_cast<uint8_t>(r);
  }
}

void aes_round(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse) {
  uint8_t substituted[16];
  aes_substitute(in, substituted, inverse);
  aes_mix_columns(substituted, out, inverse);
}

}  // namespace xarch
