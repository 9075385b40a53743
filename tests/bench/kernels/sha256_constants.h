// The constants of SHA-256 (FIPS 180-4), worked out.
#pragma once

#include "kernel.h"

static uint32_t k[64], initial[8];

// The constants are the fractional bits of cube and square roots of the first primes; computed here by
// integer search.
static uint32_t root_fraction(uint32_t prime, int power) {
  // Largest x with x^power <= prime * 2^(32 * power), power 2 or 3, found bit by bit; its low 32 bits are the
  // fraction.
  uint64_t x = 0;
  for (int bit = 36; bit >= 0; bit--) {
    uint64_t y = x | (1ull << bit);
    unsigned __int128 square = (unsigned __int128)y * y;
    int fits;
    if (power == 2) {
      fits = square <= (unsigned __int128)prime << 64;
    } else {
      // y^3 <= prime * 2^96, compared after a division by 2^32 that keeps the remainder in mind.
      unsigned __int128 high = (square >> 32) * y, low = (square & 0xffffffffu) * y;
      unsigned __int128 cube = high + (low >> 32), bound = (unsigned __int128)prime << 64;
      fits = cube < bound || (cube == bound && (low & 0xffffffffu) == 0);
    }
    if (fits) x = y;
  }
  return (uint32_t)x;
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
