// Makes calls of every kind, a group per run: calls GROUP. Runs in an empty directory. No call of the C
// library's own is in between the lines "begin" and "end", which are calls of getppid.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/stat.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
// The kernel's termios, smaller than libc's.
struct kernel_termios {
  unsigned iflag, oflag, cflag, lflag;
  unsigned char line, cc[19];
};

static void files(void) {
  char buffer[300];
  const char text[] = "plain \"quoted\" back\\slash\n\ttab\0zero\0011\33[0m\377end and more";
  struct iovec in[2] = {{"first", 5}, {"second\n", 7}}, out[2] = {{buffer, 4}, {buffer + 10, 100}};
  const int fd = CALL(openat, AT_FDCWD, "made", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  CALL(openat, AT_FDCWD, "made", O_WRONLY | O_CREAT | O_EXCL, 0600);
  CALL(openat, AT_FDCWD, "/no/such", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  CALL(openat, -1, (char*)16, O_RDONLY);
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  CALL(openat2, AT_FDCWD, "nothing", &how, sizeof how);
  CALL(write, fd, text, sizeof text);
  CALL(write, fd, "", 0);
  CALL(write, fd, (void*)8, 5);
  CALL(pwrite64, fd, "abc", 3, 100);
  CALL(writev, fd, in, 2);
  CALL(lseek, fd, 0, SEEK_SET);
  CALL(read, fd, buffer, 6);
  CALL(readv, fd, out, 2);
  CALL(pread64, fd, buffer, 3, 100);
  CALL(fcntl, fd, F_GETFL);
  CALL(fcntl, fd, F_SETFL, O_RDWR | O_APPEND | O_NONBLOCK);
  CALL(fcntl, fd, F_GETFD);
  CALL(fcntl, fd, F_SETFD, FD_CLOEXEC);
  CALL(fcntl, fd, F_DUPFD_CLOEXEC, 10);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2};
  CALL(fcntl, fd, F_SETLK, &lock);
  CALL(fcntl, 99, 4242, 7);
  CALL(flock, fd, LOCK_EX | LOCK_NB);
  CALL(faccessat, AT_FDCWD, "made", R_OK | W_OK);
  CALL(faccessat, AT_FDCWD, "made", F_OK);
  CALL(faccessat2, AT_FDCWD, "made", X_OK, AT_EACCESS);
  CALL(fchmodat, AT_FDCWD, "made", 0644);
  CALL(fchownat, AT_FDCWD, "made", -1, -1, AT_SYMLINK_NOFOLLOW);
  CALL(symlinkat, "made", AT_FDCWD, "link");
  CALL(readlinkat, AT_FDCWD, "link", buffer, 100);
  CALL(linkat, AT_FDCWD, "made", AT_FDCWD, "other", 0);
  CALL(renameat2, AT_FDCWD, "other", AT_FDCWD, "link", RENAME_NOREPLACE);
  CALL(mkdirat, AT_FDCWD, "dir", 0755);
  CALL(mknodat, AT_FDCWD, "fifo", S_IFIFO | 0600, 0);
  CALL(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
  CALL(unlinkat, AT_FDCWD, "other", 0);
  CALL(truncate, "made", 1000);
  CALL(ftruncate, fd, 77);
  struct stat st;
  fstat(fd, &st);
  fstatat(AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW);
  fstatat(AT_FDCWD, "/dev/null", &st, 0);
  struct statx stx;
  CALL(statx, AT_FDCWD, "made", 0, STATX_MODE | STATX_SIZE, &stx);
  CALL(statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, (void*)8);
  struct timespec times[2] = {{1, 2}, {0, UTIME_OMIT}};
  CALL(utimensat, AT_FDCWD, "made", times, 0);
  CALL(umask, 027);
  const int dir = CALL(openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
  CALL(getdents64, dir, buffer, sizeof buffer);
  CALL(fallocate, fd, 1, 0, 10);
  CALL(fadvise64, fd, 0, 0, 2);
  CALL(copy_file_range, fd, 0, fd, 0, 0, 0);
  int pair[2];
  CALL(pipe2, pair, O_CLOEXEC | O_NONBLOCK);
  CALL(dup3, pair[0], 40, O_CLOEXEC);
  CALL(close_range, 50, 60, 0);
  CALL(eventfd2, 3, EFD_CLOEXEC);
  CALL(memfd_create, "mem", 1);
  CALL(inotify_init1, IN_NONBLOCK);
  CALL(close, fd);
  CALL(close, 777);
}

static void memory(void) {
  char* p = (char*)CALL(mmap, 0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CALL(mmap, p, 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CALL(mprotect, p, 4096, PROT_READ | PROT_EXEC);
  CALL(madvise, p, 4096, MADV_DONTNEED);
  CALL(msync, p, 4096, MS_SYNC | MS_INVALIDATE);
  CALL(mremap, p, 16384, 32768, 1);
  CALL(munmap, (void*)1, 10);
  CALL(mmap, 0, 0, PROT_READ, MAP_PRIVATE, 99, 4096);
}

static void times(void) {
  struct timespec ts, small = {0, 1000};
  struct timeval tv;
  struct itimerval it = {{0, 0}, {100, 5}};
  struct itimerspec its = {{1, 2}, {3000, 4}};
  CALL(clock_gettime, CLOCK_MONOTONIC, (void*)8);
  CALL(clock_getres, CLOCK_REALTIME, &ts);
  CALL(nanosleep, &small, &ts);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &small, 0);
  CALL(gettimeofday, 0, 0);
  CALL(setitimer, ITIMER_VIRTUAL, &it, 0);
  const int fd = CALL(timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  CALL(timerfd_settime, fd, 0, &its, 0);
  CALL(timerfd_settime, fd, TFD_TIMER_ABSTIME, (void*)8, 0);
  (void)tv;
}

static void process(void) {
  struct utsname name;
  struct rlimit limit = {100, RLIM_INFINITY};
  struct rusage usage;
  uint64_t mask[16] = {1};
  char comm[16];
  CALL(prlimit64, 0, RLIMIT_CORE, 0, &limit);
  limit.rlim_cur = 0, limit.rlim_max = 8192 * 1024;
  CALL(prlimit64, 0, RLIMIT_CORE, &limit, 0);
  CALL(sched_setaffinity, 0, 8, mask);
  CALL(prctl, PR_SET_NAME, "renamed");
  CALL(prctl, PR_GET_NAME, comm);
  CALL(prctl, PR_SET_PDEATHSIG, SIGTERM);
  CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  CALL(prctl, PR_GET_DUMPABLE);
  CALL(setpriority, PRIO_PROCESS, 0, 1);
  CALL(setresuid, -1, -1, -1);
  CALL(getgroups, 0, 0);
  CALL(set_robust_list, (void*)64, 12);
  CALL(kill, 0x7fffffff, 0);
  CALL(tgkill, -1, -1, SIGRTMIN);
  CALL(getpgid, 0x7fffffff);
  CALL(unshare, 0);
  int word = 1;
  struct timespec ts = {0, 1000};
  CALL(futex, &word, FUTEX_WAIT_PRIVATE, 0, 0);
  CALL(futex, &word, FUTEX_WAIT, 1, &ts);
  CALL(futex, &word, FUTEX_WAKE_PRIVATE, 1);
  CALL(futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, 0, 0, FUTEX_BITSET_MATCH_ANY);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, &word, 3);
  CALL(wait4, -1, 0, WNOHANG | WUNTRACED, 0);
  CALL(waitid, P_ALL, 0, 0, WEXITED | WNOWAIT, 0);
  char* argv[] = {"no", "such", 0};
  char* envp[] = {"A=1", 0};
  CALL(execve, "/no/such", argv, envp);
  CALL(execveat, -1, "", argv, 0, AT_EMPTY_PATH);
  CALL(personality, 0xffffffff);
  (void)name, (void)usage;
}

static void handler(int signo) { (void)signo; }

static void signals(void) {
  struct {
    void* handler;
    unsigned long flags, restorer, mask;
  } action = {SIG_IGN, SA_RESTART | SA_NODEFER, 0, 1ul << (SIGHUP - 1) | 1ul << (SIGRTMIN - 1)}, old;
  uint64_t set = 1 << (SIGUSR1 - 1) | 1 << (SIGTERM - 1), was;
  CALL(rt_sigaction, SIGUSR2, &action, &old, 8);
  CALL(rt_sigaction, SIGKILL, &action, 0, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, &set, &was, 8);
  set = ~UINT64_C(0) & ~(1ul << (SIGINT - 1));
  CALL(rt_sigprocmask, SIG_SETMASK, &set, 0, 8);
  set = 0;
  CALL(rt_sigprocmask, SIG_SETMASK, &set, 0, 8);
  CALL(rt_sigpending, &set, 8);
  stack_t stack = {.ss_flags = SS_DISABLE};
  CALL(sigaltstack, &stack, 0);
  set = 1 << (SIGUSR1 - 1);
  struct timespec ts = {0, 1000};
  CALL(rt_sigtimedwait, &set, 0, &ts, 8);
  signal(SIGALRM, handler);
  struct sigaction act = {.sa_handler = handler};
  sigaction(SIGUSR1, &act, 0);
  CALL(kill, getpid(), SIGUSR1);
  CALL(tgkill, getpid(), getpid(), SIGUSR1);
  // A sleep that a handler ends, and one that a signal without a handler only interrupts.
  struct itimerval it = {{0, 0}, {0, 200000}};
  CALL(setitimer, ITIMER_REAL, &it, 0);
  struct timespec long_ = {5, 0};
  CALL(nanosleep, &long_, 0);
}

static void children(void) {
  int status;
  const long pid = CALL(clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    usleep(50000);
    CALL(exit_group, 3);
  }
  CALL(wait4, pid, &status, 0, 0);
  const long killed = CALL(clone, SIGCHLD, 0, 0, 0, 0);
  if (killed == 0) {
    usleep(50000);
    for (;;) CALL(kill, getpid(), SIGTERM);
  }
  CALL(wait4, killed, &status, 0, 0);
  const long second = CALL(clone, SIGCHLD, 0, 0, 0, 0);
  if (second == 0) {
    char* argv[] = {"calls", "nothing", 0};
    char* envp[] = {0};
    CALL(execve, "/proc/self/exe", argv, envp);
  }
  siginfo_t info;
  CALL(waitid, P_PID, second, &info, WEXITED, 0);
}

static void sockets(void) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001)}};
  struct sockaddr_in6 in6 = {
      .sin6_family = AF_INET6, .sin6_port = htons(1), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "socket"};
  struct sockaddr_storage got;
  socklen_t bytes = sizeof got;
  int pair[2], one = 1;
  char buffer[64];
  const int tcp = CALL(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  struct linger linger = {1, 2};
  CALL(setsockopt, tcp, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  bytes = 4;
  CALL(getsockopt, tcp, SOL_SOCKET, SO_TYPE, &one, &bytes);
  CALL(bind, tcp, &in, sizeof in);
  CALL(listen, tcp, 5);
  CALL(accept4, tcp, 0, 0, SOCK_NONBLOCK | 64);
  const int local = CALL(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  CALL(bind, local, &un, offsetof(struct sockaddr_un, sun_path) + 7);
  bytes = sizeof got;
  CALL(getsockname, local, &got, &bytes);
  const int six = CALL(socket, AF_INET6, SOCK_DGRAM, IPPROTO_IP);
  CALL(connect, six, &in6, sizeof in6);
  CALL(connect, 99, &un, sizeof un);
  CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, pair);
  CALL(sendto, pair[0], "datagram", 8, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
  CALL(recvfrom, pair[1], buffer, 64, MSG_DONTWAIT, 0, 0);
  char control[CMSG_SPACE(4)] = {0};
  struct iovec iov = {"with descriptor", 15};
  struct msghdr message = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_len = CMSG_LEN(4), head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS;
  memcpy(CMSG_DATA(head), &tcp, 4);
  CALL(sendmsg, pair[0], &message, 0);
  iov.iov_base = buffer, iov.iov_len = 64;
  CALL(recvmsg, pair[1], &message, MSG_CMSG_CLOEXEC);
  CALL(recvmsg, pair[1], &message, MSG_DONTWAIT);
  CALL(shutdown, pair[0], SHUT_RDWR);
  CALL(socket, AF_NETLINK, SOCK_RAW, 0);
  CALL(socket, AF_PACKET, 13, htons(3));
}

// A message of routing's: the header, a struct, and attributes.
struct routing {
  struct nlmsghdr head;
  unsigned char rest[64];
};

static void put_attribute(struct routing* m, int type, const void* value, int bytes) {
  struct rtattr* a = (struct rtattr*)((char*)m + NLMSG_ALIGN(m->head.nlmsg_len));
  a->rta_type = (unsigned short)type, a->rta_len = (unsigned short)RTA_LENGTH(bytes);
  memcpy(RTA_DATA(a), value, (size_t)bytes);
  m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

// Nothing of it is done: out-of-band data is none of netlink's.
static void netlink(void) {
  struct sockaddr_nl to = {.nl_family = AF_NETLINK};
  const unsigned address = htonl(0x7f000001), index = 1, big = 1500;
  char buffer[4096];
  const int fd = CALL(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  CALL(bind, fd, &to, sizeof to);
  struct routing m = {{NLMSG_LENGTH(1), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 5, 0}, {0}};
  m.head.nlmsg_len = 20;
  CALL(sendto, fd, &m, 20, MSG_OOB, &to, sizeof to);
  m = (struct routing){{NLMSG_LENGTH(16), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 6, 0}, {0}};
  *(struct ifinfomsg*)m.rest = (struct ifinfomsg){AF_UNSPEC, 0, ARPHRD_ETHER, 1, 0x11043, 0xffffffff};
  put_attribute(&m, 3, "eth7", 5);
  put_attribute(&m, 4, &big, 4);
  put_attribute(&m, 1, "\2\0\0\0\0\5", 6);
  CALL(sendto, fd, &m, m.head.nlmsg_len, MSG_OOB, 0, 0);
  m = (struct routing){{NLMSG_LENGTH(8), RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE, 7, 0}, {0}};
  *(struct ifaddrmsg*)m.rest = (struct ifaddrmsg){AF_INET, 24, IFA_F_PERMANENT, RT_SCOPE_HOST, 1};
  put_attribute(&m, IFA_LOCAL, &address, 4);
  put_attribute(&m, 99, "abc", 3);
  CALL(sendto, fd, &m, m.head.nlmsg_len, MSG_OOB, 0, 0);
  m = (struct routing){{NLMSG_LENGTH(12), RTM_GETROUTE, NLM_F_REQUEST, 8, 0}, {0}};
  *(struct rtmsg*)m.rest = (struct rtmsg){.rtm_family = AF_INET,
                                          .rtm_dst_len = 32,
                                          .rtm_table = RT_TABLE_MAIN,
                                          .rtm_protocol = RTPROT_BOOT,
                                          .rtm_type = RTN_UNICAST};
  put_attribute(&m, RTA_DST, &address, 4);
  put_attribute(&m, RTA_OIF, &index, 4);
  struct iovec iov = {&m, m.head.nlmsg_len};
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov, .msg_iovlen = 1};
  CALL(sendmsg, fd, &message, MSG_OOB);
  m = (struct routing){{NLMSG_LENGTH(12), RTM_DELNEIGH, NLM_F_REQUEST, 9, 0}, {0}};
  *(struct ndmsg*)m.rest = (struct ndmsg){.ndm_family = AF_INET, .ndm_ifindex = 1, .ndm_state = NUD_STALE};
  put_attribute(&m, NDA_DST, &address, 4);
  CALL(sendto, fd, &m, m.head.nlmsg_len, MSG_OOB, 0, 0);
  CALL(sendto, fd, "no message", 10, MSG_OOB, 0, 0);
  // One that is answered, in the negative.
  m = (struct routing){{NLMSG_LENGTH(16), RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, 10, 0}, {0}};
  *(struct ifinfomsg*)m.rest = (struct ifinfomsg){.ifi_index = 0x7ffffff0};
  CALL(sendto, fd, &m, m.head.nlmsg_len, 0, 0, 0);
  iov = (struct iovec){buffer, sizeof buffer};
  struct sockaddr_storage from;
  message = (struct msghdr){.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1};
  CALL(recvmsg, fd, &message, 0);
}

static void requests(void) {
  char buffer[256] = {0};
  const int fd = CALL(openat, AT_FDCWD, "made", O_RDWR | O_CREAT, 0600);
  const int udp = CALL(socket, AF_INET, SOCK_DGRAM, 0);
  const int one = 1;
  int flags = 0;
  CALL(ioctl, fd, FIFREEZE + 0x100, 0);
  CALL(ioctl, -1, FIFREEZE, 0);
  CALL(ioctl, -1, TCFLSH, TCIOFLUSH);
  CALL(ioctl, -1, TCXONC, TCOON);
  CALL(ioctl, -1, TIOCSTI, "x");
  CALL(ioctl, -1, FS_IOC_SETFLAGS, (flags = FS_APPEND_FL | FS_NODUMP_FL, &flags));
  CALL(ioctl, -1, FS_IOC_FSGETXATTR, buffer);
  CALL(ioctl, -1, 0xb701, 0);
  CALL(ioctl, fd, FIONREAD, buffer);
  CALL(ioctl, fd, FIOASYNC, &one);
  struct ifreq request = {.ifr_name = "lo"};
  CALL(ioctl, udp, SIOCGIFINDEX, &request);
  CALL(ioctl, udp, SIOCGIFHWADDR, &request);
  CALL(ioctl, udp, SIOCGIFNETMASK, &request);
  CALL(ioctl, -1, SIOCSIFFLAGS, (request.ifr_flags = IFF_UP | IFF_LOOPBACK, &request));
  CALL(ioctl, -1, SIOCGIFNAME, (request.ifr_ifindex = 3, &request));
  struct ifconf none = {0};
  CALL(ioctl, -1, SIOCGIFCONF, &none);
  struct ip_mreq group = {{htonl(0xe0000001)}, {htonl(0x7f000001)}};
  CALL(setsockopt, -1, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
  CALL(setsockopt, udp, IPPROTO_IP, IP_PKTINFO, &one, 4);
  CALL(setsockopt, udp, IPPROTO_IP, IP_RECVTTL, &one, 4);
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001)}};
  socklen_t bytes = sizeof in;
  bind(udp, (struct sockaddr*)&in, sizeof in);
  getsockname(udp, (struct sockaddr*)&in, &bytes);
  connect(udp, (struct sockaddr*)&in, sizeof in);
  CALL(sendto, udp, "hello", 5, 0, 0, 0);
  struct iovec iov = {buffer, 100};
  struct msghdr message = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = buffer + 100, .msg_controllen = 100};
  CALL(recvmsg, udp, &message, 0);
  CALL(close, udp);
}

static void commands(void) {
  char buffer[16];
  const int fd = CALL(openat, AT_FDCWD, "made", O_RDWR | O_CREAT, 0600);
  struct {
    int type, pid;
  } owner = {1, 0};
  struct flock lock = {.l_type = F_WRLCK, .l_len = 5, .l_pid = 77};
  CALL(fcntl, fd, F_SETLK, &lock);
  CALL(fcntl, fd, F_GETLK, &lock);
  CALL(fcntl, fd, 15, &owner);
  CALL(fcntl, fd, 16, &owner);
  CALL(fcntl, fd, 10, SIGUSR1);
  CALL(fcntl, fd, 11);
  CALL(fcntl, -1, 1024, F_WRLCK);
  CALL(fcntl, fd, 1025);
  CALL(fcntl, fd, 1026, 0x80000002);
  CALL(prctl, PR_CAPBSET_READ, 3);
  CALL(prctl, PR_CAPBSET_READ, 99);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 3, 0, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
  unsigned head[2] = {0x20080522, 1}, caps[6] = {0x9, 0x200000, 0, 0, 0, 0};
  CALL(capset, head, caps);
  CALL(ioprio_set, 9, 0, 0x6007);
  CALL(syslog, 77, 0, 0);
  CALL(getgroups, 0, buffer);
  struct timespec stamps[2] = {{1000000000, 5}, {0, UTIME_NOW}};
  CALL(utimensat, AT_FDCWD, "made", stamps, 0);
  struct sigevent event = {.sigev_signo = SIGALRM, .sigev_notify = SIGEV_SIGNAL};
  CALL(timer_create, CLOCK_REALTIME, &event, (void*)8);
}

static void waiting(void) {
  int pipes[2];
  struct timespec none = {0, 0};
  struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 7}}, events[4];
  pipe(pipes);
  struct pollfd polled[2] = {{pipes[0], POLLIN | POLLPRI, 0}, {pipes[1], POLLOUT, 0}};
  CALL(ppoll, polled, 2, &none, 0, 8);
  CALL(ppoll, polled, 1, &none, 0, 8);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipes[1], &set);
  CALL(pselect6, pipes[1] + 1, 0, &set, 0, &none, 0);
  const int epoll = CALL(epoll_create1, EPOLL_CLOEXEC);
  CALL(epoll_ctl, epoll, EPOLL_CTL_ADD, pipes[0], &event);
  CALL(epoll_pwait, epoll, events, 4, 0, 0, 8);
  CALL(write, pipes[1], "x", 1);
  CALL(epoll_pwait, epoll, events, 4, -1, 0, 8);
  CALL(ioctl, pipes[0], FIONREAD, &events);
  CALL(ioctl, pipes[0], TCGETS, events);
  CALL(ioctl, pipes[0], FIOCLEX);
  CALL(ioctl, pipes[0], 0x80105a07, 0);
}

static void terminal(void) {
  const int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  struct kernel_termios t;
  struct winsize size = {24, 80, 0, 0};
  int unlock = 0;
  CALL(ioctl, fd, TIOCSPTLCK, &unlock);
  CALL(ioctl, fd, TCGETS, &t);
  CALL(ioctl, fd, TCSETSW, &t);
  CALL(ioctl, fd, TIOCSWINSZ, &size);
  CALL(ioctl, fd, TIOCGWINSZ, &size);
}

static int fds[2];
static void* reader(void* p) {
  char c;
  CALL(read, fds[0], &c, 1);
  return p;
}

static void threads(void) {
  pthread_t thread;
  CALL(pipe2, fds, 0);
  pthread_create(&thread, 0, reader, 0);
  struct timespec ts = {0, 700000000};
  CALL(clock_nanosleep, CLOCK_REALTIME, 0, &ts, 0);
  CALL(dup, 99);  // while the reader waits
  CALL(write, fds[1], "x", 1);
  pthread_join(thread, 0);
}

static void fault(void) { *(volatile int*)8 = 1; }

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } groups[] = {{"files", files},     {"memory", memory},     {"times", times},       {"process", process},
                {"signals", signals}, {"children", children}, {"sockets", sockets},   {"waiting", waiting},
                {"netlink", netlink}, {"requests", requests}, {"commands", commands}, {"terminal", terminal},
                {"threads", threads}, {"fault", fault}};
  CALL(getppid);
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
    if (argc > 1 && strcmp(argv[1], groups[i].name) == 0) groups[i].run();
  CALL(getppid);
  CALL(exit_group, 0);
}
