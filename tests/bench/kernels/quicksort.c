// Quicksort with an insertion sort for short runs: unpredictable branches, swaps, recursion.
#include "kernel.h"

enum { kCount = 200000 };
static uint32_t values[kCount];

static void sort(uint32_t* v, int n) {
  while (n > 16) {
    uint32_t pivot = v[n / 2];
    int i = 0, j = n - 1;
    for (;;) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i >= j) break;
      uint32_t t = v[i];
      v[i++] = v[j];
      v[j--] = t;
    }
    sort(v, i);
    v += i;
    n -= i;
  }
  for (int i = 1; i < n; i++) {
    uint32_t x = v[i];
    int j = i;
    for (; j > 0 && v[j - 1] > x; j--) v[j] = v[j - 1];
    v[j] = x;
  }
}

int main(int argc, char** argv) {
  uint64_t seed = 4, sum = 0;
  for (unsigned r = rounds_of(argc, argv, 35); r > 0; r--) {
    for (int i = 0; i < kCount; i++) values[i] = (uint32_t)next_random(&seed);
    sort(values, kCount);
    for (int i = 1; i < kCount; i++) {
      if (values[i - 1] > values[i]) return 1;
    }
    sum = sum * 31 + values[kCount / 3];
  }
  return report("quicksort", sum);
}
