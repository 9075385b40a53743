"""glibc's tests that build outside its tree, as cases: glibc 2.36 below `source`, which is also the version of Debian 12.

They check themselves; the second opinion is the same test built and run natively. A small part of the tree's `support`
folder is built into a library for both sides; tests that need internal headers do not build and are left out.
"""
import os
import re
import shlex
import subprocess

from case import Case

SIDES = {"guest": "aarch64-linux-gnu-gcc-12", "native": "gcc-12"}
FOLDERS = ["signal", "nptl", "sysdeps/pthread", "rt", "posix", "io", "misc", "socket", "sysdeps/unix/sysv/linux", "time",
           "stdlib", "string", "malloc", "setjmp", "stdio-common", "libio", "debug", "wcsmbs", "dirent", "resource", "inet",
           "sysdeps/aarch64", "math", "elf", "dlfcn", "ctype", "assert", "crypt", "locale", "conform"]
DIRECTORIES = {"INSTDIR": "/usr", "LIBDIR": "/usr/lib", "BINDIR": "/usr/bin", "SBINDIR": "/usr/sbin", "SYSCONFDIR": "/etc",
               "ROOTSBINDIR": "/sbin", "COMPLOCALEDIR": "/usr/lib/locale", "SLIBDIR": "/lib", "OBJDIR": "/nonexistent",
               "OBJDIR_ELF_LDSO": "/lib/ld.so"}
# Programs of their own, and what needs the tree's internals although the rest of the library does not.
NOT_IN_LIBRARY = re.compile(r"^(test-run-command|links-dso-program.*|shell-container|echo-container|true-container"
                            r"|test-container|tst-.*|test-driver|.*_main|support_path_support_time64|support_socket_so.*"
                            r"|support_small_stack_thread_attribute)$")
# What the tests find in the tree's internal headers, as far as a program outside needs it.
HEADERS = {
    "config.h": "#define TIME_T_IS_SIGNED 1\n",
    "stackinfo.h": "#include <elf.h>\n#define _STACK_GROWS_DOWN 1\n#define DEFAULT_STACK_PERMS (PF_R | PF_W)\n",
    "libc-config.h": "",
    "libc-symbols.h": "",
    "sysdep.h": "",
    "outside.h": "#include <limits.h>\n#include <errno.h>\n#define TIMEOUTFACTOR 1\n#define libc_hidden_proto(x)\n"
                 "#define libc_hidden_def(x)\n#define attribute_hidden\n#define __set_errno(x) (errno = (x))\n",
}
ATTRIBUTE = """#include <pthread.h>
#include <support/xthread.h>
pthread_attr_t *support_small_stack_thread_attribute(void) {
  static pthread_attr_t result;
  static int made;
  if (!made) {
    xpthread_attr_init(&result);
    support_set_small_thread_stack_size(&result);
    made = 1;
  }
  return &result;
}
"""


class Glibc:
    def __init__(self, source, work):
        self.source = source
        self.include = os.path.join(work, "glibc-include")
        self.work = work
        self.prepared = False

    def flags(self):
        return (["-O2", "-w", "-std=gnu11", "-D_GNU_SOURCE", "-fgnu89-inline", "-include", "outside.h", "-I" + self.include,
                 "-I" + os.path.join(self.source, "support"), f'-DSRCDIR_PATH="{self.source}"']
                + [f'-D{name}_PATH="{path}"' for name, path in DIRECTORIES.items()])

    def prepare(self):
        """Makes the include folder and both libraries; once per work folder."""
        os.makedirs(self.include, exist_ok=True)
        links = {"support": "support", "test-skeleton.c": "test-skeleton.c", "dynarray.h": "malloc/dynarray.h",
                 "malloc/dynarray.h": "malloc/dynarray.h", "malloc/dynarray-skeleton.c": "malloc/dynarray-skeleton.c"}
        for name in ("array_length.h", "libc-diag.h", "intprops.h", "scratch_buffer.h", "libc-pointer-arith.h"):
            links[name] = "include/" + name
        for name, target in links.items():
            path = os.path.join(self.include, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if not os.path.lexists(path):
                os.symlink(os.path.join(self.source, target), path)
        for name, text in HEADERS.items():
            with open(os.path.join(self.include, name), "w", encoding="ascii") as file:
                file.write(text)
        for side in SIDES:
            self.build_library(side)

    def build_library(self, side):
        library = os.path.join(self.work, f"libsupport-{side}.a")
        if os.path.exists(library):
            return
        folder = os.path.join(self.work, "support-" + side)
        os.makedirs(folder, exist_ok=True)
        sources = [os.path.join(self.source, "support", name) for name in sorted(os.listdir(self.source + "/support"))]
        sources += [os.path.join(self.source, "malloc", name) for name in sorted(os.listdir(self.source + "/malloc"))
                    if re.match(r"(scratch_buffer|dynarray)_.*\.c$", name)]
        own = os.path.join(folder, "attribute.c")
        with open(own, "w", encoding="ascii") as file:
            file.write(ATTRIBUTE)
        objects = []
        for path in sources + [own]:
            name = os.path.basename(path)[:-2]
            if not path.endswith(".c") or NOT_IN_LIBRARY.match(name) and name != "support_test_main":
                continue
            made = os.path.join(folder, name + ".o")
            done = subprocess.run([SIDES[side], *self.flags(), "-c", path, "-o", made], capture_output=True, text=True)
            if done.returncode == 0:
                objects.append(made)
            else:
                print(f"glibc: support/{name} is left out: {done.stderr.strip().splitlines()[-1][:150]}")
        subprocess.run(["ar", "rcs", library, *objects], check=True)

    def cases(self):
        self.prepare()
        for folder in FOLDERS:
            top = os.path.join(self.source, folder)
            if not os.path.isdir(top):
                continue
            self.arguments = self.read_arguments(top)
            for name in sorted(os.listdir(top)):
                if re.match(r"(tst|test|bug)[^/]*\.c$", name):
                    yield self.case(folder, os.path.join(top, name))

    @staticmethod
    def read_arguments(folder):
        """What a folder's Makefile has its tests called with, by test; those that need files of the build are left out."""
        found = {}
        try:
            with open(os.path.join(folder, "Makefile"), encoding="utf-8") as file:
                text = file.read()
        except OSError:
            return found
        for name, words in re.findall(r"^([\w-]+)-ARGS *= *(.*[^\\\n])$", text, re.M):
            words = words.replace("$(host-test-program-cmd)", "@PROGRAM@").replace("--test-dir=$(objpfx)", "--test-dir=@FOLDER@")
            words = words.replace("$(objpfx)", "@FOLDER@/").replace("$(objdir)", "@FOLDER@")
            if "$" not in words and "`" not in words:
                found[name] = shlex.split(words)
        return found

    def case(self, folder, path):
        def command(side):
            return [SIDES[side], *self.flags(), "-I" + os.path.dirname(path), path]

        def link(side):
            return [os.path.join(self.work, f"libsupport-{side}.a"), "-lm"]

        name = os.path.basename(path)
        return Case("glibc", f"{folder}/{name}", command("guest"), link("guest"), noisy=True, seconds=60,
                    native=command("native"), native_link=link("native"),
                    arguments=self.arguments.get(name[:-2], []), skipped=77)
