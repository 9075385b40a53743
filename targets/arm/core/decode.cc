#include "targets/arm/core/decode.h"

#include <array>

namespace xarch::arm {

namespace {

constexpr uint32_t pattern_mask(std::string_view p) {
  uint32_t m = 0;
  for (char c : p) m = m << 1 | (c == '0' || c == '1');
  return m;
}
constexpr uint32_t pattern_value(std::string_view p) {
  uint32_t v = 0;
  for (char c : p) v = v << 1 | (c == '1');
  return v;
}

// Table with a sentinel for Insn::kNone.
constexpr Row kRows[] = {
#define A64(name, pattern, feature, allowed, effect) \
  {#name,                                            \
   pattern,                                          \
   pattern_mask(pattern),                            \
   pattern_value(pattern),                           \
   Feature::k##feature,                              \
   Effect::k##effect,                                \
   legal::allowed},
#include "targets/arm/core/a64.def"
#undef A64
    {"none", "", 0, 0, Feature::kBase, Effect::kStops, legal::Any}};

constexpr bool well_formed(const Row& r) {
  if (r.pattern.size() != 32) return false;
  uint64_t seen = 0;
  char last = 0;
  for (const char* p = r.pattern.begin(); p != r.pattern.end(); last = *p++) {
    if (*p == '0' || *p == '1' || *p == 'x' || *p == last) continue;
    if (seen >> (*p - 'A') & 1) return false;
    seen |= uint64_t{1} << (*p - 'A');
  }
  return true;
}
constexpr bool all_well_formed() {
  for (unsigned i = 0; i < kNumInsns; ++i) {
    if (!well_formed(kRows[i])) return false;
  }
  return true;
}
static_assert(all_well_formed(), "a pattern is not 32 characters long, or a field's bits are not adjacent");

// Two lines overlap unless one covers the other.
constexpr bool no_overlap() {
  for (unsigned i = 0; i < kNumInsns; ++i) {
    for (unsigned j = i + 1; j < kNumInsns; ++j) {
      const uint32_t a = kRows[i].mask, b = kRows[j].mask;
      if (((kRows[i].value ^ kRows[j].value) & a & b) != 0) continue;
      // The shifts leave immh 0 to VecImm; their predicates say so.
      if (i == static_cast<unsigned>(Insn::kVecImm) || j == static_cast<unsigned>(Insn::kVecImm)) continue;
      if (a == b || ((a & b) != a && (a & b) != b)) return false;
    }
  }
  return true;
}
static_assert(no_overlap(), "two lines of the table overlap");

// Candidates by the highest eleven bits. What covers others comes behind them, the narrower first; of what
// covers none, where the order does not matter, what has the most encodings comes first.
constexpr unsigned kKeyShift = 21;
constexpr unsigned kNumKeys = 1u << (32 - kKeyShift);

template <typename Fn>
constexpr void each_key(const Row& r, Fn fn) {
  const uint32_t fixed = r.mask >> kKeyShift, value = r.value >> kKeyShift, open = ~fixed & (kNumKeys - 1);
  uint32_t sub = 0;
  do {
    fn(value | sub);
    sub = (sub - open) & open;
  } while (sub != 0);
}

constexpr unsigned count_candidates() {
  unsigned n = 0;
  for (unsigned i = 0; i < kNumInsns; ++i) n += 1u << __builtin_popcount(~kRows[i].mask >> kKeyShift);
  return n;
}

// What the search compares, side by side in memory.
struct Candidate {
  uint32_t mask = 0;
  uint32_t value = 1;
  legal::Reserved reserved;
  uint16_t row = 0;
  Feature feature = Feature::kBase;
  bool more : 1 = false;  // the row's rule has
  bool last : 1 = true;   // of its key

  // But for `more`. Computed without branches: which part decides is hard to foretell.
  bool matches(uint32_t word, FeatureSet features) const {
    const bool fits = (word & mask) == value, taken_out = reserved.has(word);
    return fits & !taken_out & features.has(feature);
  }
};
// The first candidate is one that nothing matches: the keys without any have it.
struct Index {
  std::array<uint16_t, kNumKeys> first{};
  std::array<Candidate, 1 + count_candidates()> candidates{};
};

constexpr bool covers_any(unsigned i) {
  const Row& r = kRows[i];
  for (unsigned j = 0; j < kNumInsns; ++j) {
    if (j != i && ((kRows[j].value ^ r.value) & r.mask & kRows[j].mask) == 0) return true;
  }
  return false;
}

constexpr Index make_index() {
  Index index;
  std::array<uint16_t, kNumKeys> count{}, used{};
  for (unsigned i = 0; i < kNumInsns; ++i) each_key(kRows[i], [&](uint32_t k) { ++count[k]; });
  for (uint16_t k = 0, next = 1; k < kNumKeys; next += count[k++]) {
    if (count[k] != 0) index.first[k] = next;
  }
  std::array<bool, kNumInsns> covering{};
  for (unsigned i = 0; i < kNumInsns; ++i) covering[i] = covers_any(i);
  for (unsigned rank = 0; rank <= 65; ++rank) {
    for (unsigned i = 0; i < kNumInsns; ++i) {
      const Row& r = kRows[i];
      const auto fixed = static_cast<unsigned>(__builtin_popcount(r.mask));
      if (rank != (covering[i] ? 65 - fixed : fixed)) continue;
      Candidate c = {r.mask,    r.value,          r.legal.first, static_cast<uint16_t>(i),
                     r.feature, r.legal.has_more, false};
      each_key(r, [&](uint32_t k) {
        c.last = used[k] + 1 == count[k];
        index.candidates[index.first[k] + used[k]++] = c;
      });
    }
  }
  return index;
}
constexpr Index kIndex = make_index();

[[gnu::noinline]] Insn search(const Candidate* c, uint32_t word, FeatureSet features) {
  for (;; ++c) {
    if (c->matches(word, features) && (!c->more || kRows[c->row].legal.more_allows(word)))
      return static_cast<Insn>(c->row);
    if (c->last) return Insn::kNone;
  }
}

}  // namespace

const Row& row(Insn insn) { return kRows[static_cast<unsigned>(insn)]; }

Insn decode(uint32_t word, FeatureSet features) {
  // Most are the first candidate, of which no more is asked: without a call this is short.
  const Candidate* const first = &kIndex.candidates[kIndex.first[word >> kKeyShift]];
  if (first->matches(word, features) && !first->more) return static_cast<Insn>(first->row);
  return search(first, word, features);
}

}  // namespace xarch::arm
