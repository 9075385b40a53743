#!/usr/bin/env python3
"""python_modules.py [OPTIONS] [MODULE…]: Python's own tests natively and by xarch, in the big roots, case by case.

A module is right if each of its cases passes, fails and is skipped as it does natively, and `python3 -m test` ends with
the same status; one that differs is run once more, on both sides. Without MODULE: those of python_modules.txt (--marked
WORD: those marked so there). Natively found results are kept in --results and not run again. Prints a line for each module that
differs, and figures at the end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import guest_root  # noqa: E402


def listed(mark):
    """The modules of the list, a line each: NAME [MARK…] [without CASE…], and the cases that are left out. With a mark
    those that have it."""
    modules = {}
    with open(os.path.join(HERE, "python_modules.txt"), encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words and (not mark or mark in words):
                modules[words[0]] = words[words.index("without") + 1:] if "without" in words else []
    return modules


def cases(path):
    """What became of each case, from the file that --junit-xml makes. Cases that fail have no name there."""
    results = {}
    if not os.path.exists(path):
        return results
    for case in tree.parse(path).iter("testcase"):
        name = f"{case.get('classname') or ''}.{case.get('name')}"
        parts = sorted({part.tag for part in case} & {"failure", "error", "skipped"})
        results[name] = parts[0] if parts else "ok"
    return results


def run(options, module, without, side):
    """One module on one side: {"status", "seconds", "cases", "tail"}."""
    with tempfile.TemporaryDirectory(prefix="xarch-python-") as out:
        argv = ["/usr/bin/python3", "-m", "test", "--junit-xml", "/tmp/out/cases.xml", module]
        for case in without:
            argv[3:3] = ["-i", case]
        command = guest_root.side_command(options, side, argv, [(out, "out")], processes=True)
        start = time.monotonic()
        with open(os.path.join(out, "output"), "w+b") as output:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     env=guest_root.ENVIRONMENT, start_new_session=True)
            try:
                status = child.wait(options.limit)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                status = f"none after {options.limit} s"
            output.seek(0)
            tail = output.read()[-options.tail:].decode(errors="replace")
        return {"status": status, "seconds": round(time.monotonic() - start, 1),
                "cases": cases(os.path.join(out, "cases.xml")), "tail": tail}


def natively(options, module, without):
    """From the file of an earlier run, if there is one."""
    kept = options.results and os.path.join(options.results, f"{module}.{guest_root.NATIVE[options.arch]}.json")
    if kept and os.path.exists(kept):
        with open(kept, encoding="utf-8") as f:
            return json.load(f)
    result = run(options, module, without, "native")
    if kept:
        with open(kept, "w", encoding="utf-8") as f:
            json.dump(result, f)
    return result


def differences(native, foreign):
    names = sorted(native["cases"].keys() | foreign["cases"].keys())
    return [n for n in names if native["cases"].get(n) != foreign["cases"].get(n)]


def compare(options, module, without):
    native = natively(options, module, without)
    if options.native:
        print(f"{module}: status {native['status']}, {len(native['cases'])} cases, {native['seconds']} s", flush=True)
        return True
    foreign = run(options, module, without, "xarch")
    if differences(native, foreign) or native["status"] != foreign["status"]:
        # Some cases measure time; on a busy machine they fail on either side, and not twice.
        native, foreign = (run(options, module, without, side) for side in guest_root.SIDES)
        print(f"{module}: once more")
    if options.results:
        with open(os.path.join(options.results, f"{module}.{options.arch}.xarch.json"), "w", encoding="utf-8") as f:
            json.dump(foreign, f)
    different = differences(native, foreign)
    # Where not even the native side ends by itself there is nothing to compare with.
    same = not different and native["status"] == foreign["status"] and "Tests result:" in native["tail"]
    print(f"{module}: {'same' if same else 'DIFFERENT'}, status {native['status']} and {foreign['status']}, "
          f"{len(native['cases'])} cases, {native['seconds']} s and {foreign['seconds']} s", flush=True)
    for name in different:
        print(f"  {name}: natively {native['cases'].get(name)}, by xarch {foreign['cases'].get(name)}")
    if not same:
        print("  " + foreign["tail"].replace("\n", "\n  "), flush=True)
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser)
    parser.add_argument("--marked", metavar="WORD", help="fast or core: see python_modules.txt")
    parser.add_argument("--part", default="1/1", help="I/N: every Nth of the list")
    parser.add_argument("--native", action="store_true", help="only natively")
    parser.add_argument("--limit", type=float, default=1200, help="seconds for a module")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds after which no other module is begun")
    parser.add_argument("--tail", type=int, default=3000, help="bytes of output to show of a module that differs")
    parser.add_argument("--results", help="directory for what was found")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    guest_root.require_namespaces()
    if options.results:
        os.makedirs(options.results, exist_ok=True)
    without = listed(options.marked)
    if options.modules:
        without = {m: without.get(m, []) for m in options.modules}
    part, parts = map(int, options.part.split("/"))
    without = dict(list(without.items())[part - 1::parts])
    start, right, done = time.monotonic(), 0, 0
    for module in without:
        if time.monotonic() - start > options.budget:
            break
        done += 1
        right += compare(options, module, without[module])
    print(f"{right} of {done} modules are as natively, {len(without) - done} not begun, "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(right != done)


main()
