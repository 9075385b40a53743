// AES-128 by the processor's instructions: counter mode over four blocks at a time, then CBC, one by one.
#include "../kernels/kernel.h"
#include "lanes.h"

static u8x16 keys[11];
static uint8_t data[1 << 15];

// The round keys are arbitrary: the same work as with expanded ones.
static void make_keys(uint64_t* seed) {
  uint8_t bytes[16];
  for (int i = 0; i < 11; i++) {
    for (int k = 0; k < 16; k++) bytes[k] = (uint8_t)next_random(seed);
    keys[i] = load(bytes);
  }
}

#ifdef __aarch64__
static inline u8x16 encrypt(u8x16 s) {
  for (int i = 0; i < 9; i++) s = vaesmcq_u8(vaeseq_u8(s, keys[i]));
  return veorq_u8(vaeseq_u8(s, keys[9]), keys[10]);
}
#else
static inline u8x16 encrypt(u8x16 s) {
  s = _mm_xor_si128(s, keys[0]);
  for (int i = 1; i < 10; i++) s = _mm_aesenc_si128(s, keys[i]);
  return _mm_aesenclast_si128(s, keys[10]);
}
#endif

static void counter_mode(uint32_t nonce) {
  uint8_t counter[64];
  for (size_t i = 0; i < sizeof data; i += 64) {
    for (int b = 0; b < 4; b++) {
      const uint32_t words[4] = {nonce, 0, 0, (uint32_t)(i / 16) + (uint32_t)b};
      memcpy(counter + 16 * b, words, 16);
    }
    for (int b = 0; b < 4; b++)
      store(data + i + 16 * b, exclusive_or(load(data + i + 16 * b), encrypt(load(counter + 16 * b))));
  }
}
static void chained(uint8_t* chain) {
  u8x16 c = load(chain);
  for (size_t i = 0; i < sizeof data; i += 16) {
    c = encrypt(exclusive_or(load(data + i), c));
    store(data + i, c);
  }
  store(chain, c);
}

int main(int argc, char** argv) {
  uint64_t seed = 7, sum = 0;
  uint8_t chain[16] = {0};
  make_keys(&seed);
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)next_random(&seed);
  for (unsigned r = rounds_of(argc, argv, 5000); r > 0; r--) {
    if (r % 4) {
      counter_mode(r);
    } else {
      chained(chain);
    }
    sum = sum * 31 + data[r % sizeof data] + chain[r % 16];
  }
  return report("aes_crypto", sum);
}
