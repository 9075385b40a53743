// The decoder: which row of mips32.def an instruction word belongs to, and its fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace xarch::mips {

enum Feature : uint8_t { kMips32 = 1u << 0, kMips32R2 = 1u << 1 };

enum RowFlag : uint8_t {
  kBranch = 1u << 0,
  kSplits = 1u << 1,
  kLoads = 1u << 2,
  kStores = 1u << 3,
};

// A pattern of mips32.def, usable as a template argument.
template <size_t N>
struct Pattern {
  char text[N];
  consteval Pattern(const char (&s)[N]) {
    for (size_t i = 0; i < N; ++i) text[i] = s[i];
  }
};

// What a pattern says. Malformed ones do not compile.
struct Parsed {
  struct Field {
    char letter;
    uint8_t lsb;
    uint8_t bits;
  };
  uint32_t mask = 0;
  uint32_t value = 0;
  Field fields[6] = {};
  unsigned num_fields = 0;
};

template <size_t N>
consteval Parsed parse(const Pattern<N>& pattern) {
  Parsed p;
  unsigned bit = 32;
  char previous = 0;
  for (size_t i = 0; i + 1 < N; ++i) {
    char c = pattern.text[i];
    if (c == ' ') continue;
    if (bit == 0) throw "pattern longer than 32 bits";
    --bit;
    if (c == '0' || c == '1') {
      p.mask |= 1u << bit;
      if (c == '1') p.value |= 1u << bit;
    } else if (c == previous) {
      Parsed::Field& f = p.fields[p.num_fields - 1];
      f.lsb = static_cast<uint8_t>(bit);
      ++f.bits;
    } else {
      for (unsigned k = 0; k < p.num_fields; ++k) {
        if (p.fields[k].letter == c) throw "field in two parts";
      }
      p.fields[p.num_fields++] = {c, static_cast<uint8_t>(bit), 1};
    }
    previous = c;
  }
  if (bit != 0) throw "pattern shorter than 32 bits";
  return p;
}

// A field as lifters get it: the letter is part of the type. `i` is sign-extended.
template <char kLetter>
struct Field {
  uint32_t n;
};
template <char kLetter>
constexpr Field<kLetter> extract(uint32_t word, const Parsed::Field& f) {
  uint32_t v = word >> f.lsb & ((uint64_t{1} << f.bits) - 1);
  if (kLetter == 'i') v = static_cast<uint32_t>(static_cast<int32_t>(v << (32 - f.bits)) >> (32 - f.bits));
  return {v};
}

struct Row {
  std::string_view text;
  Parsed pattern;
  Feature feature;
  uint8_t flags;  // RowFlag
};

// All rows, in the order of mips32.def.
std::span<const Row> rows();

inline constexpr unsigned kNoRow = ~0u;
// Index of the row that the word belongs to, among those of the features; kNoRow if it is reserved.
unsigned decode(uint32_t word, unsigned features);

}  // namespace xarch::mips
