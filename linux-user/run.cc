#include "linux-user/run.h"

#include <elf.h>
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
#include "linux-user/script.h"
#include "linux-user/self_file.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

extern char** environ;
// Set by the linker: where the program's own parts lie.
extern "C" const char etext, edata;

namespace xarch::linux_user {

namespace {

// First host address that user mode may not use, with the four-level page tables that every kernel can do.
constexpr uint64_t kHostLimit = uint64_t{1} << 47;

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
    struct stat st;
    if (access(candidate.c_str(), X_OK) == 0 && stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode))
      return candidate;
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
  if (path.empty()) return Error{"the program's name is empty", ENOENT};
  // Not waiting for the other side of a FIFO, which is refused later as any special file.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

std::string asked_root(const RunOptions& options) {
  const char* from_env = secure_getenv("XARCH_SYSROOT");
  return options.sysroot.empty() && from_env != nullptr ? from_env : options.sysroot;
}

// The root for a program: what was asked for, or where it lies, or the cross packages' one.
std::string choose_root(const RunOptions& options, const std::string& program, const AbiInfo& info,
                        const std::string& interp) {
  if (options.secure) return "";
  std::string root = asked_root(options);
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

struct Start {
  Program program;
  std::vector<std::string> argv;
  std::string comm;       // the process's name
  std::string described;  // the program, and the script whose interpreter it is
};

// Where the interpreter of a script lies: it is the guest's, and looked for in the root.
std::string script_interpreter(const RunOptions& options, const std::string& script,
                               const std::string& interp) {
  if (options.secure) return interp;
  std::string root = asked_root(options);
  bool found = false;
  if (root.empty()) root = find_root(absolute(script), interp, &found);
  PathMap paths;
  if (!root.empty()) paths.set_root(absolute(root));
  return paths.to_host(interp, true);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Opens the program, going through #! lines to an ELF file.
Result<Start> find_program(const RunOptions& options) {
  Start start;
  start.argv = options.argv;
  std::string name = search_path(options.program);
  std::string host = name;
  const std::string exec_name = options.exec_name.empty() ? name : options.exec_name;
  // Executed by a descriptor alone (its name is /dev/fd/N then) it has its file's name.
  const bool by_descriptor = options.program_fd >= 0 && exec_name.rfind('/') == strlen("/dev/fd");
  char file[PATH_MAX];
  const ssize_t length = by_descriptor ? readlink(host.c_str(), file, sizeof file) : -1;
  start.comm = last_part(length < 0 ? exec_name : std::string(file, length));
  std::string script;  // "NAME: its interpreter " before what is said of the interpreter
  for (int depth = 0; depth <= kMaxScripts; ++depth) {
    Result<int> fd =
        depth == 0 && options.program_fd >= 0 ? Result<int>(options.program_fd) : open_program(host);
    if (!fd) return Error{script + fd.error().message, fd.error().code};
    Result<FileKind> kind = file_kind(*fd, host);
    ScriptLine line;
    if (kind && *kind == FileKind::kScript) {
      const int error = read_script_line(*fd, &line);
      close(*fd);
      if (error != 0) return Error{script + name + ": script without an interpreter", ENOEXEC};
      std::vector<std::string> argv = {line.interp};
      if (!line.argument.empty()) argv.push_back(line.argument);
      argv.push_back(name);
      if (!start.argv.empty()) argv.insert(argv.end(), start.argv.begin() + 1, start.argv.end());
      start.argv = std::move(argv);
      script += name + ": its interpreter ";
      host = script_interpreter(options, host, line.interp);
      name = line.interp;
      continue;
    }
    Result<ElfImage> image = Error{name + ": neither an ELF file nor a script with #!", ENOEXEC};
    if (!kind) {
      image = kind.error();
    } else if (*kind == FileKind::kElf) {
      image = read_elf(*fd, name);
    }
    if (!image) {
      close(*fd);
      return Error{script + image.error().message, image.error().code};
    }
    start.program.fd = *fd;
    start.program.host_path = absolute(host);
    start.program.exec_name = exec_name;
    start.program.image = std::move(*image);
    start.described = script + name;
    return start;
  }
  return Error{options.program + ": too many levels of scripts", ELOOP};
}

// Why no guest takes the program, and what to do.
Error no_guest(const RunOptions& options, const std::string& name, const ElfImage& image) {
  std::string text = name + ": is for " + machine_name(image.machine) +
                     (image.elf_class == 1 ? " 32-bit" : " 64-bit") + (image.big_endian ? " big-endian" : "");
  if (image.machine == EM_X86_64 && image.elf_class == ELFCLASS32)
    return {name + ": is for x32, x86-64 with 32-bit pointers, which few kernels run and xarch does not",
            ENOEXEC};
  if (native_machine(image))
    return {text + ", this machine's own processor: start it without xarch", ENOEXEC};
  text += ", which is not among the guests here:";
  for (const AbiFactory& guest : options.guests) text += " " + std::string(guest.name);
  return {text, ENOEXEC};
}

// What ps and pgrep see of this process: the guest's name and arguments. Where the kernel does not let us, it
// stays ours.
void show_as_guest(Process& process, const std::string& comm) {
  prctl(PR_SET_NAME, comm.c_str());
  const auto at = [&](uint64_t guest) { return reinterpret_cast<uintptr_t>(process.mem().host(guest)); };
  const ImageInfo& image = process.image();
  struct prctl_mm_map map = {};
  // Other processes find the guest's program by what is mapped there (proc_files.cc).
  map.start_code = at(image.program_start);
  map.end_code = at(image.program_end);
  map.start_data = reinterpret_cast<uintptr_t>(&etext);
  map.end_data = reinterpret_cast<uintptr_t>(&edata);
  map.start_brk = map.brk = reinterpret_cast<uintptr_t>(sbrk(0));
  map.start_stack = at(image.stack_pointer);
  map.arg_start = at(image.arg_start);
  map.arg_end = at(image.arg_end);
  map.env_start = at(image.env_start);
  map.env_end = at(image.env_end);
  map.exe_fd = static_cast<uint32_t>(-1);
  process.image().kernel_has_strings = prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

// The translated code's memory is address space most of all: with less of it (ulimit -v) less must do.
Result<void> make_engine(Process& process, const std::string& name) {
  constexpr uint64_t kLeast = 4 << 20;
  const uint64_t wanted = process.options().engine.jit_cache_bytes;
  for (uint64_t bytes = wanted;; bytes /= 4) {
    Result<void> made = process.make_engine(bytes);
    if (made || made.error().code != ENOMEM) return made;
    if (bytes / 4 < kLeast) return Error{name + ": " + made.error().message + kMemoryHint, ENOMEM};
  }
}

// Makes the address space and loads the program.
Result<void> load(Process& process, const RunOptions& options, Start& start, uint64_t* ignored_faults) {
  const AbiInfo& info = process.info();
  const std::string& name = start.program.exec_name;
  if (const uint64_t base = options.engine.guest_base;
      base > kHostLimit || process.mem().limit() > kHostLimit - base)
    return Error{name + ": --guest-base leaves no room for its address space of " +
                     std::to_string(process.mem().limit() >> 30) + " GB",
                 ENOMEM};
  if (info.elf_class == 1) {
    if (const int r = process.mem().reserve(); r != 0)
      return Error{name + ": no 4 GB of free addresses for it: " + strerror(-r) + kMemoryHint, ENOMEM};
  }
  if (start.program.image.high > process.mem().limit())
    return Error{name + ": segment above the end of the address space", ENOEXEC};
  process.paths().set_root(choose_root(options, start.program.host_path, info, start.program.image.interp));
  *ignored_faults = install_host_handlers();
  if (Result<void> r = load_program(process, start.program, start.argv, guest_environment(options)); !r)
    return r;
  return make_engine(process, name);
}

int start_process(const RunOptions& options, Start& start, const AbiFactory& guest) {
  Result<std::unique_ptr<UserAbi>> abi = guest.make(options.cpu);
  if (!abi) return fail(abi.error());
  // Objects live as long as the process: it ends by exit_group or a signal.
  auto* process = new Process(std::move(*abi), options);
  uint64_t ignored_faults = 0;
  if (Result<void> loaded = load(*process, options, start, &ignored_faults); !loaded)
    return fail(loaded.error());

  show_as_guest(*process, start.comm);
  auto* thread = new Thread(*process);
  Thread::set_current(thread);
  process->actions().inherit(ignored_faults);
  inherit_mask(*thread);
  if (process->strace() != nullptr && options.strace_handed_on.empty())
    process->strace()->started(*thread, start.program.exec_name, start.argv);
  process->abi().start(thread->state(), process->image().entry, process->image().stack_pointer);
  thread->run();
  // The first thread ended by exit(2) while others run: wait for the end of the process.
  thread->engine().park(thread->vcpu());
  for (;;) pause();
}

}  // namespace

int run_program(const RunOptions& given) {
  RunOptions options = given;
  if (options.self_path.empty()) options.self_path = self_path();
  Result<Start> start = find_program(options);
  if (!start) return fail(start.error());
  const AbiFactory* guest = find_guest(options, start->program.image);
  if (guest == nullptr) {
    close(start->program.fd);
    return fail(no_guest(options, start->described, start->program.image));
  }
  return start_process(options, *start, *guest);
}

}  // namespace xarch::linux_user
