// Video: where a block of 16 by 16 pixels fits best (sums of absolute differences), then the difference to
// it, filtered with saturation and rounding.
#include "../kernels/kernel.h"
#include "lanes.h"

enum { kWidth = 256, kHeight = 128 };
static uint8_t now[kHeight * kWidth], before[kHeight * kWidth], out[kHeight * kWidth];

#ifdef __aarch64__
static unsigned distance(const uint8_t* a, const uint8_t* b) {
  uint16x8_t low = vdupq_n_u16(0), high = low;
  for (int y = 0; y < 16; y++, a += kWidth, b += kWidth) {
    const uint8x16_t u = vld1q_u8(a), v = vld1q_u8(b);
    low = vabal_u8(low, vget_low_u8(u), vget_low_u8(v));
    high = vabal_high_u8(high, u, v);
  }
  return vaddlvq_u16(vaddq_u16(low, high));
}
static void filter(uint8_t* to, const uint8_t* a, const uint8_t* b) {
  for (int y = 0; y < 16; y++, to += kWidth, a += kWidth, b += kWidth) {
    const uint8x16_t u = vld1q_u8(a), v = vld1q_u8(b);
    const uint8x16_t sharper = vqsubq_u8(vqaddq_u8(u, vdupq_n_u8(16)), vqsubq_u8(v, u));
    const int16x8_t l = vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(sharper), vget_low_u8(v)));
    const int16x8_t h = vreinterpretq_s16_u16(vsubl_high_u8(sharper, v));
    const int16x8_t base_l = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(u)));
    const int16x8_t base_h = vreinterpretq_s16_u16(vmovl_high_u8(u));
    const int16x8_t sum_l = vaddq_s16(vmulq_n_s16(l, 5), vshlq_n_s16(base_l, 3));
    const int16x8_t sum_h = vaddq_s16(vmulq_n_s16(h, 5), vshlq_n_s16(base_h, 3));
    vst1q_u8(to, vqrshrun_high_n_s16(vqrshrun_n_s16(sum_l, 3), sum_h, 3));
  }
}
#else
static unsigned distance(const uint8_t* a, const uint8_t* b) {
  __m128i sum = _mm_setzero_si128();
  for (int y = 0; y < 16; y++, a += kWidth, b += kWidth)
    sum = _mm_add_epi64(sum, _mm_sad_epu8(load(a), load(b)));
  return (unsigned)(_mm_cvtsi128_si32(sum) + _mm_extract_epi16(sum, 4));
}
static __m128i rounded(__m128i base, __m128i d) {
  const __m128i sum = _mm_add_epi16(_mm_mullo_epi16(d, _mm_set1_epi16(5)), _mm_slli_epi16(base, 3));
  return _mm_srai_epi16(_mm_add_epi16(sum, _mm_set1_epi16(4)), 3);
}
static void filter(uint8_t* to, const uint8_t* a, const uint8_t* b) {
  const __m128i zero = _mm_setzero_si128();
  for (int y = 0; y < 16; y++, to += kWidth, a += kWidth, b += kWidth) {
    const __m128i u = load(a), v = load(b);
    const __m128i sharper = _mm_subs_epu8(_mm_adds_epu8(u, _mm_set1_epi8(16)), _mm_subs_epu8(v, u));
    const __m128i l = _mm_sub_epi16(_mm_unpacklo_epi8(sharper, zero), _mm_unpacklo_epi8(v, zero));
    const __m128i h = _mm_sub_epi16(_mm_unpackhi_epi8(sharper, zero), _mm_unpackhi_epi8(v, zero));
    store(to,
          _mm_packus_epi16(rounded(_mm_unpacklo_epi8(u, zero), l), rounded(_mm_unpackhi_epi8(u, zero), h)));
  }
}
#endif

int main(int argc, char** argv) {
  uint64_t seed = 9, sum = 0;
  for (size_t i = 0; i < sizeof now; i++)
    now[i] = (uint8_t)next_random(&seed), before[i] = now[i] ^ (uint8_t)(i & 7);
  for (unsigned r = rounds_of(argc, argv, 270); r > 0; r--) {
    for (int y = 16; y < kHeight - 32; y += 16) {
      for (int x = 16; x < kWidth - 32; x += 16) {
        const uint8_t* block = now + y * kWidth + x;
        unsigned best = ~0u;
        int where = 0;
        for (int dy = -8; dy < 8; dy++) {
          for (int dx = -8; dx < 8; dx++) {
            const int offset = dy * kWidth + dx;
            const unsigned d = distance(block, before + y * kWidth + x + offset);
            if (d < best) best = d, where = offset;
          }
        }
        filter(out + y * kWidth + x, block, before + y * kWidth + x + where);
        sum = sum * 31 + best + out[y * kWidth + x + (int)(r & 15)];
      }
    }
    memcpy(before, now, sizeof now);
    for (size_t i = r & 3; i < sizeof now; i += 5) now[i] = (uint8_t)(out[i] + i);
  }
  return report("motion", sum);
}
