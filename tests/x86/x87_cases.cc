#include "tests/x86/x87_cases.h"

#include <cstdio>
#include <cstring>

namespace xarch::x86::test {

using xarch::test::Rng;

namespace {

constexpr uint64_t kOne = uint64_t{1} << 63;

uint64_t fraction(Rng& rng) {
  switch (rng.below(5)) {
    case 0: return 0;
    case 1: return rng.next() & 0xfff;
    case 2: return rng.next() << 40;
    case 3: return ~uint64_t{0} << rng.below(64);
    default: return rng.next();
  }
}

void random_number(Rng& rng, uint8_t out[16]) {
  uint64_t significand = kOne | fraction(rng);
  uint16_t exponent = 0x3fff;
  switch (rng.below(12)) {
    case 0: exponent = 0, significand = 0; break;
    case 1: significand = kOne; break;
    case 2: exponent = 0, significand = fraction(rng); break;  // denormal, or pseudo-denormal
    case 3: exponent = 0x7fff, significand = kOne; break;      // infinity
    case 4: exponent = 0x7fff; break;                          // NaN
    case 5:                                                    // what no operation takes
      exponent = static_cast<uint16_t>(rng.one_in(3) ? 0x7fff : rng.next() & 0x7fff);
      significand &= ~kOne;
      break;
    case 6: exponent = static_cast<uint16_t>(rng.next() & 0x7fff); break;
    case 7:  // an integer
      exponent = static_cast<uint16_t>(0x3fff + rng.below(66));
      significand = kOne | fraction(rng) << 32;
      break;
    case 8:
      exponent = static_cast<uint16_t>(rng.one_in(2) ? 1 + rng.below(70) : 0x7ffe - rng.below(70));
      break;
    case 9: exponent = static_cast<uint16_t>(0x3fff + rng.below(2048) - 1100); break;  // about doubles
    case 10: exponent = static_cast<uint16_t>(0x3fff + rng.below(280) - 150); break;   // about singles
    default: exponent = static_cast<uint16_t>(0x3fff + rng.below(16) - 8); break;
  }
  if (rng.one_in(2)) exponent |= 0x8000;
  std::memset(out, 0, 16);
  std::memcpy(out, &significand, 8);
  std::memcpy(out + 8, &exponent, 2);
}

}  // namespace

bool is_x87(const Row& row) { return row.map == Map::kByte && row.opcode >= 0xd8 && row.opcode <= 0xdf; }

void random_x87(Rng& rng, FpRegisters* out) {
  out->reset();
  out->control = 0x37f;
  if (!rng.one_in(3)) {
    static constexpr unsigned kPrecision[] = {0, 2, 3, 3};
    out->control = static_cast<uint16_t>(0x7f | kPrecision[rng.below(4)] << 8 | rng.below(4) << 10);
  }
  if (rng.one_in(4)) out->control = static_cast<uint16_t>(out->control & ~(rng.next() & 0x3f));
  out->status = static_cast<uint16_t>(rng.below(8) << 11);
  if (rng.one_in(2)) out->status = static_cast<uint16_t>(out->status | (rng.next() & 0x477f));
  if (!rng.one_in(8)) out->status = static_cast<uint16_t>(out->status & ~(~out->control & 0x3f));
  if (out->status & ~out->control & 0x3f) out->status |= 0x8080;
  switch (rng.below(4)) {
    case 0: out->tags = 0xff; break;
    case 1: out->tags = static_cast<uint8_t>(rng.next()); break;
    default: {  // so many on the stack, and no others
      const unsigned top = out->status >> 11 & 7, depth = rng.below(9);
      for (unsigned n = 0; n < depth; ++n)
        out->tags = static_cast<uint8_t>(out->tags | 1u << ((top + n) & 7));
    }
  }
  for (auto& st : out->st) random_number(rng, st);
}

void random_x87_operand(unsigned bytes, Rng& rng, uint8_t* out) {
  uint8_t number[16];
  random_number(rng, number);
  uint64_t v = rng.value();
  switch (bytes) {
    case 4: {
      static constexpr uint32_t kSingles[] = {0,          0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001,
                                              0x00000001, 0x007fffff, 0x7f7fffff, 0x40490fdb, 0x00800000};
      uint32_t f = static_cast<uint32_t>(rng.next());
      if (rng.one_in(2)) f = kSingles[rng.below(10)] | (rng.one_in(2) ? 1u << 31 : 0);
      if (rng.one_in(3)) f = static_cast<uint32_t>(v);
      std::memcpy(out, &f, 4);
      return;
    }
    case 8: {
      static constexpr uint64_t kDoubles[] = {
          0, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
          1, 0x000fffffffffffff, 0x7fefffffffffffff, 0x400921fb54442d18, 0x0010000000000000};
      if (rng.one_in(2)) v = kDoubles[rng.below(10)] | (rng.one_in(2) ? kOne : 0);
      if (rng.one_in(3)) v = rng.next();
      std::memcpy(out, &v, 8);
      return;
    }
    case 10:
      if (rng.one_in(2)) {  // packed decimal
        for (unsigned n = 0; n < 9; ++n) number[n] = static_cast<uint8_t>(rng.below(10) << 4 | rng.below(10));
        number[9] = rng.one_in(2) ? 0x80 : 0;
      }
      std::memcpy(out, number, 10);
      return;
    default: std::memcpy(out, &v, 2);
  }
}

void put_x87(const FpRegisters& from, X86State* to) {
  to->x87_control = from.control;
  to->set_x87_status(from.status);
  to->x87_where = (to->x87_where & 7) | uint32_t{from.tags} << 8;
  for (unsigned n = 0; n < 8; ++n) std::memcpy(&to->fpr(to->x87_where + n), from.st[n], 10);
}

const X86State* guess_with_other_x87(const X86State& state) {
  static X86State guess;
  guess.x87_where = state.x87_where;
  if (state.rbx & 1) guess.x87_where ^= 1u << (8 + state.rcx % 8);
  if (state.rbx & 2) guess.x87_where ^= 1 + state.rdx % 7;
  return &guess;
}

void get_x87(const X86State& from, FpRegisters* to) {
  to->control = from.x87_control;
  to->status = from.x87_status();
  to->tags = static_cast<uint8_t>(from.x87_where >> 8);
  to->opcode = static_cast<uint16_t>(from.x87_op);
  to->ip = from.x87_ip;
  to->dp = from.x87_dp;
  for (unsigned n = 0; n < 8; ++n) std::memcpy(to->st[n], &from.fpr(from.x87_where + n), 10);
}

std::string x87_difference(const FpRegisters& ours, const FpRegisters& theirs) {
  std::string d;
  char text[96];
  const auto check = [&](const char* what, uint64_t a, uint64_t b) {
    std::snprintf(text, sizeof text, " %s %lx, not %lx", what, a, b);
    if (a != b) d += text;
  };
  check("x87 control", ours.control, theirs.control);
  check("x87 status", ours.status, theirs.status);
  check("x87 tags", ours.tags, theirs.tags);
  if ((theirs.status & 0x80) != 0 && ours.ip != 0) {
    check("x87 ip", ours.ip, theirs.ip);
    check("x87 opcode", ours.opcode, theirs.opcode);
    if (ours.dp != 0) check("x87 dp", ours.dp, theirs.dp);
  }
  for (unsigned n = 0; n < 8; ++n) {
    uint64_t a[2] = {}, b[2] = {};
    std::memcpy(a, ours.st[n], 10);
    std::memcpy(b, theirs.st[n], 10);
    std::snprintf(text, sizeof text, " st(%u) %lx:%016lx, not %lx:%016lx", n, a[1], a[0], b[1], b[0]);
    if (a[0] != b[0] || a[1] != b[1]) d += text;
  }
  return d;
}

std::string x87_text(const FpRegisters& r) {
  char text[96];
  std::snprintf(text, sizeof text, " x87 %x %x %x", r.control, r.status, r.tags);
  std::string s = text;
  for (const auto& st : r.st) {
    uint64_t v[2] = {};
    std::memcpy(v, st, 10);
    std::snprintf(text, sizeof text, " %lx:%016lx", v[1], v[0]);
    s += text;
  }
  return s;
}

}  // namespace xarch::x86::test
