// The mathematical library: exponentials, logarithms, powers, trigonometry.
#include <math.h>

#include "../kernels/kernel.h"

int main(int argc, char** argv) {
  double sum = 0, x = 0.1;
  for (unsigned i = rounds_of(argc, argv, 800000); i > 0; --i) {
    x += 0.00037;
    if (x > 20) x -= 19.9;
    sum += sin(x) * cos(x / 2) + exp(-x) + log(x) + pow(x, 0.3) + atan2(x, 2.0) + tanh(x / 9);
    sum +=
        (double)(sinf((float)x) + expf(-(float)x) + sqrtf((float)x)) + floor(x) + rint(x * 3) + hypot(x, 1.5);
  }
  printf("%.1f\n", sum);
  return 0;
}
