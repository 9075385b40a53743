// Tables of names, from names.def.
#pragma once

#include <arpa/inet.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/stat.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/strace/view.h"

namespace xarch::linux_user::strace::names {

#define NAMES(table) inline constexpr Name table##_names[] = {
#define NAME(constant) {static_cast<uint64_t>(constant), #constant},
#define NAME_AS(value, text) {static_cast<uint64_t>(value), text},
#define ONE_OF(table, unknown) \
  }                            \
  ;                            \
  inline constexpr NameTable table{table##_names, false, unknown};
#define BITS(table, unknown) \
  }                          \
  ;                          \
  inline constexpr NameTable table{table##_names, true, unknown};
#include "linux-user/strace/names.def"
#undef NAMES
#undef NAME
#undef NAME_AS
#undef ONE_OF
#undef BITS

}  // namespace xarch::linux_user::strace::names
