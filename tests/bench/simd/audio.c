// Fixed-point sound, 16 bits: voices mixed with gains, a filter of eight taps, an envelope. Products keep
// their upper half, rounded, sums saturate.
#include "../kernels/kernel.h"
#include "lanes.h"

enum { kFrames = 2048, kVoices = 4, kTaps = 8 };
static int16_t voice[kVoices][kFrames], mix[kFrames + kTaps], out[kFrames], taps[kTaps];

#ifdef __aarch64__
typedef int16x8_t i16x8;
static inline i16x8 get(const int16_t* p) { return vld1q_s16(p); }
static inline void put(int16_t* p, i16x8 v) { vst1q_s16(p, v); }
static inline i16x8 all(int16_t x) { return vdupq_n_s16(x); }
static inline i16x8 add(i16x8 a, i16x8 b) { return vqaddq_s16(a, b); }
static inline i16x8 sub(i16x8 a, i16x8 b) { return vqsubq_s16(a, b); }
static inline i16x8 scale(i16x8 a, i16x8 b) { return vqrdmulhq_s16(a, b); }
static inline i16x8 scale_down(i16x8 a, i16x8 b) { return vqdmulhq_s16(a, b); }
#else
typedef __m128i i16x8;
static inline i16x8 get(const int16_t* p) { return load(p); }
static inline void put(int16_t* p, i16x8 v) { store(p, v); }
static inline i16x8 all(int16_t x) { return _mm_set1_epi16(x); }
static inline i16x8 add(i16x8 a, i16x8 b) { return _mm_adds_epi16(a, b); }
static inline i16x8 sub(i16x8 a, i16x8 b) { return _mm_subs_epi16(a, b); }
// The product of the smallest number with itself saturates.
static inline i16x8 saturated(i16x8 p) {
  return _mm_xor_si128(p, _mm_cmpeq_epi16(p, _mm_set1_epi16(-32768)));
}
static inline i16x8 scale(i16x8 a, i16x8 b) { return saturated(_mm_mulhrs_epi16(a, b)); }
static inline i16x8 scale_down(i16x8 a, i16x8 b) {
  return saturated(
      _mm_or_si128(_mm_slli_epi16(_mm_mulhi_epi16(a, b), 1), _mm_srli_epi16(_mm_mullo_epi16(a, b), 15)));
}
#endif

static void mix_voices(unsigned r) {
  for (int i = 0; i < kFrames; i += 8) {
    i16x8 sum = all(0);
#pragma GCC unroll 4
    for (int v = 0; v < kVoices; v++) {
      sum = add(sum, scale(get(voice[v] + i), all((int16_t)(12000 + 4000 * v - (int)(r & 1023)))));
    }
    put(mix + kTaps + i, sum);
  }
}
static void filter(void) {
  for (int i = 0; i < kFrames; i += 8) {
    i16x8 sum = all(0);
#pragma GCC unroll 8
    for (int t = 0; t < kTaps; t++) sum = add(sum, scale(get(mix + i + t), all(taps[t])));
    put(out + i, sum);
  }
  memcpy(mix, mix + kFrames, kTaps * sizeof *mix);
}
static void envelope(void) {
  i16x8 level = all(32767);
  for (int i = 0; i < kFrames; i += 8) {
    const i16x8 x = get(out + i);
    put(out + i, scale_down(x, level));
    level = sub(level, scale_down(level, all(300)));
    put(voice[i / 8 % kVoices] + i, add(x, get(voice[(i / 8 + 1) % kVoices] + i)));
  }
}

int main(int argc, char** argv) {
  uint64_t seed = 21, sum = 0;
  for (int v = 0; v < kVoices; v++)
    for (int i = 0; i < kFrames; i++) voice[v][i] = (int16_t)next_random(&seed);
  for (int t = 0; t < kTaps; t++) taps[t] = (int16_t)(9000 - 2500 * t);
  for (unsigned r = rounds_of(argc, argv, 60000); r > 0; r--) {
    mix_voices(r);
    filter();
    envelope();
    voice[r % kVoices][r % kFrames] ^= (int16_t)r;
    sum = sum * 31 + (uint16_t)out[r % kFrames] + (uint16_t)out[(r * 7) % kFrames];
  }
  return report("audio", sum);
}
