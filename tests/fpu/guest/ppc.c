// PowerPC, 64 bits; mode is FPSCR's rounding, flags are FPSCR.
#include "basic.h"

#define BOTH(name, text) SINGLE(name##_s, text "s %0, %1, %2") DOUBLE(name##_d, text " %0, %1, %2")
#define TO_INT(suffix, text) \
  SINGLE_TO_DOUBLE(s_to_##suffix, text " %0, %1") DOUBLE(d_to_##suffix, text " %0, %1")

static void run(const struct Record* in, struct Answer* out) {
  Double scr = {.bits = in->mode};
  __asm__ volatile("mtfsf 255, %0" : : "f"(scr.value));
  switch (in->op) {
    BOTH(add, "fadd")
    BOTH(sub, "fsub")
    BOTH(mul, "fmul")
    BOTH(div, "fdiv")
    SINGLE(sqrt_s, "fsqrts %0, %1")
    DOUBLE(sqrt_d, "fsqrt %0, %1")
    SINGLE(fma_s, "fmadds %0, %1, %2, %3")
    DOUBLE(fma_d, "fmadd %0, %1, %2, %3")
    DOUBLE_TO_SINGLE(d_to_s, "frsp %0, %1")
    TO_INT(i32, "fctiwz")
    TO_INT(u32, "fctiwuz")
    TO_INT(i64, "fctidz")
    TO_INT(u64, "fctiduz")
  }
  __asm__ volatile("mffs %0" : "=f"(scr.value));
  out->flags = scr.bits;
}

static long call(long number, long a, long b, long c) {
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = a;
  register long r4 __asm__("r4") = b;
  register long r5 __asm__("r5") = c;
  __asm__ volatile("sc"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
                   :
                   : "memory", "cr0", "r6", "r7", "r8", "r9", "r10", "r11", "r12");
  return r3;
}
static long sys_read(void* to, unsigned long bytes) { return call(3, 0, (long)to, (long)bytes); }
static long sys_write(const void* from, unsigned long bytes) { return call(4, 1, (long)from, (long)bytes); }
static void sys_exit(int status) { call(234, status, 0, 0); }

void _start(void) { serve(); }
