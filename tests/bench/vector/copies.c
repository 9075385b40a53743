// Moving data: structures of arrays to arrays of structures and back, byte order, reversal, widening and
// narrowing.
#include "../kernels/kernel.h"

enum { kSize = 4096 };
static uint16_t planes[4][kSize], packed[4 * kSize];
static uint32_t words[kSize], swapped[kSize];
static uint8_t bytes[kSize], turned[kSize];

static void pack(void) {
  for (int i = 0; i < kSize; i++) {
    for (int k = 0; k < 4; k++) packed[4 * i + k] = planes[k][i];
  }
}
static void unpack(void) {
  for (int i = 0; i < kSize; i++) {
    uint16_t x = packed[2 * i], y = packed[2 * i + 1];
    planes[0][i] = (uint16_t)(x + y), planes[1][i] = (uint16_t)(x - y);
  }
}
static void swap(void) {
  for (int i = 0; i < kSize; i++) swapped[i] = __builtin_bswap32(words[i]);
}
static void turn(void) {
  for (int i = 0; i < kSize; i++) turned[i] = bytes[kSize - 1 - i];
}
static void narrow(void) {
  for (int i = 0; i < kSize; i++) bytes[i] = (uint8_t)(swapped[i] >> 8);
}
static void widen(void) {
  for (int i = 0; i < kSize; i++) words[i] += turned[i];
}

int main(int argc, char** argv) {
  uint64_t seed = 13, sum = 0;
  for (int i = 0; i < kSize; i++) {
    for (int k = 0; k < 4; k++) planes[k][i] = (uint16_t)next_random(&seed);
    words[i] = (uint32_t)next_random(&seed);
  }
  for (unsigned r = rounds_of(argc, argv, 40000); r > 0; r--) {
    pack();
    unpack();
    swap();
    turn();
    narrow();
    widen();
    sum = sum * 31 + words[r % kSize] + planes[r & 1][(r * 3) % kSize];
  }
  return report("copies", sum);
}
