// What the kernels share: each is one C program of integer code that repeats its work `rounds` times and
// prints a checksum, which must be the same on every processor.
#pragma once

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A fixed pseudo-random sequence (xorshift64).
static inline uint64_t next_random(uint64_t* state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

// Repetitions: the first argument, or what takes about 0.4 s on a 2020s x86-64 server.
static inline unsigned rounds_of(int argc, char** argv, unsigned usual) {
  return argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : usual;
}

static inline int report(const char* name, uint64_t checksum) {
  printf("%s %016" PRIx64 "\n", name, checksum);
  return 0;
}
