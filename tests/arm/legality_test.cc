// Which words are instructions: every line of the table with all corners of its fields and all their one-bit
// neighbours, and random words, against LLVM MC.
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
#include <random>
#include <string>
#include <vector>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/model.h"

namespace xarch::arm {
namespace {

// LLVM's opinion.
class Judge {
 public:
  explicit Judge(const std::string& features) {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
    std::string error;
    const char* triple = "aarch64-unknown-linux-gnu";
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target == nullptr) return;
    registers_.reset(target->createMCRegInfo(triple));
    assembly_.reset(target->createMCAsmInfo(*registers_, triple, options_));
    subtarget_.reset(target->createMCSubtargetInfo(triple, "generic", features));
    instructions_.reset(target->createMCInstrInfo());
    context_ = std::make_unique<llvm::MCContext>(llvm::Triple(triple), assembly_.get(), registers_.get(),
                                                 subtarget_.get());
    disassembler_.reset(target->createMCDisassembler(*subtarget_, *context_));
  }
  bool ready() const { return disassembler_ != nullptr; }

  // Name of the instruction; empty if it is none. Encodings that LLVM calls unpredictable count as
  // instructions.
  std::string name(uint32_t word) const {
    llvm::MCInst inst;
    uint64_t size = 0;
    const auto status = disassembler_->getInstruction(
        inst, size, llvm::ArrayRef<uint8_t>(reinterpret_cast<uint8_t*>(&word), 4), 0x10000, llvm::nulls());
    if (status == llvm::MCDisassembler::Fail) return {};
    return instructions_->getName(inst.getOpcode()).str();
  }

 private:
  llvm::MCTargetOptions options_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
};

// What LLVM's names for our features are.
std::string llvm_features(const Model& m) {
  std::string out = "+v8a,+el2vmsa,+el3";
#define FEATURE(name, llvm) \
  if (*llvm && m.features.has(Feature::k##name)) out += ",+" llvm;
#include "targets/arm/core/features.def"
#undef FEATURE
  return out;
}

struct Exception {
  const char* name;  // LLVM's
  uint32_t mask, value;
  const char* reason;
};
// Words that LLVM takes for instructions and we do not, reviewed one by one.
constexpr Exception kExceptions[] = {
    {"MSR", 0xfff80000, 0xd5000000, "op0 = 0 is no register space"},
    {"MRS", 0xfff80000, 0xd5200000, "op0 = 0 is no register space"},
    {"MSRpstatesvcrImm1", 0xfff8f01f, 0xd500401f, "SME, decoded by LLVM without the feature"},
    {"MSRpstateImm1", 0xfff8f01f, 0xd500401f, "NMI, decoded by LLVM without the feature"},
};

bool excepted(uint32_t word, const std::string& name) {
  for (const Exception& e : kExceptions) {
    if ((word & e.mask) == e.value && name == e.name) return true;
  }
  return false;
}

class Legality : public testing::TestWithParam<const Model*> {
 protected:
  Legality() : judge_(llvm_features(*GetParam())) {}
  void SetUp() override { ASSERT_TRUE(judge_.ready()); }

  void check(uint32_t word) {
    ++checked_;
    const Insn insn = decode(word, GetParam()->features);
    const std::string theirs = judge_.name(word);
    if ((insn != Insn::kNone) == !theirs.empty() || excepted(word, theirs)) return;
    const std::string key =
        insn == Insn::kNone ? "missing " + theirs : "extra " + std::string(row(insn).name);
    if (++differences_[key] == 1) {
      ADD_FAILURE() << key << " " << std::hex << word;
    }
  }
  void check_with_neighbours(uint32_t word) {
    check(word);
    for (unsigned i = 0; i < 32; ++i) check(word ^ 1u << i);
  }

  // Corners of each field (0, 1, all but the highest and lowest bit, maximum, …) with the others at random.
  void check_row(const Row& r, std::mt19937& rng) {
    for (unsigned round = 0; round < 8; ++round) {
      const uint32_t others = round == 0 ? 0 : round == 1 ? ~0u : static_cast<uint32_t>(rng());
      const uint32_t base = r.value | (others & ~r.mask);
      check_with_neighbours(base);
      for (char letter = 'A'; letter <= 'z'; ++letter) {
        const FieldSpec f = find_field(r.pattern, letter);
        if (f.bits == 0 || letter == 'x') continue;
        const uint32_t max = static_cast<uint32_t>((uint64_t{1} << f.bits) - 1);
        const auto with = [&](uint32_t v) { return (base & ~(max << f.lsb)) | (v & max) << f.lsb; };
        if (f.bits <= 6) {
          for (uint32_t v = 0; v <= max; ++v) check(with(v));
        }
        for (uint32_t v : {0u, 1u, max >> 1, (max >> 1) + 1, max - 1, max}) check_with_neighbours(with(v));
      }
    }
  }

  Judge judge_;
  std::map<std::string, int> differences_;
  uint64_t checked_ = 0;
};

TEST_P(Legality, EveryLineAndItsNeighbours) {
  std::mt19937 rng(1);
  for (unsigned i = 0; i < kNumInsns; ++i) check_row(row(static_cast<Insn>(i)), rng);
  for (int i = 0; i < 500000; ++i) check(static_cast<uint32_t>(rng()));
  for (const auto& [name, n] : differences_) printf("%-40s %d\n", name.c_str(), n);
  printf("%lu words\n", checked_);
}

std::vector<const Model*> all_models() {
  std::vector<const Model*> out;
  for (const Model& m : models()) out.push_back(&m);
  return out;
}
INSTANTIATE_TEST_SUITE_P(Models, Legality, testing::ValuesIn(all_models()), [](const auto& info) {
  std::string name(info.param->name);
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace xarch::arm
