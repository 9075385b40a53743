#include "targets/mips/core/decode.h"

namespace xarch::mips {

namespace {

constexpr Row kRows[] = {
#define INSN(text, pattern, feature, flags, lifter) {text, parse(Pattern(pattern)), feature, flags},
#include "targets/mips/core/mips32.def"
#undef INSN
};
constexpr unsigned kNumRows = sizeof kRows / sizeof kRows[0];
static_assert(kNumRows < 255);

constexpr bool rows_overlap() {
  for (unsigned i = 0; i < kNumRows; ++i) {
    for (unsigned k = i + 1; k < kNumRows; ++k) {
      const Parsed &a = kRows[i].pattern, &b = kRows[k].pattern;
      if ((a.mask & b.mask & (a.value ^ b.value)) == 0) return true;
    }
  }
  return false;
}
static_assert(!rows_overlap(), "two rows of mips32.def match the same word");

// The rows that a word can belong to, by its opcode and function fields (bits 31..26 and 5..0).
constexpr unsigned kBuckets = 1u << 12;
constexpr unsigned bucket_of(uint32_t word) { return (word >> 26) << 6 | (word & 63); }

constexpr bool in_bucket(const Row& row, uint32_t function) {
  return ((row.pattern.value ^ function) & row.pattern.mask & 63) == 0;
}

constexpr unsigned count_candidates() {
  unsigned n = 0;
  for (const Row& row : kRows) {
    if (row.pattern.mask >> 26 != 63) throw "a row without a fixed opcode";
    for (uint32_t function = 0; function < 64; ++function) n += in_bucket(row, function);
  }
  return n;
}

struct Index {
  std::array<uint16_t, kBuckets + 1> first{};
  std::array<uint8_t, count_candidates()> candidates{};
};

constexpr Index make_index() {
  Index index;
  for (const Row& row : kRows) {
    for (uint32_t function = 0; function < 64; ++function) {
      if (in_bucket(row, function)) ++index.first[bucket_of(row.pattern.value & ~63u) + function + 1];
    }
  }
  for (unsigned i = 0; i < kBuckets; ++i) {
    index.first[i + 1] = static_cast<uint16_t>(index.first[i + 1] + index.first[i]);
  }
  std::array<uint16_t, kBuckets + 1> next = index.first;
  for (unsigned r = 0; r < kNumRows; ++r) {
    for (uint32_t function = 0; function < 64; ++function) {
      if (!in_bucket(kRows[r], function)) continue;
      index.candidates[next[bucket_of(kRows[r].pattern.value & ~63u) + function]++] = static_cast<uint8_t>(r);
    }
  }
  return index;
}

constexpr Index kIndex = make_index();

}  // namespace

std::span<const Row> rows() { return kRows; }

unsigned decode(uint32_t word, unsigned features) {
  unsigned bucket = bucket_of(word);
  for (unsigned i = kIndex.first[bucket]; i < kIndex.first[bucket + 1]; ++i) {
    const Row& row = kRows[kIndex.candidates[i]];
    if ((word & row.pattern.mask) == row.pattern.value && (row.feature & features)) {
      return kIndex.candidates[i];
    }
  }
  return kNoRow;
}

}  // namespace xarch::mips
