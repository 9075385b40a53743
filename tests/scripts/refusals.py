#!/usr/bin/env python3
"""refusals.py [CASE…]: scripts started where they cannot work: one line says why, and nothing is left behind.

Each case runs as the user of a namespace of its own, in a copy of the tree below a temporary directory, /tmp/x there.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import guest_root  # noqa: E402

ROOT = guest_root.ROOT
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
TINY = "mount -t tmpfs -o size=8m tiny {}"
NO_SPACES = "echo 0 >/proc/sys/user/max_user_namespaces"

# Tools that stand in for real ones: a build that fills the disk and doesn't say so; a debootstrap whose second stage takes
# a minute, and doesn't heed signals.
FAKES = {
    "cmake": """if [ "$1" = --preset ]; then mkdir -p build/release; exec touch build/release/build.ninja; fi
dd if=/dev/zero of=build/filler bs=1M 2>/dev/null; echo ar: unable to copy file; exit 1""",
    "debootstrap": """for last; do root=${where-}; where=$last; done
mkdir -p "$root/bin" "$root/debootstrap"; touch "$root/debootstrap/required"
cp --parents $(ldd /bin/sh | grep -o '/[^ ]*') "$root"; cp /bin/sh "$root/bin"
echo 'trap "" INT TERM; : >/started; i=0; while [ $i -lt 20000000 ]; do i=$((i + 1)); done' >"$root/debootstrap/debootstrap"
mkdir "$root/proc" """,
}

# name: shell lines before, the command, its status, what its last line must say.
CASES = {
    "no home": ("unset HOME XDG_CACHE_HOME XARCH_CACHE_DIR", "scripts/mkroot arm64 out/root dash", 1,
                "mkroot: HOME is not set: say where packages are to be kept, XARCH_CACHE_DIR=DIR"),
    "no room for packages": ("mkdir cache; " + TINY.format("cache"), "XARCH_CACHE_DIR=cache scripts/mkroot arm64 out/root dash", 1,
                             "needs 150 MB for the package lists, and "),
    "nowhere for packages": ("", "XARCH_CACHE_DIR=/proc/x scripts/mkroot arm64 out/root dash", 1,
                             "mkroot: cannot write into /proc/x/mkroot"),
    "foreign directory": ("mkdir -p out/root; touch out/root/file", "scripts/mkroot arm64 out/root dash", 1,
                          "mkroot: out/root exists and was not made by mkroot"),
    "foreign directory, bootstrap": ("mkdir -p out/root; touch out/root/file",
                                     "XARCH_RUN=/bin/true scripts/bootstrap arm64 out/root", 1,
                                     "bootstrap: out/root exists and was not made by bootstrap"),
    "bootstrap without xarch": ("", "XARCH_RUN=/no/such scripts/bootstrap arm64 out/root", 1,
                                "no xarch-run to configure it with: cmake --build build/release --target xarch-run, or XARCH_RUN=FILE"),
    "bootstrap without home": ("unset HOME XDG_CACHE_HOME XARCH_CACHE_DIR", "XARCH_RUN=/bin/true scripts/bootstrap arm64 out/root", 1,
                               "bootstrap: HOME is not set: say where packages are to be kept, XARCH_CACHE_DIR=DIR"),
    "read-only tree": ("mount -o remount,ro,bind .", "scripts/quickstart", 1,
                       "quickstart: cannot write into /tmp/x/build; clone into a directory of your own"),
    "read-only tree, test": ("mount -o remount,ro,bind .", "scripts/test", 1,
                             "test: cannot write into /tmp/x/build; clone into a directory of your own"),
    "read-only tree, format": ("mount -o remount,ro,bind .", "scripts/format", 1,
                               "format: cannot write into /tmp/x/build; clone into a directory of your own"),
    "read-only tree, bench": ("mount -o remount,ro,bind .", "scripts/bench --quick", 1, "--out DIR chooses another place"),
    "read-only tree, mkroot": ("mount -o remount,ro,bind .", "scripts/mkroot arm64 out/root dash", 1, "mkroot: cannot write into out"),
    "full disk": ("mkdir build; " + TINY.format("build"), "scripts/quickstart", 1,
                  "quickstart: /tmp/x/build needs 400 MB, and 8 MB are free there"),
    "disk that fills": ("mkdir build; mount -t tmpfs -o size=420m none build; PATH=/tmp/fakes:$PATH", "scripts/quickstart", 1,
                        "quickstart: no space left in /tmp/x/build"),
    "disk that fills, profile": ("mkdir build; mount -t tmpfs -o size=420m none build; mkdir -p build/roots/big-{arm64,amd64,i386}; "
                                 "PATH=/tmp/fakes:$PATH", "scripts/profile/train", 1,
                                 "train: the build has failed ("),
    "read-only tree, profile": ("mount -o remount,ro,bind .", "scripts/profile/train", 1,
                                "train: cannot write into /tmp/x/build; clone into a directory of your own"),
    "bootstrap that is ended": ("mount --bind /tmp/fakes/debootstrap $(PATH=/usr/sbin:$PATH command -v debootstrap)", "scripts/bootstrap $(dpkg --print-architecture) out/root & "
                                "until [ -e out/.bootstrap.*/root/started ] || ! kill -0 $!; do sleep 0.1; done; kill $!; wait $!", 143,
                                "bootstrap: configuring it"),
    "no argument is known": ("", "scripts/quickstart --fast", 1, "quickstart: it takes no arguments; --help tells what it does"),
    "unknown section": ("", "scripts/bench --section nosuch", 1, "bench: no section nosuch for arm64; there are kernel"),
    "no such section for x86": ("", "scripts/bench --guest i386 --section processes", 1, "no section processes for i386"),
    "unknown option": ("", "scripts/mkroot arm64 out/root --nosuch", 1, "mkroot: unknown option --nosuch"),
    "no namespaces": (NO_SPACES, "python3 tests/applications/run_script.py lua.lua", 1, "run_script.py: user namespaces are needed"),
    "no namespaces, modules": (NO_SPACES, "python3 tests/applications/python_modules.py test_bool", 1,
                               "python_modules.py: user namespaces are needed"),
    "no namespaces, screens": (NO_SPACES, "python3 tests/applications/screens.py vim", 1, "screens.py: user namespaces are needed"),
    "no namespaces, memory": (NO_SPACES, "python3 tests/applications/memory.py", 1, "memory.py: user namespaces are needed"),
    "no namespaces, bench": (NO_SPACES, "scripts/bench --section program", 1, "bench: user namespaces are needed"),
    "too few arguments": ("", "scripts/mkroot arm64", 1, "usage: mkroot ARCH DIR PACKAGE"),
}


def run(name):
    before, command, wanted, text = CASES[name]
    with tempfile.TemporaryDirectory(prefix="xarch-scripts-") as where:
        tree = os.path.join(where, "x")
        os.mkdir(tree)
        for part in ("scripts", "tests/bench", "tests/support", "tests/applications"):
            shutil.copytree(os.path.join(ROOT, part), os.path.join(tree, part))
        os.mkdir(os.path.join(where, "home"))
        os.mkdir(os.path.join(where, "fakes"))
        for tool, script in FAKES.items():
            with open(os.path.join(where, "fakes", tool), "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o755)) as f:
                f.write("#!/bin/bash\n" + script + "\n")
        lines = "\n".join(["set -e", f"mount --bind {where} /tmp", "mount --bind /tmp/x /tmp/x", "cd /tmp/x", before, command])
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("XARCH_", "XDG_"))} | {"HOME": "/tmp/home"}
        done = subprocess.run([*NAMESPACE, "/bin/bash", "-c", lines], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=environment, timeout=100, check=False)
        out = done.stdout.strip().splitlines()
        left = [n for _, names, _ in os.walk(os.path.join(tree, "out")) for n in names if n.startswith(".")]
        complaints = [line for line in out if line.startswith(("Traceback", "/"))]
        right = done.returncode == wanted and out and text in out[-1] and not left and not complaints
        print(f"{name}: {'right' if right else 'WRONG'}")
        if not right:
            print(f"  status {done.returncode}, left {left}, wanted {text!r}\n  " + "\n  ".join(out[-10:]))
        return right


def main():
    guest_root.require_namespaces()
    names = sys.argv[1:] or list(CASES)
    sys.exit(not all([run(name) for name in names]))


main()
