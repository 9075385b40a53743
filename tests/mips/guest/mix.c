/* Memory of all sizes, 64-bit arithmetic, recursion, switch and indirect calls, atomics, mmap with its six
   arguments, errors in o32's numbers. */
#include "guest.h"

struct __attribute__((packed)) Packed {
  char c;
  unsigned u;
  unsigned short s;
  unsigned long long l;
};

static unsigned long long fold(unsigned long long v, unsigned n) {
  return n == 0 ? v : fold(v * 6364136223846793005ull + 1442695040888963407ull, n - 1) ^ v >> 7;
}
static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static int op_add(int a, int b) { return a + b; }
static int op_sub(int a, int b) { return a - b; }
static int op_mul(int a, int b) { return a * b; }
static int op_div(int a, int b) { return b == 0 ? 0 : a / b; }
static int (*const volatile kOps[])(int, int) = {op_add, op_sub, op_mul, op_div};

static unsigned classify(unsigned v) {
  switch (v % 9) {
    case 0: return 17;
    case 1: return v * 3;
    case 2: return v >> 3;
    case 3: return ~v;
    case 4: return v << 5;
    case 5: return (unsigned)((int)v >> 2);
    case 6: return v % 7;
    case 7: return v / 3;
    default: return (unsigned)((int)v % 13);
  }
}

int guest_main(void) {
  volatile struct Packed p = {1, 0x12345678, 0xabcd, 0x1122334455667788ull};
  p.u += p.c;
  p.l ^= p.u;
  print_hex(p.u);
  print_hex(p.s);
  print_hex((unsigned)(p.l >> 32));
  print_hex((unsigned)p.l);
  unsigned long long f = fold(1, 20);
  print_hex((unsigned)(f >> 32));
  print_hex((unsigned)f);
  print_hex((unsigned)(f / 1000003));
  print_hex(fib(20));
  int a = 1000;
  for (int i = 0; i < 40; ++i) a = kOps[i & 3](a, i * 7 - 30);
  print_hex((unsigned)a);
  unsigned c = 0;
  for (unsigned i = 0; i < 1000; ++i) c = c * 31 + classify(c ^ i * 2654435761u);
  print_hex(c);
  unsigned counter = 5;
  for (int i = 0; i < 100; ++i) __atomic_fetch_add(&counter, 3, __ATOMIC_SEQ_CST);
  unsigned expected = 305;
  print_hex(__atomic_compare_exchange_n(&counter, &expected, 99, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
                ? counter
                : 0);
  char* m = (char*)call(__NR_mmap2, 0, 8192, 3, 0x802, -1, 0); /* MAP_PRIVATE | MAP_ANONYMOUS */
  m[5000] = 7;
  print_hex((unsigned)m[5000] + (unsigned)m[4999]);
  long brk = call(__NR_brk, 0, 0, 0, 0, 0, 0);
  print_hex(call(__NR_brk, brk + 4096, 0, 0, 0, 0, 0) == brk + 4096);
  *(volatile char*)brk = 1;
  print_hex((unsigned)call(__NR_munmap, (long)m + 1, 4096, 0, 0, 0, 0));            /* EINVAL */
  print_hex((unsigned)call(__NR_close, 77, 0, 0, 0, 0, 0));                         /* EBADF */
  print_hex((unsigned)call(4999, 0, 0, 0, 0, 0, 0));                                /* ENOSYS, 89 */
  print_hex((unsigned)call(__NR_openat, -100, (long)"/no/such", 0x80000, 0, 0, 0)); /* ENOENT */
  return 0;
}
