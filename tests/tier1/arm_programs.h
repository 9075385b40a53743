// Random AArch64 code and states for it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/state.h"
#include "tcg/runtime/guest.h"

namespace xarch::testing {

using arm::Arm64State;

inline constexpr uint64_t kBuffer = 0x10000000;
inline constexpr size_t kBufferBytes = 1 << 16;
inline constexpr uint64_t kCode = 0x400000;

// Code that lies at kCode.
class VectorReader : public tcg::CodeReader {
 public:
  std::vector<uint32_t> words;
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    if (pc < kCode || pc + bytes > kCode + words.size() * 4) return false;
    memcpy(out, reinterpret_cast<uint8_t*>(words.data()) + (pc - kCode), bytes);
    return true;
  }
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : rng_(seed) {}
  uint64_t next() { return rng_(); }
  uint64_t below(uint64_t n) { return rng_() % n; }

  uint32_t word() {
    for (;;) {
      auto insn = static_cast<arm::Insn>(below(arm::kNumInsns));
      const arm::Row& row = arm::row(insn);
      uint32_t w = (static_cast<uint32_t>(next()) & ~row.mask) | row.value;
      if (arm::decode(w, features) == insn && !reads_clock(w)) return w;
    }
  }
  uint64_t value() {
    switch (below(6)) {
      case 0: return next();
      case 1: return below(16);
      case 2: return ~below(16);
      case 3: return uint64_t{1} << below(64);
      default: return kBuffer + kBufferBytes / 2 + below(256) * (below(2) ? 16 : 1);
    }
  }
  arm::FeatureSet features;

 private:
  // MRS of CNTPCT_EL0, CNTVCT_EL0 and the two that are synchronized (Arm ARM D19.12): never the same twice.
  static bool reads_clock(uint32_t word) {
    const uint32_t number = word >> 5 & 7;
    return (word & 0xffffff00) == 0xd53be000 && (number % 4 == 1 || number % 4 == 2);
  }

  std::mt19937_64 rng_;
};

inline void randomize(Generator& g, Arm64State* s) {
  s->reset();
  for (unsigned i = 0; i < 31; ++i) s->x(i) = g.value();
  s->sp = kBuffer + kBufferBytes / 2 + g.below(64) * 16;
  for (unsigned i = 0; i < 32; ++i) {
    s->v(i).d[0] = g.next();
    s->v(i).d[1] = g.next();
  }
  s->set_nzcv_bits(static_cast<uint32_t>(g.below(16) << 28));
}

inline std::string listing(const VectorReader& code) {
  std::string s;
  for (uint32_t w : code.words) {
    char line[32];
    snprintf(line, sizeof line, ".inst 0x%08x\n", w);
    s += line;
  }
  return s;
}

}  // namespace xarch::testing
