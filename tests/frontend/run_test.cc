// The options of `xarch run`, the command line around it, and what a caller sees of the guest's end.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/frontend/command.h"

namespace xarch {
namespace {

size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// A wrong command line: one line, that status, and these words in it.
void expect_usage(const std::vector<std::string>& args, const std::vector<std::string>& words,
                  int status = 2) {
  const Outcome o = command(args);
  SCOPED_TRACE(testing::PrintToString(args) + " " + o.err);
  EXPECT_EQ(o.exit_status(), status);
  EXPECT_EQ(o.out, "");
  EXPECT_EQ(lines(o.err), 1u);
  for (const std::string& word : words) EXPECT_NE(o.err.find(word), std::string::npos) << word;
}

TEST(Command, HelpAndVersionGoToStdout) {
  for (const char* word : {"--help", "-h", "help"}) {
    const Outcome o = command({XARCH, word});
    EXPECT_EQ(o.exit_status(), 0);
    EXPECT_EQ(o.err, "");
    EXPECT_NE(o.out.find("usage: xarch COMMAND"), std::string::npos);
    EXPECT_NE(o.out.find("\n  run "), std::string::npos);
  }
  for (const char* word : {"--version", "-V"}) {
    const Outcome o = command({XARCH, word});
    EXPECT_EQ(o.exit_status(), 0);
    EXPECT_EQ(o.out.substr(0, 6), "xarch ");
    EXPECT_EQ(lines(o.out), 1u);
  }
}

TEST(Command, WithoutWordsSaysHowOnStderr) {
  const Outcome o = command({XARCH});
  EXPECT_EQ(o.exit_status(), 2);
  EXPECT_EQ(o.out, "");
  EXPECT_NE(o.err.find("usage: xarch"), std::string::npos);
}

TEST(Command, UnknownWordsNameTheNearest) {
  expect_usage({XARCH, "rnu"}, {"unknown command rnu", "did you mean run?"});
  expect_usage({XARCH, "zzzzzz"}, {"unknown command zzzzzz", "--help"});
  expect_usage({XARCH, program("static")}, {"xarch run " + program("static")});
}

TEST(Command, FullStdoutIsAnError) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"--version"}, {"run", "--help"}, {"run", "--cpu", "help"}}) {
    std::vector<std::string> args = {XARCH};
    args.insert(args.end(), words.begin(), words.end());
    const Outcome o = command(args, {.output = "/dev/full"});
    EXPECT_EQ(o.exit_status(), 1) << words[0];
    EXPECT_EQ(lines(o.err), 1u) << o.err;
    EXPECT_NE(o.err.find("No space left"), std::string::npos) << o.err;
  }
}

TEST(Run, HelpNamesEveryOption) {
  for (const char* word : {"--help", "-h"}) {
    const Outcome o = run({word});
    EXPECT_EQ(o.exit_status(), 0);
    EXPECT_EQ(o.err, "");
    for (const char* option : {"-L DIR",
                               "-E NAME=VALUE",
                               "-U NAME",
                               "-0 ARGV0",
                               "-s BYTES",
                               "-r RELEASE",
                               "--cpu MODEL",
                               "--strace",
                               "-e EXPR",
                               "-o FILE",
                               "-T",
                               "-t",
                               "-y",
                               "-c",
                               "--relative-timestamps",
                               "--string-limit N",
                               "--trace WHAT",
                               "--log FILE",
                               "--stats",
                               "--stats=json",
                               "--perf",
                               "--perf=map",
                               "--perf=jitdump",
                               "--perf-dir DIR",
                               "--backend NAME",
                               "--guest-base ADDRESS",
                               "--jit-cache-size BYTES",
                               "--help"})
      EXPECT_NE(o.out.find(std::string("\n  ") + option), std::string::npos) << option;
  }
  // It counts wherever it stands among the options.
  EXPECT_EQ(run({"--strace", "--help", "/no/such"}).exit_status(), 0);
}

TEST(Run, WrongCommandLines) {
  const std::string p = program("static");
  expect_usage({XARCH, "run"}, {"no program given", "--help"});
  expect_usage({XARCH, "run", "--strace"}, {"no program given"});
  expect_usage({XARCH, "run", "--"}, {"no program given"});
  expect_usage({XARCH, "run", "-x", p}, {"unknown option -x", "--help"});
  expect_usage({XARCH, "run", "--starce", p}, {"unknown option --starce", "did you mean --strace?"});
  expect_usage({XARCH, "run", "--cpus=max", p}, {"did you mean --cpu?"});
  for (const char* option : {"-L", "-E", "-U", "-0", "-s", "-r", "--cpu", "--trace", "--log", "--backend",
                             "--guest-base", "--jit-cache-size"})
    expect_usage({XARCH, "run", option}, {option, "needs a value"});
  expect_usage({XARCH, "run", "-E", "NAME", p}, {"-E NAME", "wants NAME=VALUE"});
  expect_usage({XARCH, "run", "-E", "=x", p}, {"wants NAME=VALUE"});
  for (const char* size : {"", "x", "-1", "1x", "1KK", "99999999999999999999", "20000000000G", " 1"})
    expect_usage({XARCH, "run", "-s", size, p}, {"-s: not a number of bytes"});
  for (const char* size : {"0", "5G"}) expect_usage({XARCH, "run", "-s", size, p}, {"-s: a stack has"});
  expect_usage({XARCH, "run", "--guest-base", "1", p}, {"not a multiple of the page size"});
  expect_usage({XARCH, "run", "--backend", "fast", p}, {"--backend fast", "x86_64 and interp"});
  expect_usage({XARCH, "run", "--trace", "in,nonsense", p}, {"cannot log nonsense"});
  expect_usage({XARCH, "run", "--log", "/no/such/file", p}, {"/no/such/file: No such file"});
  expect_usage({XARCH, "run", "-L", "/no/such", p}, {"-L /no/such: No such file"});
  expect_usage({XARCH, "run", "-L", p, p}, {"-L " + p + ": Not a directory"});
}

TEST(Run, ArgumentsAndEnvironment) {
  for (const char* kind : {"static", "dynamic"}) {
    const std::string p = program(kind);
    EXPECT_EQ(run({p, "args", "", "-x", "--help"}).out, "0=" + p + "\n1=args\n2=\n3=-x\n4=--help\n");
    EXPECT_EQ(run({"-0", "other name", p, "args"}).out, "0=other name\n1=args\n");
    EXPECT_EQ(run({"-0", "", p, "args"}).out, "0=\n1=args\n");
    EXPECT_EQ(run({"--", p, "args", "--"}).out, "0=" + p + "\n1=args\n2=--\n");
    const How how = {.env = {"A=1", "B=2", "C=x=y"}};
    EXPECT_EQ(run({p, "env", "A", "B", "C"}, how).out, "A=1\nB=2\nC=x=y\n");
    EXPECT_EQ(run({"-E", "A=3", "-U", "B", "-E", "D=", p, "env", "A", "B", "C", "D"}, how).out,
              "A=3\nB=(none)\nC=x=y\nD=\n");
    EXPECT_EQ(run({"-EA=4", p, "env", "A"}, how).out, "A=4\n");
    EXPECT_EQ(run({"-E", "A=4", "-E", "A=5", p, "env", "A"}, how).out, "A=5\n");
    // What is not there can be removed.
    EXPECT_EQ(run({"-U", "NOBODY", p, "env", "A"}, how).out, "A=1\n");
  }
}

TEST(Run, ProcessorModels) {
  const std::string p = program("static");
  const Outcome help = run({"--cpu", "help"});
  EXPECT_EQ(help.exit_status(), 0);
  EXPECT_NE(help.out.find("aarch64: cortex-a53, "), std::string::npos) << help.out;
  EXPECT_NE(help.out.find("mips: "), std::string::npos) << help.out;
  EXPECT_EQ(run({"--cpu", "cortex-a53", p, "hwcap"}).out, "0\n");
  EXPECT_EQ(run({"--cpu=max", p, "hwcap"}).out, "1\n");
  EXPECT_EQ(run({p, "hwcap"}).out, "1\n");
  const Outcome bad = run({"--cpu", "z80", p});
  EXPECT_EQ(bad.exit_status(), 126);
  EXPECT_EQ(lines(bad.err), 1u);
  EXPECT_NE(bad.err.find("no CPU model 'z80' for aarch64; there are cortex-a53"), std::string::npos)
      << bad.err;
}

TEST(Run, StackSizeAndRelease) {
  const std::string p = program("static");
  EXPECT_EQ(run({"-s", "64M", p, "stack", "60000000"}).out, "used\n");
  EXPECT_EQ(run({"-s", "0x10000000", p, "stack", "200000000"}).out, "used\n");
  EXPECT_EQ(run({"-s", "512k", p, "stack", "8000000"}).signal(), SIGSEGV);
  // Sizes that no program starts with are made larger.
  EXPECT_EQ(run({"-s", "1", p, "exit", "3"}).exit_status(), 3);
  EXPECT_EQ(run({"-r", "9.8.7-test", p, "uname"}).out, "9.8.7-test aarch64\n");
}

// What cannot be done is refused, and named once if asked for.
TEST(Run, WhatIsMissingIsNamedOnce) {
  const std::string p = program("static");
  const std::string refused = "38\n1\n38\n1\n";  // ENOSYS, EPERM
  Outcome o = run({p, "missing"});
  EXPECT_EQ(o.out, refused);
  EXPECT_EQ(o.err, "");
  o = run({"--trace", "unimpl", p, "missing"});
  EXPECT_EQ(o.exit_status(), 0);
  EXPECT_EQ(o.out, refused);
  for (const char* what :
       {"unimplemented: io_uring_setup", "unimplemented: clone of a process that shares"}) {
    const size_t at = o.err.find(what);
    EXPECT_NE(at, std::string::npos) << what << " in " << o.err;
    EXPECT_EQ(o.err.find(what, at + 1), std::string::npos) << what << " in " << o.err;
  }
}

TEST(Run, LogsGoWhereTheyAreSent) {
  Scratch dir;
  const std::string p = program("static");
  Outcome o = run({"--strace", p, "exit", "4"});
  EXPECT_EQ(o.exit_status(), 4);
  EXPECT_NE(o.err.find("exit_group(4)                           = ?"), std::string::npos) << o.err;
  EXPECT_EQ(o.out, "");
  o = run({"--log", dir / "log-%d", "--strace", p, "args"});
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(o.out, "0=" + p + "\n1=args\n");
  o = run(
      {"--log", dir / "log", "--trace", "in,ir,ir_opt,out,exec,cpu,syscall,signal,memory,unimpl", p, "args"});
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(o.out, "0=" + p + "\n1=args\n");
  EXPECT_GT(contents(dir / "log").size(), 10000u);
  // The guest's descriptors are numbered as if there were no log.
  EXPECT_EQ(run({"--log", dir / "log", p, "descriptors"}).out, "111 next 3\n");
  EXPECT_EQ(run({"--log", "/dev/full", "--strace", p, "args"}).out, "0=" + p + "\n1=args\n");
  const Outcome help = run({"--trace", "help"});
  EXPECT_EQ(help.exit_status(), 0);
  for (const char* name :
       {"in ", "ir ", "ir_opt ", "out ", "exec ", "cpu ", "syscall ", "signal ", "memory ", "unimpl "})
    EXPECT_NE(("\n" + help.out).find(std::string("\n") + name), std::string::npos) << name;
}

TEST(Run, StatisticsAtTheEnd) {
  for (const std::vector<std::string>& end :
       {std::vector<std::string>{"exit", "0"}, {"signal", "6"}, {"signal", "15"}, {"fault"}}) {
    std::vector<std::string> args = {"--stats", program("static")};
    args.insert(args.end(), end.begin(), end.end());
    const Outcome o = run(args);
    for (const char* line :
         {"xarch statistics: process ", "\nwall time  ", "\nCPU time  ", "\n  translation  ",
          "\n  execution  ", "\n  system calls  ", " per guest instruction", "\nguest instructions  ",
          "\nexits of host code  ", "\nfaults taken  ", "\nsignals  ", "\nsystem calls  ", "\n  brk  "})
      EXPECT_NE(o.err.find(line), std::string::npos) << end[0] << line << o.err;
    EXPECT_EQ(o.out, "");
  }
}

// The number behind "name": in a line of JSON; -1 if there is none.
double value_of(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  return at == std::string::npos ? -1 : strtod(json.c_str() + at + name.size() + 3, nullptr);
}

TEST(Run, StatisticsForPrograms) {
  const Outcome o = run({"--stats=json", program("static"), "signal", "6"});
  EXPECT_EQ(o.signal(), 6);
  EXPECT_EQ(lines(o.err), 1u) << o.err;
  EXPECT_EQ(o.err.substr(0, 7), "{\"pid\":");
  EXPECT_EQ(o.err.substr(o.err.size() - 4), "}}}\n");
  EXPECT_GT(value_of(o.err, "translation_ns"), 1000);
  EXPECT_GT(value_of(o.err, "guest_instructions"), 100);
  EXPECT_GE(value_of(o.err, "signals"), 1);
  EXPECT_GE(value_of(o.err, "syscall"), 3);
  EXPECT_LE(value_of(o.err, "translation_ns") + value_of(o.err, "execution_ns"),
            value_of(o.err, "threads_ns"));
  EXPECT_LE(value_of(o.err, "waiting_ns"), value_of(o.err, "syscalls_ns"));
}

TEST(Run, EveryWayToExecute) {
  const std::string p = program("dynamic");
  for (const char* option :
       {"--backend=x86_64", "--backend=interp", "--guest-base=0x100000000000", "--guest-base=0x10000000",
        "--jit-cache-size=4M", "--jit-cache-size=0", "--jit-cache-size=100G"})
    EXPECT_EQ(run({option, p, "args"}).out, "0=" + p + "\n1=args\n") << option;
  for (const char* base : {"0x7fff00000000", "0x800000000000", "0xfffffffffffff000"}) {
    const Outcome o = run({"--guest-base", base, p});
    EXPECT_EQ(o.exit_status(), 126) << base;
    EXPECT_EQ(lines(o.err), 1u) << o.err;
    EXPECT_NE(o.err.find("--guest-base"), std::string::npos) << o.err;
  }
}

TEST(Run, EndsAsTheGuestDoes) {
  const std::string p = program("static");
  for (int status : {0, 1, 2, 77, 126, 127, 255}) {
    const Outcome o = run({p, "exit", std::to_string(status)});
    EXPECT_EQ(o.exit_status(), status);
    EXPECT_EQ(o.err, "");
  }
  for (int signo : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
                    SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGSYS, SIGIO, 34, 64})
    EXPECT_EQ(run({p, "signal", std::to_string(signo)}).signal(), signo);
  for (int signo : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT})
    EXPECT_EQ(run({p, "signal", std::to_string(signo)}).exit_status(), 0) << signo;
  EXPECT_EQ(run({p, "fault"}).signal(), SIGSEGV);
}

TEST(Run, StandardStreams) {
  const std::string p = program("dynamic");
  EXPECT_EQ(run({p, "copy"}, {.input = "through\n"}).out, "through\n");
  EXPECT_EQ(run({p, "copy"}).exit_status(), 0);
  EXPECT_EQ(run({p, "copy"}, {.close_in = true}).exit_status(), EBADF);
  EXPECT_EQ(run({p, "copy"}, {.input = "x", .close_out = true}).exit_status(), EBADF);
  EXPECT_EQ(run({p, "copy"}, {.input = "x", .output = "/dev/full"}).exit_status(), ENOSPC);
  EXPECT_EQ(run({p, "descriptors"}).out, "111 next 3\n");
  EXPECT_EQ(run({p, "descriptors"}, {.close_in = true}).out, "011 next 0\n");
  EXPECT_EQ(run({p, "descriptors"}, {.close_err = true}).out, "110 next 2\n");
  EXPECT_EQ(run({p, "exit", "5"}, {.close_in = true, .close_out = true, .close_err = true}).exit_status(), 5);
  // Nobody hears why, but the status says that it failed.
  EXPECT_EQ(run({"/no/such"}, {.close_err = true}).exit_status(), 127);
}

TEST(Run, FindsProgramsAsAShellDoes) {
  Scratch dir;
  const std::string bytes = contents(program("static"));
  dir.put("here", bytes);
  mkdir((dir / "bin").c_str(), 0755);
  mkdir((dir / "bin/here").c_str(), 0755);  // a directory of that name is passed over
  dir.put("bin/found", bytes);
  const How how = {.directory = dir.path()};
  const Outcome o =
      command({"/bin/sh", "-c", "PATH=" + (dir / "bin") + "; exec " XARCH " run found args"}, how);
  EXPECT_EQ(o.out, "0=found\n1=args\n") << o.err;
  EXPECT_EQ(run({"here", "args"}, how).out, "0=here\n1=args\n");
  EXPECT_EQ(run({"./here", "args"}, how).out, "0=./here\n1=args\n");
}

}  // namespace
}  // namespace xarch
