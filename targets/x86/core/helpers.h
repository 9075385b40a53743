// C++ that emitted code calls: what is rare, or has no operation of its own. All are pure but those of MXCSR.
#pragma once

#include "tcg/ir/helper.h"

namespace xarch::x86 {

// RCL, RCR: of a, by n, with carry c; how: the width, and 256 to the left. The result, and the carry.
extern const ir::HelperDesc kRotateCarry;
extern const ir::HelperDesc kRotateCarryOut;
// Quotient and remainder of (a:b) / c, a being the upper half; c is not 0 and the quotient fits.
extern const ir::HelperDesc kDivideU;
extern const ir::HelperDesc kRemainderU;
// Of signed numbers; what does not fit gives 0.
extern const ir::HelperDesc kDivideS;
extern const ir::HelperDesc kRemainderS;
// 1 if a signed quotient does not fit, or c is 0.
extern const ir::HelperDesc kDivideOverflows;
// BMI2's PDEP and PEXT: of a with mask b.
extern const ir::HelperDesc kDeposit;
extern const ir::HelperDesc kExtract;
// CRC-32C of the sum a and c bytes of b.
extern const ir::HelperDesc kCrc32c;

// RCPPS and RSQRTPS of two f32, as the host has them.
extern const ir::HelperDesc kReciprocal;
extern const ir::HelperDesc kReciprocalRoot;
// PHMINPOSUW of b:a: the smallest of eight words, and above it where it is first.
extern const ir::HelperDesc kMinPosition;
// MPSADBW's words 4 * d and so on: of the bytes b:a from there on against the four of c.
extern const ir::HelperDesc kSumsOfDifferences;
// Around an instruction that is computed for its exceptions: the sticky flags before, which are cleared;
// those that it has raised, once more with tiny results flushed; whether one is not masked (a: the first, b:
// the second). Then MXCSR is as the exception leaves it, else as before.
extern const ir::HelperDesc kFpCheckBegin;
extern const ir::HelperDesc kFpCheckAgain;
extern const ir::HelperDesc kFpCheckEnd;
// Between these: raises an unmasked Underflow for denormal ones among four halves, which a result that is not
// flushed does not show.
extern const ir::HelperDesc kFpTinyHalves;
// MXCSR; and set to a, of bits that exist.
extern const ir::HelperDesc kGetMxcsr;
extern const ir::HelperDesc kSetMxcsr;

}  // namespace xarch::x86
