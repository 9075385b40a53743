// xarch_guarded_copy(to, from, bytes): copies bytes; returns how many could not be copied because an access faulted, or
// up to 15 more. Instructions and structs are short, and words are quicker for them than a string operation.
// The signal handler turns a fault with a pc in [xarch_guarded_begin, xarch_guarded_end) into a jump to
// xarch_guarded_fixup; rcx then holds the bytes left. Same for the 32-bit accesses below.
  .text
  .globl xarch_guarded_begin, xarch_guarded_end, xarch_guarded_fixup
  .globl xarch_guarded_copy, xarch_guarded_load32, xarch_guarded_cas32, xarch_guarded_zero
xarch_guarded_begin:
  .p2align 4
xarch_guarded_copy:
  movq %rdx, %rcx
  testb $7, %dl
  jne 4f
  cmpq $128, %rdx
  ja 2f
  testb $8, %dl
  je 6f
5:movq (%rsi), %rax
  movq %rax, (%rdi)
  addq $8, %rsi
  addq $8, %rdi
  subq $8, %rcx
6:jrcxz 3f
7:movups (%rsi), %xmm0
  movups %xmm0, (%rdi)
  addq $16, %rsi
  addq $16, %rdi
  subq $16, %rcx
  jne 7b
  xorl %eax, %eax
  ret
4:cmpq $16, %rdx
  ja 2f
  testq %rdx, %rdx
  je 3f
1:movzbl (%rsi), %eax
  movb %al, (%rdi)
  incq %rsi
  incq %rdi
  decq %rcx
  jne 1b
3:xorl %eax, %eax
  ret
2:rep movsb
  xorl %eax, %eax
  ret

// xarch_guarded_zero(to, bytes): as above, with zeros.
xarch_guarded_zero:
  movq %rsi, %rcx
  xorl %eax, %eax
  rep stosb
  xorl %eax, %eax
  ret

// xarch_guarded_load32(from, out): 0, or not 0 if it faulted. The access is a single one.
xarch_guarded_load32:
  movl $4, %ecx
  movl (%rdi), %eax
  movl %eax, (%rsi)
  xorl %eax, %eax
  ret

// xarch_guarded_cas32(at, expected_and_old, desired): atomic; 0, or not 0 if it faulted. *expected_and_old becomes what
// was found.
xarch_guarded_cas32:
  movl $4, %ecx
  movl (%rsi), %eax
  lock cmpxchgl %edx, (%rdi)
  movl %eax, (%rsi)
  xorl %eax, %eax
  ret

xarch_guarded_fixup:
  movq %rcx, %rax
  ret
xarch_guarded_end:
  .section .note.GNU-stack,"",@progbits
