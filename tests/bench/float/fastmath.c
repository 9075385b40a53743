// A reverberation of decaying echoes built as -ffast-math programs are: denormal numbers are flushed from the
// start, which is why the echoes may die away.
#include <math.h>

#include "../kernels/kernel.h"
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#pragma GCC optimize("fast-math")

enum { kLines = 8, kDelay = 1 << 9 };
static float lines[kLines][kDelay];

// What the compiler's start-up file for -ffast-math does, where there is such a mode.
static void flush_denormals(void) {
#ifdef __x86_64__
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(1ul << 24));
#endif
}

int main(int argc, char** argv) {
  flush_denormals();
  double power = 0;
  float low = 0, high = 0;
  for (unsigned i = 0, n = rounds_of(argc, argv, 4000000); i < n; ++i) {
    // A click now and then, silence in between.
    const float in = i % 65536 == 0 ? 1.0f : 0.0f;
    float sum = 0;
    for (int k = 0; k < kLines; ++k) sum += lines[k][(i * (k + 3) >> 2) % kDelay];
    low += 0.3f * (sum * 0.125f - low);
    high = 0.5f * (high + low);
    for (int k = 0; k < kLines; ++k) lines[k][(i * (k + 3) >> 2) % kDelay] = in + low * 0.97f - high * 0.2f;
    power += (double)low * low;
  }
  printf("%.4f\n", power);
  return 0;
}
