#include "targets/x86/core/decode.h"

#include <array>
#include <cstring>

namespace xarch::x86 {

namespace {

constexpr Row kRows[] = {
#define ROW(text, encoding, operands, feature, reads, writes) \
  parse::row(text, encoding, operands, Feature::k##feature, reads, writes),
#include "targets/x86/core/tables.def"
#undef ROW
};
constexpr unsigned kNumRows = std::size(kRows);
static_assert(kNumRows <= kMaxRows);

// What the search compares, side by side in memory.
struct Candidate {
  uint16_t mask = 0;
  uint16_t value = 0;
  uint16_t row = 0;
  Feature feature = Feature::kBase;
};

// The candidates of an opcode, or of one mod and reg of its ModRM byte.
struct Range {
  uint16_t first = 0;
  uint16_t count = 0;
};
enum CellFlag : uint8_t { kCellModRm = 1, kCellSplit = 2, kCellAnyMod = 4, kCellNow = 8 };
struct Cell {
  Range range;  // with kCellSplit, `first` is that of 16 ranges in Index::splits
  uint8_t flags = 0;
};

constexpr unsigned kNumCells = kNumMaps * 256;
constexpr unsigned kSplitBits = 0xf << key::kModReg;  // "mod is 3", reg
constexpr unsigned kMaxPlain = 3;                     // longer lists are split by mod and reg

constexpr unsigned cell_of(const Row& r, unsigned i) {
  return static_cast<unsigned>(r.map) * 256 + r.opcode + i;
}
constexpr unsigned opcodes_of(const Row& r) { return r.has(kPlusReg) ? 8 : 1; }

struct Shape {
  std::array<uint16_t, kNumCells> rows{};
  std::array<bool, kNumCells> split{};
  unsigned candidates = 0;
  unsigned splits = 0;
};
constexpr bool matches(const Row& r, unsigned sub) {
  return ((sub << key::kModReg ^ r.key_value) & r.key_mask & kSplitBits) == 0;
}
constexpr Shape make_shape() {
  Shape s;
  for (const Row& r : kRows) {
    for (unsigned i = 0; i < opcodes_of(r); ++i) {
      ++s.rows[cell_of(r, i)];
      if (r.key_mask & kSplitBits) s.split[cell_of(r, i)] = true;
    }
  }
  for (unsigned c = 0; c < kNumCells; ++c) {
    s.split[c] = s.split[c] && s.rows[c] > kMaxPlain;
    s.splits += s.split[c];
  }
  for (const Row& r : kRows) {
    if (!s.split[cell_of(r, 0)]) {
      s.candidates += opcodes_of(r);
      continue;
    }
    for (unsigned sub = 0; sub < 16; ++sub) s.candidates += matches(r, sub);
  }
  return s;
}
constexpr Shape kShape = make_shape();

struct Index {
  std::array<Cell, kNumCells> cells{};
  std::array<Range, kShape.splits * 16> splits{};
  std::array<Candidate, kShape.candidates> candidates{};
};

constexpr Candidate candidate(unsigned row) {
  return {kRows[row].key_mask, kRows[row].key_value, static_cast<uint16_t>(row), kRows[row].feature};
}

// Rows of an opcode keep their order.
constexpr Index make_index() {
  Index x;
  unsigned next_split = 0, next = 0;
  for (unsigned i = 0; i < kNumRows; ++i) {
    const Row& r = kRows[i];
    for (unsigned o = 0; o < opcodes_of(r); ++o) {
      const unsigned at = cell_of(r, o);
      Cell& c = x.cells[at];
      const uint8_t flags =
          static_cast<uint8_t>((r.has(kModRm) ? kCellModRm : 0) | (r.has(kAnyMod) ? kCellAnyMod : 0) |
                               (kShape.split[at] ? kCellSplit : 0));
      if (c.range.count == 0) {  // the first row of this opcode: room for all of them
        c.flags = flags;
        c.range.first = static_cast<uint16_t>(kShape.split[at] ? next_split : next);
        if (kShape.split[at]) {
          for (unsigned sub = 0; sub < 16; ++sub) {
            Range& range = x.splits[next_split++];
            range.first = static_cast<uint16_t>(next);
            for (unsigned k = i; k < kNumRows; ++k) {
              if (cell_of(kRows[k], 0) == at && matches(kRows[k], sub)) x.candidates[next++] = candidate(k);
            }
            range.count = static_cast<uint16_t>(next - range.first);
          }
        } else {
          next += kShape.rows[at];
        }
      }
      if (c.flags != flags) throw "rows of one opcode disagree about the ModRM byte";
      if (!kShape.split[at]) x.candidates[c.range.first + c.range.count] = candidate(i);
      ++c.range.count;
    }
  }
  x.cells[static_cast<unsigned>(Map::k0F) * 256 + 0x0f].flags = kCellModRm | kCellNow;
  return x;
}
constexpr Index kIndex = make_index();

enum PrefixClass : uint8_t { kNotPrefix, kLockByte, kRepne, kRep, kOpsize, kAddress, kSegmentByte, kRexByte };

constexpr std::array<uint8_t, 256> make_prefixes() {
  std::array<uint8_t, 256> t{};
  t[0xf0] = kLockByte;
  t[0xf2] = kRepne;
  t[0xf3] = kRep;
  t[0x66] = kOpsize;
  t[0x67] = kAddress;
  for (unsigned b : {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}) t[b] = kSegmentByte;
  for (unsigned b = 0x40; b < 0x50; ++b) t[b] = kRexByte;
  return t;
}
constexpr std::array<uint8_t, 256> kPrefixes = make_prefixes();

enum Rex : uint8_t { kRexB = 1, kRexX = 2, kRexR = 4, kRexW = 8 };

class Decoder {
 public:
  Decoder(const uint8_t* code, unsigned available, bool mode64, bool code16, FeatureSet features, Insn* out)
      : code_(code),
        limit_(available < kMaxInsnBytes ? available : kMaxInsnBytes),
        mode64_(mode64),
        code16_(code16),
        features_(features),
        i_(*out) {
    i_ = Insn{};
    i_.mode64 = mode64;
    i_.address_bytes = mode64 ? 8 : code16 ? 2 : 4;
    i_.vector_bytes = 16;
  }

  Verdict run() {
    if (!prefixes() || !opcode()) return verdict();
    const Cell& cell = kIndex.cells[static_cast<unsigned>(map_) * 256 + i_.opcode];
    const bool now = cell.flags & kCellNow;
    if (cell.range.count == 0 && !now) return Verdict::kIllegal;
    uint8_t modrm = 0;
    if (cell.flags & kCellModRm) {
      if (!byte(&modrm)) return verdict();
      i_.mod = cell.flags & kCellAnyMod ? 3 : modrm >> 6;
      i_.reg = static_cast<uint8_t>((modrm >> 3 & 7) | (rex_ & kRexR) << 1);
      i_.rm = static_cast<uint8_t>((modrm & 7) | (rex_ & kRexB) << 3);
    } else {
      i_.rm = static_cast<uint8_t>((i_.opcode & 7) | (rex_ & kRexB) << 3);
    }
    if (!now && !find(cell, modrm)) return Verdict::kIllegal;
    if (cell.flags & kCellModRm && i_.mod != 3 && !memory(now)) return verdict();
    if (now && !suffix(modrm)) return verdict();
    const Row& row = kRows[i_.row];
    operand_size(row);
    if (row.tail != Tail::kNone && !tail(row.tail)) return verdict();
    if (i_.has(kPrefixLock) && !(row.has(kLockable) && i_.mod != 3)) return Verdict::kIllegal;
    if (row.has(kChecks) && !check(row)) return Verdict::kIllegal;
    i_.length = static_cast<uint8_t>(at_);
    return Verdict::kOk;
  }

 private:
  Verdict verdict() const {
    if (illegal_) return Verdict::kIllegal;
    return limit_ == kMaxInsnBytes ? Verdict::kTooLong : Verdict::kTruncated;
  }
  bool illegal() {
    illegal_ = true;
    return false;
  }

  template <typename T>
  bool read(T* out) {
    if (at_ + sizeof(T) > limit_) return false;
    std::memcpy(out, code_ + at_, sizeof(T));
    at_ += static_cast<unsigned>(sizeof(T));
    return true;
  }
  bool byte(uint8_t* out) { return read(out); }
  template <typename T>
  bool signed_value(uint64_t* out) {
    T v;
    if (!read(&v)) return false;
    *out = static_cast<uint64_t>(static_cast<int64_t>(v));
    return true;
  }

  // Up to the first byte of the opcode, which is read too. A REX prefix counts only right before that.
  bool prefixes() {
    for (;;) {
      if (!byte(&i_.opcode)) return false;
      const uint8_t kind = kPrefixes[i_.opcode];
      if (kind == kNotPrefix || (kind == kRexByte && !mode64_)) return true;
      uint8_t rex = 0;
      switch (kind) {
        case kLockByte: i_.prefixes |= kPrefixLock; break;
        case kRepne: i_.prefixes = static_cast<uint8_t>((i_.prefixes & ~kPrefixRep) | kPrefixRepne); break;
        case kRep: i_.prefixes = static_cast<uint8_t>((i_.prefixes & ~kPrefixRepne) | kPrefixRep); break;
        case kOpsize: i_.prefixes |= kPrefixOpsize; break;
        case kAddress:
          i_.prefixes |= kPrefixAddress;
          i_.address_bytes = mode64_ || code16_ ? 4 : 2;
          break;
        case kSegmentByte: segment(i_.opcode); break;
        default: rex = i_.opcode; break;
      }
      rex_ = rex;
    }
  }

  void segment(uint8_t b) {
    const uint8_t s = static_cast<uint8_t>(b >= 0x64 ? kFs + (b & 1) : b >> 3 & 3);
    if (mode64_ && s < kFs) return;
    i_.segment = s;
    i_.prefixes |= kPrefixSegment;
  }

  bool opcode() {
    if (rex_) {
      i_.prefixes |= kPrefixRex;
      i_.w = (rex_ & kRexW) != 0;
    }
    if (i_.opcode == 0x0f) {
      map_ = Map::k0F;
      if (!byte(&i_.opcode)) return false;
      if (i_.opcode == 0x38 || i_.opcode == 0x3a) {
        map_ = i_.opcode == 0x38 ? Map::k0F38 : Map::k0F3A;
        if (!byte(&i_.opcode)) return false;
      }
    } else if (i_.opcode == 0xc4 || i_.opcode == 0xc5) {
      if (at_ >= limit_) return false;
      if (mode64_ || code_[at_] >= 0xc0) return vex(i_.opcode == 0xc4);
    }
    prefix_ = i_.has(kPrefixRepne) ? 3u : i_.has(kPrefixRep) ? 2u : i_.has(kPrefixOpsize) ? 1u : 0u;
    return true;
  }

  bool vex(bool three) {
    if (rex_ || (i_.prefixes & (kPrefixLock | kPrefixRep | kPrefixRepne | kPrefixOpsize))) return illegal();
    i_.prefixes |= kPrefixVex;
    uint8_t a = 0, last;
    if (three && !byte(&a)) return false;
    if (!byte(&last)) return false;
    if (three) {
      const unsigned map = a & 31;
      if (map < 1 || map > 3) return illegal();
      map_ = static_cast<Map>(static_cast<unsigned>(Map::kVex0F) + map - 1);
      rex_ = static_cast<uint8_t>((a >> 5 ^ 7) & 7);
      i_.w = last >> 7;
    } else {
      map_ = Map::kVex0F;
      rex_ = last & 0x80 ? 0 : kRexR;
    }
    if (!mode64_) rex_ = 0;
    vvvv_ = (last >> 3 & 15) ^ 15;
    i_.vvvv = vvvv_ & (mode64_ ? 15 : 7);
    i_.vector_bytes = last & 4 ? 32 : 16;
    prefix_ = last & 3;
    return byte(&i_.opcode);
  }

  bool find(const Cell& cell, uint8_t modrm) {
    const unsigned fields =
        (modrm >= 0xc0 ? 1u : 0u) << key::kModReg | (modrm >> 3 & 7u) << key::kReg | (modrm & 7u) << key::kRm;
    const unsigned k = fields | prefix_ << key::kPrefix | unsigned{i_.w} << key::kW |
                       (i_.vector_bytes == 32 ? 1u : 0u) << key::kL | unsigned{mode64_} << key::kMode64 |
                       (vvvv_ != 0 ? 1u : 0u) << key::kVvvv;
    Range range = cell.range;
    if (cell.flags & kCellSplit) range = kIndex.splits[range.first + (fields >> key::kModReg & 15)];
    for (const Candidate *c = &kIndex.candidates[range.first], *end = c + range.count; c != end; ++c) {
      if ((k & c->mask) == c->value && features_.has(c->feature)) {
        i_.row = c->row;
        return true;
      }
    }
    return false;
  }

  // 3DNow!: the opcode is the last byte.
  bool suffix(uint8_t modrm) {
    if (!byte(&i_.opcode)) return false;
    const Cell& cell = kIndex.cells[static_cast<unsigned>(Map::kNow) * 256 + i_.opcode];
    return (cell.range.count != 0 && find(cell, modrm)) || illegal();
  }

  bool memory(bool now) {
    const bool vsib = !now && kRows[i_.row].has(kVsib);
    if (i_.address_bytes == 2) return !vsib ? memory16() : illegal();
    const uint8_t rm = i_.rm & 7;
    bool no_base = false;
    if (rm == 4) {
      uint8_t sib;
      if (!byte(&sib)) return false;
      i_.scale = sib >> 6;
      i_.index = static_cast<uint8_t>((sib >> 3 & 7) | (rex_ & kRexX) << 2);
      if (i_.index == 4 && !vsib) i_.index = kNoReg;
      i_.base = static_cast<uint8_t>((sib & 7) | (rex_ & kRexB) << 3);
      no_base = (sib & 7) == 5 && i_.mod == 0;
      if (no_base) i_.base = kNoReg;
    } else if (vsib) {
      return illegal();
    } else if (rm == 5 && i_.mod == 0) {
      i_.base = mode64_ ? kRip : kNoReg;
      no_base = true;
    } else {
      i_.base = i_.rm;
    }
    if ((i_.base == 4 || i_.base == 5) && !i_.has(kPrefixSegment)) i_.segment = kSs;
    return displacement(no_base ? 4 : i_.mod == 1 ? 1 : i_.mod == 2 ? 4 : 0);
  }

  bool memory16() {
    constexpr uint8_t kBase[] = {3, 3, 5, 5, 6, 7, 5, 3},
                      kIndexReg[] = {6, 7, 6, 7, kNoReg, kNoReg, kNoReg, kNoReg};
    const uint8_t rm = i_.rm & 7;
    const bool no_base = rm == 6 && i_.mod == 0;
    i_.base = no_base ? kNoReg : kBase[rm];
    i_.index = kIndexReg[rm];
    if (i_.base == 5 && !i_.has(kPrefixSegment)) i_.segment = kSs;
    return displacement(no_base ? 2 : i_.mod);
  }

  bool displacement(unsigned bytes) {
    int8_t d8;
    int16_t d16;
    switch (bytes) {
      case 0: return true;
      case 1:
        if (!read(&d8)) return false;
        i_.disp = d8;
        return true;
      case 2:
        if (!read(&d16)) return false;
        i_.disp = d16;
        return true;
      default: return read(&i_.disp);
    }
  }

  void operand_size(const Row& row) {
    const bool small = i_.has(kPrefixOpsize) && !row.has(kPrefix66);
    if (!mode64_) {
      i_.operand_bytes = small != code16_ ? 2 : 4;
    } else if (i_.w || row.has(kForce64)) {
      i_.operand_bytes = 8;
    } else {
      i_.operand_bytes = small ? 2 : row.has(kDefault64) ? 8 : 4;
    }
  }

  bool tail(Tail t) {
    const bool small = i_.operand_bytes == 2;
    uint16_t word = 0;
    switch (t) {
      case Tail::kNone: return true;
      case Tail::kByte: return signed_value<int8_t>(&i_.imm);
      case Tail::kWord: return signed_value<uint16_t>(&i_.imm);
      case Tail::kZ: return small ? signed_value<int16_t>(&i_.imm) : signed_value<int32_t>(&i_.imm);
      case Tail::kV:
        if (i_.operand_bytes == 8) return read(&i_.imm);
        return small ? signed_value<int16_t>(&i_.imm) : signed_value<int32_t>(&i_.imm);
      case Tail::kMoffs:
        if (i_.address_bytes == 8) return read(&i_.imm);
        return i_.address_bytes == 4 ? signed_value<uint32_t>(&i_.imm) : signed_value<uint16_t>(&i_.imm);
      case Tail::kFar:
        if (!(small ? signed_value<uint16_t>(&i_.imm) : signed_value<uint32_t>(&i_.imm))) return false;
        return read(&i_.imm2);
      case Tail::kEnter: {
        uint8_t level;
        if (!read(&word) || !byte(&level)) return false;
        i_.imm = word;
        i_.imm2 = level;
        return true;
      }
    }
    return false;
  }

  bool check(const Row& row) const {
    if (row.has(kVsib)) return i_.reg != i_.index && i_.reg != i_.vvvv && i_.index != i_.vvvv;
    for (const Form& f : row.forms) {
      if (f.kind == Kind::kC && !(i_.reg == 0 || (i_.reg >= 2 && i_.reg <= 4) || i_.reg == 8)) return false;
      if (f.kind == Kind::kD && i_.reg > 7) return false;
      if (f.kind == Kind::kS && (i_.reg & 7) > kGs) return false;
    }
    return !(row.forms[0].kind == Kind::kS && (i_.reg & 7) == kCs);
  }

  const uint8_t* code_;
  const unsigned limit_;
  unsigned at_ = 0;
  const bool mode64_;
  const bool code16_;
  const FeatureSet features_;
  Insn& i_;
  Map map_ = Map::kByte;
  unsigned prefix_ = 0;  // as key::kPrefix has it
  uint8_t rex_ = 0;
  uint8_t vvvv_ = 0;  // with the bit that 32-bit mode ignores in a register
  bool illegal_ = false;
};

unsigned bytes_of(const Insn& i, Size s) {
  switch (s) {
    case Size::kNone: return 0;
    case Size::kB: return 1;
    case Size::kW: return 2;
    case Size::kD: return 4;
    case Size::kQ: return 8;
    case Size::kT: return 10;
    case Size::kDq: return 16;
    case Size::kQq: return 32;
    case Size::kV: return i.operand_bytes;
    case Size::kZ: return i.operand_bytes == 2 ? 2 : 4;
    case Size::kY: return i.mode64 && i.w ? 8 : 4;
    case Size::kMode: return i.mode64 ? 8 : 4;
    case Size::kX: return i.vector_bytes;
    case Size::kH: return i.vector_bytes / 2u;
    case Size::kF: return i.vector_bytes / 4u;
    case Size::kE: return i.vector_bytes / 8u;
    case Size::kP: return i.operand_bytes + 2u;
    case Size::kA: return i.operand_bytes * 2u;
    case Size::kS: return i.mode64 ? 10 : 6;
  }
  return 0;
}

Operand general(const Insn& i, uint8_t reg, unsigned bytes) {
  if (bytes == 1 && reg >= 4 && reg < 8 && !i.has(kPrefixRex)) {
    return {Operand::kHighByte, static_cast<uint8_t>(reg - 4), 1, 0};
  }
  return {Operand::kGpr, reg, static_cast<uint8_t>(bytes), 0};
}

Operand immediate(const Insn& i, unsigned bytes) {
  const uint64_t v = bytes == 1 ? i.imm & 0xff : bytes == 2 ? i.imm & 0xffff : i.imm;
  return {Operand::kImmediate, 0, static_cast<uint8_t>(bytes), v};
}

}  // namespace

std::span<const Row> rows() { return kRows; }

Verdict decode(const uint8_t* code, unsigned available, bool mode64, FeatureSet features, Insn* out,
               bool code16) {
  return Decoder(code, available, mode64, code16, features, out).run();
}

Operand operand(const Insn& i, unsigned n) {
  const Row& row = kRows[i.row];
  const Form& f = row.forms[n];
  const uint8_t bytes = static_cast<uint8_t>(bytes_of(i, f.size));
  const bool memory = i.mod != 3;
  const Operand in_memory = {Operand::kMemory, 0, static_cast<uint8_t>(bytes_of(i, f.memory)), 0};
  switch (f.kind) {
    case Kind::kNone: return {};
    case Kind::kE:
    case Kind::kRM: return memory ? in_memory : general(i, i.rm, bytes);
    case Kind::kR: return general(i, i.rm, bytes);
    case Kind::kM: return in_memory;
    case Kind::kG: return general(i, i.reg, bytes);
    case Kind::kZ: return general(i, i.rm, bytes);
    case Kind::kB: return {Operand::kGpr, i.vvvv, bytes, 0};
    case Kind::kImm:
      if (row.tail == Tail::kEnter && n == 1) return {Operand::kImmediate, 0, 1, i.imm2};
      return immediate(i, bytes);
    case Kind::kSignedImm: return {Operand::kImmediate, 0, bytes, i.imm};
    case Kind::kOne: return {Operand::kImmediate, 0, bytes, 1};
    case Kind::kRel: return {Operand::kRelative, 0, bytes, i.imm};
    case Kind::kMoffs: return {Operand::kAbsolute, 0, bytes, i.imm};
    case Kind::kFar: return {Operand::kFar, 0, bytes, i.imm};
    case Kind::kX: return {Operand::kSource, 6, bytes, 0};
    case Kind::kY: return {Operand::kDestination, 7, bytes, 0};
    case Kind::kS: return {Operand::kSegment, static_cast<uint8_t>(i.reg & 7), 2, 0};
    case Kind::kFixedSeg: return {Operand::kSegment, f.fixed, bytes, 0};
    case Kind::kC: return {Operand::kControl, i.reg, bytes, 0};
    case Kind::kD: return {Operand::kDebug, i.reg, bytes, 0};
    case Kind::kP: return {Operand::kMmx, static_cast<uint8_t>(i.reg & 7), bytes, 0};
    case Kind::kQ:
      if (memory) return in_memory;
      [[fallthrough]];
    case Kind::kN: return {Operand::kMmx, static_cast<uint8_t>(i.rm & 7), bytes, 0};
    case Kind::kV: return {Operand::kVector, i.reg, bytes, 0};
    case Kind::kW:
      if (memory) return in_memory;
      [[fallthrough]];
    case Kind::kU: return {Operand::kVector, i.rm, bytes, 0};
    case Kind::kH: return {Operand::kVector, i.vvvv, bytes, 0};
    case Kind::kL:
      return {Operand::kVector, static_cast<uint8_t>(i.imm >> 4 & (i.mode64 ? 15 : 7)), bytes, 0};
    case Kind::kSt0: return {Operand::kX87, 0, bytes, 0};
    case Kind::kSti: return {Operand::kX87, static_cast<uint8_t>(i.rm & 7), bytes, 0};
    case Kind::kFixedGpr: return {Operand::kGpr, f.fixed, bytes, 0};
    case Kind::kFixedXmm: return {Operand::kVector, f.fixed, bytes, 0};
  }
  return {};
}

}  // namespace xarch::x86
