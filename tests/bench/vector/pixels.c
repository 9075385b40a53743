// Bytes as pixels: saturating sums and differences, averages, blending by a factor, grey from three channels.
#include "../kernels/kernel.h"

enum { kSize = 4096 };
static uint8_t a[kSize], b[kSize], c[kSize], rgb[3 * kSize];

static uint8_t clamp(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static void brighten(int by) {
  for (int i = 0; i < kSize; i++) c[i] = clamp(a[i] + b[i] + by);
}
static void difference(void) {
  for (int i = 0; i < kSize; i++) c[i] = (uint8_t)abs(c[i] - a[i]);
}
static void average(void) {
  for (int i = 0; i < kSize; i++) a[i] = (uint8_t)((a[i] + c[i] + 1) >> 1);
}
static void blend(unsigned factor) {
  for (int i = 0; i < kSize; i++) b[i] = (uint8_t)((b[i] * factor + a[i] * (256 - factor)) >> 8);
}
static void grey(void) {
  for (int i = 0; i < kSize; i++)
    c[i] = (uint8_t)((77 * rgb[3 * i] + 150 * rgb[3 * i + 1] + 29 * rgb[3 * i + 2]) >> 8);
}

int main(int argc, char** argv) {
  uint64_t seed = 5, sum = 0;
  for (int i = 0; i < kSize; i++) a[i] = (uint8_t)next_random(&seed), b[i] = (uint8_t)next_random(&seed);
  for (int i = 0; i < 3 * kSize; i++) rgb[i] = (uint8_t)next_random(&seed);
  for (unsigned r = rounds_of(argc, argv, 40000); r > 0; r--) {
    brighten((int)(r & 31) - 16);
    difference();
    average();
    blend(r & 255);
    if ((r & 3) == 0) grey();
    rgb[r % kSize] ^= c[r % kSize];
    sum = sum * 31 + a[r % kSize] + b[(r * 7) % kSize] + c[(r * 3) % kSize];
  }
  return report("pixels", sum);
}
