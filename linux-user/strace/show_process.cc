// Processes, threads, limits, and what the system says of itself.
#include <errno.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>

#include "linux-user/strace/show.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user::strace {

namespace {

bool hidden(View& v, unsigned i, const ArgShow& how) {
  uint8_t probe;
  if (!(how.out && v.failed()) && v.arg(i) != 0 && v.read(v.arg(i), &probe, 1)) return false;
  v.put_addr(v.arg(i));
  return true;
}

}  // namespace

void show_argv(View& v, unsigned i, const ArgShow&) {
  uint64_t at = v.arg(i), string = 0;
  if (at == 0 || !v.read_word(at, &string)) return v.put_addr(at);
  v.put("[");
  for (unsigned k = 0; v.read_word(at, &string) && string != 0; ++k, at += v.word_bytes()) {
    if (k != 0) v.put(", ");
    if (k == v.settings.string_limit) {
      v.put("...");
      break;
    }
    v.put_string_at(string, true);
  }
  v.put("]");
}

void show_envp(View& v, unsigned i, const ArgShow&) {
  v.put_addr(v.arg(i));
  uint64_t string = 0;
  unsigned count = 0;
  if (v.arg(i) == 0) return;
  constexpr unsigned kMost = 1 << 20;
  while (count < kMost && v.read_word(v.arg(i) + count * v.word_bytes(), &string) && string != 0) ++count;
  v.put(" /* ");
  v.put_uint(count);
  v.put(count == 1 ? " var */" : " vars */");
}

// ---- clone

namespace {
void put_clone_flags(View& v, uint64_t flags, uint64_t signo) {
  if (flags != 0) v.put_names(names::clone_flags, flags);
  if (flags != 0 && signo != 0) v.put("|");
  if (signo != 0) v.put_signal(static_cast<int>(signo));
  if (flags == 0 && signo == 0) v.put("0");
}
}  // namespace

void show_clone(View& v, unsigned, const ArgShow&) {
  v.put("child_stack=");
  v.put_addr(v.arg(1));
  v.put(", flags=");
  put_clone_flags(v, v.arg(0) & ~uint64_t{0xff}, v.arg(0) & 0xff);
}

void show_clone_rest(View& v, unsigned, const ArgShow&) {
  const uint64_t flags = v.arg(0) & ~uint64_t{0xff};
  const bool tls_first = v.thread.abi().clone_tls_before_child_tid();
  if ((flags & (CLONE_PARENT_SETTID | CLONE_PIDFD)) != 0) {
    uint32_t tid = 0;
    v.put((flags & CLONE_PIDFD) != 0 ? ", pidfd=" : ", parent_tid=");
    if (!v.failed() && v.read_u32(v.arg(2), &tid)) {
      v.put("[");
      v.put_int(static_cast<int32_t>(tid));
      v.put("]");
    } else {
      v.put_addr(v.arg(2));
    }
  }
  if ((flags & CLONE_SETTLS) != 0) {
    v.put(", tls=");
    v.put_addr(v.arg(tls_first ? 3 : 4));
  }
  if ((flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0) {
    v.put(", child_tidptr=");
    v.put_addr(v.arg(tls_first ? 4 : 3));
  }
}

void show_clone3(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  const uint64_t flags = f.u64(), pidfd = f.u64(), child_tid = f.u64(), parent_tid = f.u64();
  const uint64_t exit_signal = f.u64(), stack = f.u64(), stack_bytes = f.u64(), tls = f.u64();
  const auto addr = [&](const char* name, uint64_t value) {
    v.put(name);
    v.put_addr(value);
  };
  v.put("{flags=");
  v.put_names(names::clone_flags, flags);
  if ((flags & CLONE_PIDFD) != 0) addr(", pidfd=", pidfd);
  if ((flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0) addr(", child_tid=", child_tid);
  if ((flags & CLONE_PARENT_SETTID) != 0) addr(", parent_tid=", parent_tid);
  v.put(", exit_signal=");
  v.put_signal(static_cast<int>(exit_signal));
  addr(", stack=", stack);
  v.put(", stack_size=");
  v.put_hex(stack_bytes);
  if ((flags & CLONE_SETTLS) != 0) addr(", tls=", tls);
  v.put("}");
}

// What became of it, and the size of the struct.
void show_clone3_rest(View& v, unsigned i, const ArgShow&) {
  uint32_t tid = 0;
  Fields f(v, v.arg(0));
  const uint64_t flags = f.u64();
  f.skip(16);
  const uint64_t parent_tid = f.u64();
  if (v.result > 0 && (flags & CLONE_PARENT_SETTID) != 0 && v.read_u32(parent_tid, &tid)) {
    v.put(" => {parent_tid=[");
    v.put_uint(tid);
    v.put("]}");
  }
  v.put(", ");
  v.put_uint(v.arg(i));
}

// ---- waiting

void show_wait_status(View& v, unsigned i, const ArgShow& how) {
  uint32_t status = 0;
  // Nobody was there to be waited for: nothing was written.
  if (v.result == 0 || hidden(v, i, how) || !v.read_u32(v.arg(i), &status)) {
    if (v.result == 0) v.put_addr(v.arg(i));
    return;
  }
  const int s = static_cast<int>(status);
  v.put("[{");
  if (WIFEXITED(s)) {
    v.put("WIFEXITED(s) && WEXITSTATUS(s) == ");
    v.put_int(WEXITSTATUS(s));
  } else if (WIFSIGNALED(s)) {
    v.put("WIFSIGNALED(s) && WTERMSIG(s) == ");
    v.put_signal(WTERMSIG(s));
    if (WCOREDUMP(s)) v.put(" && WCOREDUMP(s)");
  } else if (WIFSTOPPED(s)) {
    v.put("WIFSTOPPED(s) && WSTOPSIG(s) == ");
    v.put_signal(WSTOPSIG(s));
  } else if (WIFCONTINUED(s)) {
    v.put("WIFCONTINUED(s)");
  } else {
    v.put_hex(status);
  }
  v.put("}]");
}

void show_waitid_info(View& v, unsigned i, const ArgShow& how) {
  siginfo_t info;
  if (hidden(v, i, how)) return;
  if (!v.read(v.arg(i), &info, sizeof info)) return v.put_addr(v.arg(i));
  info.si_signo == 0 ? v.put("{}") : put_siginfo(v, info);
}

void show_rusage(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  v.put("{ru_utime=");
  put_timeval(v, v.arg(i));
  v.put(", ru_stime=");
  put_timeval(v, v.arg(i) + 2 * v.word_bytes());
  v.put(", ...}");
}

// ---- limits and facts

namespace {
// 8192*1024, as strace writes multiples.
void put_limit(View& v, uint64_t limit, bool of64) {
  const uint64_t infinity = of64 || v.is64() ? UINT64_MAX : UINT32_MAX;
  if (limit == infinity) return v.put(of64 ? "RLIM64_INFINITY" : "RLIM_INFINITY");
  if (limit > 1024 && limit % 1024 == 0) {
    v.put_uint(limit / 1024);
    return v.put("*1024");
  }
  v.put_uint(limit);
}
}  // namespace

void show_rlimit(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  const bool of64 = how.n != 0;
  Fields f(v, v.arg(i));
  v.put("{rlim_cur=");
  put_limit(v, of64 ? f.u64() : f.word(), of64);
  v.put(", rlim_max=");
  put_limit(v, of64 ? f.u64() : f.word(), of64);
  v.put("}");
}

void show_utsname(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  char name[2][65] = {};
  v.read(v.arg(i), name, sizeof name);
  v.put("{sysname=");
  v.put_quoted(name[0], strnlen(name[0], 64), 64);
  v.put(", nodename=");
  v.put_quoted(name[1], strnlen(name[1], 64), 64);
  v.put(", ...}");
}

void show_sysinfo(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{uptime=");
  v.put_int(f.sword());
  v.put(", loads=[");
  for (unsigned k = 0; k < 3; ++k) {
    if (k != 0) v.put(", ");
    v.put_uint(f.word());
  }
  const char* before = "], totalram=";
  for (const char* next :
       {", freeram=", ", sharedram=", ", bufferram=", ", totalswap=", ", freeswap=", ", procs="}) {
    v.put(before);
    v.put_uint(f.word());
    before = next;
  }
  v.put(before);
  v.put_uint(f.u16());
  v.put(", totalhigh=");
  v.put_uint(f.word());
  v.put(", freehigh=");
  v.put_uint(f.word());
  v.put(", mem_unit=");
  v.put_uint(f.u32());
  v.put("}");
}

// ---- futex

namespace {
constexpr uint32_t kFutexCommand = ~uint32_t{FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME};

void put_futex_op(View& v, uint32_t op) {
  v.put_names(names::futex_op, op & kFutexCommand);
  if ((op & FUTEX_PRIVATE_FLAG) != 0) v.put("_PRIVATE");
  if ((op & FUTEX_CLOCK_REALTIME) != 0) v.put("|FUTEX_CLOCK_REALTIME");
}

void put_bitset(View& v, uint32_t bits) {
  bits == FUTEX_BITSET_MATCH_ANY ? v.put("FUTEX_BITSET_MATCH_ANY") : v.put_hex(bits);
}
}  // namespace

void show_futex(View& v, unsigned i, const ArgShow&) {
  const uint32_t op = v.u32(i);
  v.put(", ");
  put_futex_op(v, op);
  const auto value = [&](unsigned k) {
    v.put(", ");
    v.put_uint(v.u32(k));
  };
  const auto timeout = [&] {
    v.put(", ");
    put_timespec(v, v.arg(3));
  };
  const auto second = [&] {
    v.put(", ");
    v.put_addr(v.arg(4));
  };
  switch (op & kFutexCommand) {
    case FUTEX_WAIT: value(2), timeout(); break;
    case FUTEX_WAKE:
    case FUTEX_FD: value(2); break;
    case FUTEX_WAIT_BITSET:
      value(2), timeout();
      v.put(", ");
      put_bitset(v, v.u32(5));
      break;
    case FUTEX_WAKE_BITSET:
      value(2);
      v.put(", ");
      put_bitset(v, v.u32(5));
      break;
    case FUTEX_REQUEUE: value(2), value(3), second(); break;
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI: value(2), value(3), second(), value(5); break;
    case FUTEX_WAKE_OP:
      value(2), value(3), second();
      v.put(", ");
      v.put_hex(v.u32(5));
      break;
    case FUTEX_WAIT_REQUEUE_PI: value(2), timeout(), second(); break;
    case FUTEX_LOCK_PI:
    case 13: timeout(); break;
    case FUTEX_UNLOCK_PI:
    case FUTEX_TRYLOCK_PI: break;
    default:
      for (unsigned k = 2; k < 6; ++k) {
        v.put(", ");
        v.put_hex(v.arg(k));
      }
  }
}

// ---- prctl

namespace {
void put_ambient(View& v) {
  v.put_names(names::ambient_action, v.arg(1));
  v.put(", ");
  v.arg(1) == 4 ? v.put_uint(v.arg(2)) : v.put_names(names::capability, v.arg(2));
  for (unsigned k = 3; k < 5; ++k) {
    v.put(", ");
    v.put_uint(v.arg(k));
  }
}
}  // namespace

namespace {

// What options that take numbers alone are shown with. False: it is none of them.
bool put_prctl_numbers(View& v, uint32_t option) {
  unsigned count = 0;
  bool hex = false;
  switch (option) {
    case PR_GET_KEEPCAPS:
    case PR_GET_SECCOMP:
    case PR_GET_TIMERSLACK:
    case PR_TASK_PERF_EVENTS_DISABLE:
    case PR_TASK_PERF_EVENTS_ENABLE:
    case PR_GET_TIMING:
    case PR_GET_FP_MODE:
    case PR_SVE_GET_VL:
    case PR_GET_DUMPABLE:
    case PR_GET_SECUREBITS: break;
    case PR_SET_KEEPCAPS:
    case PR_SET_CHILD_SUBREAPER:
    case PR_SET_TIMING:
    case PR_SET_FPEMU:
    case PR_SET_TIMERSLACK: count = 1; break;
    case PR_GET_UNALIGN:
    case PR_GET_FPEMU:
    case PR_GET_FPEXC:
    case PR_GET_ENDIAN:
    case PR_GET_TSC:
    case PR_GET_TID_ADDRESS: count = 1, hex = true; break;
    case PR_SET_THP_DISABLE:
    case PR_GET_THP_DISABLE:
    case PR_GET_NO_NEW_PRIVS:
    case PR_SET_NO_NEW_PRIVS: count = 4; break;
    default: return false;
  }
  for (unsigned k = 1; k <= count; ++k) {
    v.put(", ");
    hex ? v.put_hex(v.arg(k)) : v.put_uint(v.arg(k));
  }
  return true;
}

void put_memory_mark(View& v) {
  v.put_names(names::memory_mark, v.arg(1));
  v.put(", ");
  v.put_hex(v.arg(2));
  for (unsigned k = 3; k < 5; ++k) {
    v.put(", ");
    v.put_uint(v.arg(k));
  }
}

}  // namespace

void show_prctl(View& v, unsigned, const ArgShow& how) {
  const uint32_t option = v.u32(0);
  v.put_names(names::prctl_option, option);
  if (option == PR_GET_DUMPABLE && v.result >= 0 && v.result <= 2)
    v.aux = names::dumpable.names[static_cast<size_t>(v.result)].text;
  if (put_prctl_numbers(v, option)) return;
  v.put(", ");
  switch (option) {
    case PR_SET_NAME: return v.put_string_at(v.arg(1), true);
    case PR_GET_NAME: return v.failed() ? v.put_addr(v.arg(1)) : v.put_string_at(v.arg(1), true);
    case PR_SET_PDEATHSIG: return v.put_signal(v.i32(1));
    case PR_GET_PDEATHSIG:
    case PR_GET_CHILD_SUBREAPER: return show_int_pointer(v, 1, how);
    case PR_SET_DUMPABLE:
      return v.put(v.u32(1) == 1 ? "SUID_DUMP_USER" : v.u32(1) == 0 ? "SUID_DUMP_DISABLE" : "SUID_DUMP_ROOT");
    case PR_SET_SECUREBITS: return v.put_names(names::secure_bits, v.u32(1));
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP: return v.put_names(names::capability, v.arg(1));
    case PR_CAP_AMBIENT: return put_ambient(v);
    case PR_SET_SECCOMP:
      v.put_names(names::seccomp_mode, v.arg(1));
      if (v.arg(1) == 2) v.put(", "), v.put_addr(v.arg(2));
      return;
    case PR_SET_PTRACER: return v.arg(1) == UINT64_MAX ? v.put("PR_SET_PTRACER_ANY") : v.put_int(v.i32(1));
    case PR_SET_MM: return put_memory_mark(v);
    case PR_SET_VMA:
      v.put("PR_SET_VMA_ANON_NAME, ");
      v.put_addr(v.arg(2));
      v.put(", ");
      v.put_uint(v.arg(3));
      v.put(", ");
      return v.put_string_at(v.arg(4), true);
    default:
      v.put_hex(v.arg(1));
      for (unsigned k = 2; k <= 4; ++k) {
        v.put(", ");
        v.put_hex(v.arg(k));
      }
  }
}

// ---- scheduling, credentials, System V

void show_cpu_mask(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  const uint64_t bytes = how.out ? static_cast<uint64_t>(v.result) : v.arg(1);
  v.put("[");
  bool first = true;
  for (uint64_t cpu = 0; cpu < std::min<uint64_t>(bytes, 128) * 8; ++cpu) {
    const unsigned bits = v.word_bytes() * 8;
    uint64_t word = 0;
    v.read_word(v.arg(i) + cpu / bits * v.word_bytes(), &word);
    if ((word >> (cpu % bits) & 1) == 0) continue;
    if (!first) v.put(" ");
    first = false;
    v.put_uint(cpu);
  }
  v.put("]");
}

void show_groups(View& v, unsigned i, const ArgShow& how) {
  const int64_t count = how.out ? v.result : v.i32(0);
  if (v.i32(0) == 0 || hidden(v, i, how)) {
    if (v.i32(0) == 0) count == 0 && v.arg(i) != 0 ? v.put("[]") : v.put_addr(v.arg(i));
    return;
  }
  Fields f(v, v.arg(i));
  v.put("[");
  for (int64_t k = 0; k < count; ++k) {
    if (k != 0) v.put(", ");
    if (k == static_cast<int64_t>(v.settings.string_limit)) {
      v.put("...");
      break;
    }
    v.put_uint(f.u32());
  }
  v.put("]");
}

void show_sched_param(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("[");
  v.put_int(f.i32());
  v.put("]");
}

void show_sched_attr(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{size=");
  v.put_uint(f.u32());
  v.put(", sched_policy=");
  v.put_names(names::sched_policy, f.u32());
  v.put(", sched_flags=");
  v.put_hex(f.u64());
  v.put(", sched_nice=");
  v.put_int(f.i32());
  v.put(", sched_priority=");
  v.put_uint(f.u32());
  v.put(", ...}");
}

void show_cap_header(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("{version=");
  v.put_names(names::cap_version, f.u32());
  v.put(", pid=");
  v.put_int(f.i32());
  v.put("}");
}

namespace {
// 1<<CAP_CHOWN|…
void put_capabilities(View& v, uint64_t set) {
  if (set == 0) return v.put("0");
  bool first = true;
  for (const Name& n : names::capability.names) {
    if ((set >> n.value & 1) == 0) continue;
    v.put(first ? "1<<" : "|1<<");
    v.put(n.text);
    first = false;
    set &= ~(uint64_t{1} << n.value);
  }
  if (set == 0) return;
  if (!first) v.put("|");
  v.put_hex(set);
}
}  // namespace

void show_cap_data(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  uint64_t set[3] = {};  // effective, permitted, inheritable; lower halves first
  for (unsigned half = 0; half < 2; ++half)
    for (uint64_t& s : set) s |= uint64_t{f.u32()} << (32 * half);
  const char* before = "{effective=";
  unsigned k = 0;
  for (const char* next : {", permitted=", ", inheritable=", "}"}) {
    v.put(before);
    put_capabilities(v, set[k++]);
    before = next;
  }
  v.put(before);
}

void show_io_priority(View& v, unsigned i, const ArgShow&) {
  const uint32_t priority = v.u32(i);
  v.put("IOPRIO_PRIO_VALUE(");
  v.put_names(names::ioprio_class, priority >> 13);
  v.put(", ");
  v.put_uint(priority & 0x1fff);
  v.put(")");
}

// Its number is what manuals and strace name first.
void show_syslog_action(View& v, unsigned i, const ArgShow&) {
  const char* text = names::syslog_action.unknown;
  for (const Name& n : names::syslog_action.names)
    if (n.value == v.u32(i)) text = n.text;
  v.put_uint(v.u32(i));
  v.put(std::string(" /* ") + text + " */");
}

// Random bytes are shown in hexadecimal.
void show_random(View& v, unsigned i, const ArgShow& how) {
  uint8_t data[256];
  if (hidden(v, i, how)) return;
  const auto bytes = static_cast<uint64_t>(v.result);
  const uint64_t n = std::min<uint64_t>({bytes, v.settings.string_limit, sizeof data});
  if (!v.read(v.arg(i), data, n)) return v.put_addr(v.arg(i));
  v.put("\"");
  for (uint64_t k = 0; k < n; ++k) {
    static constexpr char kDigits[] = "0123456789abcdef";
    v.put("\\x");
    v.out += kDigits[data[k] >> 4];
    v.out += kDigits[data[k] & 15];
  }
  v.put(n < bytes ? "\"..." : "\"");
}

void show_sembuf(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  v.put("[");
  for (uint64_t k = 0; k < std::min<uint64_t>(v.arg(how.n), v.settings.string_limit); ++k) {
    if (k != 0) v.put(", ");
    v.put("{sem_num=");
    v.put_uint(f.u16());
    v.put(", sem_op=");
    v.put_int(static_cast<int16_t>(f.u16()));
    v.put(", sem_flg=");
    const uint16_t flags = f.u16();
    if ((flags & 0x1000) != 0) v.put("SEM_UNDO");
    if ((flags & 0x1000) != 0 && (flags & ~0x1000) != 0) v.put("|");
    if ((flags & ~0x1000) != 0 || flags == 0) v.put_names(names::ipc_flags, flags & ~0x1000u);
    v.put("}");
  }
  v.put("]");
}

void show_mq_attr(View& v, unsigned i, const ArgShow& how) {
  if (hidden(v, i, how)) return;
  Fields f(v, v.arg(i));
  const auto flags = v.thread.abi().open_flags_to_host(static_cast<int>(f.word()));
  v.put("{mq_flags=");
  v.put_names(names::open_flags, static_cast<uint32_t>(flags));
  for (const char* name : {", mq_maxmsg=", ", mq_msgsize=", ", mq_curmsgs="}) {
    v.put(name);
    v.put_int(f.sword());
  }
  v.put("}");
}

}  // namespace xarch::linux_user::strace
