#!/usr/bin/env python3
"""memory.py [OPTIONS]: how much memory programs take by xarch, against natively, with bounds.

An idle python3 may be resident with at most 1.25 times what it is natively, and 8 MB; of 200 sleeping processes, executed
or forked, each may take 4 MB more than natively (proportional set sizes: what is shared counts once).
"""

import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import guest_root  # noqa: E402

COUNT = 200
PYTHON = "import os, time\nprint('ready', flush=True)\ntime.sleep(1000)"
EXECUTED = f"for ((i = 0; i < {COUNT}; i++)); do sleep 1000 & done; echo ready; wait"
FORKED = (f"import os, time\nfor i in range({COUNT}):\n    if os.fork() == 0:\n        time.sleep(1000)\n"
          "print('ready', flush=True)\ntime.sleep(1000)")


def kilobytes(pid, what):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what + ":"))


def at_rest(pid):
    """All of a process's children, when none of them has used the processor for a while."""
    last = None
    while True:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        times = []
        for child in children:
            with open(f"/proc/{child}/stat", encoding="ascii") as f:
                times.append(f.read().rsplit(")", 1)[1].split()[11:13])
        if times == last:
            return children
        last = times
        time.sleep(1)


def measure(options, side, argv, what):
    """Kilobytes: of the process itself, or of all its children."""
    command = guest_root.side_command(options, side, argv)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=guest_root.ENVIRONMENT,
                             start_new_session=True)
    try:
        if child.stdout.readline() != b"ready\n":
            sys.exit(f"{argv} does not start")
        children = at_rest(child.pid)
        return sum(kilobytes(c, what) for c in children) if children else kilobytes(child.pid, what)
    finally:
        os.killpg(child.pid, 9)
        child.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser)
    options = parser.parse_args()
    guest_root.require_namespaces()
    rows = [("idle python3, RSS", ["/usr/bin/python3", "-c", PYTHON], "Rss", lambda kb: 1.25 * kb + 8 * 1024),
            (f"{COUNT} sleeping, executed, PSS", ["/bin/bash", "-c", EXECUTED], "Pss", lambda kb: kb + COUNT * 4 * 1024),
            (f"{COUNT} sleeping, forked, PSS", ["/usr/bin/python3", "-c", FORKED], "Pss", lambda kb: kb + COUNT * 4 * 1024)]
    over = False
    for name, argv, what, bound in rows:
        native, foreign = (measure(options, side, argv, what) for side in guest_root.SIDES)
        over |= foreign > bound(native)
        print(f"{name}: {native / 1024:.1f} MB natively, {foreign / 1024:.1f} MB by xarch, "
              f"{bound(native) / 1024:.1f} MB allowed{': OVER' if foreign > bound(native) else ''}")
    sys.exit(over)


main()
