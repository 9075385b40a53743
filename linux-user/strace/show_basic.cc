// Plain values, strings and buffers.
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "linux-user/strace/show.h"

namespace xarch::linux_user::strace {

void show_int(View& v, unsigned i, const ArgShow&) { v.put_int(v.i32(i)); }
void show_long(View& v, unsigned i, const ArgShow&) {
  v.put_int(v.is64() ? static_cast<int64_t>(v.arg(i)) : v.i32(i));
}
void show_uint(View& v, unsigned i, const ArgShow&) { v.put_uint(v.u32(i)); }
void show_size(View& v, unsigned i, const ArgShow&) { v.put_uint(v.arg(i)); }
void show_hex(View& v, unsigned i, const ArgShow&) { v.put_hex(v.arg(i)); }
void show_addr(View& v, unsigned i, const ArgShow&) { v.put_addr(v.arg(i)); }

void show_mode(View& v, unsigned i, const ArgShow&) {
  const uint32_t mode = v.u32(i);
  if (mode < 0100) v.put(mode < 010 ? "00" : "0");
  if (mode < 0100 && mode != 0) {
    std::string digits;
    std::swap(digits, v.out);
    v.put_octal(mode);
    std::swap(digits, v.out);
    v.put(std::string_view(digits).substr(1));
  } else {
    v.put_octal(mode);
  }
}

void show_mode_type(View& v, unsigned i, const ArgShow&) { v.put_mode(v.u32(i)); }

void show_personality(View& v, unsigned i, const ArgShow&) {
  if (v.after) {
    v.aux = v.result == 0 ? "PER_LINUX" : "";
  } else {
    v.u32(i) == UINT32_MAX ? v.put_hex(v.u32(i)) : v.put_names(names::personality, v.u32(i));
  }
}

// Of devices alone, says the mode.
void show_dev(View& v, unsigned i, const ArgShow& how) {
  const uint64_t dev = v.arg(i);
  if (!S_ISCHR(v.u32(how.n)) && !S_ISBLK(v.u32(how.n))) return;
  v.put(", makedev(");
  v.put_hex(major(dev));
  v.put(", ");
  v.put_hex(minor(dev));
  v.put(")");
}

void show_fd(View& v, unsigned i, const ArgShow&) { v.put_fd(v.i32(i)); }
void show_at_fd(View& v, unsigned i, const ArgShow&) { v.put_at_fd(v.i32(i)); }
void show_names(View& v, unsigned i, const ArgShow& how) { v.put_names(*how.names, v.u32(i)); }
void show_names64(View& v, unsigned i, const ArgShow& how) { v.put_names(*how.names, v.arg(i)); }

void show_id(View& v, unsigned i, const ArgShow&) {
  v.u32(i) == UINT32_MAX ? v.put("-1") : v.put_uint(v.u32(i));
}

void show_string(View& v, unsigned i, const ArgShow&) { v.put_string_at(v.arg(i), true); }
void show_path(View& v, unsigned i, const ArgShow&) { v.put_string_at(v.arg(i), false); }
void show_buffer_in(View& v, unsigned i, const ArgShow& how) { v.put_buffer_at(v.arg(i), v.arg(how.n)); }

// Of what was to be filled only the filled part says anything.
void show_buffer_out(View& v, unsigned i, const ArgShow& how) {
  if (v.failed()) return v.put_addr(v.arg(i));
  v.put_buffer_at(v.arg(i), std::min<uint64_t>(v.arg(how.n), static_cast<uint64_t>(v.result)));
}

void show_cwd(View& v, unsigned i, const ArgShow&) {
  if (v.failed()) return v.put_addr(v.arg(i));
  v.put_string_at(v.arg(i), false);
}

void show_int_pointer(View& v, unsigned i, const ArgShow& how) {
  uint32_t value = 0;
  if ((how.out && v.failed()) || v.arg(i) == 0 || !v.read_u32(v.arg(i), &value)) return v.put_addr(v.arg(i));
  v.put("[");
  how.names != nullptr ? v.put_names(*how.names, value) : v.put_int(static_cast<int32_t>(value));
  v.put("]");
}

void show_long_pointer(View& v, unsigned i, const ArgShow& how) {
  uint64_t value = 0;
  if ((how.out && v.failed()) || v.arg(i) == 0 || !v.read_u64(v.arg(i), &value)) return v.put_addr(v.arg(i));
  v.put("[");
  v.put_int(static_cast<int64_t>(value));
  v.put("]");
}

// Clocks of processes and threads have negative numbers (linux/posix-timers.h).
void show_clock(View& v, unsigned i, const ArgShow&) {
  const int32_t clock = v.i32(i);
  if (clock >= 0) return v.put_names(names::clock, static_cast<uint32_t>(clock));
  static constexpr const char* kKinds[] = {"PROF", "VIRT", "SCHED", "FD"};
  const bool thread = (clock & 4) != 0;
  v.put((clock & 3) == 3 ? "FD_TO_CLOCKID(" : thread ? "MAKE_THREAD_CPUCLOCK(" : "MAKE_PROCESS_CPUCLOCK(");
  v.put_int(~(clock >> 3));
  if ((clock & 3) != 3) v.put(std::string(", CPUCLOCK_") + kKinds[clock & 3]);
  v.put(")");
}

void show_signal(View& v, unsigned i, const ArgShow&) { v.put_signal(v.i32(i)); }

}  // namespace xarch::linux_user::strace
