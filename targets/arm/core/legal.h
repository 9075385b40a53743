// Which encodings of a line of the A64 table are allocated: a rule or a predicate for each name in its
// `legal` column.
#pragma once

#include <cstdint>

namespace xarch::arm::legal {

// Encodings that are not: those with `value` in the bits of `mask`; none to begin with.
struct Reserved {
  uint32_t mask = 0;
  uint32_t value = 1;
  constexpr bool has(uint32_t w) const { return (w & mask) == value; }
};
// All but the reserved ones, and of those what the predicate allows, if there is one. Almost every line does
// with the first: the decoder looks at that without a branch of its own.
struct Rule {
  Reserved first, second;
  bool (*predicate)(uint32_t w) = nullptr;
  bool has_more;  // than `first`

  constexpr Rule(Reserved a = {}, Reserved b = {}) : first(a), second(b), has_more(b.mask != 0) {}
  constexpr Rule(bool (*f)(uint32_t w)) : predicate(f), has_more(true) {}
  constexpr bool operator()(uint32_t w) const { return !first.has(w) && more_allows(w); }
  // Does the rest of it, behind `first`, allow the encoding?
  constexpr bool more_allows(uint32_t w) const {
    return !second.has(w) && (predicate == nullptr || predicate(w));
  }
};

// What reserved encodings are told by.
constexpr uint32_t bit(unsigned n) { return 1u << n; }
constexpr uint32_t field(unsigned lsb, unsigned n) { return (bit(n) - 1) << lsb; }
inline constexpr uint32_t kSf = bit(31), kQ = bit(30), kSize = field(22, 2), kSz = bit(22),
                          kImmh = field(19, 4);

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

inline constexpr Rule Any = {};
constexpr bool LogicalImm(uint32_t w) {
  return (sf(w) || !bits(w, 22, 1)) && bitmask_immediate(bits(w, 22, 1), bits(w, 16, 6), bits(w, 10, 6)) != 0;
}
inline constexpr Rule MoveWide = {{kSf | bit(22), bit(22)}};
constexpr bool Bitfield(uint32_t w) {
  return bits(w, 22, 1) == sf(w) && (sf(w) || (!bits(w, 21, 1) && !bits(w, 15, 1)));
}
constexpr bool Extract(uint32_t w) { return bits(w, 22, 1) == sf(w) && (sf(w) || !bits(w, 15, 1)); }
inline constexpr Rule Shift6 = {{kSf | bit(15), bit(15)}};
inline constexpr Rule AddShift = {{kSf | bit(15), bit(15)}, {kSize, kSize}};
constexpr bool ExtShift(uint32_t w) { return bits(w, 10, 3) <= 4; }
inline constexpr Rule CrcSize = {{field(10, 2), field(10, 2)}};
constexpr bool Dcps(uint32_t w) { return bits(w, 0, 2) != 0; }
inline constexpr Rule CasPair = {{bit(16), bit(16)}, {bit(0), bit(0)}};
inline constexpr Rule LitV = {{field(30, 2), field(30, 2)}};
inline constexpr Rule PairV = LitV;
inline constexpr Rule RegOffset = {{bit(14), 0}};
inline constexpr Rule SignX = LitV;
inline constexpr Rule SignW = {{bit(31), bit(31)}};
inline constexpr Rule SignXReg = {{field(30, 2), field(30, 2)}, {bit(14), 0}};
inline constexpr Rule SignWReg = {{bit(31), bit(31)}, {bit(14), 0}};
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
inline constexpr Rule Vec3 = {{kQ | kSize, kSize}};
inline constexpr Rule VecNo64 = {{kSize, kSize}};
inline constexpr Rule Vec3No64 = VecNo64;
inline constexpr Rule VecHS = {{kSize, 0}, {kSize, kSize}};
inline constexpr Rule VecFp = {{kQ | kSz, kSz}};
inline constexpr Rule Across = {{kSize, kSize}, {kQ | kSize, bit(23)}};
inline constexpr Rule FpElem = {{field(21, 2), field(21, 2)}, {kQ | kSz, kSz}};
// Shifts: immh:immb in bits 22..16; immh 0 is another group.
inline constexpr Rule ShiftAny = {{kImmh, 0}};
inline constexpr Rule ShiftImm = {{kImmh, 0}, {kQ | kSz, kSz}};
inline constexpr Rule Shift64 = {{kSz, 0}};
inline constexpr Rule ShiftNarrow = {{kImmh, 0}, {kSz, kSz}};
inline constexpr Rule ShiftFpScalar = {{field(21, 2), 0}};
inline constexpr Rule ShiftFp = {{field(21, 2), 0}, {kQ | kSz, kSz}};
// Op 1 with cmode 1111 is a double, which takes 128 bits.
constexpr bool VecImm(uint32_t w) { return bits(w, 12, 4) != 15 || !bits(w, 29, 1) || q(w); }
inline constexpr Rule Copy = {{field(16, 4), 0}};
inline constexpr Rule CopyQ = {{field(16, 4), 0}, {kQ | field(16, 3), 0}};
inline constexpr Rule CopyW = {{field(16, 2), 0}};
inline constexpr Rule CopyX = {{field(16, 3), 0}};
inline constexpr Rule Ext = {{kQ | bit(14), bit(14)}};
// FCVT between two different types (half precision included).
constexpr bool FcvtF(uint32_t w) { return size(w) != 2 && bits(w, 15, 2) != 2 && bits(w, 15, 2) != size(w); }
// FMOV between W and S, X and D.
constexpr bool FmovGen(uint32_t w) { return size(w) == (sf(w) ? 1u : 0u); }
inline constexpr Rule FixedF = {{kSf | bit(15), 0}};

// Lanes of two or more bytes, two of them at least.
// Complex numbers of half precision: a 64-bit vector has two.
inline constexpr Rule ComplexElem = {{kQ | bit(11), bit(11)}};

}  // namespace xarch::arm::legal
