/* Compiled, not run: the o32 tables against the kernel's headers. */
#include <asm/fcntl.h>
#include <asm/mman.h>
#include <asm/unistd.h>
#include <linux/errno.h>

#define NUMBER(name, number) _Static_assert(__NR_##name == (number) || (number) == __NR_mmap2, #name);
#include "targets/mips/user/numbers_o32.def"
#undef NUMBER

#define ERRNO(name, number) _Static_assert(name == (number), #name);
#include "targets/mips/user/errno_o32.def"
#undef ERRNO

#ifndef O_ASYNC
#define O_ASYNC FASYNC
#endif
#define OPEN(name, value) _Static_assert(name == (value), #name);
#define MAP(name, value) _Static_assert(name == (value), #name);
#include "targets/mips/user/flags_o32.def"
