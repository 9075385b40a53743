// Product of integer matrices, the plain triple loop: multiply-add with one strided load. Vectorization is
// off in all builds of this file, so that the scalar loop is what is compared.
#include "kernel.h"

enum { kSize = 160 };
static uint32_t a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void multiply(void) {
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) {
      uint32_t sum = 0;
      for (int k = 0; k < kSize; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
}

int main(int argc, char** argv) {
  uint64_t seed = 3, sum = 0;
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++)
      a[i][j] = (uint32_t)next_random(&seed), b[i][j] = (uint32_t)next_random(&seed);
  }
  for (unsigned r = rounds_of(argc, argv, 250); r > 0; r--) {
    multiply();
    a[r % kSize][r % 7] += c[r % 11][r % kSize];
    sum = sum * 31 + c[kSize / 2][r % kSize];
  }
  return report("matrix", sum);
}
