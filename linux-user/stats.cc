#include "linux-user/stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "linux-user/process.h"
#include "linux-user/syscall.h"
#include "tcg/support/clock.h"

namespace xarch::linux_user {

namespace {

constexpr size_t kShownCalls = 10;

__attribute__((format(printf, 2, 3))) void add(std::string* text, const char* format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  *text += line;
}

double ms(int64_t ns) { return static_cast<double>(ns) * 1e-6; }
double ms_of(const timeval& t) {
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) * 1e-3;
}

struct ExitName {
  tcg::Exit exit;
  const char* name;
};
// Returns of emitted code to the run loop, as they are told.
constexpr ExitName kExits[] = {
    {tcg::Exit::kLink, "link"},   {tcg::Exit::kLookup, "lookup"}, {tcg::Exit::kSyscall, "syscall"},
    {tcg::Exit::kEvent, "event"}, {tcg::Exit::kRaise, "raise"},   {tcg::Exit::kFault, "fault"},
    {tcg::Exit::kFetch, "fetch"}, {tcg::Exit::kHalt, "halt"},
};

}  // namespace

struct RunStats::Summary {
  tcg::EngineStats engine;
  struct Call {
    std::string_view name;
    uint64_t count;
    int64_t ns;
  };
  std::vector<Call> calls;  // the most frequent first
  uint64_t all_calls = 0;
  int64_t wall_ns = 0, threads_ns = 0, translate_ns = 0, first_ns = 0, calls_ns = 0, waited_ns = 0,
          execute_ns = 0;
  double user_ms = 0, system_ms = 0;
  uint64_t exits = 0;
  double insns = 1;
};

int64_t RunStats::now() { return now_ns(CLOCK_MONOTONIC); }

RunStats::RunStats() : start_ns_(now()) {}

void RunStats::begin_child() {
  start_ns_ = now();
  thread_ns_ = -start_ns_;
  threads_ = 1;
  waited_ns_ = 0;
  signals_ = 0;
  for (Calls& c : calls_) {
    c.count = 0;
    c.ns = 0;
  }
}

RunStats::Summary RunStats::summary(Process& process) const {
  Summary s;
  s.engine = process.engine().stats();
  s.wall_ns = now() - start_ns_;
  s.threads_ns = thread_ns_.load() + threads_.load() * now();
  s.translate_ns = static_cast<int64_t>(s.engine.translate_ns);
  s.waited_ns = waited_ns_.load();
  for (size_t i = 1; i < calls_.size(); ++i) {
    const uint64_t count = calls_[i].count.load();
    if (count == 0) continue;
    s.calls.push_back({syscall_row(static_cast<SyscallId>(i)).name, count, calls_[i].ns.load()});
    s.all_calls += count;
    s.calls_ns += calls_[i].ns.load();
  }
  std::sort(s.calls.begin(), s.calls.end(), [](const Summary::Call& a, const Summary::Call& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  // What a call translates for a vfork child counts for both.
  s.first_ns = static_cast<int64_t>(s.engine.first_ns);
  s.execute_ns = std::max<int64_t>(0, s.threads_ns - s.translate_ns - s.first_ns - s.calls_ns);
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  s.user_ms = ms_of(usage.ru_utime);
  s.system_ms = ms_of(usage.ru_stime);
  for (const ExitName& e : kExits) s.exits += s.engine.exits[static_cast<size_t>(e.exit)];
  if (s.engine.guest_insns != 0) s.insns = static_cast<double>(s.engine.guest_insns);
  return s;
}

std::string RunStats::text(Process& process) const {
  const Summary s = summary(process);
  const tcg::EngineStats& e = s.engine;
  std::string t;
  const auto share = [&](int64_t ns) {
    return s.threads_ns <= 0 ? 0.0 : 100.0 * static_cast<double>(ns) / static_cast<double>(s.threads_ns);
  };
  add(&t, "xarch statistics: process %d, %s, %s\n", static_cast<int>(getpid()),
      process.image().exe_guest.c_str(), std::string(process.info().name).c_str());
  add(&t, "wall time           %12.3f ms\n", ms(s.wall_ns));
  add(&t, "CPU time            %12.3f ms  (user %.3f, system %.3f)\n", s.user_ms + s.system_ms, s.user_ms,
      s.system_ms);
  add(&t, "time of threads     %12.3f ms\n", ms(s.threads_ns));
  add(&t, "  translation       %12.3f ms %5.1f %%  (%.3f us per guest instruction)\n", ms(s.translate_ns),
      share(s.translate_ns), ms(s.translate_ns) * 1e3 / s.insns);
  add(&t, "  first visits      %12.3f ms %5.1f %%  (%.3f us per guest instruction)\n", ms(s.first_ns),
      share(s.first_ns),
      e.first_insns == 0 ? 0.0 : ms(s.first_ns) * 1e3 / static_cast<double>(e.first_insns));
  add(&t, "  execution         %12.3f ms %5.1f %%\n", ms(s.execute_ns), share(s.execute_ns));
  add(&t, "  system calls      %12.3f ms %5.1f %%  (waiting %.3f, working %.3f)\n", ms(s.calls_ns),
      share(s.calls_ns), ms(s.waited_ns), ms(std::max<int64_t>(0, s.calls_ns - s.waited_ns)));
  add(&t, "translations        %12lu     (%lu dropped, %lu generations of the cache)\n", e.regions,
      e.invalidated, e.generations);
  add(&t, "guest instructions  %12lu     (%lu bytes)\n", e.guest_insns, e.guest_bytes);
  add(&t, "first visits        %12lu     (%lu guest instructions interpreted)\n", e.first_visits,
      e.first_insns);
  add(&t, "host code           %12lu bytes, %.1f per guest instruction\n", e.code_bytes,
      static_cast<double>(e.code_bytes) / s.insns);
  add(&t, "records             %12lu bytes, %.1f per guest instruction\n", e.record_bytes,
      static_cast<double>(e.record_bytes) / s.insns);
  add(&t, "exits of host code  %12lu     (", s.exits);
  const char* comma = "";
  for (const ExitName& x : kExits) {
    const uint64_t n = e.exits[static_cast<size_t>(x.exit)];
    if (n != 0) add(&t, "%s%s %lu", comma, x.name, n), comma = ", ";
  }
  add(&t, ")\nfaults taken        %12lu     (of the guest %lu, writes to its code %lu, floating point %lu)\n",
      e.guest_faults + e.code_write_faults + e.fp_traps, e.guest_faults, e.code_write_faults, e.fp_traps);
  add(&t, "NaNs too often      %12lu     regions\n", e.fp_by_calls);
  add(&t, "signals             %12lu\n", signals_.load());
  add(&t, "system calls        %12lu", s.all_calls);
  for (size_t i = 0; i < std::min(kShownCalls, s.calls.size()); ++i)
    add(&t, "\n  %-18.*s%12lu %12.3f ms", static_cast<int>(s.calls[i].name.size()), s.calls[i].name.data(),
        s.calls[i].count, ms(s.calls[i].ns));
  return t;
}

std::string RunStats::json(Process& process) const {
  const Summary s = summary(process);
  const tcg::EngineStats& e = s.engine;
  std::string t;
  std::string program;  // what JSON does not take as it is becomes a question mark
  for (const char c : process.image().exe_guest)
    program += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 32 ? '?' : c;
  add(&t, "{\"pid\":%d,\"program\":\"", static_cast<int>(getpid()));
  t += program;
  add(&t, "\",\"guest\":\"%s\",\"wall_ns\":%ld,\"user_ms\":%.3f,\"system_ms\":%.3f,",
      std::string(process.info().name).c_str(), s.wall_ns, s.user_ms, s.system_ms);
  add(&t,
      "\"threads_ns\":%ld,\"translation_ns\":%ld,\"first_visits_ns\":%ld,\"execution_ns\":%ld,\"syscalls_"
      "ns\":%ld,\"waiting_ns\":%"
      "ld,",
      s.threads_ns, s.translate_ns, s.first_ns, s.execute_ns, s.calls_ns, s.waited_ns);
  add(&t,
      "\"regions\":%lu,\"dropped\":%lu,\"generations\":%lu,\"guest_instructions\":%lu,\"guest_bytes\":%lu,"
      "\"first_visits\":%lu,\"first_instructions\":%lu,",
      e.regions, e.invalidated, e.generations, e.guest_insns, e.guest_bytes, e.first_visits, e.first_insns);
  add(&t, "\"code_bytes\":%lu,\"record_bytes\":%lu,\"fp_by_calls\":%lu,", e.code_bytes, e.record_bytes,
      e.fp_by_calls);
  add(&t, "\"faults\":{\"guest\":%lu,\"code_writes\":%lu,\"floating_point\":%lu},\"signals\":%lu,\"exits\":{",
      e.guest_faults, e.code_write_faults, e.fp_traps, signals_.load());
  const char* comma = "";
  for (const ExitName& x : kExits) {
    add(&t, "%s\"%s\":%lu", comma, x.name, e.exits[static_cast<size_t>(x.exit)]);
    comma = ",";
  }
  t += "},\"syscalls\":{";
  comma = "";
  for (const Summary::Call& c : s.calls) {
    add(&t, "%s\"%.*s\":{\"calls\":%lu,\"ns\":%ld}", comma, static_cast<int>(c.name.size()), c.name.data(),
        c.count, c.ns);
    comma = ",";
  }
  return t + "}}";
}

}  // namespace xarch::linux_user
