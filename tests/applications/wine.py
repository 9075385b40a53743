#!/usr/bin/env python3
"""wine.py [OPTIONS]: Debian's wine, natively and by xarch, runs a console program for Windows; the same output and status.

The program is windows_program.c, built by mingw-w64. Either run makes a Windows directory of its own first, by programs of
wine's and its server, which xarch translates as well.
"""

import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import guest_root  # noqa: E402

LIMIT = 600  # seconds for a run

# Debian's name of an architecture: wine's loader, server, directory of libraries, WINEARCH; mingw-w64's name.
WINES = {"amd64": ("wine64", "wineserver64", "x86_64", "win64", "x86_64"),
         "i386": ("wine", "wineserver32", "i386", "win32", "i686")}


def copy_zlib(root, arch):
    """What libwine's maintainer script does: mingw-w64's zlib becomes one of wine's own libraries."""
    _, _, libraries, _, mingw = WINES[arch]
    with open(f"{root}/usr/{mingw}-w64-mingw32/lib/zlib1.dll", "rb") as f:
        library = f.read()
    with open(f"{root}/usr/lib/{libraries}-linux-gnu/wine/{libraries}-windows/zlib1.dll", "wb") as f:
        f.write(library[:64] + b"Wine builtin DLL".ljust(32, b"\0") + library[96:])


def run(options, where, runner):
    loader, server, _, bits, _ = WINES[options.arch]
    command = guest_root.command(os.path.join(options.roots, f"pc-{options.arch}"),
                                 [*runner, f"/usr/lib/wine/{loader}", "/tmp/run/program.exe", "one", "two words"],
                                 [(options.xarch, "xarch"), (where, "run")], processes=True, cwd="/tmp/run")
    environment = guest_root.ENVIRONMENT | {
        "WINEPREFIX": "/tmp/windows", "WINESERVER": f"/usr/lib/wine/{server}", "WINEARCH": bits, "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=", "XDG_RUNTIME_DIR": "/tmp"}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as e:
        sys.exit(f"nothing after {LIMIT} s: {(e.stderr or b'')[-2000:].decode(errors='replace')}")
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser, tuple(WINES))
    options = parser.parse_args()
    guest_root.require_namespaces()
    copy_zlib(os.path.join(options.roots, f"pc-{options.arch}"), options.arch)
    with tempfile.TemporaryDirectory(prefix="xarch-wine-") as where:
        subprocess.run([f"{WINES[options.arch][4]}-w64-mingw32-gcc", "-O2", "-o", os.path.join(where, "program.exe"),
                        os.path.join(HERE, "windows_program.c")], check=True)
        native, foreign = (run(options, where, runner) for runner in ([], ["/tmp/xarch", "run"]))
        if native[0] != 7:
            sys.exit(f"natively it ends with {native[0]}: {native[1:]}")
        if native[:2] != foreign[:2]:
            sys.exit(f"natively {native[:2]}, by xarch {foreign}")


main()
