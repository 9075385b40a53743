// Times.
#include <errno.h>
#include <time.h>

#include "linux-user/strace/show.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user::strace {

namespace {

// {tv_sec=1, tv_nsec=2}; `unit` is the name of the second field.
void put_pair(View& v, Fields& f, const char* unit) {
  v.put("{tv_sec=");
  v.put_int(f.sword());
  v.put(std::string(", ") + unit + "=");
  v.put_int(f.sword());
  v.put("}");
}

// When that is, in a comment: 2001-09-09T01:46:40.000000005+0000.
void put_date(View& v, int64_t seconds, int64_t nanoseconds) {
  const auto time = static_cast<time_t>(seconds);
  struct tm broken;
  char date[40], zone[16], text[96];
  if (nanoseconds < 0 || nanoseconds >= 1000000000 || localtime_r(&time, &broken) == nullptr) return;
  strftime(date, sizeof date, "%FT%T", &broken);
  strftime(zone, sizeof zone, "%z", &broken);
  if (nanoseconds != 0) {
    snprintf(text, sizeof text, " /* %s.%09lld%s */", date, static_cast<long long>(nanoseconds), zone);
  } else {
    snprintf(text, sizeof text, " /* %s%s */", date, zone);
  }
  v.put(text);
}

void put_time(View& v, uint64_t addr, const char* unit) {
  uint64_t probe;
  if (addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  Fields f(v, addr);
  put_pair(v, f, unit);
}

void put_interval(View& v, uint64_t addr, const char* unit) {
  uint64_t probe;
  if (addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  Fields f(v, addr);
  v.put("{it_interval=");
  put_pair(v, f, unit);
  v.put(", it_value=");
  put_pair(v, f, unit);
  v.put("}");
}

bool hidden(View& v, unsigned i, const ArgShow& how) {
  if (!how.out || !v.failed()) return false;
  v.put_addr(v.arg(i));
  return true;
}

}  // namespace

void put_timespec(View& v, uint64_t addr) { put_time(v, addr, "tv_nsec"); }
void put_timeval(View& v, uint64_t addr) { put_time(v, addr, "tv_usec"); }

void show_timespec(View& v, unsigned i, const ArgShow& how) {
  if (!hidden(v, i, how)) put_timespec(v, v.arg(i));
}

void show_sleep_rest(View& v, unsigned i, const ArgShow&) {
  const bool interrupted = v.result == -EINTR || v.result == kRestartBlock || v.result == kRestartNoHand;
  interrupted ? put_timespec(v, v.arg(i)) : v.put_addr(v.arg(i));
}

// What ppoll and pselect6 leave of it stands behind the result.
void show_poll_timeout(View& v, unsigned i, const ArgShow&) { put_timespec(v, v.arg(i)); }

void show_timespec_pair(View& v, unsigned i, const ArgShow&) {
  const uint64_t addr = v.arg(i);
  uint64_t probe;
  if (addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  v.put("[");
  for (unsigned k = 0; k < 2; ++k) {
    constexpr uint64_t kNow = 0x3fffffff, kOmit = 0x3ffffffe;  // linux/stat.h
    Fields f(v, addr + k * 2 * v.word_bytes());
    Fields look = f;
    const int64_t seconds = look.sword();
    const auto nsec = static_cast<uint64_t>(look.sword());
    if (k == 1) v.put(", ");
    if (nsec == kNow || nsec == kOmit) {
      v.put(nsec == kNow ? "UTIME_NOW" : "UTIME_OMIT");
      continue;
    }
    put_pair(v, f, "tv_nsec");
    put_date(v, seconds, static_cast<int64_t>(nsec));
  }
  v.put("]");
}

void show_timeval(View& v, unsigned i, const ArgShow& how) {
  if (!hidden(v, i, how)) put_timeval(v, v.arg(i));
}

void show_timezone(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  uint32_t probe;
  if (v.arg(i) == 0 || !v.read_u32(v.arg(i), &probe)) return v.put_addr(v.arg(i));
  Fields f(v, v.arg(i));
  v.put("{tz_minuteswest=");
  v.put_int(f.i32());
  v.put(", tz_dsttime=");
  v.put_int(f.i32());
  v.put("}");
}

void show_itimerspec(View& v, unsigned i, const ArgShow& how) {
  if (!hidden(v, i, how)) put_interval(v, v.arg(i), "tv_nsec");
}

void show_itimerval(View& v, unsigned i, const ArgShow& how) {
  if (!hidden(v, i, how)) put_interval(v, v.arg(i), "tv_usec");
}

void show_timex(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  uint32_t modes = 0;
  if (v.arg(i) == 0 || !v.read_u32(v.arg(i), &modes)) return v.put_addr(v.arg(i));
  Fields f(v, v.arg(i) + v.word_bytes());
  v.put("{modes=");
  v.put_hex(modes);
  for (const char* name : {", offset=", ", freq=", ", maxerror=", ", esterror="}) {
    v.put(name);
    v.put_int(f.sword());
  }
  v.put(", ...}");
}

void show_tms(View& v, unsigned i, const ArgShow& how) {
  uint64_t probe;
  if (hidden(v, i, how)) return;
  if (v.arg(i) == 0 || !v.read_word(v.arg(i), &probe)) return v.put_addr(v.arg(i));
  Fields f(v, v.arg(i));
  const char* before = "{tms_utime=";
  for (const char* next : {", tms_stime=", ", tms_cutime=", ", tms_cstime=", "}"}) {
    v.put(before);
    v.put_int(f.sword());
    before = next;
  }
  v.put(before);
}

}  // namespace xarch::linux_user::strace
