// What a called function may do to its caller's registers, done on purpose.
#pragma once

namespace xarch::test {

// Leaves rubbish in every register that a C++ function need not preserve.
inline void spoil_registers() {
  asm volatile(
      "mov $0x5a5a5a5a5a5a5a5a, %%r10\n mov %%r10, %%r11\n mov %%r10, %%rcx\n mov %%r10, %%rdx\n"
      "mov %%r10, %%rsi\n mov %%r10, %%rdi\n mov %%r10, %%r8\n mov %%r10, %%r9\n mov %%r10, %%rax\n"
      "movq %%r10, %%xmm0\n movq %%r10, %%xmm1\n movq %%r10, %%xmm2\n movq %%r10, %%xmm3\n"
      "movq %%r10, %%xmm4\n movq %%r10, %%xmm5\n movq %%r10, %%xmm6\n movq %%r10, %%xmm7\n"
      "movq %%r10, %%xmm8\n movq %%r10, %%xmm9\n movq %%r10, %%xmm10\n movq %%r10, %%xmm11\n"
      "movq %%r10, %%xmm12\n movq %%r10, %%xmm13\n movq %%r10, %%xmm14\n movq %%r10, %%xmm15\n"
      "add %%r10, %%r10\n"
      :
      :
      : "r8", "r9", "r10", "r11", "rax", "rcx", "rdx", "rsi", "rdi", "cc", "memory", "xmm0", "xmm1", "xmm2",
        "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15");
}

}  // namespace xarch::test
