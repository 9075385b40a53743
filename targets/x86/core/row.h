// A line of tables.def as the decoder sees it, read from its strings while compiling: what is malformed does
// not build.
#pragma once

#include <cstdint>
#include <string_view>

#include "targets/x86/core/features.h"

namespace xarch::x86 {

// Where the opcode byte is looked up.
enum class Map : uint8_t { kByte, k0F, k0F38, k0F3A, kNow, kVex0F, kVex0F38, kVex0F3A };
inline constexpr unsigned kNumMaps = 8;

inline constexpr unsigned kMaxRows = 2048;

// What an operand is, see tables.def.
enum class Kind : uint8_t {
  kNone,
  kE,
  kR,
  kM,
  kRM,  // Rv/Mw and the like: the register's size in Form::size, the memory's in Form::memory
  kG,
  kZ,
  kB,
  kImm,
  kSignedImm,
  kOne,
  kRel,
  kMoffs,
  kFar,
  kX,
  kY,
  kS,
  kC,
  kD,
  kP,
  kQ,
  kN,
  kV,
  kW,
  kU,
  kH,
  kL,
  kSt0,
  kSti,
  kFixedGpr,  // Form::fixed
  kFixedSeg,
  kFixedXmm
};

// How large an operand is, see tables.def.
enum class Size : uint8_t {
  kNone,
  kB,
  kW,
  kD,
  kQ,
  kT,
  kDq,
  kQq,
  kV,
  kZ,
  kY,
  kMode,
  kX,
  kH,
  kF,
  kE,
  kP,
  kA,
  kS
};

struct Form {
  Kind kind = Kind::kNone;
  Size size = Size::kNone;
  Size memory = Size::kNone;
  uint8_t fixed = 0;
};

// Flags of EFLAGS, a bit each, as the masks of a row say them.
enum RowFlags : uint8_t { kRowO = 1, kRowS = 2, kRowZ = 4, kRowA = 8, kRowP = 16, kRowC = 32, kRowD = 64 };

// What follows the operands' bytes.
enum class Tail : uint8_t { kNone, kByte, kWord, kZ, kV, kMoffs, kFar, kEnter };

enum RowAttr : uint16_t {
  kModRm = 1,
  kPlusReg = 2,
  kDefault64 = 4,
  kForce64 = 8,
  kLockable = 16,
  kVsib = 32,
  kAnyMod = 64,
  kPrefix66 = 128,  // 66 is a part of the opcode
  kUsesVvvv = 256,
  kChecks = 512,  // registers must be looked at: segment, control and debug registers, gathers
};

// What selects a row among those of its opcode, a bit field each.
namespace key {
inline constexpr unsigned kPrefix = 0;  // 2 bits: none, 66, f3, f2
inline constexpr unsigned kModReg = 2;  // mod is 3
inline constexpr unsigned kReg = 3;     // 3 bits of the ModRM byte
inline constexpr unsigned kRm = 6;      // likewise
inline constexpr unsigned kW = 9;
inline constexpr unsigned kL = 10;
inline constexpr unsigned kMode64 = 11;
inline constexpr unsigned kVvvv = 12;  // VEX.vvvv names a register
}  // namespace key

struct Row {
  std::string_view text;
  Form forms[4] = {};
  Map map = Map::kByte;
  Tail tail = Tail::kNone;
  uint8_t opcode = 0;
  Feature feature = Feature::kBase;
  uint8_t flags_read = 0;     // RowFlags, as the next two
  uint8_t flags_written = 0;  // undefined ones too
  uint8_t flags_undefined = 0;
  uint16_t attr = 0;  // RowAttr
  uint16_t key_mask = 0;
  uint16_t key_value = 0;

  constexpr bool has(RowAttr a) const { return (attr & a) != 0; }
};

namespace parse {

// Takes the next word off the text.
constexpr std::string_view word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  size_t n = text.find(' ');
  if (n == std::string_view::npos) n = text.size();
  std::string_view w = text.substr(0, n);
  text.remove_prefix(n);
  return w;
}

constexpr unsigned hex(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  throw "not an upper-case hexadecimal digit";
}

constexpr void need(Row& r, unsigned field, unsigned bits, unsigned value) {
  r.key_mask = static_cast<uint16_t>(r.key_mask | ((1u << bits) - 1) << field);
  r.key_value = static_cast<uint16_t>(r.key_value | value << field);
}

constexpr void condition(Row& r, std::string_view w) {
  if (w[0] == '/' && w.size() == 2) {
    r.attr |= kModRm;
    if (w[1] != 'r') need(r, key::kReg, 3, static_cast<unsigned>(w[1] - '0'));
  } else if (w == "m") {
    need(r, key::kModReg, 1, 0);
  } else if (w == "reg") {
    need(r, key::kModReg, 1, 1);
  } else if (w.substr(0, 2) == "rm" && w.size() == 3) {
    need(r, key::kModReg, 1, 1);
    need(r, key::kRm, 3, static_cast<unsigned>(w[2] - '0'));
  } else if (w == "W0" || w == "W1") {
    need(r, key::kW, 1, w == "W1");
  } else if (w == "L0" || w == "L1") {
    need(r, key::kL, 1, w == "L1");
  } else if (w == "o64" || w == "i64") {
    need(r, key::kMode64, 1, w == "o64");
  } else if (w == "+r") {
    r.attr |= kPlusReg;
  } else if (w == "d64") {
    r.attr |= kDefault64;
  } else if (w == "f64") {
    r.attr |= kForce64;
  } else if (w == "lock") {
    r.attr |= kLockable;
  } else if (w == "vsib") {
    r.attr |= kVsib;
  } else if (w == "anymod") {
    r.attr |= kAnyMod;
  } else {
    throw "unknown word in an encoding";
  }
}

constexpr void encoding(Row& r, std::string_view text) {
  bool vex = false, opcode = false, map = false;
  for (std::string_view w = word(text); !w.empty(); w = word(text)) {
    if (w == "V") {
      vex = true;
    } else if (!opcode && !map && w == "np") {
      need(r, key::kPrefix, 2, 0);
    } else if (!opcode && !map && w == "np66") {
      need(r, key::kPrefix + 1, 1, 0);
    } else if (!opcode && !map && w == "66") {
      need(r, key::kPrefix, 2, 1);
      r.attr |= kPrefix66;
    } else if (!opcode && !map && w == "f3") {
      need(r, key::kPrefix, 2, 2);
    } else if (!opcode && !map && w == "f2") {
      need(r, key::kPrefix, 2, 3);
    } else if (!map && !opcode && (w == "0F" || w == "0F38" || w == "0F3A" || w == "now")) {
      r.map = w == "0F" ? Map::k0F : w == "0F38" ? Map::k0F38 : w == "0F3A" ? Map::k0F3A : Map::kNow;
      map = true;
    } else if (!opcode && w.size() == 2 && w[0] != 'L' && w[0] != 'W') {
      r.opcode = static_cast<uint8_t>(hex(w[0]) << 4 | hex(w[1]));
      opcode = true;
    } else {
      condition(r, w);
    }
  }
  if (!opcode) throw "no opcode";
  if ((r.key_mask & (0x7f << key::kModReg)) != 0) r.attr |= kModRm;
  if (vex) {
    r.map = r.map == Map::k0F ? Map::kVex0F : r.map == Map::k0F38 ? Map::kVex0F38 : Map::kVex0F3A;
  }
}

constexpr Size size(std::string_view s) {
  if (s.empty()) return Size::kNone;
  if (s == "dq") return Size::kDq;
  if (s == "qq") return Size::kQq;
  if (s.size() != 1) throw "unknown size";
  switch (s[0]) {
    case 'b': return Size::kB;
    case 'w': return Size::kW;
    case 'd': return Size::kD;
    case 'q': return Size::kQ;
    case 't': return Size::kT;
    case 'v': return Size::kV;
    case 'z': return Size::kZ;
    case 'y': return Size::kY;
    case 'm': return Size::kMode;
    case 'x': return Size::kX;
    case 'h': return Size::kH;
    case 'f': return Size::kF;
    case 'e': return Size::kE;
    case 'p': return Size::kP;
    case 'a': return Size::kA;
    case 's': return Size::kS;
    default: throw "unknown size";
  }
}

constexpr Kind kind(char c) {
  switch (c) {
    case 'E': return Kind::kE;
    case 'R': return Kind::kR;
    case 'M': return Kind::kM;
    case 'G': return Kind::kG;
    case 'Z': return Kind::kZ;
    case 'B': return Kind::kB;
    case 'I': return Kind::kImm;
    case 'J': return Kind::kRel;
    case 'O': return Kind::kMoffs;
    case 'A': return Kind::kFar;
    case 'X': return Kind::kX;
    case 'Y': return Kind::kY;
    case 'S': return Kind::kS;
    case 'C': return Kind::kC;
    case 'D': return Kind::kD;
    case 'P': return Kind::kP;
    case 'Q': return Kind::kQ;
    case 'N': return Kind::kN;
    case 'V': return Kind::kV;
    case 'W': return Kind::kW;
    case 'U': return Kind::kU;
    case 'H': return Kind::kH;
    case 'L': return Kind::kL;
    default: throw "unknown kind of operand";
  }
}

struct Fixed {
  std::string_view text;
  Form form;
};
inline constexpr Fixed kFixed[] = {
    {"AL", {Kind::kFixedGpr, Size::kB, Size::kNone, 0}},
    {"CL", {Kind::kFixedGpr, Size::kB, Size::kNone, 1}},
    {"AX", {Kind::kFixedGpr, Size::kW, Size::kNone, 0}},
    {"DX", {Kind::kFixedGpr, Size::kW, Size::kNone, 2}},
    {"eAX", {Kind::kFixedGpr, Size::kZ, Size::kNone, 0}},
    {"rAX", {Kind::kFixedGpr, Size::kV, Size::kNone, 0}},
    {"ES", {Kind::kFixedSeg, Size::kV, Size::kNone, 0}},
    {"CS", {Kind::kFixedSeg, Size::kV, Size::kNone, 1}},
    {"SS", {Kind::kFixedSeg, Size::kV, Size::kNone, 2}},
    {"DS", {Kind::kFixedSeg, Size::kV, Size::kNone, 3}},
    {"FS", {Kind::kFixedSeg, Size::kV, Size::kNone, 4}},
    {"GS", {Kind::kFixedSeg, Size::kV, Size::kNone, 5}},
    {"XMM0", {Kind::kFixedXmm, Size::kDq, Size::kNone, 0}},
    {"ST0", {Kind::kSt0, Size::kT, Size::kNone, 0}},
    {"STi", {Kind::kSti, Size::kT, Size::kNone, 0}},
    {"Is", {Kind::kSignedImm, Size::kB, Size::kNone, 0}},
    {"I1", {Kind::kOne, Size::kB, Size::kNone, 0}},
};

constexpr Form operand(std::string_view w) {
  for (const Fixed& f : kFixed) {
    if (f.text == w) return f.form;
  }
  if (size_t slash = w.find('/'); slash != std::string_view::npos) {
    if (w[0] != 'R' || w[slash + 1] != 'M') throw "not a register or memory";
    return {Kind::kRM, size(w.substr(1, slash - 1)), size(w.substr(slash + 2)), 0};
  }
  Size s = size(w.substr(1));
  return {kind(w[0]), s, s, 0};
}

constexpr uint8_t flags(std::string_view text, uint8_t* undefined) {
  constexpr std::string_view kLetters = "oszapcd", kUndefined = "OSZAPCD";
  unsigned mask = 0;
  for (char c : text) {
    size_t i = kLetters.find(c);
    if (i == std::string_view::npos) {
      i = kUndefined.find(c);
      if (i == std::string_view::npos || undefined == nullptr) throw "unknown flag";
      *undefined = static_cast<uint8_t>(*undefined | 1u << i);
    }
    mask |= 1u << i;
  }
  return static_cast<uint8_t>(mask);
}

constexpr Tail tail(const Form& f) {
  switch (f.kind) {
    case Kind::kL:
    case Kind::kSignedImm: return Tail::kByte;
    case Kind::kImm:
    case Kind::kRel:
      return f.size == Size::kB   ? Tail::kByte
             : f.size == Size::kW ? Tail::kWord
             : f.size == Size::kV ? Tail::kV
                                  : Tail::kZ;
    case Kind::kMoffs: return Tail::kMoffs;
    case Kind::kFar: return Tail::kFar;
    default: return Tail::kNone;
  }
}

constexpr Row row(std::string_view text, std::string_view enc, std::string_view operands, Feature feature,
                  std::string_view reads, std::string_view writes) {
  Row r;
  r.text = text;
  r.feature = feature;
  encoding(r, enc);
  unsigned n = 0;
  bool vvvv = false, modrm = false;
  for (std::string_view w = word(operands); !w.empty(); w = word(operands)) {
    if (n == 4) throw "too many operands";
    Form f = operand(w);
    vvvv |= f.kind == Kind::kH || f.kind == Kind::kB;
    modrm |= (f.kind >= Kind::kE && f.kind <= Kind::kG) || (f.kind >= Kind::kP && f.kind <= Kind::kU);
    if (f.kind == Kind::kS || f.kind == Kind::kC || f.kind == Kind::kD) r.attr |= kChecks;
    if (Tail t = tail(f); t != Tail::kNone) {
      if (r.tail != Tail::kNone && (r.tail != Tail::kWord || t != Tail::kByte)) throw "two immediates";
      r.tail = r.tail != Tail::kNone ? Tail::kEnter : t;
    }
    r.forms[n++] = f;
  }
  if (r.has(kVsib)) r.attr |= kChecks;
  if (modrm && !r.has(kModRm)) throw "an operand needs a ModRM byte";
  if (vvvv) r.attr |= kUsesVvvv;
  if (r.map >= Map::kVex0F && !vvvv) need(r, key::kVvvv, 1, 0);
  r.flags_read = flags(reads, nullptr);
  r.flags_written = flags(writes, &r.flags_undefined);
  return r;
}

}  // namespace parse

}  // namespace xarch::x86
