// The spectral norm of an infinite matrix's corner, by the power method.
#include <math.h>

#include "../kernels/kernel.h"

enum { kSize = 700 };
static double u[kSize], v[kSize], w[kSize];

static double entry(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static void multiply(const double* from, double* to, int transposed) {
  for (int i = 0; i < kSize; ++i) {
    double sum = 0;
    if (transposed)
      for (int j = 0; j < kSize; ++j) sum += entry(j, i) * from[j];
    else
      for (int j = 0; j < kSize; ++j) sum += entry(i, j) * from[j];
    to[i] = sum;
  }
}

int main(int argc, char** argv) {
  for (int i = 0; i < kSize; ++i) u[i] = 1;
  for (unsigned k = rounds_of(argc, argv, 30); k > 0; --k) {
    multiply(u, w, 0);
    multiply(w, v, 1);
    multiply(v, w, 0);
    multiply(w, u, 1);
  }
  double uv = 0, vv = 0;
  for (int i = 0; i < kSize; ++i) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  printf("%.8f\n", sqrt(uv / vv));
  return 0;
}
