#!/usr/bin/env python3
"""boot_image.py [OPTIONS] EMULATOR: DOSBox or Bochs, run by xarch, starts a small boot image.

They are programs with decoders and translators of their own. The image is boot_sector.S on a floppy disk, into whose second
sector it writes what it has worked out; the same is worked out here.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import guest_root  # noqa: E402

LIMIT = 120  # seconds
SECTOR, FLOPPY = 512, 1440 * 1024

FILES = {
    "dosbox.conf": "[sdl]\noutput=surface\n[cpu]\ncore={core}\ncycles=max\n[autoexec]\nboot /tmp/machine/floppy.img\n",
    "bochsrc": "megs: 32\nromimage: file=/usr/share/bochs/BIOS-bochs-latest\n"
               "vgaromimage: file=/usr/share/vgabios/vgabios.bin\n"
               "floppya: 1_44=/tmp/machine/floppy.img, status=inserted\nboot: floppy\ndisplay_library: term\n"
               "sound: driver=dummy\nlog: /tmp/machine/log\n",
    "commands": "c\n",  # Debian's Bochs starts in its debugger
}
BOCHS = ["/usr/bin/bochs-bin", "-q", "-f", "/tmp/machine/bochsrc", "-rc", "/tmp/machine/commands"]
DOSBOX = ["/usr/bin/dosbox", "-conf", "/tmp/machine/dosbox.conf"]
# Command, and DOSBox's way to execute: translated where it can, or interpreted.
EMULATORS = {"dosbox": (DOSBOX, "dynamic"), "dosbox_interpreter": (DOSBOX, "normal"), "bochs": (BOCHS, "")}


def expected():
    """What boot_sector.S finds: see there."""
    numbers = 32768
    sieve = bytearray([1]) * numbers
    for i in range(2, math.isqrt(numbers) + 1):
        if sieve[i]:
            sieve[i * i::i] = bytes(len(range(i * i, numbers, i)))
    primes = [n for n in range(2, numbers) if sieve[n]]
    roots = round(1000 * math.fsum(math.sqrt(n) for n in range(1, 1001)))
    check = 0
    for at in range(0, numbers, 4):
        check = (check << 5 | check >> 27) & 0xffffffff ^ int.from_bytes(sieve[at:at + 4], "little")
        check = check * 0x01000193 & 0xffffffff
    return f"{len(primes)}\n{sum(primes)}\n{roots}\n{check}\n"


def make_floppy(where):
    sector = os.path.join(where, "sector")
    compiler = ["gcc-12", "-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none,-Ttext,0x7c00,--oformat,binary"]
    subprocess.run([*compiler, "-o", sector, os.path.join(HERE, "boot_sector.S")], check=True)
    with open(sector, "rb") as f:
        code = f.read()
    assert len(code) == SECTOR, len(code)
    with open(os.path.join(where, "floppy.img"), "wb") as f:
        f.write(code.ljust(FLOPPY, b"\0"))


def written(where):
    with open(os.path.join(where, "floppy.img"), "rb") as f:
        f.seek(SECTOR)
        return f.read(SECTOR).rstrip(b"\0").decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    guest_root.add_options(parser)
    parser.add_argument("--native", action="store_true", help="without xarch, where the machine can")
    parser.add_argument("emulator", choices=EMULATORS)
    options = parser.parse_args()
    guest_root.require_namespaces()
    argv, core = EMULATORS[options.emulator]
    if not options.native:
        argv = ["/tmp/xarch", "run", *argv]
    with tempfile.TemporaryDirectory(prefix="xarch-boot-") as where:
        make_floppy(where)
        for name, text in FILES.items():
            with open(os.path.join(where, name), "w", encoding="ascii") as f:
                f.write(text.format(core=core))
        command = guest_root.command(os.path.join(options.roots, f"pc-{options.arch}"), argv,
                                     [(options.xarch, "xarch"), (where, "machine")], processes=True)
        environment = guest_root.ENVIRONMENT | {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "TERM": "linux"}
        with open(os.path.join(where, "output"), "w+b") as output:
            child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            deadline = time.monotonic() + LIMIT
            while child.poll() is None and not written(where) and time.monotonic() < deadline:
                time.sleep(0.1)
            status = child.poll()
            child.kill()
            child.wait()
            if written(where) == expected():
                return
            output.seek(0)
            sys.exit(f"{options.emulator} (status {status}) wrote {written(where)!r} and not {expected()!r}\n"
                     + output.read()[-3000:].decode(errors="replace"))


main()
