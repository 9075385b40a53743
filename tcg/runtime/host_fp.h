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
    const uint32_t now = _mm_getcsr();
    if (is_host_mxcsr(now)) return;
    cpu_ = cpu;
    cpu->guest_mxcsr = now;
    _mm_setcsr(kHostMxcsr);
  }
  ~HostFp() {
    if (cpu_ != nullptr) _mm_setcsr(cpu_->guest_mxcsr);
  }
  HostFp(const HostFp&) = delete;
  HostFp& operator=(const HostFp&) = delete;

 private:
  CpuHeader* cpu_ = nullptr;
};

}  // namespace xarch::tcg
