// Iterations of the Mandelbrot set's points.
#include "../kernels/kernel.h"

enum { kWidth = 400, kHeight = 300, kLimit = 200 };

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (unsigned round = rounds_of(argc, argv, 6); round > 0; --round) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double cr = 3.0 * x / kWidth - 2.1, ci = 2.4 * y / kHeight - 1.2 - round * 1e-3;
        double zr = 0, zi = 0;
        int n = 0;
        for (; n < kLimit && zr * zr + zi * zi <= 4; ++n) {
          const double r = zr * zr - zi * zi + cr;
          zi = 2 * zr * zi + ci;
          zr = r;
        }
        sum += (uint64_t)n;
      }
    }
  }
  // Points near the edge depend on how products are rounded.
  printf("%lu\n", (unsigned long)((sum + 50000) / 100000));
  return 0;
}
