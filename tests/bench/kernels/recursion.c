// Fibonacci and Ackermann by plain recursion: calls and returns, shallow and deep.
#include "kernel.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

__attribute__((noinline)) static uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (unsigned r = rounds_of(argc, argv, 85); r > 0; r--)
    sum = sum * 31 + fib(30 + r % 2) + ackermann(2, 1200 + r % 3);
  return report("recursion", sum);
}
