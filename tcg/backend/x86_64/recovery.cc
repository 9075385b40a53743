#include "tcg/backend/x86_64/recovery.h"

#include <algorithm>

namespace xarch::x86_64 {

namespace {

// First byte of a record.
constexpr unsigned kSamePlaces = 1;  // the slot list is that of the record before
constexpr unsigned kHasRestore = 2;
constexpr unsigned kTrap = 4;
constexpr unsigned kWrites = 8;
// Bits 4..7: pc offset minus the one before, in units of 4 bytes; 15: a varint follows.
constexpr unsigned kSmallPcShift = 4;
constexpr unsigned kSmallPcMax = 15;

void put_varint(std::vector<uint8_t>* out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out->push_back(static_cast<uint8_t>(v | 0x80));
  out->push_back(static_cast<uint8_t>(v));
}

uint64_t zigzag(int64_t v) { return static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63); }
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1 ^ (~(v & 1) + 1)); }

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}
  bool more() const { return p_ < end_; }
  uint8_t byte() { return p_ < end_ ? *p_++ : 0; }
  uint64_t varint() {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      uint8_t b = byte();
      v |= uint64_t{b & 0x7fu} << shift;
      if (!(b & 0x80)) break;
    }
    return v;
  }

 private:
  const uint8_t* p_;
  const uint8_t* end_;
};

}  // namespace

void RecoveryWriter::add(const RecoverySite& site, std::span<const SlotPlace> places) {
  bool same = std::ranges::equal(places, last_places_);
  int64_t pc = site.pc_offset - last_.pc_offset;
  bool small = pc >= 0 && pc % 4 == 0 && pc / 4 < kSmallPcMax;
  unsigned head = (same ? kSamePlaces : 0) | (site.restore ? kHasRestore : 0) | (site.trap ? kTrap : 0) |
                  (site.writes ? kWrites : 0) |
                  (small ? static_cast<unsigned>(pc / 4) : kSmallPcMax) << kSmallPcShift;
  out_->push_back(static_cast<uint8_t>(head));
  put_varint(out_, zigzag(static_cast<int64_t>(site.offset) - static_cast<int64_t>(last_.offset)));
  if (!small) put_varint(out_, zigzag(pc));
  if (site.restore) put_varint(out_, site.restore);
  if (site.trap) {
    out_->push_back(
        static_cast<uint8_t>(site.trap_size << 2 | (site.probe ? 2 : 0) | (site.trap_write ? 1 : 0)));
    out_->push_back(site.trap_reg);
  }
  if (!same) {
    put_varint(out_, places.size());
    for (const SlotPlace& p : places) {
      put_varint(out_, p.slot);
      out_->push_back(p.place);
    }
    last_places_.assign(places.begin(), places.end());
  }
  last_ = site;
}

bool find_recovery(std::span<const uint8_t> records, uint32_t offset, RecoverySite* site, SlotPlace* places,
                   unsigned capacity, unsigned* num_places) {
  Reader in(records);
  *site = RecoverySite();
  *num_places = 0;
  while (in.more()) {
    uint8_t head = in.byte();
    site->offset = static_cast<uint32_t>(site->offset + unzigzag(in.varint()));
    unsigned small = head >> kSmallPcShift;
    site->pc_offset += small == kSmallPcMax ? unzigzag(in.varint()) : small * 4;
    site->restore = head & kHasRestore ? static_cast<uint32_t>(in.varint()) : 0;
    site->trap = (head & kTrap) != 0;
    site->writes = (head & kWrites) != 0;
    if (site->trap) {
      uint8_t t = in.byte();
      site->trap_size = t >> 2;
      site->probe = t & 2;
      site->trap_write = t & 1;
      site->trap_reg = in.byte();
    }
    if (!(head & kSamePlaces)) {
      uint64_t n = in.varint();
      *num_places = 0;
      for (uint64_t i = 0; i < n; ++i) {
        SlotPlace p;
        p.slot = static_cast<ir::SlotId>(in.varint());
        p.place = in.byte();
        if (*num_places < capacity) places[(*num_places)++] = p;
      }
    }
    if (site->offset == offset) return true;
  }
  return false;
}

}  // namespace xarch::x86_64
