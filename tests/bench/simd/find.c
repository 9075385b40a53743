// Searching text: sixteen places at a time by a word's first and last byte; lines counted; bytes above 127
// looked for.
#include "../kernels/kernel.h"
#include "lanes.h"

enum { kSize = 1 << 16 };
static char text[kSize + 64];

#ifdef __aarch64__
// Four bits for each byte that is all ones.
static inline uint64_t mask_of(uint8x16_t m) {
  return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(m), 4)), 0);
}
static inline unsigned first_of(uint64_t mask) { return (unsigned)__builtin_ctzll(mask) / 4; }
static inline uint64_t without(uint64_t mask, unsigned i) { return mask & ~(15ull << (4 * i)); }
static inline uint8x16_t all(char c) { return vdupq_n_u8((uint8_t)c); }
static inline uint64_t equal_both(const char* p, uint8x16_t a, const char* q, uint8x16_t b) {
  return mask_of(vandq_u8(vceqq_u8(load(p), a), vceqq_u8(load(q), b)));
}
static size_t lines(const char* p, size_t n) {
  size_t total = 0;
  for (; n; n -= 16, p += 16) total += vaddvq_u8(vandq_u8(vceqq_u8(load(p), all('\n')), all(1)));
  return total;
}
static int is_ascii(const char* p, size_t n) {
  for (; n; n -= 32, p += 32)
    if (vmaxvq_u8(vorrq_u8(load(p), load(p + 16))) > 127) return 0;
  return 1;
}
#else
static inline unsigned first_of(uint64_t mask) { return (unsigned)__builtin_ctzll(mask); }
static inline uint64_t without(uint64_t mask, unsigned i) { return mask & ~(1ull << i); }
static inline __m128i all(char c) { return _mm_set1_epi8(c); }
static inline uint64_t equal_both(const char* p, __m128i a, const char* q, __m128i b) {
  return (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(load(p), a), _mm_cmpeq_epi8(load(q), b)));
}
static size_t lines(const char* p, size_t n) {
  size_t total = 0;
  for (; n; n -= 16, p += 16)
    total += (size_t)__builtin_popcount((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(load(p), all('\n'))));
  return total;
}
static int is_ascii(const char* p, size_t n) {
  for (; n; n -= 32, p += 32)
    if (_mm_movemask_epi8(_mm_or_si128(load(p), load(p + 16)))) return 0;
  return 1;
}
#endif

static size_t find(const char* word, size_t length) {
  const u8x16 first = all(word[0]), last = all(word[length - 1]);
  size_t sum = 0;
  for (size_t i = 0; i < kSize; i += 16) {
    uint64_t mask = equal_both(text + i, first, text + i + length - 1, last);
    while (mask) {
      const unsigned at = first_of(mask);
      if (memcmp(text + i + at, word, length) == 0) sum += i + at;
      mask = without(mask, at);
    }
  }
  return sum;
}

int main(int argc, char** argv) {
  static const char* const kWords[] = {"needle", "stone", "tin", "ion", "reed"};
  uint64_t seed = 31, sum = 0;
  for (int i = 0; i < kSize; i++) {
    const unsigned v = (unsigned)next_random(&seed) % 60;
    text[i] = v == 0 ? '\n' : v < 8 ? ' ' : "etaoinshrdlu"[v % 12];
  }
  for (unsigned r = rounds_of(argc, argv, 9000); r > 0; r--) {
    const char* word = kWords[r % 5];
    memcpy(text + (r * 977) % (kSize - 64), word, strlen(word));
    sum = sum * 31 + find(word, strlen(word));
    sum += lines(text, kSize) + (size_t)is_ascii(text, kSize);
  }
  return report("find", sum);
}
