// Which bytes are instructions, which one, how long, with which operands: prefixes × map × opcode × ModRM ×
// SIB in 64-bit and in 32-bit mode, against LLVM MC, with zydis as second opinion.
//
// XARCH_X86_STRIDE: one encoding of so many, at random (default 60; 1: all). XARCH_RANDOM_SEED.
#include <gtest/gtest.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "targets/x86/core/decode.h"
#include "targets/x86/core/model.h"
#include "tests/x86/encodings.h"
#include "tests/x86/operand_text.h"
#include "tests/x86/reviewed.h"

namespace xarch::x86::test {
namespace {

class McJudge {
 public:
  explicit McJudge(bool mode64) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    std::string error;
    const char* triple = mode64 ? "x86_64-unknown-linux-gnu" : "i386-unknown-linux-gnu";
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target == nullptr) return;
    registers_.reset(target->createMCRegInfo(triple));
    assembly_.reset(target->createMCAsmInfo(*registers_, triple, options_));
    subtarget_.reset(target->createMCSubtargetInfo(triple, "", ""));
    instructions_.reset(target->createMCInstrInfo());
    context_ = std::make_unique<llvm::MCContext>(llvm::Triple(triple), assembly_.get(), registers_.get(),
                                                 subtarget_.get());
    disassembler_.reset(target->createMCDisassembler(*subtarget_, *context_));
  }
  bool ready() const { return disassembler_ != nullptr; }

  // Opcode of MC, 0 if it is no instruction.
  unsigned decode(const uint8_t* code, unsigned bytes, unsigned* length) {
    inst_.clear();
    inst_.setOpcode(0);
    inst_.setFlags(0);
    uint64_t size = 0;
    const auto status = disassembler_->getInstruction(inst_, size, llvm::ArrayRef<uint8_t>(code, bytes),
                                                      0x10000, llvm::nulls());
    if (status != llvm::MCDisassembler::Success) return 0;
    *length = static_cast<unsigned>(size);
    return inst_.getOpcode();
  }
  std::string name(unsigned opcode) const {
    return opcode == 0 ? std::string() : instructions_->getName(opcode).str();
  }

 private:
  llvm::MCTargetOptions options_;
  llvm::MCInst inst_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
};

unsigned number(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 0)) : otherwise;
}

class Legality : public testing::TestWithParam<bool> {
 protected:
  Legality() : mc_(GetParam()), zydis_(GetParam()), reached_(rows().size()) {}

  void check(const uint8_t* code) {
    ++checked_;
    Case c;
    c.code = code;
    c.mode64 = GetParam();
    if (decode(code, kMaxInsnBytes, c.mode64, FeatureSet::all(), &c.insn) == Verdict::kOk) {
      c.length = c.insn.length;
      c.row = &rows()[c.insn.row];
      c.ours = c.row->text;
      ++reached_[c.insn.row];
    }
    const unsigned opcode = mc_.decode(code, kMaxInsnBytes, &c.mc_length);
    if (opcode == 0) c.mc_length = 0;
    if (zydis_.decode(code, kMaxInsnBytes)) {
      c.zydis_length = zydis_.insn.length;
      c.zydis = zydis_.name();
      c.zydis_set = ZydisISAExtGetString(zydis_.insn.meta.isa_ext);
    }
    if (c.length != c.mc_length) {
      c.mc = mc_.name(opcode);
      complain("MC", reviewed_mc(c), c, "ours " + word(c.ours) + ", MC " + word(c.mc));
    }
    if (c.length != c.zydis_length) {
      complain("zydis", reviewed_zydis(c), c, "ours " + word(c.ours) + ", zydis " + word(c.zydis));
    } else if (c.length != 0) {
      same_instruction(c);
    }
  }

  void same_instruction(const Case& c) {
    if (!same_name(c.ours, c.zydis)) complain("name", nullptr, c, "ours " + c.ours + ", zydis " + c.zydis);
    bool sizes = true;
    for (const Form& f : c.row->forms) sizes &= f.kind != Kind::kM || f.size != Size::kNone;
    const std::string ours = operand_text(c.insn), theirs = operand_text(zydis_, sizes);
    if (ours != theirs)
      complain("operands", reviewed_operands(c), c, c.ours + ": " + ours + "; zydis: " + theirs);
    const uint64_t flags = flags_of(zydis_.insn);
    if (flags != flags_of(*c.row)) {
      char text[64];
      std::snprintf(text, sizeof text, ": %06lx, zydis: %06lx", static_cast<unsigned long>(flags_of(*c.row)),
                    static_cast<unsigned long>(flags));
      complain("flags", reviewed_flags(c), c, c.ours + text);
    }
  }

  static std::string word(const std::string& s) { return s.empty() ? "none" : s; }

  // reason: why the difference is right, null if it isn't.
  void complain(const char* who, const char* reason, const Case& c, const std::string& text) {
    if (reason != nullptr) {
      ++reasons_[std::string(who) + ": " + reason];
      return;
    }
    std::string key = std::string(who) + ": " + (std::string(who) == "operands" ? c.ours : text);
    if (++differences_[key] != 1) return;
    std::string bytes;
    for (unsigned i = 0; i < kMaxInsnBytes; ++i) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%02x ", c.code[i]);
      bytes += hex;
    }
    ADD_FAILURE() << who << ": " << text << " (" << c.length << ", " << c.mc_length << ", " << c.zydis_length
                  << " bytes) " << bytes;
  }

  void report() {
    for (const auto& [reason, n] : reasons_) std::printf("%9lu  %s\n", n, reason.c_str());
    for (const auto& [text, n] : differences_) std::printf("%9lu  NOT REVIEWED %s\n", n, text.c_str());
    std::printf("%lu encodings, %zu rows\n", checked_, rows().size());
  }

  McJudge mc_;
  ZydisJudge zydis_;
  std::vector<uint64_t> reached_;
  std::map<std::string, uint64_t> reasons_, differences_;
  uint64_t checked_ = 0;
};

TEST_P(Legality, PrefixMapOpcodeModRmSib) {
  ASSERT_TRUE(mc_.ready());
  const unsigned stride = number("XARCH_X86_STRIDE", 60), seed = number("XARCH_RANDOM_SEED", 1);
  std::printf("seed %u, one encoding of %u\n", seed, stride);
  std::mt19937 rng(seed);
  each_encoding(legacy_leads(GetParam()), stride, rng, [&](const uint8_t* code) { check(code); });
  each_encoding(vex_leads(GetParam()), stride, rng, [&](const uint8_t* code) { check(code); });
  each_row(GetParam(), rng, [&](const uint8_t* code, size_t row) {
    check(code);
    // Some are for models that lack what another row of the same encoding needs.
    Insn insn;
    const Verdict v = decode(code, kMaxInsnBytes, GetParam(), FeatureSet{rows()[row].feature}, &insn);
    if (v == Verdict::kOk) ++reached_[insn.row];
  });
  report();
  for (size_t i = 0; i < rows().size(); ++i) {
    const Row& r = rows()[i];
    const bool has_mode = (r.key_mask >> key::kMode64 & 1) != 0,
               mode = (r.key_value >> key::kMode64 & 1) != 0;
    if (has_mode && mode != GetParam()) continue;
    EXPECT_NE(reached_[i], 0u) << "row " << i << ", " << r.text;
  }
}

// Prefixes up to the limit of 15 bytes, and beyond.
TEST_P(Legality, FifteenBytes) {
  const std::vector<std::vector<uint8_t>> ends = {
      {0x90}, {0x81, 0x00, 1, 2, 3, 4}, {0x0f, 0xb8, 0xc0}, {0xc7, 0x84, 0x24, 1, 2, 3, 4, 5, 6, 7, 8}};
  for (const auto& end : ends) {
    for (unsigned prefixes = 0; prefixes <= 18; ++prefixes) {
      for (uint8_t prefix : {0x2e, 0x66, 0xf3, 0x67}) {
        std::vector<uint8_t> code(prefixes, prefix);
        code.insert(code.end(), end.begin(), end.end());
        code.resize(40);
        Insn ours;
        ZydisDecodedInstruction& theirs = zydis_.insn;
        const Verdict v = decode(code.data(), 40, GetParam(), FeatureSet::all(), &ours);
        const bool ok = zydis_.decode(code.data(), 40);
        EXPECT_EQ(v == Verdict::kOk, ok) << prefixes << " " << int{prefix} << " " << int{end[0]};
        if (!ok && ours.opcode != 0xb8) {
          EXPECT_EQ(v, Verdict::kTooLong);
        }
        if (!ok || v != Verdict::kOk) continue;
        EXPECT_EQ(ours.length, theirs.length);
        for (unsigned have = 0; have < ours.length; ++have) {
          Insn cut;
          EXPECT_EQ(decode(code.data(), have, GetParam(), FeatureSet::all(), &cut), Verdict::kTruncated)
              << have;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Legality, testing::Bool(),
                         [](const auto& info) { return info.param ? "Mode64" : "Mode32"; });

std::string named(std::initializer_list<uint8_t> bytes, const char* model, bool mode64 = false) {
  uint8_t code[16] = {};
  std::copy(bytes.begin(), bytes.end(), code);
  Insn insn;
  const Verdict v = decode(code, sizeof code, mode64, find_model(model)->features, &insn);
  return v == Verdict::kOk ? std::string(rows()[insn.row].text) : "";
}

TEST(X86Models, WhatAModelLacksIsNoInstruction) {
  EXPECT_EQ(named({0x0f, 0x44, 0xc0}, "pentium-mmx"), "");
  EXPECT_EQ(named({0x0f, 0x44, 0xc0}, "pentium3"), "cmove");
  EXPECT_EQ(named({0x0f, 0x6f, 0xc0}, "pentium"), "");
  EXPECT_EQ(named({0x0f, 0x6f, 0xc0}, "k6-2"), "movq");
  EXPECT_EQ(named({0x0f, 0x58, 0xc0}, "k6-2"), "");
  EXPECT_EQ(named({0x0f, 0x0f, 0xc0, 0x9e}, "k6-2"), "pfadd");
  EXPECT_EQ(named({0x0f, 0x0f, 0xc0, 0x8a}, "k6-2"), "") << "of the extensions";
  EXPECT_EQ(named({0x0f, 0x0f, 0xc0, 0x9e}, "Haswell"), "");
  EXPECT_EQ(named({0x66, 0x0f, 0x38, 0, 0xc0}, "core2duo"), "pshufb");
  EXPECT_EQ(named({0xc5, 0xf8, 0x58, 0xc0}, "Nehalem", true), "");
  EXPECT_EQ(named({0xc5, 0xf8, 0x58, 0xc0}, "Haswell", true), "vaddps");
  EXPECT_EQ(named({0xc4, 0xe2, 0x7d, 0xdc, 0xc0}, "Haswell", true), "") << "VAES";
  EXPECT_EQ(named({0x0f, 0xc1, 0xc0}, "486"), "xadd");
  EXPECT_EQ(named({0x0f, 0x31}, "486"), "");
}

TEST(X86Models, OldNamesOfEncodingsWithARepeatPrefix) {
  EXPECT_EQ(named({0xf3, 0x0f, 0xbc, 0xc0}, "Nehalem"), "bsf");
  EXPECT_EQ(named({0xf3, 0x0f, 0xbc, 0xc0}, "Haswell"), "tzcnt");
  EXPECT_EQ(named({0xf3, 0x0f, 0xbd, 0xc0}, "Nehalem"), "bsr");
  EXPECT_EQ(named({0xf3, 0x0f, 0xbd, 0xc0}, "Haswell"), "lzcnt");
  EXPECT_EQ(named({0xf3, 0x0f, 0x1e, 0xfa}, "Haswell", true), "nop");
  EXPECT_EQ(named({0xf3, 0x0f, 0x1e, 0xfa}, "max", true), "endbr64");
}

TEST(X86Models, Names) {
  for (const char* name :
       {"486", "pentium", "pentium-mmx", "pentium3", "core2duo", "Nehalem", "Haswell", "k6-2"}) {
    ASSERT_NE(find_model(name), nullptr) << name;
  }
  EXPECT_EQ(models().back().name, "max");
  EXPECT_EQ(find_model("z80"), nullptr);
  EXPECT_EQ(cpuinfo_flags(*find_model("pentium-mmx")), "fpu tsc msr cx8 mmx");
}

}  // namespace
}  // namespace xarch::x86::test
