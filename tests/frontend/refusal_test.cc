// What cannot be started: one line on stderr that names the file and what to do, and a shell's status. Never
// a crash, never silence.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/frontend/command.h"

namespace xarch {
namespace {

class Refusal : public testing::Test {
 protected:
  void expect(const Outcome& o, const std::string& file, int status, const std::string& why) {
    SCOPED_TRACE(file + " (" + why + "): " + o.err);
    EXPECT_EQ(o.exit_status(), status);
    EXPECT_EQ(o.out, "");
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1);
    EXPECT_EQ(o.err.find("xarch: "), 0u);
    EXPECT_NE(o.err.find(file), std::string::npos);
    EXPECT_NE(o.err.find(why), std::string::npos);
  }
  void refused(const std::string& file, int status, const std::string& why) {
    expect(run({file}), file, status, why);
  }

  // A copy of the static program with its headers changed.
  template <typename Change>
  std::string changed(const std::string& name, Change change) {
    std::string bytes = contents(program("static"));
    auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
    change(header, reinterpret_cast<Elf64_Phdr*>(bytes.data() + header->e_phoff));
    return dir_.put(name, bytes);
  }
  Scratch dir_;
  const std::string static_bytes_ = contents(program("static"));
};

Elf64_Phdr* load(Elf64_Ehdr* e, Elf64_Phdr* p, int wanted) {
  for (int i = 0; i < e->e_phnum; i++) {
    if (p[i].p_type == PT_LOAD && wanted-- == 0) return p + i;
  }
  abort();
}

TEST_F(Refusal, NoSuchProgram) {
  refused(dir_ / "missing", 127, "No such file or directory");
  refused("no-such-program-anywhere", 127, "No such file or directory");
  refused(dir_.put("plain", "x") + "/below", 127, "Not a directory");
  expect(run({""}), "name is empty", 127, "name is empty");
  ASSERT_EQ(symlink("nowhere", (dir_ / "dangling").c_str()), 0);
  refused(dir_ / "dangling", 127, "No such file");
  ASSERT_EQ(symlink("b", (dir_ / "a").c_str()), 0);
  ASSERT_EQ(symlink("a", (dir_ / "b").c_str()), 0);
  refused(dir_ / "a", 126, "Too many levels of symbolic links");
  refused("/" + std::string(300, 'n'), 126, "File name too long");
  refused("/" + std::string(5000, 'n'), 126, "File name too long");
}

TEST_F(Refusal, NotARegularFile) {
  refused(dir_.path(), 126, "is a directory");
  refused("/", 126, "is a directory");
  refused(".", 126, "is a directory");
  refused("..", 126, "is a directory");
  refused("/dev/null", 126, "not a regular file");
  refused("/dev/zero", 126, "not a regular file");
  ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0755), 0);
  refused(dir_ / "fifo", 126, "not a regular file");
}

TEST_F(Refusal, Permissions) {
  const std::string plain = dir_.put("plain", static_bytes_, 0644);
  refused(plain, 126, "not executable");
  // Who may execute and not read cannot run it here: the file is what gets translated.
  const std::string secret = dir_.put("secret", static_bytes_, 0111);
  How how;
  if (geteuid() == 0) how.user = 65534;
  expect(run({secret}, how), secret, 126, "Permission denied");
  mkdir((dir_ / "closed").c_str(), 0700);
  if (geteuid() == 0)
    expect(run({dir_ / "closed/program"}, how), dir_ / "closed/program", 126, "Permission denied");
}

TEST_F(Refusal, NotAProgram) {
  refused(dir_.put("empty", ""), 126, "neither an ELF file nor a script");
  refused(dir_.put("text", "echo hello\n"), 126, "neither an ELF file nor a script");
  refused(dir_.put("zeros", std::string(5000, '\0')), 126, "neither an ELF file nor a script");
  refused(dir_.put("magic", "\177ELF"), 126, "truncated");
  for (size_t bytes : {5u, 16u, 51u, 52u, 63u, 64u, 100u, 400u})
    refused(dir_.put("short" + std::to_string(bytes), static_bytes_.substr(0, bytes)), 126, "truncated");
  refused(dir_.put("half", static_bytes_.substr(0, static_bytes_.size() / 2)), 126, "truncated");
}

TEST_F(Refusal, HostileHeaders) {
  const auto refuse = [this](const char* name, const char* why, auto change) {
    refused(changed(name, change), 126, why);
  };
  refuse("class", "bad ELF class", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_ident[EI_CLASS] = 7; });
  refuse("order", "bad ELF byte order", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_ident[EI_DATA] = 0; });
  refuse("version", "bad ELF version", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_ident[EI_VERSION] = 9; });
  refuse("object", "an object file", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_type = ET_REL; });
  refuse("core", "a core dump", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_type = ET_CORE; });
  refuse("type", "bad ELF type", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_type = 99; });
  refuse("phentsize", "bad size of program headers", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_phentsize = 1; });
  refuse("none", "no program headers", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_phnum = 0; });
  refuse("many", "too many program headers", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_phnum = 0xffff; });
  refuse("phoff", "program headers behind its end", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_phoff = ~0ull; });
  refuse("unloaded", "nothing to load", [](Elf64_Ehdr* e, Elf64_Phdr* p) {
    for (int i = 0; i < e->e_phnum; i++) p[i].p_type = PT_NOTE;
  });
  refuse("filesz", "larger in the file than in memory",
         [](Elf64_Ehdr* e, Elf64_Phdr* p) { load(e, p, 0)->p_memsz = 1; });
  refuse("offset", "ends behind the file's end",
         [](Elf64_Ehdr* e, Elf64_Phdr* p) { load(e, p, 0)->p_offset += 1ull << 40; });
  refuse("wraps", "wraps around",
         [](Elf64_Ehdr* e, Elf64_Phdr* p) { load(e, p, 1)->p_memsz = ~0ull - 4096; });
  refuse("high", "above the end of the address space",
         [](Elf64_Ehdr* e, Elf64_Phdr* p) { load(e, p, 1)->p_memsz = 1ull << 50; });
  refuse("skewed", "address and file offset disagree",
         [](Elf64_Ehdr* e, Elf64_Phdr* p) { load(e, p, 1)->p_vaddr += 8; });
  refuse("low", "below 65536", [](Elf64_Ehdr* e, Elf64_Phdr* p) {
    load(e, p, 0)->p_vaddr = 0;
    e->e_entry = 0x100;
  });
  refuse("overlap", "segments overlap", [](Elf64_Ehdr* e, Elf64_Phdr* p) {
    load(e, p, 0)->p_memsz = load(e, p, 1)->p_vaddr + 1 - load(e, p, 0)->p_vaddr;
  });
  refuse("entry", "entry point outside", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_entry = 0x123456789000; });
  // No alignment is one of 1, and no reason to refuse.
  const std::string unaligned = changed("align", [](Elf64_Ehdr* e, Elf64_Phdr* p) {
    load(e, p, 0)->p_align = 0;
    load(e, p, 1)->p_align = ~0ull;
  });
  EXPECT_EQ(run({unaligned, "exit", "9"}).exit_status(), 9);
}

TEST_F(Refusal, OtherMachines) {
  const std::string alien = changed("alien", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_machine = 4711; });
  refused(alien, 126, "is for machine 4711 64-bit, which is not among the guests here: aarch64");
  const std::string sparc = changed("sparc", [](Elf64_Ehdr* e, Elf64_Phdr*) { e->e_machine = EM_SPARCV9; });
  refused(sparc, 126, "SPARC V9");
  struct {
    Elf32_Ehdr header;
    Elf32_Phdr load;
  } x32 = {};
  memcpy(x32.header.e_ident, "\177ELF\1\1\1", 7);
  x32.header.e_type = ET_EXEC;
  x32.header.e_machine = EM_X86_64;
  x32.header.e_version = EV_CURRENT;
  x32.header.e_entry = 0x400000;
  x32.header.e_phoff = sizeof x32.header;
  x32.header.e_ehsize = sizeof x32.header;
  x32.header.e_phentsize = sizeof x32.load;
  x32.header.e_phnum = 1;
  x32.load = {PT_LOAD, 0, 0x400000, 0x400000, sizeof x32, sizeof x32, PF_R | PF_X, 0x1000};
  refused(dir_.put("x32", std::string(reinterpret_cast<const char*>(&x32), sizeof x32)), 126, "is for x32");
}

TEST_F(Refusal, InterpreterElsewhere) {
  const std::string p = program("dynamic");
  expect(run({"-L", dir_.path(), p}), p, 127,
         "its interpreter /lib/ld-linux-aarch64.so.1 is not in " + dir_.path() +
             "; -L /usr/aarch64-linux-gnu has it");
  expect(run({p}, {.env = {"XARCH_SYSROOT=" + dir_.path()}}), p, 127, "-L /usr/aarch64-linux-gnu has it");
  std::string bytes = contents(p);
  const std::string interp = "/lib/ld-linux-aarch64.so.1";
  bytes.replace(bytes.find(interp), interp.size(), "/lib/ld-linux-nowhere.so.1");
  const std::string lost = dir_.put("lost", bytes);
  refused(lost, 127,
          "/lib/ld-linux-nowhere.so.1 is not in /usr/aarch64-linux-gnu; give a root that has it with -L DIR");
  // One that is no program, for another machine, or not to be read.
  mkdir((dir_ / "lib").c_str(), 0755);
  const std::string loader = dir_.put("lib/ld-linux-aarch64.so.1", "text");
  expect(run({"-L", dir_.path(), p}), p, 126, loader + ": truncated");
  dir_.put("lib/ld-linux-aarch64.so.1", std::string(500, 'x'));
  expect(run({"-L", dir_.path(), p}), p, 126, loader + ": not an ELF file");
  dir_.put("lib/ld-linux-aarch64.so.1", contents("/bin/true"));
  expect(run({"-L", dir_.path(), p}), p, 126,
         loader + " is for x86-64; give the program's own root with -L DIR");
  chmod(loader.c_str(), 0);
  How how;
  if (geteuid() == 0) how.user = 65534;
  expect(run({"-L", dir_.path(), p}, how), p, 126, "Permission denied");
}

TEST_F(Refusal, Scripts) {
  for (const char* line : {"#!", "#!\n", "#! \t \nx\n"})
    refused(dir_.put("none", line), 126, "script without an interpreter");
  refused(dir_.put("cut", "#!/" + std::string(300, 'x') + "\n"), 126, "script without an interpreter");
  const std::string gone = dir_.put("gone", "#!/no/such/interpreter -x\n");
  refused(gone, 127, "its interpreter /no/such/interpreter: No such file");
  const std::string directory = dir_.put("directory", "#!" + dir_.path() + "\n");
  refused(directory, 126, "its interpreter " + dir_.path() + ": is a directory");
  const std::string text = dir_.put("text", "hello\n");
  refused(dir_.put("ontext", "#!" + text + "\n"), 126, "its interpreter " + text + ": neither an ELF file");
  const std::string plain = dir_.put("plain", static_bytes_, 0644);
  refused(dir_.put("onplain", "#!" + plain + "\n"), 126, "its interpreter " + plain + ": Permission denied");
  const std::string self = dir_ / "self";
  refused(dir_.put("self", "#!" + self + "\n"), 126, "too many levels of scripts");
}

TEST_F(Refusal, ScriptsThatRun) {
  const std::string p = program("static");
  const std::string one = dir_.put("one", "#!" + p + " args\n");
  EXPECT_EQ(run({one, "x", "y"}).out, "0=" + p + "\n1=args\n2=" + one + "\n3=x\n4=y\n");
  const std::string spaced = dir_.put("spaced", "#! \t" + p + " \t args and more \t\nrest");
  EXPECT_EQ(run({spaced}).out, "") << "one argument, blanks inside kept";
  EXPECT_EQ(run({spaced}).exit_status(), 99);
  const std::string two = dir_.put("two", "#!" + one);
  EXPECT_EQ(run({two}).out, "0=" + p + "\n1=args\n2=" + one + "\n3=" + two + "\n");
  ASSERT_EQ(symlink(p.c_str(), (dir_ / "show").c_str()), 0);
  dir_.put("relative", "#!./show args\n");
  EXPECT_EQ(run({"./relative"}, {.directory = dir_.path()}).out, "0=./show\n1=args\n2=./relative\n");
  std::string chain = one;
  for (int i = 0; i < 4; i++) chain = dir_.put("chain" + std::to_string(i), "#!" + chain + "\n");
  EXPECT_EQ(run({chain}).exit_status(), 0);
  refused(dir_.put("chain4", "#!" + chain + "\n"), 126, "too many levels of scripts");
}

TEST_F(Refusal, TooLittleMemory) {
  const std::string p = program("static");
  // From nothing to enough: refused with a line, or it runs.
  bool ran = false;
  for (rlim_t mb = 8; mb <= 512; mb *= 2) {
    const Outcome o = run({p, "exit", "3"}, {.limits = {{RLIMIT_AS, mb << 20}}});
    if (o.exit_status() == 3) {
      ran = true;
      continue;
    }
    EXPECT_FALSE(ran) << mb << " MB are too few, and half of it was enough";
    expect(o, p, 126, "ulimit -v");
  }
  EXPECT_TRUE(ran);
  EXPECT_EQ(run({p, "exit", "3"}, {.limits = {{RLIMIT_AS, 128 << 20}}}).exit_status(), 3);
  expect(run({program("mips")}, {.limits = {{RLIMIT_AS, 1 << 30}}}), program("mips"), 126,
         "4 GB of free addresses");
}

TEST_F(Refusal, TooFewDescriptors) {
  const std::string p = program("dynamic");
  for (rlim_t n = 3; n <= 8; n++) {
    const Outcome o = run({p, "exit", "3"}, {.limits = {{RLIMIT_NOFILE, n}}});
    // The guest's own loader may fail for it, too.
    if (o.exit_status() == 3) continue;
    EXPECT_LE(n, 4u) << o.err;
    EXPECT_TRUE(o.exit_status() == 126 || o.exit_status() == 127) << o.err;
    EXPECT_NE(o.err, "");
  }
}

TEST_F(Refusal, ArgumentsThatDoNotFit) {
  const std::string p = program("static");
  EXPECT_EQ(run({p, "exit", "3", std::string(100000, 'a')}).exit_status(), 3);
  std::vector<std::string> many = {"-s", "128K", p};
  for (int i = 0; i < 200; i++) many.push_back(std::string(1000, 'a'));
  expect(run(many), p, 126, "argument list too long");
}

}  // namespace
}  // namespace xarch
