// A chain of masses on springs, the floating-point flags cleared before each step and read behind it, as
// careful numeric code does.
#include <fenv.h>
#include <math.h>

#include "../kernels/kernel.h"

enum { kMasses = 64 };
static double x[kMasses + 2], v[kMasses + 2];

static void step(double dt) {
  for (int i = 1; i <= kMasses; ++i) {
    const double left = x[i - 1] - x[i], right = x[i + 1] - x[i];
    v[i] += dt * (left + right - left * left * left + right * right * right - 0.01 * v[i]);
  }
  for (int i = 1; i <= kMasses; ++i) x[i] += dt * v[i];
}

int main(int argc, char** argv) {
  unsigned inexact = 0, others = 0;
  x[1] = 1;
  for (unsigned i = rounds_of(argc, argv, 1000000); i > 0; --i) {
    feclearexcept(FE_ALL_EXCEPT);
    step(0.001);
    inexact += fetestexcept(FE_INEXACT) != 0;
    others += fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW) != 0;
  }
  double sum = 0;
  for (int i = 1; i <= kMasses; ++i) sum += x[i] * x[i] * i;
  printf("%.3g %u %u\n", sum, inexact, others);
  return 0;
}
