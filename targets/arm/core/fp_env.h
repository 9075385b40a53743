// tcg/fpu under FPCR and FPSR.
#pragma once

#include "targets/arm/core/fp_state.h"
#include "targets/arm/core/state.h"
#include "tcg/fpu/env.h"

namespace xarch::arm {

// An environment as FPCR has it, which hands its flags to FPSR at its end.
class ArmEnv : public fpu::Env {
 public:
  explicit ArmEnv(Arm64State& s) : state_(s) {
    rounding = static_cast<fpu::Rounding>(s.fpcr >> 22 & 3);
    default_nan = s.fpcr >> 25 & 1;
    flush_inputs = flush_outputs = s.fpcr >> 24 & 1;
    flush_half = s.fpcr >> 19 & 1;
    alternative_half = s.fpcr >> 26 & 1;
  }
  ~ArmEnv() {
    static constexpr uint32_t kFlags[] = {kIoc, kIdc, kDzc, kOfc, kUfc, kIxc};
    for (unsigned i = 0; i < 6; ++i)
      if (flags >> i & 1) state_.fpsr |= kFlags[i];
  }
  ArmEnv(const ArmEnv&) = delete;
  ArmEnv& operator=(const ArmEnv&) = delete;

 private:
  Arm64State& state_;
};

}  // namespace xarch::arm
