#!/usr/bin/env python3
"""Builds the programs of other projects' test suites and runs them by xarch, with qemu-aarch64 as second opinion.

Called by scripts/suites, which fetches the sources. Prints a table of suites and the list of differences.
"""
import argparse
import concurrent.futures
import json
import os
import sys
import time

import gcc_suites
import glibc_suite
import go_suite
import selftest_suite
from case import Sides

LEVELS = {"quick": ["-O2"], "full": ["-O0", "-O2", "-O3"]}


def suites(source, levels, work):
    """All suites by name: functions that yield cases."""
    tests = os.path.join(source, "gcc-12.2.0/gcc/testsuite")

    def gcc(name, tops, endings=(".c",), flags=()):
        return name, lambda: gcc_suites.cases(name, tests, tops, endings, levels, flags)

    return dict([
        gcc("execute", ["gcc.c-torture/execute"]),
        gcc("aarch64", ["gcc.target/aarch64"]),
        gcc("gcc.dg", ["gcc.dg"]),
        gcc("c-c++-common", ["c-c++-common"]),
        gcc("g++.dg", ["g++.dg"], (".C",)),
        gcc("g++.old-deja", ["g++.old-deja"], (".C",)),
        gcc("fortran", ["gfortran.dg", "gfortran.fortran-torture/execute"], (".f", ".f90", ".F90", ".f03", ".f08")),
        ("glibc", glibc_suite.Glibc(os.path.join(source, "glibc-2.36"), work).cases),
        ("selftests", lambda: selftest_suite.cases(os.path.join(source, "linux-source-6.1"))),
        ("go", lambda: go_suite.cases(work)),
    ])


class Report:
    def __init__(self, path):
        self.counts = {}
        self.different = []
        self.log = open(path, "a", encoding="utf-8") if path else None

    def add(self, case, verdict, ours, theirs):
        row = self.counts.setdefault(case.suite, {"unbuilt": 0, "passed": 0, "same": 0, "different": 0})
        row[verdict] += 1
        if verdict == "different":
            self.different.append((case, ours, theirs))
            print(f"DIFFERENT {case.suite} {case.name}: {ours.status} / {theirs.status}", flush=True)
        if self.log:
            record = {"suite": case.suite, "name": case.name, "verdict": verdict, "ours": ours.status,
                      "theirs": theirs.status if theirs else None, "command": case.command + case.link}
            if verdict == "different":
                record["errors"] = (ours.output + ours.errors)[-3000:].decode("latin-1")
                record["found"] = sorted(line.decode() for line in ours.found(case)) if case.lines else []
            self.log.write(json.dumps(record) + "\n")
            self.log.flush()

    def show(self):
        print(f"{'suite':16} {'run':>6} {'same':>6} {'different':>9} {'unbuilt':>8}")
        for suite, row in self.counts.items():
            same = row["passed"] + row["same"]
            print(f"{suite:16} {same + row['different']:6} {same:6} {row['different']:9} {row['unbuilt']:8}")
        for case, ours, theirs in self.different:
            print(f"{case.suite} {case.name}: xarch {ours.status}, qemu {theirs.status}")


def settle(sides, case):
    """A case's verdict; what differs is tried once more, alone or not: a busy machine makes slow programs slower."""
    verdict, ours, theirs = sides.judge(case)
    if verdict == "different":
        verdict, ours, theirs = sides.judge(case)
    return case, verdict, ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xarch", required=True)
    parser.add_argument("--qemu", default="qemu-aarch64")
    parser.add_argument("--sysroot", default="/usr/aarch64-linux-gnu")
    parser.add_argument("--source", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--suite", default="all")
    parser.add_argument("--match", default="", help="only cases whose name holds this text")
    parser.add_argument("--levels", default="quick", choices=LEVELS)
    parser.add_argument("--budget", type=float, default=0, help="seconds after which no case is begun")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--log", default="")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first N cases")
    parser.add_argument("--every", type=int, default=1, help="take one case in N")
    options = parser.parse_args()
    table = suites(options.source, LEVELS[options.levels], options.work)
    names = list(table) if options.suite == "all" else options.suite.split(",")
    unknown = [name for name in names if name not in table]
    if unknown:
        sys.exit(f"suites: no suite {unknown[0]}; there are {' '.join(table)}")
    cases = [case for name in names for case in table[name]() if options.match in case.name]
    cases = cases[options.skip::options.every]
    sides = Sides(options.xarch, options.qemu, options.sysroot, options.work)
    report = Report(options.log)
    end = time.monotonic() + options.budget if options.budget else None
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = iter(cases)
        running = set()
        while True:
            while len(running) < options.jobs and not (end and time.monotonic() > end):
                case = next(waiting, None)
                if case is None:
                    break
                running.add(pool.submit(settle, sides, case))
            if not running:
                break
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                report.add(*future.result())
    report.show()
    sys.exit(1 if report.different else 0)


if __name__ == "__main__":
    main()
