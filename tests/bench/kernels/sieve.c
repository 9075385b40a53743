// Primes by the sieve of Eratosthenes: byte stores with growing strides, one counted loop.
#include "kernel.h"

enum { kLimit = 2000000 };
static uint8_t composite[kLimit + 1];

static uint32_t count_primes(void) {
  memset(composite, 0, sizeof composite);
  uint32_t count = 0;
  for (uint32_t i = 2; i <= kLimit; i++) {
    if (composite[i]) continue;
    count++;
    for (uint64_t j = (uint64_t)i * i; j <= kLimit; j += i) composite[j] = 1;
  }
  return count;
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (unsigned r = rounds_of(argc, argv, 130); r > 0; r--) sum = sum * 31 + count_primes();
  return report("sieve", sum);
}
