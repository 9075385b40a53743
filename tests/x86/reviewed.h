// Where LLVM MC and zydis see an encoding differently, with the reason.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "targets/x86/core/decode.h"

namespace xarch::x86::test {

// An encoding and what the three say of it; lengths are 0 where it is no instruction.
struct Case {
  const uint8_t* code = nullptr;
  bool mode64 = false;
  Insn insn;  // ours
  const Row* row = nullptr;
  std::string ours, mc, zydis, zydis_set;
  unsigned length = 0, mc_length = 0, zydis_length = 0;
};

inline bool starts(const std::string& s, const char* prefix) { return s.rfind(prefix, 0) == 0; }
inline bool ends(const std::string& s, const std::string& tail) {
  return s.size() >= tail.size() && s.compare(s.size() - tail.size(), tail.size(), tail) == 0;
}

inline bool is_rex(const Case& c, uint8_t b) { return c.mode64 && (b & 0xf0) == 0x40; }
inline bool is_legacy_prefix(uint8_t b) {
  static const std::set<uint8_t> kAll = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  return kAll.count(b) != 0;
}
// Number of prefixes, REX among them.
inline unsigned prefixes(const Case& c) {
  unsigned n = 0;
  while (n < kMaxInsnBytes && (is_legacy_prefix(c.code[n]) || is_rex(c, c.code[n]))) ++n;
  return n;
}
inline bool has_prefix(const Case& c, std::initializer_list<uint8_t> any) {
  return std::find_first_of(c.code, c.code + prefixes(c), any.begin(), any.end()) != c.code + prefixes(c);
}
inline bool lost_rex(const Case& c) {
  for (unsigned i = 0; i + 1 < prefixes(c); ++i) {
    if (is_rex(c, c.code[i])) return true;
  }
  return false;
}
inline uint8_t first_opcode(const Case& c) { return c.code[prefixes(c)]; }
inline uint8_t second_opcode(const Case& c) { return c.code[prefixes(c) + 1]; }

// Instruction sets that no model has, by zydis' names.
inline bool left_out_set(const std::string& set) {
  static const std::set<std::string> kSets = {
      "VTX",    "SMX",       "SVM",         "SSE4A",      "GFNI",     "KEYLOCKER",  "KEYLOCKER_WIDE",
      "MOVDIR", "ENQCMD",    "FMA4",        "XOP",        "AVX_VNNI", "RTM",        "PADLOCK",
      "PT",     "WAITPKG",   "AMX_TILE",    "AMX_INT8",   "AMX_BF16", "HRESET",     "UINTR",
      "TDX",    "SERIALIZE", "TSX_LDTRK",   "CLZERO",     "MONITORX", "MCOMMIT",    "SNP",
      "RDPRU",  "PCONFIG",   "WBNOINVD",    "PBNDKB",     "INVLPGB",  "AVX512EVEX", "AVX512VEX",
      "KNC",    "KNCE",      "KNCV",        "KNC_STREAM", "LWP",      "TBM",        "CET",
      "SGX",    "SGX_ENCLV", "AMD_INVLPGB", "VMFUNC"};
  return kSets.count(set) != 0;
}
// What MC has of them and zydis has not, by the beginnings of MC's names.
inline bool left_out_name(const std::string& mc) {
  static const char* const kNames[] = {
      "CMPCCXADD", "VPDPB",     "VPDPW",       "VSM3",     "VSM4",    "VSHA512",  "VPMADD52",   "AADD",
      "AAND",      "AOR",       "AXOR",        "VBCST",    "VCVTNE",  "TCMM",     "TDP",        "TTDP",
      "TCONJ",     "TTRANS",    "T2RPNT",      "TLOAD",    "TSTORE",  "TILE",     "PTILE",      "STTILE",
      "LDTILE",    "TZERO",     "RDMSRI",      "WRMSRNS",  "URDMSR",  "UWRMSR",   "PREFETCHIT", "PREFETCHRST",
      "RDMSRLIST", "WRMSRLIST", "ERETS",       "ERETU",    "LKGS",    "SEAM",     "PBNDKB",     "KADD",
      "KAND",      "KMOV",      "KNOT",        "KOR",      "KSHIFT",  "KTEST",    "KUNPCK",     "KXNOR",
      "KXOR",      "XSUSLDTRK", "XRESLDTRK",   "INVEPT",   "INVVPID", "GETSEC",   "VMREAD",     "VMWRITE",
      "VMPTRLD",   "VMPTRST",   "VMCLEAR",     "VMXON",    "PTWRITE", "RSTORSSP", "WRSS",       "WRUSS",
      "INCSSP",    "SETSSBSY",  "SAVEPREVSSP", "CLRSSBSY", "XSTORE",  "XCRYPT",   "XSHA",       "MONTMUL",
      "CCMP",      "CTEST",     "SERIALIZE",   "TLBSYNC",  "ENCLV",   "INVLPGB",  "VMFUNC",     "MOVDIR"};
  return std::any_of(std::begin(kNames), std::end(kNames), [&](const char* n) { return starts(mc, n); });
}

// No instruction for us, one for MC or zydis.
inline const char* reviewed_extra(const Case& c, const std::string& name) {
  const uint8_t op = first_opcode(c);
  if (left_out_set(c.zydis_set) || c.zydis == "tlbsync" || c.zydis == "vmfunc" || c.zydis == "invlpgb" ||
      c.zydis == "enclv")
    return "an instruction set that no model has";
  if (left_out_name(name)) return "an instruction set that no model has";
  if (c.mode64 && op == 0xd5) return "REX2, which no model has";
  if (op == 0x62 && (c.mode64 || second_opcode(c) >= 0xc0)) return "EVEX, which no model has";
  if (op == 0x8f && (second_opcode(c) & 0x38) != 0) return "XOP, which no model has";
  return nullptr;
}

// What MC lacks, by our names.
inline const char* mc_lacks(const Case& c) {
  static const std::map<std::string, const char*> kLacks = {
      {"int1", "MC has no F1"},
      {"ud0", "MC has no UD0"},
      {"nop", "MC has not all reserved NOPs"},
      {"prefetch", "MC has two of the eight forms only"},
      {"salc", "MC has no SALC"},
      {"fneni", "MC lacks instructions of the 8087 and 80287"},
      {"fndisi", "MC lacks instructions of the 8087 and 80287"},
      {"fnsetpm", "MC lacks instructions of the 8087 and 80287"},
      {"ffreep", "MC lacks x87 aliases"},
      {"wbinvd", "MC wants no prefix"},
  };
  auto i = kLacks.find(c.ours);
  if (i != kLacks.end()) return i->second;
  const Form* f = c.row->forms;
  const bool control =
      f[0].kind == Kind::kC || f[0].kind == Kind::kD || f[1].kind == Kind::kC || f[1].kind == Kind::kD;
  if (control && c.code[c.length - 1] < 0xc0) return "MC wants mod to be 3";
  if (c.row->opcode >= 0xc0 && c.row->opcode <= 0xd3 && c.ours == "shl")
    return "MC lacks the second code of SHL";
  if ((c.row->opcode | 1) == 0xf7 && c.ours == "test") return "MC lacks the second code of TEST";
  if (c.row->opcode >= 0xd8 && c.row->opcode <= 0xdf && f[0].kind != Kind::kM) return "MC lacks x87 aliases";
  return nullptr;
}

// Differences in length or legality to MC; null: none that has been reviewed.
inline const char* reviewed_mc(const Case& c) {
  if (!c.mode64 && has_prefix(c, {0xf3}) && has_prefix(c, {0x67}))
    return "MC has no F3 beside 67 in 32-bit mode";
  if (c.mc_length == 0 && prefixes(c) >= 3 && has_prefix(c, {0x66}) && has_prefix(c, {0xf2, 0xf3})) {
    return "MC has no other prefix between 66, F3 or F2, and the opcode";
  }
  if (lost_rex(c)) return "MC takes no prefix behind REX";
  if (c.length == 0) {
    if (const char* r = reviewed_extra(c, c.mc)) return r;
    if (ends(c.mc, "_PREFIX")) return "MC makes an instruction of a prefix that it can't use";
    if (c.mc == "SWAPGS") return "SWAPGS is of 64-bit mode only";
    if (has_prefix(c, {0xf0})) return "MC does not ask what LOCK may stand before";
    if (starts(c.mc, "MOV") && (ends(c.mc, "cr") || ends(c.mc, "rc") || ends(c.mc, "dr") ||
                                ends(c.mc, "rd") || ends(c.mc, "sr") || ends(c.mc, "sm"))) {
      return "MC does not ask which segment, control or debug register";
    }
    if (c.mc.find("GATHER") != std::string::npos) {
      return "MC does not ask for distinct registers of a gather";
    }
    const uint8_t op = first_opcode(c);
    if ((op == 0xc4 || op == 0xc5) && (c.mode64 || second_opcode(c) >= 0xc0)) {
      if (has_prefix(c, {0x66, 0xf2, 0xf3})) return "MC lets prefixes stand before VEX";
      if (prefixes(c) > 0 && is_rex(c, c.code[prefixes(c) - 1])) return "MC lets REX stand before VEX";
      return nullptr;
    }
    if (c.zydis_length == 0 && op == 0x0f && has_prefix(c, {0x66, 0xf2, 0xf3})) {
      return "MC ignores prefixes that belong to no form of the instruction";
    }
    return nullptr;
  }
  if (ends(c.mc, "_PREFIX")) return "MC makes an instruction of a prefix that it can't use";
  if (c.mc_length == 0) {
    if (c.row->feature == Feature::kFsgsbase && has_prefix(c, {0x66})) return "MC has no 66 beside F3 here";
    if (c.ours == "pause") return "MC wants no prefix between F3 and 90";
    return mc_lacks(c);
  }
  if (c.row->forms[0].kind == Kind::kRel && has_prefix(c, {0x66})) {
    return "66 before a jump: ignored in 64-bit mode, as by Intel; MC forgets it beside F2 in 32-bit mode";
  }
  return nullptr;
}

inline const char* reviewed_zydis(const Case& c) {
  if (c.length != 0) return nullptr;
  if (first_opcode(c) == 0x0f && second_opcode(c) == 0x0d)
    return "PREFETCH of a register is none for MC, nor for AMD's processors";
  return reviewed_extra(c, c.zydis);
}

// zydis' name of the row.
inline bool same_name(const std::string& ours, const std::string& zydis) {
  if (ours == zydis) return true;
  static const std::map<std::string, std::string> kConditions = {{"nb", "ae"}, {"z", "e"},   {"nz", "ne"},
                                                                 {"nbe", "a"}, {"nl", "ge"}, {"nle", "g"}};
  for (const std::string start : {"j", "set", "cmov", "fcmov"}) {
    if (!starts(zydis, start.c_str())) continue;
    auto i = kConditions.find(zydis.substr(start.size()));
    if (i != kConditions.end() && ours == start + i->second) return true;
  }
  static const std::set<std::string> kStrings = {"ins", "outs", "movs", "cmps", "stos", "lods", "scas"};
  if (kStrings.count(ours) != 0 && zydis.substr(0, zydis.size() - 1) == ours) return true;
  static const std::map<std::string, std::set<std::string>> kFamilies = {
      {"cbw", {"cwde", "cdqe"}},
      {"cwd", {"cdq", "cqo"}},
      {"popa", {"popad"}},
      {"pusha", {"pushad"}},
      {"popf", {"popfd", "popfq"}},
      {"pushf", {"pushfd", "pushfq"}},
      {"iret", {"iretd", "iretq"}},
      {"jcxz", {"jecxz", "jrcxz"}},
      {"xchg", {"nop"}},
      {"callf", {"call"}},
      {"jmpf", {"jmp"}},
      {"retf", {"ret"}},
      {"prefetch", {"prefetchw", "prefetchwt1"}},
      {"nop", {"cldemote", "prefetchit0", "prefetchit1"}},
      {"rdssp", {"rdsspd", "rdsspq"}},
      {"fstp", {"fstpnce"}},
      {"fneni", {"feni8087_nop"}},
      {"fndisi", {"fdisi8087_nop"}},
      {"fnsetpm", {"fsetpm287_nop"}},
      {"movd", {"movq"}},
      {"vmovd", {"vmovq"}},
      {"pextrd", {"pextrq"}},
      {"vpextrd", {"vpextrq"}},
      {"pinsrd", {"pinsrq"}},
      {"vpinsrd", {"vpinsrq"}},
      {"sysret", {"sysretd", "sysretq"}},
      {"pfrcpit1", {"pfcpit1"}},
      {"pfrsqrt", {"pfsqrt"}},
  };
  if (zydis == ours + "64") return true;  // FXSAVE and the like with REX.W
  auto i = kFamilies.find(ours);
  return i != kFamilies.end() && i->second.count(zydis) != 0;
}

inline const char* reviewed_operands(const Case& c) {
  if (c.insn.base == kNoReg && c.mode64 && c.insn.has(kPrefixAddress)) {
    return "zydis takes REX.B for a base where there is none";
  }
  if (c.ours == "jmp" || c.ours == "call") return "zydis takes 3E for NOTRACK only, not for a segment";
  if (c.ours == "lea") return "zydis drops the segment, which counts for nothing";
  if (c.ours == "nop") return "zydis gives reserved NOPs a second operand";
  if (c.ours == "xchg" && c.zydis == "nop") return "NOP";
  if (c.ours == "movsxd") return "with 66, Intel reads 16 bits, AMD 32";
  if (c.ours == "lar" || c.ours == "lsl") return "16 bits of the selector count";
  if (starts(c.ours, "movmsk")) return "the upper half is zero, whatever W says";
  if (c.ours == "ud0" || c.ours == "ud1") return "no operand counts";
  return nullptr;
}

inline const char* reviewed_flags(const Case& c) {
  static const std::map<std::string, const char*> kFlags = {
      {"sbb", "zydis calls A undefined"},
      {"bextr", "zydis calls O and C undefined, which are cleared"},
      {"syscall", "all of the register is replaced, by the system"},
      {"sysret", "all of the register is replaced"},
      {"ptest", "zydis forgets what is cleared"},
      {"vptest", "zydis forgets what is cleared"},
      {"vtestps", "zydis forgets what is cleared"},
      {"vtestpd", "zydis forgets what is cleared"},
  };
  auto i = kFlags.find(c.ours);
  if (i != kFlags.end()) return i->second;
  static const std::set<std::string> kShifts = {"rol", "ror", "rcl",  "rcr", "shl",
                                                "shr", "sar", "shld", "shrd"};
  if (kShifts.count(c.ours) != 0) return "O depends on the count";
  if (c.insn.has(kPrefixRep) || c.insn.has(kPrefixRepne)) return "Z ends a repetition";
  if (c.row->forms[0].kind == Kind::kC || c.row->forms[0].kind == Kind::kD ||
      c.row->forms[1].kind == Kind::kC || c.row->forms[1].kind == Kind::kD) {
    return "zydis forgets that all are undefined";
  }
  return nullptr;
}

}  // namespace xarch::x86::test
