/* Entry of the test programs, and their system calls: long call(number, a, b, c, d, e, f) gives -errno on failure. */
        .set noreorder
        .text
        .globl __start
        .ent __start
__start:
        lui     $gp, %hi(_gp)
        addiu   $gp, $gp, %lo(_gp)
        move    $a0, $sp
        li      $t0, -8
        and     $sp, $sp, $t0
        jal     guest_main
        addiu   $sp, $sp, -32
        move    $a0, $v0
        li      $v0, 4246               /* exit_group */
        syscall
        .end __start

        .globl call
        .ent call
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
        .end call
