// Multiplication of long numbers, limb by limb: wide multiplies and carries. The sum is a factorial, then its
// square.
#include "kernel.h"

#ifdef __SIZEOF_INT128__
typedef uint64_t Limb;
typedef unsigned __int128 Wide;
#else
typedef uint32_t Limb;
typedef uint64_t Wide;
#endif

enum { kLimbs = 1024 };
static Limb number[kLimbs], product[2 * kLimbs];

static int times_small(Limb* n, int length, Limb by) {
  Limb carry = 0;
  for (int i = 0; i < length; i++) {
    Wide x = (Wide)n[i] * by + carry;
    n[i] = (Limb)x;
    carry = (Limb)(x >> 8 * sizeof(Limb));
  }
  if (carry) n[length++] = carry;
  return length;
}

static void square(const Limb* n, int length) {
  memset(product, 0, sizeof product);
  for (int i = 0; i < length; i++) {
    Limb carry = 0;
    for (int j = 0; j < length; j++) {
      Wide x = (Wide)n[i] * n[j] + product[i + j] + carry;
      product[i + j] = (Limb)x;
      carry = (Limb)(x >> 8 * sizeof(Limb));
    }
    product[i + length] = carry;
  }
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (unsigned r = rounds_of(argc, argv, 750); r > 0; r--) {
    int length = 1;
    number[0] = r;
    for (unsigned i = 2; i <= 3000; i++) length = times_small(number, length, i);
    square(number, length);
    for (int i = 0; i < 2 * length; i++) sum = sum * 31 + product[i];
  }
  return report("bignum", sum);
}
