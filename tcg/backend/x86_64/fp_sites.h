// FP sites: for each host instruction of a floating-point op that may trap (Invalid is unmasked), what the op
// is and where its operands are, so that the handler can finish it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tcg/backend/x86_64/regs.h"
#include "tcg/ir/region.h"

namespace xarch::x86_64 {

struct FpSite {
  uint32_t offset = 0;  // of the host instruction from the code's start
  uint32_t resume = 0;  // where to go on, the op's result in dst
  ir::Op op = ir::Op::kNop;
  ir::Type type = ir::Type::kVoid;  // of the result
  ir::Type arg = ir::Type::kVoid;   // of the first operand
  uint8_t aux = 0;                  // the op's
  uint8_t imm = 0;
  // Where the result goes and the operands are; kNoHostReg if there are none. Flags go to the host's flags,
  // as the host's comparison of the same operands sets them.
  HostReg dst = kNoHostReg;
  HostReg args[3] = {kNoHostReg, kNoHostReg, kNoHostReg};
  // Operands 0 and 2 are negated first.
  bool negate_a = false, negate_c = false;
};

// Appends the records of a translation's sites, in order of their offsets, behind its recovery records.
void append_fp_sites(std::span<const FpSite> sites, std::vector<uint8_t>* out);
// The recovery records alone, of what append_fp_sites has made.
std::span<const uint8_t> without_fp_sites(std::span<const uint8_t> records);
// Finds the site of the host instruction at `offset`. Async-signal-safe.
bool find_fp_site(std::span<const uint8_t> records, uint32_t offset, FpSite* site);

}  // namespace xarch::x86_64
