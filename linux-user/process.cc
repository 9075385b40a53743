#include "linux-user/process.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tcg/support/log.h"

namespace xarch::linux_user {

Process::Process(std::unique_ptr<UserAbi> abi, const RunOptions& options)
    : options_(options),
      abi_(std::move(abi)),
      mem_(options.engine.guest_base, uint64_t{1} << abi_->info().va_bits),
      actions_(std::make_shared<SignalActions>()) {}

Process::~Process() { mem_.set_engine(nullptr); }

Result<void> Process::make_engine() {
  Result<std::unique_ptr<tcg::Engine>> engine = tcg::Engine::create(abi_->guest(), mem_, options_.engine);
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  mem_.set_engine(engine_.get());
  return {};
}

void Process::exit_group(int status) {
  if (options_.stats && engine_ != nullptr) Log::line(engine_->stats().to_string());
  fflush(nullptr);
  syscall(SYS_exit_group, status);
  __builtin_unreachable();
}

void Process::die_by_signal(int host_signo) {
  if (options_.stats && engine_ != nullptr) Log::line(engine_->stats().to_string());
  // A core of the translator would mislead; the guest's own limit is gone with this process.
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  signal(host_signo, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, host_signo);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  kill(getpid(), host_signo);
  syscall(SYS_exit_group, 128 + host_signo);  // a signal that does not kill
  __builtin_unreachable();
}

bool Process::kept_limit(int resource, struct rlimit* limit) {
  std::lock_guard lock(limits_mutex_);
  auto it = limits_.find(resource);
  if (it == limits_.end()) return false;
  *limit = it->second;
  return true;
}

void Process::keep_limit(int resource, const struct rlimit& limit) {
  std::lock_guard lock(limits_mutex_);
  limits_[resource] = limit;
}

void Process::note_missing(std::string_view what) {
  if (!Log::enabled(Trace::kUnimpl)) return;
  std::lock_guard lock(missing_mutex_);
  if (!missing_.emplace(what).second) return;
  Log::line("unimplemented: " + std::string(what));
}

}  // namespace xarch::linux_user
