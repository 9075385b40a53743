# A boot sector that a PC emulator runs: it works in real mode, in 32-bit protected mode and on the x87, and writes what it
# found into the second sector of the disk it was started from: text of 512 bytes.
#
# Primes below 32,768 by a sieve (count and sum), the sum of square roots of 1 to 1,000 in thousandths, and a checksum of the
# sieve made in protected mode.
  .code16
  .globl _start
_start:
  ljmp $0, $1f
1:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %ss
  movw $0x7c00, %sp
  movb %dl, drive
  cld

  # The sieve: a byte per number in segment 0x1000.
  movw $0x1000, %ax
  movw %ax, %es
  xorw %di, %di
  movw $kNumbers, %cx
  movb $1, %al
  rep stosb
  movw $2, %si
2:
  movw %si, %ax
  mulw %si
  jc 5f
  cmpw $kNumbers, %ax
  jae 5f
  cmpb $0, %es:(%si)
  je 4f
  movw %ax, %di
3:
  movb $0, %es:(%di)
  addw %si, %di
  cmpw $kNumbers, %di
  jb 3b
4:
  incw %si
  jmp 2b
5:
  xorl %ebx, %ebx  # count
  xorl %ebp, %ebp  # sum
  movw $2, %si
6:
  cmpb $0, %es:(%si)
  je 7f
  incl %ebx
  movzwl %si, %eax
  addl %eax, %ebp
7:
  incw %si
  cmpw $kNumbers, %si
  jb 6b
  movl %ebx, count
  movl %ebp, sum

  # The x87: thousandths of the sum of square roots.
  fninit
  fldz
  movw $1000, %cx
8:
  movw %cx, number
  filds number
  fsqrt
  faddp
  loop 8b
  filds thousand
  fmulp
  fistpl roots

  # Protected mode: a rotating checksum of the sieve by 32-bit words.
  cli
  lgdtl table
  movl %cr0, %eax
  orb $1, %al
  movl %eax, %cr0
  ljmp $8, $9f
  .code32
9:
  movw $16, %ax
  movw %ax, %ds
  movl $0x10000, %esi
  movl $kNumbers / 4, %ecx
  xorl %edx, %edx
10:
  lodsl
  roll $5, %edx
  xorl %eax, %edx
  imull $0x01000193, %edx
  loop 10b
  movl %edx, check
  ljmp $24, $11f
  .code16
11:
  movw $32, %ax
  movw %ax, %ds
  movl %cr0, %eax
  andb $0xfe, %al
  movl %eax, %cr0
  ljmp $0, $12f
12:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  sti

  # The report: decimal numbers in lines, on the screen and in the buffer.
  movw $buffer, %di
  movw $count, %si
  movw $4, %cx
13:
  pushw %cx
  lodsl
  xorw %cx, %cx
  movl $10, %ebx
14:
  xorl %edx, %edx
  divl %ebx
  pushw %dx
  incw %cx
  testl %eax, %eax
  jnz 14b
15:
  popw %ax
  addb $'0', %al
  call put
  loop 15b
  movb $'\n', %al
  call put
  popw %cx
  loop 13b

  movw $0x0301, %ax  # write a sector, cylinder 0, head 0, sector 2
  movw $buffer, %bx
  movw $2, %cx
  movb $0, %dh
  movb drive, %dl
  int $0x13
  movw $0x0201, %ax  # read another one, for emulators that keep what was written in a buffer
  movw $0x8000, %bx
  movw $1, %cx
  movb $0, %dh
  movb drive, %dl
  int $0x13
16:
  hlt
  jmp 16b

put:
  stosb
  pushaw
  movb $0x0e, %ah
  movw $7, %bx
  int $0x10
  popaw
  ret

  .set kNumbers, 32768
thousand: .word 1000
number: .word 0
drive: .byte 0
count: .long 0
sum: .long 0
roots: .long 0
check: .long 0
  .p2align 2
segments:
  .quad 0
  .quad 0x00cf9a000000ffff  # 32-bit code
  .quad 0x00cf92000000ffff  # data
  .quad 0x00009a000000ffff  # 16-bit code
  .quad 0x000092000000ffff  # data of 64 KB
table:
  .word . - segments - 1
  .long segments
  .org 510
  .word 0xaa55
  .set buffer, 0x7e00
