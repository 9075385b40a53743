#include "linux-user/process.h"

#include <stdio.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/own_fds.h"
#include "linux-user/perf.h"
#include "linux-user/self_file.h"
#include "linux-user/stats.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"
#include "tcg/support/outside.h"

namespace xarch::linux_user {

namespace {

// Where the address space ends. A 32-bit process may have asked, before its execve, for 3 GB instead of 4.
// The last page of what the host has is nobody's, and with a base half of that must do.
uint64_t address_limit(const AbiInfo& info, uint64_t base) {
  constexpr unsigned kHostBits = 47;
  if (info.va_bits == 32 && (personality(0xffffffff) & ADDR_LIMIT_3GB) != 0) return uint64_t{3} << 30;
  if (info.va_bits < kHostBits) return uint64_t{1} << info.va_bits;
  return base == 0 ? (uint64_t{1} << kHostBits) - 4096 : uint64_t{1} << (kHostBits - 1);
}

}  // namespace

Process::Process(std::unique_ptr<UserAbi> abi, const RunOptions& options)
    : options_(options),
      abi_(std::move(abi)),
      mem_(options.engine.guest_base, address_limit(abi_->info(), options.engine.guest_base)),
      actions_(std::make_shared<SignalActions>()),
      self_fd_(options.self_fd) {
  for (const KeptLimit& l : options.limits) limits_[l.resource] = {l.current, l.max};
  if (options_.strace.on) {
    strace_ = std::make_unique<Strace>(options_.strace, options_.strace_handed_on);
    actions_->watch(Strace::watched());
  }
  if (options_.stats != StatsKind::kNone) {
    stats_ = std::make_unique<RunStats>();
    actions_->watch(Strace::watched_ends());
  }
}

Process::~Process() { mem_.set_engine(nullptr); }

Result<void> Process::make_engine(uint64_t jit_cache_bytes) {
  tcg::EngineOptions engine_options = options_.engine;
  engine_options.jit_cache_bytes = jit_cache_bytes;
  if (options_.perf.on() && perf_ == nullptr) perf_ = std::make_unique<PerfWriter>(options_.perf, mem_);
  engine_options.listener = perf_.get();
  engine_options.interpret_first = true;
  Result<std::unique_ptr<tcg::Engine>> engine = tcg::Engine::create(abi_->guest(), mem_, engine_options);
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  mem_.set_engine(engine_.get());
  return {};
}

size_t Process::count_threads() {
  if (Outside::current() != nullptr) return 1;
  std::lock_guard lock(threads_mutex_);
  return threads_.size();
}

// Not by the child of a vfork: the process, and what waits in stdio's buffers, is its parent's.
void Process::finish() {
  if (Outside::current() != nullptr) return;
  if (perf_ != nullptr) perf_->finish();
  if (stats_ != nullptr && engine_ != nullptr)
    Log::line(options_.stats == StatsKind::kJson ? stats_->json(*this) : stats_->text(*this));
  fflush(nullptr);
}

void Process::exit_group(int status) {
  if (strace_ != nullptr) strace_->exited(*Thread::current(), count_threads(), status);
  finish();
  leave_robust_futexes(*this);
  syscall(SYS_exit_group, status);
  __builtin_unreachable();
}

void Process::die_by_signal(int host_signo) {
  if (strace_ != nullptr) strace_->killed(*Thread::current(), count_threads(), host_signo);
  finish();
  die_on_host(host_signo);
}

// Lock order: address space changes, engine, areas, and the small ones, which nobody holds while taking
// another.
void Process::before_fork(Thread& self) {
  threads_mutex_.lock();
  mem_.lock_changes();
  engine_->before_fork(self.vcpu());
  mem_.lock_areas();
  actions_->lock_for_fork();
  limits_mutex_.lock();
  missing_mutex_.lock();
  aio_.lock_for_fork();
}

void Process::after_fork(Thread& self, bool child) {
  if (child && stats_ != nullptr) stats_->begin_child();
  aio_.unlock_after_fork(child);
  missing_mutex_.unlock();
  limits_mutex_.unlock();
  actions_->unlock_after_fork();
  mem_.unlock_areas();
  if (child) {
    engine_->after_fork_child(self.vcpu());
    mem_.reset_changes_lock();
    threads_.assign(1, &self);  // the other threads' objects stay behind: nobody can end them properly
  } else {
    engine_->after_fork_parent(self.vcpu());
    mem_.unlock_changes();
  }
  threads_mutex_.unlock();
  if (child && perf_ != nullptr) perf_->begin_child();
}

bool Process::kept_limit(int resource, struct rlimit* limit) {
  bool kept = false;
  outside([&] {
    std::lock_guard lock(limits_mutex_);
    auto it = limits_.find(resource);
    kept = it != limits_.end();
    if (kept) *limit = it->second;
  });
  return kept;
}

void Process::keep_limit(int resource, const struct rlimit& limit) {
  outside([&] {
    std::lock_guard lock(limits_mutex_);
    limits_[resource] = limit;
  });
}

std::map<int, struct rlimit> Process::kept_limits() {
  std::map<int, struct rlimit> copy;
  outside([&] {
    std::lock_guard lock(limits_mutex_);
    copy = limits_;
  });
  return copy;
}

void Process::set_kept_limits(std::map<int, struct rlimit> limits) {
  outside([&] {
    std::lock_guard lock(limits_mutex_);
    limits_ = std::move(limits);
  });
}

void Process::keep_self() {
  if (self_fd() >= 0) return;
  set_self_fd(open_self_file(options_.self_path));
}

bool Process::owns_descriptor(int fd) const { return fd > 2 && (OwnFds::has(fd) || fd == self_fd()); }

int Process::first_own_descriptor(unsigned from, unsigned to) const {
  const int first = OwnFds::first_in(from, to), self = self_fd();
  const bool in = self > 2 && static_cast<unsigned>(self) >= from && static_cast<unsigned>(self) <= to;
  return in && (first < 0 || self < first) ? self : first;
}

void Process::note_missing(std::string_view what) {
  if (!Log::enabled(Trace::kUnimpl)) return;
  outside([&] {
    std::lock_guard lock(missing_mutex_);
    if (missing_.emplace(what).second) Log::line("unimplemented: " + std::string(what));
  });
}

}  // namespace xarch::linux_user
