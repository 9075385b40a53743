// Base64 there and back: shifts, masks, table look-ups, byte stores.
#include "kernel.h"

static const char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static int8_t value_of[256];
enum { kBytes = 3 << 16 };
static uint8_t data[kBytes], back[kBytes];
static char text[kBytes / 3 * 4];

static void encode(void) {
  char* out = text;
  for (int i = 0; i < kBytes; i += 3) {
    uint32_t x = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
    *out++ = kAlphabet[x >> 18];
    *out++ = kAlphabet[x >> 12 & 63];
    *out++ = kAlphabet[x >> 6 & 63];
    *out++ = kAlphabet[x & 63];
  }
}

static int decode(void) {
  uint8_t* out = back;
  for (size_t i = 0; i < sizeof text; i += 4) {
    uint32_t x = 0;
    for (int k = 0; k < 4; k++) {
      int v = value_of[(uint8_t)text[i + k]];
      if (v < 0) return 0;
      x = x << 6 | (uint32_t)v;
    }
    *out++ = (uint8_t)(x >> 16);
    *out++ = (uint8_t)(x >> 8);
    *out++ = (uint8_t)x;
  }
  return 1;
}

int main(int argc, char** argv) {
  uint64_t seed = 10, sum = 0;
  memset(value_of, -1, sizeof value_of);
  for (int i = 0; i < 64; i++) value_of[(uint8_t)kAlphabet[i]] = (int8_t)i;
  for (int i = 0; i < kBytes; i++) data[i] = (uint8_t)next_random(&seed);
  for (unsigned r = rounds_of(argc, argv, 2100); r > 0; r--) {
    data[r % kBytes] ^= (uint8_t)r;
    encode();
    if (!decode() || back[r % kBytes] != data[r % kBytes]) return 1;
    sum = sum * 31 + (uint8_t)text[r * 97 % sizeof text];
  }
  return report("base64", sum);
}
