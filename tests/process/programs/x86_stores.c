// Stores that cross into a page that may not be written, or out of one: nothing is written, and the fault
// names the first byte that could not be. Prints what is otherwise.
#define _GNU_SOURCE
#include <immintrin.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { kPage = 4096 };
static sigjmp_buf back;
static char* volatile fault_at;

static void on_fault(int signal, siginfo_t* info, void* context) {
  fault_at = info->si_addr;
  siglongjmp(back, 1);
}

__attribute__((target("avx"))) static void store32(char* p) {
  _mm256_storeu_si256((__m256i*)p, _mm256_set1_epi8(1));
}
static void store16(char* p) { _mm_storeu_si128((__m128i*)p, _mm_set1_epi8(1)); }

static void each_place(int bytes, void (*store)(char*), char* p) {
  for (int locked = 0; locked < 2; ++locked) {  // which of the two pages
    for (int at = kPage - bytes - 8; at < kPage + 8; ++at) {
      mprotect(p, 2 * kPage, PROT_READ | PROT_WRITE);
      memset(p, 0, 2 * kPage);
      mprotect(p + locked * kPage, kPage, PROT_READ);
      fault_at = NULL;
      if (sigsetjmp(back, 1) == 0) store(p + at);
      int written = 0;
      for (int i = 0; i < 2 * kPage; ++i) written += p[i];
      const char* expected = NULL;
      if (locked == 0 && at < kPage) expected = p + at;
      if (locked == 1 && at + bytes > kPage) expected = p + (at < kPage ? kPage : at);
      if (fault_at != expected || written != (expected == NULL ? bytes : 0))
        printf("%d bytes at %d, page %d locked: fault at %ld, %d written\n", bytes, at, locked,
               fault_at == NULL ? -1L : (long)(fault_at - p), written);
    }
  }
}

int main(void) {
  char* p = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  each_place(16, store16, p);
  if (__builtin_cpu_supports("avx")) each_place(32, store32, p);
  puts("done");
  return 0;
}
