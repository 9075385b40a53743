/* The harness's entry, its system calls, and the way into a record's code and back. */
        .set noreorder
        .set noat
        .text

        .globl __start
__start:
        lui     $gp, %hi(_gp)
        addiu   $gp, $gp, %lo(_gp)
        li      $t0, -8
        and     $sp, $sp, $t0
        jal     main
        addiu   $sp, $sp, -32
        move    $a0, $v0
        li      $v0, 4001               /* exit */
        syscall

/* long call(number, a, b, c, d, e, f) */
        .globl call
call:
        addiu   $sp, $sp, -32
        move    $v0, $a0
        move    $a0, $a1
        move    $a1, $a2
        move    $a2, $a3
        lw      $a3, 48($sp)
        lw      $t0, 52($sp)
        lw      $t1, 56($sp)
        sw      $t0, 16($sp)
        sw      $t1, 20($sp)
        syscall
        beqz    $a3, 1f
        addiu   $sp, $sp, 32
        negu    $v0, $v0
1:      jr      $ra
        nop

/* void enter(const unsigned* regs_hi_lo, unsigned* result_regs, const unsigned* code) */
        .globl enter
enter:
        lui     $t0, %hi(saved)
        addiu   $t0, $t0, %lo(saved)
        sw      $s0, 0($t0)
        sw      $s1, 4($t0)
        sw      $s2, 8($t0)
        sw      $s3, 12($t0)
        sw      $s4, 16($t0)
        sw      $s5, 20($t0)
        sw      $s6, 24($t0)
        sw      $s7, 28($t0)
        sw      $gp, 32($t0)
        sw      $sp, 36($t0)
        sw      $fp, 40($t0)
        sw      $ra, 44($t0)
        sw      $a1, 48($t0)
        move    $k0, $a0
        move    $k1, $a2
        lw      $t0, 128($k0)
        lw      $t1, 132($k0)
        mthi    $t0
        mtlo    $t1
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,28,29,30,31
        lw      $\n, 4*\n($k0)
        .endr
        jr      $k1
        nop

        .globl leave
leave:
        lui     $k0, %hi(saved)
        lw      $k0, %lo(saved)+48($k0)
        sw      $0, 0($k0)
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,28,29,30,31
        sw      $\n, 4*\n($k0)
        .endr
        mfhi    $t0
        mflo    $t1
        sw      $t0, 128($k0)
        sw      $t1, 132($k0)
        .globl abandon
abandon:
        lui     $t0, %hi(saved)
        addiu   $t0, $t0, %lo(saved)
        lw      $s0, 0($t0)
        lw      $s1, 4($t0)
        lw      $s2, 8($t0)
        lw      $s3, 12($t0)
        lw      $s4, 16($t0)
        lw      $s5, 20($t0)
        lw      $s6, 24($t0)
        lw      $s7, 28($t0)
        lw      $gp, 32($t0)
        lw      $sp, 36($t0)
        lw      $fp, 40($t0)
        lw      $ra, 44($t0)
        jr      $ra
        nop

        .bss
        .balign 8
saved:  .space 64
