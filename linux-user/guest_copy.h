// Copies between guest memory and ours that survive a fault.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

extern "C" {
// How many bytes were not copied, or up to 15 more (0: all done).
size_t xarch_guarded_copy(void* to, const void* from, size_t bytes);
size_t xarch_guarded_zero(void* to, size_t bytes);
// Single 32-bit accesses; 0, or not 0 if they faulted.
long xarch_guarded_load32(const uint32_t* from, uint32_t* out);
long xarch_guarded_cas32(uint32_t* at, uint32_t* expected_and_old, uint32_t desired);
}

namespace xarch::linux_user {

// In a handler of SIGSEGV or SIGBUS: if the pc is in one of the functions above, makes it return and says
// true.
bool guarded_copy_fixup(ucontext_t* context);

}  // namespace xarch::linux_user
