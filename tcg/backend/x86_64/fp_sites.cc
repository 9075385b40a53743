#include "tcg/backend/x86_64/fp_sites.h"

#include "tcg/support/varint.h"

namespace xarch::x86_64 {

namespace {

// A record: offset from the one before and resume - offset (varints), op, types, aux and imm, registers (24
// bits: 5 for each, the two negations). Behind all of them how many bytes they are: one byte below kLong, or
// two bytes and kLong.
constexpr unsigned kLong = 255;

uint32_t pack_registers(const FpSite& s) {
  uint32_t r = s.dst & 31u;
  for (unsigned i = 0; i < 3; ++i) r |= (s.args[i] & 31u) << (5 * (i + 1));
  return r | uint32_t{s.negate_a} << 20 | uint32_t{s.negate_c} << 21;
}
void unpack_registers(uint32_t r, FpSite* s) {
  if (s->op != ir::Op::kFlagsFcmp) s->dst = r & 31;
  const unsigned n = ir::op_info(s->op).num_operands;
  for (unsigned i = 0; i < n && i < 3; ++i) s->args[i] = r >> (5 * (i + 1)) & 31;
  s->negate_a = r >> 20 & 1;
  s->negate_c = r >> 21 & 1;
}

// The records' bytes and where the recovery records before them end.
std::span<const uint8_t> fp_bytes(std::span<const uint8_t> records, size_t* before) {
  *before = records.size();
  if (records.empty()) return {};
  size_t tail = 1, bytes = records.back();
  if (bytes == kLong) {
    tail = 3;
    bytes = records[records.size() - 3] | size_t{records[records.size() - 2]} << 8;
  }
  *before = records.size() - tail - bytes;
  return records.subspan(*before, bytes);
}

}  // namespace

void append_fp_sites(std::span<const FpSite> sites, std::vector<uint8_t>* out) {
  const size_t first = out->size();
  uint32_t at = 0;
  for (const FpSite& s : sites) {
    uint8_t record[2 * kMaxVarint + 6];
    uint8_t* p = put_varint(record, s.offset - at);
    // It may go back: a trap behind the region's main part resumes in it.
    p = put_varint(p, zigzag(int64_t{s.resume} - s.offset));
    at = s.offset;
    *p++ = static_cast<uint8_t>(s.op);
    *p++ = static_cast<uint8_t>(static_cast<unsigned>(s.type) | static_cast<unsigned>(s.arg) << 4);
    *p++ = static_cast<uint8_t>(s.aux | s.imm << 2);
    const uint32_t r = pack_registers(s);
    for (unsigned i = 0; i < 3; ++i) *p++ = static_cast<uint8_t>(r >> (8 * i));
    out->insert(out->end(), record, p);
  }
  const size_t bytes = out->size() - first;
  if (bytes >= kLong) {
    out->push_back(static_cast<uint8_t>(bytes));
    out->push_back(static_cast<uint8_t>(bytes >> 8));
  }
  out->push_back(static_cast<uint8_t>(bytes < kLong ? bytes : kLong));
}

std::span<const uint8_t> without_fp_sites(std::span<const uint8_t> records) {
  size_t before = 0;
  fp_bytes(records, &before);
  return records.first(before);
}

bool find_fp_site(std::span<const uint8_t> records, uint32_t offset, FpSite* site) {
  size_t before = 0;
  const std::span<const uint8_t> bytes = fp_bytes(records, &before);
  const uint8_t* p = bytes.data();
  uint32_t at = 0;
  while (p < bytes.data() + bytes.size()) {
    at += static_cast<uint32_t>(get_varint(&p));
    const int64_t resume = unzigzag(get_varint(&p));
    if (at > offset) return false;
    if (at == offset) {
      *site = FpSite();
      site->offset = at;
      site->resume = static_cast<uint32_t>(at + resume);
      site->op = static_cast<ir::Op>(p[0]);
      site->type = static_cast<ir::Type>(p[1] & 15);
      site->arg = static_cast<ir::Type>(p[1] >> 4);
      site->aux = p[2] & 3;
      site->imm = p[2] >> 2;
      unpack_registers(p[3] | uint32_t{p[4]} << 8 | uint32_t{p[5]} << 16, site);
      return true;
    }
    p += 6;
  }
  return false;
}

}  // namespace xarch::x86_64
