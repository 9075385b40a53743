// Arm64Guest: AArch64 as the engine sees it.
#pragma once

#include <memory>

#include "targets/arm/core/model.h"
#include "targets/arm/core/state.h"
#include "tcg/runtime/guest.h"

namespace xarch::arm {

class Arm64Guest final : public tcg::Guest {
 public:
  // model must outlive the guest.
  explicit Arm64Guest(const Model& model) : model_(model) {}

  const Model& model() const { return model_; }
  std::string_view name() const override { return "aarch64"; }
  const ir::StateLayout& layout() const override { return arm64_layout(); }
  void lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const override;
  // Of floating point, see fp_state.h.
  uint32_t mode(const void* state) const override {
    return static_cast<uint32_t>(static_cast<const Arm64State*>(state)->fp_mode);
  }
  void restore_state(void*, uint64_t, uint32_t) const override {}
  unsigned pc_shift() const override { return 2; }
  bool ignores_tags() const override { return true; }
  unsigned insn_bytes(tcg::CodeReader&, uint64_t, uint32_t) const override { return 4; }

 private:
  const Model& model_;
};

// The guest of that CPU model; null if there is no such model.
std::unique_ptr<Arm64Guest> make_arm64_guest(std::string_view model_name);

}  // namespace xarch::arm
