// Code whose x87 stack is of one depth where it comes to a place from above, and of another where it branches
// there; natively and emulated the same must come out.
#include <stdio.h>

// The sum of n values, or the first negative one's amount: a loop whose rest lies behind its end, where the
// stack is of another depth.
double rest_behind(const double* values, long n);
// 20 if turn is 0, else 4: two ways of different depth to one place.
double two_depths(long turn);

__asm__(
    ".text\n"
    "rest_behind:\n"
    "  fldz\n"
    "again:\n"
    "  test %rsi, %rsi\n"
    "  je done\n"
    "  fldl (%rdi)\n"
    "  fldz\n"
    "  fucomip %st(1), %st\n"
    "  jbe rest\n"
    "  fchs\n"
    "done:\n"
    "  fstpl -8(%rsp)\n"
    "  fninit\n"
    "  movsd -8(%rsp), %xmm0\n"
    "  ret\n"
    "rest:\n"
    "  faddp %st, %st(1)\n"
    "  add $8, %rdi\n"
    "  dec %rsi\n"
    "  jmp again\n"
    "two_depths:\n"
    "  fld1\n"
    "  fld1\n"
    "  fld1\n"
    "  faddp %st, %st(1)\n"
    "  test %rdi, %rdi\n"
    "  jne 1f\n"
    "  fldl ten(%rip)\n"
    "1:\n"
    "  fxch %st(1)\n"
    "  fstp %st(0)\n"
    "  fadd %st(0), %st(0)\n"
    "  fstpl -8(%rsp)\n"
    "  fninit\n"
    "  movsd -8(%rsp), %xmm0\n"
    "  ret\n"
    ".data\n"
    "ten: .double 10\n"
    ".text\n");

int main(void) {
  const double positive[] = {1, 2, 3, 4, 5}, mixed[] = {1, 2, 3, -7, 5};
  // What is new may be executed in another way than what is not.
  for (int i = 0; i < 20; i++) {
    printf("%g %g %g", rest_behind(positive, 5), rest_behind(mixed, 5), rest_behind(positive, i % 5));
    printf(" %g %g\n", two_depths(i % 3), two_depths(i));
  }
}
