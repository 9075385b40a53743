// Hashing: eight lanes of multiply, rotate and exclusive or side by side, and shifts by a variable.
#include "../kernels/kernel.h"

enum { kSize = 4096 };
static uint32_t in[kSize], lanes[8], out[kSize];
static uint64_t wide[kSize];

static void stripes(void) {
  for (int i = 0; i < kSize; i += 8) {
    for (int k = 0; k < 8; k++) {
      uint32_t v = lanes[k] + in[i + k] * 2246822519u;
      v = v << 13 | v >> 19;
      lanes[k] = v * 2654435761u;
    }
  }
}
static void finish(unsigned shift) {
  for (int i = 0; i < kSize; i++) {
    uint32_t v = in[i];
    v ^= v >> shift;
    v *= 0x85ebca6bu;
    v ^= v >> 13;
    v *= 0xc2b2ae35u;
    out[i] = v ^ v >> 16;
  }
}
static void widen(void) {
  for (int i = 0; i < kSize; i++) wide[i] = (wide[i] ^ out[i]) + (uint64_t)in[i] * 0x9e3779b1u;
}

int main(int argc, char** argv) {
  uint64_t seed = 11, sum = 0;
  for (int i = 0; i < kSize; i++) in[i] = (uint32_t)next_random(&seed);
  for (unsigned r = rounds_of(argc, argv, 30000); r > 0; r--) {
    stripes();
    finish(r & 15);
    if ((r & 1) == 0) widen();
    in[r % kSize] ^= lanes[r % 8];
    sum = sum * 31 + lanes[r % 8] + out[(r * 7) % kSize] + wide[(r * 5) % kSize];
  }
  return report("mixing", sum);
}
