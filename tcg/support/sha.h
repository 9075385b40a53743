// Steps of SHA-1 and SHA-256 (FIPS 180) on four words, as the IR's v.sha* ops have them; lane 0 comes first.
#pragma once

#include <cstdint>

namespace xarch {

// Four rounds of SHA-1 with function and constant 0..3. state: d c b a; w: words 3, 2, 1, and word 0 plus e.
void sha1_rounds(const uint32_t (&state)[4], const uint32_t (&w)[4], unsigned function, uint32_t (&out)[4]);
// Two rounds of SHA-256. hgdc and feba name the words of the state from lane 0 up; wk: words plus constants
// in lanes 0 and 1. out: the new f e b a.
void sha256_rounds(const uint32_t (&hgdc)[4], const uint32_t (&feba)[4], const uint32_t (&wk)[4],
                   uint32_t (&out)[4]);
// Words t..t+3 plus sigma0 of the words behind them; next[0] is word t+4.
void sha256_message1(const uint32_t (&words)[4], const uint32_t (&next)[4], uint32_t (&out)[4]);
// Sums so far plus sigma1 of the words two before; last holds the four words before.
void sha256_message2(const uint32_t (&sums)[4], const uint32_t (&last)[4], uint32_t (&out)[4]);

}  // namespace xarch
