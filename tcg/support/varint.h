// Numbers in as few bytes as they need, for records of which there are many.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xarch {

inline constexpr size_t kMaxVarint = 10;  // bytes that one number takes at most

// Seven bits to a byte, the lowest first; all bytes but the last have bit 7 set. Returns what lies behind.
inline uint8_t* put_varint(uint8_t* p, uint64_t v) {
  for (; v >= 0x80; v >>= 7) *p++ = static_cast<uint8_t>(v | 0x80);
  *p++ = static_cast<uint8_t>(v);
  return p;
}

// Moves *p behind the number, which put_varint has written. Async-signal-safe.
inline uint64_t get_varint(const uint8_t** p) {
  uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t b = *(*p)++;
    v |= uint64_t{b & 0x7fu} << shift;
    if (!(b & 0x80)) return v;
  }
}

// Numbers with a sign, so that those near 0 are short.
inline uint64_t zigzag(int64_t v) { return static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63); }
inline int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1 ^ (~(v & 1) + 1)); }

}  // namespace xarch
