#include "guest.h"

static unsigned table[256];
static unsigned char data[65536];

int guest_main(void) {
  for (unsigned i = 0; i < 256; ++i) {
    unsigned v = i;
    for (int k = 0; k < 8; ++k) v = (v & 1) != 0 ? v >> 1 ^ 0xedb88320 : v >> 1;
    table[i] = v;
  }
  unsigned x = 12345;
  for (unsigned i = 0; i < sizeof data; ++i) {
    x = x * 1103515245 + 12345;
    data[i] = x >> 16;
  }
  unsigned crc = ~0u;
  for (unsigned round = 0; round < 64; ++round) {
    for (unsigned i = 0; i < sizeof data; ++i) crc = crc >> 8 ^ table[(crc ^ data[i]) & 255];
  }
  print_hex(~crc);
  return 0;
}
