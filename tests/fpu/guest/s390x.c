// s390x; mode is FPC's rounding, flags are FPC.
#include "basic.h"

#define BOTH(name, text)                               \
  SINGLE(name##_s, "ler %0, %1\n\t" text "ebr %0, %2") \
  DOUBLE(name##_d, "ldr %0, %1\n\t" text "dbr %0, %2")

static void run(const struct Record* in, struct Answer* out) {
  __asm__ volatile("sfpc %0" : : "d"((uint32_t)in->mode));
  switch (in->op) {
    BOTH(add, "a")
    BOTH(sub, "s")
    SINGLE(mul_s, "ler %0, %1\n\tmeebr %0, %2")
    DOUBLE(mul_d, "ldr %0, %1\n\tmdbr %0, %2")
    BOTH(div, "d")
    SINGLE(sqrt_s, "sqebr %0, %1")
    DOUBLE(sqrt_d, "sqdbr %0, %1")
    SINGLE(fma_s, "ler %0, %3\n\tmaebr %0, %1, %2")
    DOUBLE(fma_d, "ldr %0, %3\n\tmadbr %0, %1, %2")
    SINGLE_TO_DOUBLE(s_to_d, "ldebr %0, %1")
    DOUBLE_TO_SINGLE(d_to_s, "ledbr %0, %1")
    SINGLE_TO_INT(s_to_i32, "cfebr %0, 5, %1")
    DOUBLE_TO_INT(d_to_i32, "cfdbr %0, 5, %1")
    SINGLE_TO_INT(s_to_i64, "cgebr %0, 5, %1")
    DOUBLE_TO_INT(d_to_i64, "cgdbr %0, 5, %1")
  }
  uint32_t flags;
  __asm__ volatile("efpc %0" : "=d"(flags));
  out->flags = flags;
}

static long call(long number, long a, long b, long c) {
  register long r1 __asm__("r1") = number;
  register long r2 __asm__("r2") = a;
  register long r3 __asm__("r3") = b;
  register long r4 __asm__("r4") = c;
  __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4) : "memory");
  return r2;
}
static long sys_read(void* to, unsigned long bytes) { return call(3, 0, (long)to, (long)bytes); }
static long sys_write(const void* from, unsigned long bytes) { return call(4, 1, (long)from, (long)bytes); }
static void sys_exit(int status) { call(248, status, 0, 0); }

void _start(void) {
  // The stack pointer needs room below it for what is called.
  __asm__ volatile("aghi %%r15, -160" : : : "memory");
  serve();
}
