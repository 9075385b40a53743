// X86Guest: an x86 processor as the engine sees it.
#pragma once

#include "targets/x86/core/model.h"
#include "targets/x86/core/state.h"
#include "tcg/runtime/guest.h"

namespace xarch::x86 {

class X86Guest final : public tcg::Guest {
 public:
  // model must outlive the guest.
  explicit X86Guest(const Model& model) : model_(model) {}

  const Model& model() const { return model_; }
  std::string_view name() const override { return "x86"; }
  const ir::StateLayout& layout() const override { return x86_layout(); }
  void lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const override;
  uint32_t mode(const void* state) const override {
    const auto& s = *static_cast<const X86State*>(state);
    return s.mode | ((s.mxcsr_control & kMxcsrMasks) != kMxcsrMasks ? uint32_t{kModeFpTraps} : 0) |
           ((s.x87_control & kX87Exceptions) != kX87Exceptions ? uint32_t{kModeX87Traps} : 0);
  }
  void restore_state(void*, uint64_t, uint32_t) const override {}
  const fpu::Rules& fp_rules() const override { return fpu::kX86Rules; }
  unsigned pc_shift() const override { return 0; }
  bool coherent_code() const override { return true; }
  unsigned insn_bytes(tcg::CodeReader& code, uint64_t pc, uint32_t mode) const override;

 private:
  const Model& model_;
};

}  // namespace xarch::x86
