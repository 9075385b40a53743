// Random single instructions with a register state to run them on, made from the lines of the A64 table.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

#include "targets/arm/core/decode.h"
#include "tests/support/fp_values.h"

namespace xarch::arm::test {

// Guest addresses; oracle.S has the same.
inline constexpr uint64_t kCode = 0x10000000, kData = 0x20000000;
inline constexpr uint64_t kDataBytes = 256 << 10, kCenter = kData + kDataBytes / 2;
inline constexpr uint32_t kStubBytes = 16, kFirstStub = 64;

// A case as oracle.S reads and writes it.
struct Case {
  uint64_t x[31];
  uint64_t sp;
  uint64_t v[32][2];
  uint64_t nzcv;
  uint64_t fpcr;
  uint64_t fpsr;
  uint64_t code;   // address of the stub
  uint64_t taken;  // the instruction branched
  uint64_t unused;
};
static_assert(sizeof(Case) == 816);

class Generator {
 public:
  explicit Generator(uint64_t seed) : rng_(seed), halves_(seed), singles_(seed + 1), doubles_(seed + 2) {}

  // Why a line is not run here; empty if it is.
  static std::string_view skipped(Insn insn);

  // Makes a case for the line, to stand at `code`: the words of its first two instructions (the first
  // prepares the second) and the state before them.
  void make(Insn insn, uint64_t code, uint32_t words[2], Case* out);

  uint64_t random() { return rng_(); }

 private:
  uint64_t below(uint64_t n) { return rng_() % n; }
  bool maybe() { return rng_() & 1; }
  uint32_t fields(Insn insn);
  bool usable(Insn insn, uint32_t word) const;
  void registers(Case* c);
  uint64_t integer();
  uint64_t vector_half();
  void related(Insn insn, uint32_t word, Case* c);
  template <typename F>
  void related_lanes(xarch::test::FpValues<F>& values, uint64_t* n, uint64_t* m, uint64_t* a);
  void place(Insn insn, uint64_t code, uint32_t words[2], Case* c);

  std::mt19937_64 rng_;
  xarch::test::FpValues<fpu::F16> halves_;
  xarch::test::FpValues<fpu::F32> singles_;
  xarch::test::FpValues<fpu::F64> doubles_;
};

}  // namespace xarch::arm::test
