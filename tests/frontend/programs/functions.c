// Functions that --perf must find by name: of the program, of a library, and of a forked child.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) unsigned first_function(unsigned n) {
  volatile unsigned s = n;
  return s + 1;
}
__attribute__((noinline)) unsigned second_function(unsigned n) {
  volatile unsigned s = 0;
  for (unsigned i = 0; i < n; i++) s += i % 3 ? i : first_function(i);
  return s;
}
__attribute__((noinline)) unsigned childs_function(unsigned n) {
  volatile unsigned s = n;
  return s ^ 5;
}
static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

int main(void) {
  int numbers[40];
  for (int i = 0; i < 40; i++) numbers[i] = i * 7 % 40;
  qsort(numbers, 40, sizeof(int), compare);
  unsigned result = second_function(100);
  const int child = fork();
  if (child == 0) _exit(childs_function(result) == 0);
  waitpid(child, 0, 0);
  printf("%d %d\n", (int)getpid(), child);
  fflush(stdout);
  getchar();
  return 0;
}
