#include "linux-user/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/elf_image.h"
#include "linux-user/loader.h"
#include "linux-user/process.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

extern char** environ;
// Set by the linker: where the program's own parts lie.
extern "C" const char __executable_start, etext, edata;

namespace xarch::linux_user {

namespace {

// A shell's status for a program that could not be started.
int failure_status(int error) { return error == ENOENT || error == ENOTDIR ? 127 : 126; }

int fail(const Error& error) {
  Log::line("xarch: " + error.message);
  return failure_status(error.code);
}

// Where execvp would find the program; the name itself if nowhere.
std::string search_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = getenv("PATH");
  std::string rest = path != nullptr ? path : "/usr/bin:/bin";
  if (access(name.c_str(), F_OK) == 0 && path == nullptr) return name;
  for (size_t at = 0; at <= rest.size();) {
    const size_t end = std::min(rest.find(':', at), rest.size());
    std::string candidate = rest.substr(at, end - at);
    candidate += candidate.empty() ? name : "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return name;  // a file of the working directory, as `xarch run prog`
}

std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

// Opens a program for reading and checks that it may be executed.
Result<int> open_program(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{path + ": " + strerror(errno), errno};
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
      faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    const int e = errno;
    close(fd);
    return Error{path + ": " + strerror(e) + " (not executable)", e};
  }
  return fd;
}

std::vector<std::string> guest_environment(const RunOptions& options) {
  std::vector<std::string> env;
  const auto remove = [&env](const std::string& name) {
    std::erase_if(env, [&](const std::string& e) { return e.compare(0, name.size() + 1, name + "=") == 0; });
  };
  for (char** e = environ; *e != nullptr; ++e) env.emplace_back(*e);
  for (const std::string& name : options.unset_env) remove(name);
  for (const auto& [name, value] : options.set_env) {
    remove(name);
    env.push_back(name + "=" + value);
  }
  return env;
}

// The root for a program: what was asked for, or where it lies, or the cross packages' one.
std::string choose_root(const RunOptions& options, const std::string& program, const AbiInfo& info,
                        const std::string& interp) {
  std::string root = options.sysroot;
  if (root.empty()) {
    const char* from_env = getenv("XARCH_SYSROOT");
    if (from_env != nullptr) root = from_env;
  }
  if (!root.empty()) {
    root = absolute(root);
    return root == "/" ? "" : root;
  }
  bool found = false;
  root = find_root(program, interp.empty() ? std::string(info.default_interp) : interp, &found);
  if (found) return root;
  std::string cross = "/usr/" + std::string(info.triplet);
  return access(cross.c_str(), X_OK) == 0 ? cross : "";
}

const AbiFactory* find_guest(const RunOptions& options, const ElfImage& image) {
  for (const AbiFactory& f : options.guests)
    if (f.elf_machine == image.machine && f.elf_class == image.elf_class && f.big_endian == image.big_endian)
      return &f;
  return nullptr;
}

struct Script {
  std::string interp;
  std::string argument;  // empty: none
};

// The first line of a script, as Linux reads it.
Result<Script> read_script(int fd, const std::string& name) {
  char line[257] = {};
  const ssize_t n = pread(fd, line, 256, 0);
  if (n < 2) return Error{name + ": cannot be read", EIO};
  std::string text(line + 2, strcspn(line + 2, "\n"));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  text.erase(0, text.find_first_not_of(" \t"));
  Script script;
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  script.interp = text.substr(0, end);
  if (end < text.size()) script.argument = text.substr(text.find_first_not_of(" \t", end));
  if (script.interp.empty()) return Error{name + ": script without an interpreter", ENOEXEC};
  return script;
}

struct Start {
  Program program;
  std::vector<std::string> argv;
};

// Opens the program, going through #! lines to an ELF file.
Result<Start> find_program(const RunOptions& options) {
  Start start;
  start.argv = options.argv;
  std::string name = search_path(options.program);
  std::string host = name;
  for (int depth = 0; depth < 5; ++depth) {
    Result<int> fd = open_program(host);
    if (!fd) return fd.error();
    Result<FileKind> kind = file_kind(*fd, host);
    if (!kind) {
      close(*fd);
      return kind.error();
    }
    if (*kind != FileKind::kScript) {
      start.program.fd = *fd;
      start.program.host_path = absolute(host);
      start.program.exec_name = name;
      if (*kind == FileKind::kOther) {
        close(*fd);
        return Error{name + ": neither an ELF file nor a script with #!", ENOEXEC};
      }
      Result<ElfImage> image = read_elf(*fd, name);
      if (!image) {
        close(*fd);
        return image.error();
      }
      start.program.image = std::move(*image);
      return start;
    }
    Result<Script> script = read_script(*fd, host);
    close(*fd);
    if (!script) return script.error();
    // The interpreter is the guest's: looked for in the root.
    PathMap paths;
    std::string root = options.sysroot;
    if (const char* from_env = getenv("XARCH_SYSROOT"); root.empty() && from_env != nullptr) root = from_env;
    bool found = false;
    if (root.empty()) root = find_root(absolute(host), script->interp, &found);
    if (!root.empty()) paths.set_root(absolute(root));
    std::vector<std::string> argv = {script->interp};
    if (!script->argument.empty()) argv.push_back(script->argument);
    argv.push_back(name);
    if (!start.argv.empty()) argv.insert(argv.end(), start.argv.begin() + 1, start.argv.end());
    start.argv = std::move(argv);
    host = paths.to_host(script->interp, true);
    name = script->interp;
  }
  return Error{options.program + ": too many levels of scripts", ELOOP};
}

// What ps and pgrep see of this process: the guest's name and arguments. Where the kernel does not let us, it
// stays ours.
void show_as_guest(const Process& process) {
  const std::string& host = process.image().exe_host;
  prctl(PR_SET_NAME, host.c_str() + host.rfind('/') + 1);
  const auto at = [&](uint64_t guest) { return reinterpret_cast<uintptr_t>(process.mem().host(guest)); };
  const ImageInfo& image = process.image();
  struct prctl_mm_map map = {};
  map.start_code = reinterpret_cast<uintptr_t>(&__executable_start);
  map.end_code = map.start_data = reinterpret_cast<uintptr_t>(&etext);
  map.end_data = reinterpret_cast<uintptr_t>(&edata);
  map.start_brk = map.brk = reinterpret_cast<uintptr_t>(sbrk(0));
  map.start_stack = at(image.stack_pointer);
  map.arg_start = at(image.arg_start);
  map.arg_end = at(image.arg_end);
  map.env_start = at(image.env_start);
  map.env_end = at(image.env_end);
  map.exe_fd = static_cast<uint32_t>(-1);
  prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

int start_process(const RunOptions& options, Start& start, const AbiFactory& guest) {
  Result<std::unique_ptr<UserAbi>> abi = guest.make(options.cpu);
  if (!abi) return fail(abi.error());
  const AbiInfo info = (*abi)->info();
  // Objects live as long as the process: it ends by exit_group or a signal.
  auto* process = new Process(std::move(*abi), options);
  if (info.elf_class == 1) {
    if (const int r = process->mem().reserve(); r != 0)
      return fail({start.program.exec_name + ": no 4 GB of free addresses for it: " + strerror(-r), ENOMEM});
  }
  if (const uint64_t limit = process->mem().limit(); start.program.image.high > limit)
    return fail({start.program.exec_name + ": segment above the end of the address space", ENOEXEC});
  process->paths().set_root(choose_root(options, start.program.host_path, info, start.program.image.interp));
  install_host_handlers();
  if (options.program_fd >= 0) close(options.program_fd);
  Result<void> loaded = load_program(*process, start.program, start.argv, guest_environment(options));
  if (!loaded) return fail(loaded.error());
  if (Result<void> r = process->make_engine(); !r) return fail(r.error());

  show_as_guest(*process);
  auto* thread = new Thread(*process);
  Thread::set_current(thread);
  process->actions().inherit();
  inherit_mask(*thread);
  process->abi().start(thread->state(), process->image().entry, process->image().stack_pointer);
  thread->run();
  // The first thread ended by exit(2) while others run: wait for the end of the process.
  thread->engine().park(thread->vcpu());
  for (;;) pause();
}

}  // namespace

int run_program(const RunOptions& options) {
  Result<Start> start = find_program(options);
  if (!start) return fail(start.error());
  const ElfImage& image = start->program.image;
  const AbiFactory* guest = find_guest(options, image);
  if (guest == nullptr) {
    close(start->program.fd);
    return fail({start->program.exec_name + ": for " + machine_name(image.machine) +
                     (image.elf_class == 1 ? " 32-bit" : " 64-bit") +
                     (image.big_endian ? " big-endian" : "") + ", which this xarch has no guest for",
                 ENOEXEC});
  }
  return start_process(options, *start, *guest);
}

}  // namespace xarch::linux_user
