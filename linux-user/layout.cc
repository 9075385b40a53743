#include "linux-user/layout.h"

#include <string.h>

#include <algorithm>

namespace xarch::linux_user {

namespace {

uint64_t load(const uint8_t* p, unsigned bytes, bool big_endian, bool is_signed) {
  uint64_t v = 0;
  for (unsigned i = 0; i < bytes; ++i) v |= uint64_t{p[big_endian ? bytes - 1 - i : i]} << 8 * i;
  if (is_signed && bytes < 8) {
    const unsigned unused = 64 - 8 * bytes;
    v = static_cast<uint64_t>(static_cast<int64_t>(v << unused) >> unused);
  }
  return v;
}

void store(uint8_t* p, unsigned bytes, bool big_endian, uint64_t v) {
  for (unsigned i = 0; i < bytes; ++i) p[big_endian ? bytes - 1 - i : i] = static_cast<uint8_t>(v >> 8 * i);
}

constexpr LayoutTable::Size kTime64Sizes[] = {{StructId::k_timespec, sizeof(timespec)},
                                              {StructId::k_timespec_pair, sizeof(TimespecPair)},
                                              {StructId::k_itimerspec, sizeof(itimerspec)}};
// Seconds and the lower half of the nanoseconds of the times at the offset `at` of struct `id`.
constexpr FieldLayout seconds(StructId id, uint16_t at) { return {id, at, at, 8, 8, true}; }
constexpr FieldLayout nanoseconds(StructId id, uint16_t at, bool big_endian) {
  return {id, static_cast<uint16_t>(at + 8), static_cast<uint16_t>(at + (big_endian ? 12 : 8)), 8, 4, false};
}
template <bool big_endian>
constexpr FieldLayout kTime64Fields[] = {
    seconds(StructId::k_timespec, 0),       nanoseconds(StructId::k_timespec, 0, big_endian),
    seconds(StructId::k_timespec_pair, 0),  nanoseconds(StructId::k_timespec_pair, 0, big_endian),
    seconds(StructId::k_timespec_pair, 16), nanoseconds(StructId::k_timespec_pair, 16, big_endian),
    seconds(StructId::k_itimerspec, 0),     nanoseconds(StructId::k_itimerspec, 0, big_endian),
    seconds(StructId::k_itimerspec, 16),    nanoseconds(StructId::k_itimerspec, 16, big_endian),
};
constexpr LayoutTable kTime64(kTime64Sizes, kTime64Fields<false>);
constexpr LayoutTable kTime64Big(kTime64Sizes, kTime64Fields<true>);

}  // namespace

bool time64_layout(StructId id, bool big_endian, StructLayout* out) {
  return (big_endian ? kTime64Big : kTime64).find(id, out);
}

void struct_to_host(const StructLayout& layout, bool big_endian, const uint8_t* guest, void* host,
                    size_t host_bytes) {
  auto* to = static_cast<uint8_t*>(host);
  memset(to, 0, host_bytes);
  for (const FieldLayout& f : layout.fields) {
    const uint64_t v = load(guest + f.guest, f.guest_bytes, big_endian, f.is_signed);
    memcpy(to + f.host, &v, f.host_bytes);
  }
}

void struct_to_guest(const StructLayout& layout, bool big_endian, const void* host, uint8_t* guest) {
  const auto* from = static_cast<const uint8_t*>(host);
  memset(guest, 0, layout.guest_bytes);
  for (const FieldLayout& f : layout.fields)
    store(guest + f.guest, f.guest_bytes, big_endian, load(from + f.host, f.host_bytes, false, f.is_signed));
}

bool LayoutTable::find(StructId id, StructLayout* out) const {
  for (const Size& s : sizes_) {
    if (s.id != id) continue;
    const auto is_of = [id](const FieldLayout& f) { return f.of == id; };
    const auto first = std::find_if(fields_.begin(), fields_.end(), is_of);
    const auto last = std::find_if_not(first, fields_.end(), is_of);
    *out = {s.bytes, {first, last}};
    return true;
  }
  return false;
}

}  // namespace xarch::linux_user
