"""What scripts/bench and tests/applications generate: the same files every time, from fixed arithmetic."""

import os
import shutil
import subprocess

LOOP = """
__attribute__((noinline)) int loop_{n}(const int* a, int n) {{
  int s = a[{step}] << {step};
  while (n > {mask}) n = n / {step} - a[n & 3] * {k};
  return s + (n & 1 ? loop_{m}(a, n >> 1) : n ^ {x});
}}
"""
SWITCH = """
__attribute__((noinline)) int choose_{n}(unsigned v, struct item* p) {{
  switch (v % 11) {{
    case 0: return p->count + {k};
    case 1: p->next = p; return -{x};
    case 3: case 4: return (int)(v >> {step}) - p->weight;
    case 7: return p->name[v & 15] == 'x' ? choose_{m}(v / 11, p) : {mask};
    case 9: p->count *= {k}; break;
    default: if (v & {mask}) return (int)v * {x};
  }}
  return p->count;
}}
"""
FLOAT = """
double mix_{n}(const double* a, struct item* p, int n) {{
  double low = a[0], sum = {k}.5;
  for (int i = 1; i < n; ++i) {{
    if (a[i] < low) low = a[i];
    sum = sum * 0.{x} + a[i] / ({step} + i);
  }}
  p->weight = (int)sum;
  return low + sum * {mask} + loop_{m}(p->values, n & 7);
}}
"""
TEXT = """
unsigned text_{n}(const char* s, struct item* p) {{
  unsigned hash = {x}u;
  while (*s) {{
    char c = *s++;
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    hash = hash * {k}u + (unsigned char)c;
    if ((hash & {mask}u) == {step}u) p->values[hash & 7]++;
  }}
  return p->next ? hash ^ (unsigned)choose_{m}(hash, p->next) : hash;
}}
"""


def numbers():
    state = 20240229
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 40


def c_file(path, functions=700):
    """A C file without includes: functions of four kinds that call the ones before them."""
    values = numbers()
    with open(path, "w", encoding="ascii") as f:
        f.write("struct item { int count, weight, values[8]; char name[16]; struct item* next; };\n"
                "int loop_0(const int* a, int n) { return a[n & 3]; }\n"
                "int choose_0(unsigned v, struct item* p) { return (int)v + p->count; }\n")
        last = {LOOP: 0, SWITCH: 0, FLOAT: 0, TEXT: 0}
        calls = {LOOP: LOOP, SWITCH: SWITCH, FLOAT: LOOP, TEXT: SWITCH}
        for n in range(1, functions + 1):
            kind = (LOOP, SWITCH, LOOP, LOOP, FLOAT, LOOP, TEXT, LOOP)[n % 8]
            f.write(kind.format(n=n, m=last[calls[kind]], k=next(values) % 90 + 3, x=next(values) % 8999 + 1000,
                                step=next(values) % 5 + 2, mask=2 ** (next(values) % 9 + 1) - 1))
            last[kind] = n


def cxx_project(where, files=200):
    """A C++ project: `files` sources with classes and templates, a main program that adds them up, CMake and make files."""
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    values = numbers()

    def write(name, text):
        with open(os.path.join(where, name), "w", encoding="ascii") as f:
            f.write(text)

    write("part.h", "#pragma once\n#include <cstddef>\nnamespace parts {\n"
          "struct Part { virtual ~Part() = default; virtual long value(long x) const = 0; };\n"
          "template <class T, std::size_t N> struct Row {\n  T cells[N];\n"
          "  template <class F> T fold(T start, F f) const { for (const T& c : cells) start = f(start, c); return start; }\n"
          "};\n}\n")
    for n in range(files):
        cells = ", ".join(str(next(values) % 1000) for _ in range(6))
        write(f"part{n}.cc", f'#include "part.h"\nnamespace parts {{\nnamespace {{\n'
              f"class Part{n} final : public Part {{\n public:\n  explicit Part{n}(long scale) : scale_(scale) {{}}\n"
              f"  long value(long x) const override {{\n    Row<long, 6> row{{{{{cells}}}}};\n"
              f"    return row.fold(x, [this](long a, long b) {{ return (a * scale_ + b) % {next(values) % 9000 + 1009}; }});\n"
              f"  }}\n\n private:\n  long scale_;\n}};\n}}\nlong part{n}(long x) {{\n  try {{\n"
              f"    if (x % 50 == {n % 50}) throw x;\n    return Part{n}({n + 3}).value(x);\n"
              f"  }} catch (long thrown) {{\n    return thrown + {n};\n  }}\n}}\n}}\n")
    write("main.cc", "#include <cstdio>\nnamespace parts {\n" +
          "".join(f"long part{n}(long x);\n" for n in range(files)) +
          "}\nint main() {\n  long sum = 0;\n  for (long x = 0; x < 100; ++x) {\n" +
          "".join(f"    sum += parts::part{n}(x);\n" for n in range(files)) +
          '  }\n  std::printf("%ld\\n", sum);\n}\n')
    names = " ".join(f"part{n}.cc" for n in range(files))
    write("Makefile", f"OBJECTS = main.o {names.replace('.cc', '.o')}\nprogram: $(OBJECTS)\n\tg++ -o $@ $(OBJECTS)\n"
          "%.o: %.cc part.h\n\tg++ -O1 -c -o $@ $<\n")
    write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.20)\nproject(parts CXX)\n"
          "include(CheckCXXCompilerFlag)\ncheck_cxx_compiler_flag(-Wall HAVE_WALL)\n"
          f"find_package(Threads)\nadd_executable(program main.cc {names})\n")


def sql_script(path, rows):
    """Tables filled row by row in one transaction, indexed, joined, changed, summed up."""
    values = numbers()
    with open(path, "w", encoding="ascii") as f:
        f.write("create table item(id integer primary key, kind integer, price real, name text);\n"
                "create table kind(id integer primary key, name text);\nbegin;\n")
        for n in range(100):
            f.write(f"insert into kind values({n}, 'kind {n * 37 % 100:02}');\n")
        for n in range(rows):
            f.write(f"insert into item values({n}, {next(values) % 100}, {next(values) % 100000 / 4}, "
                    f"'name {next(values) % 5000:04}');\n")
        f.write("commit;\ncreate index by_name on item(name);\n"
                "select kind.name, count(*), round(sum(price), 2), max(item.name) from item join kind on kind = kind.id "
                "group by kind.name order by 1;\n"
                "update item set price = price * 1.1 where name < 'name 1000';\n"
                "delete from item where id % 7 = 3 and kind in (select id from kind where name like '%5');\n"
                "select count(*), round(avg(price), 4), count(distinct name) from item;\n"
                "select name, count(*) as n from item group by name order by n desc, name limit 10;\n"
                "with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000) "
                "select sum(x * x) from c;\npragma integrity_check;\n")


def text(path, lines):
    """Words and numbers with some repetition: compresses about as well as prose does."""
    state = 12345
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo"]
    with open(path, "w", encoding="ascii") as f:
        for _ in range(lines):
            row = []
            for _ in range(6):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                row.append(words[(state >> 33) % len(words)] if state >> 63 else str((state >> 40) % 100000))
            f.write(" ".join(row) + "\n")


def git_repository(where, commits=60):
    """A repository with a history of changes to a few files, made by the machine's own git."""
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    environment = {"PATH": os.environ["PATH"], "HOME": where, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "A", f"GIT_{who}_EMAIL": "a@example.org"}

    def git(*arguments, **more):
        subprocess.run(["git", "-C", where, *arguments], check=True, env=environment | more, stdout=subprocess.DEVNULL)

    git("-c", "init.defaultBranch=main", "init", "-q")
    values = numbers()
    files = {f"file{n}.txt": [f"line {i} of file {n}" for i in range(200)] for n in range(12)}
    for commit in range(commits):
        for name, lines in files.items():
            if commit == 0 or next(values) % 3 == 0:
                for _ in range(4):
                    lines[next(values) % len(lines)] = f"changed in {commit}: {next(values)}"
                lines.insert(next(values) % len(lines), f"new in {commit}")
                with open(os.path.join(where, name), "w", encoding="ascii") as f:
                    f.write("\n".join(lines) + "\n")
        git("add", "-A")
        date = f"{1600000000 + commit * 3600} +0000"
        git("commit", "-q", "-m", f"change {commit}", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
