# subprocess: pipes, statuses, signals, time-outs, descriptors, groups, large outputs; os.fork and os.posix_spawn.
import os
import signal
import subprocess
import sys

print(subprocess.run(["echo", "one"], capture_output=True, text=True))
print(subprocess.run("echo out; echo err >&2; exit 7", shell=True, capture_output=True, text=True))
print(subprocess.check_output(["sort", "-n"], input="3\n1\n2\n", text=True).split())
print("big", len(subprocess.check_output(["head", "-c", "3000000", "/dev/zero"])))
try:
    subprocess.run(["sleep", "30"], timeout=0.3)
except subprocess.TimeoutExpired as e:
    print("timeout", e.cmd)
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as e:
    print(e)
try:
    subprocess.run(["true"], cwd="/no/such/directory")
except FileNotFoundError as e:
    print(e)
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.send_signal(signal.SIGTERM)
print("signal", child.wait())
read, write = os.pipe()
with subprocess.Popen([sys.executable, "-c", f"import os; os.write({write}, b'through a pipe')"], pass_fds=[write]) as p:
    os.close(write)
    print(os.read(read, 100), p.wait())
print("environment", subprocess.check_output(["env"], env={"A": "1", "B": "two words"}, text=True).split("\n"))
first = subprocess.Popen(["seq", "100000"], stdout=subprocess.PIPE)
second = subprocess.Popen(["grep", "-c", "7"], stdin=first.stdout, stdout=subprocess.PIPE)
first.stdout.close()
print("pipeline", second.communicate()[0], first.wait())
group = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60 & wait"], start_new_session=True)
os.killpg(group.pid, signal.SIGKILL)
print("group", group.wait())
statuses = []
for i in range(40):
    pid = os.fork()
    if pid == 0:
        os._exit(i)
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print("forks", statuses == list(range(40)))
pid = os.posix_spawn("/bin/sh", ["sh", "-c", "echo spawned; exit 3"], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, 1, 2)], setsigdef=[signal.SIGPIPE])
print("spawn", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
many = [subprocess.Popen(["sh", "-c", f"exit {i}"]) for i in range(30)]
print("many", [p.wait() for p in many] == list(range(30)))
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as other:
    other.stdin.write(b"there")
    exe = f"/proc/{other.pid}/exe"
    print(other.stdout.read(5), os.readlink(exe), os.path.samefile(exe, "/usr/bin/cat"), os.path.realpath(exe))
    start, end = map(int, open(f"/proc/{other.pid}/stat").read().rsplit(")", 1)[1].split()[23:25])
    print("code", 0 < start < end, open(f"/proc/{other.pid}/comm").read(), open(f"/proc/{other.pid}/cmdline").read())
print(os.popen("uname -s; pwd; ps -o comm= -p $PPID").read().split())
