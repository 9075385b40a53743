// Frame of the programs that run floating-point instructions of a guest for the tests: records from standard
// input, answers to standard output, no library.
#include <stdint.h>

struct Record {
  uint64_t op, mode, n[2], m[2], d[2];
};
struct Answer {
  uint64_t r[2], flags;
};

static void run(const struct Record* in, struct Answer* out);
static long sys_read(void* to, unsigned long bytes);
static long sys_write(const void* from, unsigned long bytes);
static void sys_exit(int status);

static struct Record records[512];
static struct Answer answers[512];

static void serve(void) {
  for (;;) {
    unsigned long have = 0;
    while (have < sizeof records) {
      long got = sys_read((char*)records + have, sizeof records - have);
      if (got <= 0) break;
      have += (unsigned long)got;
    }
    unsigned long count = have / sizeof records[0];
    for (unsigned long i = 0; i < count; ++i) run(&records[i], &answers[i]);
    const char* at = (const char*)answers;
    for (unsigned long left = count * sizeof answers[0]; left != 0;) {
      long put = sys_write(at, left);
      if (put <= 0) sys_exit(1);
      at += put;
      left -= (unsigned long)put;
    }
    if (have < sizeof records) sys_exit(0);
  }
}
