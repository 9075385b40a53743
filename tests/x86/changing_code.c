// Code that changes while it runs, as x86 allows without any cache maintenance, and code that is not there.
// Prints what comes out; natively and emulated it must be the same.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { kPage = 4096 };
typedef int Fn(int);

static int call(const uint8_t* at, int argument) {
  Fn* fn;
  memcpy(&fn, &at, sizeof fn);
  return fn(argument);
}

static void put(uint8_t* at, const char* bytes, size_t n) { memcpy(at, bytes, n); }
#define PUT(at, bytes) put(at, bytes, sizeof bytes - 1)

// How often new code pages have been written and run before, as those of a compiler that runs have.
static int g_turns;

static uint8_t* code_page(void) {
  uint8_t* p = mmap(NULL, 4 * kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int n = 0, sum = 0; n < g_turns; ++n) {
    // mov eax, n; add eax, edi; ret
    PUT(p + kPage - 16, "\xb8\x00\x00\x00\x00\x01\xf8\xc3");
    p[kPage - 15] = (uint8_t)n;
    sum += call(p + kPage - 16, 3);
    if (n == g_turns - 1) printf("%d turns: %d\n", g_turns, sum);
  }
  return p;
}

// A store to the instruction right behind it.
static void just_ahead(void) {
  uint8_t* p = code_page();
  // mov byte [rip+1], 0x2a; mov eax, 1; ret
  PUT(p, "\xc6\x05\x01\x00\x00\x00\x2a\xb8\x01\x00\x00\x00\xc3");
  printf("just ahead: %d\n", call(p, 0));
  p[8] = 7;
  printf("again: %d\n", call(p, 0));
}

// Stores to instructions further on, straight on and behind a branch.
static void further_ahead(void) {
  uint8_t* p = code_page();
  // mov eax, edi; mov byte [rip+9], 0x2a; add eax, 1; add eax, 2; add eax, 3; ret
  PUT(p, "\x89\xf8\xc6\x05\x05\x00\x00\x00\x2a\x83\xc0\x01\x83\xc0\x02\x83\xc0\x03\xc3");
  printf("further ahead: %d\n", call(p, 100));
  uint8_t* q = code_page();
  // mov eax, edi; test edi, edi; jz L; mov byte [rip+8], 0x2b; add eax, 1; L: add eax, 2; add eax, 3; ret
  PUT(q, "\x89\xf8\x85\xff\x74\x0a\xc6\x05\x08\x00\x00\x00\x2b\x83\xc0\x01\x83\xc0\x02\x83\xc0\x03\xc3");
  printf("behind a branch: %d", call(q, 0));
  printf(" %d", call(q, 100));
  printf(" %d\n", call(q, 0));
}

// A loop without stores whose code the caller changes between its runs.
static void between_runs(void) {
  uint8_t* p = code_page();
  // xor eax, eax; L: add eax, 1; sub edi, 1; jnz L; ret
  PUT(p, "\x31\xc0\x83\xc0\x01\x83\xef\x01\x75\xf8\xc3");
  int sum = 0;
  for (int n = 0; n < 60; ++n) {
    p[4] = (uint8_t)n;
    sum += call(p, 10);
  }
  printf("between runs: %d\n", sum);
}

// A loop that counts in its own immediate.
static void own_immediate(void) {
  uint8_t* p = code_page();
  // xor eax, eax; L: inc dword [rip+2]; add eax, imm32 (5 bytes: 05 imm); dec edi; jnz L; ret
  PUT(p, "\x31\xc0\xff\x05\x01\x00\x00\x00\x05\x00\x00\x00\x00\xff\xcf\x75\xf1\xc3");
  printf("own immediate: %d\n", call(p, 300));
}

// Stores of 16 bytes, of a repetition and of a locked exchange over what comes next.
static void wide_stores(void) {
  uint8_t* p = code_page();
  // movups xmm0, [rip+25]; movups [rip+2], xmm0; nop; nop; then ud2, over which the 16 bytes at 32 go
  PUT(p, "\x0f\x10\x05\x19\x00\x00\x00\x0f\x11\x05\x02\x00\x00\x00\x90\x90");
  PUT(p + 16, "\x0f\x0b\x0f\x0b\x0f\x0b\x0f\x0b\x0f\x0b\x0f\x0b\x0f\x0b\x0f\x0b");
  PUT(p + 32, "\xb8\x63\x00\x00\x00\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xc3");
  printf("sixteen bytes: %d\n", call(p, 0));

  uint8_t* q = code_page();
  // lea rdi, [rip+9]; mov ecx, 40; mov al, 0x90; rep stosb; (40 bytes of hlt); mov eax, 5; ret
  PUT(q, "\x48\x8d\x3d\x09\x00\x00\x00\xb9\x28\x00\x00\x00\xb0\x90\xf3\xaa");
  memset(q + 16, 0xf4, 40);
  PUT(q + 56, "\xb8\x05\x00\x00\x00\xc3");
  printf("repetition: %d\n", call(q, 0));

  uint8_t* r = code_page();
  // mov ecx, 0x90909090; xchg [rip+0], ecx; ud2; ud2; mov eax, 6; ret
  PUT(r, "\xb9\x90\x90\x90\x90\x87\x0d\x00\x00\x00\x00\x0f\x0b\x0f\x0b\xb8\x06\x00\x00\x00\xc3");
  printf("exchange: %d\n", call(r, 0));
}

// The same memory at two places, one to write and one to execute.
static void two_mappings(void) {
  const int fd = memfd_create("code", 0);
  if (ftruncate(fd, kPage) != 0) return;
  uint8_t* w = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const uint8_t* x = mmap(NULL, kPage, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  int64_t sum = 0;
  PUT(w, "\xb8\x00\x00\x00\x00\xc3");
  for (int n = 0; n < 2000; n++) {
    memcpy(w + 1, &n, 4);
    sum += call(x, 0);
  }
  printf("two mappings: %ld\n", (long)sum);
}

// By the kernel, and between turns of protection.
static void by_the_kernel(void) {
  uint8_t* p = code_page();
  int fds[2], sum = 0;
  if (pipe(fds) != 0) return;
  PUT(p, "\xb8\x00\x00\x00\x00\xc3");
  for (int n = 0; n < 50; n++) {
    if (write(fds[1], &n, 4) != 4 || read(fds[0], p + 1, 4) != 4) return;
    sum += call(p, 0);
    mprotect(p, kPage, PROT_READ | PROT_WRITE);
    p[1] ^= 1;
    mprotect(p, kPage, PROT_READ | PROT_EXEC);
    sum += 100 * call(p, 0);
    mprotect(p, kPage, PROT_READ | PROT_WRITE | PROT_EXEC);
  }
  printf("by the kernel: %d\n", sum);
}

static uint8_t* g_patched;
static volatile int g_runs;
static void* patcher(void* unused) {
  while (g_runs < 1000) sched_yield();
  // jmp to itself becomes two NOPs, in one store.
  __atomic_store_n((uint16_t*)(void*)g_patched, 0x9090, __ATOMIC_SEQ_CST);
  return unused;
}

// Another thread takes a branch out.
static void by_another_thread(void) {
  uint8_t* p = code_page();
  pthread_t t;
  // jmp $; mov eax, 9; ret
  PUT(p, "\xeb\xfe\xb8\x09\x00\x00\x00\xc3");
  g_patched = p;
  pthread_create(&t, NULL, patcher, NULL);
  g_runs = 1000;
  printf("another thread: %d\n", call(p, 0));
  pthread_join(t, NULL);
}

static uint8_t* g_second;
static void on_fault(int signo, siginfo_t* info, void* context) {
  const ucontext_t* uc = context;
  const long pc = (long)(uc->uc_mcontext.gregs[REG_RIP] - (greg_t)(uintptr_t)g_second);
  const long at = (long)((intptr_t)info->si_addr - (intptr_t)g_second);
  // Whether the page is there but forbidden (bit 0 of the error) is the host's affair.
  printf("fetch: signal %d, pc %ld, address %ld, error %lx\n", signo, pc, at,
         (unsigned long)uc->uc_mcontext.gregs[REG_ERR] & ~1ul);
  mprotect(g_second, kPage, PROT_READ | PROT_WRITE | PROT_EXEC);
}

// An instruction whose second half cannot be fetched at first.
static void second_page(void) {
  struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &sa, NULL);
  for (int first = 1; first < 5; first++) {
    uint8_t* p = code_page();
    g_second = p + kPage;
    uint8_t* at = g_second - first - 1;
    PUT(at, "\x90\xb8\x01\x02\x00\x00\xc3");
    mprotect(g_second, kPage, PROT_NONE);
    printf("second page: %d\n", call(at, 0));
  }
}

// A function changes the code that it returns to.
static void return_into(void) {
  uint8_t* p = code_page();
  // call callee; mov eax, 1; ret; callee: mov byte [rip-12], 0x4d; ret
  PUT(p, "\xe8\x06\x00\x00\x00\xb8\x01\x00\x00\x00\xc3\xc6\x05\xf4\xff\xff\xff\x4d\xc3");
  printf("return into: %d\n", call(p, 0));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (g_turns = 0; g_turns <= 40; g_turns += 40) {
    just_ahead();
    further_ahead();
    own_immediate();
    between_runs();
    wide_stores();
    two_mappings();
    by_the_kernel();
    by_another_thread();
    second_page();
    return_into();
  }
  return 0;
}
