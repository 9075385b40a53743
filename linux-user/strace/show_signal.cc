// Signals: actions, sets, what a signal carries.
#include <signal.h>
#include <string.h>

#include "linux-user/strace/show.h"

namespace xarch::linux_user::strace {

namespace {

void put_handler(View& v, uint64_t handler) {
  handler == 0 ? v.put("SIG_DFL") : handler == 1 ? v.put("SIG_IGN") : v.put_hex(handler);
}

void put_code(View& v, int signo, int code) {
  const auto word = static_cast<uint32_t>(code);
  const NameTable* table = &names::si_code;
  if (code > 0 && code < 0x80) {
    switch (signo) {
      case SIGSEGV: table = &names::segv_code; break;
      case SIGBUS: table = &names::bus_code; break;
      case SIGILL: table = &names::ill_code; break;
      case SIGFPE: table = &names::fpe_code; break;
      case SIGTRAP: table = &names::trap_code; break;
      case SIGCHLD: table = &names::cld_code; break;
      case SIGPOLL: table = &names::poll_code; break;
      case SIGSYS: table = &names::sys_code; break;
      default: break;
    }
  }
  v.put_names(*table, word);
}

void put_sender(View& v, const siginfo_t& info) {
  v.put(", si_pid=");
  v.put_int(info.si_pid);
  v.put(", si_uid=");
  v.put_uint(info.si_uid);
}

void put_child(View& v, const siginfo_t& info) {
  put_sender(v, info);
  v.put(", si_status=");
  info.si_code == CLD_EXITED ? v.put_int(info.si_status) : v.put_signal(info.si_status);
  v.put(", si_utime=");
  v.put_int(info.si_utime);
  v.put(", si_stime=");
  v.put_int(info.si_stime);
}

void put_value(View& v, const siginfo_t& info) {
  if (info.si_value.sival_ptr == nullptr) return;
  v.put(", si_value={sival_int=");
  v.put_int(info.si_value.sival_int);
  v.put(", sival_ptr=");
  v.put_addr(reinterpret_cast<uint64_t>(info.si_value.sival_ptr));
  v.put("}");
}

// A word of a signal set, whose upper half comes second in memory of either byte order of a 64-bit machine
// and of a 32-bit one of little-endian order; words of 32 bits come lower one first everywhere.
bool read_set(View& v, uint64_t addr, uint64_t* bits) {
  if (v.is64()) return v.read_u64(addr, bits);
  uint32_t low = 0, high = 0;
  if (!v.read_u32(addr, &low) || !v.read_u32(addr + 4, &high)) return false;
  *bits = uint64_t{high} << 32 | low;
  return true;
}

}  // namespace

void put_siginfo(View& v, const siginfo_t& info) {
  v.put("{si_signo=");
  v.put_signal(info.si_signo);
  v.put(", si_code=");
  put_code(v, info.si_signo, info.si_code);
  if (info.si_errno != 0) {
    v.put(", si_errno=");
    v.put_int(info.si_errno);
  }
  const bool kernel = info.si_code > 0 && info.si_code < SI_KERNEL;
  if (kernel && info.si_signo == SIGCHLD) {
    put_child(v, info);
  } else if (kernel && (info.si_signo == SIGSEGV || info.si_signo == SIGBUS || info.si_signo == SIGILL ||
                        info.si_signo == SIGFPE || info.si_signo == SIGTRAP)) {
    v.put(", si_addr=");
    v.put_addr(reinterpret_cast<uint64_t>(info.si_addr));
  } else if (kernel && info.si_signo == SIGPOLL) {
    v.put(", si_band=");
    v.put_int(info.si_band);
  } else if (info.si_code == SI_TIMER) {
    v.put(", si_timerid=");
    v.put_int(info.si_timerid);
    v.put(", si_overrun=");
    v.put_int(info.si_overrun);
    put_value(v, info);
  } else if (info.si_code == SI_KERNEL && info.si_signo == SIGSEGV) {
    v.put(", si_addr=NULL");
  } else if (info.si_code <= 0) {
    put_sender(v, info);
    if (info.si_code != SI_USER && info.si_code != SI_TKILL) put_value(v, info);
  }
  v.put("}");
}

void show_sigaction(View& v, unsigned i, const ArgShow& how) {
  const uint64_t addr = v.arg(i);
  uint64_t probe;
  if ((how.out && v.failed()) || addr == 0 || !v.read_word(addr, &probe)) return v.put_addr(addr);
  const uint64_t restorer_flag = v.thread.abi().info().restorer_flag;
  Fields f(v, addr);
  v.put("{sa_handler=");
  put_handler(v, f.word());
  const uint64_t flags = f.word();
  const uint64_t restorer = restorer_flag != 0 ? f.word() : 0;
  uint64_t mask = 0;
  read_set(v, f.at(), &mask);
  v.put(", sa_mask=");
  v.put_sigset(mask);
  v.put(", sa_flags=");
  v.put_names(names::sa_flags, flags);
  if ((flags & restorer_flag) != 0) {
    v.put(", sa_restorer=");
    v.put_addr(restorer);
  }
  v.put("}");
}

void show_sigset(View& v, unsigned i, const ArgShow& how) {
  uint64_t bits = 0;
  if ((how.out && v.failed()) || v.arg(i) == 0 || !read_set(v, v.arg(i), &bits)) return v.put_addr(v.arg(i));
  v.put_sigset(bits);
}

void show_sigset_pair(View& v, unsigned i, const ArgShow&) {
  uint64_t at = 0, bytes = 0, bits = 0;
  if (v.arg(i) == 0 || !v.read_word(v.arg(i), &at)) return v.put_addr(v.arg(i));
  v.read_word(v.arg(i) + v.word_bytes(), &bytes);
  v.put("{sigmask=");
  at != 0 && read_set(v, at, &bits) ? v.put_sigset(bits) : v.put_addr(at);
  v.put(", sigsetsize=");
  v.put_uint(bytes);
  v.put("}");
}

// The generic layout alone, which is the host's.
void show_siginfo(View& v, unsigned i, const ArgShow& how) {
  siginfo_t info;
  if ((how.out && v.failed()) || v.arg(i) == 0 || !v.thread.abi().info().generic64_layouts ||
      !v.read(v.arg(i), &info, sizeof info))
    return v.put_addr(v.arg(i));
  put_siginfo(v, info);
}

void show_altstack(View& v, unsigned i, const ArgShow& how) {
  uint64_t probe;
  if ((how.out && v.failed()) || v.arg(i) == 0 || !v.read_word(v.arg(i), &probe)) return v.put_addr(v.arg(i));
  Fields f(v, v.arg(i));
  v.put("{ss_sp=");
  v.put_addr(f.word());
  v.put(", ss_flags=");
  v.put_names(names::altstack_flags, f.u32());
  v.put(", ss_size=");
  v.put_uint(f.word());
  v.put("}");
}

void show_sigevent(View& v, unsigned i, const ArgShow&) {
  uint64_t probe;
  if (v.arg(i) == 0 || !v.read_word(v.arg(i), &probe)) return v.put_addr(v.arg(i));
  Fields f(v, v.arg(i));
  const uint64_t value = f.word();
  const int signo = f.i32();
  const uint32_t notify = f.u32();
  v.put("{");
  if (value != 0) {
    v.put("sigev_value={sival_int=");
    v.put_int(static_cast<int32_t>(value));
    v.put(", sival_ptr=");
    v.put_addr(value);
    v.put("}, ");
  }
  v.put("sigev_signo=");
  v.put_signal(signo);
  v.put(", sigev_notify=");
  v.put_names(names::sigev_notify, notify);
  if (notify == SIGEV_THREAD_ID) {
    v.put(", sigev_notify_thread_id=");
    v.put_int(f.i32());
  }
  v.put("}");
}

}  // namespace xarch::linux_user::strace
