// Segments of an x86 process: what entries of the LDT become, and what stays of bases that are set by
// arch_prctl.
#include "check.h"

#include <asm/ldt.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#endif

static void show_entry(const char* what, unsigned selector) {
  unsigned rights = 0, limit = 0;
  unsigned char has_rights, has_limit;
  __asm__("lar %2, %0\n\tsetz %1" : "+r"(rights), "=q"(has_rights) : "r"(selector) : "cc");
  __asm__("lsl %2, %0\n\tsetz %1" : "+r"(limit), "=q"(has_limit) : "r"(selector) : "cc");
  // Linux versions differ in the accessed bit.
  printf("%s: %d %x, %d %x\n", what, has_rights, rights & 0xf0fe00, has_limit, limit);
}

static void local_table(void) {
  struct user_desc d;
  memset(&d, 0, sizeof d);
  SHOW(syscall(SYS_modify_ldt, 0x11, &d, sizeof d));
  show_entry("zero", 7);
  SHOW(syscall(SYS_modify_ldt, 1, &d, sizeof d));
  show_entry("zero, old", 7);
  d.limit = 5;
  d.seg_32bit = 1;
  d.limit_in_pages = 1;
  SHOW(syscall(SYS_modify_ldt, 0x11, &d, sizeof d));
  show_entry("data", 7);
  memset(&d, 0, sizeof d);
  d.read_exec_only = 1;
  d.seg_not_present = 1;
  SHOW(syscall(SYS_modify_ldt, 0x11, &d, sizeof d));
  show_entry("empty", 7);
}

#ifdef __x86_64__
static void handler(int signo) { (void)signo; }

static void show_gs(const char* what) {
  unsigned selector;
  unsigned long base = 0;
  __asm__ volatile("mov %%gs, %0" : "=r"(selector));
  syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  printf("%s: %x %lx\n", what, selector, base);
}

static void bases(void) {
  static long word[2];
  signal(SIGUSR1, handler);
  __asm__ volatile("mov %0, %%gs" : : "r"(0x2b));
  show_gs("loaded");
  SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, word) != 0);
  unsigned selector;
  __asm__ volatile("mov %%gs, %0" : "=r"(selector));
  printf("set: %x\n", selector);
  raise(SIGUSR1);
  unsigned long base = 0;
  syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  VALUE(base == (unsigned long)word);
  SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, 0UL));
  show_gs("cleared");
}
#endif

int main(void) {
  local_table();
#ifdef __x86_64__
  bases();
#endif
  return 0;
}
