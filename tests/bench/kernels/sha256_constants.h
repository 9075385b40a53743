// The constants of SHA-256 (FIPS 180-4), worked out.
#pragma once

#include <math.h>

#include "kernel.h"

static uint32_t k[64], initial[8];

// The constants are the first 32 fractional bits of cube and square roots of the first primes: doubles have
// more.
static uint32_t root_fraction(uint32_t prime, int power) {
  return (uint32_t)(uint64_t)((power == 2 ? sqrt(prime) : cbrt(prime)) * 4294967296.0);
}

static void fill_constants(void) {
  int n = 0;
  for (uint32_t p = 2; n < 64; p++) {
    int prime = 1;
    for (uint32_t d = 2; d * d <= p; d++) prime &= p % d != 0;
    if (!prime) continue;
    if (n < 8) initial[n] = root_fraction(p, 2);
    k[n++] = root_fraction(p, 3);
  }
}
