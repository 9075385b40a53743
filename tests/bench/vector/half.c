// A layer of a neural network in half precision: products of matrices, a bias, the larger of that and zero.
// All numbers are few sixteenths, so that no sum is rounded: single precision, which processors without half
// precision compute in, gives the same.
#ifdef __aarch64__
#pragma GCC target("arch=armv8.2-a+fp16")
typedef _Float16 Number;
#else
typedef float Number;
#endif
#include "../kernels/kernel.h"

enum { kSize = 160 };
static Number a[kSize][kSize], b[kSize][kSize], c[kSize][kSize], bias[kSize];

static void layer(void) {
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) c[i][j] = bias[j];
    for (int k = 0; k < kSize; ++k) {
      const Number factor = a[i][k];
      for (int j = 0; j < kSize; ++j) c[i][j] += factor * b[k][j];
    }
    for (int j = 0; j < kSize; ++j) c[i][j] = c[i][j] > 0 ? c[i][j] : 0;
  }
}

int main(int argc, char** argv) {
  for (int i = 0; i < kSize; ++i) {
    bias[i] = (Number)(i % 5 - 2);
    for (int j = 0; j < kSize; ++j) {
      a[i][j] = (Number)(i % 3 - j % 2) / 4;
      b[i][j] = (Number)((i + j) % 5 - 2) / 4;
    }
  }
  uint64_t sum = 0;
  for (unsigned round = rounds_of(argc, argv, 150); round > 0; --round) {
    layer();
    a[round % kSize][round % 7] = (Number)(round % 3) / 4;
    for (int j = 0; j < kSize; ++j) sum = sum * 31 + (uint64_t)(int64_t)(c[round % kSize][j] * 16);
  }
  return report("half", sum);
}
