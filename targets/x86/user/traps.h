// Traps of the processor as Linux signals.
#pragma once

#include <cstdint>

#include "linux-user/abi.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

// UserAbi::on_raise.
linux_user::RaiseEffect raise_effect(X86State& s, uint32_t code, uint64_t value);
// UserAbi::fault_error: trap number (kTrapShift) and the processor's error code.
uint64_t page_fault_error(int signo, int code, bool write, bool fetch);

}  // namespace xarch::x86
