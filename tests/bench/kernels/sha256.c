// SHA-256 (FIPS 180-4) in plain C: rotates, adds and logic on 32-bit values with many live at once.
#include "sha256_constants.h"

static uint8_t data[1 << 16];

static inline uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t h[8], const uint8_t* p) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++, p += 4) {
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[i - 7] + (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
  }
  memcpy(s, h, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t e = s[4], a = s[0];
    uint32_t t1 = s[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + k[i] + w[i];
    uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6], s[6] = s[5], s[5] = e, s[4] = s[3] + t1;
    s[3] = s[2], s[2] = s[1], s[1] = a, s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

int main(int argc, char** argv) {
  uint64_t seed = 2, sum = 0;
  fill_constants();
  if (k[0] != 0x428a2f98u || initial[0] != 0x6a09e667u) return 1;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)next_random(&seed);
  for (unsigned r = rounds_of(argc, argv, 2000); r > 0; r--) {
    uint32_t h[8];
    memcpy(h, initial, sizeof h);
    for (size_t i = 0; i < sizeof data; i += 64) block(h, data + i);
    sum = sum * 31 + h[0] + r;
  }
  return report("sha256", sum);
}
