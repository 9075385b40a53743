// The smallest program: no library, a line and a status.
static long call(long number, long a, long b, long c) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}

static char zeros[70000];
static char text[] = "hello\n";

void _start(void) {
  long sum = 0;
  for (unsigned i = 0; i < sizeof zeros; ++i) sum += zeros[i];
  call(64, 1, (long)text, sizeof text - 1);
  call(93, 5 + sum, 0, 0);
}
