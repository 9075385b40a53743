#include "tcg/backend/x86_64/operand_decode.h"

#include <array>
#include <cstring>

#include "tcg/backend/x86_64/simd_ops.h"

namespace xarch::x86_64 {

namespace {

// Size of the memory operand.
enum class Size : uint8_t {
  kInvalid,  // not an opcode with a memory operand
  kZero,     // address only
  k1,
  k2,
  k4,
  k8,
  k10,
  k16,
  k32,
  kOp,  // 2, 4 or 8 by operand size
  kW,   // 4 or 8 by REX.W/VEX.W
  kL2,
  kL4,
  kL8,
  kL16,  // so many bytes, twice that with VEX.L
};

// Bytes of immediate behind the operand.
enum class Imm : uint8_t { kNone, k8, kOp };  // kOp: 2 with 16-bit operands, else 4

struct Entry {
  Size size = Size::kInvalid;
  Access access = Access::kNone;
  Imm imm = Imm::kNone;
  bool group = false;  // ModRM.reg selects the instruction: see refine
};

constexpr Size fixed_size(unsigned bytes) {
  switch (bytes) {
    case 0: return Size::kZero;
    case 1: return Size::k1;
    case 2: return Size::k2;
    case 4: return Size::k4;
    case 8: return Size::k8;
    case 16: return Size::k16;
    case 32: return Size::k32;
  }
  return Size::kInvalid;
}

constexpr Size doubling_size(unsigned bytes) {
  return bytes == 2 ? Size::kL2 : bytes == 4 ? Size::kL4 : bytes == 8 ? Size::kL8 : Size::kL16;
}

// Entries by map, mandatory prefix and opcode byte. 14 KB; built at compile time from the assembler's own
// tables.
struct Tables {
  Entry legacy[4][4][256];
  Entry vex[4][4][256];  // map 0 unused

  constexpr void set(unsigned map, unsigned code, Size size, Access access, Imm imm = Imm::kNone,
                     bool group = false) {
    for (unsigned pp = 0; pp < 4; pp++) legacy[map][pp][code] = {size, access, imm, group};
  }
  constexpr void set_pair(unsigned map, unsigned code, Access access, Imm imm8 = Imm::kNone,
                          Imm imm = Imm::kNone, bool group = false) {
    set(map, code, Size::k1, access, imm8, group);
    set(map, code + 1, Size::kOp, access, imm, group);
  }
};

constexpr void add_integer(Tables& t) {
  for (unsigned op = 0; op < 8; op++) {
    t.set_pair(0, op << 3, op == 7 ? Access::kRead : Access::kReadWrite);
    t.set_pair(0, op << 3 | 2, Access::kRead);
  }
  t.set(0, 0x63, Size::k4, Access::kRead);
  t.set(0, 0x69, Size::kOp, Access::kRead, Imm::kOp);
  t.set(0, 0x6b, Size::kOp, Access::kRead, Imm::k8);
  t.set_pair(0, 0x80, Access::kReadWrite, Imm::k8, Imm::kOp, true);
  t.set(0, 0x83, Size::kOp, Access::kReadWrite, Imm::k8, true);
  t.set_pair(0, 0x84, Access::kRead);
  t.set_pair(0, 0x86, Access::kReadWrite);
  t.set_pair(0, 0x88, Access::kWrite);
  t.set_pair(0, 0x8a, Access::kRead);
  t.set(0, 0x8d, Size::kZero, Access::kNone);
  t.set(0, 0x8f, Size::k8, Access::kWrite);
  t.set_pair(0, 0xc0, Access::kReadWrite, Imm::k8, Imm::k8);
  t.set_pair(0, 0xc6, Access::kWrite, Imm::k8, Imm::kOp);
  t.set_pair(0, 0xd0, Access::kReadWrite);
  t.set_pair(0, 0xd2, Access::kReadWrite);
  t.set_pair(0, 0xf6, Access::kRead, Imm::kNone, Imm::kNone, true);
  t.set_pair(0, 0xfe, Access::kReadWrite, Imm::kNone, Imm::kNone, true);
  for (unsigned code = 0xd8; code < 0xe0; code++) t.set(0, code, Size::k4, Access::kRead, Imm::kNone, true);
  for (unsigned cc = 0; cc < 16; cc++) {
    t.set(1, 0x40 + cc, Size::kOp, Access::kRead);
    t.set(1, 0x90 + cc, Size::k1, Access::kWrite);
  }
  t.set(1, 0x1f, Size::kZero, Access::kNone);
  t.set_pair(1, 0xb0, Access::kReadWrite);
  t.set_pair(1, 0xc0, Access::kReadWrite);
  t.set(1, 0xb6, Size::k1, Access::kRead);
  t.set(1, 0xb7, Size::k2, Access::kRead);
  t.set(1, 0xbe, Size::k1, Access::kRead);
  t.set(1, 0xbf, Size::k2, Access::kRead);
  t.set(1, 0xba, Size::kOp, Access::kReadWrite, Imm::k8, true);
  t.set(1, 0xc7, Size::k8, Access::kReadWrite, Imm::kNone, true);
  for (unsigned pp = 0; pp < 2; pp++) {
    t.legacy[2][pp][0xf0] = {Size::kOp, Access::kRead, Imm::kNone, false};
    t.legacy[2][pp][0xf1] = {Size::kOp, Access::kWrite, Imm::kNone, false};
  }
  t.legacy[2][3][0xf0] = {Size::k1, Access::kRead, Imm::kNone, false};
  t.legacy[2][3][0xf1] = {Size::kOp, Access::kRead, Imm::kNone, false};
  t.vex[3][3][0xf0] = {Size::kW, Access::kRead, Imm::k8, false};
}

constexpr void add_integer_tables(Tables& t) {
  constexpr Entry kVexRead = {Size::kW, Access::kRead, Imm::kNone, false};
#define XARCH_REG_RM(name, prefix, map, opcode)                                                 \
  t.legacy[map][prefix_number(prefix)][opcode] = {Size::kOp, Access::kRead, Imm::kNone, false}; \
  if (prefix == 0) t.legacy[map][1][opcode] = t.legacy[map][0][opcode];
#define XARCH_BMI_RVM(name, prefix, opcode) t.vex[2][prefix_number(prefix)][opcode] = kVexRead;
#define XARCH_BMI_RMV(name, prefix, opcode) t.vex[2][prefix_number(prefix)][opcode] = kVexRead;
#define XARCH_BMI_GROUP(name, extension) t.vex[2][0][0xf3] = kVexRead;
#define XARCH_MEM_ONLY(name, prefix, map, opcode, extension, w, mem, access) \
  t.legacy[map][prefix_number(prefix)][opcode] = {fixed_size(mem), Access::access, Imm::kNone, mem != 0};
#include "tcg/backend/x86_64/int_ops.def"
}

constexpr void add_simd(Tables& t) {
  for (const SimdRow& row : kSimdRows) {
    if (row.mem == 0) continue;
    const bool store = row.form == SimdForm::kMr || row.form == SimdForm::kMx || row.form == SimdForm::kMg;
    Entry e{row.wide == SimdWide::kDouble ? doubling_size(row.mem) : fixed_size(row.mem),
            store ? Access::kWrite : Access::kRead, row.imm ? Imm::k8 : Imm::kNone, false};
    for (int vex = 0; vex < 2; vex++) {
      if (row.isa == (vex ? SimdIsa::kSse : SimdIsa::kAvx)) continue;
      Entry& at = (vex ? t.vex : t.legacy)[row.map][row.pp][row.opcode];
      // Two rows that differ in W only: of the same size, or of 4 and 8 bytes.
      const bool by_w = at.size != Size::kInvalid && at.size != e.size;
      at = e;
      if (by_w) at.size = Size::kW;
    }
  }
}

constexpr Tables make_tables() {
  Tables t{};
  add_integer(t);
  add_integer_tables(t);
  add_simd(t);
  return t;
}

constexpr Tables kTables = make_tables();

// x87's memory operands. In the opcodes D8, DA, DC and DE all are read, in the others the first one, the next
// three are written.
Entry refine_x87(unsigned code, unsigned reg) {
  constexpr Size kSizes[] = {Size::k4, Size::k4, Size::k4, Size::k4, Size::k8, Size::k8, Size::k2, Size::k2};
  const Access access = code % 2 == 0 || reg == 0 || reg == 5 ? Access::kRead : Access::kWrite;
  Entry e = {kSizes[code - 0xd8], access, Imm::kNone, false};
  if (code % 2 == 0) return e;
  if (reg == 4 || reg == 6 || (code == 0xd9 && reg == 1) || (code == 0xdd && reg == 5)) return Entry{};
  if (reg == 5 || reg == 7) {
    e.size = code == 0xdb ? Size::k10 : code == 0xdf ? Size::k8 : Size::k2;
  }
  return e;
}

// Applies what ModRM.reg says in group opcodes.
Entry refine(Entry e, unsigned map, unsigned code, unsigned reg, bool w) {
  if (map == 1) {
    if (code == 0xba)
      return reg < 4 ? Entry{} : (e.access = reg == 4 ? Access::kRead : Access::kReadWrite, e);
    if (code == 0xc7) return reg != 1 ? Entry{} : (e.size = w ? Size::k16 : Size::k8, e);
    return reg == 2   ? Entry{Size::k4, Access::kRead, Imm::kNone, false}  // 0f ae: ldmxcsr, stmxcsr
           : reg == 3 ? Entry{Size::k4, Access::kWrite, Imm::kNone, false}
                      : Entry{};
  }
  if (code >= 0xd8 && code <= 0xdf) return refine_x87(code, reg);
  switch (code) {
    case 0x80:
    case 0x81:
    case 0x83:
      if (reg == 7) e.access = Access::kRead;
      return e;
    case 0xf6:
    case 0xf7:
      if (reg < 2) e.imm = code == 0xf6 ? Imm::k8 : Imm::kOp;
      if (reg == 2 || reg == 3) e.access = Access::kReadWrite;
      return e;
    case 0xfe: return reg < 2 ? e : Entry{};
    case 0xff:
      if (reg == 2 || reg == 4 || reg == 6) return Entry{Size::k8, Access::kRead, Imm::kNone, false};
      return reg < 2 ? e : Entry{};
  }
  return Entry{};
}

// Reader over the instruction's bytes; reading past the end gives zero and clears ok.
struct Bytes {
  const uint8_t* p;
  size_t left;
  bool ok = true;

  uint8_t peek() const { return left != 0 ? *p : 0; }
  uint8_t next() {
    if (left == 0) return ok = false, 0;
    left--;
    return *p++;
  }
  int32_t next32() {
    int32_t v = 0;
    if (left < sizeof v) return ok = false, 0;
    std::memcpy(&v, p, sizeof v);
    p += sizeof v;
    left -= sizeof v;
    return v;
  }
};

// Everything before ModRM.
struct Head {
  bool gs = false, narrow = false, lock = false, opsize = false, vex = false, w = false, l = false;
  unsigned r = 0, x = 0, b = 0;
  unsigned map = 0, pp = 0, code = 0;
};

bool read_vex(Bytes& in, Head& h) {
  const bool three = in.next() == 0xc4;
  uint8_t v = in.next();
  h.vex = true;
  h.map = 1;
  h.r = (v & 0x80) ? 0 : 8;
  if (three) {
    h.x = (v & 0x40) ? 0 : 8;
    h.b = (v & 0x20) ? 0 : 8;
    h.map = v & 31;
    v = in.next();
    h.w = v & 0x80;
  }
  h.l = v & 4;
  h.pp = v & 3;
  h.code = in.next();
  return h.map >= 1 && h.map <= 3;
}

bool read_head(Bytes& in, Head& h) {
  unsigned rep = 0;
  for (;; in.next()) {
    const uint8_t c = in.peek();
    if (c == 0x65)
      h.gs = true;
    else if (c == 0x67)
      h.narrow = true;
    else if (c == 0xf0)
      h.lock = true;
    else if (c == 0x66)
      h.opsize = true;
    else if (c == 0xf3 || c == 0xf2)
      rep = prefix_number(c);
    else
      break;
  }
  if (in.peek() == 0xc4 || in.peek() == 0xc5) return !h.opsize && !h.lock && rep == 0 && read_vex(in, h);
  if ((in.peek() & 0xf0) == 0x40) {
    const uint8_t rex = in.next();
    h.w = rex & 8;
    h.r = (rex & 4) << 1;
    h.x = (rex & 2) << 2;
    h.b = (rex & 1) << 3;
  }
  h.pp = rep != 0 ? rep : h.opsize ? 1 : 0;
  h.code = in.next();
  if (h.code != 0x0f) return true;
  h.map = 1;
  h.code = in.next();
  if (h.code == 0x38 || h.code == 0x3a) {
    h.map = h.code == 0x38 ? 2 : 3;
    h.code = in.next();
  }
  return true;
}

// ModRM's memory operand with SIB and displacement; rip-relative ones keep the raw displacement.
void read_mem(Bytes& in, const Head& h, unsigned modrm, Mem& m) {
  const unsigned mod = modrm >> 6;
  unsigned base = modrm & 7;
  m.gs = h.gs;
  m.narrow = h.narrow;
  if (base == 4) {
    const uint8_t sib = in.next();
    base = sib & 7;
    const unsigned index = ((sib >> 3) & 7) | h.x;
    if (index != 4) {
      m.index = static_cast<Reg>(index);
      m.scale = sib >> 6;
    }
    if (mod == 0 && base == 5) {
      m.disp = in.next32();
      return;
    }
  } else if (mod == 0 && base == 5) {
    m.rip = true;
    m.disp = in.next32();
    return;
  }
  m.base = static_cast<Reg>(base | h.b);
  if (mod == 1) m.disp = static_cast<int8_t>(in.next());
  if (mod == 2) m.disp = in.next32();
}

unsigned operand_size(Size size, const Head& h) {
  switch (size) {
    case Size::kInvalid:
    case Size::kZero: return 0;
    case Size::k1: return 1;
    case Size::k2: return 2;
    case Size::k4: return 4;
    case Size::k8: return 8;
    case Size::k10: return 10;
    case Size::k16: return 16;
    case Size::k32: return 32;
    case Size::kOp: return h.w ? 8 : h.opsize ? 2 : 4;
    case Size::kW: return h.w ? 8 : 4;
    case Size::kL2: return 2u << h.l;
    case Size::kL4: return 4u << h.l;
    case Size::kL8: return 8u << h.l;
    case Size::kL16: return 16u << h.l;
  }
  return 0;
}

}  // namespace

bool decode_operand(HostPc pc, size_t available, DecodedOperand* out) {
  Bytes in{pc, available};
  Head h;
  if (!read_head(in, h)) return false;
  Entry e = (h.vex ? kTables.vex : kTables.legacy)[h.map][h.pp][h.code];
  const uint8_t modrm = in.next();
  if (e.size == Size::kInvalid || modrm >= 0xc0) return false;
  if (e.group) e = refine(e, h.map, h.code, (modrm >> 3) & 7, h.w);
  if (e.size == Size::kInvalid) return false;
  DecodedOperand d;
  read_mem(in, h, modrm, d.mem);
  unsigned imm = e.imm == Imm::kNone ? 0 : e.imm == Imm::k8 ? 1 : h.opsize ? 2 : 4;
  while (imm-- != 0) in.next();
  if (!in.ok) return false;
  d.length = static_cast<uint8_t>(in.p - pc);
  d.size = static_cast<uint8_t>(operand_size(e.size, h));
  d.access = e.access;
  d.lock = h.lock;
  if (d.mem.rip) {
    const bool gs = d.mem.gs;
    d.mem = Mem::absolute(in.p + d.mem.disp);
    d.mem.gs = gs;
  }
  *out = d;
  return true;
}

namespace {
constexpr int kIndex[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
}

uint64_t host_register(const ucontext_t& context, Reg r) {
  return static_cast<uint64_t>(context.uc_mcontext.gregs[kIndex[num(r)]]);
}

void set_host_register(ucontext_t* context, Reg r, uint64_t v) {
  context->uc_mcontext.gregs[kIndex[num(r)]] = static_cast<greg_t>(v);
}

uint64_t effective_address(const Mem& mem, const ucontext_t& context, uint64_t gs_base) {
  const uint64_t from = mem.gs ? gs_base : 0;
  if (mem.rip) return from + mem.address();
  auto a = static_cast<uint64_t>(static_cast<int64_t>(mem.disp));
  if (mem.base != Reg::none) a += host_register(context, mem.base);
  if (mem.index != Reg::none) a += host_register(context, mem.index) << mem.scale;
  return from + (mem.narrow ? static_cast<uint32_t>(a) : a);
}

}  // namespace xarch::x86_64
