"""GCC's own tests that run a program, as cases: GCC 12's testsuite below `source`/gcc/testsuite."""
import os
import re

from case import Case
from dg import Directives

CC = "aarch64-linux-gnu-gcc-12"
CXX = "aarch64-linux-gnu-g++-12"
FORTRAN = "aarch64-linux-gnu-gfortran-12"

# Folders whose tests need tools of dejagnu's (several compilations, profiles, plugins, a debugger) or a CPU of another kind.
ELSEWHERE = re.compile(r"/(lto|tree-prof|bprob|plugin|guality|pch|compat|simulate-thread|modules|vmx|goacc|goacc-gomp|gcov"
                       r"|fixed-point|sve|sve2|analyzer|noncompile|format|debug|hwasan|aapcs64|special|matrix|cpp/trad|coarray)/")
VECT = "-O2 -ftree-vectorize -fno-vect-cost-model -fno-common"
# Options that a folder's own driver adds: (pattern of the path, options, does a file run that says nothing).
FOLDERS = [
    (r"gcc\.c-torture/execute/ieee/", "-ffloat-store -fno-inline", True),
    (r"gcc\.c-torture/execute/", "", True),
    (r"gcc\.dg/vect/", VECT, True),
    (r"g\+\+\.dg/vect/", VECT + " -std=c++14", True),
    (r"advsimd-intrinsics/", "", True),
    (r"gcc\.target/aarch64/(simd|torture)/", "", False),
    (r"/(gomp|appendix-a|libgomp\.[a-z+-]*)/", "-fopenmp", False),
    (r"/asan/", "-fsanitize=address -g", True),
    (r"/tsan/", "-fsanitize=thread -g", True),
    (r"/ubsan/", "-fsanitize=undefined", True),
    (r"/tm/", "-fgnu-tm", False),
    (r"gcc\.dg/autopar/", "-ftree-parallelize-loops=4", False),
    (r"gfortran\.fortran-torture/execute/", "", True),
    (r"g\+\+\.dg/coroutines/torture/", "-std=c++20", False),
    (r"g\+\+\.dg/coroutines/", "-std=c++20", False),
    (r"g\+\+\.dg/gomp/", "-fopenmp", False),
]
# Folders that their driver runs once per level of optimization; other files have the options they say.
TORTURE = re.compile(r"c-torture/execute|/torture/|advsimd-intrinsics/|fortran-torture/")


def folder_rules(path):
    options, runs = "", False
    for pattern, extra, default in FOLDERS:
        if re.search(pattern, path):
            return extra.split(), default
    return options.split(), runs


def files_below(top, endings):
    for folder, subfolders, names in os.walk(top):
        subfolders.sort()
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.join(folder, name)


def compiler_of(path):
    if path.endswith((".C", ".cc", ".cpp")):
        return [CXX]
    if path.endswith((".f", ".f90", ".F90", ".f03", ".f08", ".F")):
        return [FORTRAN]
    return [CC]


def gcc_case(suite, root, path, level, flags=()):
    """The case of one test file at `level` (None: the options that it asks for), or None if it runs no program."""
    try:
        with open(path, encoding="latin-1") as file:
            text = file.read()
    except OSError:
        return None
    directives = Directives(text)
    extra, runs = folder_rules(path)
    if directives.action != "run" and not (directives.action is None and runs):
        return None
    options = directives.options if directives.options is not None else []
    options = options + directives.additional
    folder = os.path.dirname(path)
    sources = [path] + [os.path.join(folder, source) for source in directives.sources]
    if "/execute/builtins/" in path:
        if path.endswith("-lib.c") or "/lib/" in path:
            return None
        sources += [path[:-2] + "-lib.c", os.path.join(folder, "lib", "main.c")]
    if any(re.match(r"-(fprofile|fdump-rtl-bogus|fplugin|save-temps|fpch|flto-partition)", option) for option in options):
        return None
    levels = [level] if level else []
    link = ["-lm"]
    if re.search(r"atomic|sync|std_atomic", path + " ".join(directives.needs)):
        link.append("-latomic")
    if "pthread" in text or "fgnu-tm" in " ".join(extra):
        link.append("-pthread")
    command = compiler_of(path) + list(flags) + levels + extra + options + ["-w", "-I" + folder] + sources
    name = os.path.relpath(path, root) + (" " + level if level else "")
    # What such a program prints is for people unless the file says what it must be.
    return Case(suite, name, command, link, noisy="dg-output" not in text)


def torture(path):
    return bool(TORTURE.search(path))


def cases(suite, root, tops, endings, levels, flags=()):
    """Cases of all test files below the folders `tops` of `root`; `levels` for those that run at several."""
    for top in tops:
        for path in files_below(os.path.join(root, top), endings):
            if ELSEWHERE.search(path[len(root):]):
                continue
            for level in levels if torture(path) else [None]:
                case = gcc_case(suite, root, path, level, flags)
                if case:
                    yield case
