// Which words are instructions, and which: every row of the table, with all corners of its fields and all
// their one-bit neighbours, against LLVM MC.
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

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "targets/mips/core/decode.h"

namespace xarch::mips {
namespace {

// LLVM's name of the instruction that a word is, in lower case; empty if it is none.
class Judge {
 public:
  explicit Judge(const char* cpu) {
    LLVMInitializeMipsTargetInfo();
    LLVMInitializeMipsTargetMC();
    LLVMInitializeMipsDisassembler();
    std::string error;
    const char* triple = "mips-unknown-linux-gnu";
    target_ = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target_ == nullptr) return;
    registers_.reset(target_->createMCRegInfo(triple));
    assembly_.reset(target_->createMCAsmInfo(*registers_, triple, options_));
    subtarget_.reset(target_->createMCSubtargetInfo(triple, cpu, ""));
    instructions_.reset(target_->createMCInstrInfo());
    context_ = std::make_unique<llvm::MCContext>(llvm::Triple(triple), assembly_.get(), registers_.get(),
                                                 subtarget_.get());
    disassembler_.reset(target_->createMCDisassembler(*subtarget_, *context_));
  }
  bool ready() const { return disassembler_ != nullptr; }

  std::string name(uint32_t word) const {
    uint32_t bytes = __builtin_bswap32(word);
    llvm::MCInst inst;
    uint64_t size = 0;
    auto status = disassembler_->getInstruction(
        inst, size, llvm::ArrayRef<uint8_t>(reinterpret_cast<uint8_t*>(&bytes), 4), 0x10000, llvm::nulls());
    if (status != llvm::MCDisassembler::Success) return {};
    std::string s = instructions_->getName(inst.getOpcode()).str();
    std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return std::tolower(c); });
    return s;
  }

 private:
  const llvm::Target* target_ = nullptr;
  llvm::MCTargetOptions options_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
};

// LLVM's names that differ from the table's.
const std::map<std::string, std::string> kNames = {
    {"sdiv", "div"},    {"udiv", "divu"},       {"movn_i_i", "movn"}, {"movz_i_i", "movz"},
    {"jr_hb", "jr.hb"}, {"jalr_hb", "jalr.hb"}, {"ttltiu", "tltiu"},  {"ehb", "sll"},
    {"ssnop", "sll"},   {"pause", "sll"},
};  // the last three are forms of SLL $0 that are hints

// What MC decodes and the table leaves out for now.
bool left_out(const std::string& name) {
  static const std::set<std::string> kLeftOut = {// coprocessor 1
                                                 "bc1f", "bc1fl", "bc1t", "bc1tl", "cfc1", "mfc1", "mtc1",
                                                 "mfhc1_d32", "fadd_s", "fmov_s", "fmul_s", "fsub_s", "ldc1",
                                                 "lwc1", "swc1", "ldxc1", "lwxc1", "movf_i", "movt_i",
                                                 // coprocessor 2
                                                 "ldc2", "lwc2", "sdc2", "swc2", "mfc2", "mtc2",
                                                 // MIPS16 and microMIPS
                                                 "jalx"};
  return kLeftOut.count(name) != 0;
}

// Words that the table and MC see differently, with the reason; null: no such word.
const char* reviewed(uint32_t word, const std::string& ours, const std::string& theirs) {
  if (theirs == "sync" && (word & 0x03fff800) != 0) return "MC does not look at the fields that must be zero";
  if (ours == "rdhwr" && (word >> 11 & 31) != 29) return "MC has the registers' names for $29 only";
  if (theirs == "rdhwr" && (word >> 6 & 31) != 0) return "the select field is release 6";
  if ((ours == "rdpgpr" || ours == "wrpgpr") && theirs.empty()) return "MC has them for microMIPS only";
  if (ours == "wait" && theirs.empty() && (word & 0x01ffffc0) != 0) return "MC lacks WAIT's code";
  return nullptr;
}

std::string canonical(const std::string& name) {
  auto i = kNames.find(name);
  return i == kNames.end() ? name : i->second;
}

// All words of the row with each field at one of its corners, and their one-bit neighbours.
std::set<uint32_t> words_of(const Row& row) {
  std::vector<uint32_t> words = {row.pattern.value};
  for (unsigned f = 0; f < row.pattern.num_fields; ++f) {
    const Parsed::Field& field = row.pattern.fields[f];
    uint32_t ones = (1u << field.bits) - 1;
    std::set<uint32_t> corners = {0, 1, 2, ones / 2, ones / 2 + 1, ones - 1, ones};
    if (field.bits == 5) corners.insert({29, 16, 8, 4, 3});
    std::vector<uint32_t> next;
    for (uint32_t w : words) {
      for (uint32_t c : corners) next.push_back(w | (c & ones) << field.lsb);
    }
    words = std::move(next);
  }
  std::set<uint32_t> all(words.begin(), words.end());
  for (uint32_t w : words) {
    for (unsigned bit = 0; bit < 32; ++bit) all.insert(w ^ 1u << bit);
  }
  return all;
}

void compare(const char* cpu, unsigned features) {
  Judge judge(cpu);
  ASSERT_TRUE(judge.ready());
  std::map<std::string, std::pair<unsigned, uint32_t>> complaints;
  size_t words = 0;
  for (const Row& row : rows()) {
    if ((row.feature & features) == 0) continue;
    for (uint32_t w : words_of(row)) {
      ++words;
      unsigned r = decode(w, features);
      std::string ours = r == kNoRow ? "" : std::string(rows()[r].text);
      std::string theirs = canonical(judge.name(w));
      if (ours == theirs || (ours.empty() && left_out(theirs)) || reviewed(w, ours, theirs) != nullptr)
        continue;
      auto& c = complaints["table: " + (ours.empty() ? "none" : ours) +
                           ", MC: " + (theirs.empty() ? "none" : theirs)];
      if (c.first++ == 0) c.second = w;
    }
  }
  for (const auto& [text, c] : complaints) {
    ADD_FAILURE() << text << ": " << c.first << " words, such as 0x" << std::hex << c.second;
  }
  std::printf("%s: %zu words, %zu rows\n", cpu, words, rows().size());
}

TEST(MipsLegality, Mips32R2) { compare("mips32r2", kMips32 | kMips32R2); }
TEST(MipsLegality, Mips32) { compare("mips32", kMips32); }

}  // namespace
}  // namespace xarch::mips
