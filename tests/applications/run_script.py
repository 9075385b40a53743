#!/usr/bin/env python3
"""run_script.py [OPTIONS] SCRIPT: runs a script of scripts/ in both big roots, natively and by xarch, and compares.

Compared are standard output, standard error and status. The script finds itself in /tmp, a fresh directory, with what
generated.py makes in /tmp/data. For debugging: --qemu puts Debian's qemu-user in xarch's place (of arm64), --show prints
all, --only native or xarch runs one side.
"""

import argparse
import difflib
import fcntl
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../support"), os.path.join(HERE, "../bench")]
import generated  # noqa: E402
import guest_root  # noqa: E402

PROGRAMS = {".py": "/usr/bin/python3", ".sh": "/bin/bash", ".pl": "/usr/bin/perl", ".rb": "/usr/bin/ruby",
            ".lua": "/usr/bin/lua5.4", ".php": "/usr/bin/php8.2"}


def make_data(where):
    """Once, however many tests start together."""
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, source = os.path.join(where, "complete"), generated.__file__
        if os.path.exists(done) and os.path.getmtime(done) > os.path.getmtime(source):
            return
        generated.text(f"{where}/text", 20000)
        generated.sql_script(f"{where}/rows.sql", 200000)
        generated.cxx_project(f"{where}/project", 200)
        generated.cxx_project(f"{where}/small", 12)
        with open(done, "w", encoding="ascii"):
            pass


def run(options, side):
    argv = [PROGRAMS[os.path.splitext(options.script)[1]], "/tmp/scripts/" + options.script]
    command = guest_root.side_command(options, side, argv, [(os.path.join(HERE, "scripts"), "scripts"), (options.data, "data")],
                                      processes=True, qemu="/usr/bin/qemu-aarch64" if options.qemu else None)
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=guest_root.ENVIRONMENT, start_new_session=True)
        try:
            status = child.wait(options.limit)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            status = f"none after {options.limit} s"
        out.seek(0)
        err.seek(0)
        result = {"standard output": out.read().decode(errors="backslashreplace"),
                  "standard error": err.read().decode(errors="backslashreplace"), "status": str(status)}
    print(f"{side}: {time.monotonic() - start:.1f} s, status {status}")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser)
    parser.add_argument("--data", default=os.path.join(guest_root.ROOT, "build/applications"))
    parser.add_argument("--limit", type=float, default=420)
    parser.add_argument("--qemu", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", choices=guest_root.SIDES)
    parser.add_argument("script")
    options = parser.parse_args()
    guest_root.require_namespaces()
    make_data(options.data)
    results = [run(options, side) for side in guest_root.SIDES if options.only in (None, side)]
    if options.show or options.only:
        for result in results:
            print("\n".join(f"{part}: {text}" for part, text in result.items()))
    wrong = results[0]["status"] != "0"
    if wrong:
        print("a script must end with status 0 natively:\n" + results[0]["standard error"][-3000:])
    for part in results[0]:
        if results[0][part] != results[-1][part]:
            wrong = True
            lines = difflib.unified_diff(results[0][part].splitlines(), results[-1][part].splitlines(), "natively",
                                         "by xarch", lineterm="", n=2)
            print(f"{part} differs\n" + "\n".join(lines)[:6000])
    sys.exit(wrong)


main()
