// Reductions: sums of bytes and words, dot products, sums of absolute differences, minimum and maximum,
// Adler-32.
#include "../kernels/kernel.h"

enum { kSize = 8192 };
static uint8_t bytes[kSize], more[kSize];
static int16_t left[kSize], right[kSize];
static int32_t words[kSize];

static uint32_t byte_sum(void) {
  uint32_t s = 0;
  for (int i = 0; i < kSize; i++) s += bytes[i];
  return s;
}
static int32_t dot(void) {
  int32_t s = 0;
  for (int i = 0; i < kSize; i++) s += left[i] * right[i];
  return s;
}
static uint32_t distance(void) {
  uint32_t s = 0;
  for (int i = 0; i < kSize; i++) s += (uint32_t)abs(bytes[i] - more[i]);
  return s;
}
static int64_t word_sum(void) {
  int64_t s = 0;
  for (int i = 0; i < kSize; i++) s += words[i];
  return s;
}
static int32_t range(void) {
  int32_t lo = words[0], hi = words[0];
  for (int i = 0; i < kSize; i++) {
    lo = words[i] < lo ? words[i] : lo;
    hi = words[i] > hi ? words[i] : hi;
  }
  return hi - lo;
}
static uint32_t adler(void) {
  uint32_t x = 1, y = 0;
  for (int i = 0; i < kSize; i += 32) {
    uint32_t s = 0, t = 0;
    for (int k = 0; k < 32; k++) s += bytes[i + k], t += (32 - (unsigned)k) * bytes[i + k];
    y = (y + 32 * x + t) % 65521;
    x = (x + s) % 65521;
  }
  return y << 16 | x;
}
static unsigned count(uint8_t what) {
  unsigned n = 0;
  for (int i = 0; i < kSize; i++) n += bytes[i] == what;
  return n;
}

int main(int argc, char** argv) {
  uint64_t seed = 9, sum = 0;
  for (int i = 0; i < kSize; i++) {
    uint64_t r = next_random(&seed);
    bytes[i] = (uint8_t)r, more[i] = (uint8_t)(r >> 8), left[i] = (int16_t)(r >> 16),
    right[i] = (int16_t)(r >> 32);
    words[i] = (int32_t)(r >> 20);
  }
  for (unsigned r = rounds_of(argc, argv, 20000); r > 0; r--) {
    sum = sum * 31 + byte_sum() + (uint32_t)dot() + distance() + (uint64_t)word_sum() + (uint32_t)range() +
          adler() + count((uint8_t)r);
    bytes[r % kSize]++, left[(r * 3) % kSize]--, words[(r * 5) % kSize] ^= (int32_t)r;
  }
  return report("sums", sum);
}
