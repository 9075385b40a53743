#include "linux-user/exec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

// Options one an argument, "letter=value", up to a lone "-".
constexpr char kRoot = 'L', kCpu = 'c', kStack = 's', kRelease = 'r', kStrace = 't', kStats = 'S',
               kBase = 'b', kBackend = 'i', kCache = 'j', kFd = 'f', kTrace = 'd', kLogFd = 'o', kLimit = 'l',
               kSelfPath = 'p', kSelfFd = 'x', kBinfmt = 'm', kName = 'n', kStraceState = 'T', kPerf = 'P',
               kPerfDirectory = 'D';

std::string option(char letter, const std::string& value) { return std::string(1, letter) + "=" + value; }

}  // namespace

std::vector<std::string> exec_arguments(const RunOptions& current, const std::string& root,
                                        const std::string& program, int program_fd,
                                        const std::vector<std::string>& argv) {
  std::vector<std::string> a = {argv.empty() ? "" : argv[0], std::string(kExecMarker)};
  a.push_back(option(kRoot, root.empty() ? "/" : root));
  if (!current.cpu.empty()) a.push_back(option(kCpu, current.cpu));
  if (current.stack_bytes != 0) a.push_back(option(kStack, std::to_string(current.stack_bytes)));
  if (!current.uname_release.empty()) a.push_back(option(kRelease, current.uname_release));
  if (current.strace.on) a.push_back(option(kStrace, current.strace.encode()));
  if (!current.strace_handed_on.empty()) a.push_back(option(kStraceState, current.strace_handed_on));
  if (current.perf.on()) {
    a.push_back(option(kPerf, std::to_string(current.perf.map) + std::to_string(current.perf.jitdump) +
                                  std::to_string(current.perf.execs + 1)));
    a.push_back(option(kPerfDirectory, current.perf.directory));
  }
  if (current.stats != StatsKind::kNone)
    a.push_back(option(kStats, current.stats == StatsKind::kJson ? "json" : ""));
  if (current.engine.guest_base != 0) a.push_back(option(kBase, std::to_string(current.engine.guest_base)));
  if (current.engine.backend == tcg::BackendKind::kInterp) a.push_back(option(kBackend, ""));
  if (const tcg::EngineOptions standard; current.engine.jit_cache_bytes != standard.jit_cache_bytes)
    a.push_back(option(kCache, std::to_string(current.engine.jit_cache_bytes)));
  for (const KeptLimit& l : current.limits)
    a.push_back(option(
        kLimit, std::to_string(l.resource) + " " + std::to_string(l.current) + " " + std::to_string(l.max)));
  if (!current.self_path.empty()) a.push_back(option(kSelfPath, current.self_path));
  if (current.self_fd >= 0) a.push_back(option(kSelfFd, std::to_string(current.self_fd)));
  if (current.by_binfmt) a.push_back(option(kBinfmt, ""));
  if (!current.exec_name.empty()) a.push_back(option(kName, current.exec_name));
  if (program_fd >= 0) a.push_back(option(kFd, std::to_string(program_fd)));
  if (Log::mask() != 0) a.push_back(option(kTrace, std::to_string(Log::mask())));
  // The descriptor stays open over the call if the caller lets it.
  if (Log::fd() != 2) a.push_back(option(kLogFd, std::to_string(Log::fd())));
  a.push_back("-");
  a.push_back(program);
  a.insert(a.end(), argv.begin(), argv.end());
  return a;
}

bool parse_exec_arguments(int argc, char** argv, RunOptions* out) {
  if (argc < 4 || argv[1] != kExecMarker) return false;
  int i = 2;
  for (; i < argc && strcmp(argv[i], "-") != 0; ++i) {
    if (argv[i][0] == '\0' || argv[i][1] != '=') return false;
    const char* value = argv[i] + 2;
    const auto number = [value] { return strtoull(value, nullptr, 10); };
    switch (argv[i][0]) {
      case kRoot: out->sysroot = value; break;
      case kCpu: out->cpu = value; break;
      case kStack: out->stack_bytes = number(); break;
      case kRelease: out->uname_release = value; break;
      case kStrace:
        if (!out->strace.decode(value)) return false;
        break;
      case kStraceState: out->strace_handed_on = value; break;
      case kPerf:
        if (strlen(value) < 3) return false;
        out->perf.map = value[0] == '1';
        out->perf.jitdump = value[1] == '1';
        out->perf.execs = static_cast<unsigned>(strtoul(value + 2, nullptr, 10));
        break;
      case kPerfDirectory: out->perf.directory = value; break;
      case kStats:
        out->stats = *value != 0 ? StatsKind::kJson : StatsKind::kText;
        out->engine.stats = true;
        break;
      case kBase: out->engine.guest_base = number(); break;
      case kBackend: out->engine.backend = tcg::BackendKind::kInterp; break;
      case kCache: out->engine.jit_cache_bytes = number(); break;
      case kName: out->exec_name = value; break;
      case kFd: out->program_fd = static_cast<int>(number()); break;
      case kSelfPath: out->self_path = value; break;
      case kSelfFd:
        out->self_fd = static_cast<int>(number());
        fcntl(out->self_fd, F_SETFD, FD_CLOEXEC);
        break;
      case kBinfmt: out->by_binfmt = true; break;
      case kLimit: {
        KeptLimit l;
        unsigned long long now = 0, max = 0;
        if (sscanf(value, "%d %llu %llu", &l.resource, &now, &max) != 3) return false;
        l.current = now;
        l.max = max;
        out->limits.push_back(l);
        break;
      }
      case kTrace: Log::set_mask(static_cast<uint32_t>(number())); break;
      case kLogFd:
        Log::set_fd(static_cast<int>(number()));
        fcntl(Log::fd(), F_SETFD, FD_CLOEXEC);
        break;
      default: return false;
    }
  }
  if (i + 1 >= argc) return false;
  out->program = argv[i + 1];
  out->argv.assign(argv + i + 2, argv + argc);
  return true;
}

}  // namespace xarch::linux_user
