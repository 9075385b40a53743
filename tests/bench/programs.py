"""The rows of real programs: start-up, programs, processes that start processes, openssl; all in the big roots."""

import collections
import glob
import os
import shutil

import generated

HERE = os.path.dirname(os.path.abspath(__file__))

# A command in a root. setup: shell lines, run before the clock starts, in the root's directory. like: whose output it
# must have, "native", or "qemu" where the processor shows in it. rate: a pattern that finds how many operations a
# second there were in the output, which is measured then instead of the time. rounds: it is measured in no more of them.
Row = collections.namedtuple("Row", "name kind argv repeat stdin setup like rate rounds",
                             defaults=(1, None, "", "native", None, 1000))

OPENSSL = {"aes-128-cbc": "-evp aes-128-cbc", "aes-256-gcm": "-evp aes-256-gcm", "sha1": "-evp sha1",
           "sha256": "-evp sha256", "sha512": "-evp sha512", "chacha20-poly1305": "-evp chacha20-poly1305"}
KINDS = ["start", "program", "processes", "openssl"]


def make_data(data, quick):
    """Makes what the rows read, once. The directory is seen as /tmp/data."""
    scale = 5 if quick else 1
    done = os.path.join(data, "complete")
    if os.path.exists(done) and all(os.path.getmtime(done) > os.path.getmtime(m)
                                    for m in glob.glob(os.path.join(HERE, "*.py")) + glob.glob(f"{HERE}/programs/*")):
        return
    shutil.rmtree(data, ignore_errors=True)
    os.makedirs(data)
    for source in glob.glob(os.path.join(HERE, "programs/*")):
        shutil.copy(source, data)
    generated.text(f"{data}/text", 60000 // scale)
    generated.c_file(f"{data}/functions.c", 700 // scale)
    generated.sql_script(f"{data}/script.sql", 20000 // scale)
    generated.cxx_project(f"{data}/project", 200 // scale)
    generated.git_repository(f"{data}/repository", 60 // scale)
    with open(done, "w", encoding="ascii"):
        pass


def start_rows(quick):
    repeat = 3 if quick else 10
    commands = {"true": ["/bin/true"], "python3 -c pass": ["/usr/bin/python3", "-c", "pass"],
                "perl -e 1": ["/usr/bin/perl", "-e", "1"], "bash -c :": ["/bin/bash", "-c", ":"],
                "git --version": ["/usr/bin/git", "--version"]}
    return [Row(name, "start", argv, repeat) for name, argv in commands.items()]


def program_rows():
    rows = []
    for source in sorted(glob.glob(os.path.join(HERE, "programs/*.py"))):
        name = os.path.basename(source)
        rows.append(Row("python " + name[:-3], "program", ["/usr/bin/python3", "/tmp/data/" + name]))
    rows.append(Row("perl", "program", ["/usr/bin/perl", "/tmp/data/work.pl"]))
    rows.append(Row("lua", "program", ["/usr/bin/lua5.4", "/tmp/data/work.lua"]))
    rows.append(Row("sqlite3", "program", ["/usr/bin/sqlite3", ":memory:"], stdin="/tmp/data/script.sql"))
    compiler = "for c in /usr/lib/gcc/*-linux-gnu/12/cc1; do ln -s $c tmp/cc1; done".replace("/usr/lib", "usr/lib", 1)
    rows.append(Row("cc1 -O2", "program", ["/tmp/cc1", "-quiet", "-O2", "/tmp/data/functions.c", "-o", "-"],
                    setup=compiler.replace("ln -s $c", "ln -s /$c"), like="qemu"))
    for name, options in {"gzip": ["-c"], "xz": ["-1", "-T1", "-c"], "zstd": ["-9", "-q", "-T1", "-c"]}.items():
        rows.append(Row(name, "program", ["/usr/bin/" + name, *options], stdin="/tmp/data/text"))
    rows.append(Row("sort", "program", ["/usr/bin/sort"], stdin="/tmp/data/text"))
    rows.append(Row("sha256sum", "program", ["/usr/bin/sha256sum"], repeat=5, stdin="/tmp/data/text"))
    summing = "{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) s += n[w] * length(w); print NR, s }"
    rows.append(Row("mawk", "program", ["/usr/bin/mawk", summing], stdin="/tmp/data/text"))
    rows.append(Row("git log -p", "program", ["/usr/bin/git", "-c", "safe.directory=*", "-C", "/tmp/data/repository",
                                              "--no-pager", "log", "-p", "--stat"]))
    return rows


def process_rows(quick):
    count = 40 if quick else 200
    copy = "cp -r tmp/data/project tmp/project"
    return [Row(f"shell, {count} execs", "processes",
                ["/bin/bash", "-c", f"for ((i = 0; i < {count}; i++)); do /bin/true; done"]),
            Row("cmake configure", "processes",
                ["/bin/sh", "-c", "cd /tmp/project && CXX=g++ cmake -B build . >/tmp/log && ls build | sort"], setup=copy),
            Row("make -j2, 200 files", "processes",
                ["/bin/sh", "-c", "cd /tmp/project && make -s -j2 && ./program"], setup=copy, rounds=1)]


def openssl_rows(quick):
    rows = []
    speed = ["/usr/bin/openssl", "speed", "-mr", "-elapsed", "-seconds", "1"]
    for name, options in OPENSSL.items():
        rows.append(Row(name, "openssl", [*speed, "-bytes", "8192", *options.split()], like=None,
                        rate=r"^\+F:\d+:[^:]+:([\d.]+)"))
    rows.append(Row("ecdh p256", "openssl", [*speed, "ecdhp256"], like=None, rate=r"^\+F5:\d+:\d+:([\d.e+-]+)"))
    rows.append(Row("rsa2048 sign", "openssl", [*speed, "rsa2048"], like=None, rate=r"^\+F2:\d+:\d+:([\d.e+-]+)"))
    return rows


def rows(quick):
    return start_rows(quick) + program_rows() + process_rows(quick) + openssl_rows(quick)
