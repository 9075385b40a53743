"""Commands in namespaces of their own, so that nothing they mount or register outlives them."""
import ctypes
import os
import signal
import subprocess

NEWUSER = 0x10000000


class Failure(Exception):
    """A case that failed, with what is to be said of it."""


def user_namespaces():
    """Can this process make user namespaces?"""
    return subprocess.run(["unshare", "-U", "-r", "true"], stderr=subprocess.DEVNULL).returncode == 0


def _enter_user_namespace(ids):
    """In the child: a user namespace whose ids 0..ids-1 are this process's own, or all of root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    entered, mapped = os.pipe(), os.pipe()
    child = os.getpid()
    helper = os.fork()
    if helper == 0:  # a process outside of the namespace writes the maps
        os.close(entered[1])
        os.read(entered[0], 1)
        if ids == 1:
            with open(f"/proc/{child}/setgroups", "w") as f:
                f.write("deny")
        for name, first in (("uid_map", uid), ("gid_map", gid)):
            with open(f"/proc/{child}/{name}", "w") as f:
                f.write(f"0 {first} {ids}")
        os.write(mapped[1], b"x")
        os._exit(0)
    if libc.unshare(NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(entered[1], b"x")
    os.read(mapped[0], 1)
    os.waitpid(helper, 0)
    for fd in entered + mapped:
        os.close(fd)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def run(script, *args, user_namespace=False, timeout=100):
    """Runs the shell script with these arguments as root (of a user namespace, if it is asked for or we are not root),
    in namespaces of mounts and processes. (status, output of both streams)."""
    own = user_namespace or os.getuid() != 0
    ids = 65536 if os.getuid() == 0 else 1
    command = ["unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private", "sh", "-ec", script, "sh", *args]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True,
                               env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8"},
                               preexec_fn=(lambda: _enter_user_namespace(ids)) if own else None)
    try:
        out, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        return 124, out + "\n(timed out)\n"
    return process.returncode, out
