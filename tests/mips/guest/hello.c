#include "guest.h"

/* The arguments as the kernel lays them down: argc, argv. */
int guest_main(long* stack) {
  print("Hello, big-endian world\n");
  for (long i = 1; i < stack[0]; ++i) {
    print((const char*)stack[1 + i]);
    print("\n");
  }
  return (int)stack[0] + 40;
}
