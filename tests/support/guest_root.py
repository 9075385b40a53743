"""Runs a command inside a root that scripts/mkroot made: as root of a user namespace of its own, with private mounts.

Both sides of a comparison see the same file names and identities then, and nothing of the machine's own programs.
Mounted are /dev and /proc, an empty /tmp, and what the caller adds. Nothing is written into the root but empty
directories to mount on, and /etc/hosts.
"""

import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/tmp",
               "TERM": "dumb", "USER": "root"}
# Guests, as Debian calls them, and whose programs tell natively what is right: this machine runs x86 guests' own.
NATIVE = {"arm64": "amd64", "amd64": "amd64", "i386": "i386"}
SIDES = ["native", "xarch"]
# What the kernel compares a file's first bytes with: a 64-bit little-endian ELF program or shared object for AArch64.
AARCH64 = (r":xarch-qemu:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
           r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:{}:F")


def require_namespaces():
    """Ends the program with a line that says what is missing if no root can be entered here."""
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "true"],
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{os.path.basename(sys.argv[0])}: user namespaces are needed, and there are none here ({done.stderr.strip()}): "
                 "sysctl user.max_user_namespaces=10000, and kernel.unprivileged_userns_clone=1 where it exists")


def packages(purpose):
    with open(os.path.join(ROOT, "scripts/packages"), encoding="utf-8") as f:
        return [w for line in f if line.startswith(purpose + ": ") for w in line.split()[1:]]


def add_options(parser, guests=tuple(NATIVE)):
    """Those that all tests in roots have; the first guest is meant if none is named."""
    parser.add_argument("--roots", default=os.path.join(ROOT, "build/roots"), help="where the roots are")
    parser.add_argument("--xarch", default=os.path.join(ROOT, "build/release/bin/xarch"))
    parser.add_argument("--arch", choices=guests, default=guests[0], help="the guest")


def command(root, argv, mounts=(), processes=False, qemu=None, setup="", cwd="/tmp"):
    """The command line that runs argv in the root.

    mounts: pairs (file or directory outside, name below /tmp). processes: a process namespace with its own /proc,
    whose other members are killed when argv's process ends. qemu: this program runs foreign ones, through
    binfmt_misc of the user namespace; needs Linux 6.7. setup: shell lines, run natively in the root's directory before.
    """
    q = shlex.quote
    lines = ["set -e", "mkdir -p dev proc tmp usr/lib64 usr/lib/x86_64-linux-gnu",
             "[ -e etc/hosts ] || echo 127.0.0.1 localhost >etc/hosts", "mount --rbind /dev dev", "mount -t tmpfs -o mode=1777 tmp tmp"]
    if processes:  # a container's /proc may be masked in part, and another one refused then
        lines.append("mount -t proc proc proc 2>/dev/null || mount --rbind /proc proc")
    else:
        lines.append("mount --rbind /proc proc")
    for outside, name in mounts:
        make = "mkdir -p" if os.path.isdir(outside) else "touch"
        lines.append(f"{make} tmp/{q(name)}; mount --bind {q(outside)} tmp/{q(name)}")
    if qemu:
        lines += ["mount -t binfmt_misc binfmt /proc/sys/fs/binfmt_misc",
                  f"echo {q(AARCH64.format(qemu))} >/proc/sys/fs/binfmt_misc/register",
                  "mount --bind /lib64 usr/lib64; mount --bind /usr/lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu"]
    lines.append(setup)
    # unshare without namespaces is a chroot that also chooses the working directory.
    enter = f"unshare --root=. --wd={q(cwd)} -- {shlex.join(argv)}"
    # A program must not be process 1, to which signals mean something else: this shell is, and waits.
    lines += ["set +e", enter, "exit $?"] if processes else ["exec " + enter]
    spaces = ["--pid", "--fork", "--kill-child"] if processes else []
    # The root's name stays out of the shell's command line, which programs like htop show.
    return ["env", f"--chdir={root}", "unshare", "--user", "--map-root-user", "--mount", *spaces, "/bin/bash", "-c", "\n".join(lines)]


def side_command(options, side, argv, mounts=(), qemu=None, **more):
    """The command line that runs argv in a big root, as one of SIDES: of the guest options.arch by options.xarch, or of
    what that is compared with; by Debian's qemu-user instead of xarch, if qemu names it."""
    foreign = side == "xarch"
    arch = options.arch if foreign else NATIVE[options.arch]
    if foreign and not qemu:
        argv = ["/tmp/xarch", "run", *argv]
    return command(os.path.join(options.roots, f"big-{arch}"), argv, [(options.xarch, "xarch"), *mounts],
                   qemu=qemu if foreign else None, **more)
