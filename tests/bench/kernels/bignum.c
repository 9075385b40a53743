// Multiplication of long numbers, limb by limb: wide multiplies and carries. The sum is a factorial, then its
// square.
#include "kernel.h"

enum { kLimbs = 1024 };
static uint64_t number[kLimbs], product[2 * kLimbs];

static int times_small(uint64_t* n, int length, uint64_t by) {
  uint64_t carry = 0;
  for (int i = 0; i < length; i++) {
    unsigned __int128 x = (unsigned __int128)n[i] * by + carry;
    n[i] = (uint64_t)x;
    carry = (uint64_t)(x >> 64);
  }
  if (carry) n[length++] = carry;
  return length;
}

static void square(const uint64_t* n, int length) {
  memset(product, 0, sizeof product);
  for (int i = 0; i < length; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < length; j++) {
      unsigned __int128 x = (unsigned __int128)n[i] * n[j] + product[i + j] + carry;
      product[i + j] = (uint64_t)x;
      carry = (uint64_t)(x >> 64);
    }
    product[i + length] = carry;
  }
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (unsigned r = rounds_of(argc, argv, 750); r > 0; r--) {
    int length = 1;
    number[0] = r;
    for (uint64_t i = 2; i <= 3000; i++) length = times_small(number, length, i);
    square(number, length);
    for (int i = 0; i < 2 * length; i++) sum = sum * 31 + product[i];
  }
  return report("bignum", sum);
}
