// The A64 instruction table and its decoder. The table is the files a64_*.def, a line per instruction:
//
//   A64(Name, pattern, feature, legal, effect)
//   - pattern: 32 characters, bit 31 first: 0, 1, or a letter that names a field (its bits adjacent); x:
//     ignored bits
//   - feature: a Feature; without it the encoding is undefined
//   - legal: which of the encodings that match the pattern are allocated, see legal.h
//   - effect: an Effect
//
// A line may cover encodings of another one only if all of its own are covered: then it wins. Anything else
// that overlaps, a field a lifter names that the pattern lacks, or a line without a lifter fails the build.
#pragma once

#include <cstdint>
#include <string_view>

#include "targets/arm/core/features.h"
#include "targets/arm/core/legal.h"

namespace xarch::arm {

enum class Insn : uint16_t {
#define A64(name, pattern, feature, legal, effect) k##name,
#include "targets/arm/core/a64.def"
#undef A64
  kNone  // not allocated
};
inline constexpr unsigned kNumInsns = static_cast<unsigned>(Insn::kNone);

// What an instruction means for the liveness of NZCV.
enum class Effect : uint8_t {
  kPlain,  // neither touches NZCV nor can leave emitted code
  kSets,   // overwrites NZCV without reading it, and cannot leave emitted code
  kReads,  // reads NZCV (and may write it)
  kStops,  // accesses memory, may leave emitted code, or branches
};

// One line of the table.
struct Row {
  std::string_view name;
  std::string_view pattern;
  uint32_t mask;  // fixed bits
  uint32_t value;
  Feature feature;
  Effect effect;
  legal::Rule legal;
};
const Row& row(Insn insn);

// The instruction that `word` encodes on a processor with these features; kNone if it is not allocated there.
Insn decode(uint32_t word, FeatureSet features);

// A field of a pattern.
struct FieldSpec {
  unsigned lsb = 0;
  unsigned bits = 0;  // 0: the pattern has no such field
};
constexpr FieldSpec find_field(std::string_view pattern, char letter) {
  FieldSpec f;
  for (unsigned i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != letter) continue;
    f.lsb = 31 - i;
    ++f.bits;
  }
  return f;
}

template <Insn I>
inline constexpr std::string_view kPattern = {};
#define A64(name, pattern, feature, legal, effect) \
  template <>                                      \
  inline constexpr std::string_view kPattern<Insn::k##name> = pattern;
#include "targets/arm/core/a64.def"
#undef A64

// An encoding of instruction I: gives its fields by letter.
template <Insn I>
struct Enc {
  uint32_t word;

  template <char C>
  constexpr uint32_t get() const {
    constexpr FieldSpec f = find_field(kPattern<I>, C);
    static_assert(f.bits != 0, "the pattern has no such field");
    return word >> f.lsb & static_cast<uint32_t>((uint64_t{1} << f.bits) - 1);
  }
  template <char C>
  constexpr int64_t get_signed() const {
    constexpr FieldSpec f = find_field(kPattern<I>, C);
    static_assert(f.bits != 0, "the pattern has no such field");
    return static_cast<int32_t>(word << (32 - f.bits - f.lsb)) >> (32 - f.bits);
  }
};

}  // namespace xarch::arm
