// AArch64's floating-point instructions; mode is FPCR, flags are FPSR.
#include "oracle.h"

static void run(const struct Record* in, struct Answer* out) {
  enum {
#define X(name, text) k_##name,
#include "arm_ops.def"
#undef X
  };
  switch (in->op) {
#define X(name, text)                                                                            \
  case k_##name:                                                                                 \
    __asm__ volatile(                                                                            \
        "ldr q1, [%1]\n\tldr q2, [%2]\n\tldr q0, [%3]\n\tmsr fpcr, %4\n\tmsr fpsr, xzr\n\t" text \
        "\n\tmrs %0, fpsr\n\tmsr fpcr, xzr\n\tstr q0, [%5]"                                      \
        : "=&r"(out->flags)                                                                      \
        : "r"(in->n), "r"(in->m), "r"(in->d), "r"(in->mode), "r"(out->r)                         \
        : "memory", "v0", "v1", "v2", "x9", "cc");                                               \
    break;
#include "arm_ops.def"
#undef X
  }
}

static long call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
static long sys_read(void* to, unsigned long bytes) { return call(63, 0, (long)to, (long)bytes); }
static long sys_write(const void* from, unsigned long bytes) { return call(64, 1, (long)from, (long)bytes); }
static void sys_exit(int status) { call(94, status, 0, 0); }

void _start(void) { serve(); }
