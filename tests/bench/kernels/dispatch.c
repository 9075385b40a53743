// Calls through pointers: objects with method tables walked in a mixed order, and a callback per element.
#include "kernel.h"

struct shape;
struct methods {
  uint64_t (*area)(const struct shape*);
  void (*grow)(struct shape*, uint32_t);
};
struct shape {
  const struct methods* methods;
  uint32_t a, b;
};

static uint64_t square_area(const struct shape* s) { return (uint64_t)s->a * s->a; }
static void square_grow(struct shape* s, uint32_t by) { s->a = (s->a + by) & 0xffff; }
static uint64_t rectangle_area(const struct shape* s) { return (uint64_t)s->a * s->b; }
static void rectangle_grow(struct shape* s, uint32_t by) { s->b = (s->b + by) & 0xffff; }
static uint64_t triangle_area(const struct shape* s) { return (uint64_t)s->a * s->b / 2; }
static void triangle_grow(struct shape* s, uint32_t by) { s->a ^= by; }
static uint64_t line_area(const struct shape* s) { return s->a - s->b; }
static void line_grow(struct shape* s, uint32_t by) { s->a += by, s->b -= by; }

static const struct methods kinds[] = {{square_area, square_grow},
                                       {rectangle_area, rectangle_grow},
                                       {triangle_area, triangle_grow},
                                       {line_area, line_grow}};

enum { kCount = 1000 };
static struct shape shapes[kCount];

__attribute__((noinline)) static uint64_t for_each(uint64_t (*visit)(struct shape*, uint64_t),
                                                   uint64_t start) {
  for (int i = 0; i < kCount; i++) start = visit(&shapes[i], start);
  return start;
}

static uint64_t visit_area(struct shape* s, uint64_t sum) { return sum * 3 + s->methods->area(s); }

static uint64_t visit_grow(struct shape* s, uint64_t sum) {
  s->methods->grow(s, (uint32_t)sum & 15);
  return sum + 1;
}

int main(int argc, char** argv) {
  uint64_t seed = 7, sum = 0;
  for (int i = 0; i < kCount; i++) {
    uint64_t x = next_random(&seed);
    shapes[i] = (struct shape){&kinds[x & 3], (uint32_t)(x >> 8) & 0xffff, (uint32_t)(x >> 32) & 0xffff};
  }
  for (unsigned r = rounds_of(argc, argv, 24000); r > 0; r--) {
    sum = for_each(visit_area, sum);
    sum = for_each(visit_grow, sum);
  }
  return report("dispatch", sum);
}
