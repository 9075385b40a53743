// Linear equations by elimination with pivots, in double precision.
#include <math.h>

#include "../kernels/kernel.h"

enum { kSize = 220 };
static double m[kSize][kSize + 1];

int main(int argc, char** argv) {
  double sum = 0;
  for (unsigned round = rounds_of(argc, argv, 30); round > 0; --round) {
    uint64_t seed = round + 5;
    for (int i = 0; i < kSize; ++i)
      for (int j = 0; j <= kSize; ++j) {
        m[i][j] = (double)(next_random(&seed) >> 48) / 4096 - 8 + (i == j ? 50 : 0);
      }
    for (int k = 0; k < kSize; ++k) {
      int best = k;
      for (int i = k + 1; i < kSize; ++i)
        if (fabs(m[i][k]) > fabs(m[best][k])) best = i;
      for (int j = k; j <= kSize; ++j) {
        const double t = m[k][j];
        m[k][j] = m[best][j];
        m[best][j] = t;
      }
      for (int i = k + 1; i < kSize; ++i) {
        const double factor = m[i][k] / m[k][k];
        for (int j = k; j <= kSize; ++j) m[i][j] -= factor * m[k][j];
      }
    }
    for (int i = kSize - 1; i >= 0; --i) {
      double x = m[i][kSize];
      for (int j = i + 1; j < kSize; ++j) x -= m[i][j] * m[j][kSize];
      m[i][kSize] = x / m[i][i];
      sum += m[i][kSize] * (i % 5 - 2);
    }
  }
  printf("%.6f\n", sum);
  return 0;
}
