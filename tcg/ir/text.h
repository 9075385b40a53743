// The text form of regions: for --trace, for tests, and for whoever reads either. One op per line;
// parse(print(r)) is r.
//
//   region pc=0x1000 mode=0x0 flags=0x0 insns=1
//   range 0x1000 4
//   block 0:
//     insn +0
//     %1 = get i64 x1
//     %2 = load i64 [%1 + 8] bytes=4 signed align=4
//     put x0, %2
//     goto_pc +4 jump
//
// A value's number is its op's place in the region. Offsets are from key.pc, in bytes. Lanes, sizes and
// alignments are in bytes. What is zero or usual is left out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tcg/ir/region.h"
#include "tcg/support/result.h"

namespace xarch::ir {

std::string print(const Region& region);
// One op without a newline, for messages: `%2 = load i64 [%1 + 8] bytes=4`.
std::string print_inst(const Region& region, uint32_t index);

// Reads a region over the given layout. Calls find their helpers by name among `helpers`. Values may bear any
// numbers that are unique in their block; empty lines and what follows a `;` do not count. Only the form is
// checked (verify() does the rest). The error names the line and what is wrong with it.
Result<void> parse(std::string_view text, const StateLayout& layout,
                   std::span<const HelperDesc* const> helpers, Region* out);

// Are they the same, but for Inst::uses?
bool same(const Region& a, const Region& b);

std::string_view type_name(Type t);

}  // namespace xarch::ir
