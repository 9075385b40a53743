/* Dies by the signal that its argument asks for: d(ivision by zero), i(llegal), t(rap), s(egmentation). */
#include "guest.h"

int guest_main(long* stack) {
  volatile int zero = 0;
  switch (stack[0] > 1 ? *(const char*)stack[2] : 0) {
    case 'd': return 5 / zero;
    case 'i': __asm__ volatile(".word 0x7c0000ff"); return 1;
    case 't': __asm__ volatile("break 0"); return 1;
    case 's': return *(volatile int*)16;
    default: return 3;
  }
}
