// Guest assembly to guest bytes, by LLVM MC.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tcg/support/result.h"

namespace xarch::test {

// Assembles text for a target ("aarch64-linux-gnu", with features such as "+lse"); the contents of .text.
// References to labels of the text are resolved, others are an error.
Result<std::vector<uint8_t>> assemble(const std::string& triple, const std::string& features,
                                      const std::string& text);

}  // namespace xarch::test
