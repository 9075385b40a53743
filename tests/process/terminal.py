#!/usr/bin/env python3
"""terminal.py --xarch XARCH --roots DIR SESSION: the same session at a terminal, with bash natively and by xarch.

A session types at an interactive shell, waits for its prompts, and for the terminal's foreground group to change before
it types ^C or ^Z. What appears must be the same on both sides, but for process ids.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time

PROMPT = "ready> "
LIMIT = 30  # seconds for any one step


class Shell:
    def __init__(self, argv, options, where):
        self.seen = ""
        self.where = where
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(where)
            environment = {"PATH": "/usr/bin:/bin", "PS1": PROMPT, "TERM": "dumb", "LC_ALL": "C", "HOME": where,
                           "HISTFILE": "", "INPUTRC": "/dev/null"}
            os.execve(argv[0], argv + options, environment)
        self.resize(24, 80)
        self.wait_for(PROMPT)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_some(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError(f"nothing more after {self.seen!r}")
        try:
            data = os.read(self.master, 4096)
        except OSError:
            data = b""
        self.seen += data.decode(errors="replace")
        return data

    def wait_for(self, text):
        """Reads until `text` stands at the end of what has come since the last time."""
        deadline = time.monotonic() + LIMIT
        start = getattr(self, "mark", 0)
        while not self.seen[start:].endswith(text):
            if not self.read_some(deadline):
                raise EOFError(f"the terminal was closed after {self.seen[start:]!r}")
        self.mark = len(self.seen)

    def type(self, text):
        os.write(self.master, text.encode())

    def do(self, line):
        """A command that ends by itself."""
        self.type(line + "\n")
        self.wait_for(PROMPT)

    def rest(self):
        """Until the shell waits for what is typed."""
        deadline = time.monotonic() + LIMIT
        while open(f"/proc/{self.pid}/stat").read().rpartition(") ")[2][0] != "S":
            if time.monotonic() > deadline:
                raise TimeoutError(f"the shell does not come to rest: {self.seen!r}")
            time.sleep(0.01)

    def foreground(self):
        return os.tcgetpgrp(self.master)

    def start(self, line, shows=None):
        """A command that stays in the foreground, up to the moment it is there."""
        shell = self.foreground()
        self.type(line + "\n")
        deadline = time.monotonic() + LIMIT
        while self.foreground() == shell:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{line} does not come to the foreground: {self.seen!r}")
            time.sleep(0.01)
        if shows is not None:
            self.wait_for(shows)
        else:
            # The new program is there when it sleeps.
            time.sleep(0.3)

    def press(self, key):
        self.type(key)
        self.wait_for(PROMPT)

    def transcript(self):
        text = self.seen.replace("\r\n", "\n")
        text = re.sub(r"\[(\d+)\] \d+\n", r"[\1] PID\n", text)
        return re.sub(r"(?m)^(\S*bash: line \d+: +)\d+ ", r"\1PID ", text)

    def end(self):
        """The shell ends by itself; its status."""
        deadline = time.monotonic() + LIMIT
        try:
            while self.read_some(deadline):
                pass
        finally:
            status = os.waitpid(self.pid, 0)[1]
            os.close(self.master)
        return status


def keys(shell):
    shell.start("sleep 100")
    shell.press("\x03")
    shell.do("echo $?")
    shell.start("sleep 101")
    shell.press("\x1a")
    shell.do("jobs")
    shell.do("bg")
    shell.do("jobs")
    shell.start("fg")
    shell.press("\x03")
    shell.do("echo $?; jobs")
    shell.start("sleep 102")
    shell.press("\x1c")
    shell.do("echo $?")
    shell.start("cat")
    shell.type("through cat\n")
    shell.wait_for("through cat\r\nthrough cat\r\n")
    shell.press("\x04")
    shell.do("echo $?")
    # ^C at the prompt, and in a builtin's loop.
    shell.type("half a line")
    shell.wait_for("half a line")
    shell.press("\x03")
    shell.do("trap 'echo caught' INT")
    shell.type("\x03")
    shell.wait_for("caught\r\n")
    shell.do("trap - INT")
    shell.type("while :; do :; done\n")
    shell.wait_for("done\r\n")
    time.sleep(0.2)
    shell.press("\x03")
    shell.do("echo $?")


def jobs(shell):
    shell.do("sleep 200 & sleep 201 &")
    shell.do("jobs")
    shell.do("kill %1; wait %1; echo $?")
    shell.do("kill -STOP %2; sleep 0.2")
    shell.do("jobs")
    shell.do("kill -CONT %2; kill -KILL %2; wait %2; echo $?")
    shell.do("(sleep 0.2; exit 3) & wait -n; echo $?")
    # Dead before the shell waits: whether it tells of one that dies meanwhile is a race.
    shell.do("sleep 50 & (sleep 0.1; exit 4) & wait -n; echo $?; kill %?50; sleep 0.3; wait; jobs")
    shell.do("for i in {1..500}; do (exit 0) || echo bad; done; echo 500 done")
    shell.do("for i in {1..100}; do /bin/true || echo bad; done; echo 100 done")
    shell.start("sleep 202 | cat")
    shell.press("\x1a")
    shell.do("jobs")
    shell.start("fg %1")
    shell.press("\x03")
    shell.start("(trap '' INT; sleep 0.5; echo survived)")
    shell.type("\x03")
    shell.wait_for("survived\r\n" + PROMPT)
    shell.do("set +m; sleep 0.1 & wait; echo $?")


def background_terminal(shell):
    shell.do("cat & sleep 0.3")
    shell.do("jobs")
    shell.start("fg")
    shell.type("typed\n")
    shell.wait_for("typed\r\ntyped\r\n")
    shell.press("\x04")
    shell.do("stty tostop; (echo from behind) & sleep 0.3")
    shell.do("jobs")
    shell.type("fg\n")
    shell.wait_for("from behind\r\n" + PROMPT)
    shell.do("stty -tostop; (sleep 0.3; echo from behind) & wait; echo $?")


def windows(shell):
    shell.do("stty size")
    shell.do("trap 'echo changed' WINCH")
    shell.rest()  # before it reads, it would run the trap at once
    shell.resize(50, 132)
    shell.do(":")
    shell.do("stty size")
    shell.do("trap - WINCH; shopt -s checkwinsize; (:); echo $LINES $COLUMNS")
    # A program in the foreground is told.
    shell.start("sh -c 'trap \"stty size; exit 5\" WINCH; echo up; while :; do sleep 0.05; done'", "up\r\n")
    shell.resize(25, 81)
    shell.wait_for(PROMPT)
    shell.do("echo $?")
    shell.do("stty -a | grep -c isig; tty >/dev/null; echo $?; stty raw -echo; stty sane; stty -echo; stty echo")


def inner_shells(shell):
    shell.start("PS1=inner bash --norc --noprofile --noediting -i", "inner")
    shell.type("sleep 300 &\n")
    shell.wait_for("inner")
    shell.type("suspend\n")
    shell.wait_for(PROMPT)
    shell.do("jobs | sed 's/PS1.*//'")
    shell.type("fg >/dev/null\n")
    shell.wait_for("inner")
    shell.type("kill %1; wait %1; echo $?\n")
    shell.wait_for("inner")
    shell.type("exit 6\n")
    shell.wait_for(PROMPT)
    shell.do("echo $?")


def editing(shell):
    shell.do("echo first")
    shell.type("\x10\n")  # ^P: the line before
    shell.wait_for("first\r\n" + PROMPT)
    shell.type("echo aXb\x02\x02\x04\n")  # ^B ^B ^D: takes out the X
    shell.wait_for("ab\r\n" + PROMPT)
    shell.start("sleep 100")
    shell.press("\x03")
    shell.do("echo $?")


SESSIONS = {f.__name__: f for f in (keys, jobs, background_terminal, windows, inner_shells, editing)}


def hangup(argv, where):
    """The terminal goes away: everybody is told, and goes."""
    shell = Shell(argv, ["--norc", "--noprofile", "--noediting", "-i"], where)
    shell.do("sh -c 'trap \"echo behind > hup1; exit\" HUP; touch up1; while :; do sleep 0.05; done' &")
    shell.start("sh -c 'trap \"echo front > hup2; exit\" HUP; touch up2; while :; do sleep 0.05; done'")
    deadline = time.monotonic() + LIMIT
    while not all(os.path.exists(f"{where}/up{i}") for i in (1, 2)):
        if time.monotonic() > deadline:
            raise TimeoutError("not up")
        time.sleep(0.01)
    os.close(shell.master)
    status = os.waitpid(shell.pid, 0)[1]
    while not all(os.path.exists(f"{where}/hup{i}") for i in (1, 2)):
        if time.monotonic() > deadline:
            raise TimeoutError("no SIGHUP arrived")
        time.sleep(0.01)
    return f"status {status:#x}\n"


def play(name, argv, where):
    if name == "hangup":
        return hangup(argv, where)
    options = ["--norc", "--noprofile", "-i"] if name == "editing" else ["--norc", "--noprofile", "--noediting", "-i"]
    shell = Shell(argv, options, where)
    try:
        SESSIONS[name](shell)
        shell.type("exit 7\n")
        status = shell.end()
    except (TimeoutError, EOFError) as error:
        os.kill(shell.pid, signal.SIGKILL)
        return shell.transcript() + f"\n{error}\n"
    return shell.transcript() + f"\nstatus {status:#x}\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--xarch", required=True)
    parser.add_argument("--roots", required=True)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("session", choices=[*SESSIONS, "hangup"])
    options = parser.parse_args()
    amd, arm = f"{options.roots}/amd64", f"{options.roots}/arm64"
    native = [f"{amd}/lib64/ld-linux-x86-64.so.2", "--argv0", "bash", "--library-path", f"{amd}/lib/x86_64-linux-gnu",
              f"{amd}/bin/bash"]
    foreign = [options.xarch, "run", "-L", arm, "-0", "bash", f"{arm}/bin/bash"]
    results = []
    for argv in (native, foreign):
        with tempfile.TemporaryDirectory(prefix="xarch-terminal-") as where:
            results.append(play(options.session, argv, where).replace(where, "WHERE"))
    if options.show:
        print(results[0])
    if results[0] != results[1] or not results[0].startswith("status") and "\nstatus " not in results[0]:
        print(f"natively:\n{results[0]}\nby xarch:\n{results[1]}")
        sys.exit(1)


main()
