// Where LLVM MC and zydis see an encoding differently, with the reason.
#pragma once

#include <algorithm>
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

const char* reviewed_mc(const Case&) { return nullptr; }
const char* reviewed_zydis(const Case&) { return nullptr; }
const char* reviewed_operands(const Case&) { return nullptr; }
const char* reviewed_flags(const Case&) { return nullptr; }
bool same_name(const std::string&a, const std::string&b) { return a==b; }

}  // namespace xarch::x86::test
