// MipsGuest: a 32-bit MIPS processor, as the engine sees it.
#pragma once

#include "targets/mips/core/decode.h"
#include "targets/mips/core/state.h"
#include "tcg/runtime/guest.h"

namespace xarch::mips {

struct MipsOptions {
  bool little = false;                      // byte order
  bool unaligned = false;                   // loads and stores need no alignment, but for LL and SC
  unsigned features = kMips32 | kMips32R2;  // Feature mask
};

class MipsGuest final : public tcg::Guest {
 public:
  explicit MipsGuest(const MipsOptions& options = {}) : options_(options) {}

  std::string_view name() const override { return options_.little ? "mipsel" : "mips"; }
  const ir::StateLayout& layout() const override { return mips::layout(); }
  void lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const override;
  uint32_t mode(const void* state) const override;
  void restore_state(void* state, uint64_t pc, uint32_t restore) const override;
  unsigned pc_shift() const override { return 2; }
  unsigned insn_bytes(tcg::CodeReader&, uint64_t, uint32_t) const override { return 4; }

  // A state as after reset, but for pc: all registers 0, no LL open.
  static void reset(State* state);

 private:
  MipsOptions options_;
};

}  // namespace xarch::mips
