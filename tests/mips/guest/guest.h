/* What the guest programs of the tests share. */
#pragma once

#include <asm/unistd.h>

long call(long number, long a, long b, long c, long d, long e, long f);

static inline unsigned length(const char* s) {
  unsigned n = 0;
  while (s[n] != 0) ++n;
  return n;
}
static inline void print(const char* s) { call(__NR_write, 1, (long)s, length(s), 0, 0, 0); }
static inline void print_hex(unsigned v) {
  char text[10];
  for (int i = 0; i < 8; ++i) text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
  text[8] = '\n';
  text[9] = 0;
  print(text);
}
