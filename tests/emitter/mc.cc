#include "tests/emitter/mc.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdio>
#include <cstdlib>

namespace xarch::test {

namespace {

const llvm::Target* find_target(const std::string& triple) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllDisassemblers();
  std::string error;
  const llvm::Target* t = llvm::TargetRegistry::lookupTarget(triple, error);
  if (t == nullptr) {
    std::fprintf(stderr, "%s\n", error.c_str());
    std::abort();
  }
  return t;
}

// Tabs and runs of spaces become one space; "[rip + n]" becomes the address it means.
std::string normalize(const std::string& in, uint64_t next) {
  std::string out;
  for (char c : in) {
    if (c == '\t') c = ' ';
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  const size_t at = out.find("[rip");
  if (at != std::string::npos) {
    const size_t end = out.find(']', at);
    std::string disp;
    for (size_t i = at + 4; i < end; i++) {
      if (out[i] != ' ' && out[i] != '+') disp += out[i];
    }
    char text[32];
    std::snprintf(
        text, sizeof text, "[rip -> 0x%llx",
        static_cast<unsigned long long>(next + static_cast<uint64_t>(disp.empty() ? 0 : std::stoll(disp))));
    out = out.substr(0, at) + text + out.substr(end);
  }
  return out;
}

}  // namespace

struct Mc::Impl {
  Impl(const std::string& name, const std::string& cpu, const std::string& features)
      : triple(name),
        target(find_target(name)),
        registers(target->createMCRegInfo(name)),
        assembly(target->createMCAsmInfo(*registers, name, options)),
        subtarget(target->createMCSubtargetInfo(name, cpu, features)),
        instructions(target->createMCInstrInfo()),
        context(triple, assembly.get(), registers.get(), subtarget.get()),
        disassembler(target->createMCDisassembler(*subtarget, context)),
        // Variant 1 is Intel's syntax on x86.
        printer(target->createMCInstPrinter(triple, triple.isX86() ? 1 : 0, *assembly, *instructions,
                                            *registers)) {}

  llvm::Triple triple;
  const llvm::Target* target;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  llvm::MCContext context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

Mc::Mc(const char* triple, const char* cpu, const char* features)
    : impl_(std::make_unique<Impl>(triple, cpu, features)) {}
Mc::~Mc() = default;

McInstruction Mc::decode(const uint8_t* code, size_t available) const {
  McInstruction r;
  llvm::MCInst inst;
  uint64_t size = 0;
  const uint64_t pc = reinterpret_cast<uintptr_t>(code);
  const auto status = impl_->disassembler->getInstruction(
      inst, size, llvm::ArrayRef<uint8_t>(code, available), pc, llvm::nulls());
  if (status != llvm::MCDisassembler::Success) return r;
  std::string text;
  llvm::raw_string_ostream stream(text);
  impl_->printer->printInst(&inst, pc, "", *impl_->subtarget, stream);
  const llvm::MCInstrDesc& desc = impl_->instructions->get(inst.getOpcode());
  r.length = static_cast<unsigned>(size);
  r.text = normalize(stream.str(), pc + size);
  r.opcode = impl_->instructions->getName(inst.getOpcode()).str();
  if (r.text == "lock") {  // MC takes the prefix for an instruction of its own
    McInstruction rest = decode(code + 1, available - 1);
    if (rest.length != 0) rest.length++;
    rest.text = "lock " + rest.text;
    return rest;
  }
  r.may_load = desc.mayLoad();
  r.may_store = desc.mayStore();
  return r;
}

}  // namespace xarch::test
