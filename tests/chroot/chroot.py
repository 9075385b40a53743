"""chroot.py CASE --run XARCH-RUN --xarch XARCH --built DIR --roots DIR: foreign programs in roots of their own."""
import argparse
import os
import shutil
import sys
import tempfile

import isolated
from isolated import Failure

CHROOT = 'chroot "$@"'
PROC = 'mkdir -p "$1/proc" 2>/dev/null || true; mount -t proc proc "$1/proc"; '
REGISTER = 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; "$1" binfmt --register --program "$2" --flags "$3"; shift 3; '


def expect(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}\n--- got\n{got}\n--- wanted\n{wanted}\n")


def probe_root(options, directory, kind, inner=True):
    """A root with nothing but the static program (of this kind), a script and an inner root. Its path."""
    root = os.path.join(directory, kind)
    for place in [root, os.path.join(root, "inner")] if inner else [root]:
        os.makedirs(place)
        shutil.copy2(os.path.join(options.built, kind, "probe"), os.path.join(place, "probe"))
    with open(os.path.join(root, "script"), "w") as f:
        f.write("#!/probe show\n")
    os.chmod(os.path.join(root, "script"), 0o755)
    if kind == "arm64":
        shutil.copy2(options.run, os.path.join(root, "xarch-run"))
    return root


def empty(options, directory):
    """Nothing but the two files: as natively, without /proc and with it, read-only, and under a relative name."""
    native, foreign = (probe_root(options, directory, kind) for kind in ("native", "arm64"))
    for name, setup in (("bare", ""), ("/proc", PROC),
                        ("read-only", 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1" "$1"; '),
                        ("noexec /tmp", PROC + 'mkdir -p "$1/tmp"; mount -t tmpfs -o noexec none "$1/tmp"; ')):
        wanted = isolated.run(setup + CHROOT, native, "/probe", "a", "b c")
        for start in ("/xarch-run", "./xarch-run"):
            got = isolated.run(setup + CHROOT, foreign, start, "/probe", "a", "b c")
            if "/proc" not in setup:  # what is open for its path alone cannot be opened again without /proc
                got = (got[0], got[1].replace("path descriptor: Exec format error\npath descriptor: status 99",
                                              "name show x y; execfn /dev/fd/3; exe -; secure 0\npath descriptor: status 3"))
            expect(f"{name}, {start}", got, wanted)
    status, out = isolated.run(CHROOT, foreign, "/xarch-run", "/nowhere")
    expect("a program that is not there", (status, out), (127, "xarch: /nowhere: No such file or directory\n"))


def binfmt(options, directory):
    """As an interpreter of binfmt_misc with each set of flags; the file lies outside of the root."""
    if not isolated.user_namespaces():
        print("no user namespaces: without binfmt_misc")
        return empty(options, directory)
    status, out = isolated.run("mount -t binfmt_misc none /proc/sys/fs/binfmt_misc", user_namespace=True)
    if status != 0:
        print(f"no binfmt_misc in a user namespace ({out.strip()}): without it")
        return empty(options, directory)
    print("with binfmt_misc in a user namespace")
    root = probe_root(options, directory, "arm64")
    os.remove(os.path.join(root, "xarch-run"))
    os.mkdir(os.path.join(root, "proc"))
    native = probe_root(options, directory, "native")
    os.mkdir(os.path.join(native, "proc"))
    wanted = isolated.run(PROC + CHROOT, native, "/probe", "a", "b c", user_namespace=True)
    for flags in ("F", "OF", "PF", "POF", "CF", "POCF"):
        got = isolated.run(REGISTER + PROC + CHROOT, options.xarch, options.run, flags, root, "/probe", "a", "b c",
                           user_namespace=True)
        # Without /proc it is the kernel that starts what the program executes; it drops argv[0] without P.
        last = "name show x y" if "P" in flags else "/probe show x y"
        expected = wanted[1][:wanted[1].rindex("name show")] + last + wanted[1][wanted[1].rindex("; execfn"):]
        expect(f"flags {flags}", got, (wanted[0], expected))
        script = REGISTER + PROC + "chroot $1 /script"
        got = isolated.run(script, options.xarch, options.run, flags, root, user_namespace=True)
        expect(f"script, {flags}", got, (3, "/probe show /script; execfn /script; exe /probe; secure 0\n"))
        # A name of its own is kept with P alone, and arguments that look like ours are the program's.
        script = REGISTER + 'exec bash -c \'exec -a zero "$0" show --xarch-exec - x\' "$1/probe"'
        status, out = isolated.run(script, options.xarch, options.run, flags, root, user_namespace=True)
        first = "zero" if "P" in flags else f"{root}/probe"
        expect(f"argv[0], {flags}", (status, out),
               (3, f"{first} show --xarch-exec - x; execfn {root}/probe; exe {root}/probe; secure 0\n"))
    # A program that may be executed and not read, by a user who is not root.
    os.chmod(os.path.join(root, "probe"), 0o4111)
    if os.getuid() == 0:
        script = (REGISTER + "chmod 755 \"$1\" \"${1%/*}\"; "
                  "setpriv --reuid=1000 --regid=1000 --clear-groups env XARCH_SYSROOT=/nowhere \"$1/probe\" show")
        for flags, secure in (("POF", 0), ("POCF", 1)):
            os.chmod(os.path.join(root, "probe"), 0o4111)
            status, out = isolated.run(script, options.xarch, options.run, flags, root, user_namespace=True)
            expect(f"set-id, {flags}", (status, out),
                   (3, f"{root}/probe show; execfn {root}/probe; exe {root}/probe; secure {secure}\n"))
    else:
        print("not root: set-id programs need more than one user")


def needs_root_directory(options, name):
    root = os.path.join(options.roots, name)
    if not os.path.isdir(root):
        raise Failure(f"{root} is missing")
    return root


SCRIPTS = r"""
echo "args: $*"
uname -m
cat > /tmp/outer <<'END'
#!/usr/bin/env bash
echo "outer $1 of $0"; exec /tmp/inner "$@"
END
printf '#!/tmp/outer by-script\n' > /tmp/scripted
printf '#!/bin/dash -e\necho "inner $1 of $0"\nfalse\necho never\n' > /tmp/inner
chmod +x /tmp/outer /tmp/inner /tmp/scripted
/tmp/outer one
echo "status $?"
/tmp/scripted two
echo "status $?"
(cd /tmp && ./outer three)
echo "no interpreter line" > /tmp/plain; chmod +x /tmp/plain; echo 'echo plain $0' > /tmp/plain; /tmp/plain
seq 1 1000 | awk '{ s += $1 } END { print s }' | tee /tmp/sum | sha256sum
find /etc -maxdepth 1 -name 'passwd' -exec head -n 1 {} \;
seq 1 5 | xargs -n 1 -P 4 expr 1 + | sort
readlink /proc/self/exe
tr '\0' ' ' < /proc/self/cmdline; echo
env -i /usr/bin/env | wc -l
mkdir -p /tmp/new/bin && cp /opt/busybox-static/bin/busybox /tmp/new/bin/ 2>/dev/null && chroot /tmp/new /bin/busybox sh -c '/bin/busybox echo in; cd /; /bin/busybox ls'
busybox umount /proc
/tmp/outer four
uname -m
bash -c 'exec -a other bash -c "echo \$0"'
busybox mount -t proc proc /proc && readlink /proc/self/exe
ls /dev/null 2>&1
"""


def scripts(options, _directory):
    """bash in the root of the tests, by `chroot`: programs and scripts that execute each other, /proc coming and going."""
    results = []
    for arch, start in (("amd64", ()), ("arm64", ("/xarch-run",))):
        root = needs_root_directory(options, arch)
        overlay = ('mount -t tmpfs none /mnt; mkdir /mnt/up /mnt/work /mnt/root; R=/mnt/root; '
                   'mount -t overlay -o "lowerdir=$1,upperdir=/mnt/up,workdir=/mnt/work" overlay $R; shift; '
                   'cp "$1" $R/xarch-run; shift; mount -t proc proc $R/proc; ')
        got = isolated.run(overlay + 'exec chroot $R "$@"', root, options.run, *start, "/bin/bash", "-c", SCRIPTS, "bash", "a", "b c")
        results.append((got[0], got[1].replace("x86_64", "MACHINE").replace("aarch64", "MACHINE")))
    expect("arm64 against amd64", results[1], results[0])
    if "inner four" not in results[0][1]:
        raise Failure("the script did not come to its end natively:\n" + results[0][1])


def sysroot(options, directory):
    """A guest of `xarch run -L ROOT` changes its root: to one that has nothing but a static program."""
    root = needs_root_directory(options, "arm64")
    inner = probe_root(options, directory, "arm64")
    os.remove(os.path.join(inner, "xarch-run"))
    got = isolated.run('exec "$1" run -L "$2" "$2/usr/sbin/chroot" "$3" /probe show', options.xarch, root, inner)
    expect("chroot", got, (3, "/probe show; execfn /probe; exe -; secure 0\n"))
    # A vfork child's new root is not its parent's.
    program = os.path.join(options.built, "arm64", "probe")
    status, out = isolated.run('exec "$1" run -L "$2" "$3" a | grep -A 3 vfork', options.xarch, root, program)
    expect("the parent of a child that cannot", (status, out.splitlines()[0] if out else ""), (0, "vfork and chroot: status 98"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=["empty", "binfmt", "scripts", "sysroot", "packages"])
    for name in ("run", "xarch", "built", "roots"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    if options.case == "packages":
        import packages as module
        case = module.packages
    else:
        case = globals()[options.case]
    # Not below /tmp, which programs of other users may not enter everywhere.
    directory = tempfile.mkdtemp(prefix="xarch-chroot-")
    os.chmod(directory, 0o755)
    try:
        case(options, directory)
    except Failure as failure:
        sys.exit(f"{options.case}: {failure}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
