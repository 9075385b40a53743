// Fast Fourier transforms of complex doubles, forth and back.
#include <math.h>

#include "../kernels/kernel.h"

enum { kLog = 12, kSize = 1 << kLog };
static double re[kSize], im[kSize], cosines[kSize / 2], sines[kSize / 2];

static void transform(double sign) {
  for (unsigned i = 0, j = 0; i < kSize; ++i) {
    if (i < j) {
      const double r = re[i], m = im[i];
      re[i] = re[j], im[i] = im[j];
      re[j] = r, im[j] = m;
    }
    unsigned bit = kSize >> 1;
    while (j & bit) j ^= bit, bit >>= 1;
    j |= bit;
  }
  for (int half = 1; half < kSize; half *= 2) {
    const int step = kSize / 2 / half;
    for (int start = 0; start < kSize; start += 2 * half) {
      for (int k = 0; k < half; ++k) {
        const int a = start + k, b = a + half;
        const double c = cosines[k * step], s = sign * sines[k * step];
        const double r = re[b] * c - im[b] * s, m = re[b] * s + im[b] * c;
        re[b] = re[a] - r, im[b] = im[a] - m;
        re[a] += r, im[a] += m;
      }
    }
  }
}

int main(int argc, char** argv) {
  for (int i = 0; i < kSize / 2; ++i) {
    cosines[i] = cos(2 * 3.14159265358979323846 * i / kSize);
    sines[i] = sin(2 * 3.14159265358979323846 * i / kSize);
  }
  uint64_t seed = 1;
  for (int i = 0; i < kSize; ++i) {
    re[i] = (double)(next_random(&seed) >> 40) / (1 << 24);
  }
  double spectrum = 0;
  for (unsigned k = rounds_of(argc, argv, 700); k > 0; --k) {
    transform(-1);
    spectrum += fabs(re[k % 64]) + fabs(im[k % 64]);
    transform(1);
    for (int i = 0; i < kSize; ++i) re[i] /= kSize, im[i] /= kSize;
  }
  printf("%.3f %.7f\n", spectrum, re[1] + re[kSize - 1]);
  return 0;
}
