// Explicit operands and flags of an instruction in one form, from our decoder and from zydis, to be compared.
#pragma once

#include <string>

#include "targets/x86/core/decode.h"
#include "tests/x86/zydis_judge.h"

namespace xarch::x86::test {

inline std::string hex(uint64_t v) {
  char text[24];
  std::snprintf(text, sizeof text, "%lx", static_cast<unsigned long>(v));
  return text;
}

inline uint64_t low_bytes(unsigned n) { return n >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * n) - 1; }

inline std::string gpr_name(unsigned reg, unsigned bytes) {
  static const char* const k64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"};
  static const char* const k8[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
  if (reg == kRip) return bytes == 8 ? "rip" : "eip";
  if (reg >= 8) {
    return "r" + std::to_string(reg) + (bytes == 8 ? "" : bytes == 4 ? "d" : bytes == 2 ? "w" : "b");
  }
  if (bytes == 1) return k8[reg];
  const std::string name = k64[reg];
  return bytes == 8 ? name : bytes == 4 ? "e" + name.substr(1) : name.substr(1);
}

inline const char* segment_name(unsigned s) {
  static const char* const kNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  return kNames[s];
}

inline std::string memory_text(const Insn& i, unsigned bytes) {
  const bool vsib = rows()[i.row].has(kVsib);
  std::string s = std::string(segment_name(i.segment)) + ":[";
  if (i.base != kNoReg) s += gpr_name(i.base, i.address_bytes);
  if (i.index != kNoReg) {
    const std::string index = vsib ? "v" + std::to_string(i.index) : gpr_name(i.index, i.address_bytes);
    s += "+" + index + "*" + std::to_string(1 << i.scale);
  }
  s += "+" + hex(static_cast<uint64_t>(static_cast<int64_t>(i.disp))) + "]";
  return bytes != 0 ? s + std::to_string(bytes) : s;
}

inline std::string operand_text(const Insn& i) {
  std::string s;
  for (unsigned n = 0; n < 4; ++n) {
    const Form& f = rows()[i.row].forms[n];
    const Operand o = operand(i, n);
    if (f.kind == Kind::kNone) break;
    if (f.kind >= Kind::kFixedGpr || f.kind == Kind::kSt0 || f.kind == Kind::kOne || f.kind == Kind::kX ||
        f.kind == Kind::kY) {
      continue;
    }
    if (!s.empty()) s += ", ";
    switch (o.type) {
      case Operand::kNone: break;
      case Operand::kGpr: s += gpr_name(o.reg, o.bytes); break;
      case Operand::kHighByte: s += std::string(1, "acdb"[o.reg]) + "h"; break;
      case Operand::kMemory: s += memory_text(i, o.bytes); break;
      case Operand::kImmediate: s += hex(o.imm & low_bytes(o.bytes)); break;
      case Operand::kRelative: s += "rel " + hex(i.imm); break;
      case Operand::kAbsolute:
        s += std::string(segment_name(i.segment)) + ":[+" + hex(i.imm & low_bytes(i.address_bytes)) + "]" +
             std::to_string(o.bytes);
        break;
      case Operand::kFar: s += "far " + hex(i.imm2) + ":" + hex(i.imm); break;
      case Operand::kSource:
      case Operand::kDestination: break;
      case Operand::kSegment: s += segment_name(o.reg); break;
      case Operand::kControl: s += "cr" + std::to_string(o.reg); break;
      case Operand::kDebug: s += "dr" + std::to_string(o.reg); break;
      case Operand::kMmx: s += "mm" + std::to_string(o.reg); break;
      case Operand::kVector: s += "v" + std::to_string(o.reg); break;
      case Operand::kX87: s += "st" + std::to_string(o.reg); break;
    }
  }
  return s;
}

inline std::string zydis_register(ZydisRegister r) {
  switch (ZydisRegisterGetClass(r)) {
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM: return "v" + std::to_string(ZydisRegisterGetId(r));
    default: return ZydisRegisterGetString(r);
  }
}

// sizes: those of memory operands are told too.
inline std::string operand_text(const ZydisJudge& z, bool sizes) {
  std::string s;
  unsigned immediates = 0;
  for (unsigned n = 0; n < z.insn.operand_count; ++n) {
    const ZydisDecodedOperand& o = z.operands[n];
    if (o.visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT) continue;
    if (!s.empty()) s += ", ";
    switch (o.type) {
      case ZYDIS_OPERAND_TYPE_REGISTER: s += zydis_register(o.reg.value); break;
      case ZYDIS_OPERAND_TYPE_MEMORY: {
        s += std::string(ZydisRegisterGetString(o.mem.segment)) + ":[";
        if (o.mem.base != ZYDIS_REGISTER_NONE) s += ZydisRegisterGetString(o.mem.base);
        if (o.mem.index != ZYDIS_REGISTER_NONE) {
          s += "+" + zydis_register(o.mem.index) + "*" + std::to_string(o.mem.scale ? o.mem.scale : 1);
        }
        const bool absolute = o.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64;
        const uint64_t mask = absolute ? low_bytes(z.insn.address_width / 8u) : ~uint64_t{0};
        s += "+" + hex(static_cast<uint64_t>(o.mem.disp.value) & mask) + "]";
        if (sizes) s += std::to_string(o.size / 8);
        break;
      }
      case ZYDIS_OPERAND_TYPE_POINTER: s += "far " + hex(o.ptr.segment) + ":" + hex(o.ptr.offset); break;
      case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        if (o.imm.is_relative) {
          s += "rel " + hex(o.imm.value.u);
        } else {
          s += hex(o.imm.value.u & low_bytes(z.insn.raw.imm[immediates++].size / 8u));
        }
        break;
      default: break;
    }
  }
  return s;
}

// Flags read, written, and written with an undefined value: a byte each, as RowFlags has them.
inline uint64_t flags_of(const Row& r) {
  return r.flags_read | uint64_t{r.flags_written} << 8 | uint64_t{r.flags_undefined} << 16;
}
inline uint64_t flags_of(const ZydisDecodedInstruction& i) {
  const auto pack = [](uint32_t f) -> uint64_t {
    return (f & ZYDIS_CPUFLAG_OF ? kRowO : 0) | (f & ZYDIS_CPUFLAG_SF ? kRowS : 0) |
           (f & ZYDIS_CPUFLAG_ZF ? kRowZ : 0) | (f & ZYDIS_CPUFLAG_AF ? kRowA : 0) |
           (f & ZYDIS_CPUFLAG_PF ? kRowP : 0) | (f & ZYDIS_CPUFLAG_CF ? kRowC : 0) |
           (f & ZYDIS_CPUFLAG_DF ? kRowD : 0);
  };
  if (i.cpu_flags == nullptr) return 0;
  const ZydisAccessedFlags& f = *i.cpu_flags;
  return pack(f.tested) | pack(f.modified | f.set_0 | f.set_1 | f.undefined) << 8 | pack(f.undefined) << 16;
}

}  // namespace xarch::x86::test
