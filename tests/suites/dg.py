"""Reads the directives of a compiler's test file: what to do with it, and with which options, on AArch64 Linux."""
import fnmatch
import re

TRIPLE = "aarch64-unknown-linux-gnu"
# Effective targets that AArch64 Linux is not; every other name counts as present: a test that needs what is missing does
# not build, or fails on both sides.
ABSENT = re.compile(r"^(ilp32|ia32|x32|i[3-6]86.*|x86.*|sse.*|avx.*|mmx.*|powerpc.*|vmx.*|vsx.*|ppc.*|arm_.*|arm32|arm_nothumb"
                    r"|mips.*|sparc.*|s390.*|vxworks.*|mingw.*|darwin|newlib.*|avr|dfp.*|be|aarch64_big_endian|c\+\+.*|c"
                    r"|.*_sve.*|sve.*|default_packed|int16|short_enums|big_endian|nvptx|offload.*|openacc.*|nonpic"
                    r"|llp64|int_eq_float|lto)$")
FEATURES = {  # what dg-add-options adds, by the name it is asked with
    "arm_v8_1a_neon": "-march=armv8.1-a",
    "arm_v8_2a_fp16_scalar": "-march=armv8.2-a+fp16",
    "arm_v8_2a_fp16_neon": "-march=armv8.2-a+fp16",
    "arm_v8_2a_dotprod_neon": "-march=armv8.2-a+dotprod",
    "arm_v8_3a_complex_neon": "-march=armv8.3-a",
    "arm_v8_3a_fp16_complex_neon": "-march=armv8.3-a+fp16",
    "arm_v8_2a_bf16_neon": "-march=armv8.2-a+bf16",
    "arm_v8_2a_i8mm": "-march=armv8.2-a+i8mm",
    "arm_fp16fml_neon": "-march=armv8.2-a+fp16fml",
    "ieee": "",
    "tls": "",
    "c99_runtime": "-std=c99",
    "float16": "",
    "sqrt_insn": "",
}


def braces(text, at):
    """The text between the brace at `at` and its partner, or None."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == "{":
            depth += 1
        elif text[i] == "}":
            depth -= 1
            if depth == 0:
                return text[at + 1:i]
    return None


def words(text):
    """A Tcl list: words, "quoted" and {braced} ones; a braced one is marked by a tuple of one."""
    out, i = [], 0
    while i < len(text):
        c = text[i]
        if c.isspace():
            i += 1
        elif c == "{":
            inner = braces(text, i)
            if inner is None:
                break
            out.append((inner,))
            i += len(inner) + 2
        elif c == '"':
            end = text.find('"', i + 1)
            end = len(text) if end < 0 else end
            out.append(text[i + 1:end])
            i = end + 1
        else:
            end = i
            while end < len(text) and not text[end].isspace():
                end += 1
            out.append(text[i:end])
            i = end
    return out


def holds(selector):
    """Whether a target selector such as `{ { ! lp64 } || aarch64*-*-* }` holds."""
    if isinstance(selector, tuple):
        selector = selector[0]
    parts = words(selector)
    if parts and parts[0] in ("target", "xfail"):
        parts = parts[1:]
    result, operator, negated, plain = None, "||", False, True
    for part in parts:
        if part in ("&&", "||"):
            operator = part
            plain = False
            continue
        if part == "!":
            negated = not negated
            continue
        if isinstance(part, tuple):
            value = holds(part)
        elif part.count("-") >= 2:
            value = fnmatch.fnmatchcase(TRIPLE, part)
        else:
            value = not ABSENT.match(part)
        value = value != negated
        negated = False
        if result is None:
            result = value
        else:
            result = (result and value) if operator == "&&" and not plain else (result or value)
    return True if result is None else result


class Directives:
    """What a file asks for. `action` is None if it says nothing; `options` is None likewise."""

    def __init__(self, text):
        self.action = None
        self.options = None
        self.additional = []
        self.sources = []
        self.needs = []
        self.skipped = False
        for match in re.finditer(r"\{\s*dg-[a-z-]+", text):
            body = braces(text, match.start())
            if body is None or "\n" in body[:80].split("}")[0] and "dg-final" in body:
                continue
            parts = words(body)
            self.take(parts[0], parts[1:])

    def take(self, name, rest):
        first = rest[0] if rest else ""
        text = first[0] if isinstance(first, tuple) else first
        selected = all(holds(part) for part in rest[1:] if isinstance(part, tuple) and part[0].split()[:1] == ["target"])
        if name == "dg-do":
            if selected:
                self.action = text
            elif self.action is None:
                self.action = "none"
        elif name == "dg-options" and selected:
            self.options = text.split()
        elif name == "dg-additional-options" and selected:
            self.additional += text.split()
        elif name == "dg-additional-sources":
            self.sources += text.split()
        elif name == "dg-add-options":
            self.additional += FEATURES.get(text, "").split()
        elif name == "dg-require-effective-target" and isinstance(first, str):
            self.needs.append(text)
