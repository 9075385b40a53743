// Products of matrices of double precision.
#include "../kernels/kernel.h"

enum { kSize = 200 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

int main(int argc, char** argv) {
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j)
      a[i][j] = (double)(i % 7 - j % 5) / 8, b[i][j] = (double)(i % 3 + j % 11) / 16;
  for (unsigned round = rounds_of(argc, argv, 40); round > 0; --round) {
    for (int i = 0; i < kSize; ++i) {
      for (int j = 0; j < kSize; ++j) c[i][j] = 0;
      for (int k = 0; k < kSize; ++k) {
        const double factor = a[i][k];
        for (int j = 0; j < kSize; ++j) c[i][j] += factor * b[k][j];
      }
    }
    a[round % kSize][0] += 1;
  }
  double sum = 0;
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) sum += c[i][j] * (i % 9 + 1);
  printf("%.3f\n", sum);
  return 0;
}
