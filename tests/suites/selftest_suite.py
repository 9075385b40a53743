"""The Linux kernel's own tests of what user space sees, as cases: tools/testing/selftests of Debian's linux-source-6.1.

The second opinion is the native build; arm64's own tests have none, so that each line "not ok" of theirs is a difference.
Tests that set the machine's clock, load modules or need devices are left out: they run with the caller's rights.
"""
import os

from case import Case

FOLDERS = """arm64/abi arm64/bti arm64/fp arm64/pauth arm64/signal/testcases arm64/tags arm64/mte clone3 core exec
futex/functional sigaltstack timers pidfd ptrace mqueue proc rseq vm membarrier openat2 seccomp syscall_user_dispatch kcmp
ipc capabilities mincore memfd prctl rlimits sched splice size tmpfs timens user vDSO breakpoints mount_setattr sync nsfs
pid_namespace filesystems/epoll filesystems/binderfs filesystems net cgroup perf_events landlock""".split()
# Programs that change the machine, or never end by themselves.
LEFT_OUT = """set-2038 set-tai change_skew adjtick freq-step leap-a-day leapcrash valid-adjtimex skew_consistency clocksource-switch
alarmtimer-suspend rtcpie set-timer-lat raw_skew set-tz sud_benchmark seccomp_benchmark fp-stress vlset hmm-tests
khugepaged gup_test ksm_tests compaction_test thuge-gen transhuge-stress userfaultfd mq_perf_tests threadtest
step_after_suspend_test inconsistency-check nsleep-lat mqueue-lat rename_attack_test hugepage-vmemmap charge_reserved_hugetlb
fd-003-kthread map_hugetlb hugepage-mmap hugepage-shm hugepage-mremap hugetlb-madvise cs_prctl_test udpgso_bench_rx
udpgso_bench_tx psock_fanout nettest txring_overwrite ioam6_parser msg_zerocopy gro toeplitz""".split()
WITH = {  # what is built into each program of a folder
    "arm64/signal/testcases": ["../test_signals.c", "../test_signals_utils.c", "../signals.S", "../sve_helpers.c", "testcases.c"],
    "arm64/mte": ["mte_common_util.c", "mte_helper.S"],
    "openat2": ["helpers.c"],
    "rseq": ["rseq.c"],
    "sync": ["sync.c", "sync_alloc.c", "sync_fence.c", "sync_merge.c", "sync_wait.c", "sync_stress_parallelism.c",
             "sync_stress_consumer.c", "sync_stress_merge.c"],
}
ONLY_WITH = {"arm64/abi/syscall-abi.c": ["syscall-abi-asm.S"], "arm64/pauth/pac.c": ["pac_corruptor.S", "helper.c"]}
FLAGS = {
    "arm64/signal/testcases": ["-std=gnu99", "-I.."],
    "arm64/mte": ["-std=gnu99", "-march=armv8.5-a+memtag"],
    "arm64/pauth": ["-mbranch-protection=pac-ret", "-march=armv8.3-a"],
    "arm64/abi": ["-march=armv8.5-a+sve"],
    "sched": ["-I/usr/include"],
}
NOT_OK = r"^\s*not ok \d+.*|^Bail out.*|^# Totals: .*fail:[1-9].*"


def cases(source):
    top = os.path.join(source, "tools/testing/selftests")
    for folder in FOLDERS:
        path = os.path.join(top, folder)
        if not os.path.isdir(path):
            continue
        helpers = {os.path.basename(name) for name in WITH.get(folder, [])}
        for name in sorted(os.listdir(path)):
            if name.endswith(".c") and name not in helpers and name[:-2] not in LEFT_OUT:
                yield case(top, folder, name)


def case(top, folder, name):
    path = os.path.join(top, folder)
    sources = [name] + WITH.get(folder, []) + ONLY_WITH.get(f"{folder}/{name}", [])
    tools = os.path.dirname(os.path.dirname(top))
    flags = ["-O2", "-w", "-D_GNU_SOURCE", "-I" + top, "-I" + path, "-I" + os.path.dirname(path),
             "-idirafter", os.path.join(tools, "include/uapi"),
             *[flag if flag != "-I.." else "-I" + os.path.dirname(path) for flag in FLAGS.get(folder, [])]]
    files = [os.path.join(path, source) for source in sources]
    link = ["-pthread", "-lrt", "-ldl"]
    own = folder.startswith("arm64")
    return Case("selftests", f"{folder}/{name}", ["aarch64-linux-gnu-gcc-12", *flags, *files], link,
                native=None if own else ["gcc-12", *flags, *files], native_link=link, lines=NOT_OK, seconds=60,
                skipped=4)
