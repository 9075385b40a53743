// Every form that the assembler can emit, with the text that LLVM MC must read back. The tests walk these.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tcg/backend/x86_64/assembler.h"

namespace xarch::test {

using x86_64::Assembler;
using x86_64::Mem;
using x86_64::Reg;
using x86_64::Xmm;

using Emit = std::function<void(Assembler&)>;

struct Instance {
  std::string_view
      form;  // the method's parameter list ("mov(unsigned,Reg,Mem)"), or "sse paddb rm 128" for table rows
  std::string text;  // what MC prints
  Emit emit;
  const Mem* mem = nullptr;  // the memory operand, if any
};
using Visit = std::function<void(const Instance&)>;

// Code is emitted here, so that rip-relative operands with absolute addresses reach their target.
inline constexpr size_t kBufferSize = 1 << 20;
extern uint8_t code_buffer[kBufferSize];

// Representative addressing modes: every base, every index, every scale, displacement corners, gs,
// rip-relative.
const std::vector<Mem>& memory_modes();
// The full product of bases, indexes, scales and displacement corners, with and without gs.
std::vector<Mem> all_memory_modes();

// Names as MC prints them.
std::string reg_name(unsigned bits, Reg r);
std::string xmm_name(unsigned bits, Xmm x);
// bytes 0: without a "ptr" size.
std::string mem_text(const Mem& m, unsigned bytes);

void visit_integer_forms(const Visit& visit);
void visit_simd_forms(const Visit& visit);
inline void visit_forms(const Visit& visit) {
  visit_integer_forms(visit);
  visit_simd_forms(visit);
}

}  // namespace xarch::test
