// zydis as a second opinion on x86 encodings.
#pragma once

#include <Zydis/Zydis.h>

#include <string>

namespace xarch::x86::test {

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
