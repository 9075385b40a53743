#include "tests/arm/generator.h"

#include <cstring>

namespace xarch::arm::test {

namespace {

constexpr uint32_t kNop = 0xd503201f;
// The register that holds the case while the oracle switches states.
constexpr uint32_t kReserved = 28;
// Bits of FPCR: AHP DN FZ RMode FZ16.
constexpr uint64_t kModes = 0x07c80000;

bool between(Insn insn, Insn first, Insn last) { return insn >= first && insn <= last; }
bool is_memory(Insn i) {
  return between(i, Insn::kLdxr, Insn::kLdRepPost) && find_field(row(i).pattern, 'n').bits;
}
bool is_aligned(Insn i) {
  return between(i, Insn::kLdxr, Insn::kSwp) || between(i, Insn::kStlur, Insn::kLdapursW);
}
bool is_literal(Insn i) { return between(i, Insn::kLdrLit, Insn::kLdrLitV); }
bool is_cache_op(Insn i) { return i == Insn::kDcZva || between(i, Insn::kDcCvac, Insn::kDcCvadp); }

bool has(Insn insn, char letter) { return find_field(row(insn).pattern, letter).bits != 0; }
uint32_t get(Insn insn, uint32_t word, char letter) {
  const FieldSpec f = find_field(row(insn).pattern, letter);
  return word >> f.lsb & static_cast<uint32_t>((uint64_t{1} << f.bits) - 1);
}
uint32_t set(Insn insn, uint32_t word, char letter, uint32_t value) {
  const FieldSpec f = find_field(row(insn).pattern, letter);
  const uint32_t mask = static_cast<uint32_t>(((uint64_t{1} << f.bits) - 1) << f.lsb);
  return (word & ~mask) | (value << f.lsb & mask);
}
bool ends_with(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}
bool writes_back(std::string_view n) { return n.find("Post") != n.npos || n.find("Pre") != n.npos; }
bool vector_data(std::string_view n) {
  return ends_with(n, "V") || ends_with(n, "Q") || n.find("Multi") != n.npos || n.find("Single") != n.npos ||
         n.find("Rep") != n.npos;
}

}  // namespace

std::string_view Generator::skipped(Insn insn) {
  switch (insn) {
    case Insn::kSvc:
    case Insn::kBrk: return "leaves the engine";
    case Insn::kHvc:
    case Insn::kSmc:
    case Insn::kHlt:
    case Insn::kDcps:
    case Insn::kUdf:
    case Insn::kEret:
    case Insn::kDrps:
    case Insn::kSys:
    case Insn::kSysl:
    case Insn::kMsrImm: return "undefined for a process";
    case Insn::kIcIvau: return "leaves the engine";
    case Insn::kDcZva: return "the oracle clears blocks of another size";
    case Insn::kDcCvap:
    case Insn::kDcCvadp: return "the oracle does not have it";
    default: return {};
  }
}

uint64_t Generator::integer() {
  static constexpr uint64_t kCorners[] = {0,          1,          ~0ull,      1ull << 63,  (1ull << 63) - 1,
                                          0x80000000, 0x7fffffff, 0xffffffff, 0x100000000, 0xff,
                                          0x80,       0x7fff,     0x8000};
  switch (below(4)) {
    case 0: return kCorners[below(std::size(kCorners))];
    case 1: return below(256);
    default: return rng_();
  }
}

uint64_t Generator::vector_half() {
  static constexpr uint64_t kDoubles[] = {0,
                                          1ull << 63,
                                          0x3ff0000000000000,
                                          0xbff0000000000000,
                                          0x7ff0000000000000,
                                          0xfff0000000000000,
                                          0x7ff8000000000001,
                                          0x7ff4000000000001,
                                          0xfff8000000000123,
                                          0xfff0000000000001,
                                          1,
                                          0x000fffffffffffff,
                                          0x0010000000000000,
                                          0x8010000000000001,
                                          0x7fefffffffffffff,
                                          0x3ca0000000000000,
                                          0x41dfffffffc00000,
                                          0x43e0000000000000};
  static constexpr uint32_t kSingles[] = {
      0, 1u << 31,   0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00001, 0x7fa00001, 0xffc00123,
      1, 0x007fffff, 0x00800000, 0x80800001, 0x7f7fffff, 0x33800000, 0x4f000000, 0x4effffff, 0x5f000000};
  switch (below(11)) {
    case 8: return doubles_.value();
    case 9: return uint64_t{singles_.value()} << 32 | singles_.value();
    case 10: {
      uint64_t v = 0;
      for (int i = 0; i < 4; ++i) v = v << 16 | halves_.value();
      return v;
    }
    case 0: return kDoubles[below(std::size(kDoubles))];
    case 1:
      return uint64_t{kSingles[below(std::size(kSingles))]} << 32 | kSingles[below(std::size(kSingles))];
    case 2: return integer();
    // Doubles and singles of ordinary size, so that sums and conversions are not all trivial.
    case 3: return (rng_() & 0x800fffffffffffff) | (1023 - 64 + below(128)) << 52;
    case 4: {
      const uint64_t lo = (rng_() & 0x807fffff) | (127 - 32 + below(64)) << 23;
      return ((rng_() & 0x807fffff) | (127 - 32 + below(64)) << 23) << 32 | lo;
    }
    case 5: return (rng_() & 0x800fffffffffffff) | below(64) << 52;
    default: return rng_();
  }
}

void Generator::registers(Case* c) {
  std::memset(c, 0, sizeof *c);
  for (uint64_t& v : c->x) v = integer();
  c->sp = kCenter;
  for (auto& v : c->v) {
    v[0] = vector_half();
    v[1] = vector_half();
  }
  c->nzcv = below(16) << 28;
  // Fast mode, with each rounding; or any modes.
  switch (below(4)) {
    case 0: c->fpcr = 0; break;
    case 1: c->fpcr = below(4) << 22; break;
    default: c->fpcr = rng_() & kModes;
  }
}

// A word of the line with random fields.
uint32_t Generator::fields(Insn insn) {
  const std::string_view pattern = row(insn).pattern;
  uint32_t word = row(insn).value;
  char last = 0;
  for (char letter : pattern) {
    if (letter == last || letter == '0' || letter == '1') continue;
    last = letter;
    const FieldSpec f = find_field(pattern, letter);
    const uint32_t max = static_cast<uint32_t>((uint64_t{1} << f.bits) - 1);
    uint32_t v = static_cast<uint32_t>(rng_()) & max;
    if (letter == 'x') {
      for (unsigned i = 0; i < 32; ++i) word |= pattern[31 - i] == 'x' ? 1u << i : 0;
      continue;
    }
    if (below(8) == 0) v = maybe() ? 0 : max;
    if (f.bits == 5 && std::strchr("dnmatus", letter) && v == kReserved) v = kReserved - 1;
    word = set(insn, word, letter, v);
  }
  return word;
}

// Not one of the encodings whose result the architecture leaves open, or that cannot be placed in memory.
bool Generator::usable(Insn insn, uint32_t word) const {
  const std::string_view name = row(insn).name;
  const auto reg = [&](char l) { return has(insn, l) ? get(insn, word, l) : 99; };
  if (is_memory(insn)) {
    const bool loads = name.substr(0, 2) == "Ld", vectors = vector_data(name);
    if (reg('n') == 25 || reg('n') == 26) return false;
    if (writes_back(name) && !vectors && (reg('n') == reg('t') || reg('n') == reg('u'))) return false;
    if (loads && has(insn, 'u') && reg('t') == reg('u')) return false;
    if (name.substr(0, 3) == "Stx" && (reg('s') == reg('t') || reg('s') == reg('n') || reg('s') == reg('u')))
      return false;
    if (has(insn, 'k') && has(insn, 'S') && reg('m') == reg('n') && !vectors) return false;
    if (ends_with(name, "RegV") || ends_with(name, "RegQ")) {
      if (reg('m') == reg('n')) return false;
    }
    if (insn == Insn::kCas && reg('s') == reg('n')) return false;
    if (insn == Insn::kCasp) {
      if (reg('s') >= 24 || reg('t') >= 24 || reg('s') == reg('n') || reg('s') + 1 == reg('n')) return false;
    }
    // ST64B and the like are not ours; the oracle's processor is newer.
  }
  if (is_cache_op(insn) && reg('t') == 31) return false;
  if ((insn == Insn::kBr || insn == Insn::kBlr || insn == Insn::kRet) && reg('n') == 31) return false;
  if (insn == Insn::kHint && (word >> 5 & 127) == 3) return false;
  // CRm should be zero there.
  if ((insn == Insn::kSb || insn == Insn::kXaflag || insn == Insn::kAxflag) && get(insn, word, 'm') != 0)
    return false;
  return true;
}

// Operands that have to do with each other, lane by lane.
template <typename F>
void Generator::related_lanes(xarch::test::FpValues<F>& values, uint64_t* n, uint64_t* m, uint64_t* a) {
  constexpr unsigned kBits = F::kBits;
  for (unsigned i = 0; i < 128; i += kBits) {
    const auto [x, y, z] = values.triple();
    const auto put = [&](uint64_t* to, uint64_t v) {
      const uint64_t mask = kBits == 64 ? ~uint64_t{0} : ((uint64_t{1} << kBits % 64) - 1) << i % 64;
      to[i / 64] = (to[i / 64] & ~mask) | (v << i % 64 & mask);
    };
    put(n, x);
    put(m, y);
    put(a, z);
  }
}
void Generator::related(Insn insn, uint32_t word, Case* c) {
  const std::string_view name = row(insn).name;
  if (name[0] != 'F' || !has(insn, 'n') || !has(insn, 'm')) return;
  uint64_t *n = c->v[get(insn, word, 'n')], *m = c->v[get(insn, word, 'm')],
           *a = c->v[has(insn, 'a') ? get(insn, word, 'a') : word & 31];
  const char size = has(insn, 'k') ? 'k' : 'z';
  if (row(insn).feature == Feature::kFp16 || row(insn).feature == Feature::kFhm) {
    related_lanes(halves_, n, m, a);
  } else if (has(insn, size) ? (get(insn, word, size) & 1) != 0 : maybe()) {
    related_lanes(doubles_, n, m, a);
  } else {
    related_lanes(singles_, n, m, a);
  }
}

void Generator::place(Insn insn, uint64_t code, uint32_t words[2], Case* c) {
  uint32_t word = words[1];
  const auto put = [&](uint32_t reg, uint64_t v) { (reg == 31 ? c->sp : c->x[reg]) = v; };
  if (is_memory(insn)) {
    const uint64_t center = kCenter + (is_aligned(insn) ? 16 * below(4) : below(64));
    const uint32_t n = get(insn, word, 'n');
    if (has(insn, 'm') && std::string_view(row(insn).name).find("Reg") != std::string_view::npos) {
      const uint32_t m = get(insn, word, 'm');
      if (m != 31) c->x[m] = below(1024) | ((word >> 13 & 1) ? 0 : rng_() << 32);
    }
    put(n, center);
    if (between(insn, Insn::kStlur, Insn::kLdapursW)) {
      word = set(insn, word, 'i', get(insn, word, 'i') & ~((1u << (word >> 30)) - 1));
    }
    if (insn == Insn::kStxr) words[0] = (word & 0xc0000000) | 0x085f7c00 | n << 5 | 25;
    if (insn == Insn::kStxp) words[0] = (word & 0xc0000000) | 0x087f6800 | n << 5 | 25;
    if (insn == Insn::kCas && maybe())
      words[0] = (word & 0xc0000000) | 0x39400000 | n << 5 | get(insn, word, 's');
    if (insn == Insn::kCasp && maybe()) {
      const uint32_t s = get(insn, word, 's');
      words[0] = (word >> 30 & 1) << 31 | 0x29400000 | (s + 1) << 10 | n << 5 | s;
    }
  } else if (is_literal(insn)) {
    word = set(insn, word, 'i', static_cast<uint32_t>(below(4)));
  } else if (is_cache_op(insn)) {
    c->x[get(insn, word, 't')] = kCenter + below(256);
  } else if (insn == Insn::kMrsReg || insn == Insn::kMsrReg) {
    word = set(insn, word, 'r', 0x5a20 | static_cast<uint32_t>(below(2)));
    const uint32_t t = get(insn, word, 't');
    if (t != 31 && insn == Insn::kMsrReg) c->x[t] = rng_() & (word >> 5 & 1 ? 0x0800009f : kModes);
  } else if (between(insn, Insn::kB, Insn::kBCond)) {
    word = set(insn, word, 'i', 2);
  } else if (between(insn, Insn::kBr, Insn::kRet)) {
    c->x[get(insn, word, 'n')] = code + 12;
  }
  words[1] = word;
}

void Generator::make(Insn insn, uint64_t code, uint32_t words[2], Case* out) {
  constexpr FeatureSet kAll = ~FeatureSet{};
  do {
    words[1] = fields(insn);
  } while (decode(words[1], kAll) != insn || !usable(insn, words[1]));
  words[0] = kNop;
  registers(out);
  if (maybe()) related(insn, words[1], out);
  place(insn, code, words, out);
  out->code = code;
  out->x[kReserved] = code;
}

}  // namespace xarch::arm::test
