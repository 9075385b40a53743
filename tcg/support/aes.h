// The steps of AES on a state of 16 bytes (FIPS 197: byte i is row i % 4 of column i / 4).
#pragma once

#include <cstdint>

namespace xarch {

// SubBytes of ShiftRows, or with `inverse` the inverse steps.
void aes_substitute(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse);
// MixColumns or its inverse.
void aes_mix_columns(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse);
// One after the other.
void aes_round(const uint8_t (&in)[16], uint8_t (&out)[16], bool inverse);

}  // namespace xarch
