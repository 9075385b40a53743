#include "linux-user/strace/strace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "linux-user/strace/show.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

using strace::now_ns;
using strace::ResultKind;
using strace::View;

namespace {

bool in(SyscallId id, std::initializer_list<SyscallId> ids) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string_view name_of(SyscallId id) { return syscall_row(id).name; }

bool makes_task(SyscallId id) { return in(id, {SyscallId::k_clone, SyscallId::k_clone3}); }
bool ends_task(SyscallId id) { return in(id, {SyscallId::k_exit, SyscallId::k_exit_group}); }
bool executes(SyscallId id) { return in(id, {SyscallId::k_execve, SyscallId::k_execveat}); }

std::string error_text(int64_t error) {
  const char* name = strerrorname_np(static_cast<int>(error));
  if (name == nullptr) return "-1 (errno " + std::to_string(error) + ")";
  return std::string("-1 ") + name + " (" + strerrordesc_np(static_cast<int>(error)) + ")";
}

const char* restart_text(int64_t result) {
  switch (result) {
    case kRestartSys: return "? ERESTARTSYS (To be restarted if SA_RESTART is set)";
    case kRestartNoIntr: return "? ERESTARTNOINTR (To be restarted)";
    case kRestartNoHand: return "? ERESTARTNOHAND (To be restarted if no handler)";
    default: return "? ERESTART_RESTARTBLOCK (Interrupted by signal)";
  }
}

bool is_restart(int64_t result) { return result <= kRestartSys && result >= kRestartBlock; }

// Shows arguments: up to the first that the kernel fills (before the call), or those from there on.
void show_args(View& v, const StraceRow& row, unsigned* next) {
  for (; *next < 6 && row.args[*next].show != nullptr; ++*next) {
    const strace::ArgShow& how = row.args[*next];
    if (!v.after && how.out && how.rest) return;
    // The comma stands before what comes later, as it is with strace.
    const bool comma_is_there = v.after && v.out.empty() && *next != 0 && !how.rest;
    if (*next != 0 && !how.rest && !comma_is_there) v.put(", ");
    if (!v.after && how.out) return;
    how.show(v, *next, how);
  }
}

}  // namespace

Strace::Strace(const StraceSettings& settings, const std::string& handed_on)
    : settings_(settings), output_(settings_) {
  int fd = -1;
  unsigned long long columns = 0;
  long long ns = 0;
  if (!handed_on.empty()) sscanf(handed_on.c_str(), "%d,%llu,%lld", &fd, &columns, &ns);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  output_.open(fd);
  if (columns == 0) return;
  if (settings_.successful) output_.finish(getpid(), columns, "execve", "", ")", "0", ns, now_ns());
}

// ---- a call

Strace::Call::Call(Strace& strace, Thread& thread, const SyscallRegs& regs, SyscallId id)
    : strace_(strace),
      view_(thread, strace.settings_, regs),
      id_(id),
      shown_(id == SyscallId::kNone ? strace.settings_.calls.all() : strace.settings_.shows(id)),
      tid_(thread.tid),
      start_ns_(now_ns()) {
  if (shown_ && !strace.settings_.summary) begin();
  if (makes_task(id)) strace_.output_.add_tasks(1);
}

// Calls that may take long are shown as soon as they are made; files and what has data or room take none.
bool Strace::Call::may_wait() const {
  const SyscallRow& row = syscall_row(id_);
  if (makes_task(id_) || executes(id_)) return true;
  if (in(id_, {SyscallId::k_nanosleep, SyscallId::k_clock_nanosleep, SyscallId::k_rt_sigtimedwait}))
    return true;
  if (row.restart == Restart::kNever && row.handler != sys_block) return false;
  if (in(id_, {SyscallId::k_openat, SyscallId::k_openat2, SyscallId::k_getrandom, SyscallId::k_ioctl,
               SyscallId::k_fsync, SyscallId::k_fdatasync, SyscallId::k_fallocate, SyscallId::k_fcntl}))
    return false;
  const auto ready = [&](short events) {
    struct pollfd p = {view_.i32(0), events, 0};
    return poll(&p, 1, 0) != 0;
  };
  if (in(id_, {SyscallId::k_read, SyscallId::k_readv, SyscallId::k_recvfrom, SyscallId::k_recvmsg,
               SyscallId::k_accept, SyscallId::k_accept4, SyscallId::k_pread64}))
    return !ready(POLLIN);
  if (in(id_, {SyscallId::k_write, SyscallId::k_writev, SyscallId::k_sendto, SyscallId::k_sendmsg,
               SyscallId::k_pwrite64}))
    return !ready(POLLOUT);
  if (id_ == SyscallId::k_futex) {
    const uint32_t op = view_.u32(1) & 0x7f;
    return op != 1 && op != 3 && op != 4 && op != 5 && op != 7 && op != 10;
  }
  return true;
}

void Strace::Call::begin() {
  if (id_ == SyscallId::kNone) {
    view_.put("syscall_");
    view_.put_hex(view_.regs.number);
    view_.put("(");
    for (unsigned i = 0; i < 6; ++i) {
      if (i != 0) view_.put(", ");
      view_.put_hex(view_.arg(i));
    }
    return;
  }
  const StraceRow& row = strace_row(id_);
  view_.put(name_of(id_));
  view_.put("(");
  for (unsigned i = 0; i < 6; ++i)
    if (row.args[i].before != nullptr) row.args[i].before(view_, i, row.args[i]);
  show_args(view_, row, &next_arg_);
  if (ends_task(id_)) {
    strace_.output_.finish(tid_, 0, "", view_.out, ")", "?", start_ns_, start_ns_);
    return;
  }
  const bool all = strace_.settings_.failed && strace_.settings_.successful;
  if (all && may_wait()) columns_ = strace_.output_.begin(tid_, view_.out, start_ns_);
  if (executes(id_)) {
    strace_.exec_columns_ = columns_;
    strace_.exec_ns_ = start_ns_;
  }
}

std::string Strace::Call::result_text() const {
  const int64_t r = view_.result;
  if (is_restart(r)) return restart_text(r);
  if (r < 0 && r > -4096) return error_text(-r) + (view_.aux.empty() ? "" : " (" + view_.aux + ")");
  std::string text;
  View v(view_.thread, strace_.settings_, view_.regs);
  const ResultKind kind = id_ == SyscallId::kNone ? ResultKind::kDecimal : strace_row(id_).result;
  constexpr uint32_t kFlagsOrLock[] = {F_GETFD, F_GETFL, F_GETLEASE, F_GET_SEALS};
  const bool hex = kind == ResultKind::kHex || (id_ == SyscallId::k_fcntl && r != 0 &&
                                                std::find(std::begin(kFlagsOrLock), std::end(kFlagsOrLock),
                                                          view_.u32(1)) != std::end(kFlagsOrLock));
  if (hex) {
    v.put_hex(static_cast<uint64_t>(r));
  } else if (kind == ResultKind::kOctal) {
    v.put(r < 0100 ? "0" : "");
    v.put_octal(static_cast<uint64_t>(r));
  } else if (kind == ResultKind::kFd ||
             (id_ == SyscallId::k_fcntl && (view_.u32(1) == F_DUPFD || view_.u32(1) == F_DUPFD_CLOEXEC))) {
    v.put_fd(static_cast<int>(r));
  } else {
    v.put_int(r);
  }
  if (!view_.aux.empty()) v.put(" (" + view_.aux + ")");
  return v.out;
}

void Strace::Call::end(int64_t result) {
  if (ends_task(id_)) return;
  if (makes_task(id_)) {
    if (result == kRegistersSet) return;  // the child's side
    if (result < 0) strace_.output_.add_tasks(-1);
  }
  const int64_t ns = now_ns();
  view_.result = result;
  if (result == kRegistersSet) {  // rt_sigreturn
    view_.result = view_.thread.abi().result(view_.thread.state());
    if (view_.result < -4095) view_.result = 0;
    view_.put("{mask=");
    view_.put_sigset(view_.thread.signals().mask.bits[0]);
    view_.put("}");
  }
  if (id_ != SyscallId::kNone && strace_.output_.counts() != nullptr) {
    strace::Count& count = strace_.output_.counts()[static_cast<size_t>(id_)];
    if (shown_ && !is_restart(result)) {
      count.calls.fetch_add(1, std::memory_order_relaxed);
      if (view_.result < 0) count.errors.fetch_add(1, std::memory_order_relaxed);
      count.ns.fetch_add(static_cast<uint64_t>(ns - start_ns_), std::memory_order_relaxed);
    }
  }
  if (!shown_ || strace_.settings_.summary) return;
  if (view_.result < 0 ? !strace_.settings_.failed : !strace_.settings_.successful) return;
  view_.after = true;
  const std::string before = std::move(view_.out);
  view_.out.clear();
  if (id_ != SyscallId::kNone) {
    const StraceRow& row = strace_row(id_);
    const unsigned shown = next_arg_;
    show_args(view_, row, &next_arg_);
    for (unsigned i = 0; i < shown; ++i)
      if (row.args[i].aux) row.args[i].show(view_, i, row.args[i]);
  }
  strace_.output_.finish(tid_, columns_, id_ == SyscallId::kNone ? "syscall" : name_of(id_), before,
                         view_.out + ")", result_text(), start_ns_, ns);
  int status = 0;
  // Nobody but its parent can tell of a process that SIGKILL has ended.
  if (id_ == SyscallId::k_wait4 && result > 0 && view_.thread.get_int(view_.arg(1), &status) == 0 &&
      WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    strace_.output_.line(static_cast<pid_t>(result), "+++ killed by SIGKILL +++", ns);
    strace_.output_.add_tasks(-1);
  }
}

// ---- what happens besides calls

void Strace::started(Thread& thread, const std::string& program, const std::vector<std::string>& argv) {
  if (settings_.summary || !settings_.shows(SyscallId::k_execve) || !settings_.successful) return;
  const SyscallRegs none;
  View v(thread, settings_, none);
  v.put("execve(");
  v.put_quoted(program.data(), program.size(), program.size());
  v.put(", [");
  for (size_t i = 0; i < argv.size(); ++i) {
    if (i != 0) v.put(", ");
    if (i == settings_.string_limit) {
      v.put("...");
      break;
    }
    v.put_quoted(argv[i].data(), argv[i].size(), settings_.string_limit);
  }
  v.put("], ");
  // The environment stands behind argc, argv and its null.
  SyscallRegs regs;
  regs.arg[0] = thread.process().image().stack_pointer + (argv.size() + 2) * v.word_bytes();
  View env(thread, settings_, regs);
  strace::show_envp(env, 0, {});
  const int64_t ns = now_ns();
  output_.finish(thread.tid, 0, "", v.out + env.out, ")", "0", ns, ns);
}

void Strace::signal(Thread& thread, const SignalInfo& info) {
  if (settings_.summary || !settings_.shows_signal(info.signo())) return;
  const SyscallRegs none;
  View v(thread, settings_, none);
  v.put("--- ");
  v.put_signal(info.signo());
  v.put(" ");
  strace::put_siginfo(v, info.si);
  v.put(" ---");
  output_.line(thread.tid, v.out, now_ns());
}

void Strace::thread_exited(Thread& thread, int status) {
  if (!settings_.summary)
    output_.line(thread.tid, "+++ exited with " + std::to_string(status) + " +++", now_ns());
  output_.add_tasks(-1);
}

void Strace::exited(Thread& thread, size_t threads, int status) {
  if (!settings_.summary)
    output_.line(getpid(), "+++ exited with " + std::to_string(status & 0xff) + " +++", now_ns());
  output_.add_tasks(-static_cast<int>(threads));
  if (settings_.summary && output_.first() && !thread.in_vfork_child()) print_summary();
}

void Strace::killed(Thread& thread, size_t threads, int signo) {
  const SyscallRegs none;
  View v(thread, settings_, none);
  v.put("+++ killed by ");
  v.put_signal(signo);
  v.put(" +++");
  if (!settings_.summary) output_.line(getpid(), v.out, now_ns());
  output_.add_tasks(-static_cast<int>(threads));
  if (settings_.summary && output_.first() && !thread.in_vfork_child()) print_summary();
}

void Strace::restarted(Thread& thread, const SyscallRow& row, int64_t result, int64_t start_ns) {
  if (settings_.summary || !settings_.shows(SyscallId::k_restart_syscall)) return;
  const std::string name(row.name);
  output_.finish(thread.tid, 0, "", "restart_syscall(<... resuming interrupted " + name + " ...>", ")",
                 is_restart(result) ? restart_text(result)
                 : result < 0       ? error_text(-result)
                                    : std::to_string(result),
                 start_ns, now_ns());
}

// ---- execve

std::string Strace::hand_on(Thread&) {
  if (output_.shared_fd() >= 0) fcntl(output_.shared_fd(), F_SETFD, 0);
  return std::to_string(output_.shared_fd()) + "," + std::to_string(exec_columns_) + "," +
         std::to_string(exec_ns_);
}

void Strace::leaving_for_native(Thread& thread) {
  if (exec_columns_ != 0)
    output_.finish(thread.tid, exec_columns_, "execve", "", ")", "0 (a native program: not followed)",
                   exec_ns_, now_ns());
  output_.add_tasks(-1);
}

void Strace::exec_failed(bool native) {
  if (native) output_.add_tasks(1);
  if (output_.shared_fd() >= 0) fcntl(output_.shared_fd(), F_SETFD, FD_CLOEXEC);
}

// ---- summary

namespace {
constexpr uint64_t bit(int signo) { return uint64_t{1} << (signo - 1); }
}  // namespace

// Not those that the kernel must stop and continue the process for, nor libc's own.
uint64_t Strace::watched() {
  return ~(bit(SIGSTOP) | bit(SIGKILL) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) | bit(SIGCONT) |
           bit(SIGURG) | bit(32) | bit(33));
}

uint64_t Strace::watched_ends() { return watched() & ~(bit(SIGCHLD) | bit(SIGWINCH)); }

void Strace::print_summary() {
  struct Line {
    std::string_view name;
    uint64_t calls, errors, ns;
  };
  std::vector<Line> lines;
  Line total = {"total", 0, 0, 0};
  for (size_t i = 1; output_.counts() != nullptr && i < static_cast<size_t>(SyscallId::kCount); ++i) {
    const strace::Count& c = output_.counts()[i];
    if (c.calls == 0) continue;
    lines.push_back({name_of(static_cast<SyscallId>(i)), c.calls, c.errors, c.ns});
    total.calls += c.calls;
    total.errors += c.errors;
    total.ns += c.ns;
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.ns > b.ns; });
  const auto print = [&](const Line& l) {
    char errors[24] = "";
    if (l.errors != 0) snprintf(errors, sizeof errors, "%llu", static_cast<unsigned long long>(l.errors));
    Log::printf("%6.2f %11.6f %11llu %9llu %9s %.*s",
                total.ns == 0 ? 0.0 : 100.0 * static_cast<double>(l.ns) / static_cast<double>(total.ns),
                static_cast<double>(l.ns) / 1e9,
                static_cast<unsigned long long>(l.calls == 0 ? 0 : l.ns / l.calls / 1000),
                static_cast<unsigned long long>(l.calls), errors, static_cast<int>(l.name.size()),
                l.name.data());
  };
  constexpr std::string_view kRule = "------ ----------- ----------- --------- --------- ----------------";
  Log::line("% time     seconds  usecs/call     calls    errors syscall");
  Log::line(kRule);
  for (const Line& l : lines) print(l);
  Log::line(kRule);
  print(total);
}

}  // namespace xarch::linux_user
