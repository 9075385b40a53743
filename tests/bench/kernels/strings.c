// Strings: byte loops written out (length, compare, search, copy), then the C library's own of the same
// names.
#include "kernel.h"

__attribute__((noinline)) static size_t own_length(const char* s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

__attribute__((noinline)) static int own_compare(const char* a, const char* b) {
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

__attribute__((noinline)) static const char* own_find(const char* s, const char* word) {
  for (; *s; s++) {
    size_t i = 0;
    while (word[i] && s[i] == word[i]) i++;
    if (!word[i]) return s;
  }
  return NULL;
}

__attribute__((noinline, optimize("no-tree-loop-distribute-patterns"))) static char* own_copy(
    char* to, const char* from) {
  while ((*to = *from)) to++, from++;
  return to;
}

enum { kWords = 400, kText = 8192 };
static char words[kWords][16], text[kText];

// The library's functions through pointers the compiler cannot see through.
static size_t (*volatile library_length)(const char*) = strlen;
static int (*volatile library_compare)(const char*, const char*) = strcmp;
static char* (*volatile library_find)(const char*, int) = strchr;
static void* (*volatile library_copy)(void*, const void*, size_t) = memcpy;

static uint64_t own_round(void) {
  char* end = text;
  uint64_t sum = 0;
  for (int i = 0; i < kWords; i++) end = own_copy(end, words[i]);
  sum += own_length(text);
  for (int i = 0; i < kWords; i += 8) {
    const char* at = own_find(text, words[i]);
    sum = sum * 3 + (uint64_t)(at - text);
    sum += own_compare(words[i], words[(i * 7 + 1) % kWords]) < 0;
  }
  return sum;
}

static uint64_t library_round(void) {
  char copy[kText];
  uint64_t sum = 0;
  for (int i = 0; i < 200; i++) {
    size_t n = library_length(text + i);
    library_copy(copy, text + i, n + 1);
    sum += n + (library_compare(copy, text + i) == 0);
    const char* at = library_find(copy, 'z' - i % 26);
    if (at) sum += (uint64_t)(at - copy);
  }
  return sum;
}

int main(int argc, char** argv) {
  uint64_t seed = 8, sum = 0;
  for (int i = 0; i < kWords; i++) {
    int n = 3 + (int)(next_random(&seed) % 12);
    for (int j = 0; j < n; j++) words[i][j] = (char)('a' + next_random(&seed) % 26);
  }
  for (unsigned r = rounds_of(argc, argv, 3600); r > 0; r--) sum = sum * 31 + own_round() + library_round();
  return report("strings", sum);
}
