// HostFp: the host's floating-point environment in C++ code that emitted code calls.
#pragma once

#include <xmmintrin.h>

#include "tcg/runtime/cpu.h"

namespace xarch::tcg {

// C++ code that emitted code has called, to run with the host's control word. Does nothing where that is
// there already: outside of emitted code, in helpers declared kHelperFp, inside of another one.
class HostFp {
 public:
  explicit HostFp(CpuHeader* cpu) {
    if (cpu == nullptr || cpu->fp_away) return;
    cpu_ = cpu;
    cpu->guest_mxcsr = _mm_getcsr();
    cpu->fp_away = 1;
    _mm_setcsr(kHostMxcsr);
  }
  ~HostFp() {
    if (cpu_ == nullptr) return;
    _mm_setcsr(cpu_->guest_mxcsr);
    cpu_->fp_away = 0;
  }
  HostFp(const HostFp&) = delete;
  HostFp& operator=(const HostFp&) = delete;

 private:
  CpuHeader* cpu_ = nullptr;
};

}  // namespace xarch::tcg
