// Decoders of arguments: what the columns of strace.def name. `how.n` is the index of the argument that says
// more.
#pragma once

#include "linux-user/strace/names.h"
#include "linux-user/strace/table.h"
#include "linux-user/strace/view.h"

namespace xarch::linux_user::strace {

// ---- plain values (show_basic.cc)
void show_int(View& v, unsigned i, const ArgShow& how);
void show_long(View& v, unsigned i, const ArgShow& how);
void show_uint(View& v, unsigned i, const ArgShow& how);
void show_size(View& v, unsigned i, const ArgShow& how);
void show_hex(View& v, unsigned i, const ArgShow& how);
void show_addr(View& v, unsigned i, const ArgShow& how);
void show_mode(View& v, unsigned i, const ArgShow& how);
void show_mode_type(View& v, unsigned i, const ArgShow& how);
void show_personality(View& v, unsigned i, const ArgShow& how);
void show_dev(View& v, unsigned i, const ArgShow& how);
void show_fd(View& v, unsigned i, const ArgShow& how);
void show_at_fd(View& v, unsigned i, const ArgShow& how);
void show_names(View& v, unsigned i, const ArgShow& how);    // of 32 bits
void show_names64(View& v, unsigned i, const ArgShow& how);  // of a long
void show_id(View& v, unsigned i, const ArgShow& how);       // uid, gid; -1
void show_string(View& v, unsigned i, const ArgShow& how);
void show_path(View& v, unsigned i, const ArgShow& how);
void show_buffer_in(View& v, unsigned i, const ArgShow& how);
void show_buffer_out(View& v, unsigned i, const ArgShow& how);
void show_cwd(View& v, unsigned i, const ArgShow& how);
void show_int_pointer(View& v, unsigned i, const ArgShow& how);   // [3]
void show_long_pointer(View& v, unsigned i, const ArgShow& how);  // [3], of 64 bits
void show_clock(View& v, unsigned i, const ArgShow& how);
void show_signal(View& v, unsigned i, const ArgShow& how);

// ---- files (show_file.cc)
void show_open_flags(View& v, unsigned i, const ArgShow& how);
void show_fd_open_flags(View& v, unsigned i,
                        const ArgShow& how);  // of dup3, pipe2, eventfd2, …: no access mode
void show_create_mode(View& v, unsigned i, const ArgShow& how);  // rest; only if the flags create a file
void show_open_how(View& v, unsigned i, const ArgShow& how);
void show_stat(View& v, unsigned i, const ArgShow& how);
void show_statx(View& v, unsigned i, const ArgShow& how);
void show_statx_flags(View& v, unsigned i, const ArgShow& how);
void show_statfs(View& v, unsigned i, const ArgShow& how);
void show_dirents(View& v, unsigned i, const ArgShow& how);
void show_iovec_in(View& v, unsigned i, const ArgShow& how);
void show_iovec_out(View& v, unsigned i, const ArgShow& how);
void show_fcntl(View& v, unsigned i, const ArgShow& how);  // rest, from the command on
void show_fd_pair(View& v, unsigned i, const ArgShow& how);
void show_poll_fds(View& v, unsigned i, const ArgShow& how);
void show_fd_set(View& v, unsigned i, const ArgShow& how);
void show_epoll_event(View& v, unsigned i, const ArgShow& how);
void show_epoll_events(View& v, unsigned i, const ArgShow& how);
void show_map_prot(View& v, unsigned i, const ArgShow& how);
void show_map_flags(View& v, unsigned i, const ArgShow& how);
void show_shm_flags(View& v, unsigned i, const ArgShow& how);
void show_ipc_flags(View& v, unsigned i, const ArgShow& how);
// show_ioctl.cc
void show_ioctl(View& v, unsigned i, const ArgShow& how);  // rest, from the request on

// ---- time (show_time.cc)
void show_timespec(View& v, unsigned i, const ArgShow& how);
void show_timespec_out(View& v, unsigned i, const ArgShow& how);
void show_sleep_rest(View& v, unsigned i, const ArgShow& how);  // written only if the sleep was interrupted
void show_poll_timeout(View& v, unsigned i, const ArgShow& how);
void show_timespec_pair(View& v, unsigned i, const ArgShow& how);
void show_timeval(View& v, unsigned i, const ArgShow& how);
void show_timezone(View& v, unsigned i, const ArgShow& how);
void show_itimerspec(View& v, unsigned i, const ArgShow& how);
void show_itimerval(View& v, unsigned i, const ArgShow& how);
void show_timex(View& v, unsigned i, const ArgShow& how);
void show_tms(View& v, unsigned i, const ArgShow& how);
void put_timespec(View& v, uint64_t addr);
void put_timeval(View& v, uint64_t addr);

// ---- signals (show_signal.cc)
void show_sigaction(View& v, unsigned i, const ArgShow& how);
void show_sigset(View& v, unsigned i, const ArgShow& how);
void show_sigset_pair(View& v, unsigned i, const ArgShow& how);  // pselect6's
void show_siginfo(View& v, unsigned i, const ArgShow& how);
void show_altstack(View& v, unsigned i, const ArgShow& how);
void show_sigevent(View& v, unsigned i, const ArgShow& how);
// Of a host's siginfo, which serves as the neutral form.
void put_siginfo(View& v, const siginfo_t& info);

// ---- processes (show_process.cc)
void show_argv(View& v, unsigned i, const ArgShow& how);
void show_envp(View& v, unsigned i, const ArgShow& how);
void show_clone(View& v, unsigned i, const ArgShow& how);  // before the call
void show_clone_rest(View& v, unsigned i, const ArgShow& how);
void show_clone3(View& v, unsigned i, const ArgShow& how);
void show_clone3_rest(View& v, unsigned i, const ArgShow& how);
void show_wait_status(View& v, unsigned i, const ArgShow& how);
void show_waitid_info(View& v, unsigned i, const ArgShow& how);
void show_rusage(View& v, unsigned i, const ArgShow& how);
void show_rlimit(View& v, unsigned i, const ArgShow& how);
void show_utsname(View& v, unsigned i, const ArgShow& how);
void show_sysinfo(View& v, unsigned i, const ArgShow& how);
void show_futex(View& v, unsigned i, const ArgShow& how);  // rest, from the operation on
void show_prctl(View& v, unsigned i, const ArgShow& how);  // the whole row
void show_cpu_mask(View& v, unsigned i, const ArgShow& how);
void show_groups(View& v, unsigned i, const ArgShow& how);
void show_sched_param(View& v, unsigned i, const ArgShow& how);
void show_sched_attr(View& v, unsigned i, const ArgShow& how);
void show_cap_header(View& v, unsigned i, const ArgShow& how);
void show_cap_data(View& v, unsigned i, const ArgShow& how);
void show_io_priority(View& v, unsigned i, const ArgShow& how);
void show_syslog_action(View& v, unsigned i, const ArgShow& how);
void show_random(View& v, unsigned i, const ArgShow& how);
void show_sembuf(View& v, unsigned i, const ArgShow& how);
void show_mq_attr(View& v, unsigned i, const ArgShow& how);

// ---- sockets (show_net.cc)
void show_family(View& v, unsigned i, const ArgShow& how);
void show_socket_type(View& v, unsigned i, const ArgShow& how);
void show_socket_protocol(View& v, unsigned i, const ArgShow& how);
void show_sockaddr(View& v, unsigned i, const ArgShow& how);
void show_sockaddr_out(View& v, unsigned i, const ArgShow& how);
void show_socklen(View& v, unsigned i, const ArgShow& how);  // [128 => 16]
void remember_socklen(View& v, unsigned i, const ArgShow& how);
void show_msghdr(View& v, unsigned i, const ArgShow& how);
void remember_name_room(View& v, unsigned i, const ArgShow& how);
void show_mmsghdrs(View& v, unsigned i, const ArgShow& how);
void show_sock_option(View& v, unsigned i, const ArgShow& how);
void show_sock_value(View& v, unsigned i, const ArgShow& how);
void show_sent(View& v, unsigned i, const ArgShow& how);      // data for a socket
void show_received(View& v, unsigned i, const ArgShow& how);  // data from a socket
void put_sockaddr(View& v, uint64_t addr, uint64_t bytes);

// ---- netlink (show_netlink.cc)
// Which protocol a netlink socket speaks; -1 if fd is none.
int netlink_protocol(int fd);
// What a netlink socket has sent or received.
void put_netlink(View& v, int protocol, uint64_t addr, uint64_t bytes);

}  // namespace xarch::linux_user::strace
