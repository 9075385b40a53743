#include "frontend/run_command.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "frontend/options.h"
#include "frontend/targets.h"
#include "linux-user/run.h"
#include "tcg/support/log.h"

namespace xarch {

namespace {

constexpr OptionSpec kRunOptions[] = {
    {"-L", "DIR", OptionId::kSysroot, "root directory for the guest's libraries and absolute paths", nullptr},
    {"-E", "NAME=VALUE", OptionId::kSetEnv, "set a variable in the guest's environment"},
    {"-U", "NAME", OptionId::kUnsetEnv, "remove a variable from the guest's environment"},
    {"-0", "ARGV0", OptionId::kArgv0, "the program's argv[0]"},
    {"-s", "BYTES", OptionId::kStack, "stack size; K, M, G may follow"},
    {"-r", "RELEASE", OptionId::kUname, "kernel release that uname shows"},
    {"--cpu", "MODEL", OptionId::kCpu, "processor model; `help` lists them"},
    {"--strace", "", OptionId::kStrace,
     "show system calls and signals, of child processes too, as strace does"},
    {"-e", "EXPR", OptionId::kStraceExpression,
     "--strace of these alone: trace=[!]NAME,%CLASS,... signal=SET status=failed"},
    {"-o", "FILE", OptionId::kStraceOutput, "--strace into a file, each line with its thread's number"},
    {"-T", "", OptionId::kStraceFlag, "--strace with the time each call took"},
    {"-t", "", OptionId::kStraceFlag, "--strace with the time of day; -tt in microseconds"},
    {"-tt", "", OptionId::kStraceFlag, ""},
    {"--relative-timestamps", "", OptionId::kStraceFlag, "--strace with the time since the line before"},
    {"-y", "", OptionId::kStraceFlag, "--strace with the paths of descriptors"},
    {"-c", "", OptionId::kStraceFlag, "--strace as a table of calls, errors and times at the end"},
    {"-f", "", OptionId::kStraceFlag, ""},
    {"--string-limit", "N", OptionId::kStraceLimit, "--strace with so many bytes of strings (32)"},
    {"--trace", "WHAT,...", OptionId::kTrace, "log: in ir ir_opt out exec cpu syscall signal memory unimpl"},
    {"--log", "FILE", OptionId::kLogFile, "write logs there instead of stderr"},
    {"--stats", "", OptionId::kStats, "at the end, tell where the time went and what was translated"},
    {"--stats=json", "", OptionId::kStats, "the same for programs, a line per process"},
    {"--perf", "", OptionId::kPerf, "tell perf(1) the names of guest functions: map and jitdump"},
    {"--perf=map", "", OptionId::kPerf, "... in a map alone: /tmp/perf-PID.map"},
    {"--perf=jitdump", "", OptionId::kPerf, "... in a dump for perf inject --jit alone: jit-PID.dump"},
    {"--perf-dir", "DIR", OptionId::kPerfDirectory, "where --perf writes (/tmp)"},
    {"--backend", "NAME", OptionId::kBackend, "x86_64 (the default) or interp"},
    {"--guest-base", "ADDRESS", OptionId::kGuestBase, "distance from guest to host addresses"},
    {"--jit-cache-size", "BYTES", OptionId::kJitCacheSize, "memory for translated code; K, M, G may follow"},
    {"--help", "", OptionId::kHelp, "this text"},
    {"-h", "", OptionId::kHelp, ""},
};

constexpr OptionSpec kQemuOptions[] = {
    {"-h", "", OptionId::kHelp, "this text"},
    {"-help", "", OptionId::kHelp, ""},
    {"-g", "PORT", OptionId::kRefused, "", "QEMU_GDB"},
    {"-L", "PATH", OptionId::kSysroot, "root directory for the guest's libraries and absolute paths",
     "QEMU_LD_PREFIX"},
    {"-s", "SIZE", OptionId::kStack, "stack size in bytes", "QEMU_STACK_SIZE"},
    {"-cpu", "MODEL", OptionId::kCpu, "processor model; `help` lists them", "QEMU_CPU"},
    {"-E", "VAR=VALUE,...", OptionId::kSetEnv, "set variables in the guest's environment", "QEMU_SET_ENV"},
    {"-U", "VAR,...", OptionId::kUnsetEnv, "remove variables from the guest's environment", "QEMU_UNSET_ENV"},
    {"-0", "ARGV0", OptionId::kArgv0, "the program's argv[0]", "QEMU_ARGV0"},
    {"-r", "RELEASE", OptionId::kUname, "kernel release that uname shows", "QEMU_UNAME"},
    {"-B", "ADDRESS", OptionId::kGuestBase, "distance from guest to host addresses", "QEMU_GUEST_BASE"},
    {"-d", "ITEM,...", OptionId::kTrace, "log: in_asm op op_opt out_asm exec cpu int page strace unimp",
     "QEMU_LOG"},
    {"-D", "FILE", OptionId::kLogFile, "write logs there instead of stderr", "QEMU_LOG_FILENAME"},
    {"-strace", "", OptionId::kStrace, "log the guest's system calls", "QEMU_STRACE"},
    {"-version", "", OptionId::kVersion, "show the version"},
    {"-R", "SIZE", OptionId::kRefused, ""},
    {"-dfilter", "RANGE", OptionId::kRefused, ""},
    {"-p", "PAGESIZE", OptionId::kRefused, ""},
    {"-singlestep", "", OptionId::kRefused, ""},
    {"-one-insn-per-tb", "", OptionId::kRefused, ""},
    {"-seed", "NUMBER", OptionId::kRefused, ""},
    {"-trace", "PATTERN", OptionId::kRefused, ""},
    {"-plugin", "FILE", OptionId::kRefused, ""},
};

// qemu-user's names of the things that can be logged; those that have no counterpart log nothing.
struct LogItem {
  std::string_view theirs, ours, help;
};
constexpr LogItem kLogItems[] = {
    {"in_asm", "in", "the guest's instructions, when they are translated"},
    {"op", "ir", "the intermediate code"},
    {"op_opt", "ir_opt", "the same after the passes"},
    {"out_asm", "out", "the host's instructions"},
    {"exec", "exec", "entries into translated code"},
    {"cpu", "cpu", "registers at those entries"},
    {"int", "signal", "signals"},
    {"page", "memory", "changes of the address space"},
    {"strace", "syscall", "system calls"},
    {"unimp", "unimpl", "what the program asks for and is not there"},
    {"guest_errors", "", "nothing here"},
    {"nochain", "", "nothing here"},
    {"mmu", "", "nothing here"},
    {"op_ind", "", "nothing here"},
};

constexpr uint64_t kAtFlagsPreserveArgv0 = 1;  // linux/binfmts.h: AT_FLAGS_PRESERVE_ARGV0

enum class Dialect { kOwn, kQemu };

// Calls fn with each comma-separated part.
template <typename Fn>
void for_each_item(std::string_view list, Fn fn) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    if (std::string_view item = list.substr(0, comma); !item.empty()) fn(item);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
}

Result<void> enable_trace(std::string_view names, Dialect dialect) {
  std::string own;
  std::string unknown;
  for_each_item(names, [&](std::string_view item) {
    if (dialect == Dialect::kQemu) {
      bool known = false;
      for (const LogItem& i : kLogItems) {
        if (i.theirs != item) continue;
        known = true;
        item = i.ours;
        break;
      }
      if (!known) unknown = item;
    }
    if (!item.empty()) own += (own.empty() ? "" : ",") + std::string(item);
  });
  std::string_view bad;
  if (unknown.empty() && !Log::enable(own, &bad)) unknown = bad;
  if (!unknown.empty()) return Error{"cannot log " + unknown + "; --help lists what can be"};
  return {};
}

constexpr int kLogFd = 960;

// The log's descriptor is moved out of the way of the numbers that guests expect to get.
Result<void> open_log(std::string_view file) {
  std::string path(file);
  if (size_t at = path.find("%d"); at != std::string::npos) path.replace(at, 2, std::to_string(getpid()));
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return Error{path + ": " + strerror(errno)};
  if (int high = fcntl(fd, F_DUPFD_CLOEXEC, kLogFd); high >= 0) {
    close(fd);
    fd = high;
  }
  Log::set_fd(fd);
  return {};
}

Result<void> add_variable(std::string_view text, std::string_view option, linux_user::RunOptions* run) {
  size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{std::string(option) + " " + std::string(text) + ": wants NAME=VALUE"};
  }
  run->set_env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  return {};
}

Result<void> apply_environment(const GivenOption& given, Dialect dialect, linux_user::RunOptions* run) {
  bool set = given.spec->id == OptionId::kSetEnv;
  if (dialect == Dialect::kOwn) {
    if (set) return add_variable(given.value, given.spec->name, run);
    run->unset_env.emplace_back(given.value);
    return {};
  }
  Result<void> result;
  for_each_item(given.value, [&](std::string_view item) {
    if (!set) {
      run->unset_env.emplace_back(item);
    } else if (Result<void> added = add_variable(item, given.spec->name, run); !added) {
      result = added;
    }
  });
  return result;
}

Result<void> apply_number(const GivenOption& given, linux_user::RunOptions* run) {
  Result<uint64_t> number = parse_size(given.spec->name, given.value);
  if (!number) return number.error();
  if (given.spec->id == OptionId::kStack) {
    if (*number == 0 || *number > linux_user::kMaxStack)
      return Error{std::string(given.spec->name) + ": a stack has 1 byte to 4G"};
    run->stack_bytes = *number;
  } else if (given.spec->id == OptionId::kGuestBase) {
    if (*number & 4095) return Error{std::string(given.spec->name) + ": not a multiple of the page size"};
    run->engine.guest_base = *number;
  } else {
    run->engine.jit_cache_bytes = *number;
  }
  return {};
}

// qemu-user takes a root that is not there for none.
Result<void> apply_sysroot(const GivenOption& given, Dialect dialect, linux_user::RunOptions* run) {
  run->sysroot = given.value;
  struct stat st;
  if (dialect == Dialect::kQemu) return {};
  const bool there = stat(run->sysroot.c_str(), &st) == 0;
  if (there && S_ISDIR(st.st_mode)) return {};
  return Error{"-L " + run->sysroot + ": " + strerror(there ? ENOTDIR : errno)};
}

// Each of strace's options turns it on.
void set_strace_flag(std::string_view name, linux_user::StraceSettings* strace) {
  strace->on = true;
  if (name == "-T") strace->times = true;
  if (name == "-y") strace->paths = true;
  if (name == "-c") strace->summary = true;
  if (name == "-t") strace->stamp = linux_user::StraceStamp::kSeconds;
  if (name == "-tt") strace->stamp = linux_user::StraceStamp::kMicroseconds;
  if (name == "--relative-timestamps") strace->stamp = linux_user::StraceStamp::kRelative;
}

Result<void> set_strace_limit(const GivenOption& given, linux_user::StraceSettings* strace) {
  Result<uint64_t> number = parse_size(given.spec->name, given.value);
  if (!number) return number.error();
  if (*number > 1 << 20) return Error{std::string(given.spec->name) + ": at most 1M"};
  strace->string_limit = static_cast<uint32_t>(*number);
  strace->on = true;
  return {};
}

// Programs may go elsewhere: the directory's own name is kept.
Result<void> set_perf_directory(const GivenOption& given, linux_user::RunOptions* run) {
  char* path = realpath(std::string(given.value).c_str(), nullptr);
  if (path == nullptr) return Error{"--perf-dir " + std::string(given.value) + ": " + strerror(errno)};
  run->perf.directory = path;
  free(path);
  return {};
}

Result<void> apply(const GivenOption& given, Dialect dialect, linux_user::RunOptions* run) {
  switch (given.spec->id) {
    case OptionId::kSysroot: return apply_sysroot(given, dialect, run);
    case OptionId::kSetEnv:
    case OptionId::kUnsetEnv: return apply_environment(given, dialect, run);
    case OptionId::kArgv0: run->argv.assign(1, std::string(given.value)); break;
    case OptionId::kCpu: run->cpu = given.value; break;
    case OptionId::kUname: run->uname_release = given.value; break;
    case OptionId::kStack:
    case OptionId::kGuestBase:
    case OptionId::kJitCacheSize: return apply_number(given, run);
    case OptionId::kBackend:
      if (given.value != "x86_64" && given.value != "interp") {
        return Error{"--backend " + std::string(given.value) + ": there are x86_64 and interp"};
      }
      run->engine.backend = given.value == "interp" ? tcg::BackendKind::kInterp : tcg::BackendKind::kX86_64;
      break;
    case OptionId::kStrace: run->strace.on = true; break;
    case OptionId::kStraceFlag: set_strace_flag(given.spec->name, &run->strace); break;
    case OptionId::kStraceExpression: run->strace.on = true; return run->strace.add(given.value);
    case OptionId::kStraceLimit: return set_strace_limit(given, &run->strace);
    case OptionId::kStraceOutput: run->strace.on = run->strace.file = true; return open_log(given.value);
    case OptionId::kTrace: return enable_trace(given.value, dialect);
    case OptionId::kLogFile: return open_log(given.value);
    case OptionId::kStats:
      run->stats =
          given.spec->name == "--stats" ? linux_user::StatsKind::kText : linux_user::StatsKind::kJson;
      run->engine.stats = true;
      break;
    case OptionId::kPerf:
      run->perf.map |= given.spec->name != "--perf=jitdump";
      run->perf.jitdump |= given.spec->name != "--perf=map";
      break;
    case OptionId::kPerfDirectory: return set_perf_directory(given, run);
    case OptionId::kRefused:
      return Error{"xarch has no " + std::string(given.spec->name) +
                   (given.spec->env != nullptr ? " (or " + std::string(given.spec->env) + ")" : "") + " yet"};
    case OptionId::kHelp:
    case OptionId::kVersion: break;  // answered before
  }
  return {};
}

int complain(std::string_view who, const std::string& message, int status) {
  fprintf(stderr, "%.*s: %s\n", static_cast<int>(who.size()), who.data(), message.c_str());
  return status;
}

// What was asked for has been printed: the status, which is 0 only if it arrived.
int printed(std::string_view who) {
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return 0;
  return complain(who, std::string("cannot write to stdout: ") + strerror(errno), 1);
}

// `help` as the value of an option: prints what values there are. False if none asks.
bool listed(const CommandLine& line, Dialect dialect, std::span<const linux_user::AbiFactory> guests) {
  for (const GivenOption& given : line.options) {
    const bool help = given.value == "help" || given.value == "?";
    if (help && given.spec->id == OptionId::kCpu) {
      for (const linux_user::AbiFactory& guest : guests)
        printf("%s: %s\n", std::string(guest.name).c_str(), guest.models().c_str());
      return true;
    }
    if (help && given.spec->id == OptionId::kTrace) {
      for (const LogItem& item : kLogItems) {
        if (dialect == Dialect::kOwn && item.ours.empty()) continue;
        const std::string_view name = dialect == Dialect::kOwn ? item.ours : item.theirs;
        printf("%-12.*s %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(item.help.size()), item.help.data());
      }
      return true;
    }
  }
  return false;
}

struct Invocation {
  std::string_view name;  // what error lines begin with
  Dialect dialect;
  std::span<const OptionSpec> specs;
  std::string_view usage;
  int wrong_usage;  // status for a wrong command line
  std::span<const linux_user::AbiFactory> guests;
  bool argv0_follows = false;  // binfmt_misc put the original argv[0] behind the program's path
};

// --help and --version count wherever they stand, before anything else is looked at.
bool answered(const Invocation& how, const CommandLine& line) {
  for (const GivenOption& given : line.options) {
    if (given.spec->id == OptionId::kHelp) {
      std::string options = describe_options(how.specs);
      printf("%.*s\n\n%s", static_cast<int>(how.usage.size()), how.usage.data(), options.c_str());
      return true;
    }
    if (given.spec->id == OptionId::kVersion) {
      printf("%.*s\n", static_cast<int>(version_text().size()), version_text().data());
      return true;
    }
  }
  return false;
}

// What is told of a program must not move with its stderr, nor end when it closes that.
void prepare_log(linux_user::RunOptions* run) {
  if (Log::enabled(Trace::kSyscall)) run->strace.on = true;
  const bool tells = run->strace.on || run->stats != linux_user::StatsKind::kNone;
  if (!tells || Log::fd() != 2) return;
  if (const int fd = fcntl(2, F_DUPFD_CLOEXEC, kLogFd); fd >= 0) Log::set_fd(fd);
}

int start(const Invocation& how, std::span<char*> words) {
  Result<CommandLine> line = parse_options(how.specs, words, how.dialect == Dialect::kQemu);
  if (!line) return complain(how.name, line.error().message, how.wrong_usage);
  if (answered(how, *line) || listed(*line, how.dialect, how.guests)) return printed(how.name);
  linux_user::RunOptions run;
  run.guests = how.guests;
  for (const GivenOption& given : line->options) {
    Result<void> done = apply(given, how.dialect, &run);
    if (!done) return complain(how.name, done.error().message, how.wrong_usage);
  }
  prepare_log(&run);
  std::span<char*> rest = line->rest;
  if (rest.empty()) return complain(how.name, "no program given; --help tells more", how.wrong_usage);
  run.program = rest[0];
  if (how.argv0_follows && rest.size() > 1) {
    if (run.argv.empty()) run.argv.emplace_back(rest[1]);
    rest = rest.subspan(1);
  }
  if (run.argv.empty()) run.argv.push_back(run.program);
  for (char* word : rest.subspan(1)) run.argv.emplace_back(word);
  return linux_user::run_program(run);
}

// The guest in qemu-GUEST or qemu-GUEST-static; null if this program has none of that name.
const linux_user::AbiFactory* guest_of(std::string_view name) {
  constexpr std::string_view kPrefix = "qemu-", kStatic = "-static";
  if (!name.starts_with(kPrefix)) return nullptr;
  name.remove_prefix(kPrefix.size());
  if (name.ends_with(kStatic)) name.remove_suffix(kStatic.size());
  for (const linux_user::AbiFactory& guest : linux_guests()) {
    if (guest.name == name) return &guest;
  }
  return nullptr;
}

}  // namespace

int run_command(std::span<char*> words) {
  return start(
      {.name = "xarch",
       .dialect = Dialect::kOwn,
       .specs = kRunOptions,
       .usage = "usage: xarch run [OPTION…] PROGRAM [ARGUMENT…]\n\n"
                "Runs a Linux program for another processor. Which one is read from the program's file.",
       .wrong_usage = 2,
       .guests = linux_guests()},
      words);
}

bool is_qemu_name(std::string_view name) { return guest_of(name) != nullptr; }

int qemu_command(std::string_view name, std::span<char*> words) {
  return start(
      {.name = name,
       .dialect = Dialect::kQemu,
       .specs = kQemuOptions,
       .usage = "usage: qemu-GUEST [OPTION…] PROGRAM [ARGUMENT…]\n\n"
                "This is xarch under a name of qemu-user's; it takes that program's options and environment.",
       .wrong_usage = 1,
       .guests = {guest_of(name), 1},
       .argv0_follows = (getauxval(AT_FLAGS) & kAtFlagsPreserveArgv0) != 0},
      words);
}

std::string_view version_text() { return "xarch " XARCH_VERSION; }

}  // namespace xarch
