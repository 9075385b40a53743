// C++ that x87 code calls: what is rare. An instruction is executed by the host's own unit on the guest's
// state.
#pragma once

#include "tcg/ir/helper.h"

namespace xarch::x86 {

// What kX87Run gets as its first operand.
constexpr uint64_t x87_run_operand(unsigned opcode, unsigned modrm, bool stores) {
  return opcode | modrm << 8 | (stores ? 1u << 16 : 0);
}

// Executes an instruction of the opcodes D8 to DF; no exception may be pending. a: x87_run_operand; b, c: the
// operand in memory, if it reads one; d: the instruction's address. X87Address has its operand's.
// kX87RunFlags is for those that read or write the arithmetic flags. Those that write memory begin with
// kX87Prepare, which leaves in X87Store whether they do, in X87Data and X87DataHigh what; kX87Commit does the
// rest.
extern const ir::HelperDesc kX87Run;
extern const ir::HelperDesc kX87RunFlags;
extern const ir::HelperDesc kX87Prepare;
extern const ir::HelperDesc kX87Commit;
// The same of D9 and what kX87Shape says, while no exception is unmasked, the operands are there and there is
// room for what it pushes. b: the physical register of the top; c: of X87Shape. X87Where is the caller's.
enum X87Shape : uint8_t { kX87TwoOperands = 1, kX87Pops = 2, kX87Pushes = 4 };
extern const ir::HelperDesc kX87OnUnit;
// The status word.
extern const ir::HelperDesc kX87Status;
// FNCLEX, FNINIT; FLDCW of a.
extern const ir::HelperDesc kX87Clear;
extern const ir::HelperDesc kX87Init;
extern const ir::HelperDesc kX87LoadControl;
// FpImage := FNSTENV's or FNSAVE's image; a: has 16-bit fields. And from FpImage: a as before, b: registers
// too.
extern const ir::HelperDesc kX87Save;
extern const ir::HelperDesc kX87Restore;
// FXSAVE's image of x87 to FpImage, and back; a: 64-bit addresses (REX.W).
extern const ir::HelperDesc kX87FxSave;
extern const ir::HelperDesc kX87FxRestore;

}  // namespace xarch::x86
