// Cases of basic_ops.def for C files of one guest: instructions with %0 the result, %1 %2 %3 the operands n m
// a.
#include "oracle.h"

enum {
#define X(name) k_##name,
#include "basic_ops.def"
#undef X
};

typedef union {
  uint64_t bits;
  double value;
} Double;
typedef union {
  uint32_t bits;
  float value;
} Single;

static float single_of(const uint64_t* v) {
  Single s = {.bits = (uint32_t)v[0]};
  return s.value;
}
static double double_of(const uint64_t* v) {
  Double d = {.bits = v[0]};
  return d.value;
}
static uint64_t single_bits(float v) {
  Single s = {.value = v};
  return s.bits;
}
static uint64_t double_bits(double v) {
  Double d = {.value = v};
  return d.bits;
}

#define CASE(name, result_type, constraint, from, to, text)                                        \
  case k_##name: {                                                                                 \
    result_type r;                                                                                 \
    __asm__ volatile(text : constraint(r) : "f"(from(in->n)), "f"(from(in->m)), "f"(from(in->d))); \
    out->r[0] = (uint64_t)to(r);                                                                   \
    break;                                                                                         \
  }
#define SINGLE(name, text) CASE(name, float, "=&f", single_of, single_bits, text)
#define DOUBLE(name, text) CASE(name, double, "=&f", double_of, double_bits, text)
#define SINGLE_TO_DOUBLE(name, text) CASE(name, double, "=&f", single_of, double_bits, text)
#define DOUBLE_TO_SINGLE(name, text) CASE(name, float, "=&f", double_of, single_bits, text)
#define SINGLE_TO_INT(name, text) CASE(name, long, "=&r", single_of, , text)
#define DOUBLE_TO_INT(name, text) CASE(name, long, "=&r", double_of, , text)
