// Product of integer matrices by rows, so that the inner loop is one of vectors; and its transpose.
#include "../kernels/kernel.h"

enum { kSize = 128 };
static uint32_t a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void multiply(void) {
  memset(c, 0, sizeof c);
  for (int i = 0; i < kSize; i++) {
    for (int k = 0; k < kSize; k++) {
      uint32_t factor = a[i][k];
      for (int j = 0; j < kSize; j++) c[i][j] += factor * b[k][j];
    }
  }
}
static void transpose(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) b[i][j] = c[j][i];
  }
}

int main(int argc, char** argv) {
  uint64_t seed = 3, sum = 0;
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++)
      a[i][j] = (uint32_t)next_random(&seed), b[i][j] = (uint32_t)next_random(&seed);
  }
  for (unsigned r = rounds_of(argc, argv, 700); r > 0; r--) {
    multiply();
    transpose();
    a[r % kSize][r % 7] += c[r % 11][r % kSize];
    sum = sum * 31 + c[kSize / 2][r % kSize];
  }
  return report("product", sum);
}
