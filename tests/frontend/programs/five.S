# A MIPS program that exits with 5.
  .set noreorder
  .globl __start
  .ent __start
__start:
  li $4, 5
  li $2, 4001
  syscall
  nop
  .end __start
