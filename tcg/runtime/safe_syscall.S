// xarch_safe_syscall: the check of the event word and the system call are one window; a signal handler that interrupts
// in it moves the pc to xarch_safe_syscall_refused (syscall_window.cc).
// System V order: rdi event, rsi number, rdx a, rcx b, r8 c, r9 d, 8(%rsp) e, 16(%rsp) f.
        .text
        .globl  xarch_safe_syscall, xarch_safe_syscall_start, xarch_safe_syscall_end, xarch_safe_syscall_refused
        .type   xarch_safe_syscall, @function
        .p2align 4
xarch_safe_syscall:
        .cfi_startproc
        movq    %rdi, %r11              // the kernel clobbers r11; it is not needed after the check
        movq    %rsi, %rax
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        movq    %r9, %r10
        movq    8(%rsp), %r8
        movq    16(%rsp), %r9
xarch_safe_syscall_start:
        cmpl    $0, (%r11)
        jne     xarch_safe_syscall_refused
        syscall
xarch_safe_syscall_end:
        ret
xarch_safe_syscall_refused:
        movq    $-512, %rax
        ret
        .cfi_endproc
        .size   xarch_safe_syscall, . - xarch_safe_syscall
        .section .note.GNU-stack, "", @progbits
