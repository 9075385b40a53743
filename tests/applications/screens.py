#!/usr/bin/env python3
"""screens.py [OPTIONS] SESSION: a program that draws on a terminal, natively and by xarch; its screens are compared.

The terminal is a pane of the machine's own tmux. Each step of a session types keys and waits until its text stands on
the screen, and the screen has stopped changing; the screens, colours included, must be the same on both sides.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import guest_root  # noqa: E402

LIMIT = 40  # seconds for a step

# Per session: shell lines that set it up, the command, and steps: keys as tmux names them, text that must appear (so many times).
PROMPT = "bash-5.2#"  # Debian 12's
SESSIONS = {
    "vim": ("cp /tmp/scripts/python_asyncio.py tmp/file.txt",
            ["/usr/bin/vim.tiny", "-u", "NONE", "-i", "NONE", "-N", "/tmp/file.txt"], [
                ([], "file.txt"), ([":set number ruler hlsearch", "Enter"], "1,1"), (["5G", "o", "typed here", "Escape"], "typed here"),
                (["/asyncio", "Enter"], "24,15"), ([":%s/await/WAIT/g", "Enter"], "substitutions"),
                ([":split", "Enter", "20G", "dd", "p"], "20"), (["C-w", "j", "G"], "asyncio.run"), (["V", "k", "k"], "VISUAL"),
                (["Escape", "u", "C-l"], "24%"), ([":help nothing-of-this", "Enter"], "E"), (["C-l", "gg", "~~~~"], "1,5"),
                ([":set list wrap", "Enter", "i", "wide \u00e9\u4e2d", "Escape"], "wide"),
                ([":w! /tmp/written", "Enter"], "written"), ([":!wc -l < /tmp/written", "Enter"], "Press ENTER"),
                (["Enter", ":q!", "Enter", ":q!", "Enter"], "ended 0")]),
    "tmux": ("printf 'set -g status-right \"\"\\nset -g default-command \"bash --norc --noprofile\"\\nset -g window-status-format "
             "\"#I\"\\nset -g window-status-current-format \"#I*\"\\nset -g escape-time 0\\nset -g set-titles off\\n' >tmp/conf",
             ["/usr/bin/tmux", "-f", "/tmp/conf", "new-session", "-s", "inner"], [
                 ([], PROMPT), (["echo $((6 * 7))", "Enter"], "\n42"), (["C-b", "%"], (PROMPT, 3)), (["seq 30", "Enter"], "30"),
                 (["C-b", '"'], (PROMPT, 4)), (["stty size", "Enter"], "11 39"), (["C-b", "Up", "C-b", "["], "["), (["PageUp", "PageUp"], "["),
                 (["q", "C-b", "c"], (PROMPT, 1)), (["for i in 1 2 3; do printf \"\\e[3${i}mcolour $i\\e[0m\\n\"; done", "Enter"], "colour 3"),
                 (["C-b", "1", "C-b", "n"], PROMPT), (["C-b", ":", "list-windows -F \"#I #{window_panes}\"", "Enter"], "1"),
                 (["q", "C-b", "0"], (PROMPT, 5)), (["C-b", "z"], "29\n30\n" + PROMPT), (["C-b", "d"], "[detached")]),
    "htop": ("mkdir -p tmp/.config; printf 'fields=0 48 2 1\\nsort_key=0\\nsort_direction=1\\ntree_view=0\\nhide_kernel_threads=1\\n"
             "hide_userland_threads=1\\nshow_program_path=1\\nhighlight_base_name=0\\nfind_comm_in_cmdline=0\\n"
             "strip_exe_from_cmdline=0\\nshow_merged_command=0\\nheader_margin=0\\nheader_layout=two_50_50\\n"
             "column_meters_0=Tasks\\ncolumn_meter_modes_0=2\\ncolumn_meters_1=\\ncolumn_meter_modes_1=\\n' >tmp/htoprc",
             ["/bin/sh", "-c", "sleep 1000 & sleep 1001 & exec env HTOPRC=/tmp/htoprc htop -d 20"], [
                 ([], "sleep 1001"), (["t"], "─ sleep"), (["t", "/", "1000"], "1000"), (["Enter", "h"], "Arrows"),
                 (["q", "F2"], "Display options"), (["Escape", "Escape", "F6"], "Sort by"), (["Escape", "\\", "sleep"], "sleep"),
                 (["Enter", "q"], "ended 0")]),
}


class Terminal:
    def __init__(self, where, side, options, setup, argv):
        self.tmux = ["tmux", "-S", os.path.join(where, side), "-f", "/dev/null"]
        setup = setup.replace("/tmp/scripts", "tmp/scripts")
        command = guest_root.side_command(options, side, argv, [(os.path.join(HERE, "scripts"), "scripts")],
                                          processes=True, setup=setup)
        environment = guest_root.ENVIRONMENT | {"TERM": "screen-256color", "SHELL": "/bin/bash"}
        settings = shlex.join(["env", "-i", *(f"{k}={v}" for k, v in environment.items()), *command])
        subprocess.run([*self.tmux, "new-session", "-d", "-x", "80", "-y", "24", f"{settings}; echo ended $?; sleep 60"],
                       check=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh", "TERM": "screen"})

    def screen(self, *more):
        done = subprocess.run([*self.tmux, "capture-pane", "-p", *more], stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout

    def step(self, keys, text):
        """Types, and returns the screen once it shows the text and is at rest, or None."""
        for key in keys:
            literal = ["-l"] if len(key) > 1 and not (key[:2] == "C-" or key in ("Enter", "Escape", "Up", "PageUp", "F2", "F6")) else []
            subprocess.run([*self.tmux, "send-keys", *literal, "--", key], check=True)
            time.sleep(0.15 if key == "Escape" else 0.05)
        text, times = text if isinstance(text, tuple) else (text, 1)
        deadline, last, still = time.monotonic() + LIMIT, None, 0
        while time.monotonic() < deadline:
            now = self.screen("-e")
            still = still + 1 if now == last else 0
            if still >= 4 and self.screen().count(text) >= times:
                return now
            last = now
            time.sleep(0.1)
        return None

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], check=False, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("session", choices=SESSIONS)
    options = parser.parse_args()
    guest_root.require_namespaces()
    setup, argv, steps = SESSIONS[options.session]
    wrong = False
    with tempfile.TemporaryDirectory(prefix="xarch-screen-") as where:
        terminals = {side: Terminal(where, side, options, setup, argv) for side in guest_root.SIDES}
        try:
            for keys, text in steps:
                native, foreign = (terminals[side].step(keys, text) for side in guest_root.SIDES)
                if options.show:
                    print(f"after {keys}:\n{native}")
                if native is None:
                    sys.exit(f"natively {text!r} does not appear after {keys}:\n{terminals['native'].screen()}")
                # At rest for half a second is not done on a busy machine.
                deadline = time.monotonic() + (0 if foreign is None else 10)
                while native != foreign and time.monotonic() < deadline:
                    time.sleep(0.5)
                    native, foreign = (terminals[side].screen("-e") for side in guest_root.SIDES)
                if native != foreign:
                    wrong = True
                    print(f"after {keys} the screens differ; natively:\n{native}\nby xarch:\n"
                          f"{foreign or terminals['xarch'].screen()}")
                    if foreign is None:
                        break
        finally:
            for terminal in terminals.values():
                terminal.close()
    sys.exit(wrong)


main()
