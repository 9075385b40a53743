#include "tests/codegen/assemble.h"

#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>

namespace xarch::test {

namespace {

void initialize() {
  static const bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)done;
}

void collect_diagnostic(const llvm::SMDiagnostic& d, void* context) {
  llvm::raw_string_ostream out(*static_cast<std::string*>(context));
  d.print(nullptr, out, false);
}

// The assembled object file, or why there is none.
Result<llvm::SmallVector<char, 0>> make_object(const std::string& triple_name, const std::string& features,
                                               const std::string& text) {
  initialize();
  std::string error;
  const llvm::Triple triple(triple_name);
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple_name, error);
  if (target == nullptr) return Error{error};
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(text, "snippet"), llvm::SMLoc());
  sources.setDiagHandler(collect_diagnostic, &error);
  const llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers(target->createMCRegInfo(triple_name));
  std::unique_ptr<llvm::MCAsmInfo> assembly(target->createMCAsmInfo(*registers, triple_name, options));
  std::unique_ptr<llvm::MCInstrInfo> instructions(target->createMCInstrInfo());
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple_name, "", features));
  llvm::MCContext context(triple, assembly.get(), registers.get(), subtarget.get(), &sources);
  std::unique_ptr<llvm::MCObjectFileInfo> file(target->createMCObjectFileInfo(context, false));
  context.setObjectFileInfo(file.get());
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream out(object);
  std::unique_ptr<llvm::MCAsmBackend> backend(target->createMCAsmBackend(*subtarget, *registers, options));
  std::unique_ptr<llvm::MCObjectWriter> writer = backend->createObjectWriter(out);
  std::unique_ptr<llvm::MCCodeEmitter> emitter(target->createMCCodeEmitter(*instructions, context));
  std::unique_ptr<llvm::MCStreamer> streamer(target->createMCObjectStreamer(
      triple, context, std::move(backend), std::move(writer), std::move(emitter), *subtarget));
  std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources, context, *streamer, *assembly));
  std::unique_ptr<llvm::MCTargetAsmParser> target_parser(
      target->createMCAsmParser(*subtarget, *parser, *instructions, options));
  parser->setTargetParser(*target_parser);
  if (parser->Run(false) || !error.empty()) return Error{"assembler: " + error};
  return object;
}

}  // namespace

Result<std::vector<uint8_t>> assemble(const std::string& triple, const std::string& features,
                                      const std::string& text) {
  Result<llvm::SmallVector<char, 0>> object = make_object(triple, features, text);
  if (!object) return object.error();
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object->data(), object->size()), "snippet"));
  if (!file) return Error{llvm::toString(file.takeError())};
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    if (section.relocation_begin() != section.relocation_end()) return Error{"reference to an unknown label"};
  }
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) return Error{llvm::toString(name.takeError())};
    if (*name != ".text") continue;
    llvm::Expected<llvm::StringRef> contents = section.getContents();
    if (!contents) return Error{llvm::toString(contents.takeError())};
    return std::vector<uint8_t>(contents->bytes_begin(), contents->bytes_end());
  }
  return Error{"no .text"};
}

}  // namespace xarch::test
