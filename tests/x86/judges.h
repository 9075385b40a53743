// Second opinions on x86 encodings: LLVM MC and zydis.
#pragma once

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
#include <Zydis/Zydis.h>

#include <memory>
#include <string>

namespace xarch::x86::test {

// What MC makes of bytes: its name of the instruction (empty: none) and the length.
struct McOpinion {
  std::string name;
  unsigned length = 0;
};

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

class ZydisJudge {
 public:
  explicit ZydisJudge(bool mode64) {
    ZydisDecoderInit(&decoder_, mode64 ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     mode64 ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    // No model has MPX, whose instructions are reserved NOPs then.
    ZydisDecoderEnableMode(&decoder_, ZYDIS_DECODER_MODE_MPX, false);
  }
  bool decode(const uint8_t* code, unsigned bytes) {
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, code, bytes, &insn, operands));
  }
  std::string name() const { return ZydisMnemonicGetString(insn.mnemonic); }

  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

 private:
  ZydisDecoder decoder_;
};

}  // namespace xarch::x86::test
