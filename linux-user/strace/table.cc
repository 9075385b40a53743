#include "linux-user/strace/table.h"

#include <iterator>
#include <string_view>

#include "linux-user/strace/show.h"

namespace xarch::linux_user {

namespace {

using namespace strace;

void show_nothing(View&, unsigned, const ArgShow&) {}

void show_mremap_target(View& v, unsigned i, const ArgShow&) {
  if ((v.arg(3) & 2) == 0) return;  // MREMAP_FIXED
  v.put(", ");
  v.put_addr(v.arg(i));
}

// ---- what the argument columns of strace.def mean
constexpr ArgShow in(ShowFn show, unsigned n = 0) { return {.show = show, .n = static_cast<uint8_t>(n)}; }
constexpr ArgShow out(ShowFn show, unsigned n = 0) {
  return {.show = show, .n = static_cast<uint8_t>(n), .out = true};
}
constexpr ArgShow rest(ShowFn show, unsigned n = 0) {
  return {.show = show, .n = static_cast<uint8_t>(n), .rest = true};
}
constexpr ArgShow rest_out(ShowFn show) { return {.show = show, .out = true, .rest = true}; }
constexpr ArgShow named(ShowFn show, const NameTable& table) { return {.show = show, .names = &table}; }

constexpr ArgShow Int = in(show_int), Long = in(show_long), Uint = in(show_uint), Size = in(show_size),
                  Hex = in(show_hex), Addr = in(show_addr), Mode = in(show_mode),
                  ModeType = in(show_mode_type), Personality = {.show = show_personality, .aux = true},
                  Fd = in(show_fd), AtFd = in(show_at_fd), Id = in(show_id), Str = in(show_string),
                  Path = in(show_path), Cwd = out(show_cwd), Skip = rest(show_nothing),
                  IntPtrOut = out(show_int_pointer), LongPtr = in(show_long_pointer),
                  LongPtrOut = out(show_long_pointer), Clock = in(show_clock), Signal = in(show_signal),
                  Key = named(show_names, names::ipc_key), Family = in(show_family);
constexpr ArgShow Open = in(show_open_flags), FdOpen = in(show_fd_open_flags), OpenHow = in(show_open_how),
                  StatOut = out(show_stat), StatxOut = out(show_statx), StatxFlags = in(show_statx_flags),
                  StatfsOut = out(show_statfs), Dirents = out(show_dirents), Fcntl = rest_out(show_fcntl),
                  FdPairOut = out(show_fd_pair), Ioctl = rest_out(show_ioctl),
                  EpollEvent = in(show_epoll_event), EpollEventsOut = out(show_epoll_events),
                  Prot = in(show_map_prot), MapFlags = in(show_map_flags), ShmFlags = in(show_shm_flags),
                  IpcFlags = in(show_ipc_flags), MremapTo = rest(show_mremap_target),
                  FdSet = {.show = show_fd_set, .aux = true};
constexpr ArgShow Timespec = in(show_timespec), TimespecOut = out(show_timespec),
                  SleepRest = out(show_sleep_rest), TimespecPair = in(show_timespec_pair),
                  Timeval = in(show_timeval), TimevalOut = out(show_timeval), Timezone = in(show_timezone),
                  TimezoneOut = out(show_timezone), Itimerspec = in(show_itimerspec),
                  ItimerspecOut = out(show_itimerspec), Itimerval = in(show_itimerval),
                  ItimervalOut = out(show_itimerval), TimexOut = out(show_timex), TmsOut = out(show_tms);
constexpr ArgShow Sigaction = in(show_sigaction), SigactionOut = out(show_sigaction),
                  Sigset = in(show_sigset), SigsetOut = out(show_sigset), SigsetPair = in(show_sigset_pair),
                  Siginfo = in(show_siginfo), SiginfoOut = out(show_siginfo), Altstack = in(show_altstack),
                  AltstackOut = out(show_altstack), Sigevent = in(show_sigevent);
constexpr ArgShow Argv = in(show_argv), Envp = in(show_envp), Clone = in(show_clone),
                  CloneRest = rest_out(show_clone_rest), Clone3 = in(show_clone3),
                  Clone3Rest = rest_out(show_clone3_rest), WaitStatus = out(show_wait_status),
                  WaitInfo = out(show_waitid_info), RusageOut = out(show_rusage), Rlimit = in(show_rlimit),
                  RlimitOut = out(show_rlimit), Rlimit64 = in(show_rlimit, 1),
                  Rlimit64Out = out(show_rlimit, 1), UtsnameOut = out(show_utsname),
                  SysinfoOut = out(show_sysinfo), Futex = rest(show_futex), Prctl = out(show_prctl),
                  CpuMask = in(show_cpu_mask), CpuMaskOut = out(show_cpu_mask), Groups = in(show_groups),
                  GroupsOut = out(show_groups), SchedParam = in(show_sched_param),
                  SchedParamOut = out(show_sched_param), SchedAttr = in(show_sched_attr),
                  SchedAttrOut = out(show_sched_attr), CapHeader = in(show_cap_header),
                  CapData = in(show_cap_data), CapDataOut = out(show_cap_data), RandomOut = out(show_random),
                  IoPriority = in(show_io_priority), SyslogAction = in(show_syslog_action),
                  MqAttr = in(show_mq_attr), MqAttrOut = out(show_mq_attr);
constexpr ArgShow SocketType = in(show_socket_type), SocketProtocol = in(show_socket_protocol),
                  Socklen = {.show = show_socklen, .out = true, .before = remember_socklen},
                  Msghdr = in(show_msghdr),
                  MsghdrOut = {.show = show_msghdr, .out = true, .before = remember_name_room},
                  Mmsghdrs = out(show_mmsghdrs), SockOption = in(show_sock_option),
                  SockValue = in(show_sock_value), SockValueOut = out(show_sock_value), Sent = in(show_sent),
                  Received = out(show_received);
constexpr ArgShow Dev(unsigned n) { return rest(show_dev, n); }
constexpr ArgShow BufIn(unsigned n) { return in(show_buffer_in, n); }
constexpr ArgShow BufOut(unsigned n) { return out(show_buffer_out, n); }
constexpr ArgShow IovecIn(unsigned n) { return in(show_iovec_in, n); }
constexpr ArgShow IovecOut(unsigned n) { return out(show_iovec_out, n); }
constexpr ArgShow CreateMode(unsigned n) { return rest(show_create_mode, n); }
constexpr ArgShow PollFds(unsigned n) {
  return {.show = show_poll_fds, .n = static_cast<uint8_t>(n), .aux = true};
}
constexpr ArgShow Sembuf(unsigned n) { return in(show_sembuf, n); }
constexpr ArgShow Sockaddr(unsigned n) { return in(show_sockaddr, n); }
constexpr ArgShow SockaddrOut(unsigned n) { return out(show_sockaddr_out, n); }
#define Names(table) named(show_names, names::table)
#define Names64(table) named(show_names64, names::table)
#define FdFlags(table) named(show_fd_open_flags, names::table)

constexpr StraceRow kRows[] = {
    {0, ResultKind::kDecimal, {}},
#define STRACE(name, classes, result, ...) {classes, ResultKind::result, {__VA_ARGS__}},
#include "linux-user/strace/strace.def"
#undef STRACE
};
#undef Names
#undef Names64
#undef FdFlags

// The rows stand in the order of the ids.
constexpr std::string_view kNames[] = {
#define STRACE(name, ...) #name,
#include "linux-user/strace/strace.def"
#undef STRACE
};
constexpr std::string_view kCalls[] = {
#define SYSCALL(name, ...) #name,
#include "linux-user/syscalls.def"
#undef SYSCALL
};
constexpr bool same_names() {
  if (std::size(kNames) != std::size(kCalls)) return false;
  for (size_t i = 0; i < std::size(kCalls); ++i)
    if (kNames[i] != kCalls[i]) return false;
  return true;
}
static_assert(same_names(), "strace.def has a row for each of syscalls.def, in the same order");

}  // namespace

const StraceRow& strace_row(SyscallId id) { return kRows[static_cast<size_t>(id)]; }

}  // namespace xarch::linux_user
