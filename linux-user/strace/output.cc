#include "linux-user/strace/output.h"

#include <linux/futex.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/own_fds.h"
#include "tcg/support/clock.h"
#include "tcg/support/log.h"

namespace xarch::linux_user::strace {

namespace {

constexpr size_t kResultColumn = 40;

// Private to nobody: other processes wait on the same memory.
long futex(std::atomic<uint32_t>* word, int op, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, word, op, value, timeout, nullptr, 0);
}

}  // namespace

int64_t now_ns() { return xarch::now_ns(CLOCK_REALTIME); }

// Held over a write(2). Its owner may be killed at any instant: who has waited long takes it over.
class Output::Lock {
 public:
  explicit Lock(Shared* shared) : shared_(shared) {
    if (shared_ == nullptr) return;
    constexpr timespec kPatience = {0, 200000000};
    uint32_t seen = 0;
    if (shared_->lock.compare_exchange_strong(seen, 1)) return;
    while (shared_->lock.exchange(2) != 0)
      if (futex(&shared_->lock, FUTEX_WAIT, 2, &kPatience) != 0 && errno == ETIMEDOUT) return;
  }
  ~Lock() {
    if (shared_ != nullptr && shared_->lock.exchange(0) == 2) futex(&shared_->lock, FUTEX_WAKE, 1, nullptr);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Shared* shared_;
};

bool Output::open(int shared_fd) {
  time_t now = time(nullptr);
  struct tm local = {};
  if (localtime_r(&now, &local) != nullptr) zone_seconds_ = local.tm_gmtoff;
  const bool fresh = shared_fd < 0;
  if (fresh) {
    shared_fd = memfd_create("xarch-strace", MFD_CLOEXEC);
    if (shared_fd < 0) return false;
    if (ftruncate(shared_fd, sizeof(Shared)) != 0) return false;
    shared_fd = OwnFds::keep(shared_fd);
  } else {
    OwnFds::add(shared_fd);
  }
  void* p = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
  if (p == MAP_FAILED) return false;
  fd_ = shared_fd;
  shared_ = static_cast<Shared*>(p);
  if (fresh) {
    shared_->tasks = 1;
    shared_->first_pid = getpid();
  }
  return true;
}

bool Output::first() const { return shared_ == nullptr || shared_->first_pid == getpid(); }

void Output::add_tasks(int n) {
  if (shared_ != nullptr) shared_->tasks.fetch_add(n);
}

void Output::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(Log::fd(), text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

std::string Output::prefix(pid_t tid, int64_t ns) {
  std::string text;
  char part[48];
  if (settings_.file) {
    snprintf(part, sizeof part, "%-5d ", tid);
    text += part;
  } else if (shared_ != nullptr && shared_->tasks.load() > 1) {
    snprintf(part, sizeof part, "[pid %5d] ", tid);
    text += part;
  }
  if (settings_.stamp == StraceStamp::kNone) return text;
  if (settings_.stamp == StraceStamp::kRelative) {
    const int64_t last = shared_ == nullptr ? ns : shared_->last_ns.exchange(ns);
    const int64_t passed = last == 0 || ns < last ? 0 : ns - last;
    snprintf(part, sizeof part, "%6lld.%06lld ", static_cast<long long>(passed / 1000000000),
             static_cast<long long>(passed / 1000 % 1000000));
    return text + part;
  }
  const int64_t second = (ns / 1000000000 + zone_seconds_) % 86400;
  snprintf(part, sizeof part, "%02d:%02d:%02d", static_cast<int>(second / 3600),
           static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  text += part;
  if (settings_.stamp == StraceStamp::kMicroseconds) {
    snprintf(part, sizeof part, ".%06d", static_cast<int>(ns / 1000 % 1000000));
    text += part;
  }
  return text + ' ';
}

size_t Output::begin(pid_t tid, std::string_view text, int64_t ns) {
  const Lock lock(shared_);
  std::string all;
  if (shared_ != nullptr && shared_->open_tid.exchange(tid) != 0) all = " <unfinished ...>\n";
  const std::string before = prefix(tid, ns);
  all += before;
  all += text;
  write(all);
  return before.size() + text.size();
}

void Output::finish(pid_t tid, size_t columns, std::string_view name, std::string_view before,
                    std::string_view after, std::string_view result, int64_t start_ns, int64_t ns) {
  const Lock lock(shared_);
  std::string all;
  const int32_t open = shared_ == nullptr ? (columns != 0 ? tid : 0) : shared_->open_tid.exchange(0);
  size_t line_at = 0;
  if (columns == 0 || open != tid) {
    if (open != 0) all = " <unfinished ...>\n";
    line_at = all.size();
    all += prefix(tid, columns == 0 ? start_ns : ns);
    if (columns == 0) {
      all += before;
    } else {
      all.append("<... ").append(name).append(" resumed>");
    }
    columns = 0;
  }
  all += after;
  all += ' ';
  const size_t length = columns + all.size() - line_at;
  if (length < kResultColumn) all.append(kResultColumn - length, ' ');
  all.append("= ").append(result);
  if (settings_.times && !result.starts_with("?")) {
    char text[32];
    const int64_t took = ns - start_ns;
    snprintf(text, sizeof text, " <%lld.%06lld>", static_cast<long long>(took / 1000000000),
             static_cast<long long>(took / 1000 % 1000000));
    all += text;
  }
  all += '\n';
  write(all);
}

void Output::line(pid_t tid, std::string_view text, int64_t ns) {
  const Lock lock(shared_);
  std::string all;
  if (shared_ != nullptr && shared_->open_tid.exchange(0) != 0) all = " <unfinished ...>\n";
  all += prefix(tid, ns);
  all += text;
  all += '\n';
  write(all);
}

}  // namespace xarch::linux_user::strace
