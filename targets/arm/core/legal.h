// Which encodings of a line of the A64 table are allocated: one predicate per name in its `legal` column.
#pragma once

#include <cstdint>

namespace xarch::arm::legal {

constexpr bool sf(uint32_t w) { return w >> 31; }
constexpr uint32_t bits(uint32_t w, unsigned lsb, unsigned n) { return w >> lsb & ((1u << n) - 1); }

// Value of a bitmask immediate (N:immr:imms) of 64 bits; 0 if it is reserved. 32-bit instructions take the
// low half.
constexpr uint64_t bitmask_immediate(unsigned n, unsigned immr, unsigned imms) {
  unsigned key = n << 6 | (~imms & 0x3f);
  if (key < 2) return 0;
  unsigned len = 31 - static_cast<unsigned>(__builtin_clz(key));
  unsigned size = 1u << len;
  unsigned levels = size - 1;
  unsigned ones = (imms & levels) + 1;
  unsigned rotate = immr & levels;
  if (ones == size) return 0;
  uint64_t mask = size == 64 ? ~uint64_t{0} : (uint64_t{1} << size) - 1;
  uint64_t element = (uint64_t{1} << ones) - 1;
  if (rotate != 0) element = (element >> rotate | element << (size - rotate)) & mask;
  for (unsigned s = size; s < 64; s *= 2) element |= element << s;
  return element;
}

constexpr bool Any(uint32_t) { return true; }
constexpr bool LogicalImm(uint32_t w) {
  return (sf(w) || !bits(w, 22, 1)) && bitmask_immediate(bits(w, 22, 1), bits(w, 16, 6), bits(w, 10, 6)) != 0;
}
constexpr bool MoveWide(uint32_t w) { return sf(w) || !bits(w, 22, 1); }
constexpr bool Bitfield(uint32_t w) {
  return bits(w, 22, 1) == sf(w) && (sf(w) || (!bits(w, 21, 1) && !bits(w, 15, 1)));
}
constexpr bool Extract(uint32_t w) { return bits(w, 22, 1) == sf(w) && (sf(w) || !bits(w, 15, 1)); }
constexpr bool Shift6(uint32_t w) { return sf(w) || !bits(w, 15, 1); }
constexpr bool AddShift(uint32_t w) { return Shift6(w) && bits(w, 22, 2) != 3; }
constexpr bool ExtShift(uint32_t w) { return bits(w, 10, 3) <= 4; }
constexpr bool CrcSize(uint32_t w) { return bits(w, 10, 2) != 3; }
constexpr bool Dcps(uint32_t w) { return bits(w, 0, 2) != 0; }
constexpr bool CasPair(uint32_t w) { return !bits(w, 16, 1) && !bits(w, 0, 1); }
constexpr bool LitV(uint32_t w) { return bits(w, 30, 2) != 3; }
constexpr bool PairV(uint32_t w) { return bits(w, 30, 2) != 3; }
constexpr bool RegOffset(uint32_t w) { return bits(w, 14, 1); }
constexpr bool SignX(uint32_t w) { return bits(w, 30, 2) != 3; }
constexpr bool SignW(uint32_t w) { return bits(w, 30, 2) < 2; }
constexpr bool SignXReg(uint32_t w) { return SignX(w) && RegOffset(w); }
constexpr bool SignWReg(uint32_t w) { return SignW(w) && RegOffset(w); }
// MSR (immediate): UAO PAN SPSel; SSBS DIT TCO DAIFSet DAIFClr.
constexpr bool PstateField(uint32_t w) {
  unsigned op1 = bits(w, 16, 3), op2 = bits(w, 5, 3);
  if (op1 == 0) return op2 >= 3 && op2 <= 5;
  return op1 == 3 && (op2 == 1 || op2 == 2 || op2 == 6 || op2 == 7);
}
constexpr bool MultiStruct(uint32_t w) {
  unsigned kind = bits(w, 12, 4);
  bool interleaved = kind == 0 || kind == 4 || kind == 8;
  bool plain = kind == 2 || kind == 6 || kind == 7 || kind == 10;
  return plain || (interleaved && (bits(w, 30, 1) || bits(w, 10, 2) != 3));
}
constexpr bool SingleStruct(uint32_t w) {
  unsigned scale = bits(w, 14, 2), size = bits(w, 10, 2), s = bits(w, 12, 1);
  if (scale == 0) return true;
  if (scale == 1) return !(size & 1);
  return scale == 2 && (size == 0 || (size == 1 && !s));
}

// ---- vectors. Bit 30 is Q, bits 23..22 the lane's size.
constexpr bool q(uint32_t w) { return bits(w, 30, 1); }
constexpr unsigned size(uint32_t w) { return bits(w, 22, 2); }
constexpr bool Vec3(uint32_t w) { return size(w) != 3 || q(w); }
constexpr bool VecNo64(uint32_t w) { return size(w) != 3; }
constexpr bool Vec3No64(uint32_t w) { return size(w) != 3; }
constexpr bool VecHS(uint32_t w) { return size(w) == 1 || size(w) == 2; }
constexpr bool VecFp(uint32_t w) { return !bits(w, 22, 1) || q(w); }
constexpr bool Across(uint32_t w) { return size(w) != 3 && (size(w) != 2 || q(w)); }
constexpr bool FpElem(uint32_t w) { return !bits(w, 22, 1) || (q(w) && !bits(w, 21, 1)); }
// Shifts: immh:immb in bits 22..16; immh 0 is another group.
constexpr bool ShiftAny(uint32_t w) { return bits(w, 19, 4) != 0; }
constexpr bool ShiftImm(uint32_t w) { return ShiftAny(w) && (!bits(w, 22, 1) || q(w)); }
constexpr bool Shift64(uint32_t w) { return bits(w, 22, 1); }
constexpr bool ShiftNarrow(uint32_t w) { return ShiftAny(w) && !bits(w, 22, 1); }
constexpr bool ShiftFpScalar(uint32_t w) { return bits(w, 21, 2) != 0; }
constexpr bool ShiftFp(uint32_t w) { return ShiftFpScalar(w) && (!bits(w, 22, 1) || q(w)); }
// Op 1 with cmode 1111 is a double, which takes 128 bits.
constexpr bool VecImm(uint32_t w) { return bits(w, 12, 4) != 15 || !bits(w, 29, 1) || q(w); }
constexpr bool Copy(uint32_t w) { return bits(w, 16, 4) != 0; }
constexpr bool CopyQ(uint32_t w) { return Copy(w) && (bits(w, 16, 3) != 0 || q(w)); }
constexpr bool CopyW(uint32_t w) { return bits(w, 16, 2) != 0; }
constexpr bool CopyX(uint32_t w) { return bits(w, 16, 3) != 0; }
constexpr bool Ext(uint32_t w) { return q(w) || !bits(w, 14, 1); }
// FCVT between two different types (half precision included).
constexpr bool FcvtF(uint32_t w) { return size(w) != 2 && bits(w, 15, 2) != 2 && bits(w, 15, 2) != size(w); }
// FMOV between W and S, X and D.
constexpr bool FmovGen(uint32_t w) { return size(w) == (sf(w) ? 1u : 0u); }
constexpr bool FixedF(uint32_t w) { return sf(w) || bits(w, 15, 1); }

// Lanes of two or more bytes, two of them at least.
// Complex numbers of half precision: a 64-bit vector has two.
constexpr bool ComplexElem(uint32_t w) { return q(w) || !bits(w, 11, 1); }

}  // namespace xarch::arm::legal
