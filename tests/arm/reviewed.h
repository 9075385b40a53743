// Where results may differ from the oracle's, each difference explained from the architecture's manual.
#pragma once

#include "targets/arm/core/decode.h"
#include "targets/arm/core/fp_state.h"
#include "tests/arm/generator.h"

namespace xarch::arm::test {

// Ours: the two deviations before FPSR is looked at for the first time (fp_state.h). The host judges tininess
// after rounding, the architecture before: a result rounded up to the smallest normal number lacks Underflow.
// True if that is all.
inline bool lacks_underflow(const Case& ours, const Case& theirs, uint32_t word) {
  if ((theirs.fpsr & 0x0800009f) != (ours.fpsr | kUfc)) return false;
  const uint64_t* d = ours.v[word & 31];
  for (unsigned i = 0; i < 8; ++i)
    if ((d[i / 4] >> 16 * (i % 4) & 0x7fff) == 0x0400) return true;
  for (unsigned i = 0; i < 4; ++i)
    if ((d[i / 2] >> 32 * (i % 2) & 0x7fffffff) == 0x00800000) return true;
  for (unsigned i = 0; i < 2; ++i)
    if ((d[i] & ~(uint64_t{1} << 63)) == uint64_t{1} << 52) return true;
  return false;
}

// With FPCR.FZ, a denormal operand beside a NaN lacks InputDenormal.
inline bool lacks_denormal(const Case& before, const Case& ours, const Case& theirs, uint32_t word) {
  if (!(before.fpcr & kFpcrFlush) || (theirs.fpsr & 0x0800009f) != (ours.fpsr | kIdc)) return false;
  for (const unsigned shift : {0, 5, 10, 16}) {
    const uint64_t* v = before.v[word >> shift & 31];
    for (unsigned i = 0; i < 8; ++i)
      if ((v[i / 4] >> 16 * (i % 4) & 0x7fff) > 0x7c00) return true;
    for (unsigned i = 0; i < 4; ++i)
      if ((v[i / 2] >> 32 * (i % 2) & 0x7fffffff) > 0x7f800000) return true;
    for (unsigned i = 0; i < 2; ++i)
      if ((v[i] & ~(uint64_t{1} << 63)) > uint64_t{0x7ff} << 52) return true;
  }
  return false;
}

// Theirs (qemu-aarch64 7.2): what the oracle should have answered.
inline Case corrected(Case theirs, Insn insn, uint32_t word) {
  // FCVTZS (vector, fixed-point), scalar form of half precision: "V[d] = result" with 16 bits, all above
  // zero. The oracle leaves the sign in bits 31 to 16.
  if (insn == Insn::kFcvtzsFixedHScalar) theirs.v[word & 31][0] &= 0xffff;
  // FJCVTZS (FPToFixedJS): a denormal that FPCR.FZ has flushed is not zero to the test of what was lost,
  // which looks at the operand's fraction. The oracle does so for negative ones only.
  if (insn == Insn::kFjcvtzs && (theirs.fpcr & kFpcrFlush)) {
    const uint64_t n = theirs.v[word >> 5 & 31][0];
    if (n != 0 && n < uint64_t{1} << 52) theirs.nzcv &= ~(uint64_t{1} << 30);
  }
  return theirs;
}

}  // namespace xarch::arm::test
