// Sixteen bytes under one name on both processors.
#pragma once

#ifdef __aarch64__
#include <arm_neon.h>
typedef uint8x16_t u8x16;
static inline u8x16 load(const void* p) { return vld1q_u8((const uint8_t*)p); }
static inline void store(void* p, u8x16 v) { vst1q_u8((uint8_t*)p, v); }
static inline u8x16 exclusive_or(u8x16 a, u8x16 b) { return veorq_u8(a, b); }
#else
#include <immintrin.h>
typedef __m128i u8x16;
static inline u8x16 load(const void* p) { return _mm_loadu_si128((const __m128i*)p); }
static inline void store(void* p, u8x16 v) { _mm_storeu_si128((__m128i*)p, v); }
static inline u8x16 exclusive_or(u8x16 a, u8x16 b) { return _mm_xor_si128(a, b); }
#endif
