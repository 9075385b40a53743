#!/usr/bin/env python3
"""profile.py BUILD-DIR ARCHIVE: is the profile of what translates (scripts/profile) in use, and does it still fit the sources?

Functions that have changed since it was made are compiled without it, which nobody would notice otherwise. A few are
nothing; more than half of those of one of the files below, and scripts/profile/train is due.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FITTING = ["tcg/ir/builder.cc", "tcg/backend/x86_64/allocator.cc", "tcg/backend/x86_64/integer.cc"]
STALE = re.compile(r"function ‘(.*)’ (?:not found in|does not match its) profile data")


def commands(build):
    """Source, below ROOT, to the command that compiles it."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        return {os.path.relpath(c["file"], ROOT): c for c in json.load(f)}


def stale_functions(command, profile):
    """How many functions of a file the compiler finds no counts for, and how many it has."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(profile, os.path.join(scratch, "file.gcda"))
        words = shlex.split(command["command"])
        words = [w for w in words if not w.endswith("ccache") and not w.startswith(("-Wno-missing", "-Wno-coverage"))]
        del words[words.index("-o"):words.index("-o") + 2]
        out = os.path.join(scratch, "file.s")
        words += ["-fno-lto", "-S", "-o", out, "-Wno-error", "-Wmissing-profile", "-Wcoverage-mismatch"]
        run = subprocess.run(words, cwd=scratch, capture_output=True, text=True, check=False,
                             env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert run.returncode == 0, run.stderr
        with open(out, encoding="utf-8") as f:
            functions = len(re.findall(r"^\t\.type\t\S+, @function", f.read(), re.M))
        # Those of no name are known by where the checkout lies.
        stale = {name for name in STALE.findall(run.stderr) if "{anonymous}" not in name and "(anonymous" not in name}
        return len(stale), functions


def main():
    build, archive = sys.argv[1:]
    compiled = commands(build)
    wrong = []
    with tarfile.open(archive) as profiles:
        members = [re.sub(r"CMakeFiles/[^/]*\.dir/", "", name).removesuffix(".gcda") for name in profiles.getnames()]
    for source in members:
        if source not in compiled:
            wrong.append(f"{source}: has a profile, but is not compiled")
        elif "-fprofile-use" not in compiled[source]["command"]:
            wrong.append(f"{source}: has a profile, but is compiled without")
    for source in FITTING:
        if source not in members:
            wrong.append(f"{source}: has no profile")
            continue
        profile = os.path.join(build, re.search(r"-o (\S+)\.o ", compiled[source]["command"]).group(1) + ".gcda")
        stale, functions = stale_functions(compiled[source], profile)
        print(f"{source}: {stale} of {functions} functions have changed since the profile was made")
        if stale * 2 > functions:
            wrong.append(f"{source}: the profile does not fit it any more: run scripts/profile/train")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
