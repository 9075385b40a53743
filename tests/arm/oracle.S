// Runs batches of single instructions on given register states: what result_test compares with. Built for AArch64 and
// run by an emulator that is not ours. Reads from stdin: a Header, code, cases, data; writes cases and data to stdout.
//
// Memory: code at CODE (stubs), cases at CASES, data at DATA; sizes in the header. A stub ends by a branch to CODE or,
// if its instruction branched, to CODE + 16. x28 is not the instruction's.

#define CODE 0x10000000
#define DATA 0x20000000
#define CASES 0x30000000
#define HEADER 0x2ff00000

// Offsets in a case.
#define C_X 0
#define C_SP 248
#define C_V 256
#define C_NZCV 768
#define C_FPCR 776
#define C_FPSR 784
#define C_CODE 792
#define C_TAKEN 800
#define C_SIZE 816

  .text
  .globl _start
_start:
  ldr x0, =HEADER
  mov x1, #4096
  bl map
  ldr x1, =HEADER
  mov x2, #32
  bl read_all
  ldr x19, =HEADER
  ldr x0, =CODE
  ldr x1, [x19, #8]
  bl map
  ldr x0, =DATA
  ldr x1, [x19, #16]
  bl map
  ldr x0, =CASES
  ldr x1, [x19, #24]
  bl map
  ldr x1, =CODE
  ldr x2, [x19, #8]
  bl read_all
  ldr x1, =CASES
  ldr x2, [x19, #24]
  bl read_all
  ldr x1, =DATA
  ldr x2, [x19, #16]
  bl read_all
  ldr x0, =CODE
  adr x1, leave
  str x1, [x0, #8]
  adr x1, leave_taken
  str x1, [x0, #24]
  ldr x28, =CASES
  ldr x0, [x19]
  adr x1, remaining
  str x0, [x1]

next:
  adr x1, remaining
  ldr x0, [x1]
  cbz x0, done
  sub x0, x0, #1
  str x0, [x1]
  msr tpidr_el0, x28
  ldr x0, [x28, #C_FPCR]
  msr fpcr, x0
  ldr x0, [x28, #C_FPSR]
  msr fpsr, x0
  ldr x0, [x28, #C_NZCV]
  msr nzcv, x0
  ldr x0, [x28, #C_SP]
  mov sp, x0
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  ldr q\n, [x28, #C_V + 16 * \n]
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30
  ldr x\n, [x28, #C_X + 8 * \n]
  .endr
  ldr x28, [x28, #C_CODE]
  br x28

leave_taken:
  mrs x28, tpidr_el0
  str x0, [x28, #C_X]
  mov x0, #1
  str x0, [x28, #C_TAKEN]
  b save
leave:
  mrs x28, tpidr_el0
  str x0, [x28, #C_X]
save:
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30
  str x\n, [x28, #C_X + 8 * \n]
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  str q\n, [x28, #C_V + 16 * \n]
  .endr
  mov x0, sp
  str x0, [x28, #C_SP]
  mrs x0, nzcv
  str x0, [x28, #C_NZCV]
  mrs x0, fpcr
  str x0, [x28, #C_FPCR]
  mrs x0, fpsr
  str x0, [x28, #C_FPSR]
  add x28, x28, #C_SIZE
  b next

done:
  ldr x19, =HEADER
  ldr x1, =CASES
  ldr x2, [x19, #24]
  bl write_all
  ldr x1, =DATA
  ldr x2, [x19, #16]
  bl write_all
  mov x0, #0
  mov x8, #93
  svc #0

// x0 address, x1 bytes
map:
  mov x2, #7
  mov x3, #0x32
  mov x4, #-1
  mov x5, #0
  mov x8, #222
  svc #0
  ret
// x1 address, x2 bytes
read_all:
  mov x0, #0
  mov x8, #63
  svc #0
  cmp x0, #0
  b.le fail
  add x1, x1, x0
  subs x2, x2, x0
  b.ne read_all
  ret
write_all:
  mov x0, #1
  mov x8, #64
  svc #0
  cmp x0, #0
  b.le fail
  add x1, x1, x0
  subs x2, x2, x0
  b.ne write_all
  ret
fail:
  mov x0, #1
  mov x8, #93
  svc #0
  .ltorg
  .balign 8
remaining:
  .quad 0
