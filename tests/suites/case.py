"""A test program: how it is built, and what came out of running it on one side."""
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field


@dataclass
class Case:
    suite: str
    name: str
    command: list  # compiler, options and sources, without -o
    link: list = field(default_factory=list)  # behind -o
    arguments: list = field(default_factory=list)  # of the program; @PROGRAM@ and @FOLDER@ stand for itself and its folder
    environment: dict = field(default_factory=dict)  # of the program
    seconds: float = 30  # that the program may take under xarch; the second opinion gets twice as much
    noisy: bool = False  # what it prints differs from run to run: the status alone is compared
    native: list = None  # the compiler for the second opinion, if that is the same program built natively
    native_link: list = field(default_factory=list)
    folder: str = ""  # that the program runs in, if it is not one of its own
    skipped: int = 0  # a status that says "not on this machine", as good as success
    lines: str = ""  # if only the lines that this pattern finds are compared, in any order; none of them means success

    def actual(self, program):
        """The arguments for the program that was built as `program`."""
        folder = os.path.dirname(program)
        return [argument.replace("@PROGRAM@", program).replace("@FOLDER@", folder) for argument in self.arguments]


@dataclass
class Outcome:
    status: str  # "exit 0", "signal SIGSEGV", "timeout"
    output: bytes = b""
    errors: bytes = b""

    def like(self, other, case):
        if self.status != other.status or case.noisy:
            return self.status == other.status
        if case.lines:
            return self.found(case) <= other.found(case)
        return without_addresses(self.output) == without_addresses(other.output)

    def found(self, case):
        return set(re.findall(case.lines.encode(), self.output + b"\n" + self.errors, re.M))


def without_addresses(text):
    return re.sub(rb"0x[0-9a-f]{5,}", b"0x...", text)


def status_text(code):
    if code >= 0:
        return f"exit {code}"
    try:
        return "signal " + signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def limit():
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, seconds, folder, environment=None):
    """Runs `command` in `folder` with a time limit; whatever it leaves in its session's group is killed."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, preexec_fn=limit, env=environment)
    try:
        output, errors = process.communicate(timeout=seconds)
        outcome = Outcome(status_text(process.returncode), output, errors)
    except subprocess.TimeoutExpired:
        end_group(process.pid)
        try:
            output, errors = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            output, errors = b"", b""
        outcome = Outcome("timeout", output, errors)
    end_group(process.pid)
    return outcome


def end_group(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


class Sides:
    """The two emulators, and the folder that programs are built in."""

    def __init__(self, xarch, qemu, sysroot, work):
        self.xarch, self.qemu, self.sysroot, self.work = xarch, qemu, sysroot, work
        os.makedirs(work, exist_ok=True)

    def judge(self, case, keep=False):
        """Builds and runs a case: ("unbuilt" | "same" | "different" | "passed", xarch's Outcome, the other's).

        A program that leaves with 0 and prints nothing has checked itself; only others are run a second time.
        """
        folder = tempfile.mkdtemp(prefix="case", dir=self.work)
        try:
            program = os.path.join(folder, "program")
            built = run(case.command + ["-o", program] + case.link, 600, folder)
            if built.status != "exit 0":
                return "unbuilt", built, None
            environment = dict(os.environ, **case.environment)
            return self.compare(case, program, folder, environment)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def compare(self, case, program, folder, environment):
        folder = case.folder or folder
        ours = run([self.xarch, "run", "-L", self.sysroot, program, *case.actual(program)], case.seconds, folder, environment)
        if ours.status in ("exit 0", f"exit {case.skipped}") and (case.noisy or case.lines and not ours.found(case) or not ours.output):
            return "passed", ours, None
        theirs = self.second_opinion(case, program, folder, environment)
        if ours.like(theirs, case):
            return "same", ours, theirs
        return "different", ours, theirs

    def second_opinion(self, case, program, folder, environment):
        if not case.native:
            command = [self.qemu, "-L", self.sysroot, program]
        else:
            command = [program + "-native"]
            built = run(case.native + ["-o", command[0]] + case.native_link, 600, os.path.dirname(program))
            environment = {name: value for name, value in environment.items() if name != "GOARCH"}
            if built.status != "exit 0":
                return Outcome("unbuilt", b"", built.errors)
        return run(command + case.actual(command[-1]), 2 * case.seconds, folder, environment)
