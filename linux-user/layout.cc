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

}  // namespace

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
