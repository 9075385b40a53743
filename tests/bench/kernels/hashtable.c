// An open-addressing hash table of 64-bit keys: multiply, mask, probe; inserts, hits, misses and deletions.
#include "kernel.h"

enum { kBits = 16, kSlots = 1 << kBits };
static uint64_t keys[kSlots], counts[kSlots];

static uint32_t slot_of(uint64_t key) {
  uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - kBits));
  while (keys[i] != 0 && keys[i] != key) i = (i + 1) & (kSlots - 1);
  return i;
}

static void erase(uint32_t i) {
  uint32_t j = i;
  for (;;) {
    keys[i] = 0;
    uint32_t home;
    do {
      j = (j + 1) & (kSlots - 1);
      if (keys[j] == 0) return;
      home = (uint32_t)(keys[j] * 0x9e3779b97f4a7c15u >> (64 - kBits));
    } while (i <= j ? (i < home && home <= j) : (i < home || home <= j));
    keys[i] = keys[j];
    counts[i] = counts[j];
    i = j;
  }
}

int main(int argc, char** argv) {
  uint64_t seed = 5, sum = 0;
  for (unsigned r = rounds_of(argc, argv, 520); r > 0; r--) {
    for (int n = 0; n < 100000; n++) {
      uint64_t key = next_random(&seed) % 40000 + 1;
      uint32_t i = slot_of(key);
      if (keys[i] == 0) {
        keys[i] = key;
        counts[i] = 1;
      } else if (++counts[i] > 4) {
        sum += key;
        erase(i);
      }
    }
  }
  return report("hashtable", sum);
}
