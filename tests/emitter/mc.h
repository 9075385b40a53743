// LLVM MC as the judge of emitted x86-64 code: one instruction at a time, as Intel-syntax text and as facts.
// Other processors' code can be read too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace xarch::test {

struct McInstruction {
  unsigned length = 0;  // 0 if the bytes are no instruction
  std::string text;     // single spaces; a rip-relative operand reads "[rip -> 0x<address>]"
  std::string opcode;   // LLVM's name of the instruction
  bool may_load = false;
  bool may_store = false;
};

class Mc {
 public:
  // For x86-64 by default; fails hard at a triple that LLVM does not know.
  explicit Mc(const char* triple = "x86_64-unknown-linux-gnu", const char* cpu = "x86-64-v4",
              const char* features = "+aes");
  ~Mc();
  // Decodes the instruction at code, which runs where it stands.
  McInstruction decode(const uint8_t* code, size_t available) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xarch::test
