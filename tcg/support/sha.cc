#include "tcg/support/sha.h"

#include <bit>

namespace xarch {

namespace {

uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }

}  // namespace

void sha1_rounds(const uint32_t (&state)[4], const uint32_t (&w)[4], unsigned function, uint32_t (&out)[4]) {
  constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  uint32_t a = state[3], b = state[2], c = state[1], d = state[0], e = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t f = function == 0 ? choose(b, c, d) : function == 2 ? majority(b, c, d) : b ^ c ^ d;
    const uint32_t next = std::rotl(a, 5) + f + e + w[3 - i] + kConstants[function];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  out[3] = a;
  out[2] = b;
  out[1] = c;
  out[0] = d;
}

void sha256_rounds(const uint32_t (&hgdc)[4], const uint32_t (&feba)[4], const uint32_t (&wk)[4],
                   uint32_t (&out)[4]) {
  uint32_t a = feba[3], b = feba[2], c = hgdc[3], d = hgdc[2];
  uint32_t e = feba[1], f = feba[0], g = hgdc[1], h = hgdc[0];
  for (unsigned i = 0; i < 2; ++i) {
    const uint32_t t = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + choose(e, f, g) + wk[i];
    const uint32_t u = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + majority(a, b, c);
    h = g;
    g = f;
    f = e;
    e = d + t;
    d = c;
    c = b;
    b = a;
    a = t + u;
  }
  out[3] = a;
  out[2] = b;
  out[1] = e;
  out[0] = f;
}

void sha256_message1(const uint32_t (&words)[4], const uint32_t (&next)[4], uint32_t (&out)[4]) {
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t x = i < 3 ? words[i + 1] : next[0];
    out[i] = words[i] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3);
  }
}

void sha256_message2(const uint32_t (&sums)[4], const uint32_t (&last)[4], uint32_t (&out)[4]) {
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t x = i < 2 ? last[i + 2] : out[i - 2];
    out[i] = sums[i] + (std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10);
  }
}

}  // namespace xarch
