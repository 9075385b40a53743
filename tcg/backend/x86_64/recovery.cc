#include "tcg/backend/x86_64/recovery.h"

#include <algorithm>

#include "tcg/support/varint.h"

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

// The longest record: head, offset, pc, restore, trap, number of places, each with its slot and place, and
// one a position.
constexpr size_t kMaxRecord = 1 + 5 + 10 + 5 + 2 + 1 + 10 + 4 * kMaxPlaces;

uint8_t* put(uint8_t* p, unsigned v) {
  *p = static_cast<uint8_t>(v);
  return p + 1;
}
}  // namespace

void RecoveryWriter::begin() {
  end_ = bytes_.get();
  any_ = false;
  last_ = RecoverySite();
  last_places_.clear();
}

void RecoveryWriter::finish(std::vector<uint8_t>* out) { out->insert(out->end(), bytes_.get(), end_); }

void RecoveryWriter::make_room() {
  const auto used = static_cast<size_t>(end_ - bytes_.get());
  const size_t size = 2 * used + 4 * kMaxRecord;
  auto larger = std::make_unique_for_overwrite<uint8_t[]>(size);
  std::copy(bytes_.get(), end_, larger.get());
  bytes_ = std::move(larger);
  end_ = bytes_.get() + used;
  full_ = bytes_.get() + size - kMaxRecord;
}

bool RecoveryWriter::add_plain(uint32_t offset, int64_t pc_offset, bool writes) {
  if (!last_places_.empty() || last_.trap || last_.restore != 0) return false;
  const auto pc = static_cast<uint64_t>(pc_offset - last_.pc_offset);
  if (any_ && pc == 0 && writes == last_.writes) return true;
  const uint32_t distance = offset - last_.offset;
  if (pc % 4 != 0 || pc / 4 >= kSmallPcMax || distance >= 0x80) return false;
  if (end_ >= full_) make_room();
  uint8_t* p =
      put(end_, kSamePlaces | (writes ? kWrites : 0) | static_cast<unsigned>(pc / 4) << kSmallPcShift);
  end_ = put(p, distance);
  last_.offset = offset;
  last_.pc_offset = pc_offset;
  last_.writes = writes;
  any_ = true;
  return true;
}

void RecoveryWriter::add(const RecoverySite& site, std::span<const SlotPlace> places) {
  const bool same = places.size() == last_places_.size() && std::ranges::equal(places, last_places_);
  const int64_t pc = site.pc_offset - last_.pc_offset;
  if (any_ && same && pc == 0 && !site.trap && !last_.trap && site.restore == last_.restore &&
      site.writes == last_.writes) {
    return;
  }
  const bool small = pc >= 0 && pc % 4 == 0 && pc / 4 < kSmallPcMax;
  const uint32_t distance = site.offset - last_.offset;
  if (end_ >= full_) make_room();
  uint8_t* p = put(end_, (same ? kSamePlaces : 0) | (site.restore ? kHasRestore : 0) |
                             (site.trap ? kTrap : 0) | (site.writes ? kWrites : 0) |
                             (small ? static_cast<unsigned>(pc / 4) : kSmallPcMax) << kSmallPcShift);
  p = put_varint(p, distance);
  if (!small) p = put_varint(p, zigzag(pc));
  if (site.restore) p = put_varint(p, site.restore);
  if (site.trap) {
    p = put(p, site.trap_size << 2 | (site.probe ? 2 : 0) | (site.trap_write ? 1 : 0));
    p = put(p, site.trap_reg);
  }
  if (!same) {
    p = put_varint(p, places.size());
    for (const SlotPlace& place : places) {
      p = put_varint(p, place.slot);
      p = put(p, place.place);
      if (place.place == SlotPlace::kPosition) p = put_varint(p, zigzag(place.offset));
    }
    last_places_.assign(places.begin(), places.end());
  }
  end_ = p;
  last_ = site;
  any_ = true;
}

bool find_recovery(std::span<const uint8_t> records, uint32_t offset, RecoverySite* site, SlotPlace* places,
                   unsigned capacity, unsigned* num_places) {
  const uint8_t* p = records.data();
  const uint8_t* const end = p + records.size();
  *site = RecoverySite();
  *num_places = 0;
  bool found = false;
  while (p < end) {
    const uint8_t head = *p++;
    const auto at = static_cast<uint32_t>(site->offset + get_varint(&p));
    if (at > offset) break;
    found = true;
    site->offset = at;
    const unsigned small = head >> kSmallPcShift;
    site->pc_offset += small == kSmallPcMax ? unzigzag(get_varint(&p)) : small * 4;
    site->restore = head & kHasRestore ? static_cast<uint32_t>(get_varint(&p)) : 0;
    site->trap = (head & kTrap) != 0;
    site->writes = (head & kWrites) != 0;
    if (site->trap) {
      uint8_t t = *p++;
      site->trap_size = t >> 2;
      site->probe = t & 2;
      site->trap_write = t & 1;
      site->trap_reg = *p++;
    }
    if (!(head & kSamePlaces)) {
      uint64_t n = get_varint(&p);
      *num_places = 0;
      for (uint64_t i = 0; i < n; ++i) {
        SlotPlace place;
        place.slot = static_cast<ir::SlotId>(get_varint(&p));
        place.place = *p++;
        if (place.place == SlotPlace::kPosition) place.offset = unzigzag(get_varint(&p));
        if (*num_places < capacity) places[(*num_places)++] = place;
      }
    }
  }
  return found;
}

}  // namespace xarch::x86_64
