#!/usr/bin/env python3
"""run_case.py [OPTIONS] GROUP NAME: runs one case natively and by xarch, and compares.

Compared are standard output, standard error, status, and the files left behind. Each run gets the same fresh
directory, with the same small files in it. For debugging: --runner 'qemu-aarch64 -0 {argv0} -L {root}' puts another
program in xarch's place; --show prints what came out.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIME = 1600000000  # of all files made here


def case_line(group, name):
    with open(os.path.join(HERE, "cases", group + ".cases"), encoding="utf-8") as f:
        for line in f:
            if line.startswith(name + ": "):
                return line[len(name) + 2:].strip()
    sys.exit(f"run_case: {group}.cases has no {name}")


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make_files(where):
    """The files that cases work on."""
    os.makedirs(os.path.join(where, "dir/sub"))
    words = "pear apple fig banana cherry apple date elderberry fig grape".split()
    write(f"{where}/words", "\n".join(words) + "\n")
    write(f"{where}/numbers", "\n".join(str((i * 7919) % 1000) for i in range(200)) + "\n")
    write(f"{where}/table", "".join(f"{w}\t{len(w)}\t{i}\n" for i, w in enumerate(words)))
    write(f"{where}/left", "1 one\n2 two\n3 three\n5 five\n")
    write(f"{where}/right", "1 uno\n3 tres\n4 cuatro\n5 cinco\n")
    write(f"{where}/text", "".join(f"line {i}: the quick brown fox, number {i * i}\n" for i in range(120)))
    write(f"{where}/changed", "".join(f"line {i}: the {'slow' if i % 40 == 7 else 'quick'} brown fox, number {i * i}\n"
                                      for i in range(120)))
    write(f"{where}/tabs", "a\tb\tc\n\tindented\nx       y\n")
    write(f"{where}/empty", "")
    write(f"{where}/dir/one", "1\n")
    write(f"{where}/dir/sub/two", "2\n" * 100)
    write(f"{where}/script.sed", "s/quick/QUICK/\n5q\n")
    with open(f"{where}/binary", "wb") as f:
        f.write(bytes((i * i + 3 * i) % 256 for i in range(3000)))
    os.symlink("words", f"{where}/link")
    for base, dirs, files in os.walk(where, topdown=False):
        for entry in files + dirs:
            os.utime(os.path.join(base, entry), (TIME, TIME), follow_symlinks=False)
        for entry in files:
            if not os.path.islink(os.path.join(base, entry)):
                os.chmod(os.path.join(base, entry), 0o644)
    os.utime(where, (TIME, TIME))


def left_behind(where):
    """What stands in the directory, as comparable lines."""
    lines = []
    for base, dirs, files in os.walk(where):
        for entry in dirs + files:
            path = os.path.join(base, entry)
            status = os.lstat(path)
            kind = f"{os.path.relpath(path, where)} {status.st_mode:o}"
            if os.path.islink(path):
                kind += " -> " + os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    kind += f" {f.read()!r}"
            lines.append(kind)
    return sorted(lines)


# By Debian's name of the guest: the root of programs built here, and what ends their names.
GUESTS = {
    "arm64": ("/usr/aarch64-linux-gnu", "aarch64"),
    "amd64": ("/", "native"),
    "i386": ("/usr/i686-linux-gnu", "i386"),
}


class Sides:
    """The command lines of both sides for a program of the root, or one built here."""

    def __init__(self, options):
        self.options = options

    def wrap(self, argv0, root, path, arguments):
        o = self.options
        if o.runner:
            runner = shlex.split(o.runner.format(argv0=argv0, root=root))
        else:
            runner = [o.xarch, "run", "-L", root, "-0", argv0]
        return runner + [path] + arguments

    def of_root(self, path, arguments, name=None):
        """path: absolute, inside the roots. Natively it is started by its own root's loader, with its libraries."""
        guest, amd = f"{self.options.roots}/{self.options.guest}", f"{self.options.roots}/amd64"
        argv0 = name or os.path.basename(path)
        loader = [f"{amd}/lib64/ld-linux-x86-64.so.2", "--argv0", argv0, "--library-path",
                  f"{amd}/lib/x86_64-linux-gnu", amd + path]
        if "-static" in path:
            return [amd + path] + arguments, self.wrap(amd + path, guest, guest + path, arguments)
        return loader + arguments, self.wrap(argv0, guest, guest + path, arguments)

    def of_built(self, name):
        path = f"{self.options.built}/{name}"
        root, ending = GUESTS[self.options.guest]
        native = [path + ".native"]
        if ending == "i386":  # whose long and double are not amd64's; this machine runs it, too
            loader = [f"{root}/lib/ld-linux.so.2", "--argv0", path + ".i386", "--library-path", f"{root}/lib"]
            native = [*([] if "-static" in name else loader), path + ".i386"]
        return native, self.wrap(native[-1], root, f"{path}.{ending}", [])


def commands(options):
    sides = Sides(options)
    if options.group == "built":
        return sides.of_built(options.name), None, False
    words = shlex.split(case_line(options.group, options.name))
    any_order = words[-2:] == ["|", "sort"]
    words = words[:-2] if any_order else words
    stdin = None
    if len(words) > 2 and words[-2] == "<":
        stdin = words[-1]
        words = words[:-2]
    words = [w.replace("@scripts@", os.path.join(HERE, "scripts")) for w in words]
    program, arguments = words[0], words[1:]
    if options.group == "busybox":
        return sides.of_root("/opt/busybox-static/bin/busybox", words), stdin, any_order
    for folder in ("/usr/bin/", "/usr/sbin/", ""):
        path = folder + program
        if os.path.lexists(f"{options.roots}/{options.guest}{path}"):
            return sides.of_root(path, arguments), stdin, any_order
    sys.exit(f"run_case: the root has no {program}")


def execute(argv, stdin, where, limit):
    if os.path.exists(where):
        shutil.rmtree(where)
    os.mkdir(where)
    make_files(where)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/", "TERM": "dumb", "USER": "root"}
    with open(os.path.join(where, stdin) if stdin else os.devnull, "rb") as source:
        child = subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=where,
                                 env=environment, start_new_session=True)
        try:
            out, err = child.communicate(timeout=limit)
            status = child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            status = f"none after {limit} s"
    return {"standard output": out, "standard error": err, "status": status, "files": left_behind(where)}


def show_difference(part, native, foreign):
    print(f"{part} differs\n  natively: {str(native)[:2000]}\n  by xarch: {str(foreign)[:2000]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--xarch", default="xarch")
    parser.add_argument("--guest", default="arm64", choices=GUESTS)
    parser.add_argument("--roots", required=True)
    parser.add_argument("--built", default=".")
    parser.add_argument("--runner")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("group")
    parser.add_argument("name")
    options = parser.parse_args()
    (native_argv, foreign_argv), stdin, any_order = commands(options)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="xarch-case-") as top:
        where = os.path.join(top, "work")
        native = execute(native_argv, stdin, where, 50)
        foreign = execute(foreign_argv, stdin, where, 50)
    if any_order:
        for side in (native, foreign):
            side["standard output"] = sorted(side["standard output"].splitlines())
    if options.show:
        for part in native:
            print(f"{part}: {native[part]}")
    different = [part for part in native if native[part] != foreign[part]]
    for part in different:
        show_difference(part, native[part], foreign[part])
    if different:
        print("command: " + shlex.join(foreign_argv))
        sys.exit(1)


main()
